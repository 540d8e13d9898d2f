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
  const calls = new Map<number, SpanFacts[]>()
  for (const node of nodes) {
    const call = find(node)
    const members = calls.get(call)
    if (members === undefined) calls.set(call, [tree.spans[node]!])
    else members.push(tree.spans[node]!)
  }
  const executed = [...calls.values()].filter((members) => members.some((span) => span.step.executed))
  return { executed: executed.length, failed: executed.filter((members) => members.some(errored)).length, repeated: repeated(executed) }
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

function repeated(calls: readonly (readonly SpanFacts[])[]): RepeatedToolCall[] {
  const groups = new Map<string, RepeatedToolCall>()
  for (const members of calls) {
    const argumentsHash = members.find((span) => span.step.toolArgumentsHash !== '')?.step.toolArgumentsHash ?? ''
    if (argumentsHash === '') continue
    const { spanId, startedAt: at } = members[0]!
    const tool = members.find((span) => span.step.tool !== '')?.step.tool ?? ''
    const key = `${tool}\n${argumentsHash}`
    // Calls come by start time, so the latest one is the one that stays.
    groups.set(key, { tool, argumentsHash, count: (groups.get(key)?.count ?? 0) + 1, spanId, at })
  }
  return [...groups.values()].filter((group) => group.count > 1).sort(byCount)
}

function byCount(a: RepeatedToolCall, b: RepeatedToolCall): number {
  return b.count - a.count || (a.tool === b.tool ? (a.argumentsHash < b.argumentsHash ? -1 : 1) : a.tool < b.tool ? -1 : 1)
}
