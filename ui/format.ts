/**
 * How values are written on screen. Pure. Money arrives as a decimal string and never becomes a float; what is rounded
 * for reading keeps its exact value in a title.
 */

const picoDigits = 12
const picoPerUsd = 10n ** BigInt(picoDigits)

/** Pico-dollars of a decimal string with up to 12 decimals; `undefined` where the text is no such number. */
export const picoUsd = (decimal: string): bigint | undefined => {
  const match = /^(-?)(\d+)(?:\.(\d{1,12}))?$/.exec(decimal)
  if (match === null) return undefined
  const [, sign = '', whole = '0', fraction = ''] = match
  const value = BigInt(whole) * picoPerUsd + BigInt(fraction.padEnd(picoDigits, '0'))
  return sign === '-' ? -value : value
}

const grouped = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, ',')

const roundTo = (pico: bigint, decimals: number): bigint => {
  const unit = 10n ** BigInt(picoDigits - decimals)
  return (pico + unit / 2n) / unit
}

const fixed = (pico: bigint, decimals: number): string => {
  const digits = roundTo(pico, decimals).toString().padStart(decimals + 1, '0')
  return `$${grouped(digits.slice(0, -decimals))}.${digits.slice(-decimals)}`
}

/** Smallest amount that is written with digits: $0.0001. Anything smaller and not zero says so. */
const smallestShown = 10n ** BigInt(picoDigits - 4)

/** From $1 two decimals, below four significant digits, never $0.00 for something that is not zero. */
export const money = (decimal: string | null | undefined): string => {
  if (decimal === null || decimal === undefined) return 'unpriced'
  const pico = picoUsd(decimal)
  if (pico === undefined) return decimal
  if (pico === 0n) return '$0.00'
  const size = pico < 0n ? -pico : pico
  const sign = pico < 0n ? '−' : ''
  if (size < smallestShown) return `${sign}<$0.0001`
  const leadingZeros = picoDigits - size.toString().length
  // What rounds up to the next digit has one decimal less: $0.09999999 is $0.1000.
  const significant = 4 + leadingZeros - (roundTo(size, 4 + leadingZeros) >= 10_000n ? 1 : 0)
  const decimals = significant < 4 ? 2 : significant
  return `${sign}${fixed(size, decimals)}`
}

/** A difference, with its sign. */
export const signedMoney = (decimal: string | null | undefined): string => {
  const text = money(decimal)
  return text.startsWith('−') || decimal === null || decimal === undefined || decimal === '0' ? text : `+${text}`
}

/** A sum of which nothing has a price is unknown, not zero. */
export const knownCost = (sum: string, unpriced: number): string | null => (sum === '0' && unpriced > 0 ? null : sum)

/** The exact amount, for titles. */
export const moneyExact = (decimal: string | null | undefined): string =>
  decimal === null || decimal === undefined ? 'No price card matches: the amount is unknown, not zero.' : `${decimal} USD`

/** For the height of a bar and nothing else: a picture may round, a figure may not. */
export const moneyPixels = (decimal: string | null | undefined): number => (decimal === null || decimal === undefined ? 0 : Number(decimal))

/** A money string out of the skeleton's pico-dollar columns. */
export const picoText = (pico: bigint): string => {
  const size = pico < 0n ? -pico : pico
  const fraction = (size % picoPerUsd).toString().padStart(picoDigits, '0').replace(/0+$/, '')
  return `${pico < 0n ? '-' : ''}${size / picoPerUsd}${fraction === '' ? '' : `.${fraction}`}`
}

/** `842`, `12.4k`, `3.10M`. */
export const count = (value: number): string => {
  if (value < 1_000) return String(value)
  if (value < 999_950) return `${(value / 1_000).toFixed(1)}k`
  if (value < 999_995_000) return `${(value / 1_000_000).toFixed(2)}M`
  return `${(value / 1_000_000_000).toFixed(2)}B`
}

/** Every digit, for titles. */
export const countExact = (value: number): string => grouped(String(value))

/** A decimal string with its thousands grouped, and the same minus as money has: quantities of the ledger, exact. */
export const decimalExact = (decimal: string): string => {
  const [whole = '', fraction] = decimal.replace('-', '−').split('.')
  return `${grouped(whole)}${fraction === undefined ? '' : `.${fraction}`}`
}

const threeDigits = (value: number): string => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2))

/** `950 µs`, `12.3 ms`, `4.20 s`, `3 m 12 s`, `2 h 05 m`, `3 d 04 h`. Milliseconds in. */
export const duration = (ms: number): string => {
  if (ms < 0.9995) return `${Math.round(ms * 1_000)} µs`
  if (ms < 999.5) return `${threeDigits(ms)} ms`
  if (ms < 59_950) return `${threeDigits(ms / 1_000)} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, '0')} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} m`
  const hours = Math.round(minutes / 60)
  return `${Math.floor(hours / 24)} d ${String(hours % 24).padStart(2, '0')} h`
}

/** A share with one decimal, `–` of nothing. Only none is 0 %, and only all is 100 %. */
export const percent = (part: number, whole: number): string => {
  if (whole === 0) return '–'
  const share = 100 * part / whole
  if (share > 0 && share < 0.05) return '<0.1 %'
  if (share >= 99.95 && share < 100) return '>99.9 %'
  return `${decimalExact(share.toFixed(part === 0 || part === whole ? 0 : 1))} %`
}

/** `a3f2…91`: enough to recognise, the whole is copied or in the title. */
export const shortId = (id: string): string => (id.length <= 10 ? id : `${id.slice(0, 4)}…${id.slice(-2)}`)

/** A person's name or address as it is; a hash or UUID in its place, as coding agents send, is recognised by its ends. */
export const userName = (user: string): string => (/^[0-9a-f-]{32,}$/i.test(user) ? shortId(user) : user)

const sameYear = new Intl.DateTimeFormat(undefined, { month: 'short', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
const otherYear = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })

/** Local time of an RFC 3339 text; the year only where it is not this one. */
export const localTime = (iso: string, now: Date = new Date()): string => {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return iso
  return (date.getFullYear() === now.getFullYear() ? sameYear : otherYear).format(date)
}

const clocks = {
  second: new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }),
  minute: new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
}
const dayOfYear = new Intl.DateTimeFormat(undefined, { month: 'short', day: '2-digit' })
const monthOfYear = new Intl.DateTimeFormat(undefined, { month: 'short', year: 'numeric' })
const daySeconds = 86_400

/** Marks of a time axis, seconds since the epoch and `step` seconds apart: the time of day, below it the day where it is another one; else days, else months. */
export const axisTimes = (marks: readonly number[], step: number): string[] => {
  const dates = marks.map((mark) => new Date(mark * 1_000))
  if (step >= 28 * daySeconds) return dates.map((date) => monthOfYear.format(date))
  const days = dates.map((date) => dayOfYear.format(date))
  if (step >= daySeconds) return days
  const clock = step < 60 ? clocks.second : clocks.minute
  return dates.map((date, index) => `${clock.format(date)}${days[index] === days[index - 1] ? '' : `\n${days[index]}`}`)
}

/** Letters that are written from the right (Unicode Standard Annex 9). */
const fromTheRight = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u
/**
 * What has no ink: controls, those of direction among them, and what has no width. White space is shown as such, and what joins
 * letters of other scripts and parts of an emoji does its work.
 */
const inkless = /(?!(?<=\P{ASCII})(?:\u200c|\u200d|\ufe0f)|[\t\n\v\f\r])[\p{Cc}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu
const codePoint = (letter: string): string => `⟨U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`

/** A name out of telemetry as it is read: nothing in it is hidden, and it turns nothing around that stands after it. */
export const legible = (name: string): string => {
  const seen = name.replace(inkless, codePoint)
  if (seen.trim() === '') return '(blank)'
  return fromTheRight.test(seen) ? `\u2068${seen}\u2069` : seen
}

/** `3 calls`, `1 call`. */
export const plural = (value: number, one: string, many = `${one}s`): string => `${countExact(value)} ${value === 1 ? one : many}`

/** Meters that count something else than tokens: one of it, and several. */
const pieces: ReadonlyMap<string, readonly [one: string, many: string]> = new Map([
  ['tool.web_search', ['search', 'searches']], ['tool.file_search', ['search', 'searches']], ['tool.code_execution', ['code run', 'code runs']],
  ['request', ['request', 'requests']], ['audio.seconds', ['second', 'seconds']], ['reported_cost', ['reported cost', 'reported costs']],
])
const tokenWords = ['token', 'tokens'] as const

/** What a ledger line counts, `tokens` for most. */
export const meterUnit = (meter: string, quantity = ''): string => (pieces.get(meter) ?? tokenWords)[quantity === '1' ? 0 : 1]
export const countsTokens = (meter: string): boolean => !pieces.has(meter)
