import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type LedgerEntryRow, ledgerEntries } from '#clickhouse/tables/ledger-entries.ts'
import { ledgerRow, noon, type TestQuery, testQuery } from '../test-store.ts'

const million = 1_000_000n * 1_000_000_000_000n
const usd = 1_000_000_000_000n
const day = 86_400_000_000_000n
let query: TestQuery
let id = 0
const line = (said: Partial<LedgerEntryRow>): LedgerEntryRow => ledgerRow(++id, id, id, { quantity: million, ...said })

before(async () => {
  query = await testQuery()
  const yesterday = { occurredAt: noon - day }
  await query.insert(ledgerEntries, [
    line({ ...yesterday, amount: usd }), line({ ...yesterday, amount: 10n * usd, meter: 'output.text' }),
    // Today half of the input comes from a cache, the output is dearer, and there are searches.
    line({ amount: usd / 2n, quantity: million / 2n }), line({ amount: usd / 20n, quantity: million / 2n, meter: 'input.cache_read' }), line({ amount: 12n * usd, meter: 'output.text', agent: 'other' }),
    line({ amount: usd, quantity: 100n * usd, meter: 'tool.web_search' }),
    // Nobody knows what these cost: they are no reason for anything.
    line({ amount: undefined, unitPrice: undefined, basis: 'UNPRICED', model: 'new', quantity: 50n * million }),
    line({ tenant: 'other', amount: 1_000n * usd }),
  ])
})
after(() => query[Symbol.asyncDispose]())

const fields = 'from middle to before now volume models inputOutput cache prices other'

test('a day beside the day before it: the effects add up to the difference', async () => {
  assert.deepEqual(await query.ask(`{ costChange(range: {from: "2026-11-20T00:00:00Z", to: "2026-11-21T00:00:00Z"}) { ${fields} } }`), {
    costChange: {
      from: '2026-11-19T00:00:00Z', middle: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z', before: '11', now: '13.55',
      volume: '0', models: '0', inputOutput: '0', cache: '-0.45', prices: '2', other: '1',
    },
  })
})

test('a range that is open ends now, one that has no beginning has nothing before it', async () => {
  const { costChange } = await query.ask<{ readonly costChange: { readonly to: string; readonly now: string } }>('{ costChange(range: {from: "2026-11-20T00:00:00Z"}) { to now } }')
  assert.deepEqual(costChange, { to: '2026-11-20T12:01:00Z', now: '13.55' })
  assert.deepEqual(await query.refusal('{ costChange(range: {to: "2026-11-20T00:00:00Z"}) { now } }'), [{ message: 'costChange compares with the time before: the range needs a `from`', code: 'BAD_INPUT' }])
  assert.deepEqual((await query.refusal('{ costChange(range: {from: "2026-11-20T00:00:00Z", to: "2026-11-20T00:00:00Z"}) { now } }')).map(({ code }) => code), ['BAD_INPUT'])
})

test('a time before that would begin before all telemetry is refused in words, never told as a year that is none', async () => {
  for (const from of ['0001-01-01T00:00:00Z', '1990-01-01T00:00:00Z']) {
    assert.deepEqual(await query.refusal(`{ costChange(range: {from: "${from}"}) { from now } }`), [{ message: 'costChange compares with the time before, which would begin before 1970: narrow the range', code: 'BAD_INPUT' }], from)
  }
})

test('filters hold for both sides, and lines without a price stay out whatever is asked for', async () => {
  assert.deepEqual(await query.ask('{ costChange(range: {from: "2026-11-20T00:00:00Z", to: "2026-11-21T00:00:00Z"}, filter: {agent: "planner", basis: [PRICED, UNPRICED]}) { before now other } }'), { costChange: { before: '11', now: '1.55', other: '1' } })
  assert.deepEqual(await query.ask('{ costChange(range: {from: "2026-11-20T00:00:00Z", to: "2026-11-21T00:00:00Z"}, filter: {basis: [UNPRICED]}) { before now } }'), { costChange: { before: '0', now: '0' } })
})

test('what a cache saved', async () => {
  assert.deepEqual(await query.ask('{ cacheSavings(range: {}) }'), { cacheSavings: '0.45' })
  assert.deepEqual(await query.ask('{ cacheSavings(range: {to: "2026-11-20T00:00:00Z"}) }'), { cacheSavings: null })
})
