import type { Attributes } from '../attributes.ts'
import type { Dialect, Draft } from '../dialect.ts'
import { langchainTier, nameLangchainTool, roleOfLangchainAgent } from '../langchain.ts'
import { endOfResponse } from '../response-end.ts'
import type { UsageCounts } from '../usage.ts'
import { isObject, type Json, type JsonObject, member, objectMember, parsed, parsedObject, tokenCount, word } from '../value.ts'

/** Langfuse SDK v3 and later: langfuse/langfuse@6275144 (packages/shared, otel ingestion), langfuse-js. */
export const langfuse: Dialect = {
  name: 'langfuse',
  keys: {
    kind: ['langfuse.observation.type'],
    requestModel: ['langfuse.observation.model.name'],
    workflow: ['langfuse.trace.name'],
    // In the metadata where LangChain calls a model outside of every chain, and where its OpenAI wrapper is told so.
    session: ['langfuse.session.id', 'langfuse.trace.session_id', 'langfuse.observation.metadata.langfuse_session_id'],
    user: ['langfuse.user.id', 'langfuse.trace.user_id', 'langfuse.observation.metadata.langfuse_user_id'],
    tags: ['langfuse.trace.tags', 'langfuse.tags', 'langfuse.observation.metadata.langfuse_tags'],
    toolArguments: ['langfuse.observation.input'],
    // Its handler for LangChain: the run's metadata, a key each.
    provider: ['langfuse.observation.metadata.ls_provider'],
    agent: ['langfuse.observation.metadata.lc_agent_name'],
    entity: ['langfuse.observation.metadata.langgraph_node'],
    messages: ['langfuse.observation.output', 'langfuse.observation.input'],
    firstChunkAt: ['langfuse.observation.completion_start_time'],
    errorMessage: ['langfuse.observation.status_message'],
    usageDetails: ['langfuse.observation.usage_details'],
    cost: ['langfuse.observation.cost_details'],
    judgement: ['langfuse.observation.output'],
  },
  // The map's keys are disjoint: `input` is what remains after its cached and audio parts (langfuse/langfuse-js
  // packages/openai parseUsageDetails subtracts them), and so is `output` after reasoning.
  counting: [{ source: 'langfuse/langfuse@6275144', input: 'exclusive', output: 'exclusive' }],
  counts(counts, reading) {
    const details = parsedObject(reading.value('usageDetails'))
    if (details === undefined) return
    const nested = nestedNames.some((name) => isObject(said(details, name)))
    disjointCounts(counts, nested ? flattened(details) : inCamelCase(details, `${reading.word('responseModel')} ${reading.word('requestModel')}`) ?? untiered(details))
  },
  refine(draft, reading, span) {
    for (const field of ofMetadata) draft[field] = unquoted(draft[field])
    if (draft.role === 'span' && reading.word('entity') !== '') draft.role = 'step'
    // Its handler for LangChain calls every kind of step a span before 5.0 for JavaScript (captured from 4.6.0).
    if (draft.role === 'step' && nameLangchainTool(draft, span.attributes.get('langfuse.observation.output'))) draft.role = 'tool'
    roleOfLangchainAgent(draft, span)
    if (draft.role === 'agent') draft.agent ||= span.name
    if (draft.role === 'tool') draft.tool ||= span.name
    if (span.attributes.get('langfuse.observation.level') === 'ERROR') draft.errorType ||= 'ERROR'
    if (draft.role === 'model_call') streamedResponse(draft, span.attributes)
    const tier = member(parsedObject(span.attributes.get('langfuse.observation.model.parameters')), 'service_tier')
    if (typeof tier === 'string') draft.serviceTier ||= tier
    draft.serviceTier ||= langchainTier(parsedObject(reading.value('usageDetails')), 'input_') ?? ''
  },
}

/** Its OpenAI wrapper for python (captured from 5.0.4) keeps a streamed response as metadata, member by member: `object` is `"response"` then. */
function streamedResponse(draft: Draft, attributes: Attributes): void {
  if (attributes.get('langfuse.observation.metadata.object') !== '"response"') return
  const said = (name: string) => parsed(attributes.get(`langfuse.observation.metadata.${name}`)) ?? null
  const id = said('id')
  if (typeof id === 'string') draft.responseId ||= word(id) ?? ''
  endOfResponse(draft, { object: 'response', status: said('status'), error: said('error'), incomplete_details: said('incomplete_details') })
}

/** What may stand in the metadata, whose words are JSON since 5.0 for python ("The server decodes metadata values from v5 SDKs"). */
const ofMetadata = ['provider', 'agent', 'session', 'user'] as const

function unquoted(text: string): string {
  const said = text.startsWith('"') ? parsed(text) : text
  return typeof said === 'string' ? said : text
}

/** Chat completions, and the Responses API as captured from langfuse 5.0.4 for python. */
const nestedNames = ['prompt_tokens_details', 'input_tokens_details', 'completion_tokens_details', 'output_tokens_details']
const readNames = ['cache_read_input_tokens', 'input_cached_tokens', 'input_cache_read', 'input_cache_read_tokens', 'cached_tokens',
  'cached_content_token_count']
const write5mNames = ['input_cache_creation_5m', 'input_cache_write_5m', 'ephemeral_5m_input_tokens', 'input_ephemeral_5m_input_tokens']
const write1hNames = ['input_cache_creation_1h', 'input_cache_write_1h', 'ephemeral_1h_input_tokens', 'input_ephemeral_1h_input_tokens']
const writeNames = ['cache_creation_input_tokens', 'input_cache_creation', 'input_cache_write', 'input_cache_write_tokens',
  'cache_write_input_tokens']
const reasoningNames = ['output_reasoning_tokens', 'output_reasoning', 'reasoning_tokens', 'reasoning', 'thoughts_token_count']
// LangChain's Vertex: by modality, in words or by its number in google.cloud.aiplatform's enum `Modality`.
const audioInputNames = ['input_audio_tokens', 'input_audio', 'input_modality_AUDIO', 'input_modality_4']
const audioOutputNames = ['output_audio_tokens', 'output_audio', 'output_modality_AUDIO', 'output_modality_4']
const imageInputNames = ['input_image_tokens', 'input_image', 'input_modality_IMAGE', 'input_modality_2']
const imageOutputNames = ['output_image_tokens', 'output_image', 'output_modality_IMAGE', 'output_modality_2']
/** Parts that cost what the rest does: subtracted from `input` and `output` all the same. */
const plainInput = ['input_text_tokens', 'input_text', 'input_modality_TEXT', 'input_modality_1', 'input_modality_VIDEO', 'input_modality_3',
  'input_modality_DOCUMENT', 'input_modality_5', 'tool_use_prompt_token_count']
const plainOutput = ['output_text_tokens', 'output_text', 'output_modality_TEXT', 'output_modality_1', 'output_accepted_prediction_tokens',
  'output_rejected_prediction_tokens']

/** A name of the API's, or the same as OpenRouter's SDK for JavaScript spells it (@openrouter/sdk 1.3.19), whose usage applications hand on as it is. */
const said = (of: JsonObject | undefined, name: string): Json | undefined =>
  member(of, name) ?? member(of, name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()))

/**
 * Its OpenAI wrapper for python passes the provider's body on: parts nested, and inside their wholes
 * (langfuse/langfuse-python langfuse/openai.py `_parse_usage`). Brought into the flat form that its wrapper for JavaScript gives it.
 */
function flattened(details: JsonObject): JsonObject {
  const object = (name: string) => [said(details, name)].find(isObject)
  const input = object('prompt_tokens_details') ?? object('input_tokens_details')
  const output = object('completion_tokens_details') ?? object('output_tokens_details')
  const part = (of: JsonObject | undefined, name: string) => tokenCount(said(of, name)) ?? 0
  const [cached, written] = [part(input, 'cached_tokens'), part(input, 'cache_write_tokens')]
  const imageInput = part(input, 'image_tokens')
  const [reasoning, audioOutput, imageOutput] = [part(output, 'reasoning_tokens'), part(output, 'audio_tokens'), part(output, 'image_tokens')]
  const prompt = tokenCount(said(details, 'prompt_tokens') ?? said(details, 'input_tokens')) ?? 0
  const completion = tokenCount(said(details, 'completion_tokens') ?? said(details, 'output_tokens')) ?? 0
  const total = tokenCount(said(details, 'total_tokens')) ?? prompt + completion
  const audioInput = part(input, 'audio_tokens')
  // xAI's chat completions.
  const inside = total === prompt + completion + reasoning ? 0 : reasoning
  return {
    input: Math.max(prompt - cached - written - audioInput - imageInput, 0), input_cached_tokens: cached, input_cache_write_tokens: written,
    input_audio_tokens: audioInput, input_image_tokens: imageInput,
    output: Math.max(completion - inside - audioOutput - imageOutput, 0), ...(reasoning > 0 && { output_reasoning_tokens: reasoning }),
    output_audio_tokens: audioOutput, output_image_tokens: imageOutput, total,
  }
}

const camelNames = ['promptTokens', 'completionTokens', 'inputTokens', 'outputTokens', 'totalTokens']

/**
 * The names in its own examples and its type `OpenAiUsage` (@langfuse/tracing 5.11.1 on npm), and those of the AI SDK, whose usage
 * applications hand on as it is: parts inside their wholes, flat up to version 5, nested since 6. Up to version 5 Claude's cache and
 * Gemini's thoughts are beside them, as those providers count (see `vercel.ts`). Brought into the flat, disjoint form.
 */
function inCamelCase(details: JsonObject, models: string): JsonObject | undefined {
  if (!camelNames.some((name) => Object.hasOwn(details, name)) || Object.hasOwn(details, 'input') || Object.hasOwn(details, 'output')) return undefined
  const [input, output] = [objectMember(details, 'inputTokenDetails'), objectMember(details, 'outputTokenDetails')]
  const count = (name: string, inner?: JsonObject, innerName = name) => tokenCount(member(inner, innerName) ?? member(details, name))
  const [prompt, completion, total] = [count('promptTokens') ?? count('inputTokens'), count('completionTokens') ?? count('outputTokens'), count('totalTokens')]
  const [cached, written] = [count('cachedInputTokens', input, 'cacheReadTokens'), count('cacheWriteTokens', input)]
  const reasoning = count('reasoningTokens', output)
  const [cacheIsBeside, thoughtsAreBeside] = [input === undefined && /claude/i.test(models), output === undefined && /gemini/i.test(models)]
  const thought = thoughtsAreBeside || total === (prompt ?? 0) + (completion ?? 0) + (reasoning ?? 0) ? 0 : reasoning ?? 0
  const less = (whole: number, parts: number) => (parts > whole ? whole : whole - parts)
  return {
    ...details,
    ...(prompt !== undefined && { input: cacheIsBeside ? prompt : less(prompt, (cached ?? 0) + (written ?? 0)) }), ...(completion !== undefined && { output: less(completion, thought) }),
    ...(cached !== undefined && { input_cached_tokens: cached }), ...(written !== undefined && { input_cache_write_tokens: written }),
    ...(reasoning !== undefined && { output_reasoning_tokens: reasoning }), ...(total !== undefined && { total }),
  }
}

/**
 * Its handler for LangChain takes every part off `input` and `output`, but those of the tier `priority` (langfuse 5.0.4 for python,
 * CallbackHandler.py `_parse_usage_model`; before, those too). The tier's own counts are the whole without what was cached or
 * thought, whatever was taken off: brought into the flat, disjoint form.
 */
function untiered(details: JsonObject): JsonObject {
  const tier = langchainTier(details, 'input_')
  if (tier === undefined) return details
  const count = (name: string) => tokenCount(member(details, name)) ?? 0
  const written = count(`input_${tier}_cache_creation`)
  return {
    ...details,
    input: Math.max(count(`input_${tier}`) - written - count('input_audio'), 0), input_cache_read: count(`input_${tier}_cache_read`), input_cache_creation: written,
    output: Math.max(count(`output_${tier}`) - count('output_audio'), 0), output_reasoning: count(`output_${tier}_reasoning`),
  }
}

/** Parts by modality stand beside `input` and `output` here, inside them in our counts. */
function disjointCounts(counts: UsageCounts, details: JsonObject): void {
  const first = (names: readonly string[]) => {
    for (const name of names) {
      const count = tokenCount(member(details, name))
      if (count !== undefined) return count
    }
    return undefined
  }
  const sum = (names: readonly string[]) => names.reduce((all, name) => all + (tokenCount(member(details, name)) ?? 0), 0)
  counts.audioInput ??= first(audioInputNames)
  counts.audioOutput ??= first(audioOutputNames)
  counts.imageInput ??= first(imageInputNames)
  counts.imageOutput ??= first(imageOutputNames)
  const input = first(['input', 'input_tokens', 'prompt_tokens'])
  const output = first(['output', 'output_tokens', 'completion_tokens'])
  counts.input ??= input === undefined ? undefined : input + (counts.audioInput ?? 0) + (counts.imageInput ?? 0) + sum(plainInput)
  counts.output ??= output === undefined ? undefined : output + (counts.audioOutput ?? 0) + (counts.imageOutput ?? 0) + sum(plainOutput)
  counts.cacheRead ??= first(readNames)
  counts.cacheWrite5m ??= first(write5mNames)
  counts.cacheWrite1h ??= first(write1hNames)
  counts.cacheWrite ??= first(writeNames)
  counts.reasoning ??= first(reasoningNames)
  counts.total ??= first(['total', 'total_tokens'])
  // xAI's text and Gemini's prompt hold what was cached: no parts then, and the total shows it.
  const { input: whole = 0, output: out = 0, cacheRead = 0, reasoning = 0, total = 0 } = counts
  const named = Object.hasOwn(details, 'cached_content_token_count') || sum(plainInput) > 0
  if (named && cacheRead <= whole && total === whole + out + reasoning) counts.input = whole - cacheRead
  // OpenAI's cache holds sound, which is told among both: its wrapper for JavaScript takes off both and stops at 0.
  const twice = whole + cacheRead + (counts.cacheWrite ?? 0) + out + reasoning - total
  if (input === 0 && twice > 0 && twice <= Math.min(counts.audioInput ?? 0, cacheRead)) counts.input = whole - twice
}
