import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '../logger.ts'
import { hexOf, type Reader, textOf } from '../reader.ts'
import { allOf, when } from '../where.ts'

/** Traces of so many spans are prepared: a smaller one is answered in a tenth of a second, a larger one takes some 100 MB while it is made. */
export const preparedSpansMin = 20_000
const preparedSpansMax = 500_000
/** Traces looked at for one piece of news: as many as are kept (`skeleton-cache.ts`), newest first. */
const foundMax = 10
/** A preparation is followed by a rest of so many times what it took: it uses a fifth of the time at most. */
const restFactor = 4
/** Summaries are numbered when they are made and told when they are stored, so a lower number can come after a higher one. */
const overlapNanos = 30_000_000_000n

export interface Preparation {
  /** Summaries of runs were stored. */
  news(): void
  close(): void
}

export interface PreparationOptions {
  /** Ends its reads with `close`. */
  readonly readerFor: (signal: AbortSignal) => Reader
  /** Makes the answer for a trace and keeps it. */
  readonly prepare: (reader: Reader, id: string) => Promise<void>
  readonly logger: Logger
  /** Unix time in milliseconds. */
  readonly now: () => number
}

/**
 * Makes the skeletons of large traces when they settle, before anybody asks: reading 100,000 spans is what the first
 * opening would wait for. One at a time; what settled before the start is on the disk, or made when it is asked for.
 */
export function skeletonPreparation({ readerFor, prepare, logger, now }: PreparationOptions): Preparation {
  const stop = new AbortController()
  const reader = readerFor(stop.signal)
  /** Versions prepared or given up, by trace. */
  const done = new Map<string, bigint>()
  let newest = BigInt(now()) * 1_000_000n
  let waiting = false
  let working = false

  async function look(): Promise<readonly { readonly id: string; readonly version: bigint }[]> {
    const rows = await reader.rows<{ readonly id: string; readonly version_text: string }>({
      columns: `${hexOf('trace_id', 'id')}, ${textOf('version', 'version_text')}`,
      from: 'runs',
      where: allOf(
        when('version > {since:UInt64}', { since: (newest - overlapNanos).toString() }),
        when(`settled AND span_count BETWEEN ${preparedSpansMin} AND ${preparedSpansMax}`),
      ),
      // An older version of a summary is found with the newer one at most, and the newer one is what `prepare` reads.
      tail: `ORDER BY version DESC LIMIT 1 BY trace_id LIMIT ${foundMax}`,
      allVersions: true,
    })
    return rows.map((row) => ({ id: row.id, version: BigInt(row.version_text) }))
  }

  async function work(): Promise<void> {
    for (const { id, version } of await look()) {
      if ((done.get(id) ?? 0n) >= version) continue
      done.set(id, version)
      if (version > newest) newest = version
      const began = performance.now()
      await prepare(reader, id)
      await sleep((performance.now() - began) * restFactor, undefined, { signal: stop.signal, ref: false })
    }
    for (const [id, version] of done) if (version < newest - overlapNanos) done.delete(id)
  }

  async function workOff(): Promise<void> {
    working = true
    while (waiting && !stop.signal.aborted) {
      waiting = false
      try {
        await work()
      } catch (error) {
        if (!stop.signal.aborted) logger.error('preparing a large trace failed; it is read when somebody opens it', { error })
      }
    }
    working = false
  }

  return {
    news: () => {
      waiting = true
      if (!working) void workOff()
    },
    close: () => stop.abort(),
  }
}
