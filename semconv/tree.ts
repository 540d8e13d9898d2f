import type { SpanFacts } from './facts.ts'

/**
 * The spans of one trace as a forest. Everything is an index into `spans`, which are unique by id and stand by start
 * time, then id; so no answer built on it can depend on the order or the repetition in which spans came.
 */
export interface Tree {
  readonly spans: readonly SpanFacts[]
  /** Index of the parent, −1 for a root, an orphan (its parent is not among the spans) and where a cycle was broken. */
  readonly parent: Int32Array
  /** 0 for a span without parent. */
  readonly depth: Int32Array
  /** Depth-first: parents before children, siblings by start. Walked backwards, children before parents. */
  readonly order: Int32Array
  /** Place of each span in `order`. */
  readonly rank: Int32Array
  /** The span that stands for the trace: of its roots the one above all, see `isAbove`; where none came, the earliest span without parent. −1 if empty. */
  readonly top: number
  /** True once a span that names no parent is among the spans. */
  readonly rooted: boolean
}

/** Never throws: parents may be missing, spans may be their own parents, cycles are broken at their earliest span. */
export function traceTree(given: readonly SpanFacts[]): Tree {
  const { spans, at } = uniqueByStart(given)
  const parent = parents(spans, at)
  breakCycles(parent)
  return layOut(spans, parent)
}

/** `parent` must hold no cycle. */
export function layOut(spans: readonly SpanFacts[], parent: Int32Array): Tree {
  const count = spans.length
  const firstChild = new Int32Array(count + 1).fill(-1)
  const nextSibling = new Int32Array(count)
  // Backwards and in front, so that each list of siblings ends up by start. The list at `count` holds the tops.
  for (let node = count - 1; node >= 0; node--) {
    const list = parent[node]! < 0 ? count : parent[node]!
    nextSibling[node] = firstChild[list]!
    firstChild[list] = node
  }
  const depth = new Int32Array(count)
  const order = new Int32Array(count)
  const rank = new Int32Array(count)
  let length = 0
  let node = firstChild[count]!
  while (node >= 0) {
    rank[node] = length
    order[length++] = node
    const child = firstChild[node]!
    if (child >= 0) {
      depth[child] = depth[node]! + 1
      node = child
      continue
    }
    while (node >= 0 && nextSibling[node]! < 0) node = parent[node]!
    if (node < 0) break
    const sibling = nextSibling[node]!
    depth[sibling] = depth[node]!
    node = sibling
  }
  let root = spans.findIndex((span) => span.parentSpanId === '')
  for (let node = root + 1; root >= 0 && node < count && spans[node]!.startedAt === spans[root]!.startedAt; node++) {
    if (isAbove(spans[node]!, spans[root]!)) root = node
  }
  return { spans, parent, depth, order, rank, top: root >= 0 ? root : firstChild[count]!, rooted: root >= 0 }
}

/**
 * Whether `span`, rather than `other`, stands for a trace that has both: a root before others, then the earlier, then the longer, because
 * clocks of a millisecond make roots start at once; the id decides only between twins.
 */
export function isAbove(span: SpanFacts, other: SpanFacts): boolean {
  if ((span.parentSpanId === '') !== (other.parentSpanId === '')) return span.parentSpanId === ''
  if (span.startedAt !== other.startedAt) return span.startedAt < other.startedAt
  return span.endedAt === other.endedAt ? span.spanId < other.spanId : span.endedAt > other.endedAt
}

/** Deepest span that both are below or equal to, −1 if they share none. Logarithmic in the depth once prepared. */
export type CommonAncestor = (a: number, b: number) => number

/**
 * Each span keeps a second, far pointer towards its root, so that a climb of length d takes about log d steps even in
 * a chain of 100,000 spans (the jump pointers of Myers' skew-binary lists).
 */
export function commonAncestor(tree: Tree): CommonAncestor {
  const { parent, depth, order } = tree
  const jump = new Int32Array(order.length)
  for (const node of order) {
    const up = parent[node]!
    if (up < 0) {
      jump[node] = node
      continue
    }
    const far = jump[up]!
    jump[node] = depth[up]! - depth[far]! === depth[far]! - depth[jump[far]!]! ? jump[far]! : up
  }
  return (a, b) => {
    while (depth[a]! > depth[b]!) a = depth[jump[a]!]! >= depth[b]! ? jump[a]! : parent[a]!
    while (depth[b]! > depth[a]!) b = depth[jump[b]!]! >= depth[a]! ? jump[b]! : parent[b]!
    while (a !== b) {
      if (depth[a] === 0) return -1
      const apart = jump[a] !== jump[b]
      a = apart ? jump[a]! : parent[a]!
      b = apart ? jump[b]! : parent[b]!
    }
    return a
  }
}

/** The spans, each once, by start time, then id; and the place of each id. */
function uniqueByStart(given: readonly SpanFacts[]): { spans: readonly SpanFacts[]; at: ReadonlyMap<string, number> } {
  const at = new Map<string, number>()
  const spans: SpanFacts[] = []
  for (const span of given) {
    const place = at.get(span.spanId)
    if (place === undefined) {
      at.set(span.spanId, spans.length)
      spans.push(span)
    } else if (spans[place] !== span && isLater(span, spans[place]!)) spans[place] = span
  }
  // Storage answers by start time: checking is cheaper than sorting.
  if (spans.every((span, place) => place === 0 || byStart(spans[place - 1]!, span) < 0)) return { spans, at }
  spans.sort(byStart)
  for (let place = 0; place < spans.length; place++) at.set(spans[place]!.spanId, place)
  return { spans, at }
}

function byStart(a: SpanFacts, b: SpanFacts): number {
  if (a.startedAt !== b.startedAt) return a.startedAt < b.startedAt ? -1 : 1
  return a.spanId < b.spanId ? -1 : 1
}

/** Which of two accounts of one span to keep. Any total order would do, as long as arrival has no say in it. */
function isLater(a: SpanFacts, b: SpanFacts): boolean {
  if (a.endedAt !== b.endedAt) return a.endedAt > b.endedAt
  return stableJson(a) > stableJson(b)
}

function stableJson(span: SpanFacts): string {
  return JSON.stringify(span, (_key, value: unknown) => {
    if (typeof value === 'bigint') return value.toString()
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

function parents(spans: readonly SpanFacts[], at: ReadonlyMap<string, number>): Int32Array {
  const parent = new Int32Array(spans.length)
  for (let node = 0; node < spans.length; node++) {
    const id = spans[node]!.parentSpanId
    const found = id === '' ? undefined : at.get(id)
    parent[node] = found === undefined || found === node ? -1 : found
  }
  return parent
}

/** Each walk up marks its way; meeting one's own mark is a cycle. Every span is walked once, so this is linear. */
function breakCycles(parent: Int32Array): void {
  const walkedBy = new Int32Array(parent.length).fill(-1)
  for (let start = 0; start < parent.length; start++) {
    let node = start
    while (node >= 0 && walkedBy[node]! < 0) {
      walkedBy[node] = start
      node = parent[node]!
    }
    if (node < 0 || walkedBy[node] !== start) continue
    // Spans stand by start time: the lowest index of the cycle is its earliest span.
    let earliest = node
    for (let next = parent[node]!; next !== node; next = parent[next]!) earliest = Math.min(earliest, next)
    parent[earliest] = -1
  }
}
