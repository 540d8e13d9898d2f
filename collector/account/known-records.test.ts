import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { migrate } from '#clickhouse/migrate.ts'
import { openStore, type Store } from '#clickhouse/store.ts'
import { KnownRecords, logRecordKey, spanKey } from './known-records.ts'

const id = (n: number, bytes: number): string => n.toString(16).padStart(bytes * 2, '0')

async function migrated(t: TestContext): Promise<Store> {
  const dataDir = await mkdtemp(join(tmpdir(), 'known-'))
  const store = await openStore({ kind: 'embedded', dataDir, memoryBytes: 1024 * 1024 * 1024, readSessions: 2 })
  t.after(async () => {
    await store[Symbol.asyncDispose]()
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10 })
  })
  await migrate(store)
  return store
}

test('of more records than a start reads, those of the last minutes are known: they are what is sent again after a kill', async (t) => {
  const store = await migrated(t)
  const minutesAgo = [50, 40, 30, 2, 1]
  for (const [n, minutes] of minutesAgo.entries()) {
    await store.command(`INSERT INTO spans (tenant, trace_id, span_id, started_at) VALUES ('t', unhex('${id(n + 1, 16)}'), unhex('${id(n + 1, 8)}'), now() - INTERVAL ${minutes} MINUTE)`)
    await store.command(`INSERT INTO log_records (tenant, id, at) VALUES ('t', unhex('${id(n + 1, 16)}'), now() - INTERVAL ${minutes} MINUTE)`)
  }
  const known = new KnownRecords()
  const until = BigInt(Date.now()) * 1_000_000n
  const minute = 60_000_000_000n
  await known.recall(store, 't', until, 2)
  assert.deepEqual(minutesAgo.filter((_, n) => known.spans.has(spanKey(id(n + 1, 16), id(n + 1, 8)))), [2, 1])
  assert.deepEqual(minutesAgo.filter((_, n) => known.logRecords.has(logRecordKey(id(n + 1, 16)))), [2, 1])
  // Of those that began in the minutes that were read wholly, every one is known.
  assert.ok(known.spansFrom > until - 3n * minute && known.spansFrom <= until, String(known.spansFrom))
  await known.recall(store, 't', until, 6)
  // Two hours before the latest, which is a minute old.
  assert.ok(known.spansFrom > until - 122n * minute && known.spansFrom <= until - 121n * minute, String(known.spansFrom))
  await assert.rejects(known.recall({ ...store, readBinary: () => Promise.reject(new Error('away')) }, 't', until))
  assert.equal(known.spansFrom, until, 'where they could not be read, none is')
})

test('what was stored a moment ago is known also where the clock went hours ahead of its senders, or hours back, before the start', async (t) => {
  const store = await migrated(t)
  const clock = BigInt(Date.now()) * 1_000_000n
  const hour = 3_600_000_000_000n
  const known = new KnownRecords()
  await known.recall(store, 't', clock + 8n * hour)
  assert.equal(known.spans.has(spanKey(id(1, 16), id(1, 8))), false, 'nothing is stored yet')
  await store.command(`INSERT INTO spans (tenant, trace_id, span_id, started_at) VALUES ('t', unhex('${id(1, 16)}'), unhex('${id(1, 8)}'), fromUnixTimestamp64Nano(${clock}))`)
  await store.command(`INSERT INTO log_records (tenant, id, at) VALUES ('t', unhex('${id(1, 16)}'), fromUnixTimestamp64Nano(${clock}))`)
  for (const ahead of [8n, -8n]) {
    const known = new KnownRecords()
    await known.recall(store, 't', clock + ahead * hour)
    assert.equal(known.spans.has(spanKey(id(1, 16), id(1, 8))), true, `a span, ${ahead} h ahead`)
    assert.equal(known.logRecords.has(logRecordKey(id(1, 16))), true, `a log record, ${ahead} h ahead`)
  }
})
