import { GraphQLBoolean, GraphQLFloat, GraphQLID, GraphQLInt, GraphQLObjectType, GraphQLString } from 'graphql'
import type { PicoUsd, RunStatus, TokenUsage, UnixNano } from '#semconv/facts.ts'
import { connectionType, type PageArguments, pageArguments } from '../connection.ts'
import type { QueryContext } from '../context.ts'
import { RunStatusEnum } from '../enums.ts'
import { LedgerEntryType } from '../ledger/ledger-entry.ts'
import { ledgerOfRun } from '../ledger/read-ledger.ts'
import { LogRecordConnection } from '../logs/log-record.ts'
import { logsOfRun, logsPage } from '../logs/read-logs.ts'
import { PolicyDecisionType } from '../policy-decisions/policy-decision.ts'
import { decisionsOfRun } from '../policy-decisions/read-decisions.ts'
import { Count, DateTime, Decimal } from '../scalars.ts'
import { argument, asked, listOf, plain, required } from '../shape.ts'
import { matchingSteps } from '../steps/match.ts'
import { stepById, stepsById, stepsOfRun } from '../steps/read-steps.ts'
import { StepType } from '../steps/step.ts'
import { TokenUsageType } from './token-usage.ts'

export interface Run {
  readonly id: string
  readonly isRun: boolean
  readonly project: string
  /** Nanoseconds; grows with every summary. */
  readonly version: bigint
  readonly name: string
  readonly status: RunStatus
  readonly startedAt: UnixNano
  readonly endedAt: UnixNano | null
  readonly lastReceivedAt: UnixNano
  readonly durationMs: number | null
  readonly service: string
  readonly environment: string | null
  readonly workflow: string | null
  readonly agents: readonly string[]
  readonly users: readonly string[]
  readonly sessions: readonly string[]
  readonly providers: readonly string[]
  readonly models: readonly string[]
  readonly modelCalls: number
  readonly failedModelCalls: number
  readonly unmeteredModelCalls: number
  readonly unpricedModelCalls: number
  readonly toolCalls: number
  readonly failedToolCalls: number
  readonly spanCount: number
  readonly errorCount: number
  readonly tokens: TokenUsage
  readonly cost: PicoUsd
  readonly reportedCost: PicoUsd | null
  readonly settled: boolean
}

export const RunType = new GraphQLObjectType<Run, QueryContext>({
  name: 'Run',
  description: 'One execution of an agent system: a trace with GenAI activity.',
  fields: {
    id: plain(required(GraphQLID), 'Trace id.'),
    isRun: plain(required(GraphQLBoolean), 'False for a trace without GenAI activity, which only `trace` returns.'),
    project: plain(required(GraphQLString), 'Project the telemetry was sent to.'),
    name: plain(required(GraphQLString), 'Name of the topmost step.'),
    status: plain(required(RunStatusEnum), 'How it stands.'),
    startedAt: plain(required(DateTime), 'Start of the earliest span.'),
    endedAt: plain(DateTime, 'End of the latest span, once a root has ended.'),
    lastReceivedAt: plain(required(DateTime), 'When its latest span was accepted.'),
    durationMs: plain(GraphQLFloat, 'Milliseconds from start to end; null while it runs.'),
    service: plain(required(GraphQLString), 'Service of the topmost span.'),
    environment: plain(GraphQLString, 'Deployment environment.'),
    workflow: plain(GraphQLString, 'Workflow, where the telemetry names one.'),
    agents: plain(listOf(GraphQLString), 'Agents the telemetry names, sorted.'),
    users: plain(listOf(GraphQLString), 'Users the telemetry names, sorted.'),
    sessions: plain(listOf(GraphQLString), 'Conversations the telemetry names, sorted.'),
    providers: plain(listOf(GraphQLString), 'Providers, sorted; where the telemetry names none, the price book\'s.'),
    models: plain(listOf(GraphQLString), 'Models the telemetry names, sorted.'),
    modelCalls: plain(required(Count), 'Model calls, embeddings included, after wrappers and mirrors are collapsed.'),
    failedModelCalls: plain(required(Count), 'Model calls that ended in an error.'),
    unmeteredModelCalls: plain(required(Count), 'Model calls that succeeded and report no usage.'),
    unpricedModelCalls: plain(required(Count), 'Model calls whose model no price card matches.'),
    toolCalls: plain(required(Count), 'Tool calls that were executed.'),
    failedToolCalls: plain(required(Count), 'Tool calls that ended in an error.'),
    spanCount: plain(required(Count), 'Spans.'),
    errorCount: plain(required(Count), 'Spans with status ERROR.'),
    tokens: plain(required(TokenUsageType), 'Tokens of all counted usage.'),
    cost: plain(required(Decimal), 'Sum of the run\'s ledger entries, in US dollars; read it together with `unpricedModelCalls`.'),
    reportedCost: plain(Decimal, 'What the instrumentation claimed; null where it claimed nothing.'),
    costVariance: asked(Decimal, 'Our cost less what the instrumentation claimed; null where it claimed nothing, or where calls are unpriced.', {},
      ({ cost, reportedCost, unpricedModelCalls }) => (reportedCost === null || unpricedModelCalls > 0 ? null : cost - reportedCost)),
    settled: plain(required(GraphQLBoolean), 'True once the trace has been quiet for the settlement delay and its figures are exact.'),
    policyDecisionCount: asked<Run>(required(Count), 'Policy decisions about it.', {}, async ({ id }, _, context) => (await context.decisionCounts(id)).decisions),
    interventions: asked<Run>(required(Count), 'Decisions that changed what the agent did: taken before it acted, and enforced.', {}, async ({ id }, _, context) => (await context.decisionCounts(id)).interventions),
    steps: asked(listOf(StepType), 'Every span, parents before children, siblings by start. Refused as TOO_WIDE beyond 150,000: use the skeleton.', {}, (run, _, context) => stepsOfRun(context, run)),
    step: asked<Run, { readonly id: string }>(StepType, 'One span.', { id: argument(required(GraphQLID), 'Span id.') }, (run, { id }, context) => stepById(context, run, id)),
    stepsById: asked<Run, { readonly ids: readonly string[] }>(listOf(StepType), 'These spans in the order asked for; ids that are not in the run are left out.', {
      ids: argument(listOf(GraphQLID), 'At most 200 span ids.'),
    }, (run, { ids }, context) => stepsById(context, run, ids)),
    matchingSteps: asked<Run, { readonly text: string; readonly first: number }>(listOf(GraphQLID), 'Ids of the spans whose name, attributes or content contain a text, in any case, by start.', {
      text: argument(required(GraphQLString), 'At least one character, at most 1,000.'),
      first: argument(GraphQLInt, 'How many, 1 to 10,000.', 1_000),
    }, (run, { text, first }, context) => matchingSteps(context, run, text, first)),
    logs: asked<Run, PageArguments>(required(LogRecordConnection), 'Log records by time: those that carry its trace id, and those of its sessions while it lasted.', pageArguments(logsPage), (run, args, context) => logsOfRun(context, run, args)),
    ledger: asked(listOf(LedgerEntryType), 'Its ledger lines by time of usage. Refused as TOO_WIDE beyond 50,000: page through `ledgerEntries`.', {}, (run, _, context) => ledgerOfRun(context, run)),
    policyDecisions: asked(listOf(PolicyDecisionType), 'Policy decisions about it, by time. Refused as TOO_WIDE beyond 10,000: page through `policyDecisions`.', {}, (run, _, context) => decisionsOfRun(context, run)),
  },
})

export const RunConnection = connectionType(RunType, 'runs')
