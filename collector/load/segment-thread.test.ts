import assert from 'node:assert/strict'
import { type FileHandle, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readEngineFile } from '#clickhouse/embedded/engine-file.ts'
import { migrate } from '#clickhouse/migrate.ts'
import { openStore, type Store } from '#clickhouse/store.ts'
import { StoreError } from '#clickhouse/store-error.ts'
import { callKeys } from '#clickhouse/tables/call-keys.ts'
import type { Log } from '../log.ts'
import { FrameWriter } from '../spool/frame.ts'
import { currentTables, headBytes } from '../spool/segment.ts'
import { type SealedSegment, Spool } from '../spool/spool.ts'
import type { OpenedSegment } from './insert-segment.ts'
import { type SegmentThread, segmentThread } from './segment-thread.ts'

/** Longest wait for an engine that is started again, in milliseconds. */
const backMsMax = 20_000
const key = (n: number): string => `feed${n.toString(16).padStart(12, '0')}`
const callKeysTable = currentTables.findIndex(({ name }) => name === callKeys.name)

function frame(n: number): Buffer {
  const writer = new FrameWriter()
  writer.add(callKeys, {
    tenant: 't', key: key(n), traceId: '1'.repeat(32), spanId: '2'.repeat(16), startedAt: 0n, endedAt: 0n, service: '', scopeName: '', model: '', inputTokens: 0, outputTokens: 0,
  })
  return writer.finish()
}

let dataDir: string
let store: Store
before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'spanledger-thread-'))
  store = await openStore({ kind: 'embedded', readSessions: 1, biSessions: 1, dataDir })
  await migrate(store)
})
after(async () => {
  await store[Symbol.asyncDispose]()
  await rm(dataDir, { recursive: true, maxRetries: 10 })
})

interface Loading {
  readonly thread: SegmentThread
  readonly warnings: string[]
  /** A sealed segment with a frame for each number, its columns as said. */
  segment(numbers: readonly number[], columns?: readonly { readonly name: string; readonly type: string }[]): Promise<SealedSegment>
}

async function loading(t: TestContext): Promise<Loading> {
  const dir = await mkdtemp(join(tmpdir(), 'spanledger-segments-'))
  const spool = await Spool.open({
    dir, segmentBytesMax: 2 ** 20, segmentAgeMsMax: 60_000, quotaBytes: 2 ** 24, sync: (file: FileHandle) => file.datasync(), now: Date.now,
  })
  const warnings: string[] = []
  const log: Log = { info: () => undefined, warn: (message) => void warnings.push(message), error: (message) => void warnings.push(message) }
  const thread = segmentThread({ spool, store, log })
  t.after(async () => {
    await thread[Symbol.asyncDispose]()
    await rm(dir, { recursive: true })
  })
  let number = 0
  return {
    thread, warnings,
    segment: async (numbers, columns) => {
      const path = join(dir, `${++number}.test`)
      const tables = currentTables.map((table) => (columns === undefined || table.name !== callKeys.name ? table : { ...table, columns }))
      const bytes = Buffer.concat([headBytes({ format: 1, spool: `${dir} ${number}`, tables }), ...numbers.map(frame)])
      await writeFile(path, bytes)
      return { number, path, bytes: bytes.length, since: 0 }
    },
  }
}

const stored = async (...numbers: readonly number[]): Promise<readonly number[]> => {
  const rows = await store.read<{ key: string }>('SELECT lower(hex(key)) AS key FROM call_keys ORDER BY key', {}, { maxSeconds: 10 })
  return numbers.filter((n) => rows.some((row) => row.key === key(n)))
}
const insertAll = ({ outline, insert }: OpenedSegment): Promise<void> => insert({ from: 0, to: outline.frames.length }, callKeysTable)

test('rows of a segment arrive, and once, however often they are inserted', async (t) => {
  const { thread, segment, warnings } = await loading(t)
  const opened = await thread.open(await segment([1, 2, 3]))
  assert.ok(opened)
  assert.equal(opened.outline.frames.length, 3)
  await opened.insert({ from: 0, to: 2 }, callKeysTable)
  assert.deepEqual(await stored(1, 2, 3), [1, 2])
  for (let time = 0; time < 2; time++) await insertAll(opened)
  const [{ rows } = { rows: '' }] = await store.read<{ rows: string }>('SELECT count() AS rows FROM call_keys', {}, { maxSeconds: 10 })
  assert.equal(Number(rows), 5, 'two ranges, each once')
  assert.deepEqual([await stored(1, 2, 3), warnings], [[1, 2, 3], []])
})

test('after a rest the next segment loads, and the one before still does', async (t) => {
  const { thread, segment } = await loading(t)
  const opened = await thread.open(await segment([5]))
  assert.ok(opened)
  await insertAll(opened)
  await thread.rest()
  await insertAll(opened)
  const next = await thread.open(await segment([6]))
  assert.ok(next)
  await insertAll(next)
  assert.deepEqual(await stored(5, 6), [5, 6])
})

test('a file that is gone says so, and one without a whole head is no segment', async (t) => {
  const { thread, segment } = await loading(t)
  const one = await segment([11])
  await assert.rejects(thread.open({ ...one, path: `${one.path}.gone` }), { code: 'ENOENT' })
  assert.equal(await thread.open({ ...one, bytes: 20 }), undefined)
})

test('a column that no block can be made of goes as rows, and that is told', async (t) => {
  const { thread, segment, warnings } = await loading(t)
  const opened = await thread.open(await segment([21], callKeys.columns.map(({ name, type }) => ({ name, type: name === 'trace_id' ? 'Made_up(16)' : type }))))
  assert.ok(opened)
  await insertAll(opened)
  assert.deepEqual([await stored(21), warnings], [[21], ['rows are inserted one by one, which takes the engine longer']])
})

test('a refusal comes with its code and its verdict, and the next segment goes on', async (t) => {
  const { thread, segment } = await loading(t)
  const opened = await thread.open(await segment([31], callKeys.columns.map(({ name, type }) => ({ name: name === 'trace_id' ? 'nowhere' : name, type }))))
  assert.ok(opened)
  const refused = await insertAll(opened).then(() => undefined, (error: unknown) => error)
  assert.ok(refused instanceof StoreError)
  assert.equal(refused.retry, false)
  assert.match(refused.code, /^\d+$/)
  await insertAll(await thread.open(await segment([32])) as OpenedSegment)
  assert.deepEqual(await stored(31, 32), [32])
})

test('an engine that was killed is found again at its new address', async (t) => {
  const { thread, segment } = await loading(t)
  const opened = await thread.open(await segment([41]))
  assert.ok(opened)
  const engine = readEngineFile(dataDir)
  assert.ok(engine)
  process.kill(engine.pid, 'SIGKILL')
  const end = Date.now() + backMsMax
  for (let done = false; !done;) {
    done = await insertAll(opened).then(() => true, (error: unknown) => {
      assert.ok(error instanceof StoreError && error.retry && Date.now() < end, String(error))
      return false
    })
    if (!done) await sleep(100)
  }
  assert.deepEqual(await stored(41), [41])
})

test('where the thread has ended, rows are read and sent from here', async (t) => {
  const { thread, segment } = await loading(t)
  const [first, second] = [await segment([51]), await segment([52])]
  const opened = await thread.open(first)
  assert.ok(opened)
  await thread[Symbol.asyncDispose]()
  // `openHere` reads by the spool, which looks at the path alone.
  await insertAll(opened)
  await insertAll(await thread.open(second) as OpenedSegment)
  assert.deepEqual(await stored(51, 52), [51, 52])
})
