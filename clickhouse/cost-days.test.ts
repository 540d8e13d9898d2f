import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { allDaySums, changedDays, costDayDifferences, refreshCostDays } from './cost-days.ts'
import { migrate } from './migrate.ts'
import { RowBinaryWriter } from './row-binary.ts'
import { openStore, type Store } from './store.ts'
import { writeRow } from './table.ts'
import { type LedgerEntryRow, ledgerEntries } from './tables/ledger-entries.ts'

/** 2026-11-20T12:00:00Z */
const noon = 1_795_176_000_000_000_000n
const hour = 3_600_000_000_000n
const day = 24n * hour
const tenant = 'acme'

for (const sums of allDaySums) suite(sums.table, () => {
  let store: Store
  let dataDir: string
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'cost-days-'))
    store = await openStore({ kind: 'embedded', dataDir, memoryBytes: 1024 * 1024 * 1024, readSessions: 2 })
    await migrate(store)
  })
  after(async () => {
    await store[Symbol.asyncDispose]()
    await rm(dataDir, { recursive: true, force: true })
  })

  const row = (id: number, said: Partial<LedgerEntryRow> = {}): LedgerEntryRow => ({
    tenant, project: 'p', ownId: id.toString(16).padStart(64, '0'), kind: 'CHARGE', reason: 'metered', occurredAt: noon, postedAt: noon, traceId: '1'.padStart(32, '0'),
    spanId: '2'.padStart(16, '0'), provider: 'openai', model: 'gpt-5', meter: 'output.text', quantity: 1_000_000_000_000n, unitPrice: 3n, amount: 3n, basis: 'PRICED',
    priceBookVersion: '', priceCard: '', reverses: '', agent: '', user: '', session: '', workflow: '', service: 's', environment: 'a', tags: '', usageFlags: [], revision: 1n, ...said,
  })
  async function insert(...rows: readonly LedgerEntryRow[]): Promise<void> {
    const writer = new RowBinaryWriter()
    for (const one of rows) writeRow(ledgerEntries, writer, one)
    const bytes = writer.take()
    await store.insert(ledgerEntries, bytes, createHash('sha256').update(bytes).digest('hex'))
  }
  const options = { maxSeconds: 10 }
  const changed = async (): Promise<readonly string[] | undefined> => (await changedDays(store, sums, tenant, options))?.toSorted()
  /** What a reader adds up: sums of days that did not change, the ledger for the others. */
  async function total(): Promise<string> {
    const days = await changed()
    const [sum] = await store.read<{ readonly amount: string }>(
      `SELECT toString(sum(part)) AS amount FROM (
    SELECT sum(amount) AS part FROM ${sums.table} FINAL WHERE tenant = {tenant:String} AND ${days === undefined ? '0' : 'day NOT IN {days:Array(Date)}'}
    UNION ALL SELECT ifNull(sum(amount), 0) AS part FROM ledger_entries FINAL WHERE tenant = {tenant:String} AND ${days === undefined ? '1' : '(toDate(occurred_at) IN {days:Array(Date)} OR _partition_id = \'0\')'})`,
      { tenant, days: days ?? [] }, options)
    return sum?.amount ?? ''
  }

  test('before anything is summed up, readers take the ledger', async () => {
    await insert(row(1), row(2, { occurredAt: noon + day }), row(3, { tenant: 'other' }))
    assert.equal(await changed(), undefined)
    assert.equal(await total(), '0.000000000006')
  })
  test('summed up, no day has changed; a line more changes its day alone', async () => {
    assert.equal(await refreshCostDays(store, sums), 2)
    assert.deepEqual(await changed(), [])
    assert.equal(await refreshCostDays(store, sums), 0)
    await insert(row(4, { occurredAt: noon + day, amount: undefined, basis: 'UNPRICED' }))
    assert.deepEqual(await changed(), ['2026-11-21'])
    assert.equal(await total(), '0.000000000006')
    assert.equal(await refreshCostDays(store, sums), 1)
    assert.deepEqual([await changed(), await costDayDifferences(store, tenant)], [[], []])
  })
  test('a line that says later whose it is leaves its former group', async () => {
    await insert(row(1, { environment: 'b', revision: 2n }))
    assert.equal(await total(), '0.000000000006')
    await refreshCostDays(store, sums)
    assert.deepEqual(await store.read(`SELECT environment, toString(amount) AS amount, entries FROM ${sums.table} FINAL WHERE tenant = {tenant:String} AND day = '2026-11-20' ORDER BY environment`, { tenant }, options), [
      { environment: 'a', amount: '0', entries: '0' }, { environment: 'b', amount: '0.000000000003', entries: '1' },
    ])
    assert.deepEqual(await costDayDifferences(store, tenant), [])
  })
  test('merges change nothing; a merge of old and new leaves the new unsummed', async () => {
    await store.command('OPTIMIZE TABLE ledger_entries FINAL')
    await store.command(`OPTIMIZE TABLE ${sums.table} FINAL`)
    assert.equal(await total(), '0.000000000006')
    await refreshCostDays(store, sums)
    await insert(row(5, { amount: 100n }))
    await store.command('OPTIMIZE TABLE ledger_entries FINAL')
    assert.ok((await changed())?.includes('2026-11-20'))
    assert.equal(await total(), '0.000000000106')
    await refreshCostDays(store, sums)
    assert.equal(await total(), '0.000000000106')
  })
  test('an end in the middle is repeated: sums without the word that they hold are not believed', async () => {
    await insert(row(6, { amount: 1_000n }))
    const half: Store = { ...store, command: (sql) => (sql.includes(sums.covered) ? Promise.reject(new Error('killed')) : store.command(sql)) }
    await assert.rejects(refreshCostDays(half, sums), /killed/)
    assert.deepEqual(await changed(), ['2026-11-20'])
    await insert(row(6, { amount: 1_000n, environment: 'c', revision: 2n }))
    assert.equal(await total(), '0.000000001106')
    await refreshCostDays(store, sums)
    assert.deepEqual([await total(), await costDayDifferences(store, tenant)], ['0.000000001106', []])
  })
  test('the same insert again, and times nobody meant, are in no sum', async () => {
    await insert(row(6, { amount: 1_000n, environment: 'c', revision: 2n }))
    assert.deepEqual(await changed(), [])
    await insert(row(7, { occurredAt: 1n }), row(8, { occurredAt: (1n << 63n) - 1n }))
    assert.deepEqual(await changed(), [])
    assert.equal(await total(), '0.000000001112')
  })
  test('any order of charges, reversals, repetitions, merges and refreshes: what readers add up is the ledger', async () => {
    let seed = 7
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below
    for (let step = 0; step < 40; step++) {
      const said = { occurredAt: noon - BigInt(random(40)) * day + BigInt(random(5)) * hour, amount: BigInt(random(1_000)) - 300n, agent: `agent ${random(3)}`, model: `model ${random(3)}`, user: `user ${random(3)}`, session: `session ${random(4)}`, tags: ['', 'beta', 'beta\ncheckout'][random(3)] ?? '', revision: BigInt(step + 3) }
      await insert(...Array.from({ length: 1 + random(5) }, () => row(10 + random(60), said)))
      if (random(4) === 0) await refreshCostDays(store, sums)
      if (random(6) === 0) await store.command('OPTIMIZE TABLE ledger_entries')
      const [ledger] = await store.read<{ readonly amount: string }>('SELECT toString(sum(amount)) AS amount FROM ledger_entries FINAL WHERE tenant = {tenant:String}', { tenant }, options)
      assert.equal(await total(), ledger?.amount, `step ${step}`)
    }
    await Promise.all([refreshCostDays(store, sums), refreshCostDays(store, sums)])
    assert.deepEqual([await changed(), await costDayDifferences(store, tenant)], [[], []])
  })
  test('a sum that is wrong is found, with its day: in amount, quantity, lines or unpriced lines, or in the wrong group', async () => {
    const wrong = [
      "'2026-11-15', 'nobody', 5, 0, 0, 0", "'2026-11-16', 'nobody', 0, 5, 0, 0", "'2026-11-17', 'nobody', 0, 0, 1, 0", "'2026-11-18', 'nobody', 0, 0, 0, 1",
      "'2026-11-19', 'nobody', 5, 5, 1, 1", "'2026-11-19', 'somebody', -5, -5, 0, 0",
    ]
    await store.command(`INSERT INTO ${sums.table} (tenant, day, environment, amount, quantity, entries, unpriced, covered) VALUES ${wrong.map((one) => `('${tenant}', ${one}, 1)`).join(', ')}`)
    const differences = await costDayDifferences(store, tenant)
    assert.deepEqual(differences.map((one) => `${one.table} ${one.day}`), [15, 16, 17, 18, 19].map((at) => `${sums.table} 2026-11-${at}`))
  })
  test('an amount that stands in another group than its lines is found, though the day adds up', async () => {
    await store.command(`INSERT INTO ${sums.table} (tenant, day, environment, amount, covered) VALUES ('${tenant}', '2026-11-14', 'nobody', 5, 1), ('${tenant}', '2026-11-14', 'somebody', -5, 1)`)
    assert.ok((await costDayDifferences(store, tenant)).some(({ day: of }) => of === '2026-11-14'))
  })
})
