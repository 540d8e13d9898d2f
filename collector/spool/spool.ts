import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pressed, Refused } from '../refused.ts'
import { keepFrame, keepSegment, listSetAside, type Why } from '../set-aside/set-aside.ts'
import type { DiskRoom } from './disk-room.ts'
import { createFile, folderMode, removeFile, writeFully } from './durable-file.ts'
import { atMostHead, currentTables, headBytes, parseSegment, type Segment } from './segment.ts'

export interface SpoolOptions {
  readonly dir: string
  /** A segment is one insert per table: larger ones make fewer parts, smaller ones are visible sooner. */
  readonly segmentBytesMax: number
  /** Milliseconds after which a segment with anything in it is handed over, if the reader is waiting. */
  readonly segmentAgeMsMax: number
  /** A segment with more bytes than these is handed over when it is so many milliseconds old: a crowd makes fewer, larger inserts. */
  readonly crowded?: { readonly bytes: number; readonly ageMsMax: number }
  /** Bytes of acknowledged rows that may wait for ClickHouse; above it senders are asked to come back. */
  readonly quotaBytes: number
  /** Whether the disk has room; without one it is taken to. Closed with the spool. */
  readonly room?: DiskRoom
  /** Makes a file's content durable. An argument so that tests can hold it up or let it fail. */
  readonly sync: (file: FileHandle) => Promise<void>
  /** The wall clock, in milliseconds since the epoch. It says since when rows wait, and decides nothing. */
  readonly now: () => number
}

export interface SealedSegment {
  readonly number: number
  readonly path: string
  readonly bytes: number
  /** Milliseconds since the epoch at which its first frame was written. */
  readonly since: number
}

interface Waiting {
  readonly frame: Buffer
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

interface OpenSegment {
  readonly number: number
  readonly path: string
  readonly file: FileHandle
  readonly since: number
  readonly emptyBytes: number
  bytes: number
  /** It is open for `segmentAgeMsMax`: said by a timer, because the wall clock may be set back by hours. */
  old: boolean
}

/** How often it is tried whether a journal that could not be written can be again, in milliseconds. */
const attemptMsEvery = 1_000
/** Codes of a disk that is full: pressure that passes, and is answered as such. */
const lackOfRoom: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT'])

/** Share of its quota from which the spool says that it is full. */
const nearlyFull = 0.98

const segmentName = (number: number): string => `${String(number).padStart(12, '0')}.segment`
const segmentNumber = (name: string): number | undefined => (/^\d{12}\.segment$/.test(name) ? Number.parseInt(name, 10) : undefined)

/**
 * The journal between the acknowledgement and ClickHouse. One writer appends; everything that waits is written together
 * and made durable by one `fdatasync` (group commit). Sealed segments are read, loaded and removed in order.
 */
export class Spool {
  readonly #options: SpoolOptions
  readonly #id = randomUUID()
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #current: OpenSegment | undefined
  #sealed: SealedSegment[] = []
  #sealedBytes = 0
  #nextNumber: number
  #writing = false
  #sealTimer: NodeJS.Timeout | undefined
  #wakeReader: (() => void) | undefined
  #closed = false
  #failure = ''
  #attemptTimer: NodeJS.Timeout | undefined

  private constructor(options: SpoolOptions, found: SealedSegment[], lastNumber: number) {
    this.#options = options
    this.#sealed = found
    this.#sealedBytes = found.reduce((sum, segment) => sum + segment.bytes, 0)
    this.#nextNumber = lastNumber + 1
  }

  /**
   * Opens the folder, cuts the torn tail of the newest segment (bytes that were never acknowledged), removes one that a crash kept
   * from beginning, and finds what a former process left to load. Any other that is torn, or torn before a whole frame, and any whose
   * head is damaged, was whole once: it stays as it is, and the loader sets it aside. Rejects with one sentence where one cannot be
   * read: it may hold what was acknowledged.
   */
  static async open(options: SpoolOptions): Promise<Spool> {
    await mkdir(options.dir, { recursive: true, mode: folderMode })
    const found: SealedSegment[] = []
    const files = (await readdir(options.dir)).sort().flatMap((name) => {
      const number = segmentNumber(name)
      return number === undefined ? [] : [{ name, number }]
    })
    for (const { name, number } of files) {
      const path = join(options.dir, name)
      const newest = number === files.at(-1)?.number
      const bytes = await readNamed(path)
      const segment = parseSegment(bytes)
      if (newest && (segment === undefined ? atMostHead(bytes) : segment.frames.length === 0)) {
        await removeFile(path)
        continue
      }
      if (segment?.torn === true && newest) await cutTail(path, segment.validBytes, options.sync)
      const { size, mtimeMs } = await stat(path)
      found.push({ number, path, bytes: size, since: mtimeMs })
    }
    // A number that is set aside is not given again: its file would be overwritten by another's.
    const numbers = [...found, ...(await listSetAside(options.dir))].map(({ number }) => number)
    return new Spool(options, found, Math.max(0, ...numbers))
  }

  /** What waits for ClickHouse, and since when the oldest of it does (milliseconds since the epoch). */
  backlog(): { readonly bytes: number; readonly segments: number; readonly since: number | undefined } {
    const open = this.#current !== undefined && this.#current.bytes > this.#current.emptyBytes ? this.#current : undefined
    return {
      bytes: this.#sealedBytes + (open?.bytes ?? 0) + this.#waitingBytes,
      segments: this.#sealed.length + (open === undefined ? 0 : 1),
      since: this.#sealed[0]?.since ?? open?.since,
    }
  }

  get dir(): string {
    return this.#options.dir
  }

  get room(): DiskRoom | undefined {
    return this.#options.room
  }

  /** Share of its quota that is taken; 1 where the disk has no room. */
  get fill(): number {
    return this.diskFull ? 1 : this.backlog().bytes / this.#options.quotaBytes
  }

  /** So near its quota that the next requests could not be stored: they are refused before they are read. */
  get full(): boolean {
    return this.backlog().bytes > this.#options.quotaBytes * nearlyFull
  }

  /** The same for the disk: not one byte more leaves the room that ClickHouse needs. */
  get diskFull(): boolean {
    return this.room?.admits(1) === false
  }

  /** Code of what keeps the journal from being written, although there is room; '' where nothing does. */
  get failure(): string {
    return this.#failure
  }

  /** Resolves when the frame is durable: only then may its sender be answered. Rejects with `Refused`, nothing stored. */
  append(frame: Buffer): Promise<void> {
    if (this.#closed) return Promise.reject(new Refused('overloaded', 'the collector is stopping, send again'))
    if (this.backlog().bytes + frame.length > this.#options.quotaBytes) return Promise.reject(pressed('spool_full'))
    if (this.room?.admits(this.#waitingBytes + frame.length) === false) return Promise.reject(pressed('disk_full'))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ frame, resolve, reject })
      this.#waitingBytes += frame.length
      if (!this.#writing) void this.#write()
    })
  }

  async #write(): Promise<void> {
    this.#writing = true
    try {
      while (this.#waiting.length > 0 || this.#sealIsDue()) {
        if (this.#sealIsDue()) await this.#seal()
        const group = this.#takeGroup()
        if (group.length > 0) await this.#commit(group)
      }
    } finally {
      this.#writing = false
    }
  }

  /** What waits, in order, up to a segment's size: a segment is read as a whole, so it must not grow with the crowd. At least one. */
  #takeGroup(): Waiting[] {
    let bytes = 0
    let count = 0
    while (count < this.#waiting.length && bytes < this.#options.segmentBytesMax) bytes += (this.#waiting[count++] as Waiting).frame.length
    this.#waitingBytes -= bytes
    return this.#waiting.splice(0, count)
  }

  /**
   * Writes and syncs one group. After an error the segment is not written and its descriptor not synced again: what a failed
   * sync left of it is unknown. The group goes once more to a new segment, and where that fails too its senders come back.
   */
  async #commit(group: readonly Waiting[]): Promise<void> {
    const frames = group.map(({ frame }) => frame)
    const failure = (await this.#tryWrite(frames)) && (await this.#tryWrite(frames))
    this.#noteFailure(failure ?? '')
    if (failure === undefined) for (const waiting of group) waiting.resolve()
    else for (const waiting of group) waiting.reject(new Refused('overloaded', `the spool cannot write (${failure}), send again later`, lackOfRoom.has(failure) ? 'disk_full' : 'failed'))
  }

  #noteFailure(code: string): void {
    this.#failure = lackOfRoom.has(code) ? '' : code
    clearTimeout(this.#attemptTimer)
    if (this.#failure !== '' && !this.#closed) this.#attemptTimer = setTimeout(() => void this.#attempt(), attemptMsEvery).unref()
  }

  /** With a file of its own: senders who hear that the journal cannot be written stay away, so that no frame would tell. */
  async #attempt(): Promise<void> {
    const path = join(this.#options.dir, 'attempt')
    try {
      await removeFile(path)
      await using file = await createFile(path, [Buffer.alloc(1)])
      await this.#options.sync(file)
      await removeFile(path)
      this.#noteFailure('')
    } catch (error) {
      this.#noteFailure(codeOf(error))
    }
  }

  /** `undefined` when the frames are durable, else the code of what went wrong. */
  async #tryWrite(frames: readonly Buffer[]): Promise<string | undefined> {
    try {
      const segment = (this.#current ??= await this.#openSegment())
      const end = await writeFully(segment.file, frames, segment.bytes)
      await this.#options.sync(segment.file)
      this.room?.wrote(end - segment.bytes)
      segment.bytes = end
      return undefined
    } catch (error) {
      await this.#cutUnacknowledged()
      await this.#seal()
      const code = codeOf(error)
      if (lackOfRoom.has(code)) await this.room?.release().catch(() => undefined /* the next look tries again */)
      return code
    }
  }

  /** What stands behind the last acknowledged frame is written again elsewhere, or by its sender; after a crash it would be loaded too. */
  async #cutUnacknowledged(): Promise<void> {
    const segment = this.#current
    await segment?.file.truncate(segment.bytes).catch(() => undefined /* the reader stops there in any case, and a row that comes twice is one */)
  }

  async #openSegment(): Promise<OpenSegment> {
    const number = this.#nextNumber++
    const path = join(this.#options.dir, segmentName(number))
    const bytes = headBytes({ format: 1, spool: this.#id, tables: currentTables })
    const file = await createFile(path, [bytes])
    const since = this.#options.now()
    const segment: OpenSegment = { number, path, file, since, emptyBytes: bytes.length, bytes: bytes.length, old: false }
    this.#age(segment)
    return segment
  }

  #age(segment: OpenSegment): void {
    const { segmentAgeMsMax, crowded } = this.#options
    const handOver = (): void => {
      segment.old = true
      if (!this.#writing) void this.#write()
    }
    this.#sealTimer = setTimeout(() => {
      if (crowded === undefined || segment.bytes <= crowded.bytes) return handOver()
      this.#sealTimer = setTimeout(handOver, crowded.ageMsMax - segmentAgeMsMax)
    }, segmentAgeMsMax)
  }

  #sealIsDue(): boolean {
    const segment = this.#current
    if (segment === undefined || segment.bytes === segment.emptyBytes) return false
    // While the reader is busy it could not take another: what comes meanwhile is one larger insert instead of many small ones.
    const wanted = this.#sealed.length === 0
    return (segment.old && wanted) || segment.bytes >= this.#options.segmentBytesMax || this.#closed
  }

  /** Hands the segment over as far as it was acknowledged; after an error, a tail of unknown state is not read. */
  async #seal(): Promise<void> {
    const segment = this.#current
    if (segment === undefined) return
    this.#current = undefined
    clearTimeout(this.#sealTimer)
    await segment.file.close().catch(() => undefined /* the descriptor is gone either way, what counts was synced */)
    if (segment.bytes === segment.emptyBytes) return void (await removeFile(segment.path).catch(() => undefined /* the next start does, or sets it aside */))
    this.#sealed.push({ number: segment.number, path: segment.path, bytes: segment.bytes, since: segment.since })
    this.#sealedBytes += segment.bytes
    this.#wakeReader?.()
  }

  /** The oldest sealed segment, when there is one; `undefined` once the spool is closed and empty. */
  async next(): Promise<SealedSegment | undefined> {
    for (;;) {
      const segment = this.#sealed[0]
      if (segment !== undefined) return segment
      if (this.#closed && this.#current === undefined) return undefined
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve
      })
      this.#wakeReader = undefined
    }
  }

  /** What waits to be loaded, oldest first. */
  sealed(): readonly SealedSegment[] {
    return this.#sealed
  }

  /** Number of the segment that the next frame goes to, or of an earlier one. */
  get currentNumber(): number {
    return this.#current?.number ?? this.#nextNumber - 1
  }

  async read(segment: SealedSegment): Promise<Segment | undefined> {
    const bytes = await readFile(segment.path)
    return parseSegment(bytes.subarray(0, segment.bytes))
  }

  /** Loaded: the segment is no longer needed. */
  async remove(segment: SealedSegment): Promise<void> {
    await removeFile(segment.path)
    this.#forget(segment)
  }

  /** Not loadable as a whole: kept for a person to look at, out of the way of the others. */
  async setAside(segment: SealedSegment, why: Why): Promise<void> {
    await keepSegment(this.#options.dir, segment.number, segment.path, why)
    this.#forget(segment)
  }

  /** The same for one frame, by its position. It is durable before the segment may go. */
  async setFrameAside(segment: SealedSegment, content: Segment, frame: number, why: Why): Promise<void> {
    const bytes = content.frameBytes[frame]
    if (bytes !== undefined) await keepFrame(this.#options.dir, segment.number, frame, [headBytes(content.head), bytes], why)
  }

  #forget(segment: SealedSegment): void {
    this.#sealed = this.#sealed.filter((other) => other.number !== segment.number)
    this.#sealedBytes -= segment.bytes
    if (!this.#writing) void this.#write()
  }

  /** Takes nothing more, seals what is open; `next` then runs out. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#attemptTimer)
    while (this.#writing) await new Promise((resolve) => setTimeout(resolve, 1))
    await this.#write()
    await this.room?.close()
    this.#wakeReader?.()
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown error')

async function readNamed(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new Error(`${path} cannot be read (${codeOf(error)}): a segment of the journal should be there; put it right or move it elsewhere, then start again`, { cause: error })
  }
}

async function cutTail(path: string, bytes: number, sync: SpoolOptions['sync']): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.truncate(bytes)
    await sync(file)
  } finally {
    await file.close()
  }
}
