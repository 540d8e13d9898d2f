import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metricValue, widthWords } from './value.ts'

const values: readonly (readonly [number, string, Parameters<typeof metricValue>[2], Parameters<typeof metricValue>[3], string])[] = [
  [0.25, 's', 'P95', 'HISTOGRAM', '250 ms'], [12, 'ms', 'AVG', 'GAUGE', '12.0 ms'], [1_234_567, '{token}', 'SUM', 'COUNTER', '1.23M token'],
  [3_145_728, 'By', 'LAST', 'GAUGE', '3 MiB'], [0, 'By', 'LAST', 'GAUGE', '0 B'], [0.5, '1', 'AVG', 'GAUGE', '0.5'], [42, '%', 'MAX', 'GAUGE', '42 %'], [7, '', 'MIN', 'GAUGE', '7'],
  [12.34, 's', 'COUNT', 'HISTOGRAM', '12.3'], [2, 's', 'RATE', 'HISTOGRAM', '2/s'], [2_048, 'By', 'RATE', 'COUNTER', '2 KiB/s'], [-3, '{tool}', 'SUM', 'UP_DOWN_COUNTER', '−3 tool'],
  [0.0123, '1', 'AVG', 'GAUGE', '0.0123'], [1e-9, '1', 'AVG', 'GAUGE', '1.00e-9'],
]
for (const [value, unit, aggregation, kind, expected] of values) {
  test(`${aggregation} of ${value} ${unit} is written ${expected}`, () => assert.equal(metricValue(value, unit, aggregation, kind), expected))
}

test('a bucket\'s width is written in the largest unit that fits', () => {
  assert.deepEqual([1, 30, 60, 300, 10_800, 86_400, 604_800].map(widthWords), ['1 s', '30 s', '1 min', '5 min', '3 h', '1 d', '7 d'])
})
