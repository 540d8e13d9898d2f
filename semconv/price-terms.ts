import type { Reading } from './reading.ts'
import { type JsonObject, member, truth } from './value.ts'

/** Words for "as usual", which change no price: OpenAI, Anthropic, Google, Claude Code (`speed` normal). */
const usual: ReadonlySet<string> = new Set(['', 'auto', 'global', 'default', 'standard', 'normal', 'on_demand', 'not_available', 'unspecified'])

/** Hosts that say where a model runs: Bedrock's and Vertex's regional endpoints. */
const regionalHosts: readonly RegExp[] = [
  /^bedrock-runtime(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com$/,
  /^([a-z]+-[a-z]+\d+)-aiplatform\.googleapis\.com$/,
]

/** What a span's own keys add to the words its dialect found, in a fixed order: `flex`, `batch region:us-east-1`. '' is as usual. */
export function priceTerms(words: string, reading: Reading): string {
  const batch = reading.value('batch')
  const speed = reading.word('speed')
  const host = reading.word('serverAddress')
  const region = reading.word('region') || (host === '' ? '' : hostRegion(host))
  if (batch === undefined && speed === '' && region === '') return words
  const said = termsOf(words)
  return wordsOf({
    tier: said.tier, batch: said.batch || (batch !== undefined && truth(batch) !== false),
    speed: speed || said.speed, region: region || said.region,
  })
}

/** What a provider's own usage body says: Anthropic's `service_tier`, `speed` and `inference_geo`, Google's `serviceTier`. */
export function bodyTerms(usage: JsonObject | undefined): string {
  const said = (key: string): string => {
    const value = member(usage, key)
    return typeof value === 'string' && value.length <= termLengthMax ? value : ''
  }
  const { tier, batch } = termsOf(said('service_tier') || said('serviceTier'))
  return wordsOf({ tier, batch, speed: said('speed'), region: said('inference_geo') })
}

/** Characters of one word; the longest region of a cloud has 20. */
const termLengthMax = 64

const wordsOf = ({ tier, batch, speed, region }: PriceTerms): string => [
  usual.has(tier.toLowerCase()) ? '' : tier,
  batch ? 'batch' : '',
  usual.has(speed.toLowerCase()) ? '' : `speed:${speed}`,
  usual.has(region.toLowerCase()) ? '' : `region:${region}`,
].filter((word) => word !== '').map((word) => word.replaceAll(/\s+/g, '_')).join(' ')

function hostRegion(host: string): string {
  for (const pattern of regionalHosts) {
    const region = pattern.exec(host)?.[1]
    if (region !== undefined) return region
  }
  return ''
}

/** What a price may depend on beside model, time and prompt. '' is as usual. */
export interface PriceTerms {
  readonly tier: string
  readonly batch: boolean
  readonly speed: string
  readonly region: string
}

/** The words apart. A tier that is called batch is a batch, whoever says so. */
export function termsOf(words: string): PriceTerms {
  const terms = { tier: '', batch: false, speed: '', region: '' }
  for (const word of words.toLowerCase().split(' ')) {
    if (word === 'batch') terms.batch = true
    else if (word.startsWith('speed:')) terms.speed = word.slice('speed:'.length)
    else if (word.startsWith('region:')) terms.region = word.slice('region:'.length)
    else if (!usual.has(word)) terms.tier = word
  }
  return terms
}
