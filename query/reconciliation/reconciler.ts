import type { PicoUsd, UnixNano } from '#semconv/facts.ts'

/** Who reconciles: given by the program, because only the collector's side writes. See collector/reconcile. */
export interface Reconciler {
  importBill(name: string, text: string, actor: string): Promise<BillImport>
  imports(): Promise<readonly BillImport[]>
  items(days: { readonly from?: string | undefined; readonly to?: string | undefined }): Promise<readonly ReconciliationItem[]>
  approvals(): Promise<readonly BillApproval[]>
  approve(items: readonly string[], actor: string, why: string): Promise<readonly BillApproval[]>
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
  readonly item: string
  readonly actor: string
  readonly why: string
  readonly approvedAt: UnixNano
}

export const differenceCauses = ['MATCHED', 'NOT_IN_LEDGER', 'PRICE', 'TIMING', 'NOT_ON_BILL'] as const
export type DifferenceCause = (typeof differenceCauses)[number]

export interface ReconciliationItem {
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
  readonly quantityDifference: bigint | undefined
  readonly amountDifference: PicoUsd | undefined
  readonly quantityEffect: PicoUsd | undefined
  readonly cause: DifferenceCause
  readonly ledgerProviders: readonly string[]
  readonly ledgerModels: readonly string[]
  readonly ledgerMeters: readonly string[]
  readonly importIds: readonly string[]
}
