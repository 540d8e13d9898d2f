/**
 * A small language for pricing cases, so that somebody from finance can read and add one:
 *
 *   price openai/gpt-5 input=1.25 output=10            US dollars per million tokens; the name's rule is "starts with"
 *   price openai/gpt-5 from=2026-09-01 input=2         … of the same card, from midnight UTC
 *   price openai/gpt-5 above=200000 input=2.5          … of the same period, for longer prompts
 *   rule  openai/gpt-5 tier=flex x0.5                  … times a factor, under a condition: tier, batch, speed, region
 *   rule  openai/gpt-5 batch input=0.6 output=5        … or at prices of its own; from= and to= as days, tenant= for a contract
 *   alias open_ai openai · pass litellm · fallback azure openai · owns openai gpt-
 *   call  openai gpt-5 uncached=400 cache_read=600 at=2026-10-01T00:00:00Z      `request→response`, `-` for none
 *   call  openai gpt-5 uncached=400 batch region=us-east-1 tenant=acme          … under terms, for a tenant
 *
 * Meters are written without `input.` and `output.` where that is unambiguous. Answers one line per priced meter. Searches and
 * requests are priced per thousand, audio per hour.
 */
import { meters, type Meter, pieceMeters } from '#semconv/facts.ts'
import { type BookData, bookFor, type PriceBook, pieceUnits, type PriceUnit, type Rate } from './book.ts'
import { checkedBook } from './check-book.ts'
import { checkedTogether } from './compose.ts'
import type { Conditions, PriceRule } from './overlay.ts'
import { type PricedCall, type Pricing, price } from './price.ts'

type Draft<T> = {
  -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? Draft<E>[] : T[K] extends object ? Draft<T[K]> : T[K]
}

export function play(text: string, at?: PriceBook): string {
  const lines = text.split('\n').map((line) => line.replace(/#.*$/, '').trim()).filter((line) => line !== '')
  const book = at ?? bookOfLines(lines)
  return lines.filter((line) => line.startsWith('call ')).map((line) => answer(price(bookFor(book, tenantOf(line)), callFrom(line)))).join('\n')
}

export const bookOfLines = (lines: readonly string[]): PriceBook => checkedTogether(checkedBook(bookFrom(lines)))

export const tenantOf = (line: string): string => /\stenant=(\S+)/.exec(line)?.[1] ?? ''

export function callFrom(line: string): PricedCall {
  const [, provider = '', models = '', ...rest] = line.split(/\s+/)
  const [request = '', response = ''] = models.split('→')
  const usage: Partial<Record<Meter, number>> = {}
  let at = '2026-10-01T12:00:00Z'
  const terms: string[] = []
  for (const item of rest) {
    const [key = '', value = ''] = item.split('=')
    if (key === 'at') at = value
    else if (key === 'tier' || key === 'batch') terms.push(value || key)
    else if (key === 'speed' || key === 'region') terms.push(`${key}:${value}`)
    else if (key !== 'tenant') usage[meterNamed(key)] = Number(value)
  }
  const named = { provider: none(provider), requestModel: none(request), responseModel: none(response) }
  return { ...named, usage, at: nanos(at), serviceTier: terms.join(' ') }
}

export function answer(pricing: Pricing): string {
  if (pricing.basis === 'UNPRICED') return `unpriced: ${pricing.reason}`
  return [
    ...pricing.lines.map(({ meter, quantity, unitPrice, amount, priceCard }) =>
      `${meter} ${quantity} x ${isPiece(meter) ? dollars(unitPrice) : `${dollars(unitPrice * 1_000_000n)}/M`} = ${dollars(amount)} ${priceCard}`),
    ...pricing.unpriced.map(({ meter, quantity }) => `${meter} ${quantity} unpriced`),
  ].join('\n')
}

const isPiece = (meter: Meter): boolean => (pieceMeters as readonly string[]).includes(meter)

/** Pico-dollars as dollars, no trailing zeros. */
export function dollars(pico: bigint): string {
  const digits = pico.toString().padStart(13, '0')
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`.replace(/\.?0+$/, '')
}

function bookFrom(lines: readonly string[]): BookData {
  const book: Draft<BookData> = {
    format: 1, source: { package: 'test', version: '1', licence: 'MIT', copyright: '', url: '' },
    aliases: {}, passThrough: [], owners: [], providers: [], rounded: [],
  }
  const rules: PriceRule[] = []
  const provider = (id: string) => {
    let found = book.providers.find((each) => each.id === id)
    if (!found) book.providers.push((found = { id, name: id, cards: [] }))
    return found
  }
  for (const line of lines) {
    const [word, subject = '', ...rest] = line.split(/\s+/)
    if (word === 'alias') book.aliases[subject] = rest[0] ?? ''
    else if (word === 'pass') book.passThrough.push(subject)
    else if (word === 'fallback') provider(subject).fallbacks = rest
    else if (word === 'owns') provider(subject).owns = { starts_with: rest[0] ?? '' }
    else if (word === 'price') {
      const [id = '', card = ''] = subject.split('/')
      addPrice(provider(id), card, rest)
    }
    else if (word === 'rule') addRule(rules, subject, rest)
    else if (word !== 'call') throw new Error(`A case starts with price, rule, alias, pass, fallback, owns or call, not ${word}.`)
  }
  const overlay = { name: 'rules', source: 'test', aliases: {}, passThrough: [], models: [], rules }
  return { ...book as BookData, ...(rules.length > 0 && { overlays: [overlay] }) }
}

function addPrice(provider: Draft<BookData>['providers'][number], id: string, items: readonly string[]): void {
  const values = Object.fromEntries(items.map((item) => item.split('=') as [string, string]))
  const { from, hours, above, ...units } = values
  let card = provider.cards.find((each) => each.id === id)
  if (!card) provider.cards.push((card = { id, match: { starts_with: id }, periods: [] }))
  if (above === undefined) {
    card.periods.push({ ...(from && { from }), ...(hours && { hours: hours.split('-') as [string, string] }), rates: [] })
  }
  card.periods.at(-1)?.rates.push({ above: Number(above ?? 0), prices: pricesOf(units) })
}

/** A second line of the same rule with `above=` is its next tier. */
function addRule(rules: PriceRule[], subject: string, items: readonly string[]): void {
  const [provider = '', model = ''] = subject.split('/')
  const factor = items.find((item) => /^x\d/.test(item))?.slice(1)
  const values = Object.fromEntries(items.filter((item) => item !== `x${factor}`).map((item) => (item === 'batch' ? ['batch', ''] : item.split('='))) as [string, string][])
  const { from, to, tenant, above = '0', batch, tier, speed, region, ...units } = values
  const when: Conditions = { ...(tier && { tier }), ...(batch !== undefined && { batch: true as const }), ...(speed && { speed }), ...(region && { region }) }
  const rates: Rate[] | undefined = factor === undefined ? [{ above: Number(above), prices: pricesOf(units) }] : undefined
  const last = rules.at(-1)
  if (above !== '0' && last?.rates && rates) rules[rules.length - 1] = { ...last, rates: [...last.rates, ...rates] }
  else rules.push({ provider, model, when, ...(from && { from }), ...(to && { to }), ...(tenant && { tenant, contract: 'contract' }), ...(rates ? { rates } : { factor: factor ?? '1' }) })
}

function pricesOf(units: Readonly<Record<string, string>>): Partial<Record<PriceUnit, number>> {
  const scale = (unit: string): number => (unit === 'audio_hour' ? 1e12 : (pieceUnits as readonly string[]).includes(unit) ? 1e9 : 1e6)
  return Object.fromEntries(Object.entries(units).map(([unit, value]) => [unit, Math.round(Number(value) * scale(unit))]))
}

function meterNamed(short: string): Meter {
  const meter = meters.find((each) => each === short) ?? meters.find((each) => each.slice(each.indexOf('.') + 1) === short)
  if (!meter) throw new Error(`No meter is called ${short}.`)
  return meter
}

function none(name: string): string {
  return name === '-' ? '' : name
}

function nanos(at: string): bigint {
  const [, whole = '', fraction = ''] = /^([^.Z]*)(?:\.(\d{1,9}))?Z$/.exec(at) ?? []
  return BigInt(Date.parse(`${whole}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}
