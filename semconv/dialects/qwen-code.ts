import type { Dialect } from '../dialect.ts'
import type { Outcome, Role } from '../facts.ts'
import { truth, word } from '../value.ts'

/** Names of spans and log events without their prefix. The conventions' operations on the rest are right. */
const roles: Readonly<Record<string, Role>> = {
  hook: 'control', 'tool.blocked_on_user': 'guardrail',
  // The tool span around it is the call.
  'tool.execution': 'io',
  // Log events
  user_prompt: 'turn', api_response: 'model_call', api_error: 'model_call', tool_call: 'tool',
}

const prefix = 'qwen-code.'

/** A log event says how it signed in. `openai` and `anthropic` are protocols that many speak: there the model says whose it is. */
const providers: Readonly<Record<string, string>> = { gemini: 'gcp.gemini', 'vertex-ai': 'gcp.vertex_ai', 'qwen-oauth': 'dashscope' }

/** `ToolCallDecision` of log events; on `tool.blocked_on_user` what was answered, or else how the waiting ended. */
const outcomes: Readonly<Record<string, Outcome>> = {
  accept: 'ALLOW', auto_accept: 'ALLOW', modify: 'ALLOW', reject: 'DENY',
  proceed_once: 'ALLOW', proceed_always: 'ALLOW', auto_approved: 'ALLOW', cancel: 'DENY', aborted: 'DENY',
}

/** Qwen Code, captured from 0.24.4: a fork of Gemini CLI whose spans follow the conventions. */
export const qwenCode: Dialect = {
  name: 'qwen_code',
  keys: {
    agent: ['gen_ai.agent.name', 'subagent_name'],
    user: ['gen_ai.user.id'],
    tool: ['gen_ai.tool.name', 'function_name', 'tool_name', 'tool.name'],
    toolCallId: ['gen_ai.tool.call.id', 'tool.call_id', 'call_id'],
    toolArguments: ['function_args'],
    requestModel: ['gen_ai.request.model', 'model'],
    responseId: ['gen_ai.response.id', 'response_id'],
    input: ['gen_ai.usage.input_tokens', 'input_token_count'],
    output: ['gen_ai.usage.output_tokens', 'output_token_count'],
    cacheRead: ['gen_ai.usage.cache_read.input_tokens', 'cached_content_token_count'],
    reasoning: ['thoughts_token_count'],
    total: ['total_token_count'],
    errorMessage: ['error', 'error_message'],
    firstChunkMillis: ['ttft_ms'],
    verdict: ['decision'],
    verdictReason: ['source'],
  },
  counting: [
    // Gemini's candidates are passed on and leave the thoughts out; the other three protocols have them inside.
    { source: 'captured from Qwen Code 0.24.4', providers: ['gcp.gemini', 'gcp.vertex_ai'], input: 'inclusive', output: 'exclusive' },
    { source: 'captured from Qwen Code 0.24.4', input: 'inclusive', output: 'inclusive' },
  ],
  refine(draft, reading, span) {
    const { attributes } = span
    const name = span.name.startsWith(prefix) ? span.name.slice(prefix.length) : ''
    if (Object.hasOwn(roles, name)) draft.role = roles[name] as Role
    if (draft.role === 'control') draft.tool = ''
    if (draft.role === 'model_call') draft.provider ||= providers[word(attributes.get('auth_type')) ?? ''] ?? ''
    if (name === 'api_error') draft.errorType ||= word(attributes.get('error_type')) ?? word(attributes.get('status_code')) ?? 'api_error'
    if (draft.role === 'tool' && truth(attributes.get('success')) === false) {
      draft.errorType ||= word(attributes.get('error_type')) ?? word(attributes.get('tool.failure_kind')) ?? 'tool_error'
    }
    if (name !== 'tool_call' && draft.role !== 'guardrail') return
    const decision = String(reading.value('verdict') ?? '')
    const outcome = Object.hasOwn(outcomes, decision) ? outcomes[decision] : undefined
    if (outcome !== undefined) draft.decision = { policyId: 'qwen_code.approval', policyVersion: 0, outcome, reason: reading.word('verdictReason') || decision, target: draft.tool }
  },
}
