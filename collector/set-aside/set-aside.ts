import { mkdir, readdir, readFile, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { folderMode, isMissing, placeFile, removeFile, syncDirectory } from '../spool/durable-file.ts'
import { parseSegment, type Segment } from '../spool/segment.ts'

/**
 * `refused`: ClickHouse cannot take these rows. `damaged`: the file is not what was written; what is whole of it was loaded.
 * `unreadable`: not even its head is whole.
 */
export type SetAsideReason = 'refused' | 'damaged' | 'unreadable'

export interface Why {
  readonly reason: SetAsideReason
  /** ClickHouse's code, '' where it said nothing. */
  readonly code: string
  /** What ClickHouse said, '' where it said nothing. */
  readonly error: string
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** A segment, or one frame of a segment, that waits for a person: `<number>[.<frame>].segment`, and `….json` says why. */
export interface SetAside {
  /** `12` or `12.3`: the segment's number, and the frame's position in it. */
  readonly id: string
  readonly number: number
  /** `undefined` where it is a whole segment. */
  readonly frame: number | undefined
  readonly bytes: number
  /** `undefined` where an older program, or a crash between two files, left no word. */
  readonly why: Why | undefined
}

/** Longest error kept, in characters: ClickHouse may quote what it could not read. */
const errorCharsMax = 2_000

const dirOf = (spoolDir: string): string => join(spoolDir, 'set-aside')
const stem = (number: number, frame: number | undefined): string => `${String(number).padStart(12, '0')}${frame === undefined ? '' : `.${frame}`}`
const pathOf = (spoolDir: string, { number, frame }: Pick<SetAside, 'number' | 'frame'>): string => join(dirOf(spoolDir), `${stem(number, frame)}.segment`)
const whyPath = (segmentPath: string): string => segmentPath.replace(/\.segment$/, '.json')

async function writeWhy(segmentPath: string, why: Why): Promise<void> {
  await mkdir(dirname(segmentPath), { recursive: true, mode: folderMode })
  await placeFile(whyPath(segmentPath), [Buffer.from(`${JSON.stringify({ ...why, error: why.error.slice(0, errorCharsMax) })}\n`)])
}

/** Moves a whole segment out of the way of the others. */
export async function keepSegment(spoolDir: string, number: number, path: string, why: Why): Promise<void> {
  const kept = pathOf(spoolDir, { number, frame: undefined })
  await writeWhy(kept, why)
  await rename(path, kept)
  await syncDirectory(dirOf(spoolDir))
}

/** Keeps one frame as a segment of its own: durable, before its segment may go. An attempt that a crash ended is overwritten by the same bytes. */
export async function keepFrame(spoolDir: string, number: number, frame: number, content: readonly Buffer[], why: Why): Promise<void> {
  const kept = pathOf(spoolDir, { number, frame })
  await writeWhy(kept, why)
  await placeFile(kept, content)
}

/** Another reason than before: it was tried again. */
export const tellWhy = (spoolDir: string, item: SetAside, why: Why): Promise<void> => writeWhy(pathOf(spoolDir, item), why)

/** What is set aside, oldest first. Files that come or go meanwhile are there or not, never half. */
export async function listSetAside(spoolDir: string): Promise<SetAside[]> {
  const names = await readdir(dirOf(spoolDir)).catch(noneWhereMissing)
  const found = await Promise.all(names.map((name) => readItem(spoolDir, name)))
  return found.filter((item) => item !== undefined).sort((a, b) => a.number - b.number || (a.frame ?? -1) - (b.frame ?? -1))
}

async function readItem(spoolDir: string, name: string): Promise<SetAside | undefined> {
  const [, digits, position] = /^(\d{12})(?:\.(\d+))?\.segment$/.exec(name) ?? []
  if (digits === undefined) return undefined
  const number = Number.parseInt(digits, 10)
  const frame = position === undefined ? undefined : Number(position)
  const path = pathOf(spoolDir, { number, frame })
  const size = await stat(path).then(({ size }) => size, undefinedWhereMissing)
  if (size === undefined) return undefined
  return { id: frame === undefined ? String(number) : `${number}.${frame}`, number, frame, bytes: size, why: await readWhy(path) }
}

async function readWhy(segmentPath: string): Promise<Why | undefined> {
  const text = await readFile(whyPath(segmentPath), 'utf8').catch(undefinedWhereMissing)
  return text === undefined ? undefined : (JSON.parse(text) as Why)
}

/** `undefined` where it is gone or not even its head is whole. */
export async function readSetAside(spoolDir: string, item: SetAside): Promise<Segment | undefined> {
  const bytes = await readFile(pathOf(spoolDir, item)).catch(undefinedWhereMissing)
  return bytes === undefined ? undefined : parseSegment(bytes)
}

/** For good. The segment first: a reason without one is nothing. */
export async function dropSetAside(spoolDir: string, item: SetAside): Promise<void> {
  const path = pathOf(spoolDir, item)
  await removeFile(path)
  await removeFile(whyPath(path))
}

function undefinedWhereMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error
  return undefined
}

function noneWhereMissing(error: unknown): string[] {
  if (!isMissing(error)) throw error
  return []
}
