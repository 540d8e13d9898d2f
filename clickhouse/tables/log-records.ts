import type { LogRecord } from '#semconv/attributes.ts'
import { boolMap, doubleMap, id, intMap, type Pairs, small, stringMap, type Table, text, time, uint32, word } from '../table.ts'

/** A log record at rest. Its attributes lie in a map of their own OTLP type, like a span's. */
export interface LogRecordRow {
  readonly tenant: string
  readonly project: string
  /** 32 hex digits over all that the record says: the same record sent again is the same row. */
  readonly id: string
  readonly record: Pick<LogRecord, 'observedTimeUnixNano' | 'severityNumber' | 'severityText' | 'flags' | 'traceId' | 'spanId' | 'droppedAttributesCount' | 'scope'>
  /** When it happened, or else was seen. */
  readonly at: bigint
  readonly receivedAt: bigint
  readonly service: string
  readonly environment: string
  /** What the event is called; the field of the record that should say so may hold something else. */
  readonly eventName: string
  readonly eventNameField: string
  readonly session: string
  readonly schemaUrl: string
  /** The body where it is text, '' where it is something else. */
  readonly body: string
  /** A body of another type, as OTLP/JSON `AnyValue`; '' where it is text or absent. */
  readonly bodyJson: string
  readonly attributesString: Pairs<string>
  readonly attributesInt: Pairs<bigint>
  readonly attributesDouble: Pairs<number>
  readonly attributesBool: Pairs<boolean>
  /** Arrays, lists, bytes and empty values, as OTLP/JSON `AnyValue`. */
  readonly attributesJson: Pairs<string>
  /** OTLP/JSON `KeyValue[]`. */
  readonly resourceAttributes: string
  readonly scopeAttributes: string
}

export const logRecords: Table<LogRecordRow> = {
  name: 'log_records',
  columns: [
    word('tenant', (r) => r.tenant),
    word('project', (r) => r.project),
    id('id', 16, (r) => r.id),
    time('at', (r) => r.at),
    time('observed_at', (r) => r.record.observedTimeUnixNano),
    time('received_at', (r) => r.receivedAt),
    id('trace_id', 16, (r) => r.record.traceId),
    id('span_id', 8, (r) => r.record.spanId),
    uint32('flags', (r) => r.record.flags),
    small('severity_number', (r) => r.record.severityNumber & 0xff),
    word('severity_text', (r) => r.record.severityText),
    word('service', (r) => r.service),
    word('environment', (r) => r.environment),
    word('scope_name', (r) => r.record.scope.name),
    word('scope_version', (r) => r.record.scope.version),
    word('schema_url', (r) => r.schemaUrl),
    word('event_name', (r) => r.eventName),
    word('event_name_field', (r) => r.eventNameField),
    text('session', (r) => r.session),
    text('body', (r) => r.body, 'CODEC(ZSTD(3))'),
    text('body_json', (r) => r.bodyJson, 'CODEC(ZSTD(3))'),
    stringMap('attributes_string', (r) => r.attributesString, 'CODEC(ZSTD(3))'),
    intMap('attributes_int', (r) => r.attributesInt),
    doubleMap('attributes_double', (r) => r.attributesDouble),
    boolMap('attributes_bool', (r) => r.attributesBool),
    stringMap('attributes_json', (r) => r.attributesJson, 'CODEC(ZSTD(3))'),
    word('resource_attributes', (r) => r.resourceAttributes),
    word('scope_attributes', (r) => r.scopeAttributes),
    uint32('dropped_attributes', (r) => r.record.droppedAttributesCount),
  ],
}
