import { GraphQLFloat, GraphQLID, GraphQLInt, GraphQLObjectType, GraphQLString } from 'graphql'
import type { UnixNano } from '#semconv/facts.ts'
import type { MetricKind } from '#semconv/metric.ts'
import type { QueryContext } from '../context.ts'
import { Count, DateTime } from '../scalars.ts'
import { argument, asked, listOf, plain, required } from '../shape.ts'
import { type Aggregation, MetricAggregationEnum } from './aggregation.ts'
import { MetricKindEnum } from './metric.ts'

export interface ChartPoint {
  readonly start: UnixNano
  readonly value: number
}

export interface ChartSeries {
  readonly group: string
  readonly points: readonly ChartPoint[]
}

export interface MetricExemplar {
  readonly time: UnixNano
  readonly value: number
  readonly runId: string
  readonly spanId: string
  readonly group: string
}

export interface MetricChart {
  readonly name: string
  readonly unit: string
  readonly kind: MetricKind
  readonly aggregation: Aggregation
  readonly from: UnixNano
  readonly to: UnixNano
  readonly intervalSeconds: number
  readonly series: readonly ChartSeries[]
  readonly exemplars: (first: number) => Promise<MetricExemplar[]>
}

const MetricChartPointType = new GraphQLObjectType<ChartPoint, QueryContext>({
  name: 'MetricChartPoint',
  description: 'One value of a chart.',
  fields: {
    start: plain(required(DateTime), 'Start of its bucket of time.'),
    value: plain(required(GraphQLFloat), 'The value, in the metric\'s unit (RATE: per second; COUNT: measurements).'),
  },
})

const MetricSeriesType = new GraphQLObjectType<ChartSeries, QueryContext>({
  name: 'MetricSeries',
  description: 'One line of a chart.',
  fields: {
    group: plain(required(GraphQLString), 'What it is split by; "" for points that name none, or where nothing is split.'),
    points: plain(listOf(MetricChartPointType), 'In order of time. A bucket without a point has no value.'),
  },
})

const MetricExemplarType = new GraphQLObjectType<MetricExemplar, QueryContext>({
  name: 'MetricExemplar',
  description: 'A measurement and the span it was made in.',
  fields: {
    time: plain(required(DateTime), 'When it was measured.'),
    value: plain(required(GraphQLFloat), 'What was measured, in the metric\'s unit.'),
    runId: plain(required(GraphQLID), 'Trace id of its run. The trace may not have been sent to us.'),
    spanId: plain(required(GraphQLID), 'The span.'),
    group: plain(required(GraphQLString), 'The line it belongs to.'),
  },
})

export const MetricChartType = new GraphQLObjectType<MetricChart, QueryContext>({
  name: 'MetricChart',
  description: 'A metric over time. Differences of cumulative points are taken from one point to the next of a stream; a stream that started anew counts from there, and one whose start and earlier points are unknown counts from its second point.',
  fields: {
    name: plain(required(GraphQLString), 'Name of the metric.'),
    unit: plain(required(GraphQLString), 'Its unit.'),
    kind: plain(required(MetricKindEnum), 'Its kind.'),
    aggregation: plain(required(MetricAggregationEnum), 'What the values say.'),
    from: plain(required(DateTime), 'First moment inside.'),
    to: plain(required(DateTime), 'First moment outside.'),
    intervalSeconds: plain(required(Count), 'Width of a bucket of time. Buckets start at whole multiples of it since 1970.'),
    series: plain(listOf(MetricSeriesType), 'One line for each group, the largest first.'),
    exemplars: asked<MetricChart, { readonly first: number }>(
      listOf(MetricExemplarType), 'Measurements that lead to a span, the largest three of each bucket of time; earliest first.',
      { first: argument(GraphQLInt, 'How many, 1 to 500.', 200) }, (chart, { first }) => chart.exemplars(first)),
  },
})
