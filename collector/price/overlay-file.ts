import { isMap, LineCounter, parseDocument } from 'yaml'
import { type Card, type Clause, type Prices, pieceUnits, type PriceUnit, type Rate, tokenUnits } from './book.ts'
import { checkCard, PriceBookError } from './check-book.ts'
import { type Conditions, type Overlay, type OverlayModel, type PriceRule } from './overlay.ts'

/** Characters of one file: a hundred times the largest list of a provider's tiers. */
export const overlayTextMax = 1_000_000
/** Models and prices of one file. */
const itemsMax = 10_000
const nameLengthMax = 256

/**
 * The overlay that a file in YAML or JSON describes; the format stands in README.md. Throws `PriceBookError` with one line
 * that names the file, the key and the value.
 */
export function overlayFromFile(file: string, text: string): Overlay {
  if (text.length > overlayTextMax) throw new PriceBookError(`${file}: the file has ${text.length} characters, at most ${overlayTextMax} are read`)
  const lines = new LineCounter()
  // An alias repeats a whole part: a few lines could become gigabytes.
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, intAsBigInt: false, schema: 'core' })
  const [broken] = document.errors
  if (broken) throw new PriceBookError(`${file}: line ${lines.linePos(broken.pos[0]).line} is no valid YAML: ${broken.message.split('\n')[0] ?? ''}`)
  if (!isMap(document.contents)) throw new PriceBookError(`${file}: the file must be a map with format, name, source and prices`)
  const root = at(file, '', toPlain(file, document), ['format', 'name', 'source', 'currency', 'aliases', 'pass_through', 'models', 'prices', 'contracts'])
  if (root.value('format') !== 1) throw root.wrong('format', 'this version reads format 1')
  if (root.value('currency') !== undefined && root.value('currency') !== 'USD') throw root.wrong('currency', 'only USD is known: convert the prices and say at which rate in "source"')
  return {
    name: root.text('name'), source: root.text('source'), aliases: aliases(root), passThrough: root.texts('pass_through'),
    models: root.list('models', ['provider', 'model', 'match', 'same_as', 'per_million_tokens', 'per_thousand', 'per_hour', 'above']).map(modelFrom),
    rules: [
      ...root.list('prices', ruleKeys).map((entry) => ruleFrom(entry)),
      ...root.list('contracts', [...ruleKeys, 'tenant', 'contract']).map((entry) => ({ ...ruleFrom(entry), tenant: entry.text('tenant'), contract: entry.text('contract') })),
    ].map((rule, i) => checkedRule(file, rule, i)),
  }
}

const ruleKeys = ['provider', 'model', 'when', 'from', 'to', 'multiply', 'per_million_tokens', 'per_thousand', 'per_hour', 'above']

function toPlain(file: string, document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 })
  } catch {
    throw new PriceBookError(`${file}: YAML aliases (*name) are not read: write the part out`)
  }
}

/** A map of the file, and where it stands. */
interface Entry {
  readonly file: string
  readonly path: string
  has(key: string): boolean
  value(key: string): unknown
  text(key: string): string
  texts(key: string): readonly string[]
  list(key: string, keys: readonly string[]): readonly Entry[]
  map(key: string, keys: readonly string[] | undefined): Entry | undefined
  keys(): readonly string[]
  wrong(key: string, allowed: string): PriceBookError
}

function at(file: string, path: string, found: unknown, allowed: readonly string[] | undefined): Entry {
  if (typeof found !== 'object' || found === null || Array.isArray(found)) {
    throw new PriceBookError(`${file}: ${path === '' ? 'the file' : path} is ${shown(found)}: it must be a map`)
  }
  const map = found as Readonly<Record<string, unknown>>
  const full = (key: string) => (path === '' ? key : `${path}.${key}`)
  const value = (key: string): unknown => (Object.hasOwn(map, key) ? map[key] : undefined)
  const wrong = (key: string, what: string) => new PriceBookError(`${file}: ${full(key)} is ${shown(value(key))}: ${what}`)
  for (const key of Object.keys(map)) {
    if (allowed && !allowed.includes(key)) throw new PriceBookError(`${file}: ${full(key)} is no key of this format: allowed are ${allowed.join(', ')}`)
  }
  const text = (key: string): string => {
    const said = value(key)
    if (typeof said !== 'string' || said.trim() === '' || said.length > nameLengthMax) throw wrong(key, `it must be a text of 1 to ${nameLengthMax} characters`)
    return said.trim()
  }
  const items = (key: string): readonly unknown[] => {
    const said = value(key) ?? []
    if (!Array.isArray(said) || said.length > itemsMax) throw wrong(key, `it must be a list of at most ${itemsMax}`)
    return said as unknown[]
  }
  return {
    file, path, value, wrong, text,
    has: (key) => value(key) !== undefined,
    keys: () => Object.keys(map),
    texts: (key) => items(key).map((item) => {
      if (typeof item !== 'string' || item === '') throw wrong(key, 'it must be a list of names')
      return item.toLowerCase()
    }),
    list: (key, keys) => items(key).map((item, i) => at(file, `${full(key)}[${i}]`, item, keys)),
    map: (key, keys) => (value(key) === undefined ? undefined : at(file, full(key), value(key), keys)),
  }
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  const text = typeof value === 'string' ? `"${value}"` : typeof value === 'object' && value !== null ? (Array.isArray(value) ? 'a list' : 'a map') : String(value)
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

function aliases(root: Entry): Readonly<Record<string, string>> {
  const map = root.map('aliases', undefined)
  return Object.fromEntries((map?.keys() ?? []).map((key) => [key.toLowerCase(), map?.text(key) ?? '']))
}

function modelFrom(entry: Entry): OverlayModel {
  const provider = entry.text('provider').toLowerCase()
  const model = entry.text('model').toLowerCase()
  if (entry.has('same_as')) {
    const target = entry.text('same_as')
    const slash = target.indexOf('/')
    if (slash < 1) throw entry.wrong('same_as', 'write provider/model, the names "prices show" gives')
    for (const key of ['match', 'per_million_tokens', 'per_thousand', 'per_hour', 'above']) {
      if (entry.has(key)) throw entry.wrong(key, 'a model that is the same as another has no rule and no prices of its own')
    }
    return { provider, model, sameAs: { provider: target.slice(0, slash), card: target.slice(slash + 1) } }
  }
  const card: Card = { id: model, match: clauseFrom(entry) ?? { equals: model }, periods: [{ rates: ratesFrom(entry) }] }
  try {
    checkCard(provider, card)
  } catch (cause) {
    if (cause instanceof PriceBookError) throw new PriceBookError(`${entry.file}: ${entry.path}: ${cause.message}`, { cause })
    throw cause
  }
  return { provider, model, card }
}

const clauseFrom = (entry: Entry): Clause | undefined => (entry.has('match') ? entry.value('match') as Clause : undefined)

function ruleFrom(entry: Entry): PriceRule {
  const provider = entry.text('provider').toLowerCase()
  const model = entry.text('model')
  const dates = Object.fromEntries((['from', 'to'] as const).flatMap((key) => (entry.has(key) ? [[key, dateFrom(entry, key)]] : [])))
  const rule = { provider, model, when: conditionsFrom(entry), ...dates }
  if (!entry.has('multiply')) return { ...rule, rates: ratesFrom(entry) }
  for (const key of ['per_million_tokens', 'per_thousand', 'per_hour', 'above']) {
    if (entry.has(key)) throw entry.wrong(key, 'an entry has either "multiply" or prices')
  }
  return { ...rule, factor: decimalText(entry, 'multiply', 6) }
}

function checkedRule(file: string, rule: PriceRule, index: number): PriceRule {
  const conditions = Object.keys(rule.when).length
  const where = `${file}: the price of ${rule.provider}/${rule.model} (number ${index + 1})`
  if (rule.from !== undefined && rule.to !== undefined && rule.to <= rule.from) throw new PriceBookError(`${where} ends on ${rule.to}, not after its start ${rule.from}`)
  if (rule.rates && rule.model === '*') throw new PriceBookError(`${where} is for every model: only "multiply" can be, a price names its model`)
  if (rule.factor !== undefined && conditions > 1) throw new PriceBookError(`${where} multiplies under ${conditions} conditions: write one factor per condition, they multiply with each other`)
  if (rule.factor !== undefined && conditions === 0 && rule.tenant === undefined) throw new PriceBookError(`${where} multiplies always: name a condition in "when", or write a contract`)
  return rule
}

function conditionsFrom(entry: Entry): Conditions {
  const when = entry.map('when', ['tier', 'batch', 'speed', 'region'])
  if (when === undefined) return {}
  if (when.has('batch') && when.value('batch') !== true) throw when.wrong('batch', 'it can only be true')
  const words = Object.fromEntries((['tier', 'speed', 'region'] as const).flatMap((key) => {
    if (!when.has(key)) return []
    const word = when.text(key).toLowerCase()
    if (!/^[a-z0-9._-]+\*?$/.test(word) || (word.endsWith('*') && key !== 'region')) throw when.wrong(key, 'a condition is one word; a region may end in *')
    return [[key, word]]
  }))
  return { ...words, ...(when.has('batch') && { batch: true as const }) }
}

function dateFrom(entry: Entry, key: string): string {
  const said = entry.value(key)
  const text = typeof said === 'string' ? said : ''
  const time = Date.parse(`${text}T00:00:00Z`)
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text) {
    throw entry.wrong(key, 'a date is YYYY-MM-DD, from midnight UTC')
  }
  return text
}

function ratesFrom(entry: Entry): readonly Rate[] {
  const base = pricesFrom(entry)
  // A search costs the same in a long prompt, unless its tier says otherwise.
  const pieces = Object.fromEntries(pieceUnits.flatMap((unit) => (base[unit] === undefined ? [] : [[unit, base[unit]]])))
  const rates = [{ above: 0, prices: base }, ...entry.list('above', ['tokens', 'per_million_tokens', 'per_thousand', 'per_hour']).map((tier) => {
    const tokens = tier.value('tokens')
    if (typeof tokens !== 'number' || !Number.isSafeInteger(tokens) || tokens <= 0) throw tier.wrong('tokens', 'it must be a whole number of tokens above 0')
    return { above: tokens, prices: { ...pieces, ...pricesFrom(tier) } }
  })]
  rates.forEach(({ above }, i) => {
    const previous = rates[i - 1]
    if (previous && above <= previous.above) throw entry.wrong('above', 'its tokens must ascend')
  })
  return rates
}

/** Key of the file, its units, and how many decimals one dollar of it has in pico-dollars per unit. */
const groups: readonly (readonly [string, Readonly<Record<string, PriceUnit>>, number])[] = [
  ['per_million_tokens', Object.fromEntries(tokenUnits.map((unit) => [unit, unit])), 6],
  ['per_thousand', Object.fromEntries(pieceUnits.filter((unit) => unit !== 'audio_hour').map((unit) => [unit, unit])), 9],
  ['per_hour', { audio: 'audio_hour' }, 12],
]

function pricesFrom(entry: Entry): Prices {
  const prices: Partial<Record<PriceUnit, number>> = {}
  for (const [key, units, decimals] of groups) {
    const group = entry.map(key, undefined)
    for (const name of group?.keys() ?? []) {
      const unit = Object.hasOwn(units, name) ? units[name] : undefined
      if (unit === undefined || group === undefined) throw new PriceBookError(`${entry.file}: ${entry.path}.${key}.${name} is no unit: allowed are ${Object.keys(units).join(', ')}`)
      prices[unit] = pico(decimalText(group, name, decimals), decimals)
    }
  }
  if (Object.keys(prices).length === 0) throw new PriceBookError(`${entry.file}: ${entry.path} has no prices: write per_million_tokens, per_thousand or per_hour`)
  return prices
}

function pico(text: string, decimals: number): number {
  const [whole = '0', fraction = ''] = text.split('.')
  return Number(whole + fraction.padEnd(decimals, '0'))
}

/** A number of the file as a plain decimal. Numbers above 1,000 dollars are a mistake of units. */
function decimalText(entry: Entry, key: string, decimals: number): string {
  const said = entry.value(key)
  const text = typeof said === 'number' ? String(said) : typeof said === 'string' ? said : ''
  if (!/^\d{1,4}(\.\d{1,12})?$/.test(text) || Number(text) > 1_000 || (text.split('.')[1]?.length ?? 0) > decimals) {
    throw entry.wrong(key, `it must be from 0 to 1000 with at most ${decimals} decimals, not negative`)
  }
  return text
}
