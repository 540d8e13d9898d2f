import type { UnixNano } from '#semconv/facts.ts'
import { type Table, time, word } from '../table.ts'

/** A month whose figures were reported: what is posted for its usage from then on is accounted in the month that is open. Never taken back. */
export interface ClosedMonthRow {
  readonly tenant: string
  /** `2026-10`, in UTC. */
  readonly month: string
  readonly closedAt: UnixNano
  readonly actor: string
}

export const closedMonths: Table<ClosedMonthRow> = {
  name: 'closed_months',
  columns: [
    word('tenant', (r) => r.tenant),
    word('month', (r) => r.month),
    time('closed_at', (r) => r.closedAt),
    word('actor', (r) => r.actor),
  ],
}
