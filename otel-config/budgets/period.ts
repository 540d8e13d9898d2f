import type { CalendarPeriod } from './budget.ts'

/** From (inclusive) to (exclusive), milliseconds since the epoch. */
export interface Stretch {
  readonly start: number
  readonly end: number
}

/** Offsets such as "+02:00" are zones to Intl and not to ClickHouse, which is asked in the same words. */
const zoneText = /^[A-Za-z][A-Za-z0-9_+\-/]{0,63}$/

export function isZone(zone: string): boolean {
  if (!zoneText.test(zone)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    // Intl throws a RangeError for a zone it does not know.
    return false
  }
}

const dayMs = 86_400_000
const formats = new Map<string, Intl.DateTimeFormat>()

/** What a clock on the wall of the zone shows, as if it were UTC. */
function wallTime(at: number, zone: string): number {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
    })
    formats.set(zone, format)
  }
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {}
  for (const { type, value } of format.formatToParts(at)) parts[type] = Number(value)
  return Date.UTC(parts.year ?? 0, (parts.month ?? 1) - 1, parts.day, parts.hour, parts.minute, parts.second) + (((at % 1_000) + 1_000) % 1_000)
}

/**
 * The first moment of a day of the zone. Midnight may be there twice or not at all, where clocks are set at midnight: the
 * offsets of a day before and after give the candidates, and the first one that belongs to the day is taken.
 */
function dayStart(midnight: number, zone: string): number {
  const offset = (at: number): number => wallTime(at, zone) - at
  const candidates = [midnight - offset(midnight - dayMs), midnight - offset(midnight + dayMs)].sort((a, b) => a - b)
  return candidates.find((at) => wallTime(at, zone) >= midnight) ?? (candidates[1] as number)
}

const quarterMonths = 3

/** Year, month and day in which the `n`th period after the one that holds `wall` begins. */
function startOf(unit: CalendarPeriod, wall: number, n: number): number {
  const date = new Date(wall)
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  switch (unit) {
    case 'day': return Date.UTC(year, month, day + n)
    // From Monday, as ISO 8601 has it.
    case 'week': return Date.UTC(year, month, day - ((date.getUTCDay() + 6) % 7) + 7 * n)
    case 'month': return Date.UTC(year, month + n, 1)
    case 'quarter': return Date.UTC(year, month - (month % quarterMonths) + quarterMonths * n, 1)
    case 'year': return Date.UTC(year + n, 0, 1)
  }
}

/** The calendar period that holds a moment, or the `n`th after it (before it, where negative). */
export function calendarPeriod(unit: CalendarPeriod, timeZone: string, at: number, n = 0): Stretch {
  const wall = wallTime(at, timeZone)
  return { start: dayStart(startOf(unit, wall, n), timeZone), end: dayStart(startOf(unit, wall, n + 1), timeZone) }
}
