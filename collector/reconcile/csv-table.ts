import { BillError } from './bill.ts'

/** A row of a CSV file, and where it stands. */
export interface CsvRow {
  /** The text under one of these headings, '' where the cell is empty. The bill has at least one of them. */
  readonly get: (...headings: readonly string[]) => string
  readonly has: (heading: string) => boolean
  /** `row 3`: the head is row 1. */
  readonly where: string
}

/** AWS writes `lineItem/UsageAmount` or `line_item_usage_amount`, BigQuery `usage.amount` or `usage_amount`: one spelling for all. */
const spelled = (heading: string): string => heading.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll(/[^A-Za-z0-9]+/g, '_').toLowerCase()

/** Our own files and others' have an apostrophe before what a spreadsheet would run: https://owasp.org/www-community/attacks/CSV_Injection */
const unguarded = (text: string): string => (/^'[=+\-@\t\r\n]/.test(text) ? text.slice(1) : text)

/** Headings of one file. */
const columnsMax = 1_000

/** Rows of a CSV file as RFC 4180 writes it. `required` are alternatives: of each, one heading must be there. */
export function csvTable(text: string, required: readonly (readonly string[])[]): CsvRow[] {
  const [head, ...lines] = cells(text)
  if (head === undefined || head.length > columnsMax) throw new BillError(`the file has ${head === undefined ? 'no head' : `more than ${columnsMax} columns`}`)
  const places = new Map(head.map((heading, at) => [spelled(heading), at]))
  const read = new Set(required.flat().map(spelled))
  const twice = head.find((heading, at) => read.has(spelled(heading)) && places.get(spelled(heading)) !== at)
  if (twice !== undefined) throw new BillError(`the bill has the column ${twice} twice`)
  for (const alternatives of required) {
    if (!alternatives.some((heading) => places.has(spelled(heading)))) throw new BillError(`the bill has no column ${alternatives.join(' or ')}`)
  }
  return lines.map((line, at) => {
    const where = `row ${at + 2}`
    if (line.length !== head.length) throw new BillError(`${where} has ${line.length} cells, the head has ${head.length}`)
    return {
      where,
      has: (heading) => places.has(spelled(heading)),
      get: (...headings) => {
        for (const heading of headings) {
          const place = places.get(spelled(heading))
          if (place !== undefined && line[place] !== '') return unguarded(line[place] ?? '')
        }
        return ''
      },
    }
  })
}

export const headingsOf = (text: string): ReadonlySet<string> => new Set((cells(text.slice(0, 65_536).split(/\r?\n/, 1)[0] ?? '')[0] ?? []).map(spelled))

function cells(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let at = text.startsWith('\uFEFF') ? 1 : 0
  while (at < text.length) {
    let value = ''
    if (text[at] === '"') {
      for (;;) {
        const end = text.indexOf('"', at + 1)
        if (end === -1) throw new BillError(`row ${rows.length + 1} has a quote that is never closed`)
        value += text.slice(at + 1, end)
        at = end + 1
        if (text[at] !== '"') break
        value += '"'
      }
    } else {
      let end = at
      while (end < text.length && text[end] !== ',' && text[end] !== '\n' && text[end] !== '\r') end++
      value = text.slice(at, end)
      at = end
    }
    row.push(value)
    if (text[at] === ',') {
      at++
      if (at === text.length) row.push('')
      continue
    }
    if (at < text.length && text[at] !== '\n' && text[at] !== '\r') throw new BillError(`row ${rows.length + 1} has text behind a closing quote`)
    if (text[at] === '\r') at++
    if (text[at] === '\n') at++
    if (row.length > 1 || row[0] !== '') rows.push(row)
    row = []
  }
  if (row.length > 0) rows.push(row)
  return rows
}
