import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RowBinaryWriter } from './row-binary.ts'

const bytes = (write: (w: RowBinaryWriter) => void): string => {
  const w = new RowBinaryWriter()
  write(w)
  return w.take().toString('hex')
}

test('varint is unsigned LEB128, also above 2^32', () => {
  for (const [value, hex] of [[0, '00'], [127, '7f'], [128, '8001'], [300, 'ac02'], [2 ** 32, '8080808010'], [2 ** 53 - 1, 'ffffffffffffff0f']] as const) {
    assert.equal(bytes((w) => w.varint(value)), hex)
  }
})

test('a string is its length in bytes and its UTF-8, on both sides of the one-byte length', () => {
  assert.equal(bytes((w) => w.string('')), '00')
  assert.equal(bytes((w) => w.string('aü')), '0361c3bc')
  for (const text of ['a'.repeat(127), 'a'.repeat(128), 'ü'.repeat(63), 'ü'.repeat(64), '😀'.repeat(63), 'ü'.repeat(127), 'x'.repeat(70_000)]) {
    const expected = new RowBinaryWriter()
    expected.varint(Buffer.byteLength(text))
    assert.equal(bytes((w) => w.string(text)), expected.take().toString('hex') + Buffer.from(text).toString('hex'))
  }
})

test('a lone surrogate becomes U+FFFD and keeps the frame intact', () => {
  assert.equal(bytes((w) => { w.string('\ud800'); w.uint8(7) }), '03efbfbd07')
})

test('integers are little-endian, negative ones two\'s complement', () => {
  assert.equal(bytes((w) => w.uint32(0xfffffffe)), 'feffffff')
  assert.equal(bytes((w) => w.int32(-2)), 'feffffff')
  assert.throws(() => bytes((w) => w.int32(2 ** 31)), RangeError)
  assert.equal(bytes((w) => w.uint64(2 ** 53 - 1)), 'ffffffffffff1f00')
  assert.equal(bytes((w) => w.bigUint64((1n << 64n) - 1n)), 'ffffffffffffffff')
  assert.equal(bytes((w) => w.bigInt64(-2n)), 'feffffffffffffff')
  assert.equal(bytes((w) => w.int128(-2n)), `fe${'ff'.repeat(15)}`)
  assert.equal(bytes((w) => w.int128(1n << 64n)), `${'00'.repeat(8)}01${'00'.repeat(7)}`)
})

test('an id is exactly its bytes; anything else is refused, not cut', () => {
  assert.equal(bytes((w) => w.fixedHex('00FFab1234567890', 8)), '00ffab1234567890')
  assert.equal(bytes((w) => w.fixedHex('', 8)), '00'.repeat(8))
  assert.throws(() => bytes((w) => w.fixedHex('00ff', 8)), /'00ff' is not 8 bytes of hex/)
  assert.throws(() => bytes((w) => w.fixedHex('zz'.repeat(8), 8)), /is not hex/)
})

test('take hands out a copy and starts over', () => {
  const w = new RowBinaryWriter()
  w.string('first')
  const first = w.take()
  w.string('other')
  assert.equal(first.toString('utf8', 1), 'first')
  assert.equal(w.length, 6)
})
