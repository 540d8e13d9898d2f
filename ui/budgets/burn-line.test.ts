import assert from 'node:assert/strict'
import { test } from 'node:test'
import { burnInterval, burnLine } from './burn-line.ts'

const budget = { limit: '10', measure: 'USD' } as const
const group = { periodStart: '2026-11-01T00:00:00Z', periodEnd: '2026-11-05T00:00:00Z', actual: '6', forecast: null }
const used = [{ start: '2026-11-01T00:00:00Z', amount: '2' }, { start: '2026-11-02T00:00:00Z', amount: '4' }]
const now = Date.parse('2026-11-02T12:00:00Z')

test('what is used adds up until now and not beyond', () => {
  const burn = burnLine(budget, group, 'DAY', used, now)
  assert.deepEqual(burn?.buckets.map(({ start, end }) => [start, end]), [1, 2, 3, 4].map((day) => [Date.UTC(2026, 10, day) / 1_000, Date.UTC(2026, 10, day + 1) / 1_000]))
  assert.deepEqual(burn?.series.map(({ label, values }) => [label, values]), [['used', [2, 6, null, null]], ['limit', [10, 10, 10, 10]]])
  assert.deepEqual(burn?.series[0]?.text, ['about $2.00', 'about $6.00', '', ''])
  assert.equal(burn?.series[1]?.text[0], '$10.00')
})

test('a forecast goes from what is used now to the end, with what is likely around it', () => {
  const forecast = { value: '12', low: '8', high: '16', exhaustedAt: null }
  assert.deepEqual(burnLine(budget, { ...group, forecast }, 'DAY', used, now)?.series.map(({ label, values }) => [label, values]), [
    ['used', [2, 6, null, null]], ['forecast', [null, 6, 9, 12]], ['one in ten below', [null, 6, 7, 8]], ['one in ten above', [null, 6, 11, 16]], ['limit', [10, 10, 10, 10]],
  ])
  assert.deepEqual(burnLine(budget, { ...group, forecast }, 'DAY', used, Date.parse('2026-11-04T12:00:00Z'))?.series[1]?.values, [null, null, null, 12], 'on the last day it is the end')
})

test('a period without an end has no line', () => {
  assert.equal(burnLine(budget, { ...group, periodStart: null, periodEnd: null }, 'DAY', used, now), undefined)
  assert.deepEqual((['DAY', 'WEEK', 'MONTH', 'QUARTER', 'YEAR', 'ROLLING', 'RUN', 'LIFETIME'] as const).map(burnInterval), ['HOUR', 'HOUR', 'DAY', 'DAY', 'WEEK', undefined, undefined, undefined])
})

test('tokens are counted, not priced', () => {
  assert.deepEqual(burnLine({ limit: '1000', measure: 'TOKENS' }, group, 'DAY', [{ start: '2026-11-01T00:00:00Z', amount: '1234' }], now)?.series[0]?.text.slice(0, 1), ['about 1,234 tokens'])
})
