import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allDaySums, refreshCostDays } from '#clickhouse/cost-days.ts'
import { migrate } from '#clickhouse/migrate.ts'
import { openStore, type Store } from '#clickhouse/store.ts'
import { shippedBook } from '#collector/price/book.ts'
import { type Difference, differenceText } from '#collector/verify/difference.ts'
import { type CheckedSums, checkSums } from '#collector/verify/sums.ts'
import { type Verified, verify } from '#collector/verify/verify.ts'
import { spansPerAgentRun } from './agent-runs.ts'
import { takenOn } from './machine.ts'
import { processUsage } from './process-usage.ts'
import { atRest, fillWithRuns, insertFrame } from './storage.ts'

export interface VerifyResult extends Verified {
  /** Processor seconds: of this process with its threads, and of the engine. 0 where the system does not say. */
  readonly cpuSeconds: { readonly collector: number; readonly engine: number }
  /** Largest resident memory of this process while it verified, in bytes. */
  readonly residentBytes: number
}

/** The sums that the engine checks alone. */
export interface SumsResult extends CheckedSums {
  readonly cpuSeconds: VerifyResult['cpuSeconds']
}

export interface VerifyResults {
  readonly verified: readonly VerifyResult[]
  readonly sums: SumsResult
}

/** The engine's memory, as the program on a small machine gives it. */
const engineBytes = 2 * 1024 ** 3
/** Milliseconds between two looks at the memory. */
const lookMs = 50

/** Stores `spans` spans of settled runs as the program does, works all of it out again, `times` times, checks the sums, and throws where anything differs. */
export async function runVerify(spans: number, times: number, threads?: number): Promise<VerifyResults> {
  const dataDir = await mkdtemp(join(tmpdir(), 'spanledger-verify-'))
  try {
    await using store = await openStore({ kind: 'embedded', dataDir, memoryBytes: engineBytes })
    await migrate(store)
    let inserts = 0
    await fillWithRuns(Math.max(1, Math.ceil(spans / spansPerAgentRun)), 1, (frame) => insertFrame(store, frame, `verify-${inserts++}`))
    for (const sums of allDaySums) await refreshCostDays(store, sums)
    await atRest(store)
    const enginePid = (JSON.parse(readFileSync(join(dataDir, 'engine.json'), 'utf8')) as { readonly pid: number }).pid
    const verified: VerifyResult[] = []
    for (let time = 0; time < times; time++) verified.push(await once(store, enginePid, threads))
    return { verified, sums: await sumsOnce(store, enginePid) }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

const spentBy = (enginePid: number): VerifyResult['cpuSeconds'] => ({ collector: processUsage(process.pid)?.cpuSeconds ?? 0, engine: processUsage(enginePid)?.cpuSeconds ?? 0 })
const since = (before: VerifyResult['cpuSeconds'], after: VerifyResult['cpuSeconds']): VerifyResult['cpuSeconds'] =>
  ({ collector: after.collector - before.collector, engine: after.engine - before.engine })

const asked = (store: Store) => ({
  store, tenant: 'default', prices: shippedBook(), nowMs: () => performance.now(), report: (difference: Difference) => { throw new Error(differenceText(difference)) },
})

async function once(store: Store, enginePid: number, threads: number | undefined): Promise<VerifyResult> {
  let residentBytes = 0
  const looking = setInterval(() => { residentBytes = Math.max(residentBytes, process.memoryUsage.rss()) }, lookMs)
  const before = spentBy(enginePid)
  try {
    const verified = await verify({ ...asked(store), ...(threads === undefined ? {} : { threads }) })
    return { ...verified, cpuSeconds: since(before, spentBy(enginePid)), residentBytes }
  } finally {
    clearInterval(looking)
  }
}

async function sumsOnce(store: Store, enginePid: number): Promise<SumsResult> {
  const before = spentBy(enginePid)
  const sums = await checkSums(asked(store))
  return { ...sums, cpuSeconds: since(before, spentBy(enginePid)) }
}

const perSecond = (entries: number, seconds: number): number => Math.round(entries / Math.max(0.001, seconds))

export function describeVerify({ verified, sums }: VerifyResults): string {
  const rows = verified.map(({ entries, spans, traces, tookMs, cpuSeconds: { collector, engine }, residentBytes }) =>
    `| derived again | ${entries} | ${spans} | ${traces} | ${(tookMs / 1_000).toFixed(1)} | ${perSecond(entries, tookMs / 1_000)} | ${collector.toFixed(1)} | ${engine.toFixed(1)} | ${perSecond(entries, collector + engine)} | ${Math.round(residentBytes / 1024 ** 2)} |`)
  const { entries, tookMs, cpuSeconds: { collector, engine } } = sums
  return [
    '| what | entries | spans | traces | seconds | entries/s | processor s, collector | engine | entries per second of one core | MiB |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |', ...rows,
    `| --sums | ${entries} | | | ${(tookMs / 1_000).toFixed(1)} | ${perSecond(entries, tookMs / 1_000)} | ${collector.toFixed(1)} | ${engine.toFixed(1)} | ${perSecond(entries, collector + engine)} | |`, '',
  ].join('\n')
}

if (import.meta.main) {
  const taken = takenOn()
  const threads = process.env['THREADS']
  process.stdout.write(`${taken}\n\n${describeVerify(await runVerify(Number(process.env['SPANS'] ?? 1_000_000), Number(process.env['TIMES'] ?? 2), threads === undefined ? undefined : Number(threads)))}`)
}
