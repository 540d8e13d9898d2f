import { disjointSets } from './disjoint-sets.ts'
import type { SpanFacts, Step, UnixNano } from './facts.ts'
import type { Tree } from './tree.ts'

/** One tool that ran more than once with equal arguments. */
export interface RepeatedToolCall {
  readonly tool: string
  readonly argumentsHash: string
  readonly count: number
  /** The last one, and when it started. */
  readonly spanId: string
  readonly at: UnixNano
}

export interface ToolCalls {
  readonly executed: number
  readonly failed: number
  /** `count` ≥ 2, highest first. */
  readonly repeated: readonly RepeatedToolCall[]
}

/**
 * Executed calls, each once however many spans tell it: spans with one call id are one call, and so are nested spans of
 * one tool (`execute_tool` > MCP client > MCP server) unless an agent stands between them or their call ids differ.
 * A call that a model asked for and nobody ran is none.
 */
export function toolCalls(tree: Tree): ToolCalls {
  const nodes: number[] = []
  for (let node = 0; node < tree.spans.length; node++) if (tree.spans[node]!.step.role === 'tool') nodes.push(node)
  if (nodes.length === 0) return { executed: 0, failed: 0, repeated: [] }
  const { find } = merged(tree, nodes)
  const calls = new Map<number, ToolCall>()
  for (const node of nodes) {
    const span = tree.spans[node]!
    const call = find(node)
    const known = calls.get(call)
    if (known === undefined) calls.set(call, toolCall(span))
    else tellMore(known, span)
  }
  const executed = [...calls.values()].filter((call) => call.executed)
  return { executed: executed.length, failed: executed.filter((call) => call.failed).length, repeated: repeated(executed) }
}

interface ToolCall {
  /** The span that started first. */
  readonly span: SpanFacts
  executed: boolean
  failed: boolean
  tool: string
  argumentsHash: string
}

const toolCall = (span: SpanFacts): ToolCall => ({
  span, executed: span.step.executed, failed: errored(span), tool: span.step.tool, argumentsHash: span.step.toolArgumentsHash,
})

function tellMore(call: ToolCall, span: SpanFacts): void {
  call.executed ||= span.step.executed
  call.failed ||= errored(span)
  call.tool ||= span.step.tool
  call.argumentsHash ||= span.step.toolArgumentsHash
}

/** A span that ended in an error, by its status or by the error it names. */
export const errored = (span: SpanFacts): boolean => span.failed || span.step.errorType !== ''

function merged(tree: Tree, nodes: readonly number[]) {
  const sets = disjointSets(tree.spans.length)
  const byCallId = new Map<string, number>()
  for (const node of nodes) {
    const id = tree.spans[node]!.step.toolCallId
    if (id === '') continue
    const first = byCallId.get(id)
    if (first === undefined) byCallId.set(id, node)
    else sets.merge(first, node)
  }
  // The nearest tool span at or above each span, −1 past an agent: what an agent does inside a tool is work of its own.
  const around = new Int32Array(tree.spans.length).fill(-1)
  for (const node of tree.order) {
    const { step } = tree.spans[node]!
    const outer = tree.parent[node]! < 0 ? -1 : around[tree.parent[node]!]!
    const opens = step.role === 'agent' || step.role === 'workflow' || step.role === 'turn'
    around[node] = step.role === 'tool' ? node : opens ? -1 : outer
    if (step.role === 'tool' && outer >= 0 && sameTool(tree.spans[outer]!.step, step)) sets.merge(outer, node)
  }
  return sets
}

function sameTool(outer: Step, inner: Step): boolean {
  if (outer.toolCallId !== '' && inner.toolCallId !== '') return outer.toolCallId === inner.toolCallId
  return outer.tool === inner.tool || outer.tool === '' || inner.tool === ''
}

function repeated(calls: readonly ToolCall[]): RepeatedToolCall[] {
  const groups = new Map<string, { count: number; last: ToolCall }>()
  for (const call of calls) {
    if (call.argumentsHash === '') continue
    const key = `${call.tool}\n${call.argumentsHash}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { count: 1, last: call })
    else {
      // Calls come by start time.
      group.count++
      group.last = call
    }
  }
  return [...groups.values()].filter(({ count }) => count > 1).map(({ count, last: { tool, argumentsHash, span } }) =>
    ({ tool, argumentsHash, count, spanId: span.spanId, at: span.startedAt })).sort(byCount)
}

function byCount(a: RepeatedToolCall, b: RepeatedToolCall): number {
  return b.count - a.count || (a.tool === b.tool ? (a.argumentsHash < b.argumentsHash ? -1 : 1) : a.tool < b.tool ? -1 : 1)
}
