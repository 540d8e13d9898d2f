import { RowBinaryWriter } from '#clickhouse/row-binary.ts'
import type { Store } from '#clickhouse/store.ts'
import { storableTime, timeMax, writeRow } from '#clickhouse/table.ts'
import { type RepriceOrderRow, repriceOrders } from '#clickhouse/tables/reprice-orders.ts'
import { type RepricePartRow, repriceParts } from '#clickhouse/tables/reprice-parts.ts'
import { timeBound } from '#clickhouse/time-bound.ts'
import type { Billable } from '#semconv/account.ts'
import type { UnixNano } from '#semconv/facts.ts'
import type { PriceBook } from '../price/book.ts'
import type { Repricing } from '../settle/post.ts'

/**
 * Repricing, or deriving anew, is ordered in ClickHouse and done by who settles: one writer decides what a trace's ledger says, so a
 * late span and an order that meet cannot undo each other (docs/decisions/015).
 */
export type RepriceOrder = Pick<RepriceOrderRow, 'tenant' | 'id' | 'orderedAt' | 'rederive' | 'from' | 'before' | 'provider' | 'model' | 'priceBookVersion' | 'actor'>

/** What an order is about. */
export type Ordered = Pick<RepriceOrder, 'rederive' | 'from' | 'before' | 'provider' | 'model'>

/** What came of an order. */
export type RepriceOutcome = Pick<RepriceOrderRow, 'entries' | 'failed'>

/** Seconds one question about orders, or about the traces of one, may take. */
const readSecondsMax = 60

/** Whatever a clock said beyond the last moment that is stored lies there: an order that goes on beyond it has no end. */
const endless = (before: UnixNano): boolean => before >= timeMax

/** Whether usage, or the start of a span, lies in an order's time. */
export const isWithin = (at: UnixNano, { from, before }: Pick<Ordered, 'from' | 'before'>): boolean => at >= storableTime(from) && (at < before || endless(before))

/** Prices change on order alone: where spans are derived anew, nothing is priced anew. */
export const repricing = (prices: PriceBook, { rederive, provider, model, ...time }: Ordered): Repricing => ({
  prices,
  covers: (call: Billable) => !rederive && isWithin(call.at, time) && (provider === '' || call.provider === provider) &&
    (model === '' || call.responseModel === model || call.requestModel === model),
})

export async function placeOrder(store: Store, order: RepriceOrder): Promise<void> {
  await insertOrder(store, { ...order, state: 'ORDERED', doneAt: 0n, entries: 0, failed: 0 })
}

export async function finishOrder(store: Store, order: RepriceOrder, outcome: RepriceOutcome, doneAt: bigint): Promise<void> {
  await insertOrder(store, { ...order, ...outcome, state: 'DONE', doneAt })
}

/** Which of how many receiving processes does the part of an order that it settles. */
export type Receiver = Pick<RepricePartRow, 'receiver' | 'receivers'>

/** A part that was done. */
export type RepricePart = Pick<RepricePartRow, 'receiver' | 'entries' | 'failed'>

export async function finishPart(store: Store, { tenant, id }: RepriceOrder, receiver: Receiver, outcome: RepriceOutcome, doneAt: bigint): Promise<void> {
  const writer = new RowBinaryWriter()
  writeRow(repriceParts, writer, { tenant, id, ...receiver, ...outcome, doneAt })
  await store.insert(repriceParts, writer.take(), `part ${receiver.receiver} of ${receiver.receivers} of ${id} ${doneAt}`)
}

/** What is done of an order by so many processes. Where there were others, they did parts of their own, and it is done anew: what stands is not posted twice. */
export async function partsOf(store: Store, { tenant, id }: RepriceOrder, { receivers }: Receiver): Promise<readonly RepricePart[]> {
  const rows = await store.read<{ receiver: number; entries: string; failed: string }>(
    `SELECT receiver, entries, failed FROM reprice_parts FINAL WHERE tenant = {tenant:String} AND id = toFixedString(unhex({id:String}), 16) AND receivers = {receivers:UInt32}`,
    { tenant, id, receivers }, { maxSeconds: readSecondsMax })
  return rows.map(({ receiver, entries, failed }) => ({ receiver, entries: Number(entries), failed: Number(failed) }))
}

async function insertOrder(store: Store, row: RepriceOrderRow): Promise<void> {
  const writer = new RowBinaryWriter()
  writeRow(repriceOrders, writer, row)
  await store.insert(repriceOrders, writer.take(), `reprice ${row.id} ${row.state} ${row.doneAt}`)
}

interface OrderRow {
  readonly id_hex: string
  readonly ordered: string
  readonly rederive: boolean
  readonly from_nanos: string
  readonly before_nanos: string
  readonly provider: string
  readonly model: string
  readonly version_hex: string
  readonly actor: string
}

/** Orders that are not done yet, the oldest first. */
export async function openOrders(store: Store, tenant: string): Promise<readonly RepriceOrder[]> {
  const rows = await store.read<OrderRow>(
    `SELECT lower(hex(id)) AS id_hex, toString(toUnixTimestamp64Nano(ordered_at)) AS ordered, rederive, toString(toUnixTimestamp64Nano(usage_from)) AS from_nanos,
       toString(toUnixTimestamp64Nano(usage_before)) AS before_nanos, provider, model, lower(hex(price_book_version)) AS version_hex, actor
     FROM reprice_orders FINAL WHERE tenant = {tenant:String} AND state = 'ORDERED'
       AND id NOT IN (SELECT id FROM reprice_orders WHERE tenant = {tenant:String} AND state = 'DONE') ORDER BY ordered_at`,
    { tenant }, { maxSeconds: readSecondsMax })
  return rows.map((row) => ({
    tenant, id: row.id_hex, orderedAt: BigInt(row.ordered), rederive: row.rederive, from: BigInt(row.from_nanos), before: BigInt(row.before_nanos), provider: row.provider, model: row.model,
    priceBookVersion: row.version_hex, actor: row.actor,
  }))
}

export async function outcomeOf(store: Store, { tenant, id }: Pick<RepriceOrder, 'tenant' | 'id'>): Promise<RepriceOutcome | undefined> {
  const [row] = await store.read<{ entries: string; failed: string }>(
    `SELECT entries, failed FROM reprice_orders FINAL WHERE tenant = {tenant:String} AND id = toFixedString(unhex({id:String}), 16) AND state = 'DONE'`,
    { tenant, id }, { maxSeconds: readSecondsMax })
  return row === undefined ? undefined : { entries: Number(row.entries), failed: Number(row.failed) }
}

/** Taken up at once, they stand in memory until they are settled: so many traces, and no more of them than have so many rows. */
const tracesAtOnce = 2_000
const rowsAtOnce = 20_000

/**
 * The next traces behind `after` that have usage in the order's time, or spans that began in it. Whether it is the order's model,
 * settlement sees.
 */
export async function tracesOf(store: Store, { tenant, rederive, from, before }: RepriceOrder, after: string): Promise<readonly string[]> {
  const [table, time] = rederive ? ['spans', 'started_at'] : ['ledger_entries', 'occurred_at']
  const traces = await store.read<{ trace: string; n: string }>(
    `SELECT lower(hex(trace_id)) AS trace, count() AS n FROM ${table}
     WHERE tenant = {tenant:String} AND ${timeBound(time, '>=', 'from')}${endless(before) ? '' : ` AND ${timeBound(time, '<', 'before')}`} AND trace_id > toFixedString(unhex({after:String}), 16)
     GROUP BY trace_id ORDER BY trace_id LIMIT ${tracesAtOnce}`,
    { tenant, from: String(storableTime(from)), before: String(storableTime(before)), after }, { maxSeconds: readSecondsMax })
  let rows = 0
  const end = traces.findIndex(({ n }) => (rows += Number(n)) > rowsAtOnce)
  return (end === -1 ? traces : traces.slice(0, Math.max(1, end))).map(({ trace }) => trace)
}
