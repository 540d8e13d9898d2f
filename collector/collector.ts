import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '#clickhouse/store.ts'
import type { Alerting } from '#otel-config/alerts/alert.ts'
import type { AlertKeeper } from '#otel-config/alerts/standing.ts'
import type { Budget } from '#otel-config/budgets/budget.ts'
import type { BudgetKeeper } from '#otel-config/budgets/standing.ts'
import type { PolicySet } from '#otel-config/policy/policies.ts'
import { IngestAccount } from './account/account.ts'
import { KnownRecords } from './account/known-records.ts'
import { Conformance } from './conformance/conformance.ts'
import { flushRegularly } from './conformance/flush.ts'
import { type ActivePrices, followPrices } from './active-prices.ts'
import { Alerter } from './alerts/alerter.ts'
import { budgetAlerts } from './alerts/crossings.ts'
import { Rules } from './alerts/rules.ts'
import { Journal } from './budgets/journal.ts'
import { Keeper, type OtherPosters } from './budgets/keeper.ts'
import { hear, type LedgerWatch, type Posting } from './budgets/ledger-watch.ts'
import { storeDefinitions } from './definitions.ts'
import { Loader, type LoadOptions } from './load/load.ts'
import { openHere, type SegmentThread, segmentThread } from './load/segment-thread.ts'
import type { Log } from './log.ts'
import { Metrics } from './metrics.ts'
import type { PriceBook } from './price/book.ts'
import { Handovers } from './receivers/handovers.ts'
import type { Peers } from './receivers/peers.ts'
import { Admission } from './receive/admission.ts'
import type { Controls } from './receive/control.ts'
import { grpcReceiver } from './receive/grpc.ts'
import { httpReceiver } from './receive/http.ts'
import type { IngestOptions } from './receive/ingest.ts'
import { Turns } from './receive/turns.ts'
import { listen, type Listening, type Sharing } from './receive/listen.ts'
import { watchLoopDelay } from './receive/loop-delay.ts'
import { collectGarbage, watchRest } from './rest.ts'
import { keepCostDays } from './rollup/cost-days.ts'
import { readLastReceivedAt } from './settle/history.ts'
import { LiveTraces } from './settle/live-traces.ts'
import { Settler } from './settle/settle.ts'
import type { Journals } from './settle/summed-up.ts'
import type { Spool } from './spool/spool.ts'

/** What the decider of budgets and alerts needs. */
export interface Deciding {
  /** Of the operator's files. */
  readonly budgets: readonly Budget[]
  readonly alerting: Alerting
  /** Where it keeps what it has decided. */
  readonly dir: string
  /** Further receiving processes, which tell this one what they post. */
  readonly others: OtherPosters | undefined
}

/** What a further receiving process has in the decider's place. */
export interface Asking {
  readonly watch: LedgerWatch
  /** Questions of agents, which the decider answers. */
  readonly controls: Controls
}

export interface CollectorOptions {
  readonly store: Store
  readonly spool: Spool
  readonly host: string
  /** 0 means any free port. */
  readonly grpcPort: number
  readonly httpPort: number
  readonly tenant: string
  readonly project: string
  readonly prices: PriceBook
  readonly policies: PolicySet
  /** Of the one process that decides: the main one. */
  readonly deciding?: Deciding
  /** Of those that ask it. */
  readonly asking?: Asking
  readonly settlementDelayMs: number
  readonly log: Log
  readonly sharing: Sharing
  /** Where several processes receive. */
  readonly peers?: Peers
  /** The folders of all journals, which say what is summed up of them. */
  readonly journals: Journals
  /** Journals of processes that are no more, with what could not be loaded before the migrations: owned from here on. */
  readonly orphans?: readonly Spool[]
}

export interface Collector extends Pick<Listening, 'grpcPort' | 'httpPort' | 'accept'> {
  readonly sharing: Sharing['how']
  /** Of the one process that decides. */
  readonly keeper: BudgetKeeper | undefined
  readonly alerter: AlertKeeper | undefined
  /** What further receiving processes say to it; `undefined` where this one is such. */
  readonly heard: Heard | undefined
  /** Prometheus text. */
  metrics(): string
  /** Calls `tell` whenever new or newer summaries of runs are in ClickHouse. */
  onSummaries(tell: () => void): void
  /** What is acknowledged and waits for ClickHouse, `since` in Unix milliseconds; `failure` keeps more from being taken, as `Spool`'s. */
  backlog(): ReturnType<Spool['backlog']> & { readonly diskFreeBytes: number | undefined; readonly failure: string }
  /** Takes nothing more, answers what was taken, and loads what it can until `deadlineMs` from now; the rest waits in the spool. */
  close(deadlineMs: number): Promise<void>
}

/** What further receiving processes tell and ask the one that decides. */
export interface Heard {
  posted(posting: Posting): void
  /** A process was started again: what the one before it posted last may not have been told. */
  restarted(): void
  readonly controls: Controls
}

/** Spans of live traces held in memory, about 500 bytes each. */
const liveSpansMax = 400_000
/** Of them, spans of traces that are settled: a second of a busy server, a minute of most. */
const settledSpansMax = 20_000
/** Nanoseconds between the clocks of two receiving processes: of two versions of a span, never both have the same time. */
const clockStepNano = 10_000n

const wallNano = (): bigint => BigInt(Date.now()) * 1_000_000n
/** How far the wall clock may be behind what was accepted before without a word, in nanoseconds: an hour. */
const behindMax = 3_600_000_000_000n

/**
 * The wall clock in nanoseconds, each answer later than the one before and than `before`: of two versions of a row the one that
 * was accepted later must win, also where the clock is set back. A monotonic clock would stand still while a laptop sleeps.
 */
function nanoClock(before: bigint, index: number): () => bigint {
  const offset = BigInt(index) * clockStepNano
  let last = before + offset
  return () => {
    const now = wallNano() + offset
    last = now > last ? now : last + 1n
    return last
  }
}

/** Milliseconds of the machine's monotonic clock, which all receiving processes read alike. */
function machineClock(): () => number {
  const sinceBoot = Number(process.hrtime.bigint()) / 1e6 - performance.now()
  return () => performance.now() + sinceBoot
}

/** How often others are told what is in ClickHouse, in milliseconds. */
const tellMs = 100

/** How long a start that failed waits for what it had begun, in milliseconds. */
const failedGraceMs = 1_000

/**
 * Everything an agent talks to, composed: receive → decode → derive → spool → load → settle. It owns the spool from here on.
 * Rejects where an address cannot be listened on, with nothing left running.
 */
export async function startCollector(options: CollectorOptions): Promise<Collector> {
  const { store, spool, log } = options
  await using begun = new AsyncDisposableStack()
  const { nowNano, nowMs, metrics, prices, handovers, live, thread, loader } = await startLoading(options, begun)
  begun.defer(() => spool.close())
  const decider = options.deciding === undefined ? undefined : begun.use(await openDecider(options.deciding, {
    ...options, others: options.deciding.others, loadedThrough: () => loader.loadedThrough, now: Date.now, nowNano, get prices() { return prices.book },
  }))
  const listening = decider?.keeper ?? options.asking?.watch
  const watch = listening === undefined ? {} : { watch: listening }
  const settler = new Settler({
    ...options, ...watch, live, loader, metrics, delayMs: options.settlementDelayMs, nowMs, nowNano, get prices() { return prices.book },
    ...(handovers === undefined ? {} : { handovers }),
  })
  begun.defer(() => settler.close(failedGraceMs))
  const known = new KnownRecords()
  const recalled = known.recall(store, options.tenant, live.processStartedAt).catch((error: unknown) =>
    log.warn('records that were stored before this start are not known: one that comes again is counted as stored once more', { error }))
  await Promise.all([settler.start(), storeDefinitions(store, options.tenant, options.prices, options.policies, nowNano()), recalled])
  const telling = handovers === undefined ? undefined : setInterval(() => handovers.tell(loader.loadedThrough, nowMs()), tellMs).unref()
  begun.defer(() => clearInterval(telling))
  const conformance = new Conformance(options)
  const flushing = begun.use(flushRegularly({ conformance, spool, nowNano, log }))
  const ingest: IngestOptions = {
    ...options, ...watch, live, known, conformance, account: new IngestAccount(options), turns: new Turns(nowMs), metrics, nowNano, nowMs, get prices() { return prices.book },
  }
  const loopDelay = begun.use(watchLoopDelay(nowMs))
  const resting = begun.use(watchRest({
    stored: () => loader.loadedThrough,
    atRest: () => {
      // Where ClickHouse is away nothing is stored either, and that is no rest.
      if (spool.sealed().length > 0) return
      collectGarbage()
      void thread.rest()
    },
  }))
  const admission = new Admission({ spoolFull: () => spool.full, diskFull: () => spool.diskFull, loopLate: loopDelay.late })
  // One of several processes is enough for the ledger of all.
  const costDays = (options.peers?.index ?? 0) === 0 ? begun.use(keepCostDays({ store, log, nowMs })) : undefined
  const http = begun.adopt(httpReceiver({ host: options.host, ingest, admission, controls: decider?.controls ?? options.asking?.controls ?? new Map() }), (it) => it.close(0))
  const grpc = begun.adopt(grpcReceiver({ ingest, admission }), (it) => it.close(0))
  const ports = await listen({ ...options, http: http.server, grpc: grpc.server })
  begun.defer(() => ports.close())
  const orphans = (options.orphans ?? []).map((orphan) => loadOrphan(orphan, settler, { store, metrics, log }))
  begun.defer(() => orphans.forEach((it) => it.stop()))
  begun.move()
  return {
    grpcPort: ports.grpcPort,
    httpPort: ports.httpPort,
    accept: ports.accept,
    sharing: options.sharing.how,
    keeper: decider?.keeper,
    alerter: decider?.alerter,
    heard: decider === undefined ? undefined : { posted: (posting) => hear(decider.keeper, posting), restarted: () => decider.keeper.readSoon(), controls: decider.controls },
    metrics: () => metrics.text(spool, Date.now()),
    onSummaries: (tell) => loader.onSummaries(tell),
    backlog: () => ({ ...spool.backlog(), diskFreeBytes: spool.room?.freeBytes, failure: spool.failure }),
    close: async (deadlineMs) => {
      const deadline = nowMs() + deadlineMs
      ports.close()
      await Promise.all([http.close(deadlineMs / 3), grpc.close(deadlineMs / 3)])
      await settler.close(deadlineMs / 3)
      await flushing[Symbol.asyncDispose]()
      await decider?.[Symbol.asyncDispose]()
      await spool.close()
      // An insert that is under way at the deadline is not waited for: its segment stays and is loaded again, with the same token.
      await Promise.race([loader.finished, sleep(Math.max(0, deadline - nowMs()), undefined, { ref: false })])
      for (const one of [loader, ...orphans]) one.stop()
      clearInterval(telling)
      await thread[Symbol.asyncDispose]()
      prices[Symbol.dispose]()
      resting[Symbol.dispose]()
      loopDelay[Symbol.dispose]()
      costDays?.[Symbol.dispose]()
    },
  }
}

interface Loading {
  readonly nowNano: () => bigint
  readonly nowMs: () => number
  readonly metrics: Metrics
  readonly prices: ActivePrices
  /** Where several processes receive. */
  readonly handovers: Handovers | undefined
  readonly live: LiveTraces
  readonly thread: SegmentThread
  readonly loader: Loader
}

/** What is begun before anybody settles, whether exports are taken or not: clocks, prices, the memory of live traces, the loader. It ends with `begun`. */
async function startLoading(options: Pick<CollectorOptions, 'store' | 'spool' | 'tenant' | 'prices' | 'peers' | 'log'>, begun: AsyncDisposableStack): Promise<Loading> {
  const { store, spool, log, peers } = options
  const startedAt = wallNano()
  const lastReceivedAt = await readLastReceivedAt(store, options.tenant)
  if (lastReceivedAt > startedAt + behindMax) {
    log.warn('the clock is behind what was accepted before: times of receipt go on from there', {
      clock: new Date(Number(startedAt / 1_000_000n)).toISOString(), accepted: new Date(Number(lastReceivedAt / 1_000_000n)).toISOString(),
    })
  }
  const metrics = new Metrics()
  const prices = begun.use(await followPrices(options))
  const handovers = peers === undefined ? undefined : new Handovers(peers)
  const live = new LiveTraces({
    spansMax: Math.floor(liveSpansMax / (peers?.count ?? 1)), settledSpansMax, processStartedAt: startedAt, ...(handovers === undefined ? {} : { handovers }),
  })
  const thread = begun.use(segmentThread({ spool, store, log }))
  const loader = begun.adopt(new Loader({ spool, store, open: thread.open, metrics, log }), (it) => it.stop())
  return { nowNano: nanoClock(lastReceivedAt, peers?.index ?? 0), nowMs: machineClock(), metrics, prices, handovers, live, thread, loader }
}

/** A collector that takes nothing: it loads what waits in the spool and settles, for commands that run where no collector does. It owns the spool from here on. */
export async function startSettling(options: Omit<CollectorOptions, 'host' | 'grpcPort' | 'httpPort' | 'sharing' | 'journals' | 'peers' | 'orphans' | 'deciding' | 'asking'>): Promise<AsyncDisposable> {
  const { store, spool } = options
  await using begun = new AsyncDisposableStack()
  const { nowNano, nowMs, metrics, prices, live, loader } = await startLoading(options, begun)
  begun.defer(async () => {
    await spool.close()
    await loader.finished
  })
  const settler = begun.adopt(new Settler({
    ...options, live, loader, metrics, delayMs: options.settlementDelayMs, nowMs, nowNano, get prices() { return prices.book },
  }), (it) => it.close(failedGraceMs))
  await Promise.all([settler.start(), storeDefinitions(store, options.tenant, options.prices, options.policies, nowNano())])
  return begun.move()
}

/** What agents ask the process that decides. */
export const decidingPaths = ['/v1/decide', '/v1/release'] as const
type DecidingPath = (typeof decidingPaths)[number]

interface Decider extends AsyncDisposable {
  readonly keeper: Keeper
  readonly alerter: Alerter
  readonly controls: Controls
}

/** `options.prices` is asked for each time: another book may be active by then. */
async function openDecider({ budgets, alerting, dir }: Omit<Deciding, 'others'>, options: Omit<Parameters<typeof Keeper.open>[0], 'journal'>): Promise<Decider> {
  await using begun = new AsyncDisposableStack()
  const journal = begun.adopt(await Journal.open({ path: join(dir, 'decisions.journal'), sync: (file: FileHandle) => file.datasync(), now: Date.now }), (it) => it.close())
  if (journal.damagedBytes > 0) options.log.error('the disk damaged the journal of decisions: a reservation may be forgotten, and an alert be told once more', { bytes: journal.damagedBytes })
  if (journal.cutBytes > 0) options.log.warn('the journal of decisions had an end that is not whole: it is kept in decisions.journal.cut', { bytes: journal.cutBytes })
  const keeper = begun.adopt(await Keeper.open({ ...options, journal, get prices() { return options.prices } }, budgets), (it) => it.close())
  const rules = await Rules.open({ ...options, alerting })
  const alerter = begun.adopt(new Alerter({ ...options, rules, destinations: alerting.destinations, journal, budgets: budgetAlerts(keeper) }), (it) => it.close())
  alerter.start()
  const answers: Readonly<Record<DecidingPath, (body: Buffer) => Promise<object>>> = { '/v1/decide': (body) => keeper.decide(body), '/v1/release': (body) => keeper.release(body) }
  const closing = begun.move()
  return {
    keeper, alerter, controls: new Map(Object.entries(answers)),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

/** Loads a journal that nobody writes any more; its traces are settled when all of it is there. */
function loadOrphan(spool: Spool, settler: Settler, options: Pick<LoadOptions, 'store' | 'metrics' | 'log'>): Loader {
  const loader = new Loader({ ...options, spool, open: (segment) => openHere({ spool, store: options.store }, segment) })
  void spool.close()
  loader.finished.then(() => settler.findUnsettled()).catch((error: unknown) => options.log.warn('what a former process left is settled at the next start', { error }))
  return loader
}
