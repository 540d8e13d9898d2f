import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Refused } from '../refused.ts'
import { currentTables, headBytes, parseSegment, type Segment, writeFully } from './segment.ts'

export interface SpoolOptions {
  readonly dir: string
  /** A segment is one insert per table: larger ones make fewer parts, smaller ones are visible sooner. */
  readonly segmentBytesMax: number
  /** Milliseconds after which a segment with anything in it is handed over, if the reader is waiting. */
  readonly segmentAgeMsMax: number
  /** Bytes of acknowledged rows that may wait for ClickHouse; above it senders are asked to come back. */
  readonly quotaBytes: number
  /** Makes a file's content durable. An argument so that tests can hold it up or let it fail. */
  readonly sync: (file: FileHandle) => Promise<void>
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
}

/** The journal holds prompts and answers: for its owner only. */
const folderMode = 0o700
const fileMode = 0o600

/** Share of its quota from which the spool says that it is full. */
const nearlyFull = 0.98

const segmentName = (number: number): string => `${String(number).padStart(12, '0')}.segment`
const segmentNumber = (name: string): number | undefined => (/^\d{12}\.segment$/.test(name) ? Number.parseInt(name, 10) : undefined)
const full = (): Refused => new Refused('overloaded', 'the spool is full: ClickHouse does not keep up or is away, send again later')

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

  private constructor(options: SpoolOptions, found: SealedSegment[]) {
    this.#options = options
    this.#sealed = found
    this.#sealedBytes = found.reduce((sum, segment) => sum + segment.bytes, 0)
    this.#nextNumber = (found.at(-1)?.number ?? 0) + 1
  }

  /** Opens the folder, cuts torn tails (bytes that were never acknowledged) and finds what a former process left to load. */
  static async open(options: SpoolOptions): Promise<Spool> {
    await mkdir(options.dir, { recursive: true, mode: folderMode })
    const found: SealedSegment[] = []
    for (const name of (await readdir(options.dir)).sort()) {
      const number = segmentNumber(name)
      if (number === undefined) continue
      const path = join(options.dir, name)
      const segment = parseSegment(await readFile(path))
      if (segment === undefined || segment.frames.length === 0) {
        await rm(path)
        continue
      }
      if (segment.torn) await cutTail(path, segment.validBytes, options.sync)
      found.push({ number, path, bytes: segment.validBytes, since: (await stat(path)).mtimeMs })
    }
    return new Spool(options, found)
  }

  /** Bytes that wait for ClickHouse, and since when the oldest of them does (milliseconds since the epoch). */
  backlog(): { readonly bytes: number; readonly since: number | undefined } {
    const open = this.#current !== undefined && this.#current.bytes > this.#current.emptyBytes ? this.#current : undefined
    return { bytes: this.#sealedBytes + (open?.bytes ?? 0) + this.#waitingBytes, since: this.#sealed[0]?.since ?? open?.since }
  }

  /** So near its quota that the next requests could not be stored: they are refused before they are read. */
  get full(): boolean {
    return this.backlog().bytes > this.#options.quotaBytes * nearlyFull
  }

  /** Resolves when the frame is durable: only then may its sender be answered. Rejects with `Refused`, nothing stored. */
  append(frame: Buffer): Promise<void> {
    if (this.#closed) return Promise.reject(new Refused('overloaded', 'the collector is stopping, send again'))
    if (this.backlog().bytes + frame.length > this.#options.quotaBytes) return Promise.reject(full())
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

  /** Writes and syncs one group. After an error the segment is not written again: what a failed sync left is unknown. */
  async #commit(group: readonly Waiting[]): Promise<void> {
    try {
      const segment = (this.#current ??= await this.#openSegment())
      const end = await writeFully(segment.file, group.map((waiting) => waiting.frame), segment.bytes)
      await this.#options.sync(segment.file)
      segment.bytes = end
      for (const waiting of group) waiting.resolve()
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
      const refused = new Refused('overloaded', `the spool cannot write (${reason}), send again later`)
      for (const waiting of group) waiting.reject(refused)
      await this.#seal()
    }
  }

  async #openSegment(): Promise<OpenSegment> {
    const number = this.#nextNumber++
    const path = join(this.#options.dir, segmentName(number))
    const bytes = headBytes({ format: 1, spool: this.#id, tables: currentTables })
    const file = await createFile(path, [bytes])
    const since = this.#options.now()
    this.#sealTimer = setTimeout(() => {
      if (!this.#writing) void this.#write()
    }, this.#options.segmentAgeMsMax)
    return { number, path, file, since, emptyBytes: bytes.length, bytes: bytes.length }
  }

  #sealIsDue(): boolean {
    const segment = this.#current
    if (segment === undefined || segment.bytes === segment.emptyBytes) return false
    const old = this.#options.now() - segment.since >= this.#options.segmentAgeMsMax - 1
    // While the reader is busy it could not take another: what comes meanwhile is one larger insert instead of many small ones.
    const wanted = this.#sealed.length === 0
    return (old && wanted) || segment.bytes >= this.#options.segmentBytesMax || this.#closed
  }

  /** Hands the segment over as far as it was acknowledged; after an error, a tail of unknown state is not read. */
  async #seal(): Promise<void> {
    const segment = this.#current
    if (segment === undefined) return
    this.#current = undefined
    clearTimeout(this.#sealTimer)
    await segment.file.close().catch(() => undefined /* the descriptor is gone either way, what counts was synced */)
    if (segment.bytes === segment.emptyBytes) return void (await rm(segment.path, { force: true }).catch(() => undefined /* the next start removes it */))
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
    await rm(segment.path, { force: true })
    this.#forget(segment)
  }

  /** Never loadable: kept for a person to look at, out of the way of the others. */
  async setAside(segment: SealedSegment): Promise<void> {
    await rename(segment.path, join(await this.#asideDir(), segmentName(segment.number)))
    this.#forget(segment)
  }

  /** The same for single frames, by their position, each as a segment of its own. They are durable before the segment may go. */
  async setFramesAside(segment: SealedSegment, content: Segment, frames: readonly number[]): Promise<void> {
    const dir = await this.#asideDir()
    for (const position of frames) {
      const frame = content.frameBytes[position]
      if (frame === undefined) continue
      const path = join(dir, segmentName(segment.number).replace('.', `.${position}.`))
      // From an attempt that ended before the segment was removed.
      await rm(path, { force: true })
      const file = await createFile(path, [headBytes(content.head), frame])
      try {
        await this.#options.sync(file)
      } finally {
        await file.close()
      }
    }
  }

  async #asideDir(): Promise<string> {
    const dir = join(this.#options.dir, 'set-aside')
    await mkdir(dir, { recursive: true, mode: folderMode })
    return dir
  }

  #forget(segment: SealedSegment): void {
    this.#sealed = this.#sealed.filter((other) => other.number !== segment.number)
    this.#sealedBytes -= segment.bytes
    if (!this.#writing) void this.#write()
  }

  /** Takes nothing more, seals what is open; `next` then runs out. */
  async close(): Promise<void> {
    this.#closed = true
    while (this.#writing) await new Promise((resolve) => setTimeout(resolve, 1))
    await this.#write()
    const segment = this.#current
    if (segment !== undefined) {
      this.#current = undefined
      clearTimeout(this.#sealTimer)
      await segment.file.close()
      await rm(segment.path)
    }
    this.#wakeReader?.()
  }
}

/** A new file with this content, open, its name durable. Where that fails nothing stays behind: a full disk is tried again and again. */
async function createFile(path: string, content: readonly Buffer[]): Promise<FileHandle> {
  const file = await open(path, 'wx', fileMode)
  try {
    await writeFully(file, content, 0)
    await syncDirectory(dirname(path))
    return file
  } catch (error) {
    await file.close()
    await rm(path, { force: true })
    throw error
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

/** A new file's name is durable only once its folder is synced. */
async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
