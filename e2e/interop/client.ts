import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import type { Signal } from '../sending.ts'

/** As `OTEL_EXPORTER_OTLP_PROTOCOL` names them. */
export type Protocol = 'grpc' | 'http/protobuf' | 'http/json'

/** An OpenTelemetry SDK of another language, and how it behaves: what its source says, and what these tests hold it to. */
export interface Client {
  readonly name: string
  /** Why it cannot run here, `undefined` where it can. */
  readonly missing: string | undefined
  /** Installs what is pinned, once, and answers the command that exports one run. */
  readonly install: () => Promise<Command>
  readonly protocols: readonly Protocol[]
  readonly signals: readonly Signal[]
  /** Whether an application learns of a partial success, by its error handler or log. */
  readonly tellsPartialSuccess: boolean
  /** Whether what was refused for now is sent again, by transport. */
  readonly repeats: Readonly<Record<'grpc' | 'http', boolean>>
  /** Whether it waits as long as the receiver asks, by transport. */
  readonly honoursWait: Readonly<Record<'grpc' | 'http', boolean>>
  /** Whether a post whose answer was lost is posted again, by transport. */
  readonly repeatsLost: Readonly<Record<'grpc' | 'http', boolean>>
}

export type Command = readonly [string, ...string[]]

/** What a client is told to export: a run with so many model calls, and so many spans that a receiver must reject. */
export interface Told {
  readonly traceId: string
  readonly modelCalls: number
  readonly brokenSpans?: number
  /** Length of the run's name, where the client takes it. */
  readonly nameBytes?: number
}

/** How the export of one signal ended, as the client itself reports it. */
export interface Outcome {
  readonly signal: Signal
  readonly ok: boolean
  /** What it logged, or told its error handler. */
  readonly said: readonly string[]
}

/** A client that repeats for ever must not hang the test. Go gives up after half a minute, the others sooner. In milliseconds. */
const runMsMax = 90_000

/** Runs the client once, with nothing but OpenTelemetry's own variables, and waits for its end. */
export async function runClient(command: Command, told: Told, variables: Readonly<Record<string, string>>): Promise<ReadonlyMap<Signal, Outcome>> {
  const numbers = [told.modelCalls, told.brokenSpans ?? 0, told.nameBytes ?? 0].map(String)
  const { PATH = '', HOME = homedir() } = process.env
  const output = await run([...command, told.traceId, ...numbers], { PATH, HOME, OTEL_SERVICE_NAME: 'interop', ...variables }, runMsMax)
  const outcomes = output.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Outcome)
  return new Map(outcomes.map((outcome) => [outcome.signal, outcome]))
}

/** A program that was ended because its time was up. */
export class TookTooLong extends Error {}

/** Standard output of a program that must succeed. */
export async function run(command: Command, env: NodeJS.ProcessEnv, msMax: number, cwd = import.meta.dirname): Promise<string> {
  const [program, ...args] = command
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: msMax, killSignal: 'SIGKILL' })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (...how) => resolve(how))
  })
  if (signal === 'SIGKILL') throw new TookTooLong(`${command.join(' ')} was ended after ${msMax} ms\n${out}${err}`)
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code ?? signal}\n${out}${err}`)
  return out
}

/** A program of a toolchain, and the oldest version that will do. */
export interface Tool {
  readonly command: string
  /** With these it prints its version, and fails where a part that is needed is not there. */
  readonly versionArguments: readonly string[]
  readonly atLeast: readonly [major: number, minor: number]
}

/** Why the tools will not do, in a line for the one who reads that a client was skipped. */
export function missingTool(tools: readonly Tool[]): string | undefined {
  for (const { command, versionArguments, atLeast } of tools) {
    const asked: SpawnSyncReturns<string> = spawnSync(command, versionArguments, { encoding: 'utf8' })
    const needed = `${command} ${atLeast.join('.')} or newer`
    if (asked.error !== undefined) return `needs ${needed}, which is not installed`
    if (asked.status !== 0) return `needs ${needed}, here it fails: ${asked.stderr.trim().split('\n').at(-1) ?? ''}`
    const [, found = '', major = '', minor = '0'] = /((\d+)(?:\.(\d+))?\S*)/.exec(stripVTControlCharacters(`${asked.stdout}${asked.stderr}`)) ?? []
    if (Number(major) < atLeast[0] || (Number(major) === atLeast[0] && Number(minor) < atLeast[1])) return `needs ${needed}, here is ${found}`
  }
  return undefined
}

/**
 * A folder that keeps what was installed for the next run, empty when it is for other pins or the last installation did not
 * end. `NAME-…` in the user's cache, never in the project.
 */
export async function installed(name: string, pins: string, install: (folder: string) => Promise<void>): Promise<string> {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  const folder = join(cache, 'spanledger-interop', `${name}-${createHash('sha256').update(pins).digest('hex').slice(0, 16)}`)
  const done = join(folder, 'installed')
  if (existsSync(done)) return folder
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await install(folder)
  await writeFile(done, '')
  return folder
}
