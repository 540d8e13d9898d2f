import { RowBinaryWriter } from '#clickhouse/row-binary.ts'
import type { Store } from '#clickhouse/store.ts'
import { type Table, writeRow } from '#clickhouse/table.ts'
import { priceBookActivations } from '#clickhouse/tables/price-book-activations.ts'
import { priceBooks } from '#clickhouse/tables/price-books.ts'
import type { UnixNano } from '#semconv/facts.ts'
import { canonicalJson, parseBook, type PriceBook, shippedBook } from './book.ts'

/** Questions about books read a few rows. */
const readSecondsMax = 10
/** Versions of one answer; a book a day for a year. */
const versionsMax = 400

/** A version as it is kept: what it says never changes, when it held is told by its activations. */
export interface StoredBook {
  readonly version: string
  /** When it became known here. */
  readonly knownSince: UnixNano
  readonly source: string
  /** From when on it priced, oldest first; until the next activation of any. Empty: never. */
  readonly activatedAt: readonly UnixNano[]
  readonly active: boolean
}

const idSql = 'toFixedString(unhex({version:String}), 32)'

/** The version that prices now, '' where nobody ever activated one: the shipped list then does. */
export async function activeVersion(store: Store, tenant: string): Promise<string> {
  const [row] = await store.read<{ readonly active: string }>(
    'SELECT lower(hex(version)) AS active FROM price_book_activations FINAL WHERE tenant = {tenant:String} ORDER BY activated_at DESC, version LIMIT 1',
    { tenant }, { maxSeconds: readSecondsMax })
  return row?.active ?? ''
}

/** `undefined` where no book has this version. Versions are immutable, so a book that is read is the book that was written. */
export async function readBook(store: Store, version: string): Promise<PriceBook | undefined> {
  if (version === shippedBook().version) return shippedBook()
  const [row] = await store.read<{ readonly body: string }>(`SELECT body FROM price_books WHERE version = ${idSql} LIMIT 1`, { version }, { maxSeconds: readSecondsMax })
  return row === undefined ? undefined : parseBook(row.body)
}

/** The book that prices now; `fallback` where nobody activated one. */
export async function activeBook(store: Store, tenant: string, fallback: PriceBook): Promise<PriceBook> {
  const version = await activeVersion(store, tenant)
  if (version === '' || version === fallback.version) return fallback
  const book = await readBook(store, version)
  if (book === undefined) throw new Error(`the price book ${version} is active and not stored`)
  return book
}

/** Keeps a book; one that is there stays as it was, and when it became known too. */
export async function storeBook(store: Store, book: PriceBook, source: string, postedAt: UnixNano): Promise<void> {
  const [row] = await store.read<{ readonly known: number }>(`SELECT count() > 0 AS known FROM price_books WHERE version = ${idSql}`, { version: book.version }, { maxSeconds: readSecondsMax })
  if (!row?.known) await insertOne(store, priceBooks, { version: book.version, postedAt, source, body: canonicalJson(book.data) })
}

/** From `now` on this book prices, and later than what was active, whatever the clock says. It must be stored. */
export async function activateBook(store: Store, tenant: string, version: string, now: UnixNano, actor: string): Promise<void> {
  const [row] = await store.read<{ readonly at: string }>(
    'SELECT toString(toUnixTimestamp64Nano(max(activated_at))) AS at FROM price_book_activations WHERE tenant = {tenant:String}', { tenant }, { maxSeconds: readSecondsMax })
  const last = BigInt(row?.at ?? 0)
  await insertOne(store, priceBookActivations, { tenant, version, activatedAt: now > last ? now : last + 1n, actor })
}

/** Latest known first. */
export async function listBooks(store: Store, tenant: string): Promise<StoredBook[]> {
  const [books, activations] = await Promise.all([
    store.read<{ readonly known: string; readonly since: string; readonly origin: string }>(
      `SELECT lower(hex(version)) AS known, toString(toUnixTimestamp64Nano(min(posted_at))) AS since, any(source) AS origin FROM price_books
       GROUP BY version ORDER BY min(posted_at) DESC, version LIMIT ${versionsMax}`, {}, { maxSeconds: readSecondsMax }),
    store.read<{ readonly known: string; readonly at: string }>(
      `SELECT lower(hex(version)) AS known, toString(toUnixTimestamp64Nano(activated_at)) AS at FROM price_book_activations FINAL
       WHERE tenant = {tenant:String} ORDER BY activated_at, version DESC`, { tenant }, { maxSeconds: readSecondsMax }),
  ])
  const active = activations.at(-1)?.known ?? shippedBook().version
  return books.map(({ known, since, origin }) => ({
    version: known, knownSince: BigInt(since), source: origin, active: known === active,
    activatedAt: activations.filter((activation) => activation.known === known).map(({ at }) => BigInt(at)),
  }))
}

export async function insertOne<Row>(store: Store, table: Table<Row>, row: Row): Promise<void> {
  const writer = new RowBinaryWriter()
  writeRow(table, writer, row)
  // A fresh token each time: rows of one id collapse by the table's key, never by the insert's.
  await store.insert(table, writer.take(), crypto.randomUUID())
}
