import { stepKinds, type StepKind } from '#semconv/facts.ts'
import { type IdIndex, idWords } from './id-index.ts'
import { radixOrder } from './radix-order.ts'

/**
 * The trace skeleton of `docs/architecture.md`: every span of a trace as columns, so that a browser draws 100,000 of
 * them without parsing an object. Pure. Iterative throughout: a trace may be a chain as deep as it is long. Elements are read
 * in place and not by a function: one that sees several types of arrays is five times slower than all the rest together.
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
  /** Of `spanId`. */
  readonly index: IdIndex
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

export const flagBits = { failed: 1, blocked: 2, decided: 4, cached: 8, uncounted: 16, orphan: 32, unpriced: 64 } as const

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
  for (let row = 0; row < rows; row++) rowOf[order[row]!] = row

  const { bytes, columns } = frame(
    {
      version: 1, traceId: trace.traceId, rows, startUnixNano: clock.from.toString(), tickNanos: clock.nanos,
      settled: trace.settled, status: trace.status,
      dictionaries: { name: spans.name.words, agent: spans.agent.words, model: spans.model.words, service: spans.service.words },
      notes,
    },
    rows,
  )
  const ids = { from: idWords(spans.spanId), to: idWords(columns.spanId) }
  const costs = { from: halves(spans.cost), to: halves(columns.cost) }
  for (let row = 0; row < rows; row++) {
    const span = order[row]!
    const above = parent[span]! === -1 ? -1 : rowOf[parent[span]!]!
    const start = clock.tick(spans.start[span]!)
    const agent = spans.agent.numbers[span]!
    columns.parent[row] = above
    columns.start[row] = start
    // Difference of ticks, not tick of the difference: a child never sticks out of its parent by rounding.
    columns.duration[row] = Math.max(0, clock.tick(spans.end[span]!) - start)
    columns.name[row] = spans.name.numbers[span]!
    columns.agent[row] = agent === 0 && above !== -1 ? columns.agent[above]! : agent
    columns.model[row] = spans.model.numbers[span]!
    columns.service[row] = spans.service.numbers[span]!
    columns.kind[row] = spans.kind[span]!
    columns.flags[row] = spans.flags[span]! | (orphan[span]! === 1 ? flagBits.orphan : 0)
    columns.tokensIn[row] = Math.min(spans.tokensIn[span]!, u32Max)
    columns.tokensOut[row] = Math.min(spans.tokensOut[span]!, u32Max)
    ids.to[row * 2] = ids.from[span * 2]!
    ids.to[row * 2 + 1] = ids.from[span * 2 + 1]!
    costs.to[row * 2] = costs.from[span * 2]!
    costs.to[row * 2 + 1] = costs.from[span * 2 + 1]!
  }
  columns.subtreeCost.set(columns.cost)
  sumUp(columns.parent, columns.subtreeCost)

  return bytes
}

/** Low and high half of each, one after the other. */
const halves = (column: BigInt64Array): Uint32Array => new Uint32Array(column.buffer, column.byteOffset, column.length * 2)

/**
 * Adds every row to its parent. Descendants stand after their ancestors, so from the end every row is complete when it is
 * added. Exact, in halves with a carry: a bigint for each of 100,000 rows takes 30 ms.
 */
function sumUp(parent: Int32Array, sums: BigInt64Array): void {
  const words = halves(sums)
  for (let row = parent.length - 1; row >= 0; row--) {
    const above = parent[row]!
    if (above === -1) continue
    const low = words[above * 2]! + words[row * 2]!
    words[above * 2] = low
    words[above * 2 + 1] = words[above * 2 + 1]! + words[row * 2 + 1]! + (low > u32Max ? 1 : 0)
  }
}

function tree(spans: SkeletonSpans): Tree {
  const rows = spans.kind.length
  const orphan = new Uint8Array(rows)
  const parent = new Int32Array(rows).fill(-1)
  const above = idWords(spans.parentId)
  let orphans = 0
  let roots = 0
  for (let span = 0; span < rows; span++) {
    const [first, second] = [above[span * 2]!, above[span * 2 + 1]!]
    if ((first | second) === 0) {
      roots++
      continue
    }
    const position = spans.index.find(first, second)
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

/** Input positions by start, then by id, so that equal starts have one order whatever order they were read in. */
function sortedByStart({ start, spanId }: SkeletonSpans): Int32Array {
  const least = first(start)
  // The bits of doubles that are not negative ascend as they do.
  const since = new Uint16Array(start.map((nanos) => nanos - least).buffer)
  const keys = new Uint16Array(start.length * 8)
  for (let span = 0; span < start.length; span++) {
    for (let digit = 0; digit < 4; digit++) {
      keys[span * 8 + digit] = since[span * 4 + 3 - digit]!
      keys[span * 8 + 4 + digit] = spanId[span * 8 + digit * 2]! * 0x100 + spanId[span * 8 + digit * 2 + 1]!
    }
  }
  return radixOrder(keys, 8)
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
    while (span !== -1 && walk[span]! === 0) {
      walk[span] = from + 1
      span = parent[span]!
    }
    if (span === -1 || walk[span]! !== from + 1) continue
    let earliest = span
    for (let next = parent[span]!; next !== span; next = parent[next]!) {
      if (rank[next]! < rank[earliest]!) earliest = next
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
    const span = byStart[place]!
    const above = parent[span]!
    if (above === -1) {
      nextSibling[span] = firstRoot
      firstRoot = span
    } else {
      nextSibling[span] = firstChild[above]!
      firstChild[above] = span
    }
  }
  const order = new Int32Array(rows)
  let row = 0
  let span = firstRoot
  while (span !== -1) {
    order[row++] = span
    if (firstChild[span]! !== -1) {
      span = firstChild[span]!
      continue
    }
    while (span !== -1 && nextSibling[span]! === -1) span = parent[span]!
    if (span !== -1) span = nextSibling[span]!
  }
  return order
}

const first = (start: Float64Array): number => start.reduce((least, nanos) => Math.min(least, nanos), start[0] ?? 0)

/** The clock of a trace: from its first start, in ticks as fine as 32 bits allow. */
function ticks({ base, start, end }: SkeletonSpans): { readonly from: bigint; readonly nanos: number; readonly tick: (nanos: number) => number } {
  const from = first(start)
  const to = end.reduce((most, nanos) => Math.max(most, nanos), from)
  let nanos = finestTick
  while ((to - from) / nanos > u32Max - 1) nanos *= 10
  return { from: base + BigInt(from), nanos, tick: (at) => Math.max(0, Math.floor((at - from) / nanos)) }
}

const columnTypes = {
  parent: 'i32', start: 'u32', duration: 'u32', name: 'u32', agent: 'u32', model: 'u32', service: 'u32', kind: 'u8', flags: 'u8', tokensIn: 'u32', tokensOut: 'u32',
  cost: 'i64', subtreeCost: 'i64', spanId: 'bytes8',
} as const
type ColumnName = keyof typeof columnTypes
/** Bytes of one row. */
const widths = { i32: 4, u32: 4, u8: 1, i64: 8, bytes8: 8 } as const
/** Typed arrays over the answer must start at a multiple of their width; 8 is the widest. */
const aligned = (length: number): number => Math.ceil(length / 8) * 8

/** Header length, header, padding, columns: these as views of the bytes, to be filled. Little-endian, as every machine Node runs on is. */
function frame(header: object, rows: number) {
  let end = 0
  const listed = Object.entries(columnTypes).map(([name, type]) => {
    const offset = end
    end += aligned(rows * widths[type])
    return { name, type, offset }
  })
  const text = Buffer.from(JSON.stringify({ ...header, columns: listed }))
  const body = aligned(4 + text.length)
  const bytes = Buffer.from(new ArrayBuffer(body + end))
  bytes.writeUInt32LE(text.length, 0)
  text.copy(bytes, 4)
  const places = Object.fromEntries(listed.map(({ name, offset }) => [name, body + offset])) as Readonly<Record<ColumnName, number>>
  const u32 = (name: ColumnName): Uint32Array => new Uint32Array(bytes.buffer, places[name], rows)
  const u8 = (name: ColumnName): Uint8Array => new Uint8Array(bytes.buffer, places[name], rows)
  const i64 = (name: ColumnName): BigInt64Array => new BigInt64Array(bytes.buffer, places[name], rows)
  const columns = {
    parent: new Int32Array(bytes.buffer, places.parent, rows), start: u32('start'), duration: u32('duration'), name: u32('name'), agent: u32('agent'),
    model: u32('model'), service: u32('service'), kind: u8('kind'), flags: u8('flags'), tokensIn: u32('tokensIn'), tokensOut: u32('tokensOut'),
    cost: i64('cost'), subtreeCost: i64('subtreeCost'), spanId: new Uint8Array(bytes.buffer, places.spanId, rows * 8),
  }
  return { bytes, columns }
}
