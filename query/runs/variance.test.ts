import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { runs } from '#clickhouse/tables/runs.ts'
import { runRow, type TestQuery, testQuery, traceId } from '../test-store.ts'

let query: TestQuery
before(async () => {
  query = await testQuery()
  await query.insert(runs, [
    runRow(1, { cost: 300_000_000_000n, reportedCost: 290_000_000_000n }), runRow(2, { cost: 300_000_000_000n }),
    runRow(3, { cost: 300_000_000_000n, reportedCost: 290_000_000_000n, unpricedModelCalls: 1 }),
  ])
})
after(() => query[Symbol.asyncDispose]())

test('what was claimed stands beside our cost with the difference, where both are whole', async () => {
  const variance = async (n: number) => (await query.ask<{ run: unknown }>(`{ run(id: "${traceId(n)}") { cost reportedCost costVariance } }`)).run
  assert.deepEqual(await variance(1), { cost: '0.3', reportedCost: '0.29', costVariance: '0.01' })
  assert.deepEqual(await variance(2), { cost: '0.3', reportedCost: null, costVariance: null })
  assert.deepEqual(await variance(3), { cost: '0.3', reportedCost: '0.29', costVariance: null }, 'a cost that lacks calls is compared with nothing')
})
