import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ledgerEntries } from '#clickhouse/tables/ledger-entries.ts'
import { spans } from '#clickhouse/tables/spans.ts'
import { pairs } from '#clickhouse/test-pairs.ts'
import { ledgerRow, noon, spanRow, type TestQuery, testQuery } from '../test-store.ts'

const resource = (repository: string): string => JSON.stringify([{ key: 'service.name', value: { stringValue: 'claude-code' } }, { key: 'vcs.repository.name', value: { stringValue: repository } }])
const token = 1_000_000_000_000n
const day = 86_400_000_000_000n
/** Who listens to what is asked of the store. */
const reads: ((params: object) => void)[] = []

let query: TestQuery
before(async () => {
  query = await testQuery(undefined, (store) => ({
    ...store,
    read: (sql, params, options) => {
      for (const hear of reads) hear(params)
      return store.read(sql, params, options)
    },
  }))
  await query.insert(spans, [
    spanRow({ trace: 1, span: 1, parent: 0, step: { dialect: 'claude_code' }, row: { resourceAttributes: resource('shop') } }),
    spanRow({ trace: 1, span: 2, parent: 1, step: { dialect: 'claude_code' }, row: { resourceAttributes: resource('shop') } }),
    spanRow({ trace: 2, span: 3, parent: 0, step: { dialect: 'codex' }, row: { attributesString: pairs([['vcs.repository.url.full', 'https://git.example/till']]) } }),
    spanRow({ trace: 3, span: 4, parent: 0, step: { dialect: 'claude_code' } }),
    spanRow({ trace: 4, span: 5, parent: 0, step: { dialect: 'genai' }, row: { resourceAttributes: resource('shop') } }),
    spanRow({ trace: 5, span: 6, parent: 0, step: { dialect: 'claude_code' }, row: { tenant: 'other', resourceAttributes: resource('theirs') } }),
  ])
  await query.insert(ledgerEntries, [
    ledgerRow(1, 1, 1, { amount: 7n, user: 'ada', session: 's1', quantity: 10n * token }), ledgerRow(2, 1, 2, { amount: 1n, user: 'ada', session: 's1', meter: 'input.cache_read', quantity: 5n * token }),
    ledgerRow(3, 2, 3, { amount: 100n, user: 'bo', session: 's2', meter: 'output.text', quantity: 3n * token, model: 'gpt-5-codex' }),
    ledgerRow(4, 3, 4, { amount: undefined, unitPrice: undefined, basis: 'UNPRICED', user: 'ada', session: 's3', model: 'new' }),
    // Without a price until it got one.
    ...(['CHARGE', 'REVERSAL'] as const).map((kind, n) => ledgerRow(7 + n, 3, 4, { kind, amount: undefined, unitPrice: undefined, basis: 'UNPRICED', user: 'ada', session: 's3', model: 'new', quantity: n === 0 ? token : -token })),
    ledgerRow(5, 4, 5, { amount: 1_000n, user: 'ada' }), ledgerRow(6, 5, 6, { tenant: 'other', amount: 5_000n }),
  ])
})
after(() => query[Symbol.asyncDispose]())

const rows = async (args: string, fields: string): Promise<readonly unknown[]> => (await query.ask<{ readonly codingAgents: readonly unknown[] }>(`{ codingAgents(range: {}${args}) { ${fields} } }`)).codingAgents
const cost = async (filter: string): Promise<unknown> => (await query.ask<{ readonly costs: readonly { readonly cost: string }[] }>(`{ costs(range: {}, filter: {${filter}}) { cost } }`)).costs[0]?.cost

test('the total is of coding agents alone, and of this tenant', async () => {
  assert.deepEqual(await rows('', 'agent cost entries unpricedEntries sessions runs developers inputTokens cachedInputTokens outputTokens'), [
    { agent: null, cost: '0.000000000108', entries: 6, unpricedEntries: 1, sessions: 3, runs: 3, developers: 2, inputTokens: '16', cachedInputTokens: '5', outputTokens: '3' },
  ])
})
test('by agent, developer, repository and model', async () => {
  assert.deepEqual(await rows(', groupBy: [AGENT]', 'agent cost sessions'), [{ agent: 'codex', cost: '0.0000000001', sessions: 1 }, { agent: 'claude_code', cost: '0.000000000008', sessions: 2 }])
  assert.deepEqual(await rows(', groupBy: [DEVELOPER]', 'developer cost runs'), [{ developer: 'bo', cost: '0.0000000001', runs: 1 }, { developer: 'ada', cost: '0.000000000008', runs: 2 }])
  assert.deepEqual(await rows(', groupBy: [REPOSITORY]', 'repository cost'), [{ repository: 'https://git.example/till', cost: '0.0000000001' }, { repository: 'shop', cost: '0.000000000008' }, { repository: '', cost: '0' }])
  assert.deepEqual(await rows(', groupBy: [MODEL, AGENT]', 'model agent unpricedEntries'), [{ model: 'gpt-5-codex', agent: 'codex', unpricedEntries: 0 }, { model: 'gpt-5', agent: 'claude_code', unpricedEntries: 0 }, { model: 'new', agent: 'claude_code', unpricedEntries: 1 }])
})
test('the filters that open the ledger lines of a figure find the same sum', async () => {
  assert.equal(await cost('codingAgent: ["codex", "claude_code"]'), '0.000000000108')
  assert.equal(await cost('codingAgent: "claude_code", repository: "shop"'), '0.000000000008')
  assert.equal(await cost('repository: ["", "https://git.example/till"]'), '0.0000000001')
  assert.equal(await cost('repository: "theirs"'), '0')
})
test('a session that goes on past midnight keeps its repository on both days, in the figures and in the lines that they open', async () => {
  const midnight = noon + day / 2n
  await query.insert(spans, [
    spanRow({ trace: 6, span: 7, parent: 0, start: 11 * 3_600_000, step: { dialect: 'claude_code' }, row: { resourceAttributes: resource('night') } }),
    spanRow({ trace: 6, span: 8, parent: 7, start: 13 * 3_600_000, step: { dialect: 'claude_code' } }),
  ])
  await query.insert(ledgerEntries, [ledgerRow(20, 6, 7, { amount: 3n, occurredAt: midnight - 1n }), ledgerRow(21, 6, 8, { amount: 4n, occurredAt: midnight + 1n })])
  const figures = async (range: string) => [
    (await query.ask<{ codingAgents: readonly { repository: string; cost: string }[] }>(`{ codingAgents(range: {${range}}, groupBy: [REPOSITORY]) { repository cost } }`)).codingAgents.find(({ repository }) => repository === 'night')?.cost,
    (await query.ask<{ costs: readonly { cost: string }[] }>(`{ costs(range: {${range}}, filter: {repository: "night"}) { cost } }`)).costs[0]?.cost,
    (await query.ask<{ ledgerEntries: { nodes: readonly { amount: string }[] } }>(`{ ledgerEntries(filter: {range: {${range}}, repository: "night"}) { nodes { amount } } }`)).ledgerEntries.nodes.map(({ amount }) => amount).join(),
  ]
  assert.deepEqual(await figures('from: "2026-11-21T00:00:00Z"'), Array(3).fill('0.000000000004'))
  assert.deepEqual(await figures('to: "2026-11-21T00:00:00Z", from: "2026-11-20T12:30:00Z"'), Array(3).fill('0.000000000003'))
})
test('a filter reads the spans of its range and a day around it, not those of all time', async () => {
  const asked: unknown[] = []
  reads.push((params) => asked.push(params))
  await query.ask('{ ledgerEntries(filter: {range: {from: "2026-11-20T00:00:00Z", to: "2026-11-21T00:00:00Z"}, codingAgent: "codex"}) { nodes { id } } }')
  const bounds = asked.map((params) => params as Readonly<Record<string, string>>).find((params) => 'told_from' in params)
  assert.deepEqual([bounds?.['told_from'], bounds?.['told_to']], [String(noon - (3n * day) / 2n), String(noon + (3n * day) / 2n)])
})
test('a range outside finds nothing', async () => {
  assert.deepEqual(await query.ask('{ codingAgents(range: {to: "2020-01-01T00:00:00Z"}, groupBy: [AGENT]) { agent } }'), { codingAgents: [] })
})
