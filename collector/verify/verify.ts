import { availableParallelism } from 'node:os'
import { costDayDifferences } from '#clickhouse/cost-days.ts'
import type { Store } from '#clickhouse/store.ts'
import { canonicalJson, type PriceBook, shippedBook } from '../price/book.ts'
import { storedBooks } from '../stored-books.ts'
import { checkAgreed } from './agreed.ts'
import { type CheckedPage, checkPage } from './check-page.ts'
import type { Settling } from './check-trace.ts'
import { checkDecided } from './decided.ts'
import type { Difference } from './difference.ts'
import { sharedAnswers } from './elsewhere.ts'
import { pageThread } from './page-thread.ts'
import { type Page, storedPages } from './pages.ts'
import { storedWithTagsSince, wholePage } from './stored-traces.ts'

export interface VerifyOptions {
  readonly store: Store
  readonly tenant: string
  /** The book that the program prices with now. */
  readonly prices: PriceBook
  /** Called for each difference, as soon as it is certain. */
  readonly report: (difference: Difference) => void
  /** Milliseconds, monotonic. */
  readonly nowMs: () => number
  /** Threads that work it out; 0 for none beside this one. Where it is left out, the store's size and the machine decide. */
  readonly threads?: number
}

export interface Verified {
  readonly entries: number
  readonly differences: number
  readonly traces: number
  readonly spans: number
  readonly priceBooks: number
  /** Traces that something came for lately and that were not settled since, if ever: they are not compared. */
  readonly unsettled: number
  readonly tookMs: number
}

/** Derives every stored span again, accounts its trace, works out every ledger entry, and reports what is stored otherwise. */
export async function verify(options: VerifyOptions): Promise<Verified> {
  const { store, tenant, nowMs } = options
  const began = nowMs()
  const sums = { entries: 0, differences: 0, traces: 0, spans: 0, unsettled: 0 }
  const priceBooks = new Set([options.prices.version])
  const count = ({ checked, priceBooks: named }: Counted): void => {
    sums.entries += checked.entries
    sums.traces += checked.traces
    sums.spans += checked.spans
    sums.unsettled += checked.unsettled
    sums.differences += checked.differences.length
    for (const difference of checked.differences) options.report(difference)
    for (const version of named) priceBooks.add(version)
  }
  await using team = await openTeam(options)
  // Pages are read while those before are worked out: of each the next one only, so that memory holds three.
  let before: Promise<void> = Promise.resolve()
  for await (const page of storedPages(store, tenant)) {
    await before
    before = team.check(page).then((all) => all.forEach(count))
    // Said when it is awaited.
    before.catch(() => undefined)
  }
  await before
  for (const { table, day, ledger, summed } of await costDayDifferences(store, tenant)) {
    sums.differences++
    options.report({ of: 'day', id: day, traceId: '', spanId: '', title: `${day} in ${table}`, kind: 'changed', fields: [{ field: 'cost', stored: summed, recomputed: ledger }] })
  }
  const agreed = await checkAgreed(store, tenant)
  sums.entries += agreed.entries
  sums.differences += agreed.differences.length
  for (const difference of agreed.differences) options.report(difference)
  for (const difference of await checkDecided(store, tenant)) {
    sums.differences++
    options.report(difference)
  }
  return { ...sums, priceBooks: priceBooks.size, tookMs: nowMs() - began }
}

interface Counted {
  readonly checked: CheckedPage
  readonly priceBooks: readonly string[]
}

/** Who works pages out: threads, each its share, or for a small store this one. */
interface Team extends AsyncDisposable {
  check(page: Page): Promise<readonly Counted[]>
}

/** A thread takes half a second to start: as long as working out so many spans. */
const spansWorthThreads = 20_000
/** ClickHouse needs cores too, and a thread holds what it is making, some 100 MB, beside the page that all share. */
const threadsMax = 8
const countSeconds = 60

async function openTeam(options: VerifyOptions): Promise<Team> {
  const { store, tenant, prices } = options
  const [shared, tagsSince, settling] = await Promise.all([sharedAnswers(store, tenant), storedWithTagsSince(store), settlingNow(options)])
  const wanted = options.threads ?? (await spansStored(options) < spansWorthThreads ? 0 : Math.min(threadsMax, availableParallelism()))
  if (wanted === 0) {
    const books = storedBooks(store, () => prices)
    return { check: async (page) => [{ checked: await checkPage(page, wholePage, { store, tenant, books, shared, tagsSince, settling }), priceBooks: books.versions() }], [Symbol.asyncDispose]: async () => undefined }
  }
  const data = {
    address: await store.address(), database: store.database, tenant, shared, tagsSince, settling,
    book: prices.version === shippedBook().version ? undefined : canonicalJson(prices.data),
  }
  const threads = Array.from({ length: wanted }, () => pageThread(data))
  return {
    check: (page) => Promise.all(threads.map((thread, number) => thread.check(page, { number, of: threads.length }))),
    [Symbol.asyncDispose]: async () => void (await Promise.all(threads.map((thread) => thread[Symbol.asyncDispose]()))),
  }
}

/** What is quiet is settled within seconds; a receiver that starts again takes up what it left. Nanoseconds. */
const settlingNano = 3_600_000_000_000n
/** Clocks are not further apart, and a verification does not take longer: what comes meanwhile is in progress. Nanoseconds. */
const aheadNano = 24n * settlingNano

/** From an hour before the collector last settled anything: it was there, and had time for all that came before. To a day from now. */
async function settlingNow({ store, tenant }: VerifyOptions): Promise<Settling> {
  const [row] = await store.read<{ readonly last: string; readonly now: string }>(
    'SELECT toString(max(version)) AS last, toString(toUnixTimestamp64Nano(now64(9))) AS now FROM runs WHERE tenant = {tenant:String} AND settled', { tenant }, { maxSeconds: countSeconds })
  return { from: BigInt(row?.last ?? 0) - settlingNano, to: BigInt(row?.now ?? 0) + aheadNano }
}

async function spansStored({ store, tenant }: VerifyOptions): Promise<number> {
  const [row] = await store.read<{ readonly n: string }>('SELECT count() AS n FROM spans WHERE tenant = {tenant:String}', { tenant }, { maxSeconds: countSeconds })
  return Number(row?.n ?? 0)
}
