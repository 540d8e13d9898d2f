/** Finance, through the whole program: what was exported balances, and a bill makes the ledger say what the bill says. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { openaiCosts } from '#collector/reconcile/made-bills.ts'
import { exportRequest, modelCall, newTraceId } from './made-span.ts'
import { graphql, type Program, startProgram } from './program.ts'
import { post } from './sending.ts'
import { settledTrace } from './traces.ts'

let program: Program
const trace = newTraceId()
before(async () => {
  program = await startProgram({ env: { SPANLEDGER_SETTLEMENT_DELAY_MS: '300' } })
  const start = BigInt(Date.parse('2026-11-20T12:00:00Z')) * 1_000_000n
  await post(program, exportRequest([modelCall({ traceId: trace, start }, { input: 1_000, output: 200 })]))
  await settledTrace(program, trace, 1)
})
after(() => program[Symbol.asyncDispose]())

interface Compared {
  readonly reconciliation: { readonly itemCount: number; readonly matchedItems: number; readonly difference: string; readonly items: readonly { readonly id: string; readonly cause: string; readonly amountDifference: string | null }[] }
}
const compared = async (): Promise<Compared['reconciliation']> => (await graphql<Compared>(program, '{ reconciliation(range: {}) { itemCount matchedItems difference items { id cause amountDifference } } }')).reconciliation
const cost = async (): Promise<unknown> => (await graphql<{ readonly costs: readonly unknown[] }>(program, '{ costs(range: {}) { cost runs entries } }')).costs[0]
const bill = (content: string, name: string): Promise<unknown> => graphql(program, 'mutation ($name: String!, $content: String!) { importBill(name: $name, content: $content, by: "ada") { source lines } }', { name, content })

test('our own FOCUS file, taken as a bill, agrees with the ledger it came from', async () => {
  for (const version of ['1.2', '1.4']) {
    const file = await (await fetch(`${program.console}/export/focus-${version}.csv`)).text()
    assert.deepEqual(await bill(file, `focus-${version}.csv`), { importBill: { source: 'focus', lines: 2 } })
    assert.deepEqual(await compared(), { itemCount: 2, matchedItems: 2, difference: '0', items: [
      { id: '2026-11-20/openai/gpt-5-mini/input', cause: 'MATCHED', amountDifference: '0' }, { id: '2026-11-20/openai/gpt-5-mini/output', cause: 'MATCHED', amountDifference: '0' },
    ] })
  }
})
test('a bill that says more is agreed to by a person, and the ledger says it too; no run is added', async () => {
  assert.deepEqual(await cost(), { cost: '0.00065', runs: 1, entries: 2 })
  await bill(openaiCosts('2026-11-20', [['gpt-5-mini, input', '0.00125'], ['gpt-5-mini, output', '0.0004']]), 'costs.json')
  assert.deepEqual((await compared()).items[0], { id: '2026-11-20/openai/gpt-5-mini/input', cause: 'PRICE', amountDifference: '0.001' })
  const approve = 'mutation { approveDifferences(items: ["2026-11-20/openai/gpt-5-mini/input"], by: "ada", why: "priority tier") { item actor why } }'
  assert.deepEqual(await graphql(program, approve), { approveDifferences: [{ item: '2026-11-20/openai/gpt-5-mini/input', actor: 'ada', why: 'priority tier' }] })
  assert.deepEqual(await graphql(program, approve), { approveDifferences: [] })
  assert.deepEqual(await cost(), { cost: '0.00165', runs: 1, entries: 3 })
  assert.equal((await compared()).difference, '0')
  const { billApprovals: [approval] } = await graphql<{ readonly billApprovals: readonly { readonly entryId: string }[] }>(program, '{ billApprovals { entryId } }')
  const { ledgerEntries: { nodes } } = await graphql<{ readonly ledgerEntries: { readonly nodes: readonly unknown[] } }>(program, '{ ledgerEntries(filter: {reason: "reconciled"}) { nodes { id kind amount model provider } } }')
  assert.deepEqual(nodes, [{ id: approval?.entryId, kind: 'ADJUSTMENT', amount: '0.001', model: 'gpt-5-mini', provider: 'openai' }])
  assert.match(await (await fetch(`${program.console}/export/focus-1.4.csv`)).text(), /0\.001,default.*,Adjustment,.*,Reconciled,/)
})
test('what a difference is made of: the ledger lines that its item and its period name come to what was metered, adjustments too', async () => {
  interface Named { readonly metered?: string; readonly meteredAmount?: string; readonly from?: string; readonly to?: string; readonly day?: string; readonly ledgerProviders: readonly string[]; readonly ledgerModels?: readonly string[]; readonly ledgerMeters?: readonly string[] }
  const { reconciliation: { items, periods } } = await graphql<{ readonly reconciliation: Readonly<Record<'items' | 'periods', readonly Named[]>> }>(
    program, '{ reconciliation(range: {}) { items { day meteredAmount ledgerProviders ledgerModels ledgerMeters } periods { from to metered ledgerProviders } } }')
  assert.deepEqual([items.length, periods.length], [2, 1])
  for (const { day, from = day, to = day, metered, meteredAmount = metered, ledgerProviders: provider, ledgerModels: model = [], ledgerMeters: meter = [] } of [...items, ...periods]) {
    const range = { from: `${from}T00:00:00Z`, to: new Date(Date.parse(`${to}T00:00:00Z`) + 86_400_000).toISOString() }
    const { costs: [sum] } = await graphql<{ readonly costs: readonly { readonly cost: string }[] }>(program, 'query ($range: TimeRange!, $filter: CostFilter) { costs(range: $range, filter: $filter) { cost } }', { range, filter: { provider, model, meter } })
    assert.equal(sum?.cost, meteredAmount)
  }
})
test('a wrong bill gets one message, and nothing has changed', async () => {
  const before = await compared()
  await assert.rejects(bill(openaiCosts('2026-11-20', [['x', '1', 'eur']]), 'euro.json'), /currency is 'eur': only bills in USD can be reconciled/)
  assert.deepEqual(await compared(), before)
})
test('the command works beside the server', async () => {
  const file = join(program.dataDir, 'costs.json')
  await writeFile(file, openaiCosts('2026-11-21', [['gpt-5-mini, input', '3']]))
  const run = async (...args: string[]): Promise<string> => (await promisify(execFile)(process.execPath, [join(import.meta.dirname, '..', 'main.ts'), 'reconcile', ...args], { env: { ...process.env, SPANLEDGER_DATA_DIR: program.dataDir } })).stdout
  assert.match(await run('import', file, '--by', 'ada'), /^costs\.json: openai_costs, 1 line/)
  assert.match(await run('show', '--from', '2026-11-21'), /NOT_IN_LEDGER +2026-11-21\/openai\/gpt-5-mini\/input/)
})
