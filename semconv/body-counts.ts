import type { UsageCounts } from './usage.ts'
import { isObject, type Json, type JsonObject, member, objectMember, tokenCount } from './value.ts'

/**
 * What a provider's own usage tells beside its two sums: OpenAI's APIs and those like it, Anthropic's, Bedrock's. Emitters that
 * pass the answer on often leave these parts out of their own keys. Fills gaps only.
 */
export function bodyCounts(counts: UsageCounts, usage: JsonObject | undefined): void {
  if (usage === undefined) return
  // In the singular: OpenAI's realtime and transcriptions.
  const input = objectMember(usage, 'input_tokens_details') ?? objectMember(usage, 'prompt_tokens_details') ?? objectMember(usage, 'input_token_details')
  const output = objectMember(usage, 'output_tokens_details') ?? objectMember(usage, 'completion_tokens_details') ??
    objectMember(usage, 'output_token_details')
  counts.cacheRead ??= tokenCount(
    member(input, 'cached_tokens') ?? member(usage, 'cache_read_input_tokens') ?? member(usage, 'cacheReadInputTokens') ??
    // DeepSeek, Moonshot.
    member(usage, 'prompt_cache_hit_tokens') ?? member(usage, 'cached_tokens'))
  counts.cacheWrite ??= tokenCount(
    member(input, 'cache_write_tokens') ?? member(usage, 'cache_creation_input_tokens') ?? member(usage, 'cacheWriteInputTokens'))
  if (isPerplexity(usage)) perplexityReasoning(counts, usage)
  counts.audioInput ??= tokenCount(member(input, 'audio_tokens'))
  counts.audioCacheRead ??= tokenCount(member(objectMember(input, 'cached_tokens_details'), 'audio_tokens'))
  counts.imageInput ??= tokenCount(member(input, 'image_tokens'))
  counts.reasoning ??= tokenCount(member(output, 'reasoning_tokens') ?? member(output, 'thinking_tokens'))
  counts.audioOutput ??= tokenCount(member(output, 'audio_tokens'))
  counts.imageOutput ??= tokenCount(member(output, 'image_tokens'))
  // Decides whether the output leaves out the thoughts, as xAI's does, or holds more than the two sides, as Gemini's does where it
  // answers as OpenAI. Otherwise it says nothing new.
  const total = tokenCount(member(usage, 'total_tokens'))
  if (!isPerplexity(usage) && (counts.reasoning || (total ?? 0) > sidesOf(usage))) counts.total ??= total
  writesByLifetime(counts, usage)
  serverTools(counts, usage)
}

const sidesOf = (usage: JsonObject): number =>
  (tokenCount(member(usage, 'prompt_tokens') ?? member(usage, 'input_tokens')) ?? Number.MAX_SAFE_INTEGER) +
  (tokenCount(member(usage, 'completion_tokens') ?? member(usage, 'output_tokens')) ?? 0)

const isPerplexity = (usage: JsonObject): boolean => Object.hasOwn(usage, 'num_search_queries') || Object.hasOwn(usage, 'citation_tokens')

/**
 * Perplexity's deep research: the thoughts stand at the top and beside both the output and the total (its API reference, and
 * @ai-sdk/perplexity 4.0.49: "reports reasoning tokens separately from completion tokens").
 */
function perplexityReasoning(counts: UsageCounts, usage: JsonObject): void {
  if (counts.reasoning !== undefined || counts.output !== tokenCount(member(usage, 'completion_tokens'))) return
  counts.reasoning = tokenCount(member(usage, 'reasoning_tokens'))
  const thoughts = counts.reasoning ?? 0
  if (counts.total === (counts.input ?? 0) + (counts.output ?? 0)) counts.total += thoughts
  if (counts.output !== undefined) counts.output += thoughts
}

/** Anthropic's `cache_creation`, Bedrock's `cacheDetails`. */
export function writesByLifetime(counts: UsageCounts, usage: JsonObject | undefined): void {
  const written = objectMember(usage, 'cache_creation')
  const details = member(usage, 'cacheDetails')
  counts.cacheWrite5m ??= tokenCount(member(written, 'ephemeral_5m_input_tokens')) ?? listed(details, 'ttl', '5m', 'inputTokens')
  counts.cacheWrite1h ??= tokenCount(member(written, 'ephemeral_1h_input_tokens')) ?? listed(details, 'ttl', '1h', 'inputTokens')
}

/** Tools that run on the provider's servers: Anthropic's, xAI's (docs.x.ai, Tools), Perplexity's searches. */
export function serverTools(counts: UsageCounts, usage: JsonObject | undefined): void {
  const tools = objectMember(usage, 'server_tool_use')
  const calls = objectMember(usage, 'server_side_tool_usage_details')
  counts.webSearches ??= tokenCount(member(tools, 'web_search_requests') ?? member(calls, 'web_search_calls') ?? member(usage, 'num_search_queries'))
  counts.codeExecutions ??= tokenCount(member(tools, 'code_execution_requests') ?? member(calls, 'code_interpreter_calls'))
  counts.fileSearches ??= tokenCount(member(calls, 'file_search_calls'))
}

/**
 * OpenAI's Responses API tells its tools among what was put out, never in the usage. A search is charged, opening a page of what was
 * found is not (its guide on web search: "search actions incur a tool call cost").
 */
export function responseTools(counts: UsageCounts, answer: JsonObject | undefined): void {
  const output = member(answer, 'output')
  if (!Array.isArray(output)) return
  const calls = (output as readonly Json[]).filter((item): item is JsonObject => isObject(item) && member(item, 'status') !== 'failed')
  const searches = calls.filter((call) => member(call, 'type') === 'web_search_call' && (member(objectMember(call, 'action'), 'type') ?? 'search') === 'search')
  if (searches.length > 0) counts.webSearches ??= searches.length
  const files = calls.filter((call) => member(call, 'type') === 'file_search_call')
  if (files.length > 0) counts.fileSearches ??= files.length
}

/** Gemini's parts, which no emitter has keys for all of. In its API's words, or in those of its SDK for python. */
export function geminiParts(counts: UsageCounts, usage: JsonObject | undefined): void {
  const count = (camel: string, snake: string, modality: string) =>
    listed(member(usage, camel), 'modality', modality, 'tokenCount') ?? listed(member(usage, snake), 'modality', modality, 'token_count')
  counts.audioInput ??= count('promptTokensDetails', 'prompt_tokens_details', 'AUDIO')
  counts.audioCacheRead ??= cachedSound(member(usage, 'cacheTokensDetails'), 'tokenCount') ?? cachedSound(member(usage, 'cache_tokens_details'), 'token_count')
  counts.audioOutput ??= count('candidatesTokensDetails', 'candidates_tokens_details', 'AUDIO')
  counts.imageInput ??= count('promptTokensDetails', 'prompt_tokens_details', 'IMAGE')
  counts.imageOutput ??= count('candidatesTokensDetails', 'candidates_tokens_details', 'IMAGE')
  // Older emitters have no key for them (openinference-instrumentation-google-genai 0.1.3, captured).
  counts.cacheRead ??= tokenCount(member(usage, 'cachedContentTokenCount') ?? member(usage, 'cached_content_token_count'))
  counts.reasoning ??= tokenCount(member(usage, 'thoughtsTokenCount') ?? member(usage, 'thoughts_token_count'))
  counts.toolUseInput ??= tokenCount(member(usage, 'toolUsePromptTokenCount') ?? member(usage, 'tool_use_prompt_token_count'))
}

/** What Gemini says was cached, by modality: a list without sound says that none was. */
export const cachedSound = (list: Json | undefined, count: string): number | undefined =>
  listed(list, 'modality', 'AUDIO', count) ?? (Array.isArray(list) ? 0 : undefined)

/** The count of one entry of a list: Bedrock's by lifetime, Gemini's by modality. */
export function listed(list: Json | undefined, key: string, name: string, count: string): number | undefined {
  const found = Array.isArray(list) ? (list as readonly Json[]).find((entry) => isObject(entry) && member(entry, key) === name) : undefined
  return isObject(found) ? tokenCount(member(found, count)) : undefined
}
