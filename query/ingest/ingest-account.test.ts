import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ingestAccount, type IngestAccountRow } from '#clickhouse/tables/ingest-account.ts'
import { noon, testQuery, tenant, type TestQuery } from '../test-store.ts'

let query: TestQuery
before(async () => {
  query = await testQuery()
})
after(() => query[Symbol.asyncDispose]())

const row = (minute: number, said: Partial<IngestAccountRow>): IngestAccountRow => ({
  tenant, project: 'default', at: noon + BigInt(minute) * 60_000_000_000n, instance: 'one', signal: 'traces', client: 'curl/8.5', reason: '', received: 0,
  stored: 0, deduplicated: 0, rejected: 0, setAside: 0, revision: 0n, ...said,
})
const fields = 'signal client reason requests received stored deduplicated rejected setAside'
const all = { from: null, to: null }

test('the account adds up over any grouping and range, each row in its newest version, of one tenant', async () => {
  await query.insert(ingestAccount, [
    row(0, { received: 5, stored: 3, deduplicated: 2 }),
    row(0, { reason: 'trace_id is zero', received: 4, rejected: 4 }),
    row(1, { received: 7, stored: 7 }),
    row(2, { signal: 'logs', client: '', received: 1, stored: 1 }),
    row(3, { tenant: 'another', received: 100, stored: 100 }),
  ])
  await query.insert(ingestAccount, [row(1, { received: 7, setAside: 7, revision: 1n })])
  const total = { signal: null, client: null, reason: null, requests: 3, received: 17, stored: 4, deduplicated: 2, rejected: 4, setAside: 7 }
  const ask = async (args: string): Promise<unknown> => (await query.ask<{ ingestAccount: unknown }>(`query ($range: TimeRange!) { ingestAccount(range: $range${args}) { ${fields} } }`, { range: all })).ingestAccount
  assert.deepEqual(await ask(''), [total])
  assert.deepEqual(await ask(', groupBy: [SIGNAL, CLIENT]'), [
    { ...total, signal: 'traces', client: 'curl/8.5', requests: 2, received: 16, stored: 3 },
    { ...total, signal: 'logs', client: '', requests: 1, received: 1, stored: 1, deduplicated: 0, rejected: 0, setAside: 0 },
  ])
  assert.deepEqual(await ask(', groupBy: [REASON]'), [
    { ...total, reason: '', received: 13, rejected: 0 },
    { ...total, reason: 'trace_id is zero', requests: 1, received: 4, stored: 0, deduplicated: 0, setAside: 0 },
  ])
  const later = await query.ask<{ ingestAccount: readonly { received: number }[] }>('query ($range: TimeRange!) { ingestAccount(range: $range) { received } }',
    { range: { from: new Date(Number(noon / 1_000_000n) + 60_000).toISOString(), to: null } })
  assert.deepEqual(later.ingestAccount, [{ received: 8 }])
})

test('an account of nothing is a row of zeros, and of no group none', async () => {
  const range = { from: '1999-01-01T00:00:00Z', to: '1999-01-02T00:00:00Z' }
  const { total, groups } = await query.ask<{ total: unknown; groups: unknown }>(
    'query ($range: TimeRange!) { total: ingestAccount(range: $range) { received stored } groups: ingestAccount(range: $range, groupBy: [CLIENT]) { received } }', { range })
  assert.deepEqual({ total, groups }, { total: [{ received: 0, stored: 0 }], groups: [] })
})
