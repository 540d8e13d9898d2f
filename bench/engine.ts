import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readEngineFile } from '#clickhouse/embedded/engine-file.ts'
import { migrate } from '#clickhouse/migrate.ts'
import { openStore } from '#clickhouse/store.ts'
import { agentRuns, spansPerAgentRun } from './agent-runs.ts'
import { takenOn } from './machine.ts'
import { processUsage } from './process-usage.ts'
import { blocksOf, frameOf, type TableBlock } from './storage.ts'

/** Processor time of the engine's process for one table, in seconds: to insert all segments, and to merge their parts into one. */
export interface TableCost {
  readonly table: string
  readonly rows: number
  readonly insertSeconds: number
  readonly mergeSeconds: number
}
export interface EngineResult {
  readonly spans: number
  readonly segments: number
  /** Of each table the least of all rounds: other work on the machine only ever adds. */
  readonly tables: readonly TableCost[]
}
export interface EngineOptions {
  /** Spans of one insert: a crowd's segment. */
  readonly spansPerSegment: number
  /** Parts that are merged at once. */
  readonly segments: number
  /** Each with a store of its own. */
  readonly rounds: number
  readonly seed: number
}

const firstInsertAt = 1_795_176_000_000_000_000n
/** Between two segments, in nanoseconds. */
const segmentNanos = 1_200_000_000n

/** What the engine's process spends on the rows of settled runs, by table. */
export async function runEngine(options: EngineOptions): Promise<EngineResult> {
  const runs = Math.max(1, Math.floor(options.spansPerSegment / spansPerAgentRun))
  const segments = segmentsOf(runs, options)
  const rounds: (readonly TableCost[])[] = []
  for (let round = 0; round < options.rounds; round++) rounds.push(await costsOf(segments))
  const [first = []] = rounds
  return {
    spans: runs * spansPerAgentRun * options.segments, segments: options.segments,
    tables: first.map((cost, at) => ({
      ...cost, insertSeconds: least(rounds, at, 'insertSeconds'), mergeSeconds: least(rounds, at, 'mergeSeconds'),
    })),
  }
}

const least = (rounds: readonly (readonly TableCost[])[], at: number, of: 'insertSeconds' | 'mergeSeconds'): number =>
  Math.min(...rounds.map((costs) => costs[at]?.[of] ?? 0))

/** The blocks of every segment, as the loader's thread sends them. */
function segmentsOf(runs: number, { segments, seed }: EngineOptions): readonly (readonly TableBlock[])[] {
  const source = agentRuns(seed)
  return Array.from({ length: segments }, (_, number) => {
    const at = firstInsertAt + BigInt(number) * segmentNanos
    return blocksOf(frameOf(Array.from({ length: runs }, (_, run) => source.next(at - BigInt(run) * (segmentNanos / BigInt(runs)))), at))
  })
}

async function costsOf(segments: readonly (readonly TableBlock[])[]): Promise<readonly TableCost[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'spanledger-engine-'))
  try {
    await using store = await openStore({ kind: 'embedded', dataDir, memoryBytes: 4 * 1024 ** 3 })
    await migrate(store)
    const pid = readEngineFile(dataDir)?.pid ?? 0
    const spent = async (work: () => Promise<void>): Promise<number> => {
      const before = processUsage(pid)?.cpuSeconds ?? 0
      await work()
      return (processUsage(pid)?.cpuSeconds ?? 0) - before
    }
    const costs: TableCost[] = []
    for (const { name } of tablesOf(segments)) {
      const blocks = segments.flatMap((segment) => segment.filter(({ table }) => table.name === name))
      await store.command(`SYSTEM STOP MERGES ${name}`)
      const insertSeconds = await spent(async () => {
        for (const [number, { table, block }] of blocks.entries()) await store.insert(table, block, `engine-${number}`, 'Native')
      })
      await store.command(`SYSTEM START MERGES ${name}`)
      const mergeSeconds = await spent(() => store.command(`OPTIMIZE TABLE ${name} FINAL`))
      costs.push({ table: name, rows: blocks.reduce((sum, { rows }) => sum + rows, 0), insertSeconds, mergeSeconds })
    }
    return costs
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

const tablesOf = (segments: readonly (readonly TableBlock[])[]): readonly TableBlock['table'][] => [...new Set(segments.flat().map(({ table }) => table))]

export function describeEngine({ spans, segments, tables }: EngineResult): string {
  const row = (name: string, rows: number | string, insert: number, merge: number): string => {
    const per = (seconds: number): string => ((seconds * 1e6) / spans).toFixed(2)
    return `| ${name} | ${rows} | ${per(insert)} | ${per(merge)} |`
  }
  const sum = (of: 'insertSeconds' | 'mergeSeconds'): number => tables.reduce((total, cost) => total + cost[of], 0)
  return [
    '| table | rows | µs per span to insert | µs per span to merge once |', '| --- | --- | --- | --- |',
    ...tables.map((cost) => row(cost.table, cost.rows, cost.insertSeconds, cost.mergeSeconds)),
    row(`all, ${spans} spans in ${segments} segments`, '', sum('insertSeconds'), sum('mergeSeconds')), '',
  ].join('\n')
}

if (import.meta.main) {
  const { SPANS = '24000', SEGMENTS = '10', ROUNDS = '3', SEED = '1' } = process.env
  const taken = takenOn()
  const result = await runEngine({ spansPerSegment: Number(SPANS), segments: Number(SEGMENTS), rounds: Number(ROUNDS), seed: Number(SEED) })
  process.stdout.write(`${taken}\n\n${describeEngine(result)}`)
}
