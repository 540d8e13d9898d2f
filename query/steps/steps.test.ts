import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ledgerEntries } from '#clickhouse/tables/ledger-entries.ts'
import { policyDecisions } from '#clickhouse/tables/policy-decisions.ts'
import { runs } from '#clickhouse/tables/runs.ts'
import { spanContent } from '#clickhouse/tables/span-content.ts'
import { spans } from '#clickhouse/tables/spans.ts'
import { pairs } from '#clickhouse/test-pairs.ts'
import { decodeSkeleton } from '../skeleton/decode.fixture.ts'
import { flagBits } from '../skeleton/encode.ts'
import { contentRow, decisionRow, ledgerRow, noon, runRow, spanId, spanRow, type TestQuery, testQuery, traceId } from '../test-store.ts'

let query: TestQuery
const long = (trace: number, said = {}) => runRow(trace, { startedAt: noon, endedAt: noon + 60_000_000_000n, ...said })
before(async () => {
  query = await testQuery()
  await query.insert(runs, [long(1, { spanCount: 4, policyDecisions: 1 }), long(2, { spanCount: 200_000 }), long(3, { isRun: false, spanCount: 3, settled: false, endedAt: undefined })])
  await query.insert(spans, [
    spanRow({ trace: 1, span: 3, parent: 1, start: 20, name: 'delete', step: { role: 'tool', tool: 'rm' }, row: { statusCode: 2, statusMessage: 'denied' } }),
    spanRow({
      trace: 1, span: 2, parent: 1, start: 10, durationMs: 5, name: 'chat', step: { role: 'model_call', provider: 'openai', requestModel: 'gpt-5', usage: { 'input.uncached': 60, 'input.cache_read': 40, 'output.text': 7 }, usageFlags: ['assumed_inclusive'], finishReasons: ['stop'] },
      row: { attributesInt: pairs([['gen_ai.usage.input_tokens', 100n], ['big', 9_007_199_254_740_993n]]), attributesDouble: pairs([['temperature', 0.5]]), attributesBool: pairs([['stream', true]]), attributesJson: pairs([['list', '{"arrayValue":{"values":[{"intValue":"1"},{"kvlistValue":{"values":[{"key":"__proto__","value":{"stringValue":"x"}}]}}]}}']]), attributesString: pairs([['gen_ai.system', 'openai']]) },
    }),
    spanRow({ trace: 1, span: 1, parent: 0, start: 0, durationMs: 50, name: 'invoke_agent', step: { role: 'agent', agent: 'planner' } }),
    spanRow({ trace: 1, span: 4, parent: 99, start: 15, name: 'lost' }),
    // The same span again, later and different: it replaces the first.
    spanRow({ trace: 1, span: 4, parent: 99, start: 15, name: 'lost twice', row: { receivedAt: noon + 5n } }),
    spanRow({ trace: 1, span: 7, parent: 1, start: 15, name: 'of somebody else', row: { tenant: 'other' } }),
    spanRow({ trace: 3, span: 1, parent: 3, start: 5 }), spanRow({ trace: 3, span: 2, parent: 1, start: 1 }), spanRow({ trace: 3, span: 3, parent: 2, start: 9 }),
  ])
  await query.insert(spanContent, [contentRow(1, 2, {
    startedAt: noon + 10_000_000n,
    attributesString: pairs([['gen_ai.input.messages', '[{"role":"user","parts":[{"type":"text","content":"Where is the Needle?"}]}]']]),
    events: '[{"timeUnixNano":"1795176000010000001","name":"first token","attributes":[{"key":"n","value":{"intValue":"1"}}]}]',
    links: '[{"traceId":"ab","spanId":"cd"}]',
  })])
  await query.insert(ledgerEntries, [
    ledgerRow(1, 1, 2, { amount: 2_500_000n, occurredAt: noon + 10_000_000n }),
    ledgerRow(2, 1, 2, { amount: 1n, occurredAt: noon + 10_000_000n, meter: 'output.text' }),
    ledgerRow(3, 1, 4, { amount: undefined, unitPrice: undefined, basis: 'UNPRICED', occurredAt: noon + 15_000_000n }),
  ])
  await query.insert(policyDecisions, [decisionRow(1, 1, { spanId: spanId(3) })])
})
after(() => query[Symbol.asyncDispose]())

interface Steps {
  readonly run: { readonly steps: readonly { readonly name: string; readonly kind: string; readonly cost: string | null; readonly counted: boolean; readonly agent: string | null }[] }
}

test('steps: every span once, parents before children, orphans at their time, cost from the ledger', async () => {
  const { run } = await query.ask<Steps>(`{ run(id: "${traceId(1)}") { steps { name kind cost counted agent } } }`)
  assert.deepEqual(run.steps.map((step) => [step.name, step.kind, step.cost, step.counted]), [
    ['invoke_agent', 'AGENT', null, false],
    ['chat', 'MODEL_CALL', '0.000002500001', true],
    ['delete', 'TOOL_CALL', null, false],
    ['lost twice', 'OTHER', null, false],
  ])
  assert.equal(run.steps[1]?.agent, 'planner')
})

test('a step with everything it has', async () => {
  const { run } = await query.ask<{ readonly run: { readonly step: Readonly<Record<string, unknown>> } }>(`{ run(id: "${traceId(1)}") { step(id: "${spanId(2)}") {
    parentId status durationMs startedAt tokens { input cachedInput output total } finishReasons flags scope dialect resource service input attributes events { name time attributes } links } } }`)
  assert.deepEqual(run.step, {
    parentId: spanId(1), status: 'UNSET', durationMs: 5, startedAt: '2026-11-20T12:00:00.01Z', tokens: { input: 100, cachedInput: 40, output: 7, total: 107 },
    finishReasons: ['stop'], flags: ['assumed_inclusive'], scope: 'sdk@1.0', dialect: 'genai', resource: { 'service.name': 'shop' }, service: 'shop',
    input: run.step['input'],
    attributes: JSON.parse(`{"big":"9007199254740993","gen_ai.input.messages":${JSON.stringify('[{"role":"user","parts":[{"type":"text","content":"Where is the Needle?"}]}]')},"gen_ai.system":"openai","gen_ai.usage.input_tokens":100,"list":[1,{"__proto__":"x"}],"stream":true,"temperature":0.5}`),
    events: [{ name: 'first token', time: '2026-11-20T12:00:00.010000001Z', attributes: { n: 1 } }],
    links: [{ traceId: 'ab', spanId: 'cd' }],
  })
  assert.match(JSON.stringify(run.step['input']), /Where is the Needle/)
})

test('stepsById keeps the order asked for and leaves out what is not there; too many and nonsense are refused', async () => {
  const ask = `query($ids: [ID!]!) { run(id: "${traceId(1)}") { stepsById(ids: $ids) { id } } }`
  const { run } = await query.ask<{ readonly run: { readonly stepsById: readonly { readonly id: string }[] } }>(ask, { ids: [spanId(3), spanId(88), spanId(1), spanId(7)] })
  assert.deepEqual(run.stepsById.map((step) => step.id), [spanId(3), spanId(1)])
  for (const ids of [Array.from({ length: 201 }, (_, i) => spanId(i)), ['nonsense']]) assert.equal((await query.refusal(ask, { ids }))[0]?.code, 'BAD_INPUT')
})

test('matchingSteps looks into names, attributes and content, in any case', async () => {
  const match = async (text: string) =>
    (await query.ask<{ readonly run: { readonly matchingSteps: readonly string[] } }>(`query($text: String!) { run(id: "${traceId(1)}") { matchingSteps(text: $text) } }`, { text })).run.matchingSteps
  assert.deepEqual(await match('LOST'), [spanId(4)])
  assert.deepEqual(await match('needle'), [spanId(2)])
  assert.deepEqual(await match('shop'), [spanId(1), spanId(2), spanId(4), spanId(3)])
  assert.deepEqual(await match('%'), [])
  assert.equal((await query.refusal(`{ run(id: "${traceId(1)}") { matchingSteps(text: " ") } }`))[0]?.code, 'BAD_INPUT')
})

test('a run too large for one answer says what to do instead', async () => {
  const [error] = await query.refusal(`{ run(id: "${traceId(2)}") { steps { id } } }`)
  assert.equal(error?.code, 'TOO_WIDE')
  assert.match(error?.message ?? '', /skeleton/)
})

test('a trace that is no run, with a cycle: each span once', async () => {
  const { trace } = await query.ask<{ readonly trace: { readonly steps: readonly { readonly id: string }[] } }>(`{ trace(id: "${traceId(3)}") { steps { id } } }`)
  assert.deepEqual(trace.steps.map((step) => step.id), [spanId(2), spanId(3), spanId(1)])
})

test('the skeleton draws the same tree, compressed', async () => {
  const skeleton = async (id: string) => fetch(`${query.server.address.url}/v1/runs/${id}/skeleton`, { headers: { 'accept-encoding': 'gzip' } })
  const { header, rows } = decodeSkeleton(Buffer.from(await (await skeleton(traceId(1))).arrayBuffer()))
  assert.deepEqual(rows.map((row) => [row.spanId, row.parent, row.name, row.flags, row.tokensIn, row.tokensOut, row.cost, row.subtreeCost]), [
    [spanId(1), -1, 'invoke_agent', 0, 0, 0, 0n, 2_500_001n],
    [spanId(2), 0, 'chat', flagBits.cached, 100, 7, 2_500_001n, 2_500_001n],
    [spanId(3), 0, 'delete', flagBits.failed | flagBits.decided | flagBits.blocked, 0, 0, 0n, 0n],
    [spanId(4), -1, 'lost twice', flagBits.orphan | flagBits.unpriced, 0, 0, 0n, 0n],
  ])
  assert.deepEqual([header.status, header.settled, header.notes.orphans], ['COMPLETED', true, 1])
  assert.equal(decodeSkeleton(Buffer.from(await (await skeleton(traceId(3))).arrayBuffer())).header.notes.cyclesBroken, 1)
  for (const id of [traceId(9), 'nonsense']) assert.equal((await skeleton(id)).status, 404)
})
