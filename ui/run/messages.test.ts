import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginning, foldedLength, pretty, turnsOf } from './messages.ts'

test('messages become turns, tool calls and results included', () => {
  assert.deepEqual(turnsOf([
    { role: 'system', parts: [{ type: 'text', content: 'Be brief.' }] },
    { role: 'assistant', parts: [{ type: 'reasoning', content: 'Hm.' }, { type: 'tool_call', id: 'c', name: 'search', arguments: { q: 1 } }] },
    { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c', response: 'three' }] },
    { role: 'user', parts: [{ type: 'redacted' }, { type: 'blob', mime_type: 'image/png' }] },
  ]), [
    { role: 'system', parts: [{ title: '', text: 'Be brief.', isCode: false }] },
    { role: 'assistant', parts: [{ title: 'Reasoning', text: 'Hm.', isCode: false }, { title: 'Calls search', text: '{\n  "q": 1\n}', isCode: true }] },
    { role: 'tool', parts: [{ title: 'Tool result', text: 'three', isCode: true }] },
    { role: 'user', parts: [{ title: '', text: 'Redacted by the application', isCode: false }, { title: 'blob', text: '{\n  "type": "blob",\n  "mime_type": "image/png"\n}', isCode: true }] },
  ])
})

test('what is no list of messages is none, and hostile shapes do not throw', () => {
  for (const value of [undefined, null, 'text', 5, {}, [], [{ q: 1 }], [null], [{ role: 5 }]]) assert.equal(turnsOf(value), undefined)
  assert.deepEqual(turnsOf([{ role: 'user', parts: [null, 7, { type: 3 }] }])?.[0]?.parts.map((part) => part.text), ['null', '7', '{\n  "type": 3\n}'])
  assert.deepEqual(turnsOf([{ role: 'user', content: '<b>' }])?.[0]?.parts, [{ title: '', text: '<b>', isCode: false }])
})

test('a long text is folded at a line, a short one is not', () => {
  assert.equal(beginning('short', foldedLength), 'short')
  assert.equal(beginning('x'.repeat(9_000), foldedLength).length, foldedLength)
  assert.equal(beginning(`${'x'.repeat(1_500)}\n${'y'.repeat(9_000)}`, foldedLength), 'x'.repeat(1_500))
  assert.equal(pretty({ a: [1] }), '{\n  "a": [\n    1\n  ]\n}')
})
