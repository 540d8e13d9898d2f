import { crc32 } from 'node:zlib'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '#clickhouse/store.ts'
import { StoreError } from '#clickhouse/store-error.ts'
import { runs } from '#clickhouse/tables/runs.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { Segment } from '../spool/segment.ts'
import type { SealedSegment, Spool } from '../spool/spool.ts'

/** First wait after a failed load; doubles up to the longest. ClickHouse may be away for hours, a restart takes seconds. */
const retryMsMin = 100
const retryMsMax = 5_000

export interface LoadOptions {
  readonly spool: Spool
  readonly store: Store
  readonly metrics: Metrics
  readonly log: Log
}

/**
 * Moves sealed segments into ClickHouse, one after the other: one insert per table, the runs last, each with a token of
 * segment and content, so that a repeated load changes nothing. Only then is the segment removed.
 */
export class Loader {
  readonly #options: LoadOptions
  readonly #stop = new AbortController()
  readonly #finished: Promise<void>
  #loadedThrough = 0

  constructor(options: LoadOptions) {
    this.#options = options
    this.#finished = this.#run()
  }

  /** Every segment up to this number is in ClickHouse (or set aside). */
  get loadedThrough(): number {
    return this.#loadedThrough
  }

  /** Resolves when the spool was closed and all of it is loaded, or when `stop` was called. */
  get finished(): Promise<void> {
    return this.#finished
  }

  /** Leaves what is not loaded yet to the next start. */
  stop(): void {
    this.#stop.abort()
  }

  async #run(): Promise<void> {
    for (;;) {
      const segment = await this.#options.spool.next()
      if (segment === undefined || this.#stop.signal.aborted) return
      await this.#load(segment)
      if (this.#stop.signal.aborted) return
      this.#loadedThrough = segment.number
    }
  }

  async #load(segment: SealedSegment): Promise<void> {
    const { spool, metrics, log } = this.#options
    const content = await spool.read(segment)
    if (content === undefined) {
      log.error('a spool segment cannot be read, it was set aside', { segment: segment.number })
      metrics.setAside('unreadable', 0)
      await spool.setAside(segment)
      return
    }
    try {
      const rows = await loadSegment(content, segment.number, this.#options.store, (wait) => this.#again(wait))
      if (rows === undefined) return
      await spool.remove(segment)
      metrics.loaded(rows)
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      log.error('ClickHouse refused a spool segment for good, it was set aside', { segment: segment.number, error })
      metrics.setAside('refused', spanRows(content))
      await spool.setAside(segment)
    }
  }

  /** Waits before the next attempt; false when the loader is stopping. */
  async #again(error: StoreError & { readonly attempt: number }): Promise<boolean> {
    if (error.attempt === 0) this.#options.log.warn('ClickHouse does not take rows, they wait in the spool', { error })
    await sleep(Math.min(retryMsMax, retryMsMin * 2 ** error.attempt), undefined, { signal: this.#stop.signal }).catch(() => undefined /* stopping */)
    return !this.#stop.signal.aborted
  }
}

const spanRows = (content: Segment): number => {
  const number = content.head.tables.findIndex((table) => table.name === 'spans')
  return content.frames.flat().reduce((sum, section) => sum + (section.table === number ? section.rows : 0), 0)
}

type Again = (error: StoreError & { readonly attempt: number }) => Promise<boolean>

/**
 * Inserts a segment's rows: the tables side by side, so that one is on its way while another is written, and the runs
 * last, so that a summary is never visible before what it sums up. Returns the number of spans, or `undefined` when
 * `again` gave up. Throws the `StoreError` that no retry can help.
 */
export async function loadSegment(content: Segment, number: number, store: Store, again: Again): Promise<number | undefined> {
  const indexes = [...content.head.tables.keys()]
  const isSummary = (index: number): boolean => content.head.tables[index]?.name === runs.name
  for (const group of [indexes.filter((index) => !isSummary(index)), indexes.filter(isSummary)]) {
    const loaded = await Promise.all(group.map((index) => loadTable(content, index, number, store, again)))
    if (loaded.includes(false)) return undefined
  }
  return spanRows(content)
}

/** False when `again` gave up. */
async function loadTable(content: Segment, index: number, number: number, store: Store, again: Again): Promise<boolean> {
  const table = content.head.tables[index]
  const sections = content.frames.flat().filter((section) => section.table === index)
  if (table === undefined || sections.length === 0) return true
  const body = Buffer.concat(sections.map((section) => section.body))
  const token = `${content.head.spool}-${number}-${table.name}-${body.length}-${crc32(body)}`
  for (let attempt = 0; ; attempt++) {
    try {
      await store.insert(table, body, token)
      return true
    } catch (error) {
      if (!(error instanceof StoreError) || !error.retry) throw error
      if (!(await again(Object.assign(error, { attempt })))) return false
    }
  }
}
