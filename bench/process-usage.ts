import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** What the kernel has counted for one process; `undefined` where it says nothing (another system than Linux, or it ended). */
export interface ProcessUsage {
  readonly cpuSeconds: number
  readonly residentBytes: number
}

const ticksPerSecond = ticks()

function ticks(): number {
  try {
    return Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
  } catch {
    // Every Linux we know of counts a hundred.
    return 100
  }
}

export function processUsage(pid: number): ProcessUsage | undefined {
  const usage = usageOf(`/proc/${pid}`)
  if (usage === undefined) return undefined
  try {
    const [, kibibytes = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return { cpuSeconds: usage.cpuSeconds, residentBytes: Number(kibibytes) * 1024 }
  } catch {
    return undefined
  }
}

/** Of all threads with one name. */
export interface ThreadUsage {
  readonly name: string
  readonly cpuSeconds: number
}

/** By name of the thread: `MainThread` is JavaScript, `V8Worker` compiles and collects garbage, `libuv-worker` waits for files. Empty where the kernel says nothing. */
export function threadUsage(pid: number): ThreadUsage[] {
  const byName = new Map<string, number>()
  for (const thread of threadsOf(pid)) {
    const usage = usageOf(`/proc/${pid}/task/${thread}`)
    if (usage !== undefined) byName.set(usage.name, (byName.get(usage.name) ?? 0) + usage.cpuSeconds)
  }
  return [...byName].map(([name, cpuSeconds]) => ({ name, cpuSeconds }))
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

/** Processes that this one started, and those started by them. */
export function descendantsOf(pid: number): number[] {
  const children = threadsOf(pid).flatMap((thread) => {
    try {
      return readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter((word) => word !== '').map(Number)
    } catch {
      // The thread ended meanwhile.
      return []
    }
  })
  return children.flatMap((child) => [child, ...descendantsOf(child)])
}

function usageOf(folder: string): ThreadUsage | undefined {
  try {
    // The name in parentheses may hold spaces; user and system time are the 12th and 13th fields after it (proc(5)).
    const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`${folder}/stat`, 'utf8')) ?? []
    const fields = rest.split(' ')
    return { name, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond }
  } catch {
    return undefined
  }
}
