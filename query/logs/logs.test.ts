import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { logRecords, type LogRecordRow } from '#clickhouse/tables/log-records.ts'
import { runs } from '#clickhouse/tables/runs.ts'
import { spans } from '#clickhouse/tables/spans.ts'
import { pairs } from '#clickhouse/test-pairs.ts'
import { noon, runRow, spanId, spanRow, tenant, type TestQuery, testQuery, traceId } from '../test-store.ts'

const second = 1_000_000_000n

const logRow = (n: number, said: Partial<LogRecordRow> & { readonly trace?: number; readonly span?: number } = {}): LogRecordRow => {
  const { trace, span, ...row } = said
  return {
    tenant, project: 'default', id: n.toString(16).padStart(16, '0').padEnd(32, 'f'), at: noon + BigInt(n) * second, receivedAt: noon, service: 'shop', environment: '',
    record: {
      observedTimeUnixNano: 0n, severityNumber: 9, severityText: 'INFO', flags: 0, traceId: trace === undefined ? '' : traceId(trace),
      spanId: span === undefined ? '' : spanId(span), droppedAttributesCount: 0, scope: { name: 'logger', version: '1', attributes: new Map(), schemaUrl: '' },
    },
    eventName: `event ${n}`, eventNameField: '', session: '', schemaUrl: '', body: '', bodyJson: '', attributesString: pairs([]), attributesInt: pairs([]),
    attributesDouble: pairs([]), attributesBool: pairs([]), attributesJson: pairs([]), resourceAttributes: '', scopeAttributes: '', ...row,
  }
}

const full = {
  trace: 1, span: 1, body: 'said', attributesInt: pairs([['big', 9_007_199_254_740_993n]]),
  attributesJson: pairs([['list', '{"arrayValue":{"values":[{"boolValue":true}]}}']]),
}

let query: TestQuery
before(async () => {
  query = await testQuery()
  await query.insert(runs, [
    runRow(1, { startedAt: noon, endedAt: noon + 10n * second, sessions: ['s'], spanCount: 2 }),
    runRow(2, { startedAt: noon, endedAt: noon + 10n * second, spanCount: 1 }),
  ])
  await query.insert(spans, [
    spanRow({ trace: 1, span: 1, parent: 0 }),
    // Told by a log record: the span's id is the beginning of the record's.
    spanRow({ trace: 1, span: 4, parent: 0, start: 4_000, durationMs: 0, name: 'codex.sse_event', step: { dialect: 'codex' } }),
    spanRow({ trace: 2, span: 9, parent: 0 }),
  ])
  await query.insert(logRecords, [
    logRow(1, full),
    logRow(2, { trace: 1, bodyJson: '{"kvlistValue":{"values":[{"key":"content","value":{"stringValue":"x"}}]}}' }),
    logRow(3, { session: 's' }),
    logRow(4, { session: 's' }),
    logRow(500, { session: 's' }),
    logRow(7_200, { trace: 1, span: 1, eventName: 'gen_ai.evaluation.result' }),
    logRow(5, { trace: 2 }),
    logRow(6, { trace: 1, tenant: 'other' }),
  ])
  // The same record again.
  await query.insert(logRecords, [logRow(1, { ...full, receivedAt: noon + 1n })])
})
after(() => query[Symbol.asyncDispose]())

interface Page {
  readonly run: { readonly logs: { readonly totalCount: number; readonly nodes: readonly { readonly eventName: string }[]; readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string } } }
}

test('logs of a run: by its trace id at any later time, by its session while it lasted; each once, page by page', async () => {
  const ask = async (after?: string): Promise<Page['run']['logs']> =>
    (await query.ask<Page>(`query($after: String) { run(id: "${traceId(1)}") { logs(first: 3, after: $after) { totalCount nodes { eventName } pageInfo { hasNextPage endCursor } } } }`, { after })).run.logs
  const first = await ask()
  assert.deepEqual([first.totalCount, first.nodes.map((log) => log.eventName), first.pageInfo.hasNextPage], [5, ['event 1', 'event 2', 'event 3'], true])
  const rest = await ask(first.pageInfo.endCursor)
  assert.deepEqual([rest.nodes.map((log) => log.eventName), rest.pageInfo.hasNextPage], [['event 4', 'gen_ai.evaluation.result'], false])
})

test('a record with everything it has', async () => {
  const { run } = await query.ask<{ readonly run: { readonly logs: { readonly nodes: readonly object[] } } }>(
    `{ run(id: "${traceId(1)}") { logs(first: 2) { nodes { time severityNumber severity eventName body attributes runId spanId session service scope } } } }`)
  assert.deepEqual(run.logs.nodes, [
    {
      time: '2026-11-20T12:00:01Z', severityNumber: 9, severity: 'INFO', eventName: 'event 1', body: 'said', attributes: { big: '9007199254740993', list: [true] },
      runId: traceId(1), spanId: spanId(1), session: null, service: 'shop', scope: 'logger@1',
    },
    {
      time: '2026-11-20T12:00:02Z', severityNumber: 9, severity: 'INFO', eventName: 'event 2', body: { content: 'x' }, attributes: {}, runId: traceId(1), spanId: null,
      session: null, service: 'shop', scope: 'logger@1',
    },
  ])
})

test('logs of a step: those with its span id, or the one that told it; a GenAI event is an event of it', async () => {
  const { run } = await query.ask<{ readonly run: { readonly steps: readonly object[] } }>(`{ run(id: "${traceId(1)}") { steps { id logs { eventName } events { name } } } }`)
  assert.deepEqual(run.steps, [
    { id: spanId(1), logs: [{ eventName: 'event 1' }, { eventName: 'gen_ai.evaluation.result' }], events: [{ name: 'gen_ai.evaluation.result' }] },
    { id: spanId(4), logs: [{ eventName: 'event 4' }], events: [] },
  ])
})

test('a run without sessions shows the records of its trace alone; a cursor of another run is refused', async () => {
  const { run } = await query.ask<Page>(`{ run(id: "${traceId(2)}") { logs { totalCount nodes { eventName } pageInfo { endCursor hasNextPage } } } }`)
  assert.deepEqual([run.logs.totalCount, run.logs.nodes.map((log) => log.eventName)], [1, ['event 5']])
  const [error] = await query.refusal(`query($after: String) { run(id: "${traceId(1)}") { logs(after: $after) { totalCount } } }`, { after: run.logs.pageInfo.endCursor })
  assert.equal(error?.code, 'BAD_INPUT')
  assert.equal((await query.refusal(`{ run(id: "${traceId(1)}") { logs(first: 501) { totalCount } } }`))[0]?.code, 'BAD_INPUT')
})
