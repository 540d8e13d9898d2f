import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { downscaled, explicitBuckets, exponentialBuckets, quantile } from './quantile.ts'

const cases: readonly (readonly [string, readonly number[], readonly number[], number, number | undefined])[] = [
  ['nothing', [1, 2], [0, 0, 0], 0.5, undefined],
  ['the middle of one bucket', [1, 2], [0, 10, 0], 0.5, 1.5],
  ['the first bucket begins at 0', [4], [10, 0], 0.25, 1],
  ['a first bound of 0 or less has only its bound', [-1, 1], [10, 0, 0], 0.5, -1],
  ['what lies beyond the last bound is the last bound', [1, 2], [1, 0, 99], 0.99, 2],
  ['a gap is stepped over', [1, 2, 3], [50, 0, 50, 0], 0.75, 2.5],
  ['all measurements in one bucket without bounds', [], [5], 0.5, 0],
  ['a bound of +Infinity is none', [1, 2, Infinity], [1, 0, 99, 0], 0.99, 2],
  ['a bound of −Infinity is none', [-Infinity, 4, 8], [0, 10, 0, 0], 0.25, 1],
  ['what lies below a bound of −Infinity lies below the first that is finite', [-Infinity, 4], [10, 0, 0], 0.25, 1],
  ['no bound is finite', [-Infinity, Infinity], [0, 5, 0], 0.5, 0],
  ['a quarter', [10, 20, 40], [10, 20, 10, 0], 0.25, 10],
]
for (const [what, bounds, counts, q, expected] of cases) test(`quantile: ${what}`, () => assert.equal(quantile(explicitBuckets(bounds, counts), q), expected))

test('histograms with different bounds are one set of measurements', () => {
  const both = [...explicitBuckets([10], [10, 0]), ...explicitBuckets([5, 20], [0, 10, 0])]
  // 10 over (0, 10] and 10 over (5, 20]: half of the twenty lie below 8 (8 of the first, 2 of the second).
  assert.ok(Math.abs((quantile(both, 0.5) ?? 0) - 8) < 1e-9)
})

test('exponential buckets lie where the data model says, on both sides of 0', () => {
  assert.deepEqual(exponentialBuckets(0, new Map([[0, 3], [-1, 1]]), 1), [{ from: 1, to: 2, count: 3 }, { from: 0.5, to: 1, count: 1 }])
  assert.deepEqual(exponentialBuckets(1, new Map([[2, 1]]), -1).map(({ from, to }) => [from, to].map((edge) => Number(edge.toFixed(9)))), [[-2.828427125, -2]])
  assert.ok(exponentialBuckets(-10, new Map([[5, 1]]), 1).every(({ to }) => Number.isFinite(to)))
  for (const scale of [-2_147_483_648, -1_100]) {
    assert.deepEqual(exponentialBuckets(scale, new Map([[0, 3], [-1, 1]]), 1), [{ from: 1, to: Number.MAX_VALUE, count: 3 }, { from: 0, to: 1, count: 1 }], `scale ${scale}`)
  }
})

test('at a smaller scale the same measurements lie in the buckets that hold the old ones', () => {
  assert.deepEqual([...downscaled(new Map([[-3, 1], [-1, 2], [0, 3], [3, 4]]), 1)], [[-2, 1], [-1, 2], [0, 3], [1, 4]])
  for (const steps of [32, 1_100, 2 ** 32]) assert.deepEqual([...downscaled(new Map([[-2_147_483_648, 1], [-1, 2], [2_147_483_647, 3]]), steps)], [[-1, 3], [0, 3]], `${steps} steps`)
})

test('a quantile lies within the buckets and rises with q', () => {
  const anyBuckets = fc.array(fc.record({ from: fc.integer({ min: -100, max: 100 }), width: fc.integer({ min: 0, max: 50 }), count: fc.nat(20) }), { minLength: 1, maxLength: 20 })
  fc.assert(fc.property(anyBuckets, (list) => {
    const buckets = list.map(({ from, width, count }) => ({ from, to: from + width, count }))
    const filled = buckets.filter(({ count }) => count > 0)
    const values = [0.01, 0.5, 0.9, 0.99, 1].map((q) => quantile(buckets, q))
    if (filled.length === 0) return assert.deepEqual(values, values.map(() => undefined))
    for (const [i, value] of values.entries()) {
      assert.ok(value !== undefined && value >= Math.min(...filled.map(({ from }) => from)) - 1e-6 && value <= Math.max(...filled.map(({ to }) => to)) + 1e-6)
      assert.ok(i === 0 || value >= (values[i - 1] as number) - 1e-6)
    }
  }))
})
