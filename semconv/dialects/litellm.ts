import { bodyCounts, writesByLifetime } from '../body-counts.ts'
import type { Dialect, Draft } from '../dialect.ts'
import { pythonDict } from '../python-literal.ts'
import { type JsonObject, member, objectMember, word } from '../value.ts'

/**
 * LiteLLM's own spans, captured from litellm 1.106, the library and its proxy: OpenLLMetry's keys, and the cost as its proxy
 * counts it. What is beside the two sums of a usage, and what the caller sent along, is on the wire as Python prints a dict.
 */
export const litellm: Dialect = {
  name: 'litellm',
  keys: {
    user: ['llm.user', 'metadata.user_api_key_end_user_id'],
    session: ['metadata.session_id', 'metadata.requester_metadata.session_id'],
    streaming: ['llm.is_streaming'],
    usageDetails: ['metadata.usage_object'],
    cost: ['gen_ai.cost.total_cost'],
    costInput: ['gen_ai.cost.input_cost'],
    costOutput: ['gen_ai.cost.output_cost'],
  },
  counting: [
    { source: 'captured from litellm 1.106.2', when: (attributes) => pythonDict(attributes.get('metadata.usage_object')) === undefined, input: 'inclusive', output: 'inclusive', lossy: true },
    { source: 'captured from litellm 1.106.2', input: 'inclusive', output: 'inclusive' },
  ],
  counts(counts, reading) {
    const usage = pythonDict(reading.value('usageDetails'))
    if (usage === undefined) return
    bodyCounts(counts, usage)
    // Anthropic's lifetimes, under a name of LiteLLM's own.
    const written = objectMember(objectMember(usage, 'prompt_tokens_details'), 'cache_creation_token_details')
    if (written !== undefined) writesByLifetime(counts, { cache_creation: written })
  },
  refine(draft, _reading, { attributes }) {
    // A call that failed has no answer: the id is LiteLLM's own.
    if (draft.responseId !== '' && draft.responseId === attributes.get('litellm.call_id')) draft.responseId = ''
    if (draft.role !== 'model_call') return
    nameModel(draft, word(attributes.get('litellm.provider.model')) ?? '', word(attributes.get('litellm.model_group')) ?? '')
    if (draft.session === '') draft.session = textOf(pythonDict(attributes.get('metadata.requester_metadata')), 'session_id')
  },
}

/**
 * The proxy says which deployment answered (`anthropic/claude-sonnet-4-5`), for Anthropic's and OpenAI's newer APIs only there;
 * and where it translates, it puts its own name for the model into the answer: `gpt-4`, whatever that is routed to.
 */
function nameModel(draft: Draft, deployed: string, group: string): void {
  const slash = deployed.indexOf('/')
  if (slash > 0) draft.provider ||= deployed.slice(0, slash)
  if (deployed !== '' && draft.responseModel === group && group !== deployed.slice(slash + 1)) draft.responseModel = ''
}

function textOf(object: JsonObject | undefined, key: string): string {
  const text = member(object, key)
  return typeof text === 'string' ? (word(text) ?? '') : ''
}
