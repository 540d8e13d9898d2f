/** A window of a group's usage is the sum of its steps, however it is added up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#otel-config/demo/random.ts'
import { parseBudget } from '#otel-config/budgets/budget.ts'
import { addTo, type Groups, nothing, plus, stepMs, Tally } from './tally.ts'

const hourMs = 3_600_000
const now = Date.parse('2026-11-27T10:23:45Z')
const budget = parseBudget('{ id: week, period: rolling 7d, limit: { usd: 5 }, action: alert, group_by: [user] }')

test('a window of minutes, hours or days adds up every step that ends in it or begins in it, once', () => {
  const random = seededRandom(7, 0)
  const base: Groups = new Map()
  const steps = new Map<number, ReturnType<typeof plus>>()
  for (let n = 0; n < 3_000; n++) {
    const at = now - random.integer(0, 20 * 24 * hourMs)
    const [step, sum] = [at - (at % stepMs), { value: BigInt(random.integer(1, 1_000)), calls: random.integer(0, 3), unpriced: random.integer(0, 1) }]
    addTo(base, ['ada'], step, undefined, at, sum)
    steps.set(step, plus(steps.get(step) ?? nothing, sum))
  }
  const tally = new Tally(budget, base, now)
  const windows = [1, stepMs - 1, stepMs, hourMs - 1, hourMs, hourMs + 1, 6 * hourMs, 24 * hourMs, 7 * 24 * hourMs, 20 * 24 * hourMs, ...Array.from({ length: 300 }, () => random.integer(1, 10 * 24 * hourMs))]
  for (const ms of windows) for (const to of [now, now - (now % hourMs), now - (now % stepMs), now - random.integer(0, 30 * hourMs)]) {
    const expected = [...steps].filter(([start]) => start + stepMs > to - ms && start < to).reduce((sum, [, one]) => plus(sum, one), nothing)
    assert.deepEqual(tally.window('ada', to - ms, to), expected, `${ms} ms until ${new Date(to).toISOString()}`)
  }
  assert.deepEqual(tally.window('nobody', 0, now), nothing)
})

test('a group that nobody knows has no name, the one of an undivided budget always has', () => {
  assert.equal(new Tally(budget, new Map(), now).group('ada'), undefined)
  assert.deepEqual(new Tally({ ...budget, groupBy: [] }, new Map(), now).group(''), [])
})
