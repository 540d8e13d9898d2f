import { type FileHandle, open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

/** What is kept here holds prompts and answers: for its owner only. */
export const folderMode = 0o700
export const fileMode = 0o600

/** Of what a call on a file threw: there is none. */
export const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'

/** Writes all of `parts` at `position`; a short write is continued, an error leaves the file as it is. */
export async function writeFully(file: FileHandle, parts: readonly Buffer[], position: number): Promise<number> {
  let at = position
  let rest = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
  while (rest.length > 0) {
    const { bytesWritten } = await file.write(rest, 0, rest.length, at)
    at += bytesWritten
    rest = rest.subarray(bytesWritten)
  }
  return at
}

/** A new file with this content, open, its name durable. Where that fails nothing stays behind: a full disk is tried again and again. */
export async function createFile(path: string, content: readonly Buffer[]): Promise<FileHandle> {
  const file = await open(path, 'wx', fileMode)
  try {
    await writeFully(file, content, 0)
    await syncDirectory(dirname(path))
    return file
  } catch (error) {
    await file.close()
    await removeFile(path)
    throw error
  }
}

/** Puts a file there whole and durable, in place of one that stands there. Nobody ever reads half of it. */
export async function placeFile(path: string, content: readonly Buffer[]): Promise<void> {
  const draft = `${path}.${process.pid}.draft`
  await removeFile(draft)
  const file = await open(draft, 'wx', fileMode)
  try {
    await writeFully(file, content, 0)
    await file.datasync()
  } catch (error) {
    await removeFile(draft)
    throw error
  } finally {
    await file.close()
  }
  await rename(draft, path)
  await syncDirectory(dirname(path))
}

/**
 * Removes a file where there is one. Node's `rm` takes a file whose folder is immutable for a folder, and says ENOTDIR for EPERM.
 */
export async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!isMissing(error)) throw error
  })
}

/** A new file's name is durable only once its folder is synced. */
export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
