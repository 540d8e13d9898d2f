import { layOut, type Tree } from './tree.ts'

export interface Adoption {
  readonly tree: Tree
  /** By span: the adopter it is below, −1 if none; the adopter alone may then say what is missing. */
  readonly adopter: Int32Array
}

/**
 * Where a span got lost, what was below it hangs loose, and every aggregate above the gap looks as if its calls had not
 * been told: charging its sum would charge them twice. So a loose part that reports usage is put below an outermost
 * aggregate that was running all the while, and of all aggregates there only that one is held against what is below it.
 * A loose part whose missing parent is also that of the trace's top stands beside it, not below.
 */
export function adopt(tree: Tree, sumsUp: (node: number) => boolean): Adoption {
  const { spans, parent, order } = tree
  const beside = spans[tree.top]?.parentSpanId ?? ''
  const isLoose = (node: number) =>
    parent[node]! < 0 && node !== tree.top && spans[node]!.parentSpanId !== '' && spans[node]!.parentSpanId !== beside
  const adopter = new Int32Array(spans.length).fill(-1)
  if (!order.some(isLoose)) return { tree, adopter }
  const covered = new Uint8Array(spans.length)
  for (const node of order) {
    const up = parent[node]!
    covered[node] = up < 0 ? Number(isLoose(node)) : Number(covered[up] === 1 || sumsUp(up))
  }
  const reports = new Uint8Array(spans.length)
  for (let at = order.length - 1; at >= 0; at--) {
    const node = order[at]!
    if (spans[node]!.step.usage !== undefined) reports[node] = 1
    if (reports[node] === 1 && parent[node]! >= 0) reports[parent[node]!] = 1
  }
  const newParent = parent.slice()
  const adopters = new Set<number>()
  // By start: of the outermost aggregates that have begun, the one that ends last encloses the span if any does.
  let longest = -1
  for (let node = 0; node < spans.length; node++) {
    const { endedAt } = spans[node]!
    if (covered[node] === 0 && sumsUp(node) && (longest < 0 || endedAt > spans[longest]!.endedAt)) longest = node
    if (reports[node] === 0 || !isLoose(node) || longest < 0 || endedAt > spans[longest]!.endedAt) continue
    newParent[node] = longest
    adopters.add(longest)
  }
  if (adopters.size === 0) return { tree, adopter }
  const whole = layOut(spans, newParent)
  for (const node of whole.order) {
    const up = newParent[node]!
    if (up >= 0) adopter[node] = adopters.has(up) ? up : adopter[up]!
  }
  return { tree: whole, adopter }
}
