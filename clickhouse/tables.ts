import { alertEvents } from './tables/alert-events.ts'
import { alertRuleVersions } from './tables/alert-rule-versions.ts'
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
import { repriceParts } from './tables/reprice-parts.ts'
import { runs } from './tables/runs.ts'
import { spanContent } from './tables/span-content.ts'
import { spans } from './tables/spans.ts'
import type { NativeColumn } from './native.ts'
import { columnsDdl } from './table.ts'

/** What an older program called a column: frames it wrote name it so. */
const formerNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  spans: { attributes_string: 'attributes_string_own' },
  ledger_entries: { id: 'entry_id' },
}

/** Types that an older program gave a column, with what is taken of it. */
const formerTypes: Readonly<Record<string, Readonly<Record<string, { readonly from: string; readonly to: string }>>>> = {
  call_keys: { key: { from: 'FixedString(16)', to: 'FixedString(8)' } },
}

/** A table as rows name it. */
export interface NamedTable {
  readonly name: string
  readonly columns: readonly NativeColumn[]
}

/** A table as an older program knew it, with the names and types that its columns have now; its rows stay what they are. */
export function asPresent(table: NamedTable): NamedTable {
  const [names, types] = [formerNames[table.name], formerTypes[table.name]]
  if (names === undefined && types === undefined) return table
  return {
    ...table,
    columns: table.columns.map(({ name, type }) => {
      const changed = types?.[name]
      return { name: names?.[name] ?? name, ...(changed?.from === type ? { type: changed.to, rowType: type } : { type }) }
    }),
  }
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
  [repriceParts.name, columnsDdl(repriceParts)],
  [closedMonths.name, columnsDdl(closedMonths)],
  [billLines.name, columnsDdl(billLines)],
  [billImports.name, columnsDdl(billImports)],
  [billApprovals.name, columnsDdl(billApprovals)],
  [budgetVersions.name, columnsDdl(budgetVersions)],
  [budgetApprovals.name, columnsDdl(budgetApprovals)],
  [alertEvents.name, columnsDdl(alertEvents)],
  [alertRuleVersions.name, columnsDdl(alertRuleVersions)],
])
