import type { UnixNano } from '#semconv/facts.ts'
import { id, type Table, text, time, word } from '../table.ts'

/** A price book that ledger entries name: kept for ever, so that every amount can be computed again. */
export interface PriceBookRow {
  /** 64 hex digits: sha256 of `body`. */
  readonly version: string
  readonly postedAt: UnixNano
  /** Where it came from, for people: `shipped`, a file's name. */
  readonly source: string
  /** The book's canonical JSON. */
  readonly body: string
}

export const priceBooks: Table<PriceBookRow> = {
  name: 'price_books',
  columns: [
    id('version', 32, (r) => r.version),
    time('posted_at', (r) => r.postedAt),
    word('source', (r) => r.source),
    text('body', (r) => r.body, 'CODEC(ZSTD(3))'),
  ],
}
