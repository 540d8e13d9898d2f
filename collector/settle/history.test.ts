import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { migrate } from '#clickhouse/migrate.ts'
import { RowBinaryWriter } from '#clickhouse/row-binary.ts'
import { openStore, type Store } from '#clickhouse/store.ts'
import { writeRow } from '#clickhouse/table.ts'
import { callKeys } from '#clickhouse/tables/call-keys.ts'
import { readCallsTold } from './history.ts'

let dataDir: string
let store: Store
before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'spanledger-'))
  store = await openStore({ kind: 'embedded', dataDir })
  await migrate(store)
})
after(async () => {
  await store[Symbol.asyncDispose]()
  await rm(dataDir, { recursive: true, force: true })
})

test('who else tells an answer: never the trace that asks, and ids that end in a zero byte are like any other', async () => {
  // Comparing a FixedString with a String drops zero bytes at the end of one of them.
  const [key, other, own] = ['ab'.repeat(15) + '00', 'cd'.repeat(15) + '00', 'ef'.repeat(15) + '00']
  const writer = new RowBinaryWriter()
  for (const traceId of [other, own]) {
    writeRow(callKeys, writer, {
      tenant: 'default', key, traceId, spanId: '12'.repeat(8), startedAt: 1n, endedAt: 2n, service: 'app', scopeName: 'sdk', model: 'gpt-5', inputTokens: 3, outputTokens: 4,
    })
  }
  await store.insert(callKeys, writer.take(), 'two spans')
  const told = await readCallsTold(store, 'default', [{ key, traceId: own }], 50)
  assert.deepEqual(told.map(({ traceId }) => traceId), [other])
  assert.deepEqual((await readCallsTold(store, 'default', [{ key, traceId: '01'.repeat(16) }], 50)).length, 2)
  assert.deepEqual(await readCallsTold(store, 'default', [{ key, traceId: '01'.repeat(16) }], 1), [], 'an answer that too many tell is none')
  assert.deepEqual(await readCallsTold(store, 'nobody', [{ key, traceId: own }], 50), [])
})
