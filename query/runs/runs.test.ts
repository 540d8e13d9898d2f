import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { policyDecisions } from '#clickhouse/tables/policy-decisions.ts'
import { runs } from '#clickhouse/tables/runs.ts'
import { decisionRow, noon, runRow, type TestQuery, testQuery, traceId } from '../test-store.ts'

let query: TestQuery
before(async () => {
  query = await testQuery()
})
after(() => query[Symbol.asyncDispose]())

interface Page {
  readonly runs: {
    readonly nodes: readonly { readonly id: string; readonly name: string; readonly status: string; readonly cost: string; readonly startedAt: string; readonly durationMs: number | null }[]
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
    readonly totalCount: number
  }
}
const pageQuery = `query($first: Int, $after: String, $filter: RunFilter, $orderBy: RunOrder) {
  runs(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
    nodes { id name status cost startedAt durationMs } pageInfo { hasNextPage endCursor } totalCount } }`
const names = async (filter: object): Promise<string[]> =>
  (await query.ask<Page>(pageQuery, { filter, orderBy: 'STARTED_AT_ASC' })).runs.nodes.map((run) => run.name)

test('an empty store has no runs', async () => {
  assert.deepEqual((await query.ask<Page>(pageQuery)).runs, { nodes: [], pageInfo: { hasNextPage: false, endCursor: null }, totalCount: 0 })
})

test('runs', async (t) => {
  await query.insert(runs, [
    runRow(1, { name: 'first', cost: 123_456_789_012_345_678n, agents: ['a', 'b'], sessions: ['s1'], tokens: { input: 5, cachedInput: 1, cacheWrite: 0, output: 2, reasoning: 0, total: 7 } }),
    runRow(2, { name: 'second', status: 'FAILED', errorCount: 3, models: [], agents: [], environment: '', startedAt: noon + 2_000_000_001n }),
    runRow(3, { name: 'silent', status: 'RUNNING', endedAt: undefined, settled: false, lastReceivedAt: noon - 600_000_000_000n }),
    runRow(4, { name: 'busy', status: 'RUNNING', endedAt: undefined, settled: false, unpricedModelCalls: 1, policyDecisions: 2 }),
    runRow(5, { name: 'plain trace', isRun: false }),
    runRow(6, { name: 'of somebody else', tenant: 'other' }),
    runRow(1, { name: 'older state of the first', version: noon - 1n }),
  ])

  await t.test('only runs, only ours, only their latest state', async () => {
    assert.deepEqual(await names({}), ['first', 'second', 'silent', 'busy'])
  })
  await t.test('money is exact, times are nanoseconds, silence is incomplete', async () => {
    const { nodes } = (await query.ask<Page>(pageQuery, { orderBy: 'STARTED_AT_ASC' })).runs
    assert.equal(nodes[0]?.cost, '123456.789012345678')
    assert.equal(nodes[1]?.startedAt, '2026-11-20T12:00:02.000000001Z')
    assert.equal(nodes[0]?.durationMs, 1500)
    assert.equal(nodes[2]?.durationMs, null)
    assert.deepEqual(nodes.map((run) => run.status), ['COMPLETED', 'FAILED', 'INCOMPLETE', 'RUNNING'])
  })
  await t.test('decisions are counted where they stand: the endpoint may have denied a call that no span came of', async () => {
    await query.insert(policyDecisions, [
      decisionRow(1, 1), decisionRow(2, 1, { outcome: 'ALLOW' }), decisionRow(3, 1, { place: 'COLLECTOR' }), decisionRow(4, 2, { place: 'ENDPOINT' }),
      decisionRow(5, 2, { place: 'ENDPOINT', outcome: 'WARN', mode: 'SHADOW' }), decisionRow(6, 4, { tenant: 'other' }),
    ])
    const { runs: { nodes } } = await query.ask<{ readonly runs: { readonly nodes: readonly unknown[] } }>('{ runs(orderBy: STARTED_AT_ASC) { nodes { policyDecisionCount interventions } } }')
    assert.deepEqual(nodes, [[3, 1], [2, 1], [0, 0], [0, 0]].map(([policyDecisionCount, interventions]) => ({ policyDecisionCount, interventions })))
  })
  const cases: readonly (readonly [filter: object, expected: string[]])[] = [
    [{ status: ['INCOMPLETE'] }, ['silent']],
    [{ status: ['RUNNING', 'FAILED'] }, ['second', 'busy']],
    [{ status: [] }, ['first', 'second', 'silent', 'busy']],
    [{ agent: ['b'] }, ['first']],
    [{ agent: [''] }, ['second']],
    [{ environment: [''] }, ['second']],
    [{ text: 'SIL' }, ['silent']],
    // A state that is no longer true must not be found by what it said.
    [{ text: 'older state' }, []],
    [{ text: 's1' }, ['first']],
    [{ text: '100%' }, []],
    [{ text: `it's \\ "quoted"` }, []],
    [{ text: traceId(4).slice(0, 31) }, ['first', 'second', 'silent', 'busy']],
    [{ ids: [traceId(4), traceId(6)] }, ['busy']],
    [{ minCost: '123456.789012345678' }, ['first']],
    [{ minCost: '123456.789012345679' }, []],
    [{ maxCost: '0' }, ['second', 'silent', 'busy']],
    [{ minDurationMs: 1500 }, ['first']],
    [{ maxDurationMs: 1499.999999 }, ['second']],
    [{ hasErrors: true }, ['second']],
    [{ hasPolicyDecisions: true }, ['busy']],
    [{ hasUnpriced: true }, ['busy']],
    [{ hasUnpriced: false, settled: false }, ['silent']],
    [{ range: { from: '2026-11-20T12:00:02Z', to: '2026-11-20T12:00:03Z' } }, ['second']],
    [{ range: { from: '2026-11-20T13:00:04+01:00' } }, ['busy']],
  ]
  for (const [filter, expected] of cases) {
    await t.test(`filter ${JSON.stringify(filter)}`, async () => assert.deepEqual(await names(filter), expected))
  }

  await t.test('run finds runs, trace finds any trace, neither finds another tenant\'s', async () => {
    const found = await query.ask<Record<'run' | 'plain' | 'trace' | 'other' | 'nonsense', { readonly name: string } | null>>(`{
      run(id: "${traceId(1).toUpperCase()}") { name } plain: run(id: "${traceId(5)}") { name } trace(id: "${traceId(5)}") { name }
      other: trace(id: "${traceId(6)}") { name } nonsense: run(id: "' OR 1") { name } }`)
    assert.deepEqual(found, { run: { name: 'first' }, plain: null, trace: { name: 'plain trace' }, other: null, nonsense: null })
  })

  await t.test('facets count runs by value', async () => {
    const { facets, status, found } = await query.ask<Record<'facets' | 'status' | 'found', unknown>>(`{
      facets(field: AGENT) { value runs } status: facets(field: STATUS, filter: {settled: false}) { value runs } found: facets(field: NAME, search: "IL") { value runs } }`)
    assert.deepEqual(facets, [{ value: 'planner', runs: 2 }, { value: 'a', runs: 1 }, { value: 'b', runs: 1 }])
    assert.deepEqual(status, [{ value: 'INCOMPLETE', runs: 1 }, { value: 'RUNNING', runs: 1 }])
    assert.deepEqual(found, [{ value: 'silent', runs: 1 }])
  })

  await t.test('ingest says what arrived', async () => {
    assert.deepEqual((await query.ask<{ readonly ingest: unknown }>('{ ingest { grpcEndpoint httpEndpoint lastReceivedAt spanCount runCount } }')).ingest, {
      grpcEndpoint: 'http://127.0.0.1:4317', httpEndpoint: 'http://127.0.0.1:4318', lastReceivedAt: '2026-11-20T12:00:00Z', spanCount: 5, runCount: 4,
    })
  })

  for (const orderBy of ['STARTED_AT_DESC', 'STARTED_AT_ASC', 'COST_DESC', 'DURATION_DESC', 'TOKENS_DESC']) {
    await t.test(`pages by ${orderBy} hold every run once, though rows arrive meanwhile`, async () => {
      const filter = { service: ['pages'] }
      const n = { STARTED_AT_DESC: 1000, STARTED_AT_ASC: 2000, COST_DESC: 3000, DURATION_DESC: 4000, TOKENS_DESC: 5000 }[orderBy] ?? 0
      const some = (from: number, count: number) => Array.from({ length: count }, (_, i) =>
        // Many equal keys, so that the id decides.
        runRow(n + from + i, { service: 'pages', workflow: orderBy, startedAt: noon + BigInt(i % 3), endedAt: noon + 9n, cost: BigInt(i % 2) }))
      await query.insert(runs, some(0, 25))
      const mine = { ...filter, workflow: [orderBy] }
      const seen: string[] = []
      let after: string | null = null
      do {
        const page: Page = await query.ask<Page>(pageQuery, { first: 7, after, filter: mine, orderBy })
        seen.push(...page.runs.nodes.map((run) => run.id))
        after = page.runs.pageInfo.hasNextPage ? page.runs.pageInfo.endCursor : null
        await query.insert(runs, some(100 + seen.length, 3))
      } while (after !== null && seen.length < 100)
      assert.equal(new Set(seen).size, seen.length)
      const before = some(0, 25).map((run) => run.traceId)
      assert.deepEqual(before.filter((id) => !seen.includes(id)), [])
    })
  }

  await t.test('a cursor of another order or filter, or none of ours, is refused', async () => {
    const { runs: page } = await query.ask<Page>(pageQuery, { first: 1 })
    const after = page.pageInfo.endCursor
    for (const variables of [{ after, orderBy: 'COST_DESC' }, { after, filter: { settled: true } }, { after: 'bm9uc2Vuc2U' }, { after: '' }, { after: 'x'.repeat(2000) }]) {
      const [error] = await query.refusal(pageQuery, variables)
      assert.equal(error?.code, 'BAD_INPUT')
    }
  })
})
