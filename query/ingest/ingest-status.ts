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
}

export const IngestStatusType = new GraphQLObjectType<IngestStatus, QueryContext>({
  name: 'IngestStatus',
  description: 'Whether telemetry arrives, and where to send it.',
  fields: {
    grpcEndpoint: plain(required(GraphQLString), 'Where OTLP/gRPC is accepted.'),
    httpEndpoint: plain(required(GraphQLString), 'Where OTLP/HTTP is accepted.'),
    lastReceivedAt: plain(DateTime, 'When the latest span was accepted; null while there is none.'),
    spanCount: plain(required(Count), 'Spans in summarised traces.'),
    runCount: plain(required(Count), 'Runs.'),
  },
})
