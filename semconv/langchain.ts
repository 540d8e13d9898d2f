import type { SpanRecord } from './attributes.ts'
import type { Draft } from './dialect.ts'

/**
 * LangChain's `createAgent` writes its name (`lc_agent_name`) into the metadata of all that happens inside; the span that has
 * that name is the agent's run, which every exporter calls a chain.
 */
export function roleOfLangchainAgent(draft: Draft, span: SpanRecord): void {
  if (draft.agent !== '' && span.name === draft.agent && (draft.role === 'span' || draft.role === 'workflow')) draft.role = 'agent'
}
