import type { Role } from '../facts.ts'
import type { Dialect } from '../dialect.ts'
import { truth, word } from '../value.ts'

/** By the node's type without its package: `lmChatOpenAi`, `agentTool`, `toolCalculator`; any node can be a tool, and is called `gmailTool` then. */
const nodeRoles: readonly (readonly [RegExp, Role])[] = [
  [/^lm[A-Z]/, 'model_call'], [/^agent/, 'agent'], [/^tool[A-Z]|Tool$/, 'tool'], [/^embeddings/, 'embedding'],
  [/^(?:vectorStore|retriever|reranker)/, 'retrieval'], [/^memory/, 'memory'],
]

/** What the span of every workflow is called (execution-level-tracer.ts@0999c93). */
export const n8nWorkflow = 'workflow.execute'

/**
 * n8n's workflows and their nodes (n8n-io/n8n packages/cli/src/modules/otel@0999c93), all side by side below the workflow. Its models
 * write what they used as metadata of their node, in words of its own (`N8nLlmTracing`); 2.25 writes none yet.
 */
export const n8n: Dialect = {
  name: 'n8n',
  keys: {
    workflow: ['n8n.workflow.name'],
    errorType: ['n8n.execution.error_type'],
    provider: ['n8n.node.custom.llm.model.provider'],
    requestModel: ['n8n.node.custom.llm.model.id'],
    input: ['n8n.node.custom.llm.tokens.in'],
    output: ['n8n.node.custom.llm.tokens.out'],
    total: ['n8n.node.custom.llm.tokens.total'],
    cacheRead: ['n8n.node.custom.llm.tokens.cache_read'],
    cacheWrite: ['n8n.node.custom.llm.tokens.cache_write'],
    reasoning: ['n8n.node.custom.llm.tokens.reasoning'],
    cost: ['n8n.node.custom.llm.cost.total'],
  },
  // LangChain's `usage_metadata`, whichever provider's: "subsets of the prompt and completion counts".
  counting: [{ source: 'n8n-io/n8n model-catalog/cost.ts (computeLlmInvocationCost)', input: 'inclusive', output: 'inclusive' }],
  counts(counts, _reading, span) {
    // Made up from the length of the text.
    if (truth(span.attributes.get('n8n.node.custom.llm.tokens.estimated')) === true) counts.input = counts.output = counts.total = undefined
  },
  refine(draft, _reading, span) {
    const type = span.attributes.get('n8n.node.type')
    if (typeof type !== 'string') return
    const kind = type.slice(type.lastIndexOf('.') + 1)
    draft.role = nodeRoles.find(([pattern]) => pattern.test(kind))?.[1] ?? 'step'
    const name = word(span.attributes.get('n8n.node.name')) ?? ''
    if (draft.role === 'agent') draft.agent ||= name
    if (draft.role === 'tool') draft.tool ||= name
  },
}
