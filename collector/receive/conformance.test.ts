/**
 * What the OTLP specification asks of a receiver, row by row (H: HTTP, G: gRPC, J: JSON, P: the messages), by the clients that
 * npm has. https://github.com/open-telemetry/opentelemetry-proto/blob/v1.11.0/docs/specification.md
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { type ServiceError, status } from '@grpc/grpc-js'
import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtoExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import { decodeResponse, decodeStatus, encodeRequest } from '../decode/oracle.ts'
import type { Encoding, Signal } from './ingest.ts'
import { bodyBytesMax } from './limits.ts'
import { exportResponse, messageCharactersMax } from './otlp-answer.ts'
import { type GrpcSender, grpcSender, post, type Posted, startTestReceiver, type TestReceiver } from './test-receiver.ts'

const signals: readonly Signal[] = ['traces', 'logs', 'metrics']
/** What JSON calls the two outer levels of a request. */
const envelopes = { traces: ['resourceSpans', 'scopeSpans'], logs: ['resourceLogs', 'scopeLogs'], metrics: ['resourceMetrics', 'scopeMetrics'] } as const
const mediaType: Readonly<Record<Encoding, string>> = { protobuf: 'application/x-protobuf', json: 'application/json' }
const asJson = { 'content-type': mediaType.json }

let receiver: TestReceiver
let grpc: GrpcSender
before(async () => {
  receiver = await startTestReceiver()
  grpc = grpcSender(receiver)
})
after(async () => {
  grpc[Symbol.dispose]()
  await receiver[Symbol.asyncDispose]()
})

const hex = (bytes: number): string => randomBytes(bytes).toString('hex')
/** A span as JSON, and as protobufjs takes it with `bytes` for ids. */
const span = (change: object = {}): object => ({
  traceId: hex(16), spanId: hex(8), name: 'chat', kind: 3, startTimeUnixNano: '1763683200000000000', endTimeUnixNano: '1763683201000000000', ...change,
})
const jsonBody = (...spans: readonly object[]): string => JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] })
const madeSpan = (change: object = {}): object => span({ traceId: randomBytes(16), spanId: randomBytes(8), ...change })
const protobufBody = (...spans: readonly object[]): Buffer => encodeRequest({ resourceSpans: [{ scopeSpans: [{ spans }] }] })
const body = (encoding: Encoding): Buffer => (encoding === 'json' ? Buffer.from(jsonBody(span())) : protobufBody(madeSpan()))

/** A body that is too large once it is decompressed. */
const tooLargeGzip = gzipSync(Buffer.alloc(bodyBytesMax + 1), { level: 1 })

/** How many rows of spans `act` adds to the journal. */
async function stored(act: () => Promise<void>): Promise<number> {
  const before = await receiver.spanRows()
  await act()
  return (await receiver.spanRows()) - before
}

function readableSpans(): ReadableSpan[] {
  const memory = new InMemorySpanExporter()
  new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: memory })] }).getTracer('conformance').startSpan('chat').end()
  return memory.getFinishedSpans()
}

async function exported(exporter: SpanExporter): Promise<ExportResult> {
  const result = await new Promise<ExportResult>((resolve) => exporter.export(readableSpans(), resolve))
  await exporter.shutdown()
  return result
}

const refusal = async (sent: Promise<Buffer | ServiceError>): Promise<ServiceError> => {
  const answer = await sent
  assert.ok(answer instanceof Error, 'it was accepted')
  return answer
}
const accepted = async (sent: Promise<Buffer | ServiceError>): Promise<Buffer> => {
  const answer = await sent
  assert.ok(Buffer.isBuffer(answer), String(answer))
  return answer
}
const trailer = (error: ServiceError, name: string): Buffer => {
  const [value] = error.metadata.get(name)
  assert.ok(Buffer.isBuffer(value), `no ${name}`)
  return value
}

interface RpcStatus {
  readonly code?: number
  readonly message?: string
  readonly details: readonly string[]
}
/** `google.rpc.Status` of an answer, whose type must be that of the request. */
function rpcStatus(posted: Posted, encoding: Encoding): RpcStatus {
  assert.equal(posted.headers.get('content-type'), mediaType[encoding])
  if (encoding === 'json') {
    const read = JSON.parse(posted.body.toString()) as { code: number; message: string; details: { '@type': string }[] }
    return { ...read, details: read.details.map((detail) => detail['@type']) }
  }
  const read = decodeStatus(posted.body)
  return { ...read, details: (read.details ?? []).map((detail) => detail.typeUrl) }
}

/** An export whose body is sent in chunks, its length unannounced. */
const postChunked = (bytes: Buffer): Promise<number> =>
  new Promise((resolve, reject) => {
    const sent = request(`${receiver.http}/v1/traces`, { method: 'POST', headers: { 'content-type': mediaType.protobuf, 'transfer-encoding': 'chunked' } }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    sent.on('error', reject)
    sent.end(bytes)
  })

describe('H1 all three signals, both protocols, with nothing set but the endpoint', () => {
  const exporters: readonly (readonly [string, () => SpanExporter, () => string])[] = [
    ['gRPC', () => new GrpcExporter(), () => `http://${receiver.grpc}`], ['HTTP protobuf', () => new ProtoExporter(), () => receiver.http],
    ['HTTP JSON', () => new JsonExporter(), () => receiver.http],
  ]
  for (const [name, make, endpoint] of exporters) {
    for (const compression of ['none', 'gzip']) {
      test(`H1, H2 OpenTelemetry JS, ${name}, compression ${compression}`, async () => {
        process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = endpoint()
        process.env['OTEL_EXPORTER_OTLP_COMPRESSION'] = compression
        const exporter = make()
        delete process.env['OTEL_EXPORTER_OTLP_ENDPOINT']
        delete process.env['OTEL_EXPORTER_OTLP_COMPRESSION']
        const added = await stored(async () => assert.deepEqual(await exported(exporter), { code: ExportResultCode.SUCCESS }))
        assert.equal(added, 1)
      })
    }
  }
  for (const signal of signals) {
    test(`H1 ${signal}: its path and its service`, async () => {
      assert.equal((await post(receiver, Buffer.alloc(0), {}, signal)).status, 200)
      assert.equal((await accepted(grpc.send(Buffer.alloc(0), { signal }))).length, 0)
    })
  }
})

test('H2 identity, gzip, deflate and zstd on HTTP; identity and gzip on gRPC', async () => {
  const whole = protobufBody(madeSpan())
  for (const [coding, bytes] of [['identity', whole], ['gzip', gzipSync(whole)], ['zstd', zstdCompressSync(whole)]] as const) {
    assert.equal((await post(receiver, bytes, { 'content-encoding': coding })).status, 200, coding)
  }
  using compressing = grpcSender(receiver, { 'grpc.default_compression_algorithm': 2 })
  await accepted(compressing.send(whole))
})

test('H3 a request is bounded before and after decompression: 413, and RESOURCE_EXHAUSTED without RetryInfo', async () => {
  const large = Buffer.alloc(bodyBytesMax + 1)
  for (const posted of [await post(receiver, large), await post(receiver, tooLargeGzip, { 'content-encoding': 'gzip' })]) {
    assert.deepEqual([posted.status, posted.headers.get('retry-after')], [413, null])
    assert.deepEqual([rpcStatus(posted, 'protobuf').code, rpcStatus(posted, 'protobuf').details], [status.RESOURCE_EXHAUSTED, []])
  }
  assert.equal(await postChunked(large), 413)
  using compressing = grpcSender(receiver, { 'grpc.default_compression_algorithm': 2 })
  const error = await refusal(compressing.send(large))
  assert.deepEqual([error.code, error.metadata.get('google.rpc.retryinfo-bin'), decodeStatus(trailer(error, 'grpc-status-details-bin')).details ?? []], [status.RESOURCE_EXHAUSTED, [], []])
})

test('H4 an answer stays far below 4 MiB, whatever was wrong', async () => {
  const posted = await post(receiver, protobufBody(...Array.from({ length: 100_000 }, (_, n) => ({ name: `bad ${n}` }))))
  assert.equal(decodeResponse(posted.body).partialSuccess?.rejectedSpans, '100000')
  assert.ok(posted.body.length < 1_000, `${posted.body.length} bytes`)
  const long = exportResponse('traces', { rejected: 1, message: '€'.repeat(5_000_000) }, 'protobuf')
  assert.ok(long.length < 4 * messageCharactersMax)
})

test('H5 the answer has the type of the request, bare', async () => {
  for (const encoding of ['protobuf', 'json'] as const) {
    for (const bytes of [body(encoding), Buffer.from('{')]) {
      const posted = await post(receiver, bytes, { 'content-type': `${mediaType[encoding]}; charset=utf-8` })
      assert.equal(posted.headers.get('content-type'), mediaType[encoding])
    }
  }
})

test('H6 plain success is an empty message, and {} in JSON', async () => {
  for (const signal of signals) assert.equal((await post(receiver, Buffer.alloc(0), {}, signal)).body.length, 0)
  assert.equal((await post(receiver, body('protobuf'))).body.length, 0)
  assert.equal((await post(receiver, body('json'), asJson)).body.toString(), '{}')
  assert.equal((await accepted(grpc.send(body('protobuf')))).length, 0)
})

test('H7 nothing inside is success', async () => {
  for (const signal of signals) {
    const [resources, scopes] = envelopes[signal]
    for (const empty of [{}, { [resources]: [] }, { [resources]: [{}] }, { [resources]: [{ [scopes]: [] }] }, { [resources]: null }]) {
      const posted = await post(receiver, JSON.stringify(empty), asJson, signal)
      assert.deepEqual([posted.status, posted.body.toString()], [200, '{}'], JSON.stringify(empty))
    }
    // No bytes, an empty resource, a resource with an empty scope.
    for (const bytes of [[], [0x0a, 0], [0x0a, 2, 0x12, 0]]) assert.equal((await post(receiver, Buffer.from(bytes), {}, signal)).status, 200)
  }
})

test('H8 what is rejected is counted exactly and said in English, the rest is stored', async () => {
  const bad = [{ traceId: Buffer.alloc(16) }, { spanId: Buffer.alloc(8) }, { traceId: Buffer.alloc(15, 1) }]
  const ten = (): Buffer => protobufBody(...bad.map((change) => madeSpan(change)), ...Array.from({ length: 7 }, () => madeSpan()))
  for (const send of [async (bytes: Buffer) => (await post(receiver, bytes)).body, (bytes: Buffer) => accepted(grpc.send(bytes))]) {
    assert.equal(await stored(async () => {
      const { partialSuccess } = decodeResponse(await send(ten()))
      assert.equal(partialSuccess?.rejectedSpans, '3')
      assert.match(partialSuccess?.errorMessage ?? '', /1 rejected: trace_id is all zeros; 1 rejected: span_id is all zeros; 1 rejected: trace_id is not 16 bytes/)
    }), 7)
  }
  const posts = receiver.posts()
  const posted = await post(receiver, jsonBody(span({ spanId: 'abc' }), span()), asJson)
  assert.deepEqual((JSON.parse(posted.body.toString()) as { partialSuccess: { rejectedSpans: string } }).partialSuccess.rejectedSpans, '1')
  assert.equal(receiver.posts(), posts + 1)
})

test('H9 a warning rejects nothing and says something', async () => {
  const added = await stored(async () => {
    const posted = await post(receiver, protobufBody(madeSpan({ attributes: [{ key: 'long', value: { stringValue: 'x'.repeat(1024 * 1024 + 1) } }] })))
    const { partialSuccess } = decodeResponse(posted.body)
    assert.deepEqual([posted.status, partialSuccess?.rejectedSpans], [200, undefined])
    assert.match(partialSuccess?.errorMessage ?? '', /^1 attribute values were longer than 1048576 bytes and were cut$/)
  })
  assert.equal(added, 1)
})

test('H10 what is not taken is answered with google.rpc.Status in the encoding of the request', async () => {
  for (const encoding of ['protobuf', 'json'] as const) {
    const headers = { 'content-type': mediaType[encoding] }
    receiver.refuse(1)
    for (const [posted, httpStatus, code] of [
      [await post(receiver, body(encoding), headers), 503, status.UNAVAILABLE], [await post(receiver, Buffer.from('{'), headers), 400, status.INVALID_ARGUMENT],
      [await post(receiver, tooLargeGzip, { ...headers, 'content-encoding': 'gzip' }), 413, status.RESOURCE_EXHAUSTED],
    ] as const) {
      const answer = rpcStatus(posted, encoding)
      assert.deepEqual([posted.status, answer.code], [httpStatus, code])
      assert.ok((answer.message ?? '').length > 10)
    }
  }
})

for (const [name, make] of [['protobuf', ProtoExporter], ['JSON', JsonExporter]] as const) {
  test(`H11, H13 OpenTelemetry JS, HTTP ${name}: waits as long as asked and sends again what was refused under pressure, once`, async () => {
    const posts = receiver.posts()
    receiver.refuse(1)
    const since = performance.now()
    const added = await stored(async () => assert.deepEqual(await exported(new make({ url: `${receiver.http}/v1/traces` })), { code: ExportResultCode.SUCCESS }))
    assert.deepEqual([added, receiver.posts() - posts], [1, 2])
    assert.ok(performance.now() - since >= 900, 'it did not wait')
  })
}

test('H11 nothing but 503 asks to send again', async () => {
  for (const [bytes, headers] of [[Buffer.from('{'), {}], [tooLargeGzip, { 'content-encoding': 'gzip' }], [body('json'), { 'content-type': 'text/plain' }]] as const) {
    const posted = await post(receiver, bytes, headers)
    assert.ok(posted.status >= 400 && posted.status < 500 && posted.status !== 429, String(posted.status))
    assert.equal(posted.headers.get('retry-after'), null)
  }
})

test('H12 what cannot be decoded is 400 with the violation, never 5xx', async () => {
  const whole = protobufBody(madeSpan())
  for (const signal of signals) {
    // Cut inside the scope, a group, field 0, a length beyond the end.
    for (const bytes of [whole.subarray(0, 20), Buffer.from([0x0b]), Buffer.from([0x02, 0]), Buffer.from([0x0a, 0x7f])]) {
      const posted = await post(receiver, bytes, {}, signal)
      assert.equal(posted.status, 400)
      assert.deepEqual(rpcStatus(posted, 'protobuf').details, ['type.googleapis.com/google.rpc.BadRequest'])
    }
    for (const text of ['', '{', '\u0000', '['.repeat(100_000), '[]', 'null', '"x"', `{"${envelopes[signal][0]}":{}}`]) {
      const posted = await post(receiver, text, asJson, signal)
      assert.equal(posted.status, 400, `${signal} ${text.slice(0, 10)}`)
      assert.deepEqual(rpcStatus(posted, 'json').details, ['type.googleapis.com/google.rpc.BadRequest'])
    }
  }
})

test('H13 pressure is 503 with a time to wait of 1 to 3 seconds: JavaScript gives up after 10', async () => {
  receiver.refuse(1)
  const posted = await post(receiver, body('protobuf'))
  const seconds = Number(posted.headers.get('retry-after'))
  assert.ok(posted.status === 503 && seconds >= 1 && seconds <= 3, `${posted.status}, ${seconds} s`)
  assert.deepEqual(rpcStatus(posted, 'protobuf').details, ['type.googleapis.com/google.rpc.RetryInfo'])
})

test('H14 both encodings on one port, by media type whatever its parameters and case', async () => {
  for (const type of ['application/json', 'application/json; charset=utf-8', 'Application/JSON ;charset="utf-8"']) {
    assert.equal((await post(receiver, body('json'), { 'content-type': type })).status, 200, type)
  }
  for (const type of ['application/x-protobuf', 'application/x-protobuf; messageType=x']) {
    assert.equal((await post(receiver, body('protobuf'), { 'content-type': type })).status, 200, type)
  }
  for (const [method, type, expected] of [['GET', undefined, 405], ['POST', 'text/plain', 415], ['POST', 'application/jsonp', 415]] as const) {
    const answer = await fetch(`${receiver.http}/v1/traces`, { method, ...(type === undefined ? {} : { body: '{}', headers: { 'content-type': type } }) })
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [expected, 'text/plain; charset=utf-8'])
  }
})

test('G1 gRPC: UNAVAILABLE under pressure with RetryInfo both ways, INVALID_ARGUMENT with the violation', async () => {
  receiver.refuse(1)
  const busy = await refusal(grpc.send(body('protobuf')))
  assert.equal(busy.code, status.UNAVAILABLE)
  assert.deepEqual(decodeStatus(trailer(busy, 'grpc-status-details-bin')).details?.map((detail) => detail.typeUrl), ['type.googleapis.com/google.rpc.RetryInfo'])
  // RetryInfo { retry_delay = 1: Duration { seconds = 1 } }
  assert.deepEqual([...trailer(busy, 'google.rpc.retryinfo-bin')].slice(0, 3), [0x0a, 2, 0x08])
  const bad = await refusal(grpc.send(Buffer.from([0x0b])))
  assert.equal(bad.code, status.INVALID_ARGUMENT)
  assert.deepEqual(decodeStatus(trailer(bad, 'grpc-status-details-bin')).details?.map((detail) => detail.typeUrl), ['type.googleapis.com/google.rpc.BadRequest'])
})

test('G2 an error of our own is transient to a sender: UNAVAILABLE and 503, never UNKNOWN, INTERNAL or 500', async (t) => {
  t.mock.method(receiver.turns, 'take', () => Promise.reject(new TypeError('a bug')))
  assert.equal((await refusal(grpc.send(body('protobuf')))).code, status.UNAVAILABLE)
  const posted = await post(receiver, body('protobuf'))
  assert.equal(posted.status, 503)
  assert.doesNotMatch(posted.body.toString(), /a bug|TypeError/)
  assert.equal(receiver.errors.length, 2, 'and it is logged')
})

test('G3 64 calls at once on one connection', async () => {
  const added = await stored(async () => {
    const answers = await Promise.all(Array.from({ length: 64 }, () => grpc.send(protobufBody(madeSpan(), madeSpan()))))
    assert.deepEqual(answers.filter((answer) => !Buffer.isBuffer(answer)), [])
  })
  assert.equal(added, 128)
})

describe('J1 OTLP/JSON', () => {
  const decoded = async (one: object | string, expected: number): Promise<string> => {
    const text = typeof one === 'string' ? one : jsonBody(one)
    let message = ''
    assert.equal(await stored(async () => {
      const posted = await post(receiver, text, asJson)
      assert.equal(posted.status, 200)
      message = (JSON.parse(posted.body.toString()) as { partialSuccess?: { errorMessage: string } }).partialSuccess?.errorMessage ?? ''
    }), expected, text)
    return message
  }
  test('J1 ids in hex of any case, numbers as text and as numbers', async () => {
    const id = hex(16)
    assert.equal(await decoded(span({ traceId: id.toUpperCase(), spanId: hex(8).toUpperCase(), parentSpanId: hex(8).toUpperCase() }), 1), '')
    assert.equal(await decoded(jsonBody(span({ startTimeUnixNano: 0 })).replace('"startTimeUnixNano":0', '"startTimeUnixNano":1544712660000000001'), 1), '')
    assert.equal(await decoded(span({ attributes: [{ key: 'n', value: { intValue: '9007199254740993' } }, { key: 'm', value: { intValue: 7 } }] }), 1), '')
  })
  test('J1 unknown names are ignored, snake_case is unknown', async () => {
    assert.equal(await decoded(span({ fromTheFuture: { deep: [1] }, dropped_attributes_count: 'seven' }), 1), '')
    assert.match(await decoded({ ...span({ traceId: undefined }), trace_id: hex(16) }, 0), /trace_id is not 16 bytes/)
  })
  test('J1 enums are integers: a name is rejected', async () => {
    assert.match(await decoded(span({ kind: 'SPAN_KIND_SERVER' }), 0), /kind must be an integer, not a name/)
    assert.equal(await decoded(span({ kind: 99, status: { code: 7 } }), 1), '')
  })
  test('J1 bytes are base64, NaN and the infinities are words', async () => {
    const values = [{ bytesValue: 'AAEC' }, { doubleValue: 'NaN' }, { doubleValue: '-Infinity' }, { doubleValue: 'Infinity' }]
    assert.equal(await decoded(span({ attributes: values.map((value, n) => ({ key: `k${n}`, value })) }), 1), '')
    assert.match(await decoded(span({ attributes: [{ key: 'k', value: { doubleValue: 'many' } }] }), 0), /doubleValue is not a number/)
  })
})

test('P1 ids as the comments of trace.proto ask; flags, kind, name and times of any value', async () => {
  const wrong = [{ traceId: Buffer.alloc(17, 1) }, { traceId: Buffer.alloc(0) }, { spanId: Buffer.alloc(0) }, { spanId: Buffer.alloc(9, 1) }, { parentSpanId: Buffer.alloc(3, 1) }]
  const right = [{ parentSpanId: Buffer.alloc(0) }, { flags: 0xffff_ff01 }, { kind: 0 }, { kind: 99 }, { name: '' }, { endTimeUnixNano: '1' }, { status: { code: 7 } }]
  assert.equal(await stored(async () => {
    const { body: answer } = await post(receiver, protobufBody(...[...wrong, ...right].map(madeSpan)))
    assert.equal(decodeResponse(answer).partialSuccess?.rejectedSpans, String(wrong.length))
  }), right.length)
})

test('P2 attribute values of every kind: empty, bytes, mixed arrays, lists in lists', async () => {
  const mixed = { arrayValue: { values: [{ stringValue: 'a' }, { intValue: 1 }, {}, { kvlistValue: { values: [{ key: 'role', value: { stringValue: 'user' } }] } }] } }
  const values = [{}, { bytesValue: Buffer.from([0, 1]) }, mixed, { arrayValue: {} }, { kvlistValue: {} }, { kvlistValue: { values: [{ key: '', value: mixed }] } }]
  const posted = await post(receiver, protobufBody(madeSpan({ attributes: values.map((value, n) => ({ key: `k${n}`, value })) })))
  assert.deepEqual([posted.status, posted.body.length], [200, 0])
})

test('P3 a value by index into a string table (profiles only) is absent, and no error', async () => {
  // Attribute { key = 1: "k", value = 2: AnyValue { string_value_strindex = 8: 1 } } in a span with ids.
  const attribute = Buffer.from([0x4a, 7, 0x0a, 1, 0x6b, 0x12, 2, 0x40, 1])
  const inner = Buffer.concat([Buffer.from([0x0a, 16]), randomBytes(16), Buffer.from([0x12, 8]), randomBytes(8), attribute])
  const wrapped = [0x12, 0x12, 0x0a].reduce((message, tag) => Buffer.concat([Buffer.from([tag, message.length]), message]), inner)
  assert.equal(await stored(async () => assert.equal((await post(receiver, wrapped)).body.length, 0)), 1)
})

test('P4 the same span sent again, as after a lost answer, is one span', async () => {
  const once = protobufBody(madeSpan())
  const before = receiver.metrics.text(receiver.spool, 0)
  for (let i = 0; i < 3; i++) assert.equal((await post(receiver, once)).body.length, 0)
  const counted = (text: string, name: string): number => Number(new RegExp(`^spanledger_spans_${name}_total (\\d+)$`, 'm').exec(text)?.[1])
  const after = receiver.metrics.text(receiver.spool, 0)
  assert.deepEqual(['stored', 'deduplicated'].map((name) => counted(after, name) - counted(before, name)), [1, 2])
})

const byInterop = 'Python, Go, Java and the Collector are run by `npm run test:interop`'
for (const row of ['H2 zstd over gRPC by the Collector', 'H5 Go reads partial success', 'H11 posts of Python, Go, Java and the Collector', 'G2 codes as Go and Python read them']) {
  test(row, { skip: byInterop }, () => undefined)
}
