import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { appendFile, type FileHandle, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { callKeys } from '#clickhouse/tables/call-keys.ts'
import { Refused } from '../refused.ts'
import { FrameFull, frameHeaderBytes, FrameWriter, readFrame, sectionHeadBytes } from './frame.ts'
import { currentTables, headBytes, parseSegment } from './segment.ts'
import { listSetAside, readSetAside, type Why } from '../set-aside/set-aside.ts'
import { type SealedSegment, Spool, type SpoolOptions } from './spool.ts'

const MiB = 1024 * 1024
const datasync = (file: FileHandle): Promise<void> => file.datasync()

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'spool-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return dir
}

const options = (dir: string, change: Partial<SpoolOptions> = {}): SpoolOptions => ({
  dir, segmentBytesMax: MiB, segmentAgeMsMax: 20, quotaBytes: 64 * MiB, sync: datasync, now: Date.now, ...change,
})

const why: Why = { reason: 'refused', code: '33', error: 'cannot read', at: 0 }

const told = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), startedAt: 0n, endedAt: 0n, service: '', scopeName: '', model: '', inputTokens: 0, outputTokens: 0 }

/** A frame with one row that carries `n`. */
function frame(n: number): Buffer {
  const writer = new FrameWriter()
  writer.add(callKeys, { tenant: 't', key: n.toString(16).padStart(16, '0'), ...told })
  return writer.finish()
}

/** The numbers in a segment's frames, in order. */
const numbers = (bytes: Buffer): number[] =>
  (parseSegment(bytes)?.frames ?? []).map((sections) => Number.parseInt(sections[0]?.body.toString('hex', 2, 10) ?? '', 16))

async function drain(spool: Spool): Promise<number[]> {
  const found: number[] = []
  await spool.close()
  for (let segment = await spool.next(); segment !== undefined; segment = await spool.next()) {
    found.push(...numbers((await readFile(segment.path)).subarray(0, segment.bytes)))
    await spool.remove(segment)
  }
  return found
}

test('what was acknowledged comes out once, in order', async (t) => {
  const dir = await folder(t)
  const spool = await Spool.open(options(dir))
  await Promise.all(Array.from({ length: 200 }, (_, n) => spool.append(frame(n))))
  assert.deepEqual(await drain(spool), Array.from({ length: 200 }, (_, n) => n))
  assert.deepEqual(await readdir(dir), [])
  assert.equal(spool.backlog().bytes, 0)
})

test('no acknowledgement while the sync is held up, and one sync serves all that wait', async (t) => {
  let syncs = 0
  let release = (): void => undefined
  const held = new Promise<void>((resolve) => (release = resolve))
  const spool = await Spool.open(options(await folder(t), { sync: async (file) => { syncs++; await held; await file.datasync() } }))
  let acknowledged = 0
  const all = Array.from({ length: 50 }, (_, n) => spool.append(frame(n)).then(() => acknowledged++))
  await sleep(60)
  assert.equal(acknowledged, 0)
  release()
  await Promise.all(all)
  assert.equal(acknowledged, 50)
  assert.ok(syncs <= 2, `${syncs} syncs`)
  assert.equal((await drain(spool)).length, 50)
})

test('a segment that filled quickly waits for more, one with little in it does not', async (t) => {
  const spool = await Spool.open(options(await folder(t), { crowded: { bytes: 10_000, ageMsMax: 2_000 } }))
  await spool.append(frame(1))
  const small = await spool.next()
  assert.ok(small !== undefined)
  await spool.remove(small)
  for (let n = 2; spool.backlog().bytes < 20_000; n++) await spool.append(frame(n))
  const filled = spool.backlog().bytes
  await sleep(100)
  await spool.append(frame(999_999))
  const large = await spool.next()
  assert.ok(large !== undefined && large.bytes > filled, 'what came after its age is in it')
  await spool.close()
})

test('a failed sync refuses its requests, keeps what was acknowledged, and never syncs that file again', async (t) => {
  let failing = false
  const failed = new Set<FileHandle>()
  const spool = await Spool.open(options(await folder(t), {
    segmentAgeMsMax: 60_000,
    sync: async (file) => {
      assert.ok(!failed.has(file), 'a descriptor whose sync failed is not trusted again')
      if (failing) {
        failed.add(file)
        throw Object.assign(new Error('i/o error'), { code: 'EIO' })
      }
      await file.datasync()
    },
  }))
  await spool.append(frame(1))
  failing = true
  await assert.rejects(spool.append(frame(2)), (error: unknown) => error instanceof Refused && error.verdict === 'overloaded' && error.reason === 'failed' && error.message.includes('EIO'))
  failing = false
  await spool.append(frame(3))
  assert.deepEqual(await drain(spool), [1, 3])
})

test('an error of the disk that passes is not the senders\' business: their frames go to a new segment, once', async (t) => {
  const dir = await folder(t)
  let failures = 0
  const failed = new Set<FileHandle>()
  const spool = await Spool.open(options(dir, {
    segmentAgeMsMax: 60_000,
    sync: async (file) => {
      assert.ok(!failed.has(file), 'a descriptor whose sync failed is not trusted again')
      if (failures-- > 0) {
        failed.add(file)
        throw Object.assign(new Error('i/o error'), { code: 'EIO' })
      }
      await file.datasync()
    },
  }))
  await spool.append(frame(1))
  failures = 1
  await Promise.all([spool.append(frame(2)), spool.append(frame(3))])
  await spool.append(frame(4))
  // As after a kill: what the failed sync may have left behind the first frame is not read as well.
  const found = await Spool.open(options(dir))
  const contents = await Promise.all(found.sealed().map(async (segment) => numbers(await readFile(segment.path))))
  assert.deepEqual(contents, [[1], [2, 3, 4]])
  await spool.close()
})

test('a full spool pushes back instead of growing', async (t) => {
  const one = frame(0).length
  const spool = await Spool.open(options(await folder(t), { quotaBytes: 20_000 }))
  let accepted = 0
  let refused = 0
  for (let n = 0; n < 20_000 / one + 10; n++) {
    await spool.append(frame(n)).then(() => accepted++, (error: unknown) => {
      assert.ok(error instanceof Refused && error.verdict === 'overloaded' && error.reason === 'spool_full')
      refused++
    })
  }
  assert.ok(refused > 0)
  assert.equal((await drain(spool)).length, accepted)
})

test('a torn tail is cut on open, whatever its length; everything before it stays', async (t) => {
  const dir = await folder(t)
  const spool = await Spool.open(options(dir, { segmentAgeMsMax: 60_000 }))
  for (let n = 0; n < 5; n++) await spool.append(frame(n))
  const [name] = await readdir(dir)
  const path = join(dir, name as string)
  const whole = await readFile(path)
  const last = frame(4).length
  for (const lost of [1, 7, last - 1, last]) {
    await truncate(path, whole.length - lost)
    const reopened = await Spool.open(options(dir, { segmentAgeMsMax: 60_000 }))
    const segment = await reopened.next()
    assert.deepEqual(numbers((await readFile(path)).subarray(0, segment?.bytes)), [0, 1, 2, 3], `${lost} bytes lost`)
    await truncate(path, 0)
    await appendFile(path, whole)
  }
  await spool.close()
})

test('damage in a segment that was finished before the crash is not cut away: whoever loads it must see it', async (t) => {
  const dir = await folder(t)
  const first = await Spool.open(options(dir, { segmentAgeMsMax: 60_000 }))
  for (const n of [1, 2, 3]) await first.append(frame(n))
  const [name] = await readdir(dir)
  const second = await Spool.open(options(dir, { segmentAgeMsMax: 60_000 }))
  await second.append(frame(4))
  const path = join(dir, name as string)
  const bytes = await readFile(path)
  // Of three frames that were acknowledged, the second: cut there, the third would be lost without a word.
  const at = bytes.length - frame(3).length - 1
  bytes[at] = (bytes[at] as number) ^ 1
  await writeFile(path, bytes)
  const third = await Spool.open(options(dir))
  assert.deepEqual(await readFile(path), bytes)
  assert.equal((await third.next())?.bytes, bytes.length)
  for (const spool of [first, second, third]) await spool.close()
})

test('behind a damaged frame of the newest segment are frames that were acknowledged: they are read, and the damage stays to be seen', async (t) => {
  const dir = await folder(t)
  const first = await Spool.open(options(dir, { segmentAgeMsMax: 60_000 }))
  for (const n of [1, 2, 3]) await first.append(frame(n))
  const [name] = await readdir(dir)
  const path = join(dir, name as string)
  const bytes = await readFile(path)
  const at = bytes.length - frame(3).length - 1
  bytes[at] = (bytes[at] as number) ^ 1
  for (const tail of [Buffer.alloc(0), frame(4).subarray(0, -1)]) {
    await writeFile(path, Buffer.concat([bytes, tail]))
    const second = await Spool.open(options(dir))
    assert.deepEqual(await readFile(path), bytes)
    assert.deepEqual((await second.read((await second.next()) as SealedSegment))?.torn, true)
    assert.deepEqual(numbers(bytes), [1, 3])
    await second.close()
  }
  await first.close()
})

for (const [what, at] of [['its head', 3], ['its first frame', -1]] as const) test(`a segment whose damage is in ${what} is kept: frames were acknowledged from it`, async (t) => {
  const dir = await folder(t)
  const first = await Spool.open(options(dir, { segmentAgeMsMax: 60_000 }))
  await first.append(frame(1))
  const [name] = await readdir(dir)
  const second = await Spool.open(options(dir, { segmentAgeMsMax: 60_000 }))
  await second.append(frame(2))
  const path = join(dir, name as string)
  const bytes = await readFile(path)
  const damaged = at < 0 ? bytes.length + at : at
  bytes[damaged] = (bytes[damaged] as number) ^ 1
  await writeFile(path, bytes)
  const third = await Spool.open(options(dir))
  assert.deepEqual(await readFile(path), bytes)
  assert.equal((await third.next())?.path, path)
  for (const spool of [first, second, third]) await spool.close()
})

test('no byte of a head is taken for another: its rows would be read as others', () => {
  const segment = Buffer.concat([headBytes({ format: 1, spool: randomUUID(), tables: currentTables }), frame(1)])
  assert.equal(parseSegment(segment)?.frames.length, 1)
  for (let at = 0; at < segment.length - frame(1).length; at++) {
    const damaged = Buffer.from(segment)
    damaged[at] = (damaged[at] as number) ^ 0x02
    assert.equal(parseSegment(damaged), undefined, `byte ${at}`)
  }
})

/** What can be left of a segment of which no frame is. */
const leftOfHead: readonly (readonly [what: string, of: (head: Buffer) => Buffer])[] = [
  ['nothing', () => Buffer.alloc(0)],
  ['a part of its head', (head) => head.subarray(0, 5)],
  ['a part of its head and room', (head) => Buffer.concat([head.subarray(0, 100), Buffer.alloc(4096)])],
  ['its head alone', (head) => head],
]
for (const [what, of] of leftOfHead) test(`a segment of which there is ${what}: the newest was never begun, an older one was cut`, async (t) => {
  const dir = await folder(t)
  const left = of(headBytes({ format: 1, spool: randomUUID(), tables: currentTables }))
  for (const number of [1, 2]) await writeFile(join(dir, `${String(number).padStart(12, '0')}.segment`), left)
  const spool = await Spool.open(options(dir))
  assert.deepEqual(spool.sealed().map(({ number, bytes }) => [number, bytes]), [[1, left.length]])
  assert.deepEqual(await readFile(join(dir, '000000000001.segment')), left)
  assert.notEqual((await spool.read(spool.sealed()[0] as SealedSegment))?.torn, false)
  assert.deepEqual(await readdir(dir), ['000000000001.segment'])
  await spool.close()
})

test('what stands where a segment should and cannot be read is named', async (t) => {
  const dir = await folder(t)
  const path = join(dir, '000000999998.segment')
  await mkdir(path)
  await assert.rejects(Spool.open(options(dir)), { message: `${path} cannot be read (EISDIR): a segment of the journal should be there; put it right or move it elsewhere, then start again` })
})

test('what a former process left is handed over first, and its segment numbers are not used again', async (t) => {
  const dir = await folder(t)
  const first = await Spool.open(options(dir, { segmentAgeMsMax: 60_000 }))
  await first.append(frame(1))
  const second = await Spool.open(options(dir))
  await second.append(frame(2))
  assert.deepEqual(await drain(second), [1, 2])
  await first.close()
})

test('frames: any damage is noticed', () => {
  const bytes = Buffer.concat([frame(1), frame(2)])
  fc.assert(fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
    const damaged = Buffer.from(bytes)
    damaged[at] = (damaged[at] as number) ^ flip
    const first = readFrame(damaged, 0)
    if (at < frame(1).length) return first === 'torn'
    return typeof first === 'object' && readFrame(damaged, first.next) === 'torn'
  }))
})

test('frames: damage costs the frame that it is in, and where its lengths are damaged those behind it', () => {
  const head = headBytes({ format: 1, spool: randomUUID(), tables: currentTables })
  const whole = [frame(1), frame(2), frame(3)] as const
  for (let at = 0; at < frame(2).length; at++) for (const flip of [1, 0x80, 0xff]) {
    const bytes = Buffer.concat([head, ...whole])
    const damaged = head.length + frame(1).length + at
    bytes[damaged] = (bytes[damaged] as number) ^ flip
    const inLengths = at < 4 || (at >= frameHeaderBytes && at <= frameHeaderBytes + sectionHeadBytes)
    const found = numbers(bytes).join()
    assert.ok(found === '1,3' || (inLengths && found === '1'), `byte ${at}: ${found}`)
    assert.equal(parseSegment(bytes)?.torn, true)
  }
})

test('a frame keeps none of the rows of an attempt that threw', () => {
  const writer = new FrameWriter()
  const row = { tenant: 't', key: '0'.repeat(16), ...told }
  writer.add(callKeys, row)
  assert.throws(() => writer.attempt(() => {
    writer.add(callKeys, row)
    throw new Error('the span cannot be understood')
  }))
  const read = readFrame(writer.finish(), 0)
  assert.ok(typeof read === 'object')
  assert.deepEqual(read.sections.map((section) => section.rows), [1])
})

test('the journal is for its owner only', async (t) => {
  const dir = join(await folder(t), 'data', 'spool')
  const spool = await Spool.open(options(dir))
  await spool.append(frame(1))
  const segment = await (spool.close(), spool.next())
  assert.ok(segment !== undefined)
  const mode = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8)
  assert.deepEqual([await mode(join(dir, '..')), await mode(dir), await mode(segment.path)], ['700', '700', '600'])
  const content = await spool.read(segment)
  assert.ok(content !== undefined)
  await spool.setFrameAside(segment, content, 0, why)
  const aside = join(dir, 'set-aside')
  assert.deepEqual([await mode(aside), await mode(join(aside, '000000000001.0.segment')), await mode(join(aside, '000000000001.0.json'))], ['700', '600', '600'])
})

test('the number of what is set aside is not given again after a restart', async (t) => {
  const dir = await folder(t)
  for (const number of [1, 2]) {
    const spool = await Spool.open(options(dir))
    await spool.append(frame(number))
    const segment = await (spool.close(), spool.next())
    assert.equal(segment?.number, number)
    await spool.setAside(segment, why)
  }
  const kept = await listSetAside(dir)
  assert.deepEqual(kept.map(({ id }) => id), ['1', '2'])
  const contents = await Promise.all(kept.map(async (item) => (await readSetAside(dir, item))?.frameBytes))
  assert.deepEqual(contents, [[frame(1)], [frame(2)]])
})

test('a clock that is set back by hours holds nothing up', async (t) => {
  const dir = await folder(t)
  let now = Date.now()
  const spool = await Spool.open(options(dir, { now: () => now }))
  await spool.append(frame(1))
  now -= 5 * 3_600_000
  const segment = await spool.next()
  assert.ok(segment)
  assert.deepEqual(numbers(await readFile(segment.path)), [1])
  await spool.remove(segment)
  assert.deepEqual(await drain(spool), [])
})

test('a crowd that waits does not make one huge segment', async (t) => {
  const spool = await Spool.open(options(await folder(t), { segmentBytesMax: 4_000 }))
  await Promise.all(Array.from({ length: 300 }, (_, n) => spool.append(frame(n))))
  const largest = Math.max(...spool.sealed().map((segment) => segment.bytes))
  // The head alone takes more than the bound: what counts is that frames are added to it only up to the bound.
  assert.ok(spool.sealed().length >= 300 * frame(0).length / 4_000 / 2, `${spool.sealed().length} segments`)
  const head = headBytes({ format: 1, spool: randomUUID(), tables: currentTables }).length
  assert.ok(largest < 4_000 + 4_000 + head, `${largest} bytes`)
  assert.deepEqual(await drain(spool), Array.from({ length: 300 }, (_, n) => n))
})

test('a journal that cannot be written says why until it can, also where nobody sends any more', async (t) => {
  const dir = join(await folder(t), 'spool')
  const spool = await Spool.open(options(dir))
  t.after(() => spool.close())
  assert.equal(spool.failure, '')
  await rm(dir, { recursive: true })
  await assert.rejects(spool.append(frame(1)), /ENOENT/)
  await sleep(1_200)
  assert.equal(spool.failure, 'ENOENT')
  await mkdir(dir)
  while (spool.failure !== '') await sleep(20)
  assert.deepEqual(await readdir(dir), [])
  await spool.append(frame(2))
})

test('a disk without room is pressure, and no failure of the journal', async (t) => {
  const spool = await Spool.open(options(await folder(t), { sync: () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' })) }))
  await assert.rejects(spool.append(frame(1)), /ENOSPC/)
  assert.equal(spool.failure, '')
  await spool.close()
})

test('a segment that cannot be begun is refused and leaves nothing behind', async (t) => {
  const dir = await folder(t)
  const spool = await Spool.open(options(dir, { sync: () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' })) }))
  for (let n = 0; n < 3; n++) await assert.rejects(spool.append(frame(n)), /ENOSPC/)
  await spool.close()
  assert.deepEqual(await readdir(dir), [])
})

test('a frame takes rows up to its bound, and nothing behind them', () => {
  const row = { tenant: 't', key: '0'.repeat(16), ...told }
  const writer = new FrameWriter(1_000)
  const add = (service: string): void => writer.attempt(() => writer.add(callKeys, { ...row, service }))
  add('a')
  assert.throws(() => add('b'.repeat(1_000)), FrameFull)
  assert.throws(() => add('c'), FrameFull, 'the end is cut, not the middle')
  const read = readFrame(writer.finish(), 0)
  assert.ok(typeof read === 'object')
  assert.deepEqual(read.sections.map((section) => section.rows), [1])
})
