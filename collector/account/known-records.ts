import type { Store } from '#clickhouse/store.ts'
import { storableTime } from '#clickhouse/table.ts'
import { timeBound } from '#clickhouse/time-bound.ts'
import type { UnixNano } from '#semconv/facts.ts'
import type { MetricPoint } from '#semconv/metric.ts'

/** Slots of one generation when it begins and at most: 16 MiB, for a million records. */
const slotsMin = 1 << 12
const slotsMax = 1 << 21

/** How far back from the latest a start looks for what a former process stored, by the records' own time: a sender repeats a request for minutes. Two hours, in nanoseconds. */
const nanosBack = 7_200_000_000_000n
const minuteNanos = 60_000_000_000n
/** Records of a kind that a start reads, 16 to 32 bytes each. */
const readMax = 1_000_000
const readSecondsMax = 10

/**
 * Records that were acknowledged before, so that one that comes again is counted as what it is, also after its trace was settled
 * or the process started anew. It counts, and decides nothing: rows and charges are kept single by their own ids. It holds the
 * last one to two million of each kind; one that comes again later is counted as stored once more.
 */
export class KnownRecords {
  readonly spans = new KnownKeys()
  readonly logRecords = new KnownKeys()
  readonly dataPoints = new KnownKeys()
  #spansFrom: UnixNano = 0n

  /** A span that began before this, and is not known, may have been stored by a former process all the same. */
  get spansFrom(): UnixNano {
    return this.#spansFrom
  }

  /**
   * What a former process acknowledged before `until`, this one's start, and the journal's replay has loaded; of spans and log records
   * the latest, which tables have in order of minutes.
   */
  async recall(store: Store, tenant: string, until: UnixNano, most = readMax): Promise<void> {
    const recalled = async (known: KnownKeys, rowBytes: number, columns: string, [table, time]: readonly [string, string], order: string, keyAt: (rows: Buffer, at: number) => number): Promise<{ found: number; from: UnixNano }> => {
      const from = storableTime(least(until, await latest(store, table, time)) - nanosBack)
      const rows = await store.readBinary(`SELECT ${columns} FROM ${table} WHERE ${timeBound(time, '>=', 'from')} AND tenant = {tenant:String} ${order} LIMIT ${most}`,
        { tenant, from }, { maxSeconds: readSecondsMax, format: 'RowBinary' })
      for (let at = 0; at < rows.length; at += rowBytes) known.add(keyAt(rows, at))
      return { found: rows.length / rowBytes, from }
    }
    // Until all are read, nothing that began before this process is known for certain.
    this.#spansFrom = until
    let oldest = until
    const spans = async (): Promise<void> => {
      const { found, from } = await recalled(this.spans, 32, 'trace_id, span_id, started_at', ['spans', 'started_at'], 'ORDER BY toStartOfMinute(started_at) DESC', (rows, at) => {
        const startedAt = rows.readBigInt64LE(at + 24)
        if (startedAt < oldest) oldest = startedAt
        return mixedAt(rows, at + 8)
      })
      // Of the minute in which the limit fell, some are missing.
      this.#spansFrom = found < most ? from : least(until, (oldest / minuteNanos + 1n) * minuteNanos)
    }
    await Promise.all([
      spans(),
      recalled(this.logRecords, 16, 'id', ['log_records', 'at'], 'ORDER BY toStartOfMinute(at) DESC', mixedAt),
      recalled(this.dataPoints, 32, 'series, at, started_at', ['metric_points', 'at'], '', (rows, at) =>
        pointOf(rows.readUInt32BE(at), rows.readUInt32BE(at + 4), rows.readBigInt64LE(at + 16), rows.readBigInt64LE(at + 24))),
    ])
  }
}

/**
 * The latest that a table holds: records have their senders' time, and where this machine's clock went ahead of it, what was
 * stored a moment ago is hours old by the clock. ClickHouse answers from the bounds that each part has of its partition key's time.
 */
async function latest(store: Store, table: string, time: string): Promise<UnixNano> {
  const rows = await store.readBinary(`SELECT toInt64(toUnixTimestamp64Nano(max(${time}))) FROM ${table}`, {}, { maxSeconds: readSecondsMax, format: 'RowBinary' })
  return rows.readBigInt64LE(0)
}

const least = (a: UnixNano, b: UnixNano): UnixNano => (a < b ? a : b)

const mixedAt = (rows: Buffer, at: number): number => mixed(rows.readUInt32BE(at), rows.readUInt32BE(at + 4), rows.readUInt32BE(at + 8), rows.readUInt32BE(at + 12))

export const spanKey = (traceId: string, spanId: string): number => mixed(word(traceId, 16), word(traceId, 24), word(spanId, 0), word(spanId, 8))
/** Of a record's id in `log_records`. */
export const logRecordKey = (id: string): number => mixed(word(id, 0), word(id, 8), word(id, 16), word(id, 24))
export const dataPointKey = (series: string, { timeUnixNano, startTimeUnixNano }: MetricPoint): number => pointOf(word(series, 0), word(series, 8), timeUnixNano, startTimeUnixNano)

const lower = (nanos: bigint): number => Number(BigInt.asUintN(32, nanos))
const upper = (nanos: bigint): number => Math.imul(Number(BigInt.asIntN(32, nanos >> 32n)), 0x9e3779b1)
/** A stream is a hash, its times are not: their upper halves go into its words. */
const pointOf = (a: number, b: number, at: bigint, startedAt: bigint): number => mixed(a ^ upper(at), b ^ upper(startedAt), lower(at), lower(startedAt))

/** Keys of records: those that are durable, and those on the way there. */
export class KnownKeys {
  #young = new KeySet()
  #old = new KeySet()
  readonly #claimed = new Set<number>()

  has(key: number): boolean {
    return this.#young.has(key) || this.#old.has(key)
  }

  add(key: number): void {
    if (this.#young.full) {
      this.#old = this.#young
      this.#young = new KeySet()
    }
    this.#young.add(key)
  }

  /** Whether nobody brought the record before, nor is about to. Who is told so adds it once it is durable, and releases it. */
  claim(key: number): boolean {
    if (this.#claimed.has(key) || this.has(key)) return false
    this.#claimed.add(key)
    return true
  }

  release(claims: readonly number[]): void {
    for (const key of claims) this.#claimed.delete(key)
  }
}

/** Called so, it is not looked up for every character, whatever kind of string it is. */
const { charCodeAt } = String.prototype

/** Eight lower-case hex digits as 32 bits; every record is asked about twice. */
function word(hex: string, at: number): number {
  let bits = 0
  for (let i = at; i < at + 8; i++) {
    const code = charCodeAt.call(hex, i)
    bits = (bits << 4) | (code < 0x3a ? code - 0x30 : code - 0x57)
  }
  return bits >>> 0
}

/** 52 bits of 128 that tell a record, never 0. Two of a million records share them once in ten thousand processes. */
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
