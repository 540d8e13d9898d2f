import type { Attributes, AttributeValue, Resource, Scope, SpanEvent, SpanLink, SpanRecord } from '#semconv/attributes.ts'
import { type AgentDecision, type Meter, type PieceMeter, roles, type SpanFacts, type Step, tokenMeters, type Usage, type UsageFlag } from '#semconv/facts.ts'
import {
  type Block, choices, type Column, type ColumnType, counts, decimals, flags, float64s, ids, int64s, lists, maps, nullable, texts, times, uint32s, uint8s, words,
} from './native-columns.ts'
import { attributes, type KeyValue, storedAny, storedPairs } from './stored-attributes.ts'
import { heldColumns } from './tables/held-attributes.ts'
import { readCallKeys } from './tables/stored-call-keys.ts'
import { usageColumn } from './tables/usage-column.ts'

/**
 * A stored span as the record it was derived from, every attribute with the type it was sent in: what dialects read, so that
 * derivation can run again over history. The other record is what `collector/decode` makes of the wire. Beside it, the facts that
 * were derived when it arrived. Links, flags, trace state and counts of what was dropped are left out: no dialect reads them. Who
 * stores a span anew asks for all of it (`wholeSpans`).
 */

const usageTypes = Object.fromEntries(tokenMeters.map((meter) => [usageColumn(meter), counts])) as Readonly<Record<string, ColumnType<number>>>

/** Columns of `spans`, to be asked for in this order. */
export const storedSpanTypes = {
  project: words, trace_id: ids(16), span_id: ids(8), parent_span_id: ids(8), started_at: times, ended_at: times, received_at: times,
  name: words, span_kind: uint8s, status_code: uint8s, status_message: texts, service: words, environment: words, scope_name: words, scope_version: words,
  dialect: words, role: choices(roles), operation: words, agent: words, agent_id: texts, workflow: words, session: texts, user: texts, tags: words, provider: words,
  request_model: words, response_model: words, response_id: texts, tool: words, tool_call_id: texts, tool_arguments_hash: texts, executed: flags,
  finish_reasons: lists(words), error_type: words, error_message: texts, time_to_first_token_ms: nullable(float64s), streaming: flags, service_tier: words,
  usage_reported: flags, usage_pieces: maps(counts), usage_flags: lists(words), usage_partial: flags, usage_cumulative: flags, usage_authoritative: flags,
  reported_cost: nullable(decimals), call_keys: lists(texts), agent_decision: texts,
  attributes_held: uint32s, attributes_string_own: maps(texts), attributes_int: maps(int64s), attributes_double: maps(float64s), attributes_bool: maps(flags),
  attributes_json: maps(texts), resource_attributes: words, scope_attributes: words,
  ...usageTypes,
} as const

type SpanColumns = Block<typeof storedSpanTypes>['columns']

/** The spans of a block by row. */
export interface StoredSpans {
  readonly rows: number
  readonly project: Column<string>
  readonly traceId: Column<string>
  readonly spanId: Column<string>
  readonly receivedAt: Column<bigint>
  readonly startedAt: Column<bigint>
  record(row: number, content: StoredContentRow | undefined): SpanRecord
  /** What was derived when it arrived. */
  facts(row: number): SpanFacts
}

/** Columns of `spans` that hold all of a span, to be asked for in this order. */
export const wholeSpanTypes = {
  ...storedSpanTypes, trace_state: texts, span_flags: uint32s, schema_url: words,
  dropped_attributes: uint32s, dropped_events: uint32s, dropped_links: uint32s,
} as const

/** The spans of a block by row, with all that was sent. */
export interface WholeSpans extends Pick<StoredSpans, 'rows' | 'project' | 'traceId' | 'spanId' | 'receivedAt' | 'facts'> {
  record(row: number, content: WholeContentRow | undefined): SpanRecord
}

export function wholeSpans({ rows, columns }: Block<typeof wholeSpanTypes>): WholeSpans {
  const spans = storedSpans({ rows, columns })
  return {
    ...spans,
    record: (row, content) => {
      const read = spans.record(row, content)
      return {
        ...read, traceState: columns.trace_state(row), flags: columns.span_flags(row), scope: { ...read.scope, schemaUrl: columns.schema_url(row) },
        droppedAttributesCount: columns.dropped_attributes(row), droppedEventsCount: columns.dropped_events(row), droppedLinksCount: columns.dropped_links(row),
        links: content === undefined ? [] : storedLinks(content[6]),
      }
    },
  }
}

export function storedSpans({ rows, columns }: Block<typeof storedSpanTypes>): StoredSpans {
  const held = heldColumns.map(({ key, column }) => ({ key, value: columns[column as keyof SpanColumns] as Column<string> }))
  const usageOf = storedUsage(columns)
  return {
    rows, project: columns.project, traceId: columns.trace_id, spanId: columns.span_id, receivedAt: columns.received_at, startedAt: columns.started_at,
    record: (row, content) => record(columns, held, row, content),
    facts: (row) => facts(columns, usageOf, row),
  }
}

function record(columns: SpanColumns, held: readonly { readonly key: string; readonly value: Column<string> }[], row: number, content: StoredContentRow | undefined): SpanRecord {
  const values = new Map<string, AttributeValue>()
  const set = (key: string, value: AttributeValue): void => void values.set(key, value)
  const setAny = (key: string, value: string): void => void values.set(key, value.length <= shortJsonChars ? shortJson(value) : storedAny(value))
  columns.attributes_string_own(row)(set)
  for (let bits = columns.attributes_held(row), at = 0; bits !== 0; bits >>>= 1, at++) {
    const holder = held[at]
    if ((bits & 1) === 1 && holder !== undefined) values.set(holder.key, holder.value(row))
  }
  columns.attributes_int(row)(set)
  columns.attributes_double(row)(set)
  columns.attributes_bool(row)(set)
  columns.attributes_json(row)(setAny)
  if (content !== undefined) {
    for (const [key, value] of content[3]) set(key, value)
    for (const [key, value] of content[4]) setAny(key, value)
  }
  return {
    traceId: columns.trace_id(row), spanId: columns.span_id(row), parentSpanId: columns.parent_span_id(row), traceState: '', flags: 0, name: columns.name(row),
    kind: columns.span_kind(row), startTimeUnixNano: columns.started_at(row), endTimeUnixNano: columns.ended_at(row), statusCode: columns.status_code(row),
    statusMessage: columns.status_message(row), attributes: values, droppedAttributesCount: 0,
    events: content === undefined ? noEvents : storedEvents(content[5]), droppedEventsCount: 0, links: [], droppedLinksCount: 0,
    resource: storedResource(columns.resource_attributes(row)),
    scope: storedScope(columns.scope_name(row), columns.scope_version(row), columns.scope_attributes(row)),
  }
}

const noEvents: readonly SpanEvent[] = []

/** Texts of resources and scopes that are kept, read: each is said by all spans of a process. */
const listsMax = 10_000

/** Resources and scopes are shared, as they are when they are decoded. */
function remembered<T>(make: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    let value = known.get(text)
    if (value === undefined) {
      if (known.size >= listsMax) known.clear()
      known.set(text, (value = make(text)))
    }
    return value
  }
}

/** A list of finish reasons is; the same few are said by all calls. */
const shortJsonChars = 80
const shortJson = remembered(storedAny)

const storedResource = remembered((text): Resource => ({ attributes: attributes(storedPairs(text)), schemaUrl: '' }))
const scopeAttributes = remembered((text): Attributes => attributes(storedPairs(text)))
let lastScope: { readonly text: string; readonly scope: Scope } | undefined
function storedScope(name: string, version: string, text: string): Scope {
  if (lastScope?.text !== text || lastScope.scope.name !== name || lastScope.scope.version !== version) {
    lastScope = { text, scope: { name, version, attributes: scopeAttributes(text), schemaUrl: '' } }
  }
  return lastScope.scope
}

/** OTLP `STATUS_CODE_ERROR`. */
const statusError = 2

function facts(columns: SpanColumns, usageOf: (row: number) => Usage, row: number): SpanFacts {
  return {
    traceId: columns.trace_id(row), spanId: columns.span_id(row), parentSpanId: columns.parent_span_id(row),
    startedAt: columns.started_at(row), endedAt: columns.ended_at(row), name: columns.name(row), spanKind: columns.span_kind(row),
    failed: columns.status_code(row) === statusError, service: columns.service(row), environment: columns.environment(row),
    scopeName: columns.scope_name(row), scopeVersion: columns.scope_version(row), step: step(columns, usageOf, row),
  }
}

function step(columns: SpanColumns, usageOf: (row: number) => Usage, row: number): Step {
  const responseId = columns.response_id(row)
  const callKeys = columns.call_keys(row)
  const decision = columns.agent_decision(row)
  return {
    dialect: columns.dialect(row), role: columns.role(row), operation: columns.operation(row), agent: columns.agent(row), agentId: columns.agent_id(row),
    workflow: columns.workflow(row), session: columns.session(row), user: columns.user(row), tags: columns.tags(row), provider: columns.provider(row),
    requestModel: columns.request_model(row), responseModel: columns.response_model(row), responseId, tool: columns.tool(row),
    toolCallId: columns.tool_call_id(row), toolArgumentsHash: columns.tool_arguments_hash(row), executed: columns.executed(row),
    finishReasons: columns.finish_reasons(row), errorType: columns.error_type(row), errorMessage: columns.error_message(row),
    timeToFirstTokenMs: columns.time_to_first_token_ms(row), streaming: columns.streaming(row), serviceTier: columns.service_tier(row),
    usage: columns.usage_reported(row) ? usageOf(row) : undefined, usageFlags: columns.usage_flags(row) as readonly UsageFlag[],
    usagePartial: columns.usage_partial(row), usageCumulative: columns.usage_cumulative(row), usageAuthoritative: columns.usage_authoritative(row),
    reportedCost: columns.reported_cost(row), callKeys: callKeys.length === 0 ? callKeys : readCallKeys(callKeys, responseId),
    decision: decision === '' ? undefined : JSON.parse(decision) as AgentDecision,
  }
}

function storedUsage(columns: SpanColumns): (row: number) => Usage {
  const tokens = tokenMeters.map((meter) => ({ meter, count: columns[usageColumn(meter) as keyof SpanColumns] as Column<number> }))
  return (row) => {
    const usage: Partial<Record<Meter, number>> = {}
    for (const { meter, count } of tokens) if (count(row) > 0) usage[meter] = count(row)
    columns.usage_pieces(row)((meter, count) => void (usage[meter as PieceMeter] = count))
    return usage
  }
}

/** Maps as pairs of lists: an object would lose keys that look like numbers their place, and `__proto__` its harmlessness. */
const pairs = (map: string): string => `arrayMap((k, v) -> (k, v), mapKeys(${map}), mapValues(${map}))`
type TextPairs = readonly (readonly [string, string])[]

/** A row of `SELECT ${storedContentColumns} FROM span_content`, as `Store.readBatches` gives it. It belongs to the version of its span that was received at the same time. */
export type StoredContentRow = readonly [traceId: string, spanId: string, receivedAt: string, strings: TextPairs, json: TextPairs, events: string, ...unknown[]]
/** The same of `wholeContentColumns`. */
export type WholeContentRow = readonly [traceId: string, spanId: string, receivedAt: string, strings: TextPairs, json: TextPairs, events: string, links: string]

export const storedContentColumns: string = [
  'lower(hex(trace_id))', 'lower(hex(span_id))', 'toString(toUnixTimestamp64Nano(received_at))', pairs('attributes_string'), pairs('attributes_json'), 'events',
].join(', ')

export const wholeContentColumns = `${storedContentColumns}, links`

interface StoredEvent {
  readonly timeUnixNano: string
  readonly name: string
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributesCount: number
}

const storedEvents = (text: string): readonly SpanEvent[] =>
  text === '' ? noEvents : (JSON.parse(text) as readonly StoredEvent[]).map((event) => ({
    timeUnixNano: BigInt(event.timeUnixNano), name: event.name, attributes: attributes(event.attributes), droppedAttributesCount: event.droppedAttributesCount,
  }))

type StoredLink = Omit<SpanLink, 'attributes'> & { readonly attributes: readonly KeyValue[] }

const storedLinks = (text: string): readonly SpanLink[] =>
  text === '' ? [] : (JSON.parse(text) as readonly StoredLink[]).map((link) => ({ ...link, attributes: attributes(link.attributes) }))
