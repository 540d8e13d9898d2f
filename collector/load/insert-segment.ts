import { crc32 } from 'node:zlib'
import { nativeBlock } from '#clickhouse/native.ts'
import type { Store } from '#clickhouse/store.ts'
import { rowsAreAtFault, StoreError } from '#clickhouse/store-error.ts'
import { asPresent, type NamedTable } from '#clickhouse/tables.ts'
import { runs } from '#clickhouse/tables/runs.ts'
import { spans } from '#clickhouse/tables/spans.ts'
import { BufferPool } from '../buffer-pool.ts'
import { type Section, spooledTables } from '../spool/frame.ts'
import type { Segment } from '../spool/segment.ts'

/**
 * Most bytes of rows in one insert; of a larger segment the frames go in several. A sealed segment is far below. A frame is
 * never split, and a request's is bounded too (`frameBytesMax`).
 */
export const insertBytesMax = 64 * 1024 * 1024

/** What a segment holds, without its rows. */
export interface Outline {
  /** By the number that sections name them by. */
  readonly tables: readonly string[]
  readonly frames: readonly { readonly bytes: number; readonly spans: number }[]
  /** It holds summaries of runs. */
  readonly summaries: boolean
  /** As `Segment`'s. */
  readonly torn: boolean
}

/** A segment that is being loaded. */
export interface OpenedSegment {
  readonly outline: Outline
  /** Inserts the rows that these frames have of a table, under a token of their place and content; none is nothing to do. */
  insert(range: FrameRange, table: number): Promise<void>
}

/** Neighbouring frames of a segment: from this position to before that one. */
export interface FrameRange {
  readonly from: number
  readonly to: number
}

function outlineOf({ head, frames, frameBytes, torn }: Segment): Outline {
  const spansTable = head.tables.findIndex(({ name }) => name === spans.name)
  const runsTable = head.tables.findIndex(({ name }) => name === runs.name)
  return {
    tables: head.tables.map(({ name }) => name), torn, summaries: frames.some((sections) => sections.some(({ table }) => table === runsTable)),
    frames: frames.map((sections, position) => ({
      bytes: frameBytes[position]?.length ?? 0,
      spans: sections.reduce((sum, { table, rows }) => sum + (table === spansTable ? rows : 0), 0),
    })),
  }
}

export const spanRows = ({ frames }: Outline, { from, to }: FrameRange): number => frames.slice(from, to).reduce((sum, frame) => sum + frame.spans, 0)

/** The frames that go into one insert each; the same every time, so that their tokens are. */
export function insertRanges({ frames }: Outline): FrameRange[] {
  const ranges: FrameRange[] = []
  let from = 0
  let bytes = 0
  frames.forEach((frame, position) => {
    if (position > from && bytes + frame.bytes > insertBytesMax) {
      ranges.push({ from, to: position })
      from = position
      bytes = 0
    }
    bytes += frame.bytes
  })
  if (from < frames.length) ranges.push({ from, to: frames.length })
  return ranges
}

/** Whether to try once more, after a wait. */
export type Again = (error: StoreError & { readonly attempt: number }) => Promise<boolean>

/**
 * Inserts the rows of some frames: the tables side by side, so that one is on its way while another is written, and the
 * runs last, so that a summary is never visible before what it sums up. False when `again` gave up; throws the `StoreError`
 * that its rows are at fault for, when no insert is under way any more.
 */
export async function insertFrames(segment: OpenedSegment, range: FrameRange, again: Again): Promise<boolean> {
  const numbers = [...segment.outline.tables.keys()]
  const isSummary = (table: number): boolean => segment.outline.tables[table] === runs.name
  for (const group of [numbers.filter((table) => !isSummary(table)), numbers.filter(isSummary)]) {
    const outcomes = await Promise.allSettled(group.map((table) => insertAtLast(segment, range, table, again)))
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    if (outcomes.some((outcome) => outcome.status === 'fulfilled' && !outcome.value)) return false
  }
  return true
}

async function insertAtLast(segment: OpenedSegment, range: FrameRange, table: number, again: Again): Promise<boolean> {
  for (let attempt = 0; ; attempt++) {
    try {
      await segment.insert(range, table)
      return true
    } catch (error) {
      if (!(error instanceof StoreError) || rowsAreAtFault(error)) throw error
      if (!(await again(Object.assign(error, { attempt })))) return false
    }
  }
}

/** Inserts all of a segment. Ends or throws as `insertFrames`. */
export async function insertSegment(segment: OpenedSegment, again: Again): Promise<boolean> {
  for (const range of insertRanges(segment.outline)) if (!(await insertFrames(segment, range, again))) return false
  return true
}

export interface OpenOptions {
  /** The segment's number. */
  readonly number: number
  /** Position that the first frame had when it was written, where the segment is a frame that was set aside. Default 0. */
  readonly first?: number
  /** `written`: the tables still have the columns of the program that wrote the segment. Default: those of now. */
  readonly columns?: 'written' | 'present'
  readonly store: Pick<Store, 'insert'>
  /** What to make of rows before they are sent. */
  readonly bodyOf: (table: NamedTable, sections: readonly Section[]) => InsertBody
}

export interface InsertBody {
  readonly body: Buffer
  readonly format: 'RowBinary' | 'Native'
}

/** A segment in memory, whose rows go from here. */
export function openedSegment(content: Segment, options: OpenOptions): OpenedSegment {
  return { outline: outlineOf(content), insert: (range, table) => insertRows(content, range, table, options) }
}

async function insertRows(content: Segment, { from, to }: FrameRange, number: number, options: OpenOptions): Promise<void> {
  const { store, first = 0, columns = 'present' } = options
  const written: NamedTable | undefined = content.head.tables[number]
  const table = written === undefined || columns === 'written' ? written : asPresent(written)
  const sections = content.frames.slice(from, to).flat().filter((section) => section.table === number)
  if (table === undefined || sections.length === 0) return
  // Of the rows as they stand in the journal: the same whether they are sent as rows or as a block, now or by a later program.
  const length = sections.reduce((sum, section) => sum + section.body.length, 0)
  const checksum = sections.reduce((sum, section) => crc32(section.body, sum), 0)
  const token = `${content.head.spool}-${options.number}.${first + from}-${first + to}-${table.name}-${length}-${checksum}`
  // Rows can only be cut where a block is made of them.
  const bodyOf = table.columns.some(({ rowType }) => rowType !== undefined) ? asBlock : options.bodyOf
  const { body, format } = bodyOf(table, sections)
  await store.insert(table, body, token, format)
  blocks.give(body)
}

/**
 * Where blocks stand while they are on their way: those of a segment's tables. A segment is of 32 MiB at most, but for one huge
 * request. Made anew, each began a full collection of its thread.
 */
const blocks = new BufferPool(8, 32 * 1024 * 1024)

/** As they stand in the journal. */
export const asRows: OpenOptions['bodyOf'] = (_table, sections) => ({ body: Buffer.concat(sections.map(({ body }) => body)), format: 'RowBinary' })

/** Where rows stand while a block is made of them. Kept, because megabytes a second of such buffers would have garbage collected all the time. */
let scratch = Buffer.alloc(0)

function joined(sections: readonly Section[]): Buffer {
  const length = sections.reduce((sum, { body }) => sum + body.length, 0)
  if (scratch.length < length) scratch = Buffer.allocUnsafeSlow(length + (length >> 2))
  let at = 0
  for (const { body } of sections) at += body.copy(scratch, at)
  return scratch.subarray(0, length)
}

/** Any number is right for rows of another program; only one that has the columns of today gains by it. */
const alikeOf = ({ name }: NamedTable): number => spooledTables.find((table) => table.name === name)?.alike ?? 0

/** As one block, which costs the engine a third of what rows do. Throws where none can be made, such as of a column of an older program. */
export const asBlock: OpenOptions['bodyOf'] = (table, sections) => {
  const rows = joined(sections)
  return { body: nativeBlock(table.columns, sections.reduce((sum, section) => sum + section.rows, 0), rows, alikeOf(table), blocks.take(rows.length)), format: 'Native' }
}
