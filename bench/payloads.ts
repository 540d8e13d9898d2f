import { ProtobufWriter } from '#collector/decode/protobuf-writer.ts'
import { ledgerLines } from '#collector/derive/ledger-lines.ts'
import { shippedBook } from '#collector/price/book.ts'
import type { PicoUsd, Usage } from '#semconv/facts.ts'

/**
 * Export requests of agents at work, as bytes. Encoded once; each request is a copy in which ids and times are overwritten
 * in place, so that the generator takes little of the processor it shares with what is measured. The same seed makes the
 * same ids.
 */
export interface PayloadOptions {
  /** Spans per request: 1, or a multiple of `spansPerRun` so that runs arrive whole. */
  readonly batch: number
  readonly seed: number
  /** Spans that have fewer attributes are filled up with some of the application's own. */
  readonly attributesMin?: number
}

export interface Payload {
  readonly body: Buffer
  readonly spans: number
  /** What its model calls cost by the shipped price book. */
  readonly cost: PicoUsd
  /** Number of its first run, and how many it tells of. */
  readonly firstRun: number
  readonly runs: number
}

interface CallShape {
  readonly provider: string
  readonly requestModel: string
  readonly responseModel: string
  readonly idPrefix: string
  /** Input tokens include the cached ones, as the conventions say. */
  readonly input: number
  readonly cached: number
  readonly output: number
}

/** Five turns of one agent: what it sends grows, and the beginning comes from the cache. Prime-like counts, so that sums show which are missing. */
const calls: readonly CallShape[] = [
  { provider: 'openai', requestModel: 'gpt-5-mini', responseModel: 'gpt-5-mini-2025-08-07', idPrefix: 'chatcmpl-', input: 1_213, cached: 0, output: 149 },
  { provider: 'openai', requestModel: 'gpt-5', responseModel: 'gpt-5-2025-08-07', idPrefix: 'chatcmpl-', input: 2_857, cached: 1_152, output: 331 },
  { provider: 'anthropic', requestModel: 'claude-sonnet-4-5', responseModel: 'claude-sonnet-4-5-20250929', idPrefix: 'msg_', input: 4_091, cached: 2_048, output: 223 },
  { provider: 'openai', requestModel: 'gpt-5-mini', responseModel: 'gpt-5-mini-2025-08-07', idPrefix: 'chatcmpl-', input: 5_479, cached: 3_968, output: 97 },
  { provider: 'openai', requestModel: 'gpt-5', responseModel: 'gpt-5-2025-08-07', idPrefix: 'chatcmpl-', input: 6_971, cached: 5_120, output: 613 },
]
const tools = ['search_web', 'read_file', 'get_customer', 'query_orders', 'create_ticket']
const services = ['support-agent', 'research-agent', 'billing-agent', 'coding-agent']
/** Runs that send side by side where every request carries one span. */
export const runsSideBySide = 128

/** Per turn a model call, its HTTP request and a tool; and the agent around them. */
export const spansPerRun = calls.length * 3 + 1
export const modelCallsPerRun = calls.length

const turnNanos = 400_000_000n
const runNanos = turnNanos * BigInt(calls.length)

/** A span as bytes, and where in them the ids and times stand. */
interface SpanShape {
  readonly bytes: Buffer
  readonly hasParent: boolean
  /** Place among the run's spans of the parent. */
  readonly parent: number
  /** Nanoseconds since the run began. */
  readonly start: bigint
  readonly end: bigint
  /** Where the 16 hex digits of the response id stand, 0 if there is none. */
  readonly responseIdAt: number
  readonly cost: PicoUsd
}

type AttributeValue = string | number | bigint | readonly string[]

function attribute(writer: ProtobufWriter, key: string, value: AttributeValue): void {
  writer.message(9, (w) => {
    w.string(1, key)
    w.message(2, (v) => {
      if (typeof value === 'string') v.string(1, value)
      else if (typeof value === 'bigint') v.varint(3, value)
      else if (typeof value === 'number') v.double(4, value)
      else v.message(5, (array) => value.forEach((text) => array.message(1, (item) => item.string(1, text))))
    })
  })
}

/** Behind tag and length: trace id at 2, span id at 20, parent at 30, then the times. */
const traceIdAt = 2
const spanIdAt = 20
const parentIdAt = 30
const timesAt = (hasParent: boolean): number => (hasParent ? 39 : 29)

interface SpanText {
  readonly name: string
  readonly kind: bigint
  readonly parent: number
  readonly start: bigint
  readonly end: bigint
  readonly responseIdPrefix: string
  readonly cost: PicoUsd
  readonly attributes: readonly (readonly [string, AttributeValue])[]
}

function spanShape(text: SpanText, attributesMin: number): SpanShape {
  const hasParent = text.parent >= 0
  const writer = new ProtobufWriter()
  writer.bytes(1, Buffer.alloc(16))
  writer.bytes(2, Buffer.alloc(8))
  if (hasParent) writer.bytes(4, Buffer.alloc(8))
  writer.fixed64(7, 0n)
  writer.fixed64(8, 0n)
  const placeholder = '0'.repeat(16)
  if (text.responseIdPrefix !== '') attribute(writer, 'gen_ai.response.id', text.responseIdPrefix + placeholder)
  const responseIdAt = text.responseIdPrefix === '' ? 0 : writer.finish().length - placeholder.length
  writer.string(5, text.name)
  writer.varint(6, text.kind)
  for (const [key, value] of text.attributes) attribute(writer, key, value)
  for (let own = text.attributes.length + (responseIdAt === 0 ? 0 : 1); own < attributesMin; own++) attribute(writer, `app.label.${own}`, `value ${own}`)
  return { bytes: Buffer.from(writer.finish()), hasParent, parent: text.parent, start: text.start, end: text.end, responseIdAt, cost: text.cost }
}

const client = 3n
const internal = 1n

/** The spans of a run in the order in which they end: the agent last. */
function runShape(attributesMin: number): readonly SpanShape[] {
  const agent = calls.length * 3
  const book = shippedBook()
  const at = BigInt(Date.now()) * 1_000_000n
  const spans = calls.flatMap((call, turn): SpanShape[] => {
    const began = turnNanos * BigInt(turn)
    const usage: Usage = { 'input.uncached': call.input - call.cached, ...(call.cached === 0 ? {} : { 'input.cache_read': call.cached }), 'output.text': call.output }
    const cost = ledgerLines(book, { ...call, serviceTier: '', usage, at, reportedCost: undefined }).reduce((sum, line) => sum + (line.amount ?? 0n), 0n)
    if (cost === 0n) throw new Error(`the price book does not know ${call.responseModel}`)
    const tool = tools[turn] as string
    return [
      spanShape({
        name: 'POST', kind: client, parent: turn * 3 + 1, start: began + 5_000_000n, end: began + 240_000_000n, responseIdPrefix: '', cost: 0n,
        attributes: [
          ['http.request.method', 'POST'], ['url.full', `https://api.${call.provider}.com/v1/responses`], ['server.address', `api.${call.provider}.com`],
          ['server.port', 443n], ['http.response.status_code', 200n], ['network.protocol.version', '1.1'],
        ],
      }, attributesMin),
      spanShape({
        name: `chat ${call.requestModel}`, kind: client, parent: agent, start: began, end: began + 250_000_000n, responseIdPrefix: call.idPrefix, cost,
        attributes: [
          ['gen_ai.operation.name', 'chat'], ['gen_ai.provider.name', call.provider], ['gen_ai.request.model', call.requestModel],
          ['gen_ai.response.model', call.responseModel], ['gen_ai.usage.input_tokens', BigInt(call.input)],
          ['gen_ai.usage.cache_read.input_tokens', BigInt(call.cached)], ['gen_ai.usage.output_tokens', BigInt(call.output)],
          ['gen_ai.response.finish_reasons', ['tool_calls']], ['gen_ai.request.temperature', 0.2], ['gen_ai.request.max_tokens', 4_096n],
          ['gen_ai.conversation.id', 'conv-7f3a2b'],
        ],
      }, attributesMin),
      spanShape({
        name: `execute_tool ${tool}`, kind: internal, parent: agent, start: began + 255_000_000n, end: began + 390_000_000n, responseIdPrefix: '', cost: 0n,
        attributes: [
          ['gen_ai.operation.name', 'execute_tool'], ['gen_ai.tool.name', tool], ['gen_ai.tool.type', 'function'],
          ['gen_ai.tool.call.id', `call_${tool}_${turn}`], ['gen_ai.tool.call.arguments', `{"query":"order ${turn}","limit":10}`],
        ],
      }, attributesMin),
    ]
  })
  const root = spanShape({
    name: 'invoke_agent Planner', kind: internal, parent: -1, start: 0n, end: runNanos, responseIdPrefix: '', cost: 0n,
    attributes: [
      ['gen_ai.operation.name', 'invoke_agent'], ['gen_ai.provider.name', 'openai'], ['gen_ai.agent.name', 'Planner'],
      ['gen_ai.conversation.id', 'conv-7f3a2b'], ['user.id', 'user-4711'],
    ],
  }, attributesMin)
  return [...spans, root]
}

/** A request and where each of its spans begins in it. */
interface Template {
  readonly bytes: Buffer
  readonly at: readonly number[]
}

function template(service: string, spans: readonly SpanShape[]): Template {
  const writer = new ProtobufWriter()
  writer.message(1, (resource) => {
    resource.message(1, (w) => {
      const of = (key: string, value: string): void => w.message(1, (kv) => {
        kv.string(1, key)
        kv.message(2, (v) => v.string(1, value))
      })
      of('service.name', service)
      of('deployment.environment.name', 'production')
      of('telemetry.sdk.language', 'python')
    })
    resource.message(2, (scope) => {
      scope.message(1, (w) => w.string(1, 'bench.agents'))
      for (const span of spans) scope.bytes(2, span.bytes)
    })
  })
  const bytes = Buffer.from(writer.finish())
  // Spans are the last thing in the request, one after the other.
  const sizes = spans.map((span) => span.bytes.length + (span.bytes.length < 128 ? 2 : 3))
  let end = bytes.length - sizes.reduce((sum, size) => sum + size, 0)
  return { bytes, at: spans.map((span, index) => (end += sizes[index] as number) - span.bytes.length) }
}

/** Bijective on 32 bits (the end of MurmurHash3): different numbers, different ids. */
function scrambled(value: number): number {
  let h = value >>> 0
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Of a run: sources with another seed make others. */
const identityOf = (run: number, seed: number): number => scrambled(run ^ scrambled(seed))

function writeSpanId(bytes: Buffer, at: number, run: number, place: number, seed: number): void {
  bytes.writeUInt32LE(identityOf(run, seed), at)
  bytes.writeUInt32LE(scrambled(place + 1), at + 4)
}

const hexDigits = Buffer.from('0123456789abcdef')

function writeHex(bytes: Buffer, at: number, value: number): void {
  for (let digit = 0; digit < 8; digit++) bytes[at + digit] = hexDigits[(value >>> (28 - digit * 4)) & 15] as number
}

function patch(bytes: Buffer, at: number, span: SpanShape, run: number, place: number, seed: number, began: bigint): void {
  const identity = identityOf(run, seed)
  bytes.writeUInt32LE(identity, at + traceIdAt)
  bytes.writeUInt32LE(scrambled(identity + 1), at + traceIdAt + 4)
  bytes.writeUInt32LE(scrambled(identity + 2), at + traceIdAt + 8)
  bytes.writeUInt32LE(scrambled(seed), at + traceIdAt + 12)
  writeSpanId(bytes, at + spanIdAt, run, place, seed)
  if (span.hasParent) writeSpanId(bytes, at + parentIdAt, run, span.parent, seed)
  const times = at + timesAt(span.hasParent)
  bytes.writeBigUInt64LE(began + span.start, times)
  bytes.writeBigUInt64LE(began + span.end, times + 9)
  if (span.responseIdAt === 0) return
  writeHex(bytes, at + span.responseIdAt, identity)
  writeHex(bytes, at + span.responseIdAt + 8, scrambled(seed + place))
}

/** A source of requests. `now` in nanoseconds since the epoch: the runs end then. */
export function payloads(options: PayloadOptions): (now: bigint) => Payload {
  const { batch, seed, attributesMin = 0 } = options
  if (batch !== 1 && (batch < 1 || batch % spansPerRun !== 0)) throw new Error(`a batch is 1 span or a multiple of ${spansPerRun}, not ${batch}`)
  const shape = runShape(attributesMin)
  return batch === 1 ? oneByOne(shape, seed) : wholeRuns(shape, batch / spansPerRun, seed)
}

function wholeRuns(shape: readonly SpanShape[], runs: number, seed: number): (now: bigint) => Payload {
  const spans = Array.from({ length: runs }, () => shape).flat()
  const templates = services.map((service) => template(service, spans))
  const cost = spans.reduce((sum, span) => sum + span.cost, 0n)
  let request = 0
  return (now) => {
    const { bytes, at } = templates[request % templates.length] as Template
    const body = Buffer.from(bytes)
    const firstRun = request * runs
    const began = now - runNanos
    spans.forEach((span, index) => {
      patch(body, at[index] as number, span, firstRun + Math.floor(index / spansPerRun), index % spansPerRun, seed, began)
    })
    request++
    return { body, spans: spans.length, cost, firstRun, runs }
  }
}

function oneByOne(shape: readonly SpanShape[], seed: number): (now: bigint) => Payload {
  const templates = services.map((service) => shape.map((span) => template(service, [span])))
  let request = 0
  return (now) => {
    const group = Math.floor(request / (runsSideBySide * spansPerRun))
    const place = Math.floor((request % (runsSideBySide * spansPerRun)) / runsSideBySide)
    const run = group * runsSideBySide + (request % runsSideBySide)
    const span = shape[place] as SpanShape
    const { bytes, at } = (templates[run % services.length] as readonly Template[])[place] as Template
    const body = Buffer.from(bytes)
    patch(body, at[0] as number, span, run, place, seed, now - span.end)
    request++
    return { body, spans: 1, cost: span.cost, firstRun: run, runs: 1 }
  }
}
