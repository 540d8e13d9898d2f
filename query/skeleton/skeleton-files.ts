import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '../logger.ts'

/** Bytes of all files together: some 150 traces of 100,000 spans. What was written first goes first. */
export const filesBytesMax = 256 * 1024 * 1024
/** Raised with whatever changes what an answer says, in its layout or in its meaning: files of before are not found then. */
const format = 2
const digestBytes = 32

/**
 * Answers on the disk, so that a large trace is not made again after a restart. Only ever a shortcut: what is missing, damaged or
 * cannot be read is made from the store. In a file stand the SHA-256 of its name and of the answer, then the answer.
 */
export interface SkeletonFiles {
  /** `undefined` where there is none that is whole. */
  read(key: string): Promise<Buffer | undefined>
  write(key: string, body: Buffer): Promise<void>
}

/** `dir` is made when it is needed, and for its owner only: names of agents and steps stand in the files. */
export function skeletonFiles({ dir, bytesMax, logger }: { readonly dir: string; readonly bytesMax: number; readonly logger: Logger }): SkeletonFiles {
  const nameOf = (key: string): string => createHash('sha256').update(`${format} ${key}`).digest('hex')
  const digest = (name: string, body: Buffer): Buffer => createHash('sha256').update(name).update(body).digest()

  async function read(key: string): Promise<Buffer | undefined> {
    const name = nameOf(key)
    const bytes = await readFile(join(dir, name))
    const body = bytes.subarray(digestBytes)
    if (digest(name, body).equals(bytes.subarray(0, digestBytes))) return body
    throw new Error(`the file of a kept trace is damaged: ${name}`)
  }

  async function write(key: string, body: Buffer): Promise<void> {
    const name = nameOf(key)
    const draft = join(dir, `${randomUUID()}${draftEnding}`)
    await mkdir(dir, { recursive: true, mode: 0o700 })
    await writeFile(draft, Buffer.concat([digest(name, body), body]), { mode: 0o600 })
    await rename(draft, join(dir, name))
    await makeRoom()
  }

  /** Drafts that a crash left count as well, and go like all others. */
  async function makeRoom(): Promise<void> {
    const files = await Promise.all((await readdir(dir)).map(async (name) => ({ name, ...(await sizeOf(join(dir, name))) })))
    let bytes = files.reduce((sum, { size }) => sum + size, 0)
    for (const { name, size } of files.toSorted((a, b) => a.mtimeMs - b.mtimeMs)) {
      if (bytes <= bytesMax) return
      await rm(join(dir, name), { force: true })
      bytes -= size
    }
  }

  return {
    read: (key) => read(key).catch((error: unknown) => {
      if (!isMissing(error)) logger.error('a kept trace cannot be read, it is made anew', { error })
      return undefined
    }),
    write: (key, body) => write(key, body).catch((error: unknown) => {
      logger.error('a large trace cannot be kept on the disk, it is made anew after a restart', { error })
    }),
  }
}
const draftEnding = '.draft'

/** Another process may have made room in between. */
const sizeOf = (file: string): Promise<{ readonly size: number; readonly mtimeMs: number }> =>
  stat(file).catch((error: unknown) => {
    if (isMissing(error)) return { size: 0, mtimeMs: 0 }
    throw error
  })

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'
