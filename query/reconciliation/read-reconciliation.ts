import type { PicoUsd } from '#semconv/facts.ts'
import type { QueryContext } from '../context.ts'
import { userError } from '../errors.ts'
import type { TimeRange } from '../time-range.ts'
import type { BillApproval, BillImport, ReconciliationCell, Reconciler } from './reconciler.ts'

/** Cells of one answer. */
const cellsMax = 1_000

export interface Reconciliation {
  readonly cells: readonly ReconciliationCell[]
  readonly cellCount: number
  readonly matchedCells: number
  readonly billed: PicoUsd
  readonly metered: PicoUsd
  readonly residual: PicoUsd
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
  const cells = await said(reconciler(context).cells({ from: dayOf(range.from), to: dayOf(range.to) }))
  const sum = (of: (cell: ReconciliationCell) => bigint | undefined): bigint => cells.reduce((total, cell) => total + (of(cell) ?? 0n), 0n)
  return {
    cells: cells.slice(0, cellsMax), cellCount: cells.length, matchedCells: cells.filter((cell) => cell.class === 'MATCHED').length,
    billed: sum((cell) => cell.billedAmount), metered: sum((cell) => (cell.billedAmount === undefined ? undefined : cell.meteredAmount)), residual: sum((cell) => cell.residualAmount),
  }
}

export const billImports = (context: QueryContext): Promise<readonly BillImport[]> => reconciler(context).imports()
export const billApprovals = (context: QueryContext): Promise<readonly BillApproval[]> => reconciler(context).approvals()

export const importBill = (context: QueryContext, { name, content, by }: { readonly name: string; readonly content: string; readonly by: string }): Promise<BillImport> =>
  said(reconciler(context).importBill(name, content, by))

export const approveResiduals = (context: QueryContext, { cells, by, why }: { readonly cells: readonly string[]; readonly by: string; readonly why: string }): Promise<readonly BillApproval[]> =>
  said(reconciler(context).approve(cells, by, why))
