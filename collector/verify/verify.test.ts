import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { allDaySums, refreshCostDays } from '#clickhouse/cost-days.ts'
import { migrate } from '#clickhouse/migrate.ts'
import { openStore, type Store } from '#clickhouse/store.ts'
import type { SpanRecord } from '#semconv/attributes.ts'
import { type Literal, literalAttributes, literalSpan } from '#semconv/literal-span.ts'
import { parsePolicies } from '#otel-config/policy/policies.ts'
import { captures } from '../corpus/captures.ts'
import { recordsOf } from '../corpus/records.ts'
import { shippedBook } from '../price/book.ts'
import { csv, focusHead, openaiCosts } from '../reconcile/made-bills.ts'
import { reconciliation } from '../reconcile/reconcile.ts'
import { verifyCommand } from './command.ts'
import { type Difference, differenceText } from './difference.ts'
import { selfTest } from './self-test.ts'
import { smallCollector } from './small-collector.ts'
import { checkSums } from './sums.ts'
import { verify, type Verified } from './verify.ts'

let dataDir: string
let store: Store
before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'verify-'))
  store = await openStore({ kind: 'embedded', dataDir, memoryBytes: 1024 * 1024 * 1024, readSessions: 4 })
  await migrate(store)
})
after(async () => {
  await store[Symbol.asyncDispose]()
  await rm(dataDir, { recursive: true, force: true })
})

const prices = shippedBook()
const options = (tenant: string) => ({ tenant, project: 'p', prices, policies: parsePolicies('policies: []') })

async function verified(tenant: string, threads = 0): Promise<Verified & { readonly found: readonly Difference[] }> {
  const found: Difference[] = []
  const sums = await verify({ store, tenant, prices, report: (difference) => found.push(difference), nowMs: () => performance.now(), threads })
  return { ...sums, found }
}

test('every capture of a real program, stored: what is derived from the rows again is what was stored', async () => {
  const collector = await smallCollector(store, options('corpus'))
  for (const capture of captures()) for (const payload of capture.payloads) await collector.arrive(recordsOf(payload))
  await collector.settle()
  const { found, entries, unsettled, spans } = await verified('corpus')
  assert.deepEqual(found.map(differenceText), [])
  assert.equal(unsettled, 0)
  assert.ok(entries > 200 && spans > 200, `${entries} entries, ${spans} spans`)
  const { tookMs: _, ...threaded } = await verified('corpus', 3)
  const { tookMs: __, ...alone } = await verified('corpus')
  assert.deepEqual(threaded, alone, 'three threads, each a third of the traces')
})

test('a run that lasts for days beside short ones, one that never ended and lines that lie outside of their run: each trace is looked at once', async () => {
  const collector = await smallCollector(store, options('long'))
  const hour = 3_600
  const runs = Array.from({ length: 20 }, (_, n) => [made(100 + n, 1, 0, n, agent(30, 6)), made(100 + n, 2, 1, n, call(30, 6))])
  // The root of the second never comes; a call of the third comes again and says that it began an hour before.
  await collector.arrive([...runs.flat(), made(200, 1, 0, 0, agent(70, 7)), made(200, 2, 1, 100 * hour, call(70, 7)), made(201, 2, 1, 5, call(50, 5)), made(202, 1, 0, 2, call(20, 2))])
  await collector.settle()
  await collector.arrive([made(202, 1, 0, -hour, call(20, 2))])
  await collector.settle()
  for (const threads of [0, 2]) {
    const { found, traces, spans, entries, unsettled } = await verified('long', threads)
    assert.deepEqual([found.map(differenceText), traces, spans, unsettled], [[], 23, 44, 0])
    assert.equal(String(entries), (await store.read<{ n: string }>(`SELECT count() AS n FROM ledger_entries FINAL WHERE tenant = 'long'`, {}, { maxSeconds: 30 }))[0]?.n)
  }
})

test('a line of the ledger that lies behind a run that has not ended is looked at', async () => {
  const collector = await smallCollector(store, options('open'))
  await collector.arrive([made(210, 2, 1, 0, call(30, 6))])
  await collector.settle()
  assert.deepEqual((await verified('open')).found.map(differenceText), [])
  await store.command(`INSERT INTO ledger_entries SELECT * REPLACE (addYears(occurred_at, 50) AS occurred_at, unhex('${id(99)}') AS span_id) FROM ledger_entries WHERE tenant = 'open'`)
  assert.deepEqual((await verified('open')).found.map(({ of, kind }) => `${of} ${kind}`), ['entry surplus', 'entry surplus'])
})

test('a run that was taken away, or called unsettled, hides nothing: what came long before the last settlement is a difference', async () => {
  const collector = await smallCollector(store, options('hidden'))
  await collector.arrive([220, 221, 222].map((n) => made(n, 2, 1, 0, call(30, 6))))
  await collector.settle()
  const of = (n: number): string => `WHERE tenant = 'hidden' AND trace_id = unhex('${n.toString(16).padStart(32, '0')}')`
  await store.command(`ALTER TABLE ledger_entries DELETE ${of(220)} SETTINGS mutations_sync = 2`)
  await store.command(`ALTER TABLE runs DELETE ${of(220)} SETTINGS mutations_sync = 2`)
  await store.command(`ALTER TABLE runs UPDATE settled = 0 ${of(221)} SETTINGS mutations_sync = 2`)
  const { found: none, unsettled } = await verified('hidden')
  assert.deepEqual([none, unsettled], [[], 2], 'of what came lately nobody knows')
  await store.command(`INSERT INTO runs SELECT * REPLACE (version + 7200000000000 AS version) FROM runs ${of(222)}`)
  for (const threads of [0, 2]) {
    const { found, unsettled: left } = await verified('hidden', threads)
    assert.deepEqual([found.map(({ of: what, kind, fields }) => [what, kind, fields.map(({ field }) => field)]).sort(), left], [[['run', 'changed', ['settled']], ['run', 'missing', ['settled']]], 0])
  }
})

/** Every column of a line but those that say which line it is. */
const changes: readonly (readonly [column: string, value: string])[] = [
  ['project', `'other'`], ['reason', `'repriced'`], ['posted_at', 'addDays(posted_at, 40)'], ['provider', `'azure'`], ['model', `'gpt-6'`], ['basis', `'REPORTED'`],
  ['price_book_version', `''`], ['price_book_version', `'${'any '.repeat(32)}'`], ['agent', `'x'`], ['user', `'x'`], ['session', `'x'`], ['workflow', `'x'`], ['service', `'x'`],
  ['environment', `'x'`], ['tags', `'x'`], ['usage_flags', `['usage_lossy']`], ['quantity', 'quantity + 1'], ['unit_price', 'unit_price * 2'], ['unit_price', 'NULL'],
  ['amount', 'amount * 2'], ['amount', 'NULL'], ['price_card', `'x'`], ['reverses', `unhex('${'ab'.repeat(32)}')`],
]

test('a line that says anything else in any column is a difference: charged on arrival, and told by a settlement whose it is', async () => {
  const collector = await smallCollector(store, options('columns'))
  const [arrived, settled] = [1_000, 2_000].map((from) => changes.map((change, n) => ({ trace: from + n, change }))) as [Change[], Change[]]
  const [kind, sooner, elsewhen] = [3_000, 3_001, 3_002]
  await collector.arrive([...arrived, ...settled, { trace: kind }, { trace: sooner }, { trace: elsewhen }].map(({ trace }) => made(trace, 2, 1, 1, call(30, 6))))
  await collector.settle()
  await collector.arrive(settled.map(({ trace }) => made(trace, 1, 0, 0, agent(30, 6))))
  await collector.settle()
  assert.deepEqual((await verified('columns')).found.map(differenceText), [])
  const line = (trace: number): string => `tenant = 'columns' AND meter = 'output.text' AND trace_id = unhex('${trace.toString(16).padStart(32, '0')}')`
  const alter = (what: string): Promise<void> => store.command(`ALTER TABLE ledger_entries ${what} SETTINGS mutations_sync = 2`)
  for (const { trace, change: [column, value] } of [...arrived, ...settled]) await alter(`UPDATE ${column} = ${value} WHERE ${line(trace)}`)
  await alter(`UPDATE posted_at = addSeconds(posted_at, -1) WHERE ${line(sooner)}`)
  await store.command(`INSERT INTO ledger_entries SELECT * REPLACE ('ADJUSTMENT' AS kind) FROM ledger_entries WHERE ${line(kind)}`)
  await alter(`DELETE WHERE ${line(kind)} AND kind = 'CHARGE'`)
  await store.command(`INSERT INTO ledger_entries SELECT * REPLACE (addMilliseconds(occurred_at, 1) AS occurred_at, revision + 1 AS revision) FROM ledger_entries WHERE ${line(elsewhen)}`)
  const found = new Set((await verified('columns')).found.filter(({ of }) => of === 'entry').map(({ traceId }) => Number.parseInt(traceId, 16)))
  const missed = [...arrived, ...settled].filter(({ trace }) => !found.has(trace)).map(({ trace, change }) => [trace, ...change])
  assert.deepEqual([missed, [kind, sooner, elsewhen].filter((trace) => !found.has(trace))], [[], []])
})
interface Change { readonly trace: number; readonly change: readonly [column: string, value: string] }

test('a decision that was taken away, or says something else, is a difference', async () => {
  const policies = parsePolicies('policies: [{ id: calls, version: 1, title: calls, mode: enforce, on: span, match: { kinds: [MODEL_CALL] }, outcome: warn, reason: a call }]')
  const collector = await smallCollector(store, { ...options('decided'), policies })
  await collector.arrive([4_000, 4_001].map((trace) => made(trace, 2, 1, 1, call(30, 6))))
  await collector.settle()
  assert.deepEqual((await verified('decided')).found.map(differenceText), [])
  await store.command(`ALTER TABLE policy_decisions DELETE WHERE tenant = 'decided' AND trace_id = unhex('${(4_001).toString(16).padStart(32, '0')}') SETTINGS mutations_sync = 2`)
  assert.deepEqual((await verified('decided')).found.map(({ of, traceId, fields }) => [of, Number.parseInt(traceId, 16), fields]), [['run', 4_001, [{ field: 'policy decisions', stored: '0', recomputed: '1' }]]])
})

test('threads report what is planted: nothing may stand at the price of a book that nobody has', async () => {
  const collector = await smallCollector(store, options('planted'))
  await collector.arrive(Array.from({ length: 9 }, (_, n) => made(300 + n, 1, 0, n, call(30, 6))))
  await collector.settle()
  await store.command(`ALTER TABLE ledger_entries UPDATE price_book_version = '${'ab'.repeat(32)}' WHERE tenant = 'planted' AND trace_id = unhex('${(304).toString(16).padStart(32, '0')}') AND meter = 'output.text' SETTINGS mutations_sync = 2`)
  await store.command(`ALTER TABLE spans UPDATE agent = 'nobody' WHERE tenant = 'planted' AND trace_id = unhex('${(307).toString(16).padStart(32, '0')}') SETTINGS mutations_sync = 2`)
  const { found, traces } = await verified('planted', 2)
  assert.equal(traces, 9)
  assert.deepEqual(found.map(({ of, kind, fields }) => [of, kind, fields.map(({ field }) => field)]).sort(), [
    ['entry', 'surplus', ['quantity', 'amount']], ['run', 'changed', ['cost']], ['span', 'changed', ['agent']],
  ])
})

test('the engine alone finds sums that do not hold, and none in an honest ledger', async () => {
  const summed = async (tenant: string): Promise<readonly Difference[]> => {
    const found: Difference[] = []
    await checkSums({ store, tenant, report: (difference) => found.push(difference), nowMs: () => performance.now() })
    return found
  }
  assert.deepEqual((await summed('corpus')).map(differenceText), [])
  assert.deepEqual((await summed('long')).map(differenceText), [], 'with reversals')
  const collector = await smallCollector(store, options('sums'))
  await collector.arrive(Array.from({ length: 5 }, (_, n) => made(400 + n, 1, 0, n, call(30, 6))))
  await collector.arrive([made(405, 1, 0, 0, call(30, 6)), made(405, 2, 1, 1, call(70, 7))])
  await collector.settle()
  await collector.arrive([made(405, 2, 1, 1, {})])
  await collector.settle()
  assert.deepEqual((await summed('sums')).map(differenceText), [])
  const change = (what: string, trace: number, more = ''): Promise<void> =>
    store.command(`ALTER TABLE ${what} WHERE tenant = 'sums' AND trace_id = unhex('${trace.toString(16).padStart(32, '0')}')${more} SETTINGS mutations_sync = 2`)
  const output = ` AND meter = 'output.text'`
  await change(`ledger_entries UPDATE amount = amount + toDecimal128('0.000000000001', 12)`, 400, output)
  await change('ledger_entries DELETE', 401, output)
  await change('spans UPDATE usage_output_text = 7', 402)
  await change('runs UPDATE cost = 0', 403)
  await change(`ledger_entries UPDATE quantity = quantity + 1`, 405, `${output} AND kind = 'REVERSAL'`)
  assert.deepEqual((await summed('sums')).map(({ of, traceId, fields }) => `${of} ${Number.parseInt(traceId, 16)} ${fields[0]?.field}`).sort(), [
    'entry 400 amount', 'entry 405 what is left', 'run 400 cost', 'run 401 cost', 'run 403 cost', 'span 401 tokens', 'span 402 tokens',
  ])
})

test('what a person agreed to for a bill needs no span; a day whose sum is not the ledger\'s is a difference', async () => {
  const desk = reconciliation({ store, tenant: 'billed', project: 'p', prices: async () => prices, nowNano: () => 1_795_500_000_000_000_000n })
  await desk.importBill('costs.json', openaiCosts('2026-11-20', [['gpt-5, input', '1.5']]), 'ada')
  assert.equal((await desk.approve(['2026-11-20/openai/gpt-5/input'], 'ada', 'a key without telemetry')).length, 1)
  for (const sums of allDaySums) await refreshCostDays(store, sums)
  const { found: none, entries } = await verified('billed')
  assert.deepEqual([none, entries], [[], 1])
  await store.command(`INSERT INTO cost_days (tenant, day, agent, amount, entries, covered) VALUES ('billed', '2026-11-20', 'nobody', 5, 1, 1)`)
  const { differences, found } = await verified('billed')
  assert.deepEqual([differences, found.map(differenceText)], [1, ['day 2026-11-20 in cost_days, summed up: is not what comes out\n    cost: stored 5, recomputed 0']])
})

for (const [what, column, value] of [
  ['amount', 'amount', 'toDecimal128(1, 12)'], ['tokens', 'quantity', 'toDecimal128(1, 12)'], ['no amount', 'amount', 'NULL'], ['model', 'model', `'gpt-6'`], ['seller', 'provider', `'azure'`], ['class', 'price_card', `'bill:output'`],
] as const) {
  test(`an entry is what was agreed to: another ${what} is a difference`, async () => {
    const tenant = `agreed ${what}`
    const desk = reconciliation({ store, tenant, project: 'p', prices: async () => prices, nowNano: () => 1_795_500_000_000_000_000n })
    await desk.importBill('focus.csv', csv(focusHead, `0.5,USD,Usage,,2026-11-20T00:00:00Z,1000,Tokens,OpenAI,AI and Machine Learning,a,Input Tokens,"{""x_ModelId"":""gpt-5""}"`), 'ada')
    const [approval] = await desk.approve(['2026-11-20/openai/gpt-5/input'], 'ada', 'a key without telemetry')
    assert.deepEqual((await verified(tenant)).found, [])
    await store.command(`ALTER TABLE ledger_entries UPDATE ${column} = ${value} WHERE tenant = '${tenant}' SETTINGS mutations_sync = 2`)
    assert.deepEqual((await verified(tenant)).found.map(({ of, kind, id: entry }) => [of, kind, entry]), [['entry', 'changed', approval?.entryId]])
  })
}
test('an entry that nobody agreed to is surplus, and one that was agreed to and is not there is missing', async () => {
  const desk = reconciliation({ store, tenant: 'disagreed', project: 'p', prices: async () => prices, nowNano: () => 1_795_500_000_000_000_000n })
  await desk.importBill('costs.json', openaiCosts('2026-11-20', [['gpt-5, input', '1.5']]), 'ada')
  const [approval] = await desk.approve(['2026-11-20/openai/gpt-5/input'], 'ada', 'a key without telemetry')
  await store.command(`INSERT INTO ledger_entries SELECT * REPLACE (unhex('${'ab'.repeat(32)}') AS own_id) FROM ledger_entries WHERE tenant = 'disagreed'`)
  await store.command(`ALTER TABLE ledger_entries DELETE WHERE tenant = 'disagreed' AND id = unhex('${approval?.entryId}') SETTINGS mutations_sync = 2`)
  const expected = [['surplus', 'ab'.repeat(32)], ['missing', approval?.entryId]]
  assert.deepEqual((await verified('disagreed')).found.map(({ kind, id: entry }) => [kind, entry]), expected)
  const found: Difference[] = []
  await checkSums({ store, tenant: 'disagreed', report: (difference) => found.push(difference), nowMs: () => performance.now() })
  assert.deepEqual(found.map(({ kind, id: entry }) => [kind, entry]), expected)
})

for (const [what, prepare] of [
  ['tables', async () => undefined],
  ['columns', async (old) => { await migrate(old); await old.command('ALTER TABLE bill_approvals DROP COLUMN amount') }],
] as readonly (readonly [string, (old: Store) => Promise<void>])[]) {
  test(`data without ${what} of this version is named in one line`, async (t) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'verify-old-'))
    t.after(() => rm(dataDir, { recursive: true, force: true, maxRetries: 10 }))
    const open = (): Promise<Store> => openStore({ kind: 'embedded', dataDir, readSessions: 1 })
    {
      await using old = await open()
      await prepare(old)
    }
    const lines: string[] = []
    const exitCode = await verifyCommand([], { tenant: 't', prices, openStore: open, print: (line) => lines.push(line), nowMs: () => performance.now() })
    assert.deepEqual([exitCode, lines], [1, ['this data lacks tables or columns of this version: start the server over it once, then verify']])
  })
}

test('the self-test plants four faults and finds exactly these', async () => {
  const lines: string[] = []
  assert.ok(await selfTest({ prices, print: (line) => lines.push(line), nowMs: () => performance.now() }), lines.join('\n'))
  assert.equal(lines.at(-1), '8 entries, 4 differences')
})

const startedAt = literalSpan({}).startTimeUnixNano
const second = 1_000_000_000n
const id = (n: number): string => n.toString(16).padStart(16, '0')

/** Spans of one or two traces in the words of the conventions; `said` is added to a model call's or an agent's attributes. */
function made(trace: number, span: number, parent: number, at: number, said: { readonly [key: string]: Literal }): SpanRecord {
  return {
    ...literalSpan({ name: `span ${span}`, kind: 3, scope: 'made', resource: { 'service.name': 'shop' } }), traceId: trace.toString(16).padStart(32, '0'),
    spanId: id(span), parentSpanId: parent === 0 ? '' : id(parent), startTimeUnixNano: startedAt + BigInt(at) * second, endTimeUnixNano: startedAt + BigInt(at + 1) * second,
    attributes: literalAttributes({ 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-4o', ...said }),
  }
}
const agent = (input: number, output: number): { readonly [key: string]: Literal } =>
  ({ 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': `agent of ${input}`, 'gen_ai.usage.input_tokens': input, 'gen_ai.usage.output_tokens': output })
const call = (input: number, output: number, said: { readonly [key: string]: Literal } = {}): { readonly [key: string]: Literal } =>
  ({ 'gen_ai.operation.name': 'chat', 'gen_ai.usage.input_tokens': input, 'gen_ai.usage.output_tokens': output, ...said })

/** An agent that says more than its calls, a sub-agent, a wrapper around a call, an unknown model, a claim, an answer that another trace replays. */
const told: readonly SpanRecord[] = [
  made(1, 1, 0, 0, agent(900, 180)),
  made(1, 2, 1, 1, { ...agent(300, 60), 'langfuse.trace.tags': 'checkout' }),
  made(1, 3, 2, 2, call(100, 20, { 'gen_ai.usage.cache_read.input_tokens': 40, 'gen_ai.response.id': 'resp_aaaaaaaaaaaaaaaaaaaaaaaaaaaa' })),
  made(1, 4, 2, 3, call(200, 40, { 'spanledger.tags': 'beta, slow' })),
  made(1, 5, 1, 5, call(250, 50)),
  made(1, 6, 1, 7, call(50, 10, { 'gen_ai.response.id': 'resp_bbbbbbbbbbbbbbbbbbbbbbbbbbbb' })),
  { ...made(1, 7, 6, 7, call(50, 10, { 'gen_ai.response.id': 'resp_bbbbbbbbbbbbbbbbbbbbbbbbbbbb' })), scope: { name: 'inner', version: '', attributes: new Map(), schemaUrl: '' } },
  made(1, 8, 1, 9, call(70, 7, { 'gen_ai.request.model': 'never-heard-of' })),
  made(1, 9, 1, 10, call(30, 3, { 'gen_ai.request.model': 'never-heard-of-either', 'gen_ai.usage.cost': 0.03 })),
  made(2, 10, 0, 4_000, call(100, 20, { 'gen_ai.usage.cache_read.input_tokens': 40, 'gen_ai.response.id': 'resp_aaaaaaaaaaaaaaaaaaaaaaaaaaaa' })),
]
/** The same spans with other things to say: usage in another tier, another model, another parent, another service. */
const retold: readonly SpanRecord[] = [
  made(1, 3, 2, 2, call(300_000, 20, { 'gen_ai.request.model': 'gemini-2.5-pro', 'gen_ai.provider.name': 'gcp.gen_ai' })),
  made(1, 4, 2, 3, call(200, 40, { 'gen_ai.request.model': 'gpt-4o-mini' })),
  made(1, 5, 2, 5, call(251, 50)),
  { ...made(1, 8, 1, 9, call(70, 7)), resource: { attributes: literalAttributes({ 'service.name': 'kiosk' }), schemaUrl: '' } },
  made(1, 2, 1, 1, agent(30, 6)),
]

/** What stands at last, by span and meter. */
async function standing(tenant: string): Promise<readonly unknown[]> {
  return store.read(
    `SELECT lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span, meter, toString(sum(quantity)) AS tokens, toString(sum(amount)) AS cost, groupUniqArray(agent) AS agents, groupUniqArray(tags) AS tags
     FROM ledger_entries FINAL WHERE tenant = {tenant:String} GROUP BY trace, span, meter HAVING tokens != '0' ORDER BY trace, span, meter`, { tenant }, { maxSeconds: 30 })
}

let tenants = 0
/** Parts of the stream, each a request; what `settled` says is settled before the next comes. */
async function tell(parts: readonly (readonly SpanRecord[])[], settled: readonly boolean[]): Promise<string> {
  const tenant = `told ${tenants++}`
  const collector = await smallCollector(store, options(tenant))
  for (const [at, part] of parts.entries()) {
    await collector.arrive(part)
    if (settled[at] === true) await collector.settle()
  }
  await collector.settle()
  return tenant
}

const shuffledOnce = [7, 2, 9, 0, 5, 3, 8, 1, 6, 4].map((at) => told[at] as SpanRecord)

test('one span per request, backwards and twice, settled after each: the same ledger, and every entry of it comes out again', async () => {
  const expected = await standing(await tell([told], []))
  assert.equal(expected.length, 14, 'calls, a reported cost, unpriced ones, and what the agent says above them')
  const tenant = await tell([...shuffledOnce, ...told.toReversed()].map((span) => [span]), [true, false, true, true, false, true, true, true, false, true])
  assert.deepEqual(await standing(tenant), expected)
  assert.deepEqual((await verified(tenant)).found.map(differenceText), [])
})

test('spans that come again and say something else: whatever was posted on the way, what stands is what they said last', async () => {
  const tenant = await tell([told, retold.slice(0, 2), retold.slice(2), told.slice(2, 5), retold], [true, true, true, true])
  assert.deepEqual((await verified(tenant)).found.map(differenceText), [])
})

test('what was stored before there were tags has none, which is no difference; what came since has', async () => {
  const collector = await smallCollector(store, options('tagged'))
  await collector.arrive([made(300, 1, 0, 0, { ...agent(100, 10), 'spanledger.tags': 'checkout' }), made(300, 2, 1, 1, call(100, 10, { 'tag.tags': '["beta"]' }))])
  await collector.settle()
  const tags = async (): Promise<readonly unknown[]> => store.read(`SELECT DISTINCT splitByChar('\\n', tags) AS tags FROM ledger_entries FINAL WHERE tenant = 'tagged'`, {}, { maxSeconds: 30 })
  assert.deepEqual(await tags(), [{ tags: ['beta', 'checkout'] }])
  assert.deepEqual((await verified('tagged')).found.map(differenceText), [])

  for (const table of ['spans', 'ledger_entries']) await store.command(`ALTER TABLE ${table} UPDATE tags = '' WHERE tenant = 'tagged' SETTINGS mutations_sync = 1`)
  assert.ok((await verified('tagged')).differences > 0, 'they were forgotten')
  const migrations = await store.read<{ readonly version: number }>('SELECT version FROM schema_migrations', {}, { maxSeconds: 30 })
  const applied = (version: number, time: string): string => `(${version}, 'any', ${time})`
  await store.command('TRUNCATE TABLE schema_migrations')
  await store.command(`INSERT INTO schema_migrations (version, name, applied_at) VALUES ${migrations.map(({ version }) => applied(version, version < 18 ? 'now64(3) - INTERVAL 1 DAY' : 'now64(3)')).join(', ')}`)
  for (const threads of [0, 2]) assert.deepEqual((await verified('tagged', threads)).found.map(differenceText), [], 'the column came later')
})
