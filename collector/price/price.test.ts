import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Meter, tokenMeters, type Usage } from '#semconv/facts.ts'
import { parseBook, shippedBook, type BookData } from './book.ts'
import { play, dollars } from './price-table.ts'
import { price, type PricedCall } from './price.ts'

function says(name: string, cases: string, expected: string): void {
  const lines = expected.split('\n').map((line) => line.trim()).filter((line) => line !== '')
  test(name, () => assert.deepEqual(play(cases).split('\n'), lines))
}

function total(call: Partial<PricedCall> & { readonly usage: Usage }): string {
  const pricing = price(shippedBook(), { provider: '', requestModel: '', responseModel: '', at: october, serviceTier: '', ...call })
  return pricing.basis === 'PRICED' ? dollars(pricing.lines.reduce((sum, { amount }) => sum + amount, 0n)) : pricing.reason
}
const october = BigInt(Date.UTC(2026, 9, 1)) * 1_000_000n

says('a cached prefix is billed once, at the cache rate', `
  price openai/gpt-5 input=1.25 cache_read=0.125 output=10
  call  openai gpt-5 uncached=400 cache_read=600 text=7`, `
  input.uncached 400 x 1.25/M = 0.0005 openai/gpt-5#input
  input.cache_read 600 x 0.125/M = 0.000075 openai/gpt-5#cache_read
  output.text 7 x 10/M = 0.00007 openai/gpt-5#output`)

says('what has no price of its own costs what the class around it costs', `
  price v/plain input=1 output=2
  call  v plain cache_read=1 cache_write.5m=1 cache_write.1h=1 input.audio=1 audio.cache_read=1 input.image=1
  call  v plain reasoning=1 output.audio=1 output.image=1`, `
  input.cache_read 1 x 1/M = 0.000001 v/plain#input
  input.cache_write.5m 1 x 1/M = 0.000001 v/plain#input
  input.cache_write.1h 1 x 1/M = 0.000001 v/plain#input
  input.audio 1 x 1/M = 0.000001 v/plain#input
  input.audio.cache_read 1 x 1/M = 0.000001 v/plain#input
  input.image 1 x 1/M = 0.000001 v/plain#input
  output.reasoning 1 x 2/M = 0.000002 v/plain#output
  output.audio 1 x 2/M = 0.000002 v/plain#output
  output.image 1 x 2/M = 0.000002 v/plain#output`)

says('cache writes by lifetime; without a price for an hour, the five-minute price holds', `
  price a/both input=3 cache_write=3.75 cache_write_1h=6
  price a/short input=3 cache_write=3.75
  call  a both  cache_write.5m=1000 cache_write.1h=1000
  call  a short cache_write.1h=1000`, `
  input.cache_write.5m 1000 x 3.75/M = 0.00375 a/both#cache_write
  input.cache_write.1h 1000 x 6/M = 0.006 a/both#cache_write_1h
  input.cache_write.1h 1000 x 3.75/M = 0.00375 a/short#cache_write`)

says('audio, cached audio, images and reasoning at their own prices', `
  price o/rt input=4 cache_read=0.4 input_audio=32 cache_audio_read=0.3 input_image=5 output=16 output_audio=64 output_reasoning=3
  call  o rt uncached=1 cache_read=1 input.audio=1 audio.cache_read=1 input.image=1 text=1 reasoning=1 output.audio=1`, `
  input.uncached 1 x 4/M = 0.000004 o/rt#input
  input.cache_read 1 x 0.4/M = 0.0000004 o/rt#cache_read
  input.audio 1 x 32/M = 0.000032 o/rt#input_audio
  input.audio.cache_read 1 x 0.3/M = 0.0000003 o/rt#cache_audio_read
  input.image 1 x 5/M = 0.000005 o/rt#input_image
  output.text 1 x 16/M = 0.000016 o/rt#output
  output.reasoning 1 x 3/M = 0.000003 o/rt#output_reasoning
  output.audio 1 x 64/M = 0.000064 o/rt#output_audio`)

says('a tier is a cliff over the whole prompt; exactly at the threshold is below it; output does not count', `
  price g/pro input=1 cache_read=0.1 output=10
  price g/pro above=200000 input=2 cache_read=0.2 output=15
  call  g pro uncached=199999 text=1000000
  call  g pro uncached=200000
  call  g pro uncached=1 cache_read=200000 text=1`, `
  input.uncached 199999 x 1/M = 0.199999 g/pro#input
  output.text 1000000 x 10/M = 10 g/pro#output
  input.uncached 200000 x 1/M = 0.2 g/pro#input
  input.uncached 1 x 2/M = 0.000002 g/pro>200000#input
  input.cache_read 200000 x 0.2/M = 0.04 g/pro>200000#cache_read
  output.text 1 x 15/M = 0.000015 g/pro>200000#output`)

says('a new price holds from midnight UTC, to the nanosecond', `
  price a/s input=2
  price a/s from=2026-09-01 input=3
  call  a s uncached=1 at=2026-08-31T23:59:59.999999999Z
  call  a s uncached=1 at=2026-09-01T00:00:00Z
  call  a s uncached=1 at=2020-01-01T00:00:00Z`, `
  input.uncached 1 x 2/M = 0.000002 a/s#input
  input.uncached 1 x 3/M = 0.000003 a/s@2026-09-01#input
  input.uncached 1 x 2/M = 0.000002 a/s#input`)

says('hours of the day are UTC, closed at the start and open at the end, and may span midnight', `
  price d/v input=1
  price d/v hours=00:30:00-16:30:00 input=2
  price d/n input=1
  price d/n hours=22:00:00-02:00:00 input=3
  call  d v uncached=1 at=2026-10-01T00:29:59.999Z
  call  d v uncached=1 at=2026-10-01T00:30:00Z
  call  d v uncached=1 at=2026-10-01T16:30:00Z
  call  d n uncached=1 at=2026-10-01T23:00:00Z
  call  d n uncached=1 at=2026-10-01T01:59:59Z
  call  d n uncached=1 at=2026-10-01T02:00:00Z`, `
  input.uncached 1 x 1/M = 0.000001 d/v#input
  input.uncached 1 x 2/M = 0.000002 d/v/00:30:00-16:30:00#input
  input.uncached 1 x 1/M = 0.000001 d/v#input
  input.uncached 1 x 3/M = 0.000003 d/n/22:00:00-02:00:00#input
  input.uncached 1 x 3/M = 0.000003 d/n/22:00:00-02:00:00#input
  input.uncached 1 x 1/M = 0.000001 d/n#input`)

says('free is a price, a missing price is not', `
  price v/free input=0 output=0
  price v/embed input=0.02
  call  v free uncached=5
  call  v embed uncached=5 text=1
  call  v free unsplit=500`, `
  input.uncached 5 x 0/M = 0 v/free#input
  unpriced: The price card v/embed has no price for output.text.
  unpriced: Only a total of tokens is known, not how it splits into input and output.`)

says('the response names the model; the request only where no card knows the response', `
  price o/gpt-5-mini input=1
  price o/gpt-5-nano input=2
  call  o gpt-5-mini→gpt-5-nano uncached=1
  call  o gpt-5-mini→somebody-2026 uncached=1
  call  o nobody→somebody uncached=1
  call  o - uncached=1`, `
  input.uncached 1 x 2/M = 0.000002 o/gpt-5-nano#input
  input.uncached 1 x 1/M = 0.000001 o/gpt-5-mini#input
  unpriced: No price card matches somebody or nobody at o.
  unpriced: The call names no model.`)

says('a named provider must have the card itself or by a published fallback; a gateway passes through', `
  price openai/gpt-4o input=2.5
  price azure/phi input=1
  owns  openai gpt-
  alias azure.ai.openai azure
  fallback azure openai
  pass  litellm
  call  - gpt-4o uncached=1
  call  openai.chat gpt-4o uncached=1
  call  litellm gpt-4o uncached=1
  call  litellm openai/gpt-4o uncached=1
  call  azure.ai.openai gpt-4o uncached=1
  call  my-openai-proxy gpt-4o uncached=1
  call  openai phi uncached=1
  call  - phi uncached=1`, `
  input.uncached 1 x 2.5/M = 0.0000025 openai/gpt-4o#input
  input.uncached 1 x 2.5/M = 0.0000025 openai/gpt-4o#input
  input.uncached 1 x 2.5/M = 0.0000025 openai/gpt-4o#input
  input.uncached 1 x 2.5/M = 0.0000025 openai/gpt-4o#input
  input.uncached 1 x 2.5/M = 0.0000025 openai/gpt-4o#input
  unpriced: The price book does not know the provider my-openai-proxy.
  unpriced: No price card matches phi at openai.
  unpriced: No price card matches phi.`)

test('peak hours begin with the price they double', () => {
  const at = (time: string) => total({ provider: 'deepseek', requestModel: 'deepseek-v4-flash', usage: { 'input.uncached': 1_000_000 },
    at: BigInt(Date.parse(time)) * 1_000_000n })
  assert.deepEqual(['2026-08-16T02:00:00Z', '2026-08-17T02:00:00Z', '2026-08-17T05:00:00Z', '2026-08-17T06:00:00Z'].map(at),
    ['0.14', '0.44', '0.22', '0.44'])
})

test('the fixtures of six emitters cost what their maker worked out by hand', () => {
  const mini = { requestModel: 'gpt-5-mini', responseModel: 'gpt-5-mini-2026-01-01' }
  const cached: Usage = { 'input.uncached': 452, 'input.cache_read': 2048, 'output.text': 232, 'output.reasoning': 128 }
  assert.equal(total({ provider: 'openai', ...mini, usage: cached }), '0.0008842')
  assert.equal(total({ provider: 'openai.responses', ...mini, usage: cached }), '0.0008842')
  assert.equal(total({ provider: 'openai', ...mini, usage: { 'input.uncached': 2500, 'output.text': 360 } }), '0.001345')
  assert.equal(total({ responseModel: 'claude-sonnet-4-5', usage: {
    'input.uncached': 226, 'input.cache_read': 1024, 'input.cache_write.5m': 512, 'output.text': 180 } }), '0.0056052')
  assert.equal(total({ provider: 'openai', requestModel: 'text-embedding-3-small', usage: { 'input.uncached': 12 } }), '0.00000024')
})

const someUsage = fc.dictionary(fc.constantFrom(...tokenMeters.filter((meter) => meter !== 'unsplit')), fc.integer({ min: 1, max: 2 ** 53 - 1 }))
  .map((record) => record as Usage)
const prices = { input: 1_250_000, cache_read: 125_000, cache_write: 3, cache_write_1h: 0, output: 10_000_000 }
const oneCard = { id: 'm', match: { equals: 'm' }, periods: [{ rates: [{ above: 0, prices }] }] }
const smallBook = { ...shippedBook().data, aliases: {}, owners: [], providers: [{ id: 'p', name: 'p', cards: [oneCard] }] }
const everyUnit = parseBook(JSON.stringify(smallBook))
const call = (usage: Usage): PricedCall => ({ provider: 'p', requestModel: 'm', responseModel: '', usage, at: 0n, serviceTier: '' })

test('each used meter gets one line, quantity times price, never negative, in any magnitude', () => {
  fc.assert(fc.property(someUsage, (usage) => {
    const pricing = price(everyUnit, call(usage))
    assert.ok(pricing.basis === 'PRICED')
    assert.deepEqual(Object.fromEntries(pricing.lines.map(({ meter, quantity }) => [meter, quantity])), { ...usage })
    for (const { quantity, unitPrice, amount } of pricing.lines) assert.ok(amount >= 0n && amount === BigInt(quantity) * unitPrice)
  }))
})

test('a call split into two costs the same as the call, where no tier lies between', () => {
  const cost = (usage: Usage) => {
    const pricing = price(everyUnit, call(usage))
    return pricing.basis === 'PRICED' ? pricing.lines.reduce((sum, { amount }) => sum + amount, 0n) : -1n
  }
  fc.assert(fc.property(someUsage, fc.double({ min: 0, max: 1, noNaN: true }), (usage, share) => {
    const entries = Object.entries(usage) as [Meter, number][]
    const first = Object.fromEntries(entries.map(([meter, n]) => [meter, Math.floor(n * share)]))
    const second = Object.fromEntries(entries.map(([meter, n]) => [meter, n - Math.floor(n * share)]))
    assert.equal(cost(first) + cost(second), cost(usage))
  }))
})

test('equal content has one version, whatever the order of its keys', () => {
  const data = shippedBook().data
  const reversed = Object.fromEntries(Object.entries(data).reverse()) as unknown as BookData
  assert.equal(parseBook(JSON.stringify(reversed, null, 2)).version, shippedBook().version)
  assert.notEqual(parseBook(JSON.stringify({ ...data, passThrough: [] })).version, shippedBook().version)
})
