/** For tests: the plain reading of the format, byte by byte as `docs/architecture.md` says it. */
export interface DecodedSkeleton {
  readonly header: {
    readonly version: number
    readonly traceId: string
    readonly rows: number
    readonly startUnixNano: string
    readonly tickNanos: number
    readonly settled: boolean
    readonly status: string
    readonly dictionaries: Readonly<Record<'name' | 'agent' | 'model' | 'service', readonly string[]>>
    readonly notes: { readonly orphans: number; readonly cyclesBroken: number; readonly missingRoot: boolean }
    readonly columns: readonly { readonly name: string; readonly type: string; readonly offset: number }[]
  }
  readonly rows: readonly DecodedRow[]
}
export interface DecodedRow {
  readonly parent: number
  readonly start: number
  readonly duration: number
  readonly name: string
  readonly agent: string
  readonly model: string
  readonly service: string
  readonly kind: number
  readonly flags: number
  readonly tokensIn: number
  readonly tokensOut: number
  readonly cost: bigint
  readonly subtreeCost: bigint
  readonly spanId: string
}

export function decodeSkeleton(bytes: Buffer): DecodedSkeleton {
  const length = bytes.readUInt32LE(0)
  const header = JSON.parse(bytes.toString('utf8', 4, 4 + length)) as DecodedSkeleton['header']
  const body = Math.ceil((4 + length) / 8) * 8
  const offsets = new Map(header.columns.map(({ name, offset }) => [name, body + offset]))
  const at = (name: string): number => offsets.get(name) ?? -1
  const u32 = (name: string, row: number) => bytes.readUInt32LE(at(name) + row * 4)
  const word = (name: 'name' | 'agent' | 'model' | 'service', row: number) => header.dictionaries[name][u32(name, row)] ?? 'missing'
  return {
    header,
    rows: Array.from({ length: header.rows }, (_, row) => ({
      parent: bytes.readInt32LE(at('parent') + row * 4), start: u32('start', row), duration: u32('duration', row),
      name: word('name', row), agent: word('agent', row), model: word('model', row), service: word('service', row),
      kind: bytes.readUInt8(at('kind') + row), flags: bytes.readUInt8(at('flags') + row), tokensIn: u32('tokensIn', row), tokensOut: u32('tokensOut', row),
      cost: bytes.readBigInt64LE(at('cost') + row * 8), subtreeCost: bytes.readBigInt64LE(at('subtreeCost') + row * 8),
      spanId: bytes.toString('hex', at('spanId') + row * 8, at('spanId') + row * 8 + 8),
    })),
  }
}
