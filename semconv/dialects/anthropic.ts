import type { Dialect } from '../dialect.ts'

const skipped: ReadonlySet<string> = new Set(['anthropic.beta', 'anthropic.messages'])

/**
 * Anthropic's SDKs (scope `com.anthropic.sdk.*`) and platform (`com.anthropic.claude-platform`), which follow
 * semantic-conventions-genai@e57c543b of 2026-09-24. The two tell every request twice, with one request id.
 */
export const anthropicPlatform: Dialect = {
  name: 'anthropic_platform',
  keys: { requestId: ['anthropic.request.id'] },
  counting: [{ source: 'semantic-conventions-genai@e57c543b (input = input + cache read + cache creation)', input: 'inclusive', output: 'inclusive' }],
  refine(draft, _reading, span) {
    draft.provider ||= 'anthropic'
    if (draft.role !== 'span' && draft.role !== 'io') return
    const tool = /^anthropic\.tool_use (.{1,256})$/.exec(span.name)?.[1]
    if (tool !== undefined) {
      draft.role = 'tool'
      draft.tool ||= tool
    } else if (draft.requestModel !== '' && !skipped.has(span.name)) draft.role = 'model_call'
  },
}
