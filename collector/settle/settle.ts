import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '#clickhouse/store.ts'
import { StoreError } from '#clickhouse/store-error.ts'
import { callKeyId, callKeys } from '#clickhouse/tables/call-keys.ts'
import { ledgerEntries } from '#clickhouse/tables/ledger-entries.ts'
import { policyDecisions, type PolicyDecisionRow } from '#clickhouse/tables/policy-decisions.ts'
import { runs } from '#clickhouse/tables/runs.ts'
import { evaluateRun, type PolicySet } from '#otel-config/policy/policies.ts'
import { account, type TraceAccount } from '#semconv/account.ts'
import type { UnixNano } from '#semconv/facts.ts'
import { isAbove } from '#semconv/tree.ts'
import type { LedgerWatch } from '../budgets/ledger-watch.ts'
import { findingRow } from '../derive/derive.ts'
import { type CallTold, callsTold } from '../derive/call-told.ts'
import { entryKey } from '../derive/identity.ts'
import type { Loader } from '../load/load.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { PriceBook } from '../price/book.ts'
import { turnMs } from '../receive/turns.ts'
import type { Handovers } from '../receivers/handovers.ts'
import type { Told } from '../receivers/peers.ts'
import { rederive } from '../rederive/rederive.ts'
import { Repricer } from '../reprice/repricer.ts'
import { appendOnce, FrameWriter } from '../spool/frame.ts'
import type { Spool } from '../spool/spool.ts'
import { type StoredBooks, storedBooks } from '../stored-books.ts'
import { type AnswerOf, type History, readBegunSince, readCallsTold, readHistory, readSessionTraces, readTold, readUnsettled, type Stored, tracesPerReadMax } from './history.ts'
import { postedOf, spansOf, writeAllOut, writeOutHeld } from './held-charges.ts'
import type { LiveSpan } from './held-spans.ts'
import { evictedMax, type LiveTrace, type LiveTraces } from './live-traces.ts'
import { contested, lumpsOf, post, type Posting, type PostOptions } from './post.ts'
import { earliestSummedUp, forgetSummedUp, type Journals, readSummedUp, writeSummedUp } from './summed-up.ts'
import { costOf, summary } from './summary.ts'
import { meets, otherSourcesKey, sessionRow, sessionsTold, type SessionTold, speaks, type Times, toldBetter } from './told-better.ts'
import { tellersMax, toldElsewhere } from './told-elsewhere.ts'

export interface SettleOptions {
  readonly tenant: string
  readonly project: string
  readonly prices: PriceBook
  readonly policies: PolicySet
  readonly live: LiveTraces
  readonly spool: Spool
  readonly loader: Loader
  readonly store: Store
  /** Hears of what is posted; `undefined` where nobody keeps budgets. */
  readonly watch?: LedgerWatch
  readonly log: Log
  readonly metrics: Metrics
  /** Milliseconds a trace must be quiet before its figures are called exact. */
  readonly delayMs: number
  /** Milliseconds, monotonic. */
  readonly nowMs: () => number
  /** Nanoseconds since the epoch. */
  readonly nowNano: () => bigint
  /** Where several processes receive. */
  readonly handovers?: Handovers
  /** Folders of all journals, which say what is summed up of them; the own one where it is left out. */
  readonly journals?: Journals
}

/** How often live traces are looked at. Bounds how long a new run stays unseen. */
const tickMs = 200
/** The same in a crowd: asking ClickHouse who else tells an answer costs the same for a thousand traces as for five. */
const crowdedTickMs = 1_000
/** A trace that changes is summed up at most this often, and never for more than a twentieth of the time. */
const summaryMsMin = 1_000
const summaryShareMax = 20
/** The delay grows with the trace's age, so that a long agent that pauses is not settled from the start at every pause. */
const delayShareOfAge = 10
const delayMsMax = 30_000
const hourNano = 3_600_000_000_000n
/** How long it takes at most until what was accepted elsewhere is told to who sums it up, in nanoseconds: ten minutes. */
const tellingMax = 600_000_000_000n
/** A settled trace stays in memory this long for spans that come late. */
const idleMs = 60_000
/** Time between two lines of the log while ticks fail, as the loader's. In milliseconds. */
const putOffReminderMs = 300_000
/** How often the next start is told what is summed up: it looks at what was accepted since. In milliseconds. */
const summedUpMsMin = 1_000
/** Frames of a tick that are being made durable side by side; they are held in memory. */
const writesMax = 8
/** Spans accounted into one frame. */
const spansPerFrame = 200

/** In a crowd a trace is summed up when it settles, or after this many milliseconds. */
const crowdedMs = 2_500
/** How long a trace waits that could not be settled: doubling between these, in milliseconds. */
const failureMsMin = 500
const failureMsMax = 300_000
/** Traces remembered at the start whose clocks are ahead: a quarter of what the filter of evicted traces tells apart. */
const aheadMax = evictedMax / 4

/** What a tick is about to write for one trace. */
interface Draft {
  readonly trace: LiveTrace
  readonly generation: number
  readonly settles: boolean
  /** It must be looked at once more before its figures are exact. */
  readonly looksAgain: boolean
  readonly version: bigint
  readonly repriced: boolean
  readonly posting: Posting
  /** As `LiveTrace.lumps`. */
  readonly lumps: ReadonlySet<string>
  readonly decisions: readonly PolicyDecisionRow[]
  readonly tookMs: number
}

/** Turns quiet traces into exact figures. Everything it says goes through the spool, like everything that arrives. */
export class Settler {
  readonly #options: SettleOptions
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #closed = false
  readonly #books: StoredBooks
  readonly #repricer: Repricer
  /** The last segment of a former process that is still to be loaded. */
  #leftThrough: number | undefined
  /** What the former process and this one said last of what is summed up, and when. */
  #summedUp: UnixNano | undefined
  /** Journals that say until this one does what is summed up of them. */
  readonly #retired: string[] = []
  #several = false
  /** What a start looks at was accepted at this time or later. */
  #since: UnixNano | undefined
  #saidMs = -Infinity
  /** Since ticks fail: how many did, and when it was said. */
  #putOff: { ticks: number; saidMs: number } | undefined

  constructor(options: SettleOptions) {
    this.#books = storedBooks(options.store, () => options.prices)
    // As it is: the price book in it is the one in use at the moment it is asked for.
    this.#options = options
    const { handovers } = options
    this.#repricer = new Repricer({
      ...options, receiver: handovers?.receiver ?? { receiver: 0, receivers: 1 }, owns: (traceId) => handovers?.owns(traceId) !== false, books: this.#books,
      segment: () => options.spool.currentNumber, loadedThrough: () => options.loader.loadedThrough, othersLoadedBefore: (ms) => handovers?.loadedBefore(ms) !== false,
      rederive: (traceIds, acceptedBefore) => rederive(traceIds, acceptedBefore, { ...options, books: this.#books, revisit: (traceId) => this.#revisit(traceId) }),
    })
  }

  /** Finds what a former process left open, then looks at live traces until closed. */
  async start(): Promise<void> {
    const { spool } = this.#options
    // Segments that could not be loaded before the migrations hold traces that nobody has summed up yet.
    if (spool.sealed().length > 0) this.#leftThrough = spool.currentNumber
    this.#summedUp = await readSummedUp(spool.dir)
    const { used, retired } = this.#options.journals ?? { used: [spool.dir], retired: [] }
    this.#retired.push(...retired)
    this.#several = used.length + retired.length > 1
    this.#since = await earliestSummedUp({ used, retired })
    await this.#findFormer()
    if (this.#leftThrough === undefined) this.#options.handovers?.complete(this.#options.loader.loadedThrough)
    this.#schedule()
  }

  /** What a former process left open, and once everything of it is loaded, what could be taken for new. */
  async #findFormer(): Promise<void> {
    const { live, store, tenant } = this.#options
    await this.findUnsettled()
    if (this.#leftThrough !== undefined) return
    const ahead = await readBegunSince(store, tenant, live.processStartedAt, aheadMax)
    // So many that a filter would not tell them from others: then no trace is taken for new, which costs a look-up each.
    if (ahead.length < aheadMax) live.remember(ahead)
  }

  #postOptions(): PostOptions {
    const { tenant, project, prices } = this.#options
    return { tenant, project, prices, books: this.#books.named }
  }

  /** Traces with rows that came into ClickHouse while nobody looked. */
  async findUnsettled(since = this.#since): Promise<void> {
    const { handovers, store, tenant } = this.#options
    // Of several journals, one may have been loaded later than the others: a span's earlier version after its later one.
    const [recentSince, all] = handovers === undefined && !this.#several ? [since, undefined] : [since === undefined ? undefined : since - tellingMax, since ?? 0n]
    for (const { traceId, recent } of await readUnsettled(store, tenant, recentSince, all)) {
      if (handovers?.owns(traceId) !== false) this.#revisit(traceId, since)
      // What its owner left open, that one finds itself.
      else if (recent !== undefined) handovers.pass(recent)
    }
  }

  /** Whoever settles it looks at it again; `since` as for `LiveTraces.revisit`. */
  #revisit(traceId: string, since?: UnixNano): void {
    const { handovers, live, nowMs, spool } = this.#options
    if (handovers?.owns(traceId) !== false) live.revisit(traceId, nowMs(), spool.currentNumber, since)
    else handovers.revisit(traceId)
  }

  #schedule(): void {
    if (this.#closed) return
    this.#timer = setTimeout(() => {
      this.#running = this.#tick()
        .then(() => this.#goesOn(), (error: unknown) => this.#putOffAll(error))
        .finally(() => this.#schedule())
    }, this.#options.live.crowded ? crowdedTickMs : tickMs)
  }

  /** A full disk, or ClickHouse away for hours: said once and then now and again, not with every tick. */
  #putOffAll(error: unknown): void {
    const { log, nowMs } = this.#options
    this.#putOff ??= { ticks: 0, saidMs: -Infinity }
    this.#putOff.ticks++
    if (nowMs() - this.#putOff.saidMs < putOffReminderMs) return
    this.#putOff.saidMs = nowMs()
    log.warn('settlements are put off, they are tried again', { error, times: this.#putOff.ticks })
  }

  #goesOn(): void {
    if (this.#putOff !== undefined) this.#options.log.info('settlements go on', { putOff: this.#putOff.ticks })
    this.#putOff = undefined
  }

  /** Ends the tick that runs, within `graceMs`. Traces that are not settled yet are found again at the next start. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await Promise.race([this.#running, sleep(graceMs, undefined, { ref: false })])
  }

  async #tick(): Promise<void> {
    const { live, loader, spool, nowMs } = this.#options
    const now = nowMs()
    this.#books.follow()
    if (this.#leftThrough !== undefined && loader.loadedThrough >= this.#leftThrough) {
      this.#leftThrough = undefined
      await this.#findFormer()
      this.#options.handovers?.complete(loader.loadedThrough)
    }
    await this.#repricer.tick()
    await this.#hearOthers()
    const dirty = live.dirty()
    const { crowded } = live
    const wanted = dirty.filter((trace) => trace.retryMs <= now && (this.#isQuiet(trace, now) || wantsSummary(trace, now, crowded)))
    const readable = await this.#withHistory(wanted)
    const quiet = new Set(readable.filter((trace) => this.#isQuiet(trace, now)))
    const tellers = await this.#tellers(quiet)
    const sessions = await this.#sessions(readable, quiet)
    await this.#settleAll(readable, quiet, { tellers, sessions })
    if (this.#closed) return
    live.evict(nowMs(), idleMs, spool.currentNumber)
    await this.#saySummedUp(now)
  }

  /** For the next start. While segments of a former process wait, what it said stays. */
  async #saySummedUp(now: number): Promise<void> {
    const { live, spool } = this.#options
    const through = live.summedUpThrough()
    if (this.#leftThrough !== undefined || through === 0n || through === this.#summedUp || now - this.#saidMs < summedUpMsMin) return
    await writeSummedUp(spool.dir, through)
    this.#saidMs = now
    this.#summedUp = through
    for (const dir of this.#retired.splice(0)) await forgetSummedUp(dir)
  }

  /** Frame by frame. The next is worked out while those before it are made durable: one wait for the disk after the other took longer than a tick. */
  async #settleAll(traces: readonly LiveTrace[], quiet: ReadonlySet<LiveTrace>, others: Others): Promise<void> {
    const writing: Promise<unknown>[] = []
    const failed: unknown[] = []
    for (const group of framesOf(traces)) {
      if (this.#closed) break
      const frame = new FrameWriter()
      const drafts = await this.#draftAll(group, quiet, others, frame)
      writing.push(this.#makeDurable(drafts, frame).catch((error: unknown) => failed.push(error)))
      if (writing.length >= writesMax) await writing.shift()
    }
    await Promise.all(writing)
    if (failed.length > 0) throw failed[0]
  }

  /** What arrived since `quiet` was found keeps a trace from being settled now. */
  async #draftAll(traces: readonly LiveTrace[], quiet: ReadonlySet<LiveTrace>, others: Others, frame: FrameWriter): Promise<Draft[]> {
    const { nowMs } = this.#options
    const drafts: Draft[] = []
    let now = nowMs()
    let turnEnds = now + turnMs
    for (const trace of traces) {
      const draft = this.#tryDraft(trace, quiet.has(trace) && this.#isQuiet(trace, now), others, frame)
      if (draft !== undefined) drafts.push(draft)
      now = nowMs()
      if (now < turnEnds) continue
      await nextTurn()
      now = nowMs()
      turnEnds = now + turnMs
    }
    return drafts
  }

  async #makeDurable(drafts: readonly Draft[], frame: FrameWriter): Promise<void> {
    if (!frame.empty) await appendOnce(this.#options.spool, frame.finish())
    for (const draft of drafts) this.#commit(draft)
  }

  #isQuiet(trace: LiveTrace, now: number): boolean {
    const age = trace.lastSeenMs - trace.firstSeenMs
    const quietAt = trace.lastSeenMs + Math.min(delayMsMax, Math.max(this.#options.delayMs, age / delayShareOfAge))
    const { handovers, loader } = this.#options
    if (now < quietAt || handovers === undefined) return now >= quietAt
    return handovers.knowsAll(trace.traceId, quietAt) && (trace.toldGeneration !== trace.generation || trace.toldIn <= loader.loadedThrough)
  }

  /** Reads what other processes received of our traces. */
  async #hearOthers(): Promise<void> {
    const { handovers } = this.#options
    if (handovers === undefined) return
    const { loadedThrough } = this.#options.loader
    const missedSince = handovers.missedSince(loadedThrough)
    if (missedSince !== undefined && this.#leftThrough === undefined) {
      await this.findUnsettled(missedSince)
      handovers.complete(loadedThrough)
    }
    for (const traceId of handovers.takeRevisits()) this.#revisit(traceId)
    // Those that began in one hour together: the range of one read is as long as its traces are apart.
    for (const told of Map.groupBy(handovers.heard(), ({ startedFrom }) => startedFrom / hourNano).values()) {
      for (let at = 0; at < told.length && !this.#closed; at += tracesPerReadMax) await this.#readTold(told.slice(at, at + tracesPerReadMax), handovers)
    }
  }

  /** What is refused for all is asked for in halves, as in `#recall`. */
  async #readTold(told: readonly Told[], handovers: Handovers): Promise<void> {
    const { live, log, metrics, nowMs, spool, store, tenant } = this.#options
    let stored: Stored
    try {
      stored = await readTold(store, tenant, told)
    } catch (error) {
      if (!(error instanceof StoreError) || error.retry) throw error
      if (told.length > 1) {
        await this.#readTold(told.slice(0, told.length >> 1), handovers)
        return this.#readTold(told.slice(told.length >> 1), handovers)
      }
      log.error('spans that another process received cannot be read, their trace is settled at the next start', { traceId: told[0]?.traceId, error })
      metrics.settlementFailed()
      return handovers.taken(told)
    }
    for (const { traceId } of told) {
      const trace = live.get(traceId)
      if (trace !== undefined) writeAllOut(trace, this.#options)
    }
    live.addStored(stored.spans, stored.entries, stored.decisions, nowMs(), spool.currentNumber)
    handovers.taken(told)
  }

  /** Completes the traces that ClickHouse may know more about; those it cannot be asked about yet are left for later. */
  async #withHistory(traces: readonly LiveTrace[]): Promise<LiveTrace[]> {
    const { live, loader } = this.#options
    const asked = traces.filter((trace) => live.mayHaveHistory(trace) && trace.readableFrom <= loader.loadedThrough)
    for (let at = 0; at < asked.length && !this.#closed; at += tracesPerReadMax) await this.#recall(asked.slice(at, at + tracesPerReadMax))
    return traces.filter((trace) => !live.mayHaveHistory(trace) && trace.spans.size > 0)
  }

  /** Reads what ClickHouse knows of these traces. What is refused for all is asked for in halves, so that one trace costs itself alone. */
  async #recall(traces: readonly LiveTrace[]): Promise<void> {
    const { live, store, tenant } = this.#options
    let history: History
    try {
      history = await readHistory(store, tenant, traces.map((trace) => trace.traceId))
    } catch (error) {
      if (!(error instanceof StoreError) || error.retry) throw error
      const [only] = traces
      if (traces.length === 1 && only !== undefined) return this.#putOffOne(only, error)
      await this.#recall(traces.slice(0, traces.length >> 1))
      return this.#recall(traces.slice(traces.length >> 1))
    }
    await this.#books.load(history.entries.map((entry) => entry.priceBookVersion))
    const spans = Map.groupBy(history.spans, (span) => span.traceId)
    const entries = Map.groupBy(history.entries, (entry) => entry.traceId)
    const decisions = Map.groupBy(history.decisions, (decision) => decision.traceId)
    for (const trace of traces) {
      writeAllOut(trace, this.#options)
      if (this.#options.watch?.listens === true) this.#options.watch.recalled(trace.entries.values(), entries.get(trace.traceId) ?? [])
      live.merge(trace, spans.get(trace.traceId) ?? [], entries.get(trace.traceId) ?? [], decisions.get(trace.traceId) ?? [])
      trace.version = latest(trace.version, history.versions.get(trace.traceId) ?? 0n)
      // Nothing anywhere: the trace was named by a row whose spans were deleted.
      if (trace.spans.size === 0) {
        trace.repricing = undefined
        live.settled(trace)
      }
    }
  }

  /** Everybody else who tells the provider answers of these traces, by `CallTold.key`. */
  async #tellers(traces: Iterable<LiveTrace>): Promise<ReadonlyMap<string, readonly CallTold[]>> {
    const { live, store, tenant } = this.#options
    const answers: AnswerOf[] = []
    for (const trace of traces) for (const key of trace.spans.callKeys()) {
      answers.push({ key: callKeyId(key), traceId: trace.traceId })
    }
    if (answers.length === 0) return new Map()
    const inMemory = [...live.sharing(traces, tellersMax)].flatMap((trace) => trace.spans.values().flatMap(callsTold))
    const stored = await readCallsTold(store, tenant, answers, tellersMax)
    return Map.groupBy([...inMemory, ...stored], (told) => told.key)
  }

  /** Of each trace that tells a coding agent's session: who else tells it. What only ClickHouse knows is asked for the quiet ones. */
  async #sessions(traces: readonly LiveTrace[], quiet: ReadonlySet<LiveTrace>): Promise<ReadonlyMap<LiveTrace, Sessions>> {
    const { live, store, tenant } = this.#options
    const told = new Map(traces.filter((trace) => trace.tellsSession).map((trace) => [trace, sessionsTold(trace.spans.values())] as const).filter(([, own]) => own.length > 0))
    if (told.size === 0) return new Map()
    const keys = [...told].flatMap(([trace, own]) => (quiet.has(trace) ? own.map(otherSourcesKey) : []))
    const stored = keys.length === 0 ? new Map<string, readonly Times[]>() : await readSessionTraces(store, tenant, [...new Set(keys)])
    const inMemory = memo((trace: LiveTrace) => sessionsTold(trace.spans.values()))
    return new Map([...told].map(([trace, own]) => {
      const sessions: Sessions = { own, better: new Map(), worse: new Set() }
      for (const one of own) {
        const known = live.ofSession(one.session).flatMap(inMemory)
          .filter((other) => other.source !== one.source && other.session === one.session && (speaks(other) || speaks(one)))
        const others = [...known, ...stored.get(otherSourcesKey(one)) ?? []].filter((other) => other.traceId !== trace.traceId && meets(other, one))
        if (speaks(one)) for (const other of others) sessions.worse.add(other.traceId)
        else sessions.better.set(one.session, others)
      }
      return [trace, sessions]
    }))
  }

  /** Whoever comes later finds them; and what was told of them worse before is looked at again. */
  #rememberSessions({ own, worse }: Sessions, frame: FrameWriter): void {
    const { tenant } = this.#options
    for (const one of own) {
      const row = sessionRow(one, tenant)
      if (row !== undefined) frame.add(callKeys, row)
    }
    for (const traceId of worse) this.#revisit(traceId)
  }

  /** A trace that our own code stumbles over waits, longer each time; the others are settled without it. */
  #tryDraft(trace: LiveTrace, settles: boolean, others: Others, frame: FrameWriter): Draft | undefined {
    try {
      return frame.attempt(() => this.#draft(trace, settles, others, frame))
    } catch (error) {
      this.#putOffOne(trace, error)
      return undefined
    }
  }

  #putOffOne(trace: LiveTrace, error: unknown): void {
    const { log, metrics, nowMs } = this.#options
    if (trace.failures === 0) log.error('a trace cannot be settled, it is tried again', { traceId: trace.traceId, error })
    trace.failures++
    trace.retryMs = nowMs() + Math.min(failureMsMax, failureMsMin * 2 ** trace.failures)
    metrics.settlementFailed()
  }

  #draft(trace: LiveTrace, settles: boolean, others: Others, frame: FrameWriter): Draft {
    const { nowMs, nowNano } = this.#options
    const began = nowMs()
    const generation = trace.generation
    const now = nowNano()
    const version = now > trace.version ? now : trace.version + 1n
    const spans = spansOf(trace)
    const told = toldElsewhere(settles ? spans.values() : [], others.tellers)
    // Once is enough: a trace that is settled again has told the later ones already.
    if (trace.settlements === 0) for (const later of told.laterTraces) this.#revisit(later)
    const sessions = others.sessions.get(trace)
    const facts = account([...spans.values()], sessions === undefined ? told : { ...told, toldBetter: toldBetter(spans.values(), sessions.own, sessions.better) })
    if (settles && sessions !== undefined) this.#rememberSessions(sessions, frame)
    const repricing = settles ? trace.repricing : undefined
    const posted = postedOf(trace, spans)
    writeOutHeld(trace, posted, repricing === undefined ? contested(facts, spans, posted) : [...posted.charges.values()], this.#options)
    const posting = post(facts, spans, posted, version, this.#postOptions(), repricing)
    // Before a trace is quiet only its figures are shown: corrections that the next span would undo are not posted.
    const rows = settles ? posting.rows : []
    for (const entry of rows) frame.add(ledgerEntries, entry)
    const decisions = settles ? this.#findings(trace, [...spans.values()], facts, costOf(posted, posting), version) : []
    for (const decision of decisions) frame.add(policyDecisions, decision)
    const shown = {
      traceId: trace.traceId, lastReceivedAt: trace.lastReceivedAt, spans, ...posted,
      decisions: decisions.length === 0 ? trace.decisions : new Map([...trace.decisions, ...decisions.map((d) => [d.id, d] as const)]),
    }
    // Who tells a session worse is known from memory and from ClickHouse; another process' memory is neither. So a trace tells its
    // sessions and looks again when that is in ClickHouse: of two that tell the same one, the later look finds the other.
    const looksAgain = settles && sessions !== undefined && this.#options.handovers !== undefined && trace.toldGeneration !== generation
    frame.add(runs, summary(shown, facts, { ...posting, rows }, settles && !looksAgain, version, this.#options))
    return { trace, generation, settles, looksAgain, version, repriced: repricing !== undefined && !looksAgain, posting: { ...posting, rows }, lumps: settles ? lumpsOf(facts) : trace.lumps, decisions, tookMs: nowMs() - began }
  }

  #findings(trace: LiveTrace, spans: readonly LiveSpan[], facts: TraceAccount, cost: bigint, postedAt: bigint): PolicyDecisionRow[] {
    if (spans.length === 0) return []
    const top = spans.reduce((first, span) => (isAbove(span, first) ? span : first))
    return evaluateRun(this.#options.policies, { account: facts, cost, spans })
      .map((finding) => findingRow(finding, top, this.#options, postedAt))
      .filter((decision) => !trace.decisions.has(decision.id))
  }

  /** The draft is durable: memory follows. What arrived meanwhile keeps the trace on the list. */
  #commit(draft: Draft): void {
    const { trace } = draft
    const { watch } = this.#options
    if (watch?.listens === true && draft.posting.rows.length > 0) watch.settled(trace.entries.values(), draft.posting.rows)
    for (const entry of draft.posting.rows) trace.entries.set(entryKey(entry), entry)
    trace.lumps = draft.lumps
    for (const decision of draft.decisions) trace.decisions.set(decision.id, decision)
    if (draft.repriced) {
      trace.repricing = undefined
      this.#repricer.posted(draft.posting.rows.filter((entry) => entry.postedAt === draft.version))
    }
    trace.version = latest(trace.version, draft.version)
    trace.summarizedMs = this.#options.nowMs()
    trace.summaryCostMs = draft.tookMs
    trace.summarizedGeneration = draft.generation
    if (trace.generation === draft.generation) trace.unsummarizedSince = 0n
    if (draft.looksAgain) {
      trace.toldGeneration = draft.generation
      trace.toldIn = this.#options.spool.currentNumber
    }
    if (!draft.settles || draft.looksAgain) trace.settled = false
    else if (trace.generation === draft.generation) this.#options.live.settled(trace)
  }
}

/** Who else tells what the traces of a tick tell. */
interface Others {
  /** By `CallTold.key`. */
  readonly tellers: ReadonlyMap<string, readonly CallTold[]>
  readonly sessions: ReadonlyMap<LiveTrace, Sessions>
}

/** A coding agent's sessions as one trace tells them, and who else does. */
interface Sessions {
  readonly own: readonly SessionTold[]
  /** By session: when other traces tell it better. */
  readonly better: Map<string, readonly Pick<Times, 'startedAt' | 'endedAt'>[]>
  /** Ids of traces that tell it worse. */
  readonly worse: Set<string>
}

const latest = (one: bigint, other: bigint): bigint => (one > other ? one : other)

function memo<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const made = new Map<Key, Value>()
  return (key) => {
    if (!made.has(key)) made.set(key, make(key))
    return made.get(key) as Value
  }
}

/** Traces in groups of about `spansPerFrame` spans; a larger trace is a group of its own. */
function* framesOf(traces: readonly LiveTrace[]): Generator<readonly LiveTrace[]> {
  let group: LiveTrace[] = []
  let spans = 0
  for (const trace of traces) {
    group.push(trace)
    spans += trace.spans.size
    if (spans < spansPerFrame) continue
    yield group
    group = []
    spans = 0
  }
  if (group.length > 0) yield group
}

/** A trace nobody has seen yet is summed up at once; a changing one again after a while. In a crowd, most settle before that. */
function wantsSummary(trace: LiveTrace, now: number, crowded: boolean): boolean {
  if (trace.summarizedGeneration === trace.generation) return false
  if (trace.summarizedMs === 0) return !crowded || now - trace.firstSeenMs >= crowdedMs
  if (trace.settled) return true
  return now - trace.summarizedMs >= Math.max(summaryMsMin, trace.summaryCostMs * summaryShareMax)
}
