import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { callKeys } from '#clickhouse/tables/call-keys.ts'
import { runs } from '#clickhouse/tables/runs.ts'
import { spans } from '#clickhouse/tables/spans.ts'
import { pairs } from '#clickhouse/test-pairs.ts'
import { noon, runRow, spanRow, tenant, type TestQuery, testQuery, traceId } from '../test-store.ts'
import { hasText } from './attribute-filter.ts'

/** Spans of other traces, enough for this many granules of 8,192 rows. */
const granules = 12
const others = granules * 8_192

let query: TestQuery
before(async () => {
  query = await testQuery()
  await query.insert(runs, [1, 2, 3].map((n) => runRow(n)))
  await query.insert(spans, [
    spanRow({
      trace: 1, span: 1, parent: 0, start: 1_000, step: { toolCallId: 'call_7', session: 'conv-1' },
      row: { attributesString: pairs([['gen_ai.tool.call.id', 'call_7'], ['order', '4711'], ['empty', '']]), attributesInt: pairs([['port', 443n]]), attributesBool: pairs([['dry', true]]) },
    }),
    spanRow({ trace: 2, span: 2, parent: 0, start: 2_000, row: { attributesString: pairs([['other', 'call_7']]), attributesInt: pairs([['order', 4711n]]), attributesDouble: pairs([['t', 0.5]]) } }),
    spanRow({ trace: 3, span: 3, parent: 0, start: 3_000, row: { tenant: 'somebody', attributesString: pairs([['order', '4711']]) } }),
  ])
  await query.store.command(`INSERT INTO spans (tenant, trace_id, span_id, started_at, service, session, attributes_string_own)
    SELECT '${tenant}', reinterpretAsFixedString(toUInt128(1000000 + intDiv(number, 16))), reinterpretAsFixedString(number), fromUnixTimestamp64Nano(${noon} + toInt64(number) * 10000000, 'UTC'), 'shop',
      concat('session-', toString(intDiv(number, 16))), map('order', toString(number + 100000), 'region', 'eu') FROM numbers(${others})`)
  await query.store.command(`INSERT INTO call_keys (tenant, key, trace_id, span_id, started_at, ended_at)
    SELECT '${tenant}', substring(SHA256(toString(number)), 1, 8), reinterpretAsFixedString(toUInt128(number)), '', toDateTime64(0, 9, 'UTC'), toDateTime64(0, 9, 'UTC') FROM numbers(${others})`)
  for (const table of [spans.name, callKeys.name]) await query.store.command(`OPTIMIZE TABLE ${table} FINAL`)
})
after(() => query[Symbol.asyncDispose]())

const found = async (attributes: readonly { readonly key: string; readonly value: string }[], range?: object): Promise<readonly string[]> => {
  const { runs } = await query.ask<{ readonly runs: { readonly nodes: readonly { readonly id: string }[] } }>(
    'query($filter: RunFilter) { runs(filter: $filter, orderBy: STARTED_AT_ASC) { nodes { id } } }', { filter: { attributes, ...(range === undefined ? {} : { range }) } })
  return runs.nodes.map(({ id }) => id)
}

test('runs are found by an attribute of a span, whatever its type and wherever it is stored', async () => {
  assert.deepEqual(await found([{ key: 'gen_ai.tool.call.id', value: 'call_7' }]), [traceId(1)], 'the value under another key is another attribute')
  assert.deepEqual(await found([{ key: 'order', value: '4711' }]), [traceId(1), traceId(2)], 'text and number, and no other tenant\'s')
  assert.deepEqual(await found([{ key: 'order', value: '4711' }, { key: 't', value: '0.5' }]), [traceId(2)])
  assert.deepEqual(await found([{ key: 'port', value: '443' }, { key: 'dry', value: 'true' }, { key: 'empty', value: '' }]), [traceId(1)])
  assert.deepEqual(await found([{ key: 'nobody', value: '0' }]), [], 'what is not there is not zero')
  assert.deepEqual(await found([{ key: 'order', value: '4711' }], { from: '2026-11-20T12:00:02Z' }), [traceId(2)])
})

test('the newest runs with an attribute are the same whether they are few or many, page by page', async () => {
  const hour = 3_600_000_000_000n
  // 11 runs, an hour apart and then days: the steps back hold 4, 8 and all of them.
  const ages = [1n, 2n, 3n, 4n, 30n, 50n, 80n, 100n, 200n, 2_000n, 4_000n]
  const stored = ages.map((age, index) => ({ trace: 100 + index, at: noon - age * hour }))
  await query.insert(runs, stored.map(({ trace, at }) => runRow(trace, { startedAt: at, endedAt: at + 1n })))
  await query.insert(spans, stored.map(({ trace, at }) => spanRow({ trace, span: trace, parent: 0, start: Number((at - noon) / 1_000_000n), row: { attributesString: pairs([['tier', 'free']]) } })))
  const expected = stored.map(({ trace }) => traceId(trace))
  const ask = `query($first: Int, $after: String, $filter: RunFilter) { runs(first: $first, after: $after, filter: $filter) { totalCount nodes { id } pageInfo { hasNextPage endCursor } } }`
  interface Page { readonly runs: { readonly totalCount: number; readonly nodes: readonly { readonly id: string }[]; readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string } } }
  for (const first of [1, 3, 4, 50]) {
    const ids: string[] = []
    for (let after: string | null = null; ;) {
      const page: Page = await query.ask<Page>(ask, { first, after, filter: { attributes: [{ key: 'tier', value: 'free' }] } })
      ids.push(...page.runs.nodes.map(({ id }) => id))
      assert.equal(page.runs.totalCount, ages.length)
      if (!page.runs.pageInfo.hasNextPage) break
      after = page.runs.pageInfo.endCursor
    }
    assert.deepEqual(ids, expected, `${first} a page`)
  }
  const inRange = await query.ask<Page>(ask, { filter: { attributes: [{ key: 'tier', value: 'free' }], range: { from: '2026-11-18T00:00:00Z', to: '2026-11-20T09:30:00Z' } } })
  assert.deepEqual(inRange.runs.nodes.map(({ id }) => id), expected.slice(2, 6))
})

test('too many attributes, or one without a key, are refused', async () => {
  const ask = 'query($filter: RunFilter) { runs(filter: $filter) { nodes { id } } }'
  for (const attributes of [Array.from({ length: 9 }, () => ({ key: 'a', value: 'b' })), [{ key: '', value: 'b' }]]) {
    assert.equal((await query.refusal(ask, { filter: { attributes } }))[0]?.code, 'BAD_INPUT')
  }
})

/** Granules that are read at last, of how many. */
async function granulesRead(sql: string, params: Readonly<Record<string, unknown>>): Promise<{ readonly read: number; readonly of: number }> {
  const lines = await query.store.read<{ explain: string }>(`EXPLAIN indexes = 1 ${sql}`, { tenant, ...params }, { maxSeconds: 30 })
  const counts = lines.flatMap(({ explain }) => {
    const [, read, of] = /Granules: (\d+)\/(\d+)/.exec(explain) ?? []
    return read === undefined ? [] : [{ read: Number(read), of: Number(of) }]
  })
  const [first, last] = [counts[0], counts.at(-1)]
  assert.ok(first !== undefined && last !== undefined, lines.map(({ explain }) => explain).join('\n'))
  return { read: last.read, of: first.of }
}

test('an attribute is looked for through its index: other granules are skipped', async () => {
  const { read, of } = await granulesRead(`SELECT trace_id FROM spans WHERE tenant = {tenant:String} AND ${hasText(0)}`, { key_0: 'order', value_0: '150000' })
  assert.ok(of >= granules && read <= 3, `${read} of ${of} granules`)
})

test('a trace is found by its id alone, without a time range, in few granules', async () => {
  const trace = (1_000_000).toString(16).padStart(6, '0').match(/../g)?.reverse().join('').padEnd(32, '0') ?? ''
  for (const condition of ['trace_id = toFixedString(unhex({trace:String}), 16)', 'trace_id IN (SELECT toFixedString(unhex(arrayJoin([{trace:String}])), 16))']) {
    const { read, of } = await granulesRead(`SELECT span_id FROM spans WHERE tenant = {tenant:String} AND ${condition}`, { trace })
    assert.ok(of >= granules && read <= 3, `${condition}: ${read} of ${of} granules`)
  }
})

test('a call key is looked up in granules of 256 rows', async () => {
  const { read, of } = await granulesRead(`SELECT trace_id FROM call_keys WHERE tenant = {tenant:String} AND key IN (SELECT toFixedString(unhex(arrayJoin({keys:Array(String)})), 8))`, { keys: ['ab'.repeat(8)] })
  assert.ok(of >= others / 256 && read <= 2, `${read} of ${of} granules`)
})
