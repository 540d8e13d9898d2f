import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readCallKeys, storedCallKeys } from './stored-call-keys.ts'

test('a call key at rest leaves the answer\'s id to its column', () => {
  assert.deepEqual(storedCallKeys({ callKeys: ['response:openai:resp_1', 'request:r'], responseId: 'resp_1' }), ['response:openai:\u0001', 'request:r'])
})

test('whatever keys there are come back', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '\u0001', '\u0002'), maxLength: 6 })
  fc.assert(fc.property(fc.array(text), text, (callKeys, responseId) => {
    assert.deepEqual(readCallKeys(storedCallKeys({ callKeys, responseId }), responseId), callKeys)
  }))
})
