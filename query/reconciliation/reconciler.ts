import type { PicoUsd, UnixNano } from '#semconv/facts.ts'

/** Who reconciles: given by the program, because only the collector's side writes. See collector/reconcile. */
export interface Reconciler {
  importBill(name: string, text: string, actor: string): Promise<BillImport>
  imports(): Promise<readonly BillImport[]>
  cells(days: { readonly from?: string | undefined; readonly to?: string | undefined }): Promise<readonly ReconciliationCell[]>
  approvals(): Promise<readonly BillApproval[]>
  approve(cells: readonly string[], actor: string, why: string): Promise<readonly BillApproval[]>
}

export interface BillImport {
  readonly id: string
  readonly source: string
  readonly name: string
  readonly actor: string
  readonly importedAt: UnixNano
  readonly lines: number
}

export interface BillApproval {
  readonly entryId: string
  readonly cell: string
  readonly actor: string
  readonly why: string
  readonly approvedAt: UnixNano
}

export const residualClasses = ['MATCHED', 'COVERAGE', 'PRICE', 'TIMING', 'DOUBLE_COUNT'] as const
export type ResidualClass = (typeof residualClasses)[number]

export interface ReconciliationCell {
  readonly id: string
  readonly day: string
  readonly provider: string
  readonly model: string
  readonly meter: string
  readonly meteredQuantity: bigint
  readonly meteredAmount: PicoUsd
  readonly unpricedLines: number
  readonly billedQuantity: bigint | undefined
  readonly billedAmount: PicoUsd | undefined
  readonly residualQuantity: bigint | undefined
  readonly residualAmount: PicoUsd | undefined
  readonly quantityEffect: PicoUsd | undefined
  readonly class: ResidualClass
}
