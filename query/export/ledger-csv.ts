import type { ServerResponse } from 'node:http'
import type { QueryContext } from '../context.ts'
import { decimalString, storedDecimal } from '../decimal.ts'
import { dateTimeString } from '../instant.ts'
import { ledgerWhere } from '../ledger/read-ledger.ts'
import { hexOf, nanosOf, textOf } from '../reader.ts'
import { allOf, within } from '../where.ts'
import { type CsvLine, guarded, sendCsv } from './csv.ts'
import { ledgerFilter } from './parameters.ts'

/** A column of the file: its heading, its SQL, and how the text of the engine becomes the text of the file. */
interface CsvColumn {
  readonly heading: string
  readonly sql: string
  readonly show: (value: string) => string
}

const asIs = (heading: string, sql = heading): CsvColumn => ({ heading, sql: `toString(${sql})`, show: guarded })
const amount = (heading: string): CsvColumn => ({ heading, sql: textOf(heading, `${heading}_text`), show: (value) => decimalString(storedDecimal(value)) })
const moment = (heading: string): CsvColumn => ({ heading, sql: nanosOf(heading, `${heading}_nanos`), show: (value) => dateTimeString(BigInt(value)) })
const idColumn = (heading: string, sql: string): CsvColumn => ({ heading, sql: hexOf(sql, `${sql}_hex`), show: (value) => value })

const csvColumns: readonly CsvColumn[] = [
  idColumn('id', 'id'), asIs('kind'), asIs('reason'), amount('amount'), { heading: 'currency', sql: `'USD'`, show: (value) => value },
  moment('occurred_at'), moment('posted_at'), idColumn('run_id', 'trace_id'), idColumn('span_id', 'span_id'), asIs('provider'), asIs('model'),
  asIs('meter'), amount('quantity'), amount('unit_price'), asIs('basis'), asIs('price_book_version'), asIs('price_card'), idColumn('reverses', 'reverses'),
  asIs('agent'), asIs('user'), asIs('session'), asIs('workflow'), asIs('service'), asIs('environment'), asIs('project'), asIs('tags', `replaceAll(toString(tags), '\\n', ', ')`),
]

/** Writes the ledger lines of a filter as CSV, oldest first. Rejects before the first byte where the filter is wrong. */
export function writeLedgerCsv({ reader }: Pick<QueryContext, 'reader'>, response: ServerResponse, parameters: URLSearchParams): Promise<void> {
  const filter = ledgerFilter(parameters)
  const batches = reader.batches<readonly (string | null)[]>({
    columns: csvColumns.map((column) => column.sql).join(', '),
    from: 'ledgerEntries',
    where: allOf(within('range', 'occurred_at', filter.range), ledgerWhere(filter, filter.range)),
    tail: 'ORDER BY occurred_at, id',
  })
  return sendCsv(response, 'ledger.csv', csvColumns.map((column) => column.heading), shown(batches))
}

async function* shown(batches: AsyncIterable<(readonly (string | null)[])[]>): AsyncIterable<CsvLine[]> {
  for await (const rows of batches) yield rows.map((row) => csvColumns.map((column, index) => (row[index] == null ? '' : column.show(row[index]))))
}
