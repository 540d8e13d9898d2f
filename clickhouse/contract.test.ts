/**
 * What the rest of the program may expect of ClickHouse, whatever is behind the store: the embedded engine always, a
 * server too where CLICKHOUSE_URL (with CLICKHOUSE_USER, CLICKHOUSE_PASSWORD) names one.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import type { MetricPoint, PointValue } from '#semconv/metric.ts'
import { kindOfRole, meters, type SpanFacts, type Step } from '#semconv/facts.ts'
import { migrate } from './migrate.ts'
import { nativeBlock } from './native.ts'
import { RowBinaryWriter } from './row-binary.ts'
import { spanFacts, spanFactsColumns, type SpanFactsRow } from './span-facts.ts'
import { openStore, type Store, type StoreOptions } from './store.ts'
import { pairs } from './test-pairs.ts'
import { StoreError } from './store-error.ts'
import {
  boolMap, choice, columnsDdl, count, decimal, doubleMap, flag, id, intMap, nullableDecimal, nullableFloat, nullableTime, type Pairs, small, stringMap, type Table,
  text, time, timeMax, uint32, version, word, words, writeRow,
} from './table.ts'
import { timeBound } from './time-bound.ts'
import { alertEvents } from './tables/alert-events.ts'
import { alertRuleVersions } from './tables/alert-rule-versions.ts'
import { budgetApprovals } from './tables/budget-approvals.ts'
import { budgetVersions } from './tables/budget-versions.ts'
import { callKeyId, callKeys } from './tables/call-keys.ts'
import { conformance } from './tables/conformance.ts'
import { ingestAccount } from './tables/ingest-account.ts'
import { ledgerEntries, type LedgerEntryRow } from './tables/ledger-entries.ts'
import { logRecords, type LogRecordRow } from './tables/log-records.ts'
import { metricPoints, type MetricPointRow } from './tables/metric-points.ts'
import { policyDecisions, type PolicyDecisionRow } from './tables/policy-decisions.ts'
import { policyVersions } from './tables/policy-versions.ts'
import { closedMonths } from './tables/closed-months.ts'
import { priceBooks } from './tables/price-books.ts'
import { repriceOrders } from './tables/reprice-orders.ts'
import { runs, type RunRow } from './tables/runs.ts'
import { spanContent } from './tables/span-content.ts'
import { spans, type SpanRow } from './tables/spans.ts'

const maxSeconds = 20
const soon = { maxSeconds }
/** The suite takes seconds alone, a minute or two on a busy machine. */
const suiteMsMax = 600_000

function rowBinary<Row>(table: Table<Row>, rows: readonly Row[]): Buffer {
  const writer = new RowBinaryWriter()
  for (const row of rows) writeRow(table, writer, row)
  return writer.take()
}

const failsWith = (code: string, retry: boolean) => (error: unknown) => {
  assert.ok(error instanceof StoreError, String(error))
  assert.deepEqual([error.code, error.retry], [code, retry], error.message)
  return true
}

interface Thing {
  readonly id: number
  readonly text: string
  readonly word: string
  readonly words: readonly string[]
  readonly hex: string
  readonly flag: boolean
  readonly small: number
  readonly uint32: number
  readonly count: number
  readonly version: bigint
  readonly time: bigint
  readonly nullableTime: bigint | undefined
  readonly float: number | undefined
  readonly decimal: bigint
  readonly nullableDecimal: bigint | undefined
  readonly choice: 'A' | 'B'
  readonly strings: Pairs<string>
  readonly ints: Pairs<bigint>
  readonly doubles: Pairs<number>
  readonly bools: Pairs<boolean>
}

/** A column of every kind there is. */
const things: Table<Thing> = {
  name: 'things',
  columns: [
    uint32('id', (r) => r.id), text('a_text', (r) => r.text), word('a_word', (r) => r.word), words('some_words', (r) => r.words),
    id('hex_id', 16, (r) => r.hex), flag('a_flag', (r) => r.flag), small('a_small', (r) => r.small), uint32('a_uint32', (r) => r.uint32),
    count('a_count', (r) => r.count), version('a_version', (r) => r.version), time('a_time', (r) => r.time),
    nullableTime('a_nullable_time', (r) => r.nullableTime), nullableFloat('a_float', (r) => r.float), decimal('a_decimal', (r) => r.decimal),
    nullableDecimal('a_nullable_decimal', (r) => r.nullableDecimal), choice('a_choice', ['A', 'B'] as const, (r) => r.choice),
    stringMap('strings', (r) => r.strings), intMap('ints', (r) => r.ints), doubleMap('doubles', (r) => r.doubles), boolMap('bools', (r) => r.bools),
  ],
}

const int64 = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n })
const pico = fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n })
const anyText = fc.string({ unit: 'binary', maxLength: 200 })
const mapOf = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Pairs<T>> =>
  fc.uniqueArray(fc.tuple(anyText, value), { selector: ([key]) => key, maxLength: 4 }).map(pairs)
const anyThing: fc.Arbitrary<Omit<Thing, 'id'>> = fc.record({
  text: anyText, word: anyText, words: fc.array(anyText, { maxLength: 4 }),
  hex: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  flag: fc.boolean(), small: fc.nat(255), uint32: fc.nat(0xffff_ffff), count: fc.maxSafeNat(),
  version: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), time: fc.bigInt({ min: 0n, max: timeMax }),
  nullableTime: fc.option(fc.bigInt({ min: 0n, max: timeMax }), { nil: undefined }),
  float: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0), { nil: undefined }),
  decimal: pico, nullableDecimal: fc.option(pico, { nil: undefined }), choice: fc.constantFrom('A' as const, 'B' as const),
  strings: mapOf(anyText), ints: mapOf(int64), doubles: mapOf(fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0)), bools: mapOf(fc.boolean()),
})

/** A thing as the engine says it back, with every number as exact text. */
const thingColumns = `id, a_text, a_word, some_words, lower(hex(hex_id)), a_flag, a_small, a_uint32, a_count, a_version,
  toUnixTimestamp64Nano(a_time), toUnixTimestamp64Nano(a_nullable_time), a_float, toString(reinterpretAsInt128(a_decimal)),
  toString(reinterpretAsInt128(assumeNotNull(a_nullable_decimal))), isNull(a_nullable_decimal), a_choice,
  mapKeys(strings), mapValues(strings), mapKeys(ints), mapValues(ints), mapKeys(doubles), mapValues(doubles), mapKeys(bools), mapValues(bools)`
const thingRow = (r: Thing): unknown[] => [
  r.id, r.text, r.word, r.words, r.hex, r.flag, r.small, r.uint32, String(r.count), String(r.version), String(r.time),
  r.nullableTime === undefined ? null : String(r.nullableTime), r.float ?? null, String(r.decimal), String(r.nullableDecimal ?? 0n),
  r.nullableDecimal === undefined ? 1 : 0, r.choice, r.strings.keys, r.strings.values, r.ints.keys,
  r.ints.values.map(String), r.doubles.keys, r.doubles.values, r.bools.keys, r.bools.values,
]

const step: Step = {
  dialect: 'genai', role: 'model_call', operation: 'chat', agent: 'plan\'ner', agentId: 'a-1', workflow: 'w', session: 's', user: 'ü', tags: 'a\nb',
  provider: 'openai', requestModel: 'gpt-5', responseModel: 'gpt-5-2026', responseId: 'resp_1', tool: '', toolCallId: '', toolArgumentsHash: '',
  finishReasons: ['stop', 'length'], errorType: '', errorMessage: '', timeToFirstTokenMs: 12.5, streaming: true,
  usage: { 'input.uncached': 2 ** 53, 'output.text': 1 }, usageFlags: ['assumed_inclusive'], usagePartial: false, usageCumulative: false,
  usageAuthoritative: true, reportedCost: 10n ** 37n + 1n, callKeys: ['response:openai:resp_1', 'request:1'], serviceTier: 'flex', executed: true,
  decision: { policyId: 'p', policyVersion: 2, outcome: 'DENY', reason: 'no "shell"', target: 'bash' },
}
const facts: SpanFacts = {
  traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', parentSpanId: '00f067aa0ba902b7',
  startedAt: 1_763_683_200_123_456_789n, endedAt: 1_763_683_201_000_000_001n, name: 'chat gpt-5 😀', spanKind: 3, failed: true,
  service: 'shop', environment: 'prod', scopeName: 'openai', scopeVersion: '1.2', step,
}
const spanRow = (change: Partial<SpanFacts>, receivedAt = 1_763_683_202_000_000_000n): SpanRow => ({
  tenant: 'acme', project: 'web', facts: { ...facts, ...change }, receivedAt, statusCode: (change.failed ?? facts.failed) ? 2 : 1, statusMessage: 'm',
  traceState: 'k=v', spanFlags: 0xffff_ffff, schemaUrl: 'https://x', inputPreview: 'in', outputPreview: 'out\0\n',
  attributesString: pairs([['a.b', '\\ \' "\n'], ['', '']]), attributesInt: pairs([['n', 2n ** 53n + 1n], ['min', -(1n << 63n)]]),
  attributesDouble: pairs([['d', 0.1]]), attributesBool: pairs([['t', true], ['f', false]]), attributesJson: pairs([['j', '{"arrayValue":{}}']]),
  resourceAttributes: '[]', scopeAttributes: '', droppedAttributes: 1, droppedEvents: 2, droppedLinks: 3,
})
const bare: Step = {
  ...step, role: 'span', usage: undefined, usageFlags: [], usageAuthoritative: false, reportedCost: undefined, callKeys: [], decision: undefined,
  timeToFirstTokenMs: undefined, finishReasons: [], streaming: false, executed: false,
}

const ledgerRow: LedgerEntryRow = {
  tenant: 'acme', project: 'web', ownId: 'ab'.repeat(32), kind: 'REVERSAL', reason: 'mirrored', occurredAt: facts.startedAt, postedAt: facts.endedAt,
  traceId: facts.traceId, spanId: facts.spanId, provider: 'openai', model: 'gpt-5', meter: 'input.uncached', quantity: -(10n ** 38n) + 1n,
  usageFlags: ['repaired'],
  unitPrice: 37_500n, amount: undefined, basis: 'PRICED', priceBookVersion: 'v', priceCard: 'c', reverses: '', agent: 'a', user: 'u', session: 's',
  workflow: 'w', service: 'sv', environment: 'e', tags: 'a\nb', revision: (1n << 64n) - 1n,
}
const decisionRow: PolicyDecisionRow = {
  tenant: 'acme', project: 'web', id: 'cd'.repeat(32), policyId: 'p', policyVersion: 3, outcome: 'REQUIRE_APPROVAL', mode: 'SHADOW', place: 'ENDPOINT',
  reason: 'r', decidedAt: facts.startedAt, postedAt: facts.endedAt, traceId: facts.traceId, spanId: '', agent: 'a', actor: 'guard', evidence: '{"k":"v"}',
}
const logRow: LogRecordRow = {
  tenant: 'acme', project: 'web', id: 'ab'.repeat(16), at: facts.startedAt, receivedAt: facts.endedAt, service: 'shop', environment: 'prod',
  record: {
    observedTimeUnixNano: 1n, severityNumber: 9, severityText: 'INFO', flags: 0xffff_ffff, traceId: '', spanId: facts.spanId, droppedAttributesCount: 2,
    scope: { name: 'sdk', version: '1', attributes: new Map(), schemaUrl: '' },
  },
  eventName: 'gen_ai.choice', eventNameField: 'event x.rs:1', session: 's', schemaUrl: '', body: '', bodyJson: '{"kvlistValue":{}}',
  attributesString: pairs([['', '\0']]), attributesInt: pairs([['n', 2n ** 53n + 1n]]), attributesDouble: pairs([['d', 0.1]]), attributesBool: pairs([['f', false]]),
  attributesJson: pairs([['j', '{}']]), resourceAttributes: '[]', scopeAttributes: '',
}
/** A data point whose numbers are at their edges. */
const metricRow = (value: PointValue, said: Partial<MetricPoint> = {}): MetricPointRow => ({
  tenant: 'acme', project: 'web', series: 'ef'.repeat(16), receivedAt: facts.endedAt, service: 'shop', environment: 'prod', schemaUrl: '',
  labels: { model: 'gpt-5', provider: 'openai', tokenType: 'input', agent: 'a', session: 's' }, attributes: pairs([['k', 'v']]), attributesJson: '[]',
  resourceAttributes: '[]', scopeAttributes: '', exemplarAttributes: (said.exemplars ?? []).map(() => ''),
  point: {
    metric: {
      name: 'm', description: 'd', unit: 's', kind: 'HISTOGRAM', temporality: 'DELTA', resource: { attributes: new Map(), schemaUrl: '' },
      scope: { name: 'sc', version: '1', attributes: new Map(), schemaUrl: '' },
    },
    attributes: new Map(), startTimeUnixNano: facts.startedAt, timeUnixNano: facts.endedAt, flags: 1, value, exemplars: [], ...said,
  },
})
const runRow: RunRow = {
  tenant: 'acme', project: 'web', traceId: facts.traceId, version: 7n, isRun: true, settled: true, name: 'run', status: 'FAILED', startedAt: facts.startedAt,
  endedAt: undefined, lastReceivedAt: facts.endedAt, service: 's', environment: 'e', workflow: '', agents: ['a', 'b'], users: [], sessions: ['s'],
  providers: ['openai'], models: ['gpt-5'], modelCalls: 1, failedModelCalls: 2, unmeteredModelCalls: 3, unpricedModelCalls: 4, toolCalls: 5,
  failedToolCalls: 6, spanCount: 2 ** 53, errorCount: 8, tokens: { input: 1, cachedInput: 2, cacheWrite: 3, output: 4, reasoning: 5, total: 6 },
  cost: -1n, reportedCost: 10n ** 38n - 1n, policyDecisions: 9, interventions: 10,
}

const described: readonly Pick<Table<never>, 'name' | 'columns' | 'computed'>[] =
  [spans, spanContent, ledgerEntries, policyDecisions, runs, callKeys, logRecords, metricPoints, ingestAccount, conformance, priceBooks, policyVersions, repriceOrders, closedMonths, budgetVersions, budgetApprovals, alertEvents, alertRuleVersions]

function contract(name: string, options: StoreOptions, cleanUp: (store: Store) => Promise<void>): void {
  // Every await here waits for an engine: one that hangs must fail by name.
  describe(name, { timeout: suiteMsMax }, () => {
    let store: Store
    before(async () => {
      store = await openStore(options)
      await migrate(store)
      await store.command(`CREATE TABLE things (${columnsDdl(things)}) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100, fsync_after_insert = 1`)
    })
    after(async () => {
      await cleanUp(store)
      await store[Symbol.asyncDispose]()
    })

    test('2^53 + 1 comes back as 2^53 + 1', async () => {
      const [thing] = fc.sample(anyThing, 1)
      assert.ok(thing)
      await store.insert(things, rowBinary(things, [{ ...thing, id: 1, version: 2n ** 53n + 1n, decimal: 10n ** 38n - 1n, time: 1_763_683_200_123_456_789n }]), 'precise')
      assert.deepEqual(await store.read(`SELECT a_version AS v, a_decimal AS d, toUnixTimestamp64Nano(a_time) AS t, toString(a_time) AS s FROM things WHERE id = 1`, {}, soon), [
        { v: '9007199254740993', d: '99999999999999999999999999.999999999999', t: '1763683200123456789', s: '2025-11-21 00:00:00.123456789' },
      ])
    })

    for (const asBlock of [false, true]) test(`whatever a column can hold comes back as it was written, ${asBlock ? 'as a block' : 'row by row'}`, async () => {
      let next = asBlock ? 500_000 : 1000
      await fc.assert(fc.asyncProperty(fc.array(anyThing, { minLength: 1, maxLength: 60 }), async (samples) => {
        const from = next
        const rows: Thing[] = samples.map((thing) => ({ ...thing, id: next++ }))
        const body = rowBinary(things, rows)
        if (asBlock) await store.insert(things, nativeBlock(things.columns, rows.length, body), `things-${from}`, 'Native')
        else await store.insert(things, body, `things-${from}`)
        const back: unknown[][] = []
        for await (const batch of store.readBatches(`SELECT ${thingColumns} FROM things WHERE id >= {from:UInt32} AND id < {to:UInt32} ORDER BY id`, { from, to: next }, soon)) {
          back.push(...batch.map((row) => [...row]))
        }
        assert.deepEqual(back, rows.map(thingRow))
      }), { numRuns: 8 })
    })

    test('a block whose words need numbers of one, two and four bytes', async () => {
      for (const [at, words] of [256, 257, 65_537].entries()) {
        const rows = Array.from({ length: words + 3 }, (_, n) => ({
          tenant: `block ${at}`, key: n.toString(16).padStart(16, '0'), traceId: '', spanId: '', startedAt: 0n, endedAt: 0n, service: '', scopeName: '',
          model: `model ${n % words}`, inputTokens: 0, outputTokens: 0,
        }))
        await store.insert(callKeys, nativeBlock(callKeys.columns, rows.length, rowBinary(callKeys, rows)), `block-${at}`, 'Native')
        const [found] = await store.read(`SELECT count() AS rows, uniqExact(model) AS words, countIf(model = concat('model ', toString(reinterpretAsUInt64(reverse(key)) % ${words}))) AS right
          FROM call_keys WHERE tenant = 'block ${at}'`, {}, soon)
        assert.deepEqual(found, { rows: String(rows.length), words: String(words), right: String(rows.length) })
      }
    })

    test('every table has exactly the columns of its list', async () => {
      for (const table of described) {
        const rows = await store.read<{ name: string; type: string }>(`DESCRIBE TABLE ${table.name}`, {}, soon)
        const computed = (table.computed ?? []).map((line) => line.slice(0, line.search(/ (?:ALIAS|DEFAULT|EPHEMERAL)\b/)))
        assert.deepEqual(rows.map((r) => `${r.name} ${r.type}`), [...table.columns.map((c) => `${c.name} ${c.type}`), ...computed], table.name)
      }
    })

    test('a span comes back as the facts it was stored from', async () => {
      const others: SpanFacts[] = [
        { ...facts, spanId: '0000000000000001', parentSpanId: '', failed: false, step: bare, startedAt: 0n, endedAt: timeMax },
        { ...facts, spanId: '0000000000000002', failed: false, step: { ...step, usage: {}, role: 'tool' } },
        { ...facts, spanId: '0000000000000003', failed: false, step: { ...step, usage: Object.fromEntries(meters.map((meter, i) => [meter, i + 1])) } },
      ]
      const all = [facts, ...others]
      await store.insert(spans, rowBinary(spans, all.map((f) => spanRow(f))), 'spans')
      const rows = await store.read<SpanFactsRow>(`SELECT ${spanFactsColumns} FROM spans FINAL WHERE tenant = 'acme' AND trace_id = unhex({trace:String})`, { trace: facts.traceId }, soon)
      const byId = (a: SpanFacts, b: SpanFacts): number => a.spanId < b.spanId ? -1 : 1
      assert.deepEqual(rows.map(spanFacts).sort(byId), all.toSorted(byId))
      assert.deepEqual(await store.read(`SELECT attributes_string, attributes_int, attributes_double, attributes_bool, attributes_json, span_flags, dropped_links,
        output_preview, step_kind FROM spans WHERE span_id = unhex({span:String})`, { span: facts.spanId }, soon), [{
        attributes_string: { 'a.b': '\\ \' "\n', '': '' }, attributes_int: { n: '9007199254740993', min: '-9223372036854775808' }, attributes_double: { d: 0.1 },
        attributes_bool: { t: true, f: false }, attributes_json: { j: '{"arrayValue":{}}' }, span_flags: 0xffff_ffff, dropped_links: 3, output_preview: 'out\0\n',
        step_kind: kindOfRole[step.role],
      }])
    })

    test('an attribute that a column holds is not stored twice, and comes back as it was sent', async () => {
      const usage = { 'input.uncached': 70, 'input.cache_read': 30, 'output.text': 2 ** 53 }
      const told: SpanFacts = { ...facts, spanId: '00000000000000ab', step: { ...step, usage, responseId: 'resp_1', session: 's', operation: '' } }
      const strings: readonly (readonly [string, string])[] = [
        ['gen_ai.response.id', 'resp_1'], ['gen_ai.conversation.id', 'another'], ['session.id', 's'], ['gen_ai.operation.name', ''], ['gen_ai.provider.name', 'Openai'], ['user.id', 'ü'], ['own', 'x'],
      ]
      const ints: readonly (readonly [string, bigint])[] = [
        ['gen_ai.usage.input_tokens', 100n], ['gen_ai.usage.output_tokens', 2n ** 53n + 1n], ['gen_ai.usage.cache_read.input_tokens', 30n], ['gen_ai.usage.reasoning.output_tokens', 0n], ['n', 1n],
      ]
      const row = { ...spanRow(told), attributesString: pairs(strings), attributesInt: pairs(ints) }
      await store.insert(spans, nativeBlock(spans.columns, 1, rowBinary(spans, [row])), 'held', 'Native')
      const [found] = await store.read<Record<string, unknown>>(`SELECT attributes_string, attributes_int, mapKeys(attributes_string_own) AS own,
        hasAll(attribute_values, ['resp_1', 'another', 's', 'x']) AS searched FROM spans WHERE span_id = unhex('00000000000000ab')`, {}, soon)
      assert.deepEqual(found, {
        attributes_string: Object.fromEntries(strings), attributes_int: Object.fromEntries(ints.map(([key, value]) => [key, String(value)])),
        own: ['gen_ai.conversation.id', 'gen_ai.provider.name', 'own'], searched: 1,
      })
    })

    test('data points of every kind say back what was written', async () => {
      const exemplar = { timeUnixNano: 1n << 63n, traceId: facts.traceId, spanId: facts.spanId, filteredAttributes: new Map() }
      const largest = (1n << 64n) - 1n
      const values: readonly PointValue[] = [
        { type: 'number', value: -(1n << 63n) }, { type: 'number', value: 0.1 }, { type: 'none' },
        { type: 'histogram', count: largest, sum: undefined, min: -1.5, max: undefined, bucketCounts: [largest, 0n], explicitBounds: [-0.5] },
        { type: 'exponential', count: 3n, sum: 2, min: undefined, max: 4, scale: -10, zeroCount: largest, zeroThreshold: 0.25,
          positive: { offset: -(2 ** 31), counts: [1n, largest] }, negative: { offset: 2 ** 31 - 1, counts: [] } },
        { type: 'summary', count: 1n, sum: 0, quantiles: [{ quantile: 0.5, value: -2 }] },
      ]
      const rows = values.map((value, n) => metricRow(value, {
        timeUnixNano: facts.endedAt + BigInt(n), exemplars: n === 0 ? [{ ...exemplar, value: 2n ** 53n + 1n }, { ...exemplar, value: 0.5, traceId: '', spanId: '' }] : [],
      }))
      await store.insert(metricPoints, rowBinary(metricPoints, rows), 'points')
      const inBlock = rows.map((row) => ({ ...row, tenant: 'block' }))
      await store.insert(metricPoints, nativeBlock(metricPoints.columns, rows.length, rowBinary(metricPoints, inBlock)), 'points in a block', 'Native')
      for (const tenant of ['acme', 'block']) await assertPoints(tenant)
    })

    async function assertPoints(tenant: string): Promise<void> {
      const largest = (1n << 64n) - 1n
      const select = `SELECT value_type AS t, value_int AS i, value_double AS d, count AS c, sum AS s, min, max, explicit_bounds AS b, bucket_counts AS bc, scale, zero_count AS zc,
        zero_threshold AS zt, positive_offset AS po, positive_counts AS pc, negative_offset AS no, negative_counts AS nc, quantiles AS q, quantile_values AS qv FROM metric_points WHERE tenant = {tenant:String} ORDER BY at`
      const none = { t: 'NONE', i: '0', d: 0, c: '0', s: null, min: null, max: null, b: [], bc: [], scale: 0, zc: '0', zt: 0, po: 0, pc: [], no: 0, nc: [], q: [], qv: [] }
      assert.deepEqual(await store.read(select, { tenant }, soon), [
        { ...none, t: 'INT', i: String(-(1n << 63n)) }, { ...none, t: 'DOUBLE', d: 0.1 }, none,
        { ...none, c: String(largest), min: -1.5, b: [-0.5], bc: [String(largest), '0'] },
        { ...none, c: '3', s: 2, max: 4, scale: -10, zc: String(largest), zt: 0.25, po: -(2 ** 31), pc: ['1', String(largest)], no: 2 ** 31 - 1 },
        { ...none, c: '1', s: 0, q: [0.5], qv: [-2] },
      ])
      const [exemplars] = await store.read(`SELECT arrayMap(x -> toString(toUnixTimestamp64Nano(x)), exemplar_times) AS times, arrayMap(x -> lower(hex(x)), exemplar_trace_ids) AS traces,
        exemplar_types AS types, exemplar_ints AS ints, exemplar_doubles AS doubles FROM metric_points WHERE tenant = {tenant:String} ORDER BY at LIMIT 1`, { tenant }, soon)
      assert.deepEqual(exemplars, { times: [String(timeMax), String(timeMax)], traces: [facts.traceId, '0'.repeat(32)], types: [1, 0], ints: ['9007199254740993', '0'], doubles: [0, 0.5] })
    }

    test('the other tables say back what was written', async () => {
      const content = {
        tenant: 'acme', traceId: facts.traceId, spanId: facts.spanId, startedAt: 1n, receivedAt: 2n, attributesString: pairs([['gen_ai.input.messages', 'x'.repeat(300_000)]]),
        attributesJson: pairs([['j', '{}']]), events: '[{}]', links: '',
      }
      const key = {
        tenant: 'acme', key: callKeyId('response:openai:1'), traceId: facts.traceId, spanId: facts.spanId, startedAt: 3n, endedAt: 4n,
        service: 'shop', scopeName: 'openai', model: 'gpt-5', inputTokens: 12, outputTokens: 3,
      }
      await store.insert(spanContent, rowBinary(spanContent, [content]), 'content')
      await store.insert(ledgerEntries, rowBinary(ledgerEntries, [ledgerRow]), 'ledger')
      await store.insert(policyDecisions, rowBinary(policyDecisions, [decisionRow]), 'decisions')
      await store.insert(runs, rowBinary(runs, [runRow]), 'runs')
      await store.insert(ingestAccount, rowBinary(ingestAccount, [0n, 2n].map((revision) => ({
        tenant: 'acme', project: 'web', at: facts.startedAt, instance: 'ab', signal: 'metrics' as const, client: 'curl/8.5', reason: 'no "name"', received: 2 ** 53,
        stored: 1, deduplicated: 2, rejected: 3, setAside: Number(revision), revision,
      }))), 'account')
      await store.insert(conformance, rowBinary(conformance, [{
        tenant: 'acme', project: 'web', at: facts.startedAt, instance: 'ab', service: '', scopeName: 'sdk "x"', scopeVersion: '', dialect: 'semconv', kind: 'OTHER' as const,
        finding: '', attribute: '', expected: '', found: '', convention: '', steps: 2 ** 53, traceId: facts.traceId, spanId: facts.spanId,
      }]), 'conformance')
      await store.insert(callKeys, rowBinary(callKeys, [key]), 'keys')
      await store.insert(priceBooks, rowBinary(priceBooks, [{ version: 'ef'.repeat(32), postedAt: 5n, source: 'shipped', body: '{"a":1}' }]), 'book')
      await store.insert(policyVersions, rowBinary(policyVersions, [{ tenant: 'acme', policyId: 'p', version: 1, postedAt: 6n, document: 'id: p\n' }]), 'policy')
      await store.insert(budgetApprovals, rowBinary(budgetApprovals, [{ tenant: 'acme', budgetId: 'b', approvalId: 'a', withdrawn: true, postedAt: 7n, group: '["ada"]', amount: -1n, until: 8n, actor: 'grace', why: 'w' }]), 'approval')
      await store.insert(budgetVersions, rowBinary(budgetVersions, [{ tenant: 'acme', budgetId: 'b', version: 4_294_967_295, postedAt: 7n, origin: 'API', retired: true, document: 'id: b\n' }]), 'budget')
      await store.insert(alertEvents, rowBinary(alertEvents, [{ tenant: 'acme', id: 'ff'.repeat(32), at: 8n, kind: 'MUTED', ruleId: 'r', alertKey: 'k', severity: 'warning', title: 't', summary: 's', destination: '', detail: 'd' }]), 'alert')
      await store.insert(alertRuleVersions, rowBinary(alertRuleVersions, [{ tenant: 'acme', ruleId: 'r', version: 4_294_967_295, postedAt: 9n, retired: true, document: 'id: r\n' }]), 'rule')
      await store.insert(logRecords, rowBinary(logRecords, [logRow]), 'log')
      await store.insert(logRecords, rowBinary(logRecords, [{ ...logRow, receivedAt: facts.endedAt + 1n }]), 'log again')
      await store.insert(logRecords, nativeBlock(logRecords.columns, 1, rowBinary(logRecords, [{ ...logRow, tenant: 'block' }])), 'log in a block', 'Native')
      const one = async (sql: string): Promise<unknown> => (await store.read(sql, {}, soon))[0]
      assert.deepEqual(await one('SELECT toUnixTimestamp64Nano(at) AS at, signal, client, reason, received, stored, deduplicated, rejected, set_aside FROM ingest_account FINAL'), {
        at: String(facts.startedAt), signal: 'metrics', client: 'curl/8.5', reason: 'no "name"', received: '9007199254740992', stored: '1', deduplicated: '2', rejected: '3', set_aside: '2',
      })
      assert.deepEqual(await one('SELECT scope_name, kind, finding, steps, lower(hex(trace_id)) AS t, lower(hex(span_id)) AS s FROM conformance FINAL'),
        { scope_name: 'sdk "x"', kind: 'OTHER', finding: '', steps: '9007199254740992', t: facts.traceId, s: facts.spanId })
      assert.deepEqual(await one(`SELECT length(attributes_string['gen_ai.input.messages']) AS n, attributes_json, events, links FROM span_content`),
        { n: '300000', attributes_json: { j: '{}' }, events: '[{}]', links: '' })
      assert.deepEqual(await one('SELECT lower(hex(id)) AS i, kind, reason, quantity, unit_price, amount, basis, meter, hex(reverses) AS r, revision, workflow FROM ledger_entries'), {
        i: ledgerRow.ownId, kind: 'REVERSAL', reason: 'mirrored', quantity: '-99999999999999999999999999.999999999999', unit_price: '0.0000000375', amount: null,
        basis: 'PRICED', meter: 'input.uncached', r: '0'.repeat(64), revision: '18446744073709551615', workflow: 'w',
      })
      for (const tenant of ['acme', 'block']) assert.deepEqual(await one(`SELECT count() AS n, any(event_name) AS name, any(body_json) AS body, any(attributes_int) AS ints,
        any(hex(trace_id)) AS trace, any(toUnixTimestamp64Nano(at)) AS nanos FROM log_records FINAL WHERE tenant = '${tenant}'`),
      { n: '1', name: 'gen_ai.choice', body: logRow.bodyJson, ints: { n: '9007199254740993' }, trace: '0'.repeat(32), nanos: String(facts.startedAt) })
      assert.deepEqual(await one('SELECT outcome, mode, place, policy_version, evidence, revision, toUnixTimestamp64Nano(decided_at) AS at FROM policy_decisions'), {
        outcome: 'REQUIRE_APPROVAL', mode: 'SHADOW', place: 'ENDPOINT', policy_version: 3, evidence: '{"k":"v"}', revision: String(facts.endedAt), at: String(facts.startedAt),
      })
      assert.deepEqual(await one('SELECT status, ended_at, agents, users, span_count, tokens_total, cost, reported_cost, interventions, is_run FROM runs'), {
        status: 'FAILED', ended_at: null, agents: ['a', 'b'], users: [], span_count: '9007199254740992', tokens_total: '6', cost: '-0.000000000001',
        reported_cost: '99999999999999999999999999.999999999999', interventions: '10', is_run: true,
      })
      assert.deepEqual(await one('SELECT lower(hex(key)) AS k, model, input_tokens FROM call_keys WHERE tenant = \'acme\''), { k: key.key, model: 'gpt-5', input_tokens: '12' })
      assert.deepEqual(await one('SELECT lower(hex(version)) AS v, source, body FROM price_books'), { v: 'ef'.repeat(32), source: 'shipped', body: '{"a":1}' })
      assert.deepEqual(await one('SELECT policy_id, version, document FROM policy_versions'), { policy_id: 'p', version: 1, document: 'id: p\n' })
      assert.deepEqual(await one('SELECT approval_id, withdrawn, group, toString(amount) AS amount, actor, why FROM budget_approvals'), { approval_id: 'a', withdrawn: true, group: '["ada"]', amount: '-0.000000000001', actor: 'grace', why: 'w' })
      assert.deepEqual(await one('SELECT budget_id, version, origin, retired, document FROM budget_versions'), { budget_id: 'b', version: 4_294_967_295, origin: 'API', retired: true, document: 'id: b\n' })
      assert.deepEqual(await one('SELECT lower(hex(id)) AS id, kind, rule_id, detail FROM alert_events'), { id: 'ff'.repeat(32), kind: 'MUTED', rule_id: 'r', detail: 'd' })
      assert.deepEqual(await one('SELECT rule_id, version, retired, document FROM alert_rule_versions'), { rule_id: 'r', version: 4_294_967_295, retired: true, document: 'id: r\n' })
    })

    test('the same span sent again is one row, the later one', async () => {
      const again = { spanId: '00000000000000aa', service: 'twice' }
      await store.insert(spans, rowBinary(spans, [spanRow({ ...again, name: 'first' }, 1n)]), 'twice-1')
      await store.insert(spans, rowBinary(spans, [spanRow({ ...again, name: 'second' }, 2n)]), 'twice-2')
      assert.deepEqual(await store.read(`SELECT name FROM spans FINAL WHERE service = 'twice'`, {}, soon), [{ name: 'second' }])
    })

    const total = async (trace: string): Promise<string | undefined> =>
      (await store.read<{ n: string }>('SELECT count() AS n FROM spans WHERE trace_id = unhex({trace:String})', { trace }, soon))[0]?.n

    test('an insert with a token that was used changes nothing, whatever it holds', async () => {
      const first = spanRow({ traceId: 'aa'.repeat(16), spanId: '0000000000000001' })
      const other = spanRow({ traceId: 'aa'.repeat(16), spanId: '0000000000000002' })
      for (let i = 0; i < 3; i++) await store.insert(spans, rowBinary(spans, [first]), 'token-1')
      assert.equal(await total('aa'.repeat(16)), '1')
      // Why a token must contain a hash of the content: this row is gone, and nobody was told.
      await store.insert(spans, rowBinary(spans, [other]), 'token-1')
      assert.equal(await total('aa'.repeat(16)), '1')
      await store.insert(spans, rowBinary(spans, [other]), 'token-2')
      assert.equal(await total('aa'.repeat(16)), '2')
    })

    test('one batch may hold every month there is, be sent twice, and makes few partitions', async () => {
      const trace = 'bb'.repeat(16)
      const rows = Array.from({ length: (2106 - 1970) * 12 }, (_, i) => spanRow({ traceId: trace, startedAt: BigInt(Date.UTC(1970, i)) * 1_000_000n, endedAt: timeMax }))
      for (let i = 0; i < 2; i++) await store.insert(spans, rowBinary(spans, rows), 'months')
      assert.equal(await total(trace), String(rows.length))
      const partitions = await store.read<{ id: string; n: string }>(`SELECT _partition_id AS id, count() AS n FROM spans
        WHERE trace_id = unhex({trace:String}) GROUP BY id ORDER BY id`, { trace }, soon)
      // Twenty years of months that are meant, and all others in one.
      assert.equal(partitions.length, 241)
      assert.deepEqual(partitions.slice(0, 2), [{ id: '0', n: String(rows.length - 240) }, { id: '202001', n: '1' }])
      assert.equal(partitions.at(-1)?.id, '203912')
    })

    test('every table with partitions has the same ones', async () => {
      const keys = await store.read<{ name: string; key: string }>(`SELECT name, partition_key AS key FROM system.tables
        WHERE database = {database:String} AND partition_key != '' ORDER BY name`, { database: store.database }, soon)
      assert.deepEqual(keys.map(({ name }) => name), ['alert_events', 'bill_lines', 'call_keys', 'conformance', 'cost_days', 'cost_hours', 'cost_session_days', 'cost_user_days', 'ingest_account', 'ledger_entries', 'log_records', 'metric_points', 'span_content', 'spans'])
      assert.equal(new Set(keys.map(({ key }) => key.replaceAll(/\b(?:occurred_at|at|day)\b/g, 'started_at'))).size, 1)
    })

    test('a time range finds its spans, also at the ends of what can be stored', async () => {
      for (const startedAt of [0n, 4_000_000_000_000_000_000n, timeMax]) {
        const spanId = startedAt.toString(16).padStart(16, '0')
        await store.insert(spans, rowBinary(spans, [spanRow({ traceId: 'cc'.repeat(16), spanId, startedAt, endedAt: timeMax })]), `time-${startedAt}`)
        const rows = await store.read(`SELECT lower(hex(span_id)) AS s FROM spans WHERE trace_id = unhex({trace:String}) AND tenant = 'acme'
          AND ${timeBound('started_at', '>=', 'at')} AND ${timeBound('started_at', '<=', 'at')}`, { trace: 'cc'.repeat(16), at: startedAt }, soon)
        assert.deepEqual(rows, [{ s: spanId }], String(startedAt))
      }
    })

    test('a time before 1970 or after what minutes of a sorting key hold is stored as the first or the last that is', async () => {
      const row = (n: number, startedAt: bigint): Buffer => rowBinary(spans, [spanRow({ traceId: 'cd'.repeat(16), spanId: n.toString(16).padStart(16, '0'), startedAt, endedAt: timeMax })])
      await store.insert(spans, Buffer.concat([-1n, timeMax, timeMax + 1n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n].map((startedAt, n) => row(n, startedAt))), 'beyond')
      const rows = await store.read<{ at: string }>(`SELECT toString(toUnixTimestamp64Nano(started_at)) AS at FROM spans WHERE trace_id = unhex({trace:String}) ORDER BY span_id`, { trace: 'cd'.repeat(16) }, soon)
      assert.deepEqual(rows.map(({ at }) => BigInt(at)), [0n, timeMax, timeMax, timeMax, timeMax, timeMax])
    })

    test('an insert streams, and an empty one is no error', async () => {
      const row = (i: number): Buffer => rowBinary(spans, [spanRow({ traceId: 'dd'.repeat(16), spanId: i.toString(16).padStart(16, '0') })])
      await store.insert(spans, (async function* () { for (let i = 1; i <= 500; i++) yield row(i) })(), 'streamed')
      assert.equal(await total('dd'.repeat(16)), '500')
      await store.insert(spans, Buffer.alloc(0), 'empty')
    })

    test('a broken insert stores nothing and can be told from a passing fault', async () => {
      const good = rowBinary(spans, [spanRow({ traceId: 'ee'.repeat(16) })])
      await assert.rejects(store.insert(spans, good.subarray(0, good.length - 3), 'cut'), failsWith('33', false))
      assert.equal(await total('ee'.repeat(16)), '0')
      const stops = async function* (): AsyncIterable<Buffer> {
        yield good
        throw new Error('the source broke')
      }
      await assert.rejects(store.insert(spans, stops(), 'broken'), StoreError)
      assert.equal(await total('ee'.repeat(16)), '0')
      await store.insert(spans, good, 'whole')
      assert.equal(await total('ee'.repeat(16)), '1')
    })

    test('parameters arrive as they are and stay values', async () => {
      const values = { s: `it's \\' "q" \`b\` \\n \n\t\r \u2028 😀 {x:String} ;--`, a: ["a'b", 'c\\d', '', 'ü,]'], n: 2n ** 63n, f: -1.5, b: true, d: '-0.000000000001', none: null, ids: [1, 2] }
      const sql = `SELECT {s:String} AS s, {a:Array(String)} AS a, {n:UInt64} AS n, {f:Float64} AS f, {b:Bool} AS b, {d:Decimal(38, 12)} AS d,
        {none:Nullable(String)} AS none, {ids:Array(UInt64)} AS ids, '{s:String}' AS quoted`
      assert.deepEqual(await store.read(sql, values, soon), [{ ...values, n: String(values.n), ids: ['1', '2'], quoted: '{s:String}' }])
      assert.deepEqual(await store.read('SELECT number AS n FROM numbers(10) WHERE number IN {ids:Array(UInt64)} LIMIT {l:UInt32}', { ids: [3, 4, 5], l: 2 }, soon), [{ n: '3' }, { n: '4' }])
      await fc.assert(fc.asyncProperty(anyText, fc.array(anyText), async (s, a) => {
        assert.deepEqual(await store.read('SELECT {s:String} AS s, {a:Array(String)} AS a', { s, a }, soon), [{ s, a }])
      }), { numRuns: 40 })
      const many = Array.from({ length: 5_000 }, (_, i) => i.toString(16).padStart(32, '0'))
      assert.deepEqual(await store.read('SELECT length({many:Array(String)}) AS n', { many }, soon), [{ n: '5000' }])
      await assert.rejects(store.read('SELECT {many:String}', { many: 'x'.repeat(800_000) }, soon), failsWith('TOO_LARGE', false))
      await assert.rejects(store.read('SELECT {missing:String}', {}, soon), failsWith('456', false))
    })

    test('one request\'s settings and parameters are invisible to the next', async () => {
      const seen = async (): Promise<unknown[]> => store.read(`SELECT getSetting('max_block_size') AS b, getSetting('max_execution_time') AS t`, {}, soon)
      const before = await seen()
      await store.read(`SELECT {x:UInt8} SETTINGS max_block_size = 7`, { x: 1 }, { maxSeconds: 3 })
      for (let i = 0; i < 8; i++) assert.deepEqual(await seen(), before)
      await assert.rejects(store.read('SELECT {x:UInt8}', {}, soon), failsWith('456', false))
    })

    test('parameterised reads run side by side', async () => {
      const slow = (x: number): Promise<unknown[]> => store.read('SELECT sleep(1) AS s, {x:UInt8} AS x', { x }, soon)
      let ended = false
      const three = Promise.all([slow(1), slow(2), slow(3)]).finally(() => { ended = true })
      let most = 0
      while (!ended) {
        const [now] = await store.read<{ n: string }>(`SELECT count() AS n FROM system.processes WHERE query LIKE 'SELECT sleep(1) AS s%'`, {}, soon)
        most = Math.max(most, Number(now?.n))
      }
      assert.deepEqual(await three, [1, 2, 3].map((x) => [{ s: 0, x }]))
      assert.ok(most >= 2, `${most} at once`)
    })

    test('a slow read delays neither an insert nor another read', async () => {
      const slow = store.read('SELECT sum(sleepEachRow(0.1)) FROM numbers(10) SETTINGS max_block_size = 1', {}, soon).then(() => 'slow')
      const quick = Promise.all([
        store.insert(spans, rowBinary(spans, [spanRow({ traceId: '01'.repeat(16) })]), 'beside'),
        store.read('SELECT 1', {}, soon),
      ]).then(() => 'quick')
      assert.equal(await Promise.race([slow, quick]), 'quick')
      await Promise.all([slow, quick])
    })

    test('what is selected for an insert delays no other insert', async () => {
      const slow = store.command(`INSERT INTO things (id, a_text) SELECT number + 1000000, toString(sleepEachRow(0.1)) FROM numbers(10) SETTINGS max_block_size = 1`).then(() => 'slow')
      const quick = store.insert(spans, rowBinary(spans, [spanRow({ traceId: '02'.repeat(16) })]), 'beside a selection').then(() => 'quick')
      assert.equal(await Promise.race([slow, quick]), 'quick')
      await slow
    })

    test('an error behind the first rows rejects', async () => {
      let rows = 0
      const read = async (): Promise<void> => {
        for await (const batch of store.readBatches(`SELECT number, throwIf(number = 300000, 'too far') FROM numbers(1000000) SETTINGS max_block_size = 1000, max_threads = 1`, {}, soon)) rows += batch.length
      }
      await assert.rejects(read(), (error) => failsWith('395', false)(error) && /too far/.test((error as Error).message))
      assert.ok(rows > 0 && rows < 1_000_000, String(rows))
    })

    test('errors say what they are and whether to try again', async () => {
      await assert.rejects(store.read('SELEKT 1', {}, soon), failsWith('62', false))
      await assert.rejects(store.read('SELECT 1 FROM nothing_here', {}, soon), failsWith('60', false))
      await assert.rejects(store.read('SELECT 1; SELECT 2', {}, soon), failsWith('62', false))
      await assert.rejects(store.read('SELECT sum(sleepEachRow(0.1)) FROM numbers(200) SETTINGS max_block_size = 1', {}, { maxSeconds: 0.3 }), failsWith('159', true))
      await assert.rejects(store.read('SELECT groupArray(number) FROM numbers(100000000) SETTINGS max_memory_usage = 10000000', {}, soon), failsWith('241', true))
    })

    test('a read that failed leaves nothing: no rows in the next answer, no memory, no process', { timeout: 60_000 }, async () => {
      const fails = `SELECT throwIf(number = 300000, 'too far') FROM numbers(1000000) SETTINGS max_block_size = 1000, max_threads = 1`
      const failing = [
        // Collected, streamed, and ended by its time limit; each beside a longer one, whose session is the next to be used.
        () => assert.rejects(store.read(fails, {}, soon), failsWith('395', false)),
        () => assert.rejects(async () => { for await (const batch of store.readBatches(fails, {}, soon)) assert.ok(batch) }, failsWith('395', false)),
        () => assert.rejects(store.read('SELECT sum(cityHash64(number)) FROM numbers(1000000000000)', {}, { maxSeconds: 0.3 }), failsWith('159', true)),
      ]
      for (const fail of failing) {
        await Promise.all([fail(), store.read('SELECT sleep(1)', {}, soon)])
        assert.deepEqual(await store.read(`SELECT query, memory_usage FROM system.processes WHERE query LIKE '%numbers(%' AND query NOT LIKE '%system.processes%'`, {}, soon), [])
      }
      // As many as there are sessions, so that each of them answers.
      await Promise.all(Array.from({ length: 8 }, () => assert.rejects(store.read(fails, {}, soon), failsWith('395', false))))
      const answers = await Promise.all(Array.from({ length: 8 }, () => store.read('SELECT sleep(0.1), 7 AS seven', {}, soon)))
      assert.deepEqual(answers, Array.from({ length: 8 }, () => [{ 'sleep(0.1)': 0, seven: 7 }]))
    })

    test('a reader that goes away leaves nothing running', { timeout: 60_000 }, async () => {
      const limit = { maxSeconds: 30 }
      for await (const batch of store.readBatches('SELECT number FROM system.numbers', {}, limit)) if (batch.length > 0) break
      const abort = new AbortController()
      const long = store.read('SELECT sum(cityHash64(number)) FROM numbers(1000000000000) SETTINGS max_threads = 1', {}, { ...limit, signal: abort.signal })
      const queries = `FROM system.processes WHERE (query LIKE '%numbers(1000000000000)%' OR query LIKE '%system.numbers%') AND query NOT LIKE '%system.processes%'`
      // What is killed while it is still planned runs to its limit (chDB 3.4).
      while ((await store.read(`SELECT 1 ${queries} AND read_rows > 0`, {}, soon)).length === 0) await sleep(20)
      const since = Date.now()
      abort.abort()
      await assert.rejects(long, failsWith('ABORTED', false))
      while ((await store.read(`SELECT 1 ${queries}`, {}, soon)).length > 0) await sleep(50)
      // An end at the time limit is no answer to a reader that went away.
      assert.ok(Date.now() - since < limit.maxSeconds * 500, `they ran on for ${Date.now() - since} ms`)
    })

    test('binary answers are the bytes of the format', async () => {
      const bytes = await store.readBinary('SELECT number AS n, toString(number) AS s FROM numbers(258) WHERE number IN (255, 256)', {}, { ...soon, format: 'RowBinary' })
      assert.equal(bytes.toString('hex'), 'ff00000000000000' + '03323535' + '0001000000000000' + '03323536')
    })

    test('migrating again changes nothing; data of a newer program is refused in one sentence', async () => {
      await migrate(store)
      await store.command(`INSERT INTO schema_migrations (version, name) VALUES (9999, 'tomorrow')`)
      await assert.rejects(migrate(store), { message: /^the data has schema version 9999 and this program knows \d+: .*newer one$/ })
      await store.command('ALTER TABLE schema_migrations DELETE WHERE version = 9999 SETTINGS mutations_sync = 1')
      await migrate(store)
    })
  })
}

const dataDir = mkdtempSync(join(tmpdir(), 'spanledger-contract-'))
contract('embedded engine', { kind: 'embedded', dataDir }, async () => undefined)
after(() => rmSync(dataDir, { recursive: true, force: true }))

const url = process.env['CLICKHOUSE_URL']
if (url === undefined) test('server', { skip: 'set CLICKHOUSE_URL (and CLICKHOUSE_USER, CLICKHOUSE_PASSWORD) to run the contract against a server' }, () => undefined)
else {
  const database = `spanledger_test_${process.pid}`
  contract('server', { kind: 'server', url, user: process.env['CLICKHOUSE_USER'] ?? 'default', password: process.env['CLICKHOUSE_PASSWORD'] ?? '', database, cluster: '' },
    (store) => store.command(`DROP DATABASE ${database} SYNC`))
}
