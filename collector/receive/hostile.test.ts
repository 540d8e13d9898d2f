/**
 * Hostile and awkward input, row by row: what must come of it, and what it may cost. A deadline shorter than the work is in
 * `admission.test.ts`, SIGTERM among exports in `e2e/receiver.test.ts`, what a circle of parents looks like in `query/skeleton/`. The receiver runs in a process of its own;
 * the bounds on its processor time are about five times what was measured, those on memory hold over all rows together.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { status } from '@grpc/grpc-js'
import { decodeResponse, encodeRequest } from '../decode/oracle.ts'
import { ProtobufWriter } from '../decode/protobuf-writer.ts'
import type { Usage } from './hostile-receiver.ts'
import { bodyBytesMax } from './limits.ts'
import { exportHeaders, flag, frame, frameType, grpcMessage, headerBlock, rawHttp2 } from './raw-http2.ts'
import { type GrpcSender, grpcSender, post } from './test-receiver.ts'

const MiB = 1024 * 1024
/** Resident memory of the receiver after everything below, in MiB: 256 in flight, what one request of spans takes, and Node. */
const peakMiBMax = 1_200

let child: ChildProcess
let receiver: { readonly http: string; readonly grpc: string }
let grpc: GrpcSender
before(async () => {
  child = fork(`${import.meta.dirname}/hostile-receiver.ts`, { serialization: 'json' })
  ;[receiver] = (await once(child, 'message')) as [typeof receiver]
  grpc = grpcSender(receiver)
})
after(async () => {
  const { peakMiB } = await usage()
  grpc[Symbol.dispose]()
  child.disconnect()
  await once(child, 'exit')
  assert.ok(peakMiB < peakMiBMax, `${peakMiB} MiB`)
})

async function usage(): Promise<Usage> {
  child.send('usage')
  const [used] = (await once(child, 'message')) as [Usage]
  return used
}

interface Cost {
  readonly cpuMs: number
  /** Spans added to the journal. */
  readonly spanRows: number
}

const span = (change: object = {}): object => ({
  traceId: randomBytes(16), spanId: randomBytes(8), name: 'chat', startTimeUnixNano: '1763683200000000000', endTimeUnixNano: '1763683201000000000', ...change,
})
const body = (...spans: readonly object[]): Buffer => encodeRequest({ resourceSpans: [{ scopeSpans: [{ spans }] }] })

/** What `act` costs the receiver, which afterwards serves others as before and holds nothing. */
async function cost(act: () => Promise<void>): Promise<Cost> {
  const before = await usage()
  await act()
  const after = await usage()
  assert.equal((await post(receiver, body(span()))).status, 200, 'HTTP serves on')
  assert.ok(Buffer.isBuffer(await grpc.send(body(span()))), 'gRPC serves on')
  return { cpuMs: after.cpuMs - before.cpuMs, spanRows: after.spanRows - before.spanRows }
}

interface Outcome {
  readonly status: number
  readonly rejected: number
  readonly message: string
}
async function sent(bytes: Buffer | string, headers: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const posted = await post(receiver, bytes, headers)
  if (posted.status !== 200) return { status: posted.status, rejected: 0, message: posted.body.toString() }
  if (headers['content-type'] === 'application/json') {
    const { partialSuccess } = JSON.parse(posted.body.toString()) as { partialSuccess?: { rejectedSpans: string; errorMessage: string } }
    return { status: 200, rejected: Number(partialSuccess?.rejectedSpans ?? 0), message: partialSuccess?.errorMessage ?? '' }
  }
  const { partialSuccess } = decodeResponse(posted.body)
  return { status: 200, rejected: Number(partialSuccess?.rejectedSpans ?? 0), message: partialSuccess?.errorMessage ?? '' }
}
const asJson = { 'content-type': 'application/json' }
const code = async (answer: Promise<Buffer | Error>): Promise<number> => {
  const got = await answer
  return got instanceof Error ? Number((got as Error & { code?: unknown }).code) : status.OK
}

/** A length-delimited field, `count` times with nothing in it: two bytes each. */
function empties(field: number, count: number): Buffer {
  const bytes = Buffer.alloc(count * 2)
  for (let i = 0; i < bytes.length; i += 2) bytes[i] = (field << 3) | 2
  return bytes
}
function wrapped(fields: readonly number[], inner: Buffer): Buffer {
  return fields.reduceRight((content, field) => {
    const writer = new ProtobufWriter()
    writer.bytes(field, content)
    return writer.finish()
  }, inner)
}
const spanOf = (...fields: readonly Buffer[]): Buffer =>
  Buffer.concat([wrapped([1], randomBytes(16)), wrapped([2], randomBytes(8)), ...fields])

/** One row of the table: what is sent, what must come of it, and processor time in milliseconds that it may take. */
function row(name: string, cpuMsMax: number, act: () => Promise<void>, spanRows: number): void {
  test(name, async () => {
    const used = await cost(act)
    assert.equal(used.spanRows, spanRows, 'spans stored')
    assert.ok(used.cpuMs < cpuMsMax, `${used.cpuMs} ms of processor time`)
  })
}

describe('protobuf', () => {
  row('truncated at every length: 400, or what is whole is taken', 5_000, async () => {
    const whole = body(span({ attributes: [{ key: 'k', value: { stringValue: 'v' } }] }))
    for (let length = 1; length < whole.length; length++) assert.equal((await sent(whole.subarray(0, length))).status, 400, `${length} bytes`)
  }, 0)

  row('broken framing: a group, field 0, a wrong wire type, a length beyond the end', 1_000, async () => {
    for (const bytes of [[0x0b], [0x0c], [0x02, 0], [0x0a, 0x7f], [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f], [0x0f], [0x80]]) {
      assert.equal((await sent(Buffer.from(bytes))).status, 400, String(bytes))
    }
    // `trace_id` as a varint is a field that nobody knows.
    assert.match((await sent(wrapped([1, 2, 2], Buffer.from([0x08, 1])))).message, /trace_id is not 16 bytes/)
  }, 0)

  row('a broken span costs its neighbours nothing', 1_000, async () => {
    const spans = [spanOf(), Buffer.from([0x0a, 0x28, 1]), spanOf(), Buffer.from([0x0b]), Buffer.alloc(0), spanOf(Buffer.from([0x4a, 2, 0x0a, 9])), spanOf()]
    const { status: answered, rejected } = await sent(wrapped([1, 2], Buffer.concat(spans.map((one) => wrapped([2], one)))))
    assert.deepEqual([answered, rejected], [200, 4])
  }, 3)

  row('logs on the path of the traces: told so', 1_000, async () => {
    const record = Buffer.concat([Buffer.from([0x09]), Buffer.alloc(8, 1), wrapped([5, 1], Buffer.from('text'))])
    assert.match((await sent(wrapped([1, 2, 2], record))).message, /is this the logs or metrics payload\?/)
  }, 0)

  row('a value nested 2,000 deep is cut, the batch is kept', 2_000, async () => {
    const deep = wrapped(Array.from({ length: 4_000 }, (_, level) => (level % 2 === 0 ? 5 : 1)), Buffer.alloc(0))
    const attribute = wrapped([9], Buffer.concat([wrapped([1], Buffer.from('deep')), wrapped([2], deep)]))
    const { status: answered, rejected, message } = await sent(wrapped([1, 2], Buffer.concat([spanOf(), spanOf(attribute), spanOf()].map((one) => wrapped([2], one)))))
    assert.deepEqual([answered, rejected], [200, 0])
    assert.match(message, /nested deeper than 32 levels/)
  }, 3)

  row('4 million empty spans in 8 MB', 8_000, async () => {
    assert.equal((await sent(wrapped([1, 2], empties(2, 4_000_000)))).rejected, 4_000_000)
  }, 0)

  row('a million empty attributes in 2 MB', 2_000, async () => {
    assert.match((await sent(wrapped([1, 2, 2], spanOf(empties(9, 1_000_000))))).message, /a span has at most 500000 fields/)
  }, 0)

  row('30 million empty resources in 60 MB', 5_000, async () => assert.equal((await sent(empties(1, 30_000_000))).status, 413), 0)
})

describe('compression', () => {
  row('bombs, 512 KiB that become 512 MiB: 413', 3_000, async () => {
    const member = gzipSync(Buffer.alloc(bodyBytesMax))
    assert.equal((await sent(Buffer.concat(Array.from({ length: 8 }, () => member)), { 'content-encoding': 'gzip' })).status, 413)
    assert.equal((await sent(zstdCompressSync(Buffer.alloc(8 * bodyBytesMax)), { 'content-encoding': 'zstd' })).status, 413)
  }, 0)

  row('garbage, truncated, upon each other, unknown: 400', 1_000, async () => {
    const whole = gzipSync(body(span()))
    for (const [coding, bytes] of [
      ['gzip', Buffer.from('garbage')], ['gzip', whole.subarray(0, -5)], ['gzip', Buffer.concat([whole, Buffer.from('x')])], ['zstd', whole], ['deflate', whole],
      ['gzip, gzip', gzipSync(whole)], ['snappy', whole],
    ] as const) assert.equal((await sent(bytes, { 'content-encoding': coding })).status, 400, coding)
  }, 0)

  row('members of gzip, identity, upper case: taken', 1_000, async () => {
    const whole = body(span())
    const members = Buffer.concat([gzipSync(whole.subarray(0, 9)), gzipSync(whole.subarray(9))])
    for (const [coding, bytes] of [['gzip', members], ['identity', body(span())], ['GZIP', gzipSync(body(span()))]] as const) {
      assert.equal((await sent(bytes, { 'content-encoding': coding })).status, 200, coding)
    }
  }, 3)

  row('the same in frames of gRPC: an error each, never a crash', 1_000, async () => {
    for (const [coding, message, expected] of [
      ['gzip', grpcMessage(1, Buffer.from('garbage')), status.INVALID_ARGUMENT], ['gzip', grpcMessage(1, gzipSync(Buffer.alloc(1_000)).subarray(0, 15)), status.INVALID_ARGUMENT],
      ['gzip', grpcMessage(1, Buffer.alloc(0)), status.INVALID_ARGUMENT], ['zstd', grpcMessage(1, Buffer.from('x')), status.UNIMPLEMENTED],
      ['identity', grpcMessage(0, Buffer.alloc(0), bodyBytesMax + 1), status.RESOURCE_EXHAUSTED],
    ] as const) assert.equal(await rawGrpcStatus(coding, message), expected, coding)
  }, 0)
})

/** `grpc-status` of a call whose message no well-behaved client would send. */
async function rawGrpcStatus(coding: string, message: Buffer): Promise<number> {
  const session = connectHttp2(`http://${receiver.grpc}`)
  try {
    const { ':authority': _, ':scheme': __, ...headers } = exportHeaders
    const stream = session.request({ ...headers, 'grpc-encoding': coding })
    const answered = new Promise<number>((resolve, reject) => {
      const look = (seen: Readonly<Record<string, unknown>>): void => {
        if (seen['grpc-status'] !== undefined) resolve(Number(seen['grpc-status']))
      }
      stream.on('response', look).on('trailers', look).on('error', reject).on('data', () => undefined)
    })
    stream.end(message)
    return await answered
  } finally {
    session.close()
  }
}

describe('values', () => {
  row('text that is no UTF-8 is repaired and told', 1_000, async () => {
    const bytes = body(span({ attributes: [{ key: 'k', value: { stringValue: 'aXb' } }] }))
    bytes[bytes.lastIndexOf('X')] = 0xff
    const { rejected, message } = await sent(bytes)
    assert.deepEqual([rejected, message], [0, '1 strings were not UTF-8, their bad bytes became U+FFFD'])
  }, 1)

  row('lone surrogates, NUL, emoji, right to left: stored', 1_000, async () => {
    const attributes = ['\\ud83d', 'a\\u0000b', '\u{1f9ff}', '\u05e9\u05dc\u05d5\u05dd'].map((text, n) => `{"key":"k${n}","value":{"stringValue":"${text}"}}`)
    const text = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"${randomBytes(16).toString('hex')}","spanId":"${randomBytes(8).toString('hex')}","attributes":[${attributes.join(',')}]}]}]}]}`
    assert.deepEqual(await sent(text, asJson), { status: 200, rejected: 0, message: '' })
  }, 1)

  row('values of 1, 16 and 63 MiB are cut and told', 5_000, async () => {
    for (const size of [1, 16, 63]) {
      const { rejected, message } = await sent(body(span({ attributes: [{ key: 'prompt', value: { stringValue: 'x'.repeat(size * MiB + 1) } }] }), span()))
      assert.deepEqual([rejected, message], [0, '1 attribute values were longer than 1048576 bytes and were cut'])
    }
  }, 6)

  row('10,000 attributes, the same key twice, no key, keys with dots', 2_000, async () => {
    const many = Array.from({ length: 10_000 }, (_, n) => ({ key: `key.${n}`, value: { intValue: n } }))
    const odd = ['a', 'a', 'a.b', '', '__proto__', 'constructor'].map((key) => ({ key, value: { stringValue: 'v' } }))
    assert.deepEqual(await sent(body(span({ attributes: many }), span({ attributes: odd }))), { status: 200, rejected: 0, message: '' })
  }, 2)
})

describe('spans', () => {
  row('ids that are zero, short, long, absent or no hex are rejected alone', 1_000, async () => {
    const wrong = [{ traceId: Buffer.alloc(16) }, { traceId: Buffer.alloc(15, 1) }, { spanId: Buffer.alloc(9, 1) }, { spanId: Buffer.alloc(0) }, { parentSpanId: Buffer.alloc(3, 1) }]
    assert.equal((await sent(body(span(), ...wrong.map(span), span()))).rejected, wrong.length)
    const good = { traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex') }
    const text = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [good, { ...good, traceId: 'abc' }, { ...good, spanId: 'no hex at all' }, 5, null, 'span'] }] }] })
    assert.deepEqual([(await sent(text, asJson)).rejected], [5])
  }, 3)

  row('nothing valid in it is 200 and a count, not 400', 1_000, async () => {
    assert.deepEqual(await sent(body({}, {})), { status: 200, rejected: 2, message: '2 rejected: trace_id is not 16 bytes; no span has a trace id: is this the logs or metrics payload?' })
  }, 0)

  row('times: end before start, 0, 1970, 2262, beyond 2^63; a batch over 200 days', 2_000, async () => {
    const day = 86_400_000_000_000n
    const times = [0n, 1n, 1_000_000_000n, 9_223_372_036_854_775_807n, 1n << 63n, (1n << 64n) - 1n]
    const odd = times.flatMap((time) => [span({ startTimeUnixNano: String(time), endTimeUnixNano: '5' }), span({ endTimeUnixNano: String(time) })])
    const days = Array.from({ length: 200 }, (_, n) => span({ startTimeUnixNano: String(1_763_683_200_000_000_000n - BigInt(n) * day) }))
    assert.deepEqual(await sent(body(...odd, ...days)), { status: 200, rejected: 0, message: '' })
  }, 212)

  row('a parent of itself, a circle, an orphan, two roots, an unknown kind and status', 1_000, async () => {
    const [traceId, a, b, c] = [randomBytes(16), randomBytes(8), randomBytes(8), randomBytes(8)]
    assert.deepEqual(await sent(body(
      span({ traceId, spanId: a, parentSpanId: a }), span({ traceId, spanId: b, parentSpanId: c }), span({ traceId, spanId: c, parentSpanId: b }),
      span({ traceId, parentSpanId: randomBytes(8) }), span({ traceId, kind: 99, status: { code: 7 } }), span({ traceId }),
    )), { status: 200, rejected: 0, message: '' })
  }, 6)

  row('100,000 spans of one trace in one request; one more is rejected', 15_000, async () => {
    // A span: 28 bytes, its ids.
    const one = Buffer.concat([Buffer.from([0x12, 28, 0x0a, 16]), randomBytes(16), Buffer.from([0x12, 8]), Buffer.alloc(8)])
    const spans = Buffer.alloc(one.length * 100_001, one)
    for (let n = 0; n < 100_001; n++) spans.writeUInt32BE(n + 1, (n + 1) * one.length - 4)
    assert.equal((await sent(wrapped([1, 2], spans))).rejected, 1)
  }, 100_000)
})

/** Opens `count` connections and leaves them as `write` does, while `during` runs. */
async function withSockets(address: string, count: number, write: (socket: Socket) => void, during: () => Promise<void>): Promise<void> {
  const { hostname, port } = new URL(address)
  const sockets = Array.from({ length: count }, () => connect(Number(port), hostname))
  for (const socket of sockets) socket.on('error', () => undefined /* hung up on, as it deserves */).resume()
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve).once('error', resolve))))
  for (const socket of sockets) write(socket)
  try {
    await during()
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}

const bothServe = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) {
    assert.equal((await post(receiver, body(span()))).status, 200)
    assert.equal(await code(grpc.send(body(span()))), status.OK)
    await sleep(20)
  }
}

describe('connections', () => {
  const head = 'POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n'
  row('500 that send their headers or their body a byte at a time', 5_000, () =>
    withSockets(receiver.http, 250, (socket) => socket.write(head), () =>
      withSockets(receiver.http, 250, (socket) => socket.write(`${head}Content-Length: 1000000\r\n\r\nx`), bothServe)), 10)

  row('500 that say nothing on the gRPC port, or half a greeting', 5_000, () =>
    withSockets(`http://${receiver.grpc}`, 250, () => undefined, () =>
      withSockets(`http://${receiver.grpc}`, 250, (socket) => socket.write('PRI * HTTP/2.0\r\n'), bothServe)), 10)

  row('headers of a megabyte, on both ports', 3_000, async () => {
    await assert.rejects(async () => {
      const answer = await fetch(`${receiver.http}/v1/traces`, { method: 'POST', body: '{}', headers: { 'x-large': 'x'.repeat(MiB) } })
      assert.equal(answer.status, 200)
    })
    const socket = await rawHttp2(receiver.grpc)
    const large = Buffer.concat([Buffer.from([0, 1, 0x61, 0x7f, 0x81, 0x7f]), Buffer.alloc(16_000, 0x62)])
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write(frame(frameType.headers, 0, 1, headerBlock(exportHeaders)))
    // Header blocks that never end: a CONTINUATION flood.
    for (let i = 0; i < 200 && !socket.destroyed; i++) socket.write(frame(frameType.continuation, 0, 1, large.subarray(0, 16_000)))
    await closed
  }, 0)

  row('rapid reset: 20,000 calls begun and taken back', 10_000, async () => {
    const socket = await rawHttp2(receiver.grpc)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    const block = headerBlock(exportHeaders)
    for (let n = 0; n < 20_000 && !socket.destroyed; n++) {
      const stream = 2 * n + 1
      socket.write(Buffer.concat([frame(frameType.headers, flag.endHeaders, stream, block), frame(frameType.rstStream, 0, stream, Buffer.from([0, 0, 0, 8]))]))
      if (n % 500 === 0) await sleep(1)
    }
    await closed
    await bothServe()
  }, 10)

  row('a flood of pings whose answers are never read', 5_000, async () => {
    const socket = await rawHttp2(receiver.grpc)
    socket.pause()
    const pings = Buffer.concat(Array.from({ length: 1_000 }, () => frame(frameType.ping, 0, 0, Buffer.alloc(8))))
    for (let i = 0; i < 100 && !socket.destroyed; i++) socket.write(pings)
    await bothServe()
    socket.destroy()
  }, 10)

  row('calls that begin and never send their message leave room for others', 3_000, async () => {
    const socket = await rawHttp2(receiver.grpc)
    const block = headerBlock(exportHeaders)
    for (let n = 0; n < 200; n++) socket.write(frame(frameType.headers, flag.endHeaders, 2 * n + 1, block))
    await bothServe()
    socket.destroy()
    while ((await usage()).held > 0) await sleep(10)
  }, 10)

  row('messages that begin large and are never finished: refused beyond what one connection may hold', 5_000, async () => {
    const session = connectHttp2(`http://${receiver.grpc}`)
    const begun = Buffer.alloc(5)
    begun.writeUInt32BE(bodyBytesMax, 1)
    const piece = Buffer.alloc(MiB)
    const goOn = (stream: ClientHttp2Stream, pieces: number): void => {
      if (pieces > 0 && !stream.destroyed) stream.write(piece, () => goOn(stream, pieces - 1))
    }
    const refused: unknown[] = []
    for (let n = 0; n < 10; n++) {
      const stream = session.request({ ':method': 'POST', ':path': '/opentelemetry.proto.collector.trace.v1.TraceService/Export', 'content-type': 'application/grpc', te: 'trailers' })
      stream.on('error', () => undefined).on('response', (headers) => refused.push(headers['grpc-status']))
      stream.write(begun)
      goOn(stream, 20)
    }
    // Six of 20 MiB have room in half of 256.
    for (let tries = 0; refused.length < 4; tries++) {
      assert.ok(tries < 1_000, `${refused.length} were refused`)
      await sleep(10)
    }
    assert.deepEqual(refused, Array.from(refused, () => String(status.UNAVAILABLE)))
    assert.equal((await post(receiver, body(span()))).status, 200, 'others have room meanwhile')
    session.destroy()
    while ((await usage()).held > 0) await sleep(10)
  }, 1)
})
