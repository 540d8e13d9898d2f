import { createHash } from 'node:crypto'
import type { Store } from '#clickhouse/store.ts'
import { runs } from '#clickhouse/tables/runs.ts'
import { ledgerEntries } from '#clickhouse/tables/ledger-entries.ts'
import { callKeys } from '#clickhouse/tables/call-keys.ts'
import { account } from '#semconv/account.ts'
import type { LogRecord, SpanRecord } from '#semconv/attributes.ts'
import { storeDefinitions } from '../definitions.ts'
import { callsTold } from '../derive/call-told.ts'
import { chargeArrivals } from '../derive/charge.ts'
import { deriveLog } from '../derive/derive-log.ts'
import { derive, type DeriveOptions } from '../derive/derive.ts'
import { entryKey } from '../derive/identity.ts'
import { postedOf, spansOf, writeOutHeld } from '../settle/held-charges.ts'
import { type LiveTrace, LiveTraces } from '../settle/live-traces.ts'
import { contested, post } from '../settle/post.ts'
import { summary } from '../settle/summary.ts'
import { meets, sessionRow, sessionsTold, speaks, toldBetter } from '../settle/told-better.ts'
import { tellersMax, toldElsewhere } from '../settle/told-elsewhere.ts'
import { FrameWriter, frameHeaderBytes, readFrame, spooledTables } from '../spool/frame.ts'

/** A span has a name, a log record a body. */
export type Arriving = SpanRecord | LogRecord

/** A collector without ports, journal and clock: the same derivation and settlement, one step at a time, straight into a store. */
export interface SmallCollector {
  /** One request: everything of it arrives before anything is charged. */
  arrive(records: readonly Arriving[]): Promise<void>
  /** Everything that changed was quiet for long enough. */
  settle(): Promise<void>
}

export async function smallCollector(store: Store, options: DeriveOptions): Promise<SmallCollector> {
  // Beside what the records say of themselves, only the order of things matters.
  let now = 1n
  const live = new LiveTraces({ spansMax: Number.POSITIVE_INFINITY, settledSpansMax: Number.POSITIVE_INFINITY, processStartedAt: 0n })
  await storeDefinitions(store, options.tenant, options.prices, options.policies, now)

  async function arrive(records: readonly Arriving[]): Promise<void> {
    const frame = new FrameWriter()
    const derived = records.flatMap((record) => {
      if ('body' in record) return deriveLog(record, options, ++now, frame).told ?? []
      return derive(record, options, ++now, live.claim(record.traceId, record.spanId), frame)
    })
    const charges = chargeArrivals(derived, (traceId, spanId) => live.get(traceId)?.spans.get(spanId), options, frame)
    await insert(store, frame)
    live.add(derived, charges, 0, 0)
    live.release(derived.map(({ facts }) => facts))
  }

  async function settle(): Promise<void> {
    // What one trace says may take another up again, as often as there is something new to say.
    for (let dirty = live.dirty(); dirty.length > 0; dirty = live.dirty()) {
      const frame = new FrameWriter()
      for (const trace of dirty) settleOne(trace, frame)
      await insert(store, frame)
    }
  }

  function settleOne(trace: LiveTrace, frame: FrameWriter): void {
    const version = ++now
    const tellers = Map.groupBy([trace, ...live.sharing([trace], tellersMax)].flatMap((one) => one.spans.values().flatMap(callsTold)), (told) => told.key)
    const elsewhere = toldElsewhere(trace.spans.values(), tellers)
    if (trace.settlements === 0) for (const later of elsewhere.laterTraces) live.revisit(later, 0, 0)
    const own = sessionsTold(trace.spans.values())
    const better = new Map(own.map((one) => {
      const others = live.ofSession(one.session).flatMap((other) => (other === trace ? [] : sessionsTold(other.spans.values())))
        .filter((other) => other.session === one.session && other.source !== one.source && meets(other, one))
      if (speaks(one) && trace.settlements === 0) for (const { traceId } of others) live.revisit(traceId, 0, 0)
      return [one.session, others.filter(speaks)] as const
    }))
    for (const row of own.flatMap((one) => sessionRow(one, options.tenant) ?? [])) frame.add(callKeys, row)
    const spans = spansOf(trace)
    const accounted = account([...spans.values()], { ...elsewhere, toldBetter: toldBetter(spans.values(), own, better) })
    const posted = postedOf(trace, spans)
    writeOutHeld(trace, posted, contested(accounted, spans, posted), options)
    const posting = post(accounted, spans, posted, version, options)
    for (const entry of posting.rows) frame.add(ledgerEntries, entry)
    frame.add(runs, summary({ traceId: trace.traceId, lastReceivedAt: trace.lastReceivedAt, decisions: trace.decisions, spans, ...posted }, accounted, posting, true, version, options))
    for (const entry of posting.rows) trace.entries.set(entryKey(entry), entry)
    live.settled(trace)
  }

  return { arrive, settle }
}

async function insert(store: Store, frame: FrameWriter): Promise<void> {
  if (frame.empty) return
  const read = readFrame(frame.finish(), 0)
  if (typeof read === 'string') throw new Error(`a frame of ${frameHeaderBytes} bytes or more reads as ${read}`)
  for (const { table, body } of read.sections) {
    const target = spooledTables[table]
    if (target !== undefined) await store.insert(target, body, createHash('sha256').update(target.name).update(body).digest('hex'))
  }
}
