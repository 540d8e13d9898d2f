import { flags, type Skeleton } from './skeleton.ts'

/** Which rows of a trace are on show, and finding one's way among them. Pure; one linear pass a question. */

/** Rows on show in order: every row whose ancestors are all open. `folded[row]` is 1 where the row hides its descendants. */
export const visibleRows = (skeleton: Skeleton, folded: Uint8Array): Uint32Array => {
  const rows = new Uint32Array(skeleton.rows)
  let length = 0
  for (let row = 0; row < skeleton.rows; row = folded[row] === 1 ? skeleton.end[row]! : row + 1) rows[length++] = row
  return rows.subarray(0, length)
}

/** Where a row stands among those on show: its own place, or that of the nearest ancestor that is on show. */
export const placeOf = (visible: Uint32Array, row: number): number => {
  let low = 0
  let high = visible.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (visible[middle]! <= row) low = middle
    else high = middle - 1
  }
  return low
}

/** Opens every ancestor of a row; the same array where nothing was folded. */
export const reveal = (skeleton: Skeleton, folded: Uint8Array, row: number): Uint8Array => {
  let opened = folded
  for (let above = skeleton.parent[row]!; above >= 0; above = skeleton.parent[above]!) {
    if (opened[above] === 0) continue
    if (opened === folded) opened = folded.slice()
    opened[above] = 0
  }
  return opened
}

/** Folds or opens one row, and with `deep` everything below it. */
export const fold = (skeleton: Skeleton, folded: Uint8Array, row: number, closed: boolean, deep: boolean): Uint8Array => {
  const next = folded.slice()
  const last = deep ? skeleton.end[row]! : row + 1
  for (let below = row; below < last; below++) next[below] = closed && skeleton.end[below]! > below + 1 ? 1 : 0
  return next
}

/** Next row after `from` in a sorted list, going round; `direction` 1 forward, −1 back; −1 where the list is empty. */
export const cycle = (hits: Uint32Array, from: number, direction: 1 | -1): number => {
  if (hits.length === 0) return -1
  const place = placeOf(hits, from)
  if (direction === 1) return hits[place]! > from ? hits[place]! : hits[(place + 1) % hits.length]!
  return hits[place]! < from ? hits[place]! : hits[(place + hits.length - 1) % hits.length]!
}

const collect = (rows: number, holds: (row: number) => boolean): Uint32Array => {
  const hits = new Uint32Array(rows)
  let length = 0
  for (let row = 0; row < rows; row++) if (holds(row)) hits[length++] = row
  return hits.subarray(0, length)
}

/** Rows that failed or were blocked. */
export const troubled = (skeleton: Skeleton): Uint32Array =>
  collect(skeleton.rows, (row) => (skeleton.flags[row]! & (flags.failed | flags.blocked)) !== 0)

/**
 * Where a failure began, as far as the trace tells: down from the last root that failed, to the last child that failed, because
 * what was tried before it was survived. −1 where nothing failed.
 */
export const failureCause = (skeleton: Skeleton): number => {
  const failed = (row: number): boolean => (skeleton.flags[row]! & flags.failed) !== 0
  const lastFailed = (from: number, end: number): number => {
    let found = -1
    // Over siblings, which stand in the order of their starts.
    for (let row = from; row < end; row = skeleton.end[row]!) if (failed(row)) found = row
    return found
  }
  let cause = lastFailed(0, skeleton.rows)
  if (cause === -1) return troubled(skeleton).findLast(failed) ?? -1
  for (let below = cause; below !== -1; below = lastFailed(below + 1, skeleton.end[below]!)) cause = below
  return cause
}

const matching = (dictionary: readonly string[], needle: string): Uint8Array =>
  Uint8Array.from(dictionary, (word) => (word.toLowerCase().includes(needle) ? 1 : 0))

/**
 * Rows whose name, agent, model or service contains the text, whatever its case. Looks at each word of the dictionaries
 * once, then at one byte a row: 100,000 spans take a few milliseconds.
 */
export const search = (skeleton: Skeleton, text: string): Uint32Array => {
  const needle = text.trim().toLowerCase()
  if (needle === '') return new Uint32Array(0)
  const name = matching(skeleton.names, needle)
  const agent = matching(skeleton.agents, needle)
  const model = matching(skeleton.models, needle)
  const service = matching(skeleton.services, needle)
  return collect(skeleton.rows, (row) =>
    (name[skeleton.name[row]!]! | agent[skeleton.agent[row]!]! | model[skeleton.model[row]!]! | service[skeleton.service[row]!]!) === 1)
}

/** Two sorted lists of rows as one, each row once. */
export const union = (a: Uint32Array, b: Uint32Array): Uint32Array => Uint32Array.from(new Set([...a, ...b])).sort()
