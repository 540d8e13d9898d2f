import type { MetricKind, Temporality } from '#semconv/metric.ts'
import { enumOf } from '../shape.ts'

export const aggregations = ['AVG', 'MIN', 'MAX', 'LAST', 'SUM', 'RATE', 'COUNT', 'P50', 'P90', 'P95', 'P99'] as const
export type Aggregation = (typeof aggregations)[number]

export const MetricAggregationEnum = enumOf('MetricAggregation', 'What one value of a chart says of the points in its bucket of time.', aggregations, {
  AVG: 'Gauges: mean of the points. Histograms and summaries: mean of the measurements.',
  MIN: 'Gauges: the lowest point.',
  MAX: 'Gauges: the highest point.',
  LAST: 'Gauges: mean of the streams\' last points. Cumulative up-down counters: sum of the streams\' last points.',
  SUM: 'Counters and up-down counters: what was added. Histograms and summaries: sum of the measurements.',
  RATE: 'What was added (counters), or how many measurements there were, a second.',
  COUNT: 'Histograms and summaries: how many measurements.',
  P50: 'Histograms: the median, estimated from buckets.',
  P90: 'Histograms: the 90th percentile, estimated from buckets.',
  P95: 'Histograms: the 95th percentile, estimated from buckets.',
  P99: 'Histograms: the 99th percentile, estimated from buckets.',
})

/** Which a kind can be charted by. */
const byKind: Readonly<Record<MetricKind, readonly Aggregation[]>> = {
  GAUGE: ['AVG', 'MIN', 'MAX', 'LAST'],
  COUNTER: ['SUM', 'RATE'],
  UP_DOWN_COUNTER: ['LAST', 'SUM'],
  HISTOGRAM: ['P50', 'P90', 'P95', 'P99', 'AVG', 'SUM', 'COUNT', 'RATE'],
  EXPONENTIAL_HISTOGRAM: ['P50', 'P90', 'P95', 'P99', 'AVG', 'SUM', 'COUNT', 'RATE'],
  SUMMARY: ['AVG', 'SUM', 'COUNT', 'RATE'],
}

interface Told {
  readonly kind: MetricKind
  readonly unit: string
  readonly temporalities: readonly Temporality[]
}

/** Which a metric can be charted by, the usual one first. */
export function aggregationsOf({ kind, unit, temporalities }: Told): readonly Aggregation[] {
  // The level of delta up-down counters is known to nobody.
  const possible = byKind[kind].filter((aggregation) => aggregation !== 'LAST' || kind === 'GAUGE' || !temporalities.includes('DELTA'))
  const isHistogram = kind === 'HISTOGRAM' || kind === 'EXPONENTIAL_HISTOGRAM'
  // Amounts, such as `{token}` or bytes, are added up; durations and the like are compared.
  const usual: Aggregation = isHistogram ? (unit.startsWith('{') || unit === 'By' ? 'SUM' : 'P95') : (possible[0] as Aggregation)
  return [usual, ...possible.filter((aggregation) => aggregation !== usual)]
}
