import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CallSizes } from './call-sizes.ts'

const size = { usd: 1n, tokens: 1n }

/** `count` calls of an agent. */
function called(sizes: CallSizes, agent: string, model: string, count: number): void {
  for (let n = 0; n < count; n++) sizes.add(agent, model, size)
}

test('twenty calls of an agent say how large its next is, and how large those of others are', () => {
  const sizes = new CallSizes()
  called(sizes, 'writer', 'm', 20)
  assert.equal(sizes.estimate('writer', 'm')?.basis, 'agent_model_p95')
  assert.equal(sizes.estimate('reader', 'm')?.basis, 'model_p95')
  assert.equal(sizes.estimate('writer', 'n'), undefined)
})

for (const agent of ['*', '']) test(`an agent that calls itself '${agent}' is one agent, not all`, () => {
  const sizes = new CallSizes()
  called(sizes, agent, 'm', 10)
  assert.equal(sizes.estimate(agent, 'm'), undefined, 'ten calls count as ten')
  called(sizes, 'writer', 'm', 10)
  assert.equal(sizes.estimate(agent, 'm')?.basis, 'model_p95')
})

test('names that are made up with every call push out those that were silent longest', () => {
  const sizes = new CallSizes()
  for (let n = 0; n < 2_600; n++) sizes.add(`early ${n}`, `early ${n}`, size)
  called(sizes, 'writer', 'm', 20)
  for (let n = 0; n < 5_000; n++) sizes.add(`late ${n}`, `late ${n}`, size)
  assert.equal(sizes.estimate('writer', 'm'), undefined)
})
