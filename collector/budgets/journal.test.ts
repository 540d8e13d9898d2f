import assert from 'node:assert/strict'
import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { seededRandom } from '#otel-config/demo/random.ts'
import { Journal } from './journal.ts'

async function journalFile(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'budgets-journal-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return join(dir, 'decider', 'decisions.journal')
}
const sync = (file: { datasync(): Promise<void> }): Promise<void> => file.datasync()
const openAt = (path: string, now = 0): Promise<Journal> => Journal.open({ path, sync, now: () => now })

test('what was answered is there after a kill: the file is opened again without having been closed', async (t) => {
  const path = await journalFile(t)
  const killed = await openAt(path)
  await Promise.all([killed.put('hold:1', { usd: '5' }, 100), killed.put('hold:2', { usd: '6' }, 50), killed.put('hold:3', null, 100)])
  await killed.drop('hold:3')
  const next = await openAt(path, 60)
  assert.deepEqual([...next.startingWith('hold:')], [['hold:1', { value: { usd: '5' }, expiresAt: 100 }]], 'one was dropped and one has expired')
  await killed.close()
  await next.close()
})

test('a tail that a crash tore is cut, and what comes behind it is read', async (t) => {
  const path = await journalFile(t)
  const first = await openAt(path)
  await first.put('a', 1, 100)
  await first.close()
  const { size } = await stat(path)
  await appendFile(path, Buffer.from([200, 0, 0, 0, 1, 2, 3, 4, 5, 6]))
  const second = await openAt(path)
  assert.deepEqual([(await stat(path)).size, second.cutBytes, (await readFile(`${path}.cut`)).length], [size, 10, 10])
  await second.put('b', 2, 100)
  await second.close()
  const third = await openAt(path)
  assert.deepEqual([third.get('a')?.value, third.get('b')?.value], [1, 2])
  await third.close()
})

test('of a record that the disk damaged what stands behind it is read, and the file is whole again with the next', async (t) => {
  const path = await journalFile(t)
  const first = await openAt(path)
  for (const key of ['a', 'b', 'c']) await first.put(key, key, 100)
  await first.close()
  const bytes = await readFile(path)
  const at = bytes.indexOf('"b"')
  bytes[at + 1] = (bytes[at + 1] as number) ^ 1
  await writeFile(path, bytes)
  const second = await openAt(path)
  assert.deepEqual([second.get('a')?.value, second.get('b'), second.get('c')?.value], ['a', undefined, 'c'])
  assert.equal(second.damagedBytes, bytes.length / 3)
  await second.put('d', 'd', 100)
  await second.close()
  const third = await openAt(path)
  assert.deepEqual([third.damagedBytes, ...['a', 'c', 'd'].map((key) => third.get(key)?.value)], [0, 'a', 'c', 'd'])
  await third.close()
})

test('of a record whose length is damaged nothing behind it can be read: it is cut, told and kept', async (t) => {
  const path = await journalFile(t)
  const first = await openAt(path)
  for (const key of ['a', 'b', 'c']) await first.put(key, key, 100)
  await first.close()
  const bytes = await readFile(path)
  bytes[bytes.length / 3 + 3] = 0xff
  await writeFile(path, bytes)
  const second = await openAt(path)
  assert.deepEqual([['a', 'b', 'c'].map((key) => second.get(key)?.value), second.cutBytes, await readFile(`${path}.cut`)], [['a', undefined, undefined], (bytes.length * 2) / 3, bytes.subarray(bytes.length / 3)])
  await second.close()
})

test('those who wait together are written with one sync', async (t) => {
  let syncs = 0
  const journal = await Journal.open({ path: await journalFile(t), now: () => 0, sync: async (file) => { syncs++; await file.datasync() } })
  await Promise.all(Array.from({ length: 100 }, (_, n) => journal.put(`hold:${n}`, n, 100)))
  assert.equal(syncs, 1)
  await journal.close()
})

test('a disk that fails is told to whoever waits, memory forgets, and the next one is whole', async (t) => {
  const path = await journalFile(t)
  let broken = true
  const journal = await Journal.open({ path, now: () => 0, sync: (file) => (broken ? Promise.reject(new Error('EIO')) : file.datasync()) })
  await assert.rejects(journal.put('a', 1, 100), /EIO/)
  assert.equal(journal.get('a'), undefined)
  broken = false
  await journal.put('b', 2, 100)
  await journal.close()
  const next = await openAt(path)
  assert.deepEqual([next.get('a'), next.get('b')?.value], [undefined, 2])
  await next.close()
})

test('what need only survive a kill does not wait for the disk, which has it a moment later', async (t) => {
  const path = await journalFile(t)
  const synced = Promise.withResolvers<void>()
  let held = true
  const killed = await Journal.open({
    path, now: () => 0, sync: async (file) => {
      if (held) await synced.promise
      await file.datasync()
    },
  })
  await Promise.all([killed.put('hold:1', 1, 100, 'written'), killed.put('hold:2', 2, 100, 'written')])
  await killed.drop('hold:2', 'written')
  const next = await openAt(path)
  assert.deepEqual([next.get('hold:1')?.value, next.get('hold:2')], [1, undefined], 'a kill leaves it')
  await next.close()
  const alert = killed.put('alert:1', 1, 100)
  assert.equal(await Promise.race([alert.then(() => 'answered'), sleep(100, 'waits')]), 'waits', 'what must survive a power failure waits')
  held = false
  synced.resolve()
  await alert
  await killed.close()
})

test('what need only survive a kill does not wait for a sync that others wait for', async (t) => {
  const path = await journalFile(t)
  const began = Promise.withResolvers<void>()
  const synced = Promise.withResolvers<void>()
  let syncs = 0
  const journal = await Journal.open({
    path, now: () => 0, sync: async (file) => {
      syncs++
      began.resolve()
      await synced.promise
      await file.datasync()
    },
  })
  const first = journal.put('alert:1', 1, 100)
  await began.promise
  await journal.put('hold:1', 1, 100, 'written')
  const second = journal.put('alert:2', 2, 100)
  assert.equal(await Promise.race([second.then(() => 'answered'), sleep(50, 'waits')]), 'waits')
  assert.equal(syncs, 1)
  synced.resolve()
  await Promise.all([first, second])
  assert.equal(syncs, 2, 'the second was not on its way to the disk when the first sync began')
  await journal.close()
})

/** The first sync waits to be told, and fails; `lost` is what the disk does to the file then. Those after it succeed. */
function firstSyncFails(lost = async (): Promise<void> => undefined) {
  const [began, fails] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let failed = false
  return {
    began: began.promise, fail: fails.resolve,
    sync: async (file: { datasync(): Promise<void> }): Promise<void> => {
      if (failed) return file.datasync()
      began.resolve()
      await fails.promise
      failed = true
      await lost()
      throw new Error('EIO')
    },
  }
}

test('where a sync fails, what was written behind it is not sure either, and all of it stands in the next file', async (t) => {
  const path = await journalFile(t)
  const { began, fail, sync: failing } = firstSyncFails(() => truncate(path, 0))
  const journal = await Journal.open({ path, now: () => 0, sync: failing })
  const alerts = [journal.put('alert:1', 1, 100)]
  await began
  await journal.put('hold:1', 1, 100, 'written')
  alerts.push(journal.put('alert:2', 2, 100))
  await sleep(20)
  fail()
  assert.deepEqual((await Promise.allSettled(alerts)).map(({ status }) => status), ['rejected', 'rejected'])
  await journal.put('alert:3', 3, 100)
  await journal.close()
  const next = await openAt(path)
  assert.deepEqual(['alert:1', 'alert:2', 'hold:1', 'alert:3'].map((key) => next.get(key)?.value), [undefined, undefined, 1, 3])
  await next.close()
})

test('of several values of a key that were not kept, memory goes back to the one before all of them', async (t) => {
  const path = await journalFile(t)
  const before = await openAt(path)
  await before.put('a', 0, 100)
  await before.close()
  const { began, fail, sync: failing } = firstSyncFails()
  const journal = await Journal.open({ path, now: () => 0, sync: failing })
  const first = journal.put('a', 1, 100)
  await began
  const second = journal.put('a', 2, 100)
  await sleep(20)
  fail()
  assert.deepEqual((await Promise.allSettled([first, second])).map(({ status }) => status), ['rejected', 'rejected'])
  assert.equal(journal.get('a')?.value, 0)
  await journal.put('b', 1, 100)
  await journal.close()
  const next = await openAt(path)
  assert.equal(next.get('a')?.value, 0)
  await next.close()
})

test('zeros behind the last record, as a power failure leaves them, are cut', async (t) => {
  const path = await journalFile(t)
  const first = await openAt(path)
  await first.put('a', 1, 100)
  await first.close()
  await appendFile(path, Buffer.alloc(64))
  const next = await openAt(path)
  assert.equal(next.get('a')?.value, 1)
  await next.close()
})

test('what a failed sync may have lost is written anew when the journal is closed', async (t) => {
  const path = await journalFile(t)
  const { began, fail, sync: failing } = firstSyncFails(() => truncate(path, 0))
  const journal = await Journal.open({ path, now: () => 0, sync: failing })
  await journal.put('hold:1', 1, 100, 'written')
  await began
  fail()
  await journal.close()
  const next = await openAt(path)
  assert.equal(next.get('hold:1')?.value, 1)
  await next.close()
})

test('what was only written is synced without being asked, and where that fails it is written anew from memory', async (t) => {
  const path = await journalFile(t)
  const tried = Promise.withResolvers<void>()
  let broken = true
  const journal = await Journal.open({
    path, now: () => 0, sync: async (file) => {
      tried.resolve()
      if (broken) throw new Error('EIO')
      await file.datasync()
    },
  })
  await journal.put('hold:1', 1, 100, 'written')
  await tried.promise
  broken = false
  // As if the failed sync had taken back what was written.
  await truncate(path, 0)
  await journal.put('alert:1', 2, 100)
  await journal.close()
  const next = await openAt(path)
  assert.deepEqual([next.get('hold:1')?.value, next.get('alert:1')?.value], [1, 2])
  await next.close()
})

test('a file that is mostly history is written anew, and nothing is lost by it', async (t) => {
  const path = await journalFile(t)
  const journal = await openAt(path)
  const text = 'x'.repeat(1_000)
  for (let n = 0; n < 60; n++) await Promise.all(Array.from({ length: 50 }, (_, m) => journal.put(`hold:${m}`, `${n} ${text}`, 100)))
  assert.ok((await stat(path)).size < 1_500_000, `${(await stat(path)).size} bytes`)
  await journal.close()
  const next = await openAt(path)
  assert.deepEqual([...next.startingWith('hold:')].map(([, { value }]) => String(value).split(' ')[0]), Array.from({ length: 50 }, () => '59'))
  await next.close()
})

test('whatever syncs fail and whenever it ends: a kill leaves what was written, a power failure what was synced', async (t) => {
  const path = await journalFile(t)
  const random = seededRandom(11, 0)
  /** What a disk holds of a file, by inode, after the last sync of it that succeeded. */
  const synced = new Map<number, Buffer>()
  /** Files of which a sync failed: later ones say that all is well, and nothing more of them is kept (`fsync(2)`). */
  const lossy = new Set<number>()
  const journal = await Journal.open({
    path, now: () => 0, sync: async (file) => {
      const { ino, size } = await file.stat()
      await sleep(random.next() * 3)
      const isAnew = (await stat(`${path}.new`).catch(() => undefined))?.ino === ino
      // A number that another file had before, or the same one, written anew.
      if (isAnew) lossy.delete(ino)
      if (random.chance(0.15)) {
        lossy.add(ino)
        throw new Error('EIO')
      }
      if (lossy.has(ino)) return
      synced.set(ino, (await readFile(isAnew ? `${path}.new` : path)).subarray(0, size))
    },
  })
  const told = { written: new Map<string, number>(), synced: new Map<string, number>() }
  const after = async (file: Buffer, least: ReadonlyMap<string, number>, what: string): Promise<void> => {
    const expected = [...least]
    await writeFile(`${path}.after`, file)
    const next = await openAt(`${path}.after`)
    for (const [key, number] of expected) assert.ok(Number(String(next.get(key)?.value ?? 0).split(' ')[0]) >= number, `${what}: ${key} is older than ${number}, which was answered`)
    await next.close()
  }
  let rejected = 0
  const puts: Promise<void>[] = []
  for (let number = 1; number <= 600; number++) {
    const [key, until] = [`hold:${random.integer(0, 5)}`, random.chance(0.6) ? 'written' : 'synced'] as const
    puts.push(journal.put(key, `${number} ${'x'.repeat(number % 3 === 0 ? 20_000 : 0)}`, 100, until).then(() => {
      told.written.set(key, Math.max(told.written.get(key) ?? 0, number))
      if (until === 'synced') told.synced.set(key, Math.max(told.synced.get(key) ?? 0, number))
    }, () => void rejected++))
    if (random.chance(0.3)) await sleep(random.next() * 3)
    if (number % 40 === 0) {
      // Taken first: what is answered while a file is looked at need not be in it.
      const [written, kept] = [new Map(told.written), new Map(told.synced)]
      await after(synced.get((await stat(path)).ino) ?? Buffer.alloc(0), kept, 'power failure')
      await after(await readFile(path), written, 'kill')
    }
  }
  await Promise.all(puts)
  assert.ok(rejected > 0 && rejected < puts.length)
  await journal.close().catch(() => undefined /* its last sync may fail, too */)
})
