import { answerId } from '../answer-id.ts'
import type { Attributes, AttributeValue, SpanRecord } from '../attributes.ts'
import { bodyCounts, geminiParts, responseTools } from '../body-counts.ts'
import type { CountingRule, Dialect, Draft } from '../dialect.ts'
import { langchainMessage, langchainPart, roleOfLangchainAgent } from '../langchain.ts'
import { bodyTerms } from '../price-terms.ts'
import type { Reading } from '../reading.ts'
import { endOfResponse } from '../response-end.ts'
import { asWord, readRunMetadata } from '../run-metadata.ts'
import type { UsageCounts } from '../usage.ts'
import { finite, type JsonObject, member, objectMember, parsedObject, tokenCount, truth, word } from '../value.ts'
import { isDify, nameWithoutRunId, refineDify } from './dify.ts'
import { agentFrameworkCounting } from './microsoft.ts'

const bedrock = (scope: string) => scope.startsWith('openinference.instrumentation.bedrock')
const bedrockJs = (scope: string) => scope === '@arizeai/openinference-instrumentation-bedrock'
const langchainJs = (scope: string) => scope === '@arizeai/openinference-instrumentation-langchain'
const agno = (scope: string) => scope === 'openinference.instrumentation.agno'
const claudeAgentPython = (scope: string) => scope === 'openinference.instrumentation.claude_agent_sdk'
const claudeAgentJs = (scope: string) => scope.startsWith('@arizeai/openinference-instrumentation-claude-agent-sdk')
/**
 * Since Claude Code 2.1.277 the sum of what the messages of the turn say, without the cost: each was taken before its output was written, and
 * those of sub-agents are not among them.
 */
const sumsUpMessages = (attributes: Attributes) => !attributes.has('llm.cost.total')
const anthropicPython = (scope: string) => scope === 'openinference.instrumentation.anthropic'
const googleGenai = (scope: string) => scope === 'openinference.instrumentation.google_genai'
const anthropicJs = (scope: string) => scope.startsWith('@arizeai/openinference-instrumentation-anthropic')
const beeai = (scope: string) => scope === '@arizeai/openinference-instrumentation-beeai'
/** smolagents numbers its steps, OpenAI's agents SDK calls them turns. */
const isStep = (name: string) => name === 'turn' || /^Step \d+$/.test(name)
const openaiAgents = (scope: string) => scope === 'openinference.instrumentation.openai_agents' ||
  scope === '@arizeai/openinference-instrumentation-openai-agents' || scope === 'traceai_openai_agents'
const llamaIndex = (scope: string) => scope === 'openinference.instrumentation.llama_index'
const litellm = (scope: string) => scope === 'openinference.instrumentation.litellm'
const smolagents = (scope: string) => scope === 'openinference.instrumentation.smolagents'
const haystack = (scope: string) => scope === 'openinference.instrumentation.haystack'
const crewai = (scope: string) => scope === 'openinference.instrumentation.crewai'
/** `Crew_<id>.kickoff` where the application gave the crew no name: another one each run. */
const crewId = /_[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}(?=\.)/
const beeaiPython = (scope: string) => scope === 'openinference.instrumentation.beeai'
/** Flowise's tracers for its agent flows (flowise-components 3.1.4 on npm, handler.js); its chat flows have LangChain's instrumentation. */
const flowise = (scope: string) => /^(?:phoenix|arize|opik)-tracer-/.test(scope)
/** Frameworks that keep two sums of what a call used, whatever the provider told. */
const sumsOnly = (scope: string) => haystack(scope) || isDify(scope) || flowise(scope) || beeaiPython(scope) || scope === 'openinference.instrumentation.autogen_agentchat'

const source = 'Arize-ai/openinference@1fe497f'

/** What Claude streams by InvokeModel is summed up with its cache and has no total, unlike all else the instrumentation tells; its parts are in the answer alone. */
const isStreamedClaude = (attributes: Attributes) => attributes.has('llm.token_count.prompt') && !['total', 'prompt_details.cache_read', 'prompt_details.cache_write'].some((key) => attributes.has(`llm.token_count.${key}`))
const streamedClaudeSource = 'openinference-instrumentation-bedrock 0.1.23 and 0.1.61 on PyPI, captured'
const invokedClaude: readonly CountingRule[] = [
  { source: streamedClaudeSource, scope: bedrock, when: (attributes) => isStreamedClaude(attributes) && attributes.get('output.value') === hidden, input: 'inclusive', lossy: true },
  { source: streamedClaudeSource, scope: bedrock, when: isStreamedClaude, input: 'inclusive' },
  // What is not streamed neither, and has keys for the parts.
  { source: 'openinference-instrumentation-bedrock 0.1.26 to 0.1.61 on PyPI (utils/anthropic/_attributes.py)', scope: bedrock, from: '0.1.26',
    when: (attributes) => !attributes.has('llm.token_count.total'), input: 'inclusive' },
]

/** Nova's body and the headers of others are passed on. */
const isInvoked = (_: Attributes, spanName: string) => spanName.startsWith('bedrock.invoke_model')

const isClaude = (attributes: Attributes) => String(attributes.get('llm.model_name')).includes('claude')

/** As the provider tells it, where LangChain hands its usage on: Anthropic's has no total, Bedrock's the names of Anthropic's parts. */
const isRawClaude = (attributes: Attributes) => isClaude(attributes) && (!attributes.has('llm.token_count.total') ||
  attributes.has('llm.token_count.prompt_details.cache_read') || attributes.has('llm.token_count.prompt_details.cache_write'))

/** What stands where `OPENINFERENCE_HIDE_OUTPUTS` is set. */
const hidden = '__REDACTED__'

function isCachelessStream(attributes: Attributes): boolean {
  const parameters = attributes.get('llm.invocation_parameters')
  return typeof parameters === 'string' && /"stream": ?true/.test(parameters) && !attributes.has('llm.token_count.prompt_details.cache_read')
}

/** Google's SDK calls functions by itself, and the model again: the span has the last call's usage alone. */
function calledFunctions(attributes: Attributes): boolean {
  const answer = attributes.get('output.value')
  return typeof answer === 'string' && /"automatic_function_calling_history": ?\[\{/.test(answer)
}

/** OpenInference, Arize-ai/openinference@1fe497f (spec/semantic_conventions.md and its instrumentations). */
export const openinference: Dialect = {
  name: 'openinference',
  keys: {
    kind: ['openinference.span.kind'],
    provider: ['llm.provider', 'llm.system'],
    requestModel: ['llm.request.model_name', 'llm.model_name', 'embedding.model_name', 'reranker.model_name'],
    responseModel: ['llm.response.model_name', 'llm.model_name'],
    agent: ['agent.name'],
    session: ['session.id'],
    user: ['user.id'],
    tags: ['tag.tags'],
    tool: ['tool.name', 'tool_call.function.name'],
    toolCallId: ['tool.id', 'tool_call.id', 'message.tool_call_id'],
    toolArguments: ['input.value'],
    finishReasons: ['llm.finish_reason'],
    parameters: ['llm.invocation_parameters'],
    metadata: ['metadata'],
    entity: ['graph.node.name', 'graph.node.id'],
    messages: ['output.value', 'input.value'],
    input: ['llm.token_count.prompt'],
    output: ['llm.token_count.completion'],
    cacheRead: ['llm.token_count.prompt_details.cache_read', 'llm.token_count.prompt_details.cache_input'],
    cacheWrite: ['llm.token_count.prompt_details.cache_write'],
    reasoning: ['llm.token_count.completion_details.reasoning'],
    audioInput: ['llm.token_count.prompt_details.audio'],
    audioOutput: ['llm.token_count.completion_details.audio'],
    imageInput: ['llm.token_count.prompt_details.image'],
    imageOutput: ['llm.token_count.completion_details.image'],
    total: ['llm.token_count.total'],
    cost: ['llm.cost.total'],
    costInput: ['llm.cost.prompt'],
    costOutput: ['llm.cost.completion'],
    judgement: ['output.value'],
    usageDetails: ['output.value'],
  },
  counting: [
    ...invokedClaude,
    { source: 'openinference-instrumentation-bedrock 0.1.23 on PyPI, captured, and 0.1.35: Converse and InvokeModel drop the cache', scope: bedrock,
      below: '0.1.36', input: 'exclusive', lossy: true },
    { source: 'openinference-instrumentation-bedrock 0.1.61 on PyPI (_extract_invoke_model_attributes.py)', scope: bedrock, when: isInvoked, input: 'exclusive' },
    { source: 'openinference-instrumentation-bedrock 0.1.59, 0.1.60 and 0.1.61 on PyPI (_converse_attributes.py), the last captured', scope: bedrock,
      from: '0.1.60', input: 'inclusive' },
    { source, scope: bedrock, input: 'exclusive' },
    { source: 'captured from 0.5.1', scope: bedrockJs, input: 'exclusive' },
    { source: 'openinference-instrumentation-claude-agent-sdk 0.1.12 on PyPI (_wrappers.py)', scope: claudeAgentPython, below: '0.1.13', input: 'exclusive' },
    { source: 'openinference-instrumentation-claude-agent-sdk 0.1.22 on PyPI, captured', scope: claudeAgentPython, from: '0.1.22', when: sumsUpMessages,
      input: 'inclusive', lossy: true },
    { source, scope: claudeAgentJs, input: 'exclusive', lossy: true },
    // Captured at 0.2.8: adds the cache to the input and reports it.
    { source: 'captured from 0.2.8', scope: anthropicJs, from: '0.2.8', input: 'inclusive' },
    { source, scope: anthropicJs, input: 'exclusive', lossy: true },
    // Passes Agno's counts on, which are the provider's.
    { source: 'openinference-instrumentation-agno 1.0.15 on PyPI, captured', scope: agno, providers: ['anthropic', 'aws.bedrock'],
      input: 'exclusive' },
    // Agno 2 keeps the thoughts apart, and there is a key neither for them nor for the total; 0.1.24 has them in the output.
    { source: 'openinference-instrumentation-agno 1.0.15 on PyPI, captured', scope: agno, from: '1.0.0', providers: ['gcp.gemini', 'gcp.vertex_ai', 'gcp.gen_ai'],
      input: 'inclusive', lossy: true },
    { source: 'haystack 0.1.46, beeai 0.1.85 and autogen-agentchat 0.1.22 on PyPI, captured; langgenius/dify trace_builder.py@0464a86; flowise-components 3.1.4 on npm', scope: sumsOnly, input: 'inclusive', lossy: true,
      when: (attributes) => attributes.get('openinference.span.kind') !== 'EMBEDDING' },
    { source: 'openinference-instrumentation-anthropic 0.1.13 and 0.1.14 on PyPI (_wrappers.py)', scope: anthropicPython, below: '0.1.14', when: (attributes) => !isCachelessStream(attributes),
      input: 'exclusive' },
    { source: 'openinference-instrumentation-anthropic 0.1.17 and 0.1.20 on PyPI (_stream.py): a stream has neither key nor answer, and its input leaves the cache out',
      scope: anthropicPython, below: '1.0.0', when: isCachelessStream, input: 'inclusive', lossy: true },
    { source: 'openinference-instrumentation-google-genai 0.1.3 and 0.1.9 on PyPI: what was cached is in the answer alone', scope: googleGenai, below: '0.1.17',
      when: (attributes) => attributes.get('output.value') === hidden, input: 'inclusive', lossy: true },
    { source: 'openinference-instrumentation-google-genai 0.1.10 to 0.1.16 on PyPI (_utils.py)', scope: googleGenai, from: '0.1.12', below: '0.1.16', input: 'twice' },
    { source: 'openinference-instrumentation-google-genai 1.4.14 on PyPI, captured', scope: googleGenai, when: calledFunctions, input: 'inclusive', lossy: true },
    { source: 'openinference-instrumentation-langchain 0.1.54 and 0.1.55 on PyPI (_tracer.py)', scope: (scope) => scope === 'openinference.instrumentation.langchain', below: '0.1.55',
      when: isRawClaude, input: 'exclusive' },
    // Its processor copies Agent Framework's counts into keys of its own.
    ...agentFrameworkCounting.map((rule) => ({ ...rule, scope: (scope: string) => scope === 'agent_framework' })),
    // Of chat completions, whoever sells them, it tells two sums; of responses all parts.
    { source: 'openinference-instrumentation-openai-agents 2.6.0 on PyPI (_processor.py), captured', scope: (scope) => scope === 'openinference.instrumentation.openai_agents',
      when: (_attributes, spanName) => spanName === 'generation', input: 'inclusive', lossy: true },
    // Adds the cache counts to the input itself (its python anthropic, langchain and strands instrumentations too).
    { source, scope: (scope) => scope.startsWith('openinference.instrumentation.'), input: 'inclusive' },
    { source, scope: (scope) => scope.startsWith('@arizeai/openinference-instrumentation-openai'), input: 'inclusive',
      output: 'inclusive' },
    { source: 'captured from 1.5.30 with beeai-framework 0.1.13', scope: beeai, input: 'inclusive', output: 'inclusive', lossy: true },
    // LangChain's usage_metadata, whichever provider's.
    { source: 'captured from 4.1.1', scope: langchainJs, input: 'inclusive' },
  ],
  counts: answerCounts,
  refine: refineAnswer,
}

/** Also of traceAI, a fork that has other keys and the same values. */
export function refineAnswer(draft: Draft, reading: Reading, span: SpanRecord): void {
  const parameters = parsedObject(reading.value('parameters'))
  // llm.model_name holds the answer's model once there is one; the parameters keep what was asked for.
  const asked = asWord(member(parameters, 'model'))
  if (asked !== undefined && !span.attributes.has('llm.request.model_name')) draft.requestModel = asked
  if (truth(member(parameters, 'stream')) === true) draft.streaming = true
  if (bedrockJs(span.scope.name)) nameBedrockModel(draft, span)
  if (draft.provider === '') draft.provider = onlySeller(span.scope.name)
  draft.serviceTier ||= (draft.role === 'model_call' ? servedTerms(span) : '') || askedTier(parameters)
  if (beeai(span.scope.name)) beeaiEvent(draft, span)
  // BeeAI for python tells a call's error as a span below the call, of the call's own kind: captured from 0.1.85.
  if (beeaiPython(span.scope.name) && errorEvent(span)) draft.role = 'step'
  // Haystack's agents have no name of their own.
  if (haystack(span.scope.name) && span.name === 'Agent.run') draft.role = 'agent'
  else if (draft.role === 'agent' && draft.agent === '') nameAgent(draft, span, reading.word('entity'))
  // DSPy's tools are methods: `get_weather.__call__`.
  if (draft.role === 'tool') draft.tool ||= span.name.replace(/\.__call__$/, '')
  if (llamaIndex(span.scope.name) && span.name.endsWith('._prepare_chat_with_tools')) draft.role = 'span'
  if (draft.role === 'model_call') {
    const answer = answerOf(span)
    draft.responseId ||= answerId(answer)
    endOfResponse(draft, unfinishedResponse(answer))
  }
  const metadata = readRunMetadata(draft, reading.value('metadata'))
  // LangChain's own.
  draft.provider ||= asWord(member(metadata, 'ls_provider')) ?? ''
  draft.agent ||= asWord(member(metadata, 'lc_agent_name')) ?? ''
  if (draft.role === 'model_call' && draft.responseModel === '') draft.requestModel ||= asWord(member(metadata, 'ls_model_name')) ?? ''
  if (draft.role === 'span' || draft.role === 'workflow') {
    if (member(metadata, 'langgraph_node') !== undefined) draft.role = 'step'
    else if (isStep(span.name)) draft.role = 'step'
  }
  roleOfLangchainAgent(draft, span)
  if (isDify(span.scope.name)) refineDify(draft, metadata, span)
  if (draft.role === 'workflow') draft.workflow ||= word(nameWithoutRun(span)) ?? ''
  if (draft.role === 'agent' && smolagents(span.scope.name)) draft.usageCumulative = true
  if (draft.timeToFirstTokenMs === undefined) {
    const first = span.events.find((event) => event.name === 'First Token Stream Event')
    if (first !== undefined && first.timeUnixNano >= span.startTimeUnixNano) {
      draft.timeToFirstTokenMs = finite(first.timeUnixNano - span.startTimeUnixNano) as number / 1e6
      draft.streaming = true
    }
  }
}

function nameWithoutRun({ name, scope }: SpanRecord): string {
  if (crewai(scope.name)) return name.replace(crewId, '')
  return isDify(scope.name) ? nameWithoutRunId(name) : name
}

/**
 * CrewAI's spans are named after agent and task, `researcher.find._execute_core`: the agent is the graph's node.
 * OpenAI's agents SDK opens its trace with a span of kind AGENT that has the workflow's name; its agents have `agent.name`,
 * in JavaScript and under traceAI a node.
 */
function nameAgent(draft: Draft, span: SpanRecord, node: string): void {
  const { name: scope } = span.scope
  if (!openaiAgents(scope) || (!scope.startsWith('openinference.') && node !== '')) draft.agent = node || crewRole(span.name)
  else {
    draft.role = 'workflow'
    draft.workflow ||= span.name
  }
}

/** Older spans are `Researcher._execute_core`, without a node; ADK's `agent_run [researcher]`. */
const crewRole = (name: string) => name.replace(/\.?_?execute_core$/, '').replace(/^agent_run \[(.+)\]$/, '$1')

/**
 * BeeAI for JavaScript makes a span of every event: a call is told as `start`, `success` or `error`, and `finish`, each of the
 * call's own kind. The outcome is the call. What runs is named in the event's path: `tool.dynamic.getWeather.success`.
 */
function beeaiEvent(draft: Draft, span: SpanRecord): void {
  const target = span.attributes.get('target')
  if (typeof target !== 'string') {
    if (draft.role === 'agent') draft.agent = word(span.attributes.get('source')) ?? ''
    return
  }
  if (draft.role === 'span') return
  const [what = '', event] = target.split('.').slice(-2)
  if (draft.role === 'agent' || (event !== 'success' && event !== 'error')) draft.role = 'step'
  if (draft.role === 'tool') draft.tool ||= word(what) ?? ''
}

function errorEvent(span: SpanRecord): boolean {
  const path = span.attributes.get('metadata.path')
  return span.name === 'error' && typeof path === 'string' && path.endsWith('.error')
}

/** The JavaScript instrumentation cuts a model's id at its dots: `us.anthropic.claude-…` becomes `anthropic`. The request has it whole. */
function nameBedrockModel(draft: Draft, span: SpanRecord): void {
  const input = span.attributes.get('input.value')
  const id = typeof input === 'string' ? /^\{"modelId":"([\w.:/-]{1,256})"/.exec(input)?.[1] : undefined
  if (id === undefined) return
  draft.requestModel = id
  draft.responseModel = ''
}

/** Whose models a client for one seller alone asks, which its older instrumentations leave to their scope (groq 0.1.12, mistralai 1.3.4, vertexai 0.1.11, bedrock 0.1.23, captured). */
const sellers: Readonly<Record<string, string>> = { bedrock: 'aws.bedrock', groq: 'groq', mistralai: 'mistral_ai', vertexai: 'gcp.vertex_ai' }
function onlySeller(scope: string): string {
  const client = /^openinference\.instrumentation\.(\w+)/.exec(scope)?.[1] ?? ''
  return Object.hasOwn(sellers, client) ? sellers[client]! : ''
}

/** A tier that nobody asked for is an object that Python prints: `<groq.Omit object at 0x7ff77584d5d0>`. */
function askedTier(parameters: JsonObject | undefined): string {
  const tier = asWord(member(parameters, 'service_tier')) ?? ''
  return tier.startsWith('<') ? '' : tier
}

/** What was asked for is one thing, what the answer says was served another: OpenAI at its top, Anthropic in its usage. */
function servedTerms(span: SpanRecord): string {
  const text = answerOf(span)
  if (text === undefined || !/"(?:service_tier|inference_geo|speed)":/.test(text)) return ''
  const answer = parsedObject(text)
  // LangChain's result keeps what its provider said beside the generations.
  const usage = objectMember(answer, 'usage') ?? (member(answer, 'generations') === undefined ? undefined : objectMember(answer, 'llm_output'))
  // Without usage it is what the model wrote.
  return usage === undefined ? '' : bodyTerms(usage) || bodyTerms(answer)
}

/**
 * The provider's answer as it was passed on. What is not said to be JSON is text that the model wrote, and proves nothing: "it's
 * assumed to be TEXT by default" (openinference-instrumentation-openai 0.1.66 on PyPI, _utils.py; 4.2.7 on npm says so of a stream).
 */
function answerOf({ attributes }: SpanRecord): string | undefined {
  const text = attributes.get('output.value')
  return typeof text === 'string' && attributes.get('output.mime_type') === 'application/json' ? text : undefined
}

/** The answer that a span holds, if it is a response whose end needs a word: else the parser is not asked. */
function unfinishedResponse(text: string | undefined): JsonObject | undefined {
  if (text === undefined || !/"status": ?"(?:failed|incomplete|cancelled)"/.test(text)) return undefined
  const answer = parsedObject(text)
  return Array.isArray(member(answer, 'output')) ? answer : undefined
}

/**
 * What the keys leave out (cached tokens and their lifetimes, images, searches), the answer that the span holds may tell: the
 * provider's body, or LangChain's `usage_metadata` (its JavaScript instrumentation drops what was written). Looks into JSON only
 * where it can be there.
 */
export function answerCounts(counts: UsageCounts, reading: Reading, span: SpanRecord): void {
  if (counts.input === undefined) {
    if (reading.word('kind') === 'EMBEDDING') counts.input = embeddingInput(reading.value('usageDetails'))
    return
  }
  if (hasSumsSwapped(span)) [counts.input, counts.output] = [counts.output, counts.input]
  // From 0.1.26 to 0.1.44 on PyPI it filled the key for cached input with the text (`text_tokens`), cached or not.
  if (litellm(span.scope.name) && !span.attributes.has('llm.token_count.prompt_details.cache_read')) counts.cacheRead = undefined
  const text = answerOf(span)
  if (text === undefined || !tellsMore(counts, text)) return
  const answer = parsedObject(text)
  // Mistral's SDK wraps the chunks of a stream.
  billedCounts(counts, objectMember(objectMember(answer, 'usage'), 'billed_units'))
  bodyCounts(counts, objectMember(answer, 'usage') ?? objectMember(objectMember(answer, 'data'), 'usage'))
  if (objectMember(answer, 'usage') !== undefined) responseTools(counts, answer)
  geminiParts(counts, objectMember(answer, 'usage_metadata') ?? objectMember(answer, 'usageMetadata'))
  const usage = langchainUsage(answer)
  const input = objectMember(usage, 'input_token_details')
  counts.cacheRead ??= langchainPart(input, 'cache_read')
  counts.cacheWrite ??= langchainPart(input, 'cache_creation')
  counts.cacheWrite5m ??= tokenCount(member(input, 'ephemeral_5m_input_tokens'))
  counts.cacheWrite1h ??= tokenCount(member(input, 'ephemeral_1h_input_tokens'))
  counts.reasoning ??= langchainPart(objectMember(usage, 'output_token_details'), 'reasoning')
}

/** Up to 0.1.5 on PyPI (_processor.py) a response's two sums stand the wrong way round, a chat completion's do not. */
const hasSumsSwapped = ({ scope, name }: SpanRecord): boolean =>
  scope.name === 'openinference.instrumentation.openai_agents' && name !== 'generation' && /^0\.1\.[0-5]$/.test(scope.version)

/** What Cohere charges for is one thing, what its model took in another, which the keys have (openinference-instrumentation-cohere 0.1.15, captured). */
function billedCounts(counts: UsageCounts, billed: JsonObject | undefined): void {
  const [input, output] = [tokenCount(member(billed, 'input_tokens')), tokenCount(member(billed, 'output_tokens'))]
  if (input === undefined || output === undefined) return
  counts.input = input
  counts.output = output
  counts.total = undefined
}

/** What OpenInference has no key for. */
const unkeyed = /"(?:billed_units|ephemeral_1h_input_tokens|cacheDetails|num_search_queries|server_side_tool_usage_details|(?:priority|flex)_(?:cache_read|reasoning)|tool_use_prompt_token_count|toolUsePromptTokenCount)":|"modality": ?"(?:IMAGE|AUDIO)"|"type": ?"(?:web|file)_search_call"/
const writes = /"(?:cacheWriteInputTokens|cache_creation|cache_write_tokens)":/
/** LangChain's, OpenAI's, Anthropic's, Bedrock's and Gemini's names, and DeepSeek's and Moonshot's at the top of the usage; quotes inside a text are escaped, so that what the model writes is none. */
const reads = /"(?:cache_read|prompt_cache_hit_tokens|cached_tokens|cache_read_input_tokens|cacheReadInputTokens|cached_content_token_count|cachedContentTokenCount)": ?[1-9]/
const thoughts = /"(?:reasoning|reasoning_tokens|thoughts_token_count|thoughtsTokenCount)": ?[1-9]/

const tellsMore = (counts: UsageCounts, answer: string): boolean =>
  unkeyed.test(answer) || (counts.cacheWrite === undefined && writes.test(answer)) || (counts.cacheRead === undefined && reads.test(answer)) || (counts.reasoning === undefined && thoughts.test(answer))

/** Haystack passes its component's answer on, Cohere's instrumentation the provider's. */
function embeddingInput(value: AttributeValue | undefined): number | undefined {
  if (typeof value !== 'string' || !/"(?:usage|billed_units)":/.test(value)) return undefined
  const meta = objectMember(parsedObject(value), 'meta')
  return tokenCount(member(objectMember(meta, 'usage'), 'prompt_tokens') ?? member(objectMember(meta, 'billed_units'), 'input_tokens'))
}

function langchainUsage(answer: JsonObject | undefined): JsonObject | undefined {
  return objectMember(langchainMessage(answer), 'usage_metadata')
}
