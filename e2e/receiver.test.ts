/** OTLP as the specification has it, over the real listeners, with real clients. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:http2'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type ServiceError, status as grpcStatus } from '@grpc/grpc-js'
import { ExportResultCode, type ExportResult } from '@opentelemetry/core'
import { OTLPTraceExporter as GrpcTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { OTLPTraceExporter as JsonTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtoTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { InMemorySpanExporter, SimpleSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import { captures, type Payload } from '#collector/corpus/captures.ts'
import { decodeResponse, decodeStatus, encodeLogs, encodeRequest } from '#collector/decode/oracle.ts'
import { engineOf, storedSpans } from './engine.ts'
import { agentSpan, exportRequest, modelCall, newSpanId, newTraceId, plainSpan } from './made-span.ts'
import { graphql, type Program, startProgram } from './program.ts'
import { type GrpcExporter, grpcExporter, post, type Posted } from './sending.ts'
import { settledTrace } from './traces.ts'

const MiB = 1024 * 1024
const root = join(import.meta.dirname, '..')
const protobuf = 'application/x-protobuf'
const json = 'application/json'

let program: Program
let grpc: GrpcExporter
before(async () => {
  program = await startProgram({ env: { SPANLEDGER_SETTLEMENT_DELAY_MS: '300' } })
  grpc = grpcExporter(program)
})
after(async () => {
  grpc[Symbol.dispose]()
  await program[Symbol.asyncDispose]()
})

/** The program is alive and takes spans: what a hostile request must leave behind. */
async function assertAlive(): Promise<void> {
  const good = exportRequest([plainSpan({ traceId: newTraceId() })])
  assert.equal((await post(program, good)).status, 200)
  assert.equal((await grpc.send(good)).length, 0)
}

async function grpcFailure(sent: Promise<Buffer>): Promise<{ readonly code: number; readonly message: string; readonly error: ServiceError }> {
  const error = await sent.then((answer) => assert.fail(`answered ${answer.toString('hex')}`), (reason: unknown) => reason as ServiceError)
  return { code: error.code, message: error.details, error }
}

const spanJson = (change: object = {}): object => ({
  traceId: newTraceId(), spanId: newSpanId(), name: 'chat', kind: 3, startTimeUnixNano: '1763683200000000000', endTimeUnixNano: '1763683201000000000', ...change,
})
const jsonRequest = (...spans: readonly object[]): Buffer => Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }))

describe('OpenTelemetry\'s own exporters deliver', () => {
  // What people set is this one variable; the exporters add the paths themselves.
  const exporters: readonly (readonly [string, () => SpanExporter, () => string])[] = [
    ['gRPC', () => new GrpcTraceExporter(), () => program.grpc],
    ['HTTP, protobuf', () => new ProtoTraceExporter(), () => program.http],
    ['HTTP, JSON', () => new JsonTraceExporter(), () => program.http],
  ]
  for (const compression of ['none', 'gzip']) {
    for (const [name, make, endpoint] of exporters) {
      test(`${name}, compression ${compression}`, async () => {
        process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = endpoint()
        process.env['OTEL_EXPORTER_OTLP_COMPRESSION'] = compression
        const exporter = make()
        delete process.env['OTEL_EXPORTER_OTLP_ENDPOINT']
        delete process.env['OTEL_EXPORTER_OTLP_COMPRESSION']
        const memory = new InMemorySpanExporter()
        const tracer = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: memory })] }).getTracer('e2e')
        const span = tracer.startSpan('chat gpt-5-mini', { attributes: {
          'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-5-mini',
          'gen_ai.usage.input_tokens': 1_000, 'gen_ai.usage.output_tokens': 100,
        } })
        span.end()
        const result = await new Promise<ExportResult>((resolve) => exporter.export(memory.getFinishedSpans(), resolve))
        await exporter.shutdown()
        assert.deepEqual(result, { code: ExportResultCode.SUCCESS })
        const trace = await settledTrace(program, span.spanContext().traceId, 1)
        assert.deepEqual([trace.modelCalls, trace.tokens.input, trace.tokens.output, trace.cost], [1, 1_000, 100, '0.00045'])
      })
    }
  }
})

describe('answers', () => {
  test('success is an empty message or {}, in the type of the request, bare', async () => {
    const good = exportRequest([plainSpan({ traceId: newTraceId() })])
    for (const [body, contentType, answerType, answer] of [
      [good, protobuf, protobuf, ''],
      [good, `${protobuf}; charset=utf-8`, protobuf, ''],
      [jsonRequest(spanJson()), json, json, '{}'],
      [jsonRequest(spanJson()), 'application/json; charset=utf-8', json, '{}'],
      [jsonRequest(spanJson()), 'Application/JSON', json, '{}'],
    ] as const) {
      const posted = await post(program, body, { contentType })
      assert.deepEqual([posted.status, posted.contentType, posted.body.toString()], [200, answerType, answer], contentType)
    }
    assert.equal((await grpc.send(good)).length, 0)
  })

  test('nothing inside is success', async () => {
    const emptyJson = ['{}', '{"resourceSpans":[]}', '{"resourceSpans":[{}]}', '{"resourceSpans":[{"scopeSpans":[]}]}', '{"resourceSpans":[{"scopeSpans":[{"spans":[]}]}]}']
    for (const body of emptyJson) {
      const posted = await post(program, Buffer.from(body), { contentType: json })
      assert.deepEqual([posted.status, posted.body.toString()], [200, '{}'], body)
    }
    for (const body of [{}, { resourceSpans: [{}] }, { resourceSpans: [{ scopeSpans: [{}] }] }].map(encodeRequest)) {
      const posted = await post(program, body)
      assert.deepEqual([posted.status, posted.body.length], [200, 0])
      assert.equal((await grpc.send(body)).length, 0)
    }
  })

  test('wrong ids are counted exactly, and their neighbours are stored', async () => {
    const send: Readonly<Record<string, (body: Buffer) => Promise<Buffer>>> = {
      HTTP: async (body) => (await post(program, body)).body,
      gRPC: (body) => grpc.send(body),
    }
    for (const [name, sendOne] of Object.entries(send)) {
      const traceId = newTraceId()
      const good = Array.from({ length: 7 }, () => plainSpan({ traceId }))
      const wrong = [
        plainSpan({ traceId: '0'.repeat(32) }), plainSpan({ traceId, spanId: '0'.repeat(16) }), plainSpan({ traceId: 'abcd' }),
        plainSpan({ traceId, spanId: '' }), plainSpan({ traceId, parentSpanId: '12' }),
      ]
      const { partialSuccess } = decodeResponse(await sendOne(exportRequest([...wrong.slice(0, 2), ...good, ...wrong.slice(2)])))
      assert.equal(partialSuccess?.rejectedSpans, '5', name)
      assert.match(partialSuccess?.errorMessage ?? '', /trace_id is all zeros.*span_id is all zeros/)
      assert.equal((await settledTrace(program, traceId, 7)).spanCount, 7)
    }
    const traceId = newTraceId()
    const posted = await post(program, jsonRequest(
      spanJson({ traceId }), spanJson({ traceId: '0'.repeat(32) }), spanJson({ traceId, spanId: 'abc' }), spanJson({ traceId, kind: 'SPAN_KIND_SERVER' }), spanJson({ traceId }),
    ), { contentType: json })
    assert.deepEqual([posted.status, posted.contentType], [200, json])
    const { partialSuccess } = JSON.parse(posted.body.toString()) as { partialSuccess: { rejectedSpans: string; errorMessage: string } }
    assert.equal(partialSuccess.rejectedSpans, '3')
    assert.match(partialSuccess.errorMessage, /kind must be an integer/)
    assert.equal((await settledTrace(program, traceId, 2)).spanCount, 2)
  })

  test('a hundred thousand bad spans get one short sentence', async () => {
    const body = encodeRequest({ resourceSpans: [{ scopeSpans: [{ spans: Array.from({ length: 100_000 }, () => ({ name: 'x' })) }] }] })
    const posted = await post(program, body)
    assert.equal(posted.status, 200)
    assert.equal(decodeResponse(posted.body).partialSuccess?.rejectedSpans, '100000')
    assert.ok(posted.body.length < 1_000)
  })

  test('JSON: ids in any case, unknown names ignored, integers exact as text and as number', async () => {
    const [traceId, spanId, parentSpanId] = [newTraceId(), newSpanId(), newSpanId()]
    const body = jsonRequest(spanJson({
      traceId: traceId.toUpperCase(), spanId: spanId.toUpperCase(), parentSpanId: parentSpanId.toUpperCase(), fromTheFuture: { deep: [1] },
      dropped_attributes_count: 7,
      attributes: [
        { key: 'as.text', value: { intValue: '9007199254740993' } }, { key: 'small', value: { intValue: 42 } },
        { key: 'bytes', value: { bytesValue: 'AAEC' } }, { key: 'nan', value: { doubleValue: 'NaN' } },
      ],
    })).toString().replace('"small"', '"as.number"').replace('"intValue":42', '"intValue":9007199254740993')
    const posted = await post(program, Buffer.from(body), { contentType: json })
    assert.deepEqual([posted.status, posted.body.toString()], [200, '{}'])
    await settledTrace(program, traceId, 1)
    const { trace } = await graphql<{ trace: { steps: readonly { id: string; parentId: string; droppedAttributes: number; attributes: Record<string, unknown> }[] } }>(
      program, `query ($id: ID!) { trace(id: $id) { steps { id parentId droppedAttributes attributes } } }`, { id: traceId })
    const [step] = trace.steps
    assert.deepEqual([step?.id, step?.parentId, step?.droppedAttributes], [spanId, parentSpanId, 0])
    assert.equal(step?.attributes['as.text'], '9007199254740993')
    assert.equal(step?.attributes['as.number'], '9007199254740993')
  })

  test('data points that are none are refused one by one, with the reason', async () => {
    const body = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ gauge: { dataPoints: [{}] } }, { name: 'a', gauge: { dataPoints: [{}, {}] } }] }] }] }
    const posted = await post(program, Buffer.from(JSON.stringify(body)), { signal: 'metrics', contentType: json })
    assert.equal(posted.status, 200)
    const errorMessage = '1 rejected: the metric has no name; 2 rejected: time_unix_nano is not set'
    assert.deepEqual(JSON.parse(posted.body.toString()), { partialSuccess: { rejectedDataPoints: '3', errorMessage } })
  })

  test('of the log records of a request the broken ones are rejected, counted and named, over HTTP and gRPC', async () => {
    const [good, short] = [{ body: { stringValue: 'x' } }, { body: { stringValue: 'x' }, traceId: 'abcd' }]
    const request = { resourceLogs: [{ scopeLogs: [{ logRecords: [good, short, {}, { severityNumber: 'INFO' }] }] }] }
    const posted = await post(program, Buffer.from(JSON.stringify(request)), { signal: 'logs', contentType: json })
    const { partialSuccess } = JSON.parse(posted.body.toString()) as { partialSuccess: { rejectedLogRecords: string; errorMessage: string } }
    assert.deepEqual([posted.status, partialSuccess.rejectedLogRecords], [200, '2'])
    assert.match(partialSuccess.errorMessage, /trace_id is not 16 bytes/)
    assert.match(partialSuccess.errorMessage, /severityNumber must be an integer/)
    const bytes = encodeLogs({ resourceLogs: [{ scopeLogs: [{ logRecords: [good, { ...short, traceId: Buffer.alloc(2, 1) }] }] }] })
    assert.equal(decodeResponse(await grpc.send(bytes, 'logs')).partialSuccess?.rejectedSpans, '1')
  })

  test('nothing in a request is a success', async () => {
    for (const signal of ['logs', 'metrics'] as const) {
      const empty = await post(program, Buffer.from('{}'), { signal, contentType: json })
      assert.deepEqual([empty.status, empty.body.toString()], [200, '{}'])
      assert.equal((await grpc.send(Buffer.alloc(0), signal)).length, 0)
    }
  })

  test('a payload of another signal on the traces\' path is told so, and the other way round', async () => {
    const payloads = captures().flatMap((capture) => capture.payloads).filter((payload): payload is Payload => payload.encoding === 'pb')
    const saidOf = (posted: Posted): string | undefined =>
      posted.status === 200 ? decodeResponse(posted.body).partialSuccess?.errorMessage : decodeStatus(posted.body).message
    const others = payloads.filter((payload) => payload.signal !== 'traces')
    assert.ok(others.some((payload) => payload.signal === 'logs'))
    for (const { body, signal } of others) assert.match(saidOf(await post(program, body)) ?? '', /is this the logs or metrics payload\?/, signal)
    for (const { body, signal } of payloads.filter((payload) => payload.signal !== 'logs')) {
      assert.match(saidOf(await post(program, body, { signal: 'logs' })) ?? '', /is this the traces or metrics payload\?/, signal)
    }
  })
})

describe('requests that are not taken', () => {
  const assertStatus = (posted: Posted, status: number, code: number, encoding: typeof protobuf | typeof json): string => {
    assert.deepEqual([posted.status, posted.contentType], [status, encoding])
    const answer = encoding === json ? (JSON.parse(posted.body.toString()) as { code: number; message: string }) : decodeStatus(posted.body)
    assert.equal(answer.code, code)
    assert.ok((answer.message ?? '').length > 10)
    assert.doesNotMatch(answer.message ?? '', /\n|node_modules|\.ts\b/)
    assert.ok(!answer.message?.includes(root), 'names no folder of this machine')
    return answer.message ?? ''
  }

  test('what cannot be decoded: 400 and INVALID_ARGUMENT with the violation, in the request\'s encoding', async () => {
    const broken = exportRequest([agentSpan({ traceId: newTraceId() })]).subarray(0, 40)
    const inProtobuf = await post(program, broken)
    assertStatus(inProtobuf, 400, grpcStatus.INVALID_ARGUMENT, protobuf)
    assert.deepEqual(decodeStatus(inProtobuf.body).details?.map((detail) => detail.typeUrl), ['type.googleapis.com/google.rpc.BadRequest'])
    for (const body of ['{"resourceSpans":[', '[]', '"text"', '{"resourceSpans":{}}', '\u0000', '['.repeat(100_000)]) {
      const inJson = await post(program, Buffer.from(body), { contentType: json })
      const message = assertStatus(inJson, 400, grpcStatus.INVALID_ARGUMENT, json)
      assert.deepEqual((JSON.parse(inJson.body.toString()) as { details: unknown }).details,
        [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ description: message }] }])
    }
    const { code, error } = await grpcFailure(grpc.send(broken))
    assert.equal(code, grpcStatus.INVALID_ARGUMENT)
    const [details] = error.metadata.get('grpc-status-details-bin')
    assert.ok(Buffer.isBuffer(details))
    assert.equal(decodeStatus(details).code, grpcStatus.INVALID_ARGUMENT)
    await assertAlive()
  })

  test('every cut of a request is answered, and a later one is not hurt by it', async () => {
    const whole = exportRequest([modelCall({ traceId: newTraceId() }, { input: 1, output: 1 })])
    for (let length = 1; length < whole.length; length += 7) {
      const { status } = await post(program, whole.subarray(0, length))
      assert.ok(status === 400 || status === 200, `${length} bytes: ${status}`)
    }
    await assertAlive()
  })

  test('too large: 413, with and without an announced length', async () => {
    const body = Buffer.alloc(65 * MiB)
    for (const announced of [true, false]) {
      const posted = await postLarge(body, announced)
      assertStatus(posted, 413, grpcStatus.RESOURCE_EXHAUSTED, protobuf)
    }
    await assertAlive()
  })

  test('too large after decompression: 413', async () => {
    const bomb = gzipSync(Buffer.alloc(80 * MiB), { level: 1 })
    assert.ok(bomb.length < MiB)
    const posted = await post(program, bomb, { headers: { 'content-encoding': 'gzip' } })
    assertStatus(posted, 413, grpcStatus.RESOURCE_EXHAUSTED, protobuf)
    const small = gzipSync(gzipSync(Buffer.alloc(80 * MiB)))
    assertStatus(await post(program, small, { headers: { 'content-encoding': 'gzip' } }), 400, grpcStatus.INVALID_ARGUMENT, protobuf)
    await assertAlive()
  })

  test('too large over gRPC, plain and compressed: RESOURCE_EXHAUSTED', async () => {
    assert.equal((await grpcFailure(grpc.send(Buffer.alloc(65 * MiB)))).code, grpcStatus.RESOURCE_EXHAUSTED)
    using compressing = grpcExporter(program, { 'grpc.default_compression_algorithm': 2 })
    assert.equal((await grpcFailure(compressing.send(Buffer.alloc(80 * MiB)))).code, grpcStatus.RESOURCE_EXHAUSTED)
    await assertAlive()
  })

  test('garbage and truncated gzip: 400, and the program lives', async () => {
    const whole = gzipSync(exportRequest([plainSpan({ traceId: newTraceId() })]))
    for (const body of [Buffer.from('not gzip at all'), whole.subarray(0, whole.length - 9), whole.subarray(0, 3), Buffer.alloc(0)]) {
      assertStatus(await post(program, body, { headers: { 'content-encoding': 'gzip' } }), 400, grpcStatus.INVALID_ARGUMENT, protobuf)
    }
    assertStatus(await post(program, whole, { headers: { 'content-encoding': 'zstd' } }), 400, grpcStatus.INVALID_ARGUMENT, protobuf)
    await assertAlive()
  })

  test('garbage under a compressed gRPC frame, and a coding nobody knows', async () => {
    const frames: readonly (readonly [string, Buffer])[] = [
      ['gzip', frame(1, Buffer.from('not gzip at all'))], ['gzip', frame(1, gzipSync(Buffer.alloc(1_000)).subarray(0, 15))], ['gzip', frame(1, Buffer.alloc(0))],
      ['zstd', frame(1, Buffer.from('anything'))], ['identity', frame(1, Buffer.from('anything'))],
    ]
    for (const [coding, body] of frames) assert.ok(Number(await rawGrpcStatus(coding, body)) > 0, coding)
    await assertAlive()
  })

  test('a web page that points its own name at this machine writes nothing', async () => {
    const sendAs = async (host: string): Promise<readonly [number | undefined, string]> => {
      const sent = request(`${program.http}/v1/traces`, { method: 'POST', headers: { host, 'content-type': json } })
      sent.end(jsonRequest(spanJson()))
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      return [response.statusCode, await text(response)]
    }
    assert.deepEqual(await sendAs('rebound.example:4318'), [421, "host 'rebound.example:4318' is not served here: use localhost or 127.0.0.1\n"])
    for (const host of ['localhost:4318', '127.0.0.1', '[::1]:4318', 'host.docker.internal:4318']) assert.equal((await sendAs(host))[0], 200, host)
  })

  test('wrong method, type, path', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'HEAD']) {
      const response = await fetch(`${program.http}/v1/traces`, { method })
      assert.deepEqual([response.status, response.headers.get('allow')], [405, 'POST'], method)
    }
    for (const contentType of ['text/plain', 'application/x-www-form-urlencoded', 'application/protobuf2']) {
      assert.equal((await post(program, Buffer.from('{}'), { contentType })).status, 415, contentType)
    }
    for (const path of ['/', '/v1', '/v1/trace', '/v1/traces/', '/v2/traces']) assert.equal((await fetch(`${program.http}${path}`, { method: 'POST', body: '' })).status, 404, path)
    const session = connect(program.grpc)
    const stream = session.request({ ':method': 'POST', ':path': '/opentelemetry.proto.collector.profiles.v1.ProfilesService/Export', 'content-type': 'application/grpc', te: 'trailers' })
    stream.end(frame(0, Buffer.alloc(0)))
    const [headers] = (await once(stream, 'response')) as [Record<string, string>]
    session.close()
    assert.equal(Number(headers['grpc-status']), grpcStatus.UNIMPLEMENTED)
    await assertAlive()
  })
})

/** By Node's own client, which sends a `Buffer` with or without a length as told. */
const postLarge = (body: Buffer, announced: boolean): Promise<Posted> =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': protobuf, ...(announced ? { 'content-length': body.length } : { 'transfer-encoding': 'chunked' }) }
    const asked = request(`${program.http}/v1/traces`, { method: 'POST', headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => resolve({
        status: response.statusCode ?? 0, contentType: String(response.headers['content-type']), headers: new Headers(), body: Buffer.concat(chunks),
      }))
    })
    asked.on('error', reject)
    asked.end(body)
  })

/** A gRPC message: a flag, a length, bytes. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
function frame(compressed: 0 | 1, message: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt8(compressed, 0)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

/** `grpc-status` of a call whose frame a well-behaved client would not send. */
async function rawGrpcStatus(coding: string, body: Buffer): Promise<string> {
  const session = connect(program.grpc)
  try {
    const stream = session.request({
      ':method': 'POST', ':path': '/opentelemetry.proto.collector.trace.v1.TraceService/Export', 'content-type': 'application/grpc', te: 'trailers', 'grpc-encoding': coding,
    })
    const status = new Promise<string>((resolve, reject) => {
      const look = (headers: Readonly<Record<string, unknown>>): void => {
        if (headers['grpc-status'] !== undefined) resolve(String(headers['grpc-status']))
      }
      stream.on('response', look).on('trailers', look).on('error', reject).on('data', () => undefined)
      stream.on('close', () => reject(new Error('the stream ended without a status')))
    })
    stream.end(body)
    return await status
  } finally {
    session.close()
  }
}

test('SIGTERM while exports are in flight: drained, exit 0 within 10 s, and all that was acknowledged is there afterwards', async () => {
  await using first = await startProgram({ env: { SPANLEDGER_SETTLEMENT_DELAY_MS: '300' } })
  const exporter = grpcExporter(first)
  const sent = Array.from({ length: 64 }, (_, n) => {
    const spans = Array.from({ length: 200 }, () => newTraceId()).map((traceId) => modelCall({ traceId }, { input: 10, output: 1 }))
    const answered = n % 2 === 0 ? exporter.send(exportRequest(spans)) : post(first, exportRequest(spans)).then(({ status, body }) => (assert.equal(status, 200), body))
    return answered.then((answer) => (answer.length === 0 ? spans : []), () => [])
  })
  // Some are answered, the rest are on their way: the signal falls into the middle.
  await Promise.race(sent)
  const since = performance.now()
  first.signal('SIGTERM')
  const acknowledged = (await Promise.all(sent)).flat()
  assert.equal(await first.exited, 0, first.log())
  assert.ok(performance.now() - since < 10_000, `${performance.now() - since} ms`)
  exporter[Symbol.dispose]()
  assert.ok(acknowledged.length >= 200, `${acknowledged.length} spans acknowledged`)
  await using second = await startProgram({ dataDir: first.dataDir, env: { SPANLEDGER_SETTLEMENT_DELAY_MS: '300' } })
  const last = acknowledged.at(-1)
  assert.ok(last)
  await settledTrace(second, last.traceId, 1)
  await using store = await engineOf(second)
  const { ids, rowsAfterFinal } = await storedSpans(store)
  assert.deepEqual(acknowledged.filter((span) => !ids.has(span.spanId)).map((span) => span.spanId), [])
  assert.equal(rowsAfterFinal, ids.size)
})
