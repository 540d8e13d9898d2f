import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { migrate } from './migrate.ts'
import { openStore, type Store } from './store.ts'
import { timeMax } from './table.ts'
import { timeBound } from './time-bound.ts'

const soon = { maxSeconds: 30 }
let store: Store
const dataDir = mkdtempSync(join(tmpdir(), 'time-bound-'))
const hour = 3_600_000_000_000n
const began = 1_793_491_200_000_000_000n

/** A span every twelve seconds of 28 days, ten to a trace, and those that broken clocks tell; and as many points of a metric. */
before(async () => {
  store = await openStore({ kind: 'embedded', dataDir, memoryBytes: 2 * 1024 ** 3, readSessions: 2 })
  await migrate(store)
  await store.command(`INSERT INTO spans (tenant, trace_id, span_id, started_at, service) SELECT 'acme', reinterpretAsFixedString(toUInt128(sipHash64(intDiv(number, 10)))),
    reinterpretAsFixedString(toUInt64(number)), fromUnixTimestamp64Nano(toInt64(${began} + number * 12000000000)), if(number % 2, 'a', 'b') FROM numbers(201600)`)
  await store.command(`INSERT INTO spans (tenant, trace_id, span_id, started_at) SELECT 'acme', reinterpretAsFixedString(toUInt128(number)), reinterpretAsFixedString(toUInt64(number)),
    fromUnixTimestamp64Nano(arrayElement([toInt64(0), 1, 59999999999, 60000000000, ${timeMax - 60_000_000_000n}, ${timeMax - 1n}, ${timeMax}], number + 1)) FROM numbers(7)`)
  await store.command(`INSERT INTO metric_points (tenant, name, series, at, started_at) SELECT 'acme', 'tokens', reinterpretAsFixedString(toUInt128(number % 100)),
    fromUnixTimestamp64Nano(toInt64(${began} + number * 12000000000)), fromUnixTimestamp64Nano(toInt64(${began})) FROM numbers(201600)`)
  for (const table of ['spans', 'metric_points']) await store.command(`OPTIMIZE TABLE ${table} FINAL`)
})
after(async () => {
  await store[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true, force: true })
})

const during = (from: string, to: string): string => `tenant = 'acme' AND ${from} AND ${to}`

for (const [table, time] of [['spans', 'started_at'], ['metric_points', 'at']] as const) {
  test(`an hour of a month of ${table} is read from the granules of that hour`, async () => {
    const params = { from: began + 200n * hour, to: began + 201n * hour }
    const asked = during(timeBound(time, '>=', 'from'), timeBound(time, '<', 'to'))
    const plan = await store.read<{ explain: string }>(`EXPLAIN indexes = 1 SELECT count() FROM ${table} WHERE ${asked}`, params, soon)
    const granules = plan.map(({ explain }) => /Granules: (\d+)\/(\d+)/.exec(explain)).findLast((found) => found !== null)
    assert.ok(Number(granules?.[1]) <= 2 && Number(granules?.[2]) > 20, `${granules?.[0]} of the last index`)
  })
}

for (const [from, to] of [
  [0n, 0n], [0n, 1n], [1n, 60_000_000_000n], [0n, timeMax], [timeMax, timeMax], [timeMax - 1n, timeMax], [60_000_000_000n, timeMax - 60_000_000_000n],
  [began, began + hour], [began + 1n, began + hour - 1n], [began + 59_999_999_999n, began + 60_000_000_000n], [began + 700n * hour, timeMax],
] as const) {
  test(`from ${from} to ${to}: the same spans as without an index, with either end inside or not`, async () => {
    for (const [after, until] of [['>=', '<='], ['>=', '<'], ['>', '<=']] as const) {
      const count = async (where: string): Promise<unknown> => (await store.read<{ n: string }>(`SELECT count() AS n FROM spans WHERE ${where}`, { from, to }, soon))[0]?.n
      const nanos = 'toUnixTimestamp64Nano(started_at)'
      assert.equal(await count(during(timeBound('started_at', after, 'from'), timeBound('started_at', until, 'to'))), await count(during(`${nanos} ${after} {from:Int64}`, `${nanos} ${until} {to:Int64}`)))
    }
  })
}
