import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ledgerEntries } from '#clickhouse/tables/ledger-entries.ts'
import { spans } from '#clickhouse/tables/spans.ts'
import { shippedBook } from '#collector/price/book.ts'
import { ledgerRow, noon, spanRow, type TestQuery, testQuery } from '../test-store.ts'

const unpriced = { basis: 'UNPRICED', unitPrice: undefined, amount: undefined, priceBookVersion: '', priceCard: '' } as const
const million = 1_000_000n * 1_000_000_000_000n
const minute = 60_000_000_000n

let query: TestQuery
before(async () => {
  query = await testQuery()
  await query.insert(ledgerEntries, [
    ledgerRow(1, 1, 1, { ...unpriced, provider: 'acme', model: 'acme-1', quantity: million }),
    ledgerRow(2, 1, 1, { ...unpriced, provider: 'acme', model: 'acme-1', meter: 'output.text', quantity: million }),
    ledgerRow(3, 2, 2, { ...unpriced, provider: 'acme', model: 'acme-1', quantity: million, occurredAt: noon + minute }),
    // Taken back: it has no price any more, and needs none.
    ledgerRow(4, 3, 3, { ...unpriced, provider: '', model: 'gone', quantity: million }),
    ledgerRow(5, 3, 3, { ...unpriced, provider: '', model: 'gone', quantity: -million, kind: 'REVERSAL' }),
    ledgerRow(6, 4, 4, { ...unpriced, provider: '', model: 'mystery', meter: 'tool.code_execution', quantity: 1_000_000_000_000n }),
    ledgerRow(7, 5, 5, { quantity: million, amount: 250_000_000_000n, model: 'gpt-5-mini' }),
  ])
  await query.insert(spans, [[1, 'acme', 'acme-1'], [2, 'acme', 'acme-1'], [5, 'openai', 'gpt-5-mini']].map(([n, provider, model]) =>
    spanRow({ trace: Number(n), span: Number(n), parent: 0, step: { role: 'model_call', provider: String(provider), requestModel: String(model), usage: { 'input.uncached': 1_000_000 } } })))
})
after(() => query[Symbol.asyncDispose]())

const all = '{from: "2020-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z"}'
const models = `{ unpricedModels(range: ${all}) { provider model calls tokens meters firstSeen lastSeen exampleRunId } }`
interface Book { readonly version: string; readonly active: boolean; readonly source: string; readonly activatedAt: readonly string[]; readonly knownSince: string | null }
const books = async (): Promise<readonly Book[]> => (await query.ask<{ priceBooks: readonly Book[] }>('{ priceBooks { version source knownSince activatedAt active } }')).priceBooks

test('models without a price, with their calls and tokens, what was taken back left out', async () => {
  assert.deepEqual((await query.ask<{ unpricedModels: unknown }>(models)).unpricedModels, [
    { provider: 'acme', model: 'acme-1', calls: 2, tokens: '3000000', meters: ['input.uncached', 'output.text'], firstSeen: '2026-11-20T12:00:00Z', lastSeen: '2026-11-20T12:01:00Z', exampleRunId: '2'.padStart(32, '0') },
    { provider: '', model: 'mystery', calls: 1, tokens: '0', meters: ['tool.code_execution'], firstSeen: '2026-11-20T12:00:00Z', lastSeen: '2026-11-20T12:00:00Z', exampleRunId: '4'.padStart(32, '0') },
  ])
  assert.equal((await query.ask<{ unmeteredModelCalls: number }>(`{ unmeteredModelCalls(range: ${all}) }`)).unmeteredModelCalls, 0)
})

const priceModel = 'mutation ($provider: String, $model: String!, $sameAs: String, $prices: ModelPrices) { priceModel(provider: $provider, model: $model, sameAs: $sameAs, prices: $prices) { version active source content { cards overlays { name models } } } }'

test('a model is given prices, or those of another, in one step: a new version that is active; the old ones stay', async () => {
  const before = await books()
  assert.deepEqual(before.map(({ version, active }) => [version, active]), [[shippedBook().version, true]])
  const own = await query.ask<{ priceModel: Book & { content: unknown } }>(priceModel, { provider: 'acme', model: 'acme-1', prices: { input: '2', output: '4', webSearch: '10' } })
  assert.deepEqual([own.priceModel.active, own.priceModel.source], [true, 'console'])
  const effect = await query.ask<{ priceBookEffect: unknown }>(`{ priceBookEffect(version: "${own.priceModel.version}") { provider model calls posted repriced unpricedNow unpricedThen } }`)
  assert.deepEqual(effect.priceBookEffect, [{ provider: 'acme', model: 'acme-1', calls: 2, posted: '0', repriced: '8', unpricedNow: 2, unpricedThen: 0 }])
  const same = await query.ask<{ priceModel: Book & { content: unknown } }>(priceModel, { provider: '', model: 'mystery', sameAs: 'anthropic/claude-sonnet-4-5' })
  assert.deepEqual(same.priceModel.content && (same.priceModel.content as { overlays: unknown }).overlays, [{ name: 'console', models: 2 }])
  const now = await books()
  assert.equal(now.length, 3)
  assert.deepEqual(now.filter(({ active }) => active).map(({ version }) => version), [same.priceModel.version])
  assert.ok(now.find(({ version }) => version === own.priceModel.version)?.activatedAt.length === 1)
})

test('an overlay is kept without pricing anything, then activated; back to the shipped list the same way', async () => {
  const document = 'format: 1\nname: flex\nsource: test\nprices: [{ provider: openai, model: "*", when: { tier: flex }, multiply: 0.5 }]'
  const kept = await query.ask<{ importPriceOverlay: Book }>('mutation ($document: String!) { importPriceOverlay(document: $document) { version active } }', { document })
  assert.equal(kept.importPriceOverlay.active, false)
  const activate = 'mutation ($version: ID!) { activatePriceBook(version: $version) { version active } }'
  for (const version of [kept.importPriceOverlay.version, shippedBook().version]) {
    assert.deepEqual((await query.ask<{ activatePriceBook: unknown }>(activate, { version })).activatePriceBook, { version, active: true })
  }
})

test('what is wrong is said in one line and changes nothing', async () => {
  const before = await books()
  const refused = async (text: string, variables: Readonly<Record<string, unknown>>): Promise<string> => {
    const [error] = await query.refusal(text, variables)
    assert.ok(error)
    assert.match(String(error.code), /BAD_INPUT|NOT_FOUND/)
    return error.message
  }
  assert.equal(await refused(priceModel, { model: 'm', sameAs: 'openai/gpt-nope' }), 'the model m is the same as openai/gpt-nope, which the price book does not have')
  assert.equal(await refused(priceModel, { model: 'm' }), 'write either sameAs or prices')
  assert.equal(await refused(priceModel, { model: 'm', prices: {} }), 'prices names no price')
  assert.match(await refused(priceModel, { model: 'm', prices: { input: '-1' } }), /^input -1 is not a price: write US dollars from 0 to 1000 with at most 6 decimals$/)
  assert.match(await refused(priceModel, { model: 'm', prices: { input: '1', webSearch: '0.0000000001' } }), /^webSearch 0\.0000000001 is not a price: .* at most 9 decimals$/)
  assert.match(await refused('mutation ($document: String!) { importPriceOverlay(document: $document) { version } }', { document: 'format: 1\nname: a\nsource: b\ncurrency: EUR' }), /^document: currency is "EUR"/)
  assert.match(await refused('mutation { activatePriceBook(version: "ff") { version } }', {}), /^there is no price book 'ff'/)
  assert.deepEqual(await books(), before)
})

test('another site cannot change prices: a form is refused before it is read', async () => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    const response = await fetch(`${query.server.address.url}/graphql`, { method: 'POST', headers: { 'content-type': type, origin: 'https://evil.example' }, body: JSON.stringify({ query: 'mutation { activatePriceBook(version: "ff") { version } }' }) })
    assert.equal(response.status, 415)
  }
  const preflight = await fetch(`${query.server.address.url}/graphql`, { method: 'OPTIONS', headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' } })
  assert.equal(preflight.headers.get('access-control-allow-origin'), null)
})
