import { array, boolean, type Conversion, type Converted, double, enumeration, hex, integer, type JsonObject, jsonToProtobuf, object, type SignalNames, text, whole, writeAttributes } from './json.ts'
import { ProtobufWriter } from './protobuf-writer.ts'
import { Malformed } from './wire.ts'

/** As `tracesJsonToProtobuf`, for metrics: a data point that is not what it should be is left out and counted. */
export const metricsJsonToProtobuf = (body: Buffer): Converted => whole(convertMetrics(body))

/** The same by turns. */
export const convertMetrics = (body: Buffer): Conversion => jsonToProtobuf(body, metrics)

const metrics: SignalNames = { resources: 'resourceMetrics', scopes: 'scopeMetrics', records: 'metrics', record: 'a metric', write: writeMetric, weight: pointsOf }

type WritePoint = (writer: ProtobufWriter, point: JsonObject) => void

/** The arms of `Metric.data`, with their field numbers. */
const arms: Readonly<Record<string, { readonly field: number; readonly write: WritePoint }>> = {
  gauge: { field: 5, write: writeNumberPoint },
  sum: { field: 7, write: writeNumberPoint },
  histogram: { field: 9, write: writeHistogramPoint },
  exponentialHistogram: { field: 10, write: writeExponentialPoint },
  summary: { field: 11, write: writeSummaryPoint },
}

/** How many data points are lost with a metric; one at least. */
function pointsOf(metric: unknown): number {
  const dataOf = (arm: string): unknown => (isObject(metric) && isObject(metric[arm]) ? metric[arm]['dataPoints'] : undefined)
  return Math.max(1, Object.keys(arms).reduce((sum, arm) => sum + ((points) => (Array.isArray(points) ? points.length : 0))(dataOf(arm)), 0))
}

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

function writeMetric(writer: ProtobufWriter, metric: JsonObject, reject: (reason: string, count: number) => void): void {
  writer.string(1, text(metric['name'], 'name'))
  writer.string(2, text(metric['description'], 'description'))
  writer.string(3, text(metric['unit'], 'unit'))
  for (const [arm, { field, write }] of Object.entries(arms)) {
    if (!isGiven(metric[arm])) continue
    const data = object(metric[arm], arm)
    const temporality = enumeration(data['aggregationTemporality'], 'aggregationTemporality')
    const monotonic = boolean(data['isMonotonic'], 'isMonotonic')
    const points = array(data['dataPoints'], 'dataPoints')
    writer.message(field, (w) => {
      for (const point of points) writeAlone(w, point, write, reject)
      w.varint(2, temporality)
      w.varint(3, monotonic ? 1n : 0n)
    })
  }
}

/** `null` is an absent field, and no number in a list: https://protobuf.dev/programming-guides/json/ */
function bucketCount(value: unknown): bigint {
  if (value === null) throw new Malformed('bucketCounts[] is not an integer')
  return integer(value, 'bucketCounts[]')
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null

function writeAlone(writer: ProtobufWriter, point: unknown, write: WritePoint, reject: (reason: string, count: number) => void): void {
  const inner = new ProtobufWriter()
  try {
    write(inner, object(point, 'a data point'))
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    reject(error.message, 1)
    return
  }
  writer.bytes(1, inner.finish())
}

function writeTimes(writer: ProtobufWriter, point: JsonObject): void {
  writer.fixed64(2, integer(point['startTimeUnixNano'], 'startTimeUnixNano'))
  writer.fixed64(3, integer(point['timeUnixNano'], 'timeUnixNano'))
}

function writeOptional(writer: ProtobufWriter, field: number, value: unknown): void {
  if (isGiven(value)) writer.double(field, double(value))
}

function writeNumberPoint(writer: ProtobufWriter, point: JsonObject): void {
  writeTimes(writer, point)
  writeOptional(writer, 4, point['asDouble'])
  if (isGiven(point['asInt'])) writer.fixed64(6, integer(point['asInt'], 'asInt'))
  writeExemplars(writer, 5, point['exemplars'])
  writeAttributes(writer, 7, point['attributes'], 'attributes')
  writer.varint(8, integer(point['flags'], 'flags'))
}

function writeHistogramPoint(writer: ProtobufWriter, point: JsonObject): void {
  writeTimes(writer, point)
  writer.fixed64(4, integer(point['count'], 'count'))
  writeOptional(writer, 5, point['sum'])
  for (const count of array(point['bucketCounts'], 'bucketCounts')) writer.fixed64(6, bucketCount(count))
  for (const bound of array(point['explicitBounds'], 'explicitBounds')) writer.double(7, double(bound))
  writeExemplars(writer, 8, point['exemplars'])
  writeAttributes(writer, 9, point['attributes'], 'attributes')
  writer.varint(10, integer(point['flags'], 'flags'))
  writeOptional(writer, 11, point['min'])
  writeOptional(writer, 12, point['max'])
}

function writeExponentialPoint(writer: ProtobufWriter, point: JsonObject): void {
  writeAttributes(writer, 1, point['attributes'], 'attributes')
  writeTimes(writer, point)
  writer.fixed64(4, integer(point['count'], 'count'))
  writeOptional(writer, 5, point['sum'])
  writer.varint(6, zigZag(integer(point['scale'], 'scale')))
  writer.fixed64(7, integer(point['zeroCount'], 'zeroCount'))
  for (const [field, side] of [[8, 'positive'], [9, 'negative']] as const) {
    if (!isGiven(point[side])) continue
    const buckets = object(point[side], side)
    writer.message(field, (w) => {
      w.varint(1, zigZag(integer(buckets['offset'], 'offset')))
      for (const count of array(buckets['bucketCounts'], 'bucketCounts')) w.varint(2, bucketCount(count))
    })
  }
  writer.varint(10, integer(point['flags'], 'flags'))
  writeExemplars(writer, 11, point['exemplars'])
  writeOptional(writer, 12, point['min'])
  writeOptional(writer, 13, point['max'])
  writeOptional(writer, 14, point['zeroThreshold'])
}

/** `sint32` on the wire. */
const zigZag = (value: bigint): bigint => (value < 0n ? -value * 2n - 1n : value * 2n)

function writeSummaryPoint(writer: ProtobufWriter, point: JsonObject): void {
  writeTimes(writer, point)
  writer.fixed64(4, integer(point['count'], 'count'))
  writeOptional(writer, 5, point['sum'])
  for (const item of array(point['quantileValues'], 'quantileValues')) {
    const at = object(item, 'quantileValues[]')
    writer.message(6, (w) => {
      writeOptional(w, 1, at['quantile'])
      writeOptional(w, 2, at['value'])
    })
  }
  writeAttributes(writer, 7, point['attributes'], 'attributes')
  writer.varint(8, integer(point['flags'], 'flags'))
}

function writeExemplars(writer: ProtobufWriter, field: number, exemplars: unknown): void {
  for (const item of array(exemplars, 'exemplars')) {
    const exemplar = object(item, 'an exemplar')
    writer.message(field, (w) => {
      w.fixed64(2, integer(exemplar['timeUnixNano'], 'exemplar timeUnixNano'))
      writeOptional(w, 3, exemplar['asDouble'])
      w.bytes(4, hex(exemplar['spanId'], 'exemplar spanId'))
      w.bytes(5, hex(exemplar['traceId'], 'exemplar traceId'))
      if (isGiven(exemplar['asInt'])) w.fixed64(6, integer(exemplar['asInt'], 'exemplar asInt'))
      writeAttributes(w, 7, exemplar['filteredAttributes'], 'exemplar filteredAttributes')
    })
  }
}
