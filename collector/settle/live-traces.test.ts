import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { account } from '#semconv/account.ts'
import { spanOf } from '#semconv/testdata/span-lines.ts'
import { type Charge, chargeArrivals, chargeRows } from '../derive/charge.ts'
import { shippedBook } from '../price/book.ts'
import { postedOf, spansOf, writeAllOut } from './held-charges.ts'
import type { LiveSpan } from './held-spans.ts'
import { LiveTraces } from './live-traces.ts'
import { post } from './post.ts'
import { readSummedUp, writeSummedUp } from './summed-up.ts'

const line = 's  -  model_call  sdk  0-100  10 in 5 out  model=gpt-4o'
const [one, two] = ['aa'.repeat(16), 'bb'.repeat(16)]

function arrive(live: LiveTraces, traceId: string, receivedAt: bigint): void {
  live.add([{ facts: { ...spanOf(line), traceId, spanId: 'ab'.repeat(8), receivedAt }, first: true, decisions: [] }], [], 0, 0)
}

/** As a settlement does it once its summary is durable. */
function summedUp(live: LiveTraces, traceId: string): void {
  const trace = live.get(traceId)
  assert.ok(trace)
  trace.unsummarizedSince = 0n
}

test('what is summed up ends before a request on its way and before the first span without a summary', () => {
  const live = new LiveTraces({ spansMax: 10, settledSpansMax: 10, processStartedAt: 0n })
  assert.equal(live.summedUpThrough(), 0n)
  live.arriving(5n)
  assert.deepEqual([live.arrivedThrough(9n), live.arrivedThrough(3n)], [4n, 3n])
  arrive(live, one, 10n)
  arrive(live, two, 12n)
  arrive(live, one, 14n)
  assert.equal(live.summedUpThrough(), 5n)
  live.arrived(5n)
  assert.equal(live.arrivedThrough(9n), 9n)
  assert.equal(live.summedUpThrough(), 10n)
  summedUp(live, one)
  assert.equal(live.summedUpThrough(), 12n)
  summedUp(live, two)
  assert.equal(live.summedUpThrough(), 15n, 'the last span itself is summed up: a start that looks at it reads its whole trace again')
  live.revisit(one, 0, 0, 3n)
  assert.equal(live.summedUpThrough(), 3n, 'what a former process left is open until it is summed up')
})

test('a trace that began after this process did may have a history until it is known which of them a former one stored', () => {
  const live = new LiveTraces({ spansMax: 10, settledSpansMax: 10, processStartedAt: 0n })
  for (const traceId of [one, two]) arrive(live, traceId, 1n)
  const asked = (): boolean[] => [one, two].map((traceId) => live.mayHaveHistory(live.get(traceId) ?? assert.fail()))
  assert.deepEqual(asked(), [true, true])
  live.remember([two])
  assert.deepEqual(asked(), [false, true])
})

test('what a process said is summed up is read by the next, and nothing where nobody said it', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'summed-up-'))
  t.after(() => rm(dir, { recursive: true }))
  assert.equal(await readSummedUp(dir), undefined)
  await writeSummedUp(dir, 1_795_000_000_000_000_001n)
  assert.equal(await readSummedUp(dir), 1_795_000_000_000_000_001n)
  await writeFile(join(dir, 'summed-up.json'), '{"thr')
  assert.equal(await readSummedUp(dir), undefined)
})

test('a call that comes again with another start of its day, when its trace was forgotten, is the line that is there', () => {
  const options = { tenant: 't', project: 'p', prices: shippedBook() }
  const told = (line: string, receivedAt: bigint): LiveSpan => ({ ...spanOf(line), traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), receivedAt })
  const charged = (facts: LiveSpan): Charge[] => chargeArrivals([{ facts, first: true, decisions: [] }], () => undefined, options, { add: () => undefined })
  const first = told('c  -  model_call  ai  10-300  100 in 20 out  model=gpt-4o', 1n)
  const again = told('c  -  model_call  ai  15-300  100 in 20 out  model=gpt-4o', 2n)
  const live = new LiveTraces({ spansMax: 100, settledSpansMax: 100, processStartedAt: 0n })
  live.add([{ facts: again, first: true, decisions: [] }], charged(again), 0, 0)
  const trace = live.get(again.traceId)
  assert.ok(trace)
  writeAllOut(trace, options)
  live.merge(trace, [first], charged(first).flatMap((charge) => chargeRows(charge, options)), [])
  const spans = spansOf(trace)
  const posted = postedOf(trace, spans)
  assert.deepEqual(post(account([...spans.values()], { replayed: new Set(), mirrored: new Set() }), spans, posted, 3n, options).rows, [])
  assert.equal(trace.entries.size, 2)
})
