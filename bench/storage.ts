import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allDaySums, refreshCostDays } from '#clickhouse/cost-days.ts'
import { migrate } from '#clickhouse/migrate.ts'
import { nativeBlock } from '#clickhouse/native.ts'
import { openStore, type Store } from '#clickhouse/store.ts'
import { runs } from '#clickhouse/tables/runs.ts'
import { shippedBook } from '#collector/price/book.ts'
import { chargeArrivals } from '#collector/derive/charge.ts'
import { derive, type Derived } from '#collector/derive/derive.ts'
import { post } from '#collector/settle/post.ts'
import { summary } from '#collector/settle/summary.ts'
import { FrameWriter, readFrame, spooledTables } from '#collector/spool/frame.ts'
import { parsePolicies, starterPolicies } from '#otel-config/policy/policies.ts'
import { account } from '#semconv/account.ts'
import type { SpanRecord } from '#semconv/attributes.ts'
import { agentLoops, type LoopDialect, loopDialects, type LoopSize, loopSizes } from './agent-loops.ts'
import { agentRuns, spansPerAgentRun } from './agent-runs.ts'
import { takenOn } from './machine.ts'

/** What one table takes on disk: `system.parts`, indexes, marks and checksums included. */
export interface TableSize {
  readonly table: string
  readonly rows: number
  readonly bytes: number
}
/** Compressed data and marks. */
export interface ColumnSize {
  readonly column: string
  readonly bytes: number
}
export interface StorageResult {
  readonly spans: number
  /** After the inserts, merged as far as the engine does by itself. */
  readonly asItStands: readonly TableSize[]
  /** After `OPTIMIZE … FINAL`: what all of it comes to. */
  readonly merged: readonly TableSize[]
  /** Largest first. */
  readonly columns: readonly ColumnSize[]
}

const options = { tenant: 'default', project: 'default', prices: shippedBook(), policies: parsePolicies(starterPolicies()) }
const nobodyElse = { replayed: new Set<string>(), mirrored: new Set<string>() }

/** Spans of one insert: a second of 10,000 spans/s. */
export const spansPerInsert = 10_000
/** Runs that end in the same second. */
const insertNanos = 1_000_000_000n
const firstInsertAt = 1_795_176_000_000_000_000n
const maxSeconds = 120
/** Background merges are given this long to come to rest, in milliseconds. */
const restMs = 60_000

/** Stores `spans` spans of settled runs as the program does, and says what they take. */
export async function runStorage(spans: number, seed: number): Promise<StorageResult> {
  const count = Math.max(1, Math.ceil(spans / spansPerAgentRun))
  return stored(count * spansPerAgentRun, (insert) => fillWithRuns(count, seed, insert))
}

/** When the runs of an insert end: within `nanos`, which begin at `from` for the first insert. */
export interface InsertTimes {
  readonly from: bigint
  readonly nanos: bigint
}

export const runsPerInsert = Math.floor(spansPerInsert / spansPerAgentRun)

/** `count` settled runs as the program stores them, 10,000 spans an insert; each second one, where `times` says nothing else. */
export async function fillWithRuns(
  count: number, seed: number, insert: (frame: FrameWriter, runs: readonly (readonly SpanRecord[])[]) => Promise<void>, times: InsertTimes = { from: firstInsertAt, nanos: insertNanos },
): Promise<void> {
  const source = agentRuns(seed)
  for (let run = 0, number = 0; run < count; run += runsPerInsert, number++) {
    const at = times.from + BigInt(number) * times.nanos
    const records = Array.from({ length: Math.min(runsPerInsert, count - run) }, (_, n) => source.next(at - BigInt(n) * (times.nanos / BigInt(runsPerInsert))))
    await insert(frameOf(records, at), records)
  }
}

/** Turns of a loop, and how many loops are told at a time: their turns interleave, as those of many agents at work do. */
export const turnsPerLoop = 30
const loopsAtATime = 20

/** The same for model calls with content: `loops` conversations of 30 turns, a request for every turn. */
export async function runLoops(loops: number, dialect: LoopDialect, size: LoopSize, seed: number): Promise<StorageResult> {
  const next = agentLoops(seed, turnsPerLoop, size)
  return stored(loops * turnsPerLoop, async (insert) => {
    for (let loop = 0; loop < loops; loop += loopsAtATime) {
      const at = firstInsertAt + BigInt(loop) * insertNanos
      const told = Array.from({ length: Math.min(loopsAtATime, loops - loop) }, (_, n) => next(dialect, at + BigInt(n) * 1_000n))
      for (let turn = 0; turn < turnsPerLoop; turn++) await insert(frameOf(told.map((spans) => spans.slice(turn, turn + 1)), at + BigInt(turn) * insertNanos))
    }
  })
}

async function stored(spans: number, fill: (insert: (frame: FrameWriter) => Promise<void>) => Promise<void>): Promise<StorageResult> {
  const dataDir = await mkdtemp(join(tmpdir(), 'spanledger-storage-'))
  try {
    await using store = await openStore({ kind: 'embedded', dataDir, memoryBytes: 4 * 1024 ** 3 })
    await migrate(store)
    let inserts = 0
    await fill((frame) => insertFrame(store, frame, `storage-${inserts++}`))
    for (const sums of allDaySums) await refreshCostDays(store, sums)
    await atRest(store)
    const asItStands = await tableSizes(store)
    for (const { table } of asItStands) await store.command(`OPTIMIZE TABLE ${table} FINAL`)
    return { spans, asItStands, merged: await tableSizes(store), columns: await columnSizes(store) }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** The rows of some whole runs: on arrival, and of their settlement. */
export function frameOf(runRecords: readonly (readonly SpanRecord[])[], receivedAt: bigint): FrameWriter {
  const frame = new FrameWriter(Number.POSITIVE_INFINITY)
  for (const records of runRecords) {
    const derived = records.map((record) => derive(record, options, receivedAt, true, frame))
    const charges = chargeArrivals(derived, () => undefined, options, frame)
    settle(derived, charges, receivedAt, frame)
  }
  return frame
}

function settle(derived: readonly Derived[], charged: ReturnType<typeof chargeArrivals>, receivedAt: bigint, frame: FrameWriter): void {
  const spans = new Map(derived.map(({ facts }) => [facts.spanId, facts]))
  const trace = {
    traceId: derived[0]?.facts.traceId ?? '', spans, charges: new Map(charged.map((charge) => [charge.facts.spanId, charge])), entries: new Map(),
    decisions: new Map(derived.flatMap(({ decisions }) => decisions.map((decision) => [decision.id, decision] as const))), lastReceivedAt: receivedAt,
  }
  const facts = account([...spans.values()], nobodyElse)
  const version = receivedAt + 2_000_000_000n
  frame.add(runs, summary(trace, facts, post(facts, spans, trace, version, options), true, version, options))
}

export interface TableBlock {
  readonly table: (typeof spooledTables)[number]
  readonly rows: number
  readonly block: Buffer
}

/** What the loader makes of a segment with this one frame. */
export function blocksOf(writer: FrameWriter): readonly TableBlock[] {
  const frame = readFrame(writer.finish(), 0)
  if (frame === 'end' || frame === 'torn') throw new Error(`the frame is ${frame}`)
  return frame.sections.map(({ table: number, rows, body }) => {
    const table = spooledTables[number]
    if (table === undefined) throw new Error(`no table has the number ${number}`)
    return { table, rows, block: nativeBlock(table.columns, rows, body) }
  })
}

export async function insertFrame(store: Store, writer: FrameWriter, token: string): Promise<void> {
  for (const { table, block } of blocksOf(writer)) await store.insert(table, block, `${token}-${table.name}`, 'Native')
}

export async function atRest(store: Store): Promise<void> {
  for (let waited = 0; waited < restMs; waited += 500) {
    const [merges] = await store.read<{ n: string }>('SELECT count() AS n FROM system.merges WHERE database = currentDatabase()', {}, { maxSeconds })
    if (merges?.n === '0') return
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

const tableSizes = async (store: Store): Promise<readonly TableSize[]> =>
  (await store.read<{ table: string; row_count: string; byte_count: string }>(
    `SELECT table, sum(rows) AS row_count, sum(bytes_on_disk) AS byte_count FROM system.parts
     WHERE database = currentDatabase() AND active AND table != 'schema_migrations' GROUP BY table ORDER BY byte_count DESC`, {}, { maxSeconds }))
    .map(({ table, row_count, byte_count }) => ({ table, rows: Number(row_count), bytes: Number(byte_count) }))

/** Of wide parts; small ones keep all columns in one file. */
const columnSizes = async (store: Store): Promise<readonly ColumnSize[]> =>
  (await store.read<{ column_name: string; byte_count: string }>(
    `SELECT concat(table, '.', column) AS column_name, sum(column_bytes_on_disk) AS byte_count FROM system.parts_columns
     WHERE database = currentDatabase() AND active AND table != 'schema_migrations' GROUP BY column_name ORDER BY byte_count DESC`, {}, { maxSeconds }))
    .map(({ column_name, byte_count }) => ({ column: column_name, bytes: Number(byte_count) }))

const total = (sizes: readonly TableSize[]): number => sizes.reduce((sum, { bytes }) => sum + bytes, 0)

/** Columns told one by one. */
const columnsShown = 24

export function describeStorage({ spans, asItStands, merged, columns }: StorageResult): string {
  const per = (bytes: number): string => (bytes / spans).toFixed(1)
  const stands = new Map(asItStands.map((size) => [size.table, size.bytes]))
  const tables = merged.map(({ table, rows, bytes }) => `| ${table} | ${rows} | ${per(stands.get(table) ?? 0)} | ${per(bytes)} |`)
  const shown = columns.slice(0, columnsShown).map(({ column, bytes }) => `| ${column} | ${per(bytes)} |`)
  return [
    '| table | rows | bytes per span, as it stands | after OPTIMIZE FINAL |', '| --- | --- | --- | --- |', ...tables,
    `| all, ${spans} spans | | ${per(total(asItStands))} | ${per(total(merged))} |`, '', '| column | bytes per span |', '| --- | --- |', ...shown, '',
  ].join('\n')
}

if (import.meta.main) {
  const taken = takenOn()
  const seed = Number(process.env['SEED'] ?? 1)
  const loops = Number(process.env['LOOPS'] ?? 0)
  if (loops === 0) process.stdout.write(`${taken}\n\n${describeStorage(await runStorage(Number(process.env['SPANS'] ?? 1_000_000), seed))}`)
  else for (const size of loopSizes) for (const dialect of loopDialects) {
    process.stdout.write(`${taken}, ${size}, ${dialect}\n\n${describeStorage(await runLoops(loops, dialect, size, seed))}\n`)
  }
}
