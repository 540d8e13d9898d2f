import { GraphQLBoolean, GraphQLFloat, GraphQLID, GraphQLObjectType, GraphQLString } from 'graphql'
import { alertEventKinds, type AlertEventKind } from '#clickhouse/tables/alert-events.ts'
import { type DestinationKind, destinationKinds, signalUnits } from '#otel-config/alerts/alert.ts'
import type { AlertState, DestinationState, RuleState } from '#otel-config/alerts/standing.ts'
import type { UnixNano } from '#semconv/facts.ts'
import type { QueryContext } from '../context.ts'
import { Count, DateTime, Json } from '../scalars.ts'
import { asked, atMost, enumOf, listOf, plain, required } from '../shape.ts'

const nanos = (ms: number): UnixNano => BigInt(Math.round(ms)) * 1_000_000n
const nanosOrNull = (ms: number | undefined): UnixNano | null => (ms === undefined ? null : nanos(ms))

const AlertSeverityEnum = enumOf('AlertSeverity', 'How bad it is.', ['CRITICAL', 'WARNING', 'INFO'], {
  CRITICAL: 'A limit is used up, or burns within hours.', WARNING: 'Somebody should look.', INFO: 'For information.',
})

export const AlertType = new GraphQLObjectType<AlertState, QueryContext>({
  name: 'Alert',
  description: 'Something that was told, once: a threshold of a budget in its period, or a rule that was above its line.',
  fields: {
    key: plain(required(GraphQLID), 'The same for every look at the same thing in the same period.'),
    rule: plain(required(GraphQLID), 'The rule that fired it.'),
    severity: asked(required(AlertSeverityEnum), 'How bad it is.', {}, ({ severity }) => severity.toUpperCase()),
    title: plain(required(GraphQLString), 'What happened, in a line.'),
    summary: plain(required(GraphQLString), 'The figures.'),
    values: plain(required(Json), 'The figures by name.'),
    firing: plain(required(GraphQLBoolean), 'It is not over.'),
    firedAt: asked(required(DateTime), 'When it was noticed.', {}, ({ firedAt }) => nanos(firedAt)),
    resolvedAt: asked(DateTime, 'When it was over.', {}, ({ resolvedAt }) => nanosOrNull(resolvedAt)),
    waiting: atMost(50, plain(listOf(GraphQLID), 'Destinations that are still to be told.')),
  },
})

export const AlertRuleType = new GraphQLObjectType<RuleState, QueryContext>({
  name: 'AlertRule',
  description: 'When somebody is told.',
  fields: {
    id: asked(required(GraphQLID), 'Its id.', {}, ({ rule }) => rule.id),
    on: asked(required(GraphQLString), 'What it looks at: `budget`, or a signal.', {}, ({ rule }) => rule.on),
    above: asked(GraphQLFloat, 'Above which value it fires; null for budgets, which have thresholds of their own.', {}, ({ rule }) => (rule.on === 'budget' ? null : rule.above)),
    unit: asked(GraphQLString, 'What `above` counts.', {}, ({ rule }) => (rule.on === 'budget' ? null : signalUnits[rule.on])),
    windowMs: asked(GraphQLFloat, 'How far it looks back, in milliseconds.', {}, ({ rule }) => (rule.on === 'budget' ? null : rule.windowMs)),
    forMs: asked(GraphQLFloat, 'How long it must be above, in milliseconds.', {}, ({ rule }) => (rule.on === 'budget' ? null : rule.forMs)),
    groupBy: asked(GraphQLString, 'One alert for each value of this.', {}, ({ rule }) => (rule.on === 'budget' ? null : rule.groupBy ?? null)),
    notify: atMost(20, asked(listOf(GraphQLID), 'Destinations.', {}, ({ rule }) => rule.notify)),
    mutedUntil: asked(DateTime, 'Until then it fires and tells nobody.', {}, ({ mutedUntil }) => nanosOrNull(mutedUntil)),
  },
})

export const AlertDestinationType = new GraphQLObjectType<DestinationState, QueryContext>({
  name: 'AlertDestination',
  description: 'Where alerts are sent. Addresses and secrets are in the operator\'s file and are never shown.',
  fields: {
    id: plain(required(GraphQLID), 'Its id.'),
    kind: asked(required(enumOf('AlertDestinationKind', 'What kind of receiver.', destinationKinds.map((kind) => kind.toUpperCase() as Uppercase<DestinationKind>), {
      SLACK: 'An incoming webhook of Slack.', WEBHOOK: 'Any receiver of signed webhooks (Standard Webhooks).', PAGERDUTY: 'PagerDuty, Events API v2.',
      ALERTMANAGER: 'Prometheus Alertmanager, API v2.', EMAIL: 'A mail server.',
    })), 'What kind of receiver.', {}, ({ kind }) => kind.toUpperCase()),
    failures: plain(required(Count), 'Failures in a row; from five on it rests for a minute.'),
    gone: plain(required(GraphQLBoolean), 'It answered 410 Gone and is told nothing any more, until the next start.'),
  },
})

export interface AlertEvent {
  readonly at: UnixNano
  readonly kind: AlertEventKind
  readonly rule: string
  readonly key: string
  readonly severity: string
  readonly title: string
  readonly summary: string
  readonly destination: string | null
  readonly detail: string | null
}

export const AlertEventType = new GraphQLObjectType<AlertEvent, QueryContext>({
  name: 'AlertEvent',
  description: 'One thing that happened to an alert, or to telling somebody of it.',
  fields: {
    at: plain(required(DateTime), 'When.'),
    kind: plain(required(enumOf('AlertEventKind', 'What happened.', alertEventKinds, {
      FIRING: 'It fired.', RESOLVED: 'It was over.', DELIVERED: 'A destination took it.', FAILED: 'A destination did not.', MUTED: 'It fired while its rule was muted.',
    })), 'What happened.'),
    rule: plain(required(GraphQLID), 'The rule.'),
    key: plain(required(GraphQLID), 'The alert.'),
    severity: asked(required(AlertSeverityEnum), 'How bad it was.', {}, ({ severity }) => severity.toUpperCase()),
    title: plain(required(GraphQLString), 'The alert in a line.'),
    summary: plain(required(GraphQLString), 'Its figures.'),
    destination: plain(GraphQLID, 'Who was told; null for the alert\'s own events.'),
    detail: plain(GraphQLString, 'What the destination answered.'),
  },
})

export const AlertTestType = new GraphQLObjectType<{ readonly ok: boolean; readonly detail: string }, QueryContext>({
  name: 'AlertTest',
  description: 'What became of a test.',
  fields: { ok: plain(required(GraphQLBoolean), 'It was taken.'), detail: plain(required(GraphQLString), 'What the destination answered.') },
})

export const AlertPreviewType = new GraphQLObjectType<{ readonly at: number; readonly group: string; readonly value: number }, QueryContext>({
  name: 'AlertPreview',
  description: 'A window of the past in which a rule was above its line.',
  fields: {
    at: asked(required(DateTime), 'End of the window.', {}, ({ at }) => nanos(at)),
    group: plain(required(GraphQLString), 'Value of the rule\'s group, "" where it has none.'),
    value: plain(required(GraphQLFloat), 'What it read.'),
  },
})
