/** What we decode and what protobufjs decodes, in one form, so that tests can hold one against the other. */
import { type Attributes, type AttributeValue, KeyValueList, type LogRecord, type SpanRecord } from '#semconv/attributes.ts'
import type { MetricPoint } from '#semconv/metric.ts'
import type { OracleExemplar, OracleMetric, OracleMetricsRequest, OraclePoint } from './metrics-oracle.ts'
import type { OracleKeyValue, OracleLogRecord, OracleLogsRequest, OracleRequest, OracleSpan, OracleValue } from './oracle.ts'
import { idBytesMax } from './wire.ts'

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

/** What protobufjs has of a request, as we would have it: the records that are taken, and how many are not. */
export interface ByOurRules {
  readonly records: readonly object[]
  readonly rejected: number
}

const keysOnce = (list: readonly OracleKeyValue[] | undefined): OracleKeyValue[] =>
  [...new Map((list ?? []).map((kv) => [kv.key ?? '', kv.value ?? {}]))].map(([key, of]) => ({ key, value: valueOnce(of) }))
function valueOnce(of: OracleValue): OracleValue {
  if (of.arrayValue !== undefined) return { arrayValue: { values: (of.arrayValue.values ?? []).map(valueOnce) } }
  return of.kvlistValue === undefined ? of : { kvlistValue: { values: keysOnce(of.kvlistValue.values) } }
}
const isId = (id: string | undefined, characters: number): boolean => id?.length === characters && !/^0+$/.test(id)
const rightIds = (one: OracleSpan): boolean =>
  isId(one.traceId, 32) && isId(one.spanId, 16) && ((one.parentSpanId ?? '') === '' || one.parentSpanId?.length === 16)
const unsigned = (n: number | undefined): number => (n ?? 0) >>> 0

const spanByOurRules = (one: OracleSpan): object => same({
  ...one, kind: unsigned(one.kind), parentSpanId: /^0+$/.test(one.parentSpanId ?? '') ? '' : (one.parentSpanId ?? ''), attributes: keysOnce(one.attributes),
  status: { message: one.status?.message ?? '', code: unsigned(one.status?.code) },
  events: (one.events ?? []).map((e) => ({ ...e, attributes: keysOnce(e.attributes) })), links: (one.links ?? []).map((l) => ({ ...l, traceId: cutId(l.traceId), spanId: cutId(l.spanId), attributes: keysOnce(l.attributes) })),
})

/** What a link names is not looked at; an id that is far too long is cut. In hex. */
const cutId = (id = ''): string => id.slice(0, idBytesMax * 2)

/** Wrong ids are rejected, a repeated key is the last one's. */
export function spansByOurRules(oracle: OracleRequest): ByOurRules {
  const all = (oracle.resourceSpans ?? []).flatMap((rs) => (rs.scopeSpans ?? []).flatMap((ss) => ss.spans ?? []))
  const right = all.filter(rightIds)
  return { records: right.map(spanByOurRules), rejected: all.length - right.length }
}

/** Field by field, defaults filled in, so that both sides speak alike. */
const oracleLogRecord = (r: OracleLogRecord): object => ({
  time: r.timeUnixNano ?? '0', observed: r.observedTimeUnixNano ?? '0', severity: [unsigned(r.severityNumber), r.severityText ?? ''],
  body: JSON.stringify(emptyArms(valueOnce(r.body ?? {}))), attributes: normal(keysOnce(r.attributes)), dropped: r.droppedAttributesCount ?? 0, flags: r.flags ?? 0,
  ids: [idOrNone(r.traceId), idOrNone(r.spanId)], event: r.eventName ?? '',
})
const idOrNone = (id: string | undefined): string => (/^0*$/.test(id ?? '') ? '' : (id ?? ''))

export const logRecordView = (r: LogRecord): object => ({
  time: String(r.timeUnixNano), observed: String(r.observedTimeUnixNano), severity: [r.severityNumber, r.severityText], body: JSON.stringify(value(r.body)),
  attributes: normal(attributes(r.attributes)), dropped: r.droppedAttributesCount, flags: r.flags, ids: [r.traceId, r.spanId], event: r.eventName,
})

/** Ids are absent, all zeros or of the right length. */
export function logsByOurRules(oracle: OracleLogsRequest): ByOurRules {
  const all = (oracle.resourceLogs ?? []).flatMap((rl) => (rl.scopeLogs ?? []).flatMap((sl) => sl.logRecords ?? []))
  const right = all.filter(({ traceId, spanId }) => ['', 'right'].includes(lengthOf(traceId, 32)) && ['', 'right'].includes(lengthOf(spanId, 16)))
  return { records: right.map(oracleLogRecord), rejected: all.length - right.length }
}
const lengthOf = (id: string | undefined, characters: number): '' | 'right' | 'wrong' =>
  idOrNone(id) === '' ? '' : id?.length === characters ? 'right' : 'wrong'

const arms = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'] as const
type Arm = (typeof arms)[number]

/** A metric without a name or with an unknown temporality is rejected with its points, a point that cannot be charted alone. */
export function metricsByOurRules(oracle: OracleMetricsRequest): ByOurRules {
  const records: object[] = []
  let rejected = 0
  for (const rm of oracle.resourceMetrics ?? []) for (const sm of rm.scopeMetrics ?? []) for (const metric of sm.metrics ?? []) for (const arm of arms) {
    const points = metric[arm]?.dataPoints ?? []
    const right = isCharted(metric, arm) ? points.filter((point) => isPoint(point, arm)) : []
    rejected += points.length - right.length
    records.push(...right.map((point) => ({ metric: oracleMetric(metric, arm), scope: sm.scope?.name ?? '', ...oraclePoint(point, arm) })))
  }
  return { records, rejected }
}

const hasTemporality = (arm: Arm): boolean => arm !== 'gauge' && arm !== 'summary'
const isCharted = (metric: OracleMetric, arm: Arm): boolean =>
  (metric.name ?? '') !== '' && (!hasTemporality(arm) || [1, 2].includes(metric[arm]?.aggregationTemporality ?? 0))

function isPoint({ timeUnixNano = '0', startTimeUnixNano = '0', bucketCounts = [], explicitBounds = [], flags = 0 }: OraclePoint, arm: Arm): boolean {
  if (timeUnixNano === '0' || BigInt(startTimeUnixNano) > BigInt(timeUnixNano)) return false
  if (arm !== 'histogram' || (flags & 1) === 1) return true
  if (explicitBounds.length === 0) return bucketCounts.length <= 1
  return bucketCounts.length === explicitBounds.length + 1 && explicitBounds.every((bound, n) => n === 0 || bound > (explicitBounds[n - 1] as number))
}

const oracleMetric = (metric: OracleMetric, arm: Arm): unknown[] => [
  metric.name ?? '', metric.description ?? '', metric.unit ?? '', hasTemporality(arm) ? ['NONE', 'DELTA', 'CUMULATIVE'][metric[arm]?.aggregationTemporality ?? 0] : 'NONE',
  arm === 'sum' ? (metric.sum?.isMonotonic === true ? 'COUNTER' : 'UP_DOWN_COUNTER') : arm === 'exponentialHistogram' ? 'EXPONENTIAL_HISTOGRAM' : arm.toUpperCase(),
]
const buckets = (side: OraclePoint['positive']): object => ({ offset: side?.offset ?? 0, counts: side?.bucketCounts ?? [] })
const oracleExemplar = (e: OracleExemplar): object => {
  const linked = e.traceId?.length === 32 && e.spanId?.length === 16 && !(/^0*$/.test(e.traceId) && /^0*$/.test(e.spanId))
  return {
    time: e.timeUnixNano ?? '0', value: e.asInt ?? e.asDouble ?? 0, trace: linked ? e.traceId : '', span: linked ? e.spanId : '', filtered: normal(keysOnce(e.filteredAttributes)),
  }
}
const oraclePoint = (p: OraclePoint, arm: Arm): object => ({
  start: p.startTimeUnixNano ?? '0', time: p.timeUnixNano ?? '0', flags: p.flags ?? 0, attributes: normal(keysOnce(p.attributes)), value: oracleValue(p, arm),
  exemplars: (p.exemplars ?? []).map(oracleExemplar),
})
function oracleValue(p: OraclePoint, arm: Arm): object {
  if (((p.flags ?? 0) & 1) === 1) return { type: 'none' }
  const count = p.count ?? '0'
  switch (arm) {
    case 'gauge':
    case 'sum': return p.asInt === undefined && p.asDouble === undefined ? { type: 'none' } : { type: 'number', value: p.asInt ?? p.asDouble }
    case 'histogram': return { type: arm, count, sum: p.sum, min: p.min, max: p.max, bucketCounts: p.bucketCounts ?? [], explicitBounds: p.explicitBounds ?? [] }
    case 'summary': return { type: arm, count, sum: p.sum ?? 0, quantiles: (p.quantileValues ?? []).map((q) => ({ quantile: q.quantile ?? 0, value: q.value ?? 0 })) }
    case 'exponentialHistogram': return {
      type: 'exponential', count, sum: p.sum, min: p.min, max: p.max, scale: p.scale ?? 0, zeroCount: p.zeroCount ?? '0', zeroThreshold: p.zeroThreshold ?? 0,
      positive: buckets(p.positive), negative: buckets(p.negative),
    }
  }
}

const texts = (of: unknown): unknown => typeof of === 'bigint' ? String(of)
  : Array.isArray(of) ? of.map(texts)
    : typeof of === 'object' && of !== null ? Object.fromEntries(Object.entries(of).map(([key, inner]) => [key, texts(inner)])) : of

export const pointView = ({ metric, ...p }: MetricPoint): object => ({
  metric: [metric.name, metric.description, metric.unit, metric.temporality, metric.kind], scope: metric.scope.name,
  start: String(p.startTimeUnixNano), time: String(p.timeUnixNano), flags: p.flags, attributes: normal(attributes(p.attributes)), value: texts(p.value),
  exemplars: p.exemplars.map((e) => ({ time: String(e.timeUnixNano), value: texts(e.value), trace: e.traceId, span: e.spanId, filtered: normal(attributes(e.filteredAttributes)) })),
})
