import type { AttributeValue, Resource, Scope } from '#semconv/attributes.ts'
import type { Exemplar, ExponentialBuckets, Metric, MetricKind, MetricPoint, PointValue, Temporality } from '#semconv/metric.ts'
import { Refused } from '../refused.ts'
import { readAlone, type RecordRules } from './read-alone.ts'
import { findRecords, itemsPerSpanMax, readKeyValue, type Rejection, type ScopeRecords, spansPerRequestMax, tagOf, Tally, word } from './traces.ts'
import { Malformed, TooManyFields, wire, WireReader } from './wire.ts'

/** Most data points one request may carry. SDKs keep at most 2,000 attribute sets a metric (the specification's cardinality limit). */
export const pointsPerRequestMax = 200_000
/** Most buckets of a histogram point, or quantiles of a summary. SDKs use 15 bounds and 160 exponential buckets a side. */
export const bucketsPerPointMax = 10_000
/** Most exemplars kept of one point; the later ones are left out and told. SDKs keep one a bucket. */
export const exemplarsPerPointMax = 1_000
/** Most fields of one data point, those of its attributes, exemplars and of nested values included. */
export const fieldsPerPointMax = 100_000

/** Reason of a data point, or of a metric with all its points, that is broken inside intact framing. */
export const notDataPoint = 'the data point is not valid protobuf'
export const notMetric = 'the metric is not valid protobuf'
const tooManyPoints = `a request carries at most ${pointsPerRequestMax} data points, send smaller batches`
class TooManyBuckets extends Malformed {}

const rules: RecordRules<MetricPoint> = {
  fieldsMax: fieldsPerPointMax, tooManyFields: `a data point has at most ${fieldsPerPointMax} fields and values, those of its exemplars and nested values included`,
  broken: (error) => (error instanceof TooManyBuckets ? `a data point has at most ${bucketsPerPointMax} buckets or quantiles` : notDataPoint), wrong: wrongPoint,
}

/** Flag of a point that says "nothing was recorded". opentelemetry-proto v1.11.0, `DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK`. */
const noRecordedValueMask = 1

export interface DecodedMetrics {
  readonly points: readonly MetricPoint[]
  /** Data points refused, by reason. */
  readonly rejections: readonly Rejection[]
  /** What was stored differently from what was sent, as sentences for the sender. */
  readonly warnings: readonly string[]
}

/** A metric as found: what its points share, and where each stands in the body. */
interface FoundMetric {
  readonly metric: Metric
  readonly read: ReadPoint
  readonly starts: readonly number[]
}

/** What of exemplars was stored differently. */
interface ExemplarTally {
  dropped: number
  withoutIds: number
}

type ReadPoint = (reader: WireReader, metric: Metric, tally: Tally, exemplars: ExemplarTally) => MetricPoint

/**
 * An `ExportMetricsServiceRequest`, its data points decoded one by one as they are asked for. It fails as `TracesReader` does:
 * broken framing refuses the request, a broken data point inside intact framing is rejected alone, a broken metric with its
 * points.
 * https://github.com/open-telemetry/opentelemetry-proto/blob/v1.11.0/opentelemetry/proto/metrics/v1/metrics.proto
 */
export class MetricsReader {
  readonly #reader: WireReader
  readonly #tally = new Tally('metrics')
  readonly #exemplars: ExemplarTally = { dropped: 0, withoutIds: 0 }
  readonly #scopes: ScopeRecords[] = []
  #points = 0
  #withoutData = 0

  constructor(body: Buffer) {
    const reader = new WireReader(body, 0, body.length)
    while (!reader.done) {
      const tag = reader.tag()
      if (tag === tagOf(1, wire.bytes)) reader.nested((r) => findRecords(r, this.#scopes, this.#tally))
      else reader.skip(tag)
    }
    // Points of metrics that are not looked at could not be counted.
    if (this.#tally.records > spansPerRequestMax) throw new Refused('too_large', this.#tally.tooMany)
    this.#reader = reader
  }

  /** Every data point that is taken. To be run through once. */
  *points(): Generator<MetricPoint> {
    for (const { resource, scope, starts } of this.#scopes) {
      for (const at of starts) {
        const found = this.#metric(at, resource, scope)
        if (found !== undefined) yield* this.#pointsOf(found)
      }
    }
  }

  /** The metric at `at`; `undefined` where it is rejected with its points. */
  #metric(at: number, resource: Resource, scope: Scope): FoundMetric | undefined {
    const reader = this.#reader
    const starts: number[] = []
    reader.at = at
    try {
      const found = reader.nested((r) => findMetric(r, resource, scope, starts, this.#tally))
      if (found === undefined) this.#withoutData++
      else if (typeof found !== 'string') return found
      else if (starts.length > 0) this.#tally.reject(found, starts.length)
    } catch (error) {
      // A metric whose points cannot be counted any more stands for one at least.
      if (error instanceof TooManyFields) this.#tally.reject(error.message, Math.max(1, starts.length))
      else if (error instanceof Malformed) this.#tally.reject(notMetric, Math.max(1, starts.length))
      else throw error
    }
    return undefined
  }

  *#pointsOf({ metric, read, starts }: FoundMetric): Generator<MetricPoint> {
    for (const at of starts) {
      if (++this.#points > pointsPerRequestMax) {
        this.#tally.reject(tooManyPoints, 1)
        continue
      }
      const point = readAlone(this.#reader, at, this.#tally, rules, (r) => read(r, metric, this.#tally, this.#exemplars))
      if (point !== undefined) yield point
    }
  }

  /** Data points refused so far, by reason. */
  rejections(): Rejection[] {
    return this.#tally.rejections()
  }

  /** What was stored differently from what was sent so far, as sentences for the sender. */
  warnings(): string[] {
    const { dropped, withoutIds } = this.#exemplars
    return [
      ...this.#tally.warnings(this.#reader),
      ...(this.#withoutData > 0 ? [`${this.#withoutData} metrics had no data of a kind we know`] : []),
      ...(dropped > 0 ? [`${dropped} exemplars were left out, a data point keeps ${exemplarsPerPointMax}`] : []),
      ...(withoutIds > 0 ? [`${withoutIds} exemplars had ids that are not 16 and 8 bytes and lead to no span`] : []),
    ]
  }
}

/** All of a request at once. Throws as `MetricsReader`. */
export function decodeMetrics(body: Buffer): DecodedMetrics {
  const reader = new MetricsReader(body)
  return { points: [...reader.points()], rejections: reader.rejections(), warnings: reader.warnings() }
}

/** Fields of `Metric.data`, of which a metric has one. */
const dataFields = { gauge: 5, sum: 7, histogram: 9, exponentialHistogram: 10, summary: 11 } as const
type DataField = (typeof dataFields)[keyof typeof dataFields]
const dataTags = new Map<number, DataField>(Object.values(dataFields).map((field) => [tagOf(field, wire.bytes), field]))

const readers: Readonly<Record<DataField, ReadPoint>> = { 5: readNumberPoint, 7: readNumberPoint, 9: readHistogramPoint, 10: readExponentialPoint, 11: readSummaryPoint }

/** What a metric's data says behind or before its points: `starts` grows by where these stand. */
interface Data {
  temporality: number
  monotonic: boolean
}

/**
 * Fields may come in any order, so points are read after the whole metric was walked once. A reason where none of them can be
 * taken; `undefined` where there is no data of a kind we know, and so no point to count.
 */
function findMetric(reader: WireReader, resource: Resource, scope: Scope, starts: number[], tally: Tally): FoundMetric | string | undefined {
  let [name, description, unit] = ['', '', '']
  let field: DataField | undefined
  const data: Data = { temporality: 0, monotonic: false }
  while (!reader.done) {
    const tag = reader.tag()
    const dataField = dataTags.get(tag)
    if (dataField !== undefined) {
      // Of a `oneof` the last field counts; the same one twice is one message in two parts.
      if (field !== undefined && field !== dataField) starts.length = 0
      field = dataField
      reader.nested((r) => findPoints(r, data, starts))
    } else if (tag === tagOf(1, wire.bytes)) name = word(reader, tally)
    else if (tag === tagOf(2, wire.bytes)) description = word(reader, tally)
    else if (tag === tagOf(3, wire.bytes)) unit = word(reader, tally)
    else reader.skip(tag)
  }
  if (field === undefined) return undefined
  if (name === '') return 'the metric has no name'
  const temporality = temporalityOf(field, data.temporality)
  if (temporality === undefined) return `aggregation_temporality of a sum or histogram is 1 (delta) or 2 (cumulative), not ${data.temporality}`
  return { metric: { name, description, unit, kind: kindOf(field, data.monotonic), temporality, resource, scope }, read: readers[field], starts }
}

function findPoints(reader: WireReader, data: Data, starts: number[]): void {
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === tagOf(1, wire.bytes)) {
      starts.push(reader.at)
      reader.skip(tag)
    } else if (tag === tagOf(2, wire.varint)) data.temporality = reader.uint32()
    else if (tag === tagOf(3, wire.varint)) data.monotonic = reader.int64() !== 0n
    else reader.skip(tag)
  }
}

function kindOf(field: DataField, monotonic: boolean): MetricKind {
  switch (field) {
    case dataFields.gauge: return 'GAUGE'
    case dataFields.sum: return monotonic ? 'COUNTER' : 'UP_DOWN_COUNTER'
    case dataFields.histogram: return 'HISTOGRAM'
    case dataFields.exponentialHistogram: return 'EXPONENTIAL_HISTOGRAM'
    case dataFields.summary: return 'SUMMARY'
  }
}

function temporalityOf(field: DataField, sent: number): Temporality | undefined {
  if (field === dataFields.gauge || field === dataFields.summary) return 'NONE'
  return sent === 1 ? 'DELTA' : sent === 2 ? 'CUMULATIVE' : undefined
}

/** Why a point that can be read cannot be charted, or ''. */
function wrongPoint({ timeUnixNano, startTimeUnixNano, value }: MetricPoint): string {
  if (timeUnixNano === 0n) return 'time_unix_nano is not set'
  if (startTimeUnixNano > timeUnixNano) return 'start_time_unix_nano is later than time_unix_nano'
  if (value.type !== 'histogram') return ''
  const { bucketCounts, explicitBounds } = value
  if (bucketCounts.length !== (explicitBounds.length === 0 ? Math.min(bucketCounts.length, 1) : explicitBounds.length + 1)) {
    return 'bucket_counts must be one more than explicit_bounds'
  }
  return explicitBounds.every((bound, i) => i === 0 ? !Number.isNaN(bound) : bound > (explicitBounds[i - 1] as number)) ? '' : 'explicit_bounds do not rise'
}

/** The fields that points of all kinds have, at each kind's own numbers. Times are 2 and 3 in all of them. */
class PointFields {
  readonly #attributes = new Map<string, AttributeValue>()
  readonly #exemplars: Exemplar[] = []
  readonly #numbers: { readonly attributes: number; readonly flags: number; readonly exemplars: number }
  #items = 0
  #start = 0n
  #time = 0n
  #flags = 0

  constructor(numbers: { readonly attributes: number; readonly flags: number; readonly exemplars: number }) {
    this.#numbers = numbers
  }

  /** False, and nothing read, where the field is none of them. */
  read(reader: WireReader, tag: number, tally: Tally, exemplars: ExemplarTally): boolean {
    const { attributes, flags, exemplars: exemplarField } = this.#numbers
    if (tag === tagOf(2, wire.fixed64)) this.#start = reader.fixed64()
    else if (tag === tagOf(3, wire.fixed64)) this.#time = reader.fixed64()
    else if (tag === tagOf(flags, wire.varint)) this.#flags = reader.uint32()
    else if (tag === tagOf(attributes, wire.bytes)) {
      if (++this.#items <= itemsPerSpanMax) readKeyValue(reader, this.#attributes, 0, tally)
      else reader.skip(tag)
    } else if (tag === tagOf(exemplarField, wire.bytes)) {
      if (this.#exemplars.length < exemplarsPerPointMax) this.#exemplars.push(reader.nested((r) => readExemplar(r, tally, exemplars)))
      else {
        exemplars.dropped++
        reader.skip(tag)
      }
    } else return false
    return true
  }

  point(metric: Metric, value: PointValue): MetricPoint {
    return {
      metric, attributes: this.#attributes, startTimeUnixNano: this.#start, timeUnixNano: this.#time, flags: this.#flags,
      value: (this.#flags & noRecordedValueMask) === 0 ? value : { type: 'none' }, exemplars: this.#exemplars,
    }
  }
}

function readNumberPoint(reader: WireReader, metric: Metric, tally: Tally, exemplars: ExemplarTally): MetricPoint {
  const fields = new PointFields({ attributes: 7, flags: 8, exemplars: 5 })
  let value: PointValue = { type: 'none' }
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === tagOf(4, wire.fixed64)) value = { type: 'number', value: reader.double() }
    else if (tag === tagOf(6, wire.fixed64)) value = { type: 'number', value: sfixed64(reader) }
    else if (!fields.read(reader, tag, tally, exemplars)) reader.skip(tag)
  }
  return fields.point(metric, value)
}

function readHistogramPoint(reader: WireReader, metric: Metric, tally: Tally, exemplars: ExemplarTally): MetricPoint {
  const fields = new PointFields({ attributes: 9, flags: 10, exemplars: 8 })
  let count = 0n
  let sum: number | undefined
  let min: number | undefined
  let max: number | undefined
  const bucketCounts: bigint[] = []
  const explicitBounds: number[] = []
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === tagOf(4, wire.fixed64)) count = reader.fixed64()
    else if (tag === tagOf(5, wire.fixed64)) sum = reader.double()
    else if (tag >> 3 === 6) readList(reader, tag, wire.fixed64, bucketCounts, (r) => r.fixed64())
    else if (tag >> 3 === 7) readList(reader, tag, wire.fixed64, explicitBounds, (r) => r.double())
    else if (tag === tagOf(11, wire.fixed64)) min = reader.double()
    else if (tag === tagOf(12, wire.fixed64)) max = reader.double()
    else if (!fields.read(reader, tag, tally, exemplars)) reader.skip(tag)
  }
  return fields.point(metric, { type: 'histogram', count, sum, min, max, bucketCounts, explicitBounds })
}

const noBuckets: ExponentialBuckets = { offset: 0, counts: [] }

function readExponentialPoint(reader: WireReader, metric: Metric, tally: Tally, exemplars: ExemplarTally): MetricPoint {
  const fields = new PointFields({ attributes: 1, flags: 10, exemplars: 11 })
  let count = 0n
  let sum: number | undefined
  let scale = 0
  let zeroCount = 0n
  let positive = noBuckets
  let negative = noBuckets
  let min: number | undefined
  let max: number | undefined
  let zeroThreshold = 0
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === tagOf(4, wire.fixed64)) count = reader.fixed64()
    else if (tag === tagOf(5, wire.fixed64)) sum = reader.double()
    else if (tag === tagOf(6, wire.varint)) scale = sint32(reader)
    else if (tag === tagOf(7, wire.fixed64)) zeroCount = reader.fixed64()
    else if (tag === tagOf(8, wire.bytes)) positive = reader.nested(readBuckets)
    else if (tag === tagOf(9, wire.bytes)) negative = reader.nested(readBuckets)
    else if (tag === tagOf(12, wire.fixed64)) min = reader.double()
    else if (tag === tagOf(13, wire.fixed64)) max = reader.double()
    else if (tag === tagOf(14, wire.fixed64)) zeroThreshold = reader.double()
    else if (!fields.read(reader, tag, tally, exemplars)) reader.skip(tag)
  }
  return fields.point(metric, { type: 'exponential', count, sum, min, max, scale, zeroCount, zeroThreshold, positive, negative })
}

function readBuckets(reader: WireReader): ExponentialBuckets {
  let offset = 0
  const counts: bigint[] = []
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === tagOf(1, wire.varint)) offset = sint32(reader)
    else if (tag >> 3 === 2) readList(reader, tag, wire.varint, counts, (r) => BigInt.asUintN(64, r.int64()))
    else reader.skip(tag)
  }
  return { offset, counts }
}

/** A summary has no exemplars: its number for them is one that no field has. */
const noField = 0

function readSummaryPoint(reader: WireReader, metric: Metric, tally: Tally, exemplars: ExemplarTally): MetricPoint {
  const fields = new PointFields({ attributes: 7, flags: 8, exemplars: noField })
  let count = 0n
  let sum = 0
  const quantiles: { quantile: number; value: number }[] = []
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === tagOf(4, wire.fixed64)) count = reader.fixed64()
    else if (tag === tagOf(5, wire.fixed64)) sum = reader.double()
    else if (tag === tagOf(6, wire.bytes)) {
      if (quantiles.length === bucketsPerPointMax) throw new TooManyBuckets()
      quantiles.push(reader.nested(readQuantile))
    } else if (!fields.read(reader, tag, tally, exemplars)) reader.skip(tag)
  }
  return fields.point(metric, { type: 'summary', count, sum, quantiles })
}

function readQuantile(reader: WireReader): { quantile: number; value: number } {
  let quantile = 0
  let value = 0
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === tagOf(1, wire.fixed64)) quantile = reader.double()
    else if (tag === tagOf(2, wire.fixed64)) value = reader.double()
    else reader.skip(tag)
  }
  return { quantile, value }
}

function readExemplar(reader: WireReader, tally: Tally, exemplars: ExemplarTally): Exemplar {
  let timeUnixNano = 0n
  let value: bigint | number = 0
  let traceId = ''
  let spanId = ''
  const filteredAttributes = new Map<string, AttributeValue>()
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === tagOf(2, wire.fixed64)) timeUnixNano = reader.fixed64()
    else if (tag === tagOf(3, wire.fixed64)) value = reader.double()
    else if (tag === tagOf(4, wire.bytes)) spanId = reader.hex(tally.spanId)
    else if (tag === tagOf(5, wire.bytes)) traceId = reader.hex(tally.traceId)
    else if (tag === tagOf(6, wire.fixed64)) value = sfixed64(reader)
    else if (tag === tagOf(7, wire.bytes)) readKeyValue(reader, filteredAttributes, 0, tally)
    else reader.skip(tag)
  }
  const none = /^0*$/.test(traceId) && /^0*$/.test(spanId)
  const linked = !none && traceId.length === 32 && spanId.length === 16
  if (!none && !linked) exemplars.withoutIds++
  return { timeUnixNano, value, traceId: linked ? traceId : '', spanId: linked ? spanId : '', filteredAttributes }
}

/** A repeated number: packed, as everybody sends it, or each in a field of its own, as the wire format allows. */
function readList<T>(reader: WireReader, tag: number, type: number, into: T[], read: (reader: WireReader) => T): void {
  const one = (): void => {
    if (into.length === bucketsPerPointMax) throw new TooManyBuckets()
    into.push(read(reader))
  }
  if ((tag & 7) === type) one()
  else if ((tag & 7) === wire.bytes) reader.nested(() => { while (!reader.done) one() })
  else reader.skip(tag)
}

const sfixed64 = (reader: WireReader): bigint => BigInt.asIntN(64, reader.fixed64())

/** ZigZag, https://protobuf.dev/programming-guides/encoding/#signed-ints. */
function sint32(reader: WireReader): number {
  const raw = reader.uint32()
  return (raw >>> 1) ^ -(raw & 1)
}
