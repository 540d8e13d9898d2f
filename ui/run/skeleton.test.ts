import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeSkeleton, type TestSpan } from './skeleton.fixture.ts'
import { decodeSkeleton, isParent, kindOf, rowOf, rowsOf, spanId } from './skeleton.ts'
import { cycle, failureCause, fold, placeOf, reveal, search, troubled, union, visibleRows } from './tree.ts'

const trace: readonly TestSpan[] = [
  { parent: -1, name: 'invoke_agent planner', kind: 0, start: 0, duration: 100, agent: 'planner' },
  { parent: 0, name: 'chat', kind: 3, start: 5, duration: 20, model: 'Gpt-Five', tokensIn: 12_000, cost: 2_500_000_000n },
  { parent: 0, name: 'invoke_agent researcher', kind: 0, start: 30, duration: 60, agent: 'researcher' },
  { parent: 2, name: 'execute_tool search', kind: 4, start: 31, duration: 10, flags: 1 },
  { parent: 2, name: 'execute_tool pay', kind: 4, start: 45, duration: 10, flags: 2 },
  { parent: -1, name: 'lost', kind: 11, start: 40, duration: 90, flags: 32 },
]
const skeleton = decodeSkeleton(encodeSkeleton(trace))
const rows = (list: Uint32Array): number[] => [...list]

test('columns come back as they were sent, and the tree is derived from them', () => {
  assert.equal(skeleton.rows, 6)
  assert.equal(skeleton.totalMs, 130)
  assert.deepEqual([...skeleton.depth], [0, 1, 1, 2, 2, 0])
  assert.deepEqual([...skeleton.end], [5, 2, 5, 4, 5, 6])
  assert.deepEqual([...skeleton.position], [1, 1, 2, 1, 2, 2])
  assert.deepEqual([...skeleton.siblings], [2, 2, 2, 2, 2, 2])
  assert.equal(skeleton.cost[1], 2_500_000_000n)
  assert.equal(kindOf(skeleton, 1), 'MODEL_CALL')
  assert.equal(isParent(skeleton, 2), true)
  assert.equal(isParent(skeleton, 1), false)
})

test('what has no known price is said of it and of everything above it', () => {
  const partly = trace.map((span, row) => (row === 4 ? { ...span, flags: 2 + 64 } : span))
  assert.deepEqual([...decodeSkeleton(encodeSkeleton(partly)).unpriced], [1, 0, 1, 0, 1, 0])
  assert.deepEqual([...skeleton.unpriced], [0, 0, 0, 0, 0, 0])
})

test('a span id finds its row and back', () => {
  for (let row = 0; row < skeleton.rows; row++) assert.equal(rowOf(skeleton, spanId(skeleton, row)), row)
  for (const id of ['', 'zz', 'ffffffffffffffff', '<script>']) assert.equal(rowOf(skeleton, id), -1)
})

test('many ids are found in one pass, in the order of the rows', () => {
  const ids = [4, 1].map((row) => spanId(skeleton, row))
  assert.deepEqual(rows(rowsOf(skeleton, [...ids, 'ffffffffffffffff', 'nonsense'])), [1, 4])
})

test('an empty trace is a trace', () => {
  const empty = decodeSkeleton(encodeSkeleton([]))
  assert.equal(empty.totalMs, 0)
  assert.equal(visibleRows(empty, new Uint8Array(0)).length, 0)
})

test('damaged bytes are named, never drawn', () => {
  const whole = encodeSkeleton(trace)
  assert.throws(() => decodeSkeleton(new ArrayBuffer(2)), /2 bytes are no header/)
  assert.throws(() => decodeSkeleton(whole.slice(0, 40)), /longer than the answer/)
  assert.throws(() => decodeSkeleton(whole.slice(0, whole.byteLength - 16)), /cut short/)
  assert.throws(() => decodeSkeleton(encodeSkeleton([{ ...trace[0]!, parent: 3 }, ...trace.slice(1)])), /names row 3 as its parent/)
})

test('folding hides a subtree, and only it', () => {
  const open = new Uint8Array(6)
  assert.deepEqual(rows(visibleRows(skeleton, open)), [0, 1, 2, 3, 4, 5])
  const folded = fold(skeleton, open, 2, true, false)
  assert.deepEqual(rows(visibleRows(skeleton, folded)), [0, 1, 2, 5])
  assert.deepEqual(rows(visibleRows(skeleton, fold(skeleton, folded, 2, false, false))), [0, 1, 2, 3, 4, 5])
  const all = fold(skeleton, open, 0, true, true)
  assert.deepEqual([...all], [1, 0, 1, 0, 0, 0])
  assert.deepEqual(rows(visibleRows(skeleton, all)), [0, 5])
  assert.deepEqual([...reveal(skeleton, all, 4)], [0, 0, 0, 0, 0, 0])
  assert.equal(reveal(skeleton, open, 4), open)
})

test('a failure began at the last thing that failed below what failed', () => {
  const failing = (...failed: readonly number[]) => failureCause(decodeSkeleton(encodeSkeleton(trace.map((span, row) => ({ ...span, flags: failed.includes(row) ? 1 : 0 })))))
  assert.equal(failing(), -1)
  assert.equal(failing(0), 0, 'nothing below it says so')
  assert.equal(failing(0, 1, 2, 3), 3, 'a call that failed before was survived')
  assert.equal(failing(0, 1, 3), 1, 'an agent that did not fail survived its tool')
  assert.equal(failing(0, 2, 3, 4), 4)
  assert.equal(failing(3), 3, 'no root failed: the last step that did')
})

test('a hidden row is found at its nearest ancestor on show', () => {
  const visible = visibleRows(skeleton, fold(skeleton, new Uint8Array(6), 2, true, false))
  assert.equal(placeOf(visible, 4), 2)
  assert.equal(placeOf(visible, 5), 3)
})

test('search ignores case and reads names, agents, models and services', () => {
  assert.deepEqual(rows(search(skeleton, ' EXECUTE ')), [3, 4])
  assert.deepEqual(rows(search(skeleton, 'gpt')), [1])
  assert.deepEqual(rows(search(skeleton, 'researcher')), [2])
  assert.deepEqual(rows(search(skeleton, '')), [])
  assert.deepEqual(rows(union(Uint32Array.of(3, 9), Uint32Array.of(1, 3))), [1, 3, 9])
})

test('hits and errors are cycled through in both directions', () => {
  assert.deepEqual(rows(troubled(skeleton)), [3, 4])
  const hits = Uint32Array.of(1, 3, 4)
  assert.deepEqual([cycle(hits, 0, 1), cycle(hits, 1, 1), cycle(hits, 4, 1), cycle(hits, 5, 1)], [1, 3, 1, 1])
  assert.deepEqual([cycle(hits, 4, -1), cycle(hits, 1, -1), cycle(hits, 5, -1), cycle(hits, 0, -1)], [3, 4, 4, 4])
  assert.equal(cycle(new Uint32Array(0), 2, 1), -1)
})

test('100,000 spans are decoded, folded and searched within a frame or two each', () => {
  const many: TestSpan[] = Array.from({ length: 100_000 }, (_, index) => ({
    parent: index === 0 ? -1 : index % 50 === 1 ? 0 : index - 1, name: `step ${index % 400}`, kind: index % 12, start: index, duration: 10,
  }))
  const bytes = encodeSkeleton(many)
  const timed = (work: () => void): number => {
    const times = [0, 1, 2, 3, 4].map(() => {
      const before = performance.now()
      work()
      return performance.now() - before
    })
    return Math.min(...times)
  }
  const large = decodeSkeleton(bytes)
  // Bounds are several times what an idle machine needs (decode 3 ms, search 2 ms): they catch a change of order, not noise.
  assert.ok(timed(() => decodeSkeleton(bytes)) < 60)
  assert.ok(timed(() => visibleRows(large, new Uint8Array(large.rows))) < 30)
  assert.ok(timed(() => search(large, 'step 39')) < 48)
})
