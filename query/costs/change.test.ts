import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cacheSavings, effects, type Effects, type MeterSum } from './change.ts'

const million = 1_000_000n * 1_000_000_000_000n
const usd = (dollars: number): bigint => BigInt(Math.round(dollars * 1e6)) * 1_000_000n
/** Millions of tokens and dollars. */
const sum = (model: string, meter: string, millions: number, dollars: number): MeterSum => ({ model, meter, tokens: BigInt(Math.round(millions * 1e6)) * (million / 1_000_000n), cost: usd(dollars) })
const none: Effects = { volume: 0n, models: 0n, inputOutput: 0n, cache: 0n, prices: 0n, other: 0n }

/** A million input at $1, of which half is cached at $0.1, and a million output at $10. */
const usual = [sum('a', 'input.uncached', 0.5, 0.5), sum('a', 'input.cache_read', 0.5, 0.05), sum('a', 'output.text', 1, 10)]

const cases: readonly (readonly [string, readonly MeterSum[], readonly MeterSum[], Partial<Effects>])[] = [
  ['the same again', usual, usual, {}],
  ['twice as much', usual, usual.map((row) => ({ ...row, tokens: 2n * row.tokens, cost: 2n * row.cost })), { volume: usd(10.55) }],
  ['the price of output doubled', usual, usual.map((row) => (row.meter === 'output.text' ? { ...row, cost: 2n * row.cost } : row)), { prices: usd(10) }],
  ['nothing cached any more', usual, [sum('a', 'input.uncached', 1, 1), sum('a', 'output.text', 1, 10)], { cache: usd(0.45) }],
  ['another model, twice as dear', [sum('a', 'output.text', 1, 10)], [sum('b', 'output.text', 1, 20)], { models: usd(10) }],
  ['output for input', [sum('a', 'input.uncached', 1, 1), sum('a', 'output.text', 1, 10)], [sum('a', 'output.text', 2, 20)], { inputOutput: usd(9) }],
  ['nothing before', [], usual, { volume: usd(10.55) }],
  ['nothing now', usual, [], { volume: -usd(10.55) }],
  ['searches, which are no tokens', [], [{ model: 'a', meter: 'tool.web_search', tokens: 0n, cost: usd(3) }], { other: usd(3) }],
  ['a model that is new beside the old one keeps its own price', [sum('a', 'output.text', 1, 10)], [sum('a', 'output.text', 1, 10), sum('b', 'output.text', 1, 2)], { volume: usd(10), models: -usd(8) }],
]
for (const [name, before, now, expected] of cases) {
  test(`why it changed: ${name}`, () => assert.deepEqual(effects(before, now), { ...none, ...expected }))
}

test('effects add up to the difference, whatever there was', () => {
  let seed = 7
  const random = (most: number): number => (seed = (seed * 48_271) % 2_147_483_647) % most
  const rows = (): readonly MeterSum[] => Array.from({ length: random(8) }, () => ({
    model: `m${random(3)}`, meter: ['input.uncached', 'input.cache_read', 'output.text', 'unsplit', 'tool.web_search'][random(5)] as string, tokens: BigInt(random(3) === 0 ? 0 : random(1_000_000) - 1_000) * 1_000_003n, cost: BigInt(random(1_000_000_000)) * 7n,
  }))
  for (let round = 0; round < 2_000; round++) {
    const [before, now] = [rows(), rows()]
    const cost = (of: readonly MeterSum[]): bigint => of.reduce((all, row) => all + row.cost, 0n)
    assert.equal(Object.values(effects(before, now)).reduce((all, effect) => all + effect, 0n), cost(now) - cost(before))
  }
})

test('a cache saves what its tokens would have cost more, less what writing costs more', () => {
  assert.equal(cacheSavings(usual), usd(0.45))
  assert.equal(cacheSavings([sum('a', 'input.uncached', 1, 1), sum('a', 'input.cache_write.5m', 1, 1.25)]), -usd(0.25))
  assert.equal(cacheSavings([sum('a', 'input.audio', 1, 4), sum('a', 'input.audio.cache_read', 1, 1), sum('b', 'input.cache_read', 1, 0.1)]), usd(3))
  assert.equal(cacheSavings([sum('a', 'input.cache_read', 1, 0.1), sum('b', 'input.uncached', 1, 1)]), undefined, 'nobody knows what it would have cost')
  assert.equal(cacheSavings([]), undefined)
})
