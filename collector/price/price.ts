import { type Meter, meters, type PicoUsd, tokenMeters, type UnixNano, type Usage } from '#semconv/facts.ts'
import { type Card, type Period, pieceUnits, type PriceBook, type Prices, type PriceUnit, type Rate, tokenUnits } from './book.ts'
import { selectCard, type Selection } from './match.ts'
import { type PriceRule, ruleName } from './overlay.ts'
import type { Applied } from './rules.ts'

export interface PriceLine {
  readonly meter: Meter
  /** Tokens, or pieces. */
  readonly quantity: number
  /** Pico-dollars for one of them, rounded half to even where a factor or an hour leaves a fraction. */
  readonly unitPrice: PicoUsd
  /** Quantity times the unrounded price, rounded half to even once. */
  readonly amount: PicoUsd
  /** What exactly was looked up: `provider/model{conditions}@from/hours>tier*factor#unit`, within one book version. */
  readonly priceCard: string
}

export type Pricing =
  | {
    readonly basis: 'PRICED'; readonly provider: string; readonly model: string; readonly lines: readonly PriceLine[]
    /** Pieces (searches, code runs) the card has no price for: told beside what the tokens cost, never as 0. */
    readonly unpriced: readonly { readonly meter: Meter; readonly quantity: number }[]
  }
  | { readonly basis: 'UNPRICED'; readonly reason: string }

export interface PricedCall {
  readonly provider: string
  readonly requestModel: string
  readonly responseModel: string
  readonly usage: Usage
  readonly at: UnixNano
  /** Tier and other terms as words: see `termsOf`. The shipped list has standard prices; overlays price the rest. */
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
  'tool.web_search': ['web_search'],
  'tool.file_search': ['file_search'],
  'tool.code_execution': ['code_execution'],
  request: ['request'],
  'audio.seconds': ['audio_hour'],
}

const pieces: ReadonlySet<string> = new Set(pieceUnits)
const isToken: ReadonlySet<Meter> = new Set(tokenMeters)

/** How many of a meter a unit's price is for. */
const perUnit = (unit: PriceUnit): bigint => (unit === 'audio_hour' ? 3600n : 1n)

/**
 * What a call costs by the book: one line per meter that was used, exact. Tokens are all or nothing: a call of which one
 * class has no price is UNPRICED as a whole, because a partial amount looks like a cost and is none. Pieces without a price
 * are told beside it. A card with a price per request makes a line of one request, which no span has to report.
 */
export function price(book: PriceBook, call: PricedCall): Pricing {
  if (call.usage.unsplit) return unpriced('Only a total of tokens is known, not how it splits into input and output.')
  const selection = selectCard(book, call)
  if (!('card' in selection)) return unpriced(selection.reason)
  const sheet = sheetAt(book, selection, call)
  const lines: PriceLine[] = []
  const without: { meter: Meter; quantity: number }[] = []
  for (const meter of meters) {
    const unit = sheet[meter]
    const quantity = call.usage[meter] ?? (meter === 'request' && unit ? 1 : 0)
    if (!quantity) continue
    if (unit) lines.push({ meter, quantity, unitPrice: unit.unitPrice, amount: rounded(BigInt(quantity) * unit.price, unit.per), priceCard: unit.card })
    else if (isToken.has(meter)) return unpriced(`The price card ${selection.seller}/${selection.card.id} has no price for ${meter}.`)
    else without.push({ meter, quantity })
  }
  return { basis: 'PRICED', provider: selection.provider, model: selection.card.id, lines, unpriced: without }
}

function unpriced(reason: string): Pricing {
  return { basis: 'UNPRICED', reason }
}

/** A fraction of non-negative integers as an integer, half to even: exact for almost every price, and unbiased for the rest. */
export function rounded(numerator: bigint, denominator: bigint): bigint {
  if (denominator === 1n) return numerator
  const whole = numerator / denominator
  const twice = (numerator % denominator) * 2n
  return twice > denominator || (twice === denominator && whole % 2n === 1n) ? whole + 1n : whole
}

function promptTokens(usage: Usage): number {
  let sum = 0
  for (const meter of tokenMeters) if (meter.startsWith('input.')) sum += usage[meter] ?? 0
  return sum
}

interface UnitPrice {
  /** Pico-dollars for `per` of the meter. */
  readonly price: bigint
  readonly per: bigint
  readonly unitPrice: PicoUsd
  readonly card: string
}
type Sheet = Readonly<Partial<Record<Meter, UnitPrice>>>
/** By the list's rate; a rule's key tells it from the list's own. */
const sheets = new WeakMap<Rate, Map<string, Sheet>>()
/** Sheets of one rate: rules are few, and an import makes new ones. */
const sheetsPerRateMax = 1_000

function sheetAt(book: PriceBook, { provider, seller, card }: Extract<Selection, { card: Card }>, { at, usage, serviceTier }: PricedCall): Sheet {
  const period = periodAt(card, at)
  const prompt = promptTokens(usage)
  const rate = rateFor(`${seller}/${card.id}`, period.rates, prompt)
  const rules = book.rules.of(provider, seller, card.id, serviceTier, at)
  const own = rules?.rates && rateFor(ruleName(rules.rates), rules.rates.rates ?? [], prompt)
  const key = rules ? keyOf(rules, own) : ''
  let known = sheets.get(rate)
  if (!known || known.size >= sheetsPerRateMax) sheets.set(rate, (known = new Map()))
  let sheet = known.get(key)
  if (!sheet) {
    const listed = `${seller}/${card.id}${periodName(period)}${tierName(rate)}`
    known.set(key, (sheet = sheetOf(listed, rate.prices, rules, own)))
  }
  return sheet
}

/** Exactly at the threshold is still the lower rate; the rates ascend, the first is above 0 and holds for anything. */
function rateFor(name: string, rates: readonly Rate[], prompt: number): Rate {
  const rate = rates.findLast(({ above }, i) => i === 0 || prompt > above)
  if (!rate) throw new Error(`The price card ${name} has a period without rates.`)
  return rate
}

const tierName = ({ above }: Rate): string => (above > 0 ? `>${above}` : '')

/** A number of its own for every rule, because rules of two books may have one name. */
const numbers = new WeakMap<PriceRule, number>()
let lastNumber = 0
function numberOf(rule: PriceRule): number {
  let number = numbers.get(rule)
  if (number === undefined) numbers.set(rule, (number = ++lastNumber))
  return number
}

const keyOf = ({ rates, factors }: Applied, own: Rate | undefined): string =>
  `${rates === undefined ? '' : numberOf(rates)}>${own?.above ?? ''}*${factors.map(numberOf).join('*')}`

/** Pieces that a rule does not name are the list's; tokens too, where it names none, else they follow from its own classes. */
function sheetOf(listed: string, list: Prices, rules: Applied | undefined, own: Rate | undefined): Sheet {
  const sheet: { -readonly [meter in keyof Sheet]: Sheet[meter] } = {}
  const ruled = rules?.rates && own && { prices: own.prices, name: `${ruleCard(rules.rates)}${tierName(own)}` }
  const replaced = ruled !== undefined && tokenUnits.some((unit) => ruled.prices[unit] !== undefined)
  for (const meter of meters) {
    const find = (prices: Prices) => unitsOf[meter].find((unit) => prices[unit] !== undefined)
    const ownUnit = ruled && find(ruled.prices)
    const unit = ownUnit ?? (replaced && isToken.has(meter) ? undefined : find(list))
    if (!unit) continue
    const prices = ownUnit && ruled ? ruled.prices : list
    const name = ownUnit && ruled ? ruled.name : listed
    sheet[meter] = unitPrice(name, unit, prices[unit] ?? 0, (rules?.factors ?? []).filter((rule) => !pieces.has(unit) || rule.tenant !== undefined))
  }
  return sheet
}

function unitPrice(name: string, unit: PriceUnit, pico: number, factors: readonly PriceRule[]): UnitPrice {
  let price = BigInt(pico)
  let per = perUnit(unit)
  for (const { factor = '1' } of factors) {
    const [whole = '0', fraction = ''] = factor.split('.')
    price *= BigInt(whole + fraction)
    per *= 10n ** BigInt(fraction.length)
  }
  return { price, per, unitPrice: rounded(price, per), card: `${name}${factors.map((rule) => `*${rule.factor}`).join('')}#${unit}` }
}

/** Without the tenant, whose entry it is anyway. */
function ruleCard({ tenant, contract, ...rule }: PriceRule): string {
  return `${tenant === undefined ? '' : `${contract ?? 'contract'}:`}${ruleName(rule)}`
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
