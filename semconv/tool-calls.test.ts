import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toolCalls } from './tool-calls.ts'
import { factsOf } from './testdata/span-lines.ts'
import { traceTree } from './tree.ts'

const of = (lines: string) => toolCalls(traceTree(factsOf(lines)))

test('equal calls are reported with how often and which was last, the most frequent first', () => {
  assert.deepEqual(of(`
    a   -  agent  x  0-900
    t1  a  tool   x  10-20  tool=read hash=h1
    t2  a  tool   x  30-40  tool=read hash=h1
    t3  a  tool   x  50-60  tool=read hash=h2
    u1  a  tool   x  11-20  tool=list hash=h1
    u2  a  tool   x  31-40  tool=list hash=h1
    u3  a  tool   x  51-60  tool=list hash=h1
    n1  a  tool   x  61-62  tool=none
    n2  a  tool   x  63-64  tool=none
  `).repeated, [
    { tool: 'list', argumentsHash: 'h1', count: 3, spanId: 'u3', at: 51_000_000n },
    { tool: 'read', argumentsHash: 'h1', count: 2, spanId: 't2', at: 30_000_000n },
  ])
})

test('a call that two spans tell is no repetition, and one that was not executed neither', () => {
  assert.deepEqual(of(`
    t  -  tool  x  10-20  tool=read hash=h1 call=c1
    m  t  tool  y  11-19  tool=read hash=h1
    n  -  tool  x  30-40  tool=read hash=h1 unexecuted
  `), { executed: 1, failed: 0, repeated: [] })
})

test('one call id is one call wherever its spans stand; two ids are two calls though one holds the other', () => {
  assert.equal(of(`
    t  -  tool  x  10-20  tool=read call=c1
    s  -  tool  y  12-18  tool=fs.read call=c1 failed
  `).failed, 1)
  assert.equal(of(`
    t  -  tool  x  10-20  tool=read call=c1
    s  t  tool  y  12-18  tool=read call=c2
  `).executed, 2)
})
