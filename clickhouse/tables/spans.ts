import { pieceMeters, type SpanFacts, tokenMeters, type Usage, stepKinds, roles, kindOfRole } from '#semconv/facts.ts'
import { boolMap, choice, type Column, count, countMap, doubleMap, flag, id, intMap, list, nullableDecimal, nullableFloat, type Pairs, small, stringMap, type Table, text, time, uint32, word, words } from '../table.ts'
import { storedCallKeys } from './stored-call-keys.ts'
import { heldAttributesOf, heldDdl } from './held-attributes.ts'
import { usageColumn } from './usage-column.ts'

/**
 * A span at rest: its facts in typed columns, every other attribute in a map of its own OTLP type, text of prompts and
 * answers elsewhere (`span_content`), so that lists never read it.
 */
export interface SpanRow {
  readonly tenant: string
  readonly project: string
  readonly facts: SpanFacts
  /** When we accepted it. The later one wins where the same span comes twice. */
  readonly receivedAt: bigint
  readonly statusCode: number
  readonly statusMessage: string
  readonly traceState: string
  readonly spanFlags: number
  readonly schemaUrl: string
  readonly inputPreview: string
  readonly outputPreview: string
  readonly attributesString: Pairs<string>
  readonly attributesInt: Pairs<bigint>
  readonly attributesDouble: Pairs<number>
  readonly attributesBool: Pairs<boolean>
  /** Arrays, lists, bytes and empty values, as OTLP/JSON `AnyValue`. */
  readonly attributesJson: Pairs<string>
  /** OTLP/JSON `KeyValue[]`, one text per resource, so that it compresses to a dictionary entry. */
  readonly resourceAttributes: string
  readonly scopeAttributes: string
  readonly droppedAttributes: number
  readonly droppedEvents: number
  readonly droppedLinks: number
}

const noPieces: Pairs<number> = { keys: [], values: [] }
/** Almost no call has any, and this is asked of every span. */
function piecesOf(usage: Usage | undefined): Pairs<number> {
  if (usage === undefined) return noPieces
  const keys = pieceMeters.filter((meter) => usage[meter] !== undefined)
  return keys.length === 0 ? noPieces : { keys, values: keys.map((meter) => usage[meter] ?? 0) }
}

/** What the spans of one resource and scope have alike, mostly. */
const ofResource: readonly Column<SpanRow>[] = [
  word('tenant', (r) => r.tenant),
  word('project', (r) => r.project),
  word('service', (r) => r.facts.service),
  word('environment', (r) => r.facts.environment),
  word('scope_name', (r) => r.facts.scopeName),
  word('scope_version', (r) => r.facts.scopeVersion),
  word('schema_url', (r) => r.schemaUrl),
  word('resource_attributes', (r) => r.resourceAttributes),
  word('scope_attributes', (r) => r.scopeAttributes),
  // Almost always empty; where an application sets them, it does for all spans of a trace.
  word('tags', (r) => r.facts.step.tags),
]

export const spans: Table<SpanRow> = {
  name: 'spans',
  alike: ofResource.length,
  columns: [
    ...ofResource,
    id('trace_id', 16, (r) => r.facts.traceId),
    id('span_id', 8, (r) => r.facts.spanId),
    id('parent_span_id', 8, (r) => r.facts.parentSpanId),
    time('started_at', (r) => r.facts.startedAt),
    time('ended_at', (r) => r.facts.endedAt, 'CODEC(T64, ZSTD(1))'),
    time('received_at', (r) => r.receivedAt),
    word('name', (r) => r.facts.name),
    small('span_kind', (r) => r.facts.spanKind & 0xff),
    small('status_code', (r) => r.statusCode & 0xff),
    text('status_message', (r) => r.statusMessage),
    text('trace_state', (r) => r.traceState),
    uint32('span_flags', (r) => r.spanFlags),
    word('dialect', (r) => r.facts.step.dialect),
    choice('step_kind', stepKinds, (r) => kindOfRole[r.facts.step.role]),
    choice('role', roles, (r) => r.facts.step.role),
    word('operation', (r) => r.facts.step.operation),
    word('agent', (r) => r.facts.step.agent),
    text('agent_id', (r) => r.facts.step.agentId),
    word('workflow', (r) => r.facts.step.workflow),
    text('session', (r) => r.facts.step.session),
    text('user', (r) => r.facts.step.user),
    word('provider', (r) => r.facts.step.provider),
    word('request_model', (r) => r.facts.step.requestModel),
    word('response_model', (r) => r.facts.step.responseModel),
    text('response_id', (r) => r.facts.step.responseId),
    word('tool', (r) => r.facts.step.tool),
    text('tool_call_id', (r) => r.facts.step.toolCallId),
    text('tool_arguments_hash', (r) => r.facts.step.toolArgumentsHash),
    flag('executed', (r) => r.facts.step.executed),
    words('finish_reasons', (r) => r.facts.step.finishReasons),
    word('error_type', (r) => r.facts.step.errorType),
    text('error_message', (r) => r.facts.step.errorMessage),
    nullableFloat('time_to_first_token_ms', (r) => r.facts.step.timeToFirstTokenMs),
    flag('streaming', (r) => r.facts.step.streaming),
    word('service_tier', (r) => r.facts.step.serviceTier),
    flag('usage_reported', (r) => r.facts.step.usage !== undefined),
    ...tokenMeters.map((meter) => count<SpanRow>(usageColumn(meter), (r) => r.facts.step.usage?.[meter] ?? 0)),
    countMap('usage_pieces', (r) => piecesOf(r.facts.step.usage)),
    words('usage_flags', (r) => r.facts.step.usageFlags),
    flag('usage_partial', (r) => r.facts.step.usagePartial),
    flag('usage_cumulative', (r) => r.facts.step.usageCumulative),
    flag('usage_authoritative', (r) => r.facts.step.usageAuthoritative),
    nullableDecimal('reported_cost', (r) => r.facts.step.reportedCost),
    list('call_keys', 'String', (r) => storedCallKeys(r.facts.step), (w, key: string) => w.string(key)),
    /** JSON of `AgentDecision`, '' where the span carries none. */
    text('agent_decision', (r) => (r.facts.step.decision === undefined ? '' : JSON.stringify(r.facts.step.decision))),
    text('input_preview', (r) => r.inputPreview, 'CODEC(ZSTD(1))'),
    text('output_preview', (r) => r.outputPreview, 'CODEC(ZSTD(1))'),
    uint32('attributes_held', (r) => heldAttributesOf(r).held),
    stringMap('attributes_string_own', (r) => heldAttributesOf(r).own, 'CODEC(ZSTD(3))'),
    intMap('attributes_int', (r) => r.attributesInt),
    doubleMap('attributes_double', (r) => r.attributesDouble),
    boolMap('attributes_bool', (r) => r.attributesBool),
    stringMap('attributes_json', (r) => r.attributesJson, 'CODEC(ZSTD(1))'),
    uint32('dropped_attributes', (r) => r.droppedAttributes),
    uint32('dropped_events', (r) => r.droppedEvents),
    uint32('dropped_links', (r) => r.droppedLinks),
  ],
  computed: heldDdl,
}
