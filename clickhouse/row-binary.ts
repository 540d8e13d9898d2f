/**
 * ClickHouse's `RowBinary`: values one after the other, no header, so frames concatenate freely.
 * https://clickhouse.com/docs/interfaces/formats/RowBinary
 */

/** First allocation; one demo-shaped span row is about 1 KiB. */
const initialBytes = 16 * 1024
/** Up to this many characters a loop is faster than a call into the runtime; measured with names and ids of real spans. */
const loopCharsMax = 48

/** Called so, it is not looked up for every character: see `string`. */
const { charCodeAt } = String.prototype

/** The last integer a JS number has exactly. */
const countMax = 2 ** 53

/** Value of a hex digit by its character code, 255 for anything else. */
const hexValues = new Uint8Array(128).fill(255)
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  hexValues[digit.charCodeAt(0)] = value
  hexValues[digit.toUpperCase().charCodeAt(0)] = value
}

/**
 * Appends values to a growing buffer. Reuse it: `take()` hands the bytes out and starts over. The hot path of the
 * collector, 75 values a span: so it writes through a `DataView`, which the compiler inlines, and short text by itself.
 */
export class RowBinaryWriter {
  #bytes = Buffer.allocUnsafeSlow(initialBytes)
  #view = new DataView(this.#bytes.buffer)
  #at = 0

  get length(): number {
    return this.#at
  }

  /** A copy of what was written; the writer is empty afterwards. */
  take(): Buffer {
    const out = Buffer.from(this.#bytes.subarray(0, this.#at))
    this.#at = 0
    return out
  }

  /** A copy of what was written behind the first `length` bytes. */
  since(length: number): Buffer {
    return Buffer.from(this.#bytes.subarray(length, this.#at))
  }

  /** What another wrote, as it is. */
  copy(bytes: Buffer): void {
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  /** Copies what was written to `target` at `at` and forgets it; the end in `target`. */
  moveTo(target: Buffer, at: number): number {
    const end = at + this.#bytes.copy(target, at, 0, this.#at)
    this.#at = 0
    return end
  }

  /** Bytes it can hold before it grows. */
  get capacity(): number {
    return this.#bytes.length
  }

  /** Forgets what was written behind the first `length` bytes. */
  truncate(length: number): void {
    this.#at = Math.min(this.#at, length)
  }

  #room(bytes: number): void {
    const needed = this.#at + bytes
    if (needed > this.#bytes.length) this.#grow(needed)
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }

  varint(value: number): void {
    this.#room(10)
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.#at++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#at++] = rest
  }

  string(text: string): void {
    // Only tells the compiler that it is a string: V8 has a dozen kinds of them, and looks `length` up as of any object
    // where it has seen more than four (a third of the derivation of a span).
    const value = `${text}`
    if (value.length === 0) return this.uint8(0)
    if (value.length <= loopCharsMax && this.#ascii(value)) return
    // One byte a character is right for ASCII; anything longer is written behind a length measured first.
    if (value.length < 128) {
      this.#room(1 + value.length * 3)
      const written = this.#bytes.write(value, this.#at + 1, 'utf8')
      if (written < 128) {
        this.#bytes[this.#at] = written
        this.#at += 1 + written
        return
      }
    }
    const length = Buffer.byteLength(value, 'utf8')
    this.varint(length)
    this.#room(length)
    this.#bytes.write(value, this.#at, length, 'utf8')
    this.#at += length
  }

  /** False, and nothing written, where a character is not ASCII. */
  #ascii(text: string): boolean {
    const value = `${text}`
    const { length } = value
    this.#room(1 + length)
    const bytes = this.#bytes
    const start = this.#at + 1
    for (let i = 0; i < length; i++) {
      const code = charCodeAt.call(value, i)
      if (code > 0x7f) return false
      bytes[start + i] = code
    }
    bytes[this.#at] = length
    this.#at = start + length
    return true
  }

  /** Lower-case or upper-case hex of exactly `bytes` bytes; '' becomes zeros. */
  fixedHex(text: string, bytes: number): void {
    const hex = `${text}`
    if (hex.length !== 0 && hex.length !== bytes * 2) throw new Error(`'${hex}' is not ${bytes} bytes of hex`)
    this.#room(bytes)
    const start = this.#at
    this.#at += bytes
    if (hex.length === 0) return void this.#bytes.fill(0, start, this.#at)
    let digits = 0
    for (let i = 0; i < bytes; i++) {
      const high = hexValues[charCodeAt.call(hex, i * 2)] ?? 255
      const low = hexValues[charCodeAt.call(hex, i * 2 + 1)] ?? 255
      digits |= high | low
      this.#bytes[start + i] = (high << 4) | low
    }
    if (digits > 15) throw new Error(`'${hex}' is not hex`)
  }

  /** A boolean is written as 0 or 1. */
  uint8(value: number | boolean): void {
    this.#room(1)
    this.#bytes[this.#at++] = value as number
  }

  uint32(value: number): void {
    if (value >>> 0 !== value) throw new RangeError(`${value} is no UInt32`)
    this.#room(4)
    this.#view.setUint32(this.#at, value, true)
    this.#at += 4
  }

  int32(value: number): void {
    if ((value | 0) !== value) throw new RangeError(`${value} is no Int32`)
    this.#room(4)
    this.#view.setInt32(this.#at, value, true)
    this.#at += 4
  }

  /** A count: an integer from 0; above 2^53 it is written as 2^53. */
  uint64(count: number): void {
    if (!(count >= 0)) throw new RangeError(`${count} is no count`)
    const value = count > countMax ? countMax : count
    this.#room(8)
    this.#view.setUint32(this.#at, value, true)
    this.#view.setUint32(this.#at + 4, value < 0x1_0000_0000 ? 0 : Math.floor(value / 0x1_0000_0000), true)
    this.#at += 8
  }

  /** 64 bits; the caller makes sure that the value has no more. */
  bigUint64(value: bigint): void {
    this.#room(8)
    this.#view.setBigUint64(this.#at, value, true)
    this.#at += 8
  }

  /** 64 bits; the caller makes sure that the value has no more. */
  bigInt64(value: bigint): void {
    this.#room(8)
    this.#view.setBigInt64(this.#at, value, true)
    this.#at += 8
  }

  float64(value: number): void {
    this.#room(8)
    this.#view.setFloat64(this.#at, value, true)
    this.#at += 8
  }

  /** `Decimal(38, s)` is an Int128 scaled by 10^s. */
  int128(value: bigint): void {
    this.#room(16)
    // Writing takes the low 64 bits, whatever stands above them.
    this.#view.setBigUint64(this.#at, value, true)
    this.#view.setBigInt64(this.#at + 8, value >> 64n, true)
    this.#at += 16
  }
}
