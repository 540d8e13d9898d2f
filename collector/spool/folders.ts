import { type FileHandle, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DiskRoom, diskOf } from './disk-room.ts'
import { isMissing } from './durable-file.ts'
import { lockSpool } from './lock.ts'
import { Spool } from './spool.ts'

/** Bytes after which a segment is handed over early: one second and a half of 20,000 spans. */
const segmentBytesMax = 32 * 1024 * 1024
/** Half a second: with the insert behind it, an export is visible well within three. */
const segmentAgeMsMax = 500
/**
 * From 2,000 spans a second on, inserts of a longer time: a segment takes the engine 100 ms before the first row of its seven
 * tables, and each of its parts is merged. Behind it comes an insert of 0.7 s, so that nearly all is visible within three seconds:
 * with 1.7 s the latest of a minute were seen after 3.8. Where the engine is busy all the time, segments last as long as it takes.
 */
const crowded = { bytes: 1024 * 1024, ageMsMax: 1_200 }
/** What may wait over all journals while ClickHouse is away: 2 GiB hold about an hour of 600 spans a second. */
const spoolBytesMax = 2 * 1024 * 1024 * 1024

/** The journal's folder of a receiving process, from 0: `spool`, `spool-2`, `spool-3` … */
export const spoolDir = (dataDir: string, index: number): string => join(dataDir, index === 0 ? 'spool' : `spool-${index + 1}`)

/** The same the other way round, as people count: 1 for `spool`. */
export const journalNumber = (dir: string): number => Number(/spool-(\d+)$/.exec(dir)?.[1] ?? 1)

/** Receiving processes that ever wrote a journal here, in order. */
export async function spoolIndexes(dataDir: string): Promise<readonly number[]> {
  const names = await readdir(dataDir).catch(noneWhereMissing)
  return names.flatMap((name) => {
    if (name === 'spool') return [0]
    const [, number] = /^spool-([1-9]\d{0,3})$/.exec(name) ?? []
    return number === undefined || number === '1' ? [] : [Number(number) - 1]
  }).sort((a, b) => a - b)
}

function noneWhereMissing(error: unknown): readonly string[] {
  if (isMissing(error)) return []
  throw error
}

/** A journal, and what gives its folder free for another process. */
export interface HeldSpool {
  readonly spool: Spool
  readonly unlock: () => void
}

/** The journal of one receiving process; `count` of them share what may wait. Rejects with one sentence where another process has it open. */
export async function openSpool(dataDir: string, index: number, count: number): Promise<HeldSpool> {
  const dir = spoolDir(dataDir, index)
  const unlock = await lockSpool(dir)
  const spool = await Spool.open({
    dir, segmentBytesMax, segmentAgeMsMax, crowded, quotaBytes: Math.floor(spoolBytesMax / count), room: await DiskRoom.open({ dir, look: diskOf }),
    sync: (file: FileHandle) => file.datasync(), now: Date.now,
  })
  return { spool, unlock }
}

/** How long a journal may still be held by a process that is ending because its parent did, in milliseconds, and how often it is looked at. */
const lockMsMax = 10_000
const lockMsEvery = 200

/** The same for the journal of a further receiving process. */
export async function openSpoolSoon(dataDir: string, index: number, count: number): Promise<HeldSpool> {
  for (const end = performance.now() + lockMsMax; ;) {
    try {
      return await openSpool(dataDir, index, count)
    } catch (error) {
      if (performance.now() > end) throw error
      await sleep(lockMsEvery)
    }
  }
}
