/**
 * Answers in ClickHouse's `Native` format, column by column: https://clickhouse.com/docs/interfaces/formats/Native. A value is made
 * when it is asked for, and a word that repeats is one string however many rows say it; as text, a row of spans costs ten times as
 * much. Who asks says which columns he expects, so a table that changed is an error and never a wrong value.
 */

/** A column's value by row. */
export type Column<T> = (row: number) => T

export interface ColumnType<T> {
  /** As ClickHouse writes it. */
  readonly type: string
  /** Versions of dictionaries, which stand before the values. */
  readonly prefix: (source: NativeSource) => void
  readonly values: (source: NativeSource, rows: number) => Column<T>
}

/** Bytes and how far they are read. */
export interface NativeSource {
  readonly bytes: Buffer
  at: number
}

type Columns<Types> = { readonly [name in keyof Types]: Types[name] extends ColumnType<infer T> ? Column<T> : never }

export interface Block<Types> {
  readonly rows: number
  readonly columns: Columns<Types>
}

/** All blocks of an answer to `SELECT ${Object.keys(types)…}`, in this order. */
export function readNative<Types extends Readonly<Record<string, ColumnType<unknown>>>>(bytes: Buffer, types: Types): readonly Block<Types>[] {
  const source = { bytes, at: 0 }
  const names = Object.keys(types)
  const blocks: Block<Types>[] = []
  while (source.at < bytes.length) {
    const width = varint(source)
    const rows = varint(source)
    if (width !== names.length) throw new RangeError(`${names.length} columns were asked for, the answer has ${width}`)
    const columns = Object.fromEntries(names.map((name) => {
      const said = text(source)
      const type = text(source)
      const column = types[name] as ColumnType<unknown>
      if (said !== name || type !== column.type) throw new RangeError(`column ${name} of type ${column.type} was asked for, the answer has ${said} of type ${type}`)
      if (rows === 0) return [name, (row: number) => outside(row)]
      column.prefix(source)
      return [name, column.values(source, rows)]
    }))
    blocks.push({ rows, columns: columns as Columns<Types> })
  }
  return blocks
}

const outside = (row: number): never => {
  throw new RangeError(`there is no row ${row}`)
}

function varint(source: NativeSource): number {
  let value = 0
  for (let scale = 1; ; scale *= 0x80) {
    const byte = source.bytes[source.at++]
    if (byte === undefined) throw new RangeError('the answer ends inside a length')
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return value
  }
}

function skip(source: NativeSource, length: number): number {
  const { at } = source
  source.at += length
  if (source.at > source.bytes.length) throw new RangeError('the answer ends inside a column')
  return at
}

function text(source: NativeSource): string {
  const length = varint(source)
  const at = skip(source, length)
  return source.bytes.toString('utf8', at, at + length)
}

const nothing = (): void => undefined

/** Copied, because values of eight bytes must stand where a multiple of eight does. */
function aligned({ bytes }: NativeSource, at: number, length: number): ArrayBuffer {
  const copy = new Uint8Array(length)
  copy.set(bytes.subarray(at, at + length))
  return copy.buffer
}

const fixed = <T>(type: string, width: number, column: (source: NativeSource, at: number, rows: number) => Column<T>): ColumnType<T> => ({
  type, prefix: nothing, values: (source, rows) => column(source, skip(source, rows * width), rows),
})

export const uint8s: ColumnType<number> = fixed('UInt8', 1, ({ bytes }, at) => (row) => bytes[at + row] as number)
export const flags: ColumnType<boolean> = fixed('Bool', 1, ({ bytes }, at) => (row) => bytes[at + row] !== 0)
export const uint32s: ColumnType<number> = fixed('UInt32', 4, ({ bytes }, at) => (row) => bytes.readUInt32LE(at + row * 4))
const int64 = (source: NativeSource, at: number, rows: number): Column<bigint> => {
  const values = new BigInt64Array(aligned(source, at, rows * 8))
  return (row) => values[row] as bigint
}
export const int64s: ColumnType<bigint> = fixed('Int64', 8, int64)
export const times: ColumnType<bigint> = fixed(`DateTime64(9, 'UTC')`, 8, int64)
export const versions: ColumnType<bigint> = fixed('UInt64', 8, (source, at, rows) => {
  const values = new BigUint64Array(aligned(source, at, rows * 8))
  return (row) => values[row] as bigint
})
/** Counts up to 2^53. */
export const counts: ColumnType<number> = fixed('UInt64', 8, (source, at, rows) => {
  const halves = new Uint32Array(aligned(source, at, rows * 8))
  return (row) => (halves[row * 2] as number) + (halves[row * 2 + 1] as number) * 0x1_0000_0000
})
export const float64s: ColumnType<number> = fixed('Float64', 8, (source, at, rows) => {
  const values = new Float64Array(aligned(source, at, rows * 8))
  return (row) => values[row] as number
})
/** Times 10^12, exactly. */
export const decimals: ColumnType<bigint> = fixed('Decimal(38, 12)', 16, (source, at, rows) => {
  const halves = new BigInt64Array(aligned(source, at, rows * 16))
  return (row) => {
    const low = halves[row * 2] as bigint
    const high = halves[row * 2 + 1] as bigint
    // Any amount below nine million dollars fits the lower half.
    return (high === 0n && low >= 0n) || (high === -1n && low < 0n) ? low : (high << 64n) | BigInt.asUintN(64, low)
  }
})
/** Hex; zeros are ''. Rows of one trace follow each other, so the id before is looked at first. */
export const ids = (width: 8 | 16 | 32): ColumnType<string> => fixed(`FixedString(${width})`, width, ({ bytes }, at) => {
  let before = -1
  let said = ''
  return (row) => {
    const from = at + row * width
    if (before === -1 || !isSame(bytes, before, from, width)) said = isZero(bytes, from, width) ? '' : bytes.toString('hex', from, from + width)
    before = from
    return said
  }
})

function isSame(bytes: Buffer, a: number, b: number, width: number): boolean {
  for (let byte = 0; byte < width; byte++) if (bytes[a + byte] !== bytes[b + byte]) return false
  return true
}

function isZero(bytes: Buffer, from: number, width: number): boolean {
  for (let byte = from; byte < from + width; byte++) if (bytes[byte] !== 0) return false
  return true
}

/** A closed set, in its order from 1, as `choice` in table.ts stores it. */
export const choices = <T extends string>(of: readonly T[]): ColumnType<T> =>
  fixed(`Enum8(${of.map((value, index) => `'${value}' = ${index + 1}`).join(', ')})`, 1, ({ bytes }, at) => (row) => of[(bytes[at + row] as number) - 1] as T)

export const nullable = <T>({ type, prefix, values }: ColumnType<T>): ColumnType<T | undefined> => ({
  type: `Nullable(${type})`, prefix,
  values: (source, rows) => {
    const at = skip(source, rows)
    const inner = values(source, rows)
    const { bytes } = source
    return (row) => (bytes[at + row] === 0 ? inner(row) : undefined)
  },
})

export const texts: ColumnType<string> = {
  type: 'String', prefix: nothing,
  values: (source, rows) => {
    const { bytes } = source
    // Where each ends; what lies between one's end and the next one's beginning is a length.
    const from = new Uint32Array(rows)
    const to = new Uint32Array(rows)
    for (let row = 0; row < rows; row++) {
      const length = varint(source)
      from[row] = skip(source, length)
      to[row] = source.at
    }
    const said = recentTexts(bytes)
    return (row) => (from[row] === to[row] ? '' : said(from[row] as number, to[row] as number))
  },
}

/** Slots, and bytes of the longest text, that are remembered of a column. */
const recentSlots = 1_024
const recentBytesMax = 48

/** Most attributes say the same again and again: a text that was made lately is not made again. */
function recentTexts(bytes: Buffer): (from: number, to: number) => string {
  const texts: string[] = []
  const places = new Uint32Array(recentSlots)
  const lengths = new Uint32Array(recentSlots)
  return (from, to) => {
    const length = to - from
    if (length > recentBytesMax) return bytes.toString('utf8', from, to)
    let hash = length
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x0100_0193)
    const slot = (hash ^ (hash >>> 15)) & (recentSlots - 1)
    if (lengths[slot] === length && isSame(bytes, places[slot] as number, from, length)) return texts[slot] as string
    places[slot] = from
    lengths[slot] = length
    return (texts[slot] = bytes.toString('utf8', from, to))
  }
}

const sharedDictionaries = 1n
const ownKeys = 0x200
const sharedKeys = 0x100

const uint64 = (source: NativeSource): bigint => source.bytes.readBigUInt64LE(skip(source, 8))

/** ClickHouse src/DataTypes/Serializations/SerializationLowCardinality.cpp: a block's words once, then a number for each row. */
export const words: ColumnType<string> = {
  type: 'LowCardinality(String)',
  prefix: (source) => {
    const version = uint64(source)
    if (version !== sharedDictionaries) throw new RangeError(`words of version ${version} are not known`)
  },
  values: (source, rows) => {
    if (rows === 0) return outside
    const kind = Number(uint64(source))
    if ((kind & sharedKeys) !== 0 || (kind & ownKeys) === 0) throw new RangeError(`words of kind ${kind} are not known`)
    const said = Array.from({ length: Number(uint64(source)) }, () => text(source))
    if (uint64(source) !== BigInt(rows)) throw new RangeError('a column has another number of rows than its block')
    const width = [1, 2, 4, 8][kind & 0xff] ?? 8
    const { bytes } = source
    const at = skip(source, rows * width)
    switch (width) {
      case 1: return (row) => said[bytes[at + row] as number] as string
      case 2: return (row) => said[(bytes[at + row * 2] as number) | ((bytes[at + row * 2 + 1] as number) << 8)] as string
      default: return (row) => said[bytes.readUInt32LE(at + row * width)] as string
    }
  },
}

/** Where the items of each row end. */
function ends(source: NativeSource, rows: number): Uint32Array {
  const at = skip(source, rows * 8)
  const found = new Uint32Array(rows + 1)
  for (let row = 0; row < rows; row++) found[row + 1] = source.bytes.readUInt32LE(at + row * 8)
  return found
}

const empty: readonly never[] = []

export const lists = <T>({ type, prefix, values }: ColumnType<T>): ColumnType<readonly T[]> => ({
  type: `Array(${type})`, prefix,
  values: (source, rows) => {
    const end = ends(source, rows)
    const total = end[rows] as number
    if (total === 0) return () => empty
    const item = values(source, total)
    return (row) => {
      const from = end[row] as number
      const to = end[row + 1] as number
      if (from === to) return empty
      const list: T[] = []
      for (let at = from; at < to; at++) list.push(item(at))
      return list
    }
  },
})

/** Calls `each` with the pairs of a row's map. */
export type EachPair<T> = (each: (key: string, value: T) => void) => void

export const maps = <T>({ type, prefix, values }: ColumnType<T>): ColumnType<EachPair<T>> => ({
  type: `Map(LowCardinality(String), ${type})`,
  prefix: (source) => {
    words.prefix(source)
    prefix(source)
  },
  values: (source, rows) => {
    const end = ends(source, rows)
    const total = end[rows] as number
    if (total === 0) return () => nothing
    const key = words.values(source, total)
    const value = values(source, total)
    return (row) => {
      const from = end[row] as number
      const to = end[row + 1] as number
      if (from === to) return nothing
      return (each) => {
        for (let at = from; at < to; at++) each(key(at), value(at))
      }
    }
  },
})
