import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Rect, squarify } from './squarify.ts'

const board: Rect = { x: 10, y: 20, width: 600, height: 400 }
const areaOf = ({ width, height }: Rect): number => width * height
const isNear = (one: number, other: number): boolean => Math.abs(one - other) < 1e-6 * Math.max(1, Math.abs(other))
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

let seed = 7
const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below

test('areas are as the values, fill the board, stay inside and do not overlap', () => {
  const boards: readonly Rect[] = [board, { x: 0, y: 0, width: 40, height: 900 }, { x: 0, y: 0, width: 1_200, height: 3 }]
  for (const into of boards) {
    for (const many of [1, 2, 3, 7, 40, 300]) {
      const values = Array.from({ length: many }, () => 1 + random(1_000) ** 2).sort((a, b) => b - a)
      const rects = squarify(values, into)
      assert.ok(isNear(sum(rects.map(areaOf)), areaOf(into)))
      rects.forEach((rect, index) => assert.ok(isNear(areaOf(rect), (values[index]! / sum(values)) * areaOf(into)), `${index} of ${many}`))
      for (const { x, y, width, height } of rects) assert.ok(x >= into.x - 1e-6 && y >= into.y - 1e-6 && x + width <= into.x + into.width + 1e-6 && y + height <= into.y + into.height + 1e-6)
      const overlaps = rects.flatMap((one, at) => rects.slice(at + 1).filter((other) => one.x + one.width > other.x + 1e-6 && other.x + other.width > one.x + 1e-6 && one.y + one.height > other.y + 1e-6 && other.y + other.height > one.y + 1e-6))
      assert.deepEqual(overlaps, [])
    }
  }
})

test('the paper\'s own picture: 6, 6, 4, 3, 2, 2, 1 on 6 by 4', () => {
  const rounded = squarify([6, 6, 4, 3, 2, 2, 1], { x: 0, y: 0, width: 6, height: 4 }).map(({ x, y, width, height }) => [x, y, width, height].map((value) => Math.round(value * 100) / 100))
  assert.deepEqual(rounded, [[0, 0, 3, 2], [0, 2, 3, 2], [3, 0, 1.71, 2.33], [4.71, 0, 1.29, 2.33], [3, 2.33, 1.2, 1.67], [4.2, 2.33, 1.2, 1.67], [5.4, 2.33, 0.6, 1.67]])
})

test('the first is where reading begins, and each has the place of its value whatever their order', () => {
  assert.deepEqual(squarify([5, 4, 1], board).map(({ x, y }) => [x, y])[0], [10, 20])
  assert.deepEqual(squarify([1, 0, 9], board).map((rect) => Math.round(areaOf(rect))), [24_000, 0, 216_000])
})

test('what has no value has no area, and where there is no place nothing is drawn', () => {
  const none: Rect = { x: 10, y: 20, width: 0, height: 0 }
  assert.deepEqual(squarify([], board), [])
  assert.deepEqual(squarify([0, -3, Number.NaN, Number.POSITIVE_INFINITY], board), [none, none, none, none])
  assert.deepEqual(squarify([1, -1], board), [board, none])
  assert.deepEqual(squarify([3, 1], none), [none, none])
  assert.deepEqual(squarify([3, 1], { ...none, width: 100 }), [none, none])
  for (const { width, height } of squarify([1e300, 1e-300], board)) assert.ok(Number.isFinite(width) && Number.isFinite(height))
})
