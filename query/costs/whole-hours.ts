import { costDaysFrom, costDaysTo } from '#clickhouse/cost-days.ts'
import type { TimeRange } from '../time-range.ts'

/** A zone keeps to half or quarter hours for half a year at least, where it ever does: Lord Howe, in its winter. */
const stepMs = 30 * 86_400_000
const ms = (nanos: bigint): number => Number(nanos / 1_000_000n)

/** Within the range, as far as there are sums of it, days of this zone begin with an hour of UTC. The zone is one that Intl knows. */
export function hasWholeHours(timeZone: string, { from, to }: TimeRange): boolean {
  const offsets = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' })
  const isWhole = (at: number): boolean => /GMT(?:[+-]\d\d:00)?$/.test(offsets.format(at))
  const [first, last] = [Date.parse(costDaysFrom), Date.parse(costDaysTo)]
  const [start, end] = [Math.max(first, from == null ? first : ms(from)), Math.min(last, to == null ? last : ms(to))]
  for (let at = start; at < end; at += stepMs) if (!isWhole(at)) return false
  return isWhole(end)
}
