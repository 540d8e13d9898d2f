import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '#clickhouse/store.ts'
import { rowsAreAtFault, StoreError } from '#clickhouse/store-error.ts'
import { restate } from '../account/restate.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { SetAsideReason, Why } from '../set-aside/set-aside.ts'
import { isMissing } from '../spool/durable-file.ts'
import type { SealedSegment, Spool } from '../spool/spool.ts'
import { type FrameRange, insertFrames, insertRanges, type OpenedSegment, spanRows } from './insert-segment.ts'

/** First wait after a failed load; doubles up to the longest. ClickHouse may be away for hours, a restart takes seconds. */
const retryMsMin = 100
const retryMsMax = 5_000
/** Attempts between two lines of the log, about five minutes. */
const attemptsPerReminder = 60
export interface LoadOptions {
  readonly spool: Spool
  readonly store: Store
  /** Reads a segment to be loaded; `undefined` where not even its head is whole. Rejects as `readFile`. */
  readonly open: (segment: SealedSegment) => Promise<OpenedSegment | undefined>
  readonly metrics: Metrics
  readonly log: Log
}

/**
 * Moves sealed segments into ClickHouse, one after the other: one insert per table, the runs last, each with a token of
 * segment and content, so that a repeated load changes nothing. Only then is the segment removed. A frame that no insert
 * takes is set aside alone. Nothing that goes wrong here ends the process: senders were told that their spans are safe.
 */
export class Loader {
  readonly #options: LoadOptions
  readonly #stop = new AbortController()
  readonly #finished: Promise<void>
  #loadedThrough: number
  readonly #listeners: (() => void)[] = []

  constructor(options: LoadOptions) {
    this.#options = options
    this.#loadedThrough = (options.spool.sealed()[0]?.number ?? options.spool.currentNumber + 1) - 1
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

  /** Calls `tell` whenever summaries of runs were loaded: who reads in this process need not look for news while there are none. */
  onSummaries(tell: () => void): void {
    this.#listeners.push(tell)
  }

  /** Leaves what is not loaded yet to the next start. */
  stop(): void {
    this.#stop.abort()
  }

  async #run(): Promise<void> {
    for (;;) {
      const segment = await this.#options.spool.next()
      if (segment === undefined || this.#stop.signal.aborted) return
      await this.#loadAtLast(segment)
      if (this.#stop.signal.aborted) return
      this.#loadedThrough = segment.number
    }
  }

  /** Until it is done or the loader stops: a full disk or a lack of descriptors passes. */
  async #loadAtLast(segment: SealedSegment): Promise<void> {
    for (let attempt = 0; !this.#stop.signal.aborted; attempt++) {
      try {
        return await this.#load(segment)
      } catch (error) {
        if (attempt === 0) this.#options.log.error('a spool segment cannot be read or put away, trying again until it can', { segment: segment.number, error })
        await this.#wait(attempt)
      }
    }
  }

  async #load(segment: SealedSegment): Promise<void> {
    const { spool, metrics, log } = this.#options
    const opened = await this.#options.open(segment).catch(unlessMissing)
    if (opened === 'missing') {
      // Waiting would hold up all behind it for ever; should it come back, the next start finds it.
      log.error('the file of a spool segment is gone, its spans are missing', { segment: segment.number })
      metrics.setAside('missing', 0)
      return spool.remove(segment)
    }
    if (opened === undefined) {
      log.error('a spool segment cannot be read, it was set aside', { segment: segment.number, bytes: segment.bytes })
      metrics.setAside('unreadable', 0)
      await spool.setAside(segment, why('unreadable', undefined))
      return
    }
    const { outline } = opened
    const refusals: Refusal[] = []
    for (const range of insertRanges(outline)) if (!(await this.#loadRange(opened, range, refusals))) return
    if (outline.summaries) for (const tell of this.#listeners) tell()
    const refusedSpans = refusals.reduce((sum, { frame }) => sum + spanRows(outline, { from: frame, to: frame + 1 }), 0)
    if (refusals.length > 0) await this.#setFramesAside(segment, refusals, refusedSpans)
    if (outline.torn) {
      log.error('a spool segment is damaged: what is whole was loaded, the file was set aside', { segment: segment.number, bytes: segment.bytes })
      metrics.setAside('damaged', 0)
      await spool.setAside(segment, why('damaged', undefined))
    } else await spool.remove(segment)
    metrics.loaded(spanRows(outline, { from: 0, to: outline.frames.length }) - refusedSpans)
  }

  /** Their rows are read once more: almost no segment has any. */
  async #setFramesAside(segment: SealedSegment, refusals: readonly Refusal[], spans: number): Promise<void> {
    const { spool, store, metrics, log } = this.#options
    log.error('ClickHouse refused rows of the spool for good, they were set aside', {
      segment: segment.number, frames: refusals.map(({ frame }) => frame), spans, error: refusals[0]?.error,
    })
    const content = await spool.read(segment)
    if (content === undefined) throw new Error(`segment ${segment.number} could be read, and cannot be read any more`)
    for (const { frame, error } of refusals) {
      await spool.setFrameAside(segment, content, frame, why('refused', error))
      await restate(store, content, frame, 'set aside')
    }
    metrics.setAside('refused', spans)
  }

  /** Loads what can be loaded and adds the frames that cannot to `refusals`, found by halving. False when the loader is stopping. */
  async #loadRange(opened: OpenedSegment, range: FrameRange, refusals: Refusal[]): Promise<boolean> {
    try {
      return await insertFrames(opened, range, (error) => this.#again(error))
    } catch (error) {
      if (!(error instanceof StoreError) || !rowsAreAtFault(error)) throw error
      if (range.to - range.from === 1) {
        refusals.push({ frame: range.from, error })
        return true
      }
      const middle = (range.from + range.to) >>> 1
      return (await this.#loadRange(opened, { ...range, to: middle }, refusals)) &&
        this.#loadRange(opened, { ...range, from: middle }, refusals)
    }
  }

  /** Waits before the next attempt, for as long as it takes; false when the loader is stopping. */
  async #again(error: StoreError & { readonly attempt: number }): Promise<boolean> {
    if (error.attempt % attemptsPerReminder === 0) this.#options.log.warn('ClickHouse does not take rows, they wait in the spool', { error })
    await this.#wait(error.attempt)
    return !this.#stop.signal.aborted
  }

  async #wait(attempt: number): Promise<void> {
    await sleep(Math.min(retryMsMax, retryMsMin * 2 ** attempt), undefined, { signal: this.#stop.signal }).catch(() => undefined /* stopping */)
  }
}

function unlessMissing(error: unknown): 'missing' {
  if (isMissing(error)) return 'missing'
  throw error
}

/** For a person who looks at it later. */
export const why = (reason: SetAsideReason, error: StoreError | undefined): Why => ({ reason, code: error?.code ?? '', error: error?.message ?? '', at: Date.now() })

/** A frame that ClickHouse will never take, by its position in the segment, and what it said. */
interface Refusal {
  readonly frame: number
  readonly error: StoreError
}

