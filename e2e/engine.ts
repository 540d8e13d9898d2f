import { readFileSync } from 'node:fs'
import { readEngineFile } from '#clickhouse/embedded/engine-file.ts'
import { openStore, type Store } from '#clickhouse/store.ts'
import type { Program } from './program.ts'

/** In seconds. */
const maxSeconds = 30

/** A second client of the program's own engine, for what GraphQL does not show: rows before and after deduplication. */
export async function engineOf(program: Pick<Program, 'dataDir'>): Promise<Store> {
  const { url, user, password } = engineAddress(program)
  return openStore({ kind: 'server', url, user, password, database: 'spanledger', cluster: '' })
}

export const enginePid = (program: Pick<Program, 'dataDir'>): number => engineAddress(program).pid

/** Whether the process lives and is an engine: a process id is given away again, and an ended child may wait to be reaped. */
export const isEngine = (pid: number): boolean => runs(pid, '/embedded/engine.')

/** The same of a further receiving process. */
export const isReceiver = (pid: number): boolean => runs(pid, '/receiver.')

function runs(pid: number, file: string): boolean {
  if (process.platform !== 'linux') return signalled(pid)
  try {
    const state = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '')[0]
    return state !== 'Z' && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(file)
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return false
    throw error
  }
}

function signalled(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}

function engineAddress({ dataDir }: Pick<Program, 'dataDir'>) {
  const address = readEngineFile(dataDir)
  if (address === undefined) throw new Error(`no engine serves ${dataDir}`)
  return address
}

/** Ids of all spans, each once, and whether a reader that deduplicates sees each once. */
export async function storedSpans(store: Store): Promise<{ readonly ids: ReadonlySet<string>; readonly rowsAfterFinal: number }> {
  const rows = await store.read<{ id: string }>(`SELECT lower(hex(span_id)) AS id FROM spans FINAL`, {}, { maxSeconds })
  return { ids: new Set(rows.map((row) => row.id)), rowsAfterFinal: rows.length }
}

/** Log records as a reader that deduplicates sees them. */
export async function storedLogRecords(store: Store): Promise<number> {
  const [row] = await store.read<{ n: string }>('SELECT count() AS n FROM log_records FINAL', {}, { maxSeconds })
  return Number(row?.n)
}
