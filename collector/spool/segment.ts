import { randomUUID } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { behindTorn, readFrame, type Section, spooledTables } from './frame.ts'

/**
 * A segment on disk: `SPN2`, `u32` length and `u32` crc32 of a JSON head, the head, frames. The head says which columns the rows have,
 * so that a newer program can still load what an older one wrote; a head that was damaged would have rows read as others.
 */
const magic = Buffer.from('SPN2')
/** How an older program began it: without the checksum. */
const formerMagic = Buffer.from('SPNL')

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
  const sizes = Buffer.alloc(8)
  sizes.writeUInt32LE(json.length)
  sizes.writeUInt32LE(crc32(json), 4)
  return Buffer.concat([magic, sizes, json])
}

export interface Segment {
  readonly head: SegmentHead
  readonly frames: readonly (readonly Section[])[]
  /** Each frame as it stands in the segment, header included. */
  readonly frameBytes: readonly Buffer[]
  /** Where the last whole frame ends; what stands behind it in the newest segment was never acknowledged. */
  readonly validBytes: number
  /** Something before that or behind it is not what was written, or there is no frame: one without is not handed over. */
  readonly torn: boolean
}

/**
 * Of bytes that are no segment: whether they are what a crash can leave of a head being written, with nothing but room behind. Where
 * there is more, frames were acknowledged. One begun by an older program may have had a longer head, and is kept for nothing.
 */
export const atMostHead = (bytes: Buffer): boolean => bytes.findLastIndex((byte) => byte !== 0) < headBytes({ format: 1, spool: randomUUID(), tables: currentTables }).length

/** Reads a segment; `undefined` where not even the head is whole: `atMostHead` says whether a frame of it can have been acknowledged. */
export function parseSegment(bytes: Buffer): Segment | undefined {
  const json = headOf(bytes)
  const head = json === undefined ? undefined : parseHead(json.toString())
  if (json === undefined || head === undefined) return undefined
  const headEnd = json.byteOffset - bytes.byteOffset + json.length
  const frames: (readonly Section[])[] = []
  const frameBytes: Buffer[] = []
  let validBytes = headEnd
  let torn = false
  for (let at: number | undefined = headEnd; at !== undefined;) {
    const frame = readFrame(bytes, at)
    if (frame === 'end') break
    if (frame === 'torn') {
      torn = true
      at = behindTorn(bytes, at)
      continue
    }
    frames.push(frame.sections)
    frameBytes.push(bytes.subarray(at, frame.next))
    at = validBytes = frame.next
  }
  return { head, frames, frameBytes, validBytes, torn: torn || frames.length === 0 }
}

/** The bytes of the head, where they are those that were written. */
function headOf(bytes: Buffer): Buffer | undefined {
  const former = bytes.subarray(0, 4).equals(formerMagic)
  const at = former ? 8 : 12
  if (bytes.length < at || !(former || bytes.subarray(0, 4).equals(magic))) return undefined
  const json = bytes.subarray(at, at + bytes.readUInt32LE(4))
  if (json.length !== bytes.readUInt32LE(4)) return undefined
  return former || crc32(json) === bytes.readUInt32LE(8) ? json : undefined
}

function parseHead(json: string): SegmentHead | undefined {
  try {
    return JSON.parse(json) as SegmentHead
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
