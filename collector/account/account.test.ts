import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import type { MetricPoint } from '#semconv/metric.ts'
import { FrameWriter } from '../spool/frame.ts'
import { IngestAccount } from './account.ts'
import { dataPointKey, KnownKeys, spanKey } from './known-records.ts'
import { clientOf, Names } from './names.ts'

const outcome = { signal: 'traces', client: 'curl/8.5', stored: 0, deduplicated: 0, rejections: [], at: 1n } as const

test('every row adds up, and together they are the request', () => {
  const account = new IngestAccount({ tenant: 't', project: 'p' })
  const rows = account.add(new FrameWriter(), {
    ...outcome, stored: 3, deduplicated: 2, rejections: [{ reason: 'a', count: 4 }, { reason: 'b', count: 1 }, { reason: 'a', count: 1 }],
  })
  assert.deepEqual(rows.map(({ reason, received, stored, deduplicated, rejected }) => [reason, received, stored, deduplicated, rejected]), [
    ['', 5, 3, 2, 0], ['a', 5, 0, 0, 5], ['b', 1, 0, 0, 1],
  ])
  for (const row of rows) assert.equal(row.received, row.stored + row.deduplicated + row.rejected + row.setAside)
})

test('a request without a record leaves no row', () => {
  const frame = new FrameWriter()
  assert.deepEqual(new IngestAccount({ tenant: 't', project: 'p' }).add(frame, outcome), [])
  assert.ok(frame.empty)
})

test('a sender that makes up clients and reasons fills nothing: beyond the bound all are other', () => {
  const account = new IngestAccount({ tenant: 't', project: 'p' })
  const rows = Array.from({ length: 500 }, (_, n) => account.add(new FrameWriter(), { ...outcome, client: `made-up/${n}`, rejections: [{ reason: `reason ${n} ${'x'.repeat(500)}`, count: 1 }] })).flat()
  assert.equal(new Set(rows.map(({ client }) => client)).size, 65)
  assert.equal(new Set(rows.map(({ reason }) => reason)).size, 65)
  assert.deepEqual([rows.at(-1)?.client, rows.at(-1)?.reason], ['other', 'other'])
  assert.ok(rows.every(({ reason }) => reason.length <= 120))
  assert.equal(rows.reduce((sum, { rejected }) => sum + rejected, 0), 500)
  const names = new Names(1)
  assert.deepEqual([names.of('a'), names.of('b'), names.of('a')], ['a', 'other', 'a'])
})

test('a client is the first product of its user agent', () => {
  for (const [userAgent, client] of [
    ['OTel-OTLP-Exporter-JavaScript/0.301.0', 'OTel-OTLP-Exporter-JavaScript/0.301.0'],
    ['OTel-OTLP-Exporter-Python/1.40.0 grpc-python/1.74.0 grpc-c/49.0.0 (linux; chttp2)', 'OTel-OTLP-Exporter-Python/1.40.0'],
    ['OpenTelemetry Collector Contrib/0.150.0 (linux/amd64)', 'OpenTelemetry Collector Contrib/0.150.0'],
    ['grpc-node-js/1.14.7', 'grpc-node-js/1.14.7'],
    ['mine (a/b)', 'mine'],
    ['evil\n/1', 'evil /1'],
    ['', ''],
    [undefined, ''],
  ] as const) assert.equal(clientOf(userAgent), client)
  assert.equal(clientOf('x'.repeat(5_000)).length, 120)
})

const id = (bytes: number): fc.Arbitrary<string> => fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((array) => Buffer.from(array).toString('hex'))

test('known spans: what was added is known, what was not is not, ids that count upwards among them', () => {
  fc.assert(fc.property(fc.uniqueArray(fc.tuple(id(16), id(8)), { selector: (pair) => pair.join(), minLength: 2 }), (pairs) => {
    const known = new KnownKeys()
    const [left, ...added] = pairs
    for (const [traceId, spanId] of added) known.add(spanKey(traceId, spanId))
    return added.every(([traceId, spanId]) => known.has(spanKey(traceId, spanId))) && left !== undefined && !known.has(spanKey(...left))
  }))
  const known = new KnownKeys()
  const counting = (n: number): [string, string] => [(n >> 8).toString(16).padStart(32, '0'), (n & 255).toString(16).padStart(16, '0')]
  for (let n = 0; n < 100_000; n++) {
    assert.ok(!known.has(spanKey(...counting(n))), `${n}`)
    known.add(spanKey(...counting(n)))
  }
})

test('known spans: of millions the last million is known, and the memory stands', () => {
  const known = new KnownKeys()
  const nth = (n: number): [string, string] => [n.toString(16).padStart(32, '7'), (n * 7919).toString(16).padStart(16, '0')]
  const count = 2_500_000
  for (let n = 0; n < count; n++) known.add(spanKey(...nth(n)))
  for (let n = count - 1_000_000; n < count; n += 997) assert.ok(known.has(spanKey(...nth(n))))
  assert.ok(!known.has(spanKey(...nth(0))))
})

test('known data points: a stream is told apart by its times, whether they stand a nanosecond or years apart', () => {
  const series = ['a', 'b', 'c'].map((name) => hash('sha256', name, 'hex').slice(0, 32))
  const start = 1_763_683_200_000_000_000n
  const steps = [1n, 1_000_000n, 1_000_000_000n, 60_000_000_000n, 2n ** 32n, 86_400_000_000_000n]
  const points = series.flatMap((one) => steps.flatMap((step) => Array.from({ length: 2_000 }, (_, n): [string, bigint, bigint][] => {
    const at = start + step * BigInt(n)
    return [[one, at, start - 1n], [one, at, at - step * 3n]]
  }).flat()))
  const distinct = new Set(points.map((point) => point.join()))
  const keys = new Set(points.map(([one, timeUnixNano, startTimeUnixNano]) => dataPointKey(one, { timeUnixNano, startTimeUnixNano } as MetricPoint)))
  assert.equal(keys.size, distinct.size)
})

test('known records: of those who bring one at the same time, one is told that it is new, and who fails gives it back', () => {
  const known = new KnownKeys()
  assert.deepEqual([known.claim(7), known.claim(7), known.has(7)], [true, false, false])
  known.release([7])
  assert.ok(known.claim(7))
  known.add(7)
  known.release([7])
  assert.deepEqual([known.claim(7), known.has(7)], [false, true])
})
