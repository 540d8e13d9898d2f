import { isUtf8 } from 'node:buffer'
import { Refused } from '../refused.ts'

/** The bytes do not follow the protobuf wire format at this place. */
export class Malformed extends Error {}

/**
 * Most fields read of one request, those of nested messages and values included: a field takes two bytes or more on the wire,
 * and up to fifty times that in memory. 64 MiB of real spans have 5 million; these take about a second.
 */
export const fieldsPerRequestMax = 10_000_000

/** What is read has more fields than it may have. */
export class TooManyFields extends Refused {
  constructor() {
    super('too_large', `a request has at most ${fieldsPerRequestMax} fields and values, send smaller batches`)
  }
}

/** Wire types, https://protobuf.dev/programming-guides/encoding/#structure. Groups (3, 4) are not part of OTLP. */
export const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

/** Longest id in bytes; of a longer one the beginning is read, which is as wrong as the whole. */
const idBytesMax = 32
/** Keys and names up to this many bytes are interned: they repeat thousands of times a request. */
const internBytesMax = 96
/** Slots of the intern table, a power of two. A collision only costs a new string. */
const internSlots = 4096
const internedBytes: (Buffer | undefined)[] = Array.from({ length: internSlots })
const internedText: string[] = Array.from({ length: internSlots }, () => '')

/**
 * Reads protobuf in place. `end` bounds every read: a field cannot reach out of its message. All methods throw
 * `Malformed` on bad bytes, `TooManyFields` where there are more than `fieldsLeft`, and nothing else.
 */
export class WireReader {
  readonly bytes: Buffer
  at: number
  end: number
  /** Fields that may still be read. */
  fieldsLeft = fieldsPerRequestMax
  /** Strings that were not UTF-8 and were repaired with U+FFFD. */
  repairedStrings = 0

  constructor(bytes: Buffer, at: number, end: number) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  get done(): boolean {
    return this.at >= this.end
  }

  /** An unsigned varint that must fit 2^53: tags, lengths, enums, counts. */
  varint(): number {
    const { bytes, end } = this
    let byte = this.#byte()
    if (byte < 0x80) return byte
    let value = byte & 0x7f
    let scale = 0x80
    for (let i = 1; i < 10; i++) {
      if (this.at >= end) throw new Malformed('a varint reaches past the end')
      byte = bytes[this.at++] as number
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) throw new Malformed('a varint is out of range')
        return value
      }
      scale *= 0x80
    }
    throw new Malformed('a varint is longer than 10 bytes')
  }

  #byte(): number {
    if (this.at >= this.end) throw new Malformed('the message ends inside a field')
    return this.bytes[this.at++] as number
  }

  /** An `int64`: two's complement in a varint of up to 10 bytes. */
  int64(): bigint {
    const start = this.at
    let value = 0
    let scale = 1
    for (let i = 0; i < 7; i++) {
      const byte = this.#byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return BigInt(value)
      scale *= 0x80
    }
    this.at = start
    let big = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte()
      big |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asIntN(64, big)
    }
    throw new Malformed('a varint is longer than 10 bytes')
  }

  /** An enum or `uint32` of any size, folded to 32 bits as protobuf does: an unknown value is no error. */
  uint32(): number {
    return Number(BigInt.asUintN(32, this.int64()))
  }

  fixed64(): bigint {
    if (this.at + 8 > this.end) throw new Malformed('a fixed64 reaches past the end')
    const value = this.bytes.readBigUInt64LE(this.at)
    this.at += 8
    return value
  }

  double(): number {
    if (this.at + 8 > this.end) throw new Malformed('a double reaches past the end')
    const value = this.bytes.readDoubleLE(this.at)
    this.at += 8
    return value
  }

  fixed32(): number {
    if (this.at + 4 > this.end) throw new Malformed('a fixed32 reaches past the end')
    const value = this.bytes.readUInt32LE(this.at)
    this.at += 4
    return value
  }

  /** The next tag: field number shifted by 3, and the wire type. Field 0 and groups are malformed. */
  tag(): number {
    if (--this.fieldsLeft < 0) throw new TooManyFields()
    const tag = this.varint()
    const type = tag & 7
    if (tag < 8 || tag > 0xffff_ffff || type === 3 || type === 4 || type > 5) throw new Malformed(`tag ${tag} is no valid field`)
    return tag
  }

  /** Length of a length-delimited field, checked against the message's end. */
  length(): number {
    const length = this.varint()
    if (length > this.end - this.at) throw new Malformed(`a field of ${length} bytes reaches past the end of its message`)
    return length
  }

  skip(tag: number): void {
    switch (tag & 7) {
      case wire.varint:
        this.int64()
        return
      case wire.fixed64:
        this.fixed64()
        return
      case wire.bytes: {
        const length = this.length()
        this.at += length
        return
      }
      case wire.fixed32:
        this.fixed32()
        return
    }
    throw new Malformed(`wire type ${tag & 7} cannot be skipped`)
  }

  /** Runs `read` bounded to the nested message that starts here. The position afterwards is the message's end, whatever was read. */
  nested<T>(read: (reader: WireReader) => T): T {
    const length = this.length()
    const outerEnd = this.end
    const innerEnd = this.at + length
    this.end = innerEnd
    try {
      return read(this)
    } finally {
      this.end = outerEnd
      this.at = innerEnd
    }
  }

  text(length: number): string {
    const start = this.at
    this.at += length
    const value = this.bytes.toString('utf8', start, this.at)
    if (value.includes('\ufffd') && !isUtf8(this.bytes.subarray(start, this.at))) this.repairedStrings++
    return value
  }

  string(): string {
    return this.text(this.length())
  }

  /** A string of `length` bytes that is likely to repeat: an attribute key, a span name. */
  word(length: number): string {
    if (length > internBytesMax) return this.text(length)
    const { bytes } = this
    const start = this.at
    const end = start + length
    let hash = 0x811c9dc5
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
    const slot = (hash ^ (hash >>> 15)) & (internSlots - 1)
    const known = internedBytes[slot]
    if (known !== undefined && known.length === length && known.compare(bytes, start, end) === 0) {
      this.at = end
      return internedText[slot] as string
    }
    const text = this.text(length)
    internedBytes[slot] = Buffer.from(bytes.subarray(start, end))
    internedText[slot] = text
    return text
  }

  /** Hex of a bytes field, '' if it is empty. */
  hex(): string {
    const length = this.length()
    const start = this.at
    this.at += length
    return this.bytes.toString('hex', start, Math.min(this.at, start + idBytesMax))
  }

  /** A copy: nothing that lives on may hold the request's buffer. */
  copy(): Uint8Array {
    const length = this.length()
    const start = this.at
    this.at += length
    return Uint8Array.prototype.slice.call(this.bytes, start, this.at)
  }
}
