import assert from 'node:assert/strict'
import { test } from 'node:test'
import { meters, type Meter, roles, type SpanFacts, usageFlags } from '#semconv/facts.ts'
import { spanOf } from '#semconv/testdata/span-lines.ts'
import { shippedBook } from '../price/book.ts'
import { postedOf, spansOf } from './held-charges.ts'
import { HeldSpans, type LiveSpan } from './held-spans.ts'
import { LiveTraces } from './live-traces.ts'

const traceId = 'ab'.repeat(16)
const idOf = (number: number): string => number.toString(16).padStart(16, '0')

/** Silent in everything that may be. */
const silent: LiveSpan = { ...spanOf('s  -  span  sdk  0-100'), traceId, spanId: idOf(1), receivedAt: 1n }

/** Says everything that a span can say, all of it differently. */
const talkative: LiveSpan = {
  traceId, spanId: idOf(2), parentSpanId: idOf(1), startedAt: 2n ** 64n - 2n, endedAt: 2n ** 64n - 1n, name: 'chat 😀', spanKind: 2 ** 32 - 1, failed: true,
  service: 'a service', environment: 'an environment', scopeName: 'a scope', scopeVersion: '1.2.3', receivedAt: 1_790_000_000_000_000_001n,
  step: {
    dialect: 'a dialect', role: 'model_call', operation: 'chat', agent: 'an agent', agentId: 'an agent id', workflow: 'a workflow', session: 'a session', user: 'a user', tags: 'a\ntag',
    provider: 'a provider', requestModel: 'asked', responseModel: 'answered', responseId: 'an answer', tool: 'a tool', toolCallId: 'a call',
    toolArgumentsHash: '0123456789abcdef', finishReasons: ['stop', 'length'], errorType: 'an error', errorMessage: 'a message', timeToFirstTokenMs: 12.5, streaming: true,
    usage: Object.fromEntries(meters.map((meter, index) => [meter, 2 ** 53 - 1 - index])), usageFlags, usagePartial: true, usageCumulative: true,
    usageAuthoritative: true, reportedCost: -(2n ** 100n), callKeys: ['response:a:1', 'request:2', 'request:3'],
    decision: { policyId: 'a policy', policyVersion: 3, outcome: 'DENY', reason: 'a reason', target: 'a target' }, executed: false, serviceTier: 'flex',
  },
}

/** One span for each fact of a step, which says that alone. */
const alone = Object.keys(talkative.step).map((fact, index): LiveSpan =>
  ({ ...silent, spanId: idOf(100 + index), step: { ...silent.step, [fact]: talkative.step[fact as keyof SpanFacts['step']] } }))

function held(spans: readonly LiveSpan[]): HeldSpans {
  const into = new HeldSpans(traceId)
  for (const span of spans) into.add(span)
  return into
}

test('a span comes back as it went in, whatever it says', () => {
  const roleSpans = roles.map((role, index): LiveSpan => ({ ...silent, spanId: idOf(200 + index), step: { ...silent.step, role } }))
  const edges = [{ 'output.text': 0 } as const, {}].map((usage, index): LiveSpan =>
    ({ ...silent, spanId: idOf(300 + index), step: { ...silent.step, usage, timeToFirstTokenMs: 0, reportedCost: 0n } }))
  const spans = [silent, talkative, ...alone, ...roleSpans, ...edges]
  assert.deepEqual(held(spans).values(), spans)
  for (const span of spans) assert.deepEqual(held(spans).get(span.spanId), span)
  assert.deepEqual(held([talkative]).heads(), [{ startedAt: talkative.startedAt, parentSpanId: talkative.parentSpanId, name: talkative.name }])
})

/** The same numbers on every run. */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

test('whichever spans come, and come again, it holds what a map would hold', () => {
  const next = random(7)
  for (const ids of [3, 40]) {
    const spans = new HeldSpans(traceId)
    const map = new Map<string, LiveSpan>()
    for (let arrival = 0; arrival < 500; arrival++) {
      const count = next(3)
      const usage: Partial<Record<Meter, number>> = { [meters[next(meters.length)] ?? 'request']: next(1_000) }
      const span: LiveSpan = {
        ...(next(2) === 0 ? silent : talkative), spanId: idOf(next(ids)), receivedAt: BigInt(arrival),
        step: { ...silent.step, tool: 'x'.repeat(next(3)), usage, callKeys: Array.from({ length: count }, (_, key) => `request:${arrival}.${key}`) },
      }
      assert.equal(spans.receivedAt(span.spanId), map.get(span.spanId)?.receivedAt)
      if (spans.has(span.spanId)) spans.replace(span)
      else spans.add(span)
      map.set(span.spanId, span)
      assert.equal(spans.size, map.size)
    }
    assert.deepEqual(spans.values(), [...map.values()])
    assert.deepEqual(spans.callKeys().toSorted(), [...map.values()].flatMap((span) => span.step.callKeys).toSorted())
    assert.equal(spans.get(idOf(ids)), undefined)
    spans.clear()
    assert.deepEqual([spans.size, spans.values(), spans.has(idOf(0))], [0, [], false])
  }
})

test('a charge stays that of the version it was made for, whether another comes with it, after it or before', () => {
  const version = (receivedAt: bigint): LiveSpan => ({ ...talkative, name: `version ${receivedAt}`, receivedAt })
  const charge = {
    facts: version(5n), postedAt: 5n, prices: shippedBook(), attribution: { agent: '', user: '', session: '', workflow: '', tags: '' }, amount: 1n, unpriced: false, provider: '',
  }
  const derived = (...receivedAt: bigint[]) => receivedAt.map((at) => ({ facts: version(at), first: at === 5n, decisions: [] }))
  const requests: Readonly<Record<string, readonly (readonly bigint[])[]>> = { alone: [[5n]], 'with it': [[5n, 6n]], 'after it': [[5n], [6n], [7n]], 'before it': [[6n], [5n]] }
  for (const [how, arrivals] of Object.entries(requests)) {
    const live = new LiveTraces({ spansMax: 10, settledSpansMax: 10, processStartedAt: 0n })
    for (const request of arrivals) live.add(derived(...request), request.includes(5n) ? [charge] : [], 0, 0)
    const trace = live.get(traceId) ?? assert.fail()
    const spans = spansOf(trace)
    const posted = postedOf(trace, spans).charges.get(talkative.spanId)
    assert.deepEqual(posted, charge, how)
    assert.equal(posted?.facts === spans.get(talkative.spanId), how === 'alone', how)
    assert.equal(spans.get(talkative.spanId)?.name, `version ${arrivals.flat().reduce((a, b) => (b > a ? b : a))}`, how)
  }
})
