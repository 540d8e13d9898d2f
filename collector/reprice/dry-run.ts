import type { Store } from '#clickhouse/store.ts'
import { account } from '#semconv/account.ts'
import type { PicoUsd } from '#semconv/facts.ts'
import { entryKey } from '../derive/identity.ts'
import type { PriceBook } from '../price/book.ts'
import { post } from '../settle/post.ts'
import type { StoredBooks } from '../stored-books.ts'
import { isSettled, saysElse } from '../verify/check-trace.ts'
import { elsewhereOf } from '../verify/elsewhere.ts'
import { storedPages } from '../verify/pages.ts'
import { currentEntries, type StoredTrace, storedTraces, storedWithTagsSince, wholePage } from '../verify/stored-traces.ts'
import { isWithin, type Ordered, repricing } from './orders.ts'

/** What an order would change, for one model and day. */
export interface Change {
  readonly model: string
  /** `2026-10-31`, in UTC. */
  readonly day: string
  calls: number
  /** Lines of it without a price: of what goes, and of what comes. */
  unpricedBefore: number
  unpricedAfter: number
  before: PicoUsd
  after: PicoUsd
}

export interface DryRun {
  readonly changes: readonly Change[]
  readonly entries: number
  /** Spans that would be stored anew. */
  readonly spans: number
  /** Traces that something came for lately: an order would wait for them. */
  readonly unsettled: number
}

export interface DryRunOptions {
  readonly store: Store
  readonly tenant: string
  readonly project: string
  readonly prices: PriceBook
  readonly books: StoredBooks
  readonly order: Ordered
}

/** What an order would post, worked out from what is stored; nothing is written. */
export async function dryRun({ store, tenant, project, prices, books, order }: DryRunOptions): Promise<DryRun> {
  const changes = new Map<string, Change>()
  let entries = 0
  let spans = 0
  let unsettled = 0
  const tagsSince = await storedWithTagsSince(store)
  for await (const page of storedPages(store, tenant)) {
    const { traces, priceBooks } = await storedTraces(page, wholePage, { store, tagsSince })
    const all = [...traces]
    const settled = all.filter(isSettled)
    unsettled += all.length - settled.length
    await books.load(priceBooks)
    const elsewhere = await elsewhereOf(store, tenant, settled)
    for (const trace of settled) {
      if (!isOf(trace, order)) continue
      if (order.rederive) spans += saysElse(trace).length
      const stored = [...trace.entries.values()].flatMap((rows) => currentEntries(rows, tenant))
      const posted = { charges: new Map(), entries: new Map(stored.map((entry) => [entryKey(entry), entry])) }
      const { rows } = post(account([...trace.derived.values()], elsewhere(trace)), trace.derived, posted, unposted, { tenant, project, prices, books: books.named }, repricing(prices, order))
      const seen = new Set<string>()
      for (const row of rows.filter((one) => (order.rederive ? one.postedAt === unposted : one.reason === 'repriced'))) {
        entries++
        const day = new Date(Number(row.occurredAt / 1_000_000n)).toISOString().slice(0, 10)
        const key = `${day} ${row.model}`
        const change = changes.get(key) ?? { model: row.model, day, calls: 0, unpricedBefore: 0, unpricedAfter: 0, before: 0n, after: 0n }
        changes.set(key, change)
        if (!seen.has(row.spanId)) change.calls++
        seen.add(row.spanId)
        if (row.kind === 'REVERSAL') {
          change.before -= row.amount ?? 0n
          if (row.amount === undefined) change.unpricedBefore++
        } else {
          change.after += row.amount ?? 0n
          if (row.amount === undefined) change.unpricedAfter++
        }
      }
    }
  }
  return { changes: [...changes.values()].sort((a, b) => (a.day + a.model < b.day + b.model ? -1 : 1)), entries, spans, unsettled }
}

/** Of lines that nobody posts. */
const unposted = 0n

/** Whether an order takes this trace up (`tracesOf`). */
function isOf({ entries, derived }: StoredTrace, order: Ordered): boolean {
  if (order.rederive) return [...derived.values()].some(({ startedAt }) => isWithin(startedAt, order))
  return [...entries.values()].some((rows) => rows.some(({ columns, row }) => isWithin(columns.occurred_at(row), order)))
}
