import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { constants, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { parsePolicies, starterPolicies } from '#otel-config/policy/policies.ts'
import { IngestAccount } from '../account/account.ts'
import { KnownRecords } from '../account/known-records.ts'
import { Conformance } from '../conformance/conformance.ts'
import { Metrics } from '../metrics.ts'
import { shippedBook } from '../price/book.ts'
import { LiveTraces } from '../settle/live-traces.ts'
import { Spool } from '../spool/spool.ts'
import { httpReceiver } from './http.ts'
import { Admission, bytesInFlightMax } from './admission.ts'
import { bodyBytesMax } from './limits.ts'
import { Turns } from './turns.ts'

interface Receiver {
  readonly admission: Admission
  readonly turns: Turns
  post(body: Buffer, coding?: string): Promise<Response>
}

async function receiver(t: TestContext): Promise<Receiver> {
  const dir = await mkdtemp(join(tmpdir(), 'http-'))
  const spool = await Spool.open({ dir, segmentBytesMax: 1e9, segmentAgeMsMax: 60_000, quotaBytes: 1e9, sync: (file) => file.datasync(), now: Date.now })
  const log = { info: () => undefined, warn: () => undefined, error: (message: string) => assert.fail(message) }
  const admission = new Admission({ spoolFull: () => false, diskFull: () => false, loopLate: () => false })
  const turns = new Turns(() => performance.now())
  const http = httpReceiver({
    host: '127.0.0.1',
    admission,
    ingest: {
      tenant: 't', project: 'p', prices: shippedBook(), policies: parsePolicies(starterPolicies()), spool, metrics: new Metrics(), log, turns,
      account: new IngestAccount({ tenant: 't', project: 'p' }), known: new KnownRecords(),
      conformance: new Conformance({ tenant: 't', project: 'p' }),
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
    admission, turns,
    post: (body, coding = 'gzip') => fetch(`http://127.0.0.1:${port}/v1/traces`, {
      method: 'POST', body: new Uint8Array(body), headers: { 'Content-Type': 'application/x-protobuf', 'Content-Encoding': coding },
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
  const { admission, post, turns } = await receiver(t)
  const half = gzipSync(unknownField(bodyBytesMax / 2))
  // Nobody is decoded while these hold every turn, so that the bodies stay.
  const turn = await turns.take()
  const fitting = bytesInFlightMax / (bodyBytesMax / 2) - 1
  const waiting = Array.from({ length: fitting }, () => post(half))
  const deadline = Date.now() + 20_000
  while (admission.bytes < fitting * (bodyBytesMax / 2)) {
    assert.ok(Date.now() < deadline, 'the decompressed bytes are not held')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await new Promise((resolve) => setTimeout(resolve, 300))
  const refused = await post(half)
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1'])
  turn.give()
  assert.deepEqual((await Promise.all(waiting)).map((answer) => answer.status), waiting.map(() => 200))
  assert.deepEqual([admission.bytes, admission.requests], [0, 0], 'all of it was released')
})

const codings: Readonly<Record<string, (body: Buffer) => Buffer>> = { gzip: gzipSync, deflate: deflateSync, zstd: zstdCompressSync, GZip: gzipSync }
for (const [coding, compress] of Object.entries(codings)) {
  test(`small, large, too large and broken ${coding}`, async (t) => {
    const { admission, post } = await receiver(t)
    const status = async (body: Buffer): Promise<number> => (await post(body, coding)).status
    assert.equal(await status(compress(Buffer.alloc(0))), 200)
    assert.equal(await status(compress(unknownField(bodyBytesMax))), 200)
    assert.equal(await status(compress(unknownField(bodyBytesMax + 1))), 413)
    assert.equal(await status(Buffer.from('not compressed')), 400)
    assert.equal(await status(Buffer.alloc(0)), 400)
    const large = compress(unknownField(3 * 1024 * 1024))
    assert.equal(await status(large.subarray(0, -20)), 400)
    assert.equal(await status(Buffer.concat([large, Buffer.from('more')])), 400)
    assert.equal(await status(Buffer.concat([compress(Buffer.alloc(0)), Buffer.from('more')])), 400)
    assert.deepEqual([admission.bytes, admission.requests], [0, 0], 'all of it was released')
  })
}

test('of gzip every member is read; of zstd one frame, because what is behind it would be lost', async (t) => {
  const { post } = await receiver(t)
  const [body, half] = [unknownField(1_000), 500]
  const parts = (compress: (part: Buffer) => Buffer): Buffer => Buffer.concat([compress(body.subarray(0, half)), compress(body.subarray(half))])
  assert.equal((await post(parts(gzipSync))).status, 200)
  assert.equal((await post(parts(zstdCompressSync), 'zstd')).status, 400)
})

test('a zstd frame that asks for a larger window than its content coding allows is refused', async (t) => {
  const { post } = await receiver(t)
  const body = zstdCompressSync(unknownField(40 * 1024 * 1024), { params: { [constants.ZSTD_c_windowLog]: 27, [constants.ZSTD_c_contentSizeFlag]: 0 } })
  assert.equal((await post(body, 'zstd')).status, 400)
})

test('codings we have none of, and one upon the other', async (t) => {
  const { post } = await receiver(t)
  for (const coding of ['br', 'snappy', 'gzip, gzip', '__proto__', 'constructor']) {
    const answer = await post(gzipSync(Buffer.alloc(0)), coding)
    assert.equal(answer.status, 400, coding)
    assert.match(await answer.text(), /is not supported, use gzip, deflate, zstd or identity/)
  }
  assert.equal((await post(Buffer.alloc(0), 'identity')).status, 200)
})
