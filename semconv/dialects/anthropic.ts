import type { Dialect } from '../dialect.ts'

/**
 * Anthropic's SDKs (scope `com.anthropic.sdk.*`) and platform (`com.anthropic.claude-platform`), which follow
 * semantic-conventions-genai@e57c543b of 2026-09-24. The two tell every request twice, with one request id.
 */
export const anthropicPlatform: Dialect = {
  name: 'anthropic_platform',
  keys: {
    requestId: ['anthropic.request.id'],
    // How long what was written is kept, what was served and why it ended: keys of its own, captured from the SDKs for Go 2.15.0 and Python 2.14.0.
    cacheWrite5m: ['anthropic.usage.cache_creation.ephemeral_5m_input_tokens'],
    cacheWrite1h: ['anthropic.usage.cache_creation.ephemeral_1h_input_tokens'],
    servedTier: ['anthropic.response.service_tier'],
    requestedTier: ['anthropic.request.service_tier'],
    // Requests of their own, which the answer's usage leaves out (internal/telemetry/response.go).
    compactionInput: ['anthropic.usage.compaction.input_tokens'],
    compactionOutput: ['anthropic.usage.compaction.output_tokens'],
    finishReasons: ['gen_ai.response.finish_reasons', 'anthropic.message.stop_reason'],
  },
  counting: [{ source: 'semantic-conventions-genai@e57c543b (input = input + cache read + cache creation)', input: 'inclusive',
    output: 'inclusive' }],
  refine(draft, _reading, span) {
    draft.provider ||= 'anthropic'
    // Other methods (`anthropic.messages.count_tokens`) name a model and ask none: they stay transport.
    const tool = /^anthropic\.(?:custom_|mcp_)?tool_use (.{1,256})$/.exec(span.name)?.[1]
    if (tool === undefined) return
    draft.role = 'tool'
    draft.tool ||= tool
  },
}
