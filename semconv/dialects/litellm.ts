import type { Attributes } from '../attributes.ts'
import { bodyCounts, writesByLifetime } from '../body-counts.ts'
import type { Dialect, Draft } from '../dialect.ts'
import type { Outcome } from '../facts.ts'
import { pythonDict } from '../python-literal.ts'
import { type JsonObject, member, objectMember, word } from '../value.ts'

/**
 * LiteLLM's own spans, captured from litellm 1.106, the library and its proxy: OpenLLMetry's keys, and the cost as its proxy
 * counts it. What is beside the two sums of a usage, and what the caller sent along, is on the wire as Python prints a dict.
 * With `LITELLM_OTEL_V2` (captured from 1.108.7) they are the conventions', with the cache and without its lifetimes and thoughts.
 */
export const litellm: Dialect = {
  name: 'litellm',
  keys: {
    user: ['llm.user', 'metadata.user_api_key_end_user_id', 'litellm.end_user.id', 'litellm.metadata.user_api_key_end_user_id'],
    session: ['metadata.session_id', 'metadata.requester_metadata.session_id'],
    streaming: ['llm.is_streaming', 'litellm.request.streaming'],
    usageDetails: ['metadata.usage_object'],
    cost: ['gen_ai.cost.total_cost', 'litellm.cost.total'],
    costInput: ['gen_ai.cost.input_cost', 'litellm.cost.input'],
    costOutput: ['gen_ai.cost.output_cost', 'litellm.cost.output'],
  },
  counting: [
    { source: 'captured from litellm 1.108.7', when: isV2, input: 'inclusive', output: 'inclusive' },
    { source: 'captured from litellm 1.106.2', when: (attributes) => pythonDict(attributes.get('metadata.usage_object')) === undefined, input: 'inclusive', output: 'inclusive', lossy: true },
    { source: 'captured from litellm 1.106.2', input: 'inclusive', output: 'inclusive' },
  ],
  counts(counts, reading) {
    // What it was not told is 0: a stream without usage, a call that failed.
    if (counts.input === 0 && counts.output === 0) counts.input = counts.output = counts.total = undefined
    const usage = pythonDict(reading.value('usageDetails'))
    if (usage === undefined) return
    bodyCounts(counts, usage)
    // Anthropic's lifetimes, under a name of LiteLLM's own.
    const written = objectMember(objectMember(usage, 'prompt_tokens_details'), 'cache_creation_token_details')
    if (written !== undefined) writesByLifetime(counts, { cache_creation: written })
  },
  refine(draft, _reading, { attributes }) {
    judge(draft, attributes)
    // A call that failed has no answer: the id is LiteLLM's own.
    if (draft.responseId !== '' && draft.responseId === attributes.get('litellm.call_id')) draft.responseId = ''
    if (draft.role !== 'model_call' && draft.role !== 'embedding') return
    nameModel(draft, word(attributes.get('litellm.provider.model')) ?? '', isV2(attributes) ? draft.requestModel : word(attributes.get('litellm.model_group')) ?? '')
    if (draft.session === '') draft.session = textOf(pythonDict(attributes.get('metadata.requester_metadata')), 'session_id')
  },
}

/** Its guardrails' words; one that did not respond decided nothing. */
const outcomes: Readonly<Record<string, Outcome>> = { success: 'ALLOW', guardrail_intervened: 'DENY' }

function judge(draft: Draft, attributes: Attributes): void {
  const status = word(attributes.get('litellm.guardrail.status') ?? attributes.get('guardrail_status'))
  if (status === undefined) return
  draft.role = 'guardrail'
  const outcome = Object.hasOwn(outcomes, status) ? outcomes[status] : undefined
  const policyId = word(attributes.get('litellm.guardrail.name') ?? attributes.get('guardrail_name')) ?? 'litellm.guardrail'
  if (outcome !== undefined) draft.decision = { policyId, policyVersion: 0, outcome, reason: '', target: '' }
}

/** Only there. */
function isV2(attributes: Attributes): boolean {
  return attributes.has('litellm.call_type')
}

/**
 * The proxy says which deployment answered (`anthropic/claude-sonnet-4-5`), for Anthropic's and OpenAI's newer APIs only there;
 * and where it translates, it puts its own name for the model into the answer: `gpt-4`, whatever that is routed to. In version 2 that
 * name is the asked model's, too.
 */
function nameModel(draft: Draft, deployed: string, group: string): void {
  const slash = deployed.indexOf('/')
  if (slash > 0) draft.provider ||= deployed.slice(0, slash)
  if (deployed === '' || (draft.responseModel !== '' && draft.responseModel !== group) || group === deployed.slice(slash + 1)) return
  draft.responseModel = ''
  if (draft.requestModel === group) draft.requestModel = deployed.slice(slash + 1)
}

function textOf(object: JsonObject | undefined, key: string): string {
  const text = member(object, key)
  return typeof text === 'string' ? (word(text) ?? '') : ''
}
