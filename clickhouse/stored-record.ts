import type { AttributeValue, SpanEvent, SpanLink, SpanRecord } from '#semconv/attributes.ts'
import { attributes, type KeyValue, storedAny, storedPairs } from './stored-attributes.ts'

/**
 * A stored span as the record it was derived from, every attribute with the type it was sent in: what dialects read, so that
 * derivation can run again over history. The other record is what `collector/decode` makes of the wire.
 */

/** Maps as pairs of lists: an object would lose keys that look like numbers their place, and `__proto__` its harmlessness. */
const pairs = (map: string, value = 'v'): string => `arrayMap((k, v) -> (k, ${value}), mapKeys(${map}), mapValues(${map}))`
const nanos = (column: string): string => `toString(toUnixTimestamp64Nano(${column}))`

type TextPairs = readonly (readonly [string, string])[]

/** A row of `SELECT ${storedRecordColumns} FROM spans`, as `Store.readBatches` gives it. */
export type StoredRecordRow = readonly [
  traceId: string, spanId: string, receivedAt: string, parentSpanId: string, traceState: string, flags: number, name: string, kind: number, startedAt: string, endedAt: string,
  statusCode: number, statusMessage: string, schemaUrl: string, scopeName: string, scopeVersion: string,
  strings: TextPairs, ints: TextPairs, doubles: TextPairs, bools: readonly (readonly [string, boolean])[], json: TextPairs,
  resource: string, scope: string, droppedAttributes: number, droppedEvents: number, droppedLinks: number,
]

export const storedRecordColumns: string = [
  'lower(hex(trace_id))', 'lower(hex(span_id))', nanos('received_at'), `if(parent_span_id = toFixedString('', 8), '', lower(hex(parent_span_id)))`,
  'trace_state', 'span_flags', 'name', 'span_kind', nanos('started_at'), nanos('ended_at'),
  'status_code', 'status_message', 'schema_url', 'scope_name', 'scope_version',
  pairs('attributes_string'), pairs('attributes_int', 'toString(v)'), pairs('attributes_double', 'toString(v)'), pairs('attributes_bool'), pairs('attributes_json'),
  'resource_attributes', 'scope_attributes', 'dropped_attributes', 'dropped_events', 'dropped_links',
].join(', ')

/** A row of `SELECT ${storedContentColumns} FROM span_content`. It belongs to the version of its span that was received at the same time. */
export type StoredContentRow = readonly [traceId: string, spanId: string, receivedAt: string, strings: TextPairs, json: TextPairs, events: string, links: string]

export const storedContentColumns: string = [
  'lower(hex(trace_id))', 'lower(hex(span_id))', nanos('received_at'), pairs('attributes_string'), pairs('attributes_json'), 'events', 'links',
].join(', ')

/** The record of a span and, where it has any, its content. */
export function storedRecord(row: StoredRecordRow, content: StoredContentRow | undefined): SpanRecord {
  const [
    traceId, spanId, , parentSpanId, traceState, flags, name, kind, startedAt, endedAt, statusCode, statusMessage, schemaUrl, scopeName, scopeVersion,
    strings, ints, doubles, bools, json, resource, scope, droppedAttributesCount, droppedEventsCount, droppedLinksCount,
  ] = row
  const [, , , contentStrings, contentJson, events, links] = content ?? noContent
  const values = new Map<string, AttributeValue>([...strings, ...contentStrings])
  for (const [key, value] of ints) values.set(key, BigInt(value))
  for (const [key, value] of doubles) values.set(key, double(value))
  for (const [key, value] of bools) values.set(key, value)
  for (const [key, value] of [...json, ...contentJson]) values.set(key, storedAny(value))
  return {
    traceId, spanId, parentSpanId, traceState, flags, name, kind, startTimeUnixNano: BigInt(startedAt), endTimeUnixNano: BigInt(endedAt), statusCode, statusMessage,
    attributes: values, droppedAttributesCount, events: storedEvents(events), droppedEventsCount, links: storedLinks(links), droppedLinksCount,
    resource: { attributes: attributes(storedPairs(resource)), schemaUrl },
    scope: { name: scopeName, version: scopeVersion, attributes: attributes(storedPairs(scope)), schemaUrl },
  }
}

const noContent: StoredContentRow = ['', '', '', [], [], '', '']

/** As ClickHouse writes a `Float64`. */
const double = (text: string): number => (text === 'inf' ? Infinity : text === '-inf' ? -Infinity : Number(text))

interface StoredEvent {
  readonly timeUnixNano: string
  readonly name: string
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributesCount: number
}

const storedEvents = (text: string): readonly SpanEvent[] =>
  text === '' ? [] : (JSON.parse(text) as readonly StoredEvent[]).map((event) => ({
    timeUnixNano: BigInt(event.timeUnixNano), name: event.name, attributes: attributes(event.attributes), droppedAttributesCount: event.droppedAttributesCount,
  }))

interface StoredLink {
  readonly traceId: string
  readonly spanId: string
  readonly traceState: string
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributesCount: number
  readonly flags: number
}

const storedLinks = (text: string): readonly SpanLink[] =>
  text === '' ? [] : (JSON.parse(text) as readonly StoredLink[]).map((link) => ({ ...link, attributes: attributes(link.attributes) }))
