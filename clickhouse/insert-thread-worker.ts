import { parentPort } from 'node:worker_threads'
import type { InsertAnswer, InsertRequest } from './insert-thread.ts'
import { openStore, type Store } from './store.ts'
import { storeError } from './store-error.ts'

/** The store behind the address that was asked for last: the embedded engine has another one after it was started again. */
let current: { readonly key: string; readonly store: Promise<Store> } | undefined

async function storeAt({ address, database }: InsertRequest): Promise<Store> {
  const key = JSON.stringify([address, database])
  if (current?.key !== key) {
    const former = current?.store
    current = { key, store: openStore({ kind: 'server', ...address, database, cluster: '' }) }
    await former?.then((store) => store[Symbol.asyncDispose](), () => undefined /* it never opened */)
  }
  return current.store
}

async function answer(request: InsertRequest): Promise<InsertAnswer> {
  const { id, table, body, token, format } = request
  try {
    await (await storeAt(request)).insert(table, Buffer.from(body.buffer, body.byteOffset, body.byteLength), token, format)
    return { id }
  } catch (error) {
    current = undefined
    const { message, retry, code } = storeError(error)
    return { id, error: { message, retry, code } }
  }
}

parentPort?.on('message', (request: InsertRequest) => void answer(request).then((done) => parentPort?.postMessage(done)))
