import type { FileHandle } from 'node:fs/promises'
import type { Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '#clickhouse/store.ts'
import type { Alerting } from '#otel-config/alerts/alert.ts'
import type { AlertKeeper } from '#otel-config/alerts/standing.ts'
import type { Budget } from '#otel-config/budgets/budget.ts'
import type { BudgetKeeper } from '#otel-config/budgets/standing.ts'
import type { PolicySet } from '#otel-config/policy/policies.ts'
import { IngestAccount } from './account/account.ts'
import { KnownSpans } from './account/known-spans.ts'
import { Conformance } from './conformance/conformance.ts'
import { flushRegularly } from './conformance/flush.ts'
import { followPrices } from './active-prices.ts'
import { Alerter } from './alerts/alerter.ts'
import { budgetAlerts } from './alerts/crossings.ts'
import { Journal } from './budgets/journal.ts'
import { Keeper } from './budgets/keeper.ts'
import { storeDefinitions } from './definitions.ts'
import { Loader } from './load/load.ts'
import { segmentThread } from './load/segment-thread.ts'
import type { Log } from './log.ts'
import { Metrics } from './metrics.ts'
import type { PriceBook } from './price/book.ts'
import { Admission } from './receive/admission.ts'
import type { Controls } from './receive/control.ts'
import { grpcReceiver, listenGrpc } from './receive/grpc.ts'
import { httpReceiver } from './receive/http.ts'
import type { IngestOptions } from './receive/ingest.ts'
import { Turns } from './receive/limits.ts'
import { watchLoopDelay } from './receive/loop-delay.ts'
import { readLastReceivedAt } from './settle/history.ts'
import { LiveTraces } from './settle/live-traces.ts'
import { Settler } from './settle/settle.ts'
import { DiskRoom, diskOf } from './spool/disk-room.ts'
import { lockSpool } from './spool/lock.ts'
import { Spool } from './spool/spool.ts'

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
  /** Of the operator's file. */
  readonly budgets: readonly Budget[]
  readonly alerting: Alerting
  /** Where the decider keeps what it has decided. */
  readonly deciderDir: string
  readonly settlementDelayMs: number
  readonly log: Log
}

export interface Collector {
  readonly grpcPort: number
  readonly httpPort: number
  readonly keeper: BudgetKeeper
  readonly alerter: AlertKeeper
  /** Prometheus text. */
  metrics(): string
  /** Calls `tell` whenever new or newer summaries of runs are in ClickHouse. */
  onSummaries(tell: () => void): void
  /** What is acknowledged and waits for ClickHouse; `since` in Unix milliseconds. */
  backlog(): ReturnType<Spool['backlog']> & { readonly diskFreeBytes: number | undefined }
  /** Takes nothing more, answers what was taken, and loads what it can until `deadlineMs` from now; the rest waits in the spool. */
  close(deadlineMs: number): Promise<void>
}

/** Spans of live traces held in memory, about 1.5 KB each. */
const liveSpansMax = 400_000
/** Of them, spans of traces that are settled: a second of a busy server, a minute of most. */
const settledSpansMax = 20_000
/** Bytes after which a segment is handed over early: one second of 20,000 spans. */
const segmentBytesMax = 16 * 1024 * 1024
/** Half a second: with the insert behind it, an export is visible well within three. */
const segmentAgeMsMax = 500
/** What may wait while ClickHouse is away: 2 GiB hold about an hour of 600 spans a second. */
const spoolBytesMax = 2 * 1024 * 1024 * 1024

/** Rejects with one sentence where another process has it open. */
export async function openSpool(dataDir: string): Promise<Spool> {
  const dir = join(dataDir, 'spool')
  await lockSpool(dir)
  return Spool.open({
    dir, segmentBytesMax, segmentAgeMsMax, quotaBytes: spoolBytesMax, room: await DiskRoom.open({ dir, look: diskOf }),
    sync: (file: FileHandle) => file.datasync(), now: Date.now,
  })
}

const wallNano = (): bigint => BigInt(Date.now()) * 1_000_000n
/** How far the wall clock may be behind what was accepted before without a word, in nanoseconds: an hour. */
const behindMax = 3_600_000_000_000n

/**
 * The wall clock in nanoseconds, each answer later than the one before and than `last`: of two versions of a row the one that
 * was accepted later must win, also where the clock is set back. A monotonic clock would stand still while a laptop sleeps.
 */
function nanoClock(last: bigint): () => bigint {
  return () => {
    const now = wallNano()
    last = now > last ? now : last + 1n
    return last
  }
}

/** How long a start that failed waits for what it had begun, in milliseconds. */
const failedGraceMs = 1_000

/**
 * Everything an agent talks to, composed: receive → decode → derive → spool → load → settle. It owns the spool from here on.
 * Rejects where an address cannot be listened on, with nothing left running.
 */
export async function startCollector(options: CollectorOptions): Promise<Collector> {
  const { store, spool, log } = options
  await using begun = new AsyncDisposableStack()
  const startedAt = wallNano()
  const lastReceivedAt = await readLastReceivedAt(store, options.tenant)
  if (lastReceivedAt > startedAt + behindMax) {
    log.warn('the clock is behind what was accepted before: times of receipt go on from there', {
      clock: new Date(Number(startedAt / 1_000_000n)).toISOString(), accepted: new Date(Number(lastReceivedAt / 1_000_000n)).toISOString(),
    })
  }
  const nowNano = nanoClock(lastReceivedAt)
  const nowMs = (): number => performance.now()
  const metrics = new Metrics()
  const prices = begun.use(await followPrices(options))
  const live = new LiveTraces({ spansMax: liveSpansMax, settledSpansMax, processStartedAt: startedAt })
  const thread = begun.use(segmentThread({ spool, store, log }))
  const loader = begun.adopt(new Loader({ spool, store, open: thread.open, metrics, log }), (it) => it.stop())
  begun.defer(() => spool.close())
  const journal = begun.adopt(await Journal.open({ path: join(options.deciderDir, 'decisions.journal'), sync: (file: FileHandle) => file.datasync(), now: Date.now }), (it) => it.close())
  const keeper = begun.adopt(
    await Keeper.open({ ...options, journal, loadedThrough: () => loader.loadedThrough, now: Date.now, nowNano, get prices() { return prices.book } }, options.budgets),
    (it) => it.close())
  const alerter = begun.adopt(new Alerter({ ...options, journal, budgets: budgetAlerts(keeper), now: Date.now }), (it) => it.close())
  alerter.start()
  const settler = new Settler({ ...options, watch: keeper, live, loader, metrics, delayMs: options.settlementDelayMs, nowMs, nowNano, get prices() { return prices.book } })
  begun.defer(() => settler.close(failedGraceMs))
  const known = new KnownSpans()
  const recalled = known.recall(store, options.tenant).catch((error: unknown) =>
    log.warn('spans that were stored before this start are not known: one that comes again is counted as stored once more', { error }))
  await Promise.all([settler.start(), storeDefinitions(store, options.tenant, options.prices, options.policies, nowNano()), recalled])
  const conformance = new Conformance(options)
  const flushing = begun.use(flushRegularly({ conformance, spool, nowNano, log }))
  const ingest: IngestOptions = {
    ...options, watch: keeper, live, known, conformance, account: new IngestAccount(options), turns: new Turns(), metrics, nowNano, nowMs, get prices() { return prices.book },
  }
  const loopDelay = begun.use(watchLoopDelay(nowMs))
  const admission = new Admission({ spoolFull: () => spool.full, loopLate: loopDelay.late })
  const controls: Controls = new Map([['/v1/decide', (body: Buffer) => keeper.decide(body)], ['/v1/release', (body: Buffer) => keeper.release(body)]])
  const http = begun.adopt(httpReceiver({ host: options.host, ingest, admission, controls }), (it) => it.close(0))
  const grpc = begun.adopt(grpcReceiver({ ingest, admission }), (it) => it.close(0))
  const httpPort = await listenHttp(http.server, options.host, options.httpPort)
  const grpcPort = await listenGrpc(grpc.server, options.host, options.grpcPort)
  begun.move()
  return {
    grpcPort,
    httpPort,
    keeper,
    alerter,
    metrics: () => metrics.text(spool, Date.now()),
    onSummaries: (tell) => loader.onSummaries(tell),
    backlog: () => ({ ...spool.backlog(), diskFreeBytes: spool.room?.freeBytes }),
    close: async (deadlineMs) => {
      const deadline = nowMs() + deadlineMs
      await Promise.all([http.close(deadlineMs / 3), grpc.close(deadlineMs / 3)])
      await settler.close(deadlineMs / 3)
      await flushing[Symbol.asyncDispose]()
      await alerter.close()
      await keeper.close()
      await journal.close()
      await spool.close()
      // An insert that is under way at the deadline is not waited for: its segment stays and is loaded again, with the same token.
      await Promise.race([loader.finished, sleep(Math.max(0, deadline - nowMs()), undefined, { ref: false })])
      loader.stop()
      await thread[Symbol.asyncDispose]()
      prices[Symbol.dispose]()
      loopDelay[Symbol.dispose]()
    },
  }
}

const listenHttp = (server: HttpServer, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
