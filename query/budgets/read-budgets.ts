import { BudgetError } from '#otel-config/budgets/budget.ts'
import type { Approval, BudgetKeeper, DefinedBudget } from '#otel-config/budgets/standing.ts'
import type { QueryContext } from '../context.ts'
import { userError } from '../errors.ts'
import type { BudgetGroup } from './budget.ts'

/** Of budgets, and of groups of one. */
const firstMax = 500

/** Budgets live with whoever sees every line that is posted: the collector. */
function keeperOf({ budgets }: QueryContext): BudgetKeeper {
  if (budgets === undefined) throw userError('UNAVAILABLE', 'budgets are kept by a collector: ask a server that runs one (`start`)')
  return budgets
}

export function readBudgets(context: QueryContext, { id, first }: { readonly id?: string | null; readonly first: number }): readonly DefinedBudget[] {
  return keeperOf(context).budgets().filter(({ budget }) => id == null || budget.id === id).slice(0, checked(first))
}

export function standingsOf(context: QueryContext, { budget }: DefinedBudget, first: number): { readonly nodes: readonly BudgetGroup[]; readonly total: number } {
  const { standings, total } = keeperOf(context).standings(budget.id, checked(first))
  return { nodes: standings.map((standing) => ({ ...standing, limit: budget.limit })), total }
}

export const approvalsOf = (context: QueryContext, { budget }: DefinedBudget, first: number): readonly Approval[] => keeperOf(context).approvals(budget.id).slice(0, first)

function checked(first: number): number {
  if (first >= 1 && first <= firstMax) return first
  throw userError('BAD_INPUT', `first is ${first}, write a number from 1 to ${firstMax}`)
}

export const defineBudget = (context: QueryContext, document: string): Promise<DefinedBudget> => told(() => keeperOf(context).define(document))
export const retireBudget = (context: QueryContext, id: string): Promise<DefinedBudget> => told(() => keeperOf(context).retire(id))

export interface ApproveBudgetArgs {
  readonly id: string
  readonly group: readonly string[]
  readonly amount: bigint
  /** Nanoseconds since the epoch. */
  readonly until: bigint
  readonly by: string
  readonly why: string
}
export const approveBudget = (context: QueryContext, { id, until, ...request }: ApproveBudgetArgs): Promise<DefinedBudget> =>
  told(() => keeperOf(context).approve(id, { ...request, until: Number(until / 1_000_000n) }))
export const withdrawApproval = (context: QueryContext, { id, by, why }: { readonly id: string; readonly by: string; readonly why: string }): Promise<DefinedBudget> =>
  told(() => keeperOf(context).withdraw(id, by, why))

async function told(act: () => Promise<DefinedBudget>): Promise<DefinedBudget> {
  try {
    return await act()
  } catch (error) {
    throw error instanceof BudgetError ? userError('BAD_INPUT', error.message) : error
  }
}
