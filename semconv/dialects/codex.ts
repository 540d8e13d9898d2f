import { httpFailed } from '../agent-logs.ts'
import type { Attributes, SpanRecord } from '../attributes.ts'
import type { Dialect, Draft } from '../dialect.ts'
import type { Outcome, Role } from '../facts.ts'
import { truth, word } from '../value.ts'

/** Log events that tell a step. `codex.tool_decision` tells a call that may never run; its result has the same id. */
const eventRoles: Readonly<Record<string, Role>> = {
  'codex.user_prompt': 'turn', 'codex.sse_event': 'model_call', 'codex.api_request': 'model_call', 'codex.websocket_request': 'model_call',
  'codex.tool_result': 'tool', 'codex.tool_decision': 'tool',
}

/** `ReviewDecision`, openai/codex protocol.rs (mid-2026). */
const outcomes: Readonly<Record<string, Outcome>> = {
  approved: 'ALLOW', approved_for_session: 'ALLOW', approved_with_amendment: 'ALLOW', approved_execpolicy_amendment: 'ALLOW', denied: 'DENY', abort: 'DENY',
  timed_out: 'DENY',
}

/** openai/codex session_telemetry.rs (mid-2026), and spans captured from Codex CLI 0.169. */
export const codex: Dialect = {
  name: 'codex',
  keys: {
    requestModel: ['gen_ai.request.model', 'model', 'slug'],
    session: ['conversation.id'],
    user: ['user.account_id', 'user.email'],
    tool: ['tool_name'],
    toolCallId: ['call_id'],
    toolArguments: ['arguments'],
    input: ['gen_ai.usage.input_tokens', 'codex.turn.token_usage.input_tokens', 'input_token_count'],
    output: ['gen_ai.usage.output_tokens', 'codex.turn.token_usage.output_tokens', 'output_token_count'],
    cacheRead: ['gen_ai.usage.cache_read.input_tokens', 'codex.turn.token_usage.cached_input_tokens', 'cached_token_count'],
    cacheWrite: ['gen_ai.usage.cache_write.input_tokens', 'codex.turn.token_usage.cache_write_input_tokens', 'cache_write_token_count'],
    reasoning: ['codex.usage.reasoning_output_tokens', 'codex.turn.token_usage.reasoning_output_tokens', 'reasoning_token_count'],
    firstChunkMillis: ['ttft_ms'],
    total: ['codex.usage.total_tokens', 'codex.turn.token_usage.total_tokens'],
  },
  counting: [{ source: 'openai/codex (mid-2026): the Responses API passed on', input: 'inclusive', output: 'inclusive' }],
  refine(draft, reading, span) {
    const { attributes, name } = span
    if (Object.hasOwn(eventRoles, name)) return refineEvent(draft, name, attributes)
    // Most spans are the program's own, and many of them name the tool or the model they are about.
    draft.role = 'span'
    if (attributes.has('codex.turn.token_usage.input_tokens') || name === 'session_task.turn') draft.role = 'turn'
    else if (reading.count('input') !== undefined || reading.count('output') !== undefined) draft.role = 'model_call'
    else if (name === 'run_sampling_request') draft.role = 'step'
    else if (draft.tool !== '' && draft.toolCallId !== '' && attributes.has('tool_source')) draft.role = 'tool'
    else draft.tool = ''
    // Before the attempts: a tool that asked a model and was refused has not failed by that.
    for (const event of span.events) {
      if (event.attributes.get('event.name') === 'codex.tool_result') toolResult(draft, event.attributes)
    }
    failedAttempt(draft, span)
    if (draft.role === 'model_call') draft.streaming = true
  },
}

function refineEvent(draft: Draft, name: string, attributes: Attributes): void {
  draft.role = eventRoles[name] as Role
  if (draft.role === 'model_call') draft.streaming = true
  if (requests.has(name)) draft.errorType ||= errorOf(attributes)
  if (name === 'codex.tool_result') return toolResult(draft, attributes)
  if (name !== 'codex.tool_decision') return
  draft.executed = false
  const outcome = outcomes[(word(attributes.get('decision')) ?? '').toLowerCase()]
  const source = word(attributes.get('source')) ?? ''
  if (outcome !== undefined) draft.decision = { policyId: `codex.${source || 'approval'}`, policyVersion: 0, outcome, reason: source, target: draft.tool }
}

/** A stream can break off behind a status that says all is well. */
function errorOf(request: Attributes): string {
  const status = word(request.get('http.response.status_code')) ?? ''
  return /^[45]/.test(status) ? status : 'api_error'
}

const requests: ReadonlySet<unknown> = new Set(['codex.api_request', 'codex.websocket_request'])

/**
 * An attempt that was refused has no span of its own kind and no usage, only this event on the span that sent it; the next one is sent
 * by another span (captured from 0.171.0). Where one span sent it again, its last request says how it went.
 */
function failedAttempt(draft: Draft, span: SpanRecord): void {
  if (draft.role !== 'span' || span.events.length === 0) return
  const said = span.events.findLast((event) => requests.has(event.attributes.get('event.name')))?.attributes
  // A list of models is asked for in the same words (codex models-manager, `MODELS_ENDPOINT`).
  if (said === undefined || !httpFailed(said) || said.get('endpoint') === '/models') return
  draft.role = 'model_call'
  draft.requestModel ||= word(said.get('model')) ?? ''
  draft.session ||= word(said.get('conversation.id')) ?? ''
  draft.errorType ||= errorOf(said)
  draft.errorMessage ||= word(said.get('error.message')) ?? ''
}

/** How a call went stands in an event of a span below it: with the call's id, that span tells the same call. */
function toolResult(draft: Draft, result: Attributes): void {
  draft.role = 'tool'
  draft.tool ||= word(result.get('tool_name')) ?? ''
  draft.toolCallId ||= word(result.get('call_id')) ?? ''
  if (truth(result.get('success')) === false) draft.errorType ||= 'tool_error'
}
