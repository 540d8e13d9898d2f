/** Where a budget is going: how fast it burns, and what it will have used when its period ends. Pure. */

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const weekHours = 168
/** History below this says nothing about a week. */
const historyMsMin = 7 * dayMs
/** How far back usual hours are looked for, and how far what is recent goes. In milliseconds. */
const usualMs = 28 * dayMs
const recentMs = 7 * dayMs
/** A week that was wild does not foretell a wilder one. */
const trendMin = 0.5
const trendMax = 2
/** Days are drawn so many times to say how far the forecast may be off. */
const draws = 200

export interface Forecast {
  /** At the end of the period, in the budget's scale. */
  readonly value: bigint
  /** One in ten outcomes is below, one in ten above. */
  readonly low: bigint
  readonly high: bigint
  /** When the limit is reached, in milliseconds since the epoch; `undefined` where that is not within the period. */
  readonly exhaustedAt: number | undefined
}

export interface ForecastInput {
  /** Usage by hour since the epoch. */
  readonly hours: ReadonlyMap<number, bigint>
  /** What was used in the period so far. */
  readonly actual: bigint
  readonly limit: bigint
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly end: number
}

/**
 * Used so far, plus for each hour that remains the median of that hour of the week over the last four weeks, times how the last
 * week compares to the four. `undefined` below a week of history. An estimate, so it is worked out in floats.
 */
export function forecast({ hours, actual, limit, now, end }: ForecastInput): Forecast | undefined {
  const first = Math.min(...hours.keys()) * hourMs
  if (!(now - first >= historyMsMin)) return undefined
  const from = Math.max(first, now - usualMs)
  const between = (start: number, stop: number): number => {
    let sum = 0
    for (const [hour, value] of hours) if (hour * hourMs >= start && hour * hourMs < stop) sum += Number(value)
    return sum
  }
  const usualDaily = between(from, now) / ((now - from) / dayMs)
  const recentDaily = between(now - recentMs, now) / (recentMs / dayMs)
  const trend = usualDaily === 0 ? 1 : Math.min(trendMax, Math.max(trendMin, recentDaily / usualDaily))
  const usual = usualHours(hours, from, now)
  let value = Number(actual)
  let exhaustedAt = actual >= limit ? now : undefined
  for (let at = now; at < end;) {
    const next = Math.min(end, (Math.floor(at / hourMs) + 1) * hourMs)
    const added = (usual[Math.floor(at / hourMs) % weekHours] ?? 0) * trend * ((next - at) / hourMs)
    if (exhaustedAt === undefined && added > 0 && value + added >= Number(limit)) exhaustedAt = at + ((Number(limit) - value) / added) * (next - at)
    value += added
    at = next
  }
  const [low, high] = spread(hours, from, now, (end - now) / dayMs)
  const base = Number(actual)
  return { value: whole(value), low: whole(Math.min(value, base + low * trend)), high: whole(Math.max(value, base + high * trend)), exhaustedAt }
}

const whole = (value: number): bigint => BigInt(Math.round(value))

/** Median by hour of the week; an hour in which nothing was used counts as nothing. */
function usualHours(hours: ReadonlyMap<number, bigint>, from: number, now: number): readonly number[] {
  const seen: number[][] = Array.from({ length: weekHours }, () => [])
  for (let hour = Math.ceil(from / hourMs); hour < Math.floor(now / hourMs); hour++) seen[hour % weekHours]?.push(Number(hours.get(hour) ?? 0n))
  return seen.map((values) => {
    const sorted = values.sort((a, b) => a - b)
    const middle = sorted.length >> 1
    return sorted.length % 2 === 1 ? sorted[middle] ?? 0 : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
  })
}

/** The tenth and the ninetieth percentile of what so many days use, drawn from the days that were. The same days draw the same. */
function spread(hours: ReadonlyMap<number, bigint>, from: number, now: number, days: number): readonly [number, number] {
  const daily: number[] = []
  for (let start = now - dayMs; start >= from; start -= dayMs) {
    let sum = 0
    for (let hour = Math.ceil(start / hourMs); hour < Math.ceil((start + dayMs) / hourMs); hour++) sum += Number(hours.get(hour) ?? 0n)
    daily.push(sum)
  }
  let seed = 1
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
  const sums = Array.from({ length: draws }, () => {
    let sum = 0
    for (let left = days; left > 0; left--) sum += (daily[Math.floor(random() * daily.length)] ?? 0) * Math.min(1, left)
    return sum
  }).sort((a, b) => a - b)
  return [sums[Math.floor(draws * 0.1)] ?? 0, sums[Math.floor(draws * 0.9)] ?? 0]
}

export const burnSeverities = ['page', 'urgent', 'ticket', 'notice'] as const
export type BurnSeverity = (typeof burnSeverities)[number]

/** A burn of 1 uses exactly the limit in the period. Both windows must burn: the long one says that it matters, the short one that it goes on. */
export const burnWindows: Readonly<Record<BurnSeverity, { readonly burn: number; readonly longMs: number; readonly shortMs: number }>> = {
  page: { burn: 14.4, longMs: hourMs, shortMs: hourMs / 12 },
  urgent: { burn: 6, longMs: 6 * hourMs, shortMs: hourMs / 2 },
  ticket: { burn: 3, longMs: dayMs, shortMs: 2 * hourMs },
  notice: { burn: 1, longMs: 3 * dayMs, shortMs: 6 * hourMs },
}
/** Small budgets are noisy: below this share of the limit, and this many calls, in the long window nobody is told. */
const burnShareMin = 0.01
const burnCallsMin = 10

export interface Burn {
  readonly severity: BurnSeverity
  readonly long: number
  readonly short: number
  readonly fires: boolean
}

/** `used` sums the last so many milliseconds. */
export function burns(limit: bigint, periodMs: number, used: (ms: number) => { readonly value: bigint; readonly calls: number }): Burn[] {
  const rate = (value: bigint, ms: number): number => Number(value) / Number(limit) / (ms / periodMs)
  return burnSeverities.filter((severity) => burnWindows[severity].longMs < periodMs).map((severity) => {
    const { burn, longMs, shortMs } = burnWindows[severity]
    const [inLong, inShort] = [used(longMs), used(shortMs)]
    const [long, short] = [rate(inLong.value, longMs), rate(inShort.value, shortMs)]
    const matters = Number(inLong.value) >= Number(limit) * burnShareMin && inLong.calls >= burnCallsMin
    return { severity, long, short, fires: matters && long >= burn && short >= burn }
  })
}
