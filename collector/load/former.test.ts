/**
 * A journal that the program of migration 0005 left, written by its own encoder: two model calls, as `former.traces.pb` tells
 * them. Then ledger lines stored their id, spans all their attributes, and call keys had 16 bytes.
 */
import assert from 'node:assert/strict'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createTablesOf0005 } from '#clickhouse/former-tables.ts'
import { isBehind, migrate } from '#clickhouse/migrate.ts'
import { openStore, type Store } from '#clickhouse/store.ts'
import { callKeyId } from '#clickhouse/tables/call-keys.ts'
import { decodeTraces } from '../decode/traces.ts'
import type { Log } from '../log.ts'
import { openSpool, spoolDir } from '../spool/folders.ts'
import { parseSegment } from '../spool/segment.ts'
import { asBlock, asRows, insertSegment, openedSegment } from './insert-segment.ts'
import { migrateAfterReplay } from './replay.ts'

const former = new URL('testdata/former.segment', import.meta.url)
const MiB = 1024 * 1024
const silent: Log = { info: () => undefined, warn: (message, fields) => assert.fail(`${message} ${String(fields['error'])}`), error: (message) => assert.fail(message) }

async function opened(t: TestContext): Promise<{ readonly store: Store; readonly dataDir: string }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'former-'))
  const store = await openStore({ kind: 'embedded', dataDir, memoryBytes: 1024 * MiB, readSessions: 1 })
  t.after(async () => {
    await store[Symbol.asyncDispose]()
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10 })
  })
  return { store, dataDir }
}

interface Told {
  readonly spans: readonly { readonly span: string; readonly attributes: Readonly<Record<string, string>> }[]
  readonly lines: readonly { readonly usual: boolean; readonly meter: string; readonly amount: string }[]
  readonly keys: readonly { readonly key: string; readonly span: string }[]
}

async function told(store: Store): Promise<Told> {
  const read = <Row>(sql: string): Promise<Row[]> => store.read<Row>(sql, {}, { maxSeconds: 30 })
  return {
    spans: await read(`SELECT lower(hex(span_id)) AS span, attributes_string AS attributes FROM spans FINAL WHERE tenant = 'former' ORDER BY span`),
    lines: await read(`SELECT own_id = toFixedString('', 32) AS usual, meter, toString(amount) AS amount FROM ledger_entries FINAL WHERE tenant = 'former' ORDER BY span_id, meter`),
    keys: await read(`SELECT lower(hex(key)) AS key, lower(hex(span_id)) AS span FROM call_keys FINAL WHERE tenant = 'former' ORDER BY span`),
  }
}

/** By what was sent and by the present rules. */
async function assertTold(store: Store): Promise<void> {
  const { spans } = decodeTraces(await readFile(new URL('testdata/former.traces.pb', import.meta.url)))
  const found = await told(store)
  const texts = spans.map(({ spanId, attributes }) => ({ span: spanId, attributes: Object.fromEntries([...attributes].filter(([key, value]) => typeof value === 'string' && key !== 'gen_ai.input.messages')) }))
  assert.deepEqual(found.spans.map(({ span, attributes }) => ({ span, attributes: { ...attributes } })), texts)
  assert.deepEqual(found.keys, ['chatcmpl-0123456789', 'chatcmpl-9876543210'].map((answer, n) => ({ key: callKeyId(`response:openai:${answer}`), span: spans[n]?.spanId })))
  const lines = [{ meter: 'input.uncached', amount: '0.00025' }, { meter: 'output.text', amount: '0.0004' }].map((line) => ({ usual: true, ...line }))
  assert.deepEqual(found.lines.map((line) => ({ ...line, usual: Boolean(line.usual) })), [...lines, ...lines])
}

test('a command that comes before the new collector loads what the old one left, and migrates then', async (t) => {
  const { store, dataDir } = await opened(t)
  await createTablesOf0005(store)
  for (const index of [0, 1]) {
    await mkdir(spoolDir(dataDir, index), { recursive: true })
    await copyFile(former, join(spoolDir(dataDir, index), '000000000001.segment'))
  }
  await migrateAfterReplay({ dataDir, store, log: silent })
  await assertTold(store)
  for (const index of [0, 1]) assert.deepEqual((await readdir(spoolDir(dataDir, index))).filter((name) => name.endsWith('.segment')), [])
  assert.equal(await isBehind(store), false)
})

test('beside an old collector nothing is migrated, and it is said what to do; beside one of this version nothing is looked at', async (t) => {
  const { store, dataDir } = await opened(t)
  await createTablesOf0005(store)
  const { spool, unlock } = await openSpool(dataDir, 0, 1)
  t.after(async () => {
    await spool.close()
    unlock()
  })
  await assert.rejects(migrateAfterReplay({ dataDir, store, log: silent, waitMsMax: 0 }), /^Error: the tables are of an older version, and a collector is at work on them: stop it, start this version of it, and try again$/)
  assert.equal(await isBehind(store), true)
  await migrate(store)
  await migrateAfterReplay({ dataDir, store, log: silent })
})

test('what an old program left and is loaded after the migrations says the same, as rows and as blocks', async (t) => {
  const { store } = await opened(t)
  await migrate(store)
  const content = parseSegment(await readFile(former))
  assert.ok(content)
  for (const [number, bodyOf] of [[1, asRows], [2, asBlock]] as const) {
    assert.ok(await insertSegment(openedSegment(content, { number, store, bodyOf }), async (error) => assert.fail(error)))
    await assertTold(store)
    for (const table of ['spans', 'ledger_entries', 'call_keys']) await store.command(`TRUNCATE TABLE ${table}`)
  }
})
