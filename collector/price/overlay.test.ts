import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Usage } from '#semconv/facts.ts'
import { type BookData, bookFor, parseBook, canonicalJson, shippedBook } from './book.ts'
import { PriceBookError } from './check-book.ts'
import { importedBook } from './compose.ts'
import { selectCard } from './match.ts'
import { dollars } from './price-table.ts'
import { price } from './price.ts'

const at = BigInt(Date.UTC(2026, 9, 1)) * 1_000_000n
const tiers = `
format: 1
name: openai-tiers
source: https://openai.com/api/pricing, read 2026-10-01
currency: USD
aliases: { My-Gateway: openai }
pass_through: [corp-proxy]
models:
  - { provider: openai, model: gpt-corp, same_as: openai/gpt-5-mini }
  - { provider: '*', model: any-name, same_as: anthropic/claude-sonnet-4-5 }
  - provider: acme
    model: acme-large
    match: { starts_with: acme-large }
    per_million_tokens: { input: 1, output: 2 }
    per_thousand: { code_execution: 50 }
    above: [{ tokens: 1000, per_million_tokens: { input: 1.5, output: 3 } }]
prices:
  - { provider: openai, model: '*', when: { tier: flex }, multiply: 0.5 }
  - { provider: openai, model: '*', when: { batch: true }, multiply: '0.5' }
  - provider: openai
    model: gpt-5-mini
    when: { tier: priority }
    from: '2026-01-01'
    per_million_tokens: { input: 0.45, cache_read: 0.045, output: 3.6 }
contracts:
  - { tenant: acme, contract: MSA-17, provider: openai, model: '*', from: '2026-07-01', to: '2027-07-01', multiply: 0.9 }
`

const cost = (book: ReturnType<typeof shippedBook>, call: { provider?: string; model: string; usage?: Usage; terms?: string }): string => {
  const { provider = 'openai', model, usage = { 'input.uncached': 1_000_000 }, terms = '' } = call
  const pricing = price(book, { provider, requestModel: model, responseModel: '', usage, at, serviceTier: terms })
  return pricing.basis === 'UNPRICED' ? pricing.reason : dollars(pricing.lines.reduce((sum, { amount }) => sum + amount, 0n))
}

test('an overlay prices tiers, batches, contracts and models of one\'s own, over the list', () => {
  const book = importedBook(shippedBook(), 'tiers.yaml', tiers)
  assert.equal(cost(book, { model: 'gpt-5-mini' }), '0.25')
  assert.equal(cost(book, { model: 'gpt-5-mini', terms: 'flex' }), '0.125')
  assert.equal(cost(book, { model: 'gpt-5-mini', terms: 'flex batch' }), '0.0625')
  assert.equal(cost(book, { model: 'gpt-5-mini', terms: 'priority' }), '0.45')
  assert.equal(cost(bookFor(book, 'acme'), { model: 'gpt-5-mini' }), '0.225')
  assert.equal(cost(bookFor(book, 'other'), { model: 'gpt-5-mini' }), '0.25')
  assert.equal(cost(book, { provider: 'my-gateway', model: 'gpt-5-mini' }), '0.25')
  assert.equal(cost(book, { provider: 'corp-proxy', model: 'gpt-5-mini' }), '0.25')
  assert.equal(cost(book, { model: 'gpt-corp' }), '0.25')
  assert.equal(cost(book, { model: 'GPT-Corp', terms: 'flex' }), '0.125', 'a model that is the same as another has its conditions too')
  assert.equal(cost(book, { provider: 'nobody-knows', model: 'any-name', usage: { 'input.uncached': 1000 } }), '0.003')
  assert.equal(cost(book, { provider: 'acme', model: 'acme-large-2', usage: { 'input.uncached': 1000 } }), '0.001')
  assert.equal(cost(book, { provider: 'acme', model: 'acme-large-2', usage: { 'input.uncached': 1001, 'tool.code_execution': 2 } }), '0.1015015')
  assert.equal(cost(book, { provider: 'acme', model: 'acme-small' }), 'No price card matches acme-small at acme.')
})

test('a deployment at Azure that is the same as a model of OpenAI is paid to Azure: its contract holds, not the one with OpenAI', () => {
  const deployed = `${tiers.replace('models:', "models:\n  - { provider: azure.ai.openai, model: prod-chat, same_as: openai/gpt-5-mini }")}` +
    "  - { tenant: acme, contract: EA-4, provider: azure, model: gpt-5-mini, multiply: 0.8 }\n"
  const book = bookFor(importedBook(shippedBook(), 'tiers.yaml', deployed), 'acme')
  assert.equal(cost(book, { provider: 'azure.ai.openai', model: 'prod-chat' }), '0.2')
  assert.equal(cost(book, { provider: 'azure', model: 'gpt-5-mini' }), '0.2')
  assert.equal(cost(book, { provider: 'azure', model: 'gpt-5-mini', terms: 'flex' }), '0.1')
  assert.equal(cost(book, { model: 'gpt-5-mini' }), '0.225')
})

test('a version covers its overlays; an import of the same name replaces, of a list keeps them, and what is stored reads back the same', () => {
  const book = importedBook(shippedBook(), 'tiers.yaml', tiers)
  assert.notEqual(book.version, shippedBook().version)
  assert.equal(importedBook(book, 'tiers.yaml', tiers).version, book.version)
  assert.equal(parseBook(canonicalJson(book.data)).version, book.version)
  assert.equal(cost(parseBook(canonicalJson(book.data)), { model: 'gpt-5-mini', terms: 'flex' }), '0.125')
  const cheaper = importedBook(book, 'tiers.yaml', tiers.replaceAll('multiply: 0.5', 'multiply: 0.4'))
  assert.equal(cheaper.data.overlays?.length, 1)
  assert.equal(cost(cheaper, { model: 'gpt-5-mini', terms: 'flex' }), '0.1')
  const again = importedBook(cheaper, 'list.json', JSON.stringify(shippedBook().data))
  assert.equal(again.version, cheaper.version)
})

const provider = (prices: unknown) => [{ id: 'openai', name: 'OpenAI', pricing_urls: [], models: [{ id: 'gpt-5-mini', match: { starts_with: 'gpt-5-mini' }, prices }] }]

test('the data of genai-prices is a list', () => {
  const list = [
    ...provider([{ prices: { input_mtok: 1, output_mtok: { base: 2, tiers: [{ start: 1000, price: 3 }] } } }, { constraint: { type: 'start_date', start_date: '2026-11-01' }, prices: { input_mtok: 4, output_mtok: 5 } }]),
    // Some that our aliases name are not there.
    ...['azure', 'aws', 'google', 'anthropic', 'x-ai', 'perplexity', 'cohere', 'github-copilot', 'fireworks', 'mistral', 'moonshotai']
      .map((id) => ({ id, name: id, models: [] })),
  ]
  const book = importedBook(shippedBook(), 'data.json', JSON.stringify(list))
  assert.equal(cost(book, { model: 'gpt-5-mini' }), '1')
  assert.deepEqual(selectCard(book, { provider: 'openai', requestModel: 'gpt-4o', responseModel: '' }), { reason: 'No price card matches gpt-4o at openai.' })
})

/** One line that names the file, the key and the value. */
const refused: readonly (readonly [string, string, RegExp])[] = [
  ['a negative price', tiers.replace('input: 0.45', 'input: -0.45'), /^tiers\.yaml: prices\[2\]\.per_million_tokens\.input is -0\.45: it must be from 0/],
  ['an unknown currency', tiers.replace('currency: USD', 'currency: EUR'), /^tiers\.yaml: currency is "EUR": only USD is known/],
  ['a bad date', tiers.replace("from: '2026-01-01'", "from: '2026-02-30'"), /^tiers\.yaml: prices\[2\]\.from is "2026-02-30": a date is YYYY-MM-DD/],
  ['an unknown meter', tiers.replace('cache_read: 0.045', 'cached: 0.045'), /^tiers\.yaml: prices\[2\]\.per_million_tokens\.cached is no unit: allowed are input, cache_read/],
  ['an unknown key', tiers.replace('multiply: 0.9', 'discount: 0.9'), /^tiers\.yaml: contracts\[0\]\.discount is no key of this format/],
  ['a price that is no number', tiers.replace('input: 0.45', 'input: cheap'), /prices\[2\]\.per_million_tokens\.input is "cheap"/],
  ['a price that is not finite', tiers.replace('input: 0.45', 'input: .inf'), /prices\[2\]\.per_million_tokens\.input is Infinity/],
  ['more decimals than a pico-dollar has', tiers.replace('input: 0.45', 'input: 0.4500001'), /at most 6 decimals/],
  ['a mistake of units', tiers.replace('input: 0.45', 'input: 450000'), /from 0 to 1000/],
  ['a tie within the file', tiers.replace('contracts:', '  - { provider: openai, model: gpt-5-mini, when: { tier: priority }, from: \'2026-01-01\', per_million_tokens: { input: 9 } }\ncontracts:'),
    /^tiers\.yaml: two prices hold for the same call: openai\/gpt-5-mini\{tier=priority\}@2026-01-01 and openai\/gpt-5-mini\{tier=priority\}@2026-01-01/],
  ['two conditions that one call can meet', tiers.replace('contracts:', '  - { provider: openai, model: gpt-5-mini, when: { region: eu }, from: \'2026-01-01\', per_million_tokens: { input: 9 } }\ncontracts:'), /two prices hold for the same call/],
  ['a model that is not there', tiers.replace('same_as: openai/gpt-5-mini', 'same_as: openai/gpt-nope'), /the model gpt-corp is the same as openai\/gpt-nope, which the price book does not have/],
  ['a rule for a model that is not there', tiers.replace('model: gpt-5-mini\n    when', 'model: gpt-nope\n    when'), /names the model gpt-nope, which openai does not have/],
  ['an alias of nobody', tiers.replace('My-Gateway: openai', 'My-Gateway: opnai'), /the alias my-gateway names opnai/],
  ['a pattern that is not RE2', tiers.replace('{ starts_with: acme-large }', "{ regex: '^(?=acme)' }"), /^tiers\.yaml: models\[2\]: acme\/acme-large has the pattern .* not RE2/],
  ['an end before its start', tiers.replace("to: '2027-07-01'", "to: '2026-07-01'"), /ends on 2026-07-01, not after its start 2026-07-01/],
  ['a factor of everything', tiers.replace('when: { tier: flex }, ', ''), /multiplies always: name a condition/],
  ['a price for every model', tiers.replace("model: gpt-5-mini\n    when", "model: '*'\n    when"), /is for every model: only "multiply" can be/],
  ['more prices of one card than anybody has', tiers.replace('contracts:', `${Array.from({ length: 201 }, (_, i) => `  - { provider: openai, model: gpt-5, when: { tier: t${i} }, multiply: 2 }`).join('\n')}\ncontracts:`),
    /openai\/gpt-5 has 201 prices under conditions, at most 200 are taken/],
  ['no YAML', 'format: [', /^tiers\.yaml: line \d+ is no valid YAML/],
  ['no map', '- 1', /must be a map/],
  ['aliases of YAML', tiers.replace('aliases: { My-Gateway: openai }', 'aliases: &a { b: openai }\nmodels2: *a'), /^tiers\.yaml: YAML aliases/],
  ['another format', tiers.replace('format: 1', 'format: 2'), /^tiers\.yaml: format is 2: this version reads format 1/],
]
for (const [what, text, message] of refused) {
  test(`refused in one line: ${what}`, () => {
    assert.throws(() => importedBook(shippedBook(), 'tiers.yaml', text), (error: unknown) => {
      assert.ok(error instanceof PriceBookError, String(error))
      assert.match(error.message, message)
      assert.ok(!error.message.includes('\n'), error.message)
      return true
    })
  })
}

const listOf = (change: (data: BookData) => unknown) => JSON.stringify(change(structuredClone(shippedBook().data)))
const refusedLists: readonly (readonly [string, string, RegExp])[] = [
  ['a negative price', JSON.stringify(provider({ input_mtok: -1, output_mtok: 2 })), /^data\.json: The price -1 is not a plain decimal/],
  ['another shape', JSON.stringify([{ id: 'openai', models: [{ id: 'm', prices: 3 }] }]), /^data\.json: .*not in the format of genai-prices/],
  ['a provider twice', listOf((data) => ({ ...data, providers: [...data.providers, data.providers[0]] })), /^data\.json: The price book names the provider .* twice/],
  ['no JSON', '{', /^data\.json: the file is no valid JSON/],
]
for (const [what, text, message] of refusedLists) {
  test(`a list is refused in one line: ${what}`, () => assert.throws(() => importedBook(shippedBook(), 'data.json', text), { name: 'Error', message }))
}
