import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { migrate } from '#clickhouse/migrate.ts'
import { openStore } from '#clickhouse/store.ts'
import { closeMonth } from './close-month.ts'

test('a month that is over is closed once, for good', async () => {
  await using folder = new AsyncDisposableStack()
  const dataDir = await mkdtemp(join(tmpdir(), 'close-'))
  folder.defer(() => rm(dataDir, { recursive: true, force: true, maxRetries: 10 }))
  await using store = await openStore({ kind: 'embedded', dataDir, memoryBytes: 1024 * 1024 * 1024 })
  await migrate(store)
  const close = (month: string, now: string, tenant = 't') => closeMonth(month, { store, tenant, actor: 'ada', now: BigInt(Date.parse(now)) * 1_000_000n })
  assert.deepEqual(await close('2026-10', '2026-10-31T23:59:59Z'), { text: '2026-10 is not over: a month is closed when its last day (UTC) has passed.', exitCode: 1 })
  assert.deepEqual(await close('2026-10', '2026-11-01T00:00:00Z'), { text: '2026-10 is closed: corrections of it are accounted in the month in which they are posted.', exitCode: 0 })
  assert.deepEqual(await close('2026-10', '2026-12-01T00:00:00Z'), { text: '2026-10 was closed at 2026-11-01T00:00:00.000Z and stays closed.', exitCode: 1 })
  assert.equal((await close('2026-10', '2026-12-01T00:00:00Z', 'other')).exitCode, 0, 'for one tenant alone')
  for (const month of ['', '2026-13', 'october', '2026-10 --force']) assert.equal((await close(month, '2026-12-01T00:00:00Z')).exitCode, 2, month)
})
