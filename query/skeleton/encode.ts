import { stepKinds, type StepKind } from '#semconv/facts.ts'
import { idIndex } from './id-index.ts'

/**
 * The trace skeleton of `docs/architecture.md`: every span of a trace as columns, so that a browser draws 100,000 of
 * them without parsing an object. Pure. Iterative throughout: a trace may be a chain as deep as it is long.
 */

/** The spans of a trace, in any order, one entry of each list a span. */
export interface SkeletonSpans {
  /** Eight bytes each; zeros in `parentId` for a root. */
  readonly spanId: Uint8Array
  readonly parentId: Uint8Array
  /** Nanoseconds since the Unix epoch. */
  readonly base: bigint
  /**
   * Nanoseconds after `base`. Doubles, because bigints of 100,000 spans are most of the work: exact over 104 days, and
   * beyond still a million times finer than a tick.
   */
  readonly start: Float64Array
  readonly end: Float64Array
  readonly name: Words
  /** '' where the span names none: an ancestor's holds. */
  readonly agent: Words
  readonly model: Words
  readonly service: Words
  /** Index in `stepKinds`. */
  readonly kind: Uint8Array
  /** Sum of `flagBits`, without `orphan`. */
  readonly flags: Uint8Array
  readonly tokensIn: Float64Array
  readonly tokensOut: Float64Array
  /** Pico-dollars. */
  readonly cost: BigInt64Array
}

/** A dictionary and an index into it for every span; in `agent` and `model` the first word is ''. */
export interface Words {
  readonly words: readonly string[]
  readonly numbers: Uint32Array
}

export interface SkeletonTrace {
  /** 32 hex digits. */
  readonly traceId: string
  readonly settled: boolean
  readonly status: string
}

export const flagBits = { failed: 1, blocked: 2, decided: 4, cached: 8, uncounted: 16, orphan: 32 } as const

/** The position of a kind in the GraphQL enum, which is the order of `stepKinds`. */
export const kindIndex = (kind: StepKind): number => stepKinds.indexOf(kind)

const u32Max = 0xffff_ffff
/** Ticks of one nanosecond hold 4 s in 32 bits; ten times longer ticks until the trace fits. */
const finestTick = 1

interface Tree {
  /** Rows in depth-first order: positions in the input. */
  readonly order: Int32Array
  /** By input position: the parent's input position, -1 for a root. */
  readonly parent: Int32Array
  readonly orphan: Uint8Array
  readonly notes: { readonly orphans: number; readonly cyclesBroken: number; readonly missingRoot: boolean }
}

/** The bytes of `application/x-trace-columns`, uncompressed. */
export function encodeSkeleton(trace: SkeletonTrace, spans: SkeletonSpans): Buffer {
  const rows = spans.kind.length
  const { order, parent, orphan, notes } = tree(spans)
  const clock = ticks(spans)
  const rowOf = new Int32Array(rows)
  for (let row = 0; row < rows; row++) rowOf[at(order, row)] = row

  const columns = {
    parent: new Int32Array(rows), start: new Uint32Array(rows), duration: new Uint32Array(rows),
    name: new Uint32Array(rows), agent: new Uint32Array(rows), model: new Uint32Array(rows), service: new Uint32Array(rows),
    kind: new Uint8Array(rows), flags: new Uint8Array(rows), tokensIn: new Uint32Array(rows), tokensOut: new Uint32Array(rows),
    cost: new BigInt64Array(rows), subtreeCost: new BigInt64Array(rows), spanId: new Uint8Array(rows * 8),
  }
  const costly = nonZero(spans.cost)
  const costlyBelow = nonZero(columns.subtreeCost)
  for (let row = 0; row < rows; row++) {
    const span = at(order, row)
    const above = at(parent, span) === -1 ? -1 : at(rowOf, at(parent, span))
    const start = clock.tick(at(spans.start, span))
    const agent = at(spans.agent.numbers, span)
    columns.parent[row] = above
    columns.start[row] = start
    // Difference of ticks, not tick of the difference: a child never sticks out of its parent by rounding.
    columns.duration[row] = Math.max(0, clock.tick(at(spans.end, span)) - start)
    columns.name[row] = at(spans.name.numbers, span)
    columns.agent[row] = agent === 0 && above !== -1 ? at(columns.agent, above) : agent
    columns.model[row] = at(spans.model.numbers, span)
    columns.service[row] = at(spans.service.numbers, span)
    columns.kind[row] = at(spans.kind, span)
    columns.flags[row] = at(spans.flags, span) | (at(orphan, span) === 1 ? flagBits.orphan : 0)
    columns.tokensIn[row] = Math.min(at(spans.tokensIn, span), u32Max)
    columns.tokensOut[row] = Math.min(at(spans.tokensOut, span), u32Max)
    if (costly(span)) columns.cost[row] = columns.subtreeCost[row] = spans.cost[span] ?? 0n
    for (let byte = 0; byte < 8; byte++) columns.spanId[row * 8 + byte] = at(spans.spanId, span * 8 + byte)
  }
  // Descendants stand after their ancestors, so from the end every row is complete when it is added to its parent.
  for (let row = rows - 1; row >= 0; row--) {
    const above = at(columns.parent, row)
    if (above !== -1 && costlyBelow(row)) columns.subtreeCost[above] = (columns.subtreeCost[above] ?? 0n) + (columns.subtreeCost[row] ?? 0n)
  }

  return frame(
    {
      version: 1, traceId: trace.traceId, rows, startUnixNano: clock.from.toString(), tickNanos: clock.nanos,
      settled: trace.settled, status: trace.status,
      dictionaries: { name: spans.name.words, agent: spans.agent.words, model: spans.model.words, service: spans.service.words },
      notes,
    },
    columns,
  )
}

/** Every index handed in lies inside: the columns have one entry a row. */
const at = (column: Int32Array | Uint32Array | Uint8Array | Float64Array, index: number): number => column[index] ?? 0

/** Looks at the halves, because a bigint is made for every element that is read; most spans cost nothing. */
function nonZero(column: BigInt64Array): (index: number) => boolean {
  const halves = new Int32Array(column.buffer, column.byteOffset, column.length * 2)
  return (index) => (at(halves, index * 2) | at(halves, index * 2 + 1)) !== 0
}

function tree(spans: SkeletonSpans): Tree {
  const rows = spans.kind.length
  const orphan = new Uint8Array(rows)
  const parent = new Int32Array(rows).fill(-1)
  const index = idIndex(spans.spanId)
  let orphans = 0
  let roots = 0
  for (let span = 0; span < rows; span++) {
    if (isZero(spans.parentId, span * 8)) {
      roots++
      continue
    }
    const position = index.find(spans.parentId, span * 8)
    if (position === -1) {
      orphan[span] = 1
      orphans++
    } else {
      parent[span] = position
    }
  }
  const byStart = sortedByStart(spans)
  const cyclesBroken = breakCycles(parent, byStart)
  return { order: depthFirst(parent, byStart), parent, orphan, notes: { orphans, cyclesBroken, missingRoot: rows > 0 && roots === 0 } }
}

const isZero = (bytes: Uint8Array, from: number): boolean => {
  for (let byte = from; byte < from + 8; byte++) if (bytes[byte] !== 0) return false
  return true
}

/** Input positions by start, then by id, so that equal starts have one order whatever order they were read in. */
const sortedByStart = ({ start, spanId }: SkeletonSpans): Int32Array =>
  Int32Array.from(start, (_, span) => span).sort((a, b) => at(start, a) - at(start, b) || compareIds(spanId, a, b))

function compareIds(ids: Uint8Array, a: number, b: number): number {
  for (let byte = 0; byte < 8; byte++) {
    const apart = at(ids, a * 8 + byte) - at(ids, b * 8 + byte)
    if (apart !== 0) return apart
  }
  return 0
}

/**
 * Cuts every cycle (a span that is its own ancestor) above its earliest span, which becomes a root. Returns how many.
 * Walks up from each span once: a walk that meets itself has found a cycle, one that meets an earlier walk has not.
 */
function breakCycles(parent: Int32Array, byStart: Int32Array): number {
  const rank = new Int32Array(parent.length)
  byStart.forEach((span, place) => (rank[span] = place))
  const walk = new Int32Array(parent.length)
  let cycles = 0
  for (let from = 0; from < parent.length; from++) {
    let span = from
    while (span !== -1 && at(walk, span) === 0) {
      walk[span] = from + 1
      span = at(parent, span)
    }
    if (span === -1 || at(walk, span) !== from + 1) continue
    let earliest = span
    for (let next = at(parent, span); next !== span; next = at(parent, next)) {
      if (at(rank, next) < at(rank, earliest)) earliest = next
    }
    parent[earliest] = -1
    cycles++
  }
  return cycles
}

/** Roots by start, each followed by its subtree, siblings by start. */
function depthFirst(parent: Int32Array, byStart: Int32Array): Int32Array {
  const rows = parent.length
  const firstChild = new Int32Array(rows).fill(-1)
  const nextSibling = new Int32Array(rows).fill(-1)
  let firstRoot = -1
  // From the last to the first, each put in front: the lists come out by start.
  for (let place = rows - 1; place >= 0; place--) {
    const span = at(byStart, place)
    const above = at(parent, span)
    if (above === -1) {
      nextSibling[span] = firstRoot
      firstRoot = span
    } else {
      nextSibling[span] = at(firstChild, above)
      firstChild[above] = span
    }
  }
  const order = new Int32Array(rows)
  let row = 0
  let span = firstRoot
  while (span !== -1) {
    order[row++] = span
    if (at(firstChild, span) !== -1) {
      span = at(firstChild, span)
      continue
    }
    while (span !== -1 && at(nextSibling, span) === -1) span = at(parent, span)
    if (span !== -1) span = at(nextSibling, span)
  }
  return order
}

/** The clock of a trace: from its first start, in ticks as fine as 32 bits allow. */
function ticks({ base, start, end }: SkeletonSpans): { readonly from: bigint; readonly nanos: number; readonly tick: (nanos: number) => number } {
  const from = start.reduce((least, nanos) => Math.min(least, nanos), start[0] ?? 0)
  const to = end.reduce((most, nanos) => Math.max(most, nanos), from)
  let nanos = finestTick
  while ((to - from) / nanos > u32Max - 1) nanos *= 10
  return { from: base + BigInt(from), nanos, tick: (at) => Math.max(0, Math.floor((at - from) / nanos)) }
}

type Column = Int32Array | Uint32Array | Uint8Array | BigInt64Array
const typeName = (name: string, column: Column): string => {
  if (name === 'spanId') return 'bytes8'
  if (column instanceof Int32Array) return 'i32'
  if (column instanceof Uint32Array) return 'u32'
  return column instanceof BigInt64Array ? 'i64' : 'u8'
}
/** Typed arrays over the answer must start at a multiple of their width; 8 is the widest. */
const aligned = (length: number): number => Math.ceil(length / 8) * 8

/** Header length, header, padding, columns. Columns are little-endian, as every machine Node runs on is. */
function frame(header: object, columns: Readonly<Record<string, Column>>): Buffer {
  let offset = 0
  const listed = Object.entries(columns).map(([name, column]) => {
    const place = { name, type: typeName(name, column), offset }
    offset += aligned(column.byteLength)
    return place
  })
  const text = Buffer.from(JSON.stringify({ ...header, columns: listed }))
  const body = aligned(4 + text.length)
  const out = Buffer.alloc(body + offset)
  out.writeUInt32LE(text.length, 0)
  text.copy(out, 4)
  Object.values(columns).forEach((column, index) => {
    out.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), body + (listed[index]?.offset ?? 0))
  })
  return out
}
