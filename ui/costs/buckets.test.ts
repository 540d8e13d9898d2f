import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bucketEnd, bucketStarts, intervalFor } from './buckets.ts'

const hour = 3_600_000

test('the interval grows with the stretch, and never draws more than 120 bars', () => {
  assert.deepEqual([0, 2 * hour, 2 * hour + 1, 120 * hour, 120 * 24 * hour, 840 * 24 * hour, 841 * 24 * hour].map(intervalFor), ['MINUTE', 'MINUTE', 'HOUR', 'HOUR', 'DAY', 'WEEK', 'MONTH'])
})

test('a bucket ends where the next begins, months and years included', () => {
  const january = new Date(2026, 0, 1).getTime()
  assert.equal(bucketEnd(january, 'MONTH'), new Date(2026, 1, 1).getTime())
  assert.equal(bucketEnd(january, 'WEEK'), new Date(2026, 0, 8).getTime())
  assert.equal(bucketEnd(january, 'DAY'), new Date(2026, 0, 2).getTime())
  assert.equal(bucketEnd(january, 'HOUR'), january + hour)
})

test('hours without costs have a place too', () => {
  const start = Date.UTC(2026, 0, 1)
  assert.deepEqual(bucketStarts([start + 3 * hour, start], 'HOUR'), [start, start + hour, start + 2 * hour, start + 3 * hour])
})
