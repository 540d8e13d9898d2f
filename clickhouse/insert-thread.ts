import { Worker } from 'node:worker_threads'
import type { Address, Store } from './store.ts'
import { StoreError } from './store-error.ts'
import type { InsertTarget } from './table.ts'

/** What the thread is asked, and what it answers. */
export interface InsertRequest {
  readonly id: number
  readonly address: Address
  readonly database: string
  readonly table: InsertTarget
  readonly body: Uint8Array
  readonly token: string
  readonly format: 'RowBinary' | 'Native'
}
export interface InsertAnswer {
  readonly id: number
  readonly error?: { readonly message: string; readonly retry: boolean; readonly code: string }
}

/**
 * The same store, whose inserts of whole buffers are sent from a thread of their own: megabytes go out in many small writes,
 * and where the main thread is busy each of them waits for its turn (an insert of 5 MB took a second and more, the engine
 * being idle). Should the thread end, inserts go from here again.
 */
export function insertThread(store: Store): Store {
  const worker = new Worker(new URL('./insert-thread-worker.ts', import.meta.url))
  worker.unref()
  const waiting = new Map<number, (answer: InsertAnswer) => void>()
  let next = 0
  let ended = false
  worker.on('message', (answer: InsertAnswer) => {
    const settle = waiting.get(answer.id)
    waiting.delete(answer.id)
    settle?.(answer)
  })
  const end = (reason: string): void => {
    ended = true
    for (const [id, settle] of waiting) settle({ id, error: { message: reason, retry: true, code: 'UNREACHABLE' } })
    waiting.clear()
  }
  worker.once('error', (error: Error) => end(`the thread that inserts failed: ${error.message}`))
  worker.once('exit', () => end('the thread that inserts ended'))
  const insert: Store['insert'] = async (table, body, token, format = 'RowBinary') => {
    if (ended || !Buffer.isBuffer(body)) return store.insert(table, body, token, format)
    const address = await store.address()
    const { error } = await new Promise<InsertAnswer>((resolve) => {
      const request: InsertRequest = {
        id: next++, address, database: store.database, table: { name: table.name, columns: table.columns.map(({ name }) => ({ name })) }, body, token, format,
      }
      waiting.set(request.id, resolve)
      worker.postMessage(request)
    })
    if (error === undefined) return
    if (error.code === 'UNREACHABLE') store.lost(address)
    throw new StoreError(error.message, error)
  }
  return {
    ...store, insert,
    [Symbol.asyncDispose]: async () => {
      await worker.terminate()
      await store[Symbol.asyncDispose]()
    },
  }
}
