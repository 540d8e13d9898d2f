/** Months of the ledger's books, in UTC as the server counts them. Pure. */

/** `2026-10`. */
const isMonth = (text: string): boolean => /^\d{4}-(0[1-9]|1[0-2])$/.test(text)
export const monthOf = (iso: string): string => iso.slice(0, 7)

const startOf = (month: string, later = 0): string => {
  const [year = 0, number = 1] = month.split('-').map(Number)
  return new Date(Date.UTC(year, number - 1 + later, 1)).toISOString()
}

/** First moment inside and first moment outside. */
export const monthBounds = (month: string): { readonly from: string; readonly to: string } => ({ from: startOf(month), to: startOf(month, 1) })

/** The last month that is over. */
export const monthBefore = (now: number): string => monthOf(startOf(monthOf(new Date(now).toISOString()), -1))

const named = new Intl.DateTimeFormat(undefined, { month: 'long', year: 'numeric', timeZone: 'UTC' })
export const monthName = (month: string): string => (isMonth(month) ? named.format(new Date(startOf(month))) : month)

/** The month on show: the one asked for, else the last that is over, else the last there is. `months` are the latest first. */
export const shownMonth = (asked: string | undefined, months: readonly string[], now: number): string | undefined =>
  asked !== undefined && isMonth(asked) ? asked : (months.find((month) => Date.parse(monthBounds(month).to) <= now) ?? months[0])

/** When it was reported, unless somebody says otherwise: as it was closed, else when it was over. */
export const reportedAt = (asked: string | undefined, month: string, closedAt: string | undefined): string => {
  const time = asked === undefined ? Number.NaN : Date.parse(asked)
  return Number.isNaN(time) ? (closedAt ?? monthBounds(month).to) : new Date(time).toISOString()
}

export interface Report {
  readonly month: string
  readonly asOf: string
  readonly closedAt: string | null
}

/** Of two moments in UTC, to the nanosecond: `12:00:00Z` comes before `12:00:00.5Z`. */
const laterOf = (a: string, b: string): string => (a.slice(0, -1) > b.slice(0, -1) ? a : b)
/** The last nanosecond before a full second. */
const before = (iso: string): string => `${new Date(Date.parse(iso) - 1_000).toISOString().slice(0, 19)}.999999999Z`

/** When the lines were posted that were added since and stand in the books of this month. */
export const postedFor = ({ month, asOf, closedAt }: Report, accountedIn: string): { readonly after: string; readonly until?: string } => {
  if (closedAt === null) return { after: asOf }
  if (accountedIn === month) return { after: asOf, until: closedAt }
  const { from, to } = monthBounds(accountedIn)
  return { after: laterOf(laterOf(asOf, closedAt), before(from)), until: before(to) }
}
