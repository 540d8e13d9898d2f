import type { AlertRule, DestinationKind } from './alert.ts'

/** An alert as it stands. Times in milliseconds since the epoch. */
export interface AlertState {
  readonly key: string
  readonly rule: string
  readonly severity: 'critical' | 'warning' | 'info'
  readonly title: string
  readonly summary: string
  readonly values: Readonly<Record<string, string>>
  readonly firing: boolean
  readonly firedAt: number
  readonly resolvedAt: number | undefined
  /** Destinations that are still to be told. */
  readonly waiting: readonly string[]
}

export interface RuleState {
  readonly rule: AlertRule
  readonly mutedUntil: number | undefined
}

/** A destination without anything secret. */
export interface DestinationState {
  readonly id: string
  readonly kind: DestinationKind
  /** Failures in a row; from five on it rests for a minute. */
  readonly failures: number
  /** It answered 410 Gone and is not told anything any more. */
  readonly gone: boolean
}

/** Whoever watches: the collector of this very process. */
export interface AlertKeeper {
  alerts(): readonly AlertState[]
  rules(): readonly RuleState[]
  destinations(): readonly DestinationState[]
  /** Until a moment, `undefined` to end it. Throws `AlertError`. */
  mute(rule: string, until: number | undefined): Promise<RuleState>
  /** Sends a test notice now, once. Throws `AlertError`. */
  test(destination: string): Promise<{ readonly ok: boolean; readonly detail: string }>
  /** When a rule would have fired between two moments. Throws `AlertError`. */
  preview(rule: string, from: number, to: number): Promise<readonly { readonly at: number; readonly group: string; readonly value: number }[]>
}
