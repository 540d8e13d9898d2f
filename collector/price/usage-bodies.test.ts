import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Meter, Step, Usage } from '#semconv/facts.ts'
import { interpret } from '#semconv/interpret.ts'
import { type PriceBook, shippedBook } from './book.ts'
import { importedBook } from './compose.ts'
import { price, type PricedCall, rounded } from './price.ts'
import { countsOf, tellings } from './provider-bodies.ts'

/**
 * Each way in which our amount differs from the reference, and why that is right. A difference that is none of these fails, and
 * each is tested by the call that would agree. In the order in which they are asked.
 */
const explanations = {
  'no price for a class': `The list has no price for a class of tokens that the call used (cerebras/qwen-3-coder-480b has none at all): the
    reference takes it for 0, we say UNPRICED, because unknown is not free. Without those tokens we agree.`,
  'unread cache writes': `Answers in OpenAI's shape tell what was written to the cache: GPT-5.6 and later as cache_write_tokens, which cost 1.25
    times the input, LiteLLM as Anthropic does. The reference reads that in few API flavors and prices it as fresh input elsewhere.
    Without the writes we agree.`,
  'body of another API': `The reference also reads bodies by API flavors in which the cached tokens, sound and pictures have another name or
    none (OpenAI's Responses as Anthropic's), and prices them as fresh input. Without those parts we agree.`,
  'thoughts beside the output': `Where Gemini answers as OpenAI, its completion_tokens leave the thoughts out and its total_tokens do not; xAI's and
    Perplexity's tell them beside the output. All three charge for them; the reference's reading leaves them out. Without the thoughts we agree.`,
  'lifetime of a cache write': `Not every instrumentation tells how long a write to Anthropic's cache lives: it is then charged as 5 minutes, the
    default, and flagged cache_ttl_unknown. And not every reading of the reference knows it. With the lifetimes as it read them we agree.`,
  'bare Bedrock name': `The reference gives a Bedrock model without a region the regional card, 10 % dearer. We charge no regional
    surcharge on a guess. For a model asked for as us.MODEL we agree.`,
  'newer price list': `The list we ship is a month younger than the reference's. What it mended or split since stands in
    testdata/usage-bodies-earlier.yaml. With the prices of then we agree, or differ as above.`,
} as const
type Explanation = keyof typeof explanations

/** Before every dated change of the book, by day: see usages.test.ts. */
const at = BigInt(Date.UTC(2025, 9, 1, 12)) * 1_000_000n

interface Price {
  readonly provider_id: string
  readonly api_flavor: string
  readonly input_price: string
  readonly output_price: string
}
interface Reference {
  readonly model: string | null
  readonly body: Readonly<Record<string, unknown>>
  readonly usage: Readonly<Record<string, number>>
  readonly priced: readonly Price[]
  /** For bodies that were made: what must come out, over all instrumentations. */
  readonly answers?: readonly string[]
}

const given = process.env['PRICE_FIXTURES'] ?? ''
const files = [
  { what: 'one body of each shape', file: new URL('./testdata/usage-bodies.jsonl', import.meta.url).pathname, skip: false },
  { what: 'made bodies of shapes that those lack', file: new URL('./testdata/usage-bodies-made.jsonl', import.meta.url).pathname, skip: false },
  {
    what: 'all bodies of the folder given', file: join(given, 'usages.jsonl'),
    skip: given === '' ? 'PRICE_FIXTURES names no folder with a usages.jsonl (testdata/README.md)' : !existsSync(join(given, 'usages.jsonl')) && 'PRICE_FIXTURES has no usages.jsonl',
  },
] as const

/** Differences that a failure shows; the first of each kind say enough. */
const shownMax = 40

for (const { what, file, skip } of files) {
  test(`real usage, told by each instrumentation that can carry it, inclusive and exclusive, costs what is expected: ${what}`, { skip }, (t) => {
    const counts: Record<string, number> = {}
    const differences: string[] = []
    for (const [index, line] of readFileSync(file, 'utf8').trim().split('\n').entries()) {
      const reference = JSON.parse(line) as Reference
      const answers = new Set<string>()
      for (const { answer, difference } of compared(reference)) {
        answers.add(answer)
        counts[answer] = (counts[answer] ?? 0) + 1
        if (difference !== undefined) differences.push(`line ${index + 1}: ${difference}`)
      }
      if (reference.answers) assert.deepEqual([...answers].sort(), reference.answers, `line ${index + 1}: ${JSON.stringify(reference.body)}`)
    }
    t.diagnostic(JSON.stringify(counts))
    assert.equal(differences.length, 0, `${differences.length} differences that nothing explains:\n${differences.slice(0, shownMax).join('\n')}`)
    assert.ok((counts['agrees'] ?? 0) > 0)
  })
}

interface Compared {
  readonly answer: Explanation | 'agrees' | 'usage alone' | 'no usage' | 'unexplained'
  /** What is wrong, where nothing explains it. */
  readonly difference?: string
}

function* compared(reference: Reference): Generator<Compared> {
  const body = JSON.stringify(reference.body).slice(0, 400)
  const counts = countsOf(reference.body)
  if (counts === undefined) {
    if (Object.keys(reference.usage).length === 0) yield { answer: 'no usage' }
    else yield { answer: 'unexplained', difference: `a body of an unknown shape, read as ${JSON.stringify(reference.usage)}: ${body}` }
    return
  }
  // Without a price there is still the usage to compare.
  const priced = reference.priced.length > 0 ? reference.priced : [undefined]
  for (const expected of priced) {
    for (const { emitter, span } of tellings(counts, reference.model ?? 'a-model', expected?.provider_id ?? 'a-provider')) {
      const step = interpret(span)
      const { answer, said } = comparedStep(step, reference, expected)
      const seller = expected === undefined ? 'unpriced' : `${expected.provider_id} ${expected.api_flavor}`
      if (answer !== 'unexplained') yield { answer }
      else yield { answer, difference: `${said} (${emitter}, ${seller}, ${reference.model}, read as ${JSON.stringify(step.usage)}: ${body})` }
    }
  }
}

function comparedStep(step: Step, reference: Reference, expected: Price | undefined): { readonly answer: Compared['answer']; readonly said?: string } {
  if (step.role !== 'model_call') return { answer: 'unexplained', said: `a ${step.role}, not a model_call` }
  const all = step.usage ?? {}
  const wanted = [reference.usage['input_tokens'] ?? 0, reference.usage['output_tokens'] ?? 0]
  const thoughts = all['output.reasoning'] !== undefined && all['output.reasoning'] === thoughtsLeftOut(reference)
  const usage = thoughts ? without(all, 'output.reasoning') : all
  const found = [tokens(usage, 'input.'), tokens(usage, 'output.')]
  if (found.some((count, i) => count !== wanted[i])) return { answer: 'unexplained', said: `${found.join(' and ')} tokens, not ${wanted.join(' and ')}` }
  if (expected === undefined) return { answer: thoughts ? 'thoughts beside the output' : 'usage alone' }
  const { provider, requestModel, responseModel, serviceTier } = step
  const theirs = [pico(expected.input_price), pico(expected.output_price)]
  const call: PricedCall = { provider, requestModel, responseModel, serviceTier, usage, at }
  const answer = explained(shippedBook(), call, reference, theirs) ?? (explained(earlierBook(), call, reference, theirs) && 'newer price list')
  if (answer === undefined) return { answer: 'unexplained', said: `${sides(shippedBook(), call)?.join(' and ') ?? 'UNPRICED'}, not ${theirs.join(' and ')} pico-dollars` }
  return { answer: thoughts ? 'thoughts beside the output' : answer }
}

/** The thoughts that the reference's reading leaves out of its output: what the total has more than both sides, or Perplexity tells beside both. */
function thoughtsLeftOut({ body, usage }: Reference): number {
  const { prompt_tokens: input = 0, completion_tokens: output = 0, total_tokens: total = 0, reasoning_tokens: told = 0, num_search_queries: searches } =
    (body['usage'] ?? {}) as Readonly<Record<string, number>>
  if ((usage['output_tokens'] ?? 0) !== output) return 0
  return searches === undefined ? total - input - output : told
}

const tokens = (usage: Usage, side: string): number =>
  (Object.entries(usage) as [Meter, number][]).reduce((sum, [meter, count]) => (meter.startsWith(side) ? sum + count : sum), 0)

function explained(book: PriceBook, call: PricedCall, reference: Reference, theirs: readonly bigint[]): Explanation | 'agrees' | undefined {
  const agrees = (other: PricedCall): boolean => sides(book, other)?.every((amount, i) => amount === theirs[i]) === true
  if (sides(book, call) === undefined) return agrees(withoutUnpriced(book, call)) ? 'no price for a class' : undefined
  if (agrees(call)) return 'agrees'
  const written = unread(call.usage, reference, ['input.cache_write.5m'])
  const read = unread(written, reference, ['input.cache_read', 'input.audio', 'input.image', 'output.audio', 'output.image'])
  const lived = { ...read, ...lifetimes(read, reference) }
  if (agrees({ ...call, usage: written })) return 'unread cache writes'
  if (agrees({ ...call, usage: read })) return 'body of another API'
  if (agrees({ ...call, usage: lived })) return 'lifetime of a cache write'
  // One call can be both a bare name and a body of which not all is read.
  const regional: PricedCall = { ...call, requestModel: `us.${call.responseModel}` }
  const bare = call.provider.startsWith('aws') && [call.usage, written, read, lived].some((usage) => agrees({ ...regional, usage }))
  return bare ? 'bare Bedrock name' : undefined
}

let earlier: PriceBook | undefined
const earlierBook = (): PriceBook =>
  (earlier ??= importedBook(shippedBook(), 'earlier.yaml', readFileSync(new URL('./testdata/usage-bodies-earlier.yaml', import.meta.url), 'utf8')))

/** Without the tokens of classes for which the call's card has no price. */
function withoutUnpriced(book: PriceBook, call: PricedCall): PricedCall {
  const pricing = price(book, call)
  const meter = pricing.basis === 'UNPRICED' ? / has no price for (\S+)\.$/.exec(pricing.reason)?.[1] : undefined
  return meter === undefined ? call : withoutUnpriced(book, { ...call, usage: without(call.usage, meter as Meter) })
}

/** Where the reference's reading has a part that we told in a meter. */
const readAs: Readonly<Partial<Record<Meter, string>>> = {
  'input.cache_read': 'cache_read_tokens', 'input.cache_write.5m': 'cache_write_tokens', 'input.audio': 'input_audio_tokens', 'input.image': 'input_image_tokens',
  'output.audio': 'output_audio_tokens', 'output.image': 'output_image_tokens',
}

/** With the parts that the reference's reading does not have told as what is around them. */
function unread(usage: Usage, reference: Reference, parts: readonly Meter[]): Usage {
  return parts.filter((meter) => reference.usage[readAs[meter] ?? ''] === undefined).reduce((rest, meter) => {
    const whole: Meter = meter.startsWith('input.') ? 'input.uncached' : 'output.text'
    return { ...rest, [meter]: 0, [whole]: (rest[whole] ?? 0) + (rest[meter] ?? 0) }
  }, usage)
}

/** Writes to the cache by the lifetimes that the reference's reading has. */
function lifetimes(usage: Usage, reference: Reference): Usage {
  const written = (usage['input.cache_write.5m'] ?? 0) + (usage['input.cache_write.1h'] ?? 0)
  const for1h = reference.usage['cache_write_1h_tokens'] ?? 0
  return { 'input.cache_write.5m': written - for1h, 'input.cache_write.1h': for1h }
}

/** What input and output cost; `undefined` where unpriced. */
function sides(book: PriceBook, call: PricedCall): readonly bigint[] | undefined {
  const pricing = price(book, call)
  if (pricing.basis === 'UNPRICED') return undefined
  return ['input.', 'output.'].map((side) => pricing.lines.reduce((sum, { meter, amount }) => (meter.startsWith(side) ? sum + amount : sum), 0n))
}

const without = (usage: Usage, meter: Meter): Usage => ({ ...usage, [meter]: 0 })

/**
 * A decimal string of dollars, with or without an exponent (`9E-7`), in pico-dollars: exactly, and to the nearest one where a
 * published price is a float's artefact (`0.18000000000000002`).
 */
function pico(text: string): bigint {
  const [digits = '', exponent = '0'] = text.split('E')
  const [whole = '', fraction = ''] = digits.split('.')
  const shift = 12 + Number(exponent) - fraction.length
  return shift >= 0 ? BigInt(whole + fraction) * 10n ** BigInt(shift) : rounded(BigInt(whole + fraction), 10n ** BigInt(-shift))
}
