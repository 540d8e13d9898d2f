import type { Dialect } from '../dialect.ts'

/** google-gemini/gemini-cli@5411f11. Its spans are the conventions' with operations of its own. */
export const geminiCli: Dialect = {
  name: 'gemini_cli',
  keys: {
    agent: ['gen_ai.agent.name', 'agent_name'],
    tool: ['gen_ai.tool.name', 'function_name'],
    toolCallId: ['gen_ai.tool.call.id', 'gen_ai.tool.call_id'],
    toolArguments: ['function_args'],
    requestModel: ['gen_ai.request.model', 'model'],
    input: ['input_token_count'],
    output: ['output_token_count'],
    cacheRead: ['cached_content_token_count', 'cached_token_count'],
    reasoning: ['thoughts_token_count', 'reasoning_token_count'],
    toolUseInput: ['tool_token_count'],
    total: ['total_token_count'],
  },
  // candidatesTokenCount leaves the thoughts out.
  counting: [{ source: 'google-gemini/gemini-cli@5411f11', input: 'inclusive', output: 'exclusive' }],
  refine(draft, _reading, span) {
    if (draft.role === 'model_call') draft.provider ||= 'gcp.gemini'
    if (draft.role === 'agent') draft.agent ||= span.name === 'agent_call' ? '' : span.name
  },
}
