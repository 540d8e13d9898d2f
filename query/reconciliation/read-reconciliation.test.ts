import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { QueryContext } from '../context.ts'
import { readReconciliation } from './read-reconciliation.ts'
import type { ReconciliationItem } from './reconciler.ts'

const item = (day: string, provider: string, said: Partial<ReconciliationItem> = {}): ReconciliationItem => ({
  id: `${day}/${provider}/m/input`, day, provider, model: 'm', meter: 'input', meteredQuantity: 0n, meteredAmount: 3n, unpricedLines: 0, billedQuantity: undefined, billedAmount: 5n, quantityDifference: undefined, amountDifference: 2n,
  quantityEffect: undefined, cause: 'PRICE', ledgerProviders: [provider], ledgerModels: ['m'], ledgerMeters: [], importIds: [], ...said,
})
const periods = async (items: readonly ReconciliationItem[]): Promise<unknown> => {
  const context = { reconciler: { items: async () => items } } as unknown as QueryContext
  const { billed, metered, difference, ...found } = await readReconciliation(context, { range: {} })
  const sum = (of: (one: (typeof found.periods)[number]) => bigint): bigint => found.periods.reduce((total, one) => total + of(one), 0n)
  assert.deepEqual([sum((one) => one.billed), sum((one) => one.metered), sum((one) => one.difference)], [billed, metered, difference])
  return found.periods.map((one) => [one.provider, one.from, one.to, one.billed, one.ledgerProviders.join()])
}

for (const [what, items, expected] of [
  ['days in a row are one, whatever their order', [item('2026-11-30', 'openai'), item('2026-12-01', 'openai', { ledgerProviders: ['openai', 'my-gateway'] }), item('2026-11-29', 'openai'), item('2026-11-29', 'openai')], [['openai', '2026-11-29', '2026-12-01', 20n, 'openai,my-gateway']]],
  ['a day without a bill parts two', [item('2026-11-01', 'openai'), item('2026-11-03', 'openai')], [['openai', '2026-11-01', '2026-11-01', 5n, 'openai'], ['openai', '2026-11-03', '2026-11-03', 5n, 'openai']]],
  ['providers are apart', [item('2026-11-02', 'openai'), item('2026-11-01', 'anthropic')], [['anthropic', '2026-11-01', '2026-11-01', 5n, 'anthropic'], ['openai', '2026-11-02', '2026-11-02', 5n, 'openai']]],
  ['a bill of usage alone is in no sum', [item('2026-11-01', 'openai', { billedAmount: undefined, amountDifference: undefined })], []],
] as readonly (readonly [string, readonly ReconciliationItem[], readonly unknown[]])[]) {
  test(`billed periods: ${what}`, async () => assert.deepEqual(await periods(items), expected))
}
