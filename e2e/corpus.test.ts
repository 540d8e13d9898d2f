/** Every capture through the real program: the facts that must come out do, however the spans come in. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Capture, captures, type ExpectedFacts, type Payload } from '#collector/corpus/captures.ts'
import { shuffled } from '#collector/corpus/shuffled.ts'
import { logsJsonToProtobuf, tracesJsonToProtobuf } from '#collector/decode/json.ts'
import { decodeLogs } from '#collector/decode/logs.ts'
import { decodeRequest } from '#collector/decode/oracle.ts'
import { logRunId } from '#collector/derive/derive-log.ts'
import { agentEventOf } from '#semconv/agent-logs.ts'
import { engineOf, storedLogRecords } from './engine.ts'
import { graphql, type Program, startProgram } from './program.ts'
import { type GrpcExporter, grpcExporter, post, type Posted, type Signal } from './sending.ts'
import { oneLogRecordPerRequest, oneSpanPerRequest } from './split.ts'
import { pico, settledTraces, type TraceFigures } from './traces.ts'
import { assertVerified } from './verified.ts'

const all = captures()
const env = { SPANLEDGER_SETTLEMENT_DELAY_MS: '300' }

/** A request in protobuf, for the path of its signal. */
interface Request {
  readonly signal: Signal
  readonly body: Buffer
}

const toProtobuf = { traces: tracesJsonToProtobuf, logs: logsJsonToProtobuf }
/** Whether steps and what they cost come out of it. */
const tellsSteps = (payload: Payload): payload is Payload & { readonly signal: 'traces' | 'logs' } => payload.signal !== 'metrics'
const asProtobuf = ({ signal, encoding, body }: ReturnType<typeof tellingPayloads>[number]): Request =>
  ({ signal, body: encoding === 'json' ? toProtobuf[signal](body).bytes : body })
const tellingPayloads = (capture: Capture) => capture.payloads.filter(tellsSteps)
const oneByOne = ({ signal, body }: Request): Request[] =>
  (signal === 'logs' ? oneLogRecordPerRequest : oneSpanPerRequest)(body).map((one) => ({ signal, body: one }))

/** Distinct spans by trace id; a step that a log record tells is a span of the run its session and prompt make. */
function spanCounts(requests: readonly Request[]): Map<string, number> {
  const spans = new Map<string, Set<string>>()
  const add = (traceId: string, span: string): unknown => spans.set(traceId, (spans.get(traceId) ?? new Set()).add(span))
  for (const { signal, body } of requests) {
    if (signal === 'logs') {
      for (const record of decodeLogs(body).records) {
        const event = agentEventOf(record)
        if (event !== undefined) add(logRunId(event.session, event.prompt), [...record.attributes, record.observedTimeUnixNano].join())
      }
    } else for (const { traceId = '', spanId = '' } of spansIn(body)) add(traceId, spanId)
  }
  return new Map([...spans].map(([id, ids]) => [id, ids.size]))
}

const spansIn = (request: Buffer) =>
  (decodeRequest(request).resourceSpans ?? []).flatMap((resource) => (resource.scopeSpans ?? []).flatMap((scope) => scope.spans ?? []))

const traceIds = (capture: Capture): readonly string[] => [...spanCounts(tellingPayloads(capture).map(asProtobuf)).keys()]
const everySpan = spanCounts(all.flatMap(tellingPayloads).map(asProtobuf))

const contentTypes = { json: 'application/json', pb: 'application/x-protobuf' } as const

function assertAccepted(posted: Posted, encoding: Payload['encoding']): void {
  assert.equal(posted.status, 200)
  assert.equal(posted.body.toString(), encoding === 'json' ? '{}' : '')
}

interface RunFacts extends TraceFigures {
  readonly steps: readonly { readonly id: string; readonly kind: string; readonly tool: string | null; readonly toolCallId: string | null; readonly executed: boolean; readonly cost: string | null }[]
  readonly ledger: readonly { readonly amount: string | null }[]
}

const runFields = `id settled status workflow agents users sessions providers modelCalls failedModelCalls unmeteredModelCalls toolCalls cost
  reportedCost tokens { input cachedInput cacheWrite output reasoning } steps { id kind tool toolCallId executed cost } ledger { amount }`

/** Every run with its steps and ledger, by trace id; and that its three accounts of the money agree. */
async function readRuns(program: Program): Promise<ReadonlyMap<string, RunFacts>> {
  const { runs } = await graphql<{ runs: { nodes: readonly RunFacts[]; totalCount: number } }>(
    program, `{ runs(first: ${runsMax}) { totalCount nodes { ${runFields} } } }`)
  assert.equal(runs.nodes.length, runs.totalCount, 'more runs than one page holds')
  for (const run of runs.nodes) {
    assert.ok(run.settled)
    assert.equal(sumOf(run.ledger.map((line) => line.amount)), pico(run.cost), `${run.id}: the ledger sums to the cost of the run`)
    assert.equal(sumOf(run.steps.map((step) => step.cost)), pico(run.cost), `${run.id}: the steps sum to the cost of the run`)
  }
  return new Map(runs.nodes.map((run) => [run.id, run]))
}
/** The query layer's bound on values lets this many runs come with all their steps. */
const runsMax = 150

/** What the program says of a capture, in the words of `expected.json`. */
function facts(every: ReadonlyMap<string, RunFacts>, capture: Capture): object {
  const runs = traceIds(capture).flatMap((id) => every.get(id) ?? [])
  const sum = (count: (run: RunFacts) => number): number => runs.reduce((total, run) => total + count(run), 0)
  const union = (words: (run: RunFacts) => readonly string[]): string[] => [...new Set(runs.flatMap(words))].sort()
  const claims = runs.flatMap((run) => run.reportedCost ?? [])
  return {
    runs: runs.length,
    failedRuns: runs.filter((run) => run.status === 'FAILED').length,
    modelCalls: sum((run) => run.modelCalls),
    failedModelCalls: sum((run) => run.failedModelCalls),
    unmeteredModelCalls: sum((run) => run.unmeteredModelCalls),
    toolCallsInAll: sum((run) => run.toolCalls),
    toolCalls: executedByTool(runs),
    tokens: {
      input: sum((run) => run.tokens.input), cachedInput: sum((run) => run.tokens.cachedInput),
      cacheWrite: sum((run) => run.tokens.cacheWrite), output: sum((run) => run.tokens.output), reasoning: sum((run) => run.tokens.reasoning),
    },
    cost: sumOf(runs.map((run) => run.cost)),
    reportedCost: claims.length === 0 ? undefined : sumOf(claims),
    providers: union((run) => run.providers), users: union((run) => run.users), sessions: union((run) => run.sessions),
    agents: union((run) => run.agents),
    ...(capture.expected.workflows === undefined ? {} : { workflows: union((run) => (run.workflow === null ? [] : [run.workflow])) }),
  }
}

const sumOf = (amounts: readonly (string | null)[]): bigint => amounts.reduce((sum, amount) => sum + (amount === null ? 0n : pico(amount)), 0n)

/** A call that several spans tell by one id is one call. */
function executedByTool(runs: readonly RunFacts[]): Record<string, number> {
  const calls = new Map<string, string>()
  for (const run of runs) {
    for (const { id, kind, tool, toolCallId, executed } of run.steps) if (kind === 'TOOL_CALL' && executed) calls.set(toolCallId ?? id, tool ?? '')
  }
  const counts: Record<string, number> = {}
  for (const tool of calls.values()) counts[tool] = (counts[tool] ?? 0) + 1
  return counts
}

function expectedFacts({ costUsd, reportedCostUsd, toolCalls, workflows, ...expected }: ExpectedFacts): object {
  const { runs, failedRuns, modelCalls, failedModelCalls, unmeteredModelCalls, tokens } = expected
  return {
    runs, failedRuns, modelCalls, failedModelCalls, unmeteredModelCalls, tokens, toolCalls,
    toolCallsInAll: Object.values(toolCalls).reduce((total, count) => total + count, 0),
    cost: pico(costUsd), reportedCost: reportedCostUsd === undefined ? undefined : pico(reportedCostUsd),
    providers: expected.providers.toSorted(), users: expected.users.toSorted(), sessions: expected.sessions.toSorted(),
    agents: expected.agents.toSorted(), ...(workflows === undefined ? {} : { workflows: workflows.toSorted() }),
  }
}

async function assertEveryFact(program: Program): Promise<void> {
  const runs = await readRuns(program)
  const wrong: string[] = []
  for (const capture of all) {
    try {
      assert.deepEqual(facts(runs, capture), expectedFacts(capture.expected))
    } catch (error) {
      if (!(error instanceof assert.AssertionError)) throw error
      wrong.push(`${capture.name}: ${error.message}`)
    }
  }
  assert.deepEqual(wrong, [])
  assert.equal(await costsTotal(program), all.reduce((sum, { expected }) => sum + pico(expected.costUsd), 0n), 'costs sums to what the captures cost')
  await assertVerified(program)
}

async function costsTotal(program: Program): Promise<bigint> {
  const { costs } = await graphql<{ costs: readonly { cost: string }[] }>(
    program, '{ costs(range: { from: "2000-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z" }) { cost } }')
  return sumOf(costs.map((row) => row.cost))
}

const ledgerLines = async (program: Program): Promise<number> =>
  (await graphql<{ ledgerEntries: { totalCount: number } }>(program, '{ ledgerEntries(first: 1) { totalCount } }')).ledgerEntries.totalCount

describe('as captured', () => {
  let program: Program
  let grpc: GrpcExporter
  let settled: Map<string, TraceFigures>
  before(async () => {
    program = await startProgram({ env })
    grpc = grpcExporter(program)
  })
  after(async () => {
    grpc[Symbol.dispose]()
    await program[Symbol.asyncDispose]()
  })

  test('over HTTP, every second request compressed', async () => {
    for (const [index, { signal, encoding, body }] of all.flatMap(tellingPayloads).entries()) {
      assertAccepted(await post(program, body, { signal, contentType: contentTypes[encoding], gzip: index % 2 === 1 }), encoding)
    }
    settled = await settledTraces(program, everySpan)
    await assertEveryFact(program)
  })

  test('sent again, nothing changes', async () => {
    const lines = await ledgerLines(program)
    for (const { signal, encoding, body } of all.flatMap(tellingPayloads)) {
      assertAccepted(await post(program, body, { signal, contentType: contentTypes[encoding] }), encoding)
    }
    settled = await settledTraces(program, everySpan, settled)
    await assertEveryFact(program)
    assert.equal(await ledgerLines(program), lines)
  })

  test('sent again over gRPC, nothing changes', async () => {
    const lines = await ledgerLines(program)
    for (const { signal, body } of all.flatMap(tellingPayloads).map(asProtobuf)) assert.equal((await grpc.send(body, signal)).length, 0)
    settled = await settledTraces(program, everySpan, settled)
    await assertEveryFact(program)
    assert.equal(await ledgerLines(program), lines)
  })

  test('metrics that came along are taken and charge nothing', async () => {
    const lines = await ledgerLines(program)
    const others = all.flatMap((capture) => capture.payloads).filter((payload) => !tellsSteps(payload) && payload.encoding === 'pb')
    assert.ok(others.length >= 1)
    for (const { signal, body } of others) {
      for (const answer of [(await post(program, body, { signal })).body, await grpc.send(body, signal)]) assert.equal(answer.length, 0)
    }
    assert.equal(await ledgerLines(program), lines)
    await assertEveryFact(program)
  })

  test('every log record is stored once, though it came three times', async () => {
    const records = all.flatMap(tellingPayloads).map(asProtobuf).filter(({ signal }) => signal === 'logs').reduce((sum, { body }) => sum + decodeLogs(body).records.length, 0)
    assert.ok(records > 20)
    await using store = await engineOf(program)
    assert.equal(await storedLogRecords(store), records)
    const counted = await counters(program)
    assert.deepEqual(['received', 'stored', 'deduplicated'].map((name) => counted.get(`spanledger_log_records_${name}_total`)), [3 * records, records, 2 * records])
  })

  test('the counters account for every span of the three sendings', async () => {
    const spans = [...everySpan.values()].reduce((sum, count) => sum + count, 0)
    const counted = await counters(program)
    const count = (name: string): number | undefined => counted.get(`spanledger_spans_${name}_total`)
    assert.deepEqual(
      [count('received'), count('stored'), count('deduplicated'), count('loaded'), count('rejected'), count('set_aside')],
      [3 * spans, spans, 2 * spans, 3 * spans, 0, 0])
  })
})

/** The collector's own account, by metric name; labels are summed. */
async function counters(program: Program): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${program.console}/metrics`)).text()
  const sums = new Map<string, number>()
  for (const [, name = '', value] of text.matchAll(/^(spanledger_\w+)(?:\{.*\})? (\S+)$/gm)) sums.set(name, (sums.get(name) ?? 0) + Number(value))
  return sums
}

/** Parts of the stream that are settled before the next comes: each settlement posts what the next part takes back. */
for (const { seed, parts } of [{ seed: 1, parts: 1 }, { seed: 2, parts: 3 }]) {
  test(`one span or log record per request, shuffled with seed ${seed}, settled ${parts === 1 ? 'at the end' : `after each of ${parts} parts`}`, async () => {
    await using program = await startProgram({ env })
    const requests = shuffled(all.flatMap(tellingPayloads).map(asProtobuf).flatMap(oneByOne), seed)
    const size = Math.ceil(requests.length / parts)
    for (let at = 0; at < requests.length; at += size) {
      for (const { signal, body } of requests.slice(at, at + size)) assertAccepted(await post(program, body, { signal }), 'pb')
      await settledTraces(program, spanCounts(requests.slice(0, at + size)))
    }
    await assertEveryFact(program)
  })
}

/** One request over a connection of its own, which the kernel deals to one of the receiving processes; every fifth is sent twice at once. */
async function sendApart(program: Program, { signal, body }: Request, number: number): Promise<void> {
  const overHttp = async (): Promise<void> => assertAccepted(await post(program, body, { signal, headers: { connection: 'close' } }), 'pb')
  const overGrpc = async (): Promise<void> => {
    using exporter = grpcExporter(program, { 'grpc.use_local_subchannel_pool': 1 })
    assert.equal((await exporter.send(body, signal)).length, 0)
  }
  await Promise.all(number % 5 === 0 ? [overHttp(), overGrpc()] : [number % 2 === 0 ? overHttp() : overGrpc()])
}

/** Requests under way side by side. */
const atOnce = 10

test('over two receiving processes, each request over a connection of its own, some twice at once, settled in between', async () => {
  await using program = await startProgram({ env: { ...env, SPANLEDGER_RECEIVERS: '2' } })
  const requests = shuffled(all.flatMap(tellingPayloads).map(asProtobuf).flatMap(oneByOne), 3)
  const size = Math.ceil(requests.length / 2)
  for (let at = 0; at < requests.length; at += size) {
    const part = requests.slice(at, at + size)
    for (let n = 0; n < part.length; n += atOnce) await Promise.all(part.slice(n, n + atOnce).map((request, number) => sendApart(program, request, n + number)))
    await settledTraces(program, spanCounts(requests.slice(0, at + size)))
  }
  await assertEveryFact(program)
  const metrics = await (await fetch(`${program.console}/metrics`)).text()
  for (const receiver of [1, 2]) {
    const [, stored] = new RegExp(`^spanledger_spans_stored_total\\{receiver="${receiver}"\\} (\\d+)$`, 'm').exec(metrics) ?? []
    assert.ok(Number(stored) > everySpan.size / 4, `process ${receiver} received: ${stored}`)
  }
})
