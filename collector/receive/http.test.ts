import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { parsePolicies, starterPolicies } from '#otel-config/policy/policies.ts'
import { IngestAccount } from '../account/account.ts'
import { KnownSpans } from '../account/known-spans.ts'
import { Metrics } from '../metrics.ts'
import { shippedBook } from '../price/book.ts'
import { LiveTraces } from '../settle/live-traces.ts'
import { Spool } from '../spool/spool.ts'
import { httpReceiver } from './http.ts'
import { bodyBytesMax, bytesInFlightMax, InFlight, Turns } from './limits.ts'

interface Receiver {
  readonly inFlight: InFlight
  readonly turns: Turns
  post(body: Buffer): Promise<Response>
}

async function receiver(t: TestContext): Promise<Receiver> {
  const dir = await mkdtemp(join(tmpdir(), 'http-'))
  const spool = await Spool.open({ dir, segmentBytesMax: 1e9, segmentAgeMsMax: 60_000, quotaBytes: 1e9, sync: (file) => file.datasync(), now: Date.now })
  const log = { info: () => undefined, warn: () => undefined, error: (message: string) => assert.fail(message) }
  const inFlight = new InFlight()
  const turns = new Turns()
  const http = httpReceiver({
    host: '127.0.0.1',
    inFlight,
    ingest: {
      tenant: 't', project: 'p', prices: shippedBook(), policies: parsePolicies(starterPolicies()), spool, metrics: new Metrics(), log, turns,
      account: new IngestAccount({ tenant: 't', project: 'p' }), known: new KnownSpans(),
      live: new LiveTraces({ spansMax: 1000, settledSpansMax: 1000, processStartedAt: 0n }), nowNano: () => 1n, nowMs: () => performance.now(),
    },
  })
  http.server.listen(0, '127.0.0.1')
  await once(http.server, 'listening')
  t.after(async () => {
    await http.close(1_000)
    await spool.close()
    await rm(dir, { recursive: true, force: true })
  })
  const { port } = http.server.address() as AddressInfo
  return {
    inFlight, turns,
    post: (body) => fetch(`http://127.0.0.1:${port}/v1/traces`, {
      method: 'POST', body: new Uint8Array(body), headers: { 'Content-Type': 'application/x-protobuf', 'Content-Encoding': 'gzip' },
    }),
  }
}

/** A request whose only field nobody knows: any number of bytes, nothing to store. */
function unknownField(bytes: number): Buffer {
  const body = Buffer.alloc(bytes)
  // Field 15, length in five bytes.
  body.set([(15 << 3) | 2, ...[0, 7, 14, 21].map((shift) => (((bytes - 6) >>> shift) & 0x7f) | 0x80), (bytes - 6) >>> 28])
  return body
}

test('what a body becomes when it is decompressed counts as held, and is let go of', async (t) => {
  const { inFlight, post, turns } = await receiver(t)
  const half = gzipSync(unknownField(bodyBytesMax / 2))
  // Nobody is decoded while these hold every turn, so that the bodies stay.
  await Promise.all(Array.from({ length: 4 }, () => turns.take()))
  const fitting = bytesInFlightMax / (bodyBytesMax / 2) - 1
  const waiting = Array.from({ length: fitting }, () => post(half))
  const rest = bytesInFlightMax - fitting * (bodyBytesMax / 2)
  const deadline = Date.now() + 20_000
  while (inFlight.reserve(rest)) {
    inFlight.release(rest)
    assert.ok(Date.now() < deadline, 'the decompressed bytes are not held')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await new Promise((resolve) => setTimeout(resolve, 300))
  const refused = await post(half)
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1'])
  for (let i = 0; i < 4; i++) turns.give()
  assert.deepEqual((await Promise.all(waiting)).map((answer) => answer.status), waiting.map(() => 200))
  assert.ok(inFlight.reserve(bytesInFlightMax), 'all of it was released')
})

test('small, large, too large and broken gzip', async (t) => {
  const { inFlight, post } = await receiver(t)
  assert.equal((await post(gzipSync(Buffer.alloc(0)))).status, 200)
  assert.equal((await post(gzipSync(unknownField(bodyBytesMax)))).status, 200)
  assert.equal((await post(gzipSync(unknownField(bodyBytesMax + 1)))).status, 413)
  assert.equal((await post(Buffer.from('no gzip'))).status, 400)
  assert.equal((await post(gzipSync(unknownField(3 * 1024 * 1024)).subarray(0, -20))).status, 400)
  assert.ok(inFlight.reserve(bytesInFlightMax), 'all of it was released')
})
