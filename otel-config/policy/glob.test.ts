import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyGlob, globMatches } from './glob.ts'

const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '\n', '[', '\\'), maxLength: 8 })
const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?', '[', '\\', '\n'), maxLength: 6 })

test('a glob is the regular expression that its definition says', () => {
  const expected = (glob: string): RegExp =>
    new RegExp(`^${[...glob].map((c) => (c === '*' ? '[^]*' : c === '?' ? '[^]' : c.replace(/[\\^$.*+?()[\]{}|]/, '\\$&'))).join('')}$`)
  fc.assert(fc.property(pattern, text, (glob, value) => assert.equal(globMatches(glob, value), expected(glob).test(value))), { numRuns: 3_000 })
})

test('a list matches where one of its patterns does', () => {
  fc.assert(fc.property(fc.array(pattern, { maxLength: 4 }), text, (globs, value) =>
    assert.equal(anyGlob(globs)(value), globs.some((glob) => globMatches(glob, value)))))
})

test('many stars cost many comparisons, not a minute', () => {
  const began = performance.now()
  assert.equal(globMatches(`${'a*'.repeat(50)}b`, 'a'.repeat(5_000)), false)
  assert.ok(performance.now() - began < 500)
})
