import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ledgerEntries } from '#clickhouse/tables/ledger-entries.ts'
import { policyDecisions } from '#clickhouse/tables/policy-decisions.ts'
import { runs } from '#clickhouse/tables/runs.ts'
import { decisionRow, ledgerRow, noon, runRow, spanId, type TestQuery, testQuery, traceId } from '../test-store.ts'

const hour = 3_600_000_000_000n
const day = 24n * hour
/** 0.100000000001 dollars: no double holds it, and no double holds the sum of three. */
const dime = 100_000_000_001n

let query: TestQuery
before(async () => {
  query = await testQuery()
  await query.insert(runs, [runRow(1, { startedAt: noon, endedAt: noon + day })])
  await query.insert(ledgerEntries, [
    ledgerRow(1, 1, 1, { amount: dime, unitPrice: dime, agent: 'a', quantity: 1_000_000_000_000n }),
    ledgerRow(2, 1, 1, { amount: dime, agent: 'a', meter: 'output.text', occurredAt: noon + hour, quantity: 2_500_000_000_000n }),
    ledgerRow(3, 1, 2, { amount: dime, agent: '', basis: 'REPORTED', meter: 'reported_cost', occurredAt: noon + hour }),
    ledgerRow(4, 2, 3, { amount: undefined, unitPrice: undefined, basis: 'UNPRICED', agent: 'b', model: 'homegrown', occurredAt: noon + day, user: '=cmd()', session: 'has "quotes", commas' }),
    ledgerRow(5, 2, 4, { amount: dime, agent: 'b', occurredAt: noon + day }),
    ledgerRow(6, 2, 4, { kind: 'REVERSAL', reason: 'mirrored', amount: -dime, quantity: -1_000_000_000_000n, agent: 'b', occurredAt: noon + day, reverses: '5'.padStart(64, '0') }),
    // The first line again, attributed later: it replaces itself and adds nothing.
    ledgerRow(1, 1, 1, { amount: dime, unitPrice: dime, agent: 'a', user: 'ada', revision: 2n }),
    ledgerRow(7, 9, 9, { tenant: 'other', amount: dime }),
  ])
  await query.insert(policyDecisions, [
    decisionRow(1, 1, { decidedAt: noon + 1n, spanId: spanId(1) }), decisionRow(2, 1, { decidedAt: noon + 2n, outcome: 'WARN', place: 'COLLECTOR', mode: 'SHADOW' }), decisionRow(2, 1, { decidedAt: noon + 2n, outcome: 'WARN', place: 'COLLECTOR', mode: 'SHADOW' }),
    decisionRow(3, 2, { tenant: 'other' }),
  ])
})
after(() => query[Symbol.asyncDispose]())

const everything = '{from: "2020-01-01T00:00:00Z", to: "2030-01-01T00:00:00Z"}'
const costs = async (args: string, fields: string): Promise<readonly Readonly<Record<string, unknown>>[]> =>
  (await query.ask<{ readonly costs: readonly Readonly<Record<string, unknown>>[] }>(`{ costs(range: ${everything}${args}) { ${fields} } }`)).costs

test('the total is exact, and says what it does not know', async () => {
  assert.deepEqual(await costs('', 'start agent cost reported entries unpricedEntries runs chargedSpans quantity inputTokens outputTokens'), [
    { start: null, agent: null, cost: '0.300000000003', reported: '0.100000000001', entries: 6, unpricedEntries: 1, runs: 2, chargedSpans: 4, quantity: '4.5', inputTokens: '2', outputTokens: '2.5' },
  ])
})
test('grouped, the dearest first; a line that names none is a group of its own', async () => {
  assert.deepEqual(await costs(', groupBy: [AGENT]', 'agent cost unpricedEntries'), [
    { agent: 'a', cost: '0.200000000002', unpricedEntries: 0 }, { agent: '', cost: '0.100000000001', unpricedEntries: 0 }, { agent: 'b', cost: '0', unpricedEntries: 1 },
  ])
})
test('a group of unpriced lines only is zero and says so', async () => {
  assert.deepEqual(await costs(', groupBy: [MODEL, BASIS], filter: {basis: UNPRICED}', 'model basis cost unpricedEntries'), [{ model: 'homegrown', basis: 'UNPRICED', cost: '0', unpricedEntries: 1 }])
})
test('by interval, in the time zone asked for', async () => {
  assert.deepEqual(await costs(', interval: HOUR', 'start cost'), [
    { start: '2026-11-20T12:00:00Z', cost: '0.100000000001' }, { start: '2026-11-20T13:00:00Z', cost: '0.200000000002' }, { start: '2026-11-21T12:00:00Z', cost: '0' },
  ])
  const starts = async (args: string) => (await costs(args, 'start')).map((row) => row['start'])
  assert.deepEqual(await starts(', interval: DAY'), ['2026-11-20T00:00:00Z', '2026-11-21T00:00:00Z'])
  assert.deepEqual(await starts(', interval: DAY, timeZone: "Asia/Kolkata"'), ['2026-11-19T18:30:00Z', '2026-11-20T18:30:00Z'])
  assert.deepEqual(await starts(', interval: WEEK'), ['2026-11-16T00:00:00Z'])
  assert.deepEqual(await starts(', interval: MONTH, timeZone: "Europe/Berlin"'), ['2026-10-31T23:00:00Z'])
  assert.deepEqual(await starts(', interval: MINUTE, filter: {runId: "' + traceId(2) + '"}'), ['2026-11-21T12:00:00Z'])
  assert.equal((await query.refusal(`{ costs(range: ${everything}, timeZone: "Mars/Olympus") { cost } }`))[0]?.code, 'BAD_INPUT')
  // A zone that JavaScript knows and ClickHouse does not.
  const [refusal] = await query.refusal(`{ costs(range: ${everything}, interval: DAY, timeZone: "US/Pacific-New") { cost } }`)
  assert.equal(refusal?.code, 'BAD_INPUT')
  assert.match(refusal?.message ?? '', /^timeZone 'US\/Pacific-New' is no IANA time zone/)
})
test('an empty range is one row of nothing without groups, no row with them', async () => {
  const none = '{from: "2020-01-01T00:00:00Z", to: "2020-01-02T00:00:00Z"}'
  assert.deepEqual((await query.ask<{ readonly costs: unknown }>(`{ costs(range: ${none}) { cost entries } }`)).costs, [{ cost: '0', entries: 0 }])
  assert.deepEqual((await query.ask<{ readonly costs: unknown }>(`{ costs(range: ${none}, groupBy: [RUN]) { cost } }`)).costs, [])
})
test('every dimension can be grouped by', async () => {
  const rows = await costs(', groupBy: [AGENT MODEL PROVIDER USER SESSION SERVICE ENVIRONMENT WORKFLOW METER PROJECT RUN BASIS]', 'runId user cost')
  assert.equal(rows.length, 5)
  assert.deepEqual(rows.find((row) => row['user'] === 'ada'), { runId: traceId(1), user: 'ada', cost: '0.100000000001' })
})

test('ledger lines: latest usage first, filtered, unpriced amounts null', async () => {
  const { ledgerEntries: page } = await query.ask<{ readonly ledgerEntries: { readonly nodes: readonly unknown[]; readonly totalCount: number } }>(
    `{ ledgerEntries(first: 2, filter: {agent: "b", kind: CHARGE}) { totalCount nodes { id kind amount unitPrice basis runId spanId model occurredAt reverses } } }`)
  assert.equal(page.totalCount, 2)
  assert.deepEqual(page.nodes[1], {
    id: '4'.padStart(64, '0'), kind: 'CHARGE', amount: null, unitPrice: null, basis: 'UNPRICED', runId: traceId(2), spanId: spanId(3), model: 'homegrown', occurredAt: '2026-11-21T12:00:00Z', reverses: null,
  })
})
test('ledger pages hold every line once', async () => {
  const seen: string[] = []
  let after: string | null = null
  do {
    const { ledgerEntries: page }: { readonly ledgerEntries: { readonly edges: readonly { readonly node: { readonly id: string } }[]; readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string } } } =
      await query.ask('query($after: String) { ledgerEntries(first: 2, after: $after) { edges { node { id } } pageInfo { hasNextPage endCursor } } }', { after })
    seen.push(...page.edges.map((edge) => edge.node.id))
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null
  } while (after !== null)
  assert.deepEqual(seen.map((id) => Number(id)).sort(), [1, 2, 3, 4, 5, 6])
})
test('a run has its own lines and decisions', async () => {
  const { run } = await query.ask<{ readonly run: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> }>(
    `{ run(id: "${traceId(1)}") { ledger { amount user } policyDecisions { outcome spanId evidence decidedAt } } }`)
  assert.deepEqual(run['ledger']?.map((entry) => entry['user']), ['ada', null, null])
  assert.deepEqual(run['policyDecisions'], [
    { outcome: 'DENY', spanId: spanId(1), evidence: { tool: 'rm' }, decidedAt: '2026-11-20T12:00:00.000000001Z' },
    { outcome: 'WARN', spanId: null, evidence: { tool: 'rm' }, decidedAt: '2026-11-20T12:00:00.000000002Z' },
  ])
})
test('policy decisions are filtered and counted once', async () => {
  const { policyDecisions: page } = await query.ask<{ readonly policyDecisions: unknown }>('{ policyDecisions(filter: {outcome: [WARN, ALLOW], place: COLLECTOR, mode: SHADOW, policyId: "no-delete"}) { totalCount nodes { policyId outcome } } }')
  assert.deepEqual(page, { totalCount: 1, nodes: [{ policyId: 'no-delete', outcome: 'WARN' }] })
})

test('the CSV has every line, is exact, quoted, and holds no formula', async () => {
  const response = await fetch(`${query.server.address.url}/export/ledger.csv?agent=b&from=2026-11-21T00:00:00Z`)
  assert.equal(response.headers.get('content-type'), 'text/csv; charset=utf-8')
  const lines = (await response.text()).split('\r\n')
  assert.equal(lines.length, 5)
  assert.match(lines[0] ?? '', /^id,kind,reason,amount,currency,occurred_at/)
  assert.match(lines[1] ?? '', /,CHARGE,metered,,USD,2026-11-21T12:00:00Z,.*,'=cmd\(\),"has ""quotes"", commas",/)
  assert.match(lines[3] ?? '', /,REVERSAL,mirrored,-0\.100000000001,USD,/)
  for (const wrong of ['agnet=b', 'from=yesterday', 'kind=LOAN', 'runId=x']) {
    const refused = await fetch(`${query.server.address.url}/export/ledger.csv?${wrong}`)
    assert.equal(refused.status, 400, wrong)
    assert.match(await refused.text(), /BAD_INPUT/)
  }
})
