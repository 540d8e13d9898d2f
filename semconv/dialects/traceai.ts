import type { Attributes } from '../attributes.ts'
import type { Dialect } from '../dialect.ts'
import { answerCounts, refineAnswer } from './openinference.ts'

const source = 'traceai-openai, -anthropic, -google-genai, -langchain and -litellm 0.1.10 on PyPI, captured'
const anthropic = (scope: string) => scope === 'traceai_anthropic'
/** OpenAI's chat completions and LiteLLM: neither keys nor the answer tell what was cached or thought, where there is no embedding. */
const hidesParts = (attributes: Attributes) => attributes.get('gen_ai.span.kind') !== 'EMBEDDING' && !attributes.has('gen_ai.usage.input_tokens.cache_read')
const isText = (attributes: Attributes) => !String(attributes.get('output.value')).startsWith('{')

/** Future AGI's traceAI (fi-instrumentation-otel 1.1.0, fi_types.py), a fork of OpenInference under keys like the conventions'. */
export const traceai: Dialect = {
  name: 'traceai',
  keys: {
    kind: ['gen_ai.span.kind'],
    requestModel: ['gen_ai.request.model', 'embedding.model_name', 'gen_ai.reranker.model', 'reranker.model_name'],
    toolArguments: ['gen_ai.tool.call.arguments', 'input.value'],
    entity: ['graph.node.name', 'graph.node.id'],
    parameters: ['gen_ai.request.parameters'],
    metadata: ['metadata'],
    messages: ['output.value', 'input.value'],
    usageDetails: ['output.value'],
    cacheRead: ['gen_ai.usage.cache_read_tokens', 'gen_ai.usage.input_tokens.cache_read', 'gen_ai.usage.input_tokens.cache_input'],
    cacheWrite: ['gen_ai.usage.cache_write_tokens', 'gen_ai.usage.input_tokens.cache_write'],
    reasoning: ['gen_ai.usage.output_tokens.reasoning'],
    audioInput: ['gen_ai.usage.input_tokens.audio'],
    audioOutput: ['gen_ai.usage.output_tokens.audio'],
    cost: ['gen_ai.cost.total'],
    costInput: ['gen_ai.cost.input'],
    costOutput: ['gen_ai.cost.output'],
  },
  counting: [
    // A stream's answer is the text alone.
    { source, scope: anthropic, when: isText, input: 'exclusive', lossy: true },
    { source, scope: anthropic, input: 'exclusive' },
    { source, scope: (scope) => scope === 'traceai_openai' || scope === 'traceai_litellm', when: hidesParts, input: 'inclusive', lossy: true },
    { source, input: 'inclusive' },
  ],
  counts: answerCounts,
  refine(draft, reading, span) {
    const told = draft.requestModel
    refineAnswer(draft, reading, span)
    // The key has the model that answered once there is an answer, the parameters keep what was asked for.
    if (told !== draft.requestModel) draft.responseModel ||= told
  },
}
