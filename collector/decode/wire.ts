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
export const idBytesMax = 32
/** Text up to this many bytes is interned: keys, names, models and tools repeat thousands of times a request. */
const internBytesMax = 96
/** Slots of the intern table, a power of two. A collision only costs a new string. */
const internSlots = 8192
/** ASCII only, so that characters compare with bytes. */
const interned: string[] = Array.from({ length: internSlots }, () => '')
/** What stood last in a slot, as its hash: what is seen once (an id) does not push out what repeats. */
const seenOnce = new Int32Array(internSlots)

/**
 * Reads protobuf in place. `end` bounds every read: a field cannot reach out of its message. All methods throw
 * `Malformed` on bad bytes, `TooManyFields` where there are more than `fieldsLeft`, and nothing else.
 */
export class WireReader {
  readonly bytes: Buffer
  readonly #view: DataView
  at: number
  end: number
  /** Fields that may still be read. */
  fieldsLeft = fieldsPerRequestMax
  /** Strings that were not UTF-8 and were repaired with U+FFFD. */
  repairedStrings = 0

  constructor(bytes: Buffer, at: number, end: number) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
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
    if (this.at < this.end && (this.bytes[this.at] as number) < 0x80) return this.bytes[this.at++] as number
    return Number(BigInt.asUintN(32, this.int64()))
  }

  fixed64(): bigint {
    if (this.at + 8 > this.end) throw new Malformed('a fixed64 reaches past the end')
    const value = this.#view.getBigUint64(this.at, true)
    this.at += 8
    return value
  }

  double(): number {
    if (this.at + 8 > this.end) throw new Malformed('a double reaches past the end')
    const value = this.#view.getFloat64(this.at, true)
    this.at += 8
    return value
  }

  fixed32(): number {
    if (this.at + 4 > this.end) throw new Malformed('a fixed32 reaches past the end')
    const value = this.#view.getUint32(this.at, true)
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

  /**
   * Bounds what follows to the nested message that starts here; the end to give back to `leave`. A `Malformed` between the two
   * leaves the reader where it is: whoever goes on after one sets `at` and `end` anew.
   */
  enter(): number {
    const length = this.length()
    const outerEnd = this.end
    this.end = this.at + length
    return outerEnd
  }

  /** The position is the nested message's end then, whatever was read of it. */
  leave(outerEnd: number): void {
    this.at = this.end
    this.end = outerEnd
  }

  /** Runs `read` between `enter` and `leave`. */
  nested<T>(read: (reader: WireReader) => T): T {
    const outerEnd = this.enter()
    try {
      return read(this)
    } finally {
      this.leave(outerEnd)
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

  /** A string of `length` bytes that may repeat: an attribute key, a span name, a short value. */
  word(length: number): string {
    if (length > internBytesMax) return this.text(length)
    const { bytes } = this
    const start = this.at
    const end = start + length
    const hash = length < 4 ? this.#shortHash(start, end) : this.#sampleHash(start, length)
    const slot = (hash ^ (hash >>> 15)) & (internSlots - 1)
    const known = interned[slot] as string
    if (isText(bytes, start, known, length)) {
      this.at = end
      return known
    }
    const text = this.text(length)
    if (seenOnce[slot] !== hash) seenOnce[slot] = hash
    // Longer in bytes than in characters: not ASCII.
    else if (text.length === length) interned[slot] = text
    return text
  }

  /** Beginning, middle and end: keys that differ nowhere else share a slot, and only lose by it. */
  #sampleHash(start: number, length: number): number {
    const view = this.#view
    const middle = Math.imul(view.getUint32(start + ((length - 4) >> 1), true), 0x85eb_ca6b)
    return Math.imul(view.getUint32(start, true) ^ middle ^ Math.imul(view.getUint32(start + length - 4, true), 0x9e37_79b1) ^ length, 0xc2b2_ae35)
  }

  #shortHash(start: number, end: number): number {
    let hash = end - start
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ (this.bytes[i] as number), 0x0100_0193)
    return hash
  }

  /** Hex of a bytes field, '' if it is empty. The spans of a trace mostly come together, so `last` often is the answer. */
  hex(last: LastId): string {
    const length = this.length()
    const start = this.at
    this.at += length
    if (length !== last.bytes) return this.bytes.toString('hex', start, Math.min(this.at, start + idBytesMax))
    const low = this.#view.getUint32(start, true)
    const high = this.#view.getUint32(start + 4, true)
    const middle = length === 16 ? this.#view.getUint32(start + 8, true) : 0
    const end = length === 16 ? this.#view.getUint32(start + 12, true) : 0
    if (last.low !== low || last.high !== high || last.middle !== middle || last.end !== end) {
      last.text = this.bytes.toString('hex', start, this.at)
      last.low = low
      last.high = high
      last.middle = middle
      last.end = end
    }
    return last.text
  }

  /** A copy: nothing that lives on may hold the request's buffer. */
  copy(): Uint8Array {
    const length = this.length()
    const start = this.at
    this.at += length
    return Uint8Array.prototype.slice.call(this.bytes, start, this.at)
  }
}

/** The last id of a kind, 16 or 8 bytes long, and its hex. */
export interface LastId {
  readonly bytes: 16 | 8
  low: number
  high: number
  middle: number
  end: number
  text: string
}

export const noId = (bytes: 16 | 8): LastId => ({ bytes, low: 0, high: 0, middle: 0, end: 0, text: '0'.repeat(bytes * 2) })

/** Called so, it is not looked up for every character, whatever kind of string it is. */
const { charCodeAt } = String.prototype

function isText(bytes: Buffer, start: number, text: string, length: number): boolean {
  if (text.length !== length) return false
  for (let i = 0; i < length; i++) if (charCodeAt.call(text, i) !== bytes[start + i]) return false
  return true
}
