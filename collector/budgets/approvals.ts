import { RowBinaryWriter } from '#clickhouse/row-binary.ts'
import type { Store } from '#clickhouse/store.ts'
import { writeRow } from '#clickhouse/table.ts'
import { type BudgetApprovalRow, budgetApprovals } from '#clickhouse/tables/budget-approvals.ts'
import { type Budget, BudgetError } from '#otel-config/budgets/budget.ts'
import type { Approval, ApprovalRequest, DefinedBudget } from '#otel-config/budgets/standing.ts'
import type { UnixNano } from '#semconv/facts.ts'
import { groupDimensions, groupKey } from './tally.ts'

export interface ApprovalOptions {
  readonly store: Store
  readonly tenant: string
  readonly nowNano: () => UnixNano
}

const readSecondsMax = 10
/** Approvals that are shown beside those that hold. */
const shownMs = 90 * 86_400_000
/** Of all budgets; the latest. */
const approvalsMax = 10_000
/** Who agrees to more for longer changes the budget. In milliseconds. */
const approvedMsMax = 31 * 86_400_000
const textCharactersMax = 500

const nanos = (ms: number): bigint => BigInt(Math.round(ms)) * 1_000_000n

/** What people agreed to: in memory, because a decision waits for nothing else, and in ClickHouse, for good. */
export class Approvals {
  readonly #options: ApprovalOptions
  /** By budget, latest first. */
  readonly #byBudget = new Map<string, Approval[]>()

  private constructor(options: ApprovalOptions) {
    this.#options = options
  }

  static async open(options: ApprovalOptions, now: number): Promise<Approvals> {
    const approvals = new Approvals(options)
    const rows = await options.store.read<{ budget_id: string; approval_id: string; values: string; pico: string; ends: string; by: string; reason: string; at: string; ended: string; ender: string }>(`
      SELECT budget_id, approval_id, anyIf(group, NOT withdrawn) AS values, toString(reinterpret(anyIf(amount, NOT withdrawn), 'Int128')) AS pico,
        toString(toUnixTimestamp64Milli(anyIf(until, NOT withdrawn))) AS ends, anyIf(actor, NOT withdrawn) AS by, anyIf(why, NOT withdrawn) AS reason,
        toString(toUnixTimestamp64Milli(anyIf(posted_at, NOT withdrawn))) AS at, toString(toUnixTimestamp64Milli(maxIf(posted_at, withdrawn))) AS ended, anyIf(actor, withdrawn) AS ender
      FROM budget_approvals WHERE tenant = {tenant:String} AND until > fromUnixTimestamp64Milli({since:Int64}, 'UTC')
      GROUP BY budget_id, approval_id ORDER BY min(posted_at) DESC LIMIT ${approvalsMax}`, { tenant: options.tenant, since: now - shownMs }, { maxSeconds: readSecondsMax })
    for (const { budget_id: budget, approval_id: id, values, pico, ends, by, reason, at, ended, ender } of rows.reverse()) {
      approvals.#keep({
        id, budget, group: JSON.parse(values) as string[], amount: BigInt(pico), until: Number(ends), by, why: reason, at: Number(at),
        withdrawn: ender === '' ? undefined : { at: Number(ended), by: ender },
      })
    }
    return approvals
  }

  #keep(approval: Approval): void {
    const others = (this.#byBudget.get(approval.budget) ?? []).filter(({ id }) => id !== approval.id)
    this.#byBudget.set(approval.budget, [approval, ...others])
  }

  /** Those of an earlier version ended with it: an amount that was agreed to in dollars is none in tokens, nor one beside another limit. */
  of({ budget, postedAt }: DefinedBudget): readonly Approval[] {
    const changedAt = Number(postedAt / 1_000_000n)
    return (this.#byBudget.get(budget.id) ?? []).map((one) => (one.at < changedAt && one.until > changedAt ? { ...one, until: changedAt } : one))
  }

  /** By how much a group may pass the limit now, and what lets it. */
  holding(defined: DefinedBudget, key: string, now: number): { readonly amount: bigint; readonly by: readonly Approval[] } {
    const by = this.of(defined).filter(({ group, until, withdrawn }) => withdrawn === undefined && until > now && groupKey(group) === key)
    return { amount: by.reduce((sum, { amount }) => sum + amount, 0n), by }
  }

  /** Rejects where ClickHouse does not take it: then nobody agreed to anything. */
  async approve(budget: Budget, { group, amount, until, by, why }: ApprovalRequest, now: number): Promise<void> {
    if (budget.action !== 'require_approval') throw new BudgetError(`budget '${budget.id}': its action is ${budget.action}, only budgets with require_approval can be approved`)
    const dimensions = groupDimensions(budget)
    if (group.length !== dimensions.length) {
      throw new BudgetError(`budget '${budget.id}': ${dimensions.length === 0 ? 'it is not divided, no group is needed' : `the group needs a value of each of ${dimensions.join(', ')}`}`)
    }
    if (amount <= 0n) throw new BudgetError(`budget '${budget.id}': an amount above 0 is needed`)
    if (!(until > now && until <= now + approvedMsMax)) throw new BudgetError(`budget '${budget.id}': until must be a time within the next ${approvedMsMax / 86_400_000} days`)
    const approval: Approval = { id: crypto.randomUUID(), budget: budget.id, group, amount, until, by: said(by, 'by'), why: said(why, 'why'), at: Number(this.#options.nowNano() / 1_000_000n), withdrawn: undefined }
    await this.#append(approval, { withdrawn: false, actor: approval.by, why: approval.why })
    this.#keep(approval)
  }

  /** Answers the budget it was of. Taking it back again changes nothing. */
  async withdraw(id: string, by: string, why: string, now: number): Promise<string> {
    const approval = [...this.#byBudget.values()].flat().find((one) => one.id === id)
    if (approval === undefined) throw new BudgetError(`there is no approval '${id.slice(0, 64)}'`)
    if (approval.withdrawn === undefined) {
      await this.#append(approval, { withdrawn: true, actor: said(by, 'by'), why: said(why, 'why') })
      this.#keep({ ...approval, withdrawn: { at: now, by: by.trim() } })
    }
    return approval.budget
  }

  async #append({ id, budget, group, amount, until }: Approval, event: Pick<BudgetApprovalRow, 'withdrawn' | 'actor' | 'why'>): Promise<void> {
    const { store, tenant, nowNano } = this.#options
    const writer = new RowBinaryWriter()
    writeRow(budgetApprovals, writer, { ...event, tenant, budgetId: budget, approvalId: id, postedAt: nowNano(), group: JSON.stringify(group), amount, until: nanos(until) })
    await store.insert(budgetApprovals, writer.take(), crypto.randomUUID())
  }
}

function said(words: string, what: string): string {
  const text = words.trim()
  if (text !== '' && text.length <= textCharactersMax) return text
  throw new BudgetError(`${what} must be a text of 1 to ${textCharactersMax} characters`)
}
