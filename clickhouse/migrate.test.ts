import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { expand, migrate } from './migrate.ts'
import { openStore, type Store } from './store.ts'

async function emptyStore(t: TestContext): Promise<Store> {
  const dataDir = await mkdtemp(join(tmpdir(), 'migrate-'))
  const store = await openStore({ kind: 'embedded', dataDir, memoryBytes: 1024 * 1024 * 1024, readSessions: 2 })
  t.after(async () => {
    await store[Symbol.asyncDispose]()
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10 })
  })
  return store
}

/** By table, what would make it; settings in order of their names, because a migration that changes one writes it last. */
async function tablesOf(store: Store): Promise<ReadonlyMap<string, string>> {
  const rows = await store.read<{ readonly name: string; readonly sql: string }>(
    "SELECT name, create_table_query AS sql FROM system.tables WHERE database = currentDatabase() AND name != 'another' ORDER BY name", {}, { maxSeconds: 30 })
  return new Map(rows.map(({ name, sql }) => {
    const [table = '', settings = ''] = sql.split(/ SETTINGS (?!\()/)
    return [name, `${table} SETTINGS ${settings.split(', ').sort().join(', ')}`]
  }))
}

test('an empty store has after one step what it has after all migrations, also where either was cut off', async (t) => {
  const [created, migrated] = [await emptyStore(t), await emptyStore(t)]
  await migrate(created)
  // With a table in it, it is not empty: its migrations are applied one by one.
  await migrated.command('CREATE TABLE another (n UInt8) ENGINE = MergeTree ORDER BY n')
  await migrate(migrated)
  const tables = await tablesOf(created)
  assert.ok(tables.size > 20)
  assert.deepEqual(await tablesOf(migrated), tables)
  const versions = (store: Store) => store.read('SELECT version, name FROM schema_migrations ORDER BY version', {}, { maxSeconds: 30 })
  assert.deepEqual(await versions(created), await versions(migrated))
  // All tables are there, and none of the versions.
  await created.command('TRUNCATE TABLE schema_migrations')
  await migrate(created)
  assert.deepEqual(await tablesOf(created), tables)
  assert.deepEqual(await versions(created), await versions(migrated))
})

const text = 'CREATE TABLE runs {on_cluster} (\n{columns:runs}\n) ENGINE = {engine:ReplacingMergeTree(version)} ORDER BY version SETTINGS {durable}'

test('one text makes a plain table on one machine and a replicated one on a cluster', () => {
  const one = expand(text, { cluster: '' })
  const cluster = expand(text, { cluster: 'main' })
  assert.match(one, /ENGINE = ReplacingMergeTree\(version\)/)
  assert.doesNotMatch(one, /ON CLUSTER|Replicated\w*MergeTree/)
  assert.match(cluster, /CREATE TABLE runs ON CLUSTER main/)
  assert.match(cluster, /ENGINE = ReplicatedReplacingMergeTree\(version\)/)
  for (const sql of [one, cluster]) assert.match(sql, /trace_id FixedString\(16\)[\s\S]*non_replicated_deduplication_window = 10000/)
})

test('a word that no migration knows is named', () => {
  assert.throws(() => expand('{columns:nothing}', { cluster: '' }), /\{columns:nothing\}: no table has this name/)
  assert.throws(() => expand('{oops}', { cluster: '' }), /\{oops\}: a migration knows/)
})
