import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFully } from '#collector/spool/durable-file.ts'
import { takenOn } from './machine.ts'
import { quantile } from './quantile.ts'

/** How a segment's file begins: empty, as long as it will be but without blocks, or full of zeros. Node has no `fallocate`. */
const beginnings = ['append', 'truncate', 'zeros'] as const
type Beginning = (typeof beginnings)[number]

const segmentBytes = 16 * 1024 * 1024

export interface Committed {
  readonly beginning: Beginning
  readonly writeBytes: number
  /** A write and its `fdatasync`, in milliseconds each. */
  readonly commitMs: readonly number[]
  /** Before the first write, in milliseconds a segment. */
  readonly beginMs: number
}

export interface PreallocateOptions {
  readonly dir: string
  readonly writeBytes: number
  readonly writes: number
}

/** Writes and syncs so often into a file that begins like this; a full one is followed by the next. */
async function commit(beginning: Beginning, { dir, writeBytes, writes }: PreallocateOptions): Promise<Committed> {
  const path = join(dir, beginning)
  const data = Buffer.alloc(writeBytes, 7)
  const commitMs: number[] = []
  const beginMs: number[] = []
  for (let left = writes; left > 0;) {
    const began = performance.now()
    await using file = await open(path, 'w')
    await begin(file, beginning)
    beginMs.push(performance.now() - began)
    for (let at = 0; left > 0 && at + writeBytes <= segmentBytes; left--) {
      const start = performance.now()
      at = await writeFully(file, [data], at)
      await file.datasync()
      commitMs.push(performance.now() - start)
    }
  }
  return { beginning, writeBytes, commitMs, beginMs: beginMs.reduce((sum, ms) => sum + ms, 0) / beginMs.length }
}

async function begin(file: FileHandle, beginning: Beginning): Promise<void> {
  switch (beginning) {
    case 'append': return
    case 'truncate': return file.truncate(segmentBytes)
    case 'zeros':
      await writeFully(file, [Buffer.alloc(segmentBytes)], 0)
      return file.datasync()
  }
}

/** All three take turns, because the disk's mood changes. */
export async function runPreallocate(sizes: readonly { readonly writeBytes: number; readonly writes: number }[], parent: string): Promise<Committed[]> {
  const dir = await mkdtemp(join(parent, 'preallocate-'))
  try {
    const all: Committed[] = []
    for (const size of sizes) for (const beginning of beginnings) all.push(await commit(beginning, { dir, ...size }))
    return all
  } finally {
    await rm(dir, { recursive: true })
  }
}

export const describePreallocate = (all: readonly Committed[]): string => [
  '| a segment begins | bytes a commit | p50 ms | p99 ms | before the first, ms |', '| --- | --- | --- | --- | --- |',
  ...all.map(({ beginning, writeBytes, commitMs, beginMs }) =>
    `| ${beginning} | ${writeBytes} | ${quantile(commitMs, 0.5).toFixed(2)} | ${quantile(commitMs, 0.99).toFixed(1)} | ${beginMs.toFixed(1)} |`),
].join('\n')

if (import.meta.main) {
  console.log(`${takenOn()}\n`)
  const sizes = [{ writeBytes: 7 * 1024, writes: 1_500 }, { writeBytes: 350 * 1024, writes: 400 }, { writeBytes: 4 * 1024 * 1024, writes: 60 }]
  console.log(describePreallocate(await runPreallocate([...sizes, ...sizes], process.env['DIR'] ?? '.')))
}
