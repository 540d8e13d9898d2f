import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nativeBlock, UnknownType } from './native.ts'

test('a type that has no block is refused by its name', () => {
  assert.throws(() => nativeBlock([{ name: 'a', type: 'JSON' }], 1, Buffer.from([0])), (error) => error instanceof UnknownType && error.message === 'JSON')
})

test('rows that are fewer or shorter than said are refused, never read past their end', () => {
  const column = { name: 'a', type: 'String' }
  const rows = Buffer.from([2, 0x61, 0x62, 1, 0x63])
  assert.ok(nativeBlock([column], 2, rows).length > 0)
  assert.throws(() => nativeBlock([column], 1, rows), RangeError)
  assert.throws(() => nativeBlock([column], 3, rows), RangeError)
  for (let cut = 1; cut < rows.length; cut++) assert.throws(() => nativeBlock([column], 2, rows.subarray(0, cut)), RangeError)
  assert.throws(() => nativeBlock([{ name: 'a', type: 'UInt64' }], 1, Buffer.alloc(7)), RangeError)
})

test('a word that stands in every row is sent once', () => {
  const long = 'resource '.repeat(100)
  const row = Buffer.concat([Buffer.from([0x84, 0x07]), Buffer.from(long)])
  const block = nativeBlock([{ name: 'a', type: 'LowCardinality(String)' }], 50, Buffer.concat(Array.from({ length: 50 }, () => row)))
  assert.ok(block.length < row.length + 150, String(block.length))
})
