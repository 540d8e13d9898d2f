import { Worker } from 'node:worker_threads'
import type { Address } from '#clickhouse/store.ts'
import type { UnixNano } from '#semconv/facts.ts'
import type { Settling } from './check-trace.ts'
import type { CheckedPage } from './check-page.ts'
import type { Page } from './pages.ts'
import type { Share } from './stored-traces.ts'

export interface ThreadData {
  /** Where the store answers: a thread has a client of its own. */
  readonly address: Address
  readonly database: string
  readonly tenant: string
  /** JSON of the book in use, `undefined` for the shipped one. */
  readonly book: string | undefined
  readonly shared: ReadonlySet<string> | undefined
  readonly tagsSince: UnixNano
  readonly settling: Settling
}

export interface PageRequest {
  readonly id: number
  readonly page: Page
  readonly share: Share
}

export type PageAnswer = { readonly id: number } & (
  | { readonly checked: CheckedPage; readonly priceBooks: readonly string[] }
  | { readonly failed: Error }
)

export type Answered = Extract<PageAnswer, { readonly checked: CheckedPage }>

/** What a trace is made of is let go before the next: room for a few thousand of them, so that few are looked at when garbage is collected. */
const maxYoungGenerationSizeMb = 96

/** Works out its share of pages, one after the other, while the next is being read. */
export interface PageThread extends AsyncDisposable {
  check(page: Page, share: Share): Promise<Answered>
}

export function pageThread(data: ThreadData): PageThread {
  const worker = new Worker(new URL('./page-thread-worker.ts', import.meta.url), { workerData: data, resourceLimits: { maxYoungGenerationSizeMb } })
  const waiting = new Map<number, { readonly resolve: (answer: Answered) => void; readonly reject: (error: Error) => void }>()
  let next = 0
  let ended: Error | undefined
  worker.on('message', (answer: PageAnswer) => {
    const settle = waiting.get(answer.id)
    waiting.delete(answer.id)
    if ('failed' in answer) settle?.reject(answer.failed)
    else settle?.resolve(answer)
  })
  const end = (error: Error): void => {
    ended ??= error
    for (const { reject } of waiting.values()) reject(ended)
    waiting.clear()
  }
  worker.once('error', (error: Error) => end(error))
  worker.once('exit', () => end(new Error('a thread that verifies ended')))
  return {
    check: (page, share) => new Promise((resolve, reject) => {
      if (ended !== undefined) return reject(ended)
      const id = next++
      waiting.set(id, { resolve, reject })
      worker.postMessage({ id, page, share } satisfies PageRequest)
    }),
    [Symbol.asyncDispose]: async () => void (await worker.terminate()),
  }
}
