/** For tests: a disk that can be filled. */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SmallDisk extends AsyncDisposable {
  readonly dir: string
}

/** A disk of this size (`24m`) in a folder of its own, or why there is none. */
export async function smallDisk(size: string): Promise<SmallDisk | string> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'a small disk is a tmpfs, which takes Linux and root'
  const dir = await mkdtemp(join(tmpdir(), 'small-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', dir], { stdio: 'pipe' })
  } catch (error) {
    await rm(dir, { recursive: true })
    return `a small disk cannot be mounted: ${error instanceof Error ? error.message : String(error)}`
  }
  return {
    dir,
    async [Symbol.asyncDispose]() {
      execFileSync('umount', ['-l', dir])
      await rm(dir, { recursive: true })
    },
  }
}
