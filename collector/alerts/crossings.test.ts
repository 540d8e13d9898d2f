import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseBudget } from '#otel-config/budgets/budget.ts'
import type { DefinedBudget, Standing } from '#otel-config/budgets/standing.ts'
import type { Keeper } from '../budgets/keeper.ts'
import { budgetAlerts, crossings, type StandingBudget } from './crossings.ts'

const budget = parseBudget('{ id: users, period: lifetime, limit: { usd: 5 }, thresholds: [50, 99.5], group_by: [user, agent], action: alert }')
const standing: Standing = {
  group: {}, period: undefined, actual: 0n, approved: 0n, calls: 0, unpricedCalls: 0, held: 0n, holds: 0, overshoot: 0n, forecast: undefined, burn: [], history: [],
  crossed: [{ percent: 50, on: 'actual' }, { percent: 99.5, on: 'actual' }],
}
const ofGroup = (user: string, agent: string): StandingBudget => ({ defined: { budget, version: 3, origin: 'FILE', postedAt: 0n }, standing: { ...standing, group: { user, agent } } })

test('whether something is still crossed is asked of its own group alone, whatever that is called', () => {
  for (const [user, agent] of [['ada', ''], ['', ''], ['a:b', 'x]:50:actual'], ['"[1]"', '\n']] as const) {
    const asked: string[] = []
    let groups: StandingBudget[] = [ofGroup(user, agent)]
    const alerts = budgetAlerts({ of: (id: string, group: readonly string[]) => (asked.push(`${id} ${JSON.stringify(group)}`), groups) } as unknown as Keeper)
    const names = crossings(ofGroup(user, agent)).map(({ crossing }) => crossing)
    assert.equal(names.length, 2)
    for (const name of names) assert.ok(alerts.stillCrossed({ budget: 'users', crossing: name, periodEnd: null }), name)
    groups = [{ ...ofGroup(user, agent), standing: { ...standing, group: { user, agent }, crossed: [] } }]
    assert.ok(!names.some((name) => alerts.stillCrossed({ budget: 'users', crossing: name, periodEnd: null })))
    assert.deepEqual([...new Set(asked)], [`users ${JSON.stringify([user, agent])}`])
  }
})

test('a threshold of a period holds until its end, but not when the budget is changed or gone', () => {
  const monthly = parseBudget('{ id: month.1, period: month, limit: { usd: 5 }, thresholds: [50], action: alert }')
  const version = (number: number): DefinedBudget => ({ budget: monthly, version: number, origin: 'API', postedAt: 0n })
  const [one] = crossings({ defined: version(2), standing: { ...standing, period: { start: 0, end: 1_000 }, crossed: [{ percent: 50, on: 'actual' }] } })
  assert.ok(one !== undefined)
  const cases = [['as it was', [version(2)], true], ['another limit', [version(3)], false], ['retired', [], false]] as const
  for (const [what, budgets, holds] of cases) assert.equal(budgetAlerts({ budgets: () => budgets } as unknown as Keeper).stillCrossed(one), holds, what)
})

test('amounts in sentences are rounded as in the console, and exact in the values', () => {
  const said = (limit: string, actual: bigint) => {
    const [one] = crossings({ defined: { budget: parseBudget(`{ id: b, period: lifetime, limit: { ${limit} }, thresholds: [50], action: alert }`), version: 1, origin: 'FILE', postedAt: 0n }, standing: { ...standing, actual, crossed: [{ percent: 50, on: 'actual' }] } })
    return [one?.summary, one?.values['used']]
  }
  const cases: readonly (readonly [string, bigint, string, string])[] = [
    ['usd: 0.1', 3_735_785_115_000n, '$3.74 of $0.1000', '$3.735785115'],
    ['usd: 10', 99_999_990_000n, '$0.1000 of $10.00', '$0.09999999'],
    ['usd: 10', 999_999_000_000n, '$1.00 of $10.00', '$0.999999'],
    ['usd: 10', 1_234_567_000n, '$0.001235 of $10.00', '$0.001234567'],
    ['usd: 10', 1n, '<$0.0001 of $10.00', '$0.000000000001'],
    ['usd: 1234567', 1_234_567_894_000_000_000n, '$1,234,567.89 of $1,234,567.00', '$1234567.894'],
    ['tokens: 1000', 1_234_791_666_666_666n, '1,234.8 tokens of 1,000 tokens', '1234.791666666666 tokens'],
  ]
  for (const [limit, actual, sentence, exact] of cases) assert.deepEqual(said(limit, actual), [`${sentence} are used.`, exact])
})
