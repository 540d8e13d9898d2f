/**
 * ClickHouse's `Native` format: blocks of whole columns, so that a column of fixed width is one copy.
 * https://clickhouse.com/docs/interfaces/formats/Native: per block the number of columns and rows, per column its name,
 * type and values. Only the types that the skeleton asks for.
 */
export interface NativeBlock {
  readonly rows: number
  readonly columns: readonly NativeColumn[]
}

/** `at`: where the values begin; of words, where the numbers of the rows' words begin. */
export interface NativeColumn {
  readonly type: string
  readonly at: number
  /** Only of `LowCardinality(String)`. */
  readonly words: NativeWords | undefined
}

/** The words of one block, each once. */
export interface NativeWords {
  readonly count: number
  /** Where the length of the first begins. */
  readonly at: number
  /** Bytes of a row's number. */
  readonly width: 1 | 2 | 4 | 8
}

/** Bytes of one value. */
const widths: Readonly<Record<string, number>> = { UInt8: 1, Int64: 8, Float64: 8, 'FixedString(8)': 8 }

interface Cursor {
  at: number
}

/** Where everything lies; nothing is copied. Throws where the bytes are no such blocks. */
export function nativeBlocks(bytes: Buffer): NativeBlock[] {
  const cursor = { at: 0 }
  const text = (): string => {
    const length = readLength(bytes, cursor)
    cursor.at += length
    return bytes.toString('utf8', cursor.at - length, cursor.at)
  }
  const blocks: NativeBlock[] = []
  while (cursor.at < bytes.length) {
    const width = readLength(bytes, cursor)
    const rows = readLength(bytes, cursor)
    const columns = Array.from({ length: width }, () => {
      text()
      return column(bytes, cursor, text(), rows)
    })
    blocks.push({ rows, columns })
  }
  return blocks
}

/** Moves the cursor behind the column. */
function column(bytes: Buffer, cursor: Cursor, type: string, rows: number): NativeColumn {
  const fixed = widths[type]
  const words = fixed === undefined && rows > 0 ? readWords(bytes, cursor, type, rows) : undefined
  const { at } = cursor
  cursor.at += rows * (fixed ?? words?.width ?? 0)
  if (cursor.at > bytes.length) throw new Error('Native data ends inside a column')
  return { type, at, words }
}

/** `SerializationLowCardinality`: its version, what follows, the words, how many numbers. Without a dictionary shared by blocks, which `Native` never has. */
function readWords(bytes: Buffer, cursor: Cursor, type: string, rows: number): NativeWords {
  if (type !== 'LowCardinality(String)') throw new Error(`a Native column of type ${type} was not asked for`)
  const number = (): number => {
    cursor.at += 8
    return Number(bytes.readBigUInt64LE(cursor.at - 8))
  }
  const version = number()
  const what = number()
  const width = ([1, 2, 4, 8] as const)[what & 0xff]
  if (version !== 1 || width === undefined || (what & sharedDictionary) !== 0 || (what & ownWords) === 0) throw new Error(`words of version ${version} and kind ${what} are not known`)
  const count = number()
  const { at } = cursor
  for (let word = 0; word < count; word++) {
    const length = readLength(bytes, cursor)
    cursor.at += length
  }
  if (number() !== rows) throw new Error('a Native column has another number of rows than its block')
  return { count, at, width }
}
const sharedDictionary = 0x100
const ownWords = 0x200

/** An unsigned LEB128; moves the cursor behind it. */
export function readLength(bytes: Buffer, cursor: Cursor): number {
  let length = 0
  let scale = 1
  for (;;) {
    const byte = bytes[cursor.at++]
    if (byte === undefined) throw new Error('Native data ends inside a length')
    length += (byte & 0x7f) * scale
    if (byte < 0x80) return length
    scale *= 0x80
  }
}
