import { GraphQLInputObjectType, GraphQLObjectType, GraphQLString } from 'graphql'
import type { UnixNano } from '#semconv/facts.ts'
import { metricKinds, type MetricKind, temporalities, type Temporality } from '#semconv/metric.ts'
import type { QueryContext } from '../context.ts'
import { Count, DateTime } from '../scalars.ts'
import { anyOf, asked, enumOf, input, listOf, plain, required } from '../shape.ts'
import { aggregationsOf, MetricAggregationEnum } from './aggregation.ts'

export const MetricKindEnum = enumOf('MetricKind', 'What a metric measures.', metricKinds, {
  GAUGE: 'A level: each point is the value of its moment.',
  COUNTER: 'A sum that only rises.',
  UP_DOWN_COUNTER: 'A sum that may fall.',
  HISTOGRAM: 'Measurements counted in buckets with explicit bounds.',
  EXPONENTIAL_HISTOGRAM: 'Measurements counted in buckets whose bounds grow by a factor.',
  SUMMARY: 'Measurements whose quantiles the sender worked out; those cannot be combined.',
})

export const TemporalityEnum = enumOf('MetricTemporality', 'What a point of a sum or a histogram tells.', temporalities, {
  NONE: 'Neither: a gauge or a summary.',
  DELTA: 'What happened since the point before.',
  CUMULATIVE: 'What happened since its start.',
})

/** What a chart can be split by, besides attributes. Each is a column, filled from the conventions' current and older names. */
export const metricLabels = ['SERVICE', 'ENVIRONMENT', 'MODEL', 'PROVIDER', 'TOKEN_TYPE', 'AGENT', 'SESSION'] as const
export type MetricLabel = (typeof metricLabels)[number]
export const MetricLabelEnum = enumOf('MetricLabel', 'What points are labelled with, whatever the instrumentation calls it.', metricLabels, {
  SERVICE: 'Service that sent the point.',
  ENVIRONMENT: 'Deployment environment.',
  MODEL: 'Model.',
  PROVIDER: 'Who serves the model.',
  TOKEN_TYPE: 'Class of tokens, such as input or output.',
  AGENT: 'Agent.',
  SESSION: 'Conversation.',
})

export interface MetricFilter {
  readonly service?: readonly string[] | null
  readonly environment?: readonly string[] | null
  readonly model?: readonly string[] | null
  readonly provider?: readonly string[] | null
  readonly tokenType?: readonly string[] | null
  readonly agent?: readonly string[] | null
  readonly session?: readonly string[] | null
  readonly attributes?: readonly { readonly key: string; readonly values: readonly string[] }[] | null
}

const MetricAttributeFilterInput = new GraphQLInputObjectType({
  name: 'MetricAttributeFilter',
  description: 'Points whose attribute has one of these values.',
  fields: {
    key: input(required(GraphQLString), 'The attribute, such as `gen_ai.operation.name`.'),
    values: input(required(anyOf(GraphQLString)), 'Values as text; "" finds points without it.'),
  },
})

export const MetricFilterInput = new GraphQLInputObjectType({
  name: 'MetricFilter',
  description: 'Which points. All conditions hold together; one that is left out, null or an empty list restricts nothing.',
  fields: {
    service: input(anyOf(GraphQLString), 'Any of these services.'),
    environment: input(anyOf(GraphQLString), 'Any of these environments; "" finds points that name none.'),
    model: input(anyOf(GraphQLString), 'Any of these models; "" finds points that name none.'),
    provider: input(anyOf(GraphQLString), 'Any of these providers; "" finds points that name none.'),
    tokenType: input(anyOf(GraphQLString), 'Any of these classes of tokens; "" finds points that name none.'),
    agent: input(anyOf(GraphQLString), 'Any of these agents; "" finds points that name none.'),
    session: input(anyOf(GraphQLString), 'Any of these sessions; "" finds points that name none.'),
    attributes: input(anyOf(MetricAttributeFilterInput), 'At most 10 attributes.'),
  },
})

export interface Metric {
  readonly name: string
  readonly unit: string
  readonly kind: MetricKind
  readonly temporalities: readonly Temporality[]
  readonly description: string
  readonly services: readonly string[]
  readonly attributes: readonly string[]
  readonly series: number
  readonly points: number
  readonly firstAt: UnixNano
  readonly lastAt: UnixNano
}

export const MetricType = new GraphQLObjectType<Metric, QueryContext>({
  name: 'Metric',
  description: 'A metric that was received. One name with two units or kinds is two metrics.',
  fields: {
    name: plain(required(GraphQLString), 'Its name, such as `gen_ai.client.token.usage`.'),
    unit: plain(required(GraphQLString), 'UCUM, such as `s` or `{token}`; "" where the sender names none.'),
    kind: plain(required(MetricKindEnum), 'What it measures.'),
    temporalities: plain(listOf(TemporalityEnum), 'What its points tell; senders may differ.'),
    aggregations: asked(listOf(MetricAggregationEnum), 'What it can be charted by, the usual first.', {}, (metric) => aggregationsOf(metric)),
    description: plain(required(GraphQLString), 'What the sender says of it.'),
    services: plain(listOf(GraphQLString), 'Services that send it, at most 50.'),
    attributes: plain(listOf(GraphQLString), 'Keys of its points\' attributes, at most 50.'),
    series: plain(required(Count), 'Streams of points: one for each set of attributes of each sender.'),
    points: plain(required(Count), 'Data points.'),
    firstAt: plain(required(DateTime), 'Time of the first point.'),
    lastAt: plain(required(DateTime), 'Time of the last point.'),
  },
})
