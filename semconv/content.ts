import type { Attributes, AttributeValue, SpanEvent } from './attributes.ts'
import { contentKeys, contentPattern, contentPrefixes, plainKeys } from './content-keys.ts'
import { type Branch, items, leaf, objectOf, under, unflatten } from './indexed.ts'
import { remembered } from './memo.ts'
import { asMessages, partsOf, redactedMark, textOf, textPart } from './messages.ts'
import { cut, isObject, type Json, type JsonObject, member, parsed, plain } from './value.ts'

export type { Json } from './value.ts'

/** Characters of a preview: one line in a list. */
const previewLimit = 200
/** Numbers in a row that make a vector: nobody reads an embedding. */
const vectorLength = 16
const exact: ReadonlySet<string> = new Set(contentKeys)
const never: ReadonlySet<string> = new Set(plainKeys)

/** Does this attribute hold content, to be kept away from searchable attributes and under capture policy? */
export const isContentKey: (key: string) => boolean = remembered((key) => {
  if (never.has(key)) return false
  return exact.has(key) || contentPrefixes.some((prefix) => key.startsWith(prefix)) || contentPattern.test(key)
})

/** How one place of content becomes JSON; `undefined` where this span does not have it. */
type Source = (attributes: Attributes, events: readonly SpanEvent[]) => Json | undefined

/**
 * Messages or tool arguments that went in, in the form of `messages.ts` where they are messages; `undefined` where none were
 * captured.
 */
export function stepInput(attributes: Attributes, events: readonly SpanEvent[]): Json | undefined {
  return first(inputs, told('inputs', attributes), attributes, events)
}

/** Messages or a tool's result that came out. */
export function stepOutput(attributes: Attributes, events: readonly SpanEvent[]): Json | undefined {
  return first(outputs, told('outputs', attributes), attributes, events)
}

/** Where content may stand: attributes of these keys (a prefix ends in a dot), or `events` of the span. */
interface Place {
  readonly keys: readonly string[] | 'events'
  readonly source: Source
}

/** Bit `n` stands for the n-th place. */
interface KeyPlaces {
  readonly content: boolean
  readonly inputs: number
  readonly outputs: number
}

const placesOf: (key: string) => KeyPlaces = remembered((key) => ({ content: isContentKey(key), inputs: bitsOf(inputs, key), outputs: bitsOf(outputs, key) }))

const bitsOf = (places: readonly Place[], key: string): number =>
  places.reduce((bits, { keys }, at) => (keys !== 'events' && keys.some((one) => one === key || one.endsWith('.') && key.startsWith(one)) ? bits | 1 << at : bits), 0)

/** Bits of the places that these attributes fill; 0 where none of them is content, as on most spans. */
function told(side: 'inputs' | 'outputs', attributes: Attributes): number {
  let content = false
  let bits = 0
  attributes.forEach((_value, key) => {
    const places = placesOf(key)
    content ||= places.content
    bits |= places[side]
  })
  return content ? bits : 0
}

/** Only places that are filled are asked: asking each would cost more than everything else about a span. */
function first(places: readonly Place[], told: number, attributes: Attributes, events: readonly SpanEvent[]): Json | undefined {
  if (events.length === 0 && told === 0) return undefined
  let silent: Json | undefined
  for (const [at, { keys, source }] of places.entries()) {
    if (keys === 'events' ? events.length === 0 : (told & 1 << at) === 0) continue
    const json = source(attributes, events)
    // A role alone is what OpenInference has keys for where the model refused or spoke: the answer it passes on has the rest.
    if (json !== undefined && !isSilent(json)) return json
    silent ??= json
  }
  return silent
}

function isSilent(json: Json): boolean {
  if (!Array.isArray(json)) return false
  return json.length > 0 && json.every((message: Json) => {
    const parts = isObject(message) ? member(message, 'parts') : undefined
    return Array.isArray(parts) && parts.length === 0
  })
}

/** One attribute: messages if it looks like messages, else the JSON it holds, else its text. */
const at = (...keys: readonly string[]): Source => (attributes) => {
  for (const key of keys) {
    const json = content(attributes.get(key))
    if (json !== undefined) return asMessages(json) ?? json
  }
  return undefined
}

/** One attribute that is a prompt or an answer whatever its form: plain text becomes one message. */
const speech = (role: string, ...keys: readonly string[]): Source => (attributes) => {
  for (const key of keys) {
    const json = content(attributes.get(key))
    if (json !== undefined) return asMessages(json) ?? [{ role, parts: partsOf(json) }]
  }
  return undefined
}

/** Text and structure as sent; '' and `{}` are nothing (ADK writes `{}` for content it may not capture). */
function content(value: AttributeValue | undefined): Json | undefined {
  if (value === undefined || value === null || value === '' || value === '{}') return undefined
  if (value === redactedMark) return [{ role: '', parts: [{ type: 'redacted' }] }]
  const json = parsed(value) ?? plain(value)
  return withoutVectors(json)
}

/** Embeddings shrink to a word about them. */
function withoutVectors(json: Json): Json {
  if (typeof json !== 'object' || json === null) return json
  if (Array.isArray(json)) {
    const isVector = json.length >= vectorLength && json.every((item: Json) => typeof item === 'number')
    if (isVector) return `[vector of ${json.length} numbers]`
    const shrunk = json.map((item: Json) => withoutVectors(item))
    return shrunk.some((item, at) => item !== json[at]) ? shrunk : json
  }
  let copy: Record<string, Json> | undefined
  for (const [key, inner] of Object.entries(json as JsonObject)) {
    const shrunk = withoutVectors(inner)
    if (shrunk === inner) continue
    copy ??= Object.assign(Object.create(null) as Record<string, Json>, json)
    copy[key] = shrunk
  }
  return copy ?? json
}

const value = (...keys: readonly string[]): Place => ({ keys, source: at(...keys) })
const said = (role: string, ...keys: readonly string[]): Place => ({ keys, source: speech(role, ...keys) })
/** Flattened lists under one prefix. */
const indexed = (prefix: string, read: (list: readonly Branch[]) => Json | undefined): Place =>
  ({ keys: [prefix], source: (attributes) => read(items(unflatten(attributes, prefix))) })

/**
 * `gen_ai.input.messages` with `gen_ai.system_instructions`, a bare list of parts, as its first message. Koog and Rig say the
 * instructions in both; Rig's agent has them beside an older `gen_ai.prompt`.
 */
const conventionInput: Source = (attributes) => {
  const messages = speech('user', 'gen_ai.input.messages', 'gen_ai.prompt')(attributes, [])
  const system = content(attributes.get('gen_ai.system_instructions'))
  if (system === undefined || isInstruction(Array.isArray(messages) ? messages[0] as Json : undefined)) return messages
  const instruction = { role: 'system', parts: partsOf(system) }
  return Array.isArray(messages) ? [instruction, ...messages] : [instruction]
}

const isInstruction = (message: Json | undefined): boolean => isObject(message) && member(message, 'role') === 'system'

/** What was flattened under one prefix, as it was (HoneyHive). */
const flattened = (prefix: string): Place => ({
  keys: [prefix],
  source: (attributes) => {
    const tree = unflatten(attributes, prefix)
    return tree === undefined ? undefined : objectOf(tree)
  },
})

/** `llm.input_messages.N.message.*` (OpenInference), `gen_ai.input.messages.N.message.*` (traceAI). */
function openinferenceMessages(list: readonly Branch[]): Json | undefined {
  const messages = list.map((item) => under(item, 'message')).filter((found) => found !== undefined)
  return messages.length === 0 ? undefined : asMessages(messages.map(openinferenceMessage))
}

function openinferenceMessage(message: Branch): Json {
  const contents = items(under(message, 'contents')).map((item) => openinferencePart(under(item, 'message_content')))
  const calls = items(under(message, 'tool_calls')).map((item) => {
    const call = under(item, 'tool_call')
    const named = under(call, 'function')
    return { id: leaf(call, 'id') ?? null, name: leaf(named, 'name') ?? '', arguments: leaf(named, 'arguments') ?? null }
    // openinference-vercel 3.2 writes a call of nothing into every message without one.
  }).filter(({ id, name }) => id !== null || name !== '')
  return {
    role: leaf(message, 'role') ?? '', content: contents.length > 0 ? contents : leaf(message, 'content') ?? null,
    tool_calls: calls, tool_call_id: leaf(message, 'tool_call_id') ?? null,
  }
}

function openinferencePart(part: Branch | undefined): Json {
  const text = leaf(part, 'text')
  if (text !== undefined) return { type: 'text', text }
  return { type: 'uri', modality: 'image', uri: leaf(part, 'image', 'image', 'url') ?? '' }
}

/** `gen_ai.prompt.N.*` and `gen_ai.completion.N.*` (OpenLLMetry before 0.60, and with `use_legacy_attributes`). */
const openllmetryMessages = (role: string) => (list: readonly Branch[]): Json | undefined => {
  if (list.length === 0) return undefined
  return asMessages(list.map((message) => {
    const said = leaf(message, 'content') ?? null
    return {
      role: leaf(message, 'role') ?? role, content: typeof said === 'string' ? (parsedList(said) ?? said) : said,
      tool_calls: items(under(message, 'tool_calls')).map((call) => ({
        id: leaf(call, 'id') ?? null, name: leaf(call, 'name') ?? '', arguments: leaf(call, 'arguments') ?? null,
      })),
      tool_call_id: leaf(message, 'tool_call_id') ?? null,
    }
  }))
}

/** Multimodal content arrives as JSON text of a list of parts. */
function parsedList(text: string): Json | undefined {
  const json = text.startsWith('[{') ? parsed(text) : undefined
  return Array.isArray(json) ? json : undefined
}

/** `llm.prompts.N.prompt.text`, `llm.choices.N.completion.text`, `retrieval.documents.N.document.*` … */
const indexedTexts = (role: string, ...path: readonly string[]) => (list: readonly Branch[]): Json | undefined => {
  const texts = list.map((item) => leaf(item, ...path)).filter((text) => typeof text === 'string')
  return texts.length === 0 ? undefined : texts.map((text) => ({ role, parts: [textPart(text)] }))
}

function documents(list: readonly Branch[]): Json | undefined {
  const found = list.map((item) => under(item, 'document')).filter((document) => document !== undefined)
  if (found.length === 0) return undefined
  return found.map((document) => Object.fromEntries(
    ['id', 'score', 'content'].map((name) => [name, leaf(document, name)] as const).filter(([, value]) => value !== undefined),
  ) as Json)
}

/** The answer of the AI SDK in its pieces. `ai.prompt.messages` is for the call, `ai.prompt` for the operation around it. */
const vercelAnswer: Source = (attributes) => {
  const parts: Json[] = []
  const reasoning = attributes.get('ai.response.reasoning') ?? attributes.get('ai.result.reasoning')
  const text = attributes.get('ai.response.text') ?? attributes.get('ai.result.text')
  const calls = parsed(attributes.get('ai.response.toolCalls') ?? attributes.get('ai.result.toolCalls'))
  const object = parsed(attributes.get('ai.response.object') ?? attributes.get('ai.result.object'))
  if (typeof reasoning === 'string' && reasoning !== '') parts.push({ type: 'reasoning', content: reasoning })
  if (typeof text === 'string' && text !== '') parts.push(textPart(text))
  if (object !== undefined) parts.push({ type: 'text', content: JSON.stringify(object) })
  if (Array.isArray(calls)) parts.push(...partsOf(calls.filter(isObject).map((call) => ({ ...call, type: 'tool_call' }))))
  return parts.length === 0 ? undefined : [{ role: 'assistant', parts }]
}

const vercelPrompt: Source = (attributes) => {
  const json = parsed(attributes.get('ai.prompt'))
  if (!isObject(json)) return speech('user', 'ai.prompt')(attributes, [])
  const messages = asMessages(member(json, 'messages')) ?? []
  const prompt = member(json, 'prompt')
  const system = member(json, 'system')
  return [
    ...(system === undefined || system === null ? [] : [{ role: 'system', parts: partsOf(system) }]),
    ...(prompt === undefined || prompt === null ? [] : (asMessages(prompt) ?? [{ role: 'user', parts: partsOf(prompt) }])),
    ...messages,
  ]
}

/** The decorators of Traceloop and AgentOps write `{args, kwargs}`: only the one that is filled is worth showing. */
const decoratorInput = (...keys: readonly string[]): Source => (attributes) => {
  const json = at(...keys)(attributes, [])
  if (!isObject(json)) return json
  const args = member(json, 'args')
  const kwargs = member(json, 'kwargs')
  if (!Array.isArray(args) || !isObject(kwargs)) return json
  if (args.length === 0) return kwargs
  return Object.keys(kwargs).length > 0 ? json : args.length === 1 ? (args[0] as Json) : args
}

const decorated = (...keys: readonly string[]): Place => ({ keys, source: decoratorInput(...keys) })

/** LangWatch writes `{type, value}`. */
const langwatchValue = (key: string): Source => (attributes) => {
  const json = content(attributes.get(key))
  const inner = isObject(json) ? member(json, 'value') : undefined
  return inner === undefined ? json : (asMessages(inner) ?? inner)
}

/** Each value is JSON text of what is embedded. */
const vercelValues: Source = (attributes) => {
  const values = content(attributes.get('ai.values'))
  if (!Array.isArray(values)) return values
  return values.map((value: Json) => (typeof value === 'string' ? (parsed(value) ?? value) : value))
}

const detailsEvent = 'gen_ai.client.inference.operation.details'

/** Span events of 1.26 to 1.36, Strands among those who still send them. */
const eventRoles: Readonly<Record<string, string>> = {
  'gen_ai.system.message': 'system', 'gen_ai.user.message': 'user', 'gen_ai.assistant.message': 'assistant',
  'gen_ai.tool.message': 'tool',
}

/** Events of LlamaIndex, which tell all that is known of its spans: captured from llama-index-observability-otel 0.7.0. */
const llamaindexInputs: Readonly<Record<string, Source>> = {
  LLMChatStartEvent: speech('user', 'messages'), LLMCompletionStartEvent: speech('user', 'prompt'),
  QueryStartEvent: at('query', 'query.query_str'), RetrievalStartEvent: at('str_or_query_bundle', 'str_or_query_bundle.query_str'),
  EmbeddingEndEvent: at('chunks'),
}
const llamaindexOutputs: Readonly<Record<string, Source>> = {
  LLMChatEndEvent: (attributes) => {
    const blocks = content(attributes.get('response.message.blocks'))
    return blocks === undefined ? undefined : asMessages([{ role: plain(attributes.get('response.message.role') ?? 'assistant'), blocks }])
  },
  LLMCompletionEndEvent: speech('assistant', 'response.text'), LLMPredictEndEvent: speech('assistant', 'output'),
  QueryEndEvent: at('response.response', 'response'), RetrievalEndEvent: at('nodes'), 'step.output': at('output'), 'workflow.output': at('output'),
}

const inputEvents: Source = (_attributes, events) => {
  const messages: Json[] = []
  for (const event of events) {
    const put = Object.hasOwn(llamaindexInputs, event.name) ? llamaindexInputs[event.name]?.(event.attributes, []) : undefined
    if (put !== undefined) return put
    if (event.name === detailsEvent) return conventionInput(event.attributes, [])
    if (event.name === 'gen_ai.content.prompt') return speech('user', 'gen_ai.prompt')(event.attributes, [])
    const role = Object.hasOwn(eventRoles, event.name) ? eventRoles[event.name] : undefined
    if (role !== undefined) messages.push(...eventMessage(event, role, 'content'))
  }
  return messages.length === 0 ? undefined : messages
}

const outputEvents: Source = (_attributes, events) => {
  const messages: Json[] = []
  for (const event of events) {
    const put = Object.hasOwn(llamaindexOutputs, event.name) ? llamaindexOutputs[event.name]?.(event.attributes, []) : undefined
    if (put !== undefined) return put
    if (event.name === detailsEvent) return speech('assistant', 'gen_ai.output.messages')(event.attributes, [])
    if (event.name === 'gen_ai.content.completion') return speech('assistant', 'gen_ai.completion')(event.attributes, [])
    if (event.name === 'gen_ai.choice') messages.push(...eventMessage(event, 'assistant', 'message'))
  }
  return messages.length === 0 ? undefined : messages
}

/** Where Azure's SDKs (captured from azure-ai-inference 1.0.0b9) and Semantic Kernel for .NET put a whole message as JSON. */
const azureEventContent = 'gen_ai.event.content'

function eventMessage(event: SpanEvent, role: string, key: string): readonly Json[] {
  const json = content(event.attributes.get(key) ?? event.attributes.get('content') ?? event.attributes.get(azureEventContent))
  if (json === undefined) return []
  return asMessages(json) ?? [{ role, parts: partsOf(json) }]
}

/** Mastra's `mastra.<type>.input`: the type is in the key. */
const mastraContent = (ending: '.input' | '.output'): Source => (attributes) => {
  for (const [key, value] of attributes) {
    if (!key.startsWith('mastra.') || !key.endsWith(ending) || !contentPattern.test(key)) continue
    const json = content(value)
    if (json !== undefined) return asMessages(json) ?? json
  }
  return undefined
}

/** Text, or a list of texts, beside the calls in the provider's form: captured from @sentry/node 10.78. */
function sentryAnswer(attributes: Attributes): Json | undefined {
  const said = content(attributes.get('gen_ai.response.text'))
  const text = Array.isArray(said) && said.every((one: Json) => typeof one === 'string') ? said.join('') : said
  const calls = content(attributes.get('gen_ai.response.tool_calls'))
  if (text === undefined && calls === undefined) return undefined
  const tools = Array.isArray(calls) ? calls as readonly Json[] : []
  // OpenAI's calls stand beside the text, Anthropic's are parts of the content.
  const beside = tools.filter((call) => isObject(call) && member(call, 'function') !== undefined)
  const parts = [...(text === undefined || text === '' ? [] : [{ type: 'text', text }]), ...tools.filter((call) => !beside.includes(call))]
  return asMessages([{ role: 'assistant', content: parts, ...(beside.length > 0 && { tool_calls: beside }) }])
}

/** A tool's arguments first: a tool span often repeats the conversation it belongs to. */
const inputs: readonly Place[] = [
  value('gen_ai.tool.call.arguments', 'ai.toolCall.args', 'gcp.vertex.agent.tool_call_args', 'tool_arguments', 'tool_input',
    'tool_parameters', 'full_command', 'function_args', 'arguments', 'lk.pii.function_tool.arguments', 'lk.function_tool.arguments',
    'gen_ai.tool.input', 'spring.ai.tool.call.arguments', 'haystack.agent.step.tool.input'),
  { keys: ['gen_ai.input.messages', 'gen_ai.system_instructions'], source: conventionInput },
  indexed('llm.input_messages.', openinferenceMessages),
  indexed('gen_ai.input.messages.', openinferenceMessages),
  indexed('gen_ai.prompt.', openllmetryMessages('user')),
  said('user', 'ai.prompt.messages', 'llm.messages'),
  { keys: ['ai.prompt'], source: vercelPrompt },
  indexed('llm.prompts.', indexedTexts('user', 'prompt', 'text')),
  value('langfuse.observation.input', 'mlflow.spanInputs', 'braintrust.input_json', 'gcp.vertex.agent.llm_request', 'pydantic_ai.all_messages',
    'all_messages_events', 'events'),
  said('user', 'gen_ai.prompt'),
  decorated('traceloop.entity.input', 'agentops.entity.input', 'agentops.task.input', 'agentops.tool.input'),
  value('lmnr.span.input', 'genkit:input', 'gen_ai.workflow.input', 'crewai.crew.inputs', 'crewai.flow.inputs', 'crewai.method.params', 'crewai.task.description', 'haystack.agent.step.llm.input', 'haystack.component.input', 'haystack.agent.input',
    'haystack.pipeline.input_data'),
  { keys: ['langwatch.input'], source: langwatchValue('langwatch.input') },
  { keys: ['mastra.'], source: mastraContent('.input') },
  value('gen_ai.retrieval.query.text', 'reranker.query', 'gen_ai.memory.query.text', 'gen_ai.guardrail.input', 'db.vector.query.content'),
  indexed('embedding.embeddings.', indexedTexts('user', 'embedding', 'text')),
  { keys: ['ai.values'], source: vercelValues },
  value('input.value', 'ai.value', 'request_data', 'koog.node.input', 'koog.subgraph.input'),
  flattened('honeyhive_inputs.'),
  { keys: 'events', source: inputEvents },
  said('user', 'user_prompt', 'prompt', 'gen_ai.request.messages', 'gen_ai.embeddings.input', 'lk.pii.user_input', 'lk.user_input', 'lk.pii.user_transcript', 'lk.user_transcript'),
  // Last, because OpenInference's `tool.parameters` may be the tool's schema.
  value('input', 'body', 'langfuse.trace.input', 'tool.arguments', 'tool.parameters', 'llamaindex.step.input_summary', 'message', 'text', 'mirascope.trace.arg_values', 'judgment.input', 'confident.span.input'),
]

const outputs: readonly Place[] = [
  value('gen_ai.tool.call.result', 'ai.toolCall.result', 'gcp.vertex.agent.tool_response', 'tool_response',
    'lk.pii.function_tool.output', 'lk.function_tool.output', 'gen_ai.tool.output', 'spring.ai.tool.call.result', 'anthropic.tool_result.content', 'haystack.agent.step.tool.output'),
  said('assistant', 'gen_ai.output.messages'),
  { keys: ['gen_ai.response.text', 'gen_ai.response.tool_calls'], source: sentryAnswer },
  indexed('llm.output_messages.', openinferenceMessages),
  indexed('gen_ai.output.messages.', openinferenceMessages),
  indexed('gen_ai.completion.', openllmetryMessages('assistant')),
  { keys: ['ai.response.', 'ai.result.'], source: vercelAnswer },
  indexed('llm.choices.', indexedTexts('assistant', 'completion', 'text')),
  indexed('retrieval.documents.', documents),
  indexed('reranker.output_documents.', documents),
  value('langfuse.observation.output', 'mlflow.spanOutputs', 'braintrust.output_json', 'gcp.vertex.agent.llm_response', 'final_result'),
  said('assistant', 'gen_ai.completion'),
  value('traceloop.entity.output', 'lmnr.span.output', 'genkit:output', 'gen_ai.workflow.output', 'crewai.crew.result', 'crewai.crew.output', 'crewai.flow.result', 'crewai.method.result', 'crewai.task.output', 'agentops.entity.output',
    'agentops.task.output', 'agentops.tool.output', 'haystack.agent.step.llm.output', 'haystack.component.output', 'haystack.agent.output',
    'haystack.pipeline.output_data'),
  { keys: ['langwatch.output'], source: langwatchValue('langwatch.output') },
  { keys: ['mastra.'], source: mastraContent('.output') },
  value('gen_ai.retrieval.documents', 'gen_ai.memory.records', 'gen_ai.guardrail.output', 'litellm.guardrail.response', 'guardrail_response', 'output.value', 'response_data', 'koog.node.output', 'koog.subgraph.output',
    'db.vector.query.response.documents'),
  flattened('honeyhive_outputs.'),
  { keys: 'events', source: outputEvents },
  said('assistant', 'response', 'lk.pii.response.text', 'lk.response.text'),
  value('tool.output', 'output', 'response_text', 'langfuse.trace.output', 'tool.result', 'text_output', 'transcript', 'mirascope.trace.output', 'judgment.output', 'confident.span.output'),
]

/**
 * One line for lists: the last thing said, else a tool call, else the JSON. At most 200 characters, no control
 * characters, no vectors; '' where there is nothing to see.
 */
export function preview(value: Json | undefined): string {
  if (value === undefined || value === null) return ''
  const text = spoken(value) ?? (typeof value === 'string' ? value : shortJson(value, previewLimit * 2))
  return oneLine(text === redactedMark ? '[redacted]' : text)
}

/** `undefined` where the value is no list of messages. */
function spoken(value: Json): string | undefined {
  if (!Array.isArray(value)) return undefined
  const messages = value as readonly Json[]
  if (messages.length === 0 || !isObject(messages[0]) || !Array.isArray(member(messages[0], 'parts'))) return undefined
  for (let index = messages.length - 1; index >= 0; index--) {
    const message = messages[index]
    const parts = isObject(message) ? member(message, 'parts') : undefined
    const text = Array.isArray(parts) ? parts.map(partText).filter((part: string) => part !== '').join(' ') : ''
    if (text !== '') return text
  }
  return ''
}

function partText(part: Json): string {
  if (!isObject(part)) return ''
  const type = member(part, 'type')
  if (type === 'redacted') return '[redacted]'
  if (type === 'text') return cut(textOf(member(part, 'content') ?? ''), previewLimit * 2)
  if (type === 'tool_call') {
    return `${textOf(member(part, 'name') ?? '')}(${shortJson(member(part, 'arguments') ?? null, previewLimit)})`
  }
  if (type === 'tool_call_response') return shortJson(member(part, 'response') ?? null, previewLimit)
  if (type === 'reasoning') return ''
  return typeof type === 'string' ? `[${cut(type, 32)}]` : ''
}

/** JSON text that stops early: a preview must not write out a megabyte to show 200 characters. */
function shortJson(json: Json, room: number): string {
  if (typeof json === 'string') return cut(json, room)
  if (typeof json !== 'object' || json === null) return String(json)
  let text = ''
  const add = (piece: string) => {
    text += piece
    return text.length < room
  }
  if (Array.isArray(json)) {
    for (const item of json as readonly Json[]) if (!add(`${text === '' ? '' : ', '}${shortJson(item, room - text.length)}`)) break
    return `[${text}]`
  }
  for (const [key, item] of Object.entries(json)) {
    if (!add(`${text === '' ? '' : ', '}${cut(key, 64)}: ${shortJson(item as Json, room - text.length)}`)) break
  }
  return `{${text}}`
}

/** Words and single spaces, as almost all is: nothing to clean. */
const plainLine = /^[!-~]+(?: [!-~]+)*$/
const controls = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu

/** Format characters too: bidirectional marks can make a line lie about its order. */
function oneLine(text: string): string {
  const line = cut(text, previewLimit * 4)
  const clean = plainLine.test(line) ? line : line.replaceAll(controls, ' ').trim().toWellFormed()
  return clean.length <= previewLimit ? clean : `${cut(clean, previewLimit - 1).trimEnd()}…`
}
