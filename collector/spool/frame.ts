import { crc32 } from 'node:zlib'
import { RowBinaryWriter } from '#clickhouse/row-binary.ts'
import { type Table, writeRow } from '#clickhouse/table.ts'
import { callKeys } from '#clickhouse/tables/call-keys.ts'
import { conformance } from '#clickhouse/tables/conformance.ts'
import { ingestAccount } from '#clickhouse/tables/ingest-account.ts'
import { ledgerEntries } from '#clickhouse/tables/ledger-entries.ts'
import { logRecords } from '#clickhouse/tables/log-records.ts'
import { metricPoints } from '#clickhouse/tables/metric-points.ts'
import { policyDecisions } from '#clickhouse/tables/policy-decisions.ts'
import { runs } from '#clickhouse/tables/runs.ts'
import { spanContent } from '#clickhouse/tables/span-content.ts'
import { spans } from '#clickhouse/tables/spans.ts'
import { BufferPool } from '../buffer-pool.ts'

/**
 * Tables a frame may hold rows of. The position is the number on disk: append, never reorder.
 */
export const spooledTables = [spans, spanContent, callKeys, ledgerEntries, policyDecisions, runs, logRecords, metricPoints, ingestAccount, conformance] as const

/** `u32` length and `u32` crc32 of the payload. */
export const frameHeaderBytes = 8
/** A table's head inside a payload: `u8` number, `u32` rows, `u32` bytes. */
export const sectionHeadBytes = 9

const numbers: ReadonlyMap<string, number> = new Map(spooledTables.map((table, number) => [table.name, number]))

/**
 * Writers that finished frames gave back, with the buffers they grew: a request of one span would otherwise pay for new
 * ones. Frames in flight are few; of a flood only these stay.
 */
const spareWriters: RowBinaryWriter[] = []
const spareWritersMax = 48
/** A writer that grew beyond this is let go, so that one huge request does not hold its memory for ever. In bytes. */
const spareBytesMax = 4 * 1024 * 1024

/** One table's part of a frame, and where it stood when the last attempt began. */
interface Part {
  readonly writer: RowBinaryWriter
  rows: number
  attemptLength: number
  attemptRows: number
}

/**
 * Most bytes of rows that spans of one request may make, twice its largest body: what stands once in a request (a resource)
 * is written with every span, so a small body can ask for any number of bytes.
 */
export const frameBytesMax = 128 * 1024 * 1024

/** What was tried does not fit the frame any more, and nothing behind it will. */
export class FrameFull extends Error {}

/** Rows of one request (or of one settlement tick), appended to the journal as a whole or not at all. */
export class FrameWriter {
  readonly #bytesMax: number
  #full = false
  readonly #parts: (Part | undefined)[] = spooledTables.map(() => undefined)

  /** `bytesMax` bounds what `attempt` may add up to. */
  constructor(bytesMax = frameBytesMax) {
    this.#bytesMax = bytesMax
  }

  add<Row>(table: Table<Row>, row: Row): void {
    const number = numbers.get(table.name)
    if (number === undefined) throw new Error(`table ${table.name} is not spooled`)
    const part = (this.#parts[number] ??= { writer: spareWriters.pop() ?? new RowBinaryWriter(), rows: 0, attemptLength: 0, attemptRows: 0 })
    writeRow(table, part.writer, row)
    part.rows++
  }

  /** Runs `write`; if it throws, none of its rows stay. Throws `FrameFull` where its rows do not fit, and from then on. */
  attempt<T>(write: () => T): T {
    if (this.#full) throw new FrameFull()
    for (const part of this.#parts) {
      if (part === undefined) continue
      part.attemptLength = part.writer.length
      part.attemptRows = part.rows
    }
    try {
      const result = write()
      this.#full = this.bytes > this.#bytesMax
      if (this.#full) throw new FrameFull()
      return result
    } catch (error) {
      for (const part of this.#parts) {
        if (part === undefined) continue
        part.writer.truncate(part.attemptLength)
        part.rows = part.attemptRows
      }
      throw error
    }
  }

  /** Of its rows. */
  get bytes(): number {
    return this.#parts.reduce((sum, part) => sum + (part?.writer.length ?? 0), 0)
  }

  get empty(): boolean {
    return this.#parts.every((part) => part === undefined || part.rows === 0)
  }

  /** The frame's bytes, header included; the writer is empty afterwards. */
  finish(): Buffer {
    const filled = this.#parts.flatMap((part, number) => (part === undefined || part.rows === 0 ? [] : [{ number, part }]))
    const bytes = filled.reduce((sum, { part }) => sum + sectionHeadBytes + part.writer.length, frameHeaderBytes + 1)
    const frame = frames.take(bytes)
    let at = frame.writeUInt8(filled.length, frameHeaderBytes)
    for (const { number, part } of filled) {
      at = frame.writeUInt8(number, at)
      at = frame.writeUInt32LE(part.rows, at)
      at = frame.writeUInt32LE(part.writer.length, at)
      at = part.writer.moveTo(frame, at)
    }
    frame.writeUInt32LE(bytes - frameHeaderBytes, 0)
    frame.writeUInt32LE(crc32(frame.subarray(frameHeaderBytes)), 4)
    this.#giveBack()
    return frame
  }

  #giveBack(): void {
    this.#parts.forEach((part, number) => {
      if (part === undefined) return
      part.writer.truncate(0)
      if (spareWriters.length < spareWritersMax && part.writer.capacity <= spareBytesMax) spareWriters.push(part.writer)
      this.#parts[number] = undefined
    })
  }
}

/** A second of frames at 20,000 spans a second. */
const frames = new BufferPool(32)

/**
 * Appends a frame that nobody looks at any more: once it is durable, its buffer is used again. Rejects as `append`; then the buffer
 * is let go, because it is not known who still reads it.
 */
export async function appendOnce(spool: { append(frame: Buffer): Promise<void> }, frame: Buffer): Promise<void> {
  await spool.append(frame)
  frames.give(frame)
}

export interface Section {
  readonly table: number
  readonly rows: number
  readonly body: Buffer
}

/** The frame at `at`, or why there is none: the file ends, or what stands there is not what was written. */
export function readFrame(bytes: Buffer, at: number): { readonly sections: readonly Section[]; readonly next: number } | 'end' | 'torn' {
  if (at === bytes.length) return 'end'
  if (at + frameHeaderBytes > bytes.length) return 'torn'
  const length = bytes.readUInt32LE(at)
  const start = at + frameHeaderBytes
  const next = start + length
  if (length === 0 || next > bytes.length || crc32(bytes.subarray(start, next)) !== bytes.readUInt32LE(at + 4)) return 'torn'
  const sections: Section[] = []
  let position = start + 1
  for (let i = bytes.readUInt8(start); i > 0; i--) {
    const body = position + sectionHeadBytes
    const size = bytes.readUInt32LE(position + 5)
    sections.push({ table: bytes.readUInt8(position), rows: bytes.readUInt32LE(position + 1), body: bytes.subarray(body, body + size) })
    position = body + size
  }
  return { sections, next }
}

/**
 * Where the frame behind a torn one begins: where the lengths that the torn one says of itself and of its sections agree, so that
 * its rows are what is damaged. What looks like a frame is not searched for: a sender may have put one into a span.
 */
export function behindTorn(bytes: Buffer, at: number): number | undefined {
  const start = at + frameHeaderBytes
  if (start >= bytes.length) return undefined
  const next = start + bytes.readUInt32LE(at)
  let position = start + 1
  for (let i = bytes.readUInt8(start); i > 0 && position + sectionHeadBytes <= bytes.length; i--) position += sectionHeadBytes + bytes.readUInt32LE(position + 5)
  return position === next && next <= bytes.length ? next : undefined
}
