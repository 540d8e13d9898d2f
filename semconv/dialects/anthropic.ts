import type { Dialect } from '../dialect.ts'

/**
 * Anthropic's SDKs (scope `com.anthropic.sdk.*`) and platform (`com.anthropic.claude-platform`), which follow
 * semantic-conventions-genai@e57c543b of 2026-09-24. The two tell every request twice, with one request id.
 */
export const anthropicPlatform: Dialect = {
  name: 'anthropic_platform',
  keys: { requestId: ['anthropic.request.id'] },
  counting: [{ source: 'semantic-conventions-genai@e57c543b (input = input + cache read + cache creation)', input: 'inclusive',
    output: 'inclusive' }],
  refine(draft, _reading, span) {
    draft.provider ||= 'anthropic'
    // Other methods (`anthropic.messages.count_tokens`) name a model and ask none: they stay transport.
    const tool = /^anthropic\.tool_use (.{1,256})$/.exec(span.name)?.[1]
    if (tool === undefined) return
    draft.role = 'tool'
    draft.tool ||= tool
  },
}
