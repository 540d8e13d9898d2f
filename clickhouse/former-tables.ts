/** For tests: the tables of an older program. */
import { readdirSync, readFileSync } from 'node:fs'
import { expand } from './migrate.ts'
import type { Store } from './store.ts'

const testdata = (name: string): string => readFileSync(new URL(`testdata/${name}`, import.meta.url), 'utf8').trimEnd()

/** Columns that 0007 changed, as they were; the other tables are as they are. */
function asOf0005(sql: string): string {
  return sql.replace('{columns:spans}', testdata('spans-0005.sql')).replace('{columns:call_keys}', testdata('call_keys-0005.sql'))
}

/** The tables as the program of migration 0005 left them. */
export async function createTablesOf0005(store: Store): Promise<void> {
  await store.command("CREATE TABLE schema_migrations (version UInt32, name String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)) ENGINE = ReplacingMergeTree() ORDER BY version")
  const dir = new URL('migrations/', import.meta.url)
  for (const file of readdirSync(dir).sort().filter((name) => name < '0006')) {
    const sql = expand(asOf0005(readFileSync(new URL(file, dir), 'utf8')), store)
    for (const statement of sql.split(/;\s*\n/).filter((text) => text.trim() !== '')) await store.command(statement)
    await store.command(`INSERT INTO schema_migrations (version, name) VALUES (${Number(file.slice(0, 4))}, 'before')`)
  }
}
