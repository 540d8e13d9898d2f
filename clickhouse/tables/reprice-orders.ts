import type { UnixNano } from '#semconv/facts.ts'
import { choice, count, flag, id, type Table, time, word } from '../table.ts'

const repriceStates = ['ORDERED', 'DONE'] as const

/** Somebody wants ledger entries priced anew, or worked out anew from what spans say. The row with the state DONE says what came of it; both stay. */
export interface RepriceOrderRow {
  readonly tenant: string
  /** 32 hex digits. */
  readonly id: string
  readonly state: (typeof repriceStates)[number]
  readonly orderedAt: UnixNano
  readonly doneAt: UnixNano
  /** Spans are derived anew, by the rules of the program that does it; prices stay as they are. Else they are priced anew. */
  readonly rederive: boolean
  /** When the usage happened, or the spans began that are derived anew: from, and before. */
  readonly from: UnixNano
  readonly before: UnixNano
  /** '' for any. */
  readonly provider: string
  readonly model: string
  /** The price book to price with; '' where spans are derived anew. */
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
    flag('rederive', (r) => r.rederive),
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
