import type { SpanRecord } from './attributes.ts'
import type { Draft } from './dialect.ts'
import { type JsonObject, member, tokenCount } from './value.ts'

/**
 * LangChain's `createAgent` writes its name (`lc_agent_name`) into the metadata of all that happens inside; the span that has
 * that name is the agent's run, which every exporter calls a chain.
 */
export function roleOfLangchainAgent(draft: Draft, span: SpanRecord): void {
  if (draft.agent !== '' && span.name === draft.agent && (draft.role === 'span' || draft.role === 'workflow')) draft.role = 'agent'
}

/** Tiers whose parts LangChain names after them (langchain-openai 1.7.4 chat_models/base.py `_create_usage_metadata`). */
const tiers = ['priority', 'flex'] as const

/** The tier that OpenAI served, which LangChain tells by a count of that name in the details of its usage: what is not cached, or not thought. */
export function langchainTier(details: JsonObject | undefined, prefix = ''): (typeof tiers)[number] | undefined {
  return tiers.find((tier) => tokenCount(member(details, `${prefix}${tier}`)) !== undefined)
}

/** A part of LangChain's usage, `cache_read`, that may be named after the tier: `flex_cache_read`. */
export function langchainPart(details: JsonObject | undefined, name: string): number | undefined {
  const tier = langchainTier(details)
  return tokenCount(member(details, name) ?? (tier && member(details, `${tier}_${name}`)))
}
