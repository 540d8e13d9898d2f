import type { UnixNano } from '#semconv/facts.ts'
import type { QueryContext } from '../context.ts'
import { quoted, userError } from '../errors.ts'
import { checkedFirst } from '../page.ts'
import { hexOf, nanosOf } from '../reader.ts'
import type { TimeRange } from '../time-range.ts'
import { allOf, checkedText, when, type Where } from '../where.ts'
import type { Metric, MetricFilter, MetricLabel } from './metric.ts'
import { type Aggregation, aggregationsOf } from './aggregation.ts'
import type { ChartSeries, MetricChart, MetricExemplar } from './metric-chart.ts'
import { during, labelColumns, metricWhere } from './metric-where.ts'
import { type Bucket, downscaled, explicitBuckets, exponentialBuckets, quantile } from './quantile.ts'
import { metricsNamed } from './read-metrics.ts'

/** Lines of one chart. More cannot be told apart. */
const seriesMax = 100
/** Buckets of time in one chart: a wide screen has 2,500 pixels. */
const bucketsMax = 2_000
/** Data points read for one chart: about ten seconds of the engine, and 1 GB at 200 bytes each. */
const pointsMax = 5_000_000
/** Rows that one read may answer: lines times buckets, of histograms also times their layouts. */
const rowsMax = 50_000
/** How far before a range the point is looked for from which a stream's first difference is taken. SDKs export every minute, few every hour. */
const lookbackNanos = 3_600_000_000_000n
const nanosPerSecond = 1_000_000_000n
/** Buckets of a chart whose width nobody chose. */
const bucketsWanted = 100
/** Widths that people think in. Seconds. */
const widths = [1, 5, 10, 30, 60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000] as const

export interface ChartArguments {
  readonly name: string
  readonly unit?: string | null
  readonly kind?: Metric['kind'] | null
  readonly range: TimeRange
  readonly intervalSeconds?: number | null
  readonly aggregation?: Aggregation | null
  readonly groupBy?: MetricLabel | null
  readonly groupByAttribute?: string | null
  readonly filter?: MetricFilter | null
}

/** What every read of one chart has in common. */
interface Asked {
  readonly metric: Metric
  readonly from: UnixNano
  readonly to: UnixNano
  readonly widthNanos: bigint
  /** SQL of a point's group. */
  readonly group: string
  readonly where: Where
}

export async function metricChart(context: QueryContext, args: ChartArguments): Promise<MetricChart | null> {
  const { from, to } = args.range
  if (from != null && to != null && to <= from) throw userError('BAD_INPUT', 'the range ends before it starts')
  const metric = only(await metricsNamed(context, checkedText('name', args.name), args.range), args)
  if (metric === undefined) return null
  const asked = askedOf(metric, args, args.intervalSeconds ?? await usualWidth(context, metric, args.range))
  const possible = aggregationsOf(metric)
  const aggregation = args.aggregation ?? (possible[0] as Aggregation)
  if (!possible.includes(aggregation)) throw userError('BAD_INPUT', `${aggregation} says nothing of ${quoted(metric.name)}, ask for ${possible.join(', ')}`)
  const series = await readSeries(context, asked, aggregation)
  return {
    name: metric.name, unit: metric.unit, kind: metric.kind, aggregation, from: asked.from, to: asked.to,
    intervalSeconds: Number(asked.widthNanos / nanosPerSecond), series, exemplars: (first) => readExemplars(context, asked, first),
  }
}

/** Of what one name means in the range, the one that is asked for. */
function only(found: readonly Metric[], { name, unit, kind }: ChartArguments): Metric | undefined {
  const matching = found.filter((metric) => (unit == null || metric.unit === unit) && (kind == null || metric.kind === kind))
  if (matching.length <= 1) return matching[0]
  const kinds = matching.map((metric) => `${metric.kind} in ${quoted(metric.unit)}`)
  throw userError('BAD_INPUT', `${quoted(name)} is ${matching.length} metrics: ${kinds.slice(0, 5).join(', ')}; name one by kind and unit`)
}

function askedOf(metric: Metric, args: ChartArguments, widthSeconds: number): Asked {
  const { from, to } = boundsOf(metric, args.range)
  if (metric.points > pointsMax) throw userError('TOO_WIDE', `the range holds ${metric.points} data points of ${quoted(metric.name)}, at most ${pointsMax} are charted: narrow the range`)
  if (widthSeconds < 1) throw userError('BAD_INPUT', `intervalSeconds is ${widthSeconds}, it must be 1 or more`)
  const widthNanos = BigInt(widthSeconds) * nanosPerSecond
  const buckets = (to - from) / widthNanos
  if (buckets > BigInt(bucketsMax)) throw userError('TOO_WIDE', `the chart would have ${buckets} buckets of time, at most ${bucketsMax} are drawn: narrow the range or widen intervalSeconds`)
  if (args.groupBy != null && args.groupByAttribute != null) throw userError('BAD_INPUT', 'a chart is split by groupBy or by groupByAttribute, not by both')
  const key = args.groupByAttribute == null ? '' : checkedText('groupByAttribute', args.groupByAttribute)
  return {
    metric, from, to, widthNanos,
    group: args.groupBy != null ? labelColumns[args.groupBy] : args.groupByAttribute != null ? 'attributes[{group:String}]' : `''`,
    where: allOf(
      // Points that say that nothing was measured are no measurements.
      when('name = {name:String} AND unit = {unit:String} AND kind = {kind:String} AND NOT bitTest(flags, 0)', { name: metric.name, unit: metric.unit, kind: metric.kind }),
      metricWhere(args.filter ?? {}),
      when('1', { group: key, width: widthNanos.toString(), first: from.toString() }),
    ),
  }
}

const boundsOf = (metric: Metric, range: TimeRange): { readonly from: UnixNano; readonly to: UnixNano } =>
  ({ from: range.from ?? metric.firstAt, to: range.to ?? metric.lastAt + 1n })

/** Points late by a part of their spacing do not make it wider. */
const lateness = 1.2
/** How much of a metric's end is looked at to see how often it comes. */
const spacingNanos = 6n * lookbackNanos

/** The width of which about a hundred fill the range, and not less than the time between two points of a stream: every other bucket would be empty. Seconds. */
async function usualWidth(context: QueryContext, metric: Metric, range: TimeRange): Promise<number> {
  if (metric.points > pointsMax) return 1
  const { from, to } = boundsOf(metric, range)
  const start = metric.lastAt - spacingNanos
  const [row] = await context.reader.rows<{ readonly seconds: number | null }>({
    columns: `${last('at')} AS last_at, toUnixTimestamp64Nano(at) - toUnixTimestamp64Nano(last_at) AS spacing`, from: 'metricPoints',
    where: allOf(when('name = {name:String} AND unit = {unit:String} AND kind = {kind:String}', { name: metric.name, unit: metric.unit, kind: metric.kind }), during({ from: start > from ? start : from, to })),
    tail: before, around: (points) => `SELECT quantile(0.5)(spacing) / 1e9 AS seconds FROM ${points} WHERE toUnixTimestamp64Nano(last_at) > 0 AND spacing > 0`,
  })
  const wanted = Math.max(Number((to - from) / nanosPerSecond) / bucketsWanted, (row?.seconds ?? 0) / lateness)
  return widths.find((width) => width >= wanted) ?? Math.ceil(wanted)
}

/** A bucket of time by its number since 1970. */
const slot = 'intDiv(toUnixTimestamp64Nano(at), {width:Int64})'
/** A number as it was sent. */
const number = `if(value_type = 'INT', toFloat64(value_int), value_double)`
const inRange = `toUnixTimestamp64Nano(at) >= {first:Int64}`

function readSeries(context: QueryContext, asked: Asked, aggregation: Aggregation): Promise<ChartSeries[]> {
  switch (aggregation) {
    case 'P50': return readQuantiles(context, asked, 0.5)
    case 'P90': return readQuantiles(context, asked, 0.9)
    case 'P95': return readQuantiles(context, asked, 0.95)
    case 'P99': return readQuantiles(context, asked, 0.99)
    case 'MIN': return readLevels(context, asked, 'min(lowest)')
    case 'MAX': return readLevels(context, asked, 'max(highest)')
    case 'LAST': return readLevels(context, asked, asked.metric.kind === 'GAUGE' ? 'avg(latest)' : 'sum(latest)')
    case 'AVG': return asked.metric.kind === 'GAUGE' ? readLevels(context, asked, 'sum(total) / sum(n)') : readAdded(context, asked, 'sum(added_sum) / sum(added_count)')
    case 'COUNT': return readAdded(context, asked, 'sum(added_count)')
    case 'SUM': return readAdded(context, asked, isNumber(asked.metric) ? 'sum(added)' : 'sum(added_sum)')
    case 'RATE': return readAdded(context, asked, `${isNumber(asked.metric) ? 'sum(added)' : 'sum(added_count)'} / ({width:Int64} / 1e9)`)
  }
}

const isNumber = ({ kind }: Metric): boolean => kind === 'GAUGE' || kind === 'COUNTER' || kind === 'UP_DOWN_COUNTER'

interface StoredValue {
  readonly bucket: string
  readonly part: string
  /** Null where it is no finite number. */
  readonly value: number | null
}

/** Levels: each stream's points in a bucket first, then the streams of a group. */
async function readLevels(context: QueryContext, asked: Asked, value: string): Promise<ChartSeries[]> {
  const rows = await context.reader.rows<StoredValue>({
    columns: `${slot} AS bucket, ${asked.group} AS part, argMax(${number}, at) AS latest, min(${number}) AS lowest, max(${number}) AS highest, sum(${number}) AS total, count() AS n`,
    from: 'metricPoints',
    where: allOf(asked.where, during(asked), when(`value_type != 'NONE' AND isFinite(${number})`)),
    tail: 'GROUP BY bucket, part, series',
    around: (streams) => `SELECT bucket, part, toFloat64(${value}) AS value FROM ${streams} GROUP BY bucket, part ORDER BY bucket LIMIT ${rowsMax + 1}`,
  })
  return seriesOf(bounded(rows).flatMap((row) => (row.value === null ? [] : [{ ...row, value: row.value }])), asked)
}

/** The stream's point before, within the hour before the range. */
const before = 'WINDOW before AS (PARTITION BY series ORDER BY at, started_at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)'
const last = (column: string): string => `lagInFrame(${column}) OVER before`

/**
 * What a point adds to its stream: all of itself (`whole`), its difference to the point before (`diff`), or nothing that is
 * known (`none`). https://opentelemetry.io/docs/specs/otel/metrics/data-model/#resets-and-gaps: a start that moved is a reset,
 * a point whose start is its own time has an unknown start and is only compared with. Where no start tells it, a count that
 * fell was reset.
 */
const takenSql = (fell: string): string => `multiIf(
  temporality = 'DELTA', 'whole',
  toUnixTimestamp64Nano(last_at) > 0 AND started_at = last_started_at, if(${fell}, 'whole', 'diff'),
  toUnixTimestamp64Nano(started_at) > 0 AND started_at < at AND (toUnixTimestamp64Nano(last_at) > 0 OR toUnixTimestamp64Nano(started_at) >= {first:Int64} - ${lookbackNanos}), 'whole',
  'none') AS taken`

const lastTimes = `${last('at')} AS last_at, ${last('started_at')} AS last_started_at`
const widened = (asked: Asked): Where | undefined => during({ from: asked.from > lookbackNanos ? asked.from - lookbackNanos : 0n, to: asked.to })

/** What points of sums and distributions added. Differences of ints are exact, those of doubles as exact as these. */
async function readAdded(context: QueryContext, asked: Asked, value: string): Promise<ChartSeries[]> {
  const numeric = isNumber(asked.metric)
  const fell = asked.metric.kind === 'UP_DOWN_COUNTER' ? '0' : numeric ? 'amount < last_amount' : 'count < last_count'
  const rows = await context.reader.rows<StoredValue>({
    columns: `at, ${slot} AS bucket, ${asked.group} AS part, ${lastTimes}, ${numeric
      ? `${number} AS amount, ${last(number)} AS last_amount, value_type, value_int, ${last('value_type')} AS last_type, ${last('value_int')} AS last_int`
      : `count, ${last('count')} AS last_count, ifNull(sum, 0) AS amount, ${last('ifNull(sum, 0)')} AS last_amount`}, ${takenSql(fell)}`,
    from: 'metricPoints',
    where: allOf(asked.where, widened(asked), numeric ? when(`value_type != 'NONE' AND isFinite(${number})`) : when('isFinite(ifNull(sum, 0))')),
    tail: before,
    around: (points) => `SELECT bucket, part, toFloat64(${value}) AS value FROM (SELECT bucket, part, ${numeric
      ? `if(taken = 'whole', amount, if(value_type = 'INT' AND last_type = 'INT', toFloat64(toInt128(value_int) - last_int), amount - last_amount)) AS added`
      : `toFloat64(if(taken = 'whole', toInt128(count), toInt128(count) - last_count)) AS added_count, if(taken = 'whole', amount, amount - last_amount) AS added_sum`}
      FROM ${points} WHERE ${inRange} AND taken != 'none') GROUP BY bucket, part ORDER BY bucket LIMIT ${rowsMax + 1}`,
  })
  return seriesOf(bounded(rows).flatMap((row) => (row.value === null ? [] : [{ ...row, value: row.value }])), asked)
}

interface StoredBuckets {
  readonly bucket: string
  readonly part: string
  readonly scale: number
  /** Rising, so only the first can be −∞ and only the last ∞, which ClickHouse writes as `null` in JSON. */
  readonly explicit_bounds: readonly (number | null)[]
  readonly counts: readonly string[]
  readonly positive: readonly [readonly string[], readonly string[]]
  readonly negative: readonly [readonly string[], readonly string[]]
  readonly zeros: string
  readonly threshold: number
}

/** Columns of a distribution, and of the point before. */
const distribution = ['explicit_bounds', 'bucket_counts', 'scale', 'zero_count', 'zero_threshold', 'positive_offset', 'positive_counts', 'negative_offset', 'negative_counts'] as const
const tupleOf = (prefix: string): string => distribution.map((column) => `${prefix}${column}`).join(', ')
const signed = (counts: number): string => `arrayMap(c -> sign * toInt64(c), d.${counts})`
const indexed = (offset: number, counts: number): string => `sumMap(arrayMap(i -> toInt64(d.${offset}) + i - 1, arrayEnumerate(d.${counts})), ${signed(counts)})`

/**
 * Buckets added: a difference is the later point's counts and, with the sign −, those before. So points of different scales
 * and bounds can be taken from each other: each layout is summed by itself, and the layouts are put together here.
 */
async function readQuantiles(context: QueryContext, asked: Asked, q: number): Promise<ChartSeries[]> {
  const rows = await context.reader.rows<StoredBuckets>({
    columns: `at, ${slot} AS bucket, ${asked.group} AS part, count, ${last('count')} AS last_count, ${lastTimes}, ${tupleOf('')},
      ${distribution.map((column) => `${last(column)} AS last_${column}`).join(', ')}, ${takenSql('count < last_count')}`,
    from: 'metricPoints', where: allOf(asked.where, widened(asked)), tail: before,
    around: (points) => `SELECT bucket, part, d.3 AS scale, d.1 AS explicit_bounds, sumForEach(${signed(2)}) AS counts, ${indexed(6, 7)} AS positive, ${indexed(8, 9)} AS negative,
        sum(sign * toInt64(d.4)) AS zeros, max(d.5) AS threshold
      FROM (SELECT bucket, part, arrayJoin(if(taken = 'whole', [(1, tuple(${tupleOf('')}))], [(1, tuple(${tupleOf('')})), (-1, tuple(${tupleOf('last_')}))])) AS one, one.1 AS sign, one.2 AS d
        FROM ${points} WHERE ${inRange} AND taken != 'none')
      GROUP BY bucket, part, scale, explicit_bounds ORDER BY bucket LIMIT ${rowsMax + 1}`,
  })
  const groups = Map.groupBy(bounded(rows), ({ bucket, part }) => `${bucket} ${part}`)
  return seriesOf([...groups.values()].flatMap((layouts) => {
    const [{ bucket, part }] = layouts as [StoredBuckets]
    const value = quantile(bucketsOf(layouts), q)
    return value === undefined ? [] : [{ bucket, part, value }]
  }), asked)
}

/** All layouts of one group together; those of exponential histograms at the smallest scale among them, where differences meet. */
function bucketsOf(layouts: readonly StoredBuckets[]): Bucket[] {
  const scale = Math.min(...layouts.map((layout) => layout.scale))
  const sides = { positive: new Map<number, number>(), negative: new Map<number, number>() }
  let zeros = 0
  let threshold = 0
  for (const layout of layouts) {
    zeros += Number(layout.zeros)
    threshold = Math.max(threshold, layout.threshold)
    for (const side of ['positive', 'negative'] as const) {
      const [indexes, counts] = layout[side]
      const fine = new Map(indexes.map((index, i) => [Number(index), Number(counts[i])]))
      for (const [index, count] of downscaled(fine, layout.scale - scale)) sides[side].set(index, (sides[side].get(index) ?? 0) + count)
    }
  }
  return [
    ...layouts.flatMap((layout) => explicitBuckets(layout.explicit_bounds.map((bound, i) => bound ?? (i === 0 ? -Infinity : Infinity)), layout.counts.map(Number))),
    ...exponentialBuckets(scale, sides.positive, 1), ...exponentialBuckets(scale, sides.negative, -1), { from: -threshold, to: threshold, count: zeros },
  ]
}

function bounded<Row>(rows: Row[]): Row[] {
  if (rows.length > rowsMax) throw userError('TOO_WIDE', `the chart would have more than ${rowsMax} values: narrow the range, widen intervalSeconds, or filter`)
  return rows
}

function seriesOf(rows: readonly { readonly bucket: string; readonly part: string; readonly value: number }[], { widthNanos }: Asked): ChartSeries[] {
  const groups = Map.groupBy(rows, ({ part }) => part)
  if (groups.size > seriesMax) throw userError('TOO_WIDE', `the chart would have ${groups.size} lines, at most ${seriesMax} are drawn: filter, or split by something else`)
  const size = (series: ChartSeries): number => series.points.reduce((sum, { value }) => sum + Math.abs(value), 0)
  return [...groups].map(([group, points]) => ({ group, points: points.map(({ bucket, value }) => ({ start: BigInt(bucket) * widthNanos, value })) }))
    .sort((a, b) => size(b) - size(a) || (a.group < b.group ? -1 : 1))
}

/** Exemplars kept of a bucket of time: the largest, which people look for. */
const exemplarsPerBucket = 3

async function readExemplars(context: QueryContext, asked: Asked, first: number): Promise<MetricExemplar[]> {
  const most = checkedFirst(first, 200)
  const rows = await context.reader.rows<{ readonly time: string; readonly value: number; readonly run: string; readonly span: string; readonly part: string }>({
    columns: `${asked.group} AS part,
      arrayJoin(arrayZip(exemplar_times, exemplar_trace_ids, exemplar_span_ids, arrayMap((type, i, d) -> if(type = 1, toFloat64(i), d), exemplar_types, exemplar_ints, exemplar_doubles))) AS one`,
    from: 'metricPoints', where: allOf(asked.where, during(asked), when('notEmpty(exemplar_times)')), tail: '',
    around: (exemplars) => `SELECT ${nanosOf('one.1', 'time')}, one.4 AS value, ${hexOf('one.2', 'run')}, ${hexOf('one.3', 'span')}, part
      FROM (SELECT DISTINCT one, part FROM ${exemplars}) WHERE NOT empty(one.2) AND isFinite(one.4)
      ORDER BY value DESC, time, span LIMIT ${exemplarsPerBucket} BY intDiv(toUnixTimestamp64Nano(one.1), {width:Int64}) LIMIT ${most}`,
  })
  return rows.map(({ time, value, run, span, part }) => ({ time: BigInt(time), value, runId: run, spanId: span, group: part }))
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
}
