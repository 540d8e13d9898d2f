import type { Dialect } from '../dialect.ts'

/**
 * VoltAgent, captured from @voltagent/core 2.10: keys of its own. One `llm` span lies around all the requests of an answer and has the
 * usage of the last alone; the agent's span has the sum.
 */
export const voltagent: Dialect = {
  name: 'voltagent',
  keys: {
    kind: ['span.type'],
    requestModel: ['llm.model', 'ai.model.name'],
    finishReasons: ['llm.finish_reason', 'ai.response.finish_reason'],
    streaming: ['llm.stream'],
    input: ['llm.usage.prompt_tokens', 'usage.prompt_tokens'],
    output: ['llm.usage.completion_tokens', 'usage.completion_tokens'],
    total: ['llm.usage.total_tokens', 'usage.total_tokens'],
    cacheRead: ['llm.usage.cached_tokens', 'usage.cached_tokens'],
    reasoning: ['llm.usage.reasoning_tokens', 'usage.reasoning_tokens'],
  },
  counting: [{ source: 'captured from @voltagent/core 2.10', input: 'inclusive', output: 'inclusive' }],
  refine(draft, _reading, span) {
    if (span.attributes.has('agent.state')) draft.role = 'agent'
    if (span.attributes.get('entity.type') !== 'agent') return
    // Inside a subagent the entity is who asked it.
    const name = span.attributes.get('subagent.name') ?? span.attributes.get('entity.name')
    if (typeof name === 'string') draft.agent ||= name
  },
}
