import type { PriceBook } from '#collector/price/book.ts'

/**
 * Who sells a model, who runs it, who made it, in the words of bills. A provider is spelled as telemetry spells it; the price
 * book knows the spellings.
 */
interface Seller {
  readonly seller: string
  readonly service: string
}

/** By the price book's id; others are called as the price book calls them. */
const sellers: Readonly<Record<string, Seller>> = {
  anthropic: { seller: 'Anthropic', service: 'Claude API' },
  aws: { seller: 'Amazon Web Services', service: 'Amazon Bedrock' },
  azure: { seller: 'Microsoft', service: 'Azure OpenAI' },
  cohere: { seller: 'Cohere', service: 'Cohere API' },
  deepseek: { seller: 'DeepSeek', service: 'DeepSeek API' },
  google: { seller: 'Google', service: 'Gemini API' },
  mistral: { seller: 'Mistral AI', service: 'Mistral API' },
  openai: { seller: 'OpenAI', service: 'OpenAI API' },
  'x-ai': { seller: 'xAI', service: 'xAI API' },
}
/** Spellings that name a service of their own. */
const services: Readonly<Record<string, string>> = { 'gcp.vertex_ai': 'Vertex AI', vertex_ai: 'Vertex AI', vertexai: 'Vertex AI', 'azure.ai.inference': 'Azure AI Foundry' }

/** Who made a model, by its name in lower case (RE2). A model that none matches is its seller's. */
const publishers: readonly (readonly [pattern: string, name: string])[] = [
  ['(^|[./])(gpt|chatgpt|o[1-9]|text-embedding|davinci|dall-e|whisper|codex)(-|$|[0-9.])', 'OpenAI'],
  ['(^|[./])(anthropic\\.|claude)', 'Anthropic'],
  ['(^|[./])(gemini|gemma|palm)', 'Google'],
  ['(^|[./])(amazon\\.|nova-|titan-)', 'Amazon'],
  ['(^|[./])(meta\\.|llama|meta-llama)', 'Meta'],
  ['(^|[./])(mistral|mixtral|codestral|ministral|magistral|devstral)', 'Mistral AI'],
  ['(^|[./])(cohere\\.|command|embed-|rerank-)', 'Cohere'],
  ['(^|[./])deepseek', 'DeepSeek'],
  ['(^|[./])(qwen|qwq)', 'Alibaba Cloud'],
  ['(^|[./])grok', 'xAI'],
]

interface Names {
  readonly spellings: readonly string[]
  readonly sellers: readonly string[]
  readonly services: readonly string[]
}

/** Every spelling of a provider with its seller and service, for the columns below. */
function sellerNames({ aliases, providers }: PriceBook): Names {
  const all = new Map([...[...providers.keys()].map((id) => [id, id] as const), ...Object.entries(aliases)])
  const of = (id: string): Seller => sellers[id] ?? { seller: providers.get(id)?.name ?? id, service: providers.get(id)?.name ?? id }
  const spellings = [...all.keys()].sort()
  return {
    spellings,
    sellers: spellings.map((spelling) => of(all.get(spelling) ?? spelling).seller),
    services: spellings.map((spelling) => services[spelling] ?? of(all.get(spelling) ?? spelling).service),
  }
}

const unknown = `if(provider = '', 'Unknown', provider)`
export const sellerSql = `transform(toString(provider), {seller_spellings:Array(String)}, {seller_names:Array(String)}, ${unknown})`
export const serviceSql = `transform(toString(provider), {seller_spellings:Array(String)}, {seller_services:Array(String)}, ${unknown})`
export const publisherSql = `multiIf(${publishers.map(([pattern, name]) => `match(lower(model), '${pattern.replaceAll('\\', '\\\\')}'), '${name}'`).join(', ')}, ${sellerSql})`

/** What the columns above bind. The book is the one in use: an overlay may name providers and spellings of its own. */
export function sellerParams(book: PriceBook): Readonly<Record<string, readonly string[]>> {
  const { spellings, sellers: seller_names, services: seller_services } = sellerNames(book)
  return { seller_spellings: spellings, seller_names, seller_services }
}
