import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '#clickhouse/store.ts'
import type { Log } from '../log.ts'
import { openSpoolSoon, spoolIndexes } from '../spool/folders.ts'
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
      // What is damaged is set aside by the loader.
      if (content === undefined || content.torn) continue
      // What only a person or a migration can put right is not waited for here.
      const loaded = await insertSegment(openedSegment(content, { number: segment.number, names: 'written', store, bodyOf: asRows }), async (error) => {
        if (error.retry) await sleep(retryMs)
        else log.warn('a spool segment is left for after the migrations', { segment: segment.number, error })
        return error.retry
      })
      if (loaded) await spool.remove(segment)
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
