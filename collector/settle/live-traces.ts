import type { LedgerEntryRow } from '#clickhouse/tables/ledger-entries.ts'
import type { PolicyDecisionRow } from '#clickhouse/tables/policy-decisions.ts'
import { isToldByLog } from '#semconv/agent-logs.ts'
import type { SpanFacts, UnixNano } from '#semconv/facts.ts'
import { type Charge, noLumps } from '../derive/charge.ts'
import type { Derived } from '../derive/derive.ts'
import { entryKey } from '../derive/identity.ts'
import type { Handovers } from '../receivers/handovers.ts'
import { type HeldCharge, heldCharge } from './held-charges.ts'
import { HeldSpans, type LiveSpan } from './held-spans.ts'
import type { Repricing } from './post.ts'
import { sessionKey } from './told-better.ts'

/** What a run's summary needs of a decision. */
export type StoredDecision = Pick<PolicyDecisionRow, 'id' | 'traceId' | 'outcome' | 'mode' | 'place'>

/** What is known of one trace between its first span and its eviction: enough to account it without asking ClickHouse. */
export interface LiveTrace {
  readonly traceId: string
  /** The version of each span that was accepted last. */
  readonly spans: HeldSpans
  /** What was posted when spans arrived, by span id, as long as it stands as it was. */
  readonly charges: Map<string, HeldCharge>
  /** All other posted ledger lines, of every kind, by `entryKey`. */
  readonly entries: Map<string, LedgerEntryRow>
  /** Spans charged for calls below them that had not come at the last settlement: such a call is not charged on arrival. */
  lumps: ReadonlySet<string>
  /** Stored decisions by id. */
  readonly decisions: Map<string, StoredDecision>
  /** Milliseconds, monotonic. */
  firstSeenMs: number
  lastSeenMs: number
  lastReceivedAt: UnixNano
  /** Grows with every arrival: a settlement that was overtaken does not mark the trace as settled. */
  generation: number
  /** Some span of it names a coding agent's session. */
  tellsSession: boolean
  /** Something arrived since the last settlement. */
  dirty: boolean
  settled: boolean
  /** Milliseconds of the last summary, 0 for none, and how long it took to make: large traces are summed up less often. */
  summarizedMs: number
  summaryCostMs: number
  /** `generation` as of the last summary, −1 for none: where nothing arrived since, there is nothing to say. */
  summarizedGeneration: number
  /** When the first span was accepted that no durable summary holds, 0 where there is none. */
  unsummarizedSince: UnixNano
  version: bigint
  /** Settlements by this process. */
  settlements: number
  /**
   * `whole`: memory holds every span there is. `unchecked`: ClickHouse may hold more, because a former process or an
   * eviction came between; it is asked before the trace is accounted.
   */
  history: 'whole' | 'unchecked'
  /** The spool segment that must be loaded before ClickHouse can be asked. */
  readableFrom: number
  /** Where several processes receive: the `generation` of which this trace has told its coding agent's sessions, −1 for none, and the segment that says so. */
  toldGeneration: number
  toldIn: number
  /** Settlements in a row that our own code could not make, and when the next may be tried (milliseconds). */
  failures: number
  retryMs: number
  /** Its calls are to be priced anew when it settles. */
  repricing: Repricing | undefined
}

/** A span that is being charged. */
export interface Claim {
  readonly traceId: string
  readonly spanId: string
}

export interface LiveTracesOptions {
  /** Spans held in memory over all traces; a span takes about 500 bytes. */
  readonly spansMax: number
  /**
   * Of them, spans of settled traces, which are there only for what comes late. Everything held is walked by every collection
   * of garbage: at 20,000 spans a second a minute of settled traces took a fifth of the processor.
   */
  readonly settledSpansMax: number
  /** Nanoseconds at which this process began: a trace that started later cannot be older than we are. */
  readonly processStartedAt: UnixNano
  /** Where several processes receive; traces of others are held for what comes again, and never settled here. */
  readonly handovers?: Handovers
}

/** Share of the bound that an eviction clears: sorting the traces is for many at once, not for every tick. */
const evictedShare = 0.1

/** Above this many changing traces, most settle before anybody could have looked at them. */
const crowdedTraces = 500

/** Bits of one generation of the filter of evicted traces: 1 MiB. */
const evictedBits = 1 << 23
/** Traces that one generation tells apart, 1% of them wrong, which costs a look-up each. */
export const evictedMax = 800_000

export class LiveTraces {
  readonly #options: LiveTracesOptions
  readonly #traces = new Map<string, LiveTrace>()
  readonly #dirty = new Set<LiveTrace>()
  /** Traces that carry a provider's answer, so that two traces of the same minute find each other before they are loaded. */
  readonly #byCallKey = new Map<string, string | Set<string>>()
  /** Spans that are being charged, by trace id. */
  readonly #claimed = new Map<string, Set<string>>()
  /** Traces that tell a coding agent's session, by `sessionKey`. */
  readonly #bySession = new Map<string, Set<string>>()
  #spanCount = 0
  #evicted: Uint8Array = new Uint8Array(evictedBits / 8)
  #evictedBefore: Uint8Array = new Uint8Array(evictedBits / 8)
  #evictedCount = 0
  /** Whether the traces are remembered that a former process stored although they began after this one did. */
  #formerKnown = false
  /** When requests were accepted that are on their way to the journal. */
  readonly #arriving = new Set<UnixNano>()
  #lastReceivedAt: UnixNano = 0n

  constructor(options: LiveTracesOptions) {
    this.#options = options
  }

  get(traceId: string): LiveTrace | undefined {
    return this.#traces.get(traceId)
  }

  get spanCount(): number {
    return this.#spanCount
  }

  get traceCount(): number {
    return this.#traces.size
  }

  /** So many traces change that nobody watches each of them begin. */
  get crowded(): boolean {
    return this.#dirty.size > crowdedTraces
  }

  /** Traces with something new, in order of first arrival. */
  dirty(): readonly LiveTrace[] {
    return [...this.#dirty]
  }

  /**
   * True for the first who asks about a span that is not known yet: that one charges it. Whoever asks before `release` (the
   * same span twice in a request, or in two requests at once) does not; settlement finds what it says differently.
   */
  claim(traceId: string, spanId: string): boolean {
    if (this.#traces.get(traceId)?.spans.has(spanId) === true) return false
    const claimed = this.#claimed.get(traceId)
    if (claimed === undefined) this.#claimed.set(traceId, new Set([spanId]))
    else if (claimed.has(spanId)) return false
    else claimed.add(spanId)
    return true
  }

  /** The spans are in memory now, or their request was refused. */
  release(claims: readonly Claim[]): void {
    for (const { traceId, spanId } of claims) {
      const claimed = this.#claimed.get(traceId)
      if (claimed?.delete(spanId) === true && claimed.size === 0) this.#claimed.delete(traceId)
    }
  }

  /** A request accepted at this time is on its way: every one must have `arrived`, also one that is refused in the end. */
  arriving(receivedAt: UnixNano): UnixNano {
    this.#arriving.add(receivedAt)
    return receivedAt
  }

  arrived(receivedAt: UnixNano): void {
    this.#arriving.delete(receivedAt)
  }

  /** What was accepted until this time is durable and in memory. `now` is later than all that was accepted before. */
  arrivedThrough(now: UnixNano): UnixNano {
    let through = now
    for (const receivedAt of this.#arriving) if (receivedAt <= through) through = receivedAt - 1n
    return through
  }

  /**
   * Everything accepted before is in a durable summary, or told to whoever makes it, or waits because our own code cannot make
   * it. 0 while nothing came.
   */
  summedUpThrough(): UnixNano {
    // Behind the last span: at it, every start would read that span's whole trace again, to find that nothing is new.
    let through = this.#lastReceivedAt === 0n ? 0n : this.#lastReceivedAt + 1n
    const untold = this.#options.handovers?.untoldSince() ?? through
    if (untold < through) through = untold
    for (const receivedAt of this.#arriving) if (receivedAt < through) through = receivedAt
    for (const { unsummarizedSince, failures } of this.#dirty) if (failures === 0 && unsummarizedSince !== 0n && unsummarizedSince < through) through = unsummarizedSince
    return through
  }

  /**
   * Takes in what is durable. Never before: a settlement must not speak of spans that a crash could take back. `segment` is
   * the spool segment being written now.
   */
  add(derived: readonly Derived[], charges: readonly Charge[], nowMs: number, segment: number): void {
    const { handovers } = this.#options
    for (const { facts, decisions } of derived) {
      handovers?.arrived(facts, nowMs, segment)
      const trace = this.#touch(facts.traceId, nowMs, segment)
      const known = trace.spans.receivedAt(facts.spanId)
      // As the table does: requests that were handled side by side may end in another order than they came.
      if (known === undefined) this.#hold(trace, facts)
      else if (facts.receivedAt >= known) replace(trace, facts)
      for (const decision of decisions) trace.decisions.set(decision.id, decision)
      for (const key of facts.step.callKeys) this.#index(key, facts.traceId)
      this.#indexSession(trace, facts)
      received(trace, facts)
      if (facts.receivedAt > this.#lastReceivedAt) this.#lastReceivedAt = facts.receivedAt
      keepSince(trace, facts.receivedAt)
    }
    let before: HeldCharge | undefined
    for (const charge of charges) {
      const trace = this.#traces.get(charge.facts.traceId)
      if (trace === undefined) continue
      before = heldCharge(charge, trace.spans, before)
      trace.charges.set(charge.facts.spanId, before)
    }
  }

  /**
   * Marks a trace for settlement although nothing arrived: because another trace tells the same call, or after a restart. Then
   * `since` says when a span of it may have been accepted that no summary holds.
   */
  revisit(traceId: string, nowMs: number, segment: number, since: UnixNano = 0n): void {
    const known = this.#traces.get(traceId)
    if (known !== undefined) {
      known.generation++
      this.#mark(known)
    } else this.#touch(traceId, nowMs, segment).history = 'unchecked'
    const trace = this.#traces.get(traceId)
    if (trace !== undefined && since !== 0n) keepSince(trace, since)
  }

  #touch(traceId: string, nowMs: number, segment: number): LiveTrace {
    let trace = this.#traces.get(traceId)
    if (trace === undefined) {
      trace = {
        traceId, spans: new HeldSpans(traceId), charges: new Map(), entries: new Map(), lumps: noLumps, decisions: new Map(), firstSeenMs: nowMs, lastSeenMs: nowMs,
        lastReceivedAt: 0n, generation: 0, tellsSession: false, dirty: false, settled: false, summarizedMs: 0, summaryCostMs: 0, summarizedGeneration: -1,
        unsummarizedSince: 0n, version: 0n, settlements: 0,
        // What was known of it before may stand in any segment that is not loaded yet.
        history: 'unchecked', readableFrom: segment, toldGeneration: -1, toldIn: 0, failures: 0, retryMs: 0, repricing: undefined,
      }
      this.#traces.set(traceId, trace)
    }
    trace.lastSeenMs = nowMs
    trace.generation++
    this.#mark(trace)
    return trace
  }

  #hold(trace: LiveTrace, span: LiveSpan): void {
    this.#spanCount++
    trace.spans.add(span)
  }

  #mark(trace: LiveTrace): void {
    if (this.#options.handovers?.owns(trace.traceId) === false) return
    trace.dirty = true
    this.#dirty.add(trace)
  }

  #index(key: string, traceId: string): void {
    const known = this.#byCallKey.get(key)
    if (known === undefined) this.#byCallKey.set(key, traceId)
    else if (typeof known !== 'string') known.add(traceId)
    else if (known !== traceId) this.#byCallKey.set(key, new Set([known, traceId]))
  }

  #indexSession(trace: LiveTrace, span: SpanFacts): void {
    const session = sessionKey(span)
    if (session === '') return
    trace.tellsSession = true
    const known = this.#bySession.get(session)
    if (known === undefined) this.#bySession.set(session, new Set([span.traceId]))
    else known.add(span.traceId)
  }

  /** Traces in memory that tell this session of a coding agent. `session` as `sessionKey`. */
  ofSession(session: string): readonly LiveTrace[] {
    return [...this.#bySession.get(session) ?? []].flatMap((traceId) => this.#traces.get(traceId) ?? [])
  }

  /** Traces in memory that tell a provider answer which one of `traces` and yet another trace tell; none, almost always. */
  sharing(traces: Iterable<LiveTrace>, tellersMax: number): ReadonlySet<LiveTrace> {
    const found = new Set<LiveTrace>()
    for (const trace of traces) for (const key of trace.spans.callKeys()) {
      const telling = this.#byCallKey.get(key)
      if (telling === undefined || typeof telling === 'string' || telling.size > tellersMax) continue
      for (const traceId of telling) {
        const other = this.#traces.get(traceId)
        if (other !== undefined) found.add(other)
      }
    }
    return found
  }

  get processStartedAt(): UnixNano {
    return this.#options.processStartedAt
  }

  /**
   * Remembers traces that a former process stored, although by their own clock they began after this process did: an agent's
   * clock is ahead of ours, or ours was set back. Until this was told, every trace may have a history.
   */
  remember(traceIds: readonly string[]): void {
    for (const traceId of traceIds) this.#remember(traceId)
    this.#formerKnown = true
  }

  /**
   * True where ClickHouse may know spans of this trace that memory does not: a former process may have stored them, or
   * we evicted them. A trace with its root here that began after this process did can have neither, where `remember` was not
   * told otherwise.
   */
  mayHaveHistory(trace: LiveTrace): boolean {
    if (trace.history === 'unchecked' && this.#isAllHere(trace)) trace.history = 'whole'
    return trace.history === 'unchecked'
  }

  /**
   * Whether a span that nobody knew when it came may be in ClickHouse all the same, where all that began at `knownFrom` or later and was
   * stored before this process is known. Its trace is asked for before it settles; of a trace that another process owns, that one asks.
   */
  mayBeStored({ traceId, spanId, startedAt }: SpanFacts, knownFrom: UnixNano): boolean {
    if (startedAt >= knownFrom || this.#options.handovers?.owns(traceId) === false) return false
    const trace = this.#traces.get(traceId)
    // Asked for since the span came: then it is here if it was stored.
    return trace?.history !== 'whole' || trace.spans.has(spanId)
  }

  #isAllHere({ traceId, spans }: LiveTrace): boolean {
    return spans.size > 0 && this.#beganHere(traceId, spans.heads())
  }

  /**
   * Whether these spans, a root among them, are the first of their trace in memory, nothing of it is stored, and nobody else sums
   * it up. Others of it may be on their way to the journal.
   */
  isNew(traceId: string, spans: readonly SpanFacts[]): boolean {
    return this.#options.handovers?.owns(traceId) !== false && !this.#traces.has(traceId) && this.#beganHere(traceId, spans)
  }

  #beganHere(traceId: string, spans: Iterable<Pick<SpanFacts, 'name' | 'startedAt' | 'parentSpanId'>>): boolean {
    if (!this.#formerKnown || this.#wasEvicted(traceId)) return false
    let hasRoot = false
    for (const span of spans) {
      // A session lasts longer than processes, and every event of it stands at the top.
      if (isToldByLog(span.name)) return false
      if (span.startedAt < this.#options.processStartedAt) return false
      if (span.parentSpanId === '') hasRoot = true
    }
    return hasRoot
  }

  /** Adds all that ClickHouse knows of a trace. */
  merge(trace: LiveTrace, spans: readonly LiveSpan[], entries: readonly LedgerEntryRow[], decisions: readonly StoredDecision[]): void {
    for (const span of spans) this.#mergeSpan(trace, span)
    for (const entry of entries) mergeEntry(trace, entry)
    for (const decision of decisions) trace.decisions.set(decision.id, decision)
    trace.history = 'whole'
  }

  /** Takes in what another process received and ClickHouse has: as if it had arrived here, only charged already. */
  addStored(spans: readonly LiveSpan[], entries: readonly LedgerEntryRow[], decisions: readonly StoredDecision[], nowMs: number, segment: number): void {
    for (const span of spans) {
      const trace = this.#touch(span.traceId, nowMs, segment)
      this.#mergeSpan(trace, span)
      keepSince(trace, span.receivedAt)
    }
    for (const entry of entries) {
      const trace = this.#traces.get(entry.traceId)
      if (trace !== undefined) mergeEntry(trace, entry)
    }
    for (const decision of decisions) this.#traces.get(decision.traceId)?.decisions.set(decision.id, decision)
  }

  /** As the table does: of two versions of a span, the one that was accepted last. */
  #mergeSpan(trace: LiveTrace, span: LiveSpan): void {
    const known = trace.spans.receivedAt(span.spanId)
    if (known !== undefined && known >= span.receivedAt) return
    if (known === undefined) this.#hold(trace, span)
    else replace(trace, span)
    received(trace, span)
    for (const key of span.step.callKeys) this.#index(key, trace.traceId)
    this.#indexSession(trace, span)
  }

  settled(trace: LiveTrace): void {
    trace.settled = true
    trace.settlements++
    trace.failures = 0
    trace.dirty = false
    this.#dirty.delete(trace)
  }

  /**
   * Forgets settled traces that were quiet for `idleMs`, and more where memory is over its bounds: settled ones first, those
   * seen first before others, then the spans (not the mark) of those that were quiet longest. `segment` is the spool segment
   * being written now.
   */
  evict(nowMs: number, idleMs: number, segment: number): void {
    const { spansMax, settledSpansMax } = this.#options
    let settledSpans = 0
    for (const trace of this.#traces.values()) if (!trace.dirty) settledSpans += trace.spans.size
    for (const trace of this.#traces.values()) {
      if (trace.dirty || (nowMs - trace.lastSeenMs < idleMs && settledSpans <= settledSpansMax)) continue
      settledSpans -= trace.spans.size
      this.#forget(trace)
    }
    if (this.#spanCount <= spansMax) return
    const byQuiet = [...this.#traces.values()].sort((a, b) => Number(a.dirty) - Number(b.dirty) || a.lastSeenMs - b.lastSeenMs)
    for (const trace of byQuiet) {
      // Only what must go goes before it is settled: reading it back costs a query.
      if (this.#spanCount <= (trace.dirty ? spansMax : spansMax * (1 - evictedShare))) return
      if (!trace.dirty) this.#forget(trace)
      else this.#unload(trace, segment)
    }
  }

  #forget(trace: LiveTrace): void {
    this.#clear(trace)
    this.#traces.delete(trace.traceId)
    this.#remember(trace.traceId)
  }

  /** Keeps the trace on the list, its spans are read back when it settles. */
  #unload(trace: LiveTrace, segment: number): void {
    this.#clear(trace)
    trace.history = 'unchecked'
    trace.readableFrom = segment
    this.#remember(trace.traceId)
  }

  #clear(trace: LiveTrace): void {
    for (const key of trace.spans.callKeys()) {
      const telling = this.#byCallKey.get(key)
      if (telling === trace.traceId) this.#byCallKey.delete(key)
      else if (typeof telling === 'object' && telling.delete(trace.traceId) && telling.size === 0) this.#byCallKey.delete(key)
    }
    if (trace.tellsSession) for (const span of trace.spans.values()) {
      const session = sessionKey(span)
      const tellingIt = session === '' ? undefined : this.#bySession.get(session)
      if (tellingIt?.delete(trace.traceId) === true && tellingIt.size === 0) this.#bySession.delete(session)
    }
    this.#spanCount -= trace.spans.size
    trace.spans.clear()
    trace.tellsSession = false
    trace.charges.clear()
    trace.entries.clear()
    trace.lumps = noLumps
    trace.decisions.clear()
  }

  /** Two generations of a Bloom filter over trace ids; the ids are random already, so their digits are the hashes. */
  #remember(traceId: string): void {
    for (const bit of bitsOf(traceId)) this.#evicted[bit >> 3] = (this.#evicted[bit >> 3] ?? 0) | (1 << (bit & 7))
    if (++this.#evictedCount < evictedMax) return
    this.#evictedBefore = this.#evicted
    this.#evicted = new Uint8Array(evictedBits / 8)
    this.#evictedCount = 0
  }

  #wasEvicted(traceId: string): boolean {
    const bits = bitsOf(traceId)
    const inside = (filter: Uint8Array): boolean => bits.every((bit) => ((filter[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0)
    return inside(this.#evicted) || inside(this.#evictedBefore)
  }
}

/** Of a span that came again. What was charged keeps the version that it was charged for. */
function replace(trace: LiveTrace, span: LiveSpan): void {
  const charge = trace.charges.get(span.spanId)
  if (charge !== undefined) charge.facts ??= trace.spans.get(span.spanId)
  trace.spans.replace(span)
}

function received(trace: LiveTrace, { receivedAt }: LiveSpan): void {
  if (receivedAt > trace.lastReceivedAt) trace.lastReceivedAt = receivedAt
  // A first look (`first-look.ts`) is as old as its spans. What sums the trace up is newer, whatever our clock does meanwhile.
  if (receivedAt > trace.version) trace.version = receivedAt
}

function keepSince(trace: LiveTrace, since: UnixNano): void {
  if (trace.unsummarizedSince === 0n || since < trace.unsummarizedSince) trace.unsummarizedSince = since
}

function mergeEntry(trace: LiveTrace, entry: LedgerEntryRow): void {
  const own = trace.entries.get(entryKey(entry))
  if (own === undefined || entry.revision > own.revision) trace.entries.set(entryKey(entry), entry)
}

const bitsOf = (traceId: string): readonly number[] =>
  [0, 7, 14, 20, 26].map((at) => Number.parseInt(traceId.slice(at, at + 6), 16) & (evictedBits - 1))
