import { createHash } from 'node:crypto'
import { picoFromDecimal } from '#clickhouse/decimal.ts'
import { RowBinaryWriter } from '#clickhouse/row-binary.ts'
import type { Store } from '#clickhouse/store.ts'
import { type Table, writeRow } from '#clickhouse/table.ts'
import { billApprovals, billImports, type BillLineRow, billLines } from '#clickhouse/tables/bills.ts'
import { type LedgerEntryRow, ledgerEntries, revisionAtArrival, unpricedLines } from '#clickhouse/tables/ledger-entries.ts'
import type { LedgerMeter, UnixNano } from '#semconv/facts.ts'
import { oneByOne } from '../one-by-one.ts'
import type { PriceBook } from '../price/book.ts'
import { providerNamed, selectCard } from '../price/match.ts'
import { type Bill, billBytesMax, BillError, billLinesMax, type BillLine, type BillMeter, type BillSource, sumMax } from './bill.ts'
import { meterClass, parseCsvBill } from './csv-bill.ts'
import { parseJsonBill } from './json-bill.ts'
import { type Billed, type Item, matchBills, type Metered } from './match.ts'

export interface ReconcileOptions {
  readonly store: Store
  readonly tenant: string
  /** Adjustments belong to it. */
  readonly project: string
  /** The book that is active: it knows how telemetry and bills spell providers and models. */
  readonly prices: () => Promise<PriceBook>
  readonly nowNano: () => UnixNano
}

export interface ImportedBill {
  readonly id: string
  readonly source: string
  readonly name: string
  readonly actor: string
  readonly importedAt: UnixNano
  readonly lines: number
}

export interface Approval {
  readonly entryId: string
  readonly item: string
  readonly actor: string
  readonly why: string
  readonly approvedAt: UnixNano
}

/** Days from (inclusive) to (exclusive), `YYYY-MM-DD`; a side that is absent is open. */
export interface Days {
  readonly from?: string | undefined
  readonly to?: string | undefined
}

export interface Reconciliation {
  /** Takes a bill whole or not at all (`BillError`). The same file again is the same import. */
  importBill(name: string, text: string, actor: string): Promise<ImportedBill>
  imports(): Promise<ImportedBill[]>
  /** What was metered beside what was billed, wherever there is a bill. */
  items(days: Days): Promise<Item[]>
  approvals(): Promise<Approval[]>
  /** Posts what is left of these items to the ledger, so that it says what the bill says. Approving again changes nothing. */
  approve(items: readonly string[], actor: string, why: string): Promise<Approval[]>
}

const readSecondsMax = 60
/** Characters of what a person writes, and items that are agreed to at once. */
const textMax = 1_000
const itemsMax = 1_000

export function reconciliation(options: ReconcileOptions): Reconciliation {
  const { store, tenant, prices, nowNano } = options
  const read = <Row>(sql: string, params: Readonly<Record<string, unknown>> = {}): Promise<Row[]> => store.read<Row>(sql, { tenant, ...params }, { maxSeconds: readSecondsMax })
  const items = async (days: Days): Promise<Item[]> => {
    const book = await prices()
    return matchBills(await meteredUsage(read, book, days), await billedUsage(read, book, days))
  }
  const inTurn = oneByOne()
  return {
    items,
    importBill: (name, text, actor) => inTurn(async () => {
      if (Buffer.byteLength(text) > billBytesMax) throw new BillError(`the file has more than ${billBytesMax} bytes: import it in parts, each of whole days`)
      const bill = parseBill(text)
      const importedAt = nowNano()
      const importId = createHash('sha256').update(text).digest('hex')
      const lines = together(bill.lines).map((line): BillLineRow => ({
        tenant, importId, importedAt, day: BigInt(Date.parse(line.day)) * 1_000_000n, source: bill.source, provider: line.provider, account: line.account, model: line.model,
        meter: line.meter, quantity: line.quantity, amount: line.amount,
      }))
      const tooMuch = lines.find(({ quantity = 0n, amount = 0n }) => [quantity, amount].some((value) => (value < 0n ? -value : value) > sumMax))
      if (tooMuch !== undefined) throw new BillError(`the lines of ${tooMuch.model || tooMuch.provider} on one day come to more than a ledger can hold`)
      if (lines.length > billLinesMax) throw new BillError(`the bill has ${lines.length} lines, at most ${billLinesMax} are taken at once: import it in parts, each of whole days`)
      const imported = { tenant, importId, importedAt, source: bill.source, name: written(name, 'the name'), lines: lines.length, actor: written(actor, 'who imports') }
      await insert(store, billLines, lines)
      await insert(store, billImports, [imported])
      return { ...imported, id: importId }
    }),
    imports: async () => {
      const rows = await read<Readonly<Record<'id' | 'source' | 'name' | 'actor' | 'at' | 'lines', string>>>(
        `SELECT lower(hex(import_id)) AS id, toString(source) AS source, name, actor, toString(toUnixTimestamp64Nano(imported_at)) AS at, toString(lines) AS lines
FROM bill_imports FINAL WHERE tenant = {tenant:String} ORDER BY imported_at DESC, id LIMIT 500`)
      return rows.map(({ at, lines, ...row }) => ({ ...row, importedAt: BigInt(at), lines: Number(lines) }))
    },
    approvals: async () => {
      const rows = await read<Readonly<Record<'id' | 'item' | 'actor' | 'why' | 'at', string>>>(
        `SELECT lower(hex(entry_id)) AS id, cell AS item, actor, why, toString(toUnixTimestamp64Nano(approved_at)) AS at
FROM bill_approvals FINAL WHERE tenant = {tenant:String} ORDER BY approved_at DESC, id LIMIT 500`)
      return rows.map(({ id, at, ...row }) => ({ ...row, entryId: id, approvedAt: BigInt(at) }))
    },
    approve: (ids, actor, why) => inTurn(async () => {
      if (ids.length > itemsMax) throw new BillError(`${ids.length} items are too many: approve at most ${itemsMax} at once`)
      written(actor, 'who approves')
      written(why, 'why')
      const known = new Map((await items(spanOf(ids))).map((item) => [item.id, item]))
      const unknown = ids.find((id) => !known.has(id))
      if (unknown !== undefined) throw new BillError(`there is no item '${unknown.slice(0, 200)}': nothing was posted`)
      const at = nowNano()
      const entries = [...new Set(ids)].flatMap((id) => {
        const item = known.get(id)
        return item === undefined ? [] : [adjustment(item, at, options)].filter((entry) => entry !== undefined).map((entry) => ({ item: id, entry }))
      })
      const approvals = entries.map(({ item, entry }): Approval => ({ entryId: entry.ownId, item, actor, why, approvedAt: at }))
      // The approval first: a line of the ledger without one must not be.
      await insert(store, billApprovals, entries.map(({ item, entry }) => ({ tenant, entryId: entry.ownId, item, quantity: entry.quantity, amount: entry.amount, actor, why, approvedAt: at })))
      await insert(store, ledgerEntries, entries.map(({ entry }) => entry))
      return approvals
    }),
  }
}

const parseBill = (text: string): Bill => (/^\uFEFF?\s*[[{]/.test(text) ? parseJsonBill(text.replace(/^\uFEFF/, '')) : parseCsvBill(text))

function written(text: string, what: string): string {
  if (text.trim() === '' || text.length > textMax) throw new BillError(`${what} is missing or longer than ${textMax} characters`)
  return text
}

/** Lines of one day, account, model and class are one. What one of them counts in another unit, nobody knows of all. */
function together(lines: readonly BillLine[]): BillLine[] {
  const sums = new Map<string, BillLine>()
  const plus = (a: bigint | undefined, b: bigint | undefined): bigint | undefined => (a === undefined || b === undefined ? undefined : a + b)
  for (const line of lines) {
    const key = [line.day, line.provider, line.account, line.model, line.meter].join('\u0000')
    const known = sums.get(key)
    sums.set(key, known === undefined ? line : { ...known, quantity: plus(known.quantity, line.quantity), amount: plus(known.amount, line.amount) })
  }
  return [...sums.values()]
}

async function insert<Row>(store: Store, table: Table<Row>, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return
  const writer = new RowBinaryWriter()
  for (const row of rows) writeRow(table, writer, row)
  const bytes = writer.take()
  await store.insert(table, bytes, createHash('sha256').update(bytes).digest('hex'))
}

type Read = <Row>(sql: string, params?: Readonly<Record<string, unknown>>) => Promise<Row[]>

const daysSql = (column: string, { from, to }: Days): { readonly sql: string; readonly params: Readonly<Record<string, unknown>> } => ({
  sql: `${from === undefined ? '' : ` AND ${column} >= toDateTime64({from:String}, 9, 'UTC')`}${to === undefined ? '' : ` AND ${column} < toDateTime64({to:String}, 9, 'UTC')`}`,
  params: { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) },
})

/** The days that these items lie in, and those beside them, which tell timing apart. */
function spanOf(ids: readonly string[]): Days {
  const days = ids.map((id) => id.slice(0, 10)).filter((day) => !Number.isNaN(Date.parse(day))).sort()
  const beside = (day: string | undefined, by: number): string | undefined => (day === undefined ? undefined : new Date(Date.parse(day) + by * 86_400_000).toISOString().slice(0, 10))
  return { from: beside(days[0], -1), to: beside(days.at(-1), 2) }
}

async function billedUsage(read: Read, prices: PriceBook, days: Days): Promise<Billed[]> {
  const { sql, params } = daysSql('day', days)
  const rows = await read<Readonly<Record<'at' | 'import' | 'date' | 'source' | 'provider' | 'account' | 'model' | 'meter', string>> & Readonly<Record<'quantity' | 'amount', string | null>>>(
    `SELECT toString(toUnixTimestamp64Nano(imported_at)) AS at, lower(hex(import_id)) AS import, toString(toDate(day)) AS date, toString(source) AS source, toString(provider) AS provider, toString(account) AS account,
toString(model) AS model, toString(meter) AS meter, toString(quantity) AS quantity, toString(amount) AS amount
FROM bill_lines FINAL WHERE tenant = {tenant:String}${sql} AND import_id IN (SELECT import_id FROM bill_imports FINAL WHERE tenant = {tenant:String})`, params)
  return rows.map(({ at, import: importId, date, source, provider, account, model, meter, quantity, amount }) => ({
    ...folded(prices, provider, model), day: date, account, source: source as BillSource, meter: meter as BillMeter, importedAt: BigInt(at), importId,
    quantity: quantity === null ? undefined : picoFromDecimal(quantity), amount: amount === null ? undefined : picoFromDecimal(amount),
  }))
}

async function meteredUsage(read: Read, prices: PriceBook, days: Days): Promise<Metered[]> {
  const { sql, params } = daysSql('occurred_at', days)
  const rows = await read<Readonly<Record<'day' | 'provider' | 'model' | 'meter' | 'card' | 'all_quantity' | 'known_amount' | 'unpriced' | 'settlements', string>>>(
    `SELECT toString(toDate(occurred_at)) AS day, toString(provider) AS provider, toString(model) AS model, toString(meter) AS meter, if(reason = 'reconciled', toString(price_card), '') AS card,
toString(sumIf(quantity, meter != 'reported_cost')) AS all_quantity, toString(ifNull(sum(amount), 0)) AS known_amount, toString(${unpricedLines}) AS unpriced,
toString(countIf(reason = 'reconciled')) AS settlements
FROM ledger_entries FINAL WHERE tenant = {tenant:String}${sql}
AND toDate(occurred_at) IN (SELECT toDate(day) FROM bill_lines WHERE tenant = {tenant:String}) GROUP BY day, provider, model, meter, card`, params)
  return rows.map(({ day, provider, model, meter, card, all_quantity, known_amount, unpriced, settlements }) => ({
    ...folded(prices, provider, model), ledgerProvider: provider, ledgerModel: model, day, meter: card.startsWith(cardPrefix) ? (card.slice(cardPrefix.length) as BillMeter) : meterClass(meter),
    quantity: picoFromDecimal(all_quantity), amount: picoFromDecimal(known_amount), unpricedLines: Number(unpriced), settlements: Number(settlements),
  }))
}

/** Sellers as invoices call them, in lower case. */
const sellers: Readonly<Record<string, string>> = {
  'amazon web services': 'aws', 'amazon web services, inc.': 'aws', 'amazon bedrock': 'aws', microsoft: 'azure', 'microsoft azure': 'azure', 'google cloud': 'google', 'google cloud platform': 'google',
  xai: 'x-ai', 'mistral ai': 'mistral',
}

/** A bill and telemetry spell providers and models differently; the price book knows both. */
function folded(prices: PriceBook, provider: string, model: string): { readonly provider: string; readonly model: string } {
  const name = sellers[provider.toLowerCase()] ?? provider
  const known = providerNamed(prices, name)?.id ?? name.toLowerCase()
  if (model === '') return { provider: known, model }
  const selection = selectCard(prices, { provider: known, requestModel: model, responseModel: '' })
  return { provider: known, model: 'card' in selection ? selection.card.id : model }
}

/** What an adjustment names instead of a price card: the class of the bill that it settles. */
const cardPrefix = 'bill:'
const ledgerMeter: Readonly<Record<BillMeter, LedgerMeter>> = {
  input: 'input.uncached', cache_read: 'input.cache_read', cache_write: 'input.cache_write.5m', output: 'output.text', other: 'reported_cost', '': 'unsplit',
}

/**
 * The line that makes the ledger say what the bill says, `undefined` where it does. Its id is made of all that was compared, and of how
 * often something was settled before: agreed twice, it is one line, and what is left again when the ledger was corrected is another.
 */
function adjustment(item: Item, postedAt: UnixNano, { tenant, project }: ReconcileOptions): LedgerEntryRow | undefined {
  const { quantityDifference = 0n, amountDifference = 0n } = item
  if (quantityDifference === 0n && amountDifference === 0n) return undefined
  const compared = [item.id, item.meteredQuantity, item.meteredAmount, item.billedQuantity ?? '', item.billedAmount ?? '', ...(item.settlements === 0 ? [] : [item.settlements])]
  return {
    tenant, project, ownId: createHash('sha256').update(['reconciled', tenant, ...compared].join('\u0000')).digest('hex'), kind: 'ADJUSTMENT', reason: 'reconciled',
    occurredAt: BigInt(Date.parse(item.day)) * 1_000_000n, postedAt, traceId: '', spanId: '', provider: item.provider, model: item.model,
    meter: item.meter === '' && quantityDifference === 0n ? 'reported_cost' : ledgerMeter[item.meter], quantity: item.meter === 'other' ? 0n : quantityDifference, unitPrice: undefined, amount: amountDifference,
    basis: 'REPORTED', priceBookVersion: '', priceCard: `${cardPrefix}${item.meter}`, reverses: '', agent: '', user: '', session: '', workflow: '', service: '', environment: '', tags: '', usageFlags: [],
    revision: revisionAtArrival(postedAt),
  }
}
