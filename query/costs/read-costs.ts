import type { GraphQLError } from 'graphql'
import { StoreError } from '#clickhouse/store-error.ts'
import { countsTokens, tagList, unpricedLines } from '#clickhouse/tables/ledger-entries.ts'
import type { QueryContext } from '../context.ts'
import { storedDecimal } from '../decimal.ts'
import { quoted, userError } from '../errors.ts'
import type { LedgerFilter } from '../ledger/ledger-filter.ts'
import { ledgerWhere } from '../ledger/read-ledger.ts'
import { hexOf, textOf } from '../reader.ts'
import type { TimeRange } from '../time-range.ts'
import { allOf, when, type Where, within } from '../where.ts'
import { type CostDimension, type CostRow, costRowsMax, type Interval } from './cost-row.ts'
import { comparedCalls } from './claims.ts'
import { costSources, type SumsKey } from './cost-sources.ts'
import { groupKey } from './run-counts.ts'

type Dimension = 'agent' | 'model' | 'provider' | 'user' | 'session' | 'service' | 'environment' | 'workflow' | 'meter' | 'project' | 'runId' | 'basis' | 'tag'

/** The row's field and the SQL that fills it. */
const dimensions: Readonly<Record<CostDimension, { readonly field: Dimension; readonly select: string }>> = {
  AGENT: { field: 'agent', select: 'agent AS by_agent' },
  MODEL: { field: 'model', select: 'model AS by_model' },
  PROVIDER: { field: 'provider', select: 'provider AS by_provider' },
  USER: { field: 'user', select: 'user AS by_user' },
  SESSION: { field: 'session', select: 'session AS by_session' },
  SERVICE: { field: 'service', select: 'service AS by_service' },
  ENVIRONMENT: { field: 'environment', select: 'environment AS by_environment' },
  WORKFLOW: { field: 'workflow', select: 'workflow AS by_workflow' },
  METER: { field: 'meter', select: 'meter AS by_meter' },
  PROJECT: { field: 'project', select: 'project AS by_project' },
  RUN: { field: 'runId', select: hexOf('trace_id', 'by_runId') },
  BASIS: { field: 'basis', select: 'toString(basis) AS by_basis' },
  TAG: { field: 'tag', select: `arrayJoin(${tagList}) AS by_tag` },
}

/** Start of the bucket in which a moment is. Weeks begin on Monday. Binds `zone`. */
const startsOf = (moment: string): Readonly<Record<Interval, string>> => ({
  MINUTE: `toStartOfMinute(${moment}, {zone:String})`,
  HOUR: `toStartOfHour(${moment}, {zone:String})`,
  DAY: `toStartOfDay(${moment}, {zone:String})`,
  WEEK: `toStartOfWeek(${moment}, 1, {zone:String})`,
  MONTH: `toStartOfMonth(${moment}, {zone:String})`,
})
const starts = startsOf('occurred_at')
/** The same of a day of sums, in UTC; `undefined` where a day is too wide. */
const startsOfDay: Readonly<Record<Interval, string | undefined>> = {
  MINUTE: undefined, HOUR: undefined, DAY: 'day', WEEK: 'toStartOfWeek(day, 1)', MONTH: 'toStartOfMonth(day)',
}
const startsOfSums: Readonly<Record<SumsKey, typeof startsOfDay>> = { costDays: startsOfDay, costUserDays: startsOfDay, costSessionDays: startsOfDay, costHours: startsOf('hour') }
/** As seconds. Weeks and months come as a `Date`; as a moment they are its midnight in the zone. */
const startSql = (start: string): string => `toString(toUnixTimestamp(toDateTime(${start}, {zone:String}))) AS by_start`

const ledgerSums = [
  textOf('ifNull(sum(amount), toDecimal128(0, 12))', 'cost'),
  textOf(`ifNull(sumIf(amount, basis = 'REPORTED'), toDecimal128(0, 12))`, 'reported'),
  'toString(count()) AS lines',
  `toString(${unpricedLines}) AS unpriced_lines`,
]
const daySums = [
  textOf('sum(amount)', 'cost'),
  textOf(`sumIf(amount, basis = 'REPORTED')`, 'reported'),
  'toString(sum(entries)) AS lines',
  `toString(toInt64(sumIf(unpriced, kind != 'REVERSAL')) - toInt64(sumIf(unpriced, kind = 'REVERSAL'))) AS unpriced_lines`,
]
const quantities = [
  textOf(`sumIf(quantity, ${countsTokens})`, 'quantity_sum'),
  textOf(`sumIf(quantity, startsWith(meter, 'input.'))`, 'input_sum'),
  textOf(`sumIf(quantity, startsWith(meter, 'output.'))`, 'output_sum'),
]
const chargedSpans = `toString(uniqExactIf((trace_id, span_id), kind = 'CHARGE')) AS charged`

type Group = Readonly<Partial<Record<`by_${Dimension}` | 'by_start', string>>>

interface StoredSum extends Group {
  readonly cost: string
  readonly reported: string
  readonly lines: string
  /** Below 0 where the reversals stand in one source and what they reverse in another. */
  readonly unpriced_lines: string
  readonly quantity_sum: string
  readonly input_sum: string
  readonly output_sum: string
}

interface StoredCharged extends Group {
  readonly charged: string
}

interface StoredClaim extends Group {
  readonly claim: string
  readonly ours: string
}

const row = (sum: StoredSum, whenAsked: Pick<CostRow, 'runs' | 'chargedSpans' | 'claimed'>): CostRow => ({
  start: sum.by_start === undefined ? null : BigInt(sum.by_start) * 1_000_000_000n,
  agent: sum.by_agent ?? null,
  model: sum.by_model ?? null,
  provider: sum.by_provider ?? null,
  user: sum.by_user ?? null,
  session: sum.by_session ?? null,
  service: sum.by_service ?? null,
  environment: sum.by_environment ?? null,
  workflow: sum.by_workflow ?? null,
  meter: sum.by_meter ?? null,
  project: sum.by_project ?? null,
  runId: sum.by_runId ?? null,
  basis: sum.by_basis ?? null,
  tag: sum.by_tag ?? null,
  // The sum over no known amount is nothing, and unpricedEntries says so.
  cost: storedDecimal(sum.cost),
  reported: storedDecimal(sum.reported),
  entries: Number(sum.lines),
  unpricedEntries: Number(sum.unpriced_lines),
  ...whenAsked,
  quantity: storedDecimal(sum.quantity_sum),
  inputTokens: storedDecimal(sum.input_sum),
  outputTokens: storedDecimal(sum.output_sum),
})

const together = (a: CostRow, b: CostRow): CostRow => ({
  ...a, cost: a.cost + b.cost, reported: a.reported + b.reported, entries: a.entries + b.entries, unpricedEntries: a.unpricedEntries + b.unpricedEntries,
  quantity: a.quantity + b.quantity, inputTokens: a.inputTokens + b.inputTokens, outputTokens: a.outputTokens + b.outputTokens,
})

function zoneWhere(zone: string): Where {
  if (!isZone(zone)) throw noZone(zone)
  return when('1', { zone })
}
const noZone = (zone: string): GraphQLError => userError('BAD_INPUT', `timeZone ${quoted(zone)} is no IANA time zone, such as "UTC" or "Europe/Berlin"`)
/** Intl knows old names that ClickHouse does not, such as "US/Pacific-New". */
const isUnknownZone = (error: unknown): boolean => error instanceof StoreError && /cannot load time zone/i.test(error.message)

/** Offsets such as "+02:00" are zones to Intl and not to ClickHouse. */
const zoneText = /^[A-Za-z][A-Za-z0-9_+\-/]{0,63}$/
function isZone(zone: string): boolean {
  if (!zoneText.test(zone)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    // Intl throws a RangeError for a zone it does not know.
    return false
  }
}

export interface CostArguments {
  readonly range: TimeRange
  readonly groupBy: readonly CostDimension[]
  readonly interval?: Interval | null
  readonly filter?: LedgerFilter | null
  readonly timeZone?: string | null
}

/**
 * Days that are summed up come from their sums, the rest of the range from the ledger: see `cost-sources.ts`. Questions of one request
 * that say at once that they count runs are counted together.
 */
export async function costs(context: QueryContext, args: CostArguments, countsRuns = false): Promise<CostRow[]> {
  const by = [...new Set(args.groupBy)].map((dimension) => dimensions[dimension])
  const interval = args.interval ?? null
  const groups = [...(interval === null ? [] : ['by_start' as const]), ...by.map(({ field }) => `by_${field}` as const)]
  const zone = args.timeZone ?? 'UTC'
  const zoned = zoneWhere(zone)
  const filter = ledgerWhere(args.filter ?? {}, args.range)
  const everything = allOf(within('range', 'occurred_at', args.range), filter, zoned)
  const tail = groups.length === 0 ? '' : `GROUP BY ${groups.join(', ')} LIMIT ${costRowsMax + 1}`
  const groupColumns = new Map([...(interval === null ? [] : [['by_start', startSql(starts[interval])] as const]), ...by.map(({ field, select }) => [`by_${field}`, select] as const)])
  const selected = (start: string | undefined, sums: readonly string[]): string =>
    [...(interval === null || start === undefined ? [] : [startSql(start)]), ...by.map(({ select }) => select), ...sums].join(', ')
  const fromLedger = <Row>(where: Where, sums: readonly string[]): Promise<Row[]> =>
    context.reader.rows<Row>({ columns: selected(interval === null ? undefined : starts[interval], sums), from: 'ledgerEntries', where, tail })
  /** A call counts in the groups that its charge stands in, not in those from which it was taken back. */
  const claims = (): Promise<StoredClaim[]> => {
    const compared = comparedCalls(args.range)
    return context.reader.rows<StoredClaim>({
      columns: selected(interval === null ? undefined : starts[interval], ['trace_id', 'span_id']), from: 'ledgerEntries', where: { sql: everything.sql, params: { ...everything.params, ...compared.params } },
      tail: `GROUP BY ${[...groups, 'trace_id', 'span_id'].join(', ')} HAVING sum(quantity) != 0`,
      around: (calls) => `SELECT ${[...groups, textOf('sum(compared.claim)', 'claim'), textOf('sum(compared.ours)', 'ours')].join(', ')} FROM ${calls} AS calls
        INNER JOIN (${compared.sql}) AS compared ON calls.trace_id = compared.call_trace AND calls.span_id = compared.call_span ${groups.length === 0 ? 'HAVING count() > 0' : `GROUP BY ${groups.join(', ')}`}`,
    })
  }
  const keyOf = (group: Group): string => groupKey(groups, group)
  const counts = once(() => context.runCounts({ where: everything, columns: groupColumns }))
  // Before anything is waited for, so that all of a request have said so when the first is asked.
  if (countsRuns) counts()
  const charged = once(async () => new Map((await fromLedger<StoredCharged>(everything, [chargedSpans])).map((group) => [keyOf(group), Number(group.charged)])))
  const claimed = once(async () => new Map((await claims()).map((group) => [keyOf(group), { claim: storedDecimal(group.claim), ours: storedDecimal(group.ours) }])))
  const sources = await costSources(context.reader, args)
  const read = [
    ...(sources.ledger === undefined ? [] : [fromLedger<StoredSum>(allOf(sources.ledger, filter, zoned), [...ledgerSums, ...quantities])]),
    ...(sources.days === undefined ? [] : [context.reader.rows<StoredSum>({
      columns: selected(interval === null ? undefined : startsOfSums[sources.days.from][interval], [...daySums, ...quantities]), from: sources.days.from, where: allOf(sources.days.where, filter, zoned), tail,
    })]),
  ]
  const found = await Promise.all(read).catch((error: unknown) => {
    throw isUnknownZone(error) ? noZone(zone) : error
  })
  const rows = new Map<string, CostRow>()
  for (const sum of found.flat()) {
    const key = keyOf(sum)
    const one = row(sum, {
      runs: async () => (await counts()()).get(key) ?? 0, chargedSpans: async () => (await charged()).get(key) ?? 0, claimed: async () => (await claimed()).get(key),
    })
    const known = rows.get(key)
    // A group of zeros is what is left of one that has gone.
    if (one.entries > 0 || groups.length === 0) rows.set(key, known === undefined ? one : together(known, one))
  }
  if (rows.size > costRowsMax || found.some(({ length }) => length > costRowsMax)) {
    throw userError('TOO_WIDE', `costs would be more than ${costRowsMax} rows: narrow the range, widen the interval or drop a dimension`)
  }
  return [...rows.values()].map((one) => ({ ...one, unpricedEntries: Math.max(0, one.unpricedEntries) })).sort(inOrder(by.map(({ field }) => field)))
}

const once = <T extends object>(make: () => T): (() => T) => {
  let made: T | undefined
  return () => (made ??= make())
}

/** Earliest first, dearest first, what is wholly unpriced last. */
const inOrder = (by: readonly Dimension[]) => (a: CostRow, b: CostRow): number => {
  if (a.start !== b.start) return (a.start ?? 0n) < (b.start ?? 0n) ? -1 : 1
  const [unknownA, unknownB] = [a.unpricedEntries === a.entries, b.unpricedEntries === b.entries]
  if (unknownA !== unknownB) return unknownA ? 1 : -1
  if (a.cost !== b.cost) return a.cost > b.cost ? -1 : 1
  for (const field of by) {
    const [left, right] = [a[field] ?? '', b[field] ?? '']
    if (left !== right) return left < right ? -1 : 1
  }
  return 0
}
