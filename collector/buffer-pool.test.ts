import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BufferPool } from './buffer-pool.ts'

const kib = 1024

test('a buffer that was given back is the next of its size, a power of two', () => {
  const pool = new BufferPool(2)
  const first = pool.take(200 * kib)
  assert.equal(first.length, 200 * kib)
  const second = pool.take(200 * kib)
  assert.notEqual(second.buffer, first.buffer)
  pool.give(first)
  assert.notEqual(pool.take(300 * kib).buffer, first.buffer, 'too small')
  assert.notEqual(pool.take(100 * kib).buffer, first.buffer, 'too large')
  const again = pool.take(130 * kib)
  assert.equal(again.buffer, first.buffer)
  assert.equal(again.length, 130 * kib)
})

test('what is not lent is not taken: small and huge ones, another’s, and one that comes back twice', () => {
  const pool = new BufferPool(4)
  for (const other of [pool.take(100), pool.take(5 * kib * kib), Buffer.alloc(200 * kib)]) pool.give(other)
  const lent = pool.take(100 * kib)
  pool.give(lent)
  pool.give(lent)
  assert.equal(pool.take(100 * kib).buffer, lent.buffer)
  assert.notEqual(pool.take(100 * kib).buffer, lent.buffer)
})

test('it keeps no more than it is told to, and lets go what was wanted least', () => {
  const pool = new BufferPool(1)
  const [a, b] = [pool.take(100 * kib), pool.take(300 * kib)]
  pool.give(a)
  pool.give(b)
  assert.notEqual(pool.take(100 * kib).buffer, a.buffer)
  assert.equal(pool.take(300 * kib).buffer, b.buffer)
})
