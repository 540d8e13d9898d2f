import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { engineOf, enginePid } from '../e2e/engine.ts'
import { startProgram } from '../e2e/program.ts'
import { post } from '../e2e/sending.ts'
import { settled } from './load.ts'
import { takenOn } from './machine.ts'
import { payloads, spansPerRun } from './payloads.ts'
import { descendantsOf, processUsage, type ThreadUsage, threadUsage } from './process-usage.ts'

/** One process while nothing is asked of it. */
export interface IdleProcess {
  readonly name: 'program' | 'engine' | 'other'
  readonly residentBytes: number
  /** Pages of no file, and those of each file that is mapped: the programs and libraries themselves. */
  readonly ownBytes: number
  readonly fileBytes: ReadonlyMap<string, number>
  readonly cpuSeconds: number
  readonly threads: readonly ThreadUsage[]
}

export interface Idle {
  readonly seconds: number
  /** Spans that it had stored before. */
  readonly spans: number
  readonly processes: readonly IdleProcess[]
}

export interface IdleOptions {
  readonly seconds: number
  /** Runs sent and settled before, so that it is no empty program that rests. */
  readonly runs: number
  /** Time to come to rest after them: what was settled is forgotten after a minute, ClickHouse merges. In seconds. */
  readonly restSeconds: number
}

/** Runs of one request. */
const runsPerRequest = 32

/** Memory and processor time of the program and every process it started, while nobody sends or asks. */
export async function runIdle({ seconds, runs, restSeconds }: IdleOptions): Promise<Idle> {
  await using program = await startProgram()
  const next = payloads({ batch: spansPerRun * runsPerRequest, seed: 1 })
  let [spans, sent, cost] = [0, 0, 0n]
  while (sent < runs) {
    const payload = next(BigInt(Date.now()) * 1_000_000n)
    if ((await post(program, payload.body)).status !== 200) throw new Error('an export was refused')
    spans += payload.spans
    sent += payload.runs
    cost += payload.cost
  }
  {
    await using store = await engineOf(program)
    await settled(store, { spans, runs: sent, settledRuns: sent, ledger: cost, runCosts: cost })
  }
  await sleep(restSeconds * 1000)
  const pids = [program.pid, ...descendantsOf(program.pid)]
  const before = pids.map((pid) => threadUsage(pid))
  await sleep(seconds * 1000)
  const engine = enginePid(program)
  return {
    seconds, spans, processes: pids.map((pid, index) => {
      const known = new Map((before[index] ?? []).map((thread) => [thread.name, thread.cpuSeconds]))
      const threads = threadUsage(pid).map(({ name, cpuSeconds }) => ({ name, cpuSeconds: cpuSeconds - (known.get(name) ?? 0) }))
      return {
        name: pid === program.pid ? 'program' : pid === engine ? 'engine' : 'other', residentBytes: processUsage(pid)?.residentBytes ?? 0, ...mapped(pid),
        cpuSeconds: threads.reduce((sum, thread) => sum + thread.cpuSeconds, 0), threads,
      }
    }),
  }
}

/** By the kernel's list of mappings; nothing on another system than Linux. */
function mapped(pid: number): Pick<IdleProcess, 'ownBytes' | 'fileBytes'> {
  const fileBytes = new Map<string, number>()
  let [ownBytes, file] = [0, '']
  for (const line of mappingsOf(pid).split('\n')) {
    const [, path] = /^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+ *(.*)$/.exec(line) ?? []
    if (path !== undefined) file = path.startsWith('/') ? path : ''
    const [, name = '', kibibytes = '0'] = /^(Rss|Anonymous): +(\d+) kB/.exec(line) ?? []
    const bytes = Number(kibibytes) * 1024
    if (name === 'Rss' && file !== '') fileBytes.set(file, (fileBytes.get(file) ?? 0) + bytes)
    if (name !== 'Anonymous') continue
    ownBytes += bytes
    // What a process changed of a file is its own.
    if (file !== '') fileBytes.set(file, (fileBytes.get(file) ?? 0) - bytes)
  }
  return { ownBytes, fileBytes }
}

function mappingsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/smaps`, 'utf8')
  } catch {
    return ''
  }
}

/** Memory of all of them: a page of a file that two have mapped is there once. */
export function memoryBytes(processes: readonly IdleProcess[]): number {
  const files = new Map<string, number>()
  for (const { fileBytes } of processes) for (const [file, bytes] of fileBytes) files.set(file, Math.max(files.get(file) ?? 0, bytes))
  return processes.reduce((sum, { ownBytes }) => sum + ownBytes, 0) + [...files.values()].reduce((sum, bytes) => sum + bytes, 0)
}

export function describeIdle({ seconds, spans, processes }: Idle): string {
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)
  const share = (cpuSeconds: number): string => `${((100 * cpuSeconds) / seconds).toFixed(2)}%`
  const busy = (threads: readonly ThreadUsage[]): string =>
    threads.filter((thread) => thread.cpuSeconds > 0).sort((a, b) => b.cpuSeconds - a.cpuSeconds).slice(0, 6).map(({ name, cpuSeconds }) => `${name} ${share(cpuSeconds)}`).join(', ')
  const sum = (of: (one: IdleProcess) => number): number => processes.reduce((total, one) => total + of(one), 0)
  return [
    `Idle for ${seconds} s, after ${spans} spans:\n`, '| process | resident MB | of it no file\'s | share of a core | by thread |', '| --- | --- | --- | --- | --- |',
    ...processes.map((one) => `| ${one.name} | ${megabytes(one.residentBytes)} | ${megabytes(one.ownBytes)} | ${share(one.cpuSeconds)} | ${busy(one.threads)} |`),
    `| all | ${megabytes(sum((one) => one.residentBytes))} | ${megabytes(sum((one) => one.ownBytes))} | ${share(sum((one) => one.cpuSeconds))} | |`,
    `| all, what they share counted once | ${megabytes(memoryBytes(processes))} | | | |`,
  ].join('\n')
}

if (import.meta.main) {
  const { SECONDS = '60', RUNS = '2000', REST_SECONDS = '90' } = process.env
  const taken = takenOn()
  const idle = await runIdle({ seconds: Number(SECONDS), runs: Number(RUNS), restSeconds: Number(REST_SECONDS) })
  process.stdout.write(`${taken}. \`SECONDS=${SECONDS} RUNS=${RUNS} REST_SECONDS=${REST_SECONDS} node bench/idle.ts\`\n\n${describeIdle(idle)}\n`)
}
