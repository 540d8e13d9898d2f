import type { Store } from '#clickhouse/store.ts'
import type { Elsewhere } from '#semconv/account.ts'
import type { UnixNano } from '#semconv/facts.ts'
import type { StoredBooks } from '../stored-books.ts'
import { checkTrace, isSettled, overdue, type Settling } from './check-trace.ts'
import type { Difference } from './difference.ts'
import { asksOthers, elsewhereOf, nowhereElse } from './elsewhere.ts'
import { type Page, pageById, tracesByIdMax } from './pages.ts'
import { type Share, type StoredTrace, storedTraces, wholePage } from './stored-traces.ts'

export interface Checker {
  readonly store: Store
  readonly tenant: string
  readonly books: StoredBooks
  /** Answers that more than one trace tells; `undefined`: not known. */
  readonly shared: ReadonlySet<string> | undefined
  /** Spans that were received before were stored without tags. */
  readonly tagsSince: UnixNano
  /** What came before was settled since, or something is wrong with it. */
  readonly settling: Settling
}

export interface CheckedPage {
  readonly entries: number
  readonly traces: number
  readonly spans: number
  readonly unsettled: number
  readonly differences: readonly Difference[]
}

/**
 * Works out one thread's share of a page. A trace that is settled while its rows are being read is half of both: one that differs is
 * read once more, in one piece, and what differs then is certain.
 */
export async function checkPage(page: Page, share: Share, checker: Checker): Promise<CheckedPage> {
  const first = await checkOnce(page, share, checker)
  const differences: Difference[] = []
  let opened = 0
  for (let at = 0; at < first.differing.length; at += tracesByIdMax) {
    const again = await checkOnce(await pageById(checker.store, checker.tenant, first.differing.slice(at, at + tracesByIdMax)), wholePage, { ...checker, shared: undefined })
    differences.push(...again.differences)
    opened += again.unsettled
  }
  return { entries: first.entries, traces: first.traces - opened, spans: first.spans, unsettled: first.unsettled + opened, differences }
}

/** Traces that ask others are held until they are answered, so many at a time: a trace of an agent takes some 50 KB. */
const askingMax = 2_000

/** `differing`: ids of traces. */
async function checkOnce(page: Page, share: Share, { store, tenant, books, shared, tagsSince, settling }: Checker): Promise<CheckedPage & { readonly differing: readonly string[] }> {
  const { traces, priceBooks } = await storedTraces(page, share, { store, tagsSince })
  await books.load(priceBooks)
  const differences: Difference[] = []
  const differing: string[] = []
  const sums = { entries: 0, traces: 0, spans: 0, unsettled: 0 }
  const check = (trace: StoredTrace, elsewhere: Elsewhere): void => {
    const checked = checkTrace(trace, elsewhere, books, tenant)
    sums.entries += checked.entries
    sums.spans += trace.derived.size
    sums.traces++
    if (checked.differences.length === 0) return
    differing.push(trace.traceId)
    differences.push(...checked.differences)
  }
  const wait = (trace: StoredTrace): void => {
    const difference = overdue(trace, settling)
    if (difference === undefined) return void sums.unsettled++
    sums.traces++
    differing.push(trace.traceId)
    differences.push(difference)
  }
  const answer = async (asking: readonly StoredTrace[]): Promise<void> => {
    const elsewhere = await elsewhereOf(store, tenant, asking, shared)
    for (const trace of asking) check(trace, elsewhere(trace))
  }
  let asking: StoredTrace[] = []
  for (const trace of traces) {
    if (!isSettled(trace)) wait(trace)
    else if (asksOthers(trace, shared)) asking.push(trace)
    else check(trace, nowhereElse)
    if (asking.length < askingMax) continue
    await answer(asking)
    asking = []
  }
  await answer(asking)
  return { ...sums, differences, differing }
}
