import { type FileHandle, mkdir, open, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { fileMode, folderMode, isMissing, removeFile, writeFully } from './durable-file.ts'

const MiB = 1024 * 1024
/**
 * What stays free when nothing more is taken: ClickHouse still loads and merges what was acknowledged, which writes the rows
 * of the journal once more. A tenth of a small disk.
 */
const reserveBytesMax = 512 * MiB
const reserveShareMax = 0.1
/** Two inserts with the parts they make. A fiftieth of a small disk. */
const ballastBytesMax = 64 * MiB
const ballastShareMax = 0.02
/** The ballast is written little by little: no start waits for it, and a short one never pays. In bytes a look. */
const ballastGrowthBytes = 8 * MiB
/** How often the disk is looked at, in milliseconds. */
const lookMsEvery = 1_000

export interface Disk {
  readonly totalBytes: number
  /** For a process without special rights. */
  readonly freeBytes: number
}

export interface DiskRoomOptions {
  /** The journal's folder, where the ballast lies too. */
  readonly dir: string
  /** An argument so that tests can fill the disk without filling one. */
  readonly look: (dir: string) => Promise<Disk>
}

/** The room on the disk that `dir` is on. */
export async function diskOf(dir: string): Promise<Disk> {
  const { bsize, blocks, bavail } = await statfs(dir)
  return { totalBytes: bsize * blocks, freeBytes: bsize * bavail }
}

/**
 * Knows whether the disk has room, so that the journal stops taking before ClickHouse cannot write any more, and holds a
 * ballast: a file of zeros that is given up where others have filled the disk all the same, and made again when there is room.
 */
export class DiskRoom {
  readonly #options: DiskRoomOptions
  readonly #path: string
  #disk: Disk
  #writtenSince = 0
  #ballastBytes: number
  #looking: Promise<void> | undefined
  readonly #timer: NodeJS.Timeout

  private constructor(options: DiskRoomOptions, path: string, disk: Disk, ballastBytes: number) {
    this.#options = options
    this.#path = path
    this.#disk = disk
    this.#ballastBytes = ballastBytes
    this.#timer = setInterval(() => void this.look(), lookMsEvery).unref()
  }

  static async open(options: DiskRoomOptions): Promise<DiskRoom> {
    await mkdir(options.dir, { recursive: true, mode: folderMode })
    const path = join(options.dir, 'ballast')
    const held = await stat(path).then(({ size }) => size, zeroWhereMissing)
    const room = new DiskRoom(options, path, await options.look(options.dir), held)
    if (room.#isShort()) await room.release()
    return room
  }

  get #reserveBytes(): number {
    return Math.min(reserveBytesMax, Math.floor(this.#disk.totalBytes * reserveShareMax))
  }

  get #ballastGoal(): number {
    return Math.min(ballastBytesMax, Math.floor(this.#disk.totalBytes * ballastShareMax))
  }

  /** As of the last look, less what the journal wrote since. */
  get freeBytes(): number {
    return Math.max(0, this.#disk.freeBytes - this.#writtenSince)
  }

  /** 0 once it was given up. */
  get ballastBytes(): number {
    return this.#ballastBytes
  }

  /** Whether so many bytes more leave the room that ClickHouse needs. */
  admits(bytes: number): boolean {
    return this.freeBytes - bytes >= this.#reserveBytes
  }

  wrote(bytes: number): void {
    this.#writtenSince += bytes
  }

  /** Half of the reserve is gone, although nothing more is taken since it was touched: others fill the disk. */
  #isShort(): boolean {
    return this.freeBytes < this.#reserveBytes / 2
  }

  /** Gives the ballast up: for what waits to be loaded, and for the engine to go on. */
  async release(): Promise<void> {
    await removeFile(this.#path)
    this.#ballastBytes = 0
    await this.#measure()
  }

  /** Looks at the disk and does what follows. One look at a time; never rejects, the next look tries again. */
  look(): Promise<void> {
    return (this.#looking ??= this.#act().catch(() => undefined /* a disk that cannot be asked or written is as it was */).finally(() => (this.#looking = undefined)))
  }

  async #act(): Promise<void> {
    await this.#measure()
    if (this.#isShort()) {
      if (this.#ballastBytes > 0) await this.release()
    } else if (this.#ballastBytes < this.#ballastGoal && this.admits(2 * this.#ballastGoal)) await this.#grow()
  }

  async #measure(): Promise<void> {
    this.#disk = await this.#options.look(this.#options.dir)
    this.#writtenSince = 0
  }

  /** Zeros that are written, because a hole in a file holds no room. */
  async #grow(): Promise<void> {
    const file: FileHandle = await open(this.#path, this.#ballastBytes === 0 ? 'w' : 'r+', fileMode)
    try {
      const bytes = Math.min(ballastGrowthBytes, this.#ballastGoal - this.#ballastBytes)
      this.#ballastBytes = await writeFully(file, [Buffer.alloc(bytes)], this.#ballastBytes)
    } finally {
      await file.close()
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }
}

function zeroWhereMissing(error: unknown): 0 {
  if (isMissing(error)) return 0
  throw error
}
