/**
 * A trace as columns, the way `GET /v1/runs/{id}/skeleton` sends it: typed arrays over the answer's own bytes, no object
 * per span. Rows stand in depth-first order, so a subtree is a contiguous range and every derived column is one pass.
 */

/** Positions in the GraphQL enum `StepKind`: the wire carries the index. */
export const stepKinds = [
  'AGENT', 'WORKFLOW', 'TASK', 'MODEL_CALL', 'TOOL_CALL', 'RETRIEVAL', 'EMBEDDING', 'MEMORY', 'GUARDRAIL', 'HANDOFF',
  'EVALUATION', 'OTHER',
] as const
export type StepKind = (typeof stepKinds)[number]

export const flags = { failed: 1, blocked: 2, policy: 4, cached: 8, uncounted: 16, orphan: 32, unpriced: 64 } as const

export interface Skeleton {
  readonly traceId: string
  readonly rows: number
  readonly startUnixNano: bigint
  /** Milliseconds of one tick of `start` and `duration`. */
  readonly tickMs: number
  /** From the first start to the last end, milliseconds. */
  readonly totalMs: number
  readonly settled: boolean
  readonly status: string
  readonly names: readonly string[]
  readonly agents: readonly string[]
  readonly models: readonly string[]
  readonly services: readonly string[]
  readonly notes: { readonly orphans: number; readonly cyclesBroken: number; readonly missingRoot: boolean }
  /** Row of the parent, −1 for a root. */
  readonly parent: Int32Array
  /** Ticks from the start of the trace. */
  readonly start: Uint32Array
  readonly duration: Uint32Array
  readonly name: Uint32Array
  readonly agent: Uint32Array
  readonly model: Uint32Array
  readonly service: Uint32Array
  readonly kind: Uint8Array
  readonly flags: Uint8Array
  readonly tokensIn: Uint32Array
  readonly tokensOut: Uint32Array
  /** Pico-dollars, own. */
  readonly cost: BigInt64Array
  /** Pico-dollars, own and of all descendants. */
  readonly subtreeCost: BigInt64Array
  /** 1 where something of it or of a descendant has no known price. */
  readonly unpriced: Uint8Array
  /** Eight bytes a row. */
  readonly spanIds: Uint8Array
  /** 0 for a root. */
  readonly depth: Uint16Array
  /** Row after the last descendant: `end[row] === row + 1` for a leaf. */
  readonly end: Uint32Array
  /** Position among the siblings, from 1, and how many they are. */
  readonly position: Uint32Array
  readonly siblings: Uint32Array
}

interface Header {
  readonly version: number
  readonly traceId: string
  readonly rows: number
  readonly startUnixNano: string
  readonly tickNanos: number
  readonly settled: boolean
  readonly status: string
  readonly dictionaries: Readonly<Record<'name' | 'agent' | 'model' | 'service', readonly string[]>>
  readonly notes: Skeleton['notes']
  readonly columns: readonly { readonly name: string; readonly offset: number }[]
}

/** Deepest indentation that is told apart; what is deeper is drawn at this depth. */
const depthMax = 0xffff

const derive = (parent: Int32Array, flag: Uint8Array): Pick<Skeleton, 'depth' | 'end' | 'position' | 'siblings' | 'unpriced'> => {
  const rows = parent.length
  const depth = new Uint16Array(rows)
  const end = new Uint32Array(rows)
  const position = new Uint32Array(rows)
  const siblings = new Uint32Array(rows)
  const children = new Uint32Array(rows)
  const unpriced = new Uint8Array(rows)
  let roots = 0
  for (let row = 0; row < rows; row++) {
    const above = parent[row]!
    if (above >= row || above < -1) throw new Error(`The trace's columns are damaged: row ${row} names row ${above} as its parent.`)
    end[row] = row + 1
    depth[row] = above < 0 ? 0 : Math.min(depth[above]! + 1, depthMax)
    position[row] = above < 0 ? ++roots : ++children[above]!
  }
  for (let row = rows - 1; row >= 0; row--) {
    const above = parent[row]!
    siblings[row] = above < 0 ? roots : children[above]!
    if ((flag[row]! & flags.unpriced) !== 0) unpriced[row] = 1
    if (above >= 0 && unpriced[row] === 1) unpriced[above] = 1
    if (above >= 0 && end[row]! > end[above]!) end[above] = end[row]!
  }
  return { depth, end, position, siblings, unpriced }
}

/** Reads the answer's bytes. Throws an `Error` whose message says what is wrong with them. */
export const decodeSkeleton = (bytes: ArrayBuffer): Skeleton => {
  if (bytes.byteLength < 4) throw new Error(`The trace's columns are damaged: ${bytes.byteLength} bytes are no header.`)
  const headerLength = new DataView(bytes).getUint32(0, true)
  if (4 + headerLength > bytes.byteLength) throw new Error('The trace\'s columns are damaged: the header is longer than the answer.')
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, headerLength))) as Header
  if (header.version !== 1) throw new Error(`The server sends trace columns of version ${header.version}, this page reads version 1: reload the page.`)
  const base = Math.ceil((4 + headerLength) / 8) * 8
  const rows = header.rows
  const offset = (name: string, size: number): number => {
    const column = header.columns.find((c) => c.name === name)
    if (column === undefined) throw new Error(`The trace's columns are damaged: '${name}' is missing.`)
    if (base + column.offset + rows * size > bytes.byteLength) throw new Error(`The trace's columns are damaged: '${name}' is cut short.`)
    return base + column.offset
  }
  const u32 = (name: string): Uint32Array => new Uint32Array(bytes, offset(name, 4), rows)
  const u8 = (name: string): Uint8Array => new Uint8Array(bytes, offset(name, 1), rows)
  const i64 = (name: string): BigInt64Array => new BigInt64Array(bytes, offset(name, 8), rows)
  const parent = new Int32Array(bytes, offset('parent', 4), rows)
  const start = u32('start')
  const length = u32('duration')
  const flag = u8('flags')
  const tickMs = header.tickNanos / 1e6
  let last = 0
  for (let row = 0; row < rows; row++) last = Math.max(last, start[row]! + length[row]!)
  return {
    traceId: header.traceId, rows, startUnixNano: BigInt(header.startUnixNano), tickMs, totalMs: last * tickMs,
    settled: header.settled, status: header.status, notes: header.notes,
    names: header.dictionaries.name, agents: header.dictionaries.agent, models: header.dictionaries.model, services: header.dictionaries.service,
    parent, start, duration: length, name: u32('name'), agent: u32('agent'), model: u32('model'), service: u32('service'),
    kind: u8('kind'), flags: flag, tokensIn: u32('tokensIn'), tokensOut: u32('tokensOut'),
    cost: i64('cost'), subtreeCost: i64('subtreeCost'), spanIds: new Uint8Array(bytes, offset('spanId', 8), rows * 8),
    ...derive(parent, flag),
  }
}

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** 16 hex digits. */
export const spanId = (skeleton: Skeleton, row: number): string => {
  let text = ''
  for (let byte = row * 8; byte < row * 8 + 8; byte++) text += hex[skeleton.spanIds[byte]!]
  return text
}

/** Row of a span id, −1 where the trace has none such. */
export const rowOf = (skeleton: Skeleton, id: string): number => {
  if (!/^[0-9a-f]{16}$/.test(id)) return -1
  const wanted = Uint8Array.from({ length: 8 }, (_, index) => Number.parseInt(id.slice(index * 2, index * 2 + 2), 16))
  for (let row = 0; row < skeleton.rows; row++) {
    let byte = 0
    while (byte < 8 && skeleton.spanIds[row * 8 + byte] === wanted[byte]) byte++
    if (byte === 8) return row
  }
  return -1
}

export const kindOf = (skeleton: Skeleton, row: number): StepKind => stepKinds[skeleton.kind[row]!] ?? 'OTHER'
export const isParent = (skeleton: Skeleton, row: number): boolean => skeleton.end[row]! > row + 1

/** Rows of span ids, sorted; ids the trace does not have are left out. One pass, whatever the number of ids. */
export const rowsOf = (skeleton: Skeleton, ids: readonly string[]): Uint32Array => {
  const wanted = new Set(ids)
  const lastBytes = new Uint8Array(0x10000)
  for (const id of wanted) if (/^[0-9a-f]{16}$/.test(id)) lastBytes[Number.parseInt(id.slice(12), 16)] = 1
  const rows: number[] = []
  for (let row = 0; row < skeleton.rows; row++) {
    const tail = skeleton.spanIds[row * 8 + 6]! * 256 + skeleton.spanIds[row * 8 + 7]!
    if (lastBytes[tail] === 1 && wanted.has(spanId(skeleton, row))) rows.push(row)
  }
  return Uint32Array.from(rows)
}
