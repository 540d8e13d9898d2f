import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { radixOrder } from './radix-order.ts'

test('any keys: in the order that comparing gives, equal keys as they stood', () => {
  // Few values, so that keys are equal; the largest, so that no digit runs over.
  const digit = fc.constantFrom(0, 1, 2, 0x7fff, 0x8000, 0xffff)
  fc.assert(fc.property(fc.integer({ min: 1, max: 4 }).chain((width) => fc.tuple(fc.constant(width), fc.array(fc.array(digit, { minLength: width, maxLength: width }), { maxLength: 30 }))), ([width, keys]) => {
    const compared = keys.map((_, row) => row).sort((a, b) => {
      const place = keys[a]!.findIndex((value, at) => value !== keys[b]![at])
      return place === -1 ? a - b : keys[a]![place]! - keys[b]![place]!
    })
    assert.deepEqual([...radixOrder(Uint16Array.from(keys.flat()), width)], compared)
  }))
})
