import type { AlertGroup, AlertRule, AlertSignal, DestinationKind } from './alert.ts'

/** An alert as it stands. Times in milliseconds since the epoch. */
export interface AlertState {
  readonly key: string
  readonly rule: string
  readonly severity: 'critical' | 'warning' | 'info'
  readonly title: string
  readonly summary: string
  readonly values: Readonly<Record<string, string>>
  /** What was read; `null` where an older program fired it. */
  readonly on: 'budget' | AlertSignal | null
  /** '' where it is about none. */
  readonly budget: string
  readonly groupBy: AlertGroup | null
  readonly group: string
  /** Beginning of what was read. */
  readonly from: number | null
  readonly firing: boolean
  readonly firedAt: number
  readonly resolvedAt: number | undefined
  /** Destinations that are still to be told. */
  readonly waiting: readonly string[]
}

/** A rule in force. */
export interface DefinedRule {
  readonly rule: AlertRule
  /** Which version it is, and since when (nanoseconds since the epoch); `undefined` of the operator's file, which alone changes what it defines. */
  readonly defined: { readonly version: number; readonly postedAt: bigint } | undefined
}

export interface RuleState extends DefinedRule {
  readonly mutedUntil: number | undefined
  /** Destinations that it names and the operator's file does not, or not any more: nobody is told there. */
  readonly unknown: readonly string[]
}

/** Alerts that a preview tells one by one, and steps of time. */
export const previewedAlertsMax = 100
export const previewedReadingsMax = 200

/** What a rule would have said in the past. Times in milliseconds since the epoch. */
export interface Preview {
  readonly from: number
  readonly to: number
  /** How many alerts there would have been. */
  readonly total: number
  /** The latest of them, latest first. */
  readonly alerts: readonly PreviewedAlert[]
  /** The highest value of any group by step of time, earliest first; `undefined` where there was nothing to read. */
  readonly readings: readonly { readonly start: number; readonly end: number; readonly value: number | undefined }[]
}

export interface PreviewedAlert {
  readonly group: string
  /** Beginning of the first window that is above the line. */
  readonly since: number
  readonly firedAt: number
  /** `undefined` where it would still fire. */
  readonly resolvedAt: number | undefined
  /** `undefined` where it would have fired because there was nothing to read. */
  readonly highest: number | undefined
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
  /** What a rule in force, or one that is written and not yet defined, would have said between two moments. Throws `AlertError`. */
  preview(of: { readonly rule: string } | { readonly document: string }, from: number, to: number): Promise<Preview>
  /** Takes a rule as YAML, a new version where the id is known. Throws `AlertError`. */
  define(yaml: string): Promise<RuleState>
  /** Ends a rule and what it fired. Throws `AlertError`. */
  retire(rule: string): Promise<RuleState>
}
