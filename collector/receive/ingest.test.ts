import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Store } from '#clickhouse/store.ts'
import { parsePolicies, starterPolicies } from '#otel-config/policy/policies.ts'
import { IngestAccount } from '../account/account.ts'
import { KnownRecords } from '../account/known-records.ts'
import type { LedgerWatch } from '../budgets/ledger-watch.ts'
import { Conformance } from '../conformance/conformance.ts'
import { encodeMetrics } from '../decode/metrics-oracle.ts'
import { encodeLogs, encodeRequest } from '../decode/oracle.ts'
import { logRunId } from '../derive/derive-log.ts'
import { Metrics } from '../metrics.ts'
import { shippedBook } from '../price/book.ts'
import { LiveTraces } from '../settle/live-traces.ts'
import { spooledTables } from '../spool/frame.ts'
import { Spool } from '../spool/spool.ts'
import { ingest, type IngestOptions } from './ingest.ts'
import { Turns } from './turns.ts'

const ledgerTable = spooledTables.findIndex((table) => table.name === 'ledger_entries')
const traceId = '0af7651916cd43dd8448eb211c80319c'

interface World extends IngestOptions {
  /** Rows of a table, by its number, that the spool holds. */
  rows(table: number): Promise<number>
}

async function world(t: TestContext): Promise<World> {
  const dir = await mkdtemp(join(tmpdir(), 'ingest-'))
  const spool = await Spool.open({
    dir, segmentBytesMax: 1e9, segmentAgeMsMax: 60_000, quotaBytes: 1e9, sync: (file) => file.datasync(), now: Date.now,
  })
  t.after(async () => {
    await spool.close()
    await rm(dir, { recursive: true, force: true })
  })
  const rows = async (table: number): Promise<number> => {
    await spool.close()
    const segment = await spool.next()
    assert.ok(segment)
    const content = await spool.read(segment)
    return (content?.frames.flat() ?? []).reduce((sum, section) => sum + (section.table === table ? section.rows : 0), 0)
  }
  let nano = 1n
  const log = { info: () => undefined, warn: () => undefined, error: (message: string) => assert.fail(message) }
  return {
    tenant: 't', project: 'p', prices: shippedBook(), policies: parsePolicies(starterPolicies()), spool, metrics: new Metrics(), log, turns: new Turns(() => performance.now()),
    account: new IngestAccount({ tenant: 't', project: 'p' }), known: new KnownRecords(),
    conformance: new Conformance({ tenant: 't', project: 'p' }),
    live: new LiveTraces({ spansMax: 1000, settledSpansMax: 1000, processStartedAt: 0n }), nowNano: () => (nano += 1_000_000n), nowMs: () => performance.now(), rows,
  }
}

const call = (inputTokens: number): object => ({
  traceId: Buffer.from(traceId, 'hex'), spanId: Buffer.from('b7ad6b7169203331', 'hex'), name: 'chat gpt-4o', startTimeUnixNano: '1763683200000000000',
  endTimeUnixNano: '1763683201000000000', attributes: [
    { key: 'gen_ai.operation.name', value: { stringValue: 'chat' } }, { key: 'gen_ai.provider.name', value: { stringValue: 'openai' } },
    { key: 'gen_ai.request.model', value: { stringValue: 'gpt-4o' } }, { key: 'gen_ai.usage.input_tokens', value: { intValue: inputTokens } },
  ],
})
/** What `/metrics` says became of the records, by outcome and reason. */
const accounted = (w: World): Readonly<Record<string, number>> =>
  Object.fromEntries([...w.metrics.text(w.spool, 0).matchAll(/^spanledger_ingest_records_total\{tenant="t",signal="(\w+)",client="(.*?)",outcome="(\w+)",reason="(.*?)"\} (\d+)$/gm)]
    .map(([, signal, client, outcome, reason, count]) => [[signal, client, outcome, reason].filter((part) => part !== '').join(' '), Number(count)]))

const request = (...spans: object[]): Buffer => encodeRequest({ resourceSpans: [{ scopeSpans: [{ spans }] }] })
const tokensOf = (w: World): number | undefined => w.live.get(traceId)?.spans.get('b7ad6b7169203331')?.step.usage?.['input.uncached']

test('the same span twice in one request is charged once, and the later one is what the span says', async (t) => {
  const w = await world(t)
  await ingest('traces', request(call(1000), call(2000)), 'protobuf', w)
  assert.equal(tokensOf(w), 2000)
  assert.equal(w.live.get(traceId)?.charges.size, 1)
  assert.equal(await w.rows(ledgerTable), 1)
})

test('the same span in requests at once is charged once, whichever is stored first', async (t) => {
  const w = await world(t)
  await Promise.all([1000, 1000, 2000, 3000].map((tokens) => ingest('traces', request(call(tokens)), 'protobuf', w)))
  assert.equal(tokensOf(w), 3000, 'the one accepted last')
  assert.equal(w.live.get(traceId)?.charges.size, 1)
  assert.equal(await w.rows(ledgerTable), 1)
})

test('in a crowd a run that came whole is shown with its spans; otherwise once it is summed up', async (t) => {
  const runsTable = spooledTables.findIndex((table) => table.name === 'runs')
  const crowdOf = (traces: number): Buffer => request(...Array.from({ length: traces }, (_, trace) => ({ ...call(1000), traceId: Buffer.from(String(trace + 1).padStart(32, '0'), 'hex') })))
  for (const [others, shown] of [[100, 0], [501, 1]] as const) {
    const w = await world(t)
    w.live.remember([])
    await ingest('traces', crowdOf(others), 'protobuf', w)
    await ingest('traces', request(call(1000)), 'protobuf', w)
    assert.equal(await w.rows(runsTable), shown, `${others} others`)
  }
})

test('a call that a former process may have stored is told as one that came again; one that began since, or whose trace was asked for, as new', async (t) => {
  const hour = 3_600_000_000_000n
  const began = 1_763_683_200_000_000_000n
  const toldAs = async (startedBeforeBy: bigint, history: 'unchecked' | 'whole'): Promise<readonly string[]> => {
    const told: string[] = []
    const watch: LedgerWatch = {
      listens: true, settled: () => undefined, recalled: () => undefined,
      arrived: (lines, calls) => void told.push(`new ${lines.length}, calls ${calls.length}`), cameAgain: (lines) => void told.push(`again ${lines.length}`),
    }
    const w = await world(t)
    const startedAt = began + startedBeforeBy
    const latest = Buffer.alloc(8)
    latest.writeBigInt64LE(startedAt)
    const noneOfThese = { readBinary: async (sql: string) => (sql.includes('max(') ? latest : Buffer.alloc(0)) } as unknown as Store
    await w.known.recall(noneOfThese, 't', startedAt)
    await ingest('traces', request({ traceId: Buffer.from(traceId, 'hex'), spanId: Buffer.from('a1'.repeat(8), 'hex'), name: 'agent', startTimeUnixNano: String(began + hour) }), 'protobuf', w)
    const trace = w.live.get(traceId) ?? assert.fail()
    trace.history = history
    await ingest('traces', request(call(1000)), 'protobuf', { ...w, watch })
    assert.equal(w.metrics.text(w.spool, 0).match(/outcome="deduplicated",reason=""\} (\d+)/)?.[1] ?? '0', '0', 'nobody knows that it came again')
    return told
  }
  assert.deepEqual(await toldAs(3n * hour, 'unchecked'), ['new 0, calls 0', 'again 1'])
  assert.deepEqual(await toldAs(3n * hour, 'whole'), ['new 1, calls 1'])
  assert.deepEqual(await toldAs(1n * hour, 'unchecked'), ['new 1, calls 1'])
})

test('a call for which the agent above is charged already waits for settlement, one beside it does not', async (t) => {
  const w = await world(t)
  const [agent, other] = ['a1'.repeat(8), 'a2'.repeat(8)]
  await ingest('traces', request({ traceId: Buffer.from(traceId, 'hex'), spanId: Buffer.from(agent, 'hex'), name: 'agent' }), 'protobuf', w)
  const trace = w.live.get(traceId) ?? assert.fail()
  // As a settlement leaves it.
  trace.lumps = new Set([agent])
  await ingest('traces', request({ ...call(1000), parentSpanId: Buffer.from(agent, 'hex') }), 'protobuf', w)
  assert.equal(trace.charges.size, 0)
  await ingest('traces', request({ ...call(1000), spanId: Buffer.from(other, 'hex') }), 'protobuf', w)
  assert.deepEqual([...trace.charges.keys()], [other])
})

test('a refused request gives its spans free: the next one charges them', async (t) => {
  const w = await world(t)
  const refusing = { ...w, spool: Object.assign(Object.create(w.spool), { append: () => Promise.reject(new Error('the disk is gone')) }) as Spool }
  await assert.rejects(ingest('traces', request(call(1000)), 'protobuf', refusing))
  await ingest('traces', request(call(1000)), 'protobuf', w)
  assert.equal(w.live.get(traceId)?.charges.size, 1)
  assert.equal(await w.rows(ledgerTable), 1)
})

test('a small request cannot ask for any number of bytes: its resource is cut, and what does not fit is rejected', async (t) => {
  const w = await world(t)
  const spans = (count: number): object[] => Array.from({ length: count }, (_, n) => ({
    traceId: Buffer.from(traceId, 'hex'), spanId: Buffer.from((n + 1).toString(16).padStart(16, '0'), 'hex'),
  }))
  const of = (resource: object[], count: number): Buffer => encodeRequest({ resourceSpans: [{ resource: { attributes: resource }, scopeSpans: [{ spans: spans(count) }] }] })
  const huge = [{ key: 'service.name', value: { stringValue: 'shop' } }, { key: 'huge', value: { stringValue: 'x'.repeat(1_000_000) } }]
  const before = w.spool.backlog().bytes
  assert.deepEqual(await ingest('traces', of(huge, 1200), 'protobuf', w), { rejected: 0, message: '' })
  assert.ok(w.spool.backlog().bytes - before < 1200 * 2_000, `${w.spool.backlog().bytes} bytes`)
  // What interpretation reads of a resource stands in columns of its own, whatever its length.
  const named = [{ key: 'service.name', value: { stringValue: 's'.repeat(1_000_000) } }]
  const answer = await ingest('traces', of(named, 300), 'protobuf', w)
  assert.ok(answer.rejected > 100 && answer.rejected < 300, `${answer.rejected} rejected`)
  assert.match(answer.message, /^\d+ rejected: the records of a request, each with its resource, take at most \d+ bytes as rows, send smaller batches$/)
})

const logsTable = spooledTables.findIndex((table) => table.name === 'log_records')

test('log records are stored, the broken ones among them rejected, and the calls they tell wait for settlement', async (t) => {
  const w = await world(t)
  const attributes = (values: Readonly<Record<string, string>>) => Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }))
  const body = encodeLogs({ resourceLogs: [{ scopeLogs: [{ logRecords: [
    { body: { stringValue: 'plain' } }, { traceId: Buffer.alloc(3, 1) },
    { timeUnixNano: '1763683200000000000', attributes: attributes({ 'event.name': 'claude_code.api_request', 'session.id': 's', 'prompt.id': 'p', model: 'claude-opus-4-1', input_tokens: '7' }) },
  ] }] }] })
  const answer = { rejected: 1, message: '1 rejected: trace_id is not 16 bytes' }
  assert.deepEqual(await ingest('logs', body, 'protobuf', w), answer)
  assert.deepEqual(await ingest('logs', body, 'protobuf', w), answer, 'sent again')
  assert.equal(w.live.get(logRunId('s', 'p'))?.spans.size, 1)
  assert.match(w.metrics.text(w.spool, 0), /spanledger_log_records_received_total 6\n[^]*spanledger_log_records_stored_total 2\n[^]*spanledger_log_records_deduplicated_total 2\n/)
  assert.match(w.metrics.text(w.spool, 0), /spanledger_spans_received_total 2\n[^]*spanledger_spans_stored_total 1\n[^]*spanledger_spans_deduplicated_total 1\n/)
  assert.deepEqual([await w.rows(logsTable), await w.rows(ledgerTable)], [4, 0])
})

const metricsTable = spooledTables.findIndex((table) => table.name === 'metric_points')
const dataPoint = { timeUnixNano: '1763683200000000000', asInt: '3' }
const gaugeOf = (...dataPoints: object[]): Buffer => encodeMetrics({ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'g', gauge: { dataPoints } }] }] }] })

test('data points are acknowledged when they are in the journal, and those refused are counted with their reason', async (t) => {
  const w = await world(t)
  assert.deepEqual(await ingest('metrics', gaugeOf(dataPoint, { asInt: '1' }, dataPoint), 'protobuf', w), { rejected: 1, message: '1 rejected: time_unix_nano is not set' })
  const json = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'g', gauge: { dataPoints: [dataPoint, { timeUnixNano: 'x' }] } }] }] }] }
  assert.deepEqual(await ingest('metrics', Buffer.from(JSON.stringify(json)), 'json', w), { rejected: 1, message: '1 rejected: timeUnixNano is not an integer' })
  assert.equal(await w.rows(metricsTable), 3)
  const reasons = ['time_unix_nano is not set', 'timeUnixNano is not an integer'].flatMap((reason) => [[`metrics received ${reason}`, 1], [`metrics rejected ${reason}`, 1]])
  assert.deepEqual(accounted(w), { 'metrics received': 3, 'metrics stored': 1, 'metrics deduplicated': 2, ...Object.fromEntries(reasons) as object })
  const text = w.metrics.text(w.spool, 0)
  for (const line of ['spanledger_data_points_received_total 5', 'spanledger_data_points_stored_total 1', 'spanledger_data_points_deduplicated_total 2', 'spanledger_spans_received_total 0']) assert.ok(text.includes(`\n${line}\n`), line)
})

const record = (n: number, milliseconds = 0): object => ({ timeUnixNano: String(1_763_683_200_000_000_000n + BigInt(milliseconds) * 1_000_000n), body: { stringValue: `record ${n}` } })
const logsOf = (...logRecords: object[]): Buffer => encodeLogs({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] })
const points = (from: number, to: number): Buffer =>
  gaugeOf(...Array.from({ length: to - from }, (_, n) => ({ timeUnixNano: String(1_763_683_200_000_000_000n + BigInt(from + n) * 60_000_000_000n), asInt: '1' })))
const records = (from: number, to: number): Buffer => logsOf(...Array.from({ length: to - from }, (_, n) => record(from + n)))

for (const [signal, bodyOf] of [['logs', records], ['metrics', points]] as const) {
  test(`${signal} that come again are deduplicated, whole, in halves, with others or all at once`, async (t) => {
    const w = await world(t)
    const whole = bodyOf(0, 100)
    await Promise.all([whole, whole, whole].map((body) => ingest(signal, body, 'protobuf', w)))
    assert.deepEqual(accounted(w), { [`${signal} received`]: 300, [`${signal} stored`]: 100, [`${signal} deduplicated`]: 200 })
    for (const half of [bodyOf(50, 150), bodyOf(0, 50), bodyOf(100, 160)]) await ingest(signal, half, 'protobuf', w)
    assert.deepEqual(accounted(w), { [`${signal} received`]: 510, [`${signal} stored`]: 160, [`${signal} deduplicated`]: 350 })
  })

  test(`${signal} that were refused are new when they come again`, async (t) => {
    const w = await world(t)
    const refusing = { ...w, spool: Object.assign(Object.create(w.spool), { append: () => Promise.reject(new Error('the disk is gone')) }) as Spool }
    await assert.rejects(ingest(signal, bodyOf(0, 10), 'protobuf', refusing))
    await ingest(signal, bodyOf(0, 10), 'protobuf', w)
    assert.deepEqual(accounted(w), { [`${signal} received`]: 10, [`${signal} stored`]: 10 })
  })
}

test('the very same record twice in one request is two, also when the request comes again', async (t) => {
  const w = await world(t)
  const body = logsOf(record(1), record(1), record(1, 1), record(1))
  await ingest('logs', body, 'protobuf', w)
  assert.deepEqual(accounted(w), { 'logs received': 4, 'logs stored': 4 })
  await ingest('logs', body, 'protobuf', w)
  await ingest('logs', logsOf(record(1), record(1)), 'protobuf', w)
  assert.deepEqual(accounted(w), { 'logs received': 10, 'logs stored': 4, 'logs deduplicated': 6 })
})

test('a call that a log event tells twice in one request, and once more, is one call', async (t) => {
  const w = await world(t)
  const event = { timeUnixNano: '1763683200000000000', attributes: Object.entries({ 'event.name': 'claude_code.api_request', 'session.id': 's', 'prompt.id': 'p', model: 'claude-opus-4-1', input_tokens: '7' }).map(([key, stringValue]) => ({ key, value: { stringValue } })) }
  await ingest('logs', logsOf(event, event), 'protobuf', w)
  await ingest('logs', logsOf(event), 'protobuf', { ...w, live: new LiveTraces({ spansMax: 1000, settledSpansMax: 1000, processStartedAt: 0n }) })
  assert.equal(w.live.get(logRunId('s', 'p'))?.spans.size, 1)
  assert.deepEqual(accounted(w), { 'logs received': 3, 'logs stored': 2, 'logs deduplicated': 1 })
  assert.match(w.metrics.text(w.spool, 0), /spanledger_spans_received_total 3\n[^]*spanledger_spans_stored_total 1\n[^]*spanledger_spans_deduplicated_total 2\n/, 'also when its trace is forgotten')
})

test('a traces or logs payload on the metrics path is told so', async (t) => {
  const w = await world(t)
  const { message } = await ingest('metrics', request(call(1)), 'protobuf', w)
  assert.match(message, /is this the traces or logs payload\?/)
})

test('the account: what came twice is deduplicated, also after its trace has left the memory; what is broken is rejected by reason', async (t) => {
  const w = await world(t)
  await ingest('traces', request(call(1000), { name: 'no ids' }), 'protobuf', w, 'curl/8.5')
  await ingest('traces', request(call(1000)), 'protobuf', w, 'curl/8.5')
  const forgetful = { ...w, live: new LiveTraces({ spansMax: 1000, settledSpansMax: 1000, processStartedAt: 0n }) }
  await ingest('traces', request(call(1000), call(1000)), 'protobuf', forgetful, 'other/1')
  await ingest('logs', encodeLogs({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: 'plain' } }, { traceId: Buffer.alloc(3, 1) }] }] }] }), 'protobuf', w)
  const says = accounted(w)
  assert.deepEqual(says, {
    'traces curl/8.5 received': 2, 'traces curl/8.5 stored': 1, 'traces curl/8.5 deduplicated': 1,
    'traces curl/8.5 received trace_id is not 16 bytes': 1, 'traces curl/8.5 rejected trace_id is not 16 bytes': 1,
    'traces other/1 received': 2, 'traces other/1 deduplicated': 2,
    'logs received': 1, 'logs stored': 1, 'logs received trace_id is not 16 bytes': 1, 'logs rejected trace_id is not 16 bytes': 1,
  })
  // The same stands in the journal, each row in the frame of its request.
  await w.spool.close()
  const segment = await w.spool.next()
  assert.ok(segment)
  const content = await w.spool.read(segment)
  const accountTable = spooledTables.findIndex((table) => table.name === 'ingest_account')
  assert.deepEqual(content?.frames.map((sections) => sections.find((section) => section.table === accountTable)?.rows), [2, 1, 1, 2])
})

test('what was refused as a whole is not accounted, and is stored when it comes again', async (t) => {
  const w = await world(t)
  const refusing = { ...w, spool: Object.assign(Object.create(w.spool), { append: () => Promise.reject(new Error('the disk is gone')) }) as Spool }
  await assert.rejects(ingest('traces', request(call(1000)), 'protobuf', refusing))
  assert.deepEqual(accounted(w), {})
  await ingest('traces', request(call(1000)), 'protobuf', w)
  assert.deepEqual(accounted(w), { 'traces received': 1, 'traces stored': 1 })
})

test('what is understood and found is counted once a step, of spans and of log events', async (t) => {
  const w = await world(t)
  const told = encodeLogs({ resourceLogs: [{ scopeLogs: [{ scope: { name: 'com.anthropic.claude_code.events' }, logRecords: [
    { timeUnixNano: '1763683200000000000', body: { stringValue: 'claude_code.api_request' }, attributes: [
      { key: 'event.name', value: { stringValue: 'api_request' } }, { key: 'session.id', value: { stringValue: 's' } }, { key: 'prompt.id', value: { stringValue: 'p' } },
      { key: 'model', value: { stringValue: 'claude-sonnet-4-5' } }, { key: 'input_tokens', value: { intValue: 10 } }, { key: 'output_tokens', value: { intValue: 2 } },
    ] },
    { body: { stringValue: 'plain' } },
  ] }] }] })
  for (let n = 0; n < 2; n++) {
    await ingest('traces', request(call(1000), { traceId: Buffer.alloc(3, 1) }), 'protobuf', w)
    await ingest('logs', told, 'protobuf', w)
  }
  assert.deepEqual(w.conformance.take(0n).map(({ scopeName, kind, finding, steps }) => [scopeName, kind, finding, steps]), [
    ['', 'MODEL_CALL', '', 1], ['', 'MODEL_CALL', 'SERVICE_NAME_MISSING', 1], ['', 'MODEL_CALL', 'SCOPE_NAME_MISSING', 1], ['', 'MODEL_CALL', 'RESPONSE_MODEL_MISSING', 1],
    ['com.anthropic.claude_code.events', 'MODEL_CALL', '', 1], ['com.anthropic.claude_code.events', 'MODEL_CALL', 'SERVICE_NAME_MISSING', 1],
    ['com.anthropic.claude_code.events', 'MODEL_CALL', 'RESPONSE_MODEL_MISSING', 1],
  ])
})
