import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { factsOf, spanOf } from './testdata/span-lines.ts'
import { commonAncestor, traceTree } from './tree.ts'

const shape = (lines: string) => {
  const tree = traceTree(factsOf(lines))
  const id = (node: number) => (node < 0 ? '-' : tree.spans[node]!.spanId)
  return { order: [...tree.order].map(id).join(' '), parents: [...tree.order].map((node) => id(tree.parent[node]!)).join(' '), top: id(tree.top) }
}

test('parents come before children, siblings by start, and the earliest root is the top', () => {
  assert.deepEqual(shape(`
    b   r  span  x  20-30
    a1  a  span  x  12-13
    a   r  span  x  10-15
    o   ?  span  x  0-1
    r   -  span  x  5-40
  `), { order: 'o r a a1 b', parents: '- - r a r', top: 'r' })
})

test('of roots that start at once the longest is the top, whatever their ids', () => {
  assert.equal(shape(`
    a  -  span  x  5-6
    b  -  span  x  5-40
    c  -  span  x  5-40
    d  -  span  x  6-90
  `).top, 'b')
})

test('a cycle is broken at its earliest span, a span is not its own parent, and without a root the earliest span is the top', () => {
  assert.deepEqual(shape(`
    c   b  span  x  30-40
    b   a  span  x  20-40
    a   c  span  x  10-40
    d   b  span  x  35-36
    s   s  span  x  50-60
  `), { order: 'a b c d s', parents: '- a b b -', top: 'a' })
})

test('of two accounts of one span the later end stays, whichever came first', () => {
  const [early, late] = [spanOf('a  -  span  x  0-1'), spanOf('a  -  agent  x  0-9')]
  assert.deepEqual(traceTree([early, late]).spans, [late])
  assert.deepEqual(traceTree([late, early]).spans, [late])
  const twin = { ...early, name: 'twin' }
  assert.deepEqual(traceTree([early, twin]).spans, traceTree([twin, early]).spans)
})

test('the common ancestor is the one that a plain climb finds', () => {
  const trees = fc.array(fc.nat(), { minLength: 1, maxLength: 60 })
  fc.assert(fc.property(trees, fc.nat(), fc.nat(), (picks, left, right) => {
    // Span i hangs below one of the spans before it; every seventh is a root, so that some share no ancestor.
    const tree = traceTree(picks.map((pick, i) => spanOf(`s${i}  ${i % 7 === 0 ? '-' : `s${pick % i}`}  span  x  ${i}-${i + 1}`)))
    const above = (node: number): number[] => (node < 0 ? [] : [node, ...above(tree.parent[node]!)])
    const [a, b] = [left % picks.length, right % picks.length]
    assert.equal(commonAncestor(tree)(a, b), above(a).find((node) => above(b).includes(node)) ?? -1)
  }))
})
