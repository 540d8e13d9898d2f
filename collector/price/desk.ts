import type { Store } from '#clickhouse/store.ts'
import type { UnixNano } from '#semconv/facts.ts'
import { type PriceBook, shippedBook } from './book.ts'
import { activateBook, activeBook, listBooks, readBook, type StoredBook, storeBook } from './book-store.ts'
import { type Effect, effectOf } from './effect.ts'

/** What the query layer may do with price books. Nothing is overwritten: a change is another version. */
export interface PriceDesk {
  /** Latest known first; the shipped list last where nothing was ever stored. */
  versions(): Promise<StoredBook[]>
  /** `undefined` where there is no such version. */
  book(version: string): Promise<PriceBook | undefined>
  active(): Promise<PriceBook>
  keep(book: PriceBook, source: string): Promise<void>
  /** `version` must be kept. */
  activate(version: string, actor: string): Promise<void>
  effect(book: PriceBook): Promise<Effect[]>
}

/** `now` in milliseconds. */
export function priceDesk({ store, tenant, now }: { readonly store: Store; readonly tenant: string; readonly now: () => number }): PriceDesk {
  const nanos = (): UnixNano => BigInt(now()) * 1_000_000n
  return {
    versions: async () => {
      const stored = await listBooks(store, tenant)
      const { version } = shippedBook()
      if (stored.some((book) => book.version === version)) return stored
      return [...stored, { version, knownSince: 0n, source: 'shipped', activatedAt: [], active: !stored.some(({ active }) => active) }]
    },
    book: (version) => readBook(store, version),
    active: () => activeBook(store, tenant, shippedBook()),
    keep: (book, source) => storeBook(store, book, source, nanos()),
    activate: (version, actor) => activateBook(store, tenant, version, nanos(), actor),
    effect: (book) => effectOf(store, tenant, book, nanos()),
  }
}
