import assert from 'node:assert/strict'
import { once, EventEmitter } from 'node:events'
import { test } from 'node:test'
import type { Store } from '#clickhouse/store.ts'
import { runs } from '#clickhouse/tables/runs.ts'
import { spans } from '#clickhouse/tables/spans.ts'
import { noon, runRow, spanRow, type TestQuery, testNow, testQuery, traceId } from '../test-store.ts'
import { decodeSkeleton } from './decode.fixture.ts'

const now = BigInt(testNow) * 1_000_000n
/** A summary that says more spans than are stored: what is prepared goes by it. */
const settled = (trace: number, version: bigint, spanCount: number) =>
  runRow(trace, { version: now + version, spanCount, startedAt: noon, endedAt: noon + 1_000_000_000n })
const large = 20_000

/** Tells of every read of a trace's spans; `fail` makes one of it. */
function watch(fail: () => void = () => undefined) {
  const reads = new EventEmitter<{ spans: [] }>()
  let count = 0
  const watched = (store: Store): Store => ({
    ...store,
    readBinary: async (sql, params, options) => {
      if (!sql.includes('FROM spans')) return store.readBinary(sql, params, options)
      count++
      reads.emit('spans')
      fail()
      return store.readBinary(sql, params, options)
    },
  })
  return { watched, next: () => once(reads, 'spans'), count: () => count }
}

async function open(query: TestQuery, trace: number) {
  const response = await fetch(`${query.server.address.url}/v1/runs/${traceId(trace)}/skeleton`, { headers: { 'accept-encoding': 'br' } })
  assert.equal(response.status, 200, String(query.errors))
  return decodeSkeleton(Buffer.from(await response.arrayBuffer()))
}

test('a large trace is read when it settles and not when it is opened; what arrives late is read anew', async () => {
  const { watched, next, count } = watch()
  await using query = await testQuery('/nonexistent', watched)
  const read = next()
  await query.insert(spans, [spanRow({ trace: 3, span: 1, parent: 0 }), spanRow({ trace: 3, span: 2, parent: 1 })])
  // Small, too large, not settled: none of them is prepared.
  await query.insert(runs, [settled(1, 1n, large - 1), settled(2, 2n, 500_001), { ...settled(4, 3n, large), settled: false }])
  await query.insert(runs, [settled(3, 4n, large)])
  await read
  assert.equal((await open(query, 3)).rows.length, 2)
  assert.equal(count(), 1)

  await query.insert(spans, [spanRow({ trace: 3, span: 3, parent: 1 })])
  await query.insert(runs, [settled(3, 5n, large + 1)])
  assert.equal((await open(query, 3)).rows.length, 3)
  assert.equal((await open(query, 3)).rows.length, 3)
  assert.equal(count(), 2)
})

test('a preparation that fails is told and takes nothing from who opens the trace', async () => {
  let failures = 1
  const { watched, next } = watch(() => {
    if (failures-- > 0) throw new Error('the engine is away')
  })
  await using query = await testQuery('/nonexistent', watched)
  await query.insert(spans, [spanRow({ trace: 1, span: 1, parent: 0 })])
  const read = next()
  await query.insert(runs, [settled(1, 1n, large)])
  await read
  assert.equal((await open(query, 1)).rows.length, 1)
  assert.match(String(query.errors[0]), /preparing a large trace failed/)
})
