/** The specification's recommended bound of a request, before and after decompression (OTLP 1.11). In bytes. */
export const bodyBytesMax = 64 * 1024 * 1024
/** Bytes of request bodies held at once over all connections, as they came and decompressed; above it senders are asked to come back. */
export const bytesInFlightMax = 256 * 1024 * 1024
/** Seconds a refused sender is asked to wait: JavaScript's exporter gives up after 10 s in total. */
export const retrySeconds = 1

/** What is being received right now, so that pressure is refused before it costs memory. */
export class InFlight {
  #bytes = 0

  /** False where the bytes do not fit now. */
  reserve(bytes: number): boolean {
    if (this.#bytes + bytes > bytesInFlightMax) return false
    this.#bytes += bytes
    return true
  }

  release(bytes: number): void {
    this.#bytes -= bytes
  }
}

/**
 * Requests that are decoded and derived side by side. As objects a request takes ten times its bytes, and on one thread
 * more of them at once are not faster; a few, so that a small request gets past a huge one.
 */
export const derivingMax = 4

/** How long records are decoded and derived before other work gets its turn, in milliseconds. Longer, and an insert of 16 MiB, written turn by turn, starves. */
export const turnMs = 2

/** Who may decode and derive now; the others wait as the bytes they came as, in order of arrival. */
export class Turns {
  #free = derivingMax
  readonly #waiting: (() => void)[] = []

  take(): Promise<void> {
    if (this.#free === 0) return new Promise((resolve) => this.#waiting.push(resolve))
    this.#free--
    return Promise.resolve()
  }

  give(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free++
    else next()
  }
}
