import type { ExponentialBuckets, Exemplar, MetricPoint, PointValue } from '#semconv/metric.ts'
import { metricKinds, temporalities } from '#semconv/metric.ts'
import type { RowBinaryWriter } from '../row-binary.ts'
import { choice, float, id, int32, int64, list, nullableFloat, type Pairs, storableTime, stringMap, type Table, text, time, uint32, uint64, word } from '../table.ts'

/**
 * A data point at rest, whatever its kind: a kind's own columns are empty in the rows of others, which costs a fraction of a
 * byte a row, and one table has one way to be read (docs/decisions/007).
 */
export interface MetricPointRow {
  readonly tenant: string
  readonly project: string
  /** 32 hex digits over what all points of a stream share: resource, scope, name, unit, kind, temporality, attributes. */
  readonly series: string
  readonly point: MetricPoint
  readonly receivedAt: bigint
  readonly service: string
  readonly environment: string
  readonly schemaUrl: string
  readonly labels: MetricLabels
  /** Attributes as text, to group and filter by. */
  readonly attributes: Pairs<string>
  /** The same with their OTLP types: OTLP/JSON `KeyValue[]`, one text a series. */
  readonly attributesJson: string
  readonly resourceAttributes: string
  readonly scopeAttributes: string
  /** OTLP/JSON `KeyValue[]` of each exemplar, '' if it has none. */
  readonly exemplarAttributes: readonly string[]
}

/** What GenAI metrics are grouped by most. '' where the point says nothing. */
export interface MetricLabels {
  readonly model: string
  readonly provider: string
  readonly tokenType: string
  readonly agent: string
  readonly session: string
}

/** How a number was sent: an int is exact in `value_int`, a double in `value_double`. */
const numberTypes = ['NONE', 'INT', 'DOUBLE'] as const
type NumberType = (typeof numberTypes)[number]

const numberTypeOf = ({ value }: MetricPoint): NumberType =>
  value.type !== 'number' ? 'NONE' : typeof value.value === 'bigint' ? 'INT' : 'DOUBLE'

const nothing: ExponentialBuckets = { offset: 0, counts: [] }
const sideOf = (value: PointValue, side: 'positive' | 'negative'): ExponentialBuckets => (value.type === 'exponential' ? value[side] : nothing)
const totalsOf = (value: PointValue): { readonly count: bigint; readonly sum: number | undefined } => ('count' in value ? value : { count: 0n, sum: undefined })
const extremeOf = (value: PointValue, which: 'min' | 'max'): number | undefined => ('min' in value ? value[which] : undefined)
const quantilesOf = (value: PointValue): readonly { readonly quantile: number; readonly value: number }[] => (value.type === 'summary' ? value.quantiles : [])

const double = (w: RowBinaryWriter, value: number): void => w.float64(value)
const uint = (w: RowBinaryWriter, value: bigint): void => w.bigUint64(value)

export const metricPoints: Table<MetricPointRow> = {
  name: 'metric_points',
  columns: [
    word('tenant', (r) => r.tenant),
    word('project', (r) => r.project),
    word('name', (r) => r.point.metric.name),
    word('unit', (r) => r.point.metric.unit),
    word('description', (r) => r.point.metric.description),
    choice('kind', metricKinds, (r) => r.point.metric.kind),
    choice('temporality', temporalities, (r) => r.point.metric.temporality),
    id('series', 16, (r) => r.series),
    time('started_at', (r) => r.point.startTimeUnixNano),
    time('at', (r) => r.point.timeUnixNano),
    time('received_at', (r) => r.receivedAt),
    uint32('flags', (r) => r.point.flags),
    word('service', (r) => r.service),
    word('environment', (r) => r.environment),
    word('scope_name', (r) => r.point.metric.scope.name),
    word('scope_version', (r) => r.point.metric.scope.version),
    word('schema_url', (r) => r.schemaUrl),
    word('model', (r) => r.labels.model),
    word('provider', (r) => r.labels.provider),
    word('token_type', (r) => r.labels.tokenType),
    word('agent', (r) => r.labels.agent),
    text('session', (r) => r.labels.session),
    choice('value_type', numberTypes, (r) => numberTypeOf(r.point)),
    int64('value_int', ({ point: { value } }) => (value.type === 'number' && typeof value.value === 'bigint' ? value.value : 0n)),
    float('value_double', ({ point: { value } }) => (value.type === 'number' && typeof value.value === 'number' ? value.value : 0)),
    uint64('count', (r) => totalsOf(r.point.value).count),
    nullableFloat('sum', (r) => totalsOf(r.point.value).sum),
    nullableFloat('min', (r) => extremeOf(r.point.value, 'min')),
    nullableFloat('max', (r) => extremeOf(r.point.value, 'max')),
    list('explicit_bounds', 'Float64', ({ point: { value } }) => (value.type === 'histogram' ? value.explicitBounds : []), double),
    list('bucket_counts', 'UInt64', ({ point: { value } }) => (value.type === 'histogram' ? value.bucketCounts : []), uint),
    int32('scale', ({ point: { value } }) => (value.type === 'exponential' ? value.scale : 0)),
    uint64('zero_count', ({ point: { value } }) => (value.type === 'exponential' ? value.zeroCount : 0n)),
    float('zero_threshold', ({ point: { value } }) => (value.type === 'exponential' ? value.zeroThreshold : 0)),
    int32('positive_offset', (r) => sideOf(r.point.value, 'positive').offset),
    list('positive_counts', 'UInt64', (r) => sideOf(r.point.value, 'positive').counts, uint),
    int32('negative_offset', (r) => sideOf(r.point.value, 'negative').offset),
    list('negative_counts', 'UInt64', (r) => sideOf(r.point.value, 'negative').counts, uint),
    list('quantiles', 'Float64', (r) => quantilesOf(r.point.value).map(({ quantile }) => quantile), double),
    list('quantile_values', 'Float64', (r) => quantilesOf(r.point.value).map(({ value }) => value), double),
    list('exemplar_times', `DateTime64(9, 'UTC')`, (r) => r.point.exemplars, (w, one: Exemplar) => w.bigInt64(storableTime(one.timeUnixNano))),
    list('exemplar_trace_ids', 'FixedString(16)', (r) => r.point.exemplars, (w, one: Exemplar) => w.fixedHex(one.traceId, 16)),
    list('exemplar_span_ids', 'FixedString(8)', (r) => r.point.exemplars, (w, one: Exemplar) => w.fixedHex(one.spanId, 8)),
    // 1 where the value is an int.
    list('exemplar_types', 'UInt8', (r) => r.point.exemplars, (w, one: Exemplar) => w.uint8(typeof one.value === 'bigint' ? 1 : 0)),
    list('exemplar_ints', 'Int64', (r) => r.point.exemplars, (w, one: Exemplar) => w.bigInt64(typeof one.value === 'bigint' ? one.value : 0n)),
    list('exemplar_doubles', 'Float64', (r) => r.point.exemplars, (w, one: Exemplar) => w.float64(typeof one.value === 'bigint' ? 0 : one.value)),
    list('exemplar_attributes', 'String', (r) => r.exemplarAttributes, (w, value: string) => w.string(value)),
    stringMap('attributes', (r) => r.attributes, 'CODEC(ZSTD(1))'),
    word('attributes_json', (r) => r.attributesJson),
    word('resource_attributes', (r) => r.resourceAttributes),
    word('scope_attributes', (r) => r.scopeAttributes),
  ],
}
