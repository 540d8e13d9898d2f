import type { AttributeValue, SpanRecord } from './attributes.ts'
import type { Draft } from './dialect.ts'
import { isObject, type Json, type JsonObject, member, objectMember, parsedObject, tokenCount, word } from './value.ts'

/**
 * LangChain's `createAgent` writes its name (`lc_agent_name`) into the metadata of all that happens inside; the span that has
 * that name is the agent's run, which every exporter calls a chain.
 */
export function roleOfLangchainAgent(draft: Draft, span: SpanRecord): void {
  if (draft.agent !== '' && span.name === draft.agent && (draft.role === 'span' || draft.role === 'workflow')) draft.role = 'agent'
}

/** The message of a result that LangChain serialised, where it is one: several prompts at once have several answers. */
export function langchainMessage(result: JsonObject | undefined): JsonObject | undefined {
  let json: Json | undefined = member(result, 'generations')
  if (Array.isArray(json) && json.length > 1) return undefined
  while (Array.isArray(json)) json = json[0] as Json | undefined
  return isObject(json) ? objectMember(objectMember(json, 'message'), 'kwargs') : undefined
}

/** A tool's message as LangChain for JavaScript serialises it has the tool's name and the call's id. Says whether it is one. */
export function nameLangchainTool(draft: Draft, output: AttributeValue | undefined): boolean {
  const message = parsedObject(output)
  const [kind, said] = [member(message, 'id'), objectMember(message, 'kwargs')]
  if (!Array.isArray(kind) || kind.at(-1) !== 'ToolMessage') return false
  const [tool, call] = [member(said, 'name'), member(said, 'tool_call_id')]
  if (typeof tool === 'string') draft.tool ||= word(tool) ?? ''
  if (typeof call === 'string') draft.toolCallId ||= word(call) ?? ''
  return true
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
