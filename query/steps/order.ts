import type { Step } from './step.ts'

type Placed = Pick<Step, 'id' | 'parentId' | 'startedAt'>

const earlier = (a: Placed, b: Placed): number =>
  a.startedAt !== b.startedAt ? (a.startedAt < b.startedAt ? -1 : 1) : a.id < b.id ? -1 : a.id > b.id ? 1 : 0

/**
 * Parents before children, siblings by start, whatever the tree: a span without its parent stands as a root; a cycle is
 * entered at its earliest span. Iterative, because a trace may be as deep as it is long.
 */
export function depthFirst<S extends Placed>(steps: readonly S[]): S[] {
  const sorted = steps.toSorted(earlier)
  const ids = new Set(sorted.map((step) => step.id))
  const children = Map.groupBy(sorted, (step) => (step.parentId !== null && ids.has(step.parentId) ? step.parentId : ''))
  const order: S[] = []
  const placed = new Set<string>()
  const descend = (root: S): void => {
    const stack = [root]
    for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
      if (placed.has(step.id)) continue
      placed.add(step.id)
      order.push(step)
      for (const child of (children.get(step.id) ?? []).toReversed()) stack.push(child)
    }
  }
  for (const root of children.get('') ?? []) descend(root)
  // Whatever is left hangs on a cycle, which no root reaches.
  const byId = new Map(sorted.map((step) => [step.id, step]))
  for (const step of sorted) if (!placed.has(step.id)) descend(cycleEntry(step, byId))
  return order
}

/** The earliest span of the cycle above a span that no root reaches. */
function cycleEntry<S extends Placed>(from: S, byId: ReadonlyMap<string, S>): S {
  const above = (step: S): S => byId.get(step.parentId ?? '') ?? step
  const seen = new Set<string>()
  let inside = from
  while (!seen.has(inside.id)) {
    seen.add(inside.id)
    inside = above(inside)
  }
  let earliest = inside
  for (let next = above(inside); next.id !== inside.id; next = above(next)) if (earlier(next, earliest) < 0) earliest = next
  return earliest
}
