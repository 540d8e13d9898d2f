import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Rect } from './squarify.ts'
import { type CostOf, type Tile, tilesOf } from './tiles.ts'

const board: Rect = { x: 0, y: 0, width: 1_000, height: 400 }
const group = (name: string, cost: string, unpricedEntries = 0): CostOf => ({ group: name, part: undefined, cost, unpricedEntries })
const part = (name: string, of: string, cost: string, unpricedEntries = 0): CostOf => ({ group: name, part: of, cost, unpricedEntries })
const told = (tiles: readonly Tile[]): unknown => tiles.map(({ groups, parts, cost }) => [groups.join(' '), parts?.join(' '), cost])

test('groups, dearest first, each with its parts on it', () => {
  const tiles = tilesOf([group('planner', '6'), group('clerk', '3')], [part('clerk', 'gpt-5', '3'), part('planner', 'gpt-5', '4'), part('planner', 'opus', '2')], board)
  assert.deepEqual(told(tiles), [['planner', undefined, '6'], ['planner', 'gpt-5', '4'], ['planner', 'opus', '2'], ['clerk', undefined, '3'], ['clerk', 'gpt-5', '3']])
  assert.deepEqual(tiles.map(({ place, hasParts }) => [place, hasParts]), [[0, true], [0, false], [0, false], [1, true], [1, false]])
  const inside = (inner: Rect, outer: Rect): boolean => inner.x >= outer.x && inner.y >= outer.y && inner.x + inner.width <= outer.x + outer.width + 1e-6 && inner.y + inner.height <= outer.y + outer.height + 1e-6
  assert.ok(inside(tiles[1]!.rect, tiles[0]!.rect) && inside(tiles[2]!.rect, tiles[0]!.rect) && inside(tiles[4]!.rect, tiles[3]!.rect))
})

test('what is too small for a tile is one with the others, and names them all; one alone is itself', () => {
  const small = Array.from({ length: 40 }, (_, index) => group(`small-${index}`, '0.01', 1))
  const [first, rest, ...none] = tilesOf([group('planner', '50'), ...small], [], board)
  assert.deepEqual([first?.groups, none], [['planner'], []])
  assert.deepEqual([rest?.groups.length, rest?.groups[0], rest?.cost, rest?.unpricedEntries], [40, 'small-0', undefined, 40])
  assert.ok(Math.abs((rest?.dollars ?? 0) - 0.4) < 1e-9)
  assert.deepEqual(told(tilesOf([group('planner', '50'), group('small', '0.000001')], [], board)), [['planner', undefined, '50'], ['small', undefined, '0.000001']])
  assert.equal(tilesOf(Array.from({ length: 60 }, (_, index) => group(`even-${index}`, '1')), [], board).length, 25)
  const parts = tilesOf([group('planner', '50')], [part('planner', 'gpt-5', '49'), part('planner', 'a', '0.001'), part('planner', 'b', '0.001')], board)
  assert.deepEqual(told(parts), [['planner', undefined, '50'], ['planner', 'gpt-5', '49'], ['planner', 'a b', undefined]])
})

test('what has no amount above zero has no tile, and is counted where some of it has a price', () => {
  const groups = [group('planner', '6', 2), group('free', '0'), group('refunded', '-3'), group('unknown', '0', 7)]
  const tiles = tilesOf(groups, [part('planner', 'gpt-5', '6'), part('planner', 'house', '0', 2)], board)
  assert.deepEqual(told(tiles), [['planner', undefined, '6'], ['planner', 'gpt-5', '6']])
  assert.equal(tiles[0]?.unpricedEntries, 2)
  assert.deepEqual(tilesOf([group('unknown', '0', 7)], [], board), [])
  assert.deepEqual(tilesOf([], [], board), [])
})

test('a group too small for parts shows its name alone, and a board without a place none at all', () => {
  const narrow = tilesOf([group('planner', '6'), group('clerk', '0.1')], [part('planner', 'gpt-5', '6'), part('clerk', 'gpt-5', '0.1')], { ...board, width: 300, height: 200 })
  assert.deepEqual(narrow.filter(({ groups }) => groups[0] === 'clerk').map(({ parts, hasParts }) => [parts, hasParts]), [[undefined, false]])
  assert.deepEqual(tilesOf([group('planner', '6'), group('clerk', '3')], [part('planner', 'gpt-5', '6')], { ...board, width: 0 }).length, 1)
})
