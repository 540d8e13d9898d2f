import type { QueryContext } from '../context.ts'
import { userError } from '../errors.ts'
import { checkedFirst } from '../page.ts'
import { hexOf } from '../reader.ts'
import { traceWhere } from '../runs/read-runs.ts'
import type { Run } from '../runs/run.ts'
import { allOf, checkedText, contains, when } from '../where.ts'

/** Ids of one answer: 17 bytes each, and a person steps through far fewer. */
const matchesMax = 10_000

const has = (column: string): string => contains(column, 'text')
const inValues = (map: string): string => `arrayExists(v -> ${has('v')}, mapValues(${map}))`

const inSpan = [
  ...['name', 'agent', 'tool', 'request_model', 'response_model', 'error_type', 'error_message', 'status_message', 'resource_attributes'].map(has),
  `arrayExists(k -> ${has('k')}, mapKeys(attributes_string))`,
  inValues('attributes_string'), inValues('attributes_json'),
  `arrayExists(v -> ${has('toString(v)')}, mapValues(attributes_int))`,
  'startsWith(lower(hex(span_id)), lower({text:String}))',
].join(' OR ')
const inContent = [inValues('attributes_string'), inValues('attributes_json'), has('events')].join(' OR ')

/** Ids of the spans that contain the text, by start. Both tables keep the start of the span. */
export async function matchingSteps(context: QueryContext, run: Run, asked: string, first: number | null | undefined): Promise<string[]> {
  const limit = checkedFirst(first, 1_000, matchesMax)
  const text = checkedText('text', asked.trim())
  if (text === '') throw userError('BAD_INPUT', 'text is empty: write what to look for')
  const columns = `${hexOf('span_id', 'id')}, toString(toUnixTimestamp64Nano(started_at)) AS started`
  const tail = `ORDER BY started_at, span_id LIMIT ${limit}`
  const reads = (['spans', 'spanContent'] as const).map((from) =>
    context.reader.rows<{ readonly id: string; readonly started: string }>({
      columns,
      from,
      where: allOf(traceWhere(run, 'started_at'), when(from === 'spans' ? inSpan : inContent, { text })),
      tail,
    }))
  const startOf = new Map((await Promise.all(reads)).flat().map(({ id, started }) => [id, BigInt(started)]))
  return [...startOf]
    .sort(([idA, a], [idB, b]) => (a !== b ? (a < b ? -1 : 1) : idA < idB ? -1 : 1))
    .slice(0, limit)
    .map(([id]) => id)
}
