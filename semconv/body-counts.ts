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
  counts.audioInput ??= tokenCount(member(input, 'audio_tokens'))
  counts.audioCacheRead ??= tokenCount(member(objectMember(input, 'cached_tokens_details'), 'audio_tokens'))
  counts.imageInput ??= tokenCount(member(input, 'image_tokens'))
  counts.reasoning ??= tokenCount(member(output, 'reasoning_tokens'))
  counts.audioOutput ??= tokenCount(member(output, 'audio_tokens'))
  counts.imageOutput ??= tokenCount(member(output, 'image_tokens'))
  // Decides whether the output leaves out the thoughts, as xAI's does. Without thoughts it says nothing new.
  if (counts.reasoning) counts.total ??= tokenCount(member(usage, 'total_tokens'))
  writesByLifetime(counts, usage)
  serverTools(counts, usage)
}

/** Anthropic's `cache_creation`, Bedrock's `cacheDetails`. */
export function writesByLifetime(counts: UsageCounts, usage: JsonObject | undefined): void {
  const written = objectMember(usage, 'cache_creation')
  const details = member(usage, 'cacheDetails')
  counts.cacheWrite5m ??= tokenCount(member(written, 'ephemeral_5m_input_tokens')) ?? listed(details, 'ttl', '5m', 'inputTokens')
  counts.cacheWrite1h ??= tokenCount(member(written, 'ephemeral_1h_input_tokens')) ?? listed(details, 'ttl', '1h', 'inputTokens')
}

/** Anthropic's tools that run on its servers. */
export function serverTools(counts: UsageCounts, usage: JsonObject | undefined): void {
  const tools = objectMember(usage, 'server_tool_use')
  counts.webSearches ??= tokenCount(member(tools, 'web_search_requests'))
  counts.codeExecutions ??= tokenCount(member(tools, 'code_execution_requests'))
}

/** The count of one entry of a list: Bedrock's by lifetime, Gemini's by modality. */
export function listed(list: Json | undefined, key: string, name: string, count: string): number | undefined {
  const found = Array.isArray(list) ? (list as readonly Json[]).find((entry) => isObject(entry) && member(entry, key) === name) : undefined
  return isObject(found) ? tokenCount(member(found, count)) : undefined
}
