import type { Dialect, Draft } from '../dialect.ts'
import type { Role } from '../facts.ts'
import { finite, truth } from '../value.ts'

const source = 'pipecat-ai 1.14.0 on PyPI (services/*/llm.py), captured'

/** What it calls its operations. Setting a session up and handing in what it shall answer to is no call, nor is a tool's result. */
const roles: Readonly<Record<string, Role>> = {
  llm_response: 'model_call', stt: 'model_call', tts: 'model_call', llm_setup: 'control', llm_request: 'control', llm_tool_call: 'tool', llm_tool_result: 'control',
}

/** Pipecat's voice agents: the conventions below a conversation and its turns (utils/tracing). */
export const pipecat: Dialect = {
  name: 'pipecat',
  keys: {
    session: ['conversation.id'],
    tool: ['tool.function_name'],
    toolCallId: ['tool.call_id'],
    toolArguments: ['tool.arguments'],
    streaming: ['stream'],
    audioSeconds: ['metrics.audio_seconds'],
  },
  counting: [
    // Passes their counts on, without a total.
    { source, providers: ['anthropic', 'aws.bedrock'], input: 'exclusive', output: 'inclusive' },
    { source, input: 'inclusive', output: 'inclusive' },
  ],
  refine(draft, _, span) {
    draft.role = roleOf(draft, span.name, span.scope.name)
    const wait = finite(span.attributes.get('metrics.ttfb'))
    if (draft.role === 'model_call' && wait !== undefined && wait >= 0) draft.timeToFirstTokenMs ??= wait * 1000
    if (truth(span.attributes.get('stream')) === true) draft.streaming = true
  },
}

function roleOf(draft: Draft, name: string, scope: string): Role {
  if (scope === 'pipecat.turn') return name === 'conversation' ? 'workflow' : name === 'turn' ? 'turn' : draft.role
  return Object.hasOwn(roles, draft.operation) ? roles[draft.operation]! : draft.role
}
