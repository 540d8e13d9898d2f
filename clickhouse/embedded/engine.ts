/**
 * The embedded engine: a process that holds chDB and answers the part of ClickHouse's HTTP interface that
 * `@clickhouse/client` uses, on loopback. Started by `engine-process.ts`; speaks to it over its IPC channel.
 *
 * A process of its own because chDB crashes in `worker_threads`, and because the collector must go on acknowledging when
 * a query brings the engine down.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { constants, setPriority } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Session } from 'chdb'
import { type EngineAddress, removeEngineFile, writeEngineFile } from './engine-file.ts'
import type { EngineMessage, EngineSettings } from './engine-process.ts'
import { engineServer } from './engine-server.ts'
import { type SessionPool, sessionPool } from './session-pool.ts'

/** How often the parent hears that the main thread still turns, in milliseconds. */
const beatMs = 2_000
/** How long a close waits for running statements before it cuts them off, in milliseconds. */
const drainMs = 5_000

export interface EnginePools {
  /** Inserts, one after the other: a slow read never delays them. */
  readonly write: SessionPool
  /** DDL, mutations, `OPTIMIZE`, `INSERT … SELECT`: slow ones must not hold up inserts. */
  readonly command: SessionPool
  /** The console and settlement. */
  readonly read: SessionPool
  /** BI tools and users' own SQL: they wait for each other, not the console for them. */
  readonly bi: SessionPool
  /** `KILL QUERY`: must get through when every other session is busy. */
  readonly control: SessionPool
}

/**
 * chDB assumes that it owns the machine: 90% of memory, 5 GiB for each cache. The bounds are given when the first session
 * opens, because they are server settings.
 */
const connectionArguments = (settings: EngineSettings): string[] => [
  `--max_server_memory_usage=${settings.memoryBytes}`,
  // One statement may take half, so that an insert finds room beside the largest read.
  `--max_memory_usage=${Math.floor(settings.memoryBytes / 2)}`,
  `--mark_cache_size=${Math.floor(settings.memoryBytes / 16)}`,
  `--primary_index_cache_size=${Math.floor(settings.memoryBytes / 16)}`,
  `--index_mark_cache_size=${Math.floor(settings.memoryBytes / 32)}`,
  `--query_condition_cache_size=${Math.floor(settings.memoryBytes / 64)}`,
  // Parameters become literals in the text (see statement.ts); ClickHouse's 256 KiB would refuse long lists of ids.
  `--max_query_size=${16 * 1024 * 1024}`,
]

const clickhouseDir = (dataDir: string): string => join(dataDir, 'clickhouse')

/**
 * The living process that ClickHouse's own lock file names, `undefined` where it ended or there is none. Never this process or the
 * one that started it: where numbers of processes come again, as in a container, theirs stand in the file that a crash left.
 */
function lockHolder(dataDir: string): number | undefined {
  try {
    const [, text] = /^PID: (\d+)/.exec(readFileSync(join(clickhouseDir(dataDir), 'status'), 'utf8')) ?? []
    // A crash of the machine can leave the file empty.
    if (text === undefined || Number(text) === process.pid || Number(text) === process.ppid) return undefined
    return lives(Number(text)) ? Number(text) : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Somebody else's process.
    if (code === 'EPERM') return true
    if (code === 'ESRCH') return false
    throw error
  }
}

/** Opens the first session, which takes the lock on the data. Waits for a holder that is about to end. */
async function openFirst(settings: EngineSettings): Promise<Session> {
  const until = Date.now() + settings.lockWaitMs
  // The holder is asked about first, because chDB prints every failed attempt.
  while (lockHolder(settings.dataDir) !== undefined && Date.now() < until) await sleep(100)
  try {
    return new Session(clickhouseDir(settings.dataDir), { connectionArgs: connectionArguments(settings) })
  } catch (error) {
    const holder = lockHolder(settings.dataDir)
    if (holder === undefined) throw new Error(`the data in ${settings.dataDir} cannot be opened: the lines above say why`, { cause: error })
    throw new Error(`the data folder ${settings.dataDir} is in use by process ${holder}: stop it, or choose another folder`, { cause: error })
  }
}

function openPools(settings: EngineSettings, first: Session): EnginePools {
  const args = connectionArguments(settings)
  const open = (): Session => new Session(clickhouseDir(settings.dataDir), { connectionArgs: args })
  return {
    write: sessionPool(1, () => first),
    command: sessionPool(1, open),
    read: sessionPool(settings.readSessions, open),
    bi: sessionPool(settings.biSessions, open),
    control: sessionPool(1, open),
  }
}

const tell = (message: EngineMessage): Promise<void> =>
  new Promise((resolve) => {
    if (process.send === undefined) resolve()
    else process.send(message, () => resolve())
  })

function standBack(): void {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
  } catch (error) {
    // Where a sandbox forbids it, the engine is as right and only competes.
    console.error('the engine keeps the priority of the collector:', error instanceof Error ? error.message : error)
  }
}

async function run(settings: EngineSettings): Promise<void> {
  // Inserts and merges can wait a moment, a sender that is not answered sends again: on a busy machine the collector goes first.
  // All threads of the engine begin after this one, and have its priority.
  standBack()
  const inserts = join(settings.dataDir, 'inserts')
  // What is stored are prompts and answers: every file and folder is for its owner only, those that chDB makes too.
  process.umask(0o077)
  mkdirSync(clickhouseDir(settings.dataDir), { recursive: true, mode: 0o700 })
  const first = await openFirst(settings)
  // Bodies of inserts that a crash cut off: never acknowledged, and sent again by whoever holds them.
  rmSync(inserts, { recursive: true, force: true })
  mkdirSync(inserts, { recursive: true, mode: 0o700 })

  const pools = openPools(settings, first)
  const user = 'spanledger'
  const password = randomBytes(24).toString('base64url')
  const server = engineServer({ pools, user, password, insertDir: inserts })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address: EngineAddress = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, user, password, pid: process.pid }
  writeEngineFile(settings.dataDir, address)

  process.once('message', () => void close())
  await tell({ ready: address })
  setInterval(() => void tell({ beat: true }), beatMs).unref()

  async function close(): Promise<void> {
    removeEngineFile(settings.dataDir, process.pid)
    server.close()
    server.closeIdleConnections()
    const until = Date.now() + drainMs
    const all = Object.values(pools)
    while (all.some((pool) => pool.busy > 0) && Date.now() < until) await sleep(10)
    // What still runs now is a read or an insert that was not acknowledged: the data does not need it.
    if (all.some((pool) => pool.busy > 0)) process.kill(process.pid, 'SIGKILL')
    for (const pool of all) pool.close()
    process.exit(0)
  }
}

// Ctrl-C reaches the whole process group. The parent decides: it may still have rows to store.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)
// A parent that was killed must not leave the data locked. Acknowledged inserts are on the disk (fsync_after_insert), so
// the surest end is good enough, also while queries run.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))

process.once('message', (settings: EngineSettings) => {
  run(settings).catch(async (error: unknown) => {
    await tell({ failed: error instanceof Error ? error.message : String(error) })
    process.exit(1)
  })
})
