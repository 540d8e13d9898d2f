import { crc32 } from 'node:zlib'
import { RowBinaryWriter } from '#clickhouse/row-binary.ts'
import { type Table, writeRow } from '#clickhouse/table.ts'
import { callKeys } from '#clickhouse/tables/call-keys.ts'
import { ledgerEntries } from '#clickhouse/tables/ledger-entries.ts'
import { policyDecisions } from '#clickhouse/tables/policy-decisions.ts'
import { runs } from '#clickhouse/tables/runs.ts'
import { spanContent } from '#clickhouse/tables/span-content.ts'
import { spans } from '#clickhouse/tables/spans.ts'

/**
 * Tables a frame may hold rows of. The position is the number on disk; it is also the order of loading, so that a run's
 * summary never becomes visible before the spans it sums up. Append, never reorder.
 */
export const spooledTables = [spans, spanContent, callKeys, ledgerEntries, policyDecisions, runs] as const

/** `u32` length and `u32` crc32 of the payload. */
export const frameHeaderBytes = 8
/** A table's head inside a payload: `u8` number, `u32` rows, `u32` bytes. */
const sectionHeadBytes = 9

/** Rows of one request (or of one settlement tick), appended to the journal as a whole or not at all. */
export class FrameWriter {
  readonly #writers = spooledTables.map(() => new RowBinaryWriter())
  readonly #rows = spooledTables.map(() => 0)

  add<Row>(table: Table<Row>, row: Row): void {
    const number = spooledTables.findIndex((t) => t.name === table.name)
    const writer = this.#writers[number]
    if (writer === undefined) throw new Error(`table ${table.name} is not spooled`)
    writeRow(table, writer, row)
    this.#rows[number] = (this.#rows[number] ?? 0) + 1
  }

  /** Runs `write`; if it throws, none of its rows stay. */
  attempt<T>(write: () => T): T {
    const lengths = this.#writers.map((writer) => writer.length)
    const rows = [...this.#rows]
    try {
      return write()
    } catch (error) {
      this.#writers.forEach((writer, number) => writer.truncate(lengths[number] ?? 0))
      rows.forEach((count, number) => (this.#rows[number] = count))
      throw error
    }
  }

  get empty(): boolean {
    return this.#rows.every((rows) => rows === 0)
  }

  /** The frame's bytes, header included. */
  finish(): Buffer {
    const sections: Buffer[] = []
    let count = 0
    this.#writers.forEach((writer, number) => {
      const rows = this.#rows[number] ?? 0
      if (rows === 0) return
      const body = writer.take()
      const head = Buffer.allocUnsafe(sectionHeadBytes)
      head.writeUInt8(number, 0)
      head.writeUInt32LE(rows, 1)
      head.writeUInt32LE(body.length, 5)
      sections.push(head, body)
      this.#rows[number] = 0
      count++
    })
    const frame = Buffer.concat([Buffer.alloc(frameHeaderBytes), Buffer.from([count]), ...sections])
    frame.writeUInt32LE(frame.length - frameHeaderBytes, 0)
    frame.writeUInt32LE(crc32(frame.subarray(frameHeaderBytes)), 4)
    return frame
  }
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
