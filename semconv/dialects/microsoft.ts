import type { Dialect } from '../dialect.ts'

/** microsoft/agent-framework@5eb3eb7: `agent_framework` (python) and Microsoft.Agents.AI (.NET). */
export const agentFramework: Dialect = {
  name: 'ms_agent_framework',
  keys: {
    workflow: ['gen_ai.workflow.name', 'workflow.name'],
    entity: ['executor.id'],
  },
  counting: [
    { source: 'microsoft/agent-framework@5eb3eb7 (python Anthropic client)', providers: ['anthropic'], input: 'exclusive' },
    { source: 'microsoft/agent-framework@5eb3eb7', input: 'inclusive' },
  ],
  refine(draft, _reading, span) {
    // The answer that a request goes on from, another one each time.
    if (draft.session.startsWith('resp_')) draft.session = ''
    if (draft.role !== 'span') return
    if (span.name.startsWith('workflow.run')) draft.role = 'workflow'
    else if (span.name.startsWith('executor.process')) draft.role = 'step'
    else if (span.name.startsWith('workflow.build')) draft.role = 'control'
  },
}

/** microsoft/autogen@027ecf0, in maintenance. It tells who spoke to whom; model calls come from the client's instrumentation. */
export const autogen: Dialect = {
  name: 'autogen',
  keys: {
    operation: ['gen_ai.operation.name'],
    entity: ['messaging.operation'],
  },
  refine(draft, _reading, span) {
    const match = /^autogen (create|process|send|publish|ack) (.{1,256}?)(?:\.\((.{0,256})\))?(?:-A)?$/.exec(span.name)
    if (match === null || draft.role !== 'span') return
    draft.role = match[1] === 'process' ? 'step' : 'control'
  },
}
