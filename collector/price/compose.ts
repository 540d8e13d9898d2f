import { type BookData, bookFrom, type PriceBook } from './book.ts'
import { checkedBook, PriceBookError } from './check-book.ts'
import { bookFromGenaiPrices, isGenaiPrices } from './genai-prices.ts'
import { type Overlay, ruleName } from './overlay.ts'
import { overlayFromFile } from './overlay-file.ts'
import { tie } from './rules.ts'

/**
 * The book that importing a file makes of the active one: a price list (a book of ours or genai-prices' own data) takes the
 * place of the list and keeps the overlays; an overlay takes the place of the one with its name, or comes last. Throws
 * `PriceBookError`, one line that starts with the file.
 */
export function importedBook(active: PriceBook, file: string, text: string): PriceBook {
  const json = file.endsWith('.json') ? parsedJson(file, text) : undefined
  if (json !== undefined && (isGenaiPrices(json) || isBook(json))) {
    const list = named(file, () => (isGenaiPrices(json) ? bookFromGenaiPrices(json, file) : checkedBook(json)))
    return named(file, () => checkedTogether({ ...list, overlays: [...(list.overlays ?? []), ...(active.data.overlays ?? [])] }))
  }
  const overlay = overlayFromFile(file, text)
  return named(file, () => checkedTogether(withOverlay(active.data, overlay)))
}

/** Prices of one card: five tiers in five regions with eight changes of price. Each is compared with each. */
const rulesPerCardMax = 200

/** With this overlay in the place of the one that has its name. */
export function withOverlay(data: BookData, overlay: Overlay): BookData {
  return { ...data, overlays: [...(data.overlays ?? []).filter(({ name }) => name !== overlay.name), overlay] }
}

/** A book whose overlays name what is there and leave no choice open. Throws `PriceBookError`. */
export function checkedTogether(data: BookData): PriceBook {
  const { overlays = [], ...list } = data
  // No overlays is the list itself, with the list's version.
  const book = bookFrom(overlays.length === 0 ? list : data)
  const rules = overlays.flatMap((overlay) => overlay.rules)
  for (const [name, { length }] of Map.groupBy(rules, ({ provider, model, tenant }) => `${provider}/${model}${tenant === undefined ? '' : ` for ${tenant}`}`)) {
    if (length > rulesPerCardMax) throw new PriceBookError(`${name} has ${length} prices under conditions, at most ${rulesPerCardMax} are taken`)
  }
  const open = tie(rules)
  if (open !== undefined) throw new PriceBookError(`two prices hold for the same call: ${open}; remove one, give it another date, or add one for all their conditions together`)
  const isCard = (provider: string, card: string): boolean => book.providers.get(provider)?.cards.some(({ id }) => id === card) === true
  const sells = (provider: string, card: string): boolean =>
    isCard(provider, card) || book.providers.get(provider)?.fallbacks?.some((other) => isCard(other, card)) === true
  for (const rule of rules) {
    if (!book.providers.has(rule.provider)) throw new PriceBookError(`the price of ${ruleName(rule)} names the provider ${rule.provider}, which the price book does not have`)
    if (rule.model !== '*' && !sells(rule.provider, rule.model)) throw new PriceBookError(`the price of ${ruleName(rule)} names the model ${rule.model}, which ${rule.provider} does not have; "prices show" gives its name`)
  }
  for (const { models, aliases } of overlays) {
    for (const { model, sameAs } of models) {
      if (sameAs && !isCard(sameAs.provider, sameAs.card)) throw new PriceBookError(`the model ${model} is the same as ${sameAs.provider}/${sameAs.card}, which the price book does not have`)
    }
    for (const [alias, provider] of Object.entries(aliases)) {
      if (!book.providers.has(provider)) throw new PriceBookError(`the alias ${alias} names ${provider}, a provider the price book does not have`)
    }
  }
  return twice(overlays, book)
}

function twice(overlays: readonly Overlay[], book: PriceBook): PriceBook {
  const seen = new Map<string, string>()
  for (const { name, models } of overlays) for (const { provider, model } of models) {
    const key = `${provider}/${model}`
    const other = seen.get(key)
    if (other !== undefined) throw new PriceBookError(`the model ${key} is described twice, by ${other} and by ${name}`)
    seen.set(key, name)
  }
  return book
}

const isBook = (json: unknown): boolean => typeof json === 'object' && json !== null && Object.hasOwn(json, 'providers') && Object.hasOwn(json, 'source')

function parsedJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new PriceBookError(`${file}: the file is no valid JSON`)
  }
}

function named<T>(file: string, make: () => T): T {
  try {
    return make()
  } catch (cause) {
    if (cause instanceof PriceBookError && !cause.message.startsWith(`${file}: `)) throw new PriceBookError(`${file}: ${cause.message}`, { cause })
    throw cause
  }
}
