import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readEngineFile } from './embedded/engine-file.ts'
import { insertThread } from './insert-thread.ts'
import { nativeBlock } from './native.ts'
import { RowBinaryWriter } from './row-binary.ts'
import { openStore, type Store } from './store.ts'
import { StoreError } from './store-error.ts'
import { type Table, text, uint32, writeRow } from './table.ts'

const notes: Table<{ readonly n: number; readonly note: string }> = { name: 'notes', columns: [uint32('n', (r) => r.n), text('note', (r) => r.note)] }
function rowsOf(...numbers: readonly number[]): Buffer {
  const writer = new RowBinaryWriter()
  for (const n of numbers) writeRow(notes, writer, { n, note: `note ${n}` })
  return writer.take()
}
/** Longest wait for an engine that is started again, in milliseconds. */
const backMsMax = 20_000

let dataDir: string
let store: Store
before(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'spanledger-insert-'))
  store = insertThread(await openStore({ kind: 'embedded', readSessions: 1, biSessions: 1, dataDir }))
  await store.command('CREATE TABLE notes (n UInt32, note String) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100, fsync_after_insert = 1')
})
after(async () => {
  await store[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true })
})

const stored = async (): Promise<number[]> => (await store.read<{ n: number }>('SELECT n FROM notes ORDER BY n', {}, { maxSeconds: 10 })).map(({ n }) => n)

test('rows and blocks arrive as from here, a repeated token changes nothing, and what was sent can be sent again', async () => {
  const rows = rowsOf(1, 2)
  await store.insert(notes, rows, 'rows')
  await store.insert(notes, rows, 'rows')
  await store.insert(notes, nativeBlock(notes.columns, 2, rowsOf(3, 4)), 'block', 'Native')
  assert.deepEqual(rows, rowsOf(1, 2), 'the caller keeps its buffer')
  assert.deepEqual(await stored(), [1, 2, 3, 4])
})

test('a refusal comes with its code and its verdict, and the next insert goes on', async () => {
  const refused = await store.insert({ name: 'nowhere', columns: notes.columns }, rowsOf(5), 'nowhere').then(() => undefined, (error: unknown) => error)
  assert.ok(refused instanceof StoreError)
  assert.deepEqual([refused.code, refused.retry], ['60', false])
  await store.insert(notes, rowsOf(5), 'after the refusal')
  assert.deepEqual((await stored()).at(-1), 5)
})

test('an engine that was killed is found again at its new address', async () => {
  const engine = readEngineFile(dataDir)
  assert.ok(engine)
  process.kill(engine.pid, 'SIGKILL')
  const end = Date.now() + backMsMax
  for (let done = false; !done;) {
    done = await store.insert(notes, rowsOf(6), 'six').then(() => true, (error: unknown) => {
      assert.ok(error instanceof StoreError && error.retry && Date.now() < end, String(error))
      return false
    })
    if (!done) await sleep(100)
  }
  assert.deepEqual(await stored(), [1, 2, 3, 4, 5, 6])
})
