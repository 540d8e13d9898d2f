/** What we decode and what protobufjs decodes, in one form, so that tests can hold one against the other. */
import { type Attributes, type AttributeValue, KeyValueList, type SpanRecord } from '#semconv/attributes.ts'
import type { OracleKeyValue, OracleSpan, OracleValue } from './oracle.ts'

export const value = (v: AttributeValue): OracleValue => {
  if (v === null) return {}
  if (typeof v === 'string') return { stringValue: v }
  if (typeof v === 'boolean') return { boolValue: v }
  if (typeof v === 'bigint') return { intValue: String(v) }
  if (typeof v === 'number') return { doubleValue: v }
  if (v instanceof Uint8Array) return { bytesValue: Buffer.from(v).toString('hex') }
  if (v instanceof KeyValueList) return { kvlistValue: { values: attributes(v.entries) } }
  return { arrayValue: { values: v.map(value) } }
}
export const attributes = (list: Attributes): OracleKeyValue[] => [...list].map(([key, v]) => ({ key, value: value(v) }))
/** Field by field, defaults filled in, so that both sides speak alike. */
export const same = (s: OracleSpan): object => ({
  traceId: s.traceId ?? '', spanId: s.spanId ?? '', parentSpanId: s.parentSpanId ?? '', traceState: s.traceState ?? '', name: s.name ?? '', kind: s.kind ?? 0,
  start: s.startTimeUnixNano ?? '0', end: s.endTimeUnixNano ?? '0', attributes: normal(s.attributes), events: (s.events ?? []).map((e) => ({
    time: e.timeUnixNano ?? '0', name: e.name ?? '', attributes: normal(e.attributes) })),
  links: (s.links ?? []).map((l) => ({ traceId: l.traceId ?? '', spanId: l.spanId ?? '', attributes: normal(l.attributes) })),
  code: s.status?.code ?? 0, message: s.status?.message ?? '', flags: s.flags ?? 0, dropped: s.droppedAttributesCount ?? 0,
})
/** Where a sender repeats a key (Codex does), the last one wins, at the place of the first. */
export const normal = (list: readonly OracleKeyValue[] | undefined): string => JSON.stringify([...new Map((list ?? []).map((kv) => [kv.key ?? '', emptyArms(kv.value ?? {})]))])
const emptyArms = (v: OracleValue): OracleValue => {
  if (v.arrayValue !== undefined) return { arrayValue: { values: (v.arrayValue.values ?? []).map(emptyArms) } }
  if (v.kvlistValue !== undefined) return { kvlistValue: { values: (v.kvlistValue.values ?? []).map((kv) => ({ key: kv.key ?? '', value: emptyArms(kv.value ?? {}) })) } }
  return v
}
export const ours = (r: SpanRecord): object => same({
  traceId: r.traceId, spanId: r.spanId, parentSpanId: r.parentSpanId, traceState: r.traceState, name: r.name, kind: r.kind,
  startTimeUnixNano: String(r.startTimeUnixNano), endTimeUnixNano: String(r.endTimeUnixNano), attributes: attributes(r.attributes),
  events: r.events.map((e) => ({ timeUnixNano: String(e.timeUnixNano), name: e.name, attributes: attributes(e.attributes) })),
  links: r.links.map((l) => ({ traceId: l.traceId, spanId: l.spanId, attributes: attributes(l.attributes) })),
  status: { code: r.statusCode, message: r.statusMessage }, flags: r.flags, droppedAttributesCount: r.droppedAttributesCount,
})
