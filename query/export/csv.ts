import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { safeHeaders } from '../http/answer.ts'

/** A spreadsheet runs a cell that begins like a formula: an apostrophe makes it text. https://owasp.org/www-community/attacks/CSV_Injection */
export const guarded = (text: string): string => (/^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text)

/** RFC 4180: quoted where it holds a comma, a quote or a line break. */
const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
const line = (cells: readonly string[]): string => `${cells.map(cell).join(',')}\r\n`

/** Cells of one line, already as they shall be read: text of others is `guarded`, numbers and times are not. */
export type CsvLine = readonly string[]

export const attachment = (type: string, name: string): Readonly<Record<string, string>> => ({
  ...safeHeaders, 'content-type': type, 'content-disposition': `attachment; filename="${name}"`, 'cache-control': 'no-store',
})

/** Writes a CSV file at the reader's pace. What fails before the first batch is answered as an error, what fails later cuts the file off. */
export async function sendCsv(response: ServerResponse, name: string, headings: CsvLine, batches: AsyncIterable<readonly CsvLine[]>): Promise<void> {
  const iterator = batches[Symbol.asyncIterator]()
  let next = await iterator.next()
  response.writeHead(200, attachment('text/csv; charset=utf-8', name))
  response.write(line(headings))
  for (; next.done !== true; next = await iterator.next()) {
    if (!response.write(next.value.map(line).join('')) && !response.destroyed) await Promise.race([once(response, 'drain'), once(response, 'close')])
    if (response.destroyed) {
      await iterator.return?.()
      return
    }
  }
  response.end()
}
