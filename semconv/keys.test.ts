import assert from 'node:assert/strict'
import test from 'node:test'
import type { AttributeValue } from './attributes.ts'
import { detection } from './detect.ts'
import { current, type Field, fieldTypes, type Keys, older, resourceKeys, shared } from './keys.ts'
import { keyTable, orderedKeys, read } from './reading.ts'

/** Goal: every key in every list finds its field by itself, and loses to the keys before it. */

const dialects = [...new Set(detection.map(([dialect]) => dialect))]
const nowhere = { attributes: new Map(), schemaUrl: '' }
const lists: readonly (readonly [name: string, keys: Keys])[] = [
  ['current conventions', current], ['older conventions', older], ['shared', shared], ...dialects.map((dialect) => [dialect.name,
    dialect.keys] as const),
]

const sample = (field: Field, text: string): AttributeValue => (fieldTypes[field] === 'count' ? BigInt(text.length) : text)

for (const [name, keys] of lists) {
  test(`${name}: a span with just that key has that field`, () => {
    const table = keyTable(keys, [])
    for (const [field, list] of Object.entries(keys) as [Field, readonly string[]][]) {
      for (const key of list) {
        const reading = read(table, new Map([[key, sample(field, 'word')]]), nowhere)
        assert.equal(String(reading.value(field)), fieldTypes[field] === 'count' ? '4' : 'word', `${key} is ${field}`)
      }
    }
  })
}

test('a namespaced key is understood in every dialect, a bare one only in its own', () => {
  for (const dialect of dialects) {
    const others = dialects.filter((other) => other !== dialect).map((other) => other.keys)
    const known = new Set(Object.keys(fieldTypes).flatMap((field) => orderedKeys(field as Field, dialect.keys, others)))
    for (const other of dialects) {
      for (const key of Object.values(other.keys).flat()) {
        const own = Object.values(dialect.keys).flat().includes(key)
        assert.equal(known.has(key), own || key.includes('.'), `${key} of ${other.name} in ${dialect.name}`)
      }
    }
  }
})

test('the earlier key of a row wins, wherever it stands on the span', () => {
  for (const dialect of dialects) {
    const others = dialects.filter((other) => other !== dialect).map((other) => other.keys)
    const table = keyTable(dialect.keys, others)
    for (const field of Object.keys(fieldTypes) as Field[]) {
      const keys = orderedKeys(field, dialect.keys, others)
      const entries = keys.map((key, rank) => [key, fieldTypes[field] === 'count' ? BigInt(rank + 1) : `rank ${rank}`] as const)
      const first = keys.length === 0 ? undefined : fieldTypes[field] === 'count' ? 1 : 'rank 0'
      assert.equal(read(table, new Map(entries), nowhere).value(field), first, `${dialect.name} ${field}`)
      assert.equal(read(table, new Map(entries.toReversed()), nowhere).value(field), first, `${dialect.name} ${field}, reversed`)
    }
  }
})

test('a key whose value is no count leaves the field to the next key, and says so', () => {
  const table = keyTable(current, [older])
  const reading = read(table, new Map<string, AttributeValue>([['gen_ai.usage.input_tokens', -1n], ['gen_ai.usage.prompt_tokens',
    7n]]), nowhere)
  assert.equal(reading.count('input'), 7)
  assert.equal(reading.invalidCounts, true)
})

test('a value that is no count is told of whatever stands before it, in a better key or on the span', () => {
  const table = keyTable(current, [older])
  const entries: readonly (readonly [string, AttributeValue])[] = [['gen_ai.usage.input_tokens', 7n], ['gen_ai.usage.prompt_tokens', 'many']]
  for (const order of [entries, entries.toReversed()]) {
    const reading = read(table, new Map(order), nowhere)
    assert.deepEqual([reading.count('input'), reading.invalidCounts], [7, true])
  }
})

test('a resource stands in for a span that does not say', () => {
  for (const [field, keys] of Object.entries(resourceKeys) as [Field, readonly string[]][]) {
    for (const key of keys) {
      const resource = { attributes: new Map([[key, 'from the resource']]), schemaUrl: '' }
      assert.equal(read(keyTable(current, []), new Map(), resource).value(field), 'from the resource', key)
    }
  }
  const resource = { attributes: new Map([['user.id', 'resource']]), schemaUrl: '' }
  assert.equal(read(keyTable(current, []), new Map([['user.id', 'span']]), resource).word('user'), 'span')
})
