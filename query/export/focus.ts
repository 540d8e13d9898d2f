import type { ServerResponse } from 'node:http'
import type { QueryContext } from '../context.ts'
import { ledgerWhere } from '../ledger/read-ledger.ts'
import type { Select } from '../reader.ts'
import { accountedWithin } from '../restatement/closed-months.ts'
import { allOf, when } from '../where.ts'
import { attachment, type CsvLine, guarded, sendCsv } from './csv.ts'
import { type FocusColumn, focusColumns, focusGroups, focusKeys, focusSums, type FocusType, type FocusVersion } from './focus-columns.ts'
import { ledgerFilter } from './parameters.ts'
import { sellerParams } from './sellers.ts'

type Sources = Pick<QueryContext, 'reader' | 'prices'>

/** Rows of the file. Both formats have one order, so that the same ledger is the same file. */
async function focusRows(version: FocusVersion, { reader, prices }: Sources, parameters: URLSearchParams, show: (column: FocusColumn) => string): Promise<Select> {
  const filter = ledgerFilter(parameters)
  const keys = Object.entries(focusKeys)
  const names = keys.map(([name]) => name)
  const columns = focusColumns(version).map((column) => `${show(column)} AS ${column.name}`).join(', ')
  return {
    columns: [...keys.map(([name, sql]) => `${sql} AS ${name}`), ...focusSums].join(', '),
    from: 'ledgerEntries',
    where: allOf(await accountedWithin(reader, filter.range), ledgerWhere(filter, { ...filter.range, from: null }), when('1', sellerParams(await prices.active()))),
    // What was charged and taken back again in one period is no row.
    tail: `GROUP BY ${names.join(', ')} HAVING total_quantity != 0 OR total_amount != 0`,
    around: (rows) => `SELECT ${columns} FROM (SELECT ${focusGroups} FROM ${rows} ORDER BY ${names.join(', ')})`,
  }
}

/** ISO 8601 in UTC, as FOCUS's attribute "date/time format" asks; decimals without exponent. */
const csvText: Readonly<Record<FocusType, (sql: string) => string>> = {
  String: (sql) => `toString(${sql})`,
  Decimal: (sql) => `toString(${sql})`,
  DateTime: (sql) => `concat(toString(toDate(${sql})), 'T00:00:00Z')`,
}

export async function writeFocusCsv(version: FocusVersion, sources: Sources, response: ServerResponse, parameters: URLSearchParams): Promise<void> {
  const columns = focusColumns(version)
  const batches = sources.reader.batches<readonly (string | null)[]>(await focusRows(version, sources, parameters, ({ type, sql }) => csvText[type](sql)))
  return sendCsv(response, `focus-${version}.csv`, columns.map(({ name }) => name), shown(columns, batches))
}

async function* shown(columns: readonly FocusColumn[], batches: AsyncIterable<(readonly (string | null)[])[]>): AsyncIterable<CsvLine[]> {
  for await (const rows of batches) yield rows.map((row) => columns.map(({ type }, at) => (row[at] == null ? '' : type === 'String' ? guarded(row[at]) : row[at])))
}

/** The engine writes the file: decimals stay decimals, `DateTime` would become an integer and `DateTime64` is a timestamp. */
const parquetValue: Readonly<Record<FocusType, (sql: string) => string>> = {
  String: (sql) => `CAST(${sql} AS Nullable(String))`,
  Decimal: (sql) => `CAST(${sql} AS Nullable(Decimal(38, 12)))`,
  DateTime: (sql) => `toDateTime64(toDateTime(${sql}, 'UTC'), 3, 'UTC')`,
}

/** Parquet has its directory at its end, so the file is made as a whole, at most as large as one answer of the store. */
export async function writeFocusParquet(version: FocusVersion, sources: Sources, response: ServerResponse, parameters: URLSearchParams): Promise<void> {
  const bytes = await sources.reader.parquet(await focusRows(version, sources, parameters, ({ type, sql }) => parquetValue[type](sql)))
  response.writeHead(200, { ...attachment('application/vnd.apache.parquet', `focus-${version}.parquet`), 'content-length': bytes.length })
  response.end(bytes)
}
