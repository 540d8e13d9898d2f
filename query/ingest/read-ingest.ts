import type { QueryContext } from '../context.ts'
import { nanosOf } from '../reader.ts'
import { when } from '../where.ts'
import type { IngestBacklog, IngestStatus } from './ingest-status.ts'

/** Counted from the summaries, one row a trace: a screen asks this every few seconds. */
export async function ingest(context: QueryContext): Promise<IngestStatus> {
  const [row] = await context.reader.rows<{ readonly spans: string; readonly run_count: string; readonly traces: string; readonly last: string }>({
    columns: `sum(span_count) AS spans, countIf(is_run) AS run_count, count() AS traces, ${nanosOf('max(last_received_at)', 'last')}`,
    from: 'runs',
    where: when('1'),
    tail: '',
  })
  return {
    grpcEndpoint: context.endpoints.grpc,
    httpEndpoint: context.endpoints.http,
    lastReceivedAt: row === undefined || row.traces === '0' ? null : BigInt(row.last),
    spanCount: Number(row?.spans ?? 0),
    runCount: Number(row?.run_count ?? 0),
    backlog: backlogOf(context),
  }
}

function backlogOf(context: QueryContext): IngestBacklog | null {
  const backlog = context.backlog()
  if (backlog === undefined) return null
  const { bytes, segments, since, diskFreeBytes } = backlog
  return { bytes, segments, oldestReceivedAt: since === undefined ? null : BigInt(Math.floor(since)) * 1_000_000n, diskFreeBytes: diskFreeBytes ?? null }
}
