import { parentPort, workerData } from 'node:worker_threads'
import { openStore } from '#clickhouse/store.ts'
import { bookFor, parseBook, shippedBook } from '../price/book.ts'
import { storedBooks } from '../stored-books.ts'
import { checkPage } from './check-page.ts'
import type { PageAnswer, PageRequest, ThreadData } from './page-thread.ts'

const { address, database, tenant, book, shared, tagsSince, settling } = workerData as ThreadData
const prices = bookFor(book === undefined ? shippedBook() : parseBook(book), tenant)
const store = await openStore({ kind: 'server', ...address, database, cluster: '' })
const books = storedBooks(store, () => prices)

async function answer({ id, page, share }: PageRequest): Promise<PageAnswer> {
  try {
    return { id, checked: await checkPage(page, share, { store, tenant, books, shared, tagsSince, settling }), priceBooks: books.versions() }
  } catch (error) {
    return { id, failed: error instanceof Error ? error : new Error(String(error)) }
  }
}

parentPort?.on('message', (request: PageRequest) => void answer(request).then((done) => parentPort?.postMessage(done)))
