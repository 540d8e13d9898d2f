import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Meter, PieceMeter, Usage } from '#semconv/facts.ts'
import { shippedBook } from './book.ts'
import { price } from './price.ts'

/** Each way in which our answer differs from the reference, how often, and why that is right. Nothing else may differ. */
const differences = {
  'bare Bedrock name': [87, `The reference gives a Bedrock model without a region the regional card. We charge no regional
    surcharge on a guess: the reference is exactly 1.1 times our amount.`],
  'global card without history': [3, `openai.gpt-5.6-luna on Bedrock: a bare name again, and the global card has no price from
    before the cut of 2026-07-30, as the regional card has.`],
  'card without prices': [1, `cerebras/qwen-3-coder-480b is listed with no prices at all. The reference says 0, we say
    UNPRICED: unknown is not free.`],
} as const
type Difference = keyof typeof differences

/**
 * The moment the reference priced at is not written down. On the commit's own date 32 of its prices would not follow from
 * our book, each on a card with a dated change: mistral-medium-latest (17, raised 2026-06-16), gpt-5.6-sol (14, cut
 * 2026-08-21) and deepseek-v4-flash (1, raised 2026-08-17). All 32 are those cards' first prices, and two DeepSeek cards
 * show daytime prices: noon of a day before all these changes reproduces every one.
 */
const at = BigInt(Date.UTC(2025, 9, 1, 12)) * 1_000_000n

interface Reference {
  readonly model: string
  readonly usage: Readonly<Record<string, number>>
  readonly priced: readonly { readonly provider_id: string; readonly input_price: string; readonly output_price: string }[]
}

test('1,377 published prices of real usage agree to the pico-dollar, or differ for a reason stated above', (t) => {
  const lines = readFileSync(new URL('./testdata/usages.jsonl', import.meta.url), 'utf8').trim().split('\n')
  const counts: Record<string, number> = {}
  for (const line of lines) {
    const reference = JSON.parse(line) as Reference
    for (const expected of reference.priced) {
      const difference = compare(reference, expected)
      counts[difference] = (counts[difference] ?? 0) + 1
    }
  }
  t.diagnostic(JSON.stringify(counts))
  const explained = Object.fromEntries(Object.entries(differences).map(([name, [count]]) => [name, count]))
  assert.deepEqual(counts, { agrees: 1286, ...explained })
})

function compare(reference: Reference, expected: Reference['priced'][number]): 'agrees' | Difference {
  const call = { provider: expected.provider_id, requestModel: '', responseModel: reference.model, at, serviceTier: '' }
  const pricing = price(shippedBook(), { ...call, usage: disjoint(reference.usage) })
  const name = `${expected.provider_id} ${reference.model} ${JSON.stringify(reference.usage)}`
  if (pricing.basis === 'UNPRICED') {
    assert.match(pricing.reason, /qwen-3-coder-480b has no price/, name)
    return 'card without prices'
  }
  const sum = (side: string) => pricing.lines.reduce((total, { meter, amount }) => total + (meter.startsWith(side) ? amount : 0n), 0n)
  const ours = [sum('input.'), sum('output.')]
  const theirs = [pico(expected.input_price), pico(expected.output_price)]
  if (ours.every((amount, i) => amount === theirs[i])) return 'agrees'
  assert.equal(expected.provider_id, 'aws', name)
  assert.match(pricing.model, /^global\./, name)
  if (reference.model === 'openai.gpt-5.6-luna') return 'global card without history'
  assert.deepEqual(ours.map((amount) => amount * 11n), theirs.map((amount) => amount * 10n), name)
  return 'bare Bedrock name'
}

/** The reference's inclusive counts as our disjoint ones. Video, tool and citation tokens have no price of their own in it. */
function disjoint(usage: Reference['usage']): Usage {
  const n = (key: string) => usage[key] ?? 0
  const cachedAudio = n('cache_audio_read_tokens')
  const audio = n('input_audio_tokens') - cachedAudio
  const image = n('input_image_tokens') - n('cache_image_read_tokens')
  const longWrite = n('cache_write_1h_tokens')
  const special = n('output_reasoning_tokens') + n('output_audio_tokens') + n('output_image_tokens')
  const parts: Record<Exclude<Meter, 'unsplit' | PieceMeter>, number> = {
    'input.uncached': n('input_tokens') - n('cache_read_tokens') - n('cache_write_tokens') - audio - image,
    'input.cache_read': n('cache_read_tokens') - cachedAudio,
    'input.cache_write.5m': n('cache_write_tokens') - longWrite,
    'input.cache_write.1h': longWrite,
    'input.audio': audio,
    'input.audio.cache_read': cachedAudio,
    'input.image': image,
    'output.text': n('output_tokens') - special,
    'output.reasoning': n('output_reasoning_tokens'),
    'output.audio': n('output_audio_tokens'),
    'output.image': n('output_image_tokens'),
  }
  assert.ok(Object.values(parts).every((tokens) => tokens >= 0), JSON.stringify(usage))
  return parts
}

/** A decimal string of dollars, with or without an exponent (`9E-7`), exactly in pico-dollars. */
function pico(text: string): bigint {
  const [digits = '', exponent = '0'] = text.split('E')
  const [whole = '', fraction = ''] = digits.split('.')
  const shift = 12 + Number(exponent) - fraction.length
  assert.ok(shift >= 0, `${text} is finer than a pico-dollar`)
  return BigInt(whole + fraction) * 10n ** BigInt(shift)
}
