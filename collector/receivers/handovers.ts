import type { SpanFacts, UnixNano } from '#semconv/facts.ts'
import { type News, ownerOf, type Peers, type Told } from './peers.ts'

/**
 * Others' traces that are remembered until they are loaded, about 30 MB. ClickHouse may be away for hours: what exceeds this is
 * looked for in ClickHouse when it is back, as at a start.
 */
const foreignMax = 200_000

/** What arrived with one segment of the journal. */
interface Unloaded {
  /** When the first of it did: by the machine's clock in milliseconds, and as its rows say. */
  readonly since: number
  readonly receivedAt: UnixNano
  /** Spans of others' traces. */
  readonly foreign: Map<string, Told>
}

/**
 * Between receiving processes: each trace is settled by the one that owns it, whoever received its spans. What arrived for
 * others is told to them once it is in ClickHouse, where they read it; with it goes how far everything from here is there, so
 * that nobody calls a trace exact while a span of it still waits in another's journal. Docs: `docs/decisions/013`.
 */
export class Handovers {
  readonly #peers: Peers
  /** By number of the segment, in order. */
  readonly #unloaded = new Map<number, Unloaded>()
  readonly #heard = new Map<string, Told>()
  #toRevisit: string[] = []
  /** For the others, by process. */
  readonly #toTell: { told: Told[]; revisit: string[] }[]
  /** `News.through` of each process, this one included. */
  readonly #through: number[]
  #complete = false
  readonly #foreignMax: number
  #foreignCount = 0
  /** Others' traces that were not remembered: since when, and the last segment with spans of them. */
  #missed: { readonly since: UnixNano; readonly through: number } | undefined

  /** `most`: of others' traces to remember. */
  constructor(peers: Peers, most = foreignMax) {
    this.#peers = peers
    this.#foreignMax = most
    this.#toTell = Array.from({ length: peers.count }, () => ({ told: [], revisit: [] }))
    this.#through = Array.from({ length: peers.count }, () => -Infinity)
    peers.onNews((from, news) => this.#hear(from, news))
  }

  /** Which of the processes this is. */
  get receiver(): { readonly receiver: number; readonly receivers: number } {
    return { receiver: this.#peers.index, receivers: this.#peers.count }
  }

  owns(traceId: string): boolean {
    return ownerOf(traceId, this.#peers.count) === this.#peers.index
  }

  /** A span is durable, in this segment of the journal or an earlier one. Called before its sender is answered. */
  arrived({ traceId, startedAt, receivedAt }: SpanFacts & { readonly receivedAt: UnixNano }, nowMs: number, segment: number): void {
    let unloaded = this.#unloaded.get(segment)
    if (unloaded === undefined) {
      unloaded = { since: nowMs, receivedAt, foreign: new Map() }
      this.#unloaded.set(segment, unloaded)
    }
    if (this.owns(traceId)) return
    if (this.#foreignCount >= this.#foreignMax && !unloaded.foreign.has(traceId)) {
      this.#missed = { since: this.#missed?.since ?? unloaded.receivedAt, through: segment }
      this.#complete = false
      return
    }
    const before = unloaded.foreign.size
    include(unloaded.foreign, { traceId, startedFrom: startedAt, startedTo: startedAt })
    this.#foreignCount += unloaded.foreign.size - before
  }

  /** Since when there are traces that were not remembered and must be looked for, now that all of them are in ClickHouse. */
  missedSince(loadedThrough: number): UnixNano | undefined {
    return this.#missed !== undefined && this.#missed.through <= loadedThrough ? this.#missed.since : undefined
  }

  /** For the owner of a trace: spans of it that are in ClickHouse. */
  pass(told: Told): void {
    this.#toTell[ownerOf(told.traceId, this.#peers.count)]?.told.push(told)
  }

  revisit(traceId: string): void {
    this.#toTell[ownerOf(traceId, this.#peers.count)]?.revisit.push(traceId)
  }

  /** When the first span was accepted that is not told yet. */
  untoldSince(): UnixNano | undefined {
    const [oldest] = this.#unloaded.values()
    return this.#missed !== undefined && (oldest === undefined || this.#missed.since < oldest.receivedAt) ? this.#missed.since : oldest?.receivedAt
  }

  /** What a former process left, or this one missed up to this segment, is passed on: from now on, all is told in time. */
  complete(loadedThrough: number): void {
    if (this.#missed !== undefined && this.#missed.through > loadedThrough) return
    this.#missed = undefined
    this.#complete = true
  }

  /** Tells the others what is in ClickHouse by now. */
  tell(loadedThrough: number, nowMs: number): void {
    for (const [segment, { foreign }] of this.#unloaded) {
      if (segment > loadedThrough) break
      this.#unloaded.delete(segment)
      this.#foreignCount -= foreign.size
      for (const told of foreign.values()) this.pass(told)
    }
    const [oldest] = this.#unloaded.values()
    const through = this.#complete ? (oldest?.since ?? nowMs) : (this.#through[this.#peers.index] ?? -Infinity)
    this.#through[this.#peers.index] = through
    this.#toTell.forEach((toTell, to) => {
      if (to === this.#peers.index) return
      this.#peers.send(to, { ...toTell, through })
      this.#toTell[to] = { told: [], revisit: [] }
    })
  }

  #hear(from: number, { told, revisit, through }: News): void {
    for (const one of told) include(this.#heard, one)
    this.#toRevisit.push(...revisit)
    this.#through[from] = through
  }

  /** Spans that others stored and that were not read yet. */
  heard(): readonly Told[] {
    return [...this.#heard.values()]
  }

  /** They are read; what was told of the same trace meanwhile stays. */
  taken(read: readonly Told[]): void {
    for (const told of read) if (this.#heard.get(told.traceId) === told) this.#heard.delete(told.traceId)
  }

  takeRevisits(): readonly string[] {
    const taken = this.#toRevisit
    this.#toRevisit = []
    return taken
  }

  /** Whether all that anybody acknowledged before this moment is in ClickHouse, and told. */
  loadedBefore(ms: number): boolean {
    return this.#through.every((through) => through >= ms)
  }

  /** Whether all is here that anybody acknowledged of this trace before `ms`, and what else was told of it. */
  knowsAll(traceId: string, ms: number): boolean {
    return !this.#heard.has(traceId) && this.loadedBefore(ms)
  }
}

/** Always a new object where a trace is told again: what is being read at the moment may have missed it. */
function include(all: Map<string, Told>, told: Told): void {
  const known = all.get(told.traceId) ?? told
  all.set(told.traceId, {
    traceId: told.traceId,
    startedFrom: told.startedFrom < known.startedFrom ? told.startedFrom : known.startedFrom,
    startedTo: told.startedTo > known.startedTo ? told.startedTo : known.startedTo,
  })
}
