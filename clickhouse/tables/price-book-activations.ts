import type { UnixNano } from '#semconv/facts.ts'
import { id, type Table, text, time, word } from '../table.ts'

/** From when on a price book decides what is charged. The last row of a tenant says which one does. */
export interface PriceBookActivationRow {
  readonly tenant: string
  readonly activatedAt: UnixNano
  /** 64 hex digits. */
  readonly version: string
  /** Who did it, for people: `prices activate`, `console`. */
  readonly actor: string
}

export const priceBookActivations: Table<PriceBookActivationRow> = {
  name: 'price_book_activations',
  columns: [
    word('tenant', (r) => r.tenant),
    time('activated_at', (r) => r.activatedAt),
    id('version', 32, (r) => r.version),
    text('actor', (r) => r.actor),
  ],
}
