/** Smaller ones come from Node's own pool, or cost V8 nothing worth saving. In bytes. */
const pooledBytesMin = 64 * 1024
/** A request of some thousand spans. In bytes. */
const usualBytesMax = 4 * 1024 * 1024

/**
 * Large buffers that are used again. V8 counts them as external memory, and begins to mark the whole heap whenever they grew by
 * 64 MiB: the bodies and frames of 13,000 spans a second took it two seconds.
 */
export class BufferPool {
  readonly #keptMax: number
  readonly #bytesMax: number
  /** The one given back last is at the end: its memory is warm. */
  readonly #kept: ArrayBufferLike[] = []
  /** Those that are in use: what is not from here, or was given back already, is not taken. */
  readonly #lent = new WeakSet<ArrayBufferLike>()

  /** Keeps at most `keptMax` buffers while nobody uses them. One over `bytesMax` is let go, so that one huge request does not hold its memory for ever. */
  constructor(keptMax: number, bytesMax = usualBytesMax) {
    this.#keptMax = keptMax
    this.#bytesMax = bytesMax
  }

  /** A buffer of this length; what stands in it is what stood there. */
  take(length: number): Buffer {
    if (length < pooledBytesMin || length > this.#bytesMax) return Buffer.allocUnsafe(length)
    const size = 2 ** Math.ceil(Math.log2(length))
    // No larger one: whoever needs that would make another, until all that are kept are of the largest size.
    const at = this.#kept.findLastIndex(({ byteLength }) => byteLength === size)
    const bytes = at === -1 ? Buffer.allocUnsafeSlow(size).buffer : this.#kept.splice(at, 1)[0] as ArrayBufferLike
    this.#lent.add(bytes)
    return Buffer.from(bytes, 0, length)
  }

  /** Nobody looks at it any more, nor at a part of it. */
  give({ buffer }: Buffer): void {
    if (!this.#lent.delete(buffer)) return
    this.#kept.push(buffer)
    // The one that nobody wanted for longest.
    if (this.#kept.length > this.#keptMax) this.#kept.shift()
  }
}
