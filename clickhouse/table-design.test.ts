/** A store as the program of migration 0005 wrote it opens with the tables of 0007 and answers the same; and what the new design promises. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { allDaySums, changedDays, refreshCostDays } from './cost-days.ts'
import { createTablesOf0005 } from './former-tables.ts'
import { migrate } from './migrate.ts'
import { openStore, type Store } from './store.ts'

const soon = { maxSeconds: 30 }
let store: Store
const dataDir = mkdtempSync(join(tmpdir(), 'table-design-'))
before(async () => {
  store = await openStore({ kind: 'embedded', dataDir, memoryBytes: 1024 * 1024 * 1024, readSessions: 2 })
  await createTablesOf0005(store)
  await store.command(oldSpans)
  await store.command(oldLedger)
  await store.command(oldKeys)
})
after(async () => {
  await store[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true, force: true })
})

/** `n` tells a span; every third comes twice, later and with another name. */
const oldSpans = `INSERT INTO spans (tenant, trace_id, span_id, started_at, ended_at, received_at, name, service, role, response_id, session, call_keys, attributes_string, attributes_int)
  SELECT 'acme', reinterpretAsFixedString(toUInt128(1 + n % 7)), reinterpretAsFixedString(toUInt64(n)), addMilliseconds(toDateTime64('2026-11-20 12:00:00', 9, 'UTC'), n * 700) AS started_at,
    addMilliseconds(started_at, 20), addSeconds(started_at, copy), if(copy = 0, 'first', concat('chat ', toString(n))), 'shop', 'model_call', concat('resp_', toString(n)), 'conv-1',
    [concat('response:openai:resp_', toString(n))], map('gen_ai.response.id', concat('resp_', toString(n)), 'own', 'ü'), map('gen_ai.usage.input_tokens', toInt64(n))
  FROM (SELECT number % 300 AS n, intDiv(number, 300) AS copy FROM numbers(600)) WHERE copy = 0 AND n % 3 != 0 OR n % 3 = 0`

/** The id of the first charge is the usual hash; that of an adjustment counts from 1 in ours and is of another making here. */
const oldLedger = `INSERT INTO ledger_entries (tenant, id, kind, occurred_at, trace_id, span_id, meter, quantity, amount, revision)
  SELECT 'acme', if(kind = 'CHARGE', SHA256(concat('ledger', char(0), 'acme', char(0), lower(hex(trace_id)), char(0), lower(hex(span_id)), char(0), meter, char(0), 'CHARGE', char(0), '0')),
      SHA256(toString(number))), if(number % 5 = 0, 'ADJUSTMENT', 'CHARGE') AS kind, toDateTime64('2026-11-20 12:00:00', 9, 'UTC'), reinterpretAsFixedString(toUInt128(1 + number % 7)) AS trace_id,
    reinterpretAsFixedString(toUInt64(intDiv(number, 2))) AS span_id, if(number % 2 = 0, 'input.uncached', 'output.text') AS meter, number, number / 1000, 1 FROM numbers(400)`
const oldKeys = `INSERT INTO call_keys (tenant, key, trace_id, span_id, started_at, ended_at)
  SELECT 'acme', substring(SHA256(toString(number)), 1, 16), reinterpretAsFixedString(toUInt128(number)), reinterpretAsFixedString(toUInt64(number)),
    toDateTime64('2026-11-20 12:00:00', 9, 'UTC'), toDateTime64('2026-11-20 12:00:01', 9, 'UTC') FROM numbers(1000)`

const said = async (): Promise<unknown> => Promise.all([
  `SELECT hex(trace_id), hex(span_id), started_at, ended_at, received_at, name, role, response_id, session, call_keys, attributes_string, attributes_int FROM spans FINAL ORDER BY span_id`,
  'SELECT hex(id), kind, hex(trace_id), hex(span_id), meter, quantity, amount FROM ledger_entries FINAL ORDER BY id',
  'SELECT hex(substring(key, 1, 8)), hex(trace_id), hex(span_id), started_at, ended_at FROM call_keys FINAL ORDER BY key',
].map((sql) => store.read(sql, {}, soon)))

test('what stood in the tables stands in them after the migration, also where it was cut off and begins again', async () => {
  const before = await said()
  await migrate(store)
  assert.deepEqual(await said(), before)
  const applied = await store.read<{ version: number }>('SELECT max(version) AS version FROM schema_migrations', {}, soon)
  for (const sums of allDaySums) {
    await refreshCostDays(store, sums)
    assert.deepEqual(await changedDays(store, sums, 'acme', soon), [])
  }
  await store.command('ALTER TABLE schema_migrations DELETE WHERE version = 7 SETTINGS mutations_sync = 2')
  await migrate(store)
  for (const sums of allDaySums) assert.equal(await changedDays(store, sums, 'acme', soon), undefined, 'sums of the former table, whose blocks had other numbers, are believed by nobody')
  assert.deepEqual(await said(), before)
  assert.deepEqual(await store.read('SELECT max(version) AS version FROM schema_migrations', {}, soon), applied)
  const [usual] = await store.read('SELECT countIf(own_id = toFixedString(\'\', 32)) AS computed, countIf(own_id != toFixedString(\'\', 32)) AS stored FROM ledger_entries FINAL', {}, soon)
  assert.deepEqual(usual, { computed: '320', stored: '80' })
})
