import type { ServerResponse } from 'node:http'
import type { QueryContext } from '../context.ts'
import type { Allocation } from './allocation.ts'
import { writeChargebackCsv } from './chargeback.ts'
import { writeFocusCsv, writeFocusParquet } from './focus.ts'
import { writeJournalCsv } from './journal.ts'
import { writeLedgerCsv } from './ledger-csv.ts'
import { writeRestatementCsv } from './restatement-csv.ts'

export type Export = (context: Pick<QueryContext, 'reader' | 'prices'>, response: ServerResponse, parameters: URLSearchParams) => Promise<void>

/** Every file that can be fetched, by path. All but the restatement take the parameters of `ledgerFilter`. */
export const exportRoutes = (allocation: Allocation): Readonly<Record<string, Export>> => ({
  '/export/ledger.csv': writeLedgerCsv,
  '/export/focus-1.2.csv': (...to) => writeFocusCsv('1.2', ...to),
  '/export/focus-1.2.parquet': (...to) => writeFocusParquet('1.2', ...to),
  '/export/focus-1.4.csv': (...to) => writeFocusCsv('1.4', ...to),
  '/export/focus-1.4.parquet': (...to) => writeFocusParquet('1.4', ...to),
  '/export/journal.csv': writeJournalCsv,
  '/export/chargeback.csv': writeChargebackCsv(allocation),
  '/export/restatement.csv': writeRestatementCsv,
})
