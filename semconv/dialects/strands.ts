import type { Attributes } from '../attributes.ts'
import type { Dialect } from '../dialect.ts'

const source = 'strands-agents/sdk-python@1232230'
const unbilled: ReadonlySet<string> = new Set(['denied', 'blocked', 'cancelled', 'interrupted', 'not_executed'])

/** strands-agents/sdk-python@1232230. Its `gen_ai.system` is `strands-agents`: the provider follows from the model. */
export const strands: Dialect = {
  name: 'strands',
  keys: {
    cacheRead: ['gen_ai.usage.cache_read_input_tokens'],
    cacheWrite: ['gen_ai.usage.cache_write_input_tokens'],
    // Milliseconds, although the metric of that name has seconds.
    firstChunkMillis: ['gen_ai.server.time_to_first_token'],
  },
  counting: [
    // Its JavaScript names the tracer after the service (python: `strands.telemetry.tracer`) and adds the cache to the input.
    { source: 'captured from @strands-agents/sdk 1.19.0', scope: (scope) => scope !== '' && !scope.startsWith('strands.'),
      when: (attributes) => attributes.has('gen_ai.usage.input_tokens'), input: 'inclusive', output: 'inclusive' },
    // OpenInference's processor rewrites the span and adds the cache to the input, up to 0.1.10 also where it was in: the total shows it.
    { source: 'openinference-instrumentation-strands-agents 0.1.10 and 0.1.11 on PyPI (processor.py)', when: hasCacheTwice, input: 'twice' },
    { source: 'Arize-ai/openinference@1fe497f', when: (attributes) => !attributes.has('gen_ai.usage.input_tokens') &&
      attributes.has('llm.token_count.prompt'), input: 'inclusive' },
    // Since 1.54 its python adds the cache to the input where the model's API leaves it out, and has the conventions' keys for it.
    { source: 'captured from strands-agents 1.62.0 on PyPI; telemetry/tracer.py `_total_prompt_tokens` of 1.53.0 and 1.54.0',
      when: (attributes) => attributes.has('gen_ai.usage.cache_read.input_tokens') || attributes.has('gen_ai.usage.cache_creation.input_tokens'),
      input: 'inclusive' },
    // Bedrock's ids: `us.anthropic.claude-…`, `amazon.nova-…`.
    { source, when: (attributes) => isBedrockModel(attributes.get('gen_ai.request.model')), input: 'exclusive' },
    { source: 'strands-agents 1.50.0 on PyPI (models/anthropic.py)',
      when: (attributes) => isAnthropicModel(attributes.get('gen_ai.request.model')) &&
        (attributes.has('gen_ai.usage.cache_read_input_tokens') || attributes.has('gen_ai.usage.cache_write_input_tokens')), input: 'exclusive' },
    { source, when: (attributes) => isAnthropicModel(attributes.get('gen_ai.request.model')), input: 'exclusive', lossy: true },
    { source, input: 'inclusive' },
  ],
  refine(draft, _reading, span) {
    // Counts over the life of the agent object, not of this call (unless opted out: gen_ai_use_latest_invocation_tokens).
    if (draft.role === 'agent' || draft.role === 'workflow') draft.usageCumulative = true
    const status = span.attributes.get('gen_ai.tool.status')
    if (draft.role === 'tool' && typeof status === 'string') {
      if (unbilled.has(status.toLowerCase())) draft.executed = false
      if (status === 'error') draft.errorType ||= 'tool_error'
    }
  },
}

function hasCacheTwice(attributes: Attributes): boolean {
  if (attributes.has('gen_ai.usage.input_tokens') || !attributes.has('llm.token_count.total')) return false
  const count = (name: string) => Number(attributes.get(`llm.token_count.${name}`) ?? 0)
  const cached = count('prompt_details.cache_read') + count('prompt_details.cache_write')
  return cached > 0 && count('prompt') + count('completion') - cached === count('total')
}

function isBedrockModel(model: unknown): boolean {
  return typeof model === 'string' &&
    /^(?:arn:aws|(?:us|eu|apac|global)\.)?(?:anthropic|amazon|meta|mistral|cohere|ai21|deepseek)\./.test(model)
}

function isAnthropicModel(model: unknown): boolean {
  return typeof model === 'string' && model.startsWith('claude')
}
