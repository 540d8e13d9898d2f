import { costDays, costDaysFrom, costDaysTo, costHours, costSessionDays, costUserDays, type DaySums } from '#clickhouse/cost-days.ts'
import type { UnixNano } from '#semconv/facts.ts'
import type { LedgerFilter } from '../ledger/ledger-filter.ts'
import type { Reader, TableKey } from '../reader.ts'
import { allOf, when, type Where, within } from '../where.ts'
import { hasWholeHours } from './whole-hours.ts'
import type { CostDimension } from './cost-row.ts'
import type { CostArguments } from './read-costs.ts'

/** Which rows make a sum: conditions on a table of sums and on the ledger that between them hold every line of the range once. */
export interface CostSources {
  /** `undefined`: nothing can be taken from sums. */
  readonly days: { readonly from: SumsKey; readonly where: Where } | undefined
  /** `undefined`: the sums of days are everything. */
  readonly ledger: Where | undefined
}

export type SumsKey = Extract<TableKey, 'costDays' | 'costUserDays' | 'costSessionDays' | 'costHours'>
/** Those with fewer rows first. */
const ofDays: readonly Source[] = [{ from: 'costDays', sums: costDays }, { from: 'costUserDays', sums: costUserDays }, { from: 'costSessionDays', sums: costSessionDays }]
const ofHours: readonly Source[] = [{ from: 'costHours', sums: costHours }]
interface Source {
  readonly from: SumsKey
  readonly sums: DaySums
}

/** The key of sums that a group or a filter is about. */
const keyOf = (name: CostDimension | keyof LedgerFilter): string => (name === 'TAG' || name === 'tag' ? 'tags' : name.toLowerCase())
const keysAsked = ({ groupBy, filter }: CostArguments): readonly string[] => [
  ...groupBy.map(keyOf),
  ...Object.entries(filter ?? {}).filter(([, values]) => values != null && !(Array.isArray(values) && values.length === 0)).map(([name]) => keyOf(name as keyof LedgerFilter)),
]

/** What the buckets asked for can be made of; [] where an hour of UTC is too wide. */
function sourcesOf({ interval, timeZone, range }: CostArguments): readonly Source[] {
  if (interval == null) return ofDays
  if (interval === 'MINUTE') return []
  const zone = timeZone ?? 'UTC'
  if (zone === 'UTC' && interval !== 'HOUR') return ofDays
  return hasWholeHours(zone, range) ? ofHours : []
}

/** Sums are for their keys: other groups and filters are answered by the ledger. */
function sourceOf(args: CostArguments): Source | undefined {
  const asked = keysAsked(args)
  return sourcesOf(args).find(({ sums }) => asked.every((key) => sums.keys.includes(key)))
}

const dayNanos = 86_400_000_000_000n
const nanosOf = (day: string): UnixNano => BigInt(Date.parse(day)) * 1_000_000n
const dayText = (time: UnixNano): string => new Date(Number(time / 1_000_000n)).toISOString().slice(0, 10)

/** Whole days inside the range that did not change since they were summed up come from sums, all else from the ledger. */
export async function costSources(reader: Reader, args: CostArguments): Promise<CostSources> {
  const { range } = args
  const inRange = within('range', 'occurred_at', range)
  const onlyLedger: CostSources = { days: undefined, ledger: allOf(inRange) }
  const source = sourceOf(args)
  if (source === undefined) return onlyLedger
  const [first, last] = [nanosOf(costDaysFrom), nanosOf(costDaysTo)]
  const from = range.from == null || range.from < first ? first : ((range.from + dayNanos - 1n) / dayNanos) * dayNanos
  const to = range.to == null || range.to > last ? last : (range.to / dayNanos) * dayNanos
  if (from >= to) return onlyLedger
  const changed = await reader.changedDays(source.sums)
  if (changed === undefined) return onlyLedger
  const params = { days_from: dayText(from), days_to: dayText(to), changed_days: changed }
  const isWhole = range.from === from && range.to === to && changed.length === 0
  return {
    days: { from: source.from, where: when('day >= {days_from:Date} AND day < {days_to:Date} AND day NOT IN {changed_days:Array(Date)}', params) },
    ledger: isWhole ? undefined : allOf(inRange, when(
      `occurred_at < toDateTime64({days_from:String}, 9, 'UTC') OR occurred_at >= toDateTime64({days_to:String}, 9, 'UTC') OR toDate(occurred_at) IN {changed_days:Array(Date)}`, params)),
  }
}
