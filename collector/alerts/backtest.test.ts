/** What a rule would have said of the past: as the alerter fires and resolves, window by window. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AlertRule, parseAlertRule } from '#otel-config/alerts/alert.ts'
import type { PreviewedAlert } from '#otel-config/alerts/standing.ts'
import { backtest } from './backtest.ts'
import type { Reading, SignalRule } from './signals.ts'

const minute = 60_000
const width = 15 * minute
const begin = Date.parse('2026-11-27T00:00:00Z')

const rule = (words: string): SignalRule => {
  const read: AlertRule = parseAlertRule(`{ id: r, on: denials, above: 10, notify: [], ${words} }`)
  assert.ok(read.on !== 'budget')
  return read
}
/** One reading a window of one group, `undefined` where it holds nothing. */
const readings = (values: readonly (number | undefined)[], group = ''): Reading[] => values.flatMap((value, index) => (value === undefined ? [] : [{ start: begin + index * width, group, value }]))
const minutes = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : (ms - begin) / minute)
const said = (words: string, found: readonly Reading[], windows: number): readonly Pick<PreviewedAlert, 'group' | 'since' | 'firedAt' | 'resolvedAt' | 'highest'>[] =>
  backtest(rule(words), found, begin, begin + windows * width).alerts.map((one) => ({ ...one, since: minutes(one.since) ?? 0, firedAt: minutes(one.firedAt) ?? 0, resolvedAt: minutes(one.resolvedAt) }))

test('windows in a row above the line are one alert, which is over with the first window that is not', () => {
  assert.deepEqual(said('', readings([5, 11, 30, 10, 12]), 5), [
    { group: '', since: 60, firedAt: 75, resolvedAt: undefined, highest: 12 },
    { group: '', since: 15, firedAt: 30, resolvedAt: 60, highest: 30 },
  ], 'latest first; exactly on the line is not above it')
})

test('what does not last as long as the rule asks for is none', () => {
  const values = readings([11, 0, 11, 11, 0, 11, 11, 11])
  assert.deepEqual(said('for: 30m', values, 8).map(({ since, firedAt }) => [since, firedAt]), [[75, 105], [30, 60]])
  assert.deepEqual(said('for: 45m', values, 8).map(({ since, firedAt }) => [since, firedAt]), [[75, 120]])
})

test('each group fires for itself', () => {
  const found = [...readings([11, 11, 0], 'planner'), ...readings([0, 12, 12], 'writer')]
  assert.deepEqual(said('group_by: agent', found, 3).map(({ group, resolvedAt }) => [group, resolvedAt]), [['writer', undefined], ['planner', 45]])
})

test('a window that holds nothing ends an alert, is one, or changes nothing, as the rule says', () => {
  const found = readings([11, undefined, 11])
  assert.deepEqual(said('', found, 3).map(({ since, resolvedAt }) => [since, resolvedAt]), [[30, undefined], [0, 30]])
  assert.deepEqual(said('no_data: keep', found, 3).map(({ since, resolvedAt }) => [since, resolvedAt]), [[0, undefined]])
  assert.deepEqual(said('no_data: fire', readings([0, undefined, 0]), 3), [{ group: '', since: 15, firedAt: 30, resolvedAt: 45, highest: undefined }])
})

test('what says nothing and is kept counts for how long a group is above, and no alert fires in it', () => {
  assert.deepEqual(said('for: 45m, no_data: keep', readings([11, undefined, 11, 0]), 4).map(({ since, firedAt, resolvedAt }) => [since, firedAt, resolvedAt]), [[0, 45, 60]])
  assert.deepEqual(said('for: 20m, no_data: keep', readings([11, undefined, 11, 0]), 4).map(({ firedAt }) => firedAt), [30])
  assert.deepEqual(said('for: 20m, no_data: keep', readings([11, undefined, 0]), 3), [])
})

test('a month is told in steps that leave out nothing, and no more alerts than are shown', () => {
  const windows = 3_000
  const { total, alerts, readings: steps } = backtest(rule(''), readings(Array.from({ length: windows }, (_, index) => (index % 2 === 0 ? 11 + index : undefined))), begin, begin + windows * width)
  assert.deepEqual([total, alerts.length, alerts[0]?.since], [1_500, 100, begin + 2_998 * width])
  assert.equal(steps.length, 200)
  assert.deepEqual([steps[0], steps.at(-1)], [
    { start: begin, end: begin + 15 * width, value: 25 }, { start: begin + 2_985 * width, end: begin + 3_000 * width, value: 3_009 },
  ])
})

test('more values than are looked at are one clear line', () => {
  const found = Array.from({ length: 20_000 }, (_, index) => ({ start: begin, group: String(index), value: 1 }))
  assert.throws(() => backtest(rule('group_by: agent'), found, begin, begin + width), { name: 'AlertError', message: /^rule 'r': there are more than 20000 values to look at/ })
})
