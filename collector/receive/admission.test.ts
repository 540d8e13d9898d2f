import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { status } from '@grpc/grpc-js'
import { encodeRequest } from '../decode/oracle.ts'
import { Refused, type RefusalReason } from '../refused.ts'
import { Admission, bytesInFlightMax, bytesOfConnectionMax, requestsInFlightMax } from './admission.ts'
import { Lateness, lateInRow, lateMs, recoveredMs } from './loop-delay.ts'
import { bodyBytesMax, retrySeconds } from './limits.ts'
import { grpcSender, post, startTestReceiver, type TestReceiver } from './test-receiver.ts'

const open = { spoolFull: () => false, diskFull: () => false, loopLate: () => false }
const refusedFor = (reason: RefusalReason) => (error: unknown): boolean => error instanceof Refused && error.verdict === 'overloaded' && error.reason === reason

test('bytes are bounded for a connection and in total, and what is released has room again', () => {
  const admission = new Admission(open)
  admission.hold('a', bytesOfConnectionMax)
  assert.throws(() => admission.hold('a', 1), refusedFor('bytes_of_connection'))
  admission.hold('b', bytesInFlightMax - bytesOfConnectionMax)
  assert.throws(() => admission.hold('c', 1), refusedFor('bytes_in_flight'))
  assert.throws(() => admission.expect('c', 1), refusedFor('bytes_in_flight'))
  admission.release('a', bytesOfConnectionMax)
  admission.expect('c', bytesOfConnectionMax)
  admission.hold('a', 1)
  assert.equal(admission.bytes, bytesInFlightMax - bytesOfConnectionMax + 1)
})

test('requests are bounded, refused ones take no place', () => {
  const pressure = { spoolFull: false, diskFull: false, loopLate: false }
  const admission = new Admission({ spoolFull: () => pressure.spoolFull, diskFull: () => pressure.diskFull, loopLate: () => pressure.loopLate })
  for (let i = 0; i < requestsInFlightMax; i++) admission.enter()
  assert.throws(() => admission.enter(), refusedFor('requests_in_flight'))
  admission.leave()
  pressure.spoolFull = true
  assert.throws(() => admission.enter(), refusedFor('spool_full'))
  pressure.spoolFull = false
  pressure.loopLate = true
  assert.throws(() => admission.enter(), refusedFor('event_loop_late'))
  pressure.loopLate = false
  admission.enter()
})

test('one late turn is forgiven, several are not, and recovery needs to be clear', () => {
  const lateness = new Lateness()
  const seen = (...delays: readonly number[]): boolean => {
    for (const delay of delays) lateness.observe(delay)
    return lateness.late
  }
  assert.equal(seen(lateMs * 10, 0, lateMs * 10, 0), false)
  assert.equal(seen(...Array.from({ length: lateInRow }, () => lateMs + 1)), true)
  assert.equal(seen(recoveredMs + 1, lateMs - 1, recoveredMs + 1), true, 'at the edge it stays')
  assert.equal(seen(recoveredMs - 1), false)
})

async function running(t: TestContext): Promise<TestReceiver> {
  const receiver = await startTestReceiver()
  t.after(() => receiver[Symbol.asyncDispose]())
  return receiver
}
const body = encodeRequest({ resourceSpans: [] })
const refusedCount = (receiver: TestReceiver, labels: string): number =>
  Number(new RegExp(`^spanledger_requests_refused_total\\{${labels}\\} (\\d+)$`, 'm').exec(receiver.metrics.text(receiver.spool, 0))?.[1] ?? 0)

test('pressure refuses before a body is read, with a hint, and is counted by reason and client', async (t) => {
  const receiver = await running(t)
  using grpc = grpcSender(receiver, { 'grpc.primary_user_agent': 'agent/7' })
  for (const [key, reason] of [['spoolFull', 'spool_full'], ['diskFull', 'disk_full'], ['loopLate', 'event_loop_late']] as const) {
    receiver.pressure[key] = true
    // Not even gzip: nobody looks.
    const posted = await post(receiver, Buffer.from('garbage'), { 'content-encoding': 'gzip', 'user-agent': 'agent/7 (x)' })
    assert.deepEqual([posted.status, posted.headers.get('retry-after')], [503, '1'])
    const error = await grpc.send(Buffer.alloc(4 * 1024 * 1024))
    assert.ok(error instanceof Error)
    assert.deepEqual([error.code, error.metadata.get('google.rpc.retryinfo-bin').length], [status.UNAVAILABLE, 1])
    receiver.pressure[key] = false
    assert.equal(refusedCount(receiver, `reason="${reason}",client="agent/7"`), 2)
  }
  assert.equal((await post(receiver, body)).status, 200)
  assert.ok(Buffer.isBuffer(await grpc.send(body)))
  assert.deepEqual([receiver.admission.requests, receiver.admission.bytes], [0, 0])
})

test('a gRPC message that is too large to be read is refused and counted as any other', async (t) => {
  const receiver = await running(t)
  using grpc = grpcSender(receiver, { 'grpc.primary_user_agent': 'agent/7' })
  const error = await grpc.send(Buffer.alloc(bodyBytesMax + 1))
  assert.ok(error instanceof Error)
  assert.deepEqual([error.code, refusedCount(receiver, 'reason="too_large",client="agent/7"')], [status.RESOURCE_EXHAUSTED, 1])
  assert.deepEqual([receiver.admission.requests, receiver.admission.bytes], [0, 0])
})

/** A POST whose body waits for `100 Continue`: the answer, and whether the body was asked for. */
async function expecting(receiver: TestReceiver, bytes: Buffer, announced: number): Promise<{ readonly status: number | undefined; readonly continued: boolean; readonly connection: string | undefined }> {
  const sent = request(`${receiver.http}/v1/traces`, {
    method: 'POST', headers: { 'content-type': 'application/x-protobuf', 'content-length': announced, expect: '100-continue' },
  })
  let continued = false
  sent.on('continue', () => {
    continued = true
    sent.end(bytes)
  })
  sent.flushHeaders()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  response.resume()
  sent.destroy()
  return { status: response.statusCode, continued, connection: response.headers.connection }
}

test('Expect: 100-continue: a body is asked for only where it is wanted', async (t) => {
  const receiver = await running(t)
  assert.deepEqual(await expecting(receiver, body, body.length), { status: 200, continued: true, connection: 'keep-alive' })
  assert.deepEqual(await expecting(receiver, body, 65 * 1024 * 1024), { status: 413, continued: false, connection: 'close' })
  receiver.pressure.spoolFull = true
  assert.deepEqual(await expecting(receiver, body, 100), { status: 503, continued: false, connection: 'close' })
})

test('announcing a large body takes no room from others', async (t) => {
  const receiver = await running(t)
  const { port } = new URL(receiver.http)
  const sockets = Array.from({ length: 8 }, () => connect(Number(port), '127.0.0.1'))
  for (const socket of sockets) socket.write('POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Length: 67000000\r\n\r\nx')
  const deadline = Date.now() + 10_000
  while (receiver.admission.requests < sockets.length && Date.now() < deadline) await sleep(5)
  assert.equal(receiver.admission.requests, sockets.length)
  assert.equal((await post(receiver, gzipSync(body), { 'content-encoding': 'gzip' })).status, 200)
  for (const socket of sockets) socket.destroy()
})

test('a deadline shorter than the work: the work is done, sent again it is the same span, and nothing stays held', async (t) => {
  const receiver = await running(t)
  using grpc = grpcSender(receiver)
  const one = encodeRequest({ resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: Buffer.alloc(16, 1), spanId: Buffer.alloc(8, 1) }] }] }] })
  const turn = await receiver.turns.take()
  const given = grpc.send(one, { deadlineMs: 1_000 })
  while (receiver.admission.bytes === 0) await sleep(5)
  const answer = await given
  assert.ok(answer instanceof Error)
  assert.equal(answer.code, status.DEADLINE_EXCEEDED)
  turn.give()
  assert.ok(Buffer.isBuffer(await grpc.send(one)))
  assert.match(receiver.metrics.text(receiver.spool, 0), /^spanledger_spans_stored_total 1$[^]*^spanledger_spans_deduplicated_total 1$/m)
  assert.deepEqual([receiver.admission.requests, receiver.admission.bytes], [0, 0])
})

test('the fuller the spool, the longer the wait, and never so long that an exporter gives up', () => {
  assert.deepEqual([0, 0.49, 0.5, 0.89, 0.9, 1].map(retrySeconds), [1, 1, 2, 2, 3, 3])
})
