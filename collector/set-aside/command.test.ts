import assert from 'node:assert/strict'
import { readdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { migrate } from '#clickhouse/migrate.ts'
import { openStore, type Store } from '#clickhouse/store.ts'
import { callKeyId, callKeys } from '#clickhouse/tables/call-keys.ts'
import { IngestAccount } from '../account/account.ts'
import { Loader } from '../load/load.ts'
import { openHere } from '../load/segment-thread.ts'
import { Metrics } from '../metrics.ts'
import { FrameWriter } from '../spool/frame.ts'
import { Spool } from '../spool/spool.ts'
import { setAsideCommand, setAsideHelp } from './command.ts'
import { listSetAside } from './set-aside.ts'

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }

let dataDir: string
let spoolDir: string
let store: Store
before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'set-aside-'))
  spoolDir = join(dataDir, 'spool')
  store = await openStore({ kind: 'embedded', dataDir, readSessions: 1, biSessions: 1 })
  await migrate(store)
})
after(async () => {
  await store[Symbol.asyncDispose]()
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10 })
})

/** A frame with a row of this service. */
function frame(service: string): Buffer {
  const writer = new FrameWriter()
  writer.add(callKeys, {
    tenant: 't', key: callKeyId(service), traceId: '1'.repeat(32), spanId: '2'.repeat(16), startedAt: 0n, endedAt: 0n,
    service, scopeName: '', model: '', inputTokens: 0, outputTokens: 0,
  })
  account.add(writer, { signal: 'traces', client: 'curl/8.5', stored: 1, deduplicated: 0, rejections: [], at: (at += 1_000n) })
  return writer.finish()
}
const account = new IngestAccount({ tenant: 't', project: 'p' })
let at = 1_763_683_200_000_000_000n

const accounted = async (): Promise<unknown> =>
  (await store.read('SELECT toUInt32(sum(received)) AS received, toUInt32(sum(stored)) AS stored, toUInt32(sum(set_aside)) AS aside FROM ingest_account FINAL', {}, { maxSeconds: 10 }))[0]

/** What a server does: takes these into the journal, loads what ClickHouse takes, sets the rest aside. */
async function served(services: readonly string[]): Promise<void> {
  const spool = await Spool.open({
    dir: spoolDir, segmentBytesMax: 1e6, segmentAgeMsMax: 60_000, quotaBytes: 1e8, sync: (file) => file.datasync(), now: Date.now,
  })
  for (const service of services) await spool.append(frame(service))
  await spool.close()
  await new Loader({ spool, store, open: (segment) => openHere({ spool, store }, segment), metrics: new Metrics(), log: silent }).finished
}

const stored = async (): Promise<readonly string[]> =>
  (await store.read<{ service: string }>('SELECT service FROM call_keys ORDER BY service', {}, { maxSeconds: 10 })).map(({ service }) => service)

/** As a user's command: attaches to the engine that serves the folder. */
const run = (...args: string[]) => setAsideCommand(args, { spoolDirs: [spoolDir], openStore: () => openStore({ kind: 'embedded', dataDir }) })

test('what ClickHouse refused is listed, shown, tried again and loaded once, or dropped', async () => {
  assert.deepEqual(await run(), { text: 'nothing is set aside.', exitCode: 0 })
  await store.command("ALTER TABLE call_keys ADD CONSTRAINT known CHECK service NOT LIKE 'bad%'")
  await served(['good', 'bad one', 'better', 'bad two', 'bad three'])
  assert.deepEqual(await stored(), ['better', 'good'])

  assert.deepEqual(await accounted(), { received: 5, stored: 2, aside: 3 })

  const listed = await run()
  assert.match(listed.text, /^id +set aside +why +spans\/records +rows +bytes\n1\.1 +20\d\d-\S+Z +refused +0 +2 +\d+\n1\.3 .*\n1\.4 /)
  const shown = await run('show', '1.1')
  assert.match(shown.text, /why +refused: ClickHouse cannot take these rows\nClickHouse +.*known/)
  assert.match(shown.text, /table +rows +bytes\ncall_keys +1 +\d+\ningest_account +1 +\d+$/)

  const again = await run('retry', 'all')
  assert.equal(again.exitCode, 1)
  assert.match(again.text, /^1\.1: refused again: [^]*\n1\.3: refused again: /)
  assert.deepEqual(await run('drop', '1.4'), { text: '1.4 is deleted.', exitCode: 0 })

  await store.command('ALTER TABLE call_keys DROP CONSTRAINT known')
  assert.deepEqual(await run('retry', '1.3'), { text: '1.3: loaded', exitCode: 0 })
  assert.deepEqual(await run('retry', 'all'), { text: '1.1: loaded', exitCode: 0 })
  assert.deepEqual(await stored(), ['bad one', 'bad two', 'better', 'good'])
  assert.deepEqual(await readdir(join(spoolDir, 'set-aside')), [])
  assert.deepEqual(await accounted(), { received: 5, stored: 4, aside: 1 }, 'what was dropped stays set aside')
})

test('a retry that ended before its file was removed is not doubled by the next', async () => {
  await store.command("ALTER TABLE call_keys ADD CONSTRAINT known CHECK service NOT LIKE 'odd%'")
  await served(['odd'])
  await store.command('ALTER TABLE call_keys DROP CONSTRAINT known')
  const [item] = await listSetAside(spoolDir)
  assert.ok(item)
  // Two people at once: both load, and the tokens make it one.
  const both = await Promise.all([run('retry', item.id), run('retry', item.id)])
  assert.deepEqual(both.map(({ exitCode }) => exitCode), [0, 0])
  assert.equal((await stored()).filter((service) => service === 'odd').length, 1)
})

test('while ClickHouse takes nothing, a retry says so and keeps the file and its reason', async () => {
  await store.command("ALTER TABLE call_keys ADD CONSTRAINT known CHECK service NOT LIKE 'late%'")
  await served(['late'])
  await store.command('ALTER TABLE call_keys DROP CONSTRAINT known')
  const before = await listSetAside(spoolDir)
  await store.command('RENAME TABLE call_keys TO elsewhere')
  const refused = await run('retry', 'all')
  assert.equal(refused.exitCode, 1)
  assert.match(refused.text, /ClickHouse does not take rows now, try again when this is put right: /)
  assert.deepEqual(await listSetAside(spoolDir), before)
  await store.command('RENAME TABLE elsewhere TO call_keys')
  assert.equal((await run('retry', 'all')).exitCode, 0)
})

test('what cannot be read is listed and shown for what it is, and stays until it is dropped', async () => {
  await writeFile(join(spoolDir, 'set-aside', '000000000077.segment'), 'SPN')
  assert.match((await run()).text, /\n77 +unknown +unknown +unknown +unknown +3\n/)
  assert.match((await run('show', '77')).text, /why +unknown\nbytes +3$/)
  assert.deepEqual(await run('retry', '77'), { text: '77: cannot be read; "set-aside drop" deletes it', exitCode: 1 })
  await run('drop', '77')
  assert.deepEqual(await listSetAside(spoolDir), [])
})

test('wrong words are answered with the right ones', async () => {
  for (const [args, says] of [[['look'], '"look" is no command'], [['show'], 'show needs an id'], [['drop', '1', '2'], '"2" is one word too many']] as const) {
    const { text, exitCode } = await run(...args)
    assert.equal(exitCode, 2)
    assert.ok(text.startsWith(says) && text.endsWith(setAsideHelp), text)
  }
  assert.deepEqual(await run('show', '5'), { text: 'nothing with the id 5 is set aside; "set-aside" lists what is.', exitCode: 1 })
})
