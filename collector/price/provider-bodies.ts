/**
 * Usage bodies as providers answer them, written as the spans that instrumentations make of them: what each of them puts into
 * which attribute, and whether its input counts the cache. For tests.
 */
import type { AttributeValue, SpanRecord } from '#semconv/attributes.ts'

type Json = Readonly<Record<string, unknown>>

export interface Telling {
  /** Who tells it so, and how it counts. */
  readonly emitter: string
  readonly span: SpanRecord
}

/** What an instrumentation reads off a body. Counts as the provider's API defines them; all input, all output. */
interface Counts {
  readonly kind: 'anthropic' | 'bedrock' | 'gemini' | 'chat' | 'responses' | 'xai' | 'cohere'
  readonly body: Json
  readonly input: number
  readonly output: number
  /** The output as the body has it: without the thoughts where it tells them beside. */
  readonly said: number
  readonly read: number
  readonly written: number
  readonly written5m: number
  readonly written1h: number
  readonly reasoning: number
  readonly total: number
  readonly audioInput: number
  readonly audioRead: number
  readonly audioOutput: number
  readonly imageInput: number
  readonly imageOutput: number
  readonly toolUse: number
}

const object = (value: unknown): Json => (typeof value === 'object' && value !== null ? value as Json : {})
const count = (of: Json, key: string): number => (typeof of[key] === 'number' ? of[key] : 0)

function modality(list: unknown, name: string): number {
  const found = (Array.isArray(list) ? list as unknown[] : []).map(object).find(({ modality: kind }) => kind === name)
  return found === undefined ? 0 : count(found, 'tokenCount')
}

const none = { read: 0, written: 0, written5m: 0, written1h: 0, reasoning: 0, audioInput: 0, audioRead: 0, audioOutput: 0, imageInput: 0, imageOutput: 0, toolUse: 0 }

/**
 * The providers' definitions: Anthropic and Bedrock count fresh input only, Gemini and xAI leave thoughts out of their output.
 * `undefined` where the answer has no usage, or one of an unknown shape.
 */
export function countsOf(answer: Json): Counts | undefined {
  if ('usageMetadata' in answer) return gemini(object(answer['usageMetadata']))
  if ('meta' in answer) return cohere(object(object(answer['meta'])['billed_units']), answer)
  // In OpenAI's realtime events the answer stands in the event, at Cloudflare in the result.
  const body = object(answer['usage'] ?? object(answer['response'])['usage'] ?? object(answer['result'])['usage'])
  if ('billed_units' in body || 'tokens' in body) return cohere(object(body['billed_units'] ?? body['tokens']), body)
  if ('inputTokens' in body) return bedrock(body)
  if ('prompt_tokens' in body) return openai(body, 'cached_prompt_text_tokens' in body ? 'xai' : 'chat', 'prompt_tokens', 'completion_tokens')
  if ('cache_creation_input_tokens' in body || 'cache_read_input_tokens' in body) return anthropic(body)
  return 'input_tokens' in body ? openai(body, 'responses', 'input_tokens', 'output_tokens') : undefined
}

function anthropic(body: Json): Counts {
  const read = count(body, 'cache_read_input_tokens')
  const written = count(body, 'cache_creation_input_tokens')
  const lives = object(body['cache_creation'])
  const input = count(body, 'input_tokens') + read + written
  const output = count(body, 'output_tokens')
  return {
    ...none, kind: 'anthropic', body, input, output, said: output, read, written, total: input + output,
    written5m: count(lives, 'ephemeral_5m_input_tokens'), written1h: count(lives, 'ephemeral_1h_input_tokens'),
    reasoning: count(object(body['output_tokens_details']), 'thinking_tokens'),
  }
}

function bedrock(body: Json): Counts {
  const read = count(body, 'cacheReadInputTokens')
  const written = count(body, 'cacheWriteInputTokens')
  return { ...none, kind: 'bedrock', body, read, written, input: count(body, 'inputTokens') + read + written, output: count(body, 'outputTokens'), said: count(body, 'outputTokens'), total: count(body, 'totalTokens') }
}

function gemini(body: Json): Counts {
  const reasoning = count(body, 'thoughtsTokenCount')
  const toolUse = count(body, 'toolUsePromptTokenCount')
  return {
    ...none, kind: 'gemini', body, reasoning, toolUse,
    input: count(body, 'promptTokenCount') + toolUse, output: count(body, 'candidatesTokenCount') + reasoning, said: count(body, 'candidatesTokenCount'), total: count(body, 'totalTokenCount'),
    read: count(body, 'cachedContentTokenCount'), audioInput: modality(body['promptTokensDetails'], 'AUDIO'),
    audioRead: modality(body['cacheTokensDetails'], 'AUDIO'), audioOutput: modality(body['candidatesTokensDetails'], 'AUDIO'),
    imageInput: modality(body['promptTokensDetails'], 'IMAGE'), imageOutput: modality(body['candidatesTokensDetails'], 'IMAGE'),
  }
}

/** OpenAI's APIs and those like it; details are in the singular in its realtime API. */
function openai(body: Json, kind: 'chat' | 'responses' | 'xai', inputKey: string, outputKey: string): Counts {
  const details = (key: string): Json => object(body[`${key}_details`] ?? body[`${key.slice(0, -1)}_details`])
  const [of, out] = [details(inputKey), details(outputKey)]
  const [input, said, total] = [count(body, inputKey), count(body, outputKey), count(body, 'total_tokens')]
  const reasoning = count(out, 'reasoning_tokens') || count(body, 'reasoning_tokens')
  // xAI's total shows the thoughts beside the output (docs.x.ai, Reasoning), Perplexity's leaves them out as well (its API reference).
  const output = reasoning > 0 && ('num_search_queries' in body || total === input + said + reasoning) ? said + reasoning : said
  return {
    ...none, kind, body, input, output, said, total, reasoning, written: count(of, 'cache_write_tokens') || count(body, 'cache_creation_input_tokens'),
    // xAI's SDK, DeepSeek, Moonshot, LiteLLM.
    read: firstOf(count(of, 'cached_tokens'), ...['cached_prompt_text_tokens', 'prompt_cache_hit_tokens', 'cached_tokens', 'cache_read_input_tokens'].map((key) => count(body, key))),
    audioInput: count(of, 'audio_tokens'), audioRead: count(object(of['cached_tokens_details']), 'audio_tokens'), audioOutput: count(out, 'audio_tokens'),
    imageInput: count(of, 'image_tokens'), imageOutput: count(out, 'image_tokens'),
  }
}

const firstOf = (...counts: readonly number[]): number => counts.find((tokens) => tokens > 0) ?? 0

function cohere(billed: Json, body: Json): Counts {
  const [input, output] = [count(billed, 'input_tokens'), count(billed, 'output_tokens')]
  return { ...none, kind: 'cohere', body, input, output, said: output, total: input + output, imageInput: count(billed, 'image_tokens') }
}

interface Emitter {
  readonly name: string
  readonly scope: string
  readonly version?: string
  readonly spanName?: string
  readonly tells: (counts: Counts, provider: string) => boolean
  readonly attributes: (counts: Counts, model: string, provider: string) => Readonly<Record<string, string | number>>
}

const semconv = (c: Counts, model: string, provider: string) => ({
  'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': provider, 'gen_ai.response.model': model,
  'gen_ai.usage.input_tokens': c.input, 'gen_ai.usage.output_tokens': c.output,
  ...(c.read > 0 && { 'gen_ai.usage.cache_read.input_tokens': c.read }), ...(c.written > 0 && { 'gen_ai.usage.cache_creation.input_tokens': c.written }),
  ...(c.reasoning > 0 && { 'gen_ai.usage.reasoning.output_tokens': c.reasoning }),
})
const modalities = (c: Counts) => ({
  ...(c.audioInput > 0 && { 'gen_ai.usage.audio.input_tokens': c.audioInput }), ...(c.audioRead > 0 && { 'gen_ai.usage.audio.cache_read.input_tokens': c.audioRead }),
  ...(c.audioOutput > 0 && { 'gen_ai.usage.audio.output_tokens': c.audioOutput }), ...(c.imageInput > 0 && { 'gen_ai.usage.image.input_tokens': c.imageInput }),
  ...(c.imageOutput > 0 && { 'gen_ai.usage.image.output_tokens': c.imageOutput }),
})
const fresh = (c: Counts): number => c.input - c.read - c.written
const modal = (c: Counts): boolean => c.audioInput + c.audioOutput + c.imageInput + c.imageOutput > 0

const emitters: readonly Emitter[] = [
  {
    name: 'the conventions, inclusive', scope: 'opentelemetry.instrumentation.genai', tells: () => true,
    attributes: (c, model, provider) => ({ ...semconv(c, model, provider), ...modalities(c) }),
  },
  {
    name: 'pydantic-ai, inclusive', scope: 'pydantic-ai', tells: () => true,
    attributes: (c, model, provider) => ({
      ...semconv({ ...c, read: 0, written: 0, reasoning: 0 }, model, provider), ...modalities({ ...c, audioInput: 0, audioOutput: 0, audioRead: 0 }),
      'gen_ai.usage.details.cache_read_tokens': c.read, 'gen_ai.usage.details.cache_write_tokens': c.written, 'gen_ai.usage.details.reasoning_tokens': c.reasoning,
      'gen_ai.usage.details.input_audio_tokens': c.audioInput, 'gen_ai.usage.details.output_audio_tokens': c.audioOutput, 'gen_ai.usage.details.cache_audio_read_tokens': c.audioRead,
    }),
  },
  {
    name: 'Logfire with the raw body, inclusive', scope: 'logfire.client', tells: ({ kind }) => kind === 'anthropic' || kind === 'chat' || kind === 'responses',
    attributes: (c, model, provider) => ({ ...semconv({ ...c, output: c.said, read: 0, written: 0, reasoning: 0 }, model, provider), 'gen_ai.usage.raw': JSON.stringify(c.body) }),
  },
  {
    name: 'OpenInference, inclusive, with a total', scope: 'openinference.instrumentation', tells: (c) => c.kind !== 'bedrock' && c.kind !== 'cohere' && !(modal(c) && c.kind === 'gemini') && c.imageInput + c.imageOutput + c.audioRead === 0,
    attributes: (c, model, provider) => ({
      'openinference.span.kind': 'LLM', 'llm.provider': provider, 'llm.model_name': model, 'llm.token_count.prompt': c.input, 'llm.token_count.completion': c.output,
      'llm.token_count.total': c.input + c.output, 'llm.token_count.prompt_details.cache_read': c.read, 'llm.token_count.prompt_details.cache_write': c.written,
      'llm.token_count.completion_details.reasoning': c.reasoning, 'llm.token_count.prompt_details.audio': c.audioInput, 'llm.token_count.completion_details.audio': c.audioOutput,
    }),
  },
  {
    name: 'OpenInference on Bedrock, exclusive, with a total', scope: 'openinference.instrumentation.bedrock', tells: ({ kind }) => kind === 'bedrock',
    attributes: (c, model, provider) => ({
      'openinference.span.kind': 'LLM', 'llm.provider': provider, 'llm.model_name': model, 'llm.token_count.prompt': fresh(c), 'llm.token_count.completion': c.output,
      'llm.token_count.total': c.total, 'llm.token_count.prompt_details.cache_read': c.read, 'llm.token_count.prompt_details.cache_write': c.written,
    }),
  },
  {
    name: 'OpenLLMetry on Bedrock, exclusive', scope: 'opentelemetry.instrumentation.bedrock', tells: ({ kind }) => kind === 'bedrock',
    attributes: (c, model, provider) => ({
      'llm.request.type': 'chat', 'gen_ai.provider.name': provider, 'gen_ai.response.model': model, 'gen_ai.usage.input_tokens': fresh(c),
      'gen_ai.usage.output_tokens': c.output, 'gen_ai.usage.cache_read_input_tokens': c.read, 'gen_ai.usage.cache_creation_input_tokens': c.written,
    }),
  },
  {
    name: 'Claude Code, exclusive', scope: 'com.anthropic.claude_code.tracing', spanName: 'claude_code.llm_request',
    tells: ({ kind }, provider) => kind === 'anthropic' && provider === 'anthropic',
    attributes: (c, model) => ({
      model, input_tokens: fresh(c), cache_read_tokens: c.read, cache_creation_tokens: c.written, output_tokens: c.output,
      ...(c.written5m + c.written1h > 0 && { cache_creation_5m_tokens: c.written5m, cache_creation_1h_tokens: c.written1h }),
    }),
  },
  {
    name: 'AI SDK 5, exclusive', scope: 'ai', tells: ({ kind }, provider) => kind === 'anthropic' && (provider === 'anthropic' || provider === 'aws'),
    attributes: (c, model, provider) => ({
      'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.provider': provider === 'aws' ? 'amazon-bedrock' : 'anthropic.messages', 'ai.response.model': model,
      'ai.usage.inputTokens': fresh(c), 'ai.usage.cachedInputTokens': c.read, 'ai.usage.outputTokens': c.output, 'ai.usage.totalTokens': fresh(c) + c.output,
      'ai.response.providerMetadata': JSON.stringify({ anthropic: { usage: c.body, cacheCreationInputTokens: c.written } }),
    }),
  },
  {
    name: 'AI SDK 6, inclusive', scope: 'ai', tells: (c) => (c.kind === 'chat' || c.kind === 'responses') && !modal(c),
    attributes: (c, model, provider) => ({
      'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.provider': provider, 'ai.response.model': model,
      'ai.usage.inputTokens': c.input, 'ai.usage.outputTokens': c.output, 'ai.usage.totalTokens': c.input + c.output,
      'ai.usage.inputTokenDetails.noCacheTokens': fresh(c), 'ai.usage.inputTokenDetails.cacheReadTokens': c.read,
      'ai.usage.inputTokenDetails.cacheWriteTokens': c.written, 'ai.usage.outputTokenDetails.reasoningTokens': c.reasoning,
    }),
  },
  {
    name: 'OpenLLMetry for JavaScript before 0.27, exclusive', scope: '@traceloop/instrumentation-anthropic', version: '0.26.0', tells: ({ kind }) => kind === 'anthropic',
    attributes: (c, model, provider) => ({
      'llm.request.type': 'chat', 'gen_ai.provider.name': provider, 'gen_ai.response.model': model, 'gen_ai.usage.input_tokens': fresh(c),
      'gen_ai.usage.output_tokens': c.output, 'gen_ai.usage.cache_read_input_tokens': c.read, 'gen_ai.usage.cache_creation_input_tokens': c.written,
    }),
  },
  {
    name: 'OpenLLMetry for JavaScript from 0.27 on, inclusive', scope: '@traceloop/instrumentation-anthropic', version: '0.27.0', tells: ({ kind }) => kind === 'anthropic',
    attributes: (c, model, provider) => ({
      'llm.request.type': 'chat', 'gen_ai.provider.name': provider, 'gen_ai.response.model': model, 'gen_ai.usage.input_tokens': c.input,
      'gen_ai.usage.output_tokens': c.output, 'gen_ai.usage.cache_read_input_tokens': c.read, 'gen_ai.usage.cache_creation_input_tokens': c.written,
    }),
  },
  {
    name: 'Gemini CLI, thoughts beside the output', scope: 'gemini-cli', spanName: 'gemini_cli.api_response',
    tells: (c, provider) => c.kind === 'gemini' && provider === 'google' && !modal(c),
    attributes: (c, model) => ({
      model, input_token_count: c.input - c.toolUse, cached_content_token_count: c.read, output_token_count: c.output - c.reasoning,
      thoughts_token_count: c.reasoning, tool_token_count: c.toolUse, total_token_count: c.total,
    }),
  },
]

/** The body as each instrumentation that can carry it would tell it. */
export function tellings(counts: Counts, model: string, provider: string): Telling[] {
  return emitters.filter(({ tells }) => tells(counts, provider)).map((emitter) => ({
    emitter: emitter.name,
    span: spanOf(emitter, emitter.attributes(counts, model, provider)),
  }))
}

const spanOf = ({ scope, version = '', spanName = 'chat' }: Emitter, attributes: Readonly<Record<string, string | number>>): SpanRecord => ({
  traceId: '0'.repeat(31) + '1', spanId: '0'.repeat(15) + '1', parentSpanId: '', traceState: '', flags: 0, name: spanName, kind: 3,
  startTimeUnixNano: 1n, endTimeUnixNano: 2n,
  attributes: new Map<string, AttributeValue>(Object.entries(attributes).map(([key, value]) => [key, typeof value === 'number' ? BigInt(value) : value])),
  droppedAttributesCount: 0, events: [], droppedEventsCount: 0, links: [], droppedLinksCount: 0, statusCode: 0, statusMessage: '',
  resource: { attributes: new Map(), schemaUrl: '' }, scope: { name: scope, version, attributes: new Map(), schemaUrl: '' },
})
