import { Worker } from 'node:worker_threads'
import type { Address, Store } from '#clickhouse/store.ts'
import { StoreError } from '#clickhouse/store-error.ts'
import type { Log } from '../log.ts'
import type { SealedSegment, Spool } from '../spool/spool.ts'
import { asRows, type FrameRange, openedSegment, type OpenedSegment, type Outline } from './insert-segment.ts'

/** What the thread is asked: to read a segment, or to insert rows of the one that it read last. */
export type SegmentRequest = { readonly id: number } & (
  | { readonly path: string; readonly bytes: number; readonly number: number }
  | { readonly range: FrameRange; readonly table: number; readonly address: Address; readonly database: string }
)

/** `outline` is `undefined` where not even the head of the segment is whole; `rowsBecause` says why no block was made. */
export type SegmentAnswer = { readonly id: number } & (
  | { readonly outline: Outline | undefined }
  | { readonly inserted: true; readonly rowsBecause?: string }
  | { readonly refused: { readonly message: string; readonly retry: boolean; readonly code: string } }
  | { readonly failed: { readonly message: string; readonly code: string } }
)

export interface SegmentThread extends AsyncDisposable {
  /** One segment at a time: what was opened before is closed. */
  open(segment: SealedSegment): Promise<OpenedSegment | undefined>
  /** Gives back what loading takes in memory, some 40 MB, until the next segment is opened. */
  rest(): Promise<void>
}

export interface SegmentThreadOptions {
  readonly spool: Pick<Spool, 'read'>
  readonly store: Store
  readonly log: Log
}

/** A segment read and sent from here, as rows. */
export async function openHere({ spool, store }: Pick<SegmentThreadOptions, 'spool'> & { readonly store: Pick<Store, 'insert'> }, segment: SealedSegment): Promise<OpenedSegment | undefined> {
  const content = await spool.read(segment)
  return content === undefined ? undefined : openedSegment(content, { number: segment.number, store, bodyOf: asRows })
}

/**
 * Reads segments, makes blocks of their rows and sends them on a thread of its own, so that loading takes nothing from
 * receiving: neither the time of half a derivation a span, nor turns for the many small writes of an insert, nor memory. Rows
 * held here as buffers count as external memory, and every 64 MiB of it made V8 mark the whole heap, every second and a half
 * under load. It is started for the first segment and ended by `rest`. Should it end by itself, segments are loaded from here.
 */
export function segmentThread(options: SegmentThreadOptions): SegmentThread {
  const { store, log } = options
  /** It ended by itself, or was closed: what is loaded now is loaded from here. */
  let over = false
  let running: RunningThread | undefined
  const stop = (): RunningThread | undefined => {
    const thread = running
    running = undefined
    return thread
  }
  const ended = (): void => {
    over = true
    stop()
  }
  const insert = async (thread: RunningThread, segment: SealedSegment, range: FrameRange, table: number, outline: Outline): Promise<void> => {
    // The rows went with the thread: they are read again.
    if (thread !== running) return (await openHere(options, segment))?.insert(range, table)
    const address = await store.address()
    const answer = await thread.ask({ range, table, address, database: store.database })
    if ('refused' in answer) {
      if (answer.refused.code === 'UNREACHABLE') store.lost(address)
      throw new StoreError(answer.refused.message, answer.refused)
    }
    if ('rowsBecause' in answer) log.warn('rows are inserted one by one, which takes the engine longer', { table: outline.tables[table], error: answer.rowsBecause })
  }
  return {
    open: async (segment) => {
      if (over) return openHere(options, segment)
      const thread = running ??= startThread(log, ended)
      const answer = await thread.ask({ path: segment.path, bytes: segment.bytes, number: segment.number })
      if ('failed' in answer) throw Object.assign(new Error(answer.failed.message), { code: answer.failed.code })
      if ('refused' in answer) return openHere(options, segment)
      const outline = 'outline' in answer ? answer.outline : undefined
      return outline === undefined ? undefined : { outline, insert: (range, table) => insert(thread, segment, range, table, outline) }
    },
    rest: async () => void (await stop()?.end()),
    [Symbol.asyncDispose]: async () => {
      over = true
      await stop()?.end()
    },
  }
}

interface RunningThread {
  ask(request: WithoutId<SegmentRequest>): Promise<SegmentAnswer>
  end(): Promise<void>
}

/** `failed` is called where the thread ends by itself. */
function startThread(log: Log, failed: () => void): RunningThread {
  const worker = new Worker(new URL('./segment-thread-worker.ts', import.meta.url))
  worker.unref()
  const waiting = new Map<number, (answer: SegmentAnswer) => void>()
  let next = 0
  let ended = false
  worker.on('message', (answer: SegmentAnswer) => {
    const settle = waiting.get(answer.id)
    waiting.delete(answer.id)
    settle?.(answer)
  })
  const refuseAll = (message: string): void => {
    if (!ended) failed()
    ended = true
    for (const [id, settle] of waiting) settle({ id, refused: { message, retry: true, code: 'THREAD_ENDED' } })
    waiting.clear()
  }
  worker.once('error', (error: Error) => {
    log.error('the thread that loads segments failed, they are loaded without it', { error })
    refuseAll(`the thread that loads segments failed: ${error.message}`)
  })
  worker.once('exit', () => refuseAll('the thread that loads segments ended'))
  return {
    ask: (request) => new Promise((resolve) => {
      const id = next++
      if (ended) return resolve({ id, refused: { message: 'the thread that loads segments ended', retry: true, code: 'THREAD_ENDED' } })
      waiting.set(id, resolve)
      worker.postMessage({ ...request, id })
    }),
    end: async () => {
      ended = true
      await worker.terminate()
    },
  }
}

type WithoutId<T> = T extends { readonly id: number } ? Omit<T, 'id'> : never
