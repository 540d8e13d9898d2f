/**
 * The data of [genai-prices](https://github.com/pydantic/genai-prices) (MIT) as a price book: of its npm package when the
 * shipped book is made, of its `data.json` when somebody imports a newer one.
 *
 * Only the published data is taken. The package's arithmetic is floating point; ours is not.
 */
import type { ConditionalPrice, MatchLogic, ModelInfo, Provider, TieredPrices } from '@pydantic/genai-prices'
import { owners, passThrough, providerAliases } from './aliases.ts'
import type { BookData, BookProvider, Card, Clause, Period, PriceUnit, Rate } from './book.ts'
import { checkedBook, PriceBookError } from './check-book.ts'

/** Our unit, and how many decimals of a dollar its published price can have: a millionth of pico-dollars per token, and so on. */
interface UnitName {
  readonly unit: PriceUnit
  readonly decimals: number
}
const perMillion = (unit: PriceUnit): UnitName => ({ unit, decimals: 6 })
const perThousand = (unit: PriceUnit): UnitName => ({ unit, decimals: 9 })
const perHour = (unit: PriceUnit): UnitName => ({ unit, decimals: 12 })

const unitNames: Readonly<Record<string, UnitName>> = {
  input_mtok: perMillion('input'), cache_read_mtok: perMillion('cache_read'), cache_write_mtok: perMillion('cache_write'),
  cache_write_1h_mtok: perMillion('cache_write_1h'), input_audio_mtok: perMillion('input_audio'),
  cache_audio_read_mtok: perMillion('cache_audio_read'), input_image_mtok: perMillion('input_image'), output_mtok: perMillion('output'),
  output_reasoning_mtok: perMillion('output_reasoning'), output_audio_mtok: perMillion('output_audio'),
  output_image_mtok: perMillion('output_image'),
  web_searches_kcount: perThousand('web_search'), storage_searches_kcount: perThousand('file_search'), requests_kcount: perThousand('request'),
  // Published under both names, with one price.
  audio_hours: perHour('audio_hour'), input_audio_hours: perHour('audio_hour'),
}

export function bookFromProviders(providers: readonly Provider[], source: BookData['source']): BookData {
  const rounded: [string, string][] = []
  return {
    format: 1, source, aliases: providerAliases, passThrough, owners,
    providers: providers.map((provider) => frozenProvider(provider, rounded)),
    rounded,
  }
}

export const isGenaiPrices = (json: unknown): json is readonly Provider[] =>
  Array.isArray(json) && json.length > 0 && json.every((item) => typeof item === 'object' && item !== null && Object.hasOwn(item, 'models'))

/** A downloaded `data.json`, checked as any book. Throws `PriceBookError`. */
export function bookFromGenaiPrices(providers: readonly Provider[], file: string): BookData {
  const source = {
    package: 'genai-prices', version: file, licence: 'MIT', copyright: 'Copyright (c) Pydantic Services Inc. 2025 to present',
    url: 'https://github.com/pydantic/genai-prices',
  }
  try {
    const book = bookFromProviders(providers, source)
    // Ours, not the file's: a list that lacks a provider is no mistake.
    const ids = new Set(providers.map(({ id }) => id))
    return checkedBook({ ...book, aliases: Object.fromEntries(Object.entries(book.aliases).filter(([, id]) => ids.has(id))) })
  } catch (cause) {
    if (cause instanceof PriceBookError) throw cause
    // A part that is missing or of another type: the data is not what this reader knows.
    throw new PriceBookError('the file is a list with "models", but not in the format of genai-prices (prices/new_data/v2/data.json)', { cause })
  }
}

function frozenProvider(provider: Provider, rounded: [string, string][]): BookProvider {
  return {
    id: provider.id,
    name: provider.name,
    ...(provider.model_match && { owns: frozenClause(provider.model_match) }),
    ...(provider.fallback_model_providers && { fallbacks: provider.fallback_model_providers }),
    cards: provider.models.map((model) => frozenCard(provider.id, model, rounded)),
  }
}

function frozenCard(provider: string, model: ModelInfo, rounded: [string, string][]): Card {
  const published: ConditionalPrice[] = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }]
  const unmetered: Record<string, string> = {}
  for (const { prices } of published) {
    for (const [key, value] of Object.entries(prices)) {
      if (value !== undefined && !unitNames[key]) unmetered[key] = decimal(typeof value === 'number' ? value : value.base)
    }
  }
  return {
    id: model.id,
    match: frozenClause(model.match),
    periods: frozenPeriods(`${provider}/${model.id}`, published, rounded),
    ...(Object.keys(unmetered).length > 0 && { unmetered }),
  }
}

/**
 * Published hours have no date of their own. They stand after the price they modify and hold from its date: DeepSeek's
 * peak hours are double the price of 2026-08-17, and there were none before that day.
 */
function frozenPeriods(card: string, published: readonly ConditionalPrice[], rounded: [string, string][]): Period[] {
  let from: string | undefined
  return published.map(({ constraint, prices }) => {
    const rates = frozenRates(card, prices, rounded)
    if (constraint?.type === 'start_date') from = constraint.start_date
    const dated = from === undefined ? { rates } : { from, rates }
    if (constraint?.type !== 'time_of_date') return dated
    return { ...dated, hours: [utcTime(card, constraint.start_time), utcTime(card, constraint.end_time)] }
  })
}

function utcTime(card: string, time: string): string {
  const match = /^(\d{2}:\d{2}:\d{2})Z$/.exec(time)
  if (!match?.[1]) throw new PriceBookError(`${card} has the hour ${time}, which is not whole seconds in UTC.`)
  return match[1]
}

/** Tiers are published per unit; a rate holds all units, so that a call's tier is chosen once. */
function frozenRates(card: string, published: ConditionalPrice['prices'], rounded: [string, string][]): Rate[] {
  const known = Object.entries(published).flatMap(([key, value]) => {
    const unit = unitNames[key]
    return unit && value !== undefined ? [{ ...unit, value }] : []
  })
  // A variant that is published as free carries no prices at all.
  if (known.length === 0 && card.endsWith(':free')) return [{ above: 0, prices: { input: 0, output: 0 } }]
  const starts = known.flatMap(({ value }) => (typeof value === 'number' ? [] : value.tiers.map(({ start }) => start)))
  return [...new Set([0, ...starts])].sort((a, b) => a - b).map((above) => ({
    above,
    prices: Object.fromEntries(known.map(({ unit, decimals, value }) => {
      return [unit, picoPerUnit(`${card} ${unit}`, typeof value === 'number' ? value : priceAbove(value, above), decimals, rounded)]
    })),
  }))
}

function priceAbove({ base, tiers }: TieredPrices, above: number): number {
  const reached = tiers.filter(({ start }) => above > 0 && start <= above)
  return reached.sort((a, b) => a.start - b.start).at(-1)?.price ?? base
}

/**
 * Dollars as pico-dollars for one of the unit, from the shortest decimal that reads as that float. More decimals than that has
 * (six per million tokens) are no price but a float artefact or a repeating fraction (a cache-hour divided by twelve).
 */
function picoPerUnit(name: string, dollars: number, decimals: number, rounded: [string, string][]): number {
  const text = decimal(dollars)
  const [whole = '0', fraction = ''] = text.split('.')
  const pico = BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, '0')) + (Number(fraction[decimals] ?? '0') >= 5 ? 1n : 0n)
  if (fraction.length > decimals) rounded.push([name, text])
  return Number(pico)
}

function decimal(value: number): string {
  const text = String(value)
  if (!/^\d+(\.\d+)?$/.test(text)) throw new PriceBookError(`The price ${text} is not a plain decimal.`)
  return text
}

/** Values in lower case as names are compared; RE2 knows no look-ahead, so a leading negative one becomes a clause. */
function frozenClause(match: MatchLogic): Clause {
  if ('or' in match) return { or: match.or.map(frozenClause) }
  if ('and' in match) return { and: match.and.map(frozenClause) }
  if ('equals' in match) return { equals: match.equals.toLowerCase() }
  if ('starts_with' in match) return { starts_with: match.starts_with.toLowerCase() }
  if ('ends_with' in match) return { ends_with: match.ends_with.toLowerCase() }
  if ('contains' in match) return { contains: match.contains.toLowerCase() }
  if (!match.regex.startsWith('^(?!')) return { regex: match.regex }
  const end = closing(match.regex, 1)
  const not: Clause = { not: { regex: `^${match.regex.slice(4, end)}` } }
  const rest = match.regex.slice(end + 1)
  return rest === '' ? not : { and: [not, { regex: `^${rest}` }] }
}

/** Index of the parenthesis that closes the one at `open`; classes and escapes may hold parentheses of their own. */
function closing(regex: string, open: number): number {
  let depth = 0
  let inClass = false
  for (let i = open; i < regex.length; i++) {
    const c = regex[i]
    if (c === '\\') i++
    else if (c === '[') inClass = true
    else if (c === ']') inClass = false
    else if (c === '(' && !inClass) depth++
    else if (c === ')' && !inClass && --depth === 0) return i
  }
  throw new PriceBookError(`The pattern ${regex} does not close.`)
}
