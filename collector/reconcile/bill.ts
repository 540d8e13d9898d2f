import type { PicoUsd } from '#semconv/facts.ts'

/** Where a bill comes from: the format of its file. */
export const billSources = ['openai_usage', 'openai_embeddings', 'openai_costs', 'anthropic_usage', 'anthropic_costs', 'aws_cur', 'aws_cost_explorer', 'gcp_billing', 'focus'] as const
export type BillSource = (typeof billSources)[number]

/** Classes that a bill tells apart; '' where it tells none. Finer classes of ours are summed into them. */
export const billMeters = ['input', 'cache_read', 'cache_write', 'output', 'other', ''] as const
export type BillMeter = (typeof billMeters)[number]

export interface BillLine {
  /** As the price book or the bill calls it; folded when lines are matched. */
  readonly provider: string
  readonly account: string
  /** `YYYY-MM-DD`, UTC. */
  readonly day: string
  readonly model: string
  readonly meter: BillMeter
  /** Tokens times 10^12. */
  readonly quantity: bigint | undefined
  readonly amount: PicoUsd | undefined
}

export interface Bill {
  readonly source: BillSource
  readonly lines: readonly BillLine[]
}

/** A bill that cannot be taken: one sentence that names the place, the value and what is expected. Nothing was stored. */
export class BillError extends Error {
  override readonly name = 'BillError'
}

/** Bytes of one file. A month of a large organisation by day, project and model is about 20 MB. */
export const billBytesMax = 64 * 1024 * 1024
/** Lines of one bill after equal ones are summed. */
export const billLinesMax = 200_000

const short = (value: unknown): string => `'${String(value).slice(0, 80)}'`

/** Dollars, or pieces of what a bill counts, in one cell of it: ten times the tokens of all the world's models in a day. */
const figureMax = 1_000_000_000_000_000n
/** Of one line after equal ones are summed, times 10^12: what `Decimal(38, 12)` holds, and sums of a day's lines still do. */
export const sumMax = 10n ** 33n

const scale = 12
const decimalText = /^(-?)(\d{0,26})(?:\.(\d{0,40}))?(?:[eE]([+-]?\d{1,2}))?$/

/** Any decimal as text, times 10^12. What a float in a bill has beyond 12 decimals is rounded half to even. */
export function pico(text: string, where: string): bigint {
  const [, sign, whole = '', fraction = '', exponent = '0'] = decimalText.exec(text.trim()) ?? []
  if (sign === undefined || (whole === '' && fraction === '')) throw new BillError(`${where} is ${short(text)}: a decimal number is expected`)
  const digits = BigInt(whole + fraction)
  const shift = scale - fraction.length + Number(exponent)
  const value = shift >= 0 ? digits * 10n ** BigInt(shift) : rounded(digits, 10n ** BigInt(-shift))
  if (value > figureMax * 10n ** BigInt(scale)) throw new BillError(`${where} is ${short(text)}: at most ${figureMax} is taken`)
  return sign === '-' ? -value : value
}

export function rounded(value: bigint, divisor: bigint): bigint {
  const size = value < 0n ? -value : value
  const part = size / divisor
  const twice = (size % divisor) * 2n
  const up = twice > divisor || (twice === divisor && part % 2n === 1n) ? part + 1n : part
  return value < 0n ? -up : up
}

/** A count of tokens, which is never below zero. */
export function tokens(text: string, where: string): bigint {
  const quantity = pico(text, where)
  if (quantity < 0n) throw new BillError(`${where} is ${short(text)}: a quantity is not negative`)
  return quantity
}

/** The ledger is in US dollars, and a rate of exchange would be a price that nobody can prove. */
export function assertDollars(currency: string, where: string): void {
  if (currency.toUpperCase() !== 'USD') throw new BillError(`${where} is ${short(currency)}: only bills in USD can be reconciled`)
}

/** The day in UTC: of a time that names another offset, that may be the one beside. */
export function dayOf(text: string, where: string): string {
  const time = /T.*[+-]\d{2}:\d{2}$/.test(text) ? Date.parse(text) : Number.NaN
  const day = /^\d{4}-\d{2}-\d{2}/.exec(Number.isNaN(time) ? text : new Date(time).toISOString())?.[0]
  if (day === undefined || Number.isNaN(Date.parse(day)) || day < '2020-01-01' || day >= '2040-01-01') throw new BillError(`${where} is ${short(text)}: a date such as 2026-11-21 is expected`)
  return day
}
