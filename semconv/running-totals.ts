import type { Calls } from './collapse.ts'
import type { SpanFacts } from './facts.ts'
import { isBelow } from './interpret.ts'
import type { Tree } from './tree.ts'
import { inputTokens, outputTokens } from './usage-sums.ts'

/**
 * Spring AI 1 runs tools inside a model call, and each call after a tool reports the sum of those before it and itself
 * (captured from 1.1.2). Its spans have Spring Boot's scope; Spring AI 2 needs Boot 4 and reports each call's own.
 */
const sumsUpAfterTools = ({ scopeName, scopeVersion }: SpanFacts): boolean => scopeName === 'org.springframework.boot' && isBelow(scopeVersion, '4')

/** The call last seen below a parent, and whether a tool ran since. */
interface Last {
  readonly node: number
  readonly ownInput: number
  toolSince: boolean
}

/** By teller: the span of the next call, which holds its usage too. */
export function runningTotals(tree: Tree, { calls, callOf }: Calls): ReadonlyMap<number, number> {
  const held = new Map<number, number>()
  if (!calls.some(({ teller }) => sumsUpAfterTools(tree.spans[teller]!))) return held
  const lasts = new Map<number, Last>()
  for (const node of tree.order) {
    const span = tree.spans[node]!
    const parent = tree.parent[node]!
    if (parent < 0) continue
    const last = lasts.get(parent)
    if (span.step.role === 'tool' && last !== undefined) last.toolSince = true
    const { usage } = span.step
    const call = calls[callOf[node]!]
    if (usage === undefined || call?.teller !== node || !call.metered || !sumsUpAfterTools(span)) continue
    const before = last?.toolSince === true ? tree.spans[last.node]! : undefined
    const more = inputTokens(usage) - (before === undefined ? 0 : inputTokens(before.step.usage ?? {}))
    // A conversation only grows: what a sum has more is at least what the call before it was asked. An application that runs its
    // tools itself has calls of their own, which grow by less.
    const holds = before !== undefined && last !== undefined && span.startedAt >= before.endedAt && more >= last.ownInput &&
      outputTokens(usage) >= outputTokens(before.step.usage ?? {})
    if (holds) held.set(last.node, node)
    lasts.set(parent, { node, ownInput: holds ? more : inputTokens(usage), toolSince: false })
  }
  return held
}
