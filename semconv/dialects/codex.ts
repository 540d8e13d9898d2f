import type { Attributes } from '../attributes.ts'
import type { Dialect, Draft } from '../dialect.ts'
import { truth, word } from '../value.ts'

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
    for (const event of span.events) {
      if (event.attributes.get('event.name') === 'codex.tool_result') toolResult(draft, event.attributes)
    }
  },
}

/** How a call went stands in an event of a span below it: with the call's id, that span tells the same call. */
function toolResult(draft: Draft, result: Attributes): void {
  draft.role = 'tool'
  draft.tool ||= word(result.get('tool_name')) ?? ''
  draft.toolCallId ||= word(result.get('call_id')) ?? ''
  if (truth(result.get('success')) === false) draft.errorType ||= 'tool_error'
}
