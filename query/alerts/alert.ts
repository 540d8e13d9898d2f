import { GraphQLBoolean, GraphQLFloat, GraphQLID, GraphQLInt, GraphQLObjectType, GraphQLString } from 'graphql'
import { alertEventKinds, type AlertEventKind } from '#clickhouse/tables/alert-events.ts'
import { type AlertSignal, type DestinationKind, destinationKinds, signalGroups, signalUnits } from '#otel-config/alerts/alert.ts'
import { type AlertState, type DestinationState, type Preview, type PreviewedAlert, previewedAlertsMax, previewedReadingsMax, type RuleState } from '#otel-config/alerts/standing.ts'
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
    on: plain(GraphQLString, 'What was read: `budget`, or a signal; null where an older program fired it.'),
    budget: asked(GraphQLID, 'The budget it is about; null where it is about none.', {}, ({ budget }) => budget || null),
    groupBy: plain(GraphQLString, 'What `group` is a value of: `service`, `agent` or `environment`; null where the rule does not divide, and of budgets.'),
    group: plain(required(GraphQLString), 'What it is about: a value of `groupBy`, or the group of the budget; "" where there is none.'),
    from: asked(DateTime, 'Beginning of what was read: of the period of a budget, or of the first window above the line.', {}, ({ from }) => nanosOrNull(from ?? undefined)),
    firing: plain(required(GraphQLBoolean), 'It is not over.'),
    firedAt: asked(required(DateTime), 'When it was noticed.', {}, ({ firedAt }) => nanos(firedAt)),
    resolvedAt: asked(DateTime, 'When it was over.', {}, ({ resolvedAt }) => nanosOrNull(resolvedAt)),
    waiting: atMost(50, plain(listOf(GraphQLID), 'Destinations that are still to be told.')),
  },
})

const ruleOrigins = ['FILE', 'API'] as const
const AlertRuleOriginEnum = enumOf('AlertRuleOrigin', 'Who may change a rule.', ruleOrigins, {
  FILE: 'The operator, in the alerts file.', API: 'Whoever may call this API.',
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
    noData: asked(GraphQLString, 'What a window that holds nothing means: `resolve`, `fire` or `keep`; null for budgets.', {}, ({ rule }) => (rule.on === 'budget' ? null : rule.noData)),
    budgets: atMost(500, asked(listOf(GraphQLID), 'Which budgets, where it looks at budgets; none means all of them.', {}, ({ rule }) => (rule.on === 'budget' ? rule.budgets : []))),
    notify: atMost(20, asked(listOf(GraphQLID), 'Destinations.', {}, ({ rule }) => rule.notify)),
    unknown: atMost(20, plain(listOf(GraphQLID), 'Those of them that the operator\'s file does not have, or not any more: nobody is told there.')),
    origin: asked(required(AlertRuleOriginEnum), 'Who may change it.', {}, ({ defined }): (typeof ruleOrigins)[number] => (defined === undefined ? 'FILE' : 'API')),
    version: asked(GraphQLInt, 'From 1, every change is a version of its own; null for a rule of the file.', {}, ({ defined }) => defined?.version ?? null),
    definedAt: asked(DateTime, 'Since when this version is in force; null for a rule of the file.', {}, ({ defined }) => defined?.postedAt ?? null),
    document: asked(required(GraphQLString), 'The rule as YAML, as `defineAlertRule` and the file take it.', {}, ({ rule }) => rule.document),
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

export const AlertSignalType = new GraphQLObjectType<AlertSignal, QueryContext>({
  name: 'AlertSignal',
  description: 'What a rule can look at, beside budgets.',
  fields: {
    id: asked(required(GraphQLID), 'As a rule names it in `on`.', {}, (signal) => signal),
    unit: asked(required(GraphQLString), 'What `above` counts.', {}, (signal) => signalUnits[signal]),
    groupBy: atMost(3, asked(listOf(GraphQLString), 'What a rule on it can be divided by.', {}, (signal) => signalGroups[signal])),
  },
})

const PreviewedAlertType = new GraphQLObjectType<PreviewedAlert, QueryContext>({
  name: 'PreviewedAlert',
  description: 'An alert that there would have been.',
  fields: {
    group: plain(required(GraphQLString), 'Value of the rule\'s group, "" where it has none.'),
    since: asked(required(DateTime), 'Beginning of the first window that is above the line.', {}, ({ since }) => nanos(since)),
    firedAt: asked(required(DateTime), 'When it would have fired.', {}, ({ firedAt }) => nanos(firedAt)),
    resolvedAt: asked(DateTime, 'When it would have been over; null where it would still fire.', {}, ({ resolvedAt }) => nanosOrNull(resolvedAt)),
    highest: asked(GraphQLFloat, 'The highest value that was read; null where it would have fired because there was nothing to read.', {}, ({ highest }) => highest ?? null),
  },
})

const PreviewedReadingType = new GraphQLObjectType<Preview['readings'][number], QueryContext>({
  name: 'PreviewedReading',
  description: 'What a rule would have read in a step of time: one window or several.',
  fields: {
    start: asked(required(DateTime), 'First moment inside.', {}, ({ start }) => nanos(start)),
    end: asked(required(DateTime), 'First moment outside.', {}, ({ end }) => nanos(end)),
    value: asked(GraphQLFloat, 'The highest value of any window and group; null where there was nothing to read.', {}, ({ value }) => value ?? null),
  },
})

export const AlertPreviewType = new GraphQLObjectType<Preview, QueryContext>({
  name: 'AlertPreview',
  description: 'What a rule would have said in the past, window after window.',
  fields: {
    from: asked(required(DateTime), 'Beginning of what was looked at: later than asked for where windows are short.', {}, ({ from }) => nanos(from)),
    to: asked(required(DateTime), 'End of it.', {}, ({ to }) => nanos(to)),
    total: plain(required(Count), 'How many alerts there would have been.'),
    alerts: atMost(previewedAlertsMax, plain(listOf(PreviewedAlertType), 'The latest of them, latest first.')),
    readings: atMost(previewedReadingsMax, plain(listOf(PreviewedReadingType), 'What it would have read, earliest first.')),
  },
})
