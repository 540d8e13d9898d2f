import { costDayKeys, costDaysFrom, costDaysTo } from '#clickhouse/cost-days.ts'
import type { UnixNano } from '#semconv/facts.ts'
import type { Reader } from '../reader.ts'
import { allOf, when, type Where, within } from '../where.ts'
import type { CostDimension } from './cost-row.ts'
import type { CostArguments } from './read-costs.ts'

/** Which rows make a sum: conditions on `costDays` and on the ledger that between them hold every line of the range once. */
export interface CostSources {
  /** `undefined`: nothing can be taken from sums. */
  readonly days: Where | undefined
  /** `undefined`: the sums of days are everything. */
  readonly ledger: Where | undefined
}

const ofDays: ReadonlySet<string> = new Set(costDayKeys)
const isOfDays = (dimension: CostDimension): boolean => ofDays.has(dimension.toLowerCase())

/** Sums are by day of UTC and for the keys of `costDayKeys`: other intervals, zones, groups and filters are answered by the ledger. */
function answeredByDays({ groupBy, interval, timeZone, filter }: CostArguments): boolean {
  if (interval === 'MINUTE' || interval === 'HOUR') return false
  if (interval != null && (timeZone ?? 'UTC') !== 'UTC') return false
  return groupBy.every(isOfDays) && Object.entries(filter ?? {}).every(([key, values]) => ofDays.has(key) || values == null || (Array.isArray(values) && values.length === 0))
}

const dayNanos = 86_400_000_000_000n
const nanosOf = (day: string): UnixNano => BigInt(Date.parse(day)) * 1_000_000n
const dayText = (time: UnixNano): string => new Date(Number(time / 1_000_000n)).toISOString().slice(0, 10)

/** Whole days inside the range that did not change since they were summed up come from `costDays`, all else from the ledger. */
export async function costSources(reader: Reader, args: CostArguments): Promise<CostSources> {
  const { range } = args
  const inRange = within('range', 'occurred_at', range)
  const onlyLedger: CostSources = { days: undefined, ledger: allOf(inRange) }
  if (!answeredByDays(args)) return onlyLedger
  const [first, last] = [nanosOf(costDaysFrom), nanosOf(costDaysTo)]
  const from = range.from == null || range.from < first ? first : ((range.from + dayNanos - 1n) / dayNanos) * dayNanos
  const to = range.to == null || range.to > last ? last : (range.to / dayNanos) * dayNanos
  if (from >= to) return onlyLedger
  const changed = await reader.changedDays()
  if (changed === undefined) return onlyLedger
  const params = { days_from: dayText(from), days_to: dayText(to), changed_days: changed }
  const isWhole = range.from === from && range.to === to && changed.length === 0
  return {
    days: when('day >= {days_from:Date} AND day < {days_to:Date} AND day NOT IN {changed_days:Array(Date)}', params),
    ledger: isWhole ? undefined : allOf(inRange, when(
      `occurred_at < toDateTime64({days_from:String}, 9, 'UTC') OR occurred_at >= toDateTime64({days_to:String}, 9, 'UTC') OR toDate(occurred_at) IN {changed_days:Array(Date)}`, params)),
  }
}
