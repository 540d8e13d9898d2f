import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attributesJson, cutKey } from './otlp-json.ts'

test('a list within its bound is written whole', () => {
  assert.equal(attributesJson(new Map(), 100), '')
  assert.equal(attributesJson(new Map([['a', 'b'], ['c', 'd']]), 100), '[{"key":"a","value":{"stringValue":"b"}},{"key":"c","value":{"stringValue":"d"}}]')
})

test('of a list over its bound what fits is kept, and it says what is left out', () => {
  const text = attributesJson(new Map([['huge', 'x'.repeat(1_000)], ['service.name', 'shop'], ['large', 'y'.repeat(200)]]), 150)
  assert.deepEqual(JSON.parse(text), [
    { key: 'service.name', value: { stringValue: 'shop' } },
    { key: cutKey, value: { stringValue: '2 of 3 attributes are left out, together they take more than 150 characters' } },
  ])
})
