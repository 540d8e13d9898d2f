import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pythonDict } from './python-literal.ts'
import type { Json } from './value.ts'

test('a dict as Python prints it', () => {
  assert.deepEqual(pythonDict(`{'a': 1, 'b': {'c': None, 'd': [1.5, -2, 1e-05]}, "it's": True, 'f': False, 'g': (), 'h': {}, 'q': 'say "hi"\\n\\x41\\u00e9\\\\'}`), {
    a: 1, b: { c: null, d: [1.5, -2, 0.00001] }, 'it\'s': true, f: false, g: [], h: {}, q: 'say "hi"\nAé\\',
  })
})

for (const text of ['', '{', '{}}', '[1]', '{1: 2}', '{\'a\' 1}', '{\'a\': }', '{\'a\': 1 2}', '{\'a\': Decimal(\'1\')}', '{\'a\': <X.y: 1>}', '{\'a\': \'cut of', `${'{\'a\': '.repeat(40)}1${'}'.repeat(40)}`, 5]) {
  test(`no dict: ${String(text).slice(0, 40)}`, () => assert.equal(pythonDict(text), undefined))
}

/** `repr()` of what JSON has, for texts that Python prints as they are. */
function repr(value: Json): string {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'string') return value.includes('\'') && !value.includes('"') ? `"${value.replaceAll('\\', '\\\\')}"` : `'${value.replaceAll('\\', '\\\\').replaceAll('\'', '\\\'')}'`
  if (typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`
  return `{${Object.entries(value).map(([key, inner]) => `${repr(key)}: ${repr(inner as Json)}`).join(', ')}}`
}

test('whatever Python prints comes back, and nothing throws', () => {
  const json = fc.object({ maxDepth: 3, key: fc.string().filter((key) => key !== '__proto__'),
    values: [fc.integer(), fc.boolean(), fc.constant(null), fc.string()], withNullPrototype: false })
  fc.assert(fc.property(json, (value) => assert.deepEqual(pythonDict(repr(value as Json)), value)))
  fc.assert(fc.property(fc.string(), (text) => { pythonDict(`{${text}`) }))
})
