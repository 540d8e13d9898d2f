import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { decimalFromPico } from '#clickhouse/decimal.ts'
import type { Store } from '#clickhouse/store.ts'
import { bookFor, type PriceBook } from '../price/book.ts'
import { activeBook, storeBook } from '../price/book-store.ts'
import { storedBooks } from '../stored-books.ts'
import { type DryRun, dryRun } from './dry-run.ts'
import { openOrders, type Ordered, outcomeOf, placeOrder, type RepriceOrder } from './orders.ts'

export const repriceHelp = `spanledger reprice --from TIME --to TIME

Prices usage anew with the price book in use: what stands is reversed and posted again, and both books are named. Nothing
is changed; a second time posts nothing. Calls without a price get the one the book has now.

  --dry-run      says what would change, by day and model, and posts nothing
  --from TIME    usage from this time on: a day such as 2026-10-01, or RFC 3339
  --to TIME      and before this one
  --model NAME   only this model, as the telemetry names it
  --provider P   only this provider
  --wait N       waits up to N seconds, 1 to 86400 (default 600), for the running collector, which does the work

Example: npm run spanledger -- reprice --dry-run --from 2026-10-01 --to 2026-11-01 --model gpt-5-mini
`

export const rederiveHelp = `spanledger rederive --from TIME --to TIME

Reads stored spans anew by the rules of this version, as after an upgrade that understands an instrumentation better. Spans
that say something else are stored anew, and the ledger gets what follows as adjustments and reversals; prices stay those of
the day. What verify lists after an upgrade is gone then. A second time changes nothing.

  --dry-run      says what would change, by day and model, and changes nothing
  --from TIME    spans that began at this time or later: a day such as 2026-10-01, or RFC 3339
  --to TIME      and before this one
  --wait N       waits up to N seconds, 1 to 86400 (default 600), for the running collector, which does the work

Example: npm run spanledger -- rederive --dry-run --from 2026-10-01 --to 2026-11-01
`

export interface RepriceCommandOptions {
  readonly tenant: string
  readonly project: string
  /** The book that prices where nobody activated another. */
  readonly prices: PriceBook
  readonly actor: string
  readonly openStore: () => Promise<Store>
  /** Runs a collector that takes nothing, where none runs over this data; it ends with `Symbol.asyncDispose`. `undefined` where one runs. */
  readonly settleHere: (store: Store) => Promise<AsyncDisposable | undefined>
  readonly print: (line: string) => void
  readonly nowMs: () => number
  readonly nowNano: () => bigint
}

/** The words after `reprice`. Returns the exit code: 0 done, 1 not all of it, 2 wrong usage. */
export async function repriceCommand(args: readonly string[], options: RepriceCommandOptions): Promise<0 | 1 | 2> {
  return orderCommand(parse(args, false), repriceHelp, options)
}

/** The words after `rederive`; returns as `repriceCommand`. */
export async function rederiveCommand(args: readonly string[], options: RepriceCommandOptions): Promise<0 | 1 | 2> {
  return orderCommand(parse(args, true), rederiveHelp, options)
}

/** `wanted`: what, or what is wrong with the words. */
async function orderCommand(wanted: Wanted | string, help: string, options: RepriceCommandOptions): Promise<0 | 1 | 2> {
  const { print, tenant, actor, nowNano } = options
  if (typeof wanted === 'string') {
    print(`${wanted}\n\n${help}`)
    return 2
  }
  await using store = await options.openStore()
  const prices = bookFor(await activeBook(store, tenant, options.prices), tenant)
  if (wanted.dryRun) {
    for (const line of dryRunText(wanted, await dryRun({ ...options, prices, store, books: storedBooks(store, () => prices), order: wanted }))) print(line)
    return 0
  }
  const order: RepriceOrder = { ...wanted, tenant, id: randomBytes(16).toString('hex'), orderedAt: nowNano(), priceBookVersion: wanted.rederive ? '' : prices.version, actor }
  if (!order.rederive) await storeBook(store, prices, 'shipped', order.orderedAt)
  await placeOrder(store, order)
  await using _ = await options.settleHere(store)
  return await finished(store, order, wanted.waitMs, options)
}

/** Milliseconds between two looks at what became of an order. */
const lookMs = 500

async function finished(store: Store, order: RepriceOrder, waitMs: number, { print, nowMs }: RepriceCommandOptions): Promise<0 | 1> {
  for (const until = nowMs() + waitMs; nowMs() < until; await sleep(lookMs)) {
    const outcome = await outcomeOf(store, order)
    if (outcome === undefined) continue
    if (outcome.failed > 0) print(`${outcome.failed} ${order.rederive ? 'spans or traces could not be derived or settled' : 'traces could not be settled'}: the collector's log says why; run it again`)
    print(`${outcome.entries} entries posted${order.rederive ? '' : ` with price book ${order.priceBookVersion}`}`)
    return outcome.failed === 0 ? 0 : 1
  }
  const waiting = (await openOrders(store, order.tenant)).length
  print(`not done within ${waitMs / 1_000} s: ${waiting} orders wait for a collector, which goes on with them by itself`)
  return 1
}

export function dryRunText({ rederive }: Pick<RepriceOrder, 'rederive'>, { changes, entries, spans, unsettled }: DryRun): readonly string[] {
  const dollars = (pico: bigint): string => `$${decimalFromPico(pico).replace(/\.?0+$/, '')}`
  const lines = changes.map(({ day, model, calls, before, after, unpricedBefore, unpricedAfter }) => {
    const unpriced = unpricedBefore + unpricedAfter === 0 ? '' : `, ${unpricedBefore} unpriced lines before, ${unpricedAfter} after`
    return `${day}  ${model}: ${calls} calls, reversed ${dollars(before)}, posted ${dollars(after)}${unpriced}`
  })
  const change = changes.reduce((sum, one) => sum + one.after - one.before, 0n)
  return [
    ...lines, ...(rederive ? [`${spans} spans say something else now and would be stored anew`] : []), ...(unsettled === 0 ? [] : [`${unsettled} traces are not settled yet and not in it`]),
    entries === 0 ? 'nothing would be posted' : `${entries} entries would be posted, the ledger would change by ${dollars(change)}`,
  ]
}

interface Wanted extends Ordered {
  readonly dryRun: boolean
  readonly waitMs: number
}

const waitSecondsMax = 86_400

/** What is wanted, or what is wrong with it. */
function parse(args: readonly string[], rederive: boolean): Wanted | string {
  let values
  try {
    const text = { type: 'string' } as const
    ;({ values } = parseArgs({ args: [...args], options: { 'dry-run': { type: 'boolean', default: false }, from: text, to: text, model: text, provider: text, wait: text } }))
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  for (const side of ['from', 'to'] as const) {
    if (values[side] !== undefined && instant(values[side]) === undefined) return `--${side} is '${values[side]}', a day such as 2026-10-01 or RFC 3339 with a zone is needed.`
  }
  const [from, before] = [instant(values.from), instant(values.to)]
  if (from === undefined || before === undefined || from >= before) return '--from and --to need two times, the first before the second, such as 2026-10-01 and 2026-11-01.'
  if (rederive && (values.model ?? values.provider) !== undefined) return 'rederive reads all spans of a time: --model and --provider are words of reprice.'
  const wait = values.wait ?? '600'
  if (!/^\d{1,5}$/.test(wait) || Number(wait) < 1 || Number(wait) > waitSecondsMax) return `--wait is '${wait}', an integer from 1 to ${waitSecondsMax} is needed.`
  return { dryRun: values['dry-run'], rederive, from, before, model: values.model ?? '', provider: values.provider ?? '', waitMs: Number(wait) * 1_000 }
}

/** A day, or RFC 3339, in nanoseconds. */
function instant(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?$/.test(text)) return undefined
  const millis = Date.parse(text)
  return Number.isNaN(millis) ? undefined : BigInt(millis) * 1_000_000n
}
