import { AlertError } from '#otel-config/alerts/alert.ts'
import { type Preview, type PreviewedAlert, previewedAlertsMax, previewedReadingsMax } from '#otel-config/alerts/standing.ts'
import { isAbove, isOver, type Reading, readingsMax, type SignalRule, taken, windowsBetween } from './signals.ts'

/** Windows that a preview looks at: a month of 15 minutes. */
export const windowsMax = 3_000

/** A group above the line: since when, and what became of it. */
interface Above {
  readonly since: number
  /** When it had been above for as long as the rule asks for. */
  readonly firedAt: number | undefined
  readonly highest: number
}

/**
 * What a rule would have said of readings of the past. It looks at window after window, where the alerter looks every 30 seconds; a
 * window counts for as long as it is wide. Pure.
 */
export function backtest(rule: SignalRule, found: readonly Reading[], from: number, to: number): Preview {
  if (found.length >= readingsMax) throw new AlertError(`rule '${rule.id}': there are more than ${readingsMax} values to look at: take a longer window, or fewer groups`)
  const count = windowsBetween(rule, from, to)
  const windows = Array.from({ length: count }, (_, index) => ({ start: to - (count - index) * rule.windowMs, values: new Map<string, number>() }))
  for (const { start, group, value } of found) windows[Math.round((start - to) / rule.windowMs) + count]?.values.set(group, value)
  const alerts = alertsOf(rule, windows)
  return { from: to - count * rule.windowMs, to, total: alerts.length, alerts: alerts.slice(-previewedAlertsMax).reverse(), readings: steps(windows, rule.windowMs) }
}

interface Window {
  readonly start: number
  readonly values: ReadonlyMap<string, number>
}

/** As `Alerter` fires and resolves, earliest first. */
function alertsOf(rule: SignalRule, windows: readonly Window[]): PreviewedAlert[] {
  const alerts: PreviewedAlert[] = []
  const above = new Map<string, Above>()
  const end = (group: string, { since, firedAt, highest }: Above, resolvedAt: number | undefined): void => {
    above.delete(group)
    if (firedAt !== undefined) alerts.push({ group, since, firedAt, resolvedAt, highest: Number.isFinite(highest) ? highest : undefined })
  }
  for (const { start, values: read } of windows) {
    const values = taken(rule, read)
    if (values === undefined) continue
    for (const [group, one] of above) if (isOver(rule, values, group)) end(group, one, start + rule.windowMs)
    for (const [group, value] of values) {
      if (!isAbove(rule, values, group)) continue
      const { since, firedAt, highest } = above.get(group) ?? { since: start, firedAt: undefined, highest: value }
      const lasted = start + rule.windowMs - since >= rule.forMs
      // Windows that said nothing count, and nobody is told in them.
      above.set(group, { since, firedAt: firedAt ?? (lasted ? Math.max(since + Math.max(rule.windowMs, rule.forMs), start) : undefined), highest: Math.max(highest, value) })
    }
  }
  for (const [group, one] of above) end(group, one, undefined)
  return alerts.sort((a, b) => a.firedAt - b.firedAt)
}

/** The highest value of any group, in at most `previewedReadingsMax` steps of whole windows. */
function steps(windows: readonly Window[], windowMs: number): Preview['readings'] {
  const perStep = Math.ceil(windows.length / previewedReadingsMax)
  return windows.filter((_, index) => index % perStep === 0).map(({ start }, index) => {
    const step = windows.slice(index * perStep, (index + 1) * perStep)
    const highest = Math.max(...step.flatMap(({ values }) => [...values.values()]))
    return { start, end: start + step.length * windowMs, value: highest === Number.NEGATIVE_INFINITY ? undefined : highest }
  })
}
