import type { Attributes } from '@opentelemetry/api'
import type { Model } from './models.ts'
import { around, noTokens, type PlannedSpan, type Step, sumTokens } from './plan.ts'
import type { Random } from './random.ts'

/*
 * What agents do, told in the GenAI conventions (open-telemetry/semantic-conventions-genai): names, kinds and keys of
 * spans as they stand there. https://github.com/open-telemetry/semantic-conventions-genai
 */

/** Who is served, in which conversation: known to the program, so it stands on every span that may carry it. */
export interface Scene {
  readonly random: Random
  readonly user: string
  readonly conversation: string
}

type Part =
  | { readonly type: 'text' | 'reasoning'; readonly content: string }
  | { readonly type: 'tool_call'; readonly id: string; readonly name: string; readonly arguments: object }
  | { readonly type: 'tool_call_response'; readonly id: string; readonly response: unknown }
interface Message {
  readonly role: 'user' | 'assistant' | 'tool'
  readonly parts: readonly Part[]
}

/** One agent's talk with its model. It grows as the agent acts. */
export interface Thread {
  readonly scene: Scene
  readonly agent: string
  readonly instructions: string
  readonly messages: Message[]
  /** Context the demo does not spell out (tool definitions, documents), in tokens. */
  contextTokens: number
}

export interface ToolCall {
  readonly id: string
  readonly name: string
  readonly arguments: object
}

export const thread = (scene: Scene, agent: string, instructions: string, question: string, contextTokens: number): Thread =>
  ({ scene, agent, instructions, messages: [{ role: 'user', parts: [{ type: 'text', content: question }] }], contextTokens })

export const toolCall = ({ random }: Scene, name: string, args: object): ToolCall => ({ id: `call_${random.hex(20)}`, name, arguments: args })

/** English prose: about four characters to a token. */
const tokensOf = (text: string): number => Math.ceil(text.length / 4)

/** A text that goes to the model without the model having asked. */
export function tell(talk: Thread, text: string): void {
  talk.messages.push({ role: 'user', parts: [{ type: 'text', content: text }] })
}

export interface Call {
  readonly model: Model
  /** What the model says, or the tools it asks for. */
  readonly answer: string | readonly ToolCall[]
  readonly reasoningTokens?: number
  /** Share of the input read from, and written to, the provider's cache. */
  readonly cacheRead?: number
  readonly cacheWrite?: number
  readonly stream?: boolean
  readonly temperature?: number
}

/** One call of a model with the talk so far; its answer becomes part of the talk. */
export function chat(talk: Thread, call: Call): Step {
  const { scene: { random }, messages, instructions } = talk
  const { model, answer } = call
  const input = JSON.stringify(messages)
  const said: Message = {
    role: 'assistant',
    parts: typeof answer === 'string' ? [{ type: 'text', content: answer }] : answer.map((wanted) => ({ type: 'tool_call', ...wanted })),
  }
  const output = JSON.stringify([said])
  const reasoning = call.reasoningTokens ?? 0
  const inputTokens = talk.contextTokens + tokensOf(instructions) + tokensOf(input)
  const outputTokens = tokensOf(output) + reasoning
  const firstTokenMs = random.latency(model.firstTokenMs + reasoning * model.tokenMs)
  const durationMs = firstTokenMs + random.latency(tokensOf(output) * model.tokenMs)
  const attributes: Attributes = {
    ...request(talk, call),
    'gen_ai.response.id': model.responseId(random.hex),
    'gen_ai.response.model': model.responseName,
    'gen_ai.response.finish_reasons': [typeof answer === 'string' ? model.finish.answer : model.finish.tool],
    'gen_ai.usage.input_tokens': inputTokens,
    'gen_ai.usage.output_tokens': outputTokens,
    'gen_ai.system_instructions': JSON.stringify([{ type: 'text', content: instructions }]),
    'gen_ai.input.messages': input,
    'gen_ai.output.messages': output,
  }
  if (call.cacheRead !== undefined) attributes['gen_ai.usage.cache_read.input_tokens'] = Math.floor(inputTokens * call.cacheRead)
  if (call.cacheWrite !== undefined) attributes['gen_ai.usage.cache_write.input_tokens'] = Math.floor(inputTokens * call.cacheWrite)
  if (reasoning > 0) attributes['gen_ai.usage.reasoning.output_tokens'] = reasoning
  if (call.stream === true) attributes['gen_ai.response.time_to_first_chunk'] = firstTokenMs / 1_000
  messages.push(said)
  return client(`chat ${model.name}`, attributes, durationMs, { input: inputTokens, output: outputTokens })
}

/** A call that the provider refused: no answer, no usage. */
export function refusedChat(talk: Thread, call: Pick<Call, 'model'>, errorType: string, message: string): Step {
  const attributes = { ...request(talk, call), 'gen_ai.input.messages': JSON.stringify(talk.messages), 'error.type': errorType }
  return client(`chat ${call.model.name}`, attributes, talk.scene.random.latency(240), noTokens, message)
}

const request = (talk: Thread, { model, stream, temperature }: Pick<Call, 'model' | 'stream' | 'temperature'>): Attributes => ({
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': model.provider,
  'gen_ai.request.model': model.name,
  'gen_ai.conversation.id': talk.scene.conversation,
  'server.address': model.server,
  'server.port': model.port,
  'gen_ai.request.max_tokens': 4_096,
  ...(temperature === undefined ? {} : { 'gen_ai.request.temperature': temperature }),
  ...(stream === true ? { 'gen_ai.request.stream': true } : {}),
})

export function embed(scene: Scene, model: Model, texts: readonly string[]): Step {
  const tokens = tokensOf(texts.join(' '))
  return client(`embeddings ${model.name}`, {
    'gen_ai.operation.name': 'embeddings', 'gen_ai.provider.name': model.provider, 'gen_ai.request.model': model.name,
    'gen_ai.response.model': model.responseName, 'gen_ai.embeddings.dimension.count': 1_536, 'gen_ai.usage.input_tokens': tokens,
    'server.address': model.server, 'server.port': model.port,
  }, scene.random.latency(model.firstTokenMs), { input: tokens, output: 0 })
}

export interface Document {
  readonly id: string
  readonly score: number
  readonly title: string
}

export function retrieve(scene: Scene, source: string, query: string, documents: readonly Document[]): Step {
  return client(`retrieval ${source}`, {
    'gen_ai.operation.name': 'retrieval', 'gen_ai.data_source.id': source, 'gen_ai.retrieval.top_k': documents.length,
    'gen_ai.retrieval.query.text': query, 'gen_ai.retrieval.documents': JSON.stringify(documents),
  }, scene.random.latency(45), noTokens)
}

export interface ToolUse {
  readonly call: ToolCall
  readonly description: string
  readonly result: unknown
  /** Median. */
  readonly ms: number
  readonly error?: { readonly type: string; readonly message: string }
}

/** A tool runs; what it gives back becomes part of the talk. */
export function tool(talk: Thread, use: ToolUse): Step {
  const response = use.error === undefined ? use.result : { error: use.error.message }
  answerTool(talk, use.call, response)
  const attributes: Attributes = { ...toolAttributes(talk, use), 'gen_ai.tool.call.result': JSON.stringify(response) }
  if (use.error !== undefined) attributes['error.type'] = use.error.type
  const ms = talk.scene.random.latency(use.ms)
  return leaf('internal', `execute_tool ${use.call.name}`, attributes, ms, noTokens, use.error?.message)
}

/** A tool that is an agent of its own. */
export function delegate(talk: Thread, use: Pick<ToolUse, 'call' | 'description' | 'result'>, inside: Step): Step {
  answerTool(talk, use.call, use.result)
  const attributes = { ...toolAttributes(talk, use), 'gen_ai.tool.call.result': JSON.stringify(use.result) }
  return around({ name: `execute_tool ${use.call.name}`, attributes: () => attributes }, inside)
}

const toolAttributes = (talk: Thread, { call, description }: Pick<ToolUse, 'call' | 'description'>): Attributes => ({
  'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': call.name, 'gen_ai.tool.type': 'function', 'gen_ai.tool.call.id': call.id,
  'gen_ai.tool.description': description, 'gen_ai.tool.call.arguments': JSON.stringify(call.arguments), 'gen_ai.agent.name': talk.agent,
  'gen_ai.conversation.id': talk.scene.conversation,
})

function answerTool(talk: Thread, { id }: ToolCall, response: unknown): void {
  talk.messages.push({ role: 'tool', parts: [{ type: 'tool_call_response', id, response }] })
}

export interface Verdict {
  readonly guardrail: string
  readonly policy: { readonly id: string; readonly version: string }
  readonly target: { readonly type: 'input' | 'output'; readonly subtype: 'llm' | 'tool_call'; readonly id: string }
  readonly verdict: 'allow' | 'deny' | 'modify' | 'warn' | 'escalate'
  readonly action: 'allow' | 'block' | 'modify' | 'escalate'
  readonly reason: string
}

/** Keys of the open proposal semantic-conventions-genai#427. */
const verdictAttributes = ({ guardrail: name, policy, target, verdict, action, reason }: Verdict): Attributes => ({
  'gen_ai.guardrail.component.name': name,
  'gen_ai.guardrail.security.policy.id': policy.id, 'gen_ai.guardrail.security.policy.version': policy.version,
  'gen_ai.guardrail.target.type': target.type, 'gen_ai.guardrail.target.subtype': target.subtype, 'gen_ai.guardrail.target.id': target.id,
  'gen_ai.guardrail.verdict.type': verdict, 'gen_ai.guardrail.action.type': action, 'gen_ai.guardrail.verdict.reason': reason,
})

/** The agent's own guardrail decides. */
export const guardrail = (talk: Thread, verdict: Verdict): Step =>
  leaf('internal', `run_guardrail ${verdict.guardrail}`, {
    'gen_ai.operation.name': 'run_guardrail', 'gen_ai.agent.name': talk.agent, 'gen_ai.conversation.id': talk.scene.conversation, ...verdictAttributes(verdict),
  }, talk.scene.random.latency(8), noTokens)

export type ToolVerdict = Pick<Verdict, 'guardrail' | 'policy' | 'reason'>

/**
 * A tool call that a guardrail stopped: the decision has a span and the call has none, because it did not happen
 * (semantic-conventions-genai#239). The model is told why.
 */
export function blockedTool(talk: Thread, call: ToolCall, verdict: ToolVerdict): Step {
  answerTool(talk, call, { blocked: true, reason: verdict.reason })
  return guardrail(talk, { ...verdict, target: { type: 'output', subtype: 'tool_call', id: call.id }, verdict: 'deny', action: 'block' })
}

/** A tool call that waits for a person: here the attempt has a span, which carries the verdict and no result. */
export function heldTool(talk: Thread, use: Pick<ToolUse, 'call' | 'description'>, verdict: ToolVerdict): Step {
  answerTool(talk, use.call, { waiting: 'approval', reason: verdict.reason })
  const target = { type: 'output', subtype: 'tool_call', id: use.call.id } as const
  return leaf('internal', `execute_tool ${use.call.name}`, {
    ...toolAttributes(talk, use), ...verdictAttributes({ ...verdict, target, verdict: 'escalate', action: 'escalate' }),
  }, talk.scene.random.latency(12), noTokens)
}

export interface AgentSpan {
  readonly name: string
  readonly description: string
  readonly error?: { readonly type: string; readonly message: string }
}

/** An agent at work. It reports the sum of its calls' tokens, as frameworks do; a backend that adds this up counts twice. */
export function agent({ user, conversation }: Scene, { name, description, error }: AgentSpan, inside: Step): Step {
  const attributes = (spans: readonly PlannedSpan[]): Attributes => {
    const { input, output } = sumTokens(spans)
    return {
      'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': name, 'gen_ai.agent.description': description,
      'gen_ai.conversation.id': conversation, 'user.id': user,
      ...(input + output > 0 ? { 'gen_ai.usage.input_tokens': input, 'gen_ai.usage.output_tokens': output } : {}),
      ...(error === undefined ? {} : { 'error.type': error.type }),
    }
  }
  return around({ name: `invoke_agent ${name}`, attributes, ...(error === undefined ? {} : { error: error.message }) }, inside)
}

export function plan(agentName: string, inside: Step): Step {
  return around({ name: `plan ${agentName}`, attributes: () => ({ 'gen_ai.operation.name': 'plan', 'gen_ai.agent.name': agentName }) }, inside)
}

export function workflow({ user, conversation }: Scene, name: string, inside: Step): Step {
  const attributes = (): Attributes =>
    ({ 'gen_ai.operation.name': 'invoke_workflow', 'gen_ai.workflow.name': name, 'gen_ai.conversation.id': conversation, 'user.id': user })
  return around({ name: `invoke_workflow ${name}`, attributes }, inside)
}

const client = (name: string, attributes: Attributes, ms: number, usage: PlannedSpan['usage'], error?: string): Step =>
  leaf('client', name, attributes, ms, usage, error)

const leaf = (kind: PlannedSpan['kind'], name: string, attributes: Attributes, ms: number, usage: PlannedSpan['usage'], error?: string): Step => (at) => {
  const end = at + ms
  // What the SDK's recordException writes, and when.
  const exception = { name: 'exception', at: end, attributes: { 'exception.type': String(attributes['error.type']), 'exception.message': error ?? '' } }
  return { end, spans: [{ name, kind, attributes, start: at, end, error, events: error === undefined ? [] : [exception], children: [], usage }] }
}
