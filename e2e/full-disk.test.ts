/** The whole program on a disk that others fill, with the real limits. */
import assert from 'node:assert/strict'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ServiceError, status as grpcStatus } from '@grpc/grpc-js'
import { smallDisk } from '#collector/spool/small-disk.ts'
import { until } from './until.ts'
import { engineOf, storedSpans } from './engine.ts'
import { exportRequest, type MadeSpan, modelCall, newTraceId } from './made-span.ts'
import { startProgram } from './program.ts'
import { grpcExporter, post } from './sending.ts'

/** ClickHouse alone takes some 60 MiB of it; a tenth is the reserve. */
const diskSize = '400m'
const waitMsMax = 60_000

/** Four spans with an answer of 40 kB each. */
const batch = (): MadeSpan[] => Array.from({ length: 4 }, () => {
  const call = modelCall({ traceId: newTraceId() }, { input: 1, output: 1 })
  return { ...call, attributes: { ...call.attributes, 'gen_ai.output.messages': newTraceId().repeat(1_250) } }
})

test('a full disk under load: nothing acknowledged is lost, senders are told to come back, and it goes on when there is room', async (t) => {
  const mounted = await smallDisk(diskSize)
  if (typeof mounted === 'string') return t.skip(mounted)
  await using disk = mounted
  await using program = await startProgram({ dataDir: join(disk.dir, 'data'), env: { SPANLEDGER_SETTLEMENT_DELAY_MS: '300' } })
  using grpc = grpcExporter(program)
  const acknowledged: MadeSpan[] = []
  const refused: MadeSpan[] = []
  const send = async (): Promise<boolean> => {
    const spans = batch()
    const { status, headers } = await post(program, exportRequest(spans))
    if (status !== 200) assert.match(`${status} ${headers.get('retry-after')}`, /^503 [123]$/)
    ;(status === 200 ? acknowledged : refused).push(...spans)
    return status === 200
  }
  // Others fill the disk, faster than anybody looks.
  const others = await open(join(disk.dir, 'others'), 'w')
  const fill = async (): Promise<void> => void (await others.write(Buffer.alloc(1024 * 1024)).catch((error: unknown) => assert.match(String(error), /ENOSPC/)))
  const metrics = async (): Promise<string> => (await fetch(`${program.console}/metrics`)).text()
  await until('there is load', waitMsMax, async () => (await send()) && /ballast_bytes [1-9]/.test(await metrics()))
  for (let turn = 0; turn < 600; turn++) {
    await fill()
    if (turn % 4 === 0) await send()
  }
  await others.close()
  assert.ok(refused.length > 0, 'the disk is full')
  await until('the ballast is given up', waitMsMax, async () => /ballast_bytes 0\n/.test(await metrics()))
  const error = await grpc.send(exportRequest(batch())).then(() => undefined, (reason: unknown) => reason as ServiceError)
  assert.deepEqual([error?.code, error?.metadata.get('google.rpc.retryinfo-bin').length], [grpcStatus.UNAVAILABLE, 1])
  assert.match(error?.details ?? '', /disk|spool cannot write/)

  await rm(join(disk.dir, 'others'))
  await until('senders are taken again', waitMsMax, async () => (await send()) || (await sleep(200), false))
  await until('everything acknowledged is stored', waitMsMax, async () => {
    await using store = await engineOf(program)
    const ids = await storedSpans(store).then(({ ids }) => ids, () => new Set<string>())
    return acknowledged.every(({ spanId }) => ids.has(spanId))
  })
  await until('the ballast is there again', waitMsMax, async () => /ballast_bytes [1-9]/.test(await metrics()))
  t.diagnostic(`${acknowledged.length} spans acknowledged and stored, ${refused.length} refused`)
})
