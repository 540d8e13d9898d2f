import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { runs } from '#clickhouse/tables/runs.ts'
import { readerOf } from '../reader.ts'
import { noon, runRow, tenant, testNow, testQuery, traceId } from '../test-store.ts'
import { runFeed } from './run-feed.ts'

test('a change is told however many others lie in the seconds before it', async () => {
  await using query = await testQuery()
  // Within the seconds that every look goes back to, and more than one look tells.
  await query.insert(runs, Array.from({ length: 1_500 }, (_, n) => runRow(n + 1)))
  const feed = runFeed(readerOf(query.store, tenant, new AbortController().signal), {
    incompleteAfterMs: 600_000, now: () => testNow, logger: { info: () => undefined, error: (message) => assert.fail(message) },
  })
  const told: string[] = []
  feed.listen(({ id }) => told.push(id))
  // The feed looks from the moment somebody listens.
  await sleep(700)
  await query.insert(runs, [runRow(9_001, { version: noon + 2_001n }), runRow(9_000, { version: noon + 2_000n })])
  for (let tries = 0; tries < 100 && told.length < 2; tries++) await sleep(100)
  feed.close()
  assert.deepEqual(told, [traceId(9_000), traceId(9_001)])
})
