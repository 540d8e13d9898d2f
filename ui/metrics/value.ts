import { count, duration } from '../format.ts'
import type { MetricAggregation, MetricKind } from '../queries.ts'

/** How values of a metric are written. Pure. */

/** Milliseconds in one of a unit of time (UCUM). */
const timeUnits: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, ms: 1, s: 1_000, min: 60_000, h: 3_600_000 }

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const
/** `842 B`, `12.5 MiB`. */
export const bytes = (value: number): string => {
  const power = value < 1 ? 0 : Math.min(byteUnits.length - 1, Math.floor(Math.log2(value) / 10))
  return `${plain(value / 1024 ** power)} ${byteUnits[power] ?? 'B'}`
}

/** Up to four digits that say something: `0.0123`, `12.5`, `842`, `12.4k`. */
const plain = (value: number): string => {
  if (value === 0) return '0'
  if (value >= 1_000) return count(Math.round(value))
  if (value >= 1e-4) return String(Number(value.toPrecision(value >= 100 ? 4 : 3)))
  return value.toExponential(2)
}

/** `{token}` is a word about what is counted, `1` and `%` stand by themselves; other units of UCUM are written behind. */
const withUnit = (value: number, unit: string): string => {
  if (Object.hasOwn(timeUnits, unit)) return duration(value * (timeUnits[unit] ?? 1))
  if (unit === 'By') return bytes(value)
  const word = /^\{(.+)\}$/.exec(unit)?.[1] ?? (unit === '1' ? '' : unit)
  return word === '' ? plain(value) : `${plain(value)} ${word}`
}

/** A value as its aggregation makes it: measurements have no unit, rates are per second. */
export const metricValue = (value: number, unit: string, aggregation: MetricAggregation, kind: MetricKind): string => {
  const sign = value < 0 ? '−' : ''
  const measured = kind === 'HISTOGRAM' || kind === 'EXPONENTIAL_HISTOGRAM' || kind === 'SUMMARY'
  if (aggregation === 'COUNT') return `${sign}${plain(Math.abs(value))}`
  if (aggregation === 'RATE') return `${sign}${measured ? plain(Math.abs(value)) : withUnit(Math.abs(value), unit)}/s`
  return `${sign}${withUnit(Math.abs(value), unit)}`
}

export const kindWords: Readonly<Record<MetricKind, string>> = {
  GAUGE: 'Gauge', COUNTER: 'Counter', UP_DOWN_COUNTER: 'Up-down counter', HISTOGRAM: 'Histogram', EXPONENTIAL_HISTOGRAM: 'Exponential histogram', SUMMARY: 'Summary',
}

export const aggregationWords: Readonly<Record<MetricAggregation, string>> = {
  AVG: 'Mean', MIN: 'Lowest', MAX: 'Highest', LAST: 'Last', SUM: 'Sum', RATE: 'Per second', COUNT: 'Number of measurements',
  P50: 'Median', P90: '90th percentile', P95: '95th percentile', P99: '99th percentile',
}

/** Whether single measurements can be drawn on the same axis: they are values, not sums of them. */
export const sharesAxis = (aggregation: MetricAggregation): boolean => !['SUM', 'RATE', 'COUNT'].includes(aggregation)

/** `5 s`, `1 min`, `3 h`, `1 d`. */
export const widthWords = (seconds: number): string => {
  for (const [size, word] of [[86_400, 'd'], [3_600, 'h'], [60, 'min']] as const) if (seconds % size === 0) return `${seconds / size} ${word}`
  return `${seconds} s`
}
