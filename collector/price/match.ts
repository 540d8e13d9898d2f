import { RE2JS } from 're2js'
import type { BookProvider, Card, Clause, PriceBook } from './book.ts'

export interface Named {
  /** As telemetry spells it, '' where it names none. */
  readonly provider: string
  readonly requestModel: string
  readonly responseModel: string
}

export type Selection =
  /** `provider` is who is paid; `card` may be another provider's that holds there too (`seller` names the card's). */
  | { readonly provider: string; readonly seller: string; readonly card: Card }
  | { readonly reason: string }

/** Where a Bedrock call may run, as far as its model's name says. */
type Scope = 'global' | 'regional' | ''

/** Longest model name that is looked up; the longest published one has under 100 characters. */
const maxNameLength = 256
/** Remembered answers per book; names come from outside, so the memory starts afresh when full (about 3 MB). */
const maxRemembered = 10_000

const memories = new WeakMap<PriceBook, Map<string, Selection>>()

/**
 * The one card that prices a call, or why there is none. The response's model decides, else the request's. A named
 * provider must have the card itself or through its published fallbacks: a model called `gpt-4o` on somebody's own
 * machine is not OpenAI's, and its price is not known here.
 */
export function selectCard(book: PriceBook, named: Named): Selection {
  const key = `${named.provider}\n${named.responseModel}\n${named.requestModel}`
  let memory = memories.get(book)
  if (!memory) memories.set(book, (memory = new Map()))
  const known = memory.get(key)
  if (known) return known
  if (memory.size >= maxRemembered) memory.clear()
  const selection = select(book, named)
  if (key.length <= 3 * maxNameLength) memory.set(key, selection)
  return selection
}

/** A provider as telemetry spells it: the book's id, an alias, or either before the first dot (`openai.chat`). */
export function providerNamed(book: PriceBook, name: string): BookProvider | undefined {
  const whole = name.trim().toLowerCase()
  const find = (id: string) => book.providers.get(Object.hasOwn(book.aliases, id) ? book.aliases[id] ?? '' : id)
  const dot = whole.indexOf('.')
  return find(whole) ?? (dot > 0 ? find(whole.slice(0, dot)) : undefined)
}

function select(book: PriceBook, named: Named): Selection {
  const response = modelName(named.responseModel)
  const request = modelName(named.requestModel)
  if (response === '' && request === '') return { reason: 'The call names no model.' }
  const spelled = named.provider.trim().toLowerCase()
  const mapped = mappedModel(book, spelled, response, request)
  if (mapped) return mapped
  const unnamed = spelled === '' || book.passThrough.has(spelled)
  const provider = unnamed ? undefined : providerNamed(book, named.provider) ?? routed(book, spelled, request)
  if (!unnamed && !provider) return { reason: `The price book does not know the provider ${shown(named.provider)}.` }
  for (const model of response === request ? [response] : [response, request]) {
    if (model === '') continue
    // The scope of a Bedrock call is in the request's model; its response names the bare model.
    const scope = scopeOf(model) || (request.includes(model) ? scopeOf(request) : '')
    const found = provider ? inProvider(book, provider, model, scope) : inferred(book, model, scope)
    if (found) return found
  }
  const models = [named.responseModel, named.requestModel].filter((model, i, all) => model !== '' && all.indexOf(model) === i)
  return { reason: `No price card matches ${models.map(shown).join(' or ')}${provider ? ` at ${provider.id}` : ''}.` }
}

/** Somebody said that this very name is a model the book knows. `provider` is then who is named, else who sells it. */
function mappedModel(book: PriceBook, provider: string, response: string, request: string): Selection | undefined {
  for (const model of [response, request]) {
    const target = model === '' ? undefined : book.rules.sameAs(provider, model)
    if (!target) continue
    const card = book.providers.get(target.provider)?.cards.find(({ id }) => id === target.card)
    const paid = book.passThrough.has(provider) ? undefined : providerNamed(book, provider)
    if (card) return { provider: paid?.id ?? target.provider, seller: target.provider, card }
  }
  return undefined
}

/** Hugging Face's router: the seller may stand behind the model's name, `deepseek-ai/DeepSeek-R1:novita` (its documentation, Inference Providers). */
function routed(book: PriceBook, spelled: string, request: string): BookProvider | undefined {
  const colon = request.lastIndexOf(':')
  return spelled === 'huggingface' && colon > 0 ? book.providers.get(`huggingface_${request.slice(colon + 1)}`) : undefined
}

function inProvider(book: PriceBook, provider: BookProvider, model: string, scope: Scope): Selection | undefined {
  for (const name of spellings(book, provider, model)) {
    const own = cardIn(provider, name, scope)
    if (own) return { provider: provider.id, seller: provider.id, card: own }
    for (const id of provider.fallbacks ?? []) {
      const seller = book.providers.get(id)
      const card = seller && cardIn(seller, name, scope)
      if (card) return { provider: provider.id, seller: id, card }
    }
  }
  return undefined
}

/** Ollama's tags, `deepseek-r1:8b` and `:latest`: weights on somebody's machine, whoever made them. No vendor's own names end so. */
const ollamaTag = /:(?:latest|(?:\d+x)?\d+(?:\.\d+)?[bmt](?:-[\w.-]+)?|(?:[\w.]+-)?cloud)$/

/** Who sells a model that came without a provider: its prefix says so (`openai/gpt-5`), or its name is somebody's own. */
function inferred(book: PriceBook, sent: string, scope: Scope): Selection | undefined {
  if (ollamaTag.test(sent)) return undefined
  // LiteLLM puts a gateway's name in front: `vercel_ai_gateway/openai/gpt-5`.
  const model = book.passThrough.has(sent.slice(0, Math.max(sent.indexOf('/'), 0))) ? sent.slice(sent.indexOf('/') + 1) : sent
  const slash = model.indexOf('/')
  const prefixed = slash > 0 ? providerNamed(book, model.slice(0, slash)) : undefined
  if (prefixed) return inProvider(book, prefixed, model.slice(slash + 1), scope)
  const owner = book.data.owners.find(({ owns }) => holds(owns, model))?.provider
  const provider = owner === undefined
    ? book.data.providers.find(({ owns }) => owns && holds(owns, model))
    : book.providers.get(owner)
  return provider && inProvider(book, provider, model, scope)
}

/** What a Bedrock inference profile puts in front of the model's own name: where the call may run. */
const region = '(?:us|us-gov|eu|apac|au|jp|ca|in)'
const scopePrefix = new RegExp(`^(?:global|${region})\\.`)
const regionalName = new RegExp(`(?:^|/)${region}\\.`)

/** Whose models have these names at Bedrock: instrumentations that cut its ids at the dot (OpenLLMetry 0.62.4) leave the maker out. */
const bedrockMakers: readonly (readonly [made: RegExp, maker: string])[] = [
  [/^(?:nova|titan)-/, 'amazon'], [/^llama\d/, 'meta'], [/^(?:devs|magis|minis|mis|mix|pix|vox)tral-/, 'mistral'],
]

/** The name as sent, then rewritten without loss: without its resource's path, without its provider, its date in dashes. */
function spellings(book: PriceBook, provider: BookProvider, model: string): string[] {
  const names = [model]
  const resource = /(?:(?:^|\/)models|:foundation-model|:inference-profile)\/([^/]+)$/.exec(model)?.[1]
  if (resource !== undefined) names.push(resource)
  const slash = model.indexOf('/')
  if (slash > 0 && providerNamed(book, model.slice(0, slash)) === provider) names.push(model.slice(slash + 1))
  if (provider.id.startsWith('huggingface_') && model.endsWith(`:${provider.id.slice('huggingface_'.length)}`)) names.push(model.slice(0, model.lastIndexOf(':')))
  const maker = provider.id === 'aws' ? bedrockMakers.find(([made]) => made.test(model)) : undefined
  if (maker !== undefined) names.push(`${maker[1]}.${model}`)
  // The list has some models bare only; where the call ran is known from the name as sent.
  if (provider.id === 'aws') names.push(...names.filter((name) => scopePrefix.test(name)).map((name) => name.replace(scopePrefix, '')))
  return names.flatMap((name) => {
    const dashed = name.replace(/-(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)/, '-$1-$2-$3')
    return dashed === name ? [name] : [name, dashed]
  })
}

/**
 * Bedrock lists most models twice: `global.` and, 10 % dearer, `regional.`; the imported rules give a bare name the
 * regional card. A bare name does not say where the call ran, and nobody should pay a surcharge on a guess: it gets
 * the global card where there is one, and the regional card only where the name carries a region.
 */
function cardIn(provider: BookProvider, model: string, scope: Scope): Card | undefined {
  const card = provider.cards.find(({ id, match }) => holds(match, model) && !(provider.id === 'aws' && isOtherVersion(id, model)))
  const scoped = card && /^(?:global|regional)\.(.*)$/.exec(card.id)
  if (!scoped) return card
  const wanted = `${scope === 'regional' ? 'regional' : 'global'}.${scoped[1]}`
  return provider.cards.find(({ id }) => id === wanted) ?? card
}

/** The list matches `amazon.titan-embed-text` wherever it stands: its v2, at a fifth of the price, must not be billed as v1. */
function isOtherVersion(card: string, model: string): boolean {
  const [, stem, version] = /^(?:global\.|regional\.)?(.*-v)(\d+)/.exec(card) ?? []
  const at = stem === undefined ? -1 : model.indexOf(stem)
  if (stem === undefined || at < 0) return false
  const named = /^\d+/.exec(model.slice(at + stem.length))?.[0]
  return named !== undefined && named !== version
}

/** An inference profile says its scope as a prefix; the ARN of a bare foundation model is a call in that ARN's region. */
function scopeOf(model: string): Scope {
  if (/(^|\/)global\./.test(model)) return 'global'
  return regionalName.test(model) || model.includes(':foundation-model/') ? 'regional' : ''
}

function holds(clause: Clause, model: string): boolean {
  if ('equals' in clause) return model === clause.equals
  if ('starts_with' in clause) return model.startsWith(clause.starts_with)
  if ('ends_with' in clause) return model.endsWith(clause.ends_with)
  if ('contains' in clause) return model.includes(clause.contains)
  if ('regex' in clause) return compiled(clause).matcher(model).find()
  if ('and' in clause) return clause.and.every((part) => holds(part, model))
  if ('or' in clause) return clause.or.some((part) => holds(part, model))
  return !holds(clause.not, model)
}

const patterns = new WeakMap<Clause, RE2JS>()
function compiled(clause: { readonly regex: string }): RE2JS {
  let pattern = patterns.get(clause)
  if (!pattern) patterns.set(clause, (pattern = RE2JS.compile(clause.regex)))
  return pattern
}

function modelName(name: string): string {
  return name.length > maxNameLength ? '' : name.trim().toLowerCase()
}

function shown(name: string): string {
  return name.length > 80 ? `${name.slice(0, 80)}…` : name
}
