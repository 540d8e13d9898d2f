import type { Attributes, LogRecord } from './attributes.ts'
import { eventNameOf, timeOf } from './log-events.ts'
import { finite, tokenCount, truth, word } from './value.ts'

/**
 * Coding agents tell their model calls and tool calls as log events, most of them whether or not they also send spans.
 * An event that tells one is read as the span it could have been; the run is what one prompt of a session set off.
 */
export interface AgentEvent {
  /** The event's full name, and the span's. */
  readonly name: string
  readonly session: string
  /** '' where the agent does not number its prompts: the whole session is one run then. */
  readonly prompt: string
  readonly startTimeUnixNano: bigint
  readonly endTimeUnixNano: bigint
  readonly failed: boolean
}

/** What a step was made of. */
export type Source = 'spans' | 'logs'

type Condition = (attributes: Attributes) => boolean

interface AgentLogs {
  /** `Step.dialect` of its events and of its spans. */
  readonly dialect: string
  /** What its event names start with. */
  readonly prefix: string
  /** Who writes event names without it. */
  readonly bareFrom: Condition
  /** First one that is there. */
  readonly session: readonly string[]
  readonly prompt: readonly string[]
  /** By event name without the prefix: when it tells a step. The others are only stored. */
  readonly tells: Readonly<Record<string, Condition>>
  /** Events that tell a failure by being there. */
  readonly failures: readonly string[]
  /** Where both tell the same call, which tells more. */
  readonly better: Source
}

const always: Condition = () => true
const never: Condition = () => false

/** Of Codex's requests, as log events and as events of a span. */
export const httpFailed: Condition = (attributes) =>
  (finite(attributes.get('http.response.status_code')) ?? 0) >= 400 || word(attributes.get('error.message')) !== undefined

const details = 'gen_ai.client.inference.operation.details'

const agents: readonly AgentLogs[] = [
  {
    // anthropics/claude-code monitoring page of 2026-08-10; its `event.name` is bare.
    dialect: 'claude_code', prefix: 'claude_code.', bareFrom: (resource) => resource.get('service.name') === 'claude-code',
    session: ['session.id'], prompt: ['prompt.id'],
    tells: { user_prompt: always, api_request: always, api_error: always, tool_result: always, tool_decision: always },
    failures: ['api_error'], better: 'spans',
  },
  {
    // openai/codex session_telemetry.rs, and a capture of 0.169: of the two records that say `response.completed` one has the counts.
    dialect: 'codex', prefix: 'codex.', bareFrom: never,
    session: ['conversation.id'], prompt: [],
    tells: {
      user_prompt: always, tool_result: always, tool_decision: always, api_request: httpFailed, websocket_request: httpFailed,
      sse_event: (attributes) => tokenCount(attributes.get('input_token_count')) !== undefined,
    },
    failures: ['api_request', 'websocket_request'], better: 'spans',
  },
  {
    // google-gemini/gemini-cli@5411f11 telemetry/types.ts. The details event repeats `api_response` without thoughts and cache.
    dialect: 'gemini_cli', prefix: 'gemini_cli.', bareFrom: never,
    session: ['session.id'], prompt: ['prompt_id'],
    tells: { user_prompt: always, api_response: always, api_error: always, tool_call: always },
    // Its spans leave out thoughts and cached tokens, and each call is a trace of its own (captured, 0.61).
    failures: ['api_error'], better: 'logs',
  },
  {
    // Captured from Qwen Code 0.24.4, a fork of Gemini CLI. Its events have no cache writes and no provider, its spans have both.
    dialect: 'qwen_code', prefix: 'qwen-code.', bareFrom: never,
    session: ['session.id'], prompt: ['prompt_id'],
    tells: { user_prompt: always, api_response: always, api_error: always, tool_call: always },
    failures: ['api_error'], better: 'spans',
  },
  {
    // microsoft/vscode-copilot-chat@31acd00: calls are told by the conventions' details event, `agent.turn` sums them up.
    dialect: 'copilot', prefix: 'copilot_chat.', bareFrom: never,
    session: ['copilot_chat.chat_session_id', 'gen_ai.conversation.id', 'session.id'], prompt: [],
    tells: { 'tool.call': always },
    failures: [], better: 'spans',
  },
]

const copilotServices: ReadonlySet<unknown> = new Set(['copilot-chat', 'github-copilot', 'vscode-copilot-chat'])

const told: ReadonlySet<string> = new Set([...agents.flatMap(({ prefix, tells }) => Object.keys(tells).map((event) => prefix + event)), details])

/** A step that a log event told: its span is called like the event. */
export const isToldByLog = (spanName: string): boolean => told.has(spanName)

const better: ReadonlyMap<string, Source> = new Map(agents.map((agent) => [agent.dialect, agent.better]))

/** Of a coding agent's dialect, the source that tells more of a call; `undefined` for the others, which tell a call once or with an id. */
export const betterSource = (dialect: string): Source | undefined => better.get(dialect)

/** `Step.dialect` of every coding agent. */
export const codingAgentDialects: readonly string[] = agents.map(({ dialect }) => dialect)

/** The step a log record tells, `undefined` where it tells none or does not say whose session it is. Any order of attributes says the same. */
export function agentEventOf(record: LogRecord): AgentEvent | undefined {
  const found = agentOf(record)
  if (found === undefined) return undefined
  const { agent, event } = found
  const { attributes } = record
  const session = firstWord(attributes, agent.session)
  if (session === '') return undefined
  const end = timeOf(record)
  return {
    name: event === details ? details : agent.prefix + event, session, prompt: firstWord(attributes, agent.prompt),
    startTimeUnixNano: end - durationOf(attributes, end), endTimeUnixNano: end,
    failed: agent.failures.includes(event) || truth(attributes.get('success')) === false,
  }
}

function agentOf(record: LogRecord): { readonly agent: AgentLogs; readonly event: string } | undefined {
  const name = eventNameOf(record)
  for (const agent of agents) {
    const event = name.startsWith(agent.prefix) ? name.slice(agent.prefix.length) : agent.bareFrom(record.resource.attributes) ? name : ''
    if (event !== '' && Object.hasOwn(agent.tells, event) && agent.tells[event]?.(record.attributes) === true) return { agent, event }
  }
  const copilot = agents.at(-1)
  // Joined to a span it is that span's content.
  return name === details && record.spanId === '' && copilot !== undefined && isCopilot(record) ? { agent: copilot, event: details } : undefined
}

const isCopilot = ({ resource, attributes }: LogRecord): boolean =>
  copilotServices.has(resource.attributes.get('service.name')) || [...attributes.keys()].some((key) => key.startsWith('copilot_chat.'))

function firstWord(attributes: Attributes, keys: readonly string[]): string {
  for (const key of keys) {
    const text = word(attributes.get(key))
    if (text !== undefined) return text
  }
  return ''
}

/** A day: what took longer is a broken clock. In milliseconds. */
const durationLimitMillis = 24 * 3600 * 1000

/** Events are stamped when what they tell is over. Nanoseconds. */
function durationOf(attributes: Attributes, end: bigint): bigint {
  const millis = finite(attributes.get('duration_ms'))
  if (millis === undefined || millis < 0 || millis > durationLimitMillis) return 0n
  const nanos = BigInt(Math.round(millis * 1e6))
  return nanos > end ? 0n : nanos
}
