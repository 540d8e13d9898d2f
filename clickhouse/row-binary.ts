/**
 * ClickHouse's `RowBinary`: values one after the other, no header, so frames concatenate freely.
 * https://clickhouse.com/docs/interfaces/formats/RowBinary
 */

/** First allocation; one demo-shaped span row is about 1 KiB. */
const initialBytes = 16 * 1024
const int128Low = (1n << 64n) - 1n

/** Appends values to a growing buffer. Reuse it: `take()` hands the bytes out and starts over. */
export class RowBinaryWriter {
  #bytes = Buffer.allocUnsafe(initialBytes)
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

  /** Forgets what was written behind the first `length` bytes. */
  truncate(length: number): void {
    this.#at = Math.min(this.#at, length)
  }

  #room(bytes: number): void {
    const needed = this.#at + bytes
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
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

  string(value: string): void {
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

  /** Lower-case or upper-case hex of exactly `bytes` bytes; '' becomes zeros. */
  fixedHex(hex: string, bytes: number): void {
    if (hex.length !== 0 && hex.length !== bytes * 2) throw new Error(`'${hex}' is not ${bytes} bytes of hex`)
    this.#room(bytes)
    if (hex.length === 0) this.#bytes.fill(0, this.#at, this.#at + bytes)
    else if (this.#bytes.write(hex, this.#at, bytes, 'hex') !== bytes) throw new Error(`'${hex}' is not hex`)
    this.#at += bytes
  }

  uint8(value: number): void {
    this.#room(1)
    this.#bytes[this.#at++] = value
  }

  uint32(value: number): void {
    this.#room(4)
    this.#at = this.#bytes.writeUInt32LE(value, this.#at)
  }

  /** A count: an integer from 0 to 2^53. */
  uint64(value: number): void {
    this.#room(8)
    this.#bytes.writeUInt32LE(value % 0x1_0000_0000, this.#at)
    this.#at = this.#bytes.writeUInt32LE(Math.floor(value / 0x1_0000_0000), this.#at + 4)
  }

  bigUint64(value: bigint): void {
    this.#room(8)
    this.#at = this.#bytes.writeBigUInt64LE(value, this.#at)
  }

  bigInt64(value: bigint): void {
    this.#room(8)
    this.#at = this.#bytes.writeBigInt64LE(value, this.#at)
  }

  float64(value: number): void {
    this.#room(8)
    this.#at = this.#bytes.writeDoubleLE(value, this.#at)
  }

  /** `Decimal(38, s)` is an Int128 scaled by 10^s. */
  int128(value: bigint): void {
    this.#room(16)
    this.#at = this.#bytes.writeBigUInt64LE(BigInt.asUintN(64, value & int128Low), this.#at)
    this.#at = this.#bytes.writeBigInt64LE(BigInt.asIntN(64, value >> 64n), this.#at)
  }
}
