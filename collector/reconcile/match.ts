import { ledgerMeters, type LedgerMeter, type PicoUsd } from '#semconv/facts.ts'
import { type BillLine, type BillMeter, rounded, type BillSource } from './bill.ts'
import { meterClass } from './csv-bill.ts'

/**
 * What was metered beside what was billed, item by item: a day, provider, model and class of usage, as fine as the bill tells.
 * Quantity first, then price: whether calls are missing and whether the card is wrong are two questions. Pure.
 */
export const differenceCauses = ['MATCHED', 'NOT_IN_LEDGER', 'PRICE', 'TIMING', 'NOT_ON_BILL'] as const
export type DifferenceCause = (typeof differenceCauses)[number]

/** Names are folded on both sides before they come here. */
export interface Metered {
  readonly day: string
  readonly provider: string
  readonly model: string
  /** As the lines of the ledger spell them. */
  readonly ledgerProvider: string
  readonly ledgerModel: string
  readonly meter: BillMeter
  readonly quantity: bigint
  readonly amount: PicoUsd
  readonly unpricedLines: number
  /** Lines that were agreed to for a bill. */
  readonly settlements: number
}

export interface Billed extends BillLine {
  readonly importId: string
  readonly source: BillSource
  /** Later imports of the same source, account and day replace earlier ones. */
  readonly importedAt: bigint
}

export interface Item {
  /** `day/provider/model/meter`, '*' where the bill does not tell. */
  readonly id: string
  readonly day: string
  readonly provider: string
  readonly model: string
  readonly meter: BillMeter
  readonly meteredQuantity: bigint
  readonly meteredAmount: PicoUsd
  /** How often something was agreed to for a bill of it. */
  readonly settlements: number
  readonly unpricedLines: number
  /** `undefined` where no bill tells it. */
  readonly billedQuantity: bigint | undefined
  readonly billedAmount: PicoUsd | undefined
  /** Billed less metered. */
  readonly quantityDifference: bigint | undefined
  readonly amountDifference: PicoUsd | undefined
  /** The part of `amountDifference` that other tokens make, at the metered price; the rest is price. */
  readonly quantityEffect: PicoUsd | undefined
  readonly cause: DifferenceCause
  /** What finds its lines in the ledger, on its day; no models are all of them. */
  readonly ledgerProviders: readonly string[]
  readonly ledgerModels: readonly string[]
  readonly ledgerMeters: readonly LedgerMeter[]
  /** Imports that tell what was billed. */
  readonly importIds: readonly string[]
}

/** Two figures agree up to a thousandth: bills round, and days end a little apart. */
const agreement = 1_000n
/** Differences of two days cancel up to a twentieth. */
const cancelling = 20n

const size = (value: bigint): bigint => (value < 0n ? -value : value)
const agree = (a: bigint, b: bigint): boolean => size(a - b) * agreement <= (size(a) > size(b) ? size(a) : size(b))

/** Items of every provider and day that has a bill, dearest difference first. */
export function matchBills(metered: readonly Metered[], lines: readonly Billed[]): Item[] {
  const billed = effective(lines)
  const days = new Set(billed.map(({ provider, day }) => `${provider}/${day}`))
  const fold = folding([...billed, ...metered.filter(({ provider, day }) => days.has(`${provider}/${day}`))], billed)
  const sums = new Map<string, Sum>()
  for (const line of metered) if (days.has(`${line.provider}/${line.day}`)) {
    const sum = sumOf(sums, fold(line))
    sum.meteredQuantity += line.quantity
    sum.meteredAmount += line.amount
    sum.unpricedLines += line.unpricedLines
    sum.settlements += line.settlements
    sum.providers.add(line.ledgerProvider)
    sum.models.add(line.ledgerModel)
  }
  for (const line of billed) {
    const sum = sumOf(sums, fold(line))
    sum.imports.add(line.importId)
    if (line.quantity !== undefined) sum.billedQuantity = (sum.billedQuantity ?? 0n) + line.quantity
    sum.uncounted ||= line.uncounted
    if (line.amount !== undefined) sum.billedAmount = (sum.billedAmount ?? 0n) + line.amount
  }
  const tell = (fact: 'quantity' | 'amount'): ReadonlySet<string> => new Set(billed.filter((line) => line[fact] !== undefined).map(({ provider, day }) => `${provider}/${day}`))
  const told = { quantity: tell('quantity'), amount: tell('amount') }
  return withCauses([...sums.values()].map((sum) => withBills(sum, told))).sort((a, b) => {
    const [left, right] = [size(a.amountDifference ?? 0n), size(b.amountDifference ?? 0n)]
    return left === right ? (a.id < b.id ? -1 : 1) : left > right ? -1 : 1
  })
}

/** `uncounted`: the bill that tells tokens of this day bills these in another unit, so that nobody knows how many it bills. */
type Counted = Billed & { readonly uncounted: boolean }

/**
 * Of a provider's day the latest source that tells money and the latest that tells quantities. So a usage report and a cost report
 * complete each other, and a cost report and a FOCUS file do not add up.
 */
function effective(lines: readonly Billed[]): readonly Counted[] {
  const told = new Map<string, { readonly source: BillSource; readonly importedAt: bigint }>()
  const current = latest(lines)
  const facts = ['quantity', 'amount'] as const
  for (const line of current) for (const fact of facts) {
    const key = `${fact}/${line.provider}/${line.day}`
    const known = told.get(key)
    if (line[fact] !== undefined && (known === undefined || line.importedAt > known.importedAt)) told.set(key, line)
  }
  const tells = (line: Billed, fact: (typeof facts)[number]): boolean => {
    const teller = told.get(`${fact}/${line.provider}/${line.day}`)
    return teller !== undefined && reportOf(teller.source) === reportOf(line.source)
  }
  return current.map((line) => ({ ...line, uncounted: tells(line, 'quantity') && line.quantity === undefined, quantity: tells(line, 'quantity') ? line.quantity : undefined, amount: tells(line, 'amount') ? line.amount : undefined }))
    .filter(({ quantity, amount }) => quantity !== undefined || amount !== undefined)
}

/** OpenAI tells usage by kind of call, each in an answer of its own: none of them is the whole. */
const reportOf = (source: BillSource): BillSource => (source === 'openai_embeddings' ? 'openai_usage' : source)

/**
 * Of each source, account and day the latest import. One that names no account is of all accounts, as reports are that nobody
 * grouped: it replaces what came before and is replaced by what comes after. Beside named accounts no name is one account more.
 */
function latest(lines: readonly Billed[]): readonly Billed[] {
  const imports = new Map<string, Map<bigint, Set<string>>>()
  const scope = ({ source, provider, day }: Billed): string => [source, provider, day].join('\u0000')
  for (const line of lines) {
    const known = imports.get(scope(line)) ?? new Map<bigint, Set<string>>()
    imports.set(scope(line), known.set(line.importedAt, (known.get(line.importedAt) ?? new Set()).add(line.account)))
  }
  const ofAll = (accounts: ReadonlySet<string>): boolean => accounts.size === 1 && accounts.has('')
  return lines.filter((line) => {
    const known = imports.get(scope(line)) ?? new Map<bigint, Set<string>>()
    const own = known.get(line.importedAt) ?? new Set()
    return ![...known].some(([at, accounts]) => at > line.importedAt && (accounts.has(line.account) || ofAll(accounts) || ofAll(own)))
  })
}

type Place = Pick<Item, 'day' | 'provider' | 'model' | 'meter'>

/** A day is as fine as its coarsest line: where one names no model, or no class, none is told apart. */
function folding(all: readonly Place[], billed: readonly Billed[]): (line: Place) => Place {
  const noModel = new Set(billed.filter(({ model, meter }) => model === '' && meter !== 'other').map(({ provider, day }) => `${provider}/${day}`))
  const modelOf = (line: Place): string => (line.meter !== 'other' && noModel.has(`${line.provider}/${line.day}`) ? '' : line.model)
  const noMeter = new Set(all.filter(({ meter }) => meter === '').map((line) => `${line.provider}/${line.day}/${modelOf(line)}`))
  return (line) => {
    const model = modelOf(line)
    return { day: line.day, provider: line.provider, model, meter: line.meter !== 'other' && noMeter.has(`${line.provider}/${line.day}/${model}`) ? '' : line.meter }
  }
}

type Summed = 'id' | 'day' | 'provider' | 'model' | 'meter' | 'meteredQuantity' | 'meteredAmount' | 'settlements' | 'unpricedLines' | 'billedQuantity' | 'billedAmount'
type Sum = { -readonly [K in Summed]: Item[K] } & { uncounted: boolean } & Readonly<Record<'providers' | 'models' | 'imports', Set<string>>>

function sumOf(sums: Map<string, Sum>, { day, provider, model, meter }: Place): Sum {
  const id = [day, provider, model || '*', meter || '*'].join('/')
  let sum = sums.get(id)
  if (sum === undefined) sums.set(id, (sum = { id, day, provider, model, meter, meteredQuantity: 0n, meteredAmount: 0n, settlements: 0, unpricedLines: 0, billedQuantity: undefined, billedAmount: undefined, uncounted: false, providers: new Set([provider]), models: new Set([model]), imports: new Set() }))
  return sum
}

/** A provider's bill of a day that does not name an item bills nothing for it. `told`: providers' days of which a bill tells quantities, and money. */
function withBills({ providers, models, imports, uncounted, ...sum }: Sum, told: Readonly<Record<'quantity' | 'amount', ReadonlySet<string>>>): Item {
  const day = `${sum.provider}/${sum.day}`
  const billedQuantity = uncounted ? undefined : sum.billedQuantity ?? (sum.meter !== 'other' && told.quantity.has(day) ? 0n : undefined)
  const billedAmount = sum.billedAmount ?? (told.amount.has(day) ? 0n : undefined)
  const quantityDifference = billedQuantity === undefined ? undefined : billedQuantity - sum.meteredQuantity
  const amountDifference = billedAmount === undefined ? undefined : billedAmount - sum.meteredAmount
  return {
    ...sum, billedQuantity, billedAmount, quantityDifference, amountDifference, quantityEffect: effectOf(sum, quantityDifference, amountDifference), cause: 'MATCHED',
    ledgerProviders: [...providers], ledgerModels: sum.model === '' && sum.meter !== 'other' ? [] : [...models], ledgerMeters: metersOf[sum.meter], importIds: [...imports],
  }
}

const inClasses = (...classes: readonly BillMeter[]): readonly LedgerMeter[] => ledgerMeters.filter((meter) => classes.includes(meterClass(meter)))
/** Meters of the ledger that a class sums up. What is agreed to beside tokens has no meter of its own. */
const metersOf: Readonly<Record<BillMeter, readonly LedgerMeter[]>> = {
  input: inClasses('input'), cache_read: inClasses('cache_read'), cache_write: inClasses('cache_write'), output: inClasses('output'),
  other: [...inClasses('other'), 'reported_cost'], '': inClasses('input', 'cache_read', 'cache_write', 'output', ''),
}

function effectOf({ meteredQuantity, meteredAmount }: Pick<Sum, 'meteredQuantity' | 'meteredAmount'>, quantity: bigint | undefined, amount: PicoUsd | undefined): PicoUsd | undefined {
  if (quantity === undefined || amount === undefined) return undefined
  return meteredQuantity === 0n ? (quantity === 0n ? 0n : amount) : rounded(quantity * meteredAmount, meteredQuantity < 0n ? -meteredQuantity : meteredQuantity)
}

const dayMs = 86_400_000

function withCauses(items: readonly Item[]): Item[] {
  const places = new Map(items.map((item) => [item.id, item]))
  const beside = (item: Item, days: number): Item | undefined =>
    places.get([new Date(Date.parse(item.day) + days * dayMs).toISOString().slice(0, 10), item.provider, item.model || '*', item.meter || '*'].join('/'))
  const moved = (item: Item, difference: (of: Item) => bigint | undefined): boolean => [-1, 1].some((days) => {
    const [own, other] = [difference(item) ?? 0n, difference(beside(item, days) ?? item) ?? 0n]
    return own !== 0n && own < 0n !== other < 0n && other !== 0n && size(own + other) * cancelling <= size(own)
  })
  return items.map((item) => ({ ...item, cause: causeOf(item, moved) }))
}

function causeOf(item: Item, moved: (item: Item, difference: (of: Item) => bigint | undefined) => boolean): DifferenceCause {
  const { meteredQuantity, meteredAmount, billedQuantity, billedAmount, unpricedLines } = item
  if (billedQuantity !== undefined) {
    if (!agree(billedQuantity, meteredQuantity)) {
      if (moved(item, ({ quantityDifference }) => quantityDifference)) return 'TIMING'
      return billedQuantity > meteredQuantity ? 'NOT_IN_LEDGER' : 'NOT_ON_BILL'
    }
    return billedAmount === undefined || agree(billedAmount, meteredAmount) ? 'MATCHED' : 'PRICE'
  }
  if (billedAmount === undefined || agree(billedAmount, meteredAmount)) return 'MATCHED'
  if (moved(item, ({ amountDifference }) => amountDifference)) return 'TIMING'
  // Money alone: with usage on one side only it is clear who misses it, else the price is asked first.
  if (meteredAmount === 0n && unpricedLines === 0) return 'NOT_IN_LEDGER'
  return billedAmount === 0n ? 'NOT_ON_BILL' : 'PRICE'
}
