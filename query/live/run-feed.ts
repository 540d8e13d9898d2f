import { hexOf, type Reader, textOf } from '../reader.ts'
import { statusSql } from '../runs/run-where.ts'
import { allOf, idIs, when, type Where } from '../where.ts'
import type { Logger } from '../logger.ts'

/** A run that is new or has changed. */
export interface RunChange {
  readonly id: string
  /** Nanoseconds as text: it exceeds 2^53. */
  readonly version: string
  readonly settled: boolean
  readonly status: string
  readonly isRun: boolean
}

/** How often the summaries are looked at while somebody listens. */
const pollMs = 500
/** Changes told at once; a client that missed more asks for its lists anew. */
const changesMax = 1_000
/**
 * Summaries are numbered when they are made and seen when they are loaded, so a lower number can show up after a higher
 * one: each look goes back this far, and what was told is remembered as long.
 */
const overlapNanos = 30_000_000_000n

export interface RunFeed {
  /** Tells changes until the returned function is called. */
  listen(tell: (change: RunChange) => void): () => void
  /** What changed after a version, oldest first, at most 1,000. */
  since(version: bigint): Promise<RunChange[]>
  /** How a trace stands now; `undefined` while there is none. */
  current(id: string): Promise<RunChange | undefined>
  close(): void
}

/** Looks for changed runs in the store, so that it works whichever process wrote them; only while somebody listens. */
export function runFeed(reader: Reader, options: { readonly incompleteAfterMs: number; readonly now: () => number; readonly logger: Logger }): RunFeed {
  const listeners = new Set<(change: RunChange) => void>()
  /** Versions told, by run. */
  const told = new Map<string, bigint>()
  let from: bigint | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false

  const read = (where: Where, tail: string): Promise<RunChange[]> => {
    const silentSince = ((BigInt(options.now()) - BigInt(options.incompleteAfterMs)) * 1_000_000n).toString()
    return reader
      .rows<{ readonly id: string; readonly version_text: string; readonly settled: boolean; readonly status_now: string; readonly is_run: boolean }>({
        columns: `${hexOf('trace_id', 'id')}, ${textOf('version', 'version_text')}, settled, ${statusSql} AS status_now, is_run`,
        from: 'runs',
        where: allOf(when('1', { silent_since: silentSince }), where),
        tail,
      })
      .then((rows) => rows.map((row) => ({ id: row.id, version: row.version_text, settled: row.settled, status: row.status_now, isRun: row.is_run })))
  }
  const after = (version: bigint): Where => when('version > {since:UInt64}', { since: (version < 0n ? 0n : version).toString() })
  const since = (version: bigint) => read(after(version), `ORDER BY version LIMIT ${changesMax}`)

  /** The newest, oldest first: the oldest after a version are the same ones look for look where they are more than one look tells. */
  const latest = async (where: Where) => (await read(where, `ORDER BY version DESC LIMIT ${changesMax}`)).reverse()

  /** The first look only finds out where the present is. */
  async function look(): Promise<void> {
    if (from === undefined) {
      const known = await latest(when('1'))
      from = BigInt(known.at(-1)?.version ?? 0)
      for (const { id, version } of known) told.set(id, BigInt(version))
      return
    }
    for (const change of await latest(after(from - overlapNanos))) {
      const version = BigInt(change.version)
      if ((told.get(change.id) ?? 0n) >= version) continue
      told.set(change.id, version)
      if (version > from) from = version
      for (const tell of listeners) tell(change)
    }
    for (const [id, version] of told) if (version < from - overlapNanos) told.delete(id)
  }

  function schedule(): void {
    if (closed || timer !== undefined || listeners.size === 0) return
    timer = setTimeout(() => {
      look()
        .catch((error: unknown) => {
          if (!closed) options.logger.error('looking for changed runs failed; it is tried again', { error })
        })
        .finally(() => {
          timer = undefined
          if (listeners.size === 0) {
            from = undefined
            told.clear()
          }
          schedule()
        })
    }, from === undefined ? 0 : pollMs)
  }

  return {
    listen: (tell) => {
      listeners.add(tell)
      schedule()
      return () => listeners.delete(tell)
    },
    since,
    current: async (id) => (await read(idIs('id', 'trace_id', 16, id), 'LIMIT 1'))[0],
    close: () => {
      closed = true
      clearTimeout(timer)
      listeners.clear()
    },
  }
}
