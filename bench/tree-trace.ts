import { randomBytes } from 'node:crypto'
import { encodeRequest } from '#collector/decode/oracle.ts'

/** One trace as agents make them: agents that call models and tools and other agents, 13 levels deep. */
export interface TreeTrace {
  readonly id: string
  readonly spans: number
  /** Requests of at most `requestSpans` spans, parents before children. */
  readonly requests: readonly Buffer[]
  readonly modelCalls: number
  /** Pico-dollars of all model calls. */
  readonly cost: bigint
}

/** Spans a request carries at most: what exporters are set to, and far below the receiver's bounds. */
const requestSpans = 5_000
export const levels = 13
/** Children of an agent: it thinks, acts, delegates. */
const children = 8

const models = [
  { provider: 'openai', name: 'gpt-5-mini', inputPico: 250_000n, outputPico: 2_000_000n },
  { provider: 'openai', name: 'gpt-5', inputPico: 1_250_000n, outputPico: 10_000_000n },
] as const
const tools = ['search_web', 'read_file', 'run_tests', 'query_warehouse', 'send_reply', 'list_issues'] as const

const attribute = (key: string, value: string | number): object => ({ key, value: typeof value === 'string' ? { stringValue: value } : { intValue: String(value) } })
const attributes = (pairs: Readonly<Record<string, string | number>>): object[] => Object.entries(pairs).map(([key, value]) => attribute(key, value))

interface Node {
  readonly id: Buffer
  readonly depth: number
  readonly agent: string
  readonly from: number
  readonly to: number
}

/** `endMs`: when the trace ended, since the Unix epoch. The same arguments make the same tree with new ids. */
export function treeTrace(spans: number, endMs: number): TreeTrace {
  const traceId = randomBytes(16)
  const all: object[] = []
  let modelCalls = 0
  let cost = 0n
  const span = (node: Node, parent: Buffer, name: string, pairs: Readonly<Record<string, string | number>>, failed: boolean): void => {
    all.push({
      traceId, spanId: node.id, parentSpanId: parent, name, kind: 1, startTimeUnixNano: nanos(node.from), endTimeUnixNano: nanos(node.to), attributes: attributes(pairs),
      status: failed ? { code: 2, message: 'timed out' } : {},
    })
  }
  const nanos = (ms: number): string => String(BigInt(Math.round(ms * 1_000)) * 1_000n)
  const agentSpan = (node: Node, parent: Buffer): void =>
    span(node, parent, `invoke_agent ${node.agent}`, { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': node.agent }, false)

  const callModel = (node: Node, parent: Buffer): void => {
    const model = models[all.length % models.length] as (typeof models)[number]
    const [input, output] = [200 + (all.length % 900), 20 + (all.length % 180)]
    cost += BigInt(input) * model.inputPico + BigInt(output) * model.outputPico
    modelCalls++
    span(node, parent, `chat ${model.name}`, {
      'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': model.provider, 'gen_ai.request.model': model.name, 'gen_ai.response.model': model.name,
      'gen_ai.usage.input_tokens': input, 'gen_ai.usage.output_tokens': output, 'gen_ai.response.id': `resp_${node.id.toString('hex')}`,
    }, false)
  }

  const root: Node = { id: randomBytes(8), depth: 0, agent: 'orchestrator', from: endMs - spans * 5, to: endMs }
  agentSpan(root, Buffer.alloc(0))
  // Deepest first: a small trace is as deep as a large one. Where the tree is full, the root delegates once more.
  const waiting: Node[] = []
  while (all.length < spans) {
    const parent = waiting.pop() ?? root
    const width = (parent.to - parent.from) / children
    for (let place = 0; place < children && all.length < spans; place++) {
      const from = parent.from + place * width
      const node: Node = { id: randomBytes(8), depth: parent.depth + 1, agent: parent.agent, from, to: from + width * 0.9 }
      if (place % 4 === 0 && node.depth < levels - 1) {
        const agent = { ...node, agent: `worker-${node.depth}` }
        agentSpan(agent, parent.id)
        waiting.push(agent)
      } else if (place % 2 === 1) {
        callModel(node, parent.id)
      } else {
        const tool = tools[all.length % tools.length] as string
        span(node, parent.id, `execute_tool ${tool}`, { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': tool, 'gen_ai.tool.call.id': node.id.toString('hex') }, all.length % 97 === 0)
      }
    }
  }
  const requests: Buffer[] = []
  for (let at = 0; at < all.length; at += requestSpans) {
    requests.push(encodeRequest({
      resourceSpans: [{ resource: { attributes: attributes({ 'service.name': 'bench-agents' }) }, scopeSpans: [{ scope: { name: 'bench' }, spans: all.slice(at, at + requestSpans) }] }],
    }))
  }
  return { id: traceId.toString('hex'), spans: all.length, requests, modelCalls, cost }
}
