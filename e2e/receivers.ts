import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Program } from './program.ts'

/** Process id of a receiving process other than the main one, as the holder of its journal says. */
export function receiverPid({ dataDir }: Pick<Program, 'dataDir'>, number: number): number {
  const dir = join(dataDir, `spool-${number}`)
  const [holder] = readdirSync(dir).filter((name) => /^holder\.\d+\.json$/.test(name)).sort((a, b) => Number(b.split('.')[1]) - Number(a.split('.')[1]))
  if (holder === undefined) throw new Error(`nobody holds ${dir}`)
  return (JSON.parse(readFileSync(join(dir, holder), 'utf8')) as { readonly pid: number }).pid
}
