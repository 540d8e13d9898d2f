import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { allDaySums, costDays, refreshCostDays } from '#clickhouse/cost-days.ts'
import { type LedgerEntryRow, ledgerEntries } from '#clickhouse/tables/ledger-entries.ts'
import { ledgerRow, noon, type TestQuery, testQuery } from '../test-store.ts'

const hour = 3_600_000_000_000n
const day = 24n * hour

let query: TestQuery
before(async () => {
  query = await testQuery()
})
after(() => query[Symbol.asyncDispose]())

let seed = 11
const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below
const one = <T>(values: readonly T[]): T => values[random(values.length)] as T

let revision = 1n
const someRow = (): LedgerEntryRow => {
  const id = random(400)
  const basis = one(['PRICED', 'PRICED', 'REPORTED', 'UNPRICED'] as const)
  return ledgerRow(id, id % 40, id, {
    // The day follows from the id, as a span's does.
    occurredAt: noon + BigInt(id % 50) * day + BigInt(id % 24) * hour - 20n * day, amount: basis === 'UNPRICED' ? undefined : BigInt(random(1_000_000)) - 200_000n, basis,
    quantity: BigInt(random(1_000)) * 1_000_000_000_000n, agent: one(['a', 'b', '']), model: one(['gpt-5', 'claude-sonnet-5', 'x']), user: one(['', 'ada']), session: one(['', 's1', 's2']), tags: one(['', 'beta', 'beta\ncheckout']),
    meter: basis === 'REPORTED' ? 'reported_cost' : one(['input.uncached', 'output.text', 'output.reasoning'] as const), environment: one(['prod', 'test']), revision: revision++,
  })
}

const ranges = ['{}', '{from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z"}', '{from: "2026-11-05T07:30:00.000000001Z", to: "2026-11-29T23:59:59Z"}', '{from: "2026-11-20T01:00:00Z", to: "2026-11-20T18:00:00Z"}']
const questions = ranges.flatMap((range) => [
  '', ', groupBy: [MODEL, AGENT]', ', interval: DAY, groupBy: [PROVIDER]', ', interval: WEEK', ', interval: MONTH, groupBy: [METER, BASIS]', ', interval: DAY, timeZone: "Asia/Kolkata"', ', interval: HOUR, groupBy: [AGENT], filter: {model: "x"}', ', interval: DAY, timeZone: "Europe/Berlin", groupBy: [MODEL, METER]', ', interval: WEEK, timeZone: "America/New_York"', ', interval: MONTH, timeZone: "Australia/Lord_Howe", groupBy: [AGENT]', ', groupBy: [USER]',
  ', filter: {basis: UNPRICED}, groupBy: [ENVIRONMENT]', ', filter: {user: "ada"}', ', groupBy: [USER, SESSION, AGENT]', ', interval: DAY, groupBy: [TAG]', ', groupBy: [TAG, USER], filter: {tag: ["beta", ""], agent: "a"}', ', interval: MONTH, groupBy: [SESSION], filter: {session: ["s1", ""]}',
  ', groupBy: [USER, MODEL]', ', interval: WEEK, groupBy: [MODEL, TAG], filter: {tag: "beta", environment: ""}', ', groupBy: [PROVIDER, METER], filter: {user: ["ada", ""], kind: CHARGE}', ', groupBy: [USER], filter: {reason: "metered"}', ', filter: {agent: ["a", ""], kind: CHARGE}, groupBy: [WORKFLOW, SERVICE, PROJECT]',
].map((args) => `range: ${range}${args}`))
const fields = 'start agent model provider user session tag service environment workflow meter project basis cost reported entries unpricedEntries runs chargedSpans quantity inputTokens outputTokens'

const asked = async (): Promise<unknown> => {
  const answers: unknown[] = []
  for (const question of questions) answers.push((await query.ask<{ readonly costs: unknown }>(`{ costs(${question}) { ${fields} } }`)).costs)
  return answers
}
const refresh = async (): Promise<void> => {
  for (const sums of allDaySums) await refreshCostDays(query.store, sums)
}
/** The ledger as it is, with nothing summed up. */
const asLedger = async (): Promise<unknown> => {
  for (const { covered } of allDaySums) await query.store.command(`TRUNCATE TABLE ${covered}`)
  return asked()
}

test('sums of days answer as the ledger does: every range, interval, group and filter, with days that changed since', async () => {
  for (const step of ['all summed up', 'some days changed', 'merged and summed up again']) {
    await query.insert(ledgerEntries, Array.from({ length: 300 }, someRow))
    await refresh()
    if (step === 'some days changed') await query.insert(ledgerEntries, Array.from({ length: 20 }, someRow))
    if (step === 'merged and summed up again') await query.store.command('OPTIMIZE TABLE ledger_entries FINAL')
    const summed = await asked()
    assert.deepEqual(summed, await asLedger(), step)
  }
})
test('a sum in a table of sums is what is shown: the ledger is not read for a month that did not change', async () => {
  await refresh()
  // So many lines as no ledger has show where an answer comes from.
  for (const [at, { table }] of allDaySums.entries()) await query.store.command(`INSERT INTO ${table} (tenant, day, amount, entries, covered) VALUES ('acme', '2026-11-03', 5, ${(at + 1) * 1_000_000}, 1)`)
  const ask = async (args: string): Promise<string> => {
    const { costs } = await query.ask<{ readonly costs: readonly { readonly entries: number }[] }>(`{ costs(range: {from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z"}, ${args}) { cost entries } }`)
    const lines = costs.reduce((most, { entries }) => Math.max(most, entries), 0)
    return allDaySums[Math.floor(lines / 1_000_000) - 1]?.table ?? 'ledger_entries'
  }
  assert.equal(await ask('groupBy: [MODEL, AGENT]'), 'cost_days')
  assert.equal(await ask('interval: DAY, groupBy: [AGENT]'), 'cost_days')
  assert.equal(await ask('groupBy: [MODEL, TAG]'), 'cost_user_days')
  assert.equal(await ask('groupBy: [USER], filter: {model: "", tag: [""]}'), 'cost_user_days')
  assert.equal(await ask('groupBy: [USER], interval: MONTH'), 'cost_user_days')
  assert.equal(await ask('groupBy: [USER], filter: {reason: ""}'), 'ledger_entries')
  assert.equal(await ask('groupBy: [AGENT, USER]'), 'cost_session_days')
  assert.equal(await ask('groupBy: [AGENT], filter: {session: ""}'), 'cost_session_days')
  assert.equal(await ask('groupBy: [AGENT, TAG], interval: WEEK, filter: {user: [""], model: []}'), 'cost_session_days')
  assert.equal(await ask('groupBy: [AGENT, USER, MODEL]'), 'ledger_entries')
  assert.equal(await ask('groupBy: [AGENT, USER], filter: {provider: ""}'), 'ledger_entries')
  assert.equal(await ask('groupBy: [AGENT, RUN]'), 'ledger_entries')
  assert.equal(await ask('interval: HOUR, groupBy: [AGENT]'), 'cost_hours')
  assert.equal(await ask('interval: DAY, groupBy: [AGENT], timeZone: "Europe/Berlin"'), 'cost_hours')
  assert.equal(await ask('interval: WEEK, groupBy: [AGENT], filter: {meter: "", reason: ""}, timeZone: "Australia/Lord_Howe"'), 'cost_hours')
  assert.equal(await ask('groupBy: [AGENT], timeZone: "Asia/Kolkata"'), 'cost_days', 'no bucket has a zone')
  assert.equal(await ask('interval: DAY, groupBy: [AGENT], timeZone: "Asia/Kolkata"'), 'ledger_entries')
  assert.equal(await ask('interval: HOUR, groupBy: [AGENT, USER]'), 'ledger_entries')
  assert.equal(await ask('interval: MINUTE, groupBy: [AGENT]'), 'ledger_entries')
  await query.insert(ledgerEntries, [ledgerRow(1_000, 1, 1, { occurredAt: noon - 17n * day })])
  assert.equal(await ask('groupBy: [AGENT]'), 'ledger_entries', 'its day changed')
  assert.equal(await ask('groupBy: [AGENT, USER]'), 'ledger_entries', 'its day changed')
  await refreshCostDays(query.store, costDays)
  assert.equal(await ask('groupBy: [AGENT, USER]'), 'ledger_entries', 'summed up by agents, and not yet by users')
})

test('a line with several tags stands in the row of each: rows by tag overlap, the total does not', async () => {
  const at = noon + 400n * day
  const line = (id: number, tags: string): LedgerEntryRow => ledgerRow(2_000 + id, 1, id, { occurredAt: at, amount: BigInt(id) * 10n ** 12n, tags })
  await query.insert(ledgerEntries, [line(1, ''), line(2, 'beta'), line(4, 'beta\ncheckout')])
  const range = '{from: "2027-12-01T00:00:00Z"}'
  const ask = async (args: string): Promise<unknown> => (await query.ask<{ readonly costs: unknown }>(`{ costs(range: ${range}, ${args}) { tag cost entries } }`)).costs
  assert.deepEqual(await ask('groupBy: [TAG]'), [{ tag: 'beta', cost: '6', entries: 2 }, { tag: 'checkout', cost: '4', entries: 1 }, { tag: '', cost: '1', entries: 1 }])
  assert.deepEqual(await ask('groupBy: []'), [{ tag: null, cost: '7', entries: 3 }])
  assert.deepEqual(await ask('filter: {tag: ["beta", "checkout"]}'), [{ tag: null, cost: '6', entries: 2 }])
  assert.deepEqual(await ask('filter: {tag: [""]}'), [{ tag: null, cost: '1', entries: 1 }])
  const { ledgerEntries: { nodes } } = await query.ask<{ readonly ledgerEntries: { readonly nodes: readonly { readonly tags: readonly string[] }[] } }>(`{ ledgerEntries(filter: {range: ${range}}) { nodes { tags } } }`)
  assert.deepEqual(nodes.map(({ tags }) => tags).sort((a, b) => a.length - b.length), [[], ['beta'], ['beta', 'checkout']])
})
