import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePolicies } from '#otel-config/policy/policies.ts'
import { account, type TraceAccount } from '#semconv/account.ts'
import type { PicoUsd, SpanFacts } from '#semconv/facts.ts'
import { interpret } from '#semconv/interpret.ts'
import { chargeArrivals } from '../derive/charge.ts'
import { deriveLog } from '../derive/derive-log.ts'
import { derive } from '../derive/derive.ts'
import { entryKey } from '../derive/identity.ts'
import { shippedBook } from '../price/book.ts'
import { contested, post, type Posted, writeOut } from '../settle/post.ts'
import { costOf } from '../settle/summary.ts'
import { meets, sessionsTold, speaks, type Times, toldBetter } from '../settle/told-better.ts'
import { FrameWriter } from '../spool/frame.ts'
import type { Arriving } from '../verify/small-collector.ts'
import { captures, type ExpectedFacts } from './captures.ts'
import { recordsOf, spansOf } from './records.ts'
import { shuffled } from './shuffled.ts'

const options = { tenant: 'corpus', project: '', prices: shippedBook(), policies: parsePolicies('policies: []') }
const nothingElsewhere = { replayed: new Set<string>(), mirrored: new Set<string>() }

for (const capture of captures()) {
  test(`${capture.name}: the expected facts come out, sent twice, in any order, settled after each span`, () => {
    const records = capture.payloads.flatMap(recordsOf)
    const expected = comparable(capture.expected)
    assert.deepEqual(facts(records), expected)
    assert.deepEqual(facts([...records, ...records]), expected, 'sent twice')
    assert.deepEqual(facts(records.toReversed()), expected, 'in reverse')
    for (const seed of [1, 2, 3]) assert.deepEqual(facts(shuffled(records, seed)), expected, `shuffled with seed ${seed}`)
    assert.deepEqual(factsSettledAfterEach(records), expected, 'one span per request, settled after each')
  })
}

test('together the captures cover what goes wrong in practice', () => {
  const all = captures().map((capture) => capture.expected)
  assert.ok(all.length >= 11, `${all.length} captures`)
  const steps = captures().flatMap(({ payloads }) => payloads.flatMap(spansOf)).map((record) => interpret(record))
  assert.ok(steps.some((step) => step.role === 'handoff'), 'a handoff')
  assert.ok(steps.some((step) => step.streaming), 'a stream')
  assert.ok(steps.some((step) => step.role === 'agent' && step.usage !== undefined), 'an aggregate')
  assert.ok(all.some(({ tokens }) => tokens.cachedInput > 0) && all.some(({ tokens }) => tokens.cacheWrite > 0), 'caching')
  assert.ok(all.some(({ tokens }) => tokens.reasoning > 0), 'reasoning')
  assert.ok(all.some(({ failedModelCalls, failedRuns }) => failedModelCalls > 0 && failedRuns === 0), 'an error that was tried again')
  assert.ok(all.some(({ unmeteredModelCalls }) => unmeteredModelCalls > 0), 'a call without usage')
  assert.ok(all.some(({ agents }) => agents.length > 1), 'more than one agent')
})

/** The ledger and the accounts of every trace, as settlement leaves them. */
interface Trace extends Posted {
  readonly spans: Map<string, SpanFacts>
  account: TraceAccount
  providers: ReadonlySet<string>
}

function facts(records: readonly Arriving[]): object {
  const traces = new Map<string, Trace>()
  for (const record of records) arrive(traces, record)
  for (const trace of traces.values()) settle(traces, trace)
  return summed([...traces.values()])
}

function factsSettledAfterEach(records: readonly Arriving[]): object {
  const traces = new Map<string, Trace>()
  for (const record of records) {
    const trace = arrive(traces, record)
    if (trace === undefined) continue
    settle(traces, trace)
    // What the other source told of its session is looked at again.
    for (const other of traces.values()) if (other !== trace && sharesSession(trace, other)) settle(traces, other)
  }
  return summed([...traces.values()])
}

const sharesSession = (trace: Trace, other: Trace): boolean =>
  sessionsTold(trace.spans.values()).some((own) => sessionsTold(other.spans.values()).some((told) => own.session === told.session && own.source !== told.source))

/** `undefined` for a log record that tells no step. */
function arrive(traces: Map<string, Trace>, record: Arriving): Trace | undefined {
  const frame = new FrameWriter()
  const derived = 'body' in record
    ? deriveLog(record, options, 0n, frame).told
    : derive(record, options, record.endTimeUnixNano, traces.get(record.traceId)?.spans.has(record.spanId) !== true, frame)
  if (derived === undefined) return undefined
  const { traceId, spanId } = derived.facts
  const trace = traces.get(traceId)
    ?? { spans: new Map(), charges: new Map(), entries: new Map(), account: account([], nothingElsewhere), providers: new Set() }
  traces.set(traceId, trace)
  trace.spans.set(spanId, derived.facts)
  const charges = chargeArrivals([derived], (_, id) => trace.spans.get(id), options, frame)
  for (const charge of charges) trace.charges.set(spanId, charge)
  return trace
}

function settle(traces: ReadonlyMap<string, Trace>, trace: Trace): void {
  trace.account = account([...trace.spans.values()], { ...nothingElsewhere, toldBetter: toldBetter(trace.spans.values(), sessionsTold(trace.spans.values()), better(traces, trace)) })
  writeOut(trace, contested(trace.account, trace.spans, trace), options)
  const posting = post(trace.account, trace.spans, trace, 0n, options)
  for (const entry of posting.rows) trace.entries.set(entryKey(entry), entry)
  trace.providers = new Set([...trace.account.providers, ...posting.providers])
}

/** When other traces tell the sessions of this one better. */
function better(traces: ReadonlyMap<string, Trace>, trace: Trace): ReadonlyMap<string, readonly Times[]> {
  const others = [...traces.values()].filter((other) => other !== trace).flatMap((other) => sessionsTold(other.spans.values())).filter(speaks)
  return new Map(sessionsTold(trace.spans.values()).map((own) => [own.session, others.filter((other) => other.session === own.session && meets(own, other))]))
}

function summed(traces: readonly Trace[]): object {
  const runs = traces.filter((trace) => trace.account.isRun)
  const sum = (count: (account: TraceAccount) => number): number => runs.reduce((total, run) => total + count(run.account), 0)
  const union = (words: (run: Trace) => Iterable<string>): string[] => [...new Set(runs.flatMap((run) => [...words(run)]))].sort()
  const cost = runs.reduce((total, run) => total + costOf(run, { rows: [], unpricedModelCalls: 0, providers: [] }), 0n)
  const claims = runs.map((run) => run.account.reportedCost).filter((claim) => claim !== undefined)
  return {
    runs: runs.length,
    failedRuns: runs.filter((run) => run.account.status === 'FAILED').length,
    modelCalls: sum((run) => run.modelCalls),
    failedModelCalls: sum((run) => run.failedModelCalls),
    unmeteredModelCalls: sum((run) => run.unmeteredModelCalls),
    toolCallsInAll: sum((run) => run.toolCalls),
    toolCalls: executedByTool(runs.flatMap((run) => [...run.spans.values()])),
    tokens: {
      input: sum((run) => run.tokens.input), cachedInput: sum((run) => run.tokens.cachedInput),
      cacheWrite: sum((run) => run.tokens.cacheWrite), output: sum((run) => run.tokens.output), reasoning: sum((run) => run.tokens.reasoning),
    },
    costUsd: cost,
    reportedCostUsd: claims.length === 0 ? undefined : claims.reduce((total, claim) => total + claim, 0n),
    providers: union((run) => run.providers), users: union((run) => run.account.users),
    sessions: union((run) => run.account.sessions), agents: union((run) => run.account.agents),
  }
}

function comparable(expected: ExpectedFacts): object {
  const { runs, failedRuns, modelCalls, failedModelCalls, unmeteredModelCalls, toolCalls, tokens } = expected
  return {
    runs, failedRuns, modelCalls, failedModelCalls, unmeteredModelCalls, toolCalls, tokens,
    toolCallsInAll: Object.values(toolCalls).reduce((total, count) => total + count, 0),
    costUsd: picoUsd(expected.costUsd),
    reportedCostUsd: expected.reportedCostUsd === undefined ? undefined : picoUsd(expected.reportedCostUsd),
    providers: expected.providers.toSorted(), users: expected.users.toSorted(),
    sessions: expected.sessions.toSorted(), agents: expected.agents.toSorted(),
  }
}

/** A call that several spans tell by one id is one call. */
function executedByTool(spans: readonly SpanFacts[]): Record<string, number> {
  const calls = new Map<string, string>()
  for (const { spanId, step } of spans) {
    if (step.role === 'tool' && step.executed) calls.set(step.toolCallId || spanId, step.tool)
  }
  const counts: Record<string, number> = {}
  for (const tool of calls.values()) counts[tool] = (counts[tool] ?? 0) + 1
  return counts
}

function picoUsd(decimal: string): PicoUsd {
  const [whole = '', fraction = ''] = decimal.split('.')
  return BigInt(whole + fraction.padEnd(12, '0'))
}
