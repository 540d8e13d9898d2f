import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '#clickhouse/store.ts'
import { runs } from '#clickhouse/tables/runs.ts'
import { spans } from '#clickhouse/tables/spans.ts'
import type { QueryServer } from '../server.ts'
import { noon, runRow, spanRow, testNow, testQuery, traceId } from '../test-store.ts'
import { decodeSkeleton } from './decode.fixture.ts'
import { preparedSpansMin } from './prepare.ts'
import { skeletonFiles } from './skeleton-files.ts'

async function kept(t: TestContext, bytesMax: number) {
  const above = await mkdtemp(join(tmpdir(), 'skeletons-'))
  t.after(() => rm(above, { recursive: true, force: true }))
  const dir = join(above, 'skeletons')
  const told: string[] = []
  return { dir, told, files: skeletonFiles({ dir, bytesMax, logger: { info: () => undefined, error: (_, { error }) => void told.push(String(error)) } }) }
}

test('an answer is read as it was written, by its key alone, and by nobody else on the machine', async (t) => {
  const { dir, told, files } = await kept(t, 1_000)
  assert.equal(await files.read('one'), undefined)
  await files.write('one', Buffer.from('columns'))
  assert.equal(String(await files.read('one')), 'columns')
  assert.equal(await files.read('two'), undefined)
  const names = await readdir(dir)
  assert.equal(names.length, 1)
  assert.deepEqual([(await stat(dir)).mode & 0o777, (await stat(join(dir, names[0] ?? ''))).mode & 0o777], [0o700, 0o600])
  assert.deepEqual(told, [])
})

test('a file that is damaged, cut short, empty or of another trace answers nothing', async (t) => {
  const { dir, told, files } = await kept(t, 1_000)
  await files.write('one', Buffer.from('columns of one'))
  await files.write('two', Buffer.from('columns of two'))
  const [first = '', second = ''] = await readdir(dir)
  const bytes = await readFile(join(dir, first))
  for (const wrong of [bytes.with(40, 0), bytes.subarray(0, -1), bytes.subarray(0, 10), Buffer.alloc(0)]) {
    await writeFile(join(dir, first), wrong)
    await writeFile(join(dir, second), bytes)
    assert.deepEqual(await Promise.all(['one', 'two'].map(files.read)), [undefined, undefined])
  }
  assert.equal(told.length, 8)
  await files.write('one', Buffer.from('anew'))
  assert.equal(String(await files.read('one')), 'anew')
})

test('what was written first goes first when the bytes run out', async (t) => {
  const { dir, files } = await kept(t, 2 * (100 + 32))
  for (const [age, key] of [[3, 'old'], [2, 'young']] as const) {
    const before = new Set(await readdir(dir).catch(() => []))
    await files.write(key, Buffer.alloc(100))
    const [name = ''] = (await readdir(dir)).filter((one) => !before.has(one))
    await utimes(join(dir, name), testNow / 1_000 - age, testNow / 1_000 - age)
  }
  await files.write('new', Buffer.alloc(100))
  assert.deepEqual(await Promise.all(['old', 'young', 'new'].map(async (key) => (await files.read(key))?.length)), [undefined, 100, 100])
  await files.write('larger than all that may be kept', Buffer.alloc(1_000))
  assert.deepEqual(await readdir(dir), [])
})

test('a disk that cannot be written to is told and takes nothing from who asks', async (t) => {
  const { dir, told, files } = await kept(t, 1_000)
  await writeFile(dir, 'a file where the folder should be')
  await files.write('one', Buffer.from('columns'))
  assert.equal(await files.read('one'), undefined)
  assert.equal(told.length, 2)
})

test('after a restart, a large trace that was opened before is not read from the store again; a later version of it is', { timeout: 60_000 }, async () => {
  await using query = await testQuery()
  let reads = 0
  const counting = (store: Store): Store => ({
    ...store,
    readBinary: (sql, params, options) => {
      if (sql.includes('FROM spans')) reads++
      return store.readBinary(sql, params, options)
    },
  })
  const open = async (server: QueryServer): Promise<number> => {
    const response = await fetch(`${server.address.url}/v1/runs/${traceId(1)}/skeleton`, { headers: { 'accept-encoding': 'br' } })
    assert.equal(response.headers.get('content-encoding'), 'br')
    return decodeSkeleton(Buffer.from(await response.arrayBuffer())).rows.length
  }
  const summary = (version: bigint) => runRow(1, { version: BigInt(testNow) * 1_000_000n + version, spanCount: preparedSpansMin, startedAt: noon, endedAt: noon + 1_000_000_000n })
  await query.insert(spans, Array.from({ length: 99 }, (_, i) => spanRow({ trace: 1, span: i + 1, parent: i === 0 ? 0 : 1, name: `step ${i}` })))
  await query.insert(runs, [summary(1n)])
  assert.equal(await open(query.server), 99)
  for (;;) {
    await using server = await query.again(counting)
    reads = 0
    assert.equal(await open(server), 99)
    // The file is written behind the answer.
    if (reads === 0) break
    await sleep(10)
  }
  await query.insert(spans, [spanRow({ trace: 1, span: 100, parent: 1 })])
  await query.insert(runs, [summary(2n)])
  await using server = await query.again(counting)
  reads = 0
  assert.equal(await open(server), 100)
  assert.deepEqual(query.errors, [])
})
