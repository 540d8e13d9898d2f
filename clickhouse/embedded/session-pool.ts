import { setTimeout as sleep } from 'node:timers/promises'
import { Session } from 'chdb'

/** A request that waits behind this many others is refused, so that a stalled engine answers instead of filling memory. */
const waitingMax = 512

export class PoolFullError extends Error {}

/** Sessions that are lent out: one runs one statement at a time, several run side by side. */
export interface SessionPool {
  /** Runs `work` with a session of its own. The session goes to the next in line only when `work` has settled, cleaned where it rejected. */
  run<T>(work: (session: PooledSession) => Promise<T>, signal: AbortSignal): Promise<T>
  readonly busy: number
  close(): void
}

export interface PooledSession {
  readonly session: Session
  /** The database that unqualified names mean on this session now. */
  database: string
}

/** Nothing but an engine out of memory refuses `SELECT 1`: that passes within this, or the engine has to start again. In milliseconds. */
const letGoMsMax = 60_000
const letGoPauseMs = 100

/**
 * Cleans a session whose statement failed. chDB 3.4 holds on to it: its memory, its line in `system.processes`, and the rows it had
 * written, which it puts before those of the next statement that succeeds.
 */
export async function letGo({ session }: PooledSession): Promise<void> {
  for (const until = performance.now() + letGoMsMax; ;) {
    try {
      await session.queryAsync('SELECT 1')
      return
    } catch (error) {
      if (performance.now() < until) await sleep(letGoPauseMs)
      else {
        console.error('the engine ends, to be started again: a session keeps what a failed statement left:', error)
        process.kill(process.pid, 'SIGKILL')
      }
    }
  }
}

export function sessionPool(size: number, open: () => Session): SessionPool {
  const all: PooledSession[] = Array.from({ length: size }, () => ({ session: open(), database: 'default' }))
  const free = [...all]
  const waiting: ((session: PooledSession) => void)[] = []

  function take(signal: AbortSignal): Promise<PooledSession> {
    const session = free.pop()
    if (session !== undefined) return Promise.resolve(session)
    if (waiting.length >= waitingMax) return Promise.reject(new PoolFullError(`${waitingMax} statements are waiting`))
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.splice(waiting.indexOf(enter), 1)
        reject(signal.reason)
      }
      const enter = (session: PooledSession): void => {
        signal.removeEventListener('abort', leave)
        resolve(session)
      }
      signal.addEventListener('abort', leave, { once: true })
      waiting.push(enter)
    })
  }

  function give(session: PooledSession): void {
    const next = waiting.shift()
    if (next === undefined) free.push(session)
    else next(session)
  }

  return {
    async run(work, signal) {
      signal.throwIfAborted()
      const session = await take(signal)
      try {
        return await work(session)
      } catch (error) {
        await letGo(session)
        throw error
      } finally {
        give(session)
      }
    },
    get busy() {
      return all.length - free.length
    },
    close() {
      for (const { session } of all) session.close()
    },
  }
}
