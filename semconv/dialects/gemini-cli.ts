import type { Dialect } from '../dialect.ts'
import type { Outcome, Role } from '../facts.ts'
import { truth, word } from '../value.ts'

/** Log events that tell a step. */
const eventRoles: Readonly<Record<string, Role>> = {
  'gemini_cli.user_prompt': 'turn', 'gemini_cli.api_response': 'model_call', 'gemini_cli.api_error': 'model_call', 'gemini_cli.tool_call': 'tool',
}

/** `ToolCallDecision`; a call that a person changed was let run. */
const outcomes: Readonly<Record<string, Outcome>> = { accept: 'ALLOW', auto_accept: 'ALLOW', modify: 'ALLOW', reject: 'DENY' }

/** google-gemini/gemini-cli@5411f11, and log events read in its package 0.61. Its spans are the conventions' with operations of its own. */
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
    finishReasons: ['finish_reasons'],
  },
  // candidatesTokenCount leaves the thoughts out.
  counting: [{ source: 'google-gemini/gemini-cli@5411f11', input: 'inclusive', output: 'exclusive' }],
  refine(draft, _reading, span) {
    const { attributes } = span
    if (Object.hasOwn(eventRoles, span.name)) draft.role = eventRoles[span.name] as Role
    if (span.name === 'gemini_cli.api_error') draft.errorType ||= word(attributes.get('error_type')) ?? word(attributes.get('status_code')) ?? 'api_error'
    if (span.name === 'gemini_cli.tool_call') {
      if (truth(attributes.get('success')) === false) draft.errorType ||= word(attributes.get('error_type')) ?? 'tool_error'
      const decision = word(attributes.get('decision')) ?? ''
      const outcome = Object.hasOwn(outcomes, decision) ? outcomes[decision] : undefined
      if (outcome !== undefined) draft.decision = { policyId: 'gemini_cli.approval', policyVersion: 0, outcome, reason: decision, target: draft.tool }
    }
    if (draft.role === 'model_call') draft.provider ||= 'gcp.gemini'
    if (draft.role === 'agent') draft.agent ||= span.name === 'agent_call' ? '' : span.name
  },
}
