import type { QueryContext } from '../context.ts'
import { userError } from '../errors.ts'
import type { TimeRange } from '../time-range.ts'
import { allOf, within } from '../where.ts'
import type { IngestAccountSums, IngestDimension } from './ingest-account.ts'

/** Rows of one answer: clients times reasons are bounded in the collector, a process; of many processes this bounds them. */
const rowsMax = 10_000

type Dimension = 'signal' | 'client' | 'reason' | 'project'

const dimensions: Readonly<Record<IngestDimension, { readonly field: Dimension; readonly select: string }>> = {
  SIGNAL: { field: 'signal', select: 'toString(signal) AS by_signal' },
  CLIENT: { field: 'client', select: 'client AS by_client' },
  REASON: { field: 'reason', select: 'reason AS by_reason' },
  PROJECT: { field: 'project', select: 'project AS by_project' },
}

const outcomes = ['received', 'stored', 'deduplicated', 'rejected', 'set_aside'] as const

type StoredSums = Readonly<Record<`${(typeof outcomes)[number]}_sum` | 'requests', string>> & Readonly<Partial<Record<`by_${Dimension}`, string>>>

const row = (sums: StoredSums): IngestAccountSums => ({
  signal: sums.by_signal ?? null,
  client: sums.by_client ?? null,
  reason: sums.by_reason ?? null,
  project: sums.by_project ?? null,
  requests: Number(sums.requests),
  received: Number(sums.received_sum),
  stored: Number(sums.stored_sum),
  deduplicated: Number(sums.deduplicated_sum),
  rejected: Number(sums.rejected_sum),
  setAside: Number(sums.set_aside_sum),
})

/** What became of what was received in a range of time; one row, the total, where nothing is grouped by. */
export async function ingestAccount(context: QueryContext, args: { readonly range: TimeRange; readonly groupBy: readonly IngestDimension[] }): Promise<IngestAccountSums[]> {
  const by = [...new Set(args.groupBy)].map((dimension) => dimensions[dimension])
  const groups = by.map(({ field }) => `by_${field}`)
  const rows = await context.reader.rows<StoredSums>({
    columns: [...by.map(({ select }) => select), 'uniqExact(at, instance) AS requests', ...outcomes.map((outcome) => `sum(${outcome}) AS ${outcome}_sum`)].join(', '),
    from: 'ingestAccount',
    where: allOf(within('range', 'at', args.range)),
    tail: groups.length === 0 ? '' : `GROUP BY ${groups.join(', ')} ORDER BY received_sum DESC, ${groups.join(', ')} LIMIT ${rowsMax + 1}`,
  })
  if (rows.length > rowsMax) throw userError('TOO_WIDE', `the account would be more than ${rowsMax} rows: narrow the range or drop a dimension`)
  return rows.map(row)
}
