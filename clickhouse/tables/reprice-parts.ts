import { count, id, type Table, time, uint32, word } from '../table.ts'
import type { UnixNano } from '#semconv/facts.ts'

/** What one of several receiving processes did of an order: the traces that it settles. */
export interface RepricePartRow {
  readonly tenant: string
  /** The order's. */
  readonly id: string
  /** Which process, from 0, of how many. */
  readonly receiver: number
  readonly receivers: number
  readonly doneAt: UnixNano
  /** As in `RepriceOrderRow`. */
  readonly entries: number
  readonly failed: number
}

export const repriceParts: Table<RepricePartRow> = {
  name: 'reprice_parts',
  columns: [
    word('tenant', (r) => r.tenant),
    id('id', 16, (r) => r.id),
    uint32('receivers', (r) => r.receivers),
    uint32('receiver', (r) => r.receiver),
    time('done_at', (r) => r.doneAt),
    count('entries', (r) => r.entries),
    count('failed', (r) => r.failed),
  ],
}
