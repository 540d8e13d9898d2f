import { type AgentDecision, type Meter, pieceMeters, type Role, type SpanFacts, type Step, tokenMeters, type Usage, type UsageFlag } from '#semconv/facts.ts'
import { picoFromDecimal } from './decimal.ts'
import { readCallKeys } from './tables/stored-call-keys.ts'
import { usageColumn } from './tables/usage-column.ts'

/** A row of `SELECT ${spanFactsColumns} FROM spans`, as `Store.read` gives it: 64-bit integers and decimals are text. */
export interface SpanFactsRow {
  readonly traceIdHex: string
  readonly spanIdHex: string
  readonly parentSpanIdHex: string
  readonly startedAtNanos: string
  readonly endedAtNanos: string
  readonly name: string
  readonly spanKind: number
  readonly statusCode: number
  readonly service: string
  readonly environment: string
  readonly scopeName: string
  readonly scopeVersion: string
  readonly dialect: string
  readonly role: Role
  readonly operation: string
  readonly agent: string
  readonly agentId: string
  readonly workflow: string
  readonly session: string
  readonly user: string
  readonly tags: string
  readonly provider: string
  readonly requestModel: string
  readonly responseModel: string
  readonly responseId: string
  readonly tool: string
  readonly toolCallId: string
  readonly toolArgumentsHash: string
  readonly executed: boolean
  readonly finishReasons: readonly string[]
  readonly errorType: string
  readonly errorMessage: string
  readonly timeToFirstTokenMs: number | null
  readonly streaming: boolean
  readonly serviceTier: string
  readonly usageReported: boolean
  /** One count per meter, in the order of `tokenMeters`. */
  readonly usageCounts: readonly string[]
  readonly usagePieces: Readonly<Record<string, string>>
  readonly usageFlags: readonly UsageFlag[]
  readonly usagePartial: boolean
  readonly usageCumulative: boolean
  readonly usageAuthoritative: boolean
  readonly reportedCost: string | null
  readonly callKeys: readonly string[]
  readonly agentDecision: string
}

/** Zeros stand for an id that is not there. */
const hexOrEmpty = (column: string): string => `if(${column} = toFixedString('', 8), '', lower(hex(${column})))`

/** What settlement and queries need of a stored span. No alias hides a column: `WHERE started_at …` still means the column. */
export const spanFactsColumns: string = [
  'lower(hex(trace_id)) AS traceIdHex', 'lower(hex(span_id)) AS spanIdHex', `${hexOrEmpty('parent_span_id')} AS parentSpanIdHex`,
  'toUnixTimestamp64Nano(started_at) AS startedAtNanos', 'toUnixTimestamp64Nano(ended_at) AS endedAtNanos',
  'name', 'span_kind AS spanKind', 'status_code AS statusCode', 'service', 'environment', 'scope_name AS scopeName',
  'scope_version AS scopeVersion', 'dialect', 'role', 'operation', 'agent', 'agent_id AS agentId', 'workflow', 'session', 'user', 'tags',
  'provider', 'request_model AS requestModel', 'response_model AS responseModel', 'response_id AS responseId', 'tool',
  'tool_call_id AS toolCallId', 'tool_arguments_hash AS toolArgumentsHash', 'executed', 'finish_reasons AS finishReasons',
  'error_type AS errorType', 'error_message AS errorMessage', 'time_to_first_token_ms AS timeToFirstTokenMs', 'streaming',
  'service_tier AS serviceTier', 'usage_reported AS usageReported', `[${tokenMeters.map(usageColumn).join(', ')}] AS usageCounts`,
  'usage_pieces AS usagePieces',
  'usage_flags AS usageFlags', 'usage_partial AS usagePartial', 'usage_cumulative AS usageCumulative',
  'usage_authoritative AS usageAuthoritative', 'reported_cost AS reportedCost', 'call_keys AS callKeys',
  'agent_decision AS agentDecision',
].join(', ')

/** OTLP `STATUS_CODE_ERROR`. */
const statusError = 2

/** A stored row back into the facts that were derived when the span arrived. */
export function spanFacts(row: SpanFactsRow): SpanFacts {
  return {
    traceId: row.traceIdHex, spanId: row.spanIdHex, parentSpanId: row.parentSpanIdHex,
    startedAt: BigInt(row.startedAtNanos), endedAt: BigInt(row.endedAtNanos),
    name: row.name, spanKind: row.spanKind, failed: row.statusCode === statusError,
    service: row.service, environment: row.environment, scopeName: row.scopeName, scopeVersion: row.scopeVersion,
    step: step(row),
  }
}

const step = (row: SpanFactsRow): Step => ({
  dialect: row.dialect, role: row.role, operation: row.operation, agent: row.agent, agentId: row.agentId,
  workflow: row.workflow, session: row.session, user: row.user, tags: row.tags, provider: row.provider, requestModel: row.requestModel,
  responseModel: row.responseModel, responseId: row.responseId, tool: row.tool, toolCallId: row.toolCallId,
  toolArgumentsHash: row.toolArgumentsHash, executed: row.executed, finishReasons: row.finishReasons,
  errorType: row.errorType, errorMessage: row.errorMessage, timeToFirstTokenMs: row.timeToFirstTokenMs ?? undefined,
  streaming: row.streaming, serviceTier: row.serviceTier,
  usage: row.usageReported ? usage(row) : undefined,
  usageFlags: row.usageFlags, usagePartial: row.usagePartial, usageCumulative: row.usageCumulative,
  usageAuthoritative: row.usageAuthoritative,
  reportedCost: row.reportedCost === null ? undefined : picoFromDecimal(row.reportedCost),
  callKeys: readCallKeys(row.callKeys, row.responseId),
  decision: row.agentDecision === '' ? undefined : JSON.parse(row.agentDecision) as AgentDecision,
})

/** Counts are at most 2^53, as stored by the encoder, so they fit a number exactly. */
function usage({ usageCounts: counts, usagePieces: pieces }: SpanFactsRow): Usage {
  const reported: Partial<Record<Meter, number>> = {}
  tokenMeters.forEach((meter, index) => {
    const count = Number(counts[index])
    if (count > 0) reported[meter] = count
  })
  for (const meter of pieceMeters) if (pieces[meter] !== undefined) reported[meter] = Number(pieces[meter])
  return reported
}
