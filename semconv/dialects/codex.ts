import type { SpanEvent } from '../attributes.ts'
import type { Dialect, Draft } from '../dialect.ts'

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
    input: ['gen_ai.usage.input_tokens', 'codex.turn.token_usage.input_tokens'],
    output: ['gen_ai.usage.output_tokens', 'codex.turn.token_usage.output_tokens'],
    cacheRead: ['gen_ai.usage.cache_read.input_tokens', 'codex.turn.token_usage.cached_input_tokens'],
    cacheWrite: ['gen_ai.usage.cache_write.input_tokens', 'codex.turn.token_usage.cache_write_input_tokens'],
    reasoning: ['codex.usage.reasoning_output_tokens', 'codex.turn.token_usage.reasoning_output_tokens'],
    total: ['codex.usage.total_tokens', 'codex.turn.token_usage.total_tokens'],
  },
  counting: [{ source: 'openai/codex (mid-2026): the Responses API passed on', input: 'inclusive', output: 'inclusive' }],
  refine(draft, reading, span) {
    const { attributes, name } = span
    // Most spans are the program's own, and many of them name the tool or the model they are about.
    draft.role = 'span'
    if (attributes.has('codex.turn.token_usage.input_tokens') || name === 'session_task.turn') draft.role = 'turn'
    else if (reading.count('input') !== undefined || reading.count('output') !== undefined) draft.role = 'model_call'
    else if (name === 'run_sampling_request') draft.role = 'step'
    else if (draft.tool !== '' && draft.toolCallId !== '' && attributes.has('tool_source')) draft.role = 'tool'
    else draft.tool = ''
    if (draft.role === 'model_call') draft.streaming = true
    if (draft.role === 'tool') toolResult(draft, span.events)
  },
}

/** The result stands in an event beside the call: `codex.tool_result_ready`, or `codex.tool_result`. */
function toolResult(draft: Draft, events: readonly SpanEvent[]): void {
  for (const event of events) {
    const success = event.attributes.get('success')
    if (success === false || success === 'false') draft.errorType ||= 'tool_error'
  }
}
