import { setTimeout as sleep } from 'node:timers/promises'
import { isBehind, migrate } from '#clickhouse/migrate.ts'
import type { Store } from '#clickhouse/store.ts'
import type { Log } from '../log.ts'
import { openSpool, openSpoolSoon, spoolIndexes } from '../spool/folders.ts'
import { SpoolInUse } from '../spool/lock.ts'
import type { Spool } from '../spool/spool.ts'
import { asRows, insertSegment, openedSegment } from './insert-segment.ts'

/** Waits between attempts while ClickHouse does not take rows, in milliseconds. */
const retryMs = 500

/**
 * Loads what a former process left in the spool, before the schema is migrated: the segments name the columns of their
 * time. Where the tables do not exist yet (another ClickHouse, a restored folder) the loader takes the segments later.
 */
export async function replaySpool(spool: Spool, store: Store, log: Log): Promise<void> {
  const left = spool.sealed()
  if (left.length === 0) return
  log.info('loading what was acknowledged before the last stop', { segments: left.length })
  for (const segment of left) {
    try {
      const content = await spool.read(segment)
      if (content === undefined) continue
      // What only a person or a migration can put right is not waited for here.
      const loaded = await insertSegment(openedSegment(content, { number: segment.number, columns: 'written', store, bodyOf: asRows }), async (error) => {
        if (error.retry) await sleep(retryMs)
        else log.warn('a spool segment is left for after the migrations', { segment: segment.number, error })
        return error.retry
      })
      // What is damaged is set aside by the loader, which says so.
      if (loaded && !content.torn) await spool.remove(segment)
    } catch (error) {
      log.warn('a spool segment is left for after the migrations', { segment: segment.number, error })
    }
  }
}

export interface OthersOptions {
  readonly dataDir: string
  /** Receiving processes there will be; the first one replays its own journal. */
  readonly count: number
  readonly store: Store
  readonly log: Log
}

/** The same for the journals of all further receiving processes. Resolves with those beyond `count` of which something is still to be loaded. */
export async function replayOthers({ dataDir, count, store, log }: OthersOptions): Promise<readonly Spool[]> {
  const orphans: Spool[] = []
  for (const index of await spoolIndexes(dataDir)) {
    if (index === 0) continue
    const { spool, unlock } = await openSpoolSoon(dataDir, index, count)
    await replaySpool(spool, store, log)
    if (index >= count && spool.sealed().length > 0) orphans.push(spool)
    else {
      await spool.close()
      unlock()
    }
  }
  return orphans
}

/** How long a collector that is being started has to migrate the tables itself, and how often it is looked, in milliseconds. */
const otherMsMax = 10_000
const otherMsEvery = 500

/**
 * Migrates for a command, or for a process that only answers: what collectors left in their journals is loaded first, into the
 * tables of their time. Where the tables are this program's nothing is looked at, so it works beside a running collector.
 */
export async function migrateAfterReplay({ dataDir, store, log, waitMsMax = otherMsMax }: Omit<OthersOptions, 'count'> & { readonly waitMsMax?: number }): Promise<void> {
  for (const end = performance.now() + waitMsMax; await isBehind(store); await sleep(otherMsEvery)) {
    try {
      for (const index of await spoolIndexes(dataDir)) await replayAndLeave(dataDir, index, store, log)
      return await migrate(store)
    } catch (error) {
      if (!(error instanceof SpoolInUse)) throw error
      if (performance.now() > end) throw new Error('the tables are of an older version, and a collector is at work on them: stop it, start this version of it, and try again')
    }
  }
}

async function replayAndLeave(dataDir: string, index: number, store: Store, log: Log): Promise<void> {
  const { spool, unlock } = await openSpool(dataDir, index, 1)
  try {
    await replaySpool(spool, store, log)
  } finally {
    await spool.close()
    unlock()
  }
}
