import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { closedMonths } from '#clickhouse/tables/closed-months.ts'
import { ledgerEntries } from '#clickhouse/tables/ledger-entries.ts'
import { parseCsv } from '../export/csv.fixture.ts'
import { ledgerRow, noon, tenant, type TestQuery, testQuery } from '../test-store.ts'
import { restatementCommand } from './command.ts'

const day = 24n * 3_600_000_000_000n
const dime = 100_000_000_000n
/** The usage is of 20 November 2026; the month is closed on 2 December. */
const reported = noon + 11n * day
const closed = noon + 12n * day
const later = noon + 20n * day

let query: TestQuery
before(async () => {
  query = await testQuery()
  await query.insert(ledgerEntries, [
    ledgerRow(1, 1, 1, { amount: 3n * dime, priceBookVersion: 'old' }),
    ledgerRow(2, 1, 2, { amount: undefined, unitPrice: undefined, basis: 'UNPRICED', priceBookVersion: 'old' }),
    // Late usage, before the close; after it, a price for what had none and another for what had one.
    ledgerRow(3, 1, 3, { amount: dime, priceBookVersion: 'old', postedAt: reported + day / 2n }),
    ledgerRow(4, 1, 1, { kind: 'REVERSAL', reason: 'repriced', quantity: -1_000_000_000_000n, amount: -3n * dime, priceBookVersion: 'old', postedAt: later }),
    ledgerRow(5, 1, 1, { kind: 'ADJUSTMENT', reason: 'repriced', amount: 2n * dime, priceBookVersion: 'new', postedAt: later }),
    ledgerRow(6, 1, 2, { kind: 'REVERSAL', reason: 'repriced', quantity: -1_000_000_000_000n, amount: undefined, unitPrice: undefined, basis: 'UNPRICED', priceBookVersion: 'old', postedAt: later }),
    ledgerRow(7, 1, 2, { kind: 'ADJUSTMENT', reason: 'repriced', amount: dime, priceBookVersion: 'new', postedAt: later }),
    ledgerRow(8, 2, 4, { amount: 50n * dime, occurredAt: noon + 15n * day, postedAt: later }),
    ledgerRow(9, 3, 5, { tenant: 'other', amount: 70n * dime }),
    // A search beside the late usage: no token.
    ledgerRow(10, 1, 3, { meter: 'tool.web_search', amount: 0n, priceBookVersion: 'old', postedAt: reported + day / 2n }),
  ])
  await query.insert(closedMonths, [
    { tenant, month: '2026-11', closedAt: closed, actor: 'ada' }, { tenant, month: '2026-11', closedAt: later, actor: 'somebody who was late' },
    { tenant: 'other', month: '2026-11', closedAt: noon, actor: 'bob' },
  ])
})
after(() => query[Symbol.asyncDispose]())

const ask = async (month: string, asOf: string) => (await query.ask<{ restatement: unknown }>(
  `{ restatement(month: "${month}", asOf: "${asOf}") { closedAt costThen costNow unpricedThen unpricedNow changes { reason kind priceBookVersion accountedIn entries cost quantity } } }`)).restatement

test('what was reported then, what stands now, and every line between by reason, price book and the month it is accounted in', async () => {
  assert.deepEqual(await ask('2026-11', '2026-12-01T12:00:00Z'), {
    closedAt: '2026-12-02T12:00:00Z', costThen: '0.3', costNow: '0.4', unpricedThen: 1, unpricedNow: 0,
    changes: [
      { reason: 'repriced', kind: 'ADJUSTMENT', priceBookVersion: 'new', accountedIn: '2026-12', entries: 2, cost: '0.3', quantity: '2' },
      { reason: 'repriced', kind: 'REVERSAL', priceBookVersion: 'old', accountedIn: '2026-12', entries: 2, cost: '-0.3', quantity: '-2' },
      { reason: 'metered', kind: 'CHARGE', priceBookVersion: 'old', accountedIn: '2026-11', entries: 2, cost: '0.1', quantity: '1' },
    ],
  })
})

test('a correction is what was taken back and what was posted in its place, with both price books', async () => {
  const { restatement } = await query.ask<{ restatement: unknown }>(
    '{ restatement(month: "2026-11", asOf: "2026-12-01T12:00:00Z") { costSince reasons { reason accountedIn entries cost quantity changes { kind priceBookVersion unpricedEntries cost } } } }')
  assert.deepEqual(restatement, {
    costSince: '0.1', reasons: [
      { reason: 'metered', accountedIn: '2026-11', entries: 2, cost: '0.1', quantity: '1', changes: [{ kind: 'CHARGE', priceBookVersion: 'old', unpricedEntries: 0, cost: '0.1' }] },
      { reason: 'repriced', accountedIn: '2026-12', entries: 4, cost: '0', quantity: '0', changes: [{ kind: 'REVERSAL', priceBookVersion: 'old', unpricedEntries: 1, cost: '-0.3' }, { kind: 'ADJUSTMENT', priceBookVersion: 'new', unpricedEntries: 0, cost: '0.3' }] },
    ],
  })
})

test('closed months say who closed them, the first to do so, and in whose books their corrections stand', async () => {
  assert.deepEqual(await query.ask('{ closedMonths { month closedAt actor corrections { accountedIn entries cost } } }'), {
    closedMonths: [{ month: '2026-11', closedAt: '2026-12-02T12:00:00Z', actor: 'ada', corrections: [{ accountedIn: '2026-12', entries: 4, cost: '0' }] }],
  })
})

test('every figure can be opened: the lines that were posted until then, and since, by price book', async () => {
  const lines = async (filter: string) => (await query.ask<{ costs: unknown }>(`{ costs(range: {from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z"}, filter: {${filter}}) { cost entries } }`)).costs
  assert.deepEqual(await lines('posted: {until: "2026-12-01T12:00:00Z"}'), [{ cost: '0.3', entries: 2 }], 'a line of that very moment was in the report')
  assert.deepEqual(await lines('posted: {after: "2026-12-01T12:00:00Z"}, reason: ["repriced"], kind: [REVERSAL], priceBookVersion: ["old"]'), [{ cost: '-0.3', entries: 2 }])
  assert.deepEqual(await lines('posted: {after: "2026-12-01T12:00:00Z", until: "2026-12-02T12:00:00Z"}, reason: ["metered"]'), [{ cost: '0.1', entries: 2 }])
  assert.deepEqual((await query.ask<{ ledgerEntries: { nodes: unknown } }>('{ ledgerEntries(filter: {priceBookVersion: ["new"], posted: {until: "2026-12-01T12:00:00Z"}}) { nodes { id } } }')).ledgerEntries.nodes, [])
})

test('a month without corrections, without a close, and without anything', async () => {
  const nothing = { unpricedThen: 0, unpricedNow: 0, changes: [] }
  assert.deepEqual(await ask('2026-12', '2026-12-31T00:00:00Z'), { ...nothing, closedAt: null, costThen: '5', costNow: '5' })
  assert.deepEqual(await ask('2020-02', '9999-12-31T00:00:00Z'), { ...nothing, closedAt: null, costThen: '0', costNow: '0' })
})

test('the file says the same, and its changes add up to what stands now', async () => {
  const file = async (parameters: string) => fetch(`${query.server.address.url}/export/restatement.csv?${parameters}`)
  assert.deepEqual(parseCsv(await (await file('month=2026-11&asOf=2026-12-01T12:00:00Z')).text()).map((line) => Object.values(line).join(' ')), [
    '2026-11 2026-12-01T12:00:00Z reported      0.3 USD 1', '2026-11 2026-12-01T12:00:00Z posted since metered CHARGE old 2026-11 2 0.1 USD 0',
    '2026-11 2026-12-01T12:00:00Z posted since repriced REVERSAL old 2026-12 2 -0.3 USD 1', '2026-11 2026-12-01T12:00:00Z posted since repriced ADJUSTMENT new 2026-12 2 0.3 USD 0',
    '2026-11 2026-12-01T12:00:00Z standing now      0.4 USD 0',
  ])
  for (const [parameters, refusal] of [['', /write a month and a moment/], ['month=2026-11&asOf=yesterday', /asOf 'yesterday' is no DateTime/], ['month=2026-11&asOf=2026-12-01T12:00:00Z&agent=a', /parameter 'agent' is unknown: use month, asOf/]] as const) {
    const refused = await file(parameters)
    assert.equal(refused.status, 400)
    assert.match(await refused.text(), refusal)
  }
})

test('a month that is none is refused with what to write', async () => {
  assert.deepEqual(await query.refusal('{ restatement(month: "2026-13", asOf: "2026-12-01T00:00:00Z") { costNow } }'), [
    { message: `month '2026-13' is no month, write one such as "2026-10"`, code: 'BAD_INPUT' }])
})

test('a sum counts a line that was taken back, because it has a price now, as unpriced no more', async () => {
  assert.deepEqual(await query.ask('{ costs(range: {from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z"}) { cost entries unpricedEntries } }'), {
    costs: [{ cost: '0.4', entries: 8, unpricedEntries: 0 }] })
})

test('the command says the same in words', async () => {
  const openStore = () => Promise.resolve({ ...query.store, [Symbol.asyncDispose]: async () => undefined })
  assert.deepEqual(await restatementCommand(['2026-11', '--as-of', '2026-12-02'], { tenant, openStore, now: later }), {
    exitCode: 0, text: [
      '2026-11, closed at 2026-12-02T12:00:00Z', 'as of 2026-12-02T00:00:00Z: $0.4, 1 line unpriced', 'posted since:',
      '  ADJUSTMENT repriced, 2 lines, +$0.3, book new, accounted in 2026-12', '  REVERSAL repriced, 2 lines, -$0.3, book old, accounted in 2026-12', 'now: $0.4',
    ].join('\n'),
  })
  const early = await restatementCommand(['2026-11'], { tenant, openStore, now: noon })
  assert.match(early.text, /^as of 2026-12-01T00:00:00Z, which is still to come: /m, 'nobody reported it then')
  for (const [args, said] of [
    [[], 'a month is needed'], [['2026-13'], '\'2026-13\' is no month'], [['2026-11', '--as-of'], '\'\' is no time'], [['2026-11', '--as-of', 'yesterday'], '\'yesterday\' is no time'],
    [['2026-11', 'x', '2026-12-01'], 'a month is needed, and perhaps a time'],
  ] as const) {
    const { text, exitCode } = await restatementCommand(args, { tenant, openStore: () => Promise.reject(new Error('opened')), now: later })
    assert.equal(exitCode, 2, args.join(' '))
    assert.ok(text.startsWith(said), text)
  }
})
