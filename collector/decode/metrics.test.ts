import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ExponentialBuckets } from '#semconv/metric.ts'
import { Refused } from '../refused.ts'
import { bucketsPerPointMax, decodeMetrics, exemplarsPerPointMax, fieldsPerPointMax, MetricsReader, notDataPoint, notMetric, pointsPerRequestMax } from './metrics.ts'
import { metricsJsonToProtobuf } from './metrics-json.ts'
import { decodeMetricsRequest, encodeMetrics } from './metrics-oracle.ts'
import { metricsByOurRules, pointView } from './oracle-view.ts'
import { spansPerRequestMax } from './traces.ts'
import { Malformed } from './wire.ts'

const time = '1763683200123456789'
const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const exemplar = { timeUnixNano: time, asDouble: 1.5, traceId: Buffer.from(traceId, 'hex'), spanId: Buffer.from(spanId, 'hex') }
const start = '1763683100000000000'
const times = { startTimeUnixNano: start, timeUnixNano: time }
const attributes = [{ key: 'gen_ai.request.model', value: { stringValue: 'gpt-5' } }, { key: 'server.port', value: { intValue: '443' } }]
const request = (...metrics: object[]): Buffer => encodeMetrics({ resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ scope: { name: 'sdk', version: '1' }, metrics }] }] })
const gauge = (...dataPoints: object[]): object => ({ name: 'g', unit: '1', gauge: { dataPoints } })

/** A metric of every kind, with every field that a point of it may have. */
const everyKind: readonly object[] = [
  gauge({ ...times, asDouble: 0.25, attributes, exemplars: [exemplar] }, { ...times, asInt: '-9007199254740993', flags: 2 }, { ...times, flags: 1 }),
  { name: 'counter', description: 'd', unit: '{token}', sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ ...times, asInt: '9223372036854775807' }] } },
  { name: 'up_down', sum: { aggregationTemporality: 1, dataPoints: [{ ...times, asDouble: -3 }] } },
  { name: 'histogram', unit: 's', histogram: { aggregationTemporality: 1, dataPoints: [
    { ...times, attributes, count: '18446744073709551615', sum: 4.5, min: 0.1, max: 3, bucketCounts: ['1', '0', '2'], explicitBounds: [0.5, 1], exemplars: [exemplar, { ...exemplar, asDouble: undefined, asInt: '7' }] },
    { ...times, count: '2' }] } },
  { name: 'exponential', exponentialHistogram: { aggregationTemporality: 2, dataPoints: [
    { ...times, attributes, count: '7', sum: 1, min: -1, max: 9, scale: -3, zeroCount: '1', zeroThreshold: 0.001, positive: { offset: -5, bucketCounts: ['1', '300', '0'] }, negative: { offset: 2, bucketCounts: ['2'] }, exemplars: [exemplar] }] } },
  { name: 'summary', summary: { dataPoints: [{ ...times, attributes, count: '4', sum: 2, quantileValues: [{ quantile: 0.5, value: 1 }, { quantile: 0.99, value: 3 }] }] } },
]

const corpus = globSync('../corpus/*/*.metrics.pb', { cwd: import.meta.dirname }).map((file) => `${import.meta.dirname}/${file}`).sort()
const payloads = [...corpus.map((file) => readFileSync(file)), request(...everyKind)]

test('real payloads, and one of every kind, decode to what protobufjs says', () => {
  assert.ok(corpus.length >= 2)
  for (const bytes of payloads) {
    const decoded = decodeMetrics(bytes)
    assert.deepEqual([decoded.rejections, decoded.warnings], [[], []])
    assert.ok(decoded.points.length > 0)
    assert.deepEqual({ records: decoded.points.map(pointView), rejected: 0 }, metricsByOurRules(decodeMetricsRequest(bytes)))
  }
})

test('every prefix of a payload is refused as malformed or read as far as it is whole', () => {
  for (const bytes of payloads) {
    const whole = decodeMetrics(bytes).points.length
    for (let length = 0; length < bytes.length; length++) {
      try {
        assert.ok(decodeMetrics(Buffer.from(bytes.subarray(0, length))).points.length <= whole)
      } catch (error) {
        assert.ok(error instanceof Malformed, String(error))
      }
    }
  }
})

test('flipped, cut and spliced bytes never do anything but be refused or read', () => {
  fc.assert(fc.property(
    fc.nat(payloads.length - 1), fc.nat(payloads.length - 1), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }), fc.nat(), fc.nat(),
    (a, b, flips, from, to) => {
      const left = payloads[a] as Buffer
      const right = payloads[b] as Buffer
      const bytes = Buffer.concat([left.subarray(0, from % left.length), right.subarray(to % right.length)])
      for (const [at, byte] of flips) if (bytes.length > 0) bytes[at % bytes.length] = byte
      try {
        decodeMetrics(bytes)
      } catch (error) {
        assert.ok(error instanceof Malformed, String(error))
      }
    }), { numRuns: 600 })
})

const histogram = (point: object): object => ({ name: 'h', histogram: { aggregationTemporality: 1, dataPoints: [{ ...times, ...point }, { ...times }] } })
const wrongPoints: readonly (readonly [string, object, string])[] = [
  ['without a time', gauge({ asInt: 1 }, { ...times, asInt: 1 }), 'time_unix_nano is not set'],
  ['that starts after its time', gauge({ startTimeUnixNano: '5', timeUnixNano: '4', asInt: 1 }, { ...times, asInt: 1 }), 'start_time_unix_nano is later than time_unix_nano'],
  ['with a bucket too few', histogram({ bucketCounts: ['1', '2'], explicitBounds: [1, 2] }), 'bucket_counts must be one more than explicit_bounds'],
  ['with buckets and no bounds', histogram({ bucketCounts: ['1', '2'] }), 'bucket_counts must be one more than explicit_bounds'],
  ['with bounds that fall', histogram({ bucketCounts: ['1', '2', '3'], explicitBounds: [2, 1] }), 'explicit_bounds do not rise'],
  ['with a bound that is no number', histogram({ bucketCounts: ['1', '2', '3'], explicitBounds: [1, NaN] }), 'explicit_bounds do not rise'],
  ['whose only bound is no number', histogram({ bucketCounts: ['1', '2'], explicitBounds: [NaN] }), 'explicit_bounds do not rise'],
  ['with too many buckets', histogram({ bucketCounts: Array(bucketsPerPointMax + 1).fill('1') }), `a data point has at most ${bucketsPerPointMax} buckets or quantiles`],
]
for (const [what, metric, reason] of wrongPoints) {
  test(`a point ${what} is rejected alone`, () => {
    const decoded = decodeMetrics(request(metric))
    assert.deepEqual([decoded.points.length, decoded.rejections], [1, [{ reason, count: 1 }]])
  })
}

const point = { ...times, asInt: 1 }
const wrongMetrics: readonly (readonly [string, object, string])[] = [
  ['has no name', { gauge: { dataPoints: [point, point] } }, 'the metric has no name'],
  ['says no temporality', { name: 's', sum: { dataPoints: [point, point] } }, 'aggregation_temporality of a sum or histogram is 1 (delta) or 2 (cumulative), not 0'],
]
for (const [what, metric, reason] of wrongMetrics) {
  test(`a metric that ${what} is rejected with all its points, and no other`, () => {
    const decoded = decodeMetrics(request(gauge(point), metric, gauge(point)))
    assert.deepEqual([decoded.points.length, decoded.rejections], [2, [{ reason, count: 2 }]])
  })
}

const varint = (n: number): Buffer => (n < 0x80 ? Buffer.from([n]) : Buffer.concat([Buffer.from([(n & 0x7f) | 0x80]), varint(n >>> 7)]))
const field = (number: number, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(body.length), body])
}
const empties = (number: number, count: number): Buffer => Buffer.alloc(count * 2, Buffer.from([(number << 3) | 2, 0]))
const name = field(1, Buffer.from('m'))
const inRequest = (...metrics: Buffer[]): Buffer => field(1, field(2, ...metrics))

test('a broken data point inside intact framing is rejected alone, a broken metric too', () => {
  const good = request(gauge(point))
  const broken = inRequest(field(2, name, field(5, field(1, Buffer.from([0x19, 0x01])))))
  assert.deepEqual(decodeMetrics(Buffer.concat([good, broken, good])).rejections, [{ reason: notDataPoint, count: 1 }])
  const brokenMetric = inRequest(field(2, name, field(5, Buffer.from([0x0a, 0x28, 0x01]))))
  const decoded = decodeMetrics(Buffer.concat([good, brokenMetric, good]))
  assert.deepEqual([decoded.points.length, decoded.rejections], [2, [{ reason: notMetric, count: 1 }]])
  assert.throws(() => decodeMetrics(Buffer.from([0x0a, 0x05, 0x12, 0x09, 0x00])), Malformed)
})

test('fields may come in any order, lists packed or not, and data in two parts', () => {
  const points = field(7, field(1, Buffer.concat([Buffer.from([0x19]), u64(5n), Buffer.from([0x31]), u64(3n)])))
  const kind = field(7, Buffer.from([0x10, 0x02, 0x18, 0x01]))
  const decoded = decodeMetrics(inRequest(field(2, points, kind, name)))
  assert.deepEqual(decoded.points.map((p) => [p.metric.name, p.metric.kind, p.metric.temporality, p.value]), [['m', 'COUNTER', 'CUMULATIVE', { type: 'number', value: 3n }]])
  const unpacked = Buffer.concat([Buffer.from([0x19]), u64(5n), ...[1n, 2n].flatMap((n) => [Buffer.from([0x31]), u64(n)]), Buffer.from([0x39]), f64(0.5)])
  const [one] = decodeMetrics(inRequest(field(2, name, field(9, field(1, unpacked), Buffer.from([0x10, 0x01]))))).points
  assert.ok(one?.value.type === 'histogram')
  assert.deepEqual([one.value.bucketCounts, one.value.explicitBounds], [[1n, 2n], [0.5]])
})
const u64 = (n: bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(n)
  return bytes
}
const f64 = (n: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(n)
  return bytes
}

test('more points, metrics or fields than there may be are counted or refused, not decoded', () => {
  const flood = decodeMetrics(inRequest(field(2, name, field(5, empties(1, pointsPerRequestMax + 3)))))
  assert.deepEqual(flood.rejections.map(({ count }) => count), [pointsPerRequestMax, 3])
  assert.throws(() => new MetricsReader(inRequest(empties(2, spansPerRequestMax + 1))), (error) => error instanceof Refused && error.verdict === 'too_large')
  const wide = decodeMetrics(inRequest(field(2, name, field(5, field(1, empties(7, fieldsPerPointMax + 1)), field(1, Buffer.from([0x19]), u64(5n))))))
  assert.deepEqual([wide.points.length, wide.rejections.map(({ count }) => count)], [1, [1]])
})

test('exemplars beyond the bound, and ids that are none, are told', () => {
  const many = decodeMetrics(request(gauge({ ...point, exemplars: Array(exemplarsPerPointMax + 2).fill(exemplar) })))
  assert.equal(many.points[0]?.exemplars.length, exemplarsPerPointMax)
  const odd = decodeMetrics(request(gauge({ ...point, exemplars: [{ ...exemplar, traceId: Buffer.alloc(7, 1) }, { ...exemplar, traceId: Buffer.alloc(16), spanId: Buffer.alloc(8) }] })))
  assert.deepEqual(odd.points[0]?.exemplars.map((e) => e.traceId), ['', ''])
  assert.deepEqual([many.warnings.length, odd.warnings], [1, ['1 exemplars had ids that are not 16 and 8 bytes and lead to no span']])
})

/** The same request as OTLP/JSON has it: ids in hex, nothing else differs. */
const asJson = (value: unknown): unknown => value instanceof Uint8Array ? Buffer.from(value).toString('hex')
  : Array.isArray(value) ? value.map(asJson)
    : typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asJson(inner)])) : value

test('JSON and protobuf of the same metrics decode alike', () => {
  const body = JSON.stringify(asJson({ resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ scope: { name: 'sdk', version: '1' }, metrics: everyKind }] }] }))
  const converted = metricsJsonToProtobuf(Buffer.from(body))
  assert.deepEqual(converted.rejections, [])
  assert.deepEqual(decodeMetrics(converted.bytes).points.map(pointView), decodeMetrics(request(...everyKind)).points.map(pointView))
})

const jsonOf = (...metrics: object[]): Buffer => Buffer.from(JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }))
const badJson: readonly (readonly [string, object, readonly { reason: string; count: number }[], number])[] = [
  ['a value as an object', gauge({ ...times, asDouble: {} }, { ...times, asInt: '1' }), [{ reason: 'doubleValue is not a number', count: 1 }], 1],
  ['a temporality by name', { name: 's', sum: { aggregationTemporality: 'DELTA', dataPoints: [point, point] } }, [{ reason: 'aggregationTemporality must be an integer, not a name', count: 2 }], 0],
  ['points no array', { name: 's', gauge: { dataPoints: 5 } }, [{ reason: 'dataPoints is not an array', count: 1 }], 0],
  ['a number of exemplars', gauge({ ...times, exemplars: 3 }), [{ reason: 'exemplars is not an array', count: 1 }], 0],
]
for (const [what, metric, rejections, points] of badJson) {
  test(`JSON: ${what} rejects what it stands in alone`, () => {
    const converted = metricsJsonToProtobuf(jsonOf(gauge({ ...times, asInt: 3 }), metric))
    assert.deepEqual(converted.rejections, rejections)
    assert.equal(decodeMetrics(converted.bytes).points.length, points + 1)
  })
}

test('an empty request is fine in both encodings', () => {
  assert.deepEqual(decodeMetrics(Buffer.alloc(0)).points, [])
  assert.deepEqual(decodeMetrics(metricsJsonToProtobuf(Buffer.from('{}')).bytes).points, [])
})

test('of a whole request every point is either taken or counted, whatever is broken in it', () => {
  const anyPoint = fc.record({ timeUnixNano: fc.constantFrom('0', '5'), startTimeUnixNano: fc.constantFrom('0', '4', '6'), asInt: fc.integer() })
  const anyMetric = fc.record({ name: fc.constantFrom('', 'n'), temporality: fc.nat(3), points: fc.array(anyPoint, { maxLength: 5 }) })
  fc.assert(fc.property(fc.array(anyMetric, { maxLength: 5 }), (metrics) => {
    const decoded = decodeMetrics(request(...metrics.map((m) => ({ name: m.name, sum: { aggregationTemporality: m.temporality, dataPoints: m.points } }))))
    assert.equal(decoded.points.length + decoded.rejections.reduce((sum, { count }) => sum + count, 0), metrics.reduce((sum, m) => sum + m.points.length, 0))
  }))
})

test('JSON: a bucket whose count is null rejects its point, not as a bucket of nothing', () => {
  const point = { timeUnixNano: '1763683200000000000', count: '3', explicitBounds: [1], bucketCounts: ['1', '2'] }
  const exponential = { timeUnixNano: '1763683200000000000', count: '3', positive: { offset: 0, bucketCounts: [null] } }
  const body = { resourceMetrics: [{ scopeMetrics: [{ metrics: [
    { name: 'h', histogram: { aggregationTemporality: 1, dataPoints: [point, { ...point, bucketCounts: ['1', null] }] } },
    { name: 'e', exponentialHistogram: { aggregationTemporality: 1, dataPoints: [exponential] } },
  ] }] }] }
  const { bytes, rejections } = metricsJsonToProtobuf(Buffer.from(JSON.stringify(body)))
  assert.equal(decodeMetrics(bytes).points.length, 1)
  assert.deepEqual(rejections, [{ reason: 'bucketCounts[] is not an integer', count: 2 }])
})

test('JSON: a sum that says no boolean of its monotony is rejected with its points', () => {
  const data = { aggregationTemporality: 1, isMonotonic: 'false', dataPoints: [point, point] }
  const body = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 's', sum: data }, { name: 's', sum: { ...data, isMonotonic: null } }] }] }] }
  const converted = metricsJsonToProtobuf(Buffer.from(JSON.stringify(body)))
  assert.deepEqual(converted.rejections, [{ reason: 'isMonotonic is not a boolean', count: 2 }])
  assert.equal(decodeMetrics(converted.bytes).points.length, 2)
})

test('the buckets of an exponential histogram keep their signs', () => {
  const [p] = decodeMetrics(request(everyKind[4] as object)).points
  assert.ok(p?.value.type === 'exponential')
  assert.deepEqual([p.value.scale, p.value.positive, p.value.negative] satisfies [number, ExponentialBuckets, ExponentialBuckets],
    [-3, { offset: -5, counts: [1n, 300n, 0n] }, { offset: 2, counts: [2n] }])
})
