import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

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
  try {
    // The name in parentheses may hold spaces; user and system time are the 12th and 13th fields after it (proc(5)).
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')
    const [, kibibytes = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond, residentBytes: Number(kibibytes) * 1024 }
  } catch {
    return undefined
  }
}
