import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { UnixNano } from '#semconv/facts.ts'
import { fileMode, isMissing, removeFile } from '../spool/durable-file.ts'

/** In the journal's folder: a journal and what is summed up of it belong together. */
const fileIn = (dir: string): string => join(dir, 'summed-up.json')

/**
 * Up to when everything accepted is in a durable summary, as the last process said. The next start looks at what was accepted
 * later, however long ClickHouse was away and whatever the clock did meanwhile. `undefined` where nobody said so.
 */
export async function readSummedUp(dir: string): Promise<UnixNano | undefined> {
  const text = await readFile(fileIn(dir), 'utf8').catch(unlessMissing)
  const [, through] = /^{"through":"(\d{1,20})"}$/.exec(text) ?? []
  return through === undefined ? undefined : BigInt(through)
}

/** The journals of one data folder: in use, and of processes that there are none of any more. */
export interface Journals {
  readonly used: readonly string[]
  readonly retired: readonly string[]
}

/** The same of all journals: none of them is further than this. `undefined` where one that is in use does not say so. */
export async function earliestSummedUp({ used, retired }: Journals): Promise<UnixNano | undefined> {
  const said = await Promise.all(used.map(readSummedUp))
  const all = [...said, ...(await Promise.all(retired.map(readSummedUp)))].filter((through) => through !== undefined)
  return said.includes(undefined) ? undefined : all.reduce((least, through) => (through < least ? through : least))
}

/** Of a journal that is retired, once another says as much. */
export const forgetSummedUp = (dir: string): Promise<void> => removeFile(fileIn(dir))

/** Replaced as a whole, and not synced: an older one only makes the next start look at more. */
export async function writeSummedUp(dir: string, through: UnixNano): Promise<void> {
  const draft = `${fileIn(dir)}.draft`
  await writeFile(draft, JSON.stringify({ through: String(through) }), { mode: fileMode })
  await rename(draft, fileIn(dir))
}

function unlessMissing(error: unknown): string {
  if (isMissing(error)) return ''
  throw error
}
