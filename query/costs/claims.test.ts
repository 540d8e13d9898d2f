import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ledgerEntries } from '#clickhouse/tables/ledger-entries.ts'
import { spans } from '#clickhouse/tables/spans.ts'
import { ledgerRow, noon, spanRow, type TestQuery, testQuery } from '../test-store.ts'

const token = 1_000_000_000_000n
const dime = 100_000_000_000n
const answer = { responseId: 'resp_1', callKeys: ['response:openai:resp_1'] }
const unpriced = { amount: undefined, unitPrice: undefined, basis: 'UNPRICED' } as const

let query: TestQuery
before(async () => {
  query = await testQuery()
  const claiming = (span: number, reportedCost: bigint, said: Parameters<typeof spanRow>[0]['row'] = {}) => spanRow({ trace: 1, span, parent: 0, step: { reportedCost }, row: said })
  await query.insert(spans, [
    // Too little, exactly ours, too much; one that came again and says another amount.
    claiming(1, 2n * dime), claiming(2, dime), claiming(3, 5n * dime), claiming(4, 9n * dime), claiming(4, dime, { receivedAt: noon + 1n }),
    // Nothing was claimed; there is no amount of ours; it was taken back; somebody else's.
    spanRow({ trace: 1, span: 5, parent: 0 }), claiming(6, dime), claiming(7, dime), claiming(8, dime, { tenant: 'other' }),
    claiming(9, dime),
    // An agent that claims all that its calls cost, and one call that nobody told.
    claiming(10, 12n * dime),
    // A call that two spans tell: the outer one says what it cost, the inner one is charged. The same answer in another trace is another call.
    spanRow({ trace: 2, span: 11, parent: 0, step: { ...answer, reportedCost: 2n * dime } }), spanRow({ trace: 2, span: 12, parent: 11, step: answer }),
    spanRow({ trace: 3, span: 13, parent: 0, step: answer }),
  ])
  await query.insert(ledgerEntries, [
    ledgerRow(1, 1, 1, { amount: dime }), ledgerRow(2, 1, 1, { meter: 'output.text', amount: 2n * dime }),
    ledgerRow(3, 1, 2, { amount: dime, agent: 'writer' }), ledgerRow(4, 1, 3, { amount: 4n * dime, agent: 'writer', model: 'claude' }), ledgerRow(5, 1, 4, { amount: dime, agent: 'writer' }),
    ledgerRow(6, 1, 5, { amount: 50n * dime }), ledgerRow(7, 1, 6, { ...unpriced, agent: 'lost' }),
    ledgerRow(8, 1, 7, { amount: dime }), ledgerRow(9, 1, 7, { kind: 'REVERSAL', reason: 'mirrored', quantity: -token, amount: -dime }),
    ledgerRow(10, 1, 8, { tenant: 'other', amount: dime }),
    // Charged to one model, then to another.
    ledgerRow(11, 1, 9, { amount: 7n * dime, model: 'first' }), ledgerRow(12, 1, 9, { kind: 'REVERSAL', reason: 'restated', quantity: -token, amount: -7n * dime, model: 'first' }),
    ledgerRow(13, 1, 9, { amount: dime, model: 'second', reason: 'restated', meter: 'output.text' }),
    ledgerRow(14, 1, 10, { amount: 3n * dime, agent: 'boss', reason: 'unattributed' }),
    ledgerRow(15, 2, 12, { amount: dime, agent: 'inner' }), ledgerRow(16, 3, 13, { amount: dime, agent: 'alone' }),
  ])
})
after(() => query[Symbol.asyncDispose]())

const rows = async (args: string, fields: string): Promise<readonly unknown[]> => (await query.ask<{ costs: readonly unknown[] }>(`{ costs(range: {}${args}) { ${fields} } }`)).costs

test('what senders said the calls cost stands beside ours: calls that have both, each compared as a whole', async () => {
  assert.deepEqual(await rows('', 'cost reportedCost costVariance'), [{ cost: '6.5', reportedCost: '1.2', costVariance: '-0.1' }])
  assert.deepEqual(await rows(', groupBy: [AGENT]', 'agent reportedCost costVariance'), [
    { agent: 'planner', reportedCost: '0.3', costVariance: '0.1' }, { agent: 'writer', reportedCost: '0.7', costVariance: '-0.1' }, { agent: 'boss', reportedCost: null, costVariance: null },
    { agent: 'alone', reportedCost: null, costVariance: null }, { agent: 'inner', reportedCost: '0.2', costVariance: '-0.1' }, { agent: 'lost', reportedCost: null, costVariance: null },
  ])
})
test('a call that was charged to another model counts under that model alone', async () => {
  assert.deepEqual(await rows(', groupBy: [MODEL], filter: {spanId: "0000000000000009"}', 'model reportedCost costVariance'), [{ model: 'second', reportedCost: '0.1', costVariance: '0' }, { model: 'first', reportedCost: null, costVariance: null }])
})
test('over time, and of the range alone', async () => {
  assert.deepEqual(await rows(', interval: DAY', 'reportedCost'), [{ reportedCost: '1.2' }])
  assert.deepEqual((await query.ask<{ costs: unknown }>('{ costs(range: {from: "2026-11-21T00:00:00Z"}) { reportedCost costVariance } }')).costs, [{ reportedCost: null, costVariance: null }])
})
test('the lines of calls on which both differ can be opened', async () => {
  const { ledgerEntries: { nodes } } = await query.ask<{ ledgerEntries: { nodes: readonly { spanId: string }[] } }>('{ ledgerEntries(filter: {claimDiffers: true}) { nodes { spanId } } }')
  assert.deepEqual(nodes.map(({ spanId }) => Number.parseInt(spanId, 16)).sort((a, b) => a - b), [1, 1, 3, 12])
  assert.deepEqual(await rows(', filter: {claimDiffers: true}', 'cost reportedCost costVariance'), [{ cost: '0.8', reportedCost: '0.9', costVariance: '-0.1' }])
  assert.deepEqual(await rows(', filter: {claimed: true}', 'reportedCost costVariance'), await rows('', 'reportedCost costVariance'), 'the calls that are compared, all of them and no others')
  const file = await (await fetch(`${query.server.address.url}/export/ledger.csv?claimDiffers=true`)).text()
  assert.equal(file.trim().split('\r\n').length, 5)
  const all = await (await fetch(`${query.server.address.url}/export/ledger.csv?claimed=true`)).text()
  assert.ok(all.split('\r\n').length > file.split('\r\n').length)
  for (const flag of ['claimDiffers', 'claimed']) assert.equal((await fetch(`${query.server.address.url}/export/ledger.csv?${flag}=perhaps`)).status, 400)
})
