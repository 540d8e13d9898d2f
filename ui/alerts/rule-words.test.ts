import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AlertRuleFieldsFragment } from '../queries.ts'
import { alertHref, documentOf, draftOf, durationText, newDraft, previewText, ruleText, templateOf } from './rule-words.ts'

const rule: AlertRuleFieldsFragment = {
  id: 'failing', on: 'error_rate', above: 20, unit: 'percent of runs that failed', windowMs: 900_000, forMs: 300_000, groupBy: 'service', noData: 'keep', budgets: [], notify: ['team'], unknown: [],
  origin: 'API', version: 2, definedAt: '2026-11-27T00:00:00Z', mutedUntil: null,
}
const money: AlertRuleFieldsFragment = { ...rule, id: 'money', on: 'budget', above: null, unit: null, windowMs: null, forMs: null, groupBy: null, noData: null, budgets: ['month', 'day'] }

test('a rule that is opened and saved says what it said', () => {
  assert.deepEqual(JSON.parse(documentOf(draftOf(rule))), { id: 'failing', on: 'error_rate', above: 20, window: '15m', for: '5m', group_by: 'service', no_data: 'keep', notify: ['team'] })
  assert.deepEqual(JSON.parse(documentOf(draftOf(money))), { id: 'money', on: 'budget', notify: ['team'], budgets: ['month', 'day'] })
})

test('what is left empty is left out, and what is no number is sent as it was written, because the server says what is wrong', () => {
  const draft = draftOf({ ...rule, groupBy: null })
  assert.deepEqual(JSON.parse(documentOf({ ...draft, above: ' ' })), { id: 'failing', on: 'error_rate', window: '15m', for: '5m', no_data: 'keep', notify: ['team'] })
  assert.equal((JSON.parse(documentOf({ ...draft, above: 'many' })) as { above: unknown }).above, 'many')
  assert.deepEqual(JSON.parse(documentOf({ ...draftOf(money), budgets: ' , ' })), { id: 'money', on: 'budget', notify: ['team'] })
})

test('another thing to look at begins with a line of its own, and keeps the name that a person gave', () => {
  assert.deepEqual([newDraft.id, newDraft.on, newDraft.above, newDraft.groupBy], ['error-rate', 'error_rate', '20', 'service'])
  const next = templateOf('spend_jump', { ...newDraft, notify: ['team'] })
  assert.deepEqual([next.id, next.above, next.groupBy, next.notify], ['spend-jump', '3', 'agent', ['team']])
  assert.equal(templateOf('silence', { ...newDraft, id: 'quiet' }).id, 'quiet')
})

test('durations are written as the document has them', () => {
  assert.deepEqual([0, 60_000, 900_000, 3_600_000, 5_400_000, 86_400_000].map(durationText), ['0m', '1m', '15m', '1h', '90m', '1d'])
})

test('rules and previews in words, with a way to what was read', () => {
  assert.equal(ruleText(rule), 'above 20 percent of runs that failed, in 15m for 5m, each service')
  assert.equal(ruleText(money), 'thresholds and burn rates of budgets month, day')
  const preview = { from: '2026-11-01T00:00:00.000Z', to: '2026-11-03T00:00:00.000Z', total: 0, alerts: [], readings: [] }
  assert.equal(previewText(preview), 'In the last 2 days it would never have fired.')
  assert.equal(previewText({ ...preview, to: '2026-11-03T02:10:00.000Z', total: 1 }), 'In the last 50 hours it would have fired 1 time.')
})

const alert = { key: 'k', rule: 'r', severity: 'WARNING' as const, title: 't', summary: 's', on: 'error_rate', budget: null, groupBy: null, group: '', from: '2026-11-01T00:00:00Z', firing: false, firedAt: '2026-11-01T00:15:00Z', resolvedAt: '2026-11-01T01:00:00Z', waiting: [] }
const range = 'range=2026-11-01T00%3A00%3A00Z..2026-11-01T01%3A00%3A00Z'
for (const [what, said, href] of [
  ['failed runs of a service', { groupBy: 'service', group: 'gateway' }, `/runs?service=gateway&status=FAILED&${range}`],
  ['runs of an environment that has no name, longest first', { on: 'latency_p95', groupBy: 'environment' }, `/runs?env=%28none%29&sort=DURATION_DESC&${range}`],
  ['costs of an agent', { on: 'spend_jump', groupBy: 'agent', group: 'clerk' }, `/costs?agent=clerk&${range}`],
  ['calls that were denied', { on: 'denials' }, `/policy?outcome=DENY&place=AGENT&place=ENDPOINT&${range}`],
  ['decisions of the policy on loops', { on: 'loops' }, `/policy?policy=repeated-tool-call&${range}`],
  ['records of that time', { on: 'rejected' }, `/ingest?${range}`],
  ['until now while it fires', { on: 'silence', firing: true, resolvedAt: null }, '/ingest?range=2026-11-01T00%3A00%3A00Z..'],
  ['its budget', { on: 'budget', budget: 'month', group: 'agent clerk' }, '/budgets#budget-month'],
  ['nothing, where an older program did not note it', { on: null, from: null }, undefined],
] as const) {
  test(`an alert opens ${what}`, () => assert.equal(alertHref({ ...alert, ...said }), href))
}
