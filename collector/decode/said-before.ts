import type { Tally } from './traces.ts'
import type { WireReader } from './wire.ts'

/** Messages of one generation; two are held. A program has a resource and some scopes, and a collector's host some hundred programs. */
const heldMax = 512
/** Bytes of a message worth holding. Resources take 200 to 1,500. */
const messageBytesMax = 2 * 1024
/** Fields of one: 64 attributes have four each. 2 KiB of empty lists would be 100 KB in memory, for as long as it is held. */
const messageFieldsMax = 256

/**
 * What messages mean that stand in request after request, byte for byte, as an exporter's resource and scopes do: each is read once,
 * and what is worked out of it elsewhere, by its identity, too. It must be read only.
 */
export class SaidBefore<Meaning> {
  #young = new Map<string, Meaning>()
  #old = new Map<string, Meaning>()

  /** Reads the message that starts here, or says what was read of the same bytes. Throws as `read`. */
  read(reader: WireReader, tally: Tally, read: (reader: WireReader, tally: Tally) => Meaning): Meaning {
    const outerEnd = reader.enter()
    try {
      if (reader.end - reader.at > messageBytesMax) return read(reader, tally)
      const bytes = reader.bytes.toString('latin1', reader.at, reader.end)
      const known = this.#young.get(bytes)
      if (known !== undefined) return known
      const before = tally.changes(reader)
      const { fieldsLeft } = reader
      const meaning = this.#old.get(bytes) ?? read(reader, tally)
      // What was cut or repaired is told to each sender, so it is read each time.
      if (tally.changes(reader) === before && fieldsLeft - reader.fieldsLeft <= messageFieldsMax) this.#hold(bytes, meaning)
      return meaning
    } finally {
      reader.leave(outerEnd)
    }
  }

  #hold(bytes: string, meaning: Meaning): void {
    if (this.#young.size === heldMax) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(bytes, meaning)
  }
}
