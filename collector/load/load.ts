import { crc32 } from 'node:zlib'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '#clickhouse/store.ts'
import { rowsAreAtFault, StoreError } from '#clickhouse/store-error.ts'
import { runs } from '#clickhouse/tables/runs.ts'
import { restate } from '../account/restate.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { SetAsideReason, Why } from '../set-aside/set-aside.ts'
import type { Section } from '../spool/frame.ts'
import type { Segment, SegmentHead } from '../spool/segment.ts'
import type { SealedSegment, Spool } from '../spool/spool.ts'
import type { NativeBlocks } from './native-blocks.ts'

/** First wait after a failed load; doubles up to the longest. ClickHouse may be away for hours, a restart takes seconds. */
const retryMsMin = 100
const retryMsMax = 5_000
/** Attempts between two lines of the log, about five minutes. */
const attemptsPerReminder = 60
/**
 * Most bytes of rows in one insert; of a larger segment the frames go in several. A sealed segment is far below. A frame is
 * never split, and a request's is bounded too (`frameBytesMax`).
 */
export const insertBytesMax = 64 * 1024 * 1024

export interface LoadOptions {
  readonly spool: Spool
  readonly store: Store
  /** Rows are inserted as they are where there is none. */
  readonly blocks?: NativeBlocks
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
    const content = await spool.read(segment).catch(unlessMissing)
    if (content === 'missing') {
      // Waiting would hold up all behind it for ever; should it come back, the next start finds it.
      log.error('the file of a spool segment is gone, its spans are missing', { segment: segment.number })
      metrics.setAside('missing', 0)
      return spool.remove(segment)
    }
    if (content === undefined) {
      log.error('a spool segment cannot be read, it was set aside', { segment: segment.number })
      metrics.setAside('unreadable', 0)
      await spool.setAside(segment, why('unreadable', undefined))
      return
    }
    const refusals: Refusal[] = []
    for (const range of insertRanges(content)) if (!(await this.#loadRange(content, segment.number, range, refusals))) return
    const refusedSpans = refusals.reduce((sum, { frame }) => sum + spanRows(content, { from: frame, to: frame + 1 }), 0)
    if (refusals.length > 0) {
      log.error('ClickHouse refused rows of the spool for good, they were set aside', {
        segment: segment.number, frames: refusals.map(({ frame }) => frame), spans: refusedSpans, error: refusals[0]?.error,
      })
      for (const { frame, error } of refusals) {
        await spool.setFrameAside(segment, content, frame, why('refused', error))
        await restate(this.#options.store, content, frame, 'set aside')
      }
      metrics.setAside('refused', refusedSpans)
    }
    if (content.torn) {
      log.error('a spool segment is damaged: what is whole was loaded, the file was set aside', { segment: segment.number })
      metrics.setAside('damaged', 0)
      await spool.setAside(segment, why('damaged', undefined))
    } else await spool.remove(segment)
    metrics.loaded(spanRows(content, { from: 0, to: content.frames.length }) - refusedSpans)
  }

  /** Loads what can be loaded and adds the frames that cannot to `refusals`, found by halving. False when the loader is stopping. */
  async #loadRange(content: Segment, number: number, range: FrameRange, refusals: Refusal[]): Promise<boolean> {
    try {
      return await loadFrames(content, range, number, { ...this.#options, again: (wait) => this.#again(wait) })
    } catch (error) {
      if (!(error instanceof StoreError) || !rowsAreAtFault(error)) throw error
      if (range.to - range.from === 1) {
        refusals.push({ frame: range.from, error })
        return true
      }
      const middle = (range.from + range.to) >>> 1
      return (await this.#loadRange(content, number, { ...range, to: middle }, refusals)) &&
        this.#loadRange(content, number, { ...range, from: middle }, refusals)
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
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'missing'
  throw error
}

/** For a person who looks at it later. */
export const why = (reason: SetAsideReason, error: StoreError | undefined): Why => ({ reason, code: error?.code ?? '', error: error?.message ?? '', at: Date.now() })

/** A frame that ClickHouse will never take, by its position in the segment, and what it said. */
interface Refusal {
  readonly frame: number
  readonly error: StoreError
}

/** Neighbouring frames of a segment: from this position to before that one. */
interface FrameRange {
  readonly from: number
  readonly to: number
}

const spanRows = (content: Segment, { from, to }: FrameRange): number => {
  const number = content.head.tables.findIndex((table) => table.name === 'spans')
  return content.frames.slice(from, to).flat().reduce((sum, section) => sum + (section.table === number ? section.rows : 0), 0)
}

/** The frames that go into one insert each; the same every time, so that their tokens are. */
function insertRanges(content: Segment): FrameRange[] {
  const ranges: FrameRange[] = []
  let from = 0
  let bytes = 0
  content.frameBytes.forEach((frame, position) => {
    if (position > from && bytes + frame.length > insertBytesMax) {
      ranges.push({ from, to: position })
      from = position
      bytes = 0
    }
    bytes += frame.length
  })
  if (from < content.frames.length) ranges.push({ from, to: content.frames.length })
  return ranges
}

/** Whether to try once more, after a wait. */
export type Again = (error: StoreError & { readonly attempt: number }) => Promise<boolean>

/** How rows get into ClickHouse. */
export interface Insertion extends Pick<LoadOptions, 'store' | 'blocks' | 'log'> {
  readonly again: Again
  /** Position that the first frame had when it was written, where the segment is a frame that was set aside. Default 0. */
  readonly first?: number
}

/** Inserts all of a segment. False when `again` gave up; throws the `StoreError` that its rows are at fault for. */
export async function loadSegment(content: Segment, number: number, insertion: Insertion): Promise<boolean> {
  for (const range of insertRanges(content)) if (!(await loadFrames(content, range, number, insertion))) return false
  return true
}

/**
 * Inserts the rows of some frames: the tables side by side, so that one is on its way while another is written, and the
 * runs last, so that a summary is never visible before what it sums up. Ends or throws as `loadSegment`, when no insert is
 * under way any more.
 */
async function loadFrames(content: Segment, range: FrameRange, number: number, insertion: Insertion): Promise<boolean> {
  const indexes = [...content.head.tables.keys()]
  const isSummary = (index: number): boolean => content.head.tables[index]?.name === runs.name
  for (const group of [indexes.filter((index) => !isSummary(index)), indexes.filter(isSummary)]) {
    const outcomes = await Promise.allSettled(group.map((index) => loadTable(content, range, index, number, insertion)))
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    if (outcomes.some((outcome) => outcome.status === 'fulfilled' && !outcome.value)) return false
  }
  return true
}

/** False when `again` gave up. */
async function loadTable(content: Segment, { from, to }: FrameRange, index: number, number: number, insertion: Insertion): Promise<boolean> {
  const { store, again, first = 0 } = insertion
  const table = content.head.tables[index]
  const sections = content.frames.slice(from, to).flat().filter((section) => section.table === index)
  if (table === undefined || sections.length === 0) return true
  // Of the rows as they stand in the journal: the same whether they are sent as rows or as a block, now or by a later program.
  const length = sections.reduce((sum, section) => sum + section.body.length, 0)
  const checksum = sections.reduce((sum, section) => crc32(section.body, sum), 0)
  const token = `${content.head.spool}-${number}.${first + from}-${first + to}-${table.name}-${length}-${checksum}`
  const { body, format } = await bodyOf(table, sections, insertion)
  for (let attempt = 0; ; attempt++) {
    try {
      await store.insert(table, body, token, format)
      return true
    } catch (error) {
      if (!(error instanceof StoreError) || rowsAreAtFault(error)) throw error
      if (!(await again(Object.assign(error, { attempt })))) return false
    }
  }
}

interface InsertBody {
  readonly body: Buffer
  readonly format: 'RowBinary' | 'Native'
}

/** One block where it can be made. Where not (a column of an older program, a thread that ended), the rows go as they are: slower, never lost. */
async function bodyOf(table: SegmentHead['tables'][number], sections: readonly Section[], { blocks, log }: Insertion): Promise<InsertBody> {
  if (blocks !== undefined) {
    try {
      const rows = sections.reduce((sum, section) => sum + section.rows, 0)
      return { body: await blocks.of(table.columns, rows, joined(sections)), format: 'Native' }
    } catch (error) {
      log.warn('rows are inserted one by one, which takes the engine longer', { table: table.name, error })
    }
  }
  return { body: Buffer.from(joined(sections).buffer), format: 'RowBinary' }
}

/** In memory of its own, which may move to another thread. */
function joined(sections: readonly Section[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(sections.reduce((sum, { body }) => sum + body.length, 0))
  let at = 0
  for (const { body } of sections) {
    all.set(body, at)
    at += body.length
  }
  return all
}
