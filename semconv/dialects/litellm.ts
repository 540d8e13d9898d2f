import type { Dialect } from '../dialect.ts'

/**
 * LiteLLM's own spans, captured from litellm 1.106: OpenLLMetry's keys, and the cost as its proxy counts it. Cached and
 * reasoning tokens are on the wire only inside a Python literal (`metadata.usage_object`), so they are told as fresh.
 */
export const litellm: Dialect = {
  name: 'litellm',
  keys: {
    user: ['llm.user', 'metadata.user_api_key_end_user_id'],
    session: ['metadata.session_id', 'metadata.requester_metadata.session_id'],
    streaming: ['llm.is_streaming'],
    cost: ['gen_ai.cost.total_cost'],
    costInput: ['gen_ai.cost.input_cost'],
    costOutput: ['gen_ai.cost.output_cost'],
  },
  counting: [{ source: 'captured from litellm 1.106.2', input: 'inclusive', output: 'inclusive' }],
  refine(draft, _reading, span) {
    // A call that failed has no answer: the id is LiteLLM's own.
    if (draft.responseId !== '' && draft.responseId === span.attributes.get('litellm.call_id')) draft.responseId = ''
  },
}
