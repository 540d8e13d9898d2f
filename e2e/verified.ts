import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import type { Program } from './program.ts'

/** Traces settle within seconds; a loaded machine gets more. */
const waitSeconds = '60'

/** `spanledger verify` as a user runs it beside the server: every entry worked out again, and none differs. Returns how many there are. */
export async function assertVerified(program: Pick<Program, 'dataDir'>): Promise<number> {
  const { code, said } = await new Promise<{ code: unknown; said: string }>((resolve) => {
    execFile(process.execPath, [join(import.meta.dirname, '..', 'main.ts'), 'verify', '--wait', waitSeconds], { env: { ...process.env, SPANLEDGER_DATA_DIR: program.dataDir } },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code, said: stdout + stderr }))
  })
  const [, entries] = /\n(\d+) entries, 0 differences\n$/.exec(said) ?? []
  assert.ok(code === 0 && entries !== undefined, `verify ended with ${String(code)}:\n${said}`)
  assert.doesNotMatch(said, /not settled yet/)
  return Number(entries)
}
