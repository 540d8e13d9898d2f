import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** The program as a user runs it: its own process, its own data folder, any free ports. */
export interface Program extends AsyncDisposable {
  readonly pid: number
  readonly dataDir: string
  /** `http://127.0.0.1:…` */
  readonly grpc: string
  readonly http: string
  readonly console: string
  /** Standard error so far. */
  log(): string
  /** Resolves with the exit code, `null` after a signal. */
  readonly exited: Promise<number | null>
  signal(name: 'SIGTERM' | 'SIGKILL' | 'SIGINT'): void
}

export interface ProgramOptions {
  /** Reused after a kill; a fresh one, removed at the end, if absent. */
  readonly dataDir?: string
  readonly env?: Readonly<Record<string, string>>
  readonly command?: 'start' | 'collector' | 'query'
}

const root = join(import.meta.dirname, '..')
/** Node's options as `npm start` gives them. */
export const nodeOptions = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: { start: string } }).scripts.start.split(' ').filter((word) => word.startsWith('--'))

/** Start-up is under 3 s on an idle machine; a loaded one gets more before the test gives up. */
const readyMsMax = 60_000

/** The program's process, as far as it has come. */
export interface Spawned {
  readonly child: ChildProcess
  readonly dataDir: string
  readonly exited: Promise<number | null>
  log(): string
}

export function spawnProgram(options: ProgramOptions & { readonly dataDir: string }): Spawned {
  const { dataDir } = options
  const child = spawn(process.execPath, [...nodeOptions, join(root, 'main.ts'), options.command ?? 'start'], {
    env: {
      ...process.env, SPANLEDGER_PORT: '0', SPANLEDGER_OTLP_GRPC_PORT: '0', SPANLEDGER_OTLP_HTTP_PORT: '0', SPANLEDGER_DATA_DIR: dataDir,
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  return { child, dataDir, exited: new Promise((resolve) => child.once('exit', (code) => resolve(code))), log: () => log }
}

export async function startProgram(options: ProgramOptions = {}): Promise<Program> {
  const ownDir = options.dataDir === undefined
  const { child, dataDir, exited, log } = spawnProgram({ ...options, dataDir: options.dataDir ?? (await mkdtemp(join(tmpdir(), 'spanledger-'))) })
  const addresses = await readAddresses(child, exited, log)
  return {
    pid: child.pid as number,
    dataDir,
    grpc: addresses.get('OTLP/gRPC') ?? '',
    http: addresses.get('OTLP/HTTP') ?? '',
    console: addresses.get('console') ?? '',
    log,
    exited,
    signal: (name) => child.kill(name),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      await exited
      if (ownDir) await rm(dataDir, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}

function readAddresses(child: ChildProcess, exited: Promise<number | null>, log: () => string): Promise<ReadonlyMap<string, string>> {
  return new Promise((resolve, reject) => {
    const addresses = new Map<string, string>()
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`not ready after ${readyMsMax} ms\n${log()}`))
    }, readyMsMax)
    void exited.then((code) => {
      clearTimeout(timer)
      reject(new Error(`the program ended with ${code} before it was ready\n${log()}`))
    })
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const [, name, url] = /^(\S+)\s+(http:\/\/\S+)$/.exec(line) ?? []
      if (name !== undefined && url !== undefined) addresses.set(name, url)
      if (line !== 'ready') return
      clearTimeout(timer)
      resolve(addresses)
    })
  })
}

export async function graphql<Data>(program: Pick<Program, 'console'>, query: string, variables: object = {}): Promise<Data> {
  const response = await fetch(`${program.console}/graphql`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query, variables }),
  })
  const { data, errors } = (await response.json()) as { data: Data; errors?: readonly { message: string }[] }
  if (errors !== undefined) throw new Error(errors.map((error) => error.message).join('; '))
  return data
}
