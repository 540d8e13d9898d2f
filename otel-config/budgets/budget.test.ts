import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseBudget, parseBudgets } from './budget.ts'
import { calendarPeriod } from './period.ts'

const monthly = `
id: shop-month
title: What the shop may spend in a month
owner: finance
scope: { environment: [prod], agent: [planner, writer] }
group_by: [user]
period: month
time_zone: Europe/Berlin
limit: { usd: "99.50" }
thresholds: [100, 50]
forecast_thresholds: [100]
action: deny
on_unpriced: deny
`

test('a budget says what it is about, over which time, how much, and what happens then', () => {
  const { document, ...budget } = parseBudget(monthly)
  assert.deepEqual(budget, {
    id: 'shop-month', title: 'What the shop may spend in a month', owner: 'finance', scope: { environment: ['prod'], agent: ['planner', 'writer'] },
    groupBy: ['user'], period: { kind: 'calendar', unit: 'month', timeZone: 'Europe/Berlin' }, measure: 'usd', limit: 99_500_000_000_000n,
    thresholds: [50, 100], forecastThresholds: [100], action: 'deny', onUnpriced: 'deny',
  })
  assert.deepEqual(parseBudget(document), { ...budget, document }, 'a stored version says the same')
})

test('what is not said has a plain meaning', () => {
  const budget = parseBudget('{ id: calls, period: rolling 7d, limit: { calls: 1000 }, action: observe }')
  assert.deepEqual([budget.scope, budget.groupBy, budget.period, budget.limit], [{}, [], { kind: 'rolling', ms: 7 * 86_400_000 }, 1000n * 10n ** 12n])
  assert.deepEqual([budget.thresholds, budget.forecastThresholds, budget.onUnpriced, budget.title], [[50, 80, 100], [], 'allow', 'calls'])
})

const refusals: readonly (readonly [string, RegExp])[] = [
  ['{ period: day', /^budget: not valid YAML: /],
  ['[]', /^budget: is a list, keys and values are needed$/],
  ['{ id: A B }', /^budget: id is 'A B', allowed are lower-case letters/],
  ['{ id: b, limti: 3 }', /^budget 'b': unknown key 'limti', allowed: id, title/],
  ['{ id: b, period: fortnight, limit: { usd: 1 }, action: deny }', /^budget 'b': period is 'fortnight', allowed: day, week/],
  ['{ id: b, period: rolling 90d, limit: { usd: 1 }, action: deny }', /^budget 'b': period is 'rolling 90d', rolling goes from 1h to 31d$/],
  ['{ id: b, period: day, time_zone: Mars/Olympus, limit: { usd: 1 }, action: deny }', /^budget 'b': time_zone is 'Mars\/Olympus', an IANA time zone/],
  ['{ id: b, period: day, limit: { usd: -1 }, action: deny }', /^budget 'b': limit: usd is -1, dollars above 0/],
  ['{ id: b, period: day, limit: { tokens: 1.5 }, action: deny }', /^budget 'b': limit: tokens is 1\.5, a whole number above 0/],
  ['{ id: b, period: day, limit: { eur: 1 }, action: deny }', /^budget 'b': limit: unknown key 'eur', allowed: usd, tokens, calls$/],
  ['{ id: b, period: day, limit: { usd: 1, tokens: 1 }, action: deny }', /^budget 'b': limit: exactly one of usd, tokens, calls is needed$/],
  ['{ id: b, period: day, limit: { usd: 1 }, action: explode }', /^budget 'b': action is 'explode', allowed: observe, alert/],
  ['{ id: b, period: day, limit: { usd: 1 }, action: deny, scope: { team: [a] } }', /^budget 'b': scope: unknown key 'team', allowed: project/],
  ['{ id: b, period: day, limit: { usd: 1 }, action: deny, scope: { agent: [] } }', /^budget 'b': scope\.agent: is an empty list/],
  ['{ id: b, period: day, limit: { usd: 1 }, action: deny, group_by: [team] }', /^budget 'b': group_by holds 'team', allowed: project/],
  ['{ id: b, period: day, limit: { usd: 1 }, action: deny, thresholds: [0] }', /^budget 'b': thresholds holds 0, percents above 0/],
  ['{ id: b, period: lifetime, limit: { usd: 1 }, action: deny, forecast_thresholds: [100] }', /^budget 'b': forecast_thresholds need a period with an end/],
]
for (const [yaml, line] of refusals) {
  test(`one clear line for ${yaml.slice(0, 90)}`, () => assert.throws(() => parseBudget(yaml), { name: 'BudgetError', message: line }))
}

test('a file holds a list, each id once', () => {
  const one = '{ id: b, period: day, limit: { usd: 1 }, action: deny }'
  assert.deepEqual(parseBudgets(`budgets: [${one}]`).map(({ id }) => id), ['b'])
  assert.throws(() => parseBudgets(`budgets: [${one}, ${one}]`), { message: `budget 'b': id is used twice, each budget needs its own` })
})

const periods: readonly (readonly [string, Parameters<typeof calendarPeriod>[0], string, string, string, number?])[] = [
  ['2026-11-27T10:00:00Z', 'day', 'UTC', '2026-11-27T00:00:00Z', '2026-11-28T00:00:00Z'],
  ['2026-11-27T23:30:00Z', 'day', 'Europe/Berlin', '2026-11-27T23:00:00Z', '2026-11-28T23:00:00Z'],
  // The day on which clocks go forward is 23 hours long, the one on which they go back 25.
  ['2026-03-29T12:00:00Z', 'day', 'Europe/Berlin', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
  ['2026-10-25T12:00:00Z', 'day', 'Europe/Berlin', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'],
  // In Beirut clocks go forward at midnight: the day begins at one o'clock.
  ['2026-03-29T12:00:00Z', 'day', 'Asia/Beirut', '2026-03-28T22:00:00Z', '2026-03-29T21:00:00Z'],
  ['2026-11-27T10:00:00Z', 'week', 'UTC', '2026-11-23T00:00:00Z', '2026-11-30T00:00:00Z'],
  ['2026-11-29T18:31:00Z', 'week', 'Asia/Kolkata', '2026-11-29T18:30:00Z', '2026-12-06T18:30:00Z'],
  ['2026-11-01T03:00:00Z', 'month', 'America/New_York', '2026-10-01T04:00:00Z', '2026-11-01T04:00:00Z'],
  ['2026-11-27T10:00:00Z', 'quarter', 'UTC', '2026-10-01T00:00:00Z', '2027-01-01T00:00:00Z'],
  ['2026-11-27T10:00:00Z', 'year', 'UTC', '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z'],
  ['2026-01-31T10:00:00Z', 'month', 'UTC', '2025-12-01T00:00:00Z', '2026-01-01T00:00:00Z', -1],
]
for (const [at, unit, zone, start, end, n = 0] of periods) {
  test(`the ${unit} ${n === 0 ? 'of' : `${n} from`} ${at} in ${zone}`, () => {
    const found = calendarPeriod(unit, zone, Date.parse(at), n)
    assert.deepEqual([new Date(found.start).toISOString(), new Date(found.end).toISOString()], [start, end].map((time) => new Date(time).toISOString()))
  })
}
