import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { totalmem } from 'node:os'
import { type EngineAddress, readEngineFile } from './engine-file.ts'

export interface EngineOptions {
  /** Holds `engine.json`, the data and the bodies of inserts in progress. Created if missing. */
  readonly dataDir: string
  /** What the engine may take in all, in bytes; a statement may take half of it. Default: half of the machine's memory. */
  readonly memoryBytes?: number
  /** Statements that read side by side. Default 4, and 2 for BI tools and users' own SQL. */
  readonly readSessions?: number
  readonly biSessions?: number
  /** How long start waits for another process to let go of the data, in milliseconds. Default 10,000. */
  readonly lockWaitMs?: number
  /** An engine that says nothing for this long hangs and is started again, in milliseconds. Default 60,000: planning blocks it for far less. */
  readonly silentMsMax?: number
  /** The engine is another process' child and ends with that: it is waited for, never started. Default false. */
  readonly attachOnly?: boolean
}

/** First message to the engine. */
export interface EngineSettings {
  readonly dataDir: string
  readonly memoryBytes: number
  readonly readSessions: number
  readonly biSessions: number
  readonly lockWaitMs: number
}

/** `ready` or `failed` once, then a beat every two seconds. */
export type EngineMessage = { readonly ready: EngineAddress } | { readonly failed: string } | { readonly beat: true }

export class EngineStartingError extends Error {}

export interface Engine extends AsyncDisposable {
  /** Where the engine answers; waits up to 5 s while it is being started again, then rejects with `EngineStartingError`. */
  address(): Promise<EngineAddress>
  /** A request could not reach this address: the next `address()` looks again. */
  lost(url: string): void
}

/** The engine waits for the lock itself; loading the library and the tables comes on top. In milliseconds. */
const startMsMax = 60_000
const closeMsMax = 10_000
const pingMsMax = 2_000
/** How long a request waits for an engine that is being started again, in milliseconds. */
const addressMsMax = 5_000
/** First and largest delay before a dead engine is started again, in milliseconds. */
const restartMsMin = 100
const restartMsMax = 5_000
/** An engine that lived this long died of something new: the delay starts over. In milliseconds. */
const stableMs = 60_000

interface Running {
  readonly address: EngineAddress
  /** `undefined` where the engine belongs to another process. */
  readonly child: ChildProcess | undefined
}

/**
 * Attaches to the engine that serves `dataDir`, or starts one. A started engine is started again when it dies and ends
 * with this process, however that ends. Rejects with one readable sentence when the data is held by something else.
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const settings: EngineSettings = {
    dataDir: resolve(options.dataDir),
    memoryBytes: options.memoryBytes ?? Math.floor(totalmem() / 2),
    readSessions: options.readSessions ?? 4,
    biSessions: options.biSessions ?? 2,
    lockWaitMs: options.lockWaitMs ?? 10_000,
  }
  const silentMsMax = options.silentMsMax ?? 60_000
  const attachOnly = options.attachOnly ?? false
  const open = (): Promise<Running> => (attachOnly ? attach(settings) : attachOrStart(settings))
  const closed = new AbortController()
  let delay = restartMsMin
  let running = await open()
  let current = Promise.resolve(running)
  watch(running)

  function watch({ address, child }: Running): void {
    const since = Date.now()
    if (child === undefined) return
    let silent = setTimeout(() => child.kill('SIGKILL'), silentMsMax)
    child.on('message', () => {
      clearTimeout(silent)
      silent = setTimeout(() => child.kill('SIGKILL'), silentMsMax)
    })
    child.once('exit', () => {
      clearTimeout(silent)
      if (Date.now() - since >= stableMs) delay = restartMsMin
      lost(address.url)
    })
  }

  function lost(url: string): void {
    // Many requests fail at once; the first that says so starts the engine. A child of ours is lost once it has ended.
    const { child } = running
    if (closed.signal.aborted || running.address.url !== url || (child !== undefined && !hasEnded(child))) return
    running = { address: { ...running.address, url: '' }, child: undefined }
    current = again()
    // `address()` reports it; a close ends the loop while nobody waits.
    current.catch(() => undefined)
  }

  async function again(): Promise<Running> {
    for (;;) {
      await sleep(delay, undefined, { signal: closed.signal })
      delay = Math.min(delay * 2, restartMsMax)
      try {
        running = await open()
        watch(running)
        if (attachOnly) delay = restartMsMin
        return running
      } catch (error) {
        if (!attachOnly) console.error(`the embedded engine does not start, trying again in ${delay} ms:`, error instanceof Error ? error.message : error)
      }
    }
  }

  return {
    async address() {
      const waited = new AbortController()
      const late = sleep(addressMsMax, undefined, { signal: waited.signal }).then(() => {
        throw new EngineStartingError('the embedded engine is being started again')
      })
      try {
        return (await Promise.race([current, late])).address
      } finally {
        waited.abort()
        late.catch(() => undefined)
      }
    },
    lost,
    async [Symbol.asyncDispose]() {
      closed.abort()
      const last = await current.catch(() => undefined)
      if (last?.child !== undefined) await stop(last.child)
    },
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

async function attach({ dataDir }: EngineSettings): Promise<Running> {
  const existing = readEngineFile(dataDir)
  if (existing !== undefined && await answers(existing)) return { address: existing, child: undefined }
  throw new Error(`no engine serves ${dataDir}`)
}

async function attachOrStart(settings: EngineSettings): Promise<Running> {
  const existing = readEngineFile(settings.dataDir)
  if (existing !== undefined && await answers(existing)) return { address: existing, child: undefined }
  const child = start(settings)
  try {
    return await ready(settings, child)
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}

/** Whether the engine of this address is alive and takes the password: a port may belong to somebody else by now. */
async function answers(address: EngineAddress): Promise<boolean> {
  try {
    const response = await fetch(`${address.url}/?query=SELECT+1`, {
      headers: { 'X-ClickHouse-User': address.user, 'X-ClickHouse-Key': address.password },
      signal: AbortSignal.timeout(pingMsMax),
    })
    return response.ok && (await response.text()).trim() === '1'
  } catch {
    // Refused, reset or silent: there is no engine behind it.
    return false
  }
}

function start(settings: EngineSettings): ChildProcess {
  const file = new URL(import.meta.url.endsWith('.ts') ? './engine.ts' : './engine.js', import.meta.url)
  const sessions = settings.readSessions + settings.biSessions + 3
  const child = fork(file, [], {
    execArgv: [],
    // A running statement holds a thread of libuv's pool; files and gzip need some as well.
    env: { ...process.env, UV_THREADPOOL_SIZE: String(sessions + 8) },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  child.send(settings)
  return child
}

/** Waits for the child, or for another process that was faster with the same folder. */
async function ready(settings: EngineSettings, child: ChildProcess): Promise<Running> {
  const ended = new AbortController()
  const started = (async (): Promise<Running> => {
    const [message] = await once(child, 'message', { signal: ended.signal }) as [EngineMessage]
    if ('ready' in message) return { address: message.ready, child }
    throw new Error('failed' in message ? message.failed : 'the embedded engine sent an unknown message')
  })()
  const died = (async (): Promise<Running> => {
    const [code, signal] = await once(child, 'exit', { signal: ended.signal }) as [number | null, string | null]
    throw new Error(`the embedded engine ended at start (${signal ?? `exit code ${code}`})`)
  })()
  const late = sleep(startMsMax, undefined, { signal: ended.signal }).then(() => {
    throw new Error(`the embedded engine did not start within ${startMsMax / 1000} s`)
  })
  try {
    return await Promise.race([started, died, late, attached(settings, child, ended.signal)])
  } finally {
    ended.abort()
    for (const loser of [started, died, late]) loser.catch(() => undefined)
  }
}

async function attached(settings: EngineSettings, child: ChildProcess, ended: AbortSignal): Promise<Running> {
  for (;;) {
    await sleep(500, undefined, { signal: ended }).catch(() => new Promise(() => undefined))
    const other = readEngineFile(settings.dataDir)
    if (other === undefined || other.pid === child.pid || !await answers(other)) continue
    child.kill('SIGKILL')
    return { address: other, child: undefined }
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  const exited = once(child, 'exit')
  child.send('close')
  const timer = setTimeout(() => child.kill('SIGKILL'), closeMsMax)
  await exited
  clearTimeout(timer)
}
