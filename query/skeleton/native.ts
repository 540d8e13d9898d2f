/**
 * ClickHouse's `Native` format: blocks of whole columns, so that a column of fixed width is one copy.
 * https://clickhouse.com/docs/interfaces/formats/Native: per block the number of columns and rows, per column its name,
 * type and values. Only the types that the skeleton asks for.
 */
export interface NativeBlock {
  readonly rows: number
  readonly columns: readonly NativeColumn[]
}

/** `at`: where the values begin; of texts, where the length of the first begins. */
export interface NativeColumn {
  readonly type: string
  readonly at: number
}

/** Bytes of one value. */
const widths: Readonly<Record<string, number>> = { UInt8: 1, Int64: 8, Float64: 8, 'FixedString(8)': 8 }

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
      const type = text()
      const at = cursor.at
      skip(bytes, cursor, type, rows)
      return { type, at }
    })
    blocks.push({ rows, columns })
  }
  return blocks
}

function skip(bytes: Buffer, cursor: { at: number }, type: string, rows: number): void {
  const fixed = widths[type]
  if (fixed !== undefined) cursor.at += rows * fixed
  else if (type !== 'String') throw new Error(`a Native column of type ${type} was not asked for`)
  else for (let row = 0; row < rows; row++) {
    const length = readLength(bytes, cursor)
    cursor.at += length
  }
}

/** An unsigned LEB128; moves the cursor behind it. */
export function readLength(bytes: Buffer, cursor: { at: number }): number {
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
