import type { Dialect } from '../dialect.ts'

/** Model Context Protocol spans, semantic-conventions-genai mcp/spans.yaml@5c50d346. */
export const mcp: Dialect = {
  name: 'mcp',
  keys: {},
  refine(draft, _reading, span) {
    // `{mcp.method.name} {target}`; its SDK for python has two words before it where it asks (mcp 2.3.0 on PyPI, captured).
    if (draft.role === 'tool') draft.tool ||= /^(?:MCP send )?tools\/call (.{1,256})$/.exec(span.name)?.[1] ?? ''
  },
}
