import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { PriceBookError, checkedBook } from './check-book.ts'
import { selectCard } from './match.ts'
import type { Overlay } from './overlay.ts'
import { type Rules, rulesOf } from './rules.ts'

/** When a rule about a model's name holds. Names are compared in lower case; a regex is RE2 and sees the lower-case name. */
export type Clause =
  | { readonly equals: string }
  | { readonly starts_with: string }
  | { readonly ends_with: string }
  | { readonly contains: string }
  | { readonly regex: string }
  | { readonly and: readonly Clause[] }
  | { readonly or: readonly Clause[] }
  | { readonly not: Clause }

/** Classes of tokens a price can be published for. */
export const tokenUnits = [
  'input', 'cache_read', 'cache_write', 'cache_write_1h', 'input_audio', 'cache_audio_read', 'input_image', 'output',
  'output_reasoning', 'output_audio', 'output_image',
] as const
/** What is charged by the piece, and audio by the hour. */
export const pieceUnits = ['web_search', 'file_search', 'code_execution', 'request', 'audio_hour'] as const
export const priceUnits = [...tokenUnits, ...pieceUnits] as const
export type TokenUnit = (typeof tokenUnits)[number]
export type PieceUnit = (typeof pieceUnits)[number]
export type PriceUnit = TokenUnit | PieceUnit

/** Pico-dollars per token (piece, hour), integers: $1.25 per million tokens is 1250000. Absent is unknown, 0 is free. */
export type Prices = Readonly<Partial<Record<PriceUnit, number>>>

/** All prices that hold for a prompt of more than `above` tokens. A cliff: they hold for every token of the call. */
export interface Rate {
  readonly above: number
  readonly prices: Prices
}

export interface Period {
  /** `YYYY-MM-DD`, holds from midnight UTC; absent: always. */
  readonly from?: string
  /** `[HH:MM:SS, HH:MM:SS)` of every UTC day, may span midnight; absent: all day. */
  readonly hours?: readonly [string, string]
  /** Ascending by `above`, the first at 0. */
  readonly rates: readonly Rate[]
}

export interface Card {
  readonly id: string
  readonly match: Clause
  /** The last period that holds counts; the first has neither `from` nor `hours`. */
  readonly periods: readonly Period[]
  /** What the vendor also charges and no span meters, US dollars per published unit, e.g. `web_searches_kcount: '10'`. */
  readonly unmetered?: Readonly<Record<string, string>>
}

export interface BookProvider {
  readonly id: string
  readonly name: string
  /** Models that are this provider's where the telemetry names none. */
  readonly owns?: Clause
  /** Providers whose cards hold here too where this one has none: Azure sells OpenAI's models at OpenAI's price. */
  readonly fallbacks?: readonly string[]
  /** In order: the first card that matches counts. */
  readonly cards: readonly Card[]
}

/** Models whose names belong to a provider. */
export interface Owner {
  readonly provider: string
  readonly owns: Clause
}

export interface BookData {
  readonly format: 1
  readonly source: Readonly<Record<'package' | 'version' | 'licence' | 'copyright' | 'url', string>>
  readonly aliases: Readonly<Record<string, string>>
  readonly passThrough: readonly string[]
  readonly owners: readonly Owner[]
  readonly providers: readonly BookProvider[]
  /** Published prices with more than 12 decimals of a dollar per token, rounded half up: `[provider/model unit, published]`. */
  readonly rounded: readonly (readonly [string, string])[]
  /** What was imported over the list, in order of import: conditions, contracts, models of one's own. Absent: nothing. */
  readonly overlays?: readonly Overlay[]
}

export interface PriceBook {
  /** sha256 of the canonical JSON of `data`, 64 hex digits: equal versions give equal prices. */
  readonly version: string
  readonly data: BookData
  /** With the overlays' models before the list's own. */
  readonly providers: ReadonlyMap<string, BookProvider>
  readonly aliases: Readonly<Record<string, string>>
  readonly passThrough: ReadonlySet<string>
  /** For whom `rules` hold, '' for nobody: then no contract does. */
  readonly tenant: string
  readonly rules: Rules
}

/** JSON with sorted keys and no white space: one text, hence one hash, per content. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const entries = Object.entries(value).filter(([, item]) => item !== undefined).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`
}

/** A book from its JSON text. Throws `PriceBookError`, whose message names the provider or card and what is wrong. */
export function parseBook(json: string): PriceBook {
  const data = checkedBook(parsed(json))
  return bookOf(canonicalJson(data), data)
}

let shipped: PriceBook | undefined
/** The book in the product, read once. Made by `freeze.ts`; `freeze.test.ts` holds it to its source and to `parseBook`. */
export function shippedBook(): PriceBook {
  if (shipped) return shipped
  // The file is canonical but for its line breaks: sorting it again would take three times as long as all the rest.
  const json = readFileSync(new URL('./shipped-book.json', import.meta.url), 'utf8').replaceAll('\n', '')
  return (shipped = bookOf(json, JSON.parse(json) as BookData))
}

function bookOf(canonical: string, data: BookData): PriceBook {
  const version = createHash('sha256').update(canonical).digest('hex')
  const overlays = data.overlays ?? []
  return {
    version, data, providers: providersOf(data),
    aliases: Object.assign({}, data.aliases, ...overlays.map(({ aliases }) => aliases)) as Record<string, string>,
    passThrough: new Set([...data.passThrough, ...overlays.flatMap(({ passThrough }) => passThrough)]),
    tenant: '', rules: rulesOf(overlays, ''),
  }
}

function providersOf({ providers, overlays }: BookData): Map<string, BookProvider> {
  const found = new Map(providers.map((provider) => [provider.id, provider]))
  // Earlier overlays last: each puts its cards in front of what is there.
  for (const { provider, card } of (overlays ?? []).flatMap(({ models }) => models)) {
    if (card === undefined) continue
    const known = found.get(provider) ?? { id: provider, name: provider, cards: [] }
    found.set(provider, { ...known, cards: [card, ...known.cards] })
  }
  return found
}

/** The book as it holds for a tenant: with the contracts of nobody else. Its version stays, because the book does. */
export function bookFor(book: PriceBook, tenant: string): PriceBook {
  return book.tenant === tenant ? book : { ...book, tenant, rules: rulesOf(book.data.overlays ?? [], tenant) }
}

/** A book of this content. The content must have been checked. */
export const bookFrom = (data: BookData): PriceBook => bookOf(canonicalJson(data), data)

/** Whose card prices the model where the telemetry names no provider, '' if no card matches. */
export function priceBookProvider(book: PriceBook, model: string): string {
  const selection = selectCard(book, { provider: '', requestModel: model, responseModel: '' })
  return 'card' in selection ? selection.provider : ''
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw new PriceBookError('The price book is not JSON.', { cause })
  }
}
