import assert from 'node:assert/strict'
import { test } from 'node:test'
import { monthBefore, monthBounds, postedFor, reportedAt, shownMonth } from './months.ts'

test('a month begins and ends at midnight UTC, February and December too', () => {
  assert.deepEqual(monthBounds('2028-02'), { from: '2028-02-01T00:00:00.000Z', to: '2028-03-01T00:00:00.000Z' })
  assert.deepEqual(monthBounds('2026-12'), { from: '2026-12-01T00:00:00.000Z', to: '2027-01-01T00:00:00.000Z' })
})

test('the month before January is December', () => {
  assert.equal(monthBefore(Date.parse('2027-01-31T23:59:59Z')), '2026-12')
})

test('the month on show is the one asked for, else the last that is over, else the last there is', () => {
  const now = Date.parse('2026-11-20T12:00:00Z')
  assert.equal(shownMonth('2025-01', ['2026-11', '2026-10'], now), '2025-01')
  assert.equal(shownMonth(undefined, ['2026-11', '2026-10', '2026-09'], now), '2026-10')
  assert.equal(shownMonth('2026-13', ['2026-11'], now), '2026-11')
  assert.equal(shownMonth(undefined, [], now), undefined)
})

test('a month was reported as it was closed, else when it was over, or when somebody says', () => {
  assert.equal(reportedAt(undefined, '2026-10', '2026-11-03T08:00:00.000000001Z'), '2026-11-03T08:00:00.000000001Z')
  assert.equal(reportedAt(undefined, '2026-10', undefined), '2026-11-01T00:00:00.000Z')
  assert.equal(reportedAt('2026-11-05T00:00:00Z', '2026-10', '2026-11-03T08:00:00Z'), '2026-11-05T00:00:00.000Z')
  assert.equal(reportedAt('yesterday', '2026-10', undefined), '2026-11-01T00:00:00.000Z')
})

test('what was added since was posted after the report: before the close in the month\'s own books, after it in those of the month it was posted in', () => {
  const open = { month: '2026-10', asOf: '2026-11-01T00:00:00Z', closedAt: null }
  assert.deepEqual(postedFor(open, '2026-10'), { after: '2026-11-01T00:00:00Z' })
  const closed = { ...open, closedAt: '2026-11-03T08:00:00.5Z' }
  assert.deepEqual(postedFor(closed, '2026-10'), { after: '2026-11-01T00:00:00Z', until: '2026-11-03T08:00:00.5Z' })
  assert.deepEqual(postedFor(closed, '2026-11'), { after: '2026-11-03T08:00:00.5Z', until: '2026-11-30T23:59:59.999999999Z' })
  assert.deepEqual(postedFor(closed, '2026-12'), { after: '2026-11-30T23:59:59.999999999Z', until: '2026-12-31T23:59:59.999999999Z' })
  assert.deepEqual(postedFor({ ...closed, asOf: '2026-11-03T08:00:00.7Z' }, '2026-11'), { after: '2026-11-03T08:00:00.7Z', until: '2026-11-30T23:59:59.999999999Z' })
})
