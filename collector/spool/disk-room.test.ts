import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { callKeys } from '#clickhouse/tables/call-keys.ts'
import { Refused } from '../refused.ts'
import { type Disk, diskOf, DiskRoom } from './disk-room.ts'
import { FrameWriter } from './frame.ts'
import { smallDisk } from './small-disk.ts'
import { Spool } from './spool.ts'

const MiB = 1024 * 1024

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'room-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** A disk of 100 MiB, of which a tenth is the reserve and a fiftieth the ballast, with so many MiB free. */
async function room(t: TestContext, dir: string, disk: { free: number }): Promise<DiskRoom> {
  const room = await DiskRoom.open({ dir, look: async (): Promise<Disk> => ({ totalBytes: 100 * MiB, freeBytes: disk.free * MiB }) })
  t.after(() => room.close())
  return room
}

const ballastSize = (dir: string): Promise<number> => stat(join(dir, 'ballast')).then(({ size }) => size, () => 0)

test('nothing is taken that would leave less than the reserve, and what was written counts before the next look', async (t) => {
  const it = await room(t, await folder(t), { free: 50 })
  assert.ok(it.admits(40 * MiB))
  assert.ok(!it.admits(40 * MiB + 1))
  it.wrote(30 * MiB)
  assert.ok(it.admits(10 * MiB))
  assert.ok(!it.admits(10 * MiB + 1))
  await it.look()
  assert.ok(it.admits(40 * MiB), 'a look knows what is there')
})

test('the ballast is made while there is room, given up when the disk is full, and made again', async (t) => {
  const dir = await folder(t)
  const disk = { free: 50 }
  const it = await room(t, dir, disk)
  assert.equal(await ballastSize(dir), 0)
  await it.look()
  assert.deepEqual([it.ballastBytes, await ballastSize(dir)], [2 * MiB, 2 * MiB])
  disk.free = 6
  await it.look()
  assert.deepEqual([it.admits(1), await ballastSize(dir)], [false, 2 * MiB], 'the reserve is for the engine, the ballast stays')
  disk.free = 4
  await it.look()
  assert.deepEqual([it.ballastBytes, await ballastSize(dir)], [0, 0])
  disk.free = 11
  await it.look()
  assert.deepEqual([it.admits(1), await ballastSize(dir)], [true, 0], 'not while it would shut out senders at once')
  disk.free = 50
  await it.look()
  assert.equal(await ballastSize(dir), 2 * MiB)
})

test('a start on a full disk gives up the ballast of the former process', async (t) => {
  const dir = await folder(t)
  const disk = { free: 50 }
  await (await room(t, dir, disk)).look()
  disk.free = 1
  assert.equal((await room(t, dir, disk)).ballastBytes, 0)
  assert.equal(await ballastSize(dir), 0)
})

function frame(n: number): Buffer {
  const writer = new FrameWriter()
  writer.add(callKeys, {
    tenant: 't', key: n.toString(16).padStart(16, '0'), traceId: '1'.repeat(32), spanId: '2'.repeat(16), startedAt: 0n, endedAt: 0n,
    service: 's'.repeat(40_000), scopeName: '', model: '', inputTokens: 0, outputTokens: 0,
  })
  return writer.finish()
}

/** Numbers of the frames that a new process finds. */
async function found(dir: string): Promise<number[]> {
  const spool = await Spool.open({ ...spoolOptions(dir) })
  const contents = await Promise.all(spool.sealed().map((segment) => spool.read(segment)))
  return contents.flatMap((content) => content?.frames ?? []).map((sections) => Number.parseInt(sections[0]?.body.toString('hex', 2, 10) ?? '', 16))
}
const spoolOptions = (dir: string) => ({ dir, segmentBytesMax: MiB, segmentAgeMsMax: 60_000, quotaBytes: 1024 * MiB, sync: (file: { datasync(): Promise<void> }) => file.datasync(), now: Date.now })

test('a spool says how full it is: by its quota, and wholly where the disk is', async (t) => {
  const dir = await folder(t)
  const disk = { free: 50 }
  const spool = await Spool.open({ ...spoolOptions(dir), quotaBytes: MiB, room: await room(t, dir, disk) })
  t.after(() => spool.close())
  assert.deepEqual([spool.fill, spool.diskFull], [0, false])
  await spool.append(frame(0))
  assert.ok(spool.fill > frame(0).length / MiB && spool.fill < 0.1, String(spool.fill))
  disk.free = 1
  await spool.room?.look()
  assert.deepEqual([spool.fill, spool.diskFull], [1, true])
})

test('a full disk that does not even give the ballast up refuses its senders, and ends nothing', async (t) => {
  const dir = await folder(t)
  let answers = true
  const full = await DiskRoom.open({ dir, look: () => answers ? Promise.resolve({ totalBytes: 100 * MiB, freeBytes: 50 * MiB }) : Promise.reject(Object.assign(new Error('i/o error'), { code: 'EIO' })) })
  const spool = await Spool.open({ ...spoolOptions(dir), room: full, sync: () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' })) })
  answers = false
  await assert.rejects(spool.append(frame(0)), /ENOSPC/)
  await spool.close()
})

for (const [name, watched] of [['that is watched', true], ['that fills between two looks', false]] as const) {
  test(`a disk ${name} is filled under load: nothing acknowledged is lost, senders come back, and it goes on when there is room`, async (t) => {
    const mounted = await smallDisk('24m')
    if (typeof mounted === 'string') return t.skip(mounted)
    await using disk = mounted
    const { dir } = disk
    const spoolDir = join(dir, 'spool')
    let first: Disk | undefined
    // One that never looks again sees the room of the start, and meets ENOSPC.
    const look = async (of: string): Promise<Disk> => (watched ? diskOf(of) : (first ??= await diskOf(of)))
    const room = await DiskRoom.open({ dir: spoolDir, look })
    await room.look()
    assert.ok(existsSync(join(spoolDir, 'ballast')))
    const spool = await Spool.open({ ...spoolOptions(spoolDir), room })
    const acknowledged: number[] = []
    const send = async (n: number): Promise<string> => spool.append(frame(n)).then(() => (acknowledged.push(n), ''), (error: unknown) => {
      assert.ok(error instanceof Refused && error.verdict === 'overloaded' && error.reason === 'disk_full')
      return error.message
    })
    const refusals = new Set<string>()
    const others = await open(join(dir, 'others'), 'w')
    for (let n = 0; n < 1_000 && refusals.size === 0; n += 8) {
      await others.write(Buffer.alloc(256 * 1024)).catch((error: unknown) => assert.match(String(error), /ENOSPC/))
      if (watched) await room.look()
      for (const message of await Promise.all(Array.from({ length: 8 }, (_, at) => send(n + at)))) if (message !== '') refusals.add(message)
    }
    await others.close()
    assert.match([...refusals].join(), watched ? /the disk is nearly full: make room on it/ : /ENOSPC/)
    assert.ok(acknowledged.length > 8)
    if (!watched) assert.equal(existsSync(join(spoolDir, 'ballast')), false, 'given up for the engine')
    await rm(join(dir, 'others'))
    first = undefined
    await room.look()
    for (let n = 2_000; n < 2_005; n++) assert.equal(await send(n), '')
    // No farewell: as after a kill.
    assert.deepEqual((await found(spoolDir)).toSorted((a, b) => a - b), acknowledged.toSorted((a, b) => a - b))
    await spool.close()
  })
}
