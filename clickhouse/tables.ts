import { alertEvents } from './tables/alert-events.ts'
import { budgetVersions } from './tables/budget-versions.ts'
import { callKeys } from './tables/call-keys.ts'
import { conformance } from './tables/conformance.ts'
import { ingestAccount } from './tables/ingest-account.ts'
import { ledgerEntries } from './tables/ledger-entries.ts'
import { logRecords } from './tables/log-records.ts'
import { metricPoints } from './tables/metric-points.ts'
import { policyDecisions } from './tables/policy-decisions.ts'
import { policyVersions } from './tables/policy-versions.ts'
import { priceBookActivations } from './tables/price-book-activations.ts'
import { priceBooks } from './tables/price-books.ts'
import { runs } from './tables/runs.ts'
import { spanContent } from './tables/span-content.ts'
import { spans } from './tables/spans.ts'
import { columnsDdl } from './table.ts'

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
  [budgetVersions.name, columnsDdl(budgetVersions)],
  [alertEvents.name, columnsDdl(alertEvents)],
])
