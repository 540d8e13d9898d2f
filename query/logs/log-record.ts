import { GraphQLID, GraphQLInt, GraphQLObjectType, GraphQLString } from 'graphql'
import type { UnixNano } from '#semconv/facts.ts'
import { connectionType } from '../connection.ts'
import type { QueryContext } from '../context.ts'
import { DateTime, Json } from '../scalars.ts'
import { plain, required } from '../shape.ts'

export interface LogRecord {
  readonly id: string
  readonly time: UnixNano
  readonly observedAt: UnixNano
  readonly severityNumber: number
  readonly severity: string | null
  readonly eventName: string | null
  readonly body: unknown
  readonly attributes: unknown
  readonly runId: string | null
  readonly spanId: string | null
  readonly session: string | null
  readonly service: string
  readonly scope: string
}

export const LogRecordType = new GraphQLObjectType<LogRecord, QueryContext>({
  name: 'LogRecord',
  description: 'A log record as it was sent. One that has a name is an event.',
  fields: {
    id: plain(required(GraphQLID), 'Made of all that the record says: the same record sent again is the same.'),
    time: plain(required(DateTime), 'When it happened, or else was seen.'),
    observedAt: plain(required(DateTime), 'When the sender saw it; the Unix epoch where it does not say.'),
    severityNumber: plain(required(GraphQLInt), 'OTLP severity: 1 to 4 trace, 5 debug, 9 info, 13 warn, 17 error, 21 fatal; 0 where it says none.'),
    severity: plain(GraphQLString, 'Severity in the sender\'s own word.'),
    eventName: plain(GraphQLString, 'What the event is called.'),
    body: plain(Json, 'Text, or whatever else the body is; null where there is none.'),
    attributes: plain(required(Json), 'Every attribute as sent, by key.'),
    runId: plain(GraphQLID, 'Trace id it carries; null for a record outside of traces.'),
    spanId: plain(GraphQLID, 'Span id it carries.'),
    session: plain(GraphQLString, 'Conversation it names.'),
    service: plain(required(GraphQLString), 'Service that sent it.'),
    scope: plain(required(GraphQLString), 'Logger that made it: name, and version after @ where known.'),
  },
})

export const LogRecordConnection = connectionType(LogRecordType, 'log records')
