/** What an older program left in its journal is loaded into the tables of its time, before they are migrated. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openStore } from '#clickhouse/store.ts'
import { id, type Table, word } from '#clickhouse/table.ts'
import type { Log } from '../log.ts'
import { FrameWriter, spooledTables } from '../spool/frame.ts'
import { headBytes } from '../spool/segment.ts'
import { Spool } from '../spool/spool.ts'
import { replaySpool } from './replay.ts'

const MiB = 1024 * 1024

interface FormerEntry {
  readonly tenant: string
  readonly id: string
}

/** Of the time when a line's id was stored. */
const formerEntries: Table<FormerEntry> = { name: 'ledger_entries', columns: [word('tenant', (r) => r.tenant), id('id', 32, (r) => r.id)] }

const formerHead = headBytes({
  format: 1, spool: 'former',
  tables: spooledTables.map(({ name }) => ({ name, columns: name === formerEntries.name ? formerEntries.columns.map(({ name: column, type }) => ({ name: column, type })) : [] })),
})

/** A store with that table, and an empty journal before it. */
async function former(t: TestContext) {
  const dir = await mkdtemp(join(tmpdir(), 'replay-'))
  const store = await openStore({ kind: 'embedded', dataDir: join(dir, 'data'), memoryBytes: 1024 * MiB, readSessions: 1 })
  t.after(async () => {
    await store[Symbol.asyncDispose]()
    await rm(dir, { recursive: true, force: true, maxRetries: 10 })
  })
  await store.command('CREATE TABLE ledger_entries (tenant LowCardinality(String), id FixedString(32)) ENGINE = MergeTree ORDER BY id')
  const journal = join(dir, 'spool')
  const options = { dir: journal, segmentBytesMax: MiB, segmentAgeMsMax: 60_000, quotaBytes: 16 * MiB, sync: async () => undefined, now: Date.now }
  await (await Spool.open(options)).close()
  return { store, journal, options }
}

test('a segment is loaded under the names that its columns had when it was written', async (t) => {
  const { store, journal, options } = await former(t)
  const frame = new FrameWriter()
  frame.add(formerEntries, { tenant: 'acme', id: 'ab'.repeat(32) })
  await writeFile(join(journal, '000000000001.segment'), Buffer.concat([formerHead, frame.finish()]))
  const spool = await Spool.open(options)
  const warnings: string[] = []
  const log: Log = { info: () => undefined, warn: (message, fields) => void warnings.push(`${message} ${String(fields['error'])}`), error: () => undefined }
  await replaySpool(spool, store, log)
  await spool.close()
  assert.deepEqual(warnings, [])
  assert.deepEqual(await store.read('SELECT tenant, lower(hex(id)) AS id_hex FROM ledger_entries', {}, { maxSeconds: 10 }), [{ tenant: 'acme', id_hex: 'ab'.repeat(32) }])
  assert.deepEqual((await readdir(journal)).filter((name) => name.endsWith('.segment')), [])
})

test('what is whole of a damaged segment is loaded with all others, before anything is settled; the file stays for the loader', async (t) => {
  const { store, journal, options } = await former(t)
  const frameOf = (byte: string): Buffer => {
    const frame = new FrameWriter()
    frame.add(formerEntries, { tenant: 'acme', id: byte.repeat(32) })
    return frame.finish()
  }
  const damaged = frameOf('bb')
  damaged[damaged.length - 1] = (damaged.at(-1) as number) ^ 1
  await writeFile(join(journal, '000000000001.segment'), Buffer.concat([formerHead, frameOf('aa'), damaged]))
  await writeFile(join(journal, '000000000002.segment'), Buffer.concat([formerHead, frameOf('cc')]))
  const spool = await Spool.open(options)
  await replaySpool(spool, store, { info: () => undefined, warn: (message) => assert.fail(message), error: (message) => assert.fail(message) })
  await spool.close()
  assert.deepEqual(await store.read('SELECT lower(hex(id)) AS id_hex FROM ledger_entries ORDER BY id', {}, { maxSeconds: 10 }), ['aa', 'cc'].map((byte) => ({ id_hex: byte.repeat(32) })))
  assert.deepEqual((await readdir(journal)).filter((name) => name.endsWith('.segment')), ['000000000001.segment'])
})
