import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tagsOf, tagText, withTags } from './tags.ts'

test('tags come as a list, as JSON text of one, and with commas between them', () => {
  assert.equal(tagText(['prod', 'beta', 'prod']), 'beta\nprod')
  assert.equal(tagText('["prod","beta"]'), 'beta\nprod')
  assert.equal(tagText('prod, beta'), 'beta\nprod')
  assert.equal(tagText('prod'), 'prod')
})

test('what is no tag is none', () => {
  for (const value of [undefined, null, '', ' , ', [], [1n, null, ''], 7n, true, '[not json']) assert.equal(tagText(value), '')
})

test('what a framework numbers its steps with is no tag of the application', () => {
  assert.equal(tagText('seq:step:1,graph:step:2,map:key:context,langsmith:hidden,LLM,llm,checkout'), 'checkout\nllm')
})

test('a tag is one line of at most 200 characters, and a span has at most 32', () => {
  assert.equal(tagText(['two\nlines \t here']), 'two lines here')
  assert.equal(tagText(['x'.repeat(1_000)]).length, 200)
  assert.equal(tagsOf(tagText(Array.from({ length: 100 }, (_, n) => `tag ${n}`))).length, 32)
})

test('a text without tags names none', () => {
  assert.deepEqual([tagsOf(''), tagsOf('a\nb')], [[''], ['a', 'b']])
})

test('tags of a span and of what it is part of are together, in any order', () => {
  assert.deepEqual([withTags('', ''), withTags('a', ''), withTags('', 'a'), withTags('a', 'a'), withTags('b', 'a'), withTags('a\nb', 'b\nc')], ['', 'a', 'a', 'a', 'a\nb', 'a\nb\nc'])
})
