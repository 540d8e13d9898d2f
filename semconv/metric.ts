import type { Attributes, Resource, Scope } from './attributes.ts'

/**
 * What a metric is, in the words of OpenTelemetry's instruments: a `Sum` that only rises is a counter, one that may fall an
 * up-down counter.
 */
export const metricKinds = ['GAUGE', 'COUNTER', 'UP_DOWN_COUNTER', 'HISTOGRAM', 'EXPONENTIAL_HISTOGRAM', 'SUMMARY'] as const
export type MetricKind = (typeof metricKinds)[number]

/** Whether a point tells what happened since the point before (`DELTA`) or since its start (`CUMULATIVE`); gauges and summaries say neither. */
export const temporalities = ['NONE', 'DELTA', 'CUMULATIVE'] as const
export type Temporality = (typeof temporalities)[number]

/** What the points of a metric share. */
export interface Metric {
  readonly name: string
  readonly description: string
  /** UCUM, such as `s`, `By` or `{token}`; '' where the sender names none. */
  readonly unit: string
  readonly kind: MetricKind
  readonly temporality: Temporality
  readonly resource: Resource
  readonly scope: Scope
}

/** A measurement that shows what a point is made of: of which span it is. */
export interface Exemplar {
  readonly timeUnixNano: bigint
  /** An int is a `bigint`, a double a `number`. */
  readonly value: bigint | number
  /** Hex, 32 and 16 digits, both '' where no span was recorded. */
  readonly traceId: string
  readonly spanId: string
  readonly filteredAttributes: Attributes
}

/** Buckets of an exponential histogram: `counts[i]` lie in `(base^(offset+i), base^(offset+i+1)]`, where `base = 2^(2^-scale)`. */
export interface ExponentialBuckets {
  readonly offset: number
  readonly counts: readonly bigint[]
}

/** What histograms and summaries say of all their measurements together. */
interface Totals {
  readonly count: bigint
  readonly sum: number | undefined
}

export type PointValue =
  /** Neither a value nor a distribution: the sender says that it measured nothing. */
  | { readonly type: 'none' }
  | { readonly type: 'number'; readonly value: bigint | number }
  | (Totals & {
      readonly type: 'histogram'
      readonly min: number | undefined
      readonly max: number | undefined
      /** One more than there are bounds, or none at all. */
      readonly bucketCounts: readonly bigint[]
      readonly explicitBounds: readonly number[]
    })
  | (Totals & {
      readonly type: 'exponential'
      readonly min: number | undefined
      readonly max: number | undefined
      readonly scale: number
      readonly zeroCount: bigint
      readonly zeroThreshold: number
      readonly positive: ExponentialBuckets
      readonly negative: ExponentialBuckets
    })
  | (Totals & { readonly type: 'summary'; readonly quantiles: readonly { readonly quantile: number; readonly value: number }[] })

/** A data point as decoded. */
export interface MetricPoint {
  readonly metric: Metric
  readonly attributes: Attributes
  /** Since when a sum or a distribution counts; 0 where that is unknown. */
  readonly startTimeUnixNano: bigint
  readonly timeUnixNano: bigint
  readonly flags: number
  readonly value: PointValue
  readonly exemplars: readonly Exemplar[]
}
