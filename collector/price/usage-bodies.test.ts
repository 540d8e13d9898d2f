import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Meter, Usage } from '#semconv/facts.ts'
import { interpret } from '#semconv/interpret.ts'
import { shippedBook } from './book.ts'
import { price, type PricedCall } from './price.ts'
import { countsOf, tellings } from './provider-bodies.ts'

/**
 * Each way in which our amount differs from the reference, and why that is right. A difference that is none of these fails.
 * In the order in which they are asked.
 */
const explanations = {
  'card without prices': `cerebras/qwen-3-coder-480b is listed with no prices at all: the reference says 0, we say UNPRICED, because unknown
    is not free.`,
  'cache writes of OpenAI': `GPT-5.6 and later report what was written to the cache (cache_write_tokens) and charge 1.25 times the input for it.
    The reference does not read that key in OpenAI's bodies and prices those tokens as fresh input. Without the writes we agree.`,
  'body of another API': `The reference also reads OpenAI's Responses bodies as Anthropic's (api_flavor anthropic), where cached tokens have
    another name, and prices them as fresh input. Without the reads we agree.`,
  'thoughts of Gemini as OpenAI': `Where Gemini answers as OpenAI, its completion_tokens leave the thoughts out and its total_tokens do not. Google
    charges for them ("output price, including thinking tokens"); the reference does not read the total. Without the thoughts we agree.`,
  'bare Bedrock name': `The reference gives a Bedrock model without a region the regional card, 10 % dearer. We charge no regional surcharge on
    a guess. For a model asked for as us.MODEL we agree.`,
} as const
type Explanation = keyof typeof explanations

/** Before every dated change of the book, by day: see usages.test.ts. */
const at = BigInt(Date.UTC(2025, 9, 1, 12)) * 1_000_000n

interface Reference {
  readonly model: string | null
  readonly body: Readonly<Record<string, unknown>>
  readonly usage: Readonly<Record<string, number>>
  readonly priced: readonly { readonly provider_id: string; readonly api_flavor: string; readonly input_price: string; readonly output_price: string }[]
}

const given = process.env['PRICE_FIXTURES'] ?? ''
const files = [
  { what: 'one body of each shape', file: new URL('./testdata/usage-bodies.jsonl', import.meta.url).pathname, skip: false },
  {
    what: 'all bodies of the folder given', file: join(given, 'usages.jsonl'),
    skip: given === '' ? 'PRICE_FIXTURES names no folder with a usages.jsonl (testdata/README.md)' : !existsSync(join(given, 'usages.jsonl')) && 'PRICE_FIXTURES has no usages.jsonl',
  },
] as const

for (const { what, file, skip } of files) {
  test(`real usage, told by each instrumentation that can carry it, inclusive and exclusive, costs what is expected: ${what}`, { skip }, (t) => {
    const counts: Record<string, number> = {}
    for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
      for (const answer of compared(JSON.parse(line) as Reference)) counts[answer] = (counts[answer] ?? 0) + 1
    }
    t.diagnostic(JSON.stringify(counts))
    assert.ok((counts['agrees'] ?? 0) > 0)
  })
}

function* compared(reference: Reference): Generator<Explanation | 'agrees' | 'usage alone'> {
  const counts = countsOf(reference.body)
  assert.ok(counts, `a body of an unknown shape: ${JSON.stringify(reference.body).slice(0, 200)}`)
  // Without a price there is still the usage to compare.
  const priced = reference.priced.length > 0 ? reference.priced : [undefined]
  for (const expected of priced) {
    for (const { emitter, span } of tellings(counts, reference.model ?? 'a-model', expected?.provider_id ?? 'a-provider')) {
      const name: string = `${emitter}: ${expected?.provider_id ?? ''} ${JSON.stringify(reference.body).slice(0, 400)}`
      const step = interpret(span)
      assert.equal(step.role, 'model_call', name)
      const all = step.usage ?? {}
      const thoughts = all['output.reasoning'] !== undefined && all['output.reasoning'] === thoughtsLeftOut(reference)
      const usage = thoughts ? without(all, 'output.reasoning') : all
      assert.deepEqual([tokens(usage, 'input.'), tokens(usage, 'output.')], [reference.usage['input_tokens'] ?? 0, reference.usage['output_tokens'] ?? 0], name)
      if (expected === undefined) yield 'usage alone'
      else {
        const { provider, requestModel, responseModel, serviceTier } = step
        const answer = difference({ provider, requestModel, responseModel, serviceTier, usage, at }, [pico(expected.input_price), pico(expected.output_price)], expected.api_flavor, name)
        yield thoughts ? 'thoughts of Gemini as OpenAI' : answer
      }
    }
  }
}

/** What the total has more than both sides, in a body of Gemini's that has OpenAI's shape. */
function thoughtsLeftOut({ model, body }: Reference): number {
  const { prompt_tokens: input = 0, completion_tokens: output = 0, total_tokens: total = 0 } = (body['usage'] ?? {}) as Readonly<Record<string, number>>
  return model?.startsWith('gemini') ? total - input - output : 0
}

const tokens = (usage: Usage, side: string): number =>
  (Object.entries(usage) as [Meter, number][]).reduce((sum, [meter, count]) => (meter.startsWith(side) ? sum + count : sum), 0)

function difference(call: PricedCall, theirs: readonly bigint[], flavor: string, name: string): Explanation | 'agrees' {
  const ours = sides(call)
  if (ours === undefined) {
    assert.match(call.responseModel, /^qwen-3-coder-480b$/, name)
    return 'card without prices'
  }
  if (same(ours, theirs)) return 'agrees'
  const regional: PricedCall = { ...call, requestModel: `us.${call.responseModel}` }
  for (const [explanation, others] of [
    ['cache writes of OpenAI', /gpt-5\.[6-9]/.test(call.responseModel) ? [{ ...call, usage: fresh(call.usage, 'input.cache_write.5m') }] : []],
    ['body of another API', flavor === 'anthropic' && call.responseModel.startsWith('gpt-') ? [{ ...call, usage: fresh(call.usage, 'input.cache_read') }] : []],
    // One call can be both a bare name and a body whose writes are not read.
    ['bare Bedrock name', call.provider.startsWith('aws') ? [regional, { ...regional, usage: fresh(call.usage, 'input.cache_write.5m') }] : []],
  ] as const) if (others.some((other) => same(sides(other), theirs))) return explanation
  assert.fail(`${name}: ${ours.join(' and ')} is not ${theirs.join(' and ')}, and nothing explains it`)
}

/** What input and output cost; `undefined` where unpriced. */
function sides(call: PricedCall): readonly bigint[] | undefined {
  const pricing = price(shippedBook(), call)
  if (pricing.basis === 'UNPRICED') return undefined
  return ['input.', 'output.'].map((side) => pricing.lines.reduce((sum, { meter, amount }) => (meter.startsWith(side) ? sum + amount : sum), 0n))
}

const same = (ours: readonly bigint[] | undefined, theirs: readonly bigint[]): boolean => ours !== undefined && ours.every((amount, i) => amount === theirs[i])

const without = (usage: Usage, meter: Meter): Usage => ({ ...usage, [meter]: 0 })

/** With the tokens of a cache meter told as fresh input. */
const fresh = (usage: Usage, meter: Meter): Usage => ({ ...usage, [meter]: 0, 'input.uncached': (usage['input.uncached'] ?? 0) + (usage[meter] ?? 0) })

/** A decimal string of dollars, with or without an exponent (`9E-7`), exactly in pico-dollars. */
function pico(text: string): bigint {
  const [digits = '', exponent = '0'] = text.split('E')
  const [whole = '', fraction = ''] = digits.split('.')
  const shift = 12 + Number(exponent) - fraction.length
  assert.ok(shift >= 0, `${text} is finer than a pico-dollar`)
  return BigInt(whole + fraction) * 10n ** BigInt(shift)
}
