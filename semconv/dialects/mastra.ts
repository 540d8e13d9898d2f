import type { Attributes } from '../attributes.ts'
import type { Dialect } from '../dialect.ts'
import { member, parsedObject } from '../value.ts'

/** The AI SDK's usage of that time, as its providers count (see `vercel.ts`). Its scope has another version; a total it alone tells. */
const before1 = '@mastra/otel-exporter 0.3.3 on npm (dist/index.js)'
const isBefore1 = (attributes: Attributes) => attributes.has('gen_ai.usage.total_tokens')

const parts: ReadonlySet<string> = new Set(['model_step', 'model_chunk', 'llm_step', 'llm_chunk', 'model.step', 'model.chunk'])

/**
 * mastra-ai/mastra gen-ai-semantics.ts@087c72fa, and spans captured from @mastra/otel-exporter 0.3 and 1.4. Earlier the
 * generation is the call and carries the usage of its steps; since 1.x each `model_inference` below it is a call.
 */
export const mastra: Dialect = {
  name: 'mastra',
  keys: {
    kind: ['mastra.span.type'],
    session: ['mastra.metadata.sessionId', 'mastra.metadata.threadId'],
    user: ['mastra.metadata.userId'],
    metadata: ['metadata'],
    tags: ['mastra.tags'],
    firstChunkAt: ['mastra.completion_start_time'],
    cacheRead: ['gen_ai.usage.cached_input_tokens'],
    cacheWrite5m: ['gen_ai.usage.cache_creation.5m_input_tokens'],
    cacheWrite1h: ['gen_ai.usage.cache_creation.1h_input_tokens'],
    reasoning: ['gen_ai.usage.reasoning_tokens'],
    audioInput: ['gen_ai.usage.audio_input_tokens'],
    audioOutput: ['gen_ai.usage.audio_output_tokens'],
    toolArguments: ['mastra.tool_call.input', 'mastra.mcp_tool_call.input'],
  },
  counting: [
    { source: before1, when: isBefore1, providers: ['anthropic', 'aws.bedrock'], input: 'exclusive', hidesCacheWrites: true },
    { source: before1, when: isBefore1, providers: ['gcp.gemini', 'gcp.vertex_ai'], input: 'inclusive', output: 'exclusive' },
    { source: 'mastra-ai/mastra@087c72fa (AI SDK v6 usage)', input: 'inclusive', output: 'inclusive' },
  ],
  refine(draft, reading) {
    // One generation, told again in pieces: steps and chunks never count.
    const kind = reading.word('kind').toLowerCase()
    if (parts.has(kind) || parts.has(reading.word('operation'))) draft.usagePartial = true
    // Arize's exporter keeps the metadata as one text.
    const metadata = parsedObject(reading.value('metadata'))
    const session = member(metadata, 'sessionId') ?? member(metadata, 'threadId')
    if (typeof session === 'string') draft.session ||= session
    const counted = reading.count('input') !== undefined || reading.count('output') !== undefined
    // A call whose request failed ends well there, and says so only as the reason it ended.
    if (draft.role === 'model_call' && draft.finishReasons.includes('error')) draft.errorType ||= 'error'
    if (kind === 'model_generation' && !counted && draft.operation !== 'chat') draft.role = 'step'
  },
}
