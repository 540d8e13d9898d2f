import type { PicoUsd, UnixNano } from '#semconv/facts.ts'
import { id, nullableDecimal, type Table, text, time, uint32, word } from '../table.ts'

/** What one import of a provider's bill says of a day, account, model and class of usage. */
export interface BillLineRow {
  readonly tenant: string
  /** 64 hex digits: sha256 of the file. */
  readonly importId: string
  readonly importedAt: UnixNano
  /** Midnight UTC. */
  readonly day: UnixNano
  readonly source: string
  readonly provider: string
  /** The provider's project, workspace or account, '' where the bill does not say. */
  readonly account: string
  /** As the price book calls it, '' where the bill does not say. */
  readonly model: string
  readonly meter: string
  /** Tokens times 10^12; `undefined` where only money is told. */
  readonly quantity: bigint | undefined
  /** `undefined` where only usage is told. */
  readonly amount: PicoUsd | undefined
}

export interface BillImportRow {
  readonly tenant: string
  readonly importId: string
  readonly importedAt: UnixNano
  readonly source: string
  /** As the person called it. */
  readonly name: string
  readonly lines: number
  readonly actor: string
}

export interface BillApprovalRow {
  readonly tenant: string
  /** Of the ledger entry that was posted. */
  readonly entryId: string
  /** What was agreed to: `day/provider/model/meter`. */
  readonly item: string
  /** What was posted, times 10^12; `undefined` in approvals of versions that did not keep it. */
  readonly quantity: bigint | undefined
  readonly amount: PicoUsd | undefined
  readonly actor: string
  readonly why: string
  readonly approvedAt: UnixNano
}

export const billLines: Table<BillLineRow> = {
  name: 'bill_lines',
  columns: [
    word('tenant', (r) => r.tenant),
    id('import_id', 32, (r) => r.importId),
    time('imported_at', (r) => r.importedAt),
    time('day', (r) => r.day),
    word('source', (r) => r.source),
    word('provider', (r) => r.provider),
    word('account', (r) => r.account),
    word('model', (r) => r.model),
    word('meter', (r) => r.meter),
    nullableDecimal('quantity', (r) => r.quantity),
    nullableDecimal('amount', (r) => r.amount),
  ],
}

export const billImports: Table<BillImportRow> = {
  name: 'bill_imports',
  columns: [
    word('tenant', (r) => r.tenant),
    id('import_id', 32, (r) => r.importId),
    time('imported_at', (r) => r.importedAt),
    word('source', (r) => r.source),
    text('name', (r) => r.name),
    uint32('lines', (r) => r.lines),
    text('actor', (r) => r.actor),
  ],
}

export const billApprovals: Table<BillApprovalRow> = {
  name: 'bill_approvals',
  columns: [
    word('tenant', (r) => r.tenant),
    id('entry_id', 32, (r) => r.entryId),
    text('cell', (r) => r.item),
    nullableDecimal('quantity', (r) => r.quantity),
    nullableDecimal('amount', (r) => r.amount),
    text('actor', (r) => r.actor),
    text('why', (r) => r.why),
    time('approved_at', (r) => r.approvedAt),
  ],
}
