import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from './client.ts'

/** A running OpenTelemetry Collector. */
export interface OtelCollector extends AsyncDisposable {
  /** Where its OTLP/HTTP receiver listens. */
  readonly http: string
  /** Everything it logged so far. */
  log(): string
  /** Waits for a line that matches, and answers what did. */
  logged(pattern: RegExp): Promise<string>
  /** Lets it empty its queue and end. */
  stop(): Promise<void>
  /** Lets it do nothing more. */
  kill(): Promise<void>
}

/** It starts within a second; a loaded machine gets more. In milliseconds. */
const readyMsMax = 30_000
/** What it does is logged within milliseconds, or seconds where it repeats before. In milliseconds. */
const loggedMsMax = 30_000

export async function startOtelCollector(command: Command, port: number, env: Readonly<Record<string, string>> = {}): Promise<OtelCollector> {
  const [program, ...args] = command
  const child = spawn(program, args, { env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const exited = once(child, 'exit')
  const logged = async (pattern: RegExp, msMax = loggedMsMax): Promise<string> => {
    const end = Date.now() + msMax
    for (;;) {
      const found = pattern.exec(log)
      if (found !== null) return found[0]
      if (child.exitCode !== null || Date.now() > end) throw new Error(`${pattern} was not logged\n${log}`)
      await sleep(20)
    }
  }
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    child.kill(signal)
    await exited
  }
  await accepting(port, () => child.exitCode === null, () => log)
  return {
    http: `http://127.0.0.1:${port}`, log: () => log, logged, stop: () => end('SIGTERM'), kill: () => end('SIGKILL'),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) await end('SIGKILL')
    },
  }
}

/** It logs that it is ready only at a level the shipped configuration does not log: its receiver's answer tells. */
async function accepting(port: number, alive: () => boolean, log: () => string): Promise<void> {
  const end = Date.now() + readyMsMax
  for (;;) {
    const answered = await fetch(`http://127.0.0.1:${port}/v1/traces`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }).then(() => true, () => false)
    if (answered) return
    if (!alive() || Date.now() > end) throw new Error(`the Collector does not listen on ${port}\n${log()}`)
    await sleep(50)
  }
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
