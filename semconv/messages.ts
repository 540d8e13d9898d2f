import { isObject, type Json, type JsonObject, member, parsed } from './value.ts'

/**
 * One form for what every dialect calls messages: semantic-conventions-genai models.py@0724e29c,
 * `{role, parts: [{type: 'text', content} | {type: 'tool_call', id, name, arguments} | …]}`. What is not understood is
 * kept as it is: a part of unknown type is shown, not lost.
 */

/** OpenInference writes this where the application hid a value (Arize-ai/openinference@1fe497f). */
export const redactedMark = '__REDACTED__'
/** Messages of one request that are kept; a longer history repeats what earlier requests showed. */
const messagesLimit = 10_000

/** A list of messages, or `undefined` where the value is something else (tool arguments, a document, prose). */
export function asMessages(json: Json | undefined): readonly Json[] | undefined {
  if (Array.isArray(json)) return listOfMessages(json as readonly Json[])
  if (!isObject(json)) return undefined
  for (const key of ['messages', 'contents', 'generations', 'choices', 'candidates', 'replies'] as const) {
    const inner = member(json, key)
    if (!Array.isArray(inner)) continue
    const messages = listOfMessages(inner as readonly Json[])
    if (messages !== undefined) return withSystem(json, messages)
  }
  return isMessage(json) ? [message(json)] : undefined
}

/** The system prompt that stands beside the messages: Anthropic's and Vercel's `system`, Gemini's `config.system_instruction`. */
function withSystem(json: JsonObject, messages: readonly Json[]): readonly Json[] {
  const config = member(json, 'config')
  const system = member(json, 'system') ?? (isObject(config) ? member(config, 'system_instruction') : undefined)
  return system === undefined || system === null ? messages : [{ role: 'system', parts: partsOf(system) }, ...messages]
}

function listOfMessages(list: readonly Json[]): readonly Json[] | undefined {
  if (list.length === 0) return undefined
  // LangSmith nests one list per prompt: [[…]].
  const flat = list.length === 1 && Array.isArray(list[0]) ? (list[0] as readonly Json[]) : list
  if (flat.length === 0 || !flat.every(isMessage)) return undefined
  return flat.slice(0, messagesLimit).map((one) => message(one as JsonObject))
}

/** The first of these members that holds something. */
function pick(json: JsonObject, ...keys: readonly string[]): Json | undefined {
  for (const key of keys) {
    const value = member(json, key)
    if (value !== undefined && value !== null) return value
  }
  return undefined
}

function isMessage(json: Json | undefined): json is JsonObject {
  if (!isObject(json)) return false
  if (typeof member(json, 'role') === 'string') return true
  if (isObject(member(json, 'message')) || isSerialised(json) || isBareCall(json)) return true
  const type = member(json, 'type')
  if (typeof type !== 'string') return isObject(member(json, 'content')) && isMessage(member(json, 'content'))
  return Object.hasOwn(langchainRoles, type) || responsesItems.has(type)
}

/** What Langfuse's OpenAI wrapper for JavaScript puts together of a stream has calls and no role (@langfuse/openai 5.11.1, captured). */
function isBareCall(json: JsonObject): boolean {
  const calls = member(json, 'tool_calls')
  return Array.isArray(calls) && calls.length > 0 && calls.every((call: Json) => isObject(call) && isObject(member(call, 'function')))
}

const langchainRoles: Readonly<Record<string, string>> = {
  human: 'user', ai: 'assistant', system: 'system', tool: 'tool', HumanMessage: 'user', HumanMessageChunk: 'user',
  AIMessage: 'assistant', AIMessageChunk: 'assistant', SystemMessage: 'system', ToolMessage: 'tool',
}
/** Items of OpenAI's Responses API that stand beside messages. */
const responsesItems: ReadonlySet<string> = new Set(['function_call', 'function_call_output', 'reasoning'])

function message(json: JsonObject): Json {
  const wrapped = member(json, 'message')
  // OpenAI's choice and LangChain's generation: {message: {…}, finish_reason}.
  if (isObject(wrapped) && member(json, 'role') === undefined) return message(wrapped)
  const kwargs = member(json, 'kwargs')
  if (isObject(kwargs) && isSerialised(json)) return langchainMessage(json, kwargs)
  const content = member(json, 'content')
  // Gemini's candidate: {content: {role, parts}}.
  if (isObject(content) && member(json, 'role') === undefined) return message(content)
  const type = member(json, 'type')
  if (typeof type === 'string' && responsesItems.has(type)) return responsesItem(type, json)
  return roleMessage(json, roleWord(json))
}

/** Gemini's, and those of Koog's enum. */
const roleWords: Readonly<Record<string, string>> = { model: 'assistant', System: 'system', User: 'user', Assistant: 'assistant', Tool: 'tool' }

function roleWord(json: JsonObject): string {
  const role = member(json, 'role')
  if (typeof role === 'string') return Object.hasOwn(roleWords, role) ? (roleWords[role] as string) : role
  const type = member(json, 'type')
  return typeof type === 'string' && Object.hasOwn(langchainRoles, type) ? (langchainRoles[type] as string) : 'assistant'
}

/** LangChain's serialised form: `{lc: 1, id: [..., 'HumanMessage'], kwargs: {content}}`. Traceloop's `{args, kwargs}` is none. */
const isSerialised = (json: JsonObject) => isObject(member(json, 'kwargs')) && Array.isArray(member(json, 'id'))

function langchainMessage(json: JsonObject, kwargs: JsonObject): Json {
  const id = member(json, 'id')
  const name = Array.isArray(id) ? id.at(-1) : undefined
  const known = typeof name === 'string' && Object.hasOwn(langchainRoles, name) ? langchainRoles[name] : undefined
  return roleMessage(kwargs, known ?? roleWord(kwargs))
}

function responsesItem(type: string, json: JsonObject): Json {
  if (type === 'function_call') {
    return { role: 'assistant', parts: [part({ ...json, type: 'tool_call', id: pick(json, 'call_id', 'id') ?? null })] }
  }
  if (type === 'function_call_output') {
    const [id, response] = [pick(json, 'call_id') ?? null, pick(json, 'output') ?? null]
    return { role: 'tool', parts: [{ type: 'tool_call_response', id, response }] }
  }
  return { role: 'assistant', parts: [{ type: 'reasoning', content: textOf(pick(json, 'summary', 'content') ?? '') }] }
}

function roleMessage(json: JsonObject, role: string): Json {
  // LlamaIndex says blocks of parts, and of a call what stands in them already.
  const blocks = member(json, 'blocks')
  // The text alone is Dify's (langgenius/dify trace_builder.py@0464a86, `prompts`).
  const parts = Array.isArray(blocks) ? partsOf(blocks) : [...partsOf(pick(json, 'parts', 'content', 'text') ?? null), ...besideContent(json), ...toolCalls(json)]
  const callId = pick(json, 'tool_call_id', 'toolCallId')
  const answered = callId !== undefined && callId !== null && (role === 'tool' || role === 'function')
    ? [{ type: 'tool_call_response', id: callId, response: responseOf(parts) }]
    : parts
  const name = member(json, 'name')
  return typeof name === 'string' ? { role, parts: answered, name } : { role, parts: answered }
}

function responseOf(parts: readonly Json[]): Json {
  const only = parts.length === 1 ? parts[0] : undefined
  return isObject(only) && member(only, 'type') === 'text' ? (member(only, 'content') ?? null) : [...parts]
}

/** OpenAI's chat completions leave the content empty where the model refuses or speaks (its API reference, the message object). */
function besideContent(json: JsonObject): readonly Json[] {
  const audio = member(json, 'audio')
  const said = [member(json, 'refusal'), isObject(audio) ? member(audio, 'transcript') : undefined]
  return said.filter((text) => typeof text === 'string' && text !== '').map((text) => textPart(text as string))
}

function toolCalls(json: JsonObject): readonly Json[] {
  const extra = member(json, 'additional_kwargs')
  const calls = member(json, 'tool_calls') ?? (isObject(extra) ? member(extra, 'tool_calls') : undefined)
  return Array.isArray(calls) ? calls.filter(isObject).map((call) => part({ ...call, type: 'tool_call' })) : []
}

/** Content as parts: text, a list of parts, or one part. */
export function partsOf(content: Json): readonly Json[] {
  if (content === null) return []
  if (typeof content === 'string') return content === '' ? [] : [textPart(content)]
  if (Array.isArray(content)) return content.map((one: Json) => (isObject(one) ? part(one) : textPart(textOf(one))))
  if (!isObject(content)) return [textPart(String(content))]
  const parts = member(content, 'parts')
  return Array.isArray(parts) ? partsOf(parts) : [part(content)]
}

export function textPart(text: string): Json {
  return text === redactedMark ? { type: 'redacted' } : { type: 'text', content: text }
}

const textTypes: ReadonlySet<string> = new Set(['text', 'input_text', 'output_text'])
const callTypes: ReadonlySet<string> = new Set(['tool_call', 'tool-call', 'tool_use', 'function_call', 'function'])
const answerTypes: ReadonlySet<string> = new Set(['tool_call_response', 'tool-result', 'tool_result', 'function_response'])
const thoughtTypes: ReadonlySet<string> = new Set(['reasoning', 'thinking', 'thought'])

function part(json: JsonObject): Json {
  const sent = pick(json, 'type', 'part_kind', 'block_type')
  const type = typeof sent === 'string' ? sent : impliedType(json)
  if (textTypes.has(type)) return textPart(textOf(pick(json, 'content', 'text') ?? ''))
  if (type === 'refusal' && typeof member(json, 'refusal') === 'string') return textPart(member(json, 'refusal') as string)
  if (thoughtTypes.has(type)) return { type: 'reasoning', content: textOf(pick(json, 'content', 'text', 'thinking') ?? '') }
  if (callTypes.has(type)) return callPart(json)
  if (answerTypes.has(type)) return answerPart(json)
  return json
}

/** Gemini's parts carry their type as the name of their one member; Bedrock's, Genkit's and Haystack's too. */
function impliedType(json: JsonObject): string {
  if (member(json, 'text') !== undefined) return member(json, 'thought') === true ? 'thought' : 'text'
  if (isObject(pick(json, 'functionCall', 'function_call', 'toolUse', 'toolRequest', 'tool_call'))) return 'tool_call'
  if (isObject(pick(json, 'functionResponse', 'function_response', 'toolResult', 'toolResponse', 'tool_call_result'))) return 'tool_result'
  return ''
}

function callPart(json: JsonObject): Json {
  const inner = pick(json, 'function', 'functionCall', 'function_call', 'toolUse', 'toolRequest', 'tool_call')
  const call = isObject(inner) ? inner : json
  const id = pick(json, 'id', 'toolCallId', 'call_id', 'tool_call_id') ?? pick(call, 'id', 'toolUseId', 'ref') ?? null
  const name = pick(call, 'name', 'toolName', 'tool_name') ?? ''
  const sent = pick(call, 'arguments', 'args', 'input', 'tool_kwargs') ?? null
  return { type: 'tool_call', id, name, arguments: typeof sent === 'string' ? (parsed(sent) ?? sent) : sent }
}

function answerPart(json: JsonObject): Json {
  const inner = pick(json, 'functionResponse', 'function_response', 'toolResult', 'toolResponse', 'tool_call_result')
  const answer = isObject(inner) ? inner : json
  const id = pick(json, 'id', 'toolCallId', 'tool_use_id') ?? pick(answer, 'id', 'toolUseId', 'ref') ?? null
  const response = pick(answer, 'response', 'result', 'output', 'content') ?? null
  return { type: 'tool_call_response', id, response: unwrapped(response) }
}

/** The AI SDK wraps a result: `{type: 'json', value: …}`. */
function unwrapped(response: Json): Json {
  if (!isObject(response)) return response
  const type = member(response, 'type')
  if ((type !== 'json' && type !== 'text') || Object.keys(response).length !== 2) return response
  return member(response, 'value') ?? response
}

/** The text in a value: itself, or the texts of its parts. */
export function textOf(json: Json): string {
  if (typeof json === 'string') return json
  if (Array.isArray(json)) return json.map(textOf).filter((text) => text !== '').join('\n')
  if (!isObject(json)) return json === null ? '' : String(json)
  const inner = pick(json, 'text', 'content')
  return inner === undefined ? '' : textOf(inner)
}
