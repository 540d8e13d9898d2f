import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where a running engine answers, and the secret it asks for. In `engine.json` of the data folder, readable by its owner only. */
export interface EngineAddress {
  readonly url: string
  readonly user: string
  readonly password: string
  /** Process id of the engine. */
  readonly pid: number
}

const file = (dataDir: string): string => join(dataDir, 'engine.json')

export function writeEngineFile(dataDir: string, address: EngineAddress): void {
  const draft = `${file(dataDir)}.${address.pid}`
  writeFileSync(draft, `${JSON.stringify(address)}\n`, { mode: 0o600 })
  renameSync(draft, file(dataDir))
}

/** What the file says, alive or not; `undefined` where there is none or it is no address. */
export function readEngineFile(dataDir: string): EngineAddress | undefined {
  let text: string
  try {
    text = readFileSync(file(dataDir), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const value: unknown = JSON.parse(text)
    return isAddress(value) ? value : undefined
  } catch (error) {
    // A crash of the machine can leave a file that was just renamed empty.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

const isAddress = (value: unknown): value is EngineAddress =>
  typeof value === 'object' && value !== null && 'url' in value && typeof value.url === 'string' && 'user' in value &&
  typeof value.user === 'string' && 'password' in value && typeof value.password === 'string' && 'pid' in value && typeof value.pid === 'number'

/** Only the engine that wrote the file takes it away. */
export function removeEngineFile(dataDir: string, pid: number): void {
  if (readEngineFile(dataDir)?.pid === pid) rmSync(file(dataDir), { force: true })
}
