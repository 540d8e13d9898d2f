import type { Store } from '#clickhouse/store.ts'
import type { Log } from './log.ts'
import { bookFor, type PriceBook } from './price/book.ts'
import { activeBook, activeVersion } from './price/book-store.ts'

/** How often a collector asks which book is active: an activation holds within this, in milliseconds. */
const askEveryMs = 2_000

export interface ActivePrices extends Disposable {
  /** As it holds for the tenant, now. */
  readonly book: PriceBook
}

/**
 * The price book that is active, followed while the collector runs. A book that cannot be read changes nothing: the one before
 * goes on pricing, because a call without a price is worse than one at yesterday's.
 */
export async function followPrices(options: { readonly store: Store; readonly tenant: string; readonly prices: PriceBook; readonly log: Log }): Promise<ActivePrices> {
  const { store, tenant, prices, log } = options
  let whole = await activeBook(store, tenant, prices)
  let book = bookFor(whole, tenant)
  let failing = false
  const look = async (): Promise<void> => {
    try {
      const version = await activeVersion(store, tenant)
      if (version !== '' && version !== whole.version) {
        whole = await activeBook(store, tenant, prices)
        book = bookFor(whole, tenant)
        log.info('another price book prices from now on', { version })
      }
      failing = false
    } catch (error) {
      // The store is closed behind it: whoever stops the program is told nothing.
      if (closed) return
      // Once, until it works again: ClickHouse may be away for hours.
      if (!failing) log.warn('the active price book cannot be read; the one before goes on pricing', { error })
      failing = true
    }
    timer = closed ? undefined : setTimeout(() => void look(), askEveryMs).unref()
  }
  let closed = false
  let timer: NodeJS.Timeout | undefined = setTimeout(() => void look(), askEveryMs).unref()
  return {
    get book() {
      return book
    },
    [Symbol.dispose]: () => {
      closed = true
      clearTimeout(timer)
    },
  }
}
