import { type Prices, type PriceUnit, priceUnits, type PriceBook } from '#collector/price/book.ts'
import { PriceBookError } from '#collector/price/check-book.ts'
import { decimalsOf, picoOf } from '#collector/price/command.ts'
import { importedBook } from '#collector/price/compose.ts'
import { withPricedModel } from '#collector/price/price-model.ts'
import type { QueryContext } from '../context.ts'
import { decimalString } from '../decimal.ts'
import { userError } from '../errors.ts'
import { type PriceBookVersion, unitField } from './price-book.ts'
import { bookOf, priceBooks } from './read-price-books.ts'

export interface PricedModel {
  readonly provider: string
  readonly model: string
  readonly sameAs?: string | null
  /** Pico-dollars for a unit's published amount. */
  readonly prices?: Readonly<Partial<Record<string, bigint | null>>> | null
}

export async function priceModel(context: QueryContext, { provider, model, sameAs, prices }: PricedModel): Promise<PriceBookVersion> {
  if ((sameAs == null) === (prices == null)) throw userError('BAD_INPUT', 'write either sameAs or prices')
  const active = await context.prices.active()
  const book = refusing(() => withPricedModel(active, { provider, model, as: sameAs ?? perUnit(prices ?? {}) }))
  await context.prices.keep(book, 'console')
  await context.prices.activate(book.version, 'console')
  return version(context, book)
}

/** From dollars per million tokens (thousand, hour) to pico-dollars for one. */
function perUnit(said: NonNullable<PricedModel['prices']>): Prices {
  const prices: Partial<Record<PriceUnit, number>> = {}
  for (const unit of priceUnits) {
    const dollars = said[unitField(unit)]
    if (dollars == null) continue
    const pico = picoOf(unit, dollars)
    if (pico === undefined) throw userError('BAD_INPUT', `${unitField(unit)} ${decimalString(dollars)} is not a price: write US dollars from 0 to 1000 with at most ${decimalsOf(unit)} decimals`)
    prices[unit] = pico
  }
  if (Object.keys(prices).length === 0) throw userError('BAD_INPUT', 'prices names no price')
  return prices
}

export async function importPriceOverlay(context: QueryContext, document: string): Promise<PriceBookVersion> {
  const active = await context.prices.active()
  const book = refusing(() => importedBook(active, 'document', document))
  await context.prices.keep(book, 'console')
  return version(context, book)
}

export async function activatePriceBook(context: QueryContext, wanted: string): Promise<PriceBookVersion> {
  const book = await bookOf(context.prices, wanted)
  await context.prices.keep(book, 'shipped')
  if ((await context.prices.active()).version !== book.version) await context.prices.activate(book.version, 'console')
  return version(context, book)
}

async function version(context: QueryContext, book: PriceBook): Promise<PriceBookVersion> {
  const found = (await priceBooks(context)).find((each) => each.version === book.version)
  if (found === undefined) throw new Error(`the price book ${book.version} was kept and is not there`)
  return found
}

/** What is wrong with prices is written for people. */
function refusing<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (error instanceof PriceBookError) throw userError('BAD_INPUT', error.message)
    throw error
  }
}
