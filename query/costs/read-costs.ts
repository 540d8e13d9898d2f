import type { GraphQLError } from 'graphql'
import { StoreError } from '#clickhouse/store-error.ts'
import type { QueryContext } from '../context.ts'
import { storedDecimal } from '../decimal.ts'
import { quoted, userError } from '../errors.ts'
import type { LedgerFilter } from '../ledger/ledger-filter.ts'
import { ledgerWhere } from '../ledger/read-ledger.ts'
import { hexOf, textOf } from '../reader.ts'
import type { TimeRange } from '../time-range.ts'
import { allOf, when, type Where, within } from '../where.ts'
import type { CostDimension, CostRow, Interval } from './cost-row.ts'

/** Rows of one answer. More than a chart or a table can show; narrow the range or drop a dimension. */
const rowsMax = 10_000

type Dimension = 'agent' | 'model' | 'provider' | 'user' | 'session' | 'service' | 'environment' | 'workflow' | 'meter' | 'project' | 'runId' | 'basis'

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
}

/** Start of the bucket as nanoseconds. Weeks begin on Monday. Binds `zone`. */
const starts: Readonly<Record<Interval, string>> = {
  MINUTE: `toStartOfMinute(occurred_at, {zone:String})`,
  HOUR: `toStartOfHour(occurred_at, {zone:String})`,
  DAY: `toStartOfDay(occurred_at, {zone:String})`,
  WEEK: `toStartOfWeek(occurred_at, 1, {zone:String})`,
  MONTH: `toStartOfMonth(occurred_at, {zone:String})`,
}
/** Weeks and months come as a `Date`; as a moment they are its midnight in the zone. */
const startSql = (interval: Interval): string => `toString(toUnixTimestamp(toDateTime(${starts[interval]}, {zone:String}))) AS by_start`

const sums = [
  textOf('sum(amount)', 'cost'),
  textOf(`sumIf(amount, basis = 'REPORTED')`, 'reported'),
  'count() AS entries',
  // One that was taken back, because it has a price now or was none, is not unknown any more.
  `greatest(0, toInt64(countIf(amount IS NULL AND kind != 'REVERSAL')) - toInt64(countIf(amount IS NULL AND kind = 'REVERSAL'))) AS unpriced`,
  'uniqExact(trace_id) AS runs',
  `uniqExactIf((trace_id, span_id), kind = 'CHARGE') AS charged`,
  textOf(`sumIf(quantity, startsWith(meter, 'input.') OR startsWith(meter, 'output.') OR meter = 'unsplit')`, 'quantity_sum'),
  textOf(`sumIf(quantity, startsWith(meter, 'input.'))`, 'input_sum'),
  textOf(`sumIf(quantity, startsWith(meter, 'output.'))`, 'output_sum'),
]

interface StoredSum extends Readonly<Partial<Record<`by_${Dimension}`, string>>> {
  readonly by_start?: string
  readonly cost: string | null
  readonly reported: string | null
  readonly entries: string
  readonly unpriced: string
  readonly runs: string
  readonly charged: string
  readonly quantity_sum: string
  readonly input_sum: string
  readonly output_sum: string
}

const row = (sum: StoredSum): CostRow => ({
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
  // The sum over no known amount is null in SQL: the known part of the cost is then nothing, and unpricedEntries says so.
  cost: storedDecimal(sum.cost ?? '0'),
  reported: storedDecimal(sum.reported ?? '0'),
  entries: Number(sum.entries),
  unpricedEntries: Number(sum.unpriced),
  runs: Number(sum.runs),
  chargedSpans: Number(sum.charged),
  quantity: storedDecimal(sum.quantity_sum),
  inputTokens: storedDecimal(sum.input_sum),
  outputTokens: storedDecimal(sum.output_sum),
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

export async function costs(
  context: QueryContext,
  args: {
    readonly range: TimeRange
    readonly groupBy: readonly CostDimension[]
    readonly interval?: Interval | null
    readonly filter?: LedgerFilter | null
    readonly timeZone?: string | null
  },
): Promise<CostRow[]> {
  const by = [...new Set(args.groupBy)].map((dimension) => dimensions[dimension])
  const interval = args.interval ?? null
  const groups = [...(interval === null ? [] : ['by_start']), ...by.map(({ field }) => `by_${field}`)]
  const order = [...(interval === null ? [] : ['toInt64(by_start)']), 'sum(amount) DESC NULLS LAST', ...by.map(({ field }) => `by_${field}`)]
  const zone = args.timeZone ?? 'UTC'
  const rows = await context.reader.rows<StoredSum>({
    columns: [...(interval === null ? [] : [startSql(interval)]), ...by.map(({ select }) => select), ...sums].join(', '),
    from: 'ledgerEntries',
    where: allOf(
      within('range', 'occurred_at', args.range),
      ledgerWhere(args.filter ?? {}),
      zoneWhere(zone),
    ),
    tail: groups.length === 0 ? '' : `GROUP BY ${groups.join(', ')} ORDER BY ${order.join(', ')} LIMIT ${rowsMax + 1}`,
  }).catch((error: unknown) => {
    throw isUnknownZone(error) ? noZone(zone) : error
  })
  if (rows.length > rowsMax) {
    throw userError('TOO_WIDE', `costs would be more than ${rowsMax} rows: narrow the range, widen the interval or drop a dimension`)
  }
  return rows.map(row)
}
