import type { Interval } from '../queries.ts'

/** Which width of bar fits a stretch of time, and where a bar ends. Pure. */

const hour = 3_600_000
const day = 24 * hour
/** Bars that stand side by side before they are too thin to point at. */
const barsMax = 120

/** The finest interval that draws the stretch (milliseconds) in at most 120 bars. */
export const intervalFor = (stretch: number): Interval => {
  if (stretch <= barsMax * 60_000) return 'MINUTE'
  if (stretch <= barsMax * hour) return 'HOUR'
  if (stretch <= barsMax * day) return 'DAY'
  if (stretch <= barsMax * 7 * day) return 'WEEK'
  return 'MONTH'
}

/** First moment after a bucket, milliseconds; days, weeks and months are those of the reader's time zone. */
export const bucketEnd = (start: number, interval: Interval): number => {
  const end = new Date(start)
  switch (interval) {
    case 'MINUTE': return start + 60_000
    case 'HOUR': return start + hour
    case 'DAY': return end.setDate(end.getDate() + 1)
    case 'WEEK': return end.setDate(end.getDate() + 7)
    case 'MONTH': return end.setMonth(end.getMonth() + 1)
  }
}

/** Every bucket from the first start to the last, also those without costs: what is missing must not look adjacent. Milliseconds. */
export const bucketStarts = (starts: readonly number[], interval: Interval): number[] => {
  const [first, last] = [Math.min(...starts), Math.max(...starts)]
  const all: number[] = []
  for (let start = first; start <= last && all.length < 10 * barsMax; start = bucketEnd(start, interval)) all.push(start)
  return all
}

const formats: Readonly<Record<Interval, Intl.DateTimeFormat>> = {
  MINUTE: new Intl.DateTimeFormat(undefined, { month: 'short', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
  HOUR: new Intl.DateTimeFormat(undefined, { month: 'short', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
  DAY: new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: '2-digit' }),
  WEEK: new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: '2-digit' }),
  MONTH: new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'long' }),
}

export const bucketLabel = (start: number, interval: Interval): string => `${interval === 'WEEK' ? 'week of ' : ''}${formats[interval].format(start)}`
