import { pressed } from '../refused.ts'

/** Bytes of request bodies held at once over all connections, as they came and decompressed. */
export const bytesInFlightMax = 256 * 1024 * 1024
/** The same for one connection: a largest request before and after decompression, and never so much that others find no room. */
export const bytesOfConnectionMax = bytesInFlightMax / 2
/** Requests being received and answered at once, small ones too: each is a socket or stream and some 20 KB of objects. */
export const requestsInFlightMax = 1_024

export interface AdmissionOptions {
  /** What would be decoded could not be stored. */
  readonly spoolFull: () => boolean
  readonly diskFull: () => boolean
  /** What is accepted now would be answered after its sender gave up. */
  readonly loopLate: () => boolean
}

/**
 * Who may come in, decided before a body is read, decompressed or decoded. Refusing is the last resort, because not every
 * agent sends again: whatever fits in memory and on disk is taken.
 */
export class Admission {
  readonly #options: AdmissionOptions
  #requests = 0
  #bytes = 0
  readonly #ofConnection = new Map<string, number>()

  constructor(options: AdmissionOptions) {
    this.#options = options
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.#bytes
  }

  get requests(): number {
    return this.#requests
  }

  /** A request begins; every one that does must `leave`. Throws `Refused`. */
  enter(): void {
    if (this.#requests >= requestsInFlightMax) throw pressed('requests_in_flight')
    if (this.#options.spoolFull()) throw pressed('spool_full')
    if (this.#options.diskFull()) throw pressed('disk_full')
    if (this.#options.loopLate()) throw pressed('event_loop_late')
    this.#requests++
  }

  leave(): void {
    this.#requests--
  }

  /** Throws `Refused` where a body of this size has no room now. It is not counted before it comes: announcing costs a sender nothing. */
  expect(connection: string, bytes: number): void {
    if ((this.#ofConnection.get(connection) ?? 0) + bytes > bytesOfConnectionMax) throw pressed('bytes_of_connection')
    if (this.#bytes + bytes > bytesInFlightMax) throw pressed('bytes_in_flight')
  }

  /** Counts bytes that are about to be held for a connection, until they are released. Throws `Refused`. */
  hold(connection: string, bytes: number): void {
    this.expect(connection, bytes)
    this.#bytes += bytes
    this.#ofConnection.set(connection, (this.#ofConnection.get(connection) ?? 0) + bytes)
  }

  release(connection: string, bytes: number): void {
    this.#bytes -= bytes
    const left = (this.#ofConnection.get(connection) ?? 0) - bytes
    if (left > 0) this.#ofConnection.set(connection, left)
    else this.#ofConnection.delete(connection)
  }
}
