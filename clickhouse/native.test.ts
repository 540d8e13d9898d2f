import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nativeBlock, UnknownType } from './native.ts'
import { RowBinaryWriter } from './row-binary.ts'

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

const mixed = ['LowCardinality(String)', 'UInt64', 'String', 'Array(String)', 'LowCardinality(String)', 'Nullable(UInt8)'].map((type, at) => ({ name: `c${at}`, type }))
const mixedRow = fc.record({
  word: fc.constantFrom('', 'acme', 'x'.repeat(200)), at: fc.constantFrom(1n, 2n), text: fc.constantFrom('', 'a', 'ab'),
  list: fc.array(fc.string(), { maxLength: 2 }), none: fc.boolean(),
})
function mixedRows(rows: readonly (typeof mixedRow extends fc.Arbitrary<infer Row> ? Row : never)[]): Buffer {
  const writer = new RowBinaryWriter()
  for (const { word, at, text, list, none } of rows) {
    writer.string(word)
    writer.bigUint64(at)
    writer.string(text)
    writer.varint(list.length)
    for (const item of list) writer.string(item)
    writer.string(word)
    writer.uint8(none ? 1 : 0)
    if (!none) writer.uint8(7)
  }
  return writer.take()
}

test('columns that repeat the row before make the same block, however many are said to', () => {
  fc.assert(fc.property(fc.array(mixedRow), (rows) => {
    const body = mixedRows(rows)
    const plain = nativeBlock(mixed, rows.length, body)
    for (let alike = 1; alike <= mixed.length + 1; alike++) assert.deepEqual(nativeBlock(mixed, rows.length, body, alike), plain)
    if (rows.length > 0) for (const alike of [0, 3]) assert.throws(() => nativeBlock(mixed, rows.length, body.subarray(0, -1), alike), RangeError)
  }))
})

test('a block holds nothing of the blocks before it, whose memory it uses', () => {
  fc.assert(fc.property(fc.array(mixedRow), fc.array(mixedRow, { maxLength: 3 }), (before, rows) => {
    nativeBlock(mixed, before.length, mixedRows(before))
    const reused = nativeBlock(mixed, rows.length, mixedRows(rows))
    // One that fails gives nothing back, so the next begins with memory of its own.
    assert.throws(() => nativeBlock(mixed, 1, Buffer.alloc(1)), RangeError)
    assert.deepEqual(nativeBlock(mixed, rows.length, mixedRows(rows)), reused)
  }))
})
