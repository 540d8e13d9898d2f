import { GraphQLObjectType, GraphQLString } from 'graphql'
import type { PicoUsd, UnixNano } from '#semconv/facts.ts'
import type { QueryContext } from '../context.ts'
import { storedDecimal } from '../decimal.ts'
import { type Reader, nanosOf, textOf } from '../reader.ts'
import { Count, DateTime, Decimal } from '../scalars.ts'
import { listOf, plain, required } from '../shape.ts'
import type { TimeRange } from '../time-range.ts'
import { allOf, when, type Where, within } from '../where.ts'

/** Months that are closed: twelve a year. */
const monthsMax = 1_200
/** A moment after which nothing is posted, for months that are open. */
const never = (1n << 63n) - 1n

interface Close {
  /** `2026-10`, in UTC. */
  readonly month: string
  readonly closedAt: UnixNano
  readonly actor: string
}

/** The latest month first. A month that two closed at once was closed by the first. */
export async function closes(reader: Reader): Promise<readonly Close[]> {
  const rows = await reader.rows<{ readonly month: string; readonly closed: string; readonly actor_name: string }>({
    columns: `month, ${nanosOf('min(closed_at)', 'closed')}, argMin(actor, closed_at) AS actor_name`, from: 'closedMonths', where: when('1'), tail: `GROUP BY month ORDER BY month DESC LIMIT ${monthsMax}`,
  })
  return rows.map(({ month, closed, actor_name }) => ({ month, closedAt: BigInt(closed), actor: actor_name }))
}

const closedAt = `transform(toYYYYMM(occurred_at, 'UTC'), {closed_months:Array(UInt32)}, {closed_at:Array(Int64)}, ${never})`
/** In SQL, of a ledger line: the month of its usage was closed before it was posted, so that it stands in the books of the month in which it was posted. */
export const isLate = `toUnixTimestamp64Nano(posted_at) > ${closedAt}`
/** In SQL, of a ledger line: a moment of the month in whose books it stands. Binds what `accounted` binds. */
export const accountedAt = `if(${isLate}, posted_at, occurred_at)`
export const accountedMonth = `formatDateTime(${accountedAt}, '%Y-%m', 'UTC')`

/** What the expressions above bind. */
export const accounted = (known: readonly Close[]): Where => when('1', {
  // Never empty: `transform` takes no empty list.
  closed_months: [0, ...known.map(({ month }) => Number(month.replace('-', '')))], closed_at: [never, ...known.map((close) => close.closedAt)],
})

/** Lines that stand in the books of the range, for files of finance: a closed month is what it was reported to be, and its corrections are in a later one. Binds what `accounted` binds. */
export async function accountedWithin(reader: Reader, range: TimeRange): Promise<Where> {
  // Nothing is posted before its usage: the second condition is on the sorting key.
  return allOf(accounted(await closes(reader)), within('range', accountedAt, range), within('usage', 'occurred_at', { to: range.to ?? null }))
}

interface Correction {
  readonly accountedIn: string
  readonly entries: number
  readonly cost: PicoUsd
}

interface ClosedMonth extends Close {
  readonly corrections: readonly Correction[]
}

/** Closed months, the latest first, and in whose books what was posted for them since stands. */
export async function closedMonths({ reader }: Pick<QueryContext, 'reader'>): Promise<readonly ClosedMonth[]> {
  const known = await closes(reader)
  if (known.length === 0) return []
  const rows = await reader.rows<{ readonly of_month: string; readonly accounted_in: string; readonly entries: string; readonly cost: string | null }>({
    columns: [`formatDateTime(occurred_at, '%Y-%m', 'UTC') AS of_month`, `${accountedMonth} AS accounted_in`, 'count() AS entries', textOf('sum(amount)', 'cost')].join(', '),
    from: 'ledgerEntries', where: allOf(accounted(known), when(`toYYYYMM(occurred_at, 'UTC') IN {closed_months:Array(UInt32)} AND ${isLate}`)), tail: 'GROUP BY of_month, accounted_in ORDER BY of_month, accounted_in',
  })
  const corrections = Map.groupBy(rows, ({ of_month }) => of_month)
  return known.map((close) => ({
    ...close,
    corrections: (corrections.get(close.month) ?? []).map((row) => ({ accountedIn: row.accounted_in, entries: Number(row.entries), cost: storedDecimal(row.cost ?? '0') })),
  }))
}

const CorrectionType = new GraphQLObjectType<Correction, QueryContext>({
  name: 'ClosedMonthCorrection',
  description: 'What was posted for a closed month and stands in the books of one later month.',
  fields: {
    accountedIn: plain(required(GraphQLString), 'The month in whose books it stands: that in which it was posted.'),
    entries: plain(required(Count), 'Ledger lines.'),
    cost: plain(required(Decimal), 'Sum of their known amounts.'),
  },
})

export const ClosedMonthType = new GraphQLObjectType<ClosedMonth, QueryContext>({
  name: 'ClosedMonth',
  description: 'A month whose figures were reported. What is posted for its usage since stands in the books of the month in which it was posted.',
  fields: {
    month: plain(required(GraphQLString), 'In UTC, such as "2026-10".'),
    closedAt: plain(required(DateTime), 'When it was closed, for good.'),
    actor: plain(required(GraphQLString), 'Who closed it.'),
    corrections: plain(listOf(CorrectionType), 'What was posted since, by the month in whose books it stands, earliest first.'),
  },
})
