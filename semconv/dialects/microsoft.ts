import type { Attributes } from '../attributes.ts'
import type { CountingRule, Dialect } from '../dialect.ts'

/** Each client for python passes its provider's counts on as they are, and no total. */
const clients = 'agent-framework-anthropic, -bedrock and -gemini 1.0.0b261022 on PyPI (_chat_client.py), that for Gemini captured'

function isClaude(attributes: Attributes): boolean {
  const model = attributes.get('gen_ai.request.model')
  return typeof model === 'string' && model.startsWith('claude')
}

export const agentFrameworkCounting: readonly CountingRule[] = [
  { source: clients, providers: ['anthropic', 'aws.bedrock'], input: 'exclusive' },
  { source: clients, providers: ['azure.ai.openai', 'azure.ai.inference', 'gcp.vertex_ai'], when: isClaude, input: 'exclusive' },
  { source: clients, providers: ['gcp.gemini', 'gcp.vertex_ai'], input: 'inclusive', output: 'exclusive' },
  { source: 'microsoft/agent-framework@5eb3eb7', input: 'inclusive' },
]

/** microsoft/agent-framework@5eb3eb7: `agent_framework` (python) and Microsoft.Agents.AI (.NET). */
export const agentFramework: Dialect = {
  name: 'ms_agent_framework',
  keys: {
    workflow: ['gen_ai.workflow.name', 'workflow.name'],
    entity: ['executor.id'],
  },
  counting: agentFrameworkCounting,
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
