import { readdirSync, readFileSync } from 'node:fs'
import type { Store } from './store.ts'
import { tableColumns } from './tables.ts'

/** One numbered file of `migrations/`. */
interface Migration {
  readonly version: number
  readonly name: string
  readonly sql: string
}

/**
 * What every table has.
 * Windows: repeated inserts are found by token among the last 10,000 of a table, which at an insert a second is almost
 * three hours of replay; the default outside of clusters is 0, no deduplication.
 * Fsync: the spool is deleted once the insert is answered, so the answer must mean disk.
 */
const durable = [
  'non_replicated_deduplication_window = 10000', 'replicated_deduplication_window = 10000',
  'fsync_after_insert = 1', 'fsync_part_directory = 1',
].join(', ')

/**
 * The month a row belongs to, and one partition for all times nobody meant: a batch costs a part per partition, 6 ms each,
 * and a sender may put any time into every span.
 */
const month = (time: string): string => `if(${time} >= '2020-01-01' AND ${time} < '2040-01-01', toYYYYMM(${time}), 0)`

const migrationsDir = new URL('./migrations/', import.meta.url)
const schemaFile = new URL('./schema.sql', import.meta.url)
/** A schema question or a DDL statement is quick; this bounds a server that hangs. */
const maxSeconds = 30
/** A new store has had all migrations applied by then. */
const freshSeconds = 300

/** Brings the schema up to this program's: an empty store in one step, another file by file. Rejects where the data was written by a newer program. */
export async function migrate(store: Store): Promise<void> {
  const missing = await pending(store)
  if (missing.length > 0 && await isEmpty(store)) return create(store, missing)
  for (const migration of missing) await apply(store, migration)
}

/** It has no table but the one that says which migrations were applied. A start that was cut off in its first seconds left some: those go file by file. */
async function isEmpty(store: Store): Promise<boolean> {
  const rows = await store.read<{ name: string }>('SELECT name FROM system.tables WHERE database = currentDatabase() LIMIT 2', {}, { maxSeconds })
  return rows.length < 2
}

async function create(store: Store, migrations: readonly Migration[]): Promise<void> {
  for (const statement of statements(expand(readFileSync(schemaFile, 'utf8'), store))) await store.command(statement)
  await store.command(`INSERT INTO schema_migrations (version, name) VALUES ${migrations.map(({ version, name }) => `(${version}, '${name}')`).join(', ')}`)
}

/** Whether the schema is of an older program, or not there yet. Rejects as `migrate`. */
export const isBehind = async (store: Store): Promise<boolean> => (await pending(store)).length > 0

/** When a migration was applied, in nanoseconds since the epoch: rows from before do not have what it brought. 0 where the data began with it. */
export async function migratedAt(store: Store, version: number): Promise<bigint> {
  const [row] = await store.read<{ readonly at: string }>(
    `SELECT toString(if(minIf(applied_at, version = {version:UInt32}) < min(applied_at) + INTERVAL ${freshSeconds} SECOND, 0, toUnixTimestamp64Milli(minIf(applied_at, version = {version:UInt32})))) AS at
     FROM schema_migrations`, { version }, { maxSeconds })
  return BigInt(row?.at ?? 0) * 1_000_000n
}

async function pending(store: Store): Promise<readonly Migration[]> {
  const migrations = readMigrations()
  await store.command(expand(
    'CREATE TABLE IF NOT EXISTS schema_migrations {on_cluster} (version UInt32, name String, applied_at DateTime64(3, \'UTC\') DEFAULT now64(3))\n' +
    'ENGINE = {engine:ReplacingMergeTree()} ORDER BY version SETTINGS {durable}', store))
  const rows = await store.read<{ version: number }>('SELECT DISTINCT version FROM schema_migrations', {}, { maxSeconds })
  const applied = new Set(rows.map(({ version }) => version))
  const stored = Math.max(0, ...applied)
  const known = migrations.at(-1)?.version ?? 0
  if (stored > known) {
    throw new Error(`the data has schema version ${stored} and this program knows ${known}: start the version of the program that wrote it, or a newer one`)
  }
  // Numbers are given out before the work is merged: a store may have been written by a program that had a later one and not this.
  return migrations.filter(({ version }) => !applied.has(version))
}

async function apply(store: Store, { version, name, sql }: Migration): Promise<void> {
  for (const statement of statements(expand(sql, store))) await store.command(statement)
  await store.command(`INSERT INTO schema_migrations (version, name) VALUES (${version}, '${name}')`)
}

function readMigrations(): Migration[] {
  return readdirSync(migrationsDir).sort().map((file) => {
    const [, number, name] = /^(\d{4})-([a-z0-9-]+)\.sql$/.exec(file) ?? []
    if (number === undefined || name === undefined) throw new Error(`migrations/${file}: a migration is named 0001-some-words.sql`)
    return { version: Number(number), name, sql: readFileSync(new URL(file, migrationsDir), 'utf8') }
  })
}

/** One text for a laptop and a cluster: the topology is filled in here. */
export function expand(sql: string, { cluster }: Pick<Store, 'cluster'>): string {
  return sql.replace(/^--.*\n/gm, '').replace(/\{(\w+)(?::([^}]+))?\}/g, (whole, word: string, argument: string = '') => {
    switch (word) {
      case 'on_cluster': return cluster === '' ? '' : `ON CLUSTER ${cluster}`
      case 'engine': return cluster === '' ? argument : `Replicated${argument}`
      case 'durable': return durable
      case 'month': return month(argument)
      case 'columns': {
        const columns = tableColumns.get(argument)
        if (columns === undefined) throw new Error(`${whole}: no table has this name`)
        return columns
      }
      default: throw new Error(`${whole}: a migration knows on_cluster, engine, durable, month and columns`)
    }
  })
}

/** A migration's statements end with `;` at the end of a line. */
const statements = (sql: string): string[] => sql.split(/;\s*\n/).map((statement) => statement.trim()).filter((statement) => statement !== '')
