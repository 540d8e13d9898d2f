import { type LedgerEntryRow, postedAtOfRevision } from '#clickhouse/tables/ledger-entries.ts'
import { entryKey } from '../derive/identity.ts'

/** The lines of one span as they were told: any of them in several revisions. */
export interface Lines {
  readonly all: readonly LedgerEntryRow[]
  /** Of each line the revision that counts. */
  readonly standing: readonly LedgerEntryRow[]
}

/** What the lines of one span say now instead of what they said. */
export interface Restatement {
  readonly before: Lines
  readonly after: Lines
  /** When the first revision was posted that only one of both has, in nanoseconds since the epoch. */
  readonly changedFrom: bigint
}

const revisionKey = (line: LedgerEntryRow): string => `${entryKey(line)}@${line.revision}`

/** As the table does: of each line the highest revision. */
function standing(lines: readonly LedgerEntryRow[]): readonly LedgerEntryRow[] {
  const found = new Map<string, LedgerEntryRow>()
  for (const line of lines) {
    const known = found.get(entryKey(line))
    if (known === undefined || line.revision > known.revision) found.set(entryKey(line), line)
  }
  return [...found.values()]
}

const postedAtOf = ({ revision }: LedgerEntryRow): bigint => postedAtOfRevision(revision)
/** When the last of them was posted, 0 for none. */
export const latest = (lines: readonly LedgerEntryRow[]): bigint => lines.reduce((at, line) => (postedAtOf(line) > at ? postedAtOf(line) : at), 0n)

/** What stood at that moment. */
export const standingBefore = ({ all }: Lines, cut: bigint): readonly LedgerEntryRow[] => standing(all.filter((line) => postedAtOf(line) < cut))

/** A revision that an earlier one supersedes, as of a call that was charged once more, says nothing of any moment and is left out. */
export function linesOf(lines: readonly LedgerEntryRow[]): Lines {
  const standingNow = standing(lines)
  if (standingNow.length === lines.length) return { all: lines, standing: standingNow }
  const supersedes = (other: LedgerEntryRow, line: LedgerEntryRow): boolean =>
    other.revision > line.revision && postedAtOf(other) <= postedAtOf(line) && entryKey(other) === entryKey(line)
  return { all: lines.filter((line) => !lines.some((other) => supersedes(other, line))), standing: standingNow }
}
export const noLines: Lines = { all: [], standing: [] }

/** Each revision once. */
export function union(...lists: readonly (readonly LedgerEntryRow[])[]): readonly LedgerEntryRow[] {
  const [first = [], ...others] = lists.filter((list) => list.length > 0)
  if (others.length === 0) return first
  const found = new Map(first.map((line) => [revisionKey(line), line]))
  for (const line of others.flat()) if (!found.has(revisionKey(line))) found.set(revisionKey(line), line)
  return [...found.values()]
}

/** Revisions of `lines` that `others` has not. */
export function without(lines: readonly LedgerEntryRow[], others: readonly LedgerEntryRow[]): readonly LedgerEntryRow[] {
  if (lines.length === 0 || others.length === 0) return lines
  const known = new Set(others.map(revisionKey))
  return lines.filter((line) => !known.has(revisionKey(line)))
}

export function restatement(before: Lines, after: Lines): Restatement {
  const changed = [...without(after.all, before.all), ...without(before.all, after.all)]
  return { before, after, changedFrom: changed.reduce((from, line) => (postedAtOf(line) < from ? postedAtOf(line) : from), never) }
}
const never = (1n << 64n) - 1n
