/** Writes what the server writes, for tests: the layout of `docs/architecture.md`, "The trace skeleton". */
export interface TestSpan {
  readonly parent: number
  readonly name: string
  readonly kind: number
  /** Milliseconds. */
  readonly start: number
  readonly duration: number
  readonly agent?: string
  readonly model?: string
  readonly flags?: number
  readonly tokensIn?: number
  readonly tokensOut?: number
  readonly cost?: bigint
}

const tickNanos = 1_000
const ticksPerMs = 1_000_000 / tickNanos

const dictionary = (words: readonly string[]): { words: string[]; code: (word: string) => number } => {
  const codes = new Map([...new Set(words)].map((word, index) => [word, index]))
  return { words: [...codes.keys()], code: (word) => codes.get(word) ?? 0 }
}

const spanIds = (rows: number): Uint8Array => {
  const bytes = new Uint8Array(rows * 8)
  const view = new DataView(bytes.buffer)
  for (let row = 0; row < rows; row++) view.setBigUint64(row * 8, 0xa3f2000000000000n + BigInt(row))
  return bytes
}

export const encodeSkeleton = (spans: readonly TestSpan[]): ArrayBuffer => {
  const names = dictionary(spans.map((s) => s.name))
  const agents = dictionary(['', ...spans.map((s) => s.agent ?? '')])
  const models = dictionary(['', ...spans.map((s) => s.model ?? '')])
  const u32 = (read: (span: TestSpan) => number): Uint32Array => Uint32Array.from(spans, read)
  const costs = BigInt64Array.from(spans, (s) => s.cost ?? 0n)
  const columns: readonly (readonly [name: string, type: string, values: ArrayBufferView])[] = [
    ['parent', 'i32', Int32Array.from(spans, (s) => s.parent)],
    ['start', 'u32', u32((s) => s.start * ticksPerMs)],
    ['duration', 'u32', u32((s) => s.duration * ticksPerMs)],
    ['name', 'u32', u32((s) => names.code(s.name))],
    ['agent', 'u32', u32((s) => agents.code(s.agent ?? ''))],
    ['model', 'u32', u32((s) => models.code(s.model ?? ''))],
    ['service', 'u32', u32(() => 0)],
    ['kind', 'u8', Uint8Array.from(spans, (s) => s.kind)],
    ['flags', 'u8', Uint8Array.from(spans, (s) => s.flags ?? 0)],
    ['tokensIn', 'u32', u32((s) => s.tokensIn ?? 0)],
    ['tokensOut', 'u32', u32((s) => s.tokensOut ?? 0)],
    ['cost', 'i64', costs],
    ['subtreeCost', 'i64', costs],
    ['spanId', 'bytes8', spanIds(spans.length)],
  ]
  let length = 0
  const placed = columns.map(([name, type, values]) => {
    const offset = length
    length += Math.ceil(values.byteLength / 8) * 8
    return { name, type, offset, values }
  })
  const header = new TextEncoder().encode(JSON.stringify({
    version: 1, traceId: 'a'.repeat(32), rows: spans.length, startUnixNano: '1763683200000000000', tickNanos, settled: true, status: 'COMPLETED',
    dictionaries: { name: names.words, agent: agents.words, model: models.words, service: ['svc'] },
    notes: { orphans: 0, cyclesBroken: 0, missingRoot: false },
    columns: placed.map(({ name, type, offset }) => ({ name, type, offset })),
  }))
  const base = Math.ceil((4 + header.length) / 8) * 8
  const bytes = new Uint8Array(base + length)
  new DataView(bytes.buffer).setUint32(0, header.length, true)
  bytes.set(header, 4)
  for (const { offset, values } of placed) bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), base + offset)
  return bytes.buffer
}
