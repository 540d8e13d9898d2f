import type { Attributes, SpanRecord } from '../attributes.ts'
import { bodyCounts, cachedSound, listed } from '../body-counts.ts'
import type { Dialect, Draft } from '../dialect.ts'
import type { Role } from '../facts.ts'
import { objectOf, unflatten } from '../indexed.ts'
import type { UsageCounts } from '../usage.ts'
import { isObject, type Json, type JsonObject, member, objectMember, parsed, tokenCount, word } from '../value.ts'

const source = 'captured from llama-index-observability-otel 0.7.0 with llama-index-core 0.14.25'

/** What an event of LlamaIndex says its span is. `LLMPredict…` surrounds a chat or a completion of its own. */
const eventRoles: Readonly<Record<string, Role>> = {
  LLMChatStartEvent: 'model_call', LLMCompletionStartEvent: 'model_call', EmbeddingStartEvent: 'embedding', RetrievalStartEvent: 'retrieval',
  ReRankStartEvent: 'retrieval', 'workflow.output': 'workflow', 'step.output': 'step',
}
const answerEvents: ReadonlySet<string> = new Set(['LLMChatEndEvent', 'LLMCompletionEndEvent'])

/**
 * LlamaIndex's own OpenTelemetry (scope `llamaindex.opentelemetry.tracer`). Spans are named after class and method and say
 * nothing themselves: all that is known stands flattened in their events, the provider's answer under `response.raw.`. An event
 * that comes after its span has ended is dropped, so that a stream tells its question alone.
 */
export const llamaindex: Dialect = {
  name: 'llamaindex',
  keys: {},
  // The provider's body as it is.
  counting: [
    { source, providers: ['anthropic', 'aws.bedrock'], input: 'exclusive' },
    { source, providers: ['gcp.gemini', 'gcp.vertex_ai'], input: 'inclusive', output: 'exclusive' },
    { source, input: 'inclusive', output: 'inclusive' },
  ],
  counts(counts, _reading, span) {
    const raw = rawAnswer(span)
    addUsage(counts, objectMember(raw, 'usage'))
    addGeminiUsage(counts, objectMember(raw, 'usage_metadata'))
  },
  refine(draft, _reading, span) {
    for (const event of span.events) {
      if (!Object.hasOwn(eventRoles, event.name)) continue
      draft.role = eventRoles[event.name] as Role
      if (draft.role === 'model_call' || draft.role === 'embedding') nameModel(draft, event.attributes)
    }
    const [owner = '', method = ''] = span.name.split('.', 2)
    if (draft.role === 'model_call') {
      draft.streaming = method.includes('stream')
      nameAnswer(draft, rawAnswer(span))
    }
    if (draft.role === 'workflow') nameRun(draft, owner)
    // What starts a question is its workflow, as a chain that starts a trace is.
    if (draft.role === 'span' && span.parentSpanId === '' && span.events.some(({ name }) => name === 'QueryStartEvent')) {
      draft.role = 'workflow'
      draft.workflow = span.name
    }
    if (draft.role === 'step' || draft.role === 'span') nameStep(draft, method, span)
  },
}

/** A workflow's class, `AgentWorkflow` too; `FunctionAgent`, `ReActAgent` and `CodeActAgent` are agents, whose name is in their steps alone. */
function nameRun(draft: Draft, owner: string): void {
  if (owner.endsWith('Agent')) draft.role = 'agent'
  else draft.workflow = owner
}

/**
 * A step's tags say what it was given, as Python prints it; everything below the step has the same tags. Ours are the call of a
 * tool, `ToolCall(tool_name='get_weather', tool_kwargs={…}, tool_id='call_5')`, and the agent that is asked.
 */
function nameStep(draft: Draft, method: string, span: SpanRecord): void {
  const summary = span.attributes.get('llamaindex.step.input_summary')
  if (typeof summary !== 'string') return
  if (method === 'call_tool' && span.attributes.get('llamaindex.step.input_event') === 'ToolCall') {
    draft.role = 'tool'
    draft.tool = word(/^ToolCall\(tool_name='([^']{1,256})'/.exec(summary)?.[1]) ?? ''
    draft.toolCallId = word(/, tool_id='([^']{1,256})'\)$/.exec(summary)?.[1]) ?? ''
  }
  draft.agent ||= word(/, current_agent_name='([^']{1,256})'\)$/.exec(summary)?.[1]) ?? ''
}

function nameModel(draft: Draft, asked: Attributes): void {
  draft.requestModel = word(asked.get('model_dict.model_name')) ?? word(asked.get('model_dict.model')) ?? ''
  const owner = word(asked.get('model_dict.class_name')) ?? ''
  // `openai_llm`, `Anthropic_LLM`, `Bedrock_Converse_LLM`, `OpenAIEmbedding`; Google's is `GenAI`.
  const name = owner.toLowerCase().replace(/_?(?:llm|embeddings?)$/, '')
  draft.provider = name === 'genai' ? 'google-genai' : name
}

function nameAnswer(draft: Draft, raw: JsonObject | undefined): void {
  const text = (key: string): string => textOf(member(raw, key))
  draft.responseModel = text('model')
  draft.responseId = text('id')
  draft.serviceTier = text('service_tier')
  const choices = parsedText(member(raw, 'choices'))
  const reasons = (Array.isArray(choices) ? choices as readonly Json[] : []).map((choice) => (isObject(choice) ? textOf(member(choice, 'finish_reason')) : '')).filter((reason) => reason !== '')
  const stopped = text('stop_reason') || text('stopReason') || text('finish_reason')
  draft.finishReasons = reasons.length > 0 || stopped === '' ? reasons : [stopped]
}

const textOf = (json: Json | undefined): string => (typeof json === 'string' ? word(json) ?? '' : '')
const parsedText = (json: Json | undefined): Json | undefined => (typeof json === 'string' ? parsed(json) : json)

/** OpenAI's chat and responses, Anthropic's, Bedrock's. */
function addUsage(counts: UsageCounts, usage: JsonObject | undefined): void {
  if (usage === undefined) return
  counts.input ??= tokenCount(member(usage, 'prompt_tokens') ?? member(usage, 'input_tokens') ?? member(usage, 'inputTokens'))
  counts.output ??= tokenCount(member(usage, 'completion_tokens') ?? member(usage, 'output_tokens') ?? member(usage, 'outputTokens'))
  counts.total ??= tokenCount(member(usage, 'total_tokens') ?? member(usage, 'totalTokens'))
  bodyCounts(counts, usage)
}

function addGeminiUsage(counts: UsageCounts, usage: JsonObject | undefined): void {
  if (usage === undefined) return
  counts.input ??= tokenCount(member(usage, 'prompt_token_count'))
  counts.output ??= tokenCount(member(usage, 'candidates_token_count'))
  counts.reasoning ??= tokenCount(member(usage, 'thoughts_token_count'))
  counts.cacheRead ??= tokenCount(member(usage, 'cached_content_token_count'))
  counts.toolUseInput ??= tokenCount(member(usage, 'tool_use_prompt_token_count'))
  counts.total ??= tokenCount(member(usage, 'total_token_count'))
  counts.audioInput ??= listed(parsedText(member(usage, 'prompt_tokens_details')), 'modality', 'AUDIO', 'token_count')
  counts.audioCacheRead ??= cachedSound(parsedText(member(usage, 'cache_tokens_details')), 'token_count')
}

/** The provider's answer in the event that tells it. */
function rawAnswer(span: SpanRecord): JsonObject | undefined {
  const event = span.events.find(({ name }) => answerEvents.has(name))
  const tree = event === undefined ? undefined : unflatten(event.attributes, 'response.raw.')
  const answer = tree === undefined ? undefined : objectOf(tree)
  return isObject(answer) ? answer : undefined
}
