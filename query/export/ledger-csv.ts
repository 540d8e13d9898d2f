import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { costBases, ledgerKinds } from '#semconv/facts.ts'
import { decimalString, storedDecimal } from '../decimal.ts'
import { quoted, userError } from '../errors.ts'
import { safeHeaders } from '../http/answer.ts'
import { dateTimeString, parseDateTime } from '../instant.ts'
import type { LedgerFilter } from '../ledger/ledger-filter.ts'
import { ledgerWhere } from '../ledger/read-ledger.ts'
import { hexOf, nanosOf, type Reader, textOf } from '../reader.ts'
import { allOf, within } from '../where.ts'

/** A column of the file: its heading, its SQL, and how the text of the engine becomes the text of the file. */
interface CsvColumn {
  readonly heading: string
  readonly sql: string
  readonly show: (value: string) => string
}

/** A spreadsheet runs a cell that begins like a formula: an apostrophe makes it text. https://owasp.org/www-community/attacks/CSV_Injection */
const guarded = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text)

const asIs = (heading: string, sql = heading): CsvColumn => ({ heading, sql: `toString(${sql})`, show: guarded })
const amount = (heading: string): CsvColumn => ({ heading, sql: textOf(heading, `${heading}_text`), show: (value) => decimalString(storedDecimal(value)) })
const moment = (heading: string): CsvColumn => ({ heading, sql: nanosOf(heading, `${heading}_nanos`), show: (value) => dateTimeString(BigInt(value)) })
const idColumn = (heading: string, sql: string): CsvColumn => ({ heading, sql: hexOf(sql, `${sql}_hex`), show: (value) => value })

const csvColumns: readonly CsvColumn[] = [
  idColumn('id', 'id'), asIs('kind'), asIs('reason'), amount('amount'), { heading: 'currency', sql: `'USD'`, show: (value) => value },
  moment('occurred_at'), moment('posted_at'), idColumn('run_id', 'trace_id'), idColumn('span_id', 'span_id'), asIs('provider'), asIs('model'),
  asIs('meter'), amount('quantity'), amount('unit_price'), asIs('basis'), asIs('price_book_version'), asIs('price_card'), idColumn('reverses', 'reverses'),
  asIs('agent'), asIs('user'), asIs('session'), asIs('workflow'), asIs('service'), asIs('environment'), asIs('project'),
]

/** RFC 4180: quoted where it holds a comma, a quote or a line break. */
const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
const line = (cells: readonly string[]): string => `${cells.map(cell).join(',')}\r\n`

/** Writes the ledger lines of a filter as CSV, oldest first, at the reader's pace. Rejects before the first byte where the filter is wrong. */
export async function writeLedgerCsv(reader: Reader, response: ServerResponse, parameters: URLSearchParams): Promise<void> {
  const filter = ledgerFilter(parameters)
  const batches = reader.batches<readonly (string | null)[]>({
    columns: csvColumns.map((column) => column.sql).join(', '),
    from: 'ledgerEntries',
    where: allOf(within('range', 'occurred_at', filter.range), ledgerWhere(filter)),
    tail: 'ORDER BY occurred_at, id',
  })
  response.writeHead(200, {
    ...safeHeaders,
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': 'attachment; filename="ledger.csv"',
    'cache-control': 'no-store',
  })
  response.write(line(csvColumns.map((column) => column.heading)))
  for await (const rows of batches) {
    const text = rows.map((row) => line(csvColumns.map((column, index) => (row[index] == null ? '' : column.show(row[index]))))).join('')
    if (!response.write(text) && !response.destroyed) await Promise.race([once(response, 'drain'), once(response, 'close')])
    if (response.destroyed) return
  }
  response.end()
}

const texts = ['agent', 'model', 'provider', 'user', 'session', 'service', 'environment', 'workflow', 'project', 'meter', 'reason', 'runId', 'spanId'] as const
const known: ReadonlySet<string> = new Set([...texts, 'kind', 'basis', 'from', 'to'])

/** `?from=…&to=…&agent=a&agent=b`: the `LedgerFilter`, a repeated parameter meaning any of the values. */
export function ledgerFilter(parameters: URLSearchParams): LedgerFilter {
  for (const name of parameters.keys()) {
    if (!known.has(name)) throw userError('BAD_INPUT', `parameter ${quoted(name)} is unknown: use ${[...known].join(', ')}`)
  }
  return {
    range: { from: time(parameters, 'from'), to: time(parameters, 'to') },
    ...Object.fromEntries(texts.map((name) => [name, parameters.getAll(name)])),
    kind: choices(parameters, 'kind', ledgerKinds),
    basis: choices(parameters, 'basis', costBases),
  }
}

function time(parameters: URLSearchParams, name: string): bigint | null {
  const text = parameters.get(name)
  if (text === null) return null
  const at = parseDateTime(text)
  if (at === undefined) throw userError('BAD_INPUT', `${name} ${quoted(text)} is no DateTime: write RFC 3339 with a zone, such as 2026-11-21T00:00:00Z`)
  return at
}

const choices = <T extends string>(parameters: URLSearchParams, name: string, allowed: readonly T[]): T[] =>
  parameters.getAll(name).map((text) => {
    const found = allowed.find((value) => value === text)
    if (found === undefined) throw userError('BAD_INPUT', `${name} ${quoted(text)} is unknown: use ${allowed.join(', ')}`)
    return found
  })
