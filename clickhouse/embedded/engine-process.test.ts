/** What only the embedded engine promises: one owner of the data, no acknowledged row lost, nothing left behind. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { RowBinaryWriter } from '../row-binary.ts'
import { openStore, type Store } from '../store.ts'
import { StoreError } from '../store-error.ts'
import { type Table, text, uint32, writeRow } from '../table.ts'
import { type EngineAddress, readEngineFile } from './engine-file.ts'

const dir = (): string => mkdtempSync(join(tmpdir(), 'spanledger-engine-'))
const soon = { maxSeconds: 10 }
const small = { kind: 'embedded', readSessions: 2, biSessions: 1 } as const

const notes: Table<{ readonly n: number; readonly note: string }> = { name: 'notes', columns: [uint32('n', (r) => r.n), text('note', (r) => r.note)] }
const createNotes = 'CREATE TABLE notes (n UInt32, note String) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100, fsync_after_insert = 1'
function note(n: number): Buffer {
  const writer = new RowBinaryWriter()
  writeRow(notes, writer, { n, note: `note ${n}` })
  return writer.take()
}

function address(dataDir: string): EngineAddress {
  const found = readEngineFile(dataDir)
  assert.ok(found, 'engine.json')
  return found
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH')
    return false
  }
}

async function until(met: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + 15_000
  while (!await met()) {
    assert.ok(Date.now() < end, what)
    await sleep(50)
  }
}

describe('one engine', () => {
  const dataDir = dir()
  let store: Store
  let client: ClickHouseClient
  before(async () => {
    store = await openStore({ ...small, dataDir })
    await store.command(createNotes)
    const { url, user, password } = address(dataDir)
    client = createClient({ url, username: user, password, database: 'spanledger', log: { level: ClickHouseLogLevel.OFF } })
  })
  after(async () => {
    await client.close()
    await store[Symbol.asyncDispose]()
    rmSync(dataDir, { recursive: true })
  })

  test('engine.json is for its owner only, and a wrong password is refused', async () => {
    assert.equal(statSync(join(dataDir, 'engine.json')).mode & 0o777, 0o600)
    const { url, user, password } = address(dataDir)
    for (const credentials of [{ user, password: `${password}x` }, { user: 'default', password }, { user, password: '' }]) {
      const response = await fetch(`${url}/?query=SELECT+1`, { headers: { 'X-ClickHouse-User': credentials.user, 'X-ClickHouse-Key': credentials.password } })
      assert.deepEqual([response.status, response.headers.get('x-clickhouse-exception-code')], [403, '516'])
    }
    assert.equal((await fetch(`${url}/?query=SELECT+1`)).status, 403)
    await assert.rejects(openStore({ kind: 'server', url, user, password: 'wrong', database: 'spanledger', cluster: '' }), (e) => e instanceof StoreError && e.code === '516' && !e.retry)
  })

  test('the data is for its owner only, whatever the umask it was started under', async () => {
    await store.insert(notes, note(0), 'modes')
    const open = readdirSync(dataDir, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isSymbolicLink())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => (statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o077)
    assert.deepEqual(open, [])
    assert.ok(readdirSync(join(dataDir, 'clickhouse'), { recursive: true }).some((name) => String(name).endsWith('.bin')), 'a part was written')
  })

  test('the ClickHouse client works as against a server', async () => {
    assert.deepEqual(await client.ping(), { success: true })
    assert.deepEqual(await client.ping({ select: true }), { success: true })
    await client.insert({ table: 'notes', values: [{ n: 900, note: 'it\'s {n:UInt8}' }], format: 'JSONEachRow' })
    await client.command({ query: `INSERT INTO notes VALUES ({n:UInt32}, {s:String})`, query_params: { n: 901, s: 'x' } })
    const result = await client.query({ query: 'SELECT * FROM notes WHERE n >= {n:UInt32} ORDER BY n', query_params: { n: 900 }, format: 'JSONEachRow' })
    assert.deepEqual(await result.json(), [{ n: 900, note: 'it\'s {n:UInt8}' }, { n: 901, note: 'x' }])
    const json = await client.query({ query: 'SELECT 1 AS x', format: 'JSON' })
    assert.deepEqual((await json.json()).data, [{ x: 1 }])
    const described = await client.query({ query: 'DESCRIBE TABLE notes', format: 'JSONCompactEachRow' })
    assert.equal((await described.json()).length, 2)
    const failing = await client.query({ query: `SELECT throwIf(number = 300000, 'too far') FROM numbers(1000000) SETTINGS max_block_size = 1000, max_threads = 1`, format: 'JSONEachRow' })
    // The client quotes the reason only where the whole frame of the error comes in one piece; it rejects always.
    await assert.rejects(failing.json())
  })

  test('compressed requests and answers are accepted and declined', async () => {
    const { url, user, password } = address(dataDir)
    await using gzip = createClient({ url, username: user, password, database: 'spanledger', compression: { request: true, response: true } })
    await gzip.insert({ table: 'notes', values: [{ n: 902, note: 'gzip' }], format: 'JSONEachRow' })
    const result = await gzip.query({ query: 'SELECT note FROM notes WHERE n = 902', format: 'JSONEachRow' })
    assert.deepEqual(await result.json(), [{ note: 'gzip' }])
  })

  test('a session serves the next request, whatever became of the last', async () => {
    // One more than there are sessions, each left in another way.
    for (let i = 0; i < 3; i++) {
      for await (const batch of store.readBatches('SELECT number FROM system.numbers', {}, soon)) if (batch.length > 0) break
      await assert.rejects(store.read('SELECT sum(cityHash64(number)) FROM numbers(1000000000000)', {}, { ...soon, signal: AbortSignal.timeout(50) }), StoreError)
      await assert.rejects(store.read(`SELECT throwIf(1)`, {}, soon), StoreError)
    }
    const since = performance.now()
    assert.deepEqual(await Promise.all([1, 2, 3].map((x) => store.read('SELECT {x:UInt8} AS x', { x }, soon))), [1, 2, 3].map((x) => [{ x }]))
    assert.ok(performance.now() - since < 5_000)
    await until(() => readdirSync(join(dataDir, 'inserts')).length === 0, 'bodies of inserts are removed')
  })

  test('BI reads wait for each other, the console does not', async () => {
    const bi = { ...soon, pool: 'bi' } as const
    const slow = Promise.all([1, 2].map(() => store.read('SELECT sleep(0.5)', {}, bi))).then(() => 'bi')
    assert.equal(await Promise.race([slow, store.read('SELECT 1', {}, soon).then(() => 'console')]), 'console')
    await slow
  })

  test('a second store attaches to the same engine and leaves it running', async () => {
    const { pid } = address(dataDir)
    {
      await using second = await openStore({ ...small, dataDir })
      await second.insert(notes, note(1), 'second')
    }
    assert.deepEqual(await store.read('SELECT note FROM notes WHERE n = 1', {}, soon), [{ note: 'note 1' }])
    assert.equal(address(dataDir).pid, pid)
  })

  test('a killed engine comes back with every acknowledged row', async () => {
    const { pid } = address(dataDir)
    const acknowledged: number[] = []
    const inserting = (async () => {
      for (let n = 100; n < 400 && acknowledged.length < 40; n++) {
        // As the loader does it: the same rows with the same token until they are taken.
        await until(async () => {
          try {
            await store.insert(notes, note(n), `kill-${n}`)
            return true
          } catch (error) {
            assert.ok(error instanceof StoreError && error.retry, String(error))
            return false
          }
        }, 'the engine takes rows again')
        acknowledged.push(n)
        if (acknowledged.length === 15) process.kill(pid, 'SIGKILL')
      }
    })()
    await inserting
    assert.notEqual(address(dataDir).pid, pid)
    assert.deepEqual((await store.read<{ n: number }>('SELECT n FROM notes WHERE n >= 100 AND n < 400 ORDER BY n', {}, soon)).map((r) => r.n), acknowledged)
  })
})

const holder = (dataDir: string): string => `
  import { openStore } from ${JSON.stringify(new URL('../store.ts', import.meta.url).href)}
  const store = await openStore({ kind: 'embedded', dataDir: ${JSON.stringify(dataDir)}, readSessions: 2, biSessions: 1 })
  await store.command(${JSON.stringify(createNotes)})
  await store.command("INSERT INTO notes VALUES (1, 'kept')")
  store.read('SELECT sum(sleepEachRow(1)) FROM numbers(300) SETTINGS max_block_size = 1', {}, { maxSeconds: 60 }).catch(() => undefined)
  setTimeout(() => console.log('ready'), 300)`

test('a killed parent leaves no engine behind, and the next one starts on its data', async () => {
  const dataDir = dir()
  const parent = spawn(process.execPath, ['--input-type=module', '-e', holder(dataDir)], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(parent.stdout, 'data')
  const { pid } = address(dataDir)
  assert.ok(alive(pid))
  parent.kill('SIGKILL')
  await until(() => !alive(pid), 'the engine ends with its parent')
  {
    await using store = await openStore({ ...small, dataDir })
    assert.deepEqual(await store.read('SELECT note FROM notes', {}, soon), [{ note: 'kept' }])
  }
  rmSync(dataDir, { recursive: true })
})

test('a store that was attached starts its own engine when the other one ends', async () => {
  const dataDir = dir()
  const owner = await openStore({ ...small, dataDir })
  await owner.command(createNotes)
  await owner.insert(notes, note(1), 'one')
  {
    await using attached = await openStore({ ...small, dataDir })
    await owner[Symbol.asyncDispose]()
    await until(async () => {
      try {
        return (await attached.read('SELECT n FROM notes', {}, soon)).length === 1
      } catch (error) {
        assert.ok(error instanceof StoreError && error.retry, String(error))
        return false
      }
    }, 'the attached store finds an engine')
  }
  assert.equal(readEngineFile(dataDir), undefined)
  rmSync(dataDir, { recursive: true })
})

test('data that something else holds is refused, and the holder named', async () => {
  const dataDir = dir()
  {
    await using owner = await openStore({ ...small, dataDir })
    assert.equal(owner.database, 'spanledger')
    const { pid } = address(dataDir)
    // Without engine.json there is nothing to attach to; the lock on the data still says who has it.
    rmSync(join(dataDir, 'engine.json'))
    await assert.rejects(openStore({ ...small, dataDir, lockWaitMs: 300 }), { message: `the data folder ${dataDir} is in use by process ${pid}: stop it, or choose another folder` })
  }
  rmSync(dataDir, { recursive: true })
})

test('what a crash left in the files that say who has the data keeps nobody out', async () => {
  const dataDir = dir()
  mkdirSync(join(dataDir, 'clickhouse'))
  const left: readonly (readonly [file: string, content: string])[] = [
    // Numbers of processes come again, in a container after each start: this one is of who starts the engine.
    ['clickhouse/status', `PID: ${process.pid}\nStarted at: 2026-11-20 12:00:00\nRevision: 1\n`],
    ['clickhouse/status', ''],
    ['engine.json', ''],
    ['engine.json', '{"url":"http://127.0.0.1:1"'],
  ]
  for (const [file, content] of left) {
    writeFileSync(join(dataDir, file), content)
    await using store = await openStore({ ...small, dataDir, lockWaitMs: 600_000 })
    assert.deepEqual(await store.read('SELECT 1 AS one', {}, soon), [{ one: 1 }], file)
  }
  rmSync(dataDir, { recursive: true })
})

test('an engine that hangs is started again', async () => {
  const dataDir = dir()
  {
    await using store = await openStore({ ...small, dataDir, silentMsMax: 4_000 })
    const { pid } = address(dataDir)
    process.kill(pid, 'SIGSTOP')
    await until(() => !alive(pid), 'the silent engine is ended')
    await until(async () => {
      try {
        return (await store.read('SELECT 1', {}, soon)).length === 1
      } catch (error) {
        assert.ok(error instanceof StoreError && error.retry, String(error))
        return false
      }
    }, 'another one takes its place')
  }
  rmSync(dataDir, { recursive: true })
})
