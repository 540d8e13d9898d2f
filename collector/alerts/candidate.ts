import type { AlertGroup, AlertSignal } from '#otel-config/alerts/alert.ts'
import type { Severity } from './notice.ts'

/** Something that is worth an alert; whether it becomes one is decided by those that are there already. */
export interface Candidate {
  /** Of what: the same for every look at the same thing in the same period. */
  readonly key: string
  readonly rule: string
  /** The budget it is about, '' if none, and what of it was crossed. */
  readonly budget: string
  readonly crossing: string
  /** Value of the rule's group, '' if it has none. */
  readonly group: string
  /** What was read. */
  readonly on: 'budget' | AlertSignal
  /** What `group` is a value of; `null` where the rule has none, and of budgets, which have groups of their own. */
  readonly groupBy: AlertGroup | null
  /** Beginning of what was read, in milliseconds since the epoch; `null` where it has none. */
  readonly from: number | null
  readonly severity: Severity
  readonly title: string
  readonly summary: string
  readonly values: Readonly<Record<string, string>>
  /** One alert for a key, ever: a threshold is told once in a period, however often usage goes above and below it. */
  readonly once: boolean
  /** When it is over by itself, in milliseconds since the epoch. */
  readonly periodEnd: number | null
}
