/** First allocation; grows by doubling. */
const initialBytes = 4096

/** Writes protobuf: enough of it for OTLP answers and for turning OTLP/JSON into the bytes the decoder reads. */
export class ProtobufWriter {
  #bytes = Buffer.allocUnsafe(initialBytes)
  #at = 0

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  #room(bytes: number): void {
    const needed = this.#at + bytes
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }

  #varint(value: bigint): void {
    this.#room(10)
    let rest = BigInt.asUintN(64, value)
    while (rest >= 0x80n) {
      this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.#bytes[this.#at++] = Number(rest)
  }

  /** A tag or a length: the same for numbers below 2^31, without a bigint. */
  #number(value: number): void {
    this.#room(5)
    this.#at = this.#put(value, this.#at)
  }

  /** Writes where there is room already; the place behind it. */
  #put(value: number, at: number): number {
    let end = at
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[end++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#bytes[end++] = rest
    return end
  }

  varint(field: number, value: bigint): void {
    this.#number(field << 3)
    this.#varint(value)
  }

  fixed64(field: number, value: bigint): void {
    this.#number((field << 3) | 1)
    this.#room(8)
    this.#at = this.#bytes.writeBigUInt64LE(BigInt.asUintN(64, value), this.#at)
  }

  double(field: number, value: number): void {
    this.#number((field << 3) | 1)
    this.#room(8)
    this.#at = this.#bytes.writeDoubleLE(value, this.#at)
  }

  fixed32(field: number, value: number): void {
    this.#number((field << 3) | 5)
    this.#room(4)
    this.#at = this.#bytes.writeUInt32LE(value >>> 0, this.#at)
  }

  bytes(field: number, value: Uint8Array): void {
    this.#number((field << 3) | 2)
    this.#number(value.length)
    this.#room(value.length)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  string(field: number, value: string): void {
    this.bytes(field, Buffer.from(value, 'utf8'))
  }

  /** What `write` adds to this writer becomes one message: no buffer of its own, because a request can hold millions. */
  message(field: number, write: (writer: ProtobufWriter) => void): void {
    this.#number((field << 3) | 2)
    this.#room(1)
    const lengthAt = this.#at++
    const start = this.#at
    write(this)
    const length = this.#at - start
    // One byte was left for the length; a longer message moves.
    let more = 0
    for (let rest = length >>> 7; rest > 0; rest >>>= 7) more++
    this.#room(more)
    if (more > 0) this.#bytes.copyWithin(start + more, start, this.#at)
    this.#put(length, lengthAt)
    this.#at += more
  }
}
