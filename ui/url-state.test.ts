import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  activeFilters, carried, costFilter, costGroup, costKeys, costParts, decisionFilter, exportHref, failedRunsHref, ledgerFilter, ledgerHref, modelFilter, modelKeys, narrowedCosts, postedText, queryString, rangeBounds, rangeText, runFilter, runKeys, runOrder, valuesOf, valueText,
} from './url-state.ts'

const now = Date.parse('2026-11-21T12:00:00Z')

test('a URL without filters restricts nothing', () => {
  assert.deepEqual(runFilter({}, {}), {})
  assert.deepEqual(ledgerFilter({ agent: '' }, {}), {})
  assert.deepEqual(activeFilters({}, runKeys), [])
})

test('every key of the runs list reaches the question', () => {
  const search = { q: 'refund', status: ['FAILED', 'RUNNING'], agent: 'planner', model: 'm', provider: 'p', user: 'u', session: 's', service: 'svc', env: 'prod', workflow: 'w', has: 'errors' }
  assert.deepEqual(runFilter(search, rangeBounds('24h', now)), {
    text: 'refund', status: ['FAILED', 'RUNNING'], agent: ['planner'], model: ['m'], provider: ['p'], user: ['u'], session: ['s'], service: ['svc'],
    environment: ['prod'], workflow: ['w'], hasErrors: true, range: { from: '2026-11-20T12:00:00.000Z' },
  })
  assert.equal(activeFilters(search, runKeys).length, 12)
})

test('every key of the models reaches the question', () => {
  const search = { model: 'm', agent: ['a', '(none)'], provider: 'p', service: 'svc', env: 'prod', user: 'not asked for' }
  assert.deepEqual(modelFilter(search), { model: ['m'], agent: ['a', ''], provider: ['p'], service: ['svc'], environment: ['prod'] })
  assert.equal(activeFilters(search, modelKeys).length, 6)
})

test('what failed opens the runs of what is shown, by the names that runs know a model under', () => {
  const shown = carried({ model: 'gpt-5', agent: ['a', '(none)'], service: 'svc', range: '7d' }, modelKeys)
  assert.equal(failedRunsHref(shown, ['my-deployment', 'gpt-5-2025-08-07']), '/runs?model=my-deployment&model=gpt-5-2025-08-07&agent=a&agent=%28none%29&service=svc&range=7d&has=errors')
  assert.equal(failedRunsHref({ agent: 'a' }, []), '/runs?agent=a&has=errors')
})

test('a value of a closed list that does not exist is left out, never sent', () => {
  assert.deepEqual(runFilter({ status: ['BROKEN', 'FAILED'], has: 'everything' }, {}), { status: ['FAILED'] })
  assert.deepEqual(decisionFilter({ outcome: 'NOPE', mode: 'SHADOW', place: 'AGENT', policy: 'x' }, {}), { mode: ['SHADOW'], place: ['AGENT'], policyId: ['x'] })
  assert.equal(runOrder({ sort: 'NAME' }), 'STARTED_AT_DESC')
  assert.equal(costGroup({ g: 'user' }), 'USER')
  assert.equal(costGroup({ g: 'tag' }), 'TAG')
  assert.equal(costGroup({ g: '__proto__' }), 'MODEL')
})

test('what costs are split by next is what they are not yet narrowed to', () => {
  assert.deepEqual([{}, { g: 'agent' }, { g: 'user' }, { g: 'tag' }].map(costParts), ['AGENT', 'MODEL', 'AGENT', 'AGENT'])
  assert.deepEqual([{ split: 'user' }, { split: 'model' }, { split: 'then' }, { g: 'agent', split: 'agent' }].map(costParts), ['USER', 'AGENT', 'AGENT', 'MODEL'])
  assert.equal(costParts({ g: 'agent', agent: 'a', model: 'm' }), 'METER')
  const all = { agent: 'a', model: 'm', meter: 'x', user: 'u', service: 's', provider: 'p' }
  assert.deepEqual([costParts(all), costParts({ ...all, g: 'meter' })], ['METER', 'MODEL'])
})

test('a part of the costs is the page narrowed to it, split by what has several values in it', () => {
  const search = { g: 'agent', range: '7d', env: 'prod', agent: ['a', 'b'] }
  assert.equal(narrowedCosts(search, { AGENT: ['a'] }), '/costs?agent=a&env=prod&range=7d', 'by the models of the agent')
  assert.equal(narrowedCosts(search, { AGENT: ['a'], MODEL: [''] }), '/costs?agent=a&env=prod&range=7d&model=%28none%29&g=meter')
  assert.equal(narrowedCosts(search, { AGENT: ['b', 'a'] }), '/costs?agent=b&agent=a&env=prod&range=7d&g=agent', 'the rest is split as it was')
  assert.equal(narrowedCosts({ ...search, split: 'user' }, { AGENT: ['b', 'c'] }), '/costs?agent=b&agent=c&env=prod&range=7d&g=agent&split=user')
  assert.equal(narrowedCosts(search, { AGENT: ['a'], MODEL: ['m', 'n'] }), '/costs?agent=a&env=prod&range=7d&model=m&model=n')
  assert.equal(narrowedCosts({ agent: 'a', model: 'm' }, { AGENT: ['a'], MODEL: ['m'] }), undefined, 'nothing to narrow')
  assert.equal(narrowedCosts({ agent: 'a' }, { AGENT: ['a'], MODEL: ['m'] }), '/costs?agent=a&model=m&g=meter')
  assert.equal(narrowedCosts({}, { USER: Array.from({ length: 400 }, (_, index) => `u${index}`) })?.split('user=').length, 101, 'the dearest, because an address has an end')
})

test('"names none" has a word of its own, because an empty value is no filter', () => {
  assert.deepEqual(valuesOf({ agent: '(none)' }, 'agent'), [''])
  assert.deepEqual(costFilter({ user: '(none)' }), { user: [''] })
  assert.deepEqual(carried({ agent: '(none)', range: '7d' }, costKeys), { agent: ['(none)'], range: '7d' })
})

test('a value that reads like the word for "names none" never opens what names none', () => {
  for (const value of ['(none)', '"(none)"', '""(none)""', '"(none)', '(none)"', 'none', '"quoted"', '"']) {
    assert.notEqual(valueText(value), valueText(''), value)
    assert.deepEqual(valuesOf({ agent: [valueText(value), valueText('')] }, 'agent'), [value, ''], value)
  }
  assert.equal(valueText('planner'), 'planner')
  assert.equal(valueText('"quoted"'), '"quoted"')
  assert.equal(failedRunsHref({}, ['(none)']), '/runs?model=%22%28none%29%22&has=errors')
})

test('when lines were posted: both sides, one side, to the nanosecond; what is no moment is left out', () => {
  const [after, until] = ['2026-11-01T00:00:00.000000001Z', '2026-12-01T00:00:00Z']
  assert.deepEqual(costFilter({ posted: postedText({ after, until }) }), { posted: { after, until } })
  assert.deepEqual(costFilter({ posted: postedText({ until }) }), { posted: { until } })
  assert.deepEqual(costFilter({ posted: 'yesterday..2026-13-01T00:00:00Z' }), {})
})

test('ranges: presets, both sides, one side, nonsense', () => {
  assert.deepEqual(rangeBounds('15m', now), { from: '2026-11-21T11:45:00.000Z' })
  assert.deepEqual(rangeBounds('2026-01-01T00:00:00Z..2026-02-01T00:00:00Z', now), { from: '2026-01-01T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z' })
  assert.deepEqual(rangeBounds('..2026-02-01', now), { to: '2026-02-01T00:00:00.000Z' })
  for (const text of [undefined, '', 'yesterday', 'a..b', '1..2..3', 'toString']) assert.deepEqual(rangeBounds(text, now), {}, String(text))
  assert.equal(rangeText({ to: 'x' }), '..x')
  assert.equal(rangeText({}), '')
})

test('links carry hostile values as text', () => {
  assert.equal(ledgerHref({ run: 'ab', agent: ['a&b', '<i>'], user: '', span: null }), '/ledger?run=ab&agent=a%26b&agent=%3Ci%3E')
  assert.equal(queryString({}), '')
})

test('a file holds what is on show, lines that name none included', () => {
  assert.equal(exportHref('ledger.csv', {}, {}), '/export/ledger.csv')
  assert.equal(exportHref('ledger.csv', costFilter({ posted: '2026-11-01T00:00:00.000000001Z..', book: 'b', claim: 'differs' }), {}), '/export/ledger.csv?priceBookVersion=b&postedAfter=2026-11-01T00%3A00%3A00.000000001Z&claimDiffers=true')
  assert.deepEqual(costFilter({ claim: 'reported' }), { claimed: true })
  assert.equal(exportHref('focus-1.4.csv', costFilter({ agent: ['a b', '(none)'], env: 'prod', run: '0a', coding: 'codex' }), { from: '2026-11-01T00:00:00.000Z' }),
    '/export/focus-1.4.csv?agent=a+b&agent=&environment=prod&runId=0a&codingAgent=codex&from=2026-11-01T00%3A00%3A00.000Z')
})
