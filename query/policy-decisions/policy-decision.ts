import { GraphQLID, GraphQLInputObjectType, GraphQLInt, GraphQLObjectType, GraphQLString } from 'graphql'
import type { DecisionPlace, Outcome, PolicyMode, UnixNano } from '#semconv/facts.ts'
import { connectionType } from '../connection.ts'
import type { QueryContext } from '../context.ts'
import { DecisionOutcomeEnum, DecisionPlaceEnum, PolicyModeEnum } from '../enums.ts'
import { DateTime, Json } from '../scalars.ts'
import { anyOf, input, plain, required } from '../shape.ts'
import { type TimeRange, TimeRangeInput } from '../time-range.ts'

export interface PolicyDecision {
  readonly id: string
  readonly policyId: string
  readonly policyVersion: number
  readonly outcome: Outcome
  readonly mode: PolicyMode
  readonly place: DecisionPlace
  readonly reason: string
  readonly decidedAt: UnixNano
  readonly postedAt: UnixNano
  readonly runId: string | null
  readonly spanId: string | null
  readonly agent: string | null
  readonly actor: string | null
  readonly project: string
  readonly evidence: unknown
}

export const PolicyDecisionType = new GraphQLObjectType<PolicyDecision, QueryContext>({
  name: 'PolicyDecision',
  description: 'What a policy decided about a span or a run, where, and on what evidence.',
  fields: {
    id: plain(required(GraphQLID), 'Hash of tenant, policy, version, place, trace and span: the same finding twice is one decision.'),
    policyId: plain(required(GraphQLID), 'The policy.'),
    policyVersion: plain(required(GraphQLInt), 'Its version; 0 where the telemetry names none.'),
    outcome: plain(required(DecisionOutcomeEnum), 'What was decided.'),
    mode: plain(required(PolicyModeEnum), 'Whether the policy acts or only watches.'),
    place: plain(required(DecisionPlaceEnum), 'Where it was decided.'),
    reason: plain(required(GraphQLString), 'Why, in words.'),
    decidedAt: plain(required(DateTime), 'Telemetry time: the end of the span, or of the span at which a run crossed the line.'),
    postedAt: plain(required(DateTime), 'When it was stored.'),
    runId: plain(GraphQLID, 'Trace id of the run.'),
    spanId: plain(GraphQLID, 'The span; null for a decision about the whole run.'),
    agent: plain(GraphQLString, 'The agent it was about.'),
    actor: plain(GraphQLString, 'Who decided, where a person or a service is named.'),
    project: plain(required(GraphQLString), 'Project the telemetry was sent to.'),
    evidence: plain(required(Json), 'The values that the rule read.'),
  },
})

export const PolicyDecisionConnection = connectionType(PolicyDecisionType, 'policy decisions, latest first')

export const DecisionFilterInput = new GraphQLInputObjectType({
  name: 'DecisionFilter',
  description: 'Which policy decisions. All conditions hold together; one that is left out, null or an empty list restricts nothing.',
  fields: {
    range: input(TimeRangeInput, 'When it was decided.'),
    runId: input(anyOf(GraphQLID), 'About any of these runs.'),
    spanId: input(anyOf(GraphQLID), 'About any of these spans.'),
    policyId: input(anyOf(GraphQLID), 'By any of these policies.'),
    outcome: input(anyOf(DecisionOutcomeEnum), 'Any of these outcomes.'),
    place: input(anyOf(DecisionPlaceEnum), 'Taken at any of these places.'),
    mode: input(anyOf(PolicyModeEnum), 'In any of these modes.'),
    agent: input(anyOf(GraphQLString), 'About any of these agents; "" finds decisions that name none.'),
  },
})

export interface DecisionFilter {
  readonly range?: TimeRange | null
  readonly runId?: readonly string[] | null
  readonly spanId?: readonly string[] | null
  readonly policyId?: readonly string[] | null
  readonly outcome?: readonly Outcome[] | null
  readonly place?: readonly DecisionPlace[] | null
  readonly mode?: readonly PolicyMode[] | null
  readonly agent?: readonly string[] | null
}
