import type { Meter, PicoUsd, UnixNano, Usage } from '#semconv/facts.ts'
import { meters } from '#semconv/facts.ts'
import type { Card, Period, PriceBook, PriceUnit, Rate } from './book.ts'
import { selectCard, type Selection } from './match.ts'

export interface PriceLine {
  readonly meter: Meter
  /** Tokens. */
  readonly quantity: number
  /** Pico-dollars per token. */
  readonly unitPrice: PicoUsd
  readonly amount: PicoUsd
  /** What exactly was looked up: `provider/model@from/hours>tier#unit`, within one book version. */
  readonly priceCard: string
}

export type Pricing =
  | { readonly basis: 'PRICED'; readonly provider: string; readonly model: string; readonly lines: readonly PriceLine[] }
  | { readonly basis: 'UNPRICED'; readonly reason: string }

export interface PricedCall {
  readonly provider: string
  readonly requestModel: string
  readonly responseModel: string
  readonly usage: Usage
  readonly at: UnixNano
  /** Kept for books that will price tiers; the shipped one lists standard prices only, and those are what is charged. */
  readonly serviceTier: string
}

/**
 * Which price a meter takes: the first of its units the card has. A class without a price of its own costs what the
 * class around it costs: cached input is input, reasoning is output. `unsplit` has no price whatever the card says.
 */
const unitsOf: Readonly<Record<Meter, readonly PriceUnit[]>> = {
  'input.uncached': ['input'],
  'input.cache_read': ['cache_read', 'input'],
  'input.cache_write.5m': ['cache_write', 'input'],
  'input.cache_write.1h': ['cache_write_1h', 'cache_write', 'input'],
  'input.audio': ['input_audio', 'input'],
  // A cached token may never cost more than the same token uncached, nor audio be billed as text while audio has a price.
  'input.audio.cache_read': ['cache_audio_read', 'input_audio', 'cache_read', 'input'],
  'input.image': ['input_image', 'input'],
  'output.text': ['output'],
  'output.reasoning': ['output_reasoning', 'output'],
  'output.audio': ['output_audio', 'output'],
  'output.image': ['output_image', 'output'],
  unsplit: [],
}

/**
 * What a call costs by the book: one line per meter that was used, exact. All or nothing: a call of which one class has
 * no price is UNPRICED as a whole, because a partial amount looks like a cost and is none. Charges per request or per
 * search (`Card.unmetered`) are not in it: no span meters them.
 */
export function price(book: PriceBook, call: PricedCall): Pricing {
  if (call.usage.unsplit) return unpriced('Only a total of tokens is known, not how it splits into input and output.')
  const selection = selectCard(book, call)
  if (!('card' in selection)) return unpriced(selection.reason)
  const sheet = sheetAt(selection, call.at, promptTokens(call.usage))
  const lines: PriceLine[] = []
  for (const meter of meters) {
    const quantity = call.usage[meter]
    if (!quantity) continue
    const unit = sheet[meter]
    if (!unit) return unpriced(`The price card ${selection.seller}/${selection.card.id} has no price for ${meter}.`)
    lines.push({ meter, quantity, unitPrice: unit.price, amount: BigInt(quantity) * unit.price, priceCard: unit.card })
  }
  return { basis: 'PRICED', provider: selection.provider, model: selection.card.id, lines }
}

function unpriced(reason: string): Pricing {
  return { basis: 'UNPRICED', reason }
}

function promptTokens(usage: Usage): number {
  let sum = 0
  for (const meter of meters) if (meter.startsWith('input.')) sum += usage[meter] ?? 0
  return sum
}

type Sheet = Readonly<Partial<Record<Meter, { readonly price: PicoUsd; readonly card: string }>>>
const sheets = new WeakMap<Rate, Sheet>()

function sheetAt({ seller, card }: Extract<Selection, { card: Card }>, at: UnixNano, prompt: number): Sheet {
  const period = periodAt(card, at)
  // Exactly at the threshold is still the lower rate; the rates ascend, the first is above 0 and holds for anything.
  const rate = period.rates.findLast(({ above }, i) => i === 0 || prompt > above)
  if (!rate) throw new Error(`The price card ${seller}/${card.id} has a period without rates.`)
  let sheet = sheets.get(rate)
  if (!sheet) {
    const tier = rate.above > 0 ? `>${rate.above}` : ''
    sheets.set(rate, (sheet = sheetOf(rate, `${seller}/${card.id}${periodName(period)}${tier}`)))
  }
  return sheet
}

function sheetOf(rate: Rate, card: string): Sheet {
  const sheet: { -readonly [meter in keyof Sheet]: Sheet[meter] } = {}
  for (const meter of meters) {
    const unit = unitsOf[meter].find((candidate) => rate.prices[candidate] !== undefined)
    if (unit) sheet[meter] = { price: BigInt(rate.prices[unit] ?? 0), card: `${card}#${unit}` }
  }
  return sheet
}

/** The last period that holds at that moment: later entries of a card narrow or replace earlier ones. */
export function periodAt(card: Card, at: UnixNano): Period {
  const seconds = Number(at / 1_000_000_000n)
  const period = card.periods.findLast(({ from, hours }) =>
    (from === undefined || seconds >= Date.parse(`${from}T00:00:00Z`) / 1000) && (!hours || within(hours, seconds % 86_400)))
  if (!period) throw new Error(`The price card ${card.id} has no period.`)
  return period
}

function within([start, end]: readonly [string, string], second: number): boolean {
  const from = secondOfDay(start)
  const to = secondOfDay(end)
  return from <= to ? second >= from && second < to : second >= from || second < to
}

function secondOfDay(time: string): number {
  return Number(time.slice(0, 2)) * 3600 + Number(time.slice(3, 5)) * 60 + Number(time.slice(6, 8))
}

function periodName({ from, hours }: Period): string {
  return `${from === undefined ? '' : `@${from}`}${hours === undefined ? '' : `/${hours.join('-')}`}`
}
