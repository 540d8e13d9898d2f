import type { LedgerEntryRow } from '#clickhouse/tables/ledger-entries.ts'
import type { Charge } from '../derive/charge.ts'
import type { Derived } from '../derive/derive.ts'

/** Whoever must hear of every line that is posted to the ledger, once it is durable. */
export interface LedgerWatch {
  /** False where nobody listens: lines need not be put together. */
  readonly listens: boolean
  /** Spans that arrived, the model calls among them that were charged, and the reservations that spans name, by trace and span id. */
  arrived(derived: readonly Derived[], charges: readonly Charge[], reservations: ReadonlyMap<string, string>): void
  /** Settlement posted these lines for a trace of which `known` had been posted. */
  settled(known: Iterable<LedgerEntryRow>, posted: readonly LedgerEntryRow[], postedAt: bigint): void
  /**
   * A trace that was forgotten came back: lines were posted on its arrival (`own`), and ClickHouse now tells what had been posted
   * before (`stored`). A line that is there already was not posted again, whatever its sender thought.
   */
  recalled(own: Iterable<LedgerEntryRow>, stored: readonly LedgerEntryRow[]): void
}

/** The attribute by which a span names the reservation that was made for it. */
export const reservationKey = 'spanledger.reservation.id'
export const spanKeyOf = (traceId: string, spanId: string): string => traceId + spanId
