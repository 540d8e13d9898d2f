import { GraphQLObjectType, GraphQLString } from 'graphql'
import type { UnixNano } from '#semconv/facts.ts'
import type { QueryContext } from '../context.ts'
import { Count, DateTime } from '../scalars.ts'
import { plain, required } from '../shape.ts'

export interface IngestStatus {
  readonly grpcEndpoint: string
  readonly httpEndpoint: string
  readonly lastReceivedAt: UnixNano | null
  readonly spanCount: number
  readonly runCount: number
  readonly backlog: IngestBacklog | null
}

export interface IngestBacklog {
  readonly bytes: number
  readonly segments: number
  readonly oldestReceivedAt: UnixNano | null
  readonly diskFreeBytes: number | null
}

const IngestBacklogType = new GraphQLObjectType<IngestBacklog, QueryContext>({
  name: 'IngestBacklog',
  description: 'What is acknowledged and durable in the journal, and waits for ClickHouse. The same figures as in /metrics.',
  fields: {
    bytes: plain(required(Count), 'How much.'),
    segments: plain(required(Count), 'Segments of the journal it stands in.'),
    oldestReceivedAt: plain(DateTime, 'When the oldest of it was acknowledged; null while nothing waits.'),
    diskFreeBytes: plain(Count, 'Free on the disk of the journal; null where it is not watched.'),
  },
})

export const IngestStatusType = new GraphQLObjectType<IngestStatus, QueryContext>({
  name: 'IngestStatus',
  description: 'Whether telemetry arrives, and where to send it.',
  fields: {
    grpcEndpoint: plain(required(GraphQLString), 'Where OTLP/gRPC is accepted.'),
    httpEndpoint: plain(required(GraphQLString), 'Where OTLP/HTTP is accepted.'),
    lastReceivedAt: plain(DateTime, 'When the latest span was accepted; null while there is none.'),
    spanCount: plain(required(Count), 'Spans in summarised traces.'),
    runCount: plain(required(Count), 'Runs.'),
    backlog: plain(IngestBacklogType, 'What waits for ClickHouse; null where the collector is another process: its /metrics says it.'),
  },
})
