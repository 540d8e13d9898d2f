import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { migrate } from '#clickhouse/migrate.ts'
import { RowBinaryWriter } from '#clickhouse/row-binary.ts'
import { openStore, type Store } from '#clickhouse/store.ts'
import { writeRow } from '#clickhouse/table.ts'
import { type LedgerEntryRow, ledgerEntries } from '#clickhouse/tables/ledger-entries.ts'
import { shippedBook } from '../price/book.ts'
import { importedBook } from '../price/compose.ts'
import { BillError } from './bill.ts'
import { reconcileCommand } from './command.ts'
import { awsHead, csv, focusHead, openaiCosts, openaiUsage } from './made-bills.ts'
import { type Reconciliation, reconciliation } from './reconcile.ts'

const day = '2026-11-20'
const tokens = 1_000_000_000_000n
const price = 1_250_000n

let store: Store
let dataDir: string
let desk: Reconciliation
let now = 1_795_500_000_000_000_000n
const row = (id: number, said: Partial<LedgerEntryRow>): LedgerEntryRow => ({
  tenant: 'acme', project: 'p', ownId: id.toString(16).padStart(64, '0'), kind: 'CHARGE', reason: 'metered', occurredAt: BigInt(Date.parse(`${day}T12:00:00Z`)) * 1_000_000n, postedAt: 1n, traceId: '1'.padStart(32, '0'),
  spanId: '2'.padStart(16, '0'), provider: 'openai', model: 'gpt-5', meter: 'input.uncached', quantity: 1_000n * tokens, unitPrice: price, amount: 1_000n * price, basis: 'PRICED',
  priceBookVersion: '', priceCard: '', reverses: '', agent: 'a', user: '', session: '', workflow: '', service: 's', environment: '', tags: '', usageFlags: [], revision: 1n, ...said,
})
async function insert(rows: readonly LedgerEntryRow[]): Promise<void> {
  const writer = new RowBinaryWriter()
  for (const one of rows) writeRow(ledgerEntries, writer, one)
  const bytes = writer.take()
  await store.insert(ledgerEntries, bytes, createHash('sha256').update(bytes).digest('hex'))
}
before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'reconcile-'))
  store = await openStore({ kind: 'embedded', dataDir, memoryBytes: 1024 * 1024 * 1024, readSessions: 2 })
  await migrate(store)
  desk = reconciliation({ store, tenant: 'acme', project: 'p', prices: async () => shippedBook(), nowNano: () => now++ })
  await insert([row(1, {}), row(2, { meter: 'output.text', quantity: 10n * tokens, unitPrice: 10_000_000n, amount: 100_000_000n }), row(3, { tenant: 'other' })])
})
after(async () => {
  await store[Symbol.asyncDispose]()
  await rm(dataDir, { recursive: true, force: true })
})

const ledger = async (): Promise<unknown> => (await store.read<Readonly<Record<string, string>>>(
  `SELECT toString(sum(amount)) AS amount, toString(count()) AS entries FROM ledger_entries FINAL WHERE tenant = 'acme'`, {}, { maxSeconds: 10 }))[0]
const causes = async (): Promise<unknown> => Object.fromEntries((await desk.items({})).map((item) => [item.id, item.cause]))

const usage = openaiUsage(day, [{ model: 'gpt-5-2025-08-07', input_tokens: 3_000, input_cached_tokens: 0, output_tokens: 10 }])
/** 3,000 tokens at $1.25 a million, 10 at $20. */
const costs = openaiCosts(day, [['gpt-5-2025-08-07, input', '0.00375'], ['gpt-5-2025-08-07, output', '0.0002']])

test('a bill that cannot be read changes nothing', async () => {
  await assert.rejects(desk.importBill('bad.json', openaiCosts(day, [['x', '1'], ['y', '1', 'eur']]), 'ada'), BillError)
  assert.deepEqual([await desk.imports(), await desk.items({})], [[], []])
})
test('usage and costs together: what is missing and what is dear are told apart', async () => {
  await desk.importBill('usage.json', usage, 'ada')
  const imported = await desk.importBill('costs.json', costs, 'ada')
  assert.deepEqual([imported.source, imported.lines], ['openai_costs', 2])
  const items = await desk.items({})
  assert.deepEqual(items.map(({ id, cause: of, quantityDifference, amountDifference, quantityEffect }) => [id, of, (quantityDifference ?? 0n) / tokens, amountDifference, quantityEffect]), [
    [`${day}/openai/gpt-5/input`, 'NOT_IN_LEDGER', 2_000n, 2_500_000_000n, 2_500_000_000n], [`${day}/openai/gpt-5/output`, 'PRICE', 0n, 100_000_000n, 0n],
  ])
})
test('the same file again is the same import', async () => {
  await desk.importBill('costs.json', costs, 'ada')
  assert.equal((await desk.imports()).length, 2)
  assert.equal((await desk.items({})).length, 2)
})
test('an approved difference is a line of the ledger, with who and why; twice is once', async () => {
  const item = `${day}/openai/gpt-5/input`
  const [[first], again] = await Promise.all([desk.approve([item, item], 'ada', 'the batch job has no telemetry'), desk.approve([item], 'bo', 'me too')])
  assert.deepEqual(again, [])
  assert.deepEqual(await desk.approve([item], 'ada', 'again'), [])
  assert.deepEqual(await ledger(), { amount: '0.00385', entries: '3' })
  const [entry] = await store.read(`SELECT lower(hex(id)) AS id, toString(kind) AS kind, reason, meter, toString(quantity) AS quantity, toString(amount) AS amount, toString(occurred_at) AS at FROM ledger_entries FINAL WHERE reason = 'reconciled'`, {}, { maxSeconds: 10 })
  assert.deepEqual(entry, { id: first?.entryId, kind: 'ADJUSTMENT', reason: 'reconciled', meter: 'input.uncached', quantity: '2000', amount: '0.0025', at: '2026-11-20 00:00:00.000000000' })
  assert.deepEqual((await desk.approvals()).map(({ item: of, actor, why, entryId }) => [of, actor, why, entryId]), [[item, 'ada', 'the batch job has no telemetry', first?.entryId]])
  assert.deepEqual(await causes(), { [item]: 'MATCHED', [`${day}/openai/gpt-5/output`]: 'PRICE' })
})
test('what is left again, because the ledger was corrected to what it said before, can be agreed to again', async () => {
  const again = reconciliation({ store, tenant: 'again', project: 'p', prices: async () => shippedBook(), nowNano: () => now++ })
  const item = `${day}/openai/gpt-5/input`
  const left = async (): Promise<bigint | undefined> => (await again.items({})).find(({ id }) => id === item)?.quantityDifference
  await insert([row(5, { tenant: 'again' })])
  await again.importBill('usage.json', openaiUsage(day, [{ model: 'gpt-5', input_tokens: 1_500, input_cached_tokens: 0, output_tokens: 0 }]), 'ada')
  await again.approve([item], 'ada', 'no telemetry')
  assert.equal(await left(), 0n)
  await insert([row(6, { tenant: 'again', kind: 'REVERSAL', reason: 'mirrored', quantity: -500n * tokens, amount: 0n })])
  assert.equal(await left(), 500n * tokens)
  const approved = await again.approve([item], 'ada', 'nor had those')
  assert.deepEqual([approved.length, await left()], [1, 0n])
})
test('tokens that a bill counts in other units are unknown: agreeing to its money takes none away', async () => {
  const mixed = reconciliation({ store, tenant: 'mixed', project: 'p', prices: async () => shippedBook(), nowNano: () => now++ })
  const call = (id: number, model: string): LedgerEntryRow => row(id, { tenant: 'mixed', provider: 'aws', model })
  await insert([call(7, 'amazon.nova-pro-v1:0'), call(8, 'anthropic.claude-sonnet-4-5-20250929-v1:0')])
  const line = (type: string, cost: string, unit: string): string => `a,${day}T00:00:00Z,123,AmazonBedrock,Usage,${type},1,${cost},USD,${unit},`
  await mixed.importBill('cur.csv', csv(awsHead, line('USE1-NovaPro-input-tokens', '0.00125', '1K tokens'), line('USE1-MP:USE1_InputTokenCount-Units', '0.003', 'Units')), 'ada')
  const [item] = await mixed.items({})
  assert.deepEqual([item?.id, item?.cause, item?.billedQuantity, item?.amountDifference], [`${day}/aws/*/input`, 'PRICE', undefined, 1_750_000_000n])
  await mixed.approve([item?.id ?? ''], 'ada', 'their price')
  const [left] = await store.read(`SELECT toString(sum(quantity)) AS tokens, toString(sum(amount)) AS amount FROM ledger_entries FINAL WHERE tenant = 'mixed'`, {}, { maxSeconds: 10 })
  assert.deepEqual(left, { tokens: '2000', amount: '0.00425' })
})
test('a bill that comes to more than a ledger can hold changes nothing', async () => {
  const full = reconciliation({ store, tenant: 'full', project: 'p', prices: async () => shippedBook(), nowNano: () => now++ })
  const line = `1,USD,Usage,,${day},1000000000000000,999999999M Tokens,A,AI and Machine Learning,,Input Tokens,`
  await assert.rejects(full.importBill('huge.csv', csv(focusHead, line), 'ada'), /^BillError: the lines of A on one day come to more than a ledger can hold$/)
  assert.deepEqual([await full.imports(), await full.items({})], [[], []])
})
test('a later bill of the day leaves a difference of its own', async () => {
  await desk.importBill('usage-2.json', openaiUsage(day, [{ model: 'gpt-5', input_tokens: 2_500, output_tokens: 10 }]), 'ada')
  const item = (await desk.items({})).find(({ meter }) => meter === 'input')
  assert.deepEqual([item?.cause, (item?.quantityDifference ?? 0n) / tokens, item?.amountDifference], ['NOT_ON_BILL', -500n, 0n])
})
test('what a bill charges beside tokens can be approved, and is then matched', async () => {
  await desk.importBill('focus.csv', csv(focusHead, '7,USD,Adjustment,,2026-11-22T00:00:00Z,,,Amazon Web Services,AI and Machine Learning,1,,'), 'ada')
  const item = '2026-11-22/aws/*/other'
  await desk.approve([item], 'ada', 'support fee')
  assert.equal((await desk.items({ from: '2026-11-22' })).find(({ id }) => id === item)?.cause, 'MATCHED')
})
test('a provider that the active price book knows by another name is one with its bill', async () => {
  const book = importedBook(shippedBook(), 'gateway.yaml', 'format: 1\nname: gateway\nsource: what the gateway calls itself\ncurrency: USD\naliases: { my-gateway: openai }\n')
  await insert([row(4, { tenant: 'gateway', provider: 'my-gateway' })])
  const gateway = reconciliation({ store, tenant: 'gateway', project: 'p', prices: async () => book, nowNano: () => now++ })
  await gateway.importBill('usage.json', openaiUsage(day, [{ model: 'gpt-5', input_tokens: 1_000, input_cached_tokens: 0, output_tokens: 0 }]), 'ada')
  assert.deepEqual((await gateway.items({})).map(({ id, cause: of }) => [id, of]), [[`${day}/openai/gpt-5/input`, 'MATCHED']])
})
test('an unknown item, no name and no reason are refused, and nothing is posted', async () => {
  const before = await ledger()
  await assert.rejects(desk.approve([`${day}/openai/gpt-5/output`, 'nothing'], 'ada', 'x'), /there is no item 'nothing'/)
  await assert.rejects(desk.approve([`${day}/openai/gpt-5/output`], '', 'x'), /who approves is missing/)
  await assert.rejects(desk.approve([`${day}/openai/gpt-5/output`], 'ada', ' '), /why is missing/)
  assert.deepEqual(await ledger(), before)
})
test('the command: import, show, approve, and one line where something is wrong', async () => {
  const open = async () => ({ desk, async [Symbol.asyncDispose]() { /* the test's own */ } })
  const run = (...args: string[]) => reconcileCommand(args, open, 'ada')
  const file = join(dataDir, 'bill.json')
  await writeFile(file, openaiCosts('2026-11-23', [['gpt-5, input', '1']]))
  assert.match((await run('import', file)).text, /^bill\.json: openai_costs, 1 line, import [0-9a-f]{12}\./)
  assert.match((await run('show', '--from', '2026-11-23')).text, /NOT_IN_LEDGER +2026-11-23\/openai\/gpt-5\/input +0 +– +0 +1 +1\n\n1 item, 0 matched; billed 1 USD, difference 1 USD$/)
  await writeFile(file, '{"data": []}')
  assert.deepEqual(await run('import', file), { text: 'bill.json was not imported: the bill has no data: nothing was billed, or the file is none of the known reports.', exitCode: 1 })
  assert.match((await run('approve', '2026-11-23/openai/gpt-5/input', '--by', 'ada', '--why', 'key of the build')).text, /^2026-11-23\/openai\/gpt-5\/input: entry [0-9a-f]{64}$/)
  assert.match((await run('approve', '2026-11-23/openai/gpt-5/input', '--by', 'ada', '--why', 'again')).text, /nothing is left/)
  for (const wrong of [['approve', 'x', '--by', 'ada'], ['import'], ['show', 'x'], ['what'], ['show', '--form', 'x']]) assert.equal((await run(...wrong)).exitCode, 2, wrong.join(' '))
})

test('lines of two sellers stay apart, whatever else they have alike, and a file imported again is the same lines', async () => {
  const line = (seller: string, amount: string): string => `${amount},USD,Usage,,2026-11-12T00:00:00Z,2000,Tokens,${seller},AI and Machine Learning,ws,Input Tokens,"{""x_ModelId"":""gpt-5"",""x_TokenDirection"":""Input""}"`
  const file = csv(focusHead, line('OpenAI', '1.5'), line('Microsoft', '2.5'))
  for (const name of ['sellers.csv', 'again.csv']) {
    await desk.importBill(name, file, 'ada')
    const found = await desk.items({ from: '2026-11-12', to: '2026-11-13' })
    assert.deepEqual(found.map(({ id, billedAmount, billedQuantity }) => [id, billedAmount, billedQuantity]), [
      ['2026-11-12/azure/gpt-5/input', 2_500_000_000_000n, 2_000n * tokens], ['2026-11-12/openai/gpt-5/input', 1_500_000_000_000n, 2_000n * tokens],
    ])
  }
})
