import { unpricedLines } from '#clickhouse/tables/ledger-entries.ts'
import type { QueryContext } from '../context.ts'
import { storedDecimal } from '../decimal.ts'
import { userError } from '../errors.ts'
import type { TimeRange } from '../time-range.ts'
import { textOf } from '../reader.ts'
import { allOf, when, within } from '../where.ts'
import type { CodingDimension, CodingRow } from './coding-agent.ts'
import { codingTraces } from './told-by.ts'

/** Rows of one answer. */
const rowsMax = 10_000

const columns: Readonly<Record<CodingDimension, string>> = { AGENT: 'tool AS by_agent', DEVELOPER: 'user AS by_developer', REPOSITORY: 'repository AS by_repository', MODEL: 'model AS by_model' }
const groups: Readonly<Record<CodingDimension, string>> = { AGENT: 'by_agent', DEVELOPER: 'by_developer', REPOSITORY: 'by_repository', MODEL: 'by_model' }

interface StoredRow extends Readonly<Partial<Record<'by_agent' | 'by_developer' | 'by_repository' | 'by_model', string>>>, Readonly<Record<'cost' | 'lines' | 'unpriced' | 'sessions' | 'runs' | 'developers' | 'input_sum' | 'cached_sum' | 'output_sum', string>> {}

/** The ledger's lines of each trace, joined with what the trace says of itself. */
export async function codingAgents(context: QueryContext, args: { readonly range: TimeRange; readonly groupBy: readonly CodingDimension[] }): Promise<CodingRow[]> {
  const by = [...new Set(args.groupBy)]
  const traces = codingTraces(args.range)
  const lines = allOf(within('range', 'occurred_at', args.range), when('trace_id IN (SELECT told_trace FROM told)'))
  const tail = by.length === 0 ? '' : `GROUP BY ${by.map((dimension) => groups[dimension]).join(', ')} ORDER BY sum(known) DESC, ${by.map((dimension) => groups[dimension]).join(', ')} LIMIT ${rowsMax + 1}`
  const rows = await context.reader.rows<StoredRow>({
    columns: [
      'trace_id AS line_trace', 'toString(user) AS user', 'toString(session) AS session', 'toString(model) AS model', 'ifNull(sum(amount), toDecimal128(0, 12)) AS known', 'count() AS entries',
      `${unpricedLines} AS unknown`, `sumIf(quantity, startsWith(meter, 'input.')) AS input`, `sumIf(quantity, endsWith(meter, 'cache_read')) AS cached`, `sumIf(quantity, startsWith(meter, 'output.')) AS output`,
    ].join(', '),
    from: 'ledgerEntries',
    where: { sql: lines.sql, params: { ...traces.params, ...lines.params } },
    tail: 'GROUP BY line_trace, user, session, model',
    around: (rowsOf) => `WITH told AS (${traces.sql}) SELECT ${[
      ...by.map((dimension) => columns[dimension]), textOf('sum(known)', 'cost'), 'toString(sum(entries)) AS lines', 'toString(sum(unknown)) AS unpriced',
      `toString(uniqExactIf(session, session != '')) AS sessions`, 'toString(uniqExact(line_trace)) AS runs', `toString(uniqExactIf(user, user != '')) AS developers`,
      textOf('sum(input)', 'input_sum'), textOf('sum(cached)', 'cached_sum'), textOf('sum(output)', 'output_sum'),
    ].join(', ')} FROM ${rowsOf} AS lines INNER JOIN told ON lines.line_trace = told.told_trace ${tail}`,
  })
  if (rows.length > rowsMax) throw userError('TOO_WIDE', `coding agents would be more than ${rowsMax} rows: narrow the range or drop a dimension`)
  return rows.map((row) => ({
    agent: row.by_agent ?? null, developer: row.by_developer ?? null, repository: row.by_repository ?? null, model: row.by_model ?? null, cost: storedDecimal(row.cost), entries: Number(row.lines),
    unpricedEntries: Number(row.unpriced), sessions: Number(row.sessions), runs: Number(row.runs), developers: Number(row.developers),
    inputTokens: storedDecimal(row.input_sum), cachedInputTokens: storedDecimal(row.cached_sum), outputTokens: storedDecimal(row.output_sum),
  }))
}
