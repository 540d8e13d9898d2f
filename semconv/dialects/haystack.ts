import type { Attributes, SpanRecord } from '../attributes.ts'
import { bodyCounts } from '../body-counts.ts'
import type { Dialect, Draft } from '../dialect.ts'
import type { Role } from '../facts.ts'
import { isObject, type JsonObject, member, objectMember, parsedObject, tokenCount, word } from '../value.ts'

/** Spans of one name each. A component is what its module says. */
const spanRoles: Readonly<Record<string, Role>> = {
  'haystack.pipeline.run': 'workflow', 'haystack.async_pipeline.run': 'workflow', 'haystack.agent.run': 'agent', 'haystack.agent.step': 'step',
  'haystack.agent.step.llm': 'model_call', 'haystack.agent.step.tool': 'tool', 'haystack.component.run': 'span',
}
/** The folder of `haystack.components.generators.chat.openai.OpenAIChatGenerator`; integrations have the same folders. */
const folderRoles: Readonly<Record<string, Role>> = {
  generators: 'model_call', embedders: 'embedding', retrievers: 'retrieval', rankers: 'retrieval', evaluators: 'evaluation', agents: 'step', tools: 'step',
}
/** Providers of Haystack's classes whose names are no alias. */
const classProviders: Readonly<Record<string, string>> = {
  amazonbedrock: 'aws.bedrock', azureopenairesponses: 'azure', openairesponses: 'openai', googlegenai: 'google-genai', googleaigemini: 'gemini',
  vertexaigemini: 'vertexai', anthropicvertex: 'vertexai', googlegenaimultimodal: 'google-genai',
}

/**
 * Haystack's own OpenTelemetry: captured from haystack-ai 3.4.1 with opentelemetry-haystack 2.0.0, in the application's scope.
 * Whom a component asked, and what that used, stands in its class and in the meta of what it put out; the latter only where
 * content is traced (`HAYSTACK_CONTENT_TRACING_ENABLED`).
 */
export const haystack: Dialect = {
  name: 'haystack',
  keys: {
    tool: ['haystack.tool.name'],
    toolArguments: ['haystack.agent.step.tool.input'],
  },
  counting: [
    // Passes Bedrock's counts on, under names of its own; adds the cache to Anthropic's input.
    { source: 'amazon-bedrock-haystack 9.0.0 on PyPI (chat/utils.py)', when: (attributes) => outputText(attributes).includes('"cache_write_input_tokens":'), input: 'exclusive' },
    { source: 'google-genai-haystack 7.0.0 on PyPI (chat/utils.py)', when: (attributes) => outputText(attributes).includes('"thoughts_token_count":'),
      input: 'inclusive', output: 'exclusive' },
    { source: 'anthropic-haystack 8.0.1 on PyPI (chat/utils.py)', input: 'inclusive', output: 'inclusive' },
  ],
  counts(counts, _reading, span) {
    // A router or joiner that hands an answer on hands its meta on, too.
    const folder = folderOf(span.attributes)
    if (folder !== '' && folder !== 'generators' && folder !== 'embedders') return
    const usage = objectMember(metaOf(span), 'usage')
    if (usage === undefined) return
    counts.input ??= tokenCount(member(usage, 'prompt_tokens') ?? member(usage, 'input_tokens'))
    counts.output ??= tokenCount(member(usage, 'completion_tokens') ?? member(usage, 'output_tokens'))
    counts.total ??= tokenCount(member(usage, 'total_tokens'))
    counts.cacheWrite ??= tokenCount(member(usage, 'cache_write_input_tokens'))
    // Gemini's.
    counts.cacheRead ??= tokenCount(member(usage, 'cached_content_token_count'))
    counts.reasoning ??= tokenCount(member(usage, 'thoughts_token_count'))
    bodyCounts(counts, usage)
  },
  refine(draft, _reading, span) {
    if (Object.hasOwn(spanRoles, span.name)) draft.role = spanRoles[span.name] as Role
    if (span.name === 'haystack.component.run') readComponent(draft, span.attributes)
    if (draft.role === 'model_call' || draft.role === 'embedding') nameAnswer(draft, metaOf(span))
  },
}

function readComponent(draft: Draft, attributes: Attributes): void {
  const type = attributes.get('haystack.component.fully_qualified_type')
  if (typeof type !== 'string') return
  const folder = folderOf(attributes)
  if (Object.hasOwn(folderRoles, folder)) draft.role = folderRoles[folder] as Role
  // An agent has no name of its own: it is called what its pipeline calls it.
  if (folder === 'agents') draft.agent ||= word(attributes.get('haystack.component.name')) ?? ''
  if (draft.role !== 'model_call' && draft.role !== 'embedding') return
  const owner = type.slice(type.lastIndexOf('.') + 1).replace(/(?:Chat|Image)?Generator$|(?:Text|Document)(?:Image)?Embedder$/, '').toLowerCase()
  draft.provider ||= Object.hasOwn(classProviders, owner) ? classProviders[owner] as string : owner
}

/** '' where the class is the application's own. */
function folderOf(attributes: Attributes): string {
  const type = attributes.get('haystack.component.fully_qualified_type')
  return typeof type === 'string' ? (/\bcomponents\.(\w{1,64})\./.exec(type)?.[1] ?? '') : ''
}

function nameAnswer(draft: Draft, meta: JsonObject | undefined): void {
  const text = (key: string): string => {
    const value = member(meta, key)
    return typeof value === 'string' ? word(value) ?? '' : ''
  }
  draft.responseModel ||= text('model')
  draft.responseId ||= text('id')
  const reason = text('finish_reason')
  if (reason !== '') draft.finishReasons = [reason]
  // Written where chunks came.
  if (text('completion_start_time') !== '') draft.streaming = true
}

function outputText(attributes: Attributes): string {
  const text = attributes.get('haystack.component.output') ?? attributes.get('haystack.agent.step.llm.output')
  return typeof text === 'string' ? text : ''
}

/** `{replies: [{meta}]}` of a chat, `{replies, meta: [meta]}` of a text generator, `{embedding, meta}` of an embedder. */
function metaOf(span: SpanRecord): JsonObject | undefined {
  const text = outputText(span.attributes)
  if (!text.includes('"meta":')) return undefined
  const output = parsedObject(text)
  const [replies, meta] = [member(output, 'replies'), member(output, 'meta')]
  if (isObject(meta)) return meta
  const first = Array.isArray(meta) ? meta[0] : Array.isArray(replies) ? replies[0] : undefined
  if (!isObject(first)) return undefined
  return Array.isArray(meta) ? first : objectMember(first, 'meta')
}
