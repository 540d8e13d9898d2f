import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Program } from './program.ts'

/** `spanledger demo` as a user runs it: beside the server's data, so that it verifies what it left. Ends with Ctrl-C, or at the end of the test. */
export interface Demo extends AsyncDisposable {
  /** Resolves with the exit code and all it said. */
  readonly ended: Promise<{ readonly code: number | null; readonly said: string }>
  stop(): void
}

export function startDemo(program: Pick<Program, 'grpc' | 'dataDir'>, ...args: readonly string[]): Demo {
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', 'main.ts'), 'demo', '--endpoint', program.grpc, ...args], {
    env: { ...process.env, SPANLEDGER_DATA_DIR: program.dataDir }, stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = new Promise<{ code: number | null; said: string }>((resolve) => child.once('exit', (code) => resolve({ code, said })))
  const stop = (): void => void child.kill('SIGINT')
  return {
    ended, stop,
    [Symbol.asyncDispose]: async () => {
      stop()
      await ended
    },
  }
}
