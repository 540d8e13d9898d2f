import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Params, ReadOptions } from '#clickhouse/store.ts'
import type { LedgerEntryRow } from '#clickhouse/tables/ledger-entries.ts'
import { ledgerEntries } from '#clickhouse/tables/ledger-entries.ts'
import { runs } from '#clickhouse/tables/runs.ts'
import { spans } from '#clickhouse/tables/spans.ts'
import type { Step } from '#semconv/facts.ts'
import { ledgerRow, noon, runRow, type SaidSpan, spanRow, tenant, type TestQuery, testQuery, traceId } from '../test-store.ts'

const token = 1_000_000_000_000n
const minute = 60_000
const used = { 'input.uncached': 10, 'output.text': 20 }
let line = 0

/** A call that is charged: 10 tokens in, 4 of them cached, 20 out. */
const charged = (span: number, said: Partial<LedgerEntryRow> = {}): readonly LedgerEntryRow[] => [
  ledgerRow(++line, 1, span, { amount: 6n, quantity: 6n * token, ...said }),
  ledgerRow(++line, 1, span, { amount: 1n, quantity: 4n * token, meter: 'input.cache_read', ...said }),
  ledgerRow(++line, 1, span, { amount: 40n, quantity: 20n * token, meter: 'output.text', ...said }),
]
const call = (span: number, said: Partial<SaidSpan> & { readonly model?: string; readonly step?: Partial<Step> }): ReturnType<typeof spanRow> =>
  spanRow({ trace: 1, span, parent: 100, durationMs: 1_000, ...said, step: { role: 'model_call', provider: 'openai', requestModel: said.model ?? 'gpt-5', responseModel: `${said.model ?? 'gpt-5'}-2025-08-07`, usage: used, ...said.step } })

let query: TestQuery
before(async () => {
  query = await testQuery()
  await query.insert(spans, [
    spanRow({ trace: 1, span: 100, parent: 0, durationMs: 60_000, step: { role: 'agent', agent: 'planner', usage: used } }),
    // A wrapper that tells its call's usage once more, and one that tells none: neither is a call of its own.
    call(1, { durationMs: 2_000, step: { timeToFirstTokenMs: 1_000, streaming: true, finishReasons: ['stop'] } }),
    call(2, { start: 10 * minute, step: { finishReasons: ['LENGTH'] } }),
    call(3, { start: 20 * minute, durationMs: 4_000, step: { finishReasons: ['tool_calls'] } }),
    call(4, { durationMs: 9_000 }), call(5, { parent: 4 }),
    call(6, { durationMs: 9_000, step: { usage: undefined } }), call(7, { parent: 6 }),
    // Failed: its name says which model, because others of that name were charged.
    call(8, { start: 30 * minute, durationMs: 30, step: { usage: undefined }, row: { statusCode: 2 } }),
    // Failed and of a model that nobody was charged for.
    call(9, { parent: 0, durationMs: 30, model: 'new', step: { usage: undefined }, row: { statusCode: 2 } }),
    call(10, { model: 'claude-opus-4-5', step: { provider: 'anthropic' } }),
    call(11, { durationMs: 70, step: { usage: undefined }, row: { tenant: 'other', statusCode: 2 } }),
    call(12, { model: 'text-embedding-3', step: { role: 'embedding', usage: { 'input.uncached': 10 } } }),
  ])
  await query.insert(ledgerEntries, [
    ...[1, 2, 3, 5, 7].flatMap((span) => charged(span)), ...charged(10, { model: 'claude-opus-4-5', provider: 'anthropic', agent: 'critic', amount: undefined, basis: 'UNPRICED' }),
    ledgerRow(++line, 1, 12, { model: 'text-embedding-3', amount: 3n, quantity: 10n * token }),
    // What the agent claims beyond its calls is money and no call.
    ledgerRow(++line, 1, 100, { amount: 1_000n, reason: 'unattributed' }),
    // Taken back, because another span tells the same call.
    ledgerRow(++line, 1, 4, { amount: 6n, quantity: token }), ledgerRow(++line, 1, 4, { kind: 'REVERSAL', reason: 'mirrored', amount: -6n, quantity: -token }),
    ledgerRow(++line, 2, 20, { tenant: 'other', amount: 9_000n }),
  ])
})
after(() => query[Symbol.asyncDispose]())

const table = async (args: string, fields: string) => (await query.ask<{ readonly models: { readonly total: unknown; readonly rows: readonly unknown[] } }>(`{ models(range: {}${args}) { total { ${fields} } rows { ${fields} } } }`)).models
const rows = async (args: string, fields: string): Promise<readonly unknown[]> => (await table(args, fields)).rows

test('a call that several spans tell is one, and one that failed belongs to the model that its name was priced as', async () => {
  assert.deepEqual(await rows('', 'model agent providers calls failedCalls truncatedCalls toolCallingCalls streamedCalls runs'), [
    { model: 'gpt-5', agent: null, providers: ['openai'], calls: 6, failedCalls: 1, truncatedCalls: 1, toolCallingCalls: 1, streamedCalls: 1, runs: 1 },
    { model: 'text-embedding-3', agent: null, providers: ['openai'], calls: 1, failedCalls: 0, truncatedCalls: 0, toolCallingCalls: 0, streamedCalls: 0, runs: 1 },
    { model: 'claude-opus-4-5', agent: null, providers: ['anthropic'], calls: 1, failedCalls: 0, truncatedCalls: 0, toolCallingCalls: 0, streamedCalls: 0, runs: 1 },
    { model: 'new-2025-08-07', agent: null, providers: ['openai'], calls: 1, failedCalls: 1, truncatedCalls: 0, toolCallingCalls: 0, streamedCalls: 0, runs: 0 },
  ])
})

test('the money is the ledger\'s, also by a thousand calls and runs', async () => {
  const [ours] = await rows('', 'cost entries unpricedEntries costPerThousandCalls costPerThousandRuns inputTokens cachedInputTokens outputTokens')
  assert.deepEqual(ours, {
    cost: '0.000000001235', entries: 18, unpricedEntries: 0, costPerThousandCalls: '0.000000205833', costPerThousandRuns: '0.000001235',
    inputTokens: '51', cachedInputTokens: '20', outputTokens: '100',
  })
  const { costs } = await query.ask<{ readonly costs: readonly { readonly model: string; readonly cost: string; readonly entries: number }[] }>('{ costs(range: {}, groupBy: [MODEL]) { model cost entries } }')
  assert.deepEqual(await rows('', 'model cost entries').then((all) => all.filter((row) => (row as { entries: number }).entries > 0)), costs)
  assert.deepEqual((await rows(', filter: {model: "claude-opus-4-5"}', 'cost unpricedEntries'))[0], { cost: '0', unpricedEntries: 3 })
})

test('how long calls took that did not fail, until the first token, and how fast they wrote', async () => {
  // 1, 1, 1, 2 and 4 seconds: 100 tokens in 9.
  assert.deepEqual(await rows(', filter: {model: "gpt-5"}', 'durationMs { p50 } timeToFirstTokenMs { p50 p95 } outputTokensPerSecond'), [
    { durationMs: { p50: 1_000 }, timeToFirstTokenMs: { p50: 1_000, p95: 1_000 }, outputTokensPerSecond: 100 / 9 },
  ])
  assert.deepEqual(await rows(', filter: {model: "new-2025-08-07"}', 'durationMs { p50 } timeToFirstTokenMs { p50 } outputTokensPerSecond costPerThousandRuns'), [
    { durationMs: null, timeToFirstTokenMs: null, outputTokensPerSecond: null, costPerThousandRuns: null },
  ])
})

test('by agent, by both, and filtered: what fails counts for the agent above it', async () => {
  assert.deepEqual(await rows(', groupBy: [AGENT]', 'model agent calls failedCalls'), [
    { model: null, agent: 'planner', calls: 7, failedCalls: 1 }, { model: null, agent: '', calls: 1, failedCalls: 1 }, { model: null, agent: 'critic', calls: 1, failedCalls: 0 },
  ])
  assert.deepEqual(await rows(', groupBy: [MODEL, AGENT], filter: {agent: "critic"}', 'model agent calls'), [{ model: 'claude-opus-4-5', agent: 'critic', calls: 1 }])
  assert.deepEqual(await rows(', filter: {agent: "planner", model: "gpt-5"}', 'calls failedCalls'), [{ calls: 6, failedCalls: 1 }])
  assert.deepEqual(await rows(', filter: {provider: "anthropic"}', 'model calls'), [{ model: 'claude-opus-4-5', calls: 1 }])
  assert.deepEqual(await rows(', filter: {model: "gpt-5"}', 'model names calls failedCalls'), [{ model: 'gpt-5', names: ['gpt-5-2025-08-07'], calls: 6, failedCalls: 1 }])
  for (const groupBy of ['[]', '[MODEL]', '[AGENT, MODEL]']) assert.deepEqual((await table(`, groupBy: ${groupBy}`, 'model agent calls failedCalls entries')).total, { model: null, agent: null, calls: 9, failedCalls: 2, entries: 22 }, groupBy)
  assert.deepEqual(await rows(', groupBy: []', 'calls'), [])
  for (const groupBy of ['[]', '[MODEL]']) assert.deepEqual(await table(`, groupBy: ${groupBy}, filter: {service: "none"}`, 'calls'), { total: null, rows: [] })
  assert.deepEqual(await query.ask('{ models(range: {to: "2020-01-01T00:00:00Z"}) { total { calls } rows { model } } modelLatency(range: {to: "2020-01-01T00:00:00Z"}) { intervalSeconds } }'), { models: { total: null, rows: [] }, modelLatency: null })
})

test('durations over time, in steps of half an octave', async () => {
  const { modelLatency } = await query.ask<{ readonly modelLatency: { readonly intervalSeconds: number; readonly cells: readonly { readonly start: string; readonly fromMs: number; readonly toMs: number; readonly calls: number; readonly failedCalls: number }[] } }>(
    '{ modelLatency(range: {}, filter: {model: "gpt-5"}) { intervalSeconds cells { start fromMs toMs calls failedCalls } } }')
  assert.equal(modelLatency.intervalSeconds, 60)
  const at = (minutes: number): string => new Date(Number(noon / 1_000_000n) + minutes * minute).toISOString().replace('.000Z', 'Z')
  assert.deepEqual(modelLatency.cells.map(({ start, fromMs, toMs, calls, failedCalls }) => [start.replace('.000000000Z', 'Z'), Math.round(fromMs), Math.round(toMs), calls, failedCalls]), [
    [at(0), 724, 1_024, 2, 0], [at(0), 1_448, 2_048, 1, 0], [at(10), 724, 1_024, 1, 0], [at(20), 2_896, 4_096, 1, 0], [at(30), 23, 32, 1, 1],
  ])
})

test('a call is one and of the model that was asked for, whatever is not told of it', async () => {
  const day = 86_400_000
  const later = { start: 400 * day }
  const range = 'range: {from: "2027-12-01T00:00:00Z"}'
  const ask = async (args: string, fields: string): Promise<readonly unknown[]> => (await query.ask<{ readonly models: { readonly rows: readonly unknown[] } }>(`{ models(${range}${args}) { rows { ${fields} } } }`)).models.rows
  const occurredAt = noon + 400n * 86_400_000_000_000n
  const asked = (span: number, requestModel: string, said: Parameters<typeof call>[1] = {}): ReturnType<typeof spanRow> =>
    call(span, { trace: 9, parent: 0, ...later, ...said, step: { requestModel, responseModel: '', usage: undefined, ...said.step } })
  await query.insert(spans, [
    // A deployment's name says no model: what answered to it does. One that failed has no answer.
    asked(201, 'my-deployment', { step: { responseModel: 'gpt-5-2025-08-07', usage: used } }), asked(202, 'my-deployment', { row: { statusCode: 2 } }),
    // A name that was charged as two models: mostly as the one.
    asked(203, 'auto', { step: { usage: used } }), asked(204, 'auto', { step: { usage: used } }), asked(205, 'auto', { step: { usage: used } }), asked(206, 'auto', { row: { statusCode: 2 } }),
    // Told with zeros.
    asked(207, 'zero', { step: { usage: {} }, row: { statusCode: 2 } }),
    // A stream that broke off: what it had used so far is shown and charged nowhere.
    asked(212, 'broken', { step: { usage: used, usagePartial: true }, row: { statusCode: 2 } }),
    // Told by what it cost alone.
    asked(208, 'priceless', { step: { reportedCost: 5n } }),
    // The call inside one that tells its usage tells none.
    asked(209, 'outer', { step: { usage: used } }), asked(210, 'outer', { parent: 209 }),
    // A coding agent's log event of the call above that failed: settlement took its trace for no run, because spans tell it.
    asked(211, 'zero', { trace: 10, row: { statusCode: 2 } }),
  ])
  await query.insert(runs, [runRow(10, { isRun: false, modelCalls: 0 })])
  await query.insert(ledgerEntries, [
    ...charged(201, { occurredAt, traceId: traceId(9) }), ...[203, 204].flatMap((span) => charged(span, { occurredAt, traceId: traceId(9), model: 'mostly' })), ...charged(205, { occurredAt, traceId: traceId(9), model: 'seldom' }),
    ...charged(209, { occurredAt, traceId: traceId(9), model: 'outer' }), ledgerRow(++line, 9, 208, { occurredAt, model: 'priceless', meter: 'reported_cost', basis: 'REPORTED', amount: 5n, quantity: 5n }),
  ])
  const rowOf = (model: string, calls: number, failedCalls: number) => ({ model, calls, failedCalls })
  const expected = [rowOf('broken', 1, 1), rowOf('gpt-5', 2, 1), rowOf('mostly', 3, 1), rowOf('outer', 1, 0), rowOf('priceless', 1, 0), rowOf('seldom', 1, 0), rowOf('zero', 1, 1)]
  const byModel = (await ask('', 'model calls failedCalls')) as readonly { readonly model: string; readonly calls: number }[]
  assert.deepEqual(byModel.toSorted((a, b) => (a.model < b.model ? -1 : 1)), expected)
  for (const one of expected) {
    assert.deepEqual(await ask(`, filter: {model: "${one.model}"}`, 'model calls failedCalls'), [one], 'the same where it alone is asked for')
    const { modelLatency } = await query.ask<{ readonly modelLatency: { readonly cells: readonly { readonly calls: number }[] } }>(`{ modelLatency(${range}, filter: {model: "${one.model}"}) { cells { calls } } }`)
    assert.equal(modelLatency.cells.reduce((sum, { calls }) => sum + calls, 0), one.calls)
  }
})

test('who pays for a call that was not charged, and which spans are one call, is found beyond the step above', async () => {
  const start = 800 * 86_400_000
  const occurredAt = noon + BigInt(start) * 1_000_000n
  const range = 'range: {from: "2029-01-01T00:00:00Z"}'
  const ask = async (args: string, fields: string): Promise<readonly unknown[]> => (await query.ask<{ readonly models: { readonly rows: readonly unknown[] } }>(`{ models(${range}${args}) { rows { ${fields} } } }`)).models.rows
  const failed = { statusCode: 2 }
  const at = (trace: number, span: number, parent: number, said: Parameters<typeof call>[1] = {}): ReturnType<typeof spanRow> => call(span, { trace, parent, start, ...said, step: { usage: undefined, responseModel: '', ...said.step } })
  const plain = (trace: number, span: number, parent: number, step: Partial<Step> = {}): ReturnType<typeof spanRow> => spanRow({ trace, span, parent, start, step })
  await query.insert(spans, [
    // An agent three steps above, another one nearer.
    plain(21, 301, 0, { role: 'agent', agent: 'far' }), plain(21, 302, 301), plain(21, 303, 302), at(21, 304, 303, { model: 'climbing', row: failed }),
    plain(21, 305, 303, { role: 'agent', agent: 'near' }), plain(21, 306, 305), at(21, 307, 306, { model: 'climbing', row: failed }),
    // Spans that go round in a circle have no agent above.
    plain(22, 311, 312), plain(22, 312, 311), at(22, 313, 311, { model: 'climbing', row: failed }),
    // A wrapper without usage, a plain span, and the call.
    at(23, 321, 0, { model: 'wrapped' }), plain(23, 322, 321), at(23, 323, 322, { model: 'wrapped', step: { usage: used } }),
    // One answer told by two siblings, one of them without usage; and by two without any, one inside the other.
    at(24, 331, 0, { model: 'twice', step: { usage: used, responseId: 'answer-1' } }), at(24, 332, 0, { model: 'twice', step: { responseId: 'answer-1' } }),
    at(24, 333, 0, { model: 'silent', step: { responseId: 'answer-2' } }), at(24, 334, 333, { model: 'silent', step: { responseId: 'answer-2' } }), at(24, 335, 0, { model: 'silent', step: { responseId: 'answer-2' } }),
    // A try that failed inside a call that answered is a call of its own, inside one that failed with its usage told it is that one.
    at(25, 341, 0, { model: 'tried', step: { usage: used } }), at(25, 342, 341, { model: 'tried', row: failed }),
    at(25, 343, 0, { model: 'failing', step: { usage: used }, row: failed }), at(25, 344, 343, { model: 'failing', row: failed }),
  ])
  await query.insert(ledgerEntries, ([[23, 323, 'wrapped'], [24, 331, 'twice'], [25, 341, 'tried'], [25, 343, 'failing']] as const).map(([trace, span, model]) => ledgerRow(++line, trace, span, { occurredAt, model })))
  const found = (await ask('', 'model calls failedCalls')) as readonly { readonly model: string; readonly calls: number; readonly failedCalls: number }[]
  assert.deepEqual(found.map(({ model, calls, failedCalls }) => `${model} ${calls} ${failedCalls}`).toSorted(), ['climbing 3 3', 'failing 1 1', 'silent 1 0', 'tried 2 1', 'twice 1 0', 'wrapped 1 0'])
  const agents = (await ask(', groupBy: [AGENT], filter: {model: "climbing"}', 'agent calls')) as readonly { readonly agent: string; readonly calls: number }[]
  assert.deepEqual(agents.map(({ agent, calls }) => `${agent} ${calls}`).toSorted(), [' 1', 'far 1', 'near 1'])
  assert.deepEqual(await ask(', filter: {agent: "near"}', 'model calls failedCalls'), [{ model: 'climbing', calls: 1, failedCalls: 1 }])
})

test('a call that is stamped with no time does not spoil the picture of latencies', async () => {
  const range = '{to: "2026-11-21T00:00:00Z"}'
  await query.insert(spans, [call(401, { trace: 31, parent: 0, start: -Number(noon / 1_000_000n), model: 'stampless', step: { usage: undefined }, row: { statusCode: 2 } })])
  const { modelLatency, models } = await query.ask<{ readonly modelLatency: { readonly intervalSeconds: number }; readonly models: { readonly rows: readonly { readonly model: string }[] } }>(`{ modelLatency(range: ${range}) { intervalSeconds } models(range: ${range}) { rows { model } } }`)
  assert.equal(modelLatency.intervalSeconds, 60)
  assert.ok(models.rows.some(({ model }) => model.startsWith('stampless')), 'it is a call all the same')
})

test('of a trace that comes while the question is asked nothing is looked at, because what its spans are to each other is not known yet', async () => {
  const [wrapper, inner] = [call(70, { trace: 50, parent: 0, model: 'late', step: { usage: undefined } }), call(71, { trace: 50, parent: 70, model: 'late' })]
  await using server = await query.again((store) => ({
    ...store, read: async <Row>(sql: string, ...rest: [Params, ReadOptions]) => {
      const found = await store.read<Row>(sql, ...rest)
      if (sql.startsWith('SELECT DISTINCT')) await query.insert(spans, [wrapper, inner])
      return found
    },
  }))
  const body = JSON.stringify({ query: '{ models(range: {}, filter: {model: "late-2025-08-07"}) { total { calls } } }' })
  const answer = await fetch(`${server.address.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  assert.deepEqual(await answer.json(), { data: { models: { total: null } } })
})

test('the same where more traces than can be named have calls that nothing was charged for', async () => {
  const range = 'range: {from: "2027-12-01T00:00:00Z"}'
  const ask = async (args: string): Promise<readonly unknown[]> =>
    (await query.ask<{ readonly models: { readonly rows: readonly { readonly model: string | null; readonly agent: string | null }[] } }>(`{ models(${range}${args}) { rows { model agent calls failedCalls runs cost } } }`)).models.rows
      .filter(({ model, agent }) => model !== 'crowd' && agent !== 'crowd').toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))
  const questions = ['', ', groupBy: [AGENT]', ', groupBy: [AGENT, MODEL]', ', filter: {agent: "near"}']
  const before = await Promise.all(questions.map(ask))
  await query.store.command(`INSERT INTO spans (tenant, trace_id, span_id, started_at, role, request_model, agent, status_code)
    SELECT '${tenant}', reinterpretAsFixedString(toUInt128(1000000 + number)), reinterpretAsFixedString(number), fromUnixTimestamp64Nano(toInt64(${noon + 800n * 86_400_000_000_000n})), 'model_call', 'crowd', 'crowd', 2 FROM numbers(1001)`)
  assert.deepEqual(await query.ask(`{ models(${range}, filter: {model: "crowd"}) { total { calls failedCalls } } }`), { models: { total: { calls: 1_001, failedCalls: 1_001 } } })
  assert.deepEqual(await Promise.all(questions.map(ask)), before)
})
