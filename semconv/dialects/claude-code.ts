import type { AttributeValue } from '../attributes.ts'
import type { Dialect } from '../dialect.ts'
import type { Outcome, Role } from '../facts.ts'
import { truth, word } from '../value.ts'

/** Names of spans and log events without their prefix, and the values of `span.type`, which occur with and without it. */
const roles: Readonly<Record<string, Role>> = {
  interaction: 'turn', llm_request: 'model_call', tool: 'tool', hook: 'control',
  'tool.blocked_on_user': 'guardrail',
  // The tool span around it is the call; this one tells how it went.
  'tool.execution': 'io',
  // Log events. The decision tells a call that may never run; the result has the same id and does not decide.
  user_prompt: 'turn', api_request: 'model_call', api_error: 'model_call', tool_result: 'tool', tool_decision: 'tool',
}

const outcomes: Readonly<Record<string, Outcome>> = { accept: 'ALLOW', reject: 'DENY' }

/** Claude Code's log events and traces (beta), anthropics/claude-code CHANGELOG to 2.1.240 and its monitoring page of 2026-08-10. */
export const claudeCode: Dialect = {
  name: 'claude_code',
  keys: {
    kind: ['span.type'],
    requestModel: ['gen_ai.request.model', 'model'],
    requestId: ['request_id', 'client_request_id'],
    agent: ['agent.name', 'subagent_type'],
    agentId: ['agent_id'],
    workflow: ['workflow.name'],
    user: ['user.account_uuid', 'user.account_id', 'user.email'],
    tool: ['tool_name'],
    toolCallId: ['tool_use_id'],
    toolArguments: ['tool_input', 'tool_parameters', 'full_command', 'file_path'],
    finishReasons: ['gen_ai.response.finish_reasons', 'stop_reason'],
    errorMessage: ['error'],
    firstChunkMillis: ['ttft_ms'],
    input: ['input_tokens'],
    output: ['output_tokens'],
    cacheRead: ['cache_read_tokens'],
    cacheWrite: ['cache_creation_tokens'],
    // Log events since 2.1.332 or earlier (captured) say how long what was written is kept.
    cacheWrite5m: ['cache_creation_5m_tokens'],
    cacheWrite1h: ['cache_creation_1h_tokens'],
    speed: ['speed'],
    cost: ['cost_usd'],
    costMicros: ['cost_usd_micros'],
    verdict: ['decision'],
    verdictReason: ['source'],
    verdictTarget: ['tool_name'],
  },
  counting: [{ source: 'claude-code monitoring page: the four token types add up', input: 'exclusive' }],
  refine(draft, reading, span) {
    const name = bare(span.name)
    const kind = bare(reading.word('kind'))
    draft.role = roles[name] ?? roles[kind] ?? draft.role
    // A subagent's id stands where the conventions have the conversation's (captured from 2.1.332).
    draft.session = word(span.attributes.get('session.id')) ?? draft.session
    draft.agent ||= subagent(span.attributes.get('query_source')) || subagent(span.attributes.get('query_source_safe'))
    if (draft.role === 'model_call') draft.provider = implied(draft.requestModel, draft.provider)
    const failed = truth(span.attributes.get('success')) === false
    if (failed) draft.errorType ||= statusCode(span.attributes.get('status_code'), draft.role)
    if (name === 'api_error') draft.errorType ||= statusCode(span.attributes.get('status_code'), draft.role)
    if (name === 'tool_decision') draft.executed = false
    else if (draft.role !== 'guardrail') return
    const decision = reading.word('verdictReason')
    const outcome = outcomes[String(reading.value('verdict'))]
    if (outcome === undefined) return
    draft.decision = {
      policyId: `claude_code.${decision || 'permission'}`, policyVersion: 0, outcome, reason: decision, target: draft.tool,
    }
  },
}

/**
 * Spans of a subagent's calls have its id alone, but say who asks: `agent:builtin:general-purpose`, with dots in the `_safe` one, which
 * leaves out the names that people gave (captured from 2.1.332).
 */
function subagent(source: AttributeValue | undefined): string {
  const name = typeof source === 'string' ? /^agent[.:](?:builtin|custom)[.:](.+)$/.exec(source)?.[1] : undefined
  return name === undefined ? '' : (word(name) ?? '')
}

const bare = (name: string) => (name.startsWith('claude_code.') ? name.slice('claude_code.'.length) : name)

/** Bedrock's ids carry the vendor, Vertex's a date behind `@`. */
function implied(model: string, named: string): string {
  if (/^(?:arn:aws|(?:us|eu|apac|global)\.)?anthropic\./.test(model)) return 'aws.bedrock'
  if (/^claude.*@\d{8}$/.test(model)) return 'gcp.vertex_ai'
  return named || 'anthropic'
}

function statusCode(value: AttributeValue | undefined, role: Role): string {
  return word(value) ?? (role === 'tool' || role === 'io' ? 'tool_error' : 'api_error')
}
