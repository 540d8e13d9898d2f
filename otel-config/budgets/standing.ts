import type { Budget } from './budget.ts'
import type { Stretch } from './period.ts'

/** A budget in force. */
export interface DefinedBudget {
  readonly budget: Budget
  readonly version: number
  /** `FILE`: the operator's file decides, and nobody else. */
  readonly origin: 'FILE' | 'API'
  /** Nanoseconds since the epoch. */
  readonly postedAt: bigint
}

/** What a person agreed to: calls of a group may pass the limit by so much, until then. Times in milliseconds since the epoch. */
export interface Approval {
  readonly id: string
  readonly budget: string
  /** Values of what the budget is divided by, in its order. */
  readonly group: readonly string[]
  /** In the budget's scale. */
  readonly amount: bigint
  readonly until: number
  readonly by: string
  readonly why: string
  readonly at: number
  /** `undefined` as long as it is not taken back. */
  readonly withdrawn: { readonly at: number; readonly by: string } | undefined
}

export type ApprovalRequest = Pick<Approval, 'group' | 'amount' | 'until' | 'by' | 'why'>

/** How one group of a budget stands. Figures in the budget's scale, times in milliseconds since the epoch. */
export interface Standing {
  /** Names and values it is divided by; none where the budget is one. */
  readonly group: Readonly<Record<string, string>>
  readonly period: Stretch | undefined
  readonly actual: bigint
  /** By how much people let it pass the limit now. */
  readonly approved: bigint
  readonly calls: number
  readonly unpricedCalls: number
  readonly held: bigint
  readonly holds: number
  /** By how much usage may pass the limit before anybody can refuse a call. */
  readonly overshoot: bigint
  readonly forecast: { readonly value: bigint; readonly low: bigint; readonly high: bigint; readonly exhaustedAt: number | undefined } | undefined
  readonly burn: readonly { readonly severity: 'page' | 'urgent' | 'ticket' | 'notice'; readonly long: number; readonly short: number; readonly fires: boolean }[]
  /** Percents of the limit that were reached. */
  readonly crossed: readonly { readonly percent: number; readonly on: 'actual' | 'forecast' }[]
  /** Former periods, latest first. */
  readonly history: readonly (Stretch & { readonly actual: bigint })[]
}

/** Whoever keeps budgets: the collector of this very process. */
export interface BudgetKeeper {
  budgets(): readonly DefinedBudget[]
  /** Those with the least room first; `total` says how many there are. */
  standings(budgetId: string, first: number): { readonly standings: readonly Standing[]; readonly total: number }
  /** Takes a budget as YAML, a new version where the id is known. Throws `BudgetError`. */
  define(yaml: string): Promise<DefinedBudget>
  /** Approvals of the last three months, latest first. */
  approvals(budgetId: string): readonly Approval[]
  /** Throws `BudgetError`. */
  approve(budgetId: string, request: ApprovalRequest): Promise<DefinedBudget>
  /** Throws `BudgetError`. */
  withdraw(approvalId: string, by: string, why: string): Promise<DefinedBudget>
  /** Throws `BudgetError`. */
  retire(budgetId: string): Promise<DefinedBudget>
}
