/** For tests: a CSV file as RFC 4180 says it is read, each line as an object by heading. */
export function parseCsv(text: string): readonly Readonly<Record<string, string>>[] {
  const [headings = [], ...lines] = cells(text)
  return lines.map((line) => {
    if (line.length !== headings.length) throw new Error(`a line has ${line.length} cells, the head ${headings.length}: ${line.join(' | ')}`)
    return Object.fromEntries(headings.map((heading, at) => [heading, line[at] ?? '']))
  })
}

function cells(text: string): string[][] {
  const lines: string[][] = []
  let line: string[] = []
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    line.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
    if (end === ',') continue
    lines.push(line)
    line = []
  }
  return lines
}
