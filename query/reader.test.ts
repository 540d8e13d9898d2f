import assert from 'node:assert/strict'
import { test } from 'node:test'
import { costDays, costSessionDays } from '#clickhouse/cost-days.ts'
import type { Store } from '#clickhouse/store.ts'
import { readerOf } from './reader.ts'

test('who asks at the same moment which days changed shares the answer, and who asks later asks anew', async () => {
  let reads = 0
  const store = { read: async () => (reads++, []) } as unknown as Store
  const reader = readerOf(store, 'acme', new AbortController().signal)
  await reader.changedDays(costDays)
  const alone = reads
  await Promise.all([reader.changedDays(costDays), reader.changedDays(costDays), reader.changedDays(costDays)])
  assert.equal(reads, 2 * alone)
  await Promise.all([reader.changedDays(costDays), reader.changedDays(costSessionDays)])
  assert.equal(reads, 4 * alone, 'other sums have days of their own')
})
test('an answer that failed is not kept', async () => {
  let fails = true
  const store = { read: async () => { if (fails) throw new Error('away'); return [] } } as unknown as Store
  const reader = readerOf(store, 'acme', new AbortController().signal)
  await assert.rejects(Promise.all([reader.changedDays(costDays), reader.changedDays(costDays)]), /away/)
  fails = false
  assert.equal(await reader.changedDays(costDays), undefined)
})
