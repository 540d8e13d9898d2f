import { GraphQLBoolean, GraphQLFloat, GraphQLID, GraphQLObjectType, GraphQLString } from 'graphql'
import type { PicoUsd, StepKind, TokenUsage, UnixNano } from '#semconv/facts.ts'
import type { QueryContext } from '../context.ts'
import { type StepStatus, StepKindEnum, StepStatusEnum } from '../enums.ts'
import { LogRecordType } from '../logs/log-record.ts'
import { TokenUsageType } from '../runs/token-usage.ts'
import { Count, DateTime, Decimal, Json } from '../scalars.ts'
import { asked, listOf, plain, required } from '../shape.ts'
import { stepContent } from './content.ts'

export interface StepEvent {
  readonly name: string
  readonly time: UnixNano
  readonly attributes: unknown
}

export interface Step {
  readonly id: string
  readonly runId: string
  readonly parentId: string | null
  readonly kind: StepKind
  readonly name: string
  readonly status: StepStatus
  readonly startedAt: UnixNano
  readonly endedAt: UnixNano
  readonly durationMs: number
  readonly agent: string | null
  readonly workflow: string | null
  readonly session: string | null
  readonly user: string | null
  readonly provider: string | null
  readonly requestModel: string | null
  readonly responseModel: string | null
  readonly tool: string | null
  readonly toolCallId: string | null
  readonly executed: boolean
  readonly tokens: TokenUsage | null
  readonly usage: unknown
  readonly cost: PicoUsd | null
  readonly reportedCost: PicoUsd | null
  readonly counted: boolean
  readonly countReason: string | null
  readonly timeToFirstTokenMs: number | null
  readonly finishReasons: readonly string[]
  readonly errorType: string | null
  readonly errorMessage: string | null
  readonly inputPreview: string
  readonly outputPreview: string
  readonly resource: unknown
  readonly scope: string
  readonly service: string
  readonly dialect: string
  readonly flags: readonly string[]
}

const StepEventType = new GraphQLObjectType<StepEvent, QueryContext>({
  name: 'StepEvent',
  description: 'Something that happened at one moment of a span.',
  fields: {
    name: plain(required(GraphQLString), 'Name of the event.'),
    time: plain(required(DateTime), 'When it happened.'),
    attributes: plain(required(Json), 'Its attributes, as sent.'),
  },
})

export const StepType = new GraphQLObjectType<Step, QueryContext>({
  name: 'Step',
  description: 'One span of a run, understood.',
  fields: {
    id: plain(required(GraphQLID), 'Span id.'),
    runId: plain(required(GraphQLID), 'Trace id.'),
    parentId: plain(GraphQLID, 'Span id of the parent, as sent; it may be missing from the run.'),
    kind: plain(required(StepKindEnum), 'What the step is.'),
    name: plain(required(GraphQLString), 'Name of the span.'),
    status: plain(required(StepStatusEnum), 'Status of the span.'),
    startedAt: plain(required(DateTime), 'Start.'),
    endedAt: plain(required(DateTime), 'End.'),
    durationMs: plain(required(GraphQLFloat), 'Milliseconds from start to end.'),
    agent: plain(GraphQLString, 'Agent at work: the span\'s own, else the nearest ancestor\'s.'),
    workflow: plain(GraphQLString, 'Workflow, found like the agent.'),
    session: plain(GraphQLString, 'Conversation, found like the agent.'),
    user: plain(GraphQLString, 'User, found like the agent.'),
    provider: plain(GraphQLString, 'Who serves the model.'),
    requestModel: plain(GraphQLString, 'Model that was asked for.'),
    responseModel: plain(GraphQLString, 'Model that answered.'),
    tool: plain(GraphQLString, 'Tool that was called.'),
    toolCallId: plain(GraphQLString, 'Id by which the model asked for the tool call.'),
    executed: plain(required(GraphQLBoolean), 'False for a tool call that was asked for and not run.'),
    tokens: plain(TokenUsageType, 'What this span reports; null where it reports none.'),
    usage: plain(Json, 'The disjoint usage vector behind `tokens`: tokens by meter.'),
    cost: plain(Decimal, 'Sum of this span\'s ledger lines; null where it has none, or only unpriced ones.'),
    reportedCost: plain(Decimal, 'What the instrumentation says this call cost.'),
    counted: plain(required(GraphQLBoolean), 'Whether its usage is in the run\'s totals.'),
    countReason: plain(GraphQLString, 'Why it is, or is not.'),
    timeToFirstTokenMs: plain(GraphQLFloat, 'Milliseconds from the request to the first chunk.'),
    finishReasons: plain(listOf(GraphQLString), 'Why the model stopped.'),
    errorType: plain(GraphQLString, 'Class of the error.'),
    errorMessage: plain(GraphQLString, 'What the error says.'),
    inputPreview: plain(required(GraphQLString), 'The start of the input as plain text, at most 200 characters.'),
    outputPreview: plain(required(GraphQLString), 'The start of the output as plain text, at most 200 characters.'),
    input: asked(Json, 'Messages or tool arguments, normalised; null where content was not captured.', {}, async (step, _, context) => (await stepContent(context, step)).input),
    output: asked(Json, 'Messages or tool result, normalised; null where content was not captured.', {}, async (step, _, context) => (await stepContent(context, step)).output),
    attributes: asked(required(Json), 'Every attribute of the span as sent, content included, by key.', {}, async (step, _, context) => (await stepContent(context, step)).attributes),
    events: asked(listOf(StepEventType), 'Events in the order sent; GenAI events that came as log records stand among them by time.', {}, async (step, _, context) => (await stepContent(context, step)).events),
    logs: asked(listOf(LogRecordType), 'Log records that carry its span id, by time, at most 200; of a step that a log record told, that record.', {}, async (step, _, context) => (await stepContent(context, step)).logs),
    links: asked(required(Json), 'Links to other spans: a list of OTLP/JSON links.', {}, async (step, _, context) => (await stepContent(context, step)).links),
    resource: plain(required(Json), 'Attributes of the resource that sent it, by key.'),
    service: plain(required(GraphQLString), 'Service that sent it.'),
    scope: plain(required(GraphQLString), 'Instrumentation that made it: name, and version after @ where known.'),
    dialect: plain(required(GraphQLString), 'Convention its attributes were read by.'),
    flags: plain(listOf(GraphQLString), 'Why its usage deserves a second look, such as `unsplit_total`.'),
    droppedAttributes: asked(required(Count), 'Attributes the sender says it dropped.', {}, async (step, _, context) => (await stepContent(context, step)).droppedAttributes),
  },
})
