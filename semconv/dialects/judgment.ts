import { answerId } from '../answer-id.ts'
import { bodyCounts, geminiParts } from '../body-counts.ts'
import type { Dialect } from '../dialect.ts'
import { member, parsedObject, tokenCount, word } from '../value.ts'

const source = 'judgeval 1.6.0 on PyPI (instrumentation/llm), captured'

/** Judgment's SDK, captured from judgeval 1.6.0 for python: keys of its own, and the provider's usage as JSON. */
export const judgment: Dialect = {
  name: 'judgment',
  keys: {
    kind: ['judgment.span_kind'],
    provider: ['judgment.llm.provider'],
    requestModel: ['judgment.llm.model'],
    agent: ['judgment.agent_instance_name', 'judgment.agent_class_name'],
    session: ['judgment.session_id'],
    user: ['judgment.customer_user_id', 'judgment.customer_id'],
    toolArguments: ['judgment.input'],
    input: ['judgment.usage.non_cached_input_tokens'],
    output: ['judgment.usage.output_tokens'],
    cacheRead: ['judgment.usage.cache_read_input_tokens'],
    cacheWrite: ['judgment.usage.cache_creation_input_tokens'],
    usageDetails: ['judgment.usage.metadata'],
    cost: ['judgment.usage.total_cost_usd'],
  },
  counting: [
    // The prompt's count under the same key, with the cache inside (llm_google/generate_content.py).
    { source, providers: ['gcp.gemini', 'gcp.vertex_ai'], input: 'inclusive' },
    { source, input: 'exclusive' },
  ],
  counts(counts, reading) {
    const usage = parsedObject(reading.value('usageDetails'))
    bodyCounts(counts, usage)
    geminiParts(counts, usage)
    // Shows that Gemini's thoughts stand beside the output.
    counts.total ??= tokenCount(member(usage, 'total_token_count'))
  },
  refine(draft, _, span) {
    // `OPENAI_API_CALL`: whose client it is, is nowhere else.
    if (draft.role === 'model_call') draft.provider ||= /^([A-Z]{1,40})_API_CALL$/.exec(span.name)?.[1] ?? ''
    if (draft.role === 'model_call') draft.responseId ||= answerId(span.attributes.get('gen_ai.completion'))
    if (draft.role === 'tool') draft.tool ||= word(span.name) ?? ''
    if (draft.role === 'agent') draft.agent ||= word(span.name) ?? ''
  },
}
