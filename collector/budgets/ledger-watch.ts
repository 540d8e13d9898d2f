import type { LedgerEntryRow } from '#clickhouse/tables/ledger-entries.ts'
import { type Charge, chargeRows, type ChargeOptions } from '../derive/charge.ts'
import type { Derived } from '../derive/derive.ts'

/** A call that arrived, as far as it can answer to a reservation. */
export interface ArrivedCall {
  /** The reservation that its span names, '' if none. */
  readonly holdId: string
  readonly run: string
  readonly agent: string
  readonly provider: string
  readonly requestModel: string
  readonly responseModel: string
}

/** Whoever must hear of every line that is posted to the ledger, once it is durable. */
export interface LedgerWatch {
  /** False where nobody listens: lines need not be put together. */
  readonly listens: boolean
  /** The lines that calls of one request were charged, and its calls, failed ones too. */
  arrived(lines: readonly LedgerEntryRow[], calls: readonly ArrivedCall[]): void
  /** Calls that were, or may have been, acknowledged before were charged once more, because their trace was forgotten: `recalled` will say which lines stand. */
  cameAgain(lines: readonly LedgerEntryRow[]): void
  /** Settlement posted these lines for a trace of which `known` had been posted. */
  settled(known: Iterable<LedgerEntryRow>, posted: readonly LedgerEntryRow[]): void
  /**
   * A trace that was forgotten came back: lines were posted on its arrival (`own`), and ClickHouse now tells what had been posted
   * before (`stored`). A line that is there already was not posted again, whatever its sender thought.
   */
  recalled(own: Iterable<LedgerEntryRow>, stored: readonly LedgerEntryRow[]): void
}

/** What one process posted, as it says it to the one that keeps budgets. */
export type Posting =
  | { readonly kind: 'arrived'; readonly lines: readonly LedgerEntryRow[]; readonly calls: readonly ArrivedCall[] }
  | { readonly kind: 'came_again'; readonly lines: readonly LedgerEntryRow[] }
  | { readonly kind: 'settled'; readonly known: readonly LedgerEntryRow[]; readonly posted: readonly LedgerEntryRow[] }
  | { readonly kind: 'recalled'; readonly own: readonly LedgerEntryRow[]; readonly stored: readonly LedgerEntryRow[] }

/** Spans of which another process waits to hear; it forgets those that wait longest as well. */
const awaitedMax = 20_000

/** Tells another process. Of a trace it tells the spans that something was posted about: others may have a hundred thousand lines. */
export function tellingWatch(listens: () => boolean, tell: (posting: Posting) => void): LedgerWatch {
  /** Told to have come again, and not recalled yet. */
  const awaited = new Set<string>()
  const keyOf = ({ traceId, spanId }: LedgerEntryRow): string => spanKeyOf(traceId, spanId)
  return {
    get listens() {
      return listens()
    },
    arrived: (lines, calls) => {
      if (lines.length > 0 || calls.length > 0) tell({ kind: 'arrived', lines, calls })
    },
    cameAgain: (lines) => {
      for (const line of lines) awaited.add(keyOf(line))
      for (const span of awaited) {
        if (awaited.size <= awaitedMax) break
        awaited.delete(span)
      }
      tell({ kind: 'came_again', lines })
    },
    settled: (known, posted) => {
      const spans = new Set(posted.map((line) => line.spanId))
      tell({ kind: 'settled', known: [...known].filter((line) => spans.has(line.spanId)), posted })
    },
    recalled: (own, stored) => {
      // What is stored may have come to another process once more, which does not settle the trace and asks nobody.
      const told = stored.length > 0 ? [...own] : [...own].filter((line) => awaited.has(keyOf(line)))
      for (const line of told) awaited.delete(keyOf(line))
      if (stored.length > 0 || told.length > 0) tell({ kind: 'recalled', own: told, stored })
    },
  }
}

export function hear(watch: LedgerWatch, posting: Posting): void {
  switch (posting.kind) {
    case 'arrived': return watch.arrived(posting.lines, posting.calls)
    case 'came_again': return watch.cameAgain(posting.lines)
    case 'settled': return watch.settled(posting.known, posting.posted)
    case 'recalled': return watch.recalled(posting.own, posting.stored)
  }
}

/** What came with one request. */
export interface ArrivedRequest {
  readonly derived: readonly Derived[]
  readonly charges: readonly Charge[]
  /** Reservations that spans name, by trace and span id. */
  readonly reservations: ReadonlyMap<string, string>
  /** Spans that are charged although they came before, or may have, by trace and span id. */
  readonly again: ReadonlySet<string>
}

export function tellArrived(watch: LedgerWatch, { derived, charges, reservations, again }: ArrivedRequest, options: ChargeOptions): void {
  const agents = new Map(charges.map(({ facts, attribution }) => [facts.spanId, attribution.agent]))
  const calls = derived.flatMap(({ facts: { traceId, spanId, step }, first }): ArrivedCall[] => {
    const key = spanKeyOf(traceId, spanId)
    const holdId = reservations.get(key) ?? ''
    // What came before gave its reservation back then; another call that is like it still needs its own. One that began before what a start remembers has given it back, or lets it expire.
    if (holdId === '' && (!first || again.has(key) || (step.role !== 'model_call' && step.role !== 'embedding'))) return []
    return [{ holdId, run: traceId, agent: agents.get(spanId) ?? step.agent, provider: step.provider, requestModel: step.requestModel, responseModel: step.responseModel }]
  })
  const lines = charges.flatMap((charge) => chargeRows(charge, options))
  const isAgain = ({ traceId, spanId }: LedgerEntryRow): boolean => again.has(spanKeyOf(traceId, spanId))
  watch.arrived(again.size === 0 ? lines : lines.filter((line) => !isAgain(line)), calls)
  if (again.size > 0) watch.cameAgain(lines.filter(isAgain))
}

/** The attribute by which a span names the reservation that was made for it. */
export const reservationKey = 'spanledger.reservation.id'
export const spanKeyOf = (traceId: string, spanId: string): string => traceId + spanId
