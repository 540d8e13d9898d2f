import assert from 'node:assert/strict'
import { test } from 'node:test'
import { meters, type Usage } from './facts.ts'
import { addUsage, tokenUsage } from './token-usage.ts'

test('every meter is in the total once, and in input or output unless nobody said which', () => {
  const usage: Usage = Object.fromEntries(meters.map((meter, index) => [meter, 2 ** index]))
  const { input, cachedInput, cacheWrite, output, reasoning, total } = tokenUsage(usage)
  assert.equal(total, 2 ** meters.length - 1)
  assert.equal(input + output + (usage.unsplit ?? 0), total)
  assert.equal(cachedInput, (usage['input.cache_read'] ?? 0) + (usage['input.audio.cache_read'] ?? 0))
  assert.equal(cacheWrite, (usage['input.cache_write.5m'] ?? 0) + (usage['input.cache_write.1h'] ?? 0))
  assert.equal(reasoning, usage['output.reasoning'])
})

test('usage adds up meter by meter', () => {
  assert.deepEqual(addUsage({ 'input.uncached': 1, 'output.text': 2 }, { 'output.text': 3, unsplit: 4 }),
    { 'input.uncached': 1, 'output.text': 5, unsplit: 4 })
})
