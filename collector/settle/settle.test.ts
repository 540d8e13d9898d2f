import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Store } from '#clickhouse/store.ts'
import { parsePolicies, starterPolicies } from '#otel-config/policy/policies.ts'
import { spanOf } from '#semconv/testdata/span-lines.ts'
import { Loader } from '../load/load.ts'
import { openHere } from '../load/segment-thread.ts'
import type { Log } from '../log.ts'
import { Metrics } from '../metrics.ts'
import { shippedBook } from '../price/book.ts'
import { Refused } from '../refused.ts'
import { Spool } from '../spool/spool.ts'
import { LiveTraces } from './live-traces.ts'
import { Settler } from './settle.ts'

/** Takes every insert and knows nothing: these traces need no history. */
const store = { database: 'd', cluster: '', read: async () => [], insert: async () => undefined } as unknown as Store

interface Settling {
  readonly live: LiveTraces
  readonly spool: Spool
  readonly metrics: Metrics
  readonly settler: Settler
}

/** A settler that is not started, over a journal of its own. */
async function settling(t: TestContext, log: Log): Promise<Settling> {
  const dir = await mkdtemp(join(tmpdir(), 'settle-'))
  const spool = await Spool.open({ dir, segmentBytesMax: 1e6, segmentAgeMsMax: 20, quotaBytes: 1e9, sync: (file) => file.datasync(), now: Date.now })
  const metrics = new Metrics()
  const live = new LiveTraces({ spansMax: 1000, settledSpansMax: 1000, processStartedAt: 0n })
  const loader = new Loader({ spool, store, open: (segment) => openHere({ spool, store }, segment), metrics, log })
  const options = { tenant: 't', project: 'p', prices: shippedBook(), policies: parsePolicies(starterPolicies()) }
  const settler = new Settler({ ...options, live, spool, loader, store, log, metrics, delayMs: 100, nowMs: () => performance.now(), nowNano: () => BigInt(Date.now()) * 1_000_000n })
  t.after(async () => {
    await settler.close(1_000)
    await spool.close()
    await loader.finished
    await rm(dir, { recursive: true, force: true })
  })
  return { live, spool, metrics, settler }
}

test('a trace that our own code stumbles over costs nobody else the settlement', async (t) => {
  const errors: string[] = []
  const { live, spool, metrics, settler } = await settling(t, { info: () => undefined, warn: () => undefined, error: (message) => void errors.push(message) })
  const facts = (traceId: string, line: string) => ({ ...spanOf(line), traceId, spanId: 'ab'.repeat(8), receivedAt: 1n })
  const good = 'aa'.repeat(16)
  const bad = 'bb'.repeat(16)
  const line = 's  -  model_call  sdk  0-100  10 in 5 out  model=gpt-4o'
  // What no decoder lets through, as a stand-in for a mistake of ours.
  const poisoned = facts(bad, line)
  live.add([{ facts: { ...poisoned, step: { ...poisoned.step, usage: { 'input.uncached': 0.5 } } }, first: true, decisions: [] }], [], performance.now(), 0)
  live.add([{ facts: facts(good, line), first: true, decisions: [] }], [], performance.now(), 0)
  await settler.start()
  while (live.get(good)?.settled !== true) await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(live.get(bad)?.settled, false)
  assert.ok((live.get(bad)?.failures ?? 0) >= 1)
  assert.deepEqual(errors, ['a trace cannot be settled, it is tried again'], 'said once, counted each time')
  assert.match(metrics.text(spool, Date.now()), /^spanledger_settlements_failed_total [1-9]/m)
})

test('settlement remembers which spans are charged for calls below them, until those have come', async (t) => {
  const { live, settler } = await settling(t, { info: () => undefined, warn: () => undefined, error: (message) => assert.fail(message) })
  const traceId = 'aa'.repeat(16)
  const [agent, call] = ['ab'.repeat(8), 'cd'.repeat(8)]
  const lumpsAfter = async (line: string): Promise<readonly string[]> => {
    live.add([{ facts: { ...spanOf(line), traceId, receivedAt: 1n }, first: true, decisions: [] }], [], performance.now(), 0)
    while (live.get(traceId)?.dirty === true) await new Promise((resolve) => setTimeout(resolve, 20))
    return [...live.get(traceId)?.lumps ?? []]
  }
  await settler.start()
  assert.deepEqual(await lumpsAfter(`${agent}  -  agent  sdk  0-900  10 in 5 out  model=gpt-4o`), [agent])
  assert.deepEqual(await lumpsAfter(`${call}  ${agent}  model_call  sdk  0-100  10 in 5 out  model=gpt-4o`), [])
})

test('settlements that nothing can be asked or written for are put off with one line, and one when they go on', async (t) => {
  const said: string[] = []
  const say = (message: string): void => void said.push(message)
  const { live, spool, settler } = await settling(t, { info: say, warn: say, error: say })
  let refused = 0
  const append = spool.append.bind(spool)
  spool.append = (frame) => (refused < 3 ? (refused++, Promise.reject(new Refused('overloaded', 'the disk is nearly full'))) : append(frame))
  const traceId = 'aa'.repeat(16)
  live.add([{ facts: { ...spanOf('s  -  model_call  sdk  0-100  10 in 5 out  model=gpt-4o'), traceId, spanId: 'ab'.repeat(8), receivedAt: 1n }, first: true, decisions: [] }], [], performance.now(), 0)
  await settler.start()
  while (live.get(traceId)?.settled !== true) await new Promise((resolve) => setTimeout(resolve, 20))
  while (said.length < 2) await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(refused, 3)
  assert.deepEqual(said, ['settlements are put off, they are tried again', 'settlements go on'])
})

test('while it cannot be said what is summed up, that too is one line, and one when it can', async (t) => {
  const said: string[] = []
  const say = (message: string): void => void said.push(message)
  const { live, spool, settler } = await settling(t, { info: say, warn: say, error: say })
  // What stands in the way of the file.
  const draft = join(spool.dir, 'summed-up.json.draft')
  await mkdir(draft)
  live.add([{ facts: { ...spanOf('s  -  model_call  sdk  0-100  10 in 5 out  model=gpt-4o'), traceId: 'aa'.repeat(16), spanId: 'ab'.repeat(8), receivedAt: 1n }, first: true, decisions: [] }], [], performance.now(), 0)
  await settler.start()
  while (said.length < 1) await new Promise((resolve) => setTimeout(resolve, 20))
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  assert.deepEqual(said, ['settlements are put off, they are tried again'])
  await rmdir(draft)
  while (said.length < 2) await new Promise((resolve) => setTimeout(resolve, 20))
  assert.deepEqual(said, ['settlements are put off, they are tried again', 'settlements go on'])
})
