import { alertEvents } from './tables/alert-events.ts'
import { budgetApprovals } from './tables/budget-approvals.ts'
import { budgetVersions } from './tables/budget-versions.ts'
import { billApprovals, billImports, billLines } from './tables/bills.ts'
import { callKeys } from './tables/call-keys.ts'
import { closedMonths } from './tables/closed-months.ts'
import { conformance } from './tables/conformance.ts'
import { ingestAccount } from './tables/ingest-account.ts'
import { ledgerEntries } from './tables/ledger-entries.ts'
import { logRecords } from './tables/log-records.ts'
import { metricPoints } from './tables/metric-points.ts'
import { policyDecisions } from './tables/policy-decisions.ts'
import { policyVersions } from './tables/policy-versions.ts'
import { priceBookActivations } from './tables/price-book-activations.ts'
import { priceBooks } from './tables/price-books.ts'
import { repriceOrders } from './tables/reprice-orders.ts'
import { runs } from './tables/runs.ts'
import { spanContent } from './tables/span-content.ts'
import { spans } from './tables/spans.ts'
import { columnsDdl } from './table.ts'

/** What an older program called a column: frames it wrote, and that were set aside, name it so. */
const formerNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  spans: { attributes_string: 'attributes_string_own' },
  ledger_entries: { id: 'entry_id' },
}

/** A table as an older program knew it, with the names its columns have now. */
export function withPresentNames<Column extends { readonly name: string }>(table: { readonly name: string; readonly columns: readonly Column[] }): { readonly name: string; readonly columns: readonly Column[] } {
  const names = formerNames[table.name]
  if (names === undefined) return table
  return { ...table, columns: table.columns.map((column) => ({ ...column, name: names[column.name] ?? column.name })) }
}

/** Every table's columns as DDL, by table name: what `{columns:name}` in a migration stands for. */
export const tableColumns: ReadonlyMap<string, string> = new Map([
  [spans.name, columnsDdl(spans)],
  [spanContent.name, columnsDdl(spanContent)],
  [ledgerEntries.name, columnsDdl(ledgerEntries)],
  [policyDecisions.name, columnsDdl(policyDecisions)],
  [runs.name, columnsDdl(runs)],
  [callKeys.name, columnsDdl(callKeys)],
  [logRecords.name, columnsDdl(logRecords)],
  [metricPoints.name, columnsDdl(metricPoints)],
  [priceBooks.name, columnsDdl(priceBooks)],
  [priceBookActivations.name, columnsDdl(priceBookActivations)],
  [policyVersions.name, columnsDdl(policyVersions)],
  [ingestAccount.name, columnsDdl(ingestAccount)],
  [conformance.name, columnsDdl(conformance)],
  [repriceOrders.name, columnsDdl(repriceOrders)],
  [closedMonths.name, columnsDdl(closedMonths)],
  [billLines.name, columnsDdl(billLines)],
  [billImports.name, columnsDdl(billImports)],
  [billApprovals.name, columnsDdl(billApprovals)],
  [budgetVersions.name, columnsDdl(budgetVersions)],
  [budgetApprovals.name, columnsDdl(budgetApprovals)],
  [alertEvents.name, columnsDdl(alertEvents)],
])
