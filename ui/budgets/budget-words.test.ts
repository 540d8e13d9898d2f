import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BudgetFieldsFragment } from '../queries.ts'
import { amountText, answerOf, burnKey, groupName, linesHref, periodText, scopeText } from './budget-words.ts'

test('a limit, its period and what it is for are said in words', () => {
  assert.equal(amountText('USD', '99.5'), '$99.50')
  assert.equal(amountText('TOKENS', '1000000'), '1,000,000 tokens')
  assert.equal(amountText('TOKENS', '-1234.791666666666'), '−1,234.8 tokens')
  assert.equal(periodText({ period: 'MONTH', rollingHours: null, timeZone: 'Europe/Berlin' }), 'a month (Europe/Berlin)')
  assert.equal(periodText({ period: 'ROLLING', rollingHours: 168, timeZone: null }), 'in any 7 days')
  assert.equal(scopeText({ scope: [{ dimension: 'AGENT', values: ['a', 'b'] }], groupBy: ['USER'] }), 'each user of agent a or b')
  assert.equal(scopeText({ scope: [], groupBy: ['AGENT'] }), 'each agent')
  assert.equal(groupName({ group: [{ dimension: 'USER', values: [''] }] }), 'user (none)')
})

test('a figure opens the ledger entries of its scope, group and period', () => {
  const budget = { scope: [{ dimension: 'AGENT' as const, values: ['a'] }] }
  assert.equal(linesHref(budget, { group: [{ dimension: 'USER', values: ['u'] }] }, '2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z'),
    '/ledger?range=2026-11-01T00%3A00%3A00Z..2026-12-01T00%3A00%3A00Z&agent=a&user=u')
  assert.equal(linesHref({ scope: [{ dimension: 'PROJECT', values: ['p'] }] }, { group: [] }, null, null), undefined)
})

test('no two groups have one key', () => {
  const key = (...values: string[]): string => burnKey({ id: 'b' }, { group: values.map((value) => ({ dimension: 'USER' as const, values: [value] })) })
  assert.notEqual(key('a/b', 'c'), key('a', 'b/c'))
  assert.notEqual(key('a'), key('a', ''))
})

const budget = (used: readonly string[], exhaustedAt: string | null = null, total = used.length): BudgetFieldsFragment => ({
  limit: '10', groups: { total, nodes: used.map((actual) => ({ actual, forecast: exhaustedAt === null ? null : { value: '11', low: '9', high: '12', exhaustedAt } })) },
} as unknown as BudgetFieldsFragment)

test('the answer says how many are used up, how many will be, and how many are near', () => {
  assert.equal(answerOf([budget(['1'])]), '1 budget: all have room.')
  assert.equal(answerOf([budget([])]), '1 budget: all have room.')
  assert.equal(answerOf([budget(['12']), budget(['9']), budget(['2'], '2026-11-30T00:00:00Z')]), '3 budgets: 1 used up, 1 will be used up before the period ends, 1 above 80 %.')
})

test('of a budget for each agent the answer counts agents, not budgets, and says when some of them are not looked at', () => {
  assert.equal(answerOf([budget(['12']), budget(['11', '10', '1'])]), '2 budgets with 4 limits: 3 used up.')
  assert.equal(answerOf([budget(['1', '2'])]), '1 budget with 2 limits: all have room.')
  // Those that used most come first: below a group with room all others have it too.
  assert.equal(answerOf([budget(['12', '1'], null, 1_200)]), '1 budget with 1,200 limits: 1 used up.')
  assert.equal(answerOf([budget(['12', '11'], null, 1_200)]), '1 budget with 1,200 limits: at least 2 used up.')
})
