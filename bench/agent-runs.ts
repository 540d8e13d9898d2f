import { seededRandom, type Random } from '#otel-config/demo/random.ts'
import type { AttributeValue, Resource, Scope, SpanRecord } from '#semconv/attributes.ts'

/**
 * Runs of agents as spans that differ as real ones do: random ids, times to the nanosecond, token counts and sizes that do not
 * repeat, names from lists as long as those of a company. What repeats here would be stored for nothing and flatter the figures.
 * Every span has 12 attributes and no content. The same seed makes the same runs.
 */
export interface AgentRuns {
  /** The spans of the next run, the agent last. `endsAt` in nanoseconds since the epoch. */
  next(endsAt: bigint): readonly SpanRecord[]
}

/** Turns of an agent; each is a model call, its HTTP request and a tool. */
const turns = 5
export const spansPerAgentRun = turns * 3 + 1
export const attributesPerSpan = 12

interface Model {
  readonly provider: string
  readonly request: string
  readonly response: string
  /** How its answers' ids begin. */
  readonly answer: string
  readonly host: string
}
const models: readonly [Model, ...Model[]] = [
  { provider: 'openai', request: 'gpt-5-mini', response: 'gpt-5-mini-2025-08-07', answer: 'chatcmpl-', host: 'api.openai.com' },
  { provider: 'openai', request: 'gpt-5', response: 'gpt-5-2025-08-07', answer: 'chatcmpl-', host: 'api.openai.com' },
  { provider: 'openai', request: 'gpt-4o', response: 'gpt-4o-2024-08-06', answer: 'chatcmpl-', host: 'api.openai.com' },
  { provider: 'anthropic', request: 'claude-sonnet-4-5', response: 'claude-sonnet-4-5-20250929', answer: 'msg_', host: 'api.anthropic.com' },
  { provider: 'anthropic', request: 'claude-haiku-4-5', response: 'claude-haiku-4-5-20251001', answer: 'msg_', host: 'api.anthropic.com' },
]
const services = ['support', 'research', 'billing', 'coding', 'search', 'onboarding', 'risk', 'claims', 'travel', 'legal', 'sales', 'ops'] as const
const tools = [
  'search_web', 'read_file', 'get_customer', 'query_orders', 'create_ticket', 'send_mail', 'run_tests', 'list_issues', 'write_file', 'fetch_invoice',
  'book_flight', 'check_policy', 'query_warehouse', 'translate', 'summarize', 'post_message', 'find_contract', 'score_lead', 'restart_service', 'open_case',
] as const
const agents = ['Planner', 'Researcher', 'Writer', 'Reviewer', 'Triage', 'Coder', 'Analyst', 'Negotiator', 'Scheduler', 'Auditor'] as const
const tiers = ['free', 'team', 'business', 'enterprise'] as const

/** How many different there are. */
const users = 5_000
const conversations = 50_000
const hosts = 3

export function agentRuns(seed: number): AgentRuns {
  const random = seededRandom(seed, 0)
  const sources = services.flatMap((name) => Array.from({ length: hosts }, (_, host) => source(name, host)))
  return { next: (endsAt) => run(random, random.pick(sources as [Source, ...Source[]]), endsAt) }
}

interface Source {
  readonly resource: Resource
  readonly scope: Scope
}

const source = (name: string, host: number): Source => ({
  resource: {
    schemaUrl: 'https://opentelemetry.io/schemas/1.37.0',
    attributes: new Map<string, AttributeValue>([
      ['service.name', `${name}-agent`], ['service.version', '2.14.1'], ['deployment.environment.name', 'production'], ['telemetry.sdk.language', 'python'],
      ['telemetry.sdk.name', 'opentelemetry'], ['telemetry.sdk.version', '1.38.0'], ['host.name', `${name}-${host}`], ['process.pid', BigInt(4_000 + host)],
    ]),
  },
  scope: { name: 'opentelemetry.instrumentation.genai', version: '2.4b0', attributes: new Map(), schemaUrl: '' },
})

type Pairs = readonly (readonly [string, AttributeValue])[]

const nanosPerMilli = 1_000_000
/** OTLP `SpanKind`. */
const internal = 1
const client = 3

function run(random: Random, { resource, scope }: Source, endsAt: bigint): readonly SpanRecord[] {
  const traceId = random.hex(32)
  const root = random.hex(16)
  const conversation = `conv-${random.integer(1, conversations).toString(36)}`
  const user = `user-${random.integer(1, users)}`
  const agent = random.pick(agents)
  const base = random.pick(models)
  const spans: SpanRecord[] = []
  const span = (spanId: string, parentSpanId: string, name: string, kind: number, start: bigint, ms: number, pairs: Pairs): void => {
    if (pairs.length !== attributesPerSpan) throw new Error(`${name} has ${pairs.length} attributes`)
    spans.push({
      traceId, spanId, parentSpanId, traceState: '', flags: 0x101, name, kind, startTimeUnixNano: start, endTimeUnixNano: start + nanos(ms), statusCode: 0, statusMessage: '',
      attributes: new Map(pairs), droppedAttributesCount: 0, events: [], droppedEventsCount: 0, links: [], droppedLinksCount: 0, resource, scope,
    })
  }
  const began = endsAt - nanos(random.latency(12_000))
  let at = began + nanos(random.latency(3))
  let tokens = random.integer(400, 2_000)
  for (let turn = 0; turn < turns; turn++) {
    const model = random.chance(0.8) ? base : random.pick(models)
    const chat = random.hex(16)
    const output = random.integer(20, 900)
    const ms = random.latency(1_400)
    span(random.hex(16), chat, 'POST', client, at + nanos(random.latency(1.5)), ms * 0.98, http(random, model.host))
    span(chat, root, `chat ${model.request}`, client, at, ms, [
      ['gen_ai.operation.name', 'chat'], ['gen_ai.provider.name', model.provider], ['gen_ai.request.model', model.request],
      ['gen_ai.response.model', model.response], ['gen_ai.response.id', `${model.answer}${random.hex(24)}`], ['gen_ai.usage.input_tokens', BigInt(tokens)],
      ['gen_ai.usage.cache_read.input_tokens', BigInt(turn === 0 ? 0 : Math.floor(tokens * 0.7 / 128) * 128)], ['gen_ai.usage.output_tokens', BigInt(output)],
      ['gen_ai.response.finish_reasons', [turn === turns - 1 ? 'stop' : 'tool_calls']], ['gen_ai.request.temperature', 0.2],
      ['gen_ai.request.max_tokens', 4_096n], ['gen_ai.conversation.id', conversation],
    ])
    at += nanos(ms + random.latency(0.4))
    const tool = random.pick(tools)
    const toolMs = random.latency(300)
    span(random.hex(16), root, `execute_tool ${tool}`, internal, at, toolMs, [
      ['gen_ai.operation.name', 'execute_tool'], ['gen_ai.tool.name', tool], ['gen_ai.tool.type', 'function'], ['gen_ai.tool.call.id', `call_${random.hex(24)}`],
      ['gen_ai.tool.description', `Calls ${tool.replace('_', ' ')}.`], ['gen_ai.conversation.id', conversation], ['gen_ai.agent.name', agent], ['user.id', user],
      ['code.function.name', `tools.${tool}`], ['thread.id', BigInt(random.integer(1, 64))], ['thread.name', 'asyncio'], ['app.retries', 0n],
    ])
    at += nanos(toolMs + random.latency(0.6))
    tokens += output + random.integer(50, 1_500)
  }
  span(root, '', `invoke_agent ${agent}`, internal, began, Number(endsAt - began) / nanosPerMilli, [
    ['gen_ai.operation.name', 'invoke_agent'], ['gen_ai.provider.name', base.provider], ['gen_ai.agent.name', agent], ['gen_ai.agent.id', `asst_${agent}`],
    ['gen_ai.request.model', base.request], ['gen_ai.conversation.id', conversation], ['user.id', user], ['app.tier', random.pick(tiers)],
    ['app.region', random.pick(['eu', 'us', 'ap'])], ['app.version', '7.3.0'], ['app.turns', BigInt(turns)], ['app.streaming', random.chance(0.5)],
  ])
  return spans
}

const http = (random: Random, host: string): Pairs => [
  ['http.request.method', 'POST'], ['url.full', `https://${host}/v1/responses`], ['url.scheme', 'https'], ['server.address', host], ['server.port', 443n],
  ['http.response.status_code', 200n], ['network.protocol.version', '1.1'], ['network.peer.address', `104.18.${random.integer(0, 7)}.${random.integer(1, 250)}`],
  ['network.peer.port', 443n], ['http.request.body.size', BigInt(random.integer(800, 60_000))], ['http.response.body.size', BigInt(random.integer(300, 9_000))],
  ['user_agent.original', 'OpenAI/Python 2.8.0'],
]

const nanos = (ms: number): bigint => BigInt(Math.round(ms * nanosPerMilli))
