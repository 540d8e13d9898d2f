import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunRow } from '#clickhouse/tables/runs.ts'
import { parsePolicies, starterPolicies } from '#otel-config/policy/policies.ts'
import { account } from '#semconv/account.ts'
import { factsOf } from '#semconv/testdata/span-lines.ts'
import { chargeArrivals } from '../derive/charge.ts'
import { type Derived, findingRow } from '../derive/derive.ts'
import { shippedBook } from '../price/book.ts'
import { addFirstLooks } from './first-look.ts'
import type { Handovers } from '../receivers/handovers.ts'
import { LiveTraces } from './live-traces.ts'
import { post } from './post.ts'
import { summary } from './summary.ts'

const options = { tenant: 't', project: 'p', prices: shippedBook() }
const [one, two] = ['aa'.repeat(16), 'bb'.repeat(16)]

const agentAtWork = `
  root   -      agent       sdk  0-900    agent=Planner user=ann session=s1
  call0  root   model_call  sdk  5-9      model=gpt-4o failed
  call1  root   model_call  sdk  10-200   1000 in 200 read 50 out  model=gpt-4o agent=Planner
  tool1  root   tool        sdk  210-300  tool=search failed
  call2  root   model_call  sdk  310-800  2000 in 70 out 30 thought  model=gpt-4o-mini agent=Planner failed
`

const arrived = (traceId: string, lines: string, from: bigint): Derived[] =>
  factsOf(lines).map((facts, index) => ({ facts: { ...facts, traceId, receivedAt: from + BigInt(index) }, first: true, decisions: [] }))

/** Nothing stored is older than this process, which began at `processStartedAt`. */
function liveSince(processStartedAt: bigint): LiveTraces {
  const live = new LiveTraces({ spansMax: 100, settledSpansMax: 100, processStartedAt })
  live.remember([])
  return live
}

function looksAt(derived: readonly Derived[], live: LiveTraces): RunRow[] {
  const rows: RunRow[] = []
  const charges = chargeArrivals(derived, () => undefined, options, { add: () => undefined })
  addFirstLooks(derived, charges, { ...options, live }, { add: (_table, row) => void rows.push(row as RunRow) })
  return rows
}

test('a first look at a run says of it what its summary does, but that it is settled', () => {
  const decision = findingRow({
    policyId: 'p', policyVersion: 1, outcome: 'WARN', mode: 'SHADOW', reason: '', spanId: 'call1', at: 1n, evidence: {},
  }, factsOf('call1  root  model_call  sdk  10-200')[0] ?? assert.fail(), { ...options, policies: parsePolicies(starterPolicies()) }, 100n)
  const derived = arrived(one, agentAtWork, 100n).map((told) => (told.facts.spanId === 'call1' ? { ...told, decisions: [decision] } : told))
  const [look, ...others] = looksAt(derived, liveSince(0n))
  const spans = new Map(derived.map(({ facts }) => [facts.spanId, facts]))
  const accounted = account([...spans.values()], { replayed: new Set(), mirrored: new Set() })
  const charges = new Map(chargeArrivals(derived, () => undefined, options, { add: () => undefined }).map((charge) => [charge.facts.spanId, charge]))
  const posted = { charges, entries: new Map() }
  const trace = { traceId: one, spans, decisions: new Map([[decision.id, decision]]), lastReceivedAt: 104n, ...posted }
  assert.deepEqual(look, summary(trace, accounted, post(accounted, spans, posted, 104n, options), false, 104n, options))
  assert.deepEqual([look?.modelCalls, look?.failedModelCalls, look?.agents, look?.policyDecisions], [3, 2, ['Planner'], 1])
  assert.notEqual(look?.cost, 0n)
  assert.deepEqual(others, [])
})

test('each trace of a request is looked at alone, and a span that is told twice in it counts once', () => {
  const twice = arrived(two, 'root  -  agent  sdk  0-9', 200n)
  const derived = [...arrived(one, agentAtWork, 100n), ...twice, ...twice.map((again) => ({ ...again, first: false }))]
  assert.deepEqual(looksAt(derived, liveSince(0n)).map((row) => [row.traceId, row.spanCount, row.modelCalls]), [[one, 5, 3], [two, 1, 0]])
})

const untouched: Readonly<Record<string, readonly [Derived[], () => LiveTraces]>> = {
  'its root has not come: others of its spans may have been stored': [arrived(one, 'call  root  model_call  sdk  10-20  5 in 5 out  model=gpt-4o', 1n), () => liveSince(0n)],
  'it began before this process, so a former one may have summed it up': [arrived(one, agentAtWork, 1n), () => liveSince(1n)],
  'it is in memory': [arrived(one, agentAtWork, 9n), () => {
    const live = liveSince(0n)
    live.add(arrived(one, 'early  root  tool  sdk  1-2  tool=search', 1n), [], 0, 0)
    return live
  }],
  'it was settled and forgotten': [arrived(one, agentAtWork, 9n), () => {
    const live = liveSince(0n)
    live.remember([one])
    return live
  }],
  'nobody knows yet what a former process stored': [arrived(one, agentAtWork, 1n), () => new LiveTraces({ spansMax: 9, settledSpansMax: 9, processStartedAt: 0n })],
}
for (const [reason, [derived, live]] of Object.entries(untouched)) {
  test(`no first look at a trace where ${reason}`, () => assert.deepEqual(looksAt(derived, live()), []))
}

test('no first look by a process that does not settle the trace; who does is newer than any look at it, whoever tells him of the spans', () => {
  const derived = arrived(one, agentAtWork, 5_000n)
  const handovers = { owns: () => false, arrived: () => undefined } as unknown as Handovers
  const other = new LiveTraces({ spansMax: 100, settledSpansMax: 100, processStartedAt: 0n, handovers })
  other.remember([])
  assert.deepEqual(looksAt(derived, other), [])
  const owner = liveSince(0n)
  owner.addStored(derived.map(({ facts }) => facts), [], [], 0, 0)
  assert.equal(owner.get(one)?.version, 5_004n)
})

test('what sums a trace up is newer than the first look at it, whatever the clock did meanwhile', () => {
  const live = liveSince(0n)
  const derived = arrived(one, agentAtWork, 5_000n)
  const [look] = looksAt(derived, live)
  live.add(derived, [], 0, 0)
  assert.ok((live.get(one)?.version ?? 0n) >= (look?.version ?? 0n), 'a settlement takes the next version where the clock says an earlier one')
})
