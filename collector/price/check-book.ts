import { RE2JS } from 're2js'
import type { BookData, BookProvider, Card, Clause, Period, Rate } from './book.ts'

/** What is wrong with a price book, by the name of the provider or card. */
export class PriceBookError extends Error {}

/** Pico-dollars per token: a dollar, a thousand times the dearest published price. More is a mistake of units. */
const maxUnitPrice = 1_000_000_000_000

/** Rules may nest; a published one never goes deeper than 3. */
const maxClauseDepth = 8

const units: Readonly<Record<keyof Rate['prices'], true>> = {
  input: true, cache_read: true, cache_write: true, cache_write_1h: true, input_audio: true, cache_audio_read: true,
  input_image: true, output: true, output_reasoning: true, output_audio: true, output_image: true,
  web_search: true, file_search: true, code_execution: true, request: true, audio_hour: true,
}
/** Pico-dollars for one of a unit: a thousand dollars, far above a search or an hour of audio. */
const maxPiecePrice = 1_000_000_000_000_000
const byPiece: ReadonlySet<string> = new Set(['web_search', 'file_search', 'code_execution', 'request', 'audio_hour'])

/** The value as a book, whole and consistent, or a `PriceBookError`. */
export function checkedBook(value: unknown): BookData {
  const book = objectOf('The price book', value) as unknown as BookData
  if (book.format !== 1) throw new PriceBookError(`The price book has format ${String(book.format)}; this version reads format 1.`)
  objectOf('"source" of the price book', book.source)
  objectOf('"aliases" of the price book', book.aliases)
  for (const key of ['providers', 'owners', 'passThrough', 'rounded'] as const) listOf(`"${key}" of the price book`, book[key])
  const ids = new Set<string>()
  for (const provider of book.providers) {
    checkProvider(provider)
    if (ids.has(provider.id)) throw new PriceBookError(`The price book names the provider ${provider.id} twice.`)
    ids.add(provider.id)
  }
  for (const [alias, id] of Object.entries(book.aliases)) known(`The alias ${alias}`, id, ids)
  for (const { id, fallbacks } of book.providers) for (const other of fallbacks ?? []) known(`A fallback of ${id}`, other, ids)
  for (const { provider, owns } of book.owners) {
    known('An owner', provider, ids)
    checkClause(`The owner rule of ${provider}`, owns, 0)
  }
  return book
}

function checkProvider(provider: BookProvider): void {
  if (typeof objectOf('A provider', provider).id !== 'string') throw new PriceBookError('A provider has no "id".')
  if (provider.owns !== undefined) checkClause(`"owns" of ${provider.id}`, provider.owns, 0)
  for (const card of listOf(`"cards" of ${provider.id}`, provider.cards)) checkCard(provider.id, card as Card)
}

/** Throws `PriceBookError`. */
export function checkCard(provider: string, card: Card): void {
  if (typeof objectOf(`A card of ${provider}`, card).id !== 'string') throw new PriceBookError(`A card of ${provider} has no "id".`)
  const name = `${provider}/${card.id}`
  checkClause(name, card.match, 0)
  const [first] = listOf(`"periods" of ${name}`, card.periods) as Period[]
  if (!first || first.from !== undefined || first.hours !== undefined) {
    throw new PriceBookError(`The first period of ${name} must hold always: no "from", no "hours".`)
  }
  for (const period of card.periods) checkPeriod(name, period)
}

function checkPeriod(name: string, { from, hours, rates }: Period): void {
  if (from !== undefined && !/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.test(from)) {
    throw new PriceBookError(`${name} has "from" ${from}; a date is YYYY-MM-DD.`)
  }
  if (hours !== undefined && listOf(`"hours" of ${name}`, hours).length !== 2) {
    throw new PriceBookError(`"hours" of ${name} must be a start and an end.`)
  }
  for (const time of hours ?? []) {
    if (!/^([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/.test(time)) {
      throw new PriceBookError(`${name} has the hour ${time}; a time is HH:MM:SS in UTC.`)
    }
  }
  const [first] = listOf(`"rates" of ${name}`, rates) as Rate[]
  if (first?.above !== 0) throw new PriceBookError(`The rates of ${name} must start above 0 tokens.`)
  rates.forEach((rate, i) => checkRate(name, rate, rates[i - 1]))
}

function checkRate(name: string, { above, prices }: Rate, previous: Rate | undefined): void {
  if (previous && !(above > previous.above)) throw new PriceBookError(`The rates of ${name} must ascend by "above".`)
  for (const [unit, price] of Object.entries(objectOf(`"prices" of ${name}`, prices))) {
    if (!Object.hasOwn(units, unit)) {
      throw new PriceBookError(`${name} has the unit ${unit}; allowed are ${Object.keys(units).join(', ')}.`)
    }
    const max = byPiece.has(unit) ? maxPiecePrice : maxUnitPrice
    if (!Number.isInteger(price) || Number(price) < 0 || Number(price) > max) {
      const allowed = `allowed are whole pico-dollars from 0 to ${max}`
      throw new PriceBookError(`${name} has the price ${String(price)} for ${unit}; ${allowed}.`)
    }
  }
}

function checkClause(name: string, clause: Clause, depth: number): void {
  const [[kind, value] = ['', undefined], ...more] = Object.entries(objectOf(`The rule of ${name}`, clause))
  if (more.length > 0 || depth > maxClauseDepth) {
    throw new PriceBookError(`The rule of ${name} must be one test, nested at most ${maxClauseDepth} deep.`)
  }
  if (kind === 'and' || kind === 'or') {
    for (const part of listOf(`"${kind}" of ${name}`, value)) checkClause(name, part as Clause, depth + 1)
  } else if (kind === 'not') checkClause(name, value as Clause, depth + 1)
  else if (!['equals', 'starts_with', 'ends_with', 'contains', 'regex'].includes(kind) || typeof value !== 'string') {
    const allowed = 'allowed are equals, starts_with, ends_with, contains, regex, and, or, not'
    throw new PriceBookError(`${name} has the test "${kind}"; ${allowed}.`)
  } else if (kind === 'regex') checkRegex(name, value)
}

function checkRegex(name: string, regex: string): void {
  try {
    RE2JS.compile(regex)
  } catch (cause) {
    throw new PriceBookError(`${name} has the pattern ${regex}, which is not RE2 (no look-around, no back-references).`, { cause })
  }
}

function known(what: string, id: string, ids: ReadonlySet<string>): void {
  if (!ids.has(id)) throw new PriceBookError(`${what} names ${id}, a provider the price book does not have.`)
}

function objectOf(what: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new PriceBookError(`${what} must be an object.`)
  return value as Record<string, unknown>
}

function listOf(what: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new PriceBookError(`${what} must be a list.`)
  return value
}
