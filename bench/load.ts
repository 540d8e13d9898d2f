import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '#clickhouse/store.ts'
import type { PicoUsd } from '#semconv/facts.ts'
import { engineOf, enginePid } from '../e2e/engine.ts'
import { type Program, startProgram } from '../e2e/program.ts'
import { takenOn } from './machine.ts'
import { type Payload, payloads } from './payloads.ts'
import { descendantsOf, type ProcessUsage, processUsage } from './process-usage.ts'
import { quantile } from './quantile.ts'
import { inFlightMax, type Send, senderOf } from './senders.ts'

export interface LoadOptions {
  /** Spans a second. */
  readonly rate: number
  readonly seconds: number
  /** Sent before, at the same rate, and not counted but for exactness: a program that began just now is compiled while it runs. */
  readonly warmSeconds: number
  /** Spans per request. */
  readonly batch: number
  readonly protocol: 'http' | 'grpc'
  /** More variables for the program, such as `NODE_OPTIONS`. */
  readonly env?: Readonly<Record<string, string>>
}

/** One second of the run, as seen from outside. */
export interface Sample {
  readonly second: number
  readonly acknowledgedSpans: number
  readonly spoolBytes: number
  readonly spoolAgeSeconds: number
  readonly collector: ProcessUsage
  readonly engine: ProcessUsage
}

/** What ClickHouse holds in the end. */
export interface Stored {
  readonly spans: number
  readonly runs: number
  readonly settledRuns: number
  readonly ledger: PicoUsd
  readonly runCosts: PicoUsd
}

export interface LoadResult {
  readonly sentSpans: number
  /** Acknowledged over `sendingSeconds`. */
  readonly countedSpans: number
  readonly refusedRequests: number
  readonly expected: Stored
  readonly stored: Stored
  /** Milliseconds from the moment a request was due until it was answered: waiting to be sent counts. */
  readonly ackMs: readonly number[]
  /** Seconds over which requests were due, and from the last answer until all was loaded and settled. */
  readonly sendingSeconds: number
  readonly drainSeconds: number
  readonly samples: readonly Sample[]
  /** Processor seconds while sending. */
  readonly cpu: { readonly generator: number; readonly collector: number; readonly engine: number }
}

/** After this the run has failed: what is not settled by then will not be. */
const drainSecondsMax = 120
const noUsage: ProcessUsage = { cpuSeconds: 0, residentBytes: 0 }

/** What the program's processes take: those that receive together, the engine, and this one. */
export interface Usages {
  readonly collector: ProcessUsage
  readonly engine: ProcessUsage
  readonly generator: ProcessUsage
}

export function usagesOf(program: Program): Usages {
  const engine = enginePid(program)
  const receiving = [program.pid, ...descendantsOf(program.pid)].filter((pid) => pid !== engine).map((pid) => processUsage(pid) ?? noUsage)
  return {
    collector: {
      cpuSeconds: receiving.reduce((sum, one) => sum + one.cpuSeconds, 0), residentBytes: receiving.reduce((sum, one) => sum + one.residentBytes, 0),
    },
    engine: processUsage(engine) ?? noUsage, generator: processUsage(process.pid) ?? noUsage,
  }
}

/** Of all journals: what waits in them, and the age of the oldest. */
export async function backlogOf(program: Program): Promise<Pick<Sample, 'spoolBytes' | 'spoolAgeSeconds'>> {
  const metrics = await (await fetch(`${program.console}/metrics`)).text()
  return {
    spoolBytes: gauge(metrics, 'spanledger_spool_bytes'),
    spoolAgeSeconds: Math.max(...gauges(metrics, 'spanledger_spool_oldest_age_seconds')),
  }
}

/** Starts the program, sends at the given rate, waits until all is loaded and settled, and says what was found. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  await using program = await startProgram({ env: options.env ?? {} })
  await using store = await engineOf(program)
  using sender = senderOf(options.protocol, program)
  let before = usagesOf(program)
  const sending = await sendAll({ ...options, warmed: () => (before = usagesOf(program)) }, sender.send,
    async (second, acknowledgedSpans) => ({ second, acknowledgedSpans, ...await backlogOf(program), ...usagesOf(program) }))
  const after = usagesOf(program)
  const answered = performance.now()
  const stored = await settled(store, sending.expected)
  const spent = (name: 'generator' | 'collector' | 'engine'): number => after[name].cpuSeconds - before[name].cpuSeconds
  return {
    ...sending, stored, drainSeconds: (performance.now() - answered) / 1000,
    cpu: { generator: spent('generator'), collector: spent('collector'), engine: spent('engine') },
  }
}

/** A figure of `/metrics`, of all receiving processes together; not a number where it is not there. */
export function gauge(metrics: string, name: string): number {
  const figures = gauges(metrics, name)
  return figures.length === 0 ? Number.NaN : figures.reduce((sum, figure) => sum + figure, 0)
}

const gauges = (metrics: string, name: string): number[] => [...metrics.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].map(([, value]) => Number(value))

type Sending<Seen> = Pick<LoadResult, 'sentSpans' | 'countedSpans' | 'refusedRequests' | 'expected' | 'ackMs' | 'sendingSeconds'> & { readonly samples: readonly Seen[] }

export interface SendOptions extends Pick<LoadOptions, 'rate' | 'seconds' | 'batch' | 'warmSeconds'> {
  /** Called when what counts begins. */
  readonly warmed?: () => void
}

/** `answered` hears of each answer that counts: milliseconds since it was due, and whether the request was taken. */
export async function sendAll<Seen>(
  options: SendOptions, send: Send, sample: (second: number, spans: number) => Promise<Seen>, answered: (ms: number, accepted: boolean) => void = () => undefined,
): Promise<Sending<Seen>> {
  const next = payloads({ batch: options.batch, seed: 1 })
  const warming = new Tally()
  const warmRequests = await sendFor(options.warmSeconds, options, async (due) => {
    const payload = next(nowNano())
    warming.answer(payload, await send(payload.body), performance.now() - due)
  })
  options.warmed?.()
  const tally = new Tally()
  const samples: Promise<Seen>[] = []
  const began = performance.now()
  const requests = await sendFor(options.seconds, options, async (due) => {
    if (performance.now() >= began + (samples.length + 1) * 1000) samples.push(sample(samples.length + 1, tally.spans))
    const payload = next(nowNano())
    const accepted = await send(payload.body)
    const ms = performance.now() - due
    tally.answer(payload, accepted, ms)
    answered(ms, accepted)
  })
  const sendingSeconds = (performance.now() - began) / 1000
  return {
    sentSpans: (warmRequests + requests) * options.batch, countedSpans: tally.spans, refusedRequests: warming.refused + tally.refused, expected: tally.expected(warming),
    ackMs: tally.ackMs, sendingSeconds, samples: await Promise.all(samples),
  }
}

const nowNano = (): bigint => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6))

/** Calls `request` at the rate, with the moment when it was due, and waits for all of them; how many there were. */
async function sendFor(seconds: number, { rate, batch }: SendOptions, request: (due: number) => Promise<void>): Promise<number> {
  const requests = Math.ceil((rate * seconds) / batch)
  const inFlight = new Set<Promise<void>>()
  const began = performance.now()
  for (let sent = 0; sent < requests; sent++) {
    const due = began + (sent * 1000 * batch) / rate
    if (inFlight.size >= inFlightMax) await Promise.race(inFlight)
    const early = due - performance.now()
    if (early > 0.5) await sleep(early)
    const sending = request(due).then(() => void inFlight.delete(sending))
    inFlight.add(sending)
  }
  await Promise.all(inFlight)
  return requests
}

/** What was accepted, and so must be found. */
class Tally {
  spans = 0
  refused = 0
  readonly ackMs: number[] = []
  #cost = 0n
  readonly #runs = new Set<number>()

  answer(payload: Payload, accepted: boolean, ms: number): void {
    this.ackMs.push(ms)
    if (!accepted) {
      this.refused++
      return
    }
    this.spans += payload.spans
    this.#cost += payload.cost
    for (let run = 0; run < payload.runs; run++) this.#runs.add(payload.firstRun + run)
  }

  /** Of this and of what was sent before. */
  expected(before: Tally): Stored {
    const runs = this.#runs.union(before.#runs).size
    const cost = before.#cost + this.#cost
    return { spans: before.spans + this.spans, runs, settledRuns: runs, ledger: cost, runCosts: cost }
  }
}

/** Waits until all of it is stored and settled, and says what is. */
export async function settled(store: Store, expected: Stored): Promise<Stored> {
  const end = performance.now() + drainSecondsMax * 1000
  for (;;) {
    const found = await stored(store)
    if ((found.spans >= expected.spans && found.settledRuns >= expected.settledRuns) || performance.now() > end) return found
    await sleep(250)
  }
}

interface StoredRow {
  readonly spans: string
  readonly runs: string
  readonly settled_runs: string
  /** Null while there are no lines. */
  readonly ledger_pico: string | null
  readonly run_costs_pico: string
}

/** Deduplicated, as every reader sees it; money as integers. */
async function stored(store: Store): Promise<Stored> {
  const pico = (column: string): string => `toString(toInt256(sum(${column}) * toDecimal256('1000000000000', 0)))`
  const [row] = await store.read<StoredRow>(
    `SELECT (SELECT count() FROM spans FINAL) AS spans, (SELECT ${pico('amount')} FROM ledger_entries FINAL) AS ledger_pico,
       count() AS runs, countIf(settled) AS settled_runs, ${pico('cost')} AS run_costs_pico FROM runs FINAL`, {}, { maxSeconds: 60 })
  if (row === undefined) throw new Error('ClickHouse answered with no row')
  return {
    spans: Number(row.spans), runs: Number(row.runs), settledRuns: Number(row.settled_runs), ledger: BigInt(row.ledger_pico ?? 0), runCosts: BigInt(row.run_costs_pico),
  }
}

/** Names of the figures that are not what they must be; empty for a good run. */
export function mismatches({ expected, stored }: Pick<LoadResult, 'expected' | 'stored'>): readonly string[] {
  return (Object.keys(expected) as (keyof Stored)[]).filter((name) => expected[name] !== stored[name])
    .map((name) => `${name}: ${stored[name]} instead of ${expected[name]}`)
}

/** The result as Markdown. */
export function describeLoad(options: LoadOptions, result: LoadResult): string {
  const { samples, cpu, ackMs, stored } = result
  const seconds = result.sendingSeconds
  const share = (cpuSeconds: number): string => `${cpuSeconds.toFixed(1)} s, ${((100 * cpuSeconds) / seconds).toFixed(0)}%`
  const mib = (bytes: number): string => (bytes / 1024 ** 2).toFixed(0)
  const wrong = mismatches(result)
  const dollars = `$${Number(stored.ledger / 1_000_000n) / 1_000_000}`
  const sampled = samples.filter((sample) => samples.length <= 12 || sample.second % Math.ceil(samples.length / 12) === 0)
  return `| figure | value |
| --- | --- |
| asked for | ${options.rate} spans/s for ${options.seconds} s after ${options.warmSeconds} s of the same, ${options.batch} per request, ${options.protocol} |
| acknowledged | ${result.countedSpans} spans in ${seconds.toFixed(1)} s: ${(result.countedSpans / seconds).toFixed(0)}/s |
| refused requests | ${result.refusedRequests} |
| acknowledgement, from when it was due | p50 ${quantile(ackMs, 0.5).toFixed(1)} ms, p99 ${quantile(ackMs, 0.99).toFixed(1)} ms, max ${quantile(ackMs, 1).toFixed(0)} ms |
| processor while sending | generator ${share(cpu.generator)}; collector and console ${share(cpu.collector)}; engine ${share(cpu.engine)} |
| loaded and settled after the last answer | ${result.drainSeconds.toFixed(1)} s |
| verified | ${wrong.length === 0 ? `${stored.spans} spans, ${stored.settledRuns} runs, all settled, ledger ${dollars}, exact` : wrong.join('; ')} |

| second | acknowledged | spool MiB | oldest s | collector MiB | engine MiB |
| --- | --- | --- | --- | --- | --- |
${sampled.map((s) => `| ${s.second} | ${s.acknowledgedSpans} | ${mib(s.spoolBytes)} | ${s.spoolAgeSeconds.toFixed(1)} | ${mib(s.collector.residentBytes)} | ${mib(s.engine.residentBytes)} |`).join('\n')}
`
}

if (import.meta.main) {
  const { RATE = '20000', SECONDS = '60', WARM = '15', BATCH = '512', PROTOCOL = 'http', PROGRAM_NODE_OPTIONS = '', RECEIVERS = '1' } = process.env
  if (PROTOCOL !== 'http' && PROTOCOL !== 'grpc') throw new Error(`PROTOCOL is '${PROTOCOL}', allowed are http and grpc`)
  const options: LoadOptions = {
    rate: Number(RATE), seconds: Number(SECONDS), warmSeconds: Number(WARM), batch: Number(BATCH), protocol: PROTOCOL,
    env: { SPANLEDGER_RECEIVERS: RECEIVERS, ...(PROGRAM_NODE_OPTIONS === '' ? {} : { NODE_OPTIONS: PROGRAM_NODE_OPTIONS }) },
  }
  const taken = takenOn()
  const result = await runLoad(options)
  process.stdout.write(`${taken}\n\n${describeLoad(options, result)}`)
  if (mismatches(result).length > 0) process.exitCode = 1
}
