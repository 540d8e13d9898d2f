import type { UnixNano } from '#semconv/facts.ts'
import { choice, count, id, type Table, time, word } from '../table.ts'

export const repriceStates = ['ORDERED', 'DONE'] as const

/** Somebody wants ledger entries priced anew. The row with the state DONE says what came of it; both stay. */
export interface RepriceOrderRow {
  readonly tenant: string
  /** 32 hex digits. */
  readonly id: string
  readonly state: (typeof repriceStates)[number]
  readonly orderedAt: UnixNano
  readonly doneAt: UnixNano
  /** When the usage happened: from, and before. */
  readonly from: UnixNano
  readonly before: UnixNano
  /** '' for any. */
  readonly provider: string
  readonly model: string
  /** The price book to price with. */
  readonly priceBookVersion: string
  /** Who asked for it. */
  readonly actor: string
  /** Lines posted, reversals and what replaces them. */
  readonly entries: number
  /** Traces that could not be settled. */
  readonly failed: number
}

export const repriceOrders: Table<RepriceOrderRow> = {
  name: 'reprice_orders',
  columns: [
    word('tenant', (r) => r.tenant),
    id('id', 16, (r) => r.id),
    choice('state', repriceStates, (r) => r.state),
    time('ordered_at', (r) => r.orderedAt),
    time('done_at', (r) => r.doneAt),
    time('usage_from', (r) => r.from),
    time('usage_before', (r) => r.before),
    word('provider', (r) => r.provider),
    word('model', (r) => r.model),
    id('price_book_version', 32, (r) => r.priceBookVersion),
    word('actor', (r) => r.actor),
    count('entries', (r) => r.entries),
    count('failed', (r) => r.failed),
  ],
}
