import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type LedgerEntryRow, ledgerEntries, tagList } from '#clickhouse/tables/ledger-entries.ts'
import { ledgerRow, noon, tenant, type TestQuery, testQuery, traceId } from '../test-store.ts'

const hour = 3_600_000_000_000n

let query: TestQuery
/** Reads of the ledger that count runs. */
let counted = 0
before(async () => {
  query = await testQuery(undefined, (store) => ({ ...store, read: (sql, params, options) => {
    if (/AS runs\b/.test(sql)) counted++
    return store.read(sql, params, options)
  } }))
  await query.insert(ledgerEntries, Array.from({ length: 400 }, (_, id) => someRow(id)))
  // Lines that came again and belong to somebody else since, and another tenant's.
  await query.insert(ledgerEntries, Array.from({ length: 40 }, (_, id) => ({ ...someRow(id * 7), agent: 'late', user: 'ada', revision: 2n })))
  await query.insert(ledgerEntries, [{ ...someRow(1_000), tenant: 'other' }])
})
after(() => query[Symbol.asyncDispose]())

let seed = 5
const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below
const one = <T>(values: readonly T[]): T => values[random(values.length)] as T
/** Runs go over midnight; trace 0 is none, as of what was settled with a bill. */
const someRow = (id: number): LedgerEntryRow => ledgerRow(id, id % 37, id, {
  occurredAt: noon + BigInt(id % 60) * hour, agent: one(['a', 'b', '']), model: one(['gpt-5', 'claude-sonnet-5', '']), provider: one(['openai', '']), user: one(['', 'ada', 'bob']), session: one(['', 's1']),
  service: one(['shop', 'desk']), environment: one(['prod', '']), tags: one(['', 'beta', 'beta\ncheckout']), meter: one(['input.uncached', 'output.text'] as const), kind: one(['CHARGE', 'CHARGE', 'ADJUSTMENT'] as const),
})

/** Dimension, its field, and the ledger's own words for it. `workflow` is empty in every line. */
const dimensions = [
  ['AGENT', 'agent', 'agent'], ['MODEL', 'model', 'model'], ['PROVIDER', 'provider', 'provider'], ['METER', 'meter', 'meter'], ['USER', 'user', 'user'], ['SERVICE', 'service', 'service'],
  ['ENVIRONMENT', 'environment', 'environment'], ['WORKFLOW', 'workflow', 'workflow'], ['TAG', 'tag', `arrayJoin(${tagList})`],
] as const
const groupings = [[], ...dimensions.map((dimension) => [dimension]), [dimensions[0], dimensions[8]], [dimensions[8], dimensions[0]], [dimensions[4], dimensions[1], dimensions[6]]]

const filters: readonly (readonly [filter: string, sql: string])[] = [
  ['{}', '1'], ['{agent: ["a", ""]}', `agent IN ('a', '')`], ['{user: "ada"}', `user = 'ada'`], ['{tag: ["beta"]}', `has(${tagList}, 'beta')`], ['{tag: [""]}', `tags = ''`], ['{model: "none"}', '0'],
  [`{runId: "${traceId(7)}"}`, `trace_id = unhex('${traceId(7)}')`], [`{runId: "${traceId(0)}"}`, 'empty(trace_id)'], ['{workflow: [""], kind: ADJUSTMENT}', `kind = 'ADJUSTMENT'`],
]
const ranges = [['{}', '1'], ['{from: "2026-11-20T20:00:00Z", to: "2026-11-21T01:30:00Z"}', `occurred_at >= '2026-11-20 20:00:00' AND occurred_at < '2026-11-21 01:30:00'`]] as const

test('runs by many groups at once are the ledger\'s own, each by itself, and are one read', async () => {
  for (const [range, inRange] of ranges) for (const [filter, inFilter] of filters) {
    counted = 0
    const answer = await query.ask<Readonly<Record<string, readonly Readonly<Record<string, string | number>>[]>>>(
      `{ ${groupings.map((by, index) => `g${index}: costs(range: ${range}, filter: ${filter}, groupBy: [${by.map(([name]) => name).join(', ')}]) { ...Counted }`).join('\n')} }
       fragment Counted on CostRow { ${dimensions.map(([, field]) => field).join(' ')} ... { runs } }`)
    assert.ok(counted <= 1, `${counted} reads`)
    for (const [index, by] of groupings.entries()) {
      const own = await query.store.read<Readonly<Record<string, string>>>(
        `SELECT ${[...by.map(([, field, sql]) => `${sql} AS of_${field}`), 'toString(uniqExactIf(trace_id, NOT empty(trace_id))) AS n'].join(', ')} FROM ledger_entries FINAL
         WHERE tenant = '${tenant}' AND ${inRange} AND ${inFilter} ${by.length === 0 ? '' : `GROUP BY ${by.map(([, field]) => `of_${field}`).join(', ')}`}`, {}, { maxSeconds: 10 })
      const shown = (answer[`g${index}`] ?? []).map((row) => [...by.map(([, field]) => row[field]), `${row['runs']}`].join('|')).sort()
      assert.deepEqual(shown, own.map((row) => [...by.map(([, field]) => row[`of_${field}`]), row['n']].join('|')).sort(), `${range} ${filter} by ${by.map(([name]) => name).join(', ')}`)
    }
  }
})

const all = 'range: {}'
const countings: readonly (readonly [what: string, question: string, reads: number])[] = [
  ['other lines', `a: costs(${all}, groupBy: [AGENT]) { runs } b: costs(${all}, groupBy: [MODEL], filter: {user: "ada"}) { runs }`, 2],
  ['other buckets of time', `a: costs(${all}, interval: DAY) { runs } b: costs(${all}, interval: HOUR) { runs } c: costs(${all}, interval: DAY, groupBy: [AGENT]) { runs }`, 2],
  ['nobody asks', `a: costs(${all}, groupBy: [AGENT]) { cost } b: costs(${all}) { runs @skip(if: true) }`, 0],
  ['the same twice', `a: costs(${all}, groupBy: [AGENT]) { runs } b: costs(${all}, groupBy: [AGENT]) { runs }`, 1],
]
for (const [what, question, reads] of countings) {
  test(`what is counted together: ${what}`, async () => {
    counted = 0
    await query.ask(`{ ${question} }`)
    assert.equal(counted, reads)
  })
}
test('runs over time', async () => {
  const { a, b } = await query.ask<Readonly<Record<'a' | 'b', readonly { readonly start: string; readonly runs: number }[]>>>(
    `{ a: costs(${all}, interval: DAY, timeZone: "Asia/Kolkata") { start runs } b: costs(${all}, interval: DAY, timeZone: "Asia/Kolkata", groupBy: [SERVICE]) { start runs } }`)
  const own = await query.store.read<{ readonly runs: string }>(
    `SELECT toString(uniqExactIf(trace_id, NOT empty(trace_id))) AS runs FROM ledger_entries FINAL WHERE tenant = '${tenant}' GROUP BY toDate(occurred_at, 'Asia/Kolkata') AS day ORDER BY day`, {}, { maxSeconds: 10 })
  assert.deepEqual(a.map(({ runs }) => runs), own.map(({ runs }) => Number(runs)))
  assert.equal(new Set(b.map(({ start }) => start)).size, a.length)
})
