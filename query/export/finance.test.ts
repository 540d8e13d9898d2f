import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { closedMonths } from '#clickhouse/tables/closed-months.ts'
import { ledgerEntries } from '#clickhouse/tables/ledger-entries.ts'
import type { LedgerKind } from '#semconv/facts.ts'
import { parseDecimal } from '../decimal.ts'
import { ledgerRow, noon, tenant, type TestQuery, testQuery } from '../test-store.ts'
import { parseAllocation } from './allocation.ts'
import { parseCsv } from './csv.fixture.ts'

const day = 86_400_000_000_000n
const dime = 100_000_000_001n

let query: TestQuery
before(async () => {
  query = await testQuery(undefined, undefined, parseAllocation(`
rules:
  - { shared: platform, when: { agent: evaluator }, split: cost }
  - { team: research, when: { agent: planner } }
otherwise: everybody else`))
  await query.insert(ledgerEntries, [
    ledgerRow(1, 1, 1, { amount: dime }), ledgerRow(2, 1, 2, { amount: dime, agent: '=1+1', provider: 'aws.bedrock' }), ledgerRow(3, 1, 3, { amount: 7n, agent: 'evaluator', occurredAt: noon + day }),
    ledgerRow(4, 1, 4, { amount: undefined, unitPrice: undefined, basis: 'UNPRICED', agent: 'planner' }),
    ledgerRow(5, 1, 1, { kind: 'REVERSAL', reason: 'mirrored', amount: -dime, quantity: -1_000_000_000_000n, postedAt: noon + 40n * day }),
    ledgerRow(6, 1, 5, { amount: 1n, agent: '' }), ledgerRow(7, 2, 1, { tenant: 'other', amount: dime }),
    // A search beside tokens, without a price until it got one: taken back and posted again.
    ...['CHARGE', 'REVERSAL'].map((kind, n) => ledgerRow(8 + n, 1, 6, { kind: kind as LedgerKind, meter: 'tool.web_search', quantity: (n === 0 ? 1n : -1n) * 1_000_000_000_000n, amount: undefined, unitPrice: undefined, basis: 'UNPRICED', agent: 'searcher' })),
    ledgerRow(10, 1, 6, { kind: 'ADJUSTMENT', reason: 'repriced', meter: 'tool.web_search', amount: 0n, agent: 'searcher' }),
    // December's own line, and a correction of it: December is open.
    ledgerRow(11, 3, 7, { amount: 50n, occurredAt: noon + 20n * day, postedAt: noon + 20n * day }),
    ledgerRow(12, 3, 7, { kind: 'REVERSAL', reason: 'mirrored', amount: -50n, quantity: -1_000_000_000_000n, occurredAt: noon + 20n * day, postedAt: noon + 45n * day }),
  ])
  await query.insert(closedMonths, [{ tenant, month: '2026-11', closedAt: noon + 12n * day, actor: 'ada' }])
})
after(() => query[Symbol.asyncDispose]())

const file = async (path: string): Promise<readonly Readonly<Record<string, string>>[]> => parseCsv(await (await fetch(`${query.server.address.url}/export/${path}`)).text())
const pico = (text: string | undefined): bigint => (text === '' ? 0n : parseDecimal(text ?? '') ?? assert.fail(`'${text}' is no decimal`))
const sum = (rows: readonly Readonly<Record<string, string>>[], column: string): bigint => rows.reduce((total, row) => total + pico(row[column]), 0n)
const ledgerSum = async (filter = ''): Promise<bigint> => pico((await query.ask<{ readonly costs: readonly { readonly cost: string }[] }>(`{ costs(range: {}, filter: {${filter}}) { cost } }`)).costs[0]?.cost)

test('the journal balances to the last digit, entry by entry, and its expenses are the ledger\'s sum', async () => {
  for (const center of ['project', 'agent']) {
    const lines = await file(`journal.csv?costCenter=${center}`)
    assert.equal(sum(lines, 'debit'), sum(lines, 'credit'))
    for (const entry of new Set(lines.map((line) => line['entry']))) {
      const own = lines.filter((line) => line['entry'] === entry)
      assert.equal(own.length, 2)
      assert.equal(sum(own, 'debit'), sum(own, 'credit'))
    }
    const expenses = lines.filter((line) => line['account']?.startsWith('ai-expense:'))
    assert.equal(sum(expenses, 'debit') - sum(expenses, 'credit'), await ledgerSum())
    for (const line of lines) for (const text of Object.values(line)) assert.doesNotMatch(text, /^[=+\-@]/)
  }
})
test('a journal entry says its day, who is owed and what is not in it; a correction of a closed month is booked when it was made', async () => {
  const lines = await file('journal.csv?costCenter=agent')
  assert.deepEqual(lines.filter((line) => line['entry'] === '2026-11-20/planner/OpenAI'), [
    { date: '2026-11-20', entry: '2026-11-20/planner/OpenAI', account: 'ai-expense:planner', debit: '0.100000000001', credit: '', currency: 'USD', cost_center: 'planner', memo: '2 ledger lines; 1 of them have no known price and are not in the amount' },
    { date: '2026-11-20', entry: '2026-11-20/planner/OpenAI', account: 'payable:OpenAI', debit: '', credit: '0.100000000001', currency: 'USD', cost_center: 'planner', memo: '2 ledger lines; 1 of them have no known price and are not in the amount' },
  ])
  const [correction, ...others] = lines.filter((line) => line['entry']?.endsWith('/correction') && line['account']?.startsWith('ai-expense:'))
  assert.deepEqual(others, [])
  assert.deepEqual([correction?.['date'], correction?.['account'], correction?.['debit'], correction?.['credit']], ['2026-12-30', 'ai-expense:planner', '', '0.100000000001'])
  assert.ok(lines.some((line) => line['account'] === 'payable:Amazon Web Services' && line['cost_center'] === '\'=1+1'))
})
test('a closed month is charged and booked as it was reported, and its corrections in the month they were posted in', async () => {
  const [november, december] = ['from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z', 'from=2026-12-01T00:00:00Z&to=2027-01-01T00:00:00Z']
  const charged = async (parameters: string) => sum((await file(`chargeback.csv?${parameters}`)).filter(({ charge }) => charge === 'total'), 'amount')
  assert.equal(await charged(november), 2n * dime + 8n)
  assert.equal(await charged(december), -dime)
  const dates = async (parameters: string) => [...new Set((await file(`journal.csv?${parameters}`)).map(({ date }) => date))]
  assert.deepEqual(await dates(november), ['2026-11-20', '2026-11-21'])
  assert.deepEqual(await dates(december), ['2026-12-30'])
})
test('the chargeback\'s totals are the ledger\'s sum, and a line for each part', async () => {
  const lines = await file('chargeback.csv')
  assert.deepEqual(lines.map(({ team, charge, amount, unpriced_lines }) => [team, charge, amount, unpriced_lines]), [
    ['everybody else', 'direct', '0.100000000002', ''], ['everybody else', 'shared:platform', '0.000000000007', ''], ['everybody else', 'total', '0.100000000009', '0'],
    ['research', 'direct', '0', ''], ['research', 'shared:platform', '0', ''], ['research', 'total', '0', '1'],
  ])
  assert.equal(sum(lines.filter((line) => line['charge'] === 'total'), 'amount'), await ledgerSum())
  assert.deepEqual(lines.filter((line) => line['charge'] === 'total').map(({ team, tokens }) => [team, tokens]), [['everybody else', '3'], ['research', '1']], 'a search is none')
  const filtered = await file('chargeback.csv?kind=CHARGE')
  assert.equal(sum(filtered.filter((line) => line['charge'] === 'total'), 'amount'), await ledgerSum('kind: CHARGE'))
})
test('a wrong cost center is refused', async () => {
  const refused = await fetch(`${query.server.address.url}/export/journal.csv?costCenter=mood`)
  assert.equal(refused.status, 400)
  assert.match(await refused.text(), /costCenter 'mood' is unknown: use project, agent/)
})
