import { setTimeout as sleep } from 'node:timers/promises'
import { engineOf } from '../e2e/engine.ts'
import { type Program, startProgram } from '../e2e/program.ts'
import { post } from '../e2e/sending.ts'
import { backlogOf, type LoadOptions, mismatches, runLoad, type Sample, sendAll, settled, type Stored, usagesOf } from './load.ts'
import { takenOn } from './machine.ts'
import { payloads, spansPerRun } from './payloads.ts'
import { quantile } from './quantile.ts'
import { senderOf } from './senders.ts'
import { untilSeen } from './start.ts'

/** `seconds` is all of it; the program's variables go in `env`. */
export interface SoakOptions extends Omit<LoadOptions, 'warmSeconds'> {
  /** Length of a row of the result, in seconds: a minute, but in tests. */
  readonly rowSeconds: number
}

/** What was seen of one minute. */
export interface SoakRow {
  readonly acknowledgedSpans: number
  readonly refused: number
  readonly ackMs: readonly number[]
  /** From sending a run until GraphQL shows all of it, of the runs that were sent in this minute; infinite where that took over one. */
  readonly visibleMs: readonly number[]
  readonly samples: readonly Sample[]
}

export interface SoakResult {
  readonly rows: readonly SoakRow[]
  readonly expected: Stored
  readonly stored: Stored
}

/** A run is sent and looked for every so many milliseconds, a question each: more would be load of another kind. */
const probeEveryMs = 1_000
const probePollMs = 100

/** The program under the same load for long: memory, acknowledgements and how soon what was sent is seen, minute by minute. */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  await using program = await startProgram({ env: options.env ?? {} })
  await using store = await engineOf(program)
  using sender = senderOf(options.protocol, program)
  const began = performance.now()
  const rows = Array.from({ length: Math.ceil(options.seconds / options.rowSeconds) }, (): Growing => ({ refused: 0, ackMs: [], visibleMs: [] }))
  const rowAt = (ms: number): Growing => rows[Math.min(Math.floor((ms - began) / 1000 / options.rowSeconds), rows.length - 1)] as Growing
  const ended = new AbortController()
  const probing = probe(program, ended.signal, (sentAt, ms) => rowAt(sentAt).visibleMs.push(ms))
  const sending = await sendAll({ ...options, warmSeconds: 0 }, sender.send,
    async (second, acknowledgedSpans): Promise<Sample> => ({ second, acknowledgedSpans, ...await backlogOf(program), ...usagesOf(program) }),
    (ms, accepted) => {
      const row = rowAt(performance.now())
      row.ackMs.push(ms)
      if (!accepted) row.refused++
    })
  ended.abort()
  const probed = await probing
  const { spans, runs, settledRuns, ledger, runCosts } = sending.expected
  const expected = { spans: spans + probed.spans, runs: runs + probed.runs, settledRuns: settledRuns + probed.runs, ledger: ledger + probed.cost, runCosts: runCosts + probed.cost }
  return { expected, stored: await settled(store, expected), rows: rows.map((row, index) => ({ ...row, ...seenOf(sending.samples, index, options.rowSeconds) })) }
}

interface Growing {
  refused: number
  readonly ackMs: number[]
  readonly visibleMs: number[]
}

function seenOf(samples: readonly Sample[], index: number, rowSeconds: number): Pick<SoakRow, 'acknowledgedSpans' | 'samples'> {
  const until = (second: number): number => samples.findLast((sample) => sample.second <= second)?.acknowledgedSpans ?? 0
  return {
    acknowledgedSpans: until((index + 1) * rowSeconds) - until(index * rowSeconds),
    samples: samples.filter(({ second }) => second > index * rowSeconds && second <= (index + 1) * rowSeconds),
  }
}

/** Sends runs of its own beside the load, until told to end; says what it sent. */
async function probe(program: Program, ended: AbortSignal, seen: (sentAt: number, ms: number) => void): Promise<{ readonly spans: number; readonly runs: number; readonly cost: bigint }> {
  let [runs, cost] = [0, 0n]
  const next = payloads({ batch: spansPerRun, seed: 3_000 })
  while (!ended.aborted) {
    const sentAt = performance.now()
    const payload = next(BigInt(Date.now()) * 1_000_000n)
    if ((await post(program, payload.body)).status === 200) {
      runs += payload.runs
      cost += payload.cost
      seen(sentAt, await untilSeen(program, payload.body, sentAt, probePollMs))
    }
    await sleep(Math.max(0, sentAt + probeEveryMs - performance.now()))
  }
  return { spans: runs * spansPerRun, runs, cost }
}

/**
 * Spans a second that the program takes, loads and settles when more are sent than it can take: what was acknowledged, over the
 * time until all of it was settled.
 */
export async function findMaximum(options: Pick<LoadOptions, 'batch' | 'protocol' | 'env'>, spans: number): Promise<number> {
  const result = await runLoad({ ...options, rate: overload, seconds: spans / overload, warmSeconds: 0 })
  const wrong = mismatches(result)
  if (wrong.length > 0) throw new Error(`the maximum is of no use: ${wrong.join('; ')}`)
  return result.expected.spans / (result.sendingSeconds + result.drainSeconds)
}

/** Spans a second beyond what any machine takes: all requests are due at once. */
const overload = 1_000_000

export function describeSoak(options: SoakOptions, result: SoakResult): string {
  const mib = (bytes: number): string => (bytes / 1024 ** 2).toFixed(0)
  const most = (row: SoakRow, of: (sample: Sample) => number): number => Math.max(0, ...row.samples.map(of))
  const ms = (values: readonly number[], ...quantiles: readonly number[]): string => quantiles.map((q) => quantile(values, q).toFixed(0)).join(' / ')
  const wrong = mismatches(result)
  const lines = result.rows.map((row, index) => [
    String(index + 1), (row.acknowledgedSpans / options.rowSeconds).toFixed(0), String(row.refused), ms(row.ackMs, 0.5, 0.99), ms(row.visibleMs, 0.5, 0.99, 1),
    mib(most(row, ({ spoolBytes }) => spoolBytes)), mib(most(row, ({ collector }) => collector.residentBytes)), mib(most(row, ({ engine }) => engine.residentBytes)),
    mib(most(row, ({ collector, engine }) => collector.residentBytes + engine.residentBytes)),
  ])
  return `${options.rate} spans/s asked for, ${options.batch} a request over ${options.protocol}. Memory is the highest that was seen in a row, of the processes that receive and of the engine; pages of files that two of them have mapped are counted twice.

| ${options.rowSeconds === 60 ? 'minute' : `${options.rowSeconds} s`} | spans/s | refused | acknowledgement p50 / p99 ms | visible p50 / p99 / max ms | spool MiB | collector MiB | engine MiB | together MiB |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}

Of all: acknowledgement p50 / p99 ${ms(result.rows.flatMap(({ ackMs }) => ackMs), 0.5, 0.99)} ms, visible p50 / p99 / max ${ms(result.rows.flatMap(({ visibleMs }) => visibleMs), 0.5, 0.99, 1)} ms.

${wrong.length === 0 ? `${result.stored.spans} spans, ${result.stored.settledRuns} runs, all settled, ledger exact.` : `**Not as sent**: ${wrong.join('; ')}.`}
`
}

if (import.meta.main) {
  const { MINUTES = '10', FRACTION = '0.8', MAX = '', BATCH = '512', PROTOCOL = 'http', RECEIVERS = '1', MAX_SPANS = '1000000' } = process.env
  if (PROTOCOL !== 'http' && PROTOCOL !== 'grpc') throw new Error(`PROTOCOL is '${PROTOCOL}', allowed are http and grpc`)
  const taken = takenOn()
  const common = { batch: Number(BATCH), protocol: PROTOCOL, env: { SPANLEDGER_RECEIVERS: RECEIVERS } } as const
  const maximum = MAX === '' ? await findMaximum(common, Number(MAX_SPANS)) : Number(MAX)
  const options: SoakOptions = { ...common, rate: Math.round(maximum * Number(FRACTION)), seconds: Number(MINUTES) * 60, rowSeconds: 60 }
  const result = await runSoak(options)
  process.stdout.write(`${taken}\n\n${FRACTION} of ${maximum.toFixed(0)} spans/s${MAX === '' ? ', which is what it took when more was sent' : ''}. ${describeSoak(options, result)}`)
  if (mismatches(result).length > 0) process.exitCode = 1
}
