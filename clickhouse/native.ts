/**
 * `RowBinary` rows as one block of ClickHouse's `Native` format, which the engine takes in at a fifth of the cost: 3 instead of
 * 15 µs of processor for a row of `spans`, because words that repeat arrive as a dictionary and columns as they are stored.
 * https://clickhouse.com/docs/interfaces/formats/Native, and for dictionaries ClickHouse src/DataTypes/Serializations/SerializationLowCardinality.cpp
 */

export interface NativeColumn {
  readonly name: string
  /** ClickHouse type. */
  readonly type: string
  /** What the rows have in its place, where that is another: a longer `FixedString`, of which the beginning is taken. */
  readonly rowType?: string
}

/** One column of a block under construction: takes values off a row, gives its bytes in the end. */
interface Builder {
  take(rows: Rows): void
  /** Takes the value of the row before once more. Lists and values that may be none cannot. */
  repeat?(): void
  /** Bytes that stand before any data of the column: versions of dictionaries, nested ones included. */
  prefix(out: ByteSink): void
  data(out: ByteSink): void
  /** Begins anew, in the memory it has. */
  clear(): void
  /** How much that is. */
  readonly capacity: number
}

/** A type that this file does not know: such rows are inserted as they are. */
export class UnknownType extends Error {}

/**
 * The block, with `columns` in their order, the first `alike` of which mostly repeat the row before (see `Table`). It stands in
 * `memory` if it has room. Throws `UnknownType`, or `RangeError` where `body` does not hold `rowCount` rows.
 */
export function nativeBlock(columns: readonly NativeColumn[], rowCount: number, body: Buffer, alike = 0, memory: Buffer = Buffer.allocUnsafeSlow(body.length)): Buffer {
  const kind = columns.map(({ type, rowType = type }) => `${type} ${rowType}`).join()
  const builders = takeSpare(kind, body.length) ?? columns.map(({ type, rowType = type }) => builderOf(type, rowCount, fixedWidth(rowType)))
  const rows = new Rows(body)
  const head = headOf(builders, alike)
  const takeHead = takeRow(columns, 0, head.length)
  const takeRest = takeRow(columns, head.length, columns.length)
  let headAt = 0
  let headEnd = 0
  for (let row = 0; row < rowCount; row++) {
    const at = rows.at
    const end = at + headEnd - headAt
    // A value says where it ends, so the same bytes are the same values.
    if (headEnd > headAt && end <= body.length && body.compare(body, headAt, headEnd, at, end) === 0) {
      for (const builder of head) builder.repeat()
      rows.at = end
    } else {
      takeHead(builders, rows)
      headAt = at
      headEnd = rows.at
    }
    takeRest(builders, rows)
  }
  if (!rows.done) throw new RangeError(`${rowCount} rows end before the ${body.length} bytes do`)
  const out = new ByteSink(memory)
  out.varint(columns.length)
  out.varint(rowCount)
  columns.forEach(({ name, type }, at) => {
    out.text(name)
    out.text(type)
    if (rowCount === 0) return
    builders[at]?.prefix(out)
    builders[at]?.data(out)
  })
  giveBack(kind, builders)
  return out.finish()
}

/** What builders of one kind of block may keep while nobody uses them, in bytes. A crowd's segments are of 32 MiB at most. */
const spareBytesMax = 48 * 1024 * 1024
/** Builders that have more than this many times the bytes of the next rows are let go: what a crowd needed a trickle does not keep. */
const spareShareMax = 64

/**
 * Builders of the last block, by its columns' types. Made anew for every block they were 40 MB of garbage a second that V8 does not
 * see as such: it counts as external memory, and each 64 MiB of it began a full collection.
 */
const spare = new Map<string, readonly Builder[]>()

function takeSpare(kind: string, bodyLength: number): readonly Builder[] | undefined {
  const builders = spare.get(kind)
  spare.delete(kind)
  return builders !== undefined && capacityOf(builders) <= Math.max(bodyLength, 1024) * spareShareMax ? builders : undefined
}

function giveBack(kind: string, builders: readonly Builder[]): void {
  if (capacityOf(builders) > spareBytesMax) return
  for (const builder of builders) builder.clear()
  spare.set(kind, builders)
}

const capacityOf = (builders: readonly Builder[]): number => builders.reduce((sum, { capacity }) => sum + capacity, 0)

type TakeRow = (builders: readonly Builder[], rows: Rows) => void
/** By the types of the columns, and which of them. Tables are few. */
const compiled = new Map<string, TakeRow>()

/** A call for every column at a place of its own, so that the compiler knows where each goes: see `compile` in `table.ts`. */
function takeRow(columns: readonly NativeColumn[], from: number, to: number): TakeRow {
  const name = `${from} ${to} ${columns.map(({ type }) => type).join()}`
  const known = compiled.get(name)
  if (known !== undefined) return known
  const calls = [...columns.keys()].slice(from, to).map((at) => `builders[${at}].take(rows)`)
  const take = new Function('builders', 'rows', calls.join('\n')) as TakeRow
  compiled.set(name, take)
  return take
}

type Repeating = Builder & Required<Pick<Builder, 'repeat'>>
const isRepeating = (builder: Builder): builder is Repeating => builder.repeat !== undefined

/** The first builders, at most `alike`, that can repeat. */
function headOf(builders: readonly Builder[], alike: number): readonly Repeating[] {
  const other = builders.findIndex((builder) => !isRepeating(builder))
  return builders.slice(0, Math.min(alike, other === -1 ? builders.length : other)).filter(isRepeating)
}

const widths: Readonly<Record<string, number>> = { UInt8: 1, Bool: 1, UInt32: 4, Int32: 4, UInt64: 8, Int64: 8, Float64: 8, 'Decimal(38, 12)': 16 }

/** In bytes; 0 for what has none. */
const fixedWidth = (type: string): number =>
  widths[type] ?? (type.startsWith('DateTime64(') ? 8 : type.startsWith('Enum8(') ? 1 : Number(/^FixedString\((\d+)\)$/.exec(type)?.[1] ?? 0))

function builderOf(type: string, rowCount: number, rowWidth = fixedWidth(type)): Builder {
  const width = fixedWidth(type)
  if (width > 0) return new Fixed(width, rowCount, rowWidth)
  if (type === 'String') return new Text(rowCount)
  if (type === 'LowCardinality(String)') return new Words(rowCount)
  const nullable = /^Nullable\((.+)\)$/.exec(type)?.[1]
  if (nullable !== undefined && widthOf(nullable) > 0) return new Nullable(widthOf(nullable), rowCount)
  const items = /^Array\((.+)\)$/.exec(type)?.[1]
  if (items !== undefined) return new List([builderOf(items, rowCount)], rowCount)
  const values = /^Map\(LowCardinality\(String\), (.+)\)$/.exec(type)?.[1]
  if (values !== undefined) return new List([new Words(rowCount), builderOf(values, rowCount)], rowCount)
  throw new UnknownType(type)
}

const widthOf = (type: string): number => widths[type] ?? (type.startsWith('DateTime64(') ? 8 : 0)

/** Where in the rows we are. Builders move `at` themselves: this is the inner loop. */
class Rows {
  readonly bytes: Buffer
  at = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  get done(): boolean {
    return this.at === this.bytes.length
  }

  varint(): number {
    const first = this.#byte()
    if (first < 0x80) return first
    let value = first & 0x7f
    for (let scale = 0x80; ; scale *= 0x80) {
      const byte = this.#byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }

  #byte(): number {
    if (this.at >= this.bytes.length) throw new RangeError('a row reaches past the end')
    return this.bytes[this.at++] as number
  }

  /** Steps over `length` bytes; where they begin. */
  skip(length: number): number {
    const start = this.at
    this.at += length
    if (this.at > this.bytes.length) throw new RangeError('a row reaches past the end')
    return start
  }
}

/** Grows as it is appended to. */
class ByteSink {
  bytes: Buffer
  length = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  clear(): void {
    this.length = 0
  }

  room(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.length + more, this.bytes.length * 2, 64))
    this.bytes.copy(larger, 0, 0, this.length)
    this.bytes = larger
  }

  append(from: Uint8Array, start: number, end: number): void {
    const count = end - start
    this.room(count)
    const { bytes, length } = this
    // A call into the runtime costs as much as copying this many bytes one by one.
    if (count <= 24) for (let i = 0; i < count; i++) bytes[length + i] = from[start + i] as number
    else bytes.set(from.subarray(start, end), length)
    this.length = length + count
  }

  varint(value: number): void {
    this.room(10)
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.bytes[this.length++] = (rest % 0x80) | 0x80
    this.bytes[this.length++] = rest
  }

  text(value: string): void {
    const bytes = Buffer.from(value)
    this.varint(bytes.length)
    this.append(bytes, 0, bytes.length)
  }

  uint64(value: number): void {
    this.room(8)
    this.bytes.writeUInt32LE(value % 0x1_0000_0000, this.length)
    this.bytes.writeUInt32LE(Math.floor(value / 0x1_0000_0000), this.length + 4)
    this.length += 8
  }

  /** What was written. */
  finish(): Buffer {
    return this.bytes.subarray(0, this.length)
  }
}

class Fixed implements Builder {
  readonly #width: number
  /** What a row has of it, the same or more. */
  readonly #rowWidth: number
  #bytes: Uint8Array
  #at = 0

  constructor(width: number, rowCount: number, rowWidth: number) {
    this.#width = width
    this.#rowWidth = rowWidth
    this.#bytes = new Uint8Array(Math.max(width * rowCount, 64))
  }

  take(rows: Rows): void {
    const width = this.#width
    const from = rows.bytes
    let start = rows.skip(this.#rowWidth)
    let at = this.#at
    const end = at + width
    if (end > this.#bytes.length) this.#grow()
    const bytes = this.#bytes
    while (at < end) bytes[at++] = from[start++] as number
    this.#at = end
  }

  repeat(): void {
    const end = this.#at + this.#width
    if (end > this.#bytes.length) this.#grow()
    const bytes = this.#bytes
    for (let at = this.#at; at < end; at++) bytes[at] = bytes[at - this.#width] as number
    this.#at = end
  }

  clear(): void {
    this.#at = 0
  }

  get capacity(): number {
    return this.#bytes.length
  }

  /** Items of lists: how many there are is not known before. */
  #grow(): void {
    const larger = new Uint8Array(this.#bytes.length * 2)
    larger.set(this.#bytes)
    this.#bytes = larger
  }

  prefix(): void {}

  data(out: ByteSink): void {
    out.append(this.#bytes, 0, this.#at)
  }
}

class Nullable implements Builder {
  readonly #width: number
  readonly #isNull: ByteSink
  readonly #values: ByteSink
  readonly #zeros: Buffer

  constructor(width: number, rowCount: number) {
    this.#width = width
    this.#isNull = new ByteSink(Buffer.allocUnsafeSlow(rowCount))
    this.#values = new ByteSink(Buffer.allocUnsafeSlow(rowCount * width))
    this.#zeros = Buffer.alloc(width)
  }

  take(rows: Rows): void {
    const flag = rows.skip(1)
    this.#isNull.append(rows.bytes, flag, rows.at)
    if (rows.bytes[flag] === 0) {
      const start = rows.skip(this.#width)
      this.#values.append(rows.bytes, start, rows.at)
    } else this.#values.append(this.#zeros, 0, this.#width)
  }

  prefix(): void {}

  data(out: ByteSink): void {
    out.append(this.#isNull.bytes, 0, this.#isNull.length)
    out.append(this.#values.bytes, 0, this.#values.length)
  }

  clear(): void {
    this.#isNull.clear()
    this.#values.clear()
  }

  get capacity(): number {
    return this.#isNull.bytes.length + this.#values.bytes.length
  }
}

/** In both formats a string is its length and its bytes. */
class Text implements Builder {
  readonly #sink: ByteSink
  /** Where the last one begins. */
  #last = 0

  constructor(rowCount: number) {
    this.#sink = new ByteSink(Buffer.allocUnsafeSlow(rowCount * 8))
  }

  take(rows: Rows): void {
    const start = rows.at
    rows.skip(rows.varint())
    this.#last = this.#sink.length
    this.#sink.append(rows.bytes, start, rows.at)
  }

  repeat(): void {
    const start = this.#last
    const end = this.#sink.length
    this.#last = end
    // Before the bytes are looked up: it may move them.
    this.#sink.room(end - start)
    this.#sink.append(this.#sink.bytes, start, end)
  }

  prefix(): void {}

  data(out: ByteSink): void {
    out.append(this.#sink.bytes, 0, this.#sink.length)
  }

  clear(): void {
    this.#sink.clear()
    this.#last = 0
  }

  get capacity(): number {
    return this.#sink.bytes.length
  }
}

/** Version of a dictionary's serialization: `SharedDictionariesWithAdditionalKeys`. */
const sharedDictionaries = 1
/** The block brings its own keys. */
const hasAdditionalKeys = 1 << 9

class Words implements Builder {
  /** Every key once, each with its length before it. */
  readonly #keys = new ByteSink(Buffer.allocUnsafeSlow(256))
  /** Where each key begins in `#keys`, behind its length, and how long it is. */
  #keyAt = new Uint32Array(16)
  #keyLength = new Uint32Array(16)
  #count = 0
  /** Open addressing over hashes of the keys; 0 is free, else the key's number and one. */
  #slots = new Uint32Array(64)
  #rows: Uint32Array
  #rowCount = 0
  /** The key of the row before: most columns repeat it. */
  #last = -1

  constructor(rowCount: number) {
    this.#rows = new Uint32Array(Math.max(rowCount, 16))
  }

  take(rows: Rows): void {
    const length = rows.varint()
    const start = rows.skip(length)
    const last = this.#last
    // The commonest case first: an empty word behind an empty word.
    const repeated = last !== -1 && this.#keyLength[last] === length && (length === 0 || this.#isKey(last, rows.bytes, start, length))
    if (!repeated) this.#last = this.#numberOf(rows.bytes, start, length)
    this.repeat()
  }

  repeat(): void {
    if (this.#rowCount === this.#rows.length) this.#rows = grown(this.#rows)
    this.#rows[this.#rowCount++] = this.#last
  }

  #isKey(key: number, bytes: Buffer, start: number, length: number): boolean {
    if (this.#keyLength[key] !== length) return false
    const at = this.#keyAt[key] as number
    const keys = this.#keys.bytes
    if (length > 48) return keys.compare(bytes, start, start + length, at, at + length) === 0
    for (let i = 0; i < length; i++) if (keys[at + i] !== bytes[start + i]) return false
    return true
  }

  #numberOf(bytes: Buffer, start: number, length: number): number {
    const mask = this.#slots.length - 1
    let slot = hashOf(bytes, start, length) & mask
    for (let key = this.#slots[slot] as number; key !== 0; key = this.#slots[slot] as number) {
      if (this.#isKey(key - 1, bytes, start, length)) return key - 1
      slot = (slot + 1) & mask
    }
    return this.#add(bytes, start, length, slot)
  }

  #add(bytes: Buffer, start: number, length: number, slot: number): number {
    const key = this.#count++
    if (key === this.#keyAt.length) {
      this.#keyAt = grown(this.#keyAt)
      this.#keyLength = grown(this.#keyLength)
    }
    this.#keys.varint(length)
    this.#keyAt[key] = this.#keys.length
    this.#keyLength[key] = length
    this.#keys.append(bytes, start, start + length)
    this.#slots[slot] = key + 1
    if (this.#count * 2 > this.#slots.length) this.#rehash()
    return key
  }

  #rehash(): void {
    const slots = new Uint32Array(this.#slots.length * 4)
    const mask = slots.length - 1
    for (let key = 0; key < this.#count; key++) {
      let slot = hashOf(this.#keys.bytes, this.#keyAt[key] as number, this.#keyLength[key] as number) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = key + 1
    }
    this.#slots = slots
  }

  prefix(out: ByteSink): void {
    out.uint64(sharedDictionaries)
  }

  data(out: ByteSink): void {
    // An empty dictionary is not written at all: the lists around it have no items.
    if (this.#rowCount === 0) return
    const width = this.#count <= 0x100 ? 1 : this.#count <= 0x1_0000 ? 2 : 4
    out.uint64(hasAdditionalKeys | (width === 1 ? 0 : width === 2 ? 1 : 2))
    out.uint64(this.#count)
    out.append(this.#keys.bytes, 0, this.#keys.length)
    out.uint64(this.#rowCount)
    const used = this.#rows.subarray(0, this.#rowCount)
    const numbers = width === 1 ? new Uint8Array(used) : width === 2 ? new Uint16Array(used) : used
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
    out.append(bytes, 0, bytes.length)
  }

  clear(): void {
    this.#keys.clear()
    this.#slots.fill(0)
    this.#count = 0
    this.#rowCount = 0
    this.#last = -1
  }

  get capacity(): number {
    return this.#keys.bytes.length + (this.#keyAt.length * 2 + this.#slots.length + this.#rows.length) * 4
  }
}

function grown(numbers: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(numbers.length * 2)
  larger.set(numbers)
  return larger
}

/** At most 32 bytes of it: more would not tell more apart, and a resource's text takes thousands. */
function hashOf(bytes: Buffer, start: number, length: number): number {
  let hash = length
  const step = length <= 32 ? 1 : length / 32
  for (let i = 0; i < length; i += step) hash = Math.imul(hash ^ (bytes[start + (i | 0)] as number), 0x0100_0193)
  return hash ^ (hash >>> 15)
}

/** An array, or a map as an array of pairs: where each row's items end, then the items column by column. */
class List implements Builder {
  readonly #items: readonly Builder[]
  #ends: Uint32Array
  #rowCount = 0
  #total = 0

  constructor(items: readonly Builder[], rowCount: number) {
    this.#items = items
    this.#ends = new Uint32Array(Math.max(rowCount, 16))
  }

  take(rows: Rows): void {
    const count = rows.varint()
    for (let item = 0; item < count; item++) for (const builder of this.#items) builder.take(rows)
    this.#total += count
    if (this.#rowCount === this.#ends.length) this.#ends = grown(this.#ends)
    this.#ends[this.#rowCount++] = this.#total
  }

  prefix(out: ByteSink): void {
    for (const builder of this.#items) builder.prefix(out)
  }

  data(out: ByteSink): void {
    for (let row = 0; row < this.#rowCount; row++) out.uint64(this.#ends[row] as number)
    if (this.#total === 0) return
    for (const builder of this.#items) builder.data(out)
  }

  clear(): void {
    for (const builder of this.#items) builder.clear()
    this.#rowCount = 0
    this.#total = 0
  }

  get capacity(): number {
    return capacityOf(this.#items) + this.#ends.length * 4
  }
}
