import type { UnixNano } from '#semconv/facts.ts'
import { decimal, flag, type Table, text, time, word } from '../table.ts'

/** What a person agreed to, or that it was taken back: two rows of one approval, neither of which is changed. */
export interface BudgetApprovalRow {
  readonly tenant: string
  readonly budgetId: string
  readonly approvalId: string
  readonly withdrawn: boolean
  readonly postedAt: UnixNano
  /** Values of the budget's groups as a JSON list; `[]` of one that is not divided. */
  readonly group: string
  /** Above the limit, in 10^-12 of the budget's measure. */
  readonly amount: bigint
  readonly until: UnixNano
  /** Who agreed, or took it back, and why. */
  readonly actor: string
  readonly why: string
}

export const budgetApprovals: Table<BudgetApprovalRow> = {
  name: 'budget_approvals',
  columns: [
    word('tenant', (r) => r.tenant),
    word('budget_id', (r) => r.budgetId),
    text('approval_id', (r) => r.approvalId),
    flag('withdrawn', (r) => r.withdrawn),
    time('posted_at', (r) => r.postedAt),
    text('group', (r) => r.group),
    decimal('amount', (r) => r.amount),
    time('until', (r) => r.until),
    word('actor', (r) => r.actor),
    text('why', (r) => r.why),
  ],
}
