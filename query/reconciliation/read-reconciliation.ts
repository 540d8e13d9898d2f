import type { PicoUsd } from '#semconv/facts.ts'
import type { QueryContext } from '../context.ts'
import { userError } from '../errors.ts'
import type { TimeRange } from '../time-range.ts'
import type { BillApproval, BillImport, ReconciliationItem, Reconciler } from './reconciler.ts'

/** Items of one answer. */
const itemsMax = 1_000

/** Days in a row of which the bills of a provider tell money. */
export interface BilledPeriod {
  readonly provider: string
  readonly from: string
  readonly to: string
  readonly billed: PicoUsd
  readonly metered: PicoUsd
  readonly difference: PicoUsd
  readonly ledgerProviders: readonly string[]
}

export interface Reconciliation {
  readonly periods: readonly BilledPeriod[]
  readonly items: readonly ReconciliationItem[]
  readonly itemCount: number
  readonly matchedItems: number
  readonly billed: PicoUsd
  readonly metered: PicoUsd
  readonly difference: PicoUsd
}

function reconciler({ reconciler: found }: QueryContext): Reconciler {
  if (found === undefined) throw userError('UNAVAILABLE', 'bills are not reconciled by this process')
  return found
}

/** A bill that cannot be taken says so in words for people; its class is the collector's, so its name tells. */
const said = <T>(answer: Promise<T>): Promise<T> => answer.catch((error: unknown) => {
  throw error instanceof Error && error.name === 'BillError' ? userError('BAD_INPUT', error.message) : error
})

const dayOf = (time: bigint | null | undefined): string | undefined => (time == null ? undefined : new Date(Number(time / 1_000_000n)).toISOString().slice(0, 10))

export async function readReconciliation(context: QueryContext, { range }: { readonly range: TimeRange }): Promise<Reconciliation> {
  const items = await said(reconciler(context).items({ from: dayOf(range.from), to: dayOf(range.to) }))
  return {
    periods: periodsOf(items),
    items: items.slice(0, itemsMax), itemCount: items.length, matchedItems: items.filter((item) => item.cause === 'MATCHED').length,
    ...sumsOf(items),
  }
}

const sumsOf = (items: readonly ReconciliationItem[]): Pick<BilledPeriod, 'billed' | 'metered' | 'difference'> => {
  const sum = (of: (item: ReconciliationItem) => bigint | undefined): bigint => items.reduce((total, item) => total + (of(item) ?? 0n), 0n)
  return { billed: sum((item) => item.billedAmount), metered: sum((item) => (item.billedAmount === undefined ? undefined : item.meteredAmount)), difference: sum((item) => item.amountDifference) }
}

const dayAfter = (day: string): string => new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10)

/** A bill that tells money tells all of its provider's day, so that a period is made of all ledger lines of its provider and days. */
function periodsOf(items: readonly ReconciliationItem[]): BilledPeriod[] {
  const days = Map.groupBy(items.filter(({ billedAmount }) => billedAmount !== undefined), ({ provider, day }) => `${provider}/${day}`)
  const inOrder = [...days.values()].sort(([a], [b]) => (placeOf(a) < placeOf(b) ? -1 : 1))
  const periods: ReconciliationItem[][] = []
  for (const day of inOrder) {
    const [first, before] = [day[0], periods.at(-1)]
    const last = before?.at(-1)
    if (first !== undefined && last?.provider === first.provider && dayAfter(last.day) === first.day) before?.push(...day)
    else periods.push([...day])
  }
  return periods.map((of) => ({
    provider: of[0]?.provider ?? '', from: of[0]?.day ?? '', to: of.at(-1)?.day ?? '', ...sumsOf(of), ledgerProviders: [...new Set(of.flatMap(({ ledgerProviders }) => ledgerProviders))],
  }))
}
const placeOf = (item: ReconciliationItem | undefined): string => (item === undefined ? '' : `${item.provider}/${item.day}`)

export const billImports = (context: QueryContext): Promise<readonly BillImport[]> => reconciler(context).imports()
export const billApprovals = (context: QueryContext): Promise<readonly BillApproval[]> => reconciler(context).approvals()

export const importBill = (context: QueryContext, { name, content, by }: { readonly name: string; readonly content: string; readonly by: string }): Promise<BillImport> =>
  said(reconciler(context).importBill(name, content, by))

export const approveDifferences = (context: QueryContext, { items, by, why }: { readonly items: readonly string[]; readonly by: string; readonly why: string }): Promise<readonly BillApproval[]> =>
  said(reconciler(context).approve(items, by, why))
