import type { Pairs } from './table.ts'

/** A map column's value out of entries. */
export const pairs = <T>(entries: Iterable<readonly [string, T]>): Pairs<T> => {
  const list = [...entries]
  return { keys: list.map(([key]) => key), values: list.map(([, value]) => value) }
}
