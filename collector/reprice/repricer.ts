import type { Store } from '#clickhouse/store.ts'
import type { LedgerEntryRow } from '#clickhouse/tables/ledger-entries.ts'
import type { UnixNano } from '#semconv/facts.ts'
import type { Log } from '../log.ts'
import { clocksApartNano } from '../receivers/peers.ts'
import type { LiveTraces } from '../settle/live-traces.ts'
import type { StoredBooks } from '../stored-books.ts'
import type { Rederived } from '../rederive/rederive.ts'
import { finishOrder, finishPart, openOrders, partsOf, type Receiver, type RepriceOrder, repricing, tracesOf } from './orders.ts'

export interface RepricerOptions {
  readonly store: Store
  readonly tenant: string
  readonly live: LiveTraces
  /** This process does of an order the traces that it `owns`. */
  readonly receiver: Receiver
  readonly owns: (traceId: string) => boolean
  readonly books: StoredBooks
  /** Derives the spans of these traces that were accepted before this time anew, and stores those that say something else. */
  readonly rederive: (traceIds: readonly string[], acceptedBefore: UnixNano) => Promise<Rederived>
  /** The spool segment that is being written: what was posted until now is read back when it is loaded. */
  readonly segment: () => number
  /** Segments up to this one are in ClickHouse. */
  readonly loadedThrough: () => number
  /** Whether all that other processes acknowledged before this moment (milliseconds, monotonic) is in ClickHouse. */
  readonly othersLoadedBefore: (ms: number) => boolean
  readonly nowMs: () => number
  readonly nowNano: () => bigint
  readonly log: Log
}

/** How often orders are looked for, in milliseconds. */
const lookMs = 2_000
/** How long an order waits that could not go on: doubling between these, in milliseconds. */
const failureMsMin = 500
const failureMsMax = 300_000

/** An order that is being done. */
interface Doing {
  readonly order: RepriceOrder
  /** The last trace that was taken up. */
  after: string
  /** Traces that are not settled yet. */
  readonly open: Set<string>
  entries: number
  failed: number
  /** The segment that holds what was posted last, and what was accepted until `acceptedBefore`. */
  segment: number
  acceptedBefore: UnixNano
  /** The moment of that, in milliseconds, monotonic. */
  acceptedMs: number
}

/**
 * Takes up the traces of orders, some at a time, so that settlement prices them anew, or works out anew what their spans say. An
 * order that a crash cut short is done again: what stands already is not posted twice.
 */
export class Repricer {
  readonly #options: RepricerOptions
  #doing: Doing | undefined
  #lookedMs = Number.NEGATIVE_INFINITY
  #failures = 0
  #retryMs = Number.NEGATIVE_INFINITY

  constructor(options: RepricerOptions) {
    this.#options = options
  }

  /** Called with every tick of settlement, which an order never holds up: what it stumbles over, it waits for alone. */
  async tick(): Promise<void> {
    const { log, nowMs } = this.#options
    if (nowMs() < this.#retryMs) return
    try {
      await this.#goOn()
      this.#failures = 0
    } catch (error) {
      if (this.#failures++ === 0) {
        if (this.#doing === undefined) log.error('orders to reprice or rederive cannot be looked for, it is tried again', { error })
        else log.error('an order to reprice or rederive is put off, it is tried again', { order: this.#doing.order.id, error })
      }
      this.#retryMs = nowMs() + Math.min(failureMsMax, failureMsMin * 2 ** this.#failures)
    }
  }

  async #goOn(): Promise<void> {
    if (this.#doing === undefined) await this.#look()
    const doing = this.#doing
    if (doing === undefined) return
    this.#letGo(doing)
    if (doing.open.size === 0) await this.#takeUp(doing)
  }

  /** Lines that a settlement posted for a trace that was taken up. */
  posted(entries: readonly LedgerEntryRow[]): void {
    const doing = this.#doing
    if (doing !== undefined) doing.entries += (doing.order.rederive ? entries : entries.filter(({ reason }) => reason === 'repriced')).length
  }

  async #look(): Promise<void> {
    const { store, tenant, books, nowMs } = this.#options
    if (nowMs() - this.#lookedMs < lookMs) return
    this.#lookedMs = nowMs()
    const order = await this.#next(await openOrders(store, tenant))
    if (order === undefined) return
    if (!order.rederive) await books.load([order.priceBookVersion])
    this.#doing = { order, after: '', open: new Set(), entries: 0, failed: 0, ...this.#accepted() }
  }

  #accepted(): Pick<Doing, 'segment' | 'acceptedBefore' | 'acceptedMs'> {
    const { live, receiver, segment, nowMs, nowNano } = this.#options
    const apart = receiver.receivers === 1 ? 0n : clocksApartNano
    return { acceptedBefore: live.arrivedThrough(nowNano()) - apart, acceptedMs: nowMs(), segment: segment() }
  }

  /** The first of which our part is not done. Those of which all parts are, are done. */
  async #next(orders: readonly RepriceOrder[]): Promise<RepriceOrder | undefined> {
    const { store, receiver, nowNano } = this.#options
    for (const order of orders) {
      const parts = await partsOf(store, order, receiver)
      if (!parts.some((part) => part.receiver === receiver.receiver)) return order
      if (parts.length < receiver.receivers) continue
      const sum = (of: 'entries' | 'failed'): number => parts.reduce((all, part) => all + part[of], 0)
      await finishOrder(store, order, { entries: sum('entries'), failed: sum('failed') }, nowNano())
    }
    return undefined
  }

  #letGo(doing: Doing): void {
    const { live } = this.#options
    if (doing.open.size > 0) Object.assign(doing, this.#accepted())
    for (const traceId of doing.open) {
      const trace = live.get(traceId)
      const failed = trace !== undefined && trace.failures > 0
      if (failed) doing.failed++
      if (failed || trace?.repricing === undefined) doing.open.delete(traceId)
    }
  }

  async #takeUp(doing: Doing): Promise<void> {
    const { store, live, receiver, owns, books, rederive, segment, loadedThrough, othersLoadedBefore, nowMs, nowNano } = this.#options
    const { order } = doing
    // Whoever waits for the order looks at the ledger next. And a later version of a span must not be overlooked.
    if (loadedThrough() < doing.segment || !othersLoadedBefore(doing.acceptedMs)) return
    const prices = books.named(order.rederive ? '' : order.priceBookVersion)
    const traceIds = prices === undefined ? [] : await tracesOf(store, order, doing.after)
    if (prices === undefined || traceIds.length === 0) {
      // A book that nobody stored prices nothing, and the order is not done.
      await finishPart(store, order, receiver, { entries: doing.entries, failed: prices === undefined ? 1 : doing.failed }, nowNano())
      this.#doing = undefined
      this.#lookedMs = Number.NEGATIVE_INFINITY
      return
    }
    const own = traceIds.filter(owns)
    const { differing, failed } = order.rederive ? await rederive(own, doing.acceptedBefore) : { differing: own, failed: 0 }
    doing.failed += failed
    for (const traceId of differing) {
      live.revisit(traceId, nowMs(), segment())
      const trace = live.get(traceId)
      if (trace === undefined) continue
      trace.repricing = repricing(prices, order)
      doing.open.add(traceId)
    }
    doing.after = traceIds.at(-1) ?? doing.after
  }
}
