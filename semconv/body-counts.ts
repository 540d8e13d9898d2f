import type { UsageCounts } from './usage.ts'
import { type JsonObject, member, objectMember, tokenCount } from './value.ts'

/**
 * What a provider's own usage tells beside its two sums: OpenAI's two APIs, Anthropic's, Bedrock's. Emitters that pass the
 * answer on often leave these parts out of their own keys. Fills gaps only.
 */
export function bodyCounts(counts: UsageCounts, usage: JsonObject | undefined): void {
  if (usage === undefined) return
  const input = objectMember(usage, 'input_tokens_details') ?? objectMember(usage, 'prompt_tokens_details')
  const output = objectMember(usage, 'output_tokens_details') ?? objectMember(usage, 'completion_tokens_details')
  counts.cacheRead ??= tokenCount(
    member(input, 'cached_tokens') ?? member(usage, 'cache_read_input_tokens') ?? member(usage, 'cacheReadInputTokens'))
  counts.cacheWrite ??= tokenCount(
    member(input, 'cache_write_tokens') ?? member(usage, 'cache_creation_input_tokens') ?? member(usage, 'cacheWriteInputTokens'))
  counts.audioInput ??= tokenCount(member(input, 'audio_tokens'))
  counts.reasoning ??= tokenCount(member(output, 'reasoning_tokens'))
  counts.audioOutput ??= tokenCount(member(output, 'audio_tokens'))
  const written = objectMember(usage, 'cache_creation')
  counts.cacheWrite5m ??= tokenCount(member(written, 'ephemeral_5m_input_tokens'))
  counts.cacheWrite1h ??= tokenCount(member(written, 'ephemeral_1h_input_tokens'))
  const tools = objectMember(usage, 'server_tool_use')
  counts.webSearches ??= tokenCount(member(tools, 'web_search_requests'))
  counts.codeExecutions ??= tokenCount(member(tools, 'code_execution_requests'))
}
