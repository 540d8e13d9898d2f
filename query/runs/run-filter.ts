import { GraphQLBoolean, GraphQLFloat, GraphQLID, GraphQLInputObjectType, GraphQLString } from 'graphql'
import type { PicoUsd, RunStatus } from '#semconv/facts.ts'
import { RunStatusEnum } from '../enums.ts'
import { Decimal } from '../scalars.ts'
import { anyOf, enumOf, input } from '../shape.ts'
import { type TimeRange, TimeRangeInput } from '../time-range.ts'
import { type AttributeFilter, AttributeFilterInput } from './attribute-filter.ts'

export interface RunFilter {
  readonly text?: string | null
  readonly ids?: readonly string[] | null
  readonly range?: TimeRange | null
  readonly status?: readonly RunStatus[] | null
  readonly service?: readonly string[] | null
  readonly environment?: readonly string[] | null
  readonly workflow?: readonly string[] | null
  readonly project?: readonly string[] | null
  readonly agent?: readonly string[] | null
  readonly user?: readonly string[] | null
  readonly session?: readonly string[] | null
  readonly provider?: readonly string[] | null
  readonly model?: readonly string[] | null
  readonly minCost?: PicoUsd | null
  readonly maxCost?: PicoUsd | null
  readonly minDurationMs?: number | null
  readonly maxDurationMs?: number | null
  readonly hasErrors?: boolean | null
  readonly hasPolicyDecisions?: boolean | null
  readonly hasUnpriced?: boolean | null
  readonly settled?: boolean | null
  readonly attributes?: readonly AttributeFilter[] | null
}

export const RunFilterInput = new GraphQLInputObjectType({
  name: 'RunFilter',
  description: 'Which runs. All conditions hold together; one that is left out, null or an empty list restricts nothing.',
  fields: {
    text: input(GraphQLString, 'Occurs, in any case, in the name, an agent, user, session, service, workflow or model, or is the start of the id.'),
    ids: input(anyOf(GraphQLID), 'Any of these trace ids.'),
    range: input(TimeRangeInput, 'When the run started.'),
    status: input(anyOf(RunStatusEnum), 'Any of these.'),
    service: input(anyOf(GraphQLString), 'Any of these services.'),
    environment: input(anyOf(GraphQLString), 'Any of these environments; "" finds runs that name none.'),
    workflow: input(anyOf(GraphQLString), 'Any of these workflows; "" finds runs that name none.'),
    project: input(anyOf(GraphQLString), 'Any of these projects.'),
    agent: input(anyOf(GraphQLString), 'At least one of these agents took part; "" finds runs that name none.'),
    user: input(anyOf(GraphQLString), 'At least one of these users; "" finds runs that name none.'),
    session: input(anyOf(GraphQLString), 'At least one of these sessions; "" finds runs that name none.'),
    provider: input(anyOf(GraphQLString), 'At least one of these providers; "" finds runs that name none.'),
    model: input(anyOf(GraphQLString), 'At least one of these models; "" finds runs that name none.'),
    minCost: input(Decimal, 'US dollars, inclusive.'),
    maxCost: input(Decimal, 'US dollars, inclusive.'),
    minDurationMs: input(GraphQLFloat, 'Milliseconds, inclusive; running runs have no duration and do not match.'),
    maxDurationMs: input(GraphQLFloat, 'Milliseconds, inclusive; running runs have no duration and do not match.'),
    hasErrors: input(GraphQLBoolean, 'Whether any span failed.'),
    hasPolicyDecisions: input(GraphQLBoolean, 'Whether any policy decided something.'),
    hasUnpriced: input(GraphQLBoolean, 'Whether a model call has no known price.'),
    settled: input(GraphQLBoolean, 'Whether the figures are exact by now.'),
    attributes: input(anyOf(AttributeFilterInput), 'Each of these, at most 8, stands on one of its spans; content is not looked into.'),
  },
})

export const runOrders = ['STARTED_AT_DESC', 'STARTED_AT_ASC', 'COST_DESC', 'DURATION_DESC', 'TOKENS_DESC'] as const
export type RunOrder = (typeof runOrders)[number]
export const RunOrderEnum = enumOf('RunOrder', 'How runs are sorted; equal ones by id.', runOrders, {
  STARTED_AT_DESC: 'Latest start first.',
  STARTED_AT_ASC: 'Earliest start first.',
  COST_DESC: 'Dearest first.',
  DURATION_DESC: 'Longest first; running ones last.',
  TOKENS_DESC: 'Most tokens first.',
})
