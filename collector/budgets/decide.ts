import type { Budget, BudgetAction } from '#otel-config/budgets/budget.ts'
import type { Stretch } from '#otel-config/budgets/period.ts'
import type { Approvals } from './approvals.ts'
import { type Estimate, sizeIn } from './call-sizes.ts'
import type { Held } from './holds.ts'
import { groupDimensions, groupKey, groupsOf, inScope, type Named, type Tally } from './tally.ts'

/** From the mildest: the most restrictive of all matching budgets is the answer. */
export const verdicts = ['allow', 'warn', 'require_approval', 'deny'] as const
export type Verdict = (typeof verdicts)[number]

/** What one budget says about a call. Figures in the budget's scale. */
export interface BudgetVerdict {
  readonly budget: Budget
  readonly group: readonly string[]
  readonly key: string
  readonly verdict: Verdict
  readonly reason: string
  readonly period: Stretch | undefined
  readonly used: bigint
  readonly held: bigint
  readonly reserve: bigint
  /** By how much people let it pass the limit. */
  readonly approved: bigint
  /** By how much the calls in flight may exceed what is reserved for them, this one included. */
  readonly overshoot: bigint
}

export const strictest = (all: readonly Verdict[]): Verdict => verdicts[Math.max(0, ...all.map((verdict) => verdicts.indexOf(verdict)))] ?? 'allow'

/** What a budget that has no room says. */
const atLimit: Readonly<Record<BudgetAction, Verdict>> = { observe: 'allow', alert: 'warn', require_approval: 'require_approval', deny: 'deny', kill: 'deny' }
/** Why a call may go on all the same, behind what is against it. */
const butAllowed: Readonly<Record<BudgetAction, string>> = {
  observe: '; allowed, because this budget only observes', alert: '; allowed, because this budget only alerts', require_approval: '', deny: '', kill: '',
}

export interface Question {
  readonly named: Named
  readonly estimate: Estimate
  /** Runs that a `kill` has ended, with the budget that did. */
  readonly killedBy: string | undefined
  readonly heldOn: (budget: Budget, key: string) => Held
  readonly approvedFor: (budget: Budget, key: string) => ReturnType<Approvals['holding']>
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** Every matching budget is asked, and each says its figures, also where another one has decided already; one that is divided by tags, for each tag. */
export function judge(tallies: Iterable<Tally>, question: Question): BudgetVerdict[] {
  const found: BudgetVerdict[] = []
  for (const tally of tallies) {
    if (inScope(tally.budget, question.named)) for (const group of groupsOf(tally.budget, question.named)) found.push(judgeOne(tally, group, question))
  }
  return found
}

function judgeOne(tally: Tally, group: readonly string[], { estimate, killedBy, heldOn, approvedFor, now }: Question): BudgetVerdict {
  const { budget } = tally
  const key = groupKey(group)
  const { held, overshoot } = heldOn(budget, key)
  const used = tally.actual(key, now).value
  const reserve = sizeIn(estimate.size, budget.measure)
  const { amount: approved, by } = approvedFor(budget, key)
  const largest = sizeIn(estimate.largest, budget.measure)
  const figures = { budget, group, key, period: tally.periodAt(now), used, held, reserve, approved, overshoot: overshoot + (largest > reserve ? largest - reserve : 0n) }
  if (killedBy === budget.id && budget.action === 'kill') return { ...figures, verdict: 'deny', reason: 'the run was stopped by this budget' }
  const unpriced = budget.measure === 'usd' && estimate.basis === 'unpriced'
  const against = (reason: string): BudgetVerdict => ({ ...figures, verdict: atLimit[budget.action], reason: `${reason}${butAllowed[budget.action]}` })
  if (unpriced && budget.onUnpriced === 'deny') return against('no price is known for the model')
  if (used + held + reserve <= budget.limit) return { ...figures, verdict: 'allow', reason: unpriced ? 'no price is known for the model: nothing is reserved' : 'there is room' }
  if (used + held + reserve <= budget.limit + approved) return { ...figures, verdict: 'allow', reason: `approved by ${[...new Set(by.map((one) => one.by))].join(', ')}` }
  return against(used >= budget.limit ? 'the limit is used up' : 'used, held and this call together exceed the limit')
}

/** A group as names and values. */
export const groupText = (budget: Budget, group: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(groupDimensions(budget).map((dimension, at) => [dimension, group[at] ?? '']))
