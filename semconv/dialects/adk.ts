import type { Attributes } from '../attributes.ts'
import type { Dialect } from '../dialect.ts'
import { member, objectMember, parsedObject, tokenCount } from '../value.ts'

/** google/adk-python tracing.py@0798a74. */
export const adk: Dialect = {
  name: 'adk',
  keys: {
    session: ['gcp.vertex.agent.session_id'],
    toolCallId: ['gen_ai.tool_call.id'],
    toolArguments: ['gcp.vertex.agent.tool_call_args'],
    // Of call_llm since 1.27 at the latest, whether content is captured or not (google-adk on PyPI, telemetry/tracing.py).
    reasoning: ['gen_ai.usage.experimental.reasoning_tokens'],
    messages: ['gcp.vertex.agent.llm_response', 'gcp.vertex.agent.llm_request'],
  },
  // Java's call_llm, the only one with an operation, adds the thoughts. Python's and JavaScript's copied candidatesTokenCount, which leaves
  // them out; generate_content, which took call_llm's place, adds them since 2.3, and told neither thoughts nor cache before.
  counting: [
    // On the span of the agent, where each call writes over the one before.
    {
      source: 'openinference-instrumentation-google-adk 1.0.5 on PyPI with google-adk 2.13.0, captured',
      when: (attributes, name) => attributes.get('openinference.span.kind') === 'LLM' && name.startsWith('invoke_agent '),
      input: 'inclusive', output: 'inclusive', lossy: true,
    },
    {
      source: 'google-adk 1.25.0 to 2.3.0 on PyPI (telemetry/tracing.py, _token_usage.py)', below: '2.3', when: isGenerateContent,
      input: 'inclusive', output: 'exclusive', lossy: true,
    },
    {
      source: 'captured from google-adk 2.13.0', when: isGenerateContent,
      input: 'inclusive', output: 'inclusive',
    },
    {
      source: 'captured from google-adk 1.8.0 for Java', when: (attributes) => attributes.get('gen_ai.operation.name') === 'call_llm',
      input: 'inclusive', output: 'inclusive',
    },
    { source: 'captured from google-adk 2.13.0', when: (attributes) => copiesCompletion(attributes.get('gen_ai.request.model')), input: 'inclusive', output: 'inclusive' },
    { source: 'google/adk-python@0798a74', input: 'inclusive', output: 'exclusive' },
  ],
  counts(counts, reading) {
    const { output, reasoning } = counts
    if (reading.word('operation') === 'generate_content' && copiesCompletion(reading.word('requestModel')) && output !== undefined && reasoning !== undefined) {
      counts.output = Math.max(output - reasoning, reasoning)
    }
    // JavaScript's call_llm has the thoughts and the cached part in its answer alone.
    if (counts.input === undefined || (counts.cacheRead !== undefined && counts.reasoning !== undefined)) return
    const answer = parsedObject(reading.value('messages'))
    const usage = objectMember(answer, 'usageMetadata') ?? objectMember(answer, 'usage_metadata')
    counts.cacheRead ??= tokenCount(member(usage, 'cachedContentTokenCount') ?? member(usage, 'cached_content_token_count'))
    counts.reasoning ??= tokenCount(member(usage, 'thoughtsTokenCount') ?? member(usage, 'thoughts_token_count'))
  },
  refine(draft, _reading, span) {
    if (draft.role === 'agent') draft.agent ||= /^agent_run \[(.{1,256})\]$/.exec(span.name)?.[1] ?? ''
    // Bookkeeping over parallel calls that have spans of their own.
    if (draft.role === 'tool' && (span.name === 'execute_tool (merged)' || draft.tool === '(merged tools)')) draft.executed = false
  },
}

function isGenerateContent(attributes: Attributes): boolean {
  return attributes.get('gen_ai.operation.name') === 'generate_content'
}

/**
 * What is asked through LiteLLM (`openai/gpt-5`, by LiteLLM's names) or OpenAI's own API says OpenAI's whole output where Gemini says its
 * candidates, and generate_content adds the thoughts to that: google-adk 2.13.0, captured (models/lite_llm.py, integrations/openai/
 * _openai_llm.py: "over-counts reasoning tokens for OpenAI models", telemetry/_token_usage.py).
 */
function copiesCompletion(model: unknown): boolean {
  if (typeof model !== 'string') return false
  return /^(?:gpt-|o\d)/.test(model) || (model.includes('/') && !/^(?:projects|publishers|locations|models|endpoints|tunedmodels|apigee)\//i.test(model))
}
