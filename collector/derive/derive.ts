import { storableTime, timeMax } from '#clickhouse/table.ts'
import { callKeys } from '#clickhouse/tables/call-keys.ts'
import { type PolicyDecisionRow, policyDecisions } from '#clickhouse/tables/policy-decisions.ts'
import { spanContent } from '#clickhouse/tables/span-content.ts'
import { spans } from '#clickhouse/tables/spans.ts'
import { type Finding, evaluateSpan, type PolicySet } from '#otel-config/policy/policies.ts'
import type { Attributes, AttributeValue, Resource, Scope, SpanRecord } from '#semconv/attributes.ts'
import { isContentKey, preview, stepInput, stepOutput } from '#semconv/content.ts'
import type { SpanFacts, UnixNano } from '#semconv/facts.ts'
import { interpret } from '#semconv/interpret.ts'
import type { PriceBook } from '../price/book.ts'
import type { FrameWriter } from '../spool/frame.ts'
import { callsTold } from './call-told.ts'
import { decisionId } from './identity.ts'
import { attributesJson, eventsJson, linksJson } from './otlp-json.ts'
import { noAttributes, place } from './typed-attributes.ts'

export interface DeriveOptions {
  readonly tenant: string
  readonly project: string
  readonly prices: PriceBook
  readonly policies: PolicySet
}

/** What a span adds to its live trace. */
export interface Derived {
  /** With the time at which it was accepted. */
  readonly facts: SpanFacts & { readonly receivedAt: UnixNano }
  /** Nobody brought this span before: a model call is charged now. One that comes again waits for settlement, which restates it. */
  readonly first: boolean
  readonly decisions: readonly PolicyDecisionRow[]
}

/** Everything one span tells us but its charge (`chargeArrivals`), as rows of `frame`. */
export function derive(said: SpanRecord, options: DeriveOptions, receivedAt: UnixNano, first: boolean, frame: FrameWriter): Derived {
  const record = said.startTimeUnixNano > timeMax || said.endTimeUnixNano > timeMax ? storable(said) : said
  const facts = spanFacts(record, receivedAt)
  addSpan(record, facts, options, receivedAt, frame)
  if (facts.step.callKeys.length > 0) for (const told of callsTold(facts)) frame.add(callKeys, { tenant: options.tenant, ...told })
  const decisions = decisionRows(record, facts, options, receivedAt)
  for (const decision of decisions) frame.add(policyDecisions, decision)
  return { facts, first, decisions }
}

/**
 * With times that can be stored: else its lines of the ledger would be of another day here than in the store, and count twice when it
 * comes again; and its first token would come at another time when it is read back.
 */
const storable = (record: SpanRecord): SpanRecord => ({
  ...record, startTimeUnixNano: storableTime(record.startTimeUnixNano), endTimeUnixNano: storableTime(record.endTimeUnixNano),
  events: record.events.map((event) => ({ ...event, timeUnixNano: storableTime(event.timeUnixNano) })),
})

/** Deployment environment, in the order of its names over the conventions' versions. */
const environmentKeys = ['deployment.environment.name', 'deployment.environment', 'langfuse.environment', 'ai.telemetry.metadata.environment']

export const textOf = (value: AttributeValue | undefined): string => (typeof value === 'string' ? value : '')

export function environmentOf(record: Pick<SpanRecord, 'attributes' | 'resource'>): string {
  for (const key of environmentKeys) {
    const value = textOf(record.attributes.get(key)) || textOf(record.resource.attributes.get(key))
    if (value !== '') return value
  }
  return ''
}

/** What a record says, wherever it comes from: the wire, or a stored row that is derived again. */
export function spanFacts(record: SpanRecord, receivedAt: UnixNano): Derived['facts'] {
  const { startTimeUnixNano: startedAt, endTimeUnixNano: ended } = record
  return {
    traceId: record.traceId,
    spanId: record.spanId,
    parentSpanId: record.parentSpanId,
    startedAt,
    // A clock that stepped back, or an end that was never set: a duration of 0, never a negative one.
    endedAt: ended < startedAt ? startedAt : ended,
    name: record.name,
    spanKind: record.kind,
    failed: record.statusCode === 2,
    service: textOf(record.resource.attributes.get('service.name')),
    environment: environmentOf(record),
    scopeName: record.scope.name,
    scopeVersion: record.scope.version,
    step: interpret(record),
    receivedAt,
  }
}

/** Longest text of a resource's or a scope's attributes, in characters of JSON: it is stored with every span. Real ones take 1 to 4 KiB. */
export const listTextMax = 64 * 1024

/** Resources and scopes are shared between the spans of a request, so their text is made once. */
const listTexts = new WeakMap<Attributes, string>()
export function listText(of: Resource | Scope): string {
  const known = listTexts.get(of.attributes)
  if (known !== undefined) return known
  const text = attributesJson(of.attributes, listTextMax)
  listTexts.set(of.attributes, text)
  return text
}

function addSpan(record: SpanRecord, facts: SpanFacts, options: DeriveOptions, receivedAt: UnixNano, frame: FrameWriter): void {
  const hot = { ...noAttributes }
  const content = { ...noAttributes }
  record.attributes.forEach((value, key) => {
    // Content is text; a count or a flag under a content key stays with the span.
    const large = isContentKey(key) && (typeof value === 'string' || typeof value === 'object')
    place(large ? content : hot, key, value)
  })
  const events = eventsJson(record.events)
  const links = linksJson(record.links)
  const hasContent = content.string.keys.length + content.json.keys.length > 0
  frame.add(spans, {
    tenant: options.tenant, project: options.project, facts, receivedAt,
    statusCode: record.statusCode, statusMessage: record.statusMessage, traceState: record.traceState, spanFlags: record.flags,
    schemaUrl: record.scope.schemaUrl === '' ? record.resource.schemaUrl : record.scope.schemaUrl,
    inputPreview: hasContent || events !== '' ? preview(stepInput(record.attributes, record.events)) : '',
    outputPreview: hasContent || events !== '' ? preview(stepOutput(record.attributes, record.events)) : '',
    attributesString: hot.string, attributesInt: hot.int, attributesDouble: hot.double, attributesBool: hot.bool, attributesJson: hot.json,
    resourceAttributes: listText(record.resource), scopeAttributes: listText(record.scope),
    droppedAttributes: record.droppedAttributesCount, droppedEvents: record.droppedEventsCount, droppedLinks: record.droppedLinksCount,
  })
  if (hasContent || events !== '' || links !== '') {
    frame.add(spanContent, {
      tenant: options.tenant, traceId: facts.traceId, spanId: facts.spanId, startedAt: facts.startedAt, receivedAt,
      attributesString: content.string, attributesJson: content.json, events, links,
    })
  }
}

function decisionRows(record: SpanRecord, facts: SpanFacts, options: DeriveOptions, postedAt: UnixNano): PolicyDecisionRow[] {
  const rows = evaluateSpan(options.policies, facts, record.attributes).map((finding) => findingRow(finding, facts, options, postedAt))
  const { decision } = facts.step
  if (decision === undefined) return rows
  const agentsOwn: PolicyDecisionRow = {
    tenant: options.tenant, project: options.project,
    id: decisionId(options.tenant, decision.policyId, decision.policyVersion, 'AGENT', facts.traceId, facts.spanId),
    policyId: decision.policyId, policyVersion: decision.policyVersion, outcome: decision.outcome, mode: 'ENFORCE', place: 'AGENT',
    reason: decision.reason, decidedAt: facts.endedAt, postedAt, traceId: facts.traceId, spanId: facts.spanId,
    agent: facts.step.agent, actor: '', evidence: decision.target === '' ? '{}' : JSON.stringify({ target: decision.target }),
  }
  return [agentsOwn, ...rows]
}

/** A finding of ours about a span or, with the span id '', about its run. */
export function findingRow(finding: Finding, facts: SpanFacts, options: DeriveOptions, postedAt: UnixNano): PolicyDecisionRow {
  return {
    tenant: options.tenant, project: options.project,
    id: decisionId(options.tenant, finding.policyId, finding.policyVersion, 'COLLECTOR', facts.traceId, finding.spanId),
    policyId: finding.policyId, policyVersion: finding.policyVersion, outcome: finding.outcome, mode: finding.mode, place: 'COLLECTOR',
    reason: finding.reason, decidedAt: finding.at, postedAt, traceId: facts.traceId, spanId: finding.spanId,
    agent: facts.step.agent, actor: '', evidence: JSON.stringify(finding.evidence),
  }
}
