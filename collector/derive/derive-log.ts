import { hash } from 'node:crypto'
import { logRecords } from '#clickhouse/tables/log-records.ts'
import { agentEventOf } from '#semconv/agent-logs.ts'
import type { AttributeValue, LogRecord, SpanRecord } from '#semconv/attributes.ts'
import { eventNameOf, timeOf } from '#semconv/log-events.ts'
import { word } from '#semconv/value.ts'
import type { FrameWriter } from '../spool/frame.ts'
import { derive, type Derived, type DeriveOptions, environmentOf, listText, textOf } from './derive.ts'
import { anyValue, attributesJson } from './otlp-json.ts'
import { byType } from './typed-attributes.ts'

/** Conversation a record belongs to, in the order of its names: the conventions', then coding agents'. */
const sessionKeys = ['gen_ai.conversation.id', 'session.id', 'conversation.id', 'copilot_chat.chat_session_id']

function sessionOf({ attributes, resource }: LogRecord): string {
  for (const holder of [attributes, resource.attributes]) {
    for (const key of sessionKeys) {
      const session = word(holder.get(key))
      if (session !== undefined) return session
    }
  }
  return ''
}

/** Everything a record says, in one order whatever the sender's: the same record again has the same id. 32 hex digits. */
function logRecordId(record: LogRecord): string {
  const { timeUnixNano, observedTimeUnixNano, severityNumber, severityText, flags, traceId, spanId, eventName, scope } = record
  const sorted = new Map([...record.attributes].sort(([a], [b]) => (a < b ? -1 : 1)))
  return hash('sha256', JSON.stringify([
    String(timeUnixNano), String(observedTimeUnixNano), severityNumber, severityText, flags, traceId, spanId, eventName, anyValue(record.body),
    attributesJson(sorted, Number.POSITIVE_INFINITY), scope.name, scope.version, listText(scope), listText(record.resource),
  ]), 'hex').slice(0, 32)
}

/** How often a request told each record so far, by `logRecordId`. */
export type Copies = Map<string, number>

export interface DerivedLog {
  /** Of its row. */
  readonly id: string
  /** The step it tells where it is a coding agent's. */
  readonly told: Derived | undefined
}

/**
 * One log record as rows of `frame`. Where a request tells the very same record several times, its copies are rows of their own,
 * which are found again when the request comes again: clocks of milliseconds make such records. A step they tell is one.
 */
export function deriveLog(record: LogRecord, options: DeriveOptions, receivedAt: bigint, frame: FrameWriter, copies: Copies = new Map()): DerivedLog {
  const first = logRecordId(record)
  const copy = copies.get(first) ?? 0
  copies.set(first, copy + 1)
  const id = copy === 0 ? first : hash('sha256', `${first} ${copy}`, 'hex').slice(0, 32)
  addLogRecord(record, id, options, receivedAt, frame)
  const span = agentSpan(record, first)
  // Nothing is charged yet: settlement knows whether spans of the session tell the same call.
  return { id, told: span === undefined ? undefined : derive(span, options, receivedAt, false, frame) }
}

function addLogRecord(record: LogRecord, id: string, options: DeriveOptions, receivedAt: bigint, frame: FrameWriter): void {
  const maps = byType(record.attributes)
  const isText = typeof record.body === 'string'
  frame.add(logRecords, {
    tenant: options.tenant, project: options.project, id, record, at: timeOf(record), receivedAt,
    service: textOf(record.resource.attributes.get('service.name')), environment: environmentOf(record),
    eventName: eventNameOf(record), eventNameField: record.eventName, session: sessionOf(record),
    schemaUrl: record.scope.schemaUrl === '' ? record.resource.schemaUrl : record.scope.schemaUrl,
    body: isText ? textOf(record.body) : '', bodyJson: isText || record.body === null ? '' : bodyJson(record.body),
    attributesString: maps.string, attributesInt: maps.int, attributesDouble: maps.double, attributesBool: maps.bool, attributesJson: maps.json,
    resourceAttributes: listText(record.resource), scopeAttributes: listText(record.scope),
  })
}

const bodyJson = (body: AttributeValue): string => JSON.stringify(anyValue(body))

/** Id of a run known from logs alone: the first 16 bytes of sha256 of session id and prompt id, one behind the other. In hex. */
export const logRunId = (session: string, prompt: string): string => hash('sha256', session + prompt, 'hex').slice(0, 32)

/** The span a coding agent's event could have been. Each stands at the top: no event tells how long the whole took. */
function agentSpan(record: LogRecord, id: string): SpanRecord | undefined {
  const event = agentEventOf(record)
  if (event === undefined) return undefined
  return {
    traceId: logRunId(event.session, event.prompt), spanId: id.slice(0, 16), parentSpanId: '', traceState: '', flags: 0,
    name: event.name, kind: 0, startTimeUnixNano: event.startTimeUnixNano, endTimeUnixNano: event.endTimeUnixNano,
    statusCode: event.failed ? statusError : 0, statusMessage: '',
    attributes: record.attributes, droppedAttributesCount: record.droppedAttributesCount, events: [], droppedEventsCount: 0,
    links: record.traceId === '' || record.spanId === '' ? [] : [linkTo(record.traceId, record.spanId)], droppedLinksCount: 0,
    resource: record.resource, scope: record.scope,
  }
}

/** OTLP `STATUS_CODE_ERROR`. */
const statusError = 2

const linkTo = (traceId: string, spanId: string): SpanRecord['links'][number] =>
  ({ traceId, spanId, traceState: '', attributes: new Map(), droppedAttributesCount: 0, flags: 0 })
