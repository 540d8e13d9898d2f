import type { Dialect } from '../dialect.ts'

/**
 * AgentOps' decorators, captured from agentops 0.4.21. Its model calls have OpenLLMetry's keys and the scope of the library
 * they are made with.
 */
export const agentops: Dialect = {
  name: 'agentops',
  keys: {
    kind: ['agentops.span.kind'],
    entity: ['operation.name'],
    tool: ['tool.name'],
    toolCallId: ['tool.call.id'],
    toolArguments: ['agentops.tool.input', 'tool.parameters'],
    streaming: ['gen_ai.request.streaming'],
    firstChunkSeconds: ['gen_ai.streaming.time_to_first_token'],
  },
  refine(draft, reading, span) {
    const entity = reading.word('entity')
    if (draft.role === 'agent') draft.agent ||= entity
    if (draft.role === 'workflow') draft.workflow ||= entity
    // Inside a model call: what the model asked for, which the decorated tool then does.
    if (draft.role === 'tool' && span.name.startsWith('tool_call.')) draft.executed = false
    if (draft.role === 'tool') draft.tool ||= entity
  },
}
