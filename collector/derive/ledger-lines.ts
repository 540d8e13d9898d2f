import type { CostBasis, LedgerMeter, Meter, PicoUsd, UnixNano, Usage } from '#semconv/facts.ts'
import type { PriceBook } from '../price/book.ts'
import { price } from '../price/price.ts'

/** Quantities are stored as `Decimal(38, 12)`: a count of tokens or pieces times this. */
export const quantityScale = 1_000_000_000_000n

/** What one call must stand for in the ledger: one line per meter, whoever posts it and when. */
export interface LedgerLine {
  readonly meter: LedgerMeter
  /** Times 10^12. */
  readonly quantity: bigint
  readonly unitPrice: PicoUsd | undefined
  readonly amount: PicoUsd | undefined
  readonly basis: CostBasis
  readonly provider: string
  readonly model: string
  /** The book that has this price, or has none for it. */
  readonly priceBookVersion: string
  readonly priceCard: string
}

export interface BilledCall {
  readonly provider: string
  readonly requestModel: string
  readonly responseModel: string
  readonly serviceTier: string
  readonly usage: Usage
  readonly at: UnixNano
  readonly reportedCost: PicoUsd | undefined
}

/**
 * Our price where the book has one; else the amount the instrumentation claims, as one line; else the quantities with no
 * amount, so that an unknown model is seen and never billed as zero.
 */
export function ledgerLines(book: PriceBook, call: BilledCall): LedgerLine[] {
  const model = call.responseModel === '' ? call.requestModel : call.responseModel
  const used = (Object.keys(call.usage) as Meter[]).some((meter) => (call.usage[meter] ?? 0) > 0)
  const pricing = used ? price(book, call) : undefined
  if (pricing?.basis === 'PRICED') {
    // Told as the telemetry tells it, so that a run and its entries group alike; the card names the book's provider.
    const { model: card } = pricing
    const provider = call.provider === '' ? pricing.provider : call.provider
    return [
      ...pricing.lines.map((line): LedgerLine => ({
        meter: line.meter, quantity: BigInt(line.quantity) * quantityScale, unitPrice: line.unitPrice, amount: line.amount,
        basis: 'PRICED', provider, model: card, priceBookVersion: book.version, priceCard: line.priceCard,
      })),
      ...pricing.unpriced.map(({ meter, quantity }): LedgerLine => ({
        meter, quantity: BigInt(quantity) * quantityScale, unitPrice: undefined, amount: undefined,
        basis: 'UNPRICED', provider, model: card, priceBookVersion: book.version, priceCard: '',
      })),
    ]
  }
  const unpriced = { provider: call.provider, model, priceBookVersion: book.version, priceCard: '' }
  if (call.reportedCost !== undefined) {
    return [{ ...unpriced, meter: 'reported_cost', quantity: quantityScale, unitPrice: call.reportedCost, amount: call.reportedCost, basis: 'REPORTED' }]
  }
  return (Object.keys(call.usage) as Meter[])
    .filter((meter) => (call.usage[meter] ?? 0) > 0)
    .map((meter) => ({
      ...unpriced, meter, quantity: BigInt(call.usage[meter] ?? 0) * quantityScale, unitPrice: undefined, amount: undefined, basis: 'UNPRICED',
    }))
}
