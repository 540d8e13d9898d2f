import { GraphQLObjectType, GraphQLString } from 'graphql'
import type { QueryContext } from '../context.ts'
import { Count } from '../scalars.ts'
import { enumOf, plain, required } from '../shape.ts'

export const ingestDimensions = ['SIGNAL', 'CLIENT', 'REASON', 'PROJECT'] as const
export type IngestDimension = (typeof ingestDimensions)[number]

export const IngestDimensionEnum = enumOf('IngestDimension', 'What the ingest account can be split by.', ingestDimensions, {
  SIGNAL: 'traces, logs or metrics.',
  CLIENT: 'Name and version of the sender\'s exporter.',
  REASON: 'Why records were rejected; "" for those that were taken.',
  PROJECT: 'Project the telemetry was sent to.',
})

export interface IngestAccountSums {
  readonly signal: string | null
  readonly client: string | null
  readonly reason: string | null
  readonly project: string | null
  readonly requests: number
  readonly received: number
  readonly stored: number
  readonly deduplicated: number
  readonly rejected: number
  readonly setAside: number
}

const grouped = (what: string): string => `${what}: null unless grouped by it.`

export const IngestAccountType = new GraphQLObjectType<IngestAccountSums, QueryContext>({
  name: 'IngestAccountRow',
  description: 'What became of records (spans, log records, data points): received = stored + deduplicated + rejected + setAside. Counted where it happens, never from the tables.',
  fields: {
    signal: plain(GraphQLString, grouped('traces, logs or metrics')),
    client: plain(GraphQLString, grouped('Name and version of the sender\'s exporter, "" where it says nothing, "other" beyond the first 64 of a process')),
    reason: plain(GraphQLString, grouped('Why they were rejected, "" for those that were taken')),
    project: plain(GraphQLString, grouped('Project the telemetry was sent to')),
    requests: plain(required(Count), 'Export requests that held such records.'),
    received: plain(required(Count), 'Records in acknowledged requests.'),
    stored: plain(required(Count), 'Acknowledged for the first time.'),
    deduplicated: plain(required(Count), 'Acknowledged again: they came before, and count once.'),
    rejected: plain(required(Count), 'Refused for what they hold; the sender was told.'),
    setAside: plain(required(Count), 'Acknowledged, and then ClickHouse could not take them: "spanledger set-aside" shows them.'),
  },
})
