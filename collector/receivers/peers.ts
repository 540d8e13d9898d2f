import type { UnixNano } from '#semconv/facts.ts'

/** Spans of one trace that another process stored: when the first and the last of them began, so that they are read without a search. */
export interface Told {
  readonly traceId: string
  readonly startedFrom: UnixNano
  readonly startedTo: UnixNano
}

/** What one receiving process says to another. */
export interface News {
  /** Spans of the other's traces that are in ClickHouse now. */
  readonly told: readonly Told[]
  /** The other's traces that must be looked at again: a trace of ours tells the same call. */
  readonly revisit: readonly string[]
  /** Whatever was acknowledged here before this moment is in ClickHouse, and told. Milliseconds of the machine's monotonic clock. */
  readonly through: number
}

/** The receiving processes of one data folder, as one of them sees the others. */
export interface Peers {
  /** From 0, which is the main process. */
  readonly index: number
  readonly count: number
  /** News arrive in the order they were sent, or, where the other is being started again, never. */
  send(to: number, news: News): void
  onNews(listen: (from: number, news: News) => void): void
}

/** By how much another process' clock may be ahead of this one's, in nanoseconds: what it dated before must be dated before what is read. */
export const clocksApartNano = 10_000_000n

/** Whose trace it is: one process settles it, whoever received its spans. The end of a trace id is random wherever any of it is. */
export const ownerOf = (traceId: string, count: number): number => Number.parseInt(traceId.slice(-8), 16) % count
