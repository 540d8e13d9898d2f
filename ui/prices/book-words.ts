/** Since when a price book prices, as the page says it. Pure. */
import type { PriceBooksQuery } from '../queries.ts'

type Book = PriceBooksQuery['priceBooks'][number]

/**
 * The shipped list prices without being activated, until another is: since it became known, or from the beginning.
 * `undefined` where a book never priced.
 */
export const pricedUnasked = (book: Book, books: readonly Book[]): { readonly since: string | null } | undefined => {
  if (book.activatedAt.length > 0 || book.source !== 'shipped') return undefined
  const first = books.flatMap(({ activatedAt }) => activatedAt).map((iso) => Date.parse(iso)).reduce((a, b) => Math.min(a, b), Infinity)
  return book.active || (book.knownSince !== null && Date.parse(book.knownSince) < first) ? { since: book.knownSince } : undefined
}
