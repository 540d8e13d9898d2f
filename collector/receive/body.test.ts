import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeRequest } from '../decode/oracle.ts'
import { startTestReceiver, type TestReceiver } from './test-receiver.ts'

const span = (id: number): object => ({ traceId: Buffer.alloc(16, 1), spanId: Buffer.alloc(8, id), name: 'chat' })
const bodyOf = (id: number): Buffer => encodeRequest({ resourceSpans: [{ scopeSpans: [{ spans: [span(id)] }] }] })
const head = (framing: string): string => `POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n${framing}\r\n\r\n`
const withLength = (body: Buffer): Buffer => Buffer.concat([Buffer.from(head(`Content-Length: ${body.length}`)), body])
const inChunks = (body: Buffer, size: number): Buffer => {
  const parts = Array.from({ length: Math.ceil(body.length / size) }, (_, i) => body.subarray(i * size, (i + 1) * size))
  return Buffer.concat([Buffer.from(head('Transfer-Encoding: chunked')), ...parts.flatMap((part) => [Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]), Buffer.from('0\r\n\r\n')])
}

async function opened(t: TestContext): Promise<{ readonly receiver: TestReceiver; readonly socket: () => Socket }> {
  const receiver = await startTestReceiver()
  t.after(() => receiver[Symbol.asyncDispose]())
  return { receiver, socket: () => connect(Number(new URL(receiver.http).port), '127.0.0.1').setNoDelay(true) }
}

/** The status lines of so many answers. */
async function answers(socket: Socket, count: number): Promise<string[]> {
  let text = ''
  socket.setEncoding('latin1')
  while ((text.match(/^HTTP\/1\.1 \d+/gm)?.length ?? 0) < count) text += String((await once(socket, 'data'))[0])
  return text.match(/^HTTP\/1\.1 \d+/gm)?.map((line) => line.slice(9)) ?? []
}

const stored = ({ metrics, spool }: TestReceiver): number => Number(/^spanledger_spans_stored_total (\d+)$/m.exec(metrics.text(spool, 0))?.[1])

test('however a body comes, it is taken once', async (t) => {
  const { receiver, socket } = await opened(t)
  const whole: readonly (readonly [string, Buffer])[] = [
    ['with its length', withLength(bodyOf(1))], ['in one chunk', inChunks(bodyOf(2), 1_000)], ['in chunks of a byte', inChunks(bodyOf(3), 1)], ['none', withLength(Buffer.alloc(0))], ['none, in chunks', inChunks(Buffer.alloc(0), 1)],
  ]
  for (const [what, bytes] of whole) {
    const one = socket()
    one.write(bytes)
    assert.deepEqual(await answers(one, 1), ['200'], what)
    one.destroy()
  }
  const trickling = socket()
  for (const byte of withLength(bodyOf(4))) {
    trickling.write(Buffer.of(byte))
    await sleep(0)
  }
  assert.deepEqual(await answers(trickling, 1), ['200'])
  trickling.destroy()
  const pipelined = socket()
  pipelined.write(Buffer.concat([withLength(bodyOf(5)), inChunks(bodyOf(6), 7), withLength(bodyOf(5))]))
  assert.deepEqual(await answers(pipelined, 3), ['200', '200', '200'])
  pipelined.destroy()
  assert.equal(stored(receiver), 6)
  assert.deepEqual([receiver.admission.requests, receiver.admission.bytes], [0, 0])
})

test('a body that breaks off anywhere leaves nothing held, and nothing of it is taken', async (t) => {
  const { receiver, socket } = await opened(t)
  for (const bytes of [withLength(bodyOf(1)), inChunks(bodyOf(1), 5)]) {
    for (let cut = head('').length; cut < bytes.length; cut += 3) {
      const one = socket()
      await once(one, 'connect')
      one.write(bytes.subarray(0, cut))
      if (cut % 2 === 0) await sleep(2)
      if (cut % 4 === 0) one.destroy()
      else one.resetAndDestroy()
    }
  }
  const deadline = Date.now() + 10_000
  while (receiver.admission.requests > 0 && Date.now() < deadline) await sleep(10)
  assert.deepEqual([receiver.admission.requests, receiver.admission.bytes, stored(receiver)], [0, 0, 0])
  const after = socket()
  after.write(withLength(bodyOf(2)))
  assert.deepEqual(await answers(after, 1), ['200'], 'the next one is taken')
  after.destroy()
})

test('chunks beyond the largest body are refused, and the room is free again', async (t) => {
  const { receiver, socket } = await opened(t)
  const one = socket()
  one.on('error', () => undefined)
  one.write(head('Transfer-Encoding: chunked'))
  const answer = answers(one, 1)
  const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(0x10_0000, 1), Buffer.from('\r\n')])
  for (let mebibytes = 0; mebibytes < 70 && !one.destroyed; mebibytes++) if (!one.write(chunk)) await sleep(5)
  assert.deepEqual(await answer, ['413'])
  one.destroy()
  assert.deepEqual([receiver.admission.requests, receiver.admission.bytes, stored(receiver)], [0, 0, 0])
})
