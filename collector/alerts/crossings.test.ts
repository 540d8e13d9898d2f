import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseBudget } from '#otel-config/budgets/budget.ts'
import type { Standing } from '#otel-config/budgets/standing.ts'
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
    for (const name of names) assert.ok(alerts.stillCrossed('users', name), name)
    groups = [{ ...ofGroup(user, agent), standing: { ...standing, group: { user, agent }, crossed: [] } }]
    assert.ok(!names.some((name) => alerts.stillCrossed('users', name)))
    assert.deepEqual([...new Set(asked)], [`users ${JSON.stringify([user, agent])}`])
  }
})
