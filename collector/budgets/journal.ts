import { type FileHandle, mkdir, open, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { fileMode, folderMode, isMissing } from '../spool/durable-file.ts'

/** Anything that JSON can hold. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value }

/** What was decided, under a key of its own, until it is of no use any more. */
export interface Kept {
  readonly value: Value
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

export interface JournalOptions {
  readonly path: string
  /** `FileHandle.datasync`, or what a test puts in its place. */
  readonly sync: (file: FileHandle) => Promise<void>
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** `u32` length and `u32` crc32 of the JSON behind them, little-endian. */
const headBytes = 8
/** Longest record, in bytes: a hold takes 400. */
const recordBytesMax = 65_536
/** Records that are put together until other work has its turn: a hundred thousand at once would hold up every agent for half a second. */
const recordsPerTurn = 500
/** The file is written anew when it holds so many bytes and most of them are history. */
const compactBytesMin = 1_048_576

/** What was only written is on disk after this many milliseconds. */
const syncMs = 50

/** When a record counts as kept: once the system has it, which a kill of every process survives, or once the disk has it. */
type Until = 'written' | 'synced'

interface Waiting {
  readonly record: Buffer
  readonly until: Until
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

/**
 * What must be decided at most once: holds on budgets, alerts that were sent. A small file, one record after the other, one
 * `fdatasync` for all that wait (group commit). All of it is in memory, so an answer waits for the file and for nothing else,
 * and a process that was killed finds every decision it had answered.
 */
export class Journal {
  readonly #options: JournalOptions
  readonly #kept: Map<string, Kept>
  #file: FileHandle
  /** Bytes up to the last record that was written. */
  #bytes: number
  /** Some of them may not be on disk. */
  #unsynced = false
  #syncTimer: NodeJS.Timeout | undefined
  #syncing: Promise<void> | undefined
  #liveBytes = 0
  #waiting: Waiting[] = []
  #writing: Promise<void> | undefined
  /** Written, and waiting for a sync that begins after that. */
  #unsure: Waiting[] = []
  /** What stands in the file is not what memory has: it is written anew. */
  #torn: boolean
  #closed = false

  /** Of records that the disk damaged: what they said is not known any more. */
  readonly damagedBytes: number
  /** Cut from its end and kept in `<path>.cut`: a power failure tore it, or the disk damaged a length. 0 where only zeros were cut. */
  readonly cutBytes: number

  private constructor(options: JournalOptions, file: FileHandle, { kept, bytes, damagedBytes, tail }: Parsed) {
    this.#options = options
    this.#file = file
    this.#bytes = bytes
    this.#liveBytes = bytes
    this.#kept = kept
    this.damagedBytes = damagedBytes
    this.cutBytes = tail.length
    this.#torn = damagedBytes > 0
  }

  /**
   * Reads what is there. A tail that a crash tore was never answered: it is cut. A record before a whole one was: the disk damaged it.
   * Behind a damaged length nothing can be read, and nothing tells it from a torn tail: so what is cut is kept.
   */
  static async open(options: JournalOptions): Promise<Journal> {
    await mkdir(dirname(options.path), { recursive: true, mode: folderMode })
    const parsed = parse(await readIfThere(options.path))
    if (parsed.tail.length > 0) await writeFile(`${options.path}.cut`, parsed.tail, { mode: fileMode })
    const file = await open(options.path, 'a+', fileMode)
    await file.truncate(parsed.bytes)
    const journal = new Journal(options, file, parsed)
    journal.expire()
    return journal
  }

  get(key: string): Kept | undefined {
    return this.#kept.get(key)
  }

  /** What is kept under keys that begin like this. */
  *startingWith(prefix: string): Generator<readonly [string, Kept]> {
    for (const entry of this.#kept) if (entry[0].startsWith(prefix)) yield entry
  }

  /** Memory knows it at once; resolves when it is kept. Rejects where that fails, and memory forgets it again. */
  async put(key: string, value: Value, expiresAt: number, until: Until = 'synced'): Promise<void> {
    const kept = { value, expiresAt }
    const before = this.#kept.get(key)
    this.#kept.set(key, kept)
    try {
      await this.#append({ key, value, expiresAt }, until)
    } catch (error) {
      if (this.#kept.get(key) === kept) {
        if (before === undefined) this.#kept.delete(key)
        else this.#kept.set(key, before)
      }
      throw error
    }
  }

  /** Forgets it. Whoever does not wait may see it once more after a crash. */
  async drop(key: string, until: Until = 'synced'): Promise<void> {
    if (this.#kept.delete(key)) await this.#append({ key }, until)
  }

  /** Forgets what has expired. The disk follows when the file is written anew. */
  expire(): void {
    const now = this.#options.now()
    for (const [key, { expiresAt }] of this.#kept) if (expiresAt <= now) this.#kept.delete(key)
  }

  #append(content: { readonly key: string } & Partial<Kept>, until: Until): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('the journal is closed'))
    const record = recordOf(content)
    return new Promise((done, failed) => {
      this.#waiting.push({ record, until, done, failed })
      this.#writing ??= this.#write()
    })
  }

  async #write(): Promise<void> {
    // Whoever comes in the same turn is written with the first.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      try {
        await this.#writeDown(group)
      } catch (error) {
        this.#torn = true
        failAll(group, error)
      }
    }
    this.#writing = undefined
    this.#syncSoon()
  }

  async #writeDown(group: readonly Waiting[]): Promise<void> {
    const bytes = Buffer.concat(group.map(({ record }) => record))
    do {
      // What failed before may stand half written, and what was written before it may be gone: memory has all of it.
      if (this.#torn || (this.#bytes > compactBytesMin && this.#bytes > 2 * this.#liveBytes)) await this.#compact()
      await this.#file.writeFile(bytes)
      this.#bytes += bytes.length
      this.#unsynced = true
      // A sync that failed meanwhile may have lost this, too.
    } while (this.#torn)
    for (const { until, done } of group) if (until === 'written') done()
    this.#unsure.push(...group.filter(({ until }) => until === 'synced'))
    if (this.#unsure.length > 0) this.#syncing ??= this.#sync()
  }

  #syncSoon(): void {
    if (!this.#unsynced || this.#closed || this.#syncing !== undefined) return
    this.#syncTimer ??= setTimeout(() => (this.#syncing ??= this.#sync()), syncMs).unref()
  }

  /** Others write meanwhile: a disk takes milliseconds, and now and then a hundred. */
  async #sync(): Promise<void> {
    clearTimeout(this.#syncTimer)
    this.#syncTimer = undefined
    do {
      const group = this.#unsure
      this.#unsure = []
      this.#unsynced = false
      try {
        await this.#options.sync(this.#file)
        for (const { done } of group) done()
      } catch (error) {
        // The next sync of this file may say that all is well (`fsync(2)`, EIO): who was written meanwhile is not sure either.
        this.#torn = true
        failAll([...group, ...this.#unsure], error)
        this.#unsure = []
      }
    } while (this.#unsure.length > 0)
    this.#syncing = undefined
    this.#syncSoon()
  }

  /**
   * Everything that is kept, in a new file that takes the old one's name when it is whole. What waits is in memory already, and is
   * written behind it once more; so is what changes while the file is written.
   */
  async #compact(): Promise<void> {
    const { path, sync } = this.#options
    // It is about the old file. Its end sets the timer, and nothing else does while this is under way.
    await this.#syncing
    clearTimeout(this.#syncTimer)
    this.#syncTimer = undefined
    this.expire()
    await using file = await open(`${path}.new`, 'w', fileMode)
    let length = 0
    let records: Buffer[] = []
    const flush = async (): Promise<void> => {
      const bytes = Buffer.concat(records)
      records = []
      length += bytes.length
      await file.writeFile(bytes)
      await nextTurn()
    }
    for (const [key, kept] of this.#kept) {
      records.push(recordOf({ key, ...kept }))
      if (records.length >= recordsPerTurn) await flush()
    }
    await flush()
    await sync(file)
    await rename(`${path}.new`, path)
    const folder = await open(dirname(path), 'r')
    await folder.sync()
    await folder.close()
    const next = await open(path, 'a+', fileMode)
    await this.#file.close()
    this.#file = next
    this.#bytes = length
    this.#liveBytes = length
    this.#torn = false
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#syncTimer)
    await this.#writing
    await this.#syncing
    try {
      // What a sync failed to keep is in memory.
      if (this.#torn) await this.#compact()
      else if (this.#unsynced) await this.#options.sync(this.#file)
    } finally {
      await this.#file.close()
    }
  }
}

/** The newest first: each takes back its own value, down to the one before all of them. */
const failAll = (group: readonly Waiting[], error: unknown): void => group.toReversed().forEach(({ failed }) => failed(error))

async function readIfThere(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    if (isMissing(error)) return Buffer.alloc(0)
    throw error
  }
}

function recordOf(content: { readonly key: string } & Partial<Kept>): Buffer {
  const json = Buffer.from(JSON.stringify(content))
  if (json.length > recordBytesMax) throw new Error(`a record of ${json.length} bytes, the limit is ${recordBytesMax}`)
  const head = Buffer.allocUnsafe(headBytes)
  head.writeUInt32LE(json.length, 0)
  head.writeUInt32LE(crc32(json), 4)
  return Buffer.concat([head, json])
}

interface Parsed {
  readonly kept: Map<string, Kept>
  /** Up to the end of the last whole record. */
  readonly bytes: number
  readonly damagedBytes: number
  /** What stands behind that, empty where it is zeros alone. */
  readonly tail: Buffer
}

function parse(file: Buffer): Parsed {
  const kept = new Map<string, Kept>()
  let bytes = 0
  let whole = 0
  for (let at = 0; at + headBytes <= file.length;) {
    const length = file.readUInt32LE(at)
    const json = file.subarray(at + headBytes, at + headBytes + length)
    // Zeros are what a power failure leaves of bytes that were not written yet: no length, and the checksum of nothing.
    if (length === 0 || json.length !== length || length > recordBytesMax) break
    const next = at + headBytes + length
    if (crc32(json) === file.readUInt32LE(at + 4)) {
      const { key, value, expiresAt } = JSON.parse(json.toString('utf8')) as { readonly key: string } & Partial<Kept>
      if (value === undefined || expiresAt === undefined) kept.delete(key)
      else kept.set(key, { value, expiresAt })
      whole += next - at
      bytes = next
    }
    at = next
  }
  const tail = file.subarray(bytes)
  return { kept, bytes, damagedBytes: bytes - whole, tail: tail.some((byte) => byte !== 0) ? tail : Buffer.alloc(0) }
}
