import type { Store } from '#clickhouse/store.ts'
import { bookFor, parseBook, type PriceBook } from './price/book.ts'

/** Seconds to read a book: a megabyte or less. */
const readSecondsMax = 30

/** Price books by the version that ledger entries name. */
export interface StoredBooks {
  /** Reads those of `versions` that are not known yet. */
  load(versions: Iterable<string>): Promise<void>
  /** The book in use goes on being known when another one takes its place: calls that are being settled were charged with it. */
  follow(): void
  /** `undefined` where no such book is stored. '' means the one in use. */
  named(version: string): PriceBook | undefined
  /** Of the books that were asked for and are there, and of the one in use. */
  versions(): readonly string[]
}

/** `inUse` says what an entry is compared with that names no book, as one whose charge is missing altogether: another one once that is activated. */
export function storedBooks(store: Store, inUse: () => PriceBook): StoredBooks {
  const known = new Map<string, PriceBook | undefined>()
  const named = (version: string): PriceBook | undefined => (version === '' || version === inUse().version ? inUse() : known.get(version))
  return {
    follow: () => void known.set(inUse().version, inUse()),
    async load(versions) {
      const missing = [...new Set(versions)].filter((version) => named(version) === undefined && !known.has(version))
      if (missing.length === 0) return
      const rows = await store.read<{ version_hex: string; body: string }>(
        'SELECT lower(hex(version)) AS version_hex, body FROM price_books FINAL WHERE lower(hex(version)) IN {versions:Array(String)}',
        { versions: missing }, { maxSeconds: readSecondsMax })
      for (const version of missing) if (!known.has(version)) known.set(version, undefined)
      for (const { version_hex, body } of rows) known.set(version_hex, checked(bookFor(parseBook(body), inUse().tenant), version_hex))
    },
    named,
    versions: () => [...new Set([inUse().version, ...[...known].flatMap(([version, book]) => (book === undefined ? [] : [version]))])],
  }
}

/** A book is named by the hash of what it says: one that says something else now is none. */
const checked = (book: PriceBook, version: string): PriceBook | undefined => (book.version === version ? book : undefined)
