import type { Attributes } from '../attributes.ts'
import { geminiParts, serverTools, writesByLifetime } from '../body-counts.ts'
import { picoUsd, picoUsdOfTicks } from '../cost.ts'
import type { Dialect, Draft } from '../dialect.ts'
import type { PicoUsd } from '../facts.ts'
import { bodyTerms } from '../price-terms.ts'
import type { Reading } from '../reading.ts'
import type { UsageCounts } from '../usage.ts'
import { isObject, type JsonObject, member, objectMember, parsedObject, tokenCount, word } from '../value.ts'

const source = 'vercel/ai@ed857f5 and its v4, v5, v6 tags'

/** Cohere charges by billed units, and its package drops them, as it does what was cached: it tells what the model took in. Of an embedding it tells them. */
const cohereSource = 'captured from @ai-sdk/cohere 2.0.44 and 3.0.63; 4.0.52 from its source'
const isNoEmbedding = (attributes: Attributes) => !attributes.has('ai.usage.tokens') && attributes.get('gen_ai.operation.name') !== 'embeddings'

/** opencode (captured, 1.18.33) gives every call one function's name and, where no user name is set, the word `unknown`. */
function disown(draft: Draft): void {
  if (draft.agent === 'session.llm') draft.agent = ''
  if (draft.user === 'unknown') draft.user = ''
}

/** The AI SDK's own spans, `ai.*`: vercel/ai v4 to v6, and LegacyOpenTelemetry of @ai-sdk/otel 1.0.77 (vercel/ai@ed857f5). */
export const vercelLegacy: Dialect = {
  name: 'vercel_legacy',
  keys: {
    provider: ['ai.model.provider', 'gen_ai.system'],
    requestModel: ['ai.model.id', 'gen_ai.request.model'],
    responseModel: ['ai.response.model', 'gen_ai.response.model'],
    responseId: ['ai.response.id', 'gen_ai.response.id'],
    agent: ['ai.telemetry.functionId'],
    session: [
      'ai.telemetry.metadata.sessionId', 'ai.telemetry.metadata.session_id', 'ai.telemetry.metadata.threadId',
      'ai.telemetry.metadata.chatId', 'ai.telemetry.metadata.conversationId',
    ],
    user: ['ai.telemetry.metadata.userId', 'ai.telemetry.metadata.user_id'],
    tags: ['ai.telemetry.metadata.tags'],
    tool: ['ai.toolCall.name'],
    toolCallId: ['ai.toolCall.id'],
    toolArguments: ['ai.toolCall.args'],
    finishReasons: ['ai.response.finishReason'],
    firstChunkMillis: ['ai.response.msToFirstChunk'],
    messages: ['ai.response.text', 'ai.prompt.messages', 'ai.prompt'],
    input: ['ai.usage.inputTokens', 'ai.usage.promptTokens', 'ai.usage.tokens'],
    output: ['ai.usage.outputTokens', 'ai.usage.completionTokens'],
    cacheRead: ['ai.usage.inputTokenDetails.cacheReadTokens', 'ai.usage.cachedInputTokens'],
    cacheWrite: ['ai.usage.inputTokenDetails.cacheWriteTokens'],
    reasoning: ['ai.usage.outputTokenDetails.reasoningTokens', 'ai.usage.reasoningTokens'],
    total: ['ai.usage.totalTokens'],
    providerMetadata: ['ai.response.providerMetadata'],
    entity: ['ai.operationId'],
  },
  // v6 tells the parts of its input (`inputTokenDetails`) and counts them in it; v4 and v5 repeat the provider's number.
  counting: [
    { source: 'captured from @ai-sdk/mistral 2.0.51', when: beforeV6, providers: ['mistral_ai'], input: 'inclusive', lossy: true },
    { source: cohereSource, when: isNoEmbedding, providers: ['cohere'], input: 'inclusive', lossy: true },
    { source: 'captured from ai 5.0.277', when: (attributes) => beforeV6(attributes) && hidesCache(attributes), providers: ['aws.bedrock'],
      input: 'exclusive', lossy: true, hidesCacheWrites: true },
    { source, when: beforeV6, providers: ['anthropic', 'aws.bedrock'], input: 'exclusive', hidesCacheWrites: true },
    { source, when: (attributes) => beforeV6(attributes) && isClaude(attributes), providers: ['gcp.vertex_ai'], input: 'exclusive',
      hidesCacheWrites: true },
    { source: 'captured from ai 4.3.19', when: hidesGemini, providers: ['gcp.gemini', 'gcp.vertex_ai'], lossy: true },
    { source: 'captured from ai 5.0.277 and 6.0.326', when: hidesCache, input: 'inclusive', lossy: true },
    { source, when: beforeV6, providers: ['gcp.gemini', 'gcp.vertex_ai'], input: 'inclusive', output: 'exclusive' },
    { source, input: 'inclusive' },
  ],
  counts: countsInWords,
  refine(draft, reading, span) {
    const operation = reading.word('entity')
    if (operation.startsWith('ai.')) {
      if (operation.includes('stream') || operation.includes('Stream')) draft.streaming = true
      draft.role = roleOfOperationId(operation)
    }
    if (draft.timeToFirstTokenMs === undefined) {
      const first = span.events.find((event) => event.name === 'ai.stream.firstChunk')
      const millis = first?.attributes.get('ai.response.msToFirstChunk')
      if (typeof millis === 'number' && millis >= 0) draft.timeToFirstTokenMs = millis
    }
    // No key of the table, because Datadog's spans have one, too.
    draft.agent ||= word(span.attributes.get('resource.name')) ?? ''
    if (span.scope.name === 'opencode') disown(draft)
    termsInWords(draft, reading)
  },
}

function countsInWords(counts: UsageCounts, reading: Reading): void {
  for (const provider of Object.values(parsedObject(reading.value('providerMetadata')) ?? {})) {
    if (isObject(provider)) providerCounts(counts, provider)
  }
}

function termsInWords(draft: Draft, reading: Reading): void {
  const metadata = parsedObject(reading.value('providerMetadata'))
  const tier = member(objectMember(metadata, 'openai'), 'serviceTier')
  if (typeof tier === 'string') draft.serviceTier ||= tier
  draft.serviceTier ||= bodyTerms(objectMember(objectMember(metadata, 'anthropic'), 'usage')) || bodyTerms(objectMember(metadata, 'google')) ||
    bodyTerms(objectMember(objectMember(metadata, 'google'), 'usageMetadata'))
  // Of the last answer alone, where a span stands for several.
  if (draft.role === 'model_call') draft.reportedCost ??= providersCost(metadata)
}

/** What OpenRouter, Perplexity and xAI (@ai-sdk/perplexity 4.0.49, @ai-sdk/xai 5.0.12) say the call cost. */
function providersCost(metadata: JsonObject | undefined): PicoUsd | undefined {
  const of = (provider: string) => objectMember(metadata, provider)
  return picoUsd(member(objectMember(of('openrouter'), 'usage'), 'cost')) || picoUsd(member(objectMember(of('perplexity'), 'cost'), 'totalCost')) ||
    picoUsdOfTicks(member(of('xai'), 'costInUsdTicks'))
}

/**
 * What v4 and v5 (there `generateText` only) leave out of their own keys stands in the provider's words: captured from ai 4.3
 * and 5.0 with OpenAI, Anthropic, Google and their compatible providers.
 */
function providerCounts(counts: UsageCounts, provider: JsonObject): void {
  const usage = objectMember(provider, 'usage') ?? objectMember(provider, 'usageMetadata')
  counts.cacheRead ??= tokenCount(
    member(provider, 'cachedPromptTokens') ?? member(provider, 'cacheReadInputTokens') ?? member(provider, 'promptCacheHitTokens') ??
    member(usage, 'cache_read_input_tokens') ?? member(usage, 'cacheReadInputTokens') ?? member(usage, 'cachedContentTokenCount') ??
    member(objectMember(usage, 'promptTokensDetails'), 'cachedTokens'))
  counts.cacheWrite ??= tokenCount(
    member(provider, 'cacheCreationInputTokens') ?? member(usage, 'cache_creation_input_tokens') ?? member(usage, 'cacheWriteInputTokens'))
  writesByLifetime(counts, usage)
  serverTools(counts, usage)
  // @ai-sdk/perplexity 4.0.49.
  counts.webSearches ??= tokenCount(member(usage, 'numSearchQueries'))
  counts.reasoning ??= tokenCount(member(provider, 'reasoningTokens') ?? member(usage, 'thoughtsTokenCount') ??
    member(objectMember(usage, 'completionTokensDetails'), 'reasoningTokens'))
  geminiCounts(counts, objectMember(provider, 'usageMetadata'))
}

/** The SDK's own total leaves tool results out; the provider's shows that they stand beside the prompt. */
function geminiCounts(counts: UsageCounts, usage: JsonObject | undefined): void {
  geminiParts(counts, usage)
  if (counts.toolUseInput) counts.total = tokenCount(member(usage, 'totalTokenCount')) ?? counts.total
}

const v6Keys = ['ai.usage.inputTokenDetails.noCacheTokens', 'ai.usage.inputTokenDetails.cacheReadTokens',
  'ai.usage.outputTokenDetails.textTokens']

/**
 * The scope `ai` carries no version. `generateObject` and `streamObject` have the keys of v4 in v6 and those of v5 in v7's legacy
 * spans, and count as `generateText` does (captured from ai 6.0.326 and 7.0.173).
 */
function beforeV6(attributes: Attributes): boolean {
  return !v6Keys.some((key) => attributes.has(key)) && !(majorVersion(attributes) >= 6) && !isSummedUp(attributes)
}

/** Versions since 5 name themselves to the provider, behind what the application calls itself. 0 where none is named. */
function majorVersion(attributes: Attributes): number {
  return Number(/(?:^| )ai\/(\d{1,4})\./.exec(String(attributes.get('ai.request.headers.user-agent') ?? ''))?.[1] ?? 0)
}

/** What Anthropic counts beside its input, or Google beside its output, is in the SDK's number: arithmetic shows it. */
function isSummedUp(attributes: Attributes): boolean {
  const words = String(attributes.get('ai.response.providerMetadata') ?? '')
  const said = (name: string) => Number(new RegExp(`"${name}":(\\d{1,15})[,}]`).exec(words)?.[1] ?? 0)
  const [input, beside] = [said('input_tokens'), said('cache_read_input_tokens') + said('cache_creation_input_tokens')]
  if (input > 0 && beside > 0) return input + beside === Number(attributes.get('ai.usage.inputTokens') ?? attributes.get('ai.usage.promptTokens'))
  const [output, thoughts] = [said('candidatesTokenCount'), said('thoughtsTokenCount')]
  return output > 0 && thoughts > 0 && output + thoughts === Number(attributes.get('ai.usage.outputTokens') ?? attributes.get('ai.usage.completionTokens'))
}

/** `vertex.anthropic.messages`, `googleVertex.anthropic.messages`. */
function isClaude(attributes: Attributes): boolean {
  return String(attributes.get('ai.model.provider')).includes('.anthropic')
}

/** v4 passes on neither thoughts nor cache of Gemini, not even in the provider's words. */
function hidesGemini(attributes: Attributes): boolean {
  return attributes.has('ai.usage.promptTokens') && !String(attributes.get('ai.response.providerMetadata')).includes('"usageMetadata"')
}

/** A provider's whole usage, or what it says was read from the cache. */
const cacheWords = /"(?:usageMetadata|cachedPromptTokens|cache_?[rR]ead_?[iI]nput_?[tT]okens|promptCacheHitTokens|cachedTokens|input_tokens)":/

/**
 * v5's `generateText` and `generateObject` and v6's `generateObject` drop what was cached and thought; v4 passes it on in the
 * provider's words, as Anthropic's and Google's in all versions. Only v4 tells OpenAI's so: without them it is v5 or later.
 */
function hidesCache(attributes: Attributes): boolean {
  if (!attributes.has('ai.usage.promptTokens')) return false
  const metadata = String(attributes.get('ai.response.providerMetadata'))
  return (majorVersion(attributes) >= 5 || metadata.includes('"openai":{')) && !cacheWords.test(metadata)
}

/**
 * Only `.do…` reaches a model; the operation around it repeats the sum of its steps.
 * `ai.toolCall` is a tool; a rerank call is a retrieval.
 */
function roleOfOperationId(operation: string) {
  if (operation === 'ai.toolCall') return 'tool'
  const called = /\.do(Generate|Stream|Embed|Rerank)$/.exec(operation)?.[1]
  if (called === 'Embed') return 'embedding'
  if (called === 'Rerank') return 'retrieval'
  return called === undefined ? 'agent' : 'model_call'
}

/** @ai-sdk/otel 1.0.77 (vercel/ai@ed857f5): the conventions, with `agent_step` and a few keys of its own. */
export const vercelV7: Dialect = {
  name: 'vercel_v7',
  keys: {
    firstChunkSeconds: ['gen_ai.client.operation.time_to_first_chunk'],
    session: [
      'ai.settings.context.sessionId', 'ai.settings.context.session_id', 'ai.settings.context.threadId',
      'ai.settings.context.chatId',
      'ai.settings.context.conversationId',
    ],
    user: ['ai.settings.context.userId', 'ai.settings.context.user_id'],
    tags: ['ai.settings.context.tags'],
    // With `providerMetadata: true`.
    providerMetadata: ['ai.response.providerMetadata'],
  },
  counting: [
    { source: cohereSource, when: isNoEmbedding, providers: ['cohere'], input: 'inclusive', output: 'inclusive', lossy: true },
    // `generateObject` and `streamObject` leave out what was written to the cache (captured from @ai-sdk/otel 1.0.173).
    { source: 'captured from 1.0.173', when: (attributes) => attributes.get('gen_ai.output.type') === 'json', providers: ['anthropic', 'aws.bedrock'],
      input: 'inclusive', output: 'inclusive', hidesCacheWrites: true },
    { source, input: 'inclusive', output: 'inclusive' },
  ],
  counts: countsInWords,
  refine: termsInWords,
}
