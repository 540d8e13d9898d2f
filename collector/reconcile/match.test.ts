import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Billed, type Item, matchBills, type Metered } from './match.ts'

const day = '2026-11-20'
const next = '2026-11-21'
const metered = (said: Partial<Metered> = {}): Metered => ({ day, provider: 'openai', model: 'gpt-5', ledgerProvider: 'openai', ledgerModel: 'gpt-5', meter: 'input', quantity: 1_000n, amount: 2_000n, unpricedLines: 0, settlements: 0, ...said })
const billed = (said: Partial<Billed> = {}): Billed => ({ source: 'focus', provider: 'openai', account: '', day, model: 'gpt-5', meter: 'input', quantity: 1_000n, amount: 2_000n, importId: 'first', importedAt: 1n, ...said })
const told = (items: readonly Item[]): unknown => items.map(({ id, cause: of, quantityDifference, amountDifference, quantityEffect }) => [id, of, quantityDifference ?? null, amountDifference ?? null, quantityEffect ?? null])
const item = `${day}/openai/gpt-5/input`

for (const [what, ours, theirs, expected] of [
  ['equal', [metered()], [billed()], [[item, 'MATCHED', 0n, 0n, 0n]]],
  ['a bill that rounds', [metered()], [billed({ quantity: 1_001n })], [[item, 'MATCHED', 1n, 0n, 2n]]],
  ['more billed than metered: somebody calls without telemetry', [metered()], [billed({ quantity: 1_500n, amount: 3_100n })], [[item, 'NOT_IN_LEDGER', 500n, 1_100n, 1_000n]]],
  ['nothing metered', [], [billed()], [[item, 'NOT_IN_LEDGER', 1_000n, 2_000n, 2_000n]]],
  ['more metered than billed: something is counted twice', [metered()], [billed({ quantity: 500n, amount: 1_000n })], [[item, 'NOT_ON_BILL', -500n, -1_000n, -1_000n]]],
  ['metered and not on the bill of that day', [metered(), metered({ model: 'gpt-6' })], [billed()], [[`${day}/openai/gpt-6/input`, 'NOT_ON_BILL', -1_000n, -2_000n, -2_000n], [item, 'MATCHED', 0n, 0n, 0n]]],
  ['the same tokens at another price', [metered()], [billed({ amount: 1_000n })], [[item, 'PRICE', 0n, -1_000n, 0n]]],
  ['unpriced here', [metered({ amount: 0n, unpricedLines: 3 })], [billed()], [[item, 'PRICE', 0n, 2_000n, 0n]]],
  ['tokens on the day before', [metered({ quantity: 1_500n, amount: 3_000n }), metered({ day: next, quantity: 500n, amount: 1_000n })], [billed(), billed({ day: next })],
    [[item, 'TIMING', -500n, -1_000n, -1_000n], [`${next}/openai/gpt-5/input`, 'TIMING', 500n, 1_000n, 1_000n]]],
  ['money alone, and it differs', [metered()], [billed({ quantity: undefined, amount: 2_500n })], [[item, 'PRICE', null, 500n, null]]],
  ['money alone, and nothing metered', [], [billed({ quantity: undefined })], [[item, 'NOT_IN_LEDGER', null, 2_000n, null]]],
  ['usage alone', [metered()], [billed({ amount: undefined })], [[item, 'MATCHED', 0n, null, null]]],
  ['a day without a bill is not compared', [metered({ day: next })], [billed()], [[item, 'NOT_IN_LEDGER', 1_000n, 2_000n, 2_000n]]],
  ['no class on the bill: classes are summed', [metered(), metered({ meter: 'output', quantity: 10n, amount: 1_000n })], [billed({ meter: '', quantity: undefined, amount: 3_000n })], [[`${day}/openai/gpt-5/*`, 'MATCHED', null, 0n, null]]],
  ['no model on the bill: models are summed', [metered(), metered({ model: 'gpt-6' })], [billed({ model: '', quantity: 2_000n, amount: 4_000n })], [[`${day}/openai/*/input`, 'MATCHED', 0n, 0n, 0n]]],
  ['what is charged beside tokens is an item of its own', [metered()], [billed(), billed({ meter: 'other', model: '', quantity: undefined, amount: 50n })], [[`${day}/openai/*/other`, 'NOT_IN_LEDGER', null, 50n, null], [item, 'MATCHED', 0n, 0n, 0n]]],
  ['a usage and a cost report complete each other', [metered()], [billed({ source: 'openai_usage', amount: undefined }), billed({ source: 'openai_costs', quantity: undefined, importedAt: 2n })], [[item, 'MATCHED', 0n, 0n, 0n]]],
  ['two bills of one day do not add up: the later one counts', [metered()], [billed({ source: 'focus' }), billed({ source: 'openai_costs', quantity: undefined, importedAt: 2n })], [[item, 'MATCHED', 0n, 0n, 0n]]],
  ['a bill imported again replaces what it said', [metered()], [billed({ quantity: 1n, amount: 1n }), billed({ importedAt: 2n })], [[item, 'MATCHED', 0n, 0n, 0n]]],
  ['accounts are summed', [metered({ quantity: 2_000n, amount: 4_000n })], [billed({ account: 'a' }), billed({ account: 'b', importedAt: 2n })], [[item, 'MATCHED', 0n, 0n, 0n]]],
  ['a bill that names no account is of all of them: one by account replaces it', [metered()], [billed(), billed({ account: 'a', importedAt: 2n })], [[item, 'MATCHED', 0n, 0n, 0n]]],
  ['… and it replaces those by account', [metered()], [billed({ account: 'a', quantity: 1n, amount: 1n }), billed({ account: 'b', quantity: 1n, amount: 1n, importedAt: 2n }), billed({ importedAt: 3n })], [[item, 'MATCHED', 0n, 0n, 0n]]],
  ['beside named accounts, none is an account as well: the default workspace', [metered({ quantity: 3_000n, amount: 6_000n })], [billed(), billed({ account: 'a' }), billed({ account: 'b', importedAt: 2n })], [[item, 'MATCHED', 0n, 0n, 0n]]],
  ['quantity that the bill counts in other units is unknown, not 0', [metered(), metered({ model: 'gpt-6' })], [billed(), billed({ model: 'gpt-6', quantity: undefined })], [[item, 'MATCHED', 0n, 0n, 0n], [`${day}/openai/gpt-6/input`, 'MATCHED', null, 0n, null]]],
  ['… so is a sum with a part in other units', [metered(), metered({ model: 'gpt-6' })], [billed({ model: '' }), billed({ model: '', account: 'b', quantity: undefined })], [[`${day}/openai/*/input`, 'MATCHED', null, 0n, null]]],
  ['… and what it bills without telling whose', [metered()], [billed({ quantity: 500n, amount: 1_000n }), billed({ model: '', meter: '', quantity: undefined, amount: 1_000n })], [[`${day}/openai/*/*`, 'MATCHED', null, 0n, null]]],
  ['usage of completions and of embeddings add up', [metered({ quantity: 2_000n, amount: 4_000n })], [billed({ source: 'openai_usage', amount: undefined }), billed({ source: 'openai_embeddings', amount: undefined, importedAt: 2n })], [[item, 'MATCHED', 0n, null, null]]],
] as readonly (readonly [string, readonly Metered[], readonly Billed[], readonly unknown[]])[]) {
  test(what, () => assert.deepEqual(told(matchBills(ours, theirs)), expected))
}

test('nothing is lost: differences add up to what was billed less what was metered on those days', () => {
  let seed = 5
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below
  const one = <T>(values: readonly T[]): T => values[random(values.length)] as T
  for (let round = 0; round < 200; round++) {
    const place = () => ({ day: one([day, next]), model: one(['gpt-5', 'gpt-6', '']), meter: one(['input', 'output', 'other', ''] as const), quantity: BigInt(random(1_000)), amount: BigInt(random(1_000)) })
    const ours = Array.from({ length: random(8) }, () => metered(place()))
    const theirs = Array.from({ length: 1 + random(8) }, () => billed(place()))
    const days = new Set(theirs.map((line) => line.day))
    const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n)
    const items = matchBills(ours, theirs)
    assert.equal(new Set(items.map(({ id }) => id)).size, items.length)
    assert.equal(sum(items.map(({ amountDifference }) => amountDifference ?? 0n)), sum(theirs.map(({ amount }) => amount ?? 0n)) - sum(ours.filter((line) => days.has(line.day)).map(({ amount }) => amount)))
  }
})

const lines = (items: readonly Item[]): unknown => items.map(({ id, ledgerProviders, ledgerModels, ledgerMeters, importIds }) => [id, ledgerProviders, ledgerModels, ledgerMeters, importIds])
for (const [what, ours, theirs, expected] of [
  ['names as the ledger spells them, and the file', [metered({ ledgerProvider: 'my-gateway', ledgerModel: 'gpt-5-2025-08-07' })], [billed(), billed({ source: 'openai_costs', importId: 'second', importedAt: 2n, quantity: undefined })],
    [[item, ['openai', 'my-gateway'], ['gpt-5', 'gpt-5-2025-08-07'], ['input.uncached', 'input.audio', 'input.image'], ['first', 'second']]]],
  ['no class on the bill: all meters but those beside tokens', [metered()], [billed({ meter: '' })],
    [[`${day}/openai/gpt-5/*`, ['openai'], ['gpt-5'], ['input.uncached', 'input.cache_read', 'input.cache_write.5m', 'input.cache_write.1h', 'input.audio', 'input.audio.cache_read', 'input.image', 'output.text', 'output.reasoning', 'output.audio', 'output.image', 'unsplit', 'reported_cost'], ['first']]]],
  ['no model on the bill: all models', [metered()], [billed({ model: '', meter: 'cache_read' }), billed({ meter: 'output' })],
    [[`${day}/openai/*/cache_read`, ['openai'], [], ['input.cache_read', 'input.audio.cache_read'], ['first']], [`${day}/openai/*/input`, ['openai'], [], ['input.uncached', 'input.audio', 'input.image'], []], [`${day}/openai/*/output`, ['openai'], [], ['output.text', 'output.reasoning', 'output.audio', 'output.image'], ['first']]]],
] as readonly (readonly [string, readonly Metered[], readonly Billed[], readonly unknown[]])[]) {
  test(`what an item is made of: ${what}`, () => assert.deepEqual(lines(matchBills(ours, theirs)), expected))
}
