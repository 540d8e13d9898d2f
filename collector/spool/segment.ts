import { randomUUID } from 'node:crypto'
import { readFrame, type Section, spooledTables } from './frame.ts'

/**
 * A segment on disk: `SPNL`, `u32` length of a JSON head, the head, frames. The head says which columns the rows have, so
 * that a newer program can still load what an older one wrote.
 */
const magic = Buffer.from('SPNL')

export interface SpooledColumn {
  readonly name: string
  readonly type: string
}

export interface SegmentHead {
  readonly format: 1
  /** Random per spool: with the segment's number it makes insert tokens that no other spool repeats. */
  readonly spool: string
  readonly tables: readonly { readonly name: string; readonly columns: readonly SpooledColumn[] }[]
}

export const currentTables: SegmentHead['tables'] = spooledTables.map((table) => ({
  name: table.name,
  columns: table.columns.map(({ name, type }) => ({ name, type })),
}))

export function headBytes(head: SegmentHead): Buffer {
  const json = Buffer.from(JSON.stringify(head))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(json.length)
  return Buffer.concat([magic, length, json])
}

export interface Segment {
  readonly head: SegmentHead
  readonly frames: readonly (readonly Section[])[]
  /** Each frame as it stands in the segment, header included. */
  readonly frameBytes: readonly Buffer[]
  /** Where the last whole frame ends; what stands behind it was never acknowledged. */
  readonly validBytes: number
  readonly torn: boolean
}

/**
 * Of bytes that are no segment: whether they are what a crash can leave of a head being written, with nothing but room behind. Where
 * there is more, frames were acknowledged. One begun by an older program may have had a longer head, and is kept for nothing.
 */
export const atMostHead = (bytes: Buffer): boolean => bytes.findLastIndex((byte) => byte !== 0) < headBytes({ format: 1, spool: randomUUID(), tables: currentTables }).length

/** Reads a segment; `undefined` where not even the head is whole: `atMostHead` says whether a frame of it can have been acknowledged. */
export function parseSegment(bytes: Buffer): Segment | undefined {
  if (bytes.length < 8 || !bytes.subarray(0, 4).equals(magic)) return undefined
  const headEnd = 8 + bytes.readUInt32LE(4)
  if (headEnd > bytes.length) return undefined
  const head = parseHead(bytes.toString('utf8', 8, headEnd))
  if (head === undefined) return undefined
  const frames: (readonly Section[])[] = []
  const frameBytes: Buffer[] = []
  let at = headEnd
  for (;;) {
    const frame = readFrame(bytes, at)
    if (frame === 'end' || frame === 'torn') return { head, frames, frameBytes, validBytes: at, torn: frame === 'torn' }
    frames.push(frame.sections)
    frameBytes.push(bytes.subarray(at, frame.next))
    at = frame.next
  }
}

function parseHead(json: string): SegmentHead | undefined {
  try {
    return JSON.parse(json) as SegmentHead
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
