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

says('a contract is with who is paid, whoever lends the card; published conditions are lent with it', `
  price openai/gpt input=10
  price azure/phi input=1
  fallback azure openai
  rule  openai/* tenant=acme x0.9
  rule  azure/* tenant=acme x0.8
  rule  azure/gpt tenant=bolt input=7
  rule  openai/* batch x0.5
  rule  openai/* tier=flex x0.5
  rule  azure/* tier=flex x0.6
  call  openai gpt uncached=1 tenant=acme
  call  azure gpt uncached=1 tenant=acme
  call  azure gpt uncached=1 tenant=bolt
  call  openai gpt uncached=1 tenant=bolt
  call  azure gpt uncached=1 batch tenant=acme
  call  azure gpt uncached=1 tier=flex
  call  azure phi uncached=1 batch`, `
  input.uncached 1 x 9/M = 0.000009 openai/gpt*0.9#input
  input.uncached 1 x 8/M = 0.000008 openai/gpt*0.8#input
  input.uncached 1 x 7/M = 0.000007 contract:azure/gpt#input
  input.uncached 1 x 10/M = 0.00001 openai/gpt#input
  input.uncached 1 x 4/M = 0.000004 openai/gpt*0.8*0.5#input
  input.uncached 1 x 6/M = 0.000006 openai/gpt*0.6#input
  input.uncached 1 x 1/M = 0.000001 azure/phi#input`)

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
