import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crash, summaryText } from './crash.ts'

/** One for each of: the program, its engine, both. `ROUNDS=20 node e2e/crash.ts` runs more. */
const rounds = 3

test('killed under load, everything acknowledged is there once and the ledger is exact', async (t) => {
  const summary = await crash({ rounds, report: (line) => t.diagnostic(line) })
  t.diagnostic(summaryText(summary))
  assert.deepEqual(summary.kills, { program: 1, engine: 1, both: 1 })
  assert.ok(summary.acknowledged > 50, 'there was load')
})
