import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { idIndex, idWords } from './id-index.ts'

test('any ids, few or many the same, wherever their bytes lie: the last row of each is found', () => {
  const id = fc.oneof(fc.bigInt({ min: 0n, max: 5n }), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.bigInt({ min: 0n, max: 3n }).map((high) => high << 32n))
  fc.assert(fc.property(fc.array(id, { maxLength: 40 }), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.nat(7), (ids, other, shift) => {
    const bytes = Buffer.alloc(ids.length * 8 + 8)
    ids.forEach((value, row) => bytes.writeBigUInt64LE(value, shift + row * 8))
    const index = idIndex(idWords(bytes.subarray(shift, shift + ids.length * 8)))
    const find = (value: bigint): number => index.find(Number(value & 0xffff_ffffn), Number(value >> 32n))
    for (const value of [...ids, other]) assert.equal(find(value), ids.lastIndexOf(value))
    assert.equal(index.size, new Set(ids).size)
  }))
})
