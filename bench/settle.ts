import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { shippedBook } from '#collector/price/book.ts'
import { decodeTraces } from '#collector/decode/traces.ts'
import { chargeArrivals } from '#collector/derive/charge.ts'
import { derive, type Derived } from '#collector/derive/derive.ts'
import { LiveTraces } from '#collector/settle/live-traces.ts'
import { contested, post, writeOut } from '#collector/settle/post.ts'
import { FrameWriter } from '#collector/spool/frame.ts'
import { parsePolicies, starterPolicies } from '#otel-config/policy/policies.ts'
import { account } from '#semconv/account.ts'
import type { SpanFacts } from '#semconv/facts.ts'
import { takenOn } from './machine.ts'
import { payloads, spansPerRun } from './payloads.ts'
import { median } from './quantile.ts'

/** What settling one trace costs on one thread, warm; medians. */
export interface Settlement {
  readonly spans: number
  /** Of the processor, the garbage collector's threads included. */
  readonly accountMs: number
  readonly postMs: number
  /** Spans whose usage must stand in the ledger. */
  readonly billedSpans: number
}

const options = { tenant: 'default', project: 'default', prices: shippedBook(), policies: parsePolicies(starterPolicies()) }
const nobodyElse = { replayed: new Set<string>(), mirrored: new Set<string>() }

/** A trace of the size asked for: runs of the load generator one after the other under one root. */
function traceOf(spans: number): readonly Derived[] {
  const next = payloads({ batch: spansPerRun, seed: 1 })
  const derived: Derived[] = []
  let root = ''
  for (let run = 0; derived.length < spans; run++) {
    for (const record of decodeTraces(next(BigInt(Date.now() + run * 2_000) * 1_000_000n).body).spans.toReversed()) {
      if (derived.length === spans) break
      root ||= record.spanId
      const parentSpanId = record.parentSpanId === '' && record.spanId !== root ? root : record.parentSpanId
      derived.push(derive({ ...record, traceId: 'ab'.repeat(16), parentSpanId }, options, 0n, true, new FrameWriter()))
    }
  }
  return derived
}

export function runSettle(spans: number, times: number): Settlement {
  const derived = traceOf(spans)
  const facts: readonly SpanFacts[] = derived.map((one) => one.facts)
  const byId = new Map(facts.map((span) => [span.spanId, span]))
  const charges = new Map(chargeArrivals(derived, () => undefined, options, new FrameWriter()).map((charge) => [charge.facts.spanId, charge]))
  const accountMs: number[] = []
  const postMs: number[] = []
  let billedSpans = 0
  for (let time = 0; time < times; time++) {
    const accounted = timed(accountMs, () => account(facts, nobodyElse))
    timed(postMs, () => {
      const posted = { charges: new Map(charges), entries: new Map() }
      writeOut(posted, contested(accounted, byId, posted), options)
      return post(accounted, byId, posted, 1n, options)
    })
    billedSpans = accounted.billables.length
  }
  return { spans, accountMs: median(accountMs), postMs: median(postMs), billedSpans }
}

/** What a span keeps in memory from its arrival until its trace is settled, its share of the trace and of the charges included. */
export interface Held {
  readonly spans: number
  /** Which every collection of garbage walks, and which it does not. */
  readonly heapBytes: number
  readonly outsideBytes: number
}

export function runHeld(runs: number): Held {
  const next = payloads({ batch: spansPerRun, seed: 1 })
  const live = new LiveTraces({ spansMax: Number.POSITIVE_INFINITY, settledSpansMax: 0, processStartedAt: 0n })
  const arrive = (): void => {
    const frame = new FrameWriter()
    const derived = decodeTraces(next(1_795_000_000_000_000_000n).body).spans.map((record, index) => derive(record, options, BigInt(index + 1), true, frame))
    live.add(derived, chargeArrivals(derived, () => undefined, options, frame), 0, 0)
  }
  // What is made once for all spans is there after some.
  for (let run = 0; run < 100; run++) arrive()
  const [before, heldBefore] = [memory(), live.spanCount]
  for (let run = 0; run < runs; run++) arrive()
  const after = memory()
  return { spans: live.spanCount - heldBefore, heapBytes: after.heap - before.heap, outsideBytes: after.outside - before.outside }
}

/** Bytes that are in use once all garbage is collected. */
function memory(): { readonly heap: number; readonly outside: number } {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // Buffers outside the heap are given back by the collection after the one that found them.
  collect()
  collect()
  const { used_heap_size: heap, external_memory: outside } = getHeapStatistics()
  return { heap, outside }
}

export function describeHeld({ spans, heapBytes, outsideBytes }: Held): string {
  return `| live spans | bytes of the heap per span | outside it |\n| --- | --- | --- |\n| ${spans} | ${(heapBytes / spans).toFixed(0)} | ${(outsideBytes / spans).toFixed(0)} |\n`
}

function timed<T>(into: number[], run: () => T): T {
  const before = process.cpuUsage()
  const result = run()
  const { user, system } = process.cpuUsage(before)
  into.push((user + system) / 1000)
  return result
}

export function describeSettlements(settlements: readonly Settlement[]): string {
  const rows = settlements.map(({ spans, accountMs, postMs }) => `| ${spans} | ${accountMs.toFixed(2)} | ${postMs.toFixed(2)} | ${(((accountMs + postMs) * 1000) / spans).toFixed(1)} |`)
  return `| spans of the trace | account, ms | compare with the ledger, ms | µs per span |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`
}

if (import.meta.main) {
  const taken = takenOn()
  const settlements = [runSettle(16, 2_001), runSettle(1_000, 101), runSettle(100_000, 7)]
  process.stdout.write(`${taken}\n\n${describeSettlements(settlements)}\n${describeHeld(runHeld(4_000))}`)
}
