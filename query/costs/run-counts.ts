import { ledgerVersionsOf, type Reader } from '../reader.ts'
import type { Where } from '../where.ts'
import { costRowsMax } from './cost-row.ts'

/** Groups of lines of the ledger. */
export interface CountedGroups {
  readonly where: Where
  /** What makes a group, and the select list's entry that fills it. One name means the same in every question of a request, but for `by_start`. */
  readonly columns: ReadonlyMap<string, string>
}

/** By `groupKey`. A group without a run is not there. */
type Counts = ReadonlyMap<string, number>

/**
 * How many runs have a line in each group. Those that are told of before the first of them is asked, and are about the same lines, are
 * counted by one read.
 */
export type RunCounts = (groups: CountedGroups) => () => Promise<Counts>

/** The same whatever the order of the names. */
export const groupKey = (names: readonly string[], group: Readonly<Record<string, string | undefined>>): string => JSON.stringify(names.toSorted().map((name) => group[name]))

type CountedGroup = Readonly<Record<`by_${string}`, string>> & { readonly of_set: string; readonly runs: string }

/** Made once per request. */
export function runCountsOf(reader: Reader): RunCounts {
  const open = new Map<string, { readonly sets: ReadonlyMap<string, string>[]; readonly read: () => Promise<readonly Counts[]> }>()
  const batchOf = (where: Where, lines: string) => {
    const sets: ReadonlyMap<string, string>[] = []
    let counted: Promise<readonly Counts[]> | undefined
    const read = (): Promise<readonly Counts[]> => {
      open.delete(lines)
      return (counted ??= countRuns(reader, where, sets))
    }
    return { sets, read }
  }
  return ({ where, columns }) => {
    const lines = JSON.stringify([where, columns.get('by_start')])
    const batch = open.get(lines) ?? batchOf(where, lines)
    open.set(lines, batch)
    const index = batch.sets.push(columns) - 1
    return async () => (await batch.read())[index] ?? new Map()
  }
}

/**
 * One read of the ledger for all sets. The traces are numbered first, because a bitmap of small numbers takes a fraction of the time and
 * memory of a set of ids for each group: docs/decisions/017. What was settled with a bill belongs to no run.
 */
async function countRuns(reader: Reader, where: Where, sets: readonly ReadonlyMap<string, string>[]): Promise<readonly Counts[]> {
  const columns = new Map(sets.flatMap((set) => [...set]))
  const names = [...columns.keys()]
  // As `grouping()` tells them apart: a bit for each column that is not of the set, the first column's the highest.
  const numberOf = (set: ReadonlyMap<string, string>): string => `${names.reduce((bits, name) => bits * 2 + (set.has(name) ? 0 : 1), 0)}`
  const distinct = new Map(sets.map((set) => [numberOf(set), [...set.keys()]]))
  const inRun: Where = { sql: `NOT empty(trace_id) AND (${where.sql})`, params: where.params }
  const rows = await reader.rows<CountedGroup>({
    columns: [...columns.values(), 'trace_id'].join(', '), from: 'ledgerEntries', where: inRun, tail: '',
    around: (lines) => `SELECT ${[...names, `toString(${names.length === 0 ? '0' : `grouping(${names.join(', ')})`}) AS of_set`, 'toString(groupBitmap(trace)) AS runs'].join(', ')}
      FROM ${lines} AS lines
      INNER JOIN (SELECT trace_id, toUInt32(row_number() OVER ()) AS trace FROM (${ledgerVersionsOf('DISTINCT trace_id', inRun.sql)})) AS traces USING (trace_id)
      GROUP BY GROUPING SETS (${[...distinct.values()].map((set) => `(${set.join(', ')})`).join(', ')}) LIMIT ${costRowsMax} BY of_set`,
  })
  const counts = new Map([...distinct.keys()].map((number) => [number, new Map<string, number>()]))
  for (const row of rows) counts.get(row.of_set)?.set(groupKey(distinct.get(row.of_set) ?? [], row), Number(row.runs))
  return sets.map((set) => counts.get(numberOf(set)) ?? new Map())
}
