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
  /** Without pages that it shares with others. */
  readonly ownBytes: number
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
        name: pid === program.pid ? 'program' : pid === engine ? 'engine' : 'other', residentBytes: processUsage(pid)?.residentBytes ?? 0, ownBytes: ownBytesOf(pid),
        cpuSeconds: threads.reduce((sum, thread) => sum + thread.cpuSeconds, 0), threads,
      }
    }),
  }
}

function ownBytesOf(pid: number): number {
  try {
    const kibibytes = [...readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').matchAll(/^Private_\w+:\s+(\d+)/gm)].reduce((sum, [, size]) => sum + Number(size), 0)
    return kibibytes * 1024
  } catch {
    // Another system than Linux.
    return 0
  }
}

export function describeIdle({ seconds, spans, processes }: Idle): string {
  const mib = (bytes: number): string => (bytes / 1024 ** 2).toFixed(0)
  const share = (cpuSeconds: number): string => `${((100 * cpuSeconds) / seconds).toFixed(2)}%`
  const busy = (threads: readonly ThreadUsage[]): string =>
    threads.filter((thread) => thread.cpuSeconds > 0).sort((a, b) => b.cpuSeconds - a.cpuSeconds).slice(0, 6).map(({ name, cpuSeconds }) => `${name} ${share(cpuSeconds)}`).join(', ')
  const sum = (of: (one: IdleProcess) => number): number => processes.reduce((total, one) => total + of(one), 0)
  return [
    `Idle for ${seconds} s, after ${spans} spans:\n`, '| process | resident MiB | of it its own | share of a core | by thread |', '| --- | --- | --- | --- | --- |',
    ...processes.map((one) => `| ${one.name} | ${mib(one.residentBytes)} | ${mib(one.ownBytes)} | ${share(one.cpuSeconds)} | ${busy(one.threads)} |`),
    `| all | ${mib(sum((one) => one.residentBytes))} | ${mib(sum((one) => one.ownBytes))} | ${share(sum((one) => one.cpuSeconds))} | |`,
  ].join('\n')
}

if (import.meta.main) {
  const { SECONDS = '60', RUNS = '2000', REST_SECONDS = '75' } = process.env
  const taken = takenOn()
  const idle = await runIdle({ seconds: Number(SECONDS), runs: Number(RUNS), restSeconds: Number(REST_SECONDS) })
  process.stdout.write(`${taken}. \`SECONDS=${SECONDS} RUNS=${RUNS} REST_SECONDS=${REST_SECONDS} node bench/idle.ts\`\n\n${describeIdle(idle)}\n`)
}
