import { changed, type Effect } from '#collector/price/effect.ts'
import type { PriceBook } from '#collector/price/book.ts'
import type { QueryContext } from '../context.ts'
import { quoted, userError } from '../errors.ts'
import type { PriceBookVersion } from './price-book.ts'

export async function priceBooks({ prices }: QueryContext): Promise<PriceBookVersion[]> {
  return (await prices.versions()).map((book) => ({ ...book, knownSince: book.knownSince === 0n ? null : book.knownSince }))
}

/** What changes nothing is left out. */
export async function priceBookEffect({ prices }: QueryContext, version: string): Promise<Effect[]> {
  return (await prices.effect(await bookOf(prices, version))).filter(changed)
}

export async function bookOf(prices: QueryContext['prices'], version: string): Promise<PriceBook> {
  const book = /^[0-9a-f]{64}$/.test(version) ? await prices.book(version) : undefined
  if (book === undefined) throw userError('NOT_FOUND', `there is no price book ${quoted(version)}`)
  return book
}
