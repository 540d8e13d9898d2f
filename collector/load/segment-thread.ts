import { Worker } from 'node:worker_threads'
import type { Address, Store } from '#clickhouse/store.ts'
import { StoreError } from '#clickhouse/store-error.ts'
import type { Log } from '../log.ts'
import type { SealedSegment, Spool } from '../spool/spool.ts'
import { asRows, type FrameRange, openedSegment, type OpenedSegment, type Outline } from './insert-segment.ts'

/** What the thread is asked: to read a segment, to insert rows of the one that it read last, or to give back memory. */
export type SegmentRequest = { readonly id: number } & (
  | { readonly path: string; readonly bytes: number; readonly number: number }
  | { readonly range: FrameRange; readonly table: number; readonly address: Address; readonly database: string }
  | { readonly rest: true }
)

/** `outline` is `undefined` where not even the head of the segment is whole; `rowsBecause` says why no block was made. */
export type SegmentAnswer = { readonly id: number } & (
  | { readonly outline: Outline | undefined }
  | { readonly inserted: true; readonly rowsBecause?: string }
  | { readonly rested: true }
  | { readonly refused: { readonly message: string; readonly retry: boolean; readonly code: string } }
  | { readonly failed: { readonly message: string; readonly code: string } }
)

export interface SegmentThread extends AsyncDisposable {
  /** One segment at a time: what was opened before is closed. */
  open(segment: SealedSegment): Promise<OpenedSegment | undefined>
  /** Gives back what loading left in memory, and lets go of the segment that was opened last: nothing more of it can be inserted. */
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
 * under load. Should the thread end, segments are loaded from here.
 */
export function segmentThread(options: SegmentThreadOptions): SegmentThread {
  const { store, log } = options
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
  const end = (message: string): void => {
    ended = true
    for (const [id, settle] of waiting) settle({ id, refused: { message, retry: true, code: 'THREAD_ENDED' } })
    waiting.clear()
  }
  worker.once('error', (error: Error) => {
    log.error('the thread that loads segments failed, they are loaded without it', { error })
    end(`the thread that loads segments failed: ${error.message}`)
  })
  worker.once('exit', () => end('the thread that loads segments ended'))
  const ask = (request: WithoutId<SegmentRequest>): Promise<SegmentAnswer> =>
    new Promise((resolve) => {
      const id = next++
      waiting.set(id, resolve)
      worker.postMessage({ ...request, id })
    })

  const insert = async (segment: SealedSegment, range: FrameRange, table: number, outline: Outline): Promise<void> => {
    // The rows went with the thread: they are read again.
    if (ended) return (await openHere(options, segment))?.insert(range, table)
    const address = await store.address()
    const answer = await ask({ range, table, address, database: store.database })
    if ('refused' in answer) {
      if (answer.refused.code === 'UNREACHABLE') store.lost(address)
      throw new StoreError(answer.refused.message, answer.refused)
    }
    if ('rowsBecause' in answer) log.warn('rows are inserted one by one, which takes the engine longer', { table: outline.tables[table], error: answer.rowsBecause })
  }
  return {
    open: async (segment) => {
      if (ended) return openHere(options, segment)
      const answer = await ask({ path: segment.path, bytes: segment.bytes, number: segment.number })
      if ('failed' in answer) throw Object.assign(new Error(answer.failed.message), { code: answer.failed.code })
      if ('refused' in answer) return openHere(options, segment)
      const outline = 'outline' in answer ? answer.outline : undefined
      return outline === undefined ? undefined : { outline, insert: (range, table) => insert(segment, range, table, outline) }
    },
    rest: async () => {
      if (!ended) await ask({ rest: true })
    },
    [Symbol.asyncDispose]: async () => void (await worker.terminate()),
  }
}

type WithoutId<T> = T extends { readonly id: number } ? Omit<T, 'id'> : never
