import assert from 'node:assert/strict'
import { copyFile, type FileHandle, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { crc32 } from 'node:zlib'
import { migrate } from '#clickhouse/migrate.ts'
import { nativeBlock } from '#clickhouse/native.ts'
import { openStore, type Store } from '#clickhouse/store.ts'
import { StoreError, storeError } from '#clickhouse/store-error.ts'
import { callKeys } from '#clickhouse/tables/call-keys.ts'
import type { Log } from '../log.ts'
import { Metrics } from '../metrics.ts'
import { listSetAside } from '../set-aside/set-aside.ts'
import { frameHeaderBytes, FrameWriter, sectionHeadBytes, spooledTables } from '../spool/frame.ts'
import { currentTables, headBytes, parseSegment, type Segment } from '../spool/segment.ts'
import { Spool, type SpoolOptions } from '../spool/spool.ts'
import { asBlock, asRows, insertBytesMax, insertSegment, openedSegment } from './insert-segment.ts'
import { Loader } from './load.ts'
import { openHere } from './segment-thread.ts'

const MiB = 1024 * 1024

/** A frame with one row that carries `n` in its key, and a text of `bytes`. */
function frame(n: number, bytes = 0): Buffer {
  const writer = new FrameWriter()
  writer.add(callKeys, {
    tenant: 't', key: key(n), traceId: '1'.repeat(32), spanId: '2'.repeat(16), startedAt: 0n, endedAt: 0n,
    service: 'x'.repeat(bytes), scopeName: '', model: '', inputTokens: 0, outputTokens: 0,
  })
  return writer.finish()
}
const key = (n: number): string => `feed${n.toString(16).padStart(12, '0')}`
/** What shows in an insert's rows that `n` is among them. */
const keyBytes = (n: number): Buffer => Buffer.from(key(n), 'hex')

const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined }

interface Insert {
  readonly table: string
  readonly body: Buffer
  readonly token: string
}

interface Loading {
  readonly inserts: readonly Insert[]
  readonly errors: readonly string[]
  readonly dir: string
  readonly spool: Spool
  readonly metrics: Metrics
  /** Begins to load; ends when the spool was closed and all of it is loaded or set aside. */
  load(): Promise<void>
  /** Closes the spool, then loads. */
  drain(): Promise<void>
}

/** A spool, and a loader over a store that does what `insert` says, with `engine` behind it. */
async function loading(t: TestContext, insert: (one: Insert) => void, engine?: Store, change: Partial<SpoolOptions> = {}): Promise<Loading> {
  const dir = await mkdtemp(join(tmpdir(), 'load-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  const spool = await Spool.open({
    dir, segmentBytesMax: 512 * MiB, segmentAgeMsMax: 60_000, quotaBytes: 1024 * MiB, sync: (file: FileHandle) => file.datasync(), now: Date.now, ...change,
  })
  const inserts: Insert[] = []
  const errors: string[] = []
  const store: Pick<Store, 'insert'> = {
    insert: async (table, body, token, format) => {
      assert.ok(Buffer.isBuffer(body))
      const one = { table: table.name, body, token }
      insert(one)
      await engine?.insert(table, body, token, format)
      inserts.push(one)
    },
  }
  const metrics = new Metrics()
  const log: Log = { ...silent, error: (message) => void errors.push(message) }
  let loader: Loader | undefined
  t.after(() => loader?.stop())
  const load = (): Promise<void> => {
    loader = new Loader({ spool, store: store as Store, open: (segment) => openHere({ spool, store }, segment), metrics, log })
    return loader.finished
  }
  const drain = async (): Promise<void> => {
    await spool.close()
    await load()
  }
  return { inserts, errors, dir, spool, metrics, load, drain }
}

const refusal = (): StoreError => new StoreError('Code: 33. DB::Exception: cannot read', { retry: false, code: '33' })

test('a frame that ClickHouse refuses is set aside alone, its neighbours are loaded', async (t) => {
  const guilty = keyBytes(666)
  const load = await loading(t, ({ body }) => {
    if (body.includes(guilty)) throw refusal()
  })
  const numbers = [...Array.from({ length: 37 }, (_, n) => n), 666, ...Array.from({ length: 25 }, (_, n) => 100 + n)]
  for (const n of numbers) await load.spool.append(frame(n))
  await load.drain()
  const loaded = Buffer.concat(load.inserts.map(({ body }) => body))
  for (const n of numbers) assert.equal(loaded.includes(keyBytes(n)), n !== 666, `frame ${n}`)
  const aside = await readdir(join(load.dir, 'set-aside'))
  assert.deepEqual(aside, ['000000000001.37.json', '000000000001.37.segment'])
  const kept = parseSegment(await readFile(join(load.dir, 'set-aside', aside[1] as string)))
  assert.deepEqual(kept?.frames.flat().map(({ body }) => body.includes(guilty)), [true])
  assert.deepEqual(await readdir(load.dir), ['set-aside'])
  assert.equal(new Set(load.inserts.map(({ token }) => token)).size, load.inserts.length)
  assert.equal(load.errors.length, 1)
  assert.match(load.metrics.text(load.spool, 0), /spans_set_aside_total\{reason="refused"\} 0/)
})

/** What ClickHouse says of the moment or of the operator, never of the rows; with or without a verdict that a retry helps. */
const notTheRows: readonly (readonly [string, string])[] = [
  ['516', 'Code: 516. DB::Exception: spanledger: Authentication failed: password is incorrect, or there is no user with such name.'],
  ['192', 'Code: 192. DB::Exception: There is no user spanledger'],
  ['497', 'Code: 497. DB::Exception: Not enough privileges'],
  ['81', 'Code: 81. DB::Exception: Database spanledger does not exist.'],
  ['60', 'Code: 60. DB::Exception: Table spanledger.spans does not exist.'],
  ['16', 'Code: 16. DB::Exception: No such column in table'],
  ['164', 'Code: 164. DB::Exception: Cannot execute query in readonly mode.'],
  ['242', 'Code: 242. DB::Exception: Table is in readonly mode'],
  ['252', 'Code: 252. DB::Exception: Too many parts (3000)'],
  ['243', 'Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space'],
  ['241', 'Code: 241. DB::Exception: Memory limit (total) exceeded'],
  ['201', 'Code: 201. DB::Exception: Quota exceeded'],
  ['4242', 'Code: 4242. DB::Exception: something that this program has never heard of'],
]

for (const [code, message] of notTheRows) {
  test(`rows wait, and none is set aside, where ClickHouse says ${code}`, async (t) => {
    let failures = 1
    const load = await loading(t, () => {
      if (failures-- > 0) throw storeError(new Error(message))
    })
    for (const n of [1, 2, 3]) await load.spool.append(frame(n))
    await load.drain()
    const loaded = Buffer.concat(load.inserts.map(({ body }) => body))
    for (const n of [1, 2, 3]) assert.ok(loaded.includes(keyBytes(n)), `frame ${n}`)
    assert.equal(load.inserts.length, 1, 'in one insert, not halved')
    assert.deepEqual(await readdir(load.dir), [])
  })
}

test('while ClickHouse is away the backlog waits on disk, one segment in memory at a time, and then drains in order', async (t) => {
  let away = true
  const load = await loading(t, () => {
    if (away) throw storeError(new Error('connect ECONNREFUSED'))
  }, undefined, { segmentBytesMax: 4 * MiB })
  const read = load.spool.read.bind(load.spool)
  let inMemory = 0
  t.mock.method(load.spool, 'read', async (segment: Parameters<typeof read>[0]) => {
    inMemory = Math.max(inMemory, segment.bytes)
    return read(segment)
  })
  const drained = load.load()
  const frames = Array.from({ length: 80 }, (_, n) => n)
  for (const n of frames) await load.spool.append(frame(n, MiB))
  const { bytes, segments, since } = load.spool.backlog()
  assert.ok(bytes > 80 * MiB && segments >= 15 && since !== undefined, `${bytes} bytes in ${segments} segments`)
  assert.equal(load.inserts.length, 0)
  away = false
  await load.spool.close()
  await drained
  const order = load.inserts.flatMap(({ body }) => frames.map((n) => [n, body.indexOf(keyBytes(n))] as const)
    .filter(([, at]) => at !== -1).sort((a, b) => a[1] - b[1]).map(([n]) => n))
  assert.deepEqual(order, frames)
  assert.ok(inMemory < 6 * MiB, `${inMemory} bytes at once`)
  assert.deepEqual(load.spool.backlog(), { bytes: 0, segments: 0, since: undefined })
})

test('a segment larger than one insert goes in parts, with the same tokens each time', async () => {
  const large = Buffer.alloc(insertBytesMax / 2)
  const body = (n: number): Buffer => Buffer.from(`row ${n} `)
  const segment: Segment = {
    head: { format: 1, spool: 'one', tables: currentTables }, validBytes: 0, torn: false,
    frames: [0, 1, 2, 3, 4].map((n) => [{ table: 2, rows: 1, body: body(n) }]), frameBytes: [large, large, large, large, large],
  }
  const rounds: (readonly (readonly [string, string])[])[] = []
  for (const failures of [0, 2]) {
    let left = failures
    const inserts: (readonly [string, string])[] = []
    const insert: Store['insert'] = async (_table, rows, token) => {
      if (left-- > 0) throw new StoreError('not now', { retry: true, code: 'UNREACHABLE' })
      inserts.push([String(rows), token])
    }
    assert.equal(await insertSegment(openedSegment(segment, { number: 7, store: { insert }, bodyOf: asRows }), async () => true), true)
    rounds.push(inserts)
  }
  assert.deepEqual(rounds[0]?.map(([rows]) => rows), ['row 0 row 1 ', 'row 2 row 3 ', 'row 4 '])
  assert.deepEqual(rounds[1], rounds[0])
  assert.equal(new Set(rounds[0]?.map(([, token]) => token)).size, 3)
})

test('a file error neither ends the process nor loses a row: it is told once and tried again', async (t) => {
  const load = await loading(t, () => undefined)
  const read = load.spool.read.bind(load.spool)
  let failures = 3
  t.mock.method(load.spool, 'read', (segment: Parameters<typeof read>[0]) =>
    failures-- > 0 ? Promise.reject(Object.assign(new Error('too many open files'), { code: 'EMFILE' })) : read(segment))
  await load.spool.append(frame(1))
  await load.drain()
  assert.equal(load.inserts.length, 1)
  assert.equal(load.errors.length, 1)
  assert.deepEqual(await readdir(load.dir), [])
})

test('a segment whose file is gone does not hold up those behind it', async (t) => {
  const load = await loading(t, () => undefined)
  await load.spool.append(frame(1))
  await load.spool.close()
  await rm(join(load.dir, '000000000001.segment'))
  await load.load()
  assert.equal(load.inserts.length, 0)
  assert.match(load.metrics.text(load.spool, 0), /spans_set_aside_total\{reason="missing"\}/)
  assert.equal(load.spool.backlog().bytes, 0)
})

test('of a damaged segment what is whole is loaded, and the file is kept', async (t) => {
  const load = await loading(t, () => undefined)
  await load.spool.append(frame(1))
  await load.spool.append(frame(2))
  const [name] = await readdir(load.dir)
  const path = join(load.dir, name as string)
  const bytes = await readFile(path)
  bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
  await writeFile(path, bytes)
  await load.drain()
  assert.deepEqual(load.inserts.map(({ body }) => [1, 2].filter((n) => body.includes(keyBytes(n)))), [[1]])
  assert.deepEqual(await readdir(join(load.dir, 'set-aside')), ['000000000001.json', name])
})

for (const [what, keep, reason] of [['nothing', () => 0, 'unreadable'], ['its head alone', (bytes: number) => bytes - frame(1).length, 'damaged']] as const) {
  test(`an older segment of which there is ${what} is told with its number and bytes, and set aside`, async (t) => {
    const load = await loading(t, () => undefined)
    await load.spool.append(frame(1))
    const path = join(load.dir, '000000000001.segment')
    const bytes = keep((await readFile(path)).length)
    await truncate(path, bytes)
    await copyFile(path, join(load.dir, '000000000002.segment'))
    const spool = await Spool.open({ dir: load.dir, segmentBytesMax: MiB, segmentAgeMsMax: 60_000, quotaBytes: MiB, sync: (file) => file.datasync(), now: Date.now })
    await spool.close()
    const told: unknown[] = []
    const store = { insert: () => assert.fail('there is nothing to insert') }
    await new Loader({ spool, store: store as unknown as Store, open: (segment) => openHere({ spool, store }, segment), metrics: load.metrics, log: { ...silent, error: (_, fields) => void told.push(fields) } }).finished
    assert.deepEqual(told, [{ segment: 1, bytes }])
    assert.deepEqual((await listSetAside(load.dir)).map(({ id, why }) => [id, why?.reason]), [['1', reason]])
    await load.spool.close()
  })
}

test('the embedded engine refuses one frame of many, and the rows of the others are there', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'load-engine-'))
  const store = await openStore({ kind: 'embedded', dataDir, readSessions: 1, biSessions: 1 })
  t.after(async () => {
    await store[Symbol.asyncDispose]()
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10 })
  })
  await migrate(store)
  const load = await loading(t, () => undefined, store)
  const broken = frame(666)
  // The length of the first text, in nine bytes: larger than any text. Then a checksum that fits, as our own mistake would have.
  broken.fill(0xff, frameHeaderBytes + 1 + sectionHeadBytes, frameHeaderBytes + 1 + sectionHeadBytes + 8)
  broken.writeUInt32LE(crc32(broken.subarray(frameHeaderBytes)), 4)
  for (let n = 0; n < 9; n++) await load.spool.append(n === 6 ? broken : frame(n))
  await load.drain()
  const keys = await store.read<{ key: string }>('SELECT lower(hex(key)) AS key FROM call_keys FINAL ORDER BY key', {}, { maxSeconds: 10 })
  assert.deepEqual(keys.map(({ key }) => key), [0, 1, 2, 3, 4, 5, 7, 8].map(key))
  assert.deepEqual(await readdir(join(load.dir, 'set-aside')), ['000000000001.6.json', '000000000001.6.segment'])
})

test('a block goes under the token of its rows', async () => {
  const content = parseSegment(Buffer.concat([headBytes({ format: 1, spool: 'one', tables: currentTables }), ...[1, 2, 3].map((n) => frame(n))]))
  assert.ok(content)
  const inserts: { readonly body: Buffer; readonly token: string; readonly format: string | undefined }[] = []
  const insert: Store['insert'] = async (_table, body, token, format) => void inserts.push({ body: body as Buffer, token, format })
  for (const bodyOf of [asRows, asBlock]) await insertSegment(openedSegment(content, { number: 7, store: { insert }, bodyOf }), async () => true)
  const rows = Buffer.concat(content.frames.flat().map(({ body }) => body))
  assert.deepEqual(inserts.map(({ format }) => format), ['RowBinary', 'Native'])
  assert.equal(inserts[0]?.token, inserts[1]?.token)
  assert.deepEqual(inserts.map(({ body }) => body), [rows, nativeBlock(callKeys.columns, 3, rows)])
})

test('every table of the journal can be inserted as a block, none falls back to rows', () => {
  for (const { name, columns } of spooledTables) assert.doesNotThrow(() => nativeBlock(columns, 0, Buffer.alloc(0)), name)
})
