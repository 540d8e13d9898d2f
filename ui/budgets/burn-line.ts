/** A period of a budget as lines: what was used until each moment, where it goes, and the limit. Pure. Heights are floats because pixels are. */
import type { Bucket, LineSeries } from '../chart.tsx'
import { localTime } from '../format.ts'
import type { BudgetFieldsFragment, BudgetGroupFieldsFragment, Interval } from '../queries.ts'
import { amountText } from './budget-words.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** How finely a calendar period is drawn: some 24 to 170 buckets. `undefined` for one that has no end of its own. */
export const burnInterval = (period: BudgetFieldsFragment['period']): Interval | undefined => {
  switch (period) {
    case 'DAY':
    case 'WEEK': return 'HOUR'
    case 'MONTH':
    case 'QUARTER': return 'DAY'
    case 'YEAR': return 'WEEK'
    case 'ROLLING':
    case 'RUN':
    case 'LIFETIME': return undefined
  }
}

/** Milliseconds. A day on which clocks change is an hour off, which a picture does not show. */
const widthMs: Readonly<Record<Interval, number>> = { MINUTE: 60_000, HOUR: hourMs, DAY: dayMs, WEEK: 7 * dayMs, MONTH: 30 * dayMs }

/** What was used in one bucket of time, as the server says it. */
export interface Used {
  readonly start: string
  readonly amount: string
}

type Group = Pick<BudgetGroupFieldsFragment, 'periodStart' | 'periodEnd' | 'actual' | 'forecast'>

export interface Burn {
  readonly buckets: readonly Bucket[]
  readonly series: readonly LineSeries[]
}

/** `now` in milliseconds since the epoch. `undefined` where the group has no period. */
export function burnLine({ limit, measure }: Pick<BudgetFieldsFragment, 'limit' | 'measure'>, group: Group, interval: Interval, used: readonly Used[], now: number): Burn | undefined {
  if (group.periodStart === null || group.periodEnd === null) return undefined
  const [first, end] = [Date.parse(group.periodStart), Date.parse(group.periodEnd)]
  const width = widthMs[interval]
  const starts = Array.from({ length: Math.max(1, Math.ceil((end - first) / width)) }, (_, index) => first + index * width)
  const buckets = starts.map((start) => ({ start: start / 1_000, end: Math.min(start + width, end) / 1_000, label: localTime(new Date(start).toISOString()) }))
  const spent = used.map(({ start, amount }) => ({ start: Date.parse(start), amount: Number(amount) }))
  const text = (value: number | null): string => (value === null ? '' : `about ${amountText(measure, measure === 'USD' ? value.toFixed(6) : value.toFixed(0))}`)
  const line = (label: string, token: string, values: readonly (number | null)[], isLimit: boolean): LineSeries => ({ label, token, values, text: values.map(text), isLimit })
  const until = starts.map((start) => (start > now ? null : spent.reduce((sum, one) => (one.start < start + width ? sum + one.amount : sum), 0)))
  const here = until.findLastIndex((value) => value !== null)
  /** From what is used now, straight to what the forecast says of the end. */
  const towards = (value: string): (number | null)[] => {
    const [from, to] = [Number(group.actual), Number(value)]
    return starts.map((_, index) => (index < here ? null : from + (to - from) * (here === starts.length - 1 ? 1 : (index - here) / (starts.length - 1 - here))))
  }
  const { forecast } = group
  return {
    buckets,
    series: [
      line('used', '--series-1', until, false),
      ...(forecast === null ? [] : [line('forecast', '--series-3', towards(forecast.value), true), line('one in ten below', '--series-other', towards(forecast.low), true), line('one in ten above', '--series-other', towards(forecast.high), true)]),
      { ...line('limit', '--series-2', starts.map(() => Number(limit)), true), text: starts.map(() => amountText(measure, limit)) },
    ],
  }
}
