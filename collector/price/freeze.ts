/**
 * Makes `shipped-book.json` from the data of `@pydantic/genai-prices` (MIT, a devDependency: nothing of it runs in the
 * product). Run `node collector/price/freeze.ts` after changing that package's version or `aliases.ts`.
 *
 * Only the published data is taken. The package's arithmetic is floating point; ours is not.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type ConditionalPrice, type MatchLogic, type ModelInfo, type Provider, type TieredPrices, waitForUpdate,
} from '@pydantic/genai-prices'
import { owners, passThrough, providerAliases } from './aliases.ts'
import {
  type BookData, type BookProvider, type Card, type Clause, type Period, type PriceUnit, type Rate, canonicalJson,
} from './book.ts'

const unitNames: Readonly<Record<string, PriceUnit>> = {
  input_mtok: 'input', cache_read_mtok: 'cache_read', cache_write_mtok: 'cache_write', cache_write_1h_mtok: 'cache_write_1h',
  input_audio_mtok: 'input_audio', cache_audio_read_mtok: 'cache_audio_read', input_image_mtok: 'input_image',
  output_mtok: 'output', output_reasoning_mtok: 'output_reasoning', output_audio_mtok: 'output_audio',
  output_image_mtok: 'output_image',
}

/** The book that the installed package and our aliases make. Throws where the data holds something this reader does not know. */
export async function freeze(): Promise<BookData> {
  const providers = await waitForUpdate()
  if (!providers) throw new Error('@pydantic/genai-prices holds no data.')
  const rounded: [string, string][] = []
  return {
    format: 1,
    source: source(),
    aliases: providerAliases,
    passThrough,
    owners,
    providers: providers.map((provider) => frozenProvider(provider, rounded)),
    rounded,
  }
}

function source(): BookData['source'] {
  const main = createRequire(import.meta.url).resolve('@pydantic/genai-prices')
  const root = dirname(dirname(main))
  const { name, version, homepage } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, string>
  const copyright = /^Copyright.*$/m.exec(readFileSync(join(root, 'LICENSE'), 'utf8'))?.[0]
  if (!name || !version || !homepage || !copyright) throw new Error('The package lacks its name, version, home page or copyright.')
  return { package: name, version, licence: 'MIT', copyright: copyright.trim(), url: homepage }
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
  if (!match?.[1]) throw new Error(`${card} has the hour ${time}, which is not whole seconds in UTC.`)
  return match[1]
}

/** Tiers are published per unit; a rate holds all units, so that a call's tier is chosen once. */
function frozenRates(card: string, published: ConditionalPrice['prices'], rounded: [string, string][]): Rate[] {
  const known = Object.entries(published).flatMap(([key, value]) => {
    const unit = unitNames[key]
    return unit && value !== undefined ? [{ unit, value }] : []
  })
  // A variant that is published as free carries no prices at all.
  if (known.length === 0 && card.endsWith(':free')) return [{ above: 0, prices: { input: 0, output: 0 } }]
  const starts = known.flatMap(({ value }) => (typeof value === 'number' ? [] : value.tiers.map(({ start }) => start)))
  return [...new Set([0, ...starts])].sort((a, b) => a - b).map((above) => ({
    above,
    prices: Object.fromEntries(known.map(({ unit, value }) => {
      return [unit, picoPerToken(`${card} ${unit}`, typeof value === 'number' ? value : priceAbove(value, above), rounded)]
    })),
  }))
}

function priceAbove({ base, tiers }: TieredPrices, above: number): number {
  const reached = tiers.filter(({ start }) => above > 0 && start <= above)
  return reached.sort((a, b) => a.start - b.start).at(-1)?.price ?? base
}

/**
 * Dollars per million tokens as pico-dollars per token, from the shortest decimal that reads as that float. More than
 * six decimals are no price but a float artefact or a repeating fraction (a cache-hour divided by twelve).
 */
function picoPerToken(name: string, dollars: number, rounded: [string, string][]): number {
  const text = decimal(dollars)
  const [whole = '0', fraction = ''] = text.split('.')
  const pico = BigInt(whole + fraction.slice(0, 6).padEnd(6, '0')) + (Number(fraction[6] ?? '0') >= 5 ? 1n : 0n)
  if (fraction.length > 6) rounded.push([name, text])
  return Number(pico)
}

function decimal(value: number): string {
  const text = String(value)
  if (!/^\d+(\.\d+)?$/.test(text)) throw new Error(`The price ${text} is not a plain decimal.`)
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
  throw new Error(`The pattern ${regex} does not close.`)
}

/**
 * The canonical JSON with line breaks between its parts, one card per line: a change of prices reads as one in review, and
 * the text without its line breaks is what the version is the hash of. `cards` sorts before a provider's other keys.
 */
export function bookText(book: BookData): string {
  const provider = ({ cards, ...rest }: BookProvider) =>
    `{"cards":[\n${cards.map(canonicalJson).join(',\n')}\n],${canonicalJson(rest).slice(1)}`
  const parts = Object.entries(book).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) =>
    `"${key}":${key === 'providers' ? `[\n${book.providers.map(provider).join(',\n')}\n]` : canonicalJson(value)}`)
  return `{${parts.join(',\n')}}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('./shipped-book.json', import.meta.url), bookText(await freeze()))
}
