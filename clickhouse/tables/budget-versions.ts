import type { UnixNano } from '#semconv/facts.ts'
import { choice, flag, type Table, text, time, uint32, word } from '../table.ts'

const budgetOrigins = ['FILE', 'API'] as const
/** Who may change a budget: the operator's file, or whoever may call the API. */
export type BudgetOrigin = (typeof budgetOrigins)[number]

/** One version of one budget. The highest is in force, unless it is retired; all of them are history that decisions refer to. */
export interface BudgetVersionRow {
  readonly tenant: string
  readonly budgetId: string
  /** From 1, without gaps per budget. */
  readonly version: number
  readonly postedAt: UnixNano
  readonly origin: BudgetOrigin
  /** From here on the budget is no more; a later version brings it back. */
  readonly retired: boolean
  /** The budget as YAML. */
  readonly document: string
}

export const budgetVersions: Table<BudgetVersionRow> = {
  name: 'budget_versions',
  columns: [
    word('tenant', (r) => r.tenant),
    word('budget_id', (r) => r.budgetId),
    uint32('version', (r) => r.version),
    time('posted_at', (r) => r.postedAt),
    choice('origin', budgetOrigins, (r) => r.origin),
    flag('retired', (r) => r.retired),
    text('document', (r) => r.document, 'CODEC(ZSTD(3))'),
  ],
}
