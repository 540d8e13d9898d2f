import assert from 'node:assert/strict'
import { test } from 'node:test'
import { meters, tokenMeters, type Usage } from './facts.ts'
import { tokenUsage } from './usage.ts'
import { inputTokens, outputTokens, totalTokens } from './usage-sums.ts'

test('every meter is in the total once, and in input or output unless nobody said which', () => {
  const usage: Usage = Object.fromEntries(meters.map((meter, index) => [meter, 2 ** index]))
  assert.equal(totalTokens(usage), 2 ** tokenMeters.length - 1)
  assert.equal(inputTokens(usage) + outputTokens(usage) + (usage.unsplit ?? 0), totalTokens(usage))
  const { input, output, total } = tokenUsage(usage)
  assert.deepEqual([input, output, total], [inputTokens(usage), outputTokens(usage), totalTokens(usage)])
})
