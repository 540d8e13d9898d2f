import type { Store } from '#clickhouse/store.ts'

/** Slots of one generation when it begins and at most: 16 MiB, for a million spans. */
const slotsMin = 1 << 12
const slotsMax = 1 << 21

/** How far back a start looks for what a former process stored, by the spans' own start: a sender repeats a request for minutes. In hours. */
const hoursBack = 2
/** Spans that a start reads, 24 bytes each. */
const readMax = 1_000_000
const readSecondsMax = 10

/**
 * Spans that were acknowledged before, so that one that comes again is counted as what it is, also after its trace was settled
 * or the process started anew. It counts, and decides nothing: what is charged is known by the ledger's own ids. It holds the
 * last one to two million spans; one that comes again later is counted as stored once more.
 */
export class KnownSpans {
  #young = new KeySet()
  #old = new KeySet()

  has(traceId: string, spanId: string): boolean {
    const key = keyOf(traceId, spanId)
    return this.#young.has(key) || this.#old.has(key)
  }

  add(traceId: string, spanId: string): void {
    this.#add(keyOf(traceId, spanId))
  }

  #add(key: number): void {
    if (this.#young.full) {
      this.#old = this.#young
      this.#young = new KeySet()
    }
    this.#young.add(key)
  }

  /** What a former process acknowledged and the journal's replay has loaded. */
  async recall(store: Store, tenant: string): Promise<void> {
    const bytes = await store.readBinary(
      `SELECT trace_id, span_id FROM spans WHERE tenant = {tenant:String} AND started_at >= now() - INTERVAL ${hoursBack} HOUR LIMIT ${readMax}`,
      { tenant }, { maxSeconds: readSecondsMax, format: 'RowBinary' })
    for (let at = 0; at < bytes.length; at += 24) {
      this.#add(mixed(bytes.readUInt32BE(at + 8), bytes.readUInt32BE(at + 12), bytes.readUInt32BE(at + 16), bytes.readUInt32BE(at + 20)))
    }
  }
}

const keyOf = (traceId: string, spanId: string): number => mixed(word(traceId, 16), word(traceId, 24), word(spanId, 0), word(spanId, 8))

/** Called so, it is not looked up for every character, whatever kind of string it is. */
const { charCodeAt } = String.prototype

/** Eight lower-case hex digits as 32 bits; every span is asked about twice. */
function word(hex: string, at: number): number {
  let bits = 0
  for (let i = at; i < at + 8; i++) {
    const code = charCodeAt.call(hex, i)
    bits = (bits << 4) | (code < 0x3a ? code - 0x30 : code - 0x57)
  }
  return bits >>> 0
}

/** 52 bits of the random half of a trace id and a span id, never 0. Two of a million spans share them once in ten thousand processes. */
function mixed(a: number, b: number, c: number, d: number): number {
  const high = Math.imul(a ^ Math.imul(c, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(d, 0xc2b2ae35)
  const low = Math.imul(b ^ Math.imul(d, 0x9e3779b1), 0xc2b2ae35) ^ Math.imul(c, 0x27d4eb2f)
  return (high & 0xfffff) * 0x1_0000_0000 + (low >>> 0) || 1
}

/** A set of numbers above 0 in one array, half empty. */
class KeySet {
  #slots = new Float64Array(slotsMin)
  #size = 0

  get full(): boolean {
    return this.#size * 2 >= slotsMax
  }

  has(key: number): boolean {
    return this.#slots[this.#slotOf(key)] === key
  }

  add(key: number): void {
    const slot = this.#slotOf(key)
    if (this.#slots[slot] === key) return
    this.#slots[slot] = key
    if (++this.#size * 2 > this.#slots.length && !this.full) this.#grow()
  }

  /** Where it is, or the free slot where it would be. */
  #slotOf(key: number): number {
    const mask = this.#slots.length - 1
    let slot = key & mask
    for (;;) {
      const held = this.#slots[slot] as number
      if (held === key || held === 0) return slot
      slot = (slot + 1) & mask
    }
  }

  #grow(): void {
    const before = this.#slots
    this.#slots = new Float64Array(before.length * 2)
    for (const key of before) if (key !== 0) this.#slots[this.#slotOf(key)] = key
  }
}
