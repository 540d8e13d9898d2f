import { costDayDifferences } from '#clickhouse/cost-days.ts'
import type { Store } from '#clickhouse/store.ts'
import type { PriceBook } from '../price/book.ts'
import { checkTrace, isSettled } from './check-trace.ts'
import type { Difference } from './difference.ts'
import { elsewhereOf } from './elsewhere.ts'
import { type StoredBooks, storedBooks } from '../stored-books.ts'
import { type StoredTrace, storedTraces, tracesById } from './stored-traces.ts'

export interface VerifyOptions {
  readonly store: Store
  readonly tenant: string
  /** The book that the program prices with now. */
  readonly prices: PriceBook
  /** Called for each difference, as soon as it is certain. */
  readonly report: (difference: Difference) => void
  /** Milliseconds, monotonic. */
  readonly nowMs: () => number
}

export interface Verified {
  readonly entries: number
  readonly differences: number
  readonly traces: number
  readonly spans: number
  readonly priceBooks: number
  /** Traces that something came for since they were last settled, if ever: they are not compared. */
  readonly unsettled: number
  readonly tookMs: number
}

/** Derives every stored span again, accounts its trace, works out every ledger entry, and reports what is stored otherwise. */
export async function verify(options: VerifyOptions): Promise<Verified> {
  const { store, tenant, nowMs } = options
  const began = nowMs()
  const books = storedBooks(store, () => options.prices)
  const sums = { entries: 0, differences: 0, traces: 0, spans: 0, unsettled: 0 }
  for await (const batch of storedTraces(store, tenant)) {
    const { differing, open } = await checkBatch(batch, books, options)
    // A trace that is settled while its rows are being read is half of both: it is read once more, in one piece.
    const { differing: certain, open: opened } = differing.size === 0 ? { differing, open: 0 } : await checkBatch(await tracesById(store, tenant, [...differing.keys()]), books, options)
    const settled = batch.filter(isSettled)
    sums.traces += settled.length - opened
    sums.unsettled += open + opened
    for (const trace of settled) {
      sums.spans += trace.derived.length
      sums.entries += trace.entries.length
    }
    for (const differences of certain.values()) {
      sums.differences += differences.length
      for (const difference of differences) options.report(difference)
    }
  }
  for (const { day, ledger, summed } of await costDayDifferences(store, tenant)) {
    sums.differences++
    options.report({ of: 'day', id: day, traceId: '', spanId: '', title: day, kind: 'changed', fields: [{ field: 'cost', stored: summed, recomputed: ledger }] })
  }
  return { ...sums, priceBooks: books.count, tookMs: nowMs() - began }
}

async function checkBatch(
  batch: readonly StoredTrace[], books: StoredBooks, { store, tenant }: VerifyOptions,
): Promise<{ readonly differing: ReadonlyMap<string, readonly Difference[]>; readonly open: number }> {
  const settled = batch.filter(isSettled)
  await books.load(settled.flatMap((trace) => trace.entries.map((entry) => entry.priceBookVersion)))
  const elsewhere = await elsewhereOf(store, tenant, settled)
  const differing = new Map<string, readonly Difference[]>()
  for (const trace of settled) {
    const differences = checkTrace(trace, elsewhere(trace), books)
    if (differences.length > 0) differing.set(trace.traceId, differences)
  }
  return { differing, open: batch.length - settled.length }
}
