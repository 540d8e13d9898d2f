import type { UnixNano } from '#semconv/facts.ts'
import { choice, id, type Table, text, time, word } from '../table.ts'

/** The order is the storage value: append, never reorder. */
export const alertEventKinds = ['FIRING', 'RESOLVED', 'DELIVERED', 'FAILED', 'MUTED'] as const
/** What became of an alert, or of telling one destination of it. */
export type AlertEventKind = (typeof alertEventKinds)[number]

/** One thing that happened to an alert. Append-only: the history of alerts and of their deliveries. */
export interface AlertEventRow {
  readonly tenant: string
  /** 64 hex digits: sha256 over the alert, the kind, the destination and the attempt; the same event twice is one row. */
  readonly id: string
  readonly at: UnixNano
  readonly kind: AlertEventKind
  readonly ruleId: string
  /** Stable over evaluations: one alert of one rule, group and period. */
  readonly alertKey: string
  readonly severity: string
  readonly title: string
  readonly summary: string
  /** Where it was sent, '' for the alert's own events. */
  readonly destination: string
  /** What the destination answered, or why it could not be reached. */
  readonly detail: string
}

export const alertEvents: Table<AlertEventRow> = {
  name: 'alert_events',
  columns: [
    word('tenant', (r) => r.tenant),
    id('id', 32, (r) => r.id),
    time('at', (r) => r.at),
    choice('kind', alertEventKinds, (r) => r.kind),
    word('rule_id', (r) => r.ruleId),
    text('alert_key', (r) => r.alertKey),
    word('severity', (r) => r.severity),
    text('title', (r) => r.title),
    text('summary', (r) => r.summary),
    word('destination', (r) => r.destination),
    text('detail', (r) => r.detail),
  ],
}
