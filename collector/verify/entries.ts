import { decimalFromPico } from '#clickhouse/decimal.ts'
import { type LedgerEntryRow, postedAtOfRevision, revisionAtArrival, revisionAtSettlement } from '#clickhouse/tables/ledger-entries.ts'
import { type Attribution, type Billable, chargedOnArrival, type TraceAccount } from '#semconv/account.ts'
import type { LedgerMeter, LedgerReason, PicoUsd, UnixNano } from '#semconv/facts.ts'
import { idOf, ledgerEntryId } from '../derive/identity.ts'
import { type LedgerLine, ledgerLines, quantityScale } from '../derive/ledger-lines.ts'
import type { Difference, FieldDifference } from './difference.ts'
import type { StoredBooks } from '../stored-books.ts'
import { currentEntries, type DerivedSpan, type EntryRow, type StoredTrace } from './stored-traces.ts'

/** What the ledger should hold for one trace, and where it does not. */
export interface CheckedLedger {
  readonly differences: readonly Difference[]
  readonly entries: number
  /** Sum of what should stand. */
  readonly cost: PicoUsd
  readonly unpricedModelCalls: number
}

/**
 * Works out every entry of a trace again. Entries of one span and meter follow each other: what each must say comes from what
 * stood before it, and after the last one the trace's account must stand, at the price of the book that this one names. So one
 * wrong entry is one difference, however many sums it spoils.
 */
export function checkEntries<Row>({ derived, projectOf, entries, starts }: LedgerOf<Row>, account: TraceAccount, books: StoredBooks, { plain, current }: EntryReading<Row>): CheckedLedger {
  const differences: Difference[] = []
  const charged = new Set<string>()
  let count = 0
  let cost = 0n
  let unpricedModelCalls = 0
  const check = (spanId: string, rows: readonly Row[], billable: Billable | undefined): void => {
    const facts = derived.get(spanId)
    const project = projectOf(spanId)
    const charged = billable === undefined || facts === undefined ? undefined : plain(rows, project, facts, billable, books)
    if (charged !== undefined) {
      count += rows.length
      cost += charged.cost
      if (charged.unpriced) unpricedModelCalls++
      return
    }
    const own = current(rows)
    count += own.length
    const checked = checkSpan({
      entries: inOrder(own), facts, billable, books, starts: starts.get(spanId) ?? new Set(facts === undefined ? [] : [facts.startedAt]),
      owner: facts === undefined ? undefined : { ...account.attributions().get(spanId) ?? nobody, project, service: facts.service, environment: facts.environment },
    })
    differences.push(...checked.differences)
    cost += checked.cost
    if (checked.unpriced) unpricedModelCalls++
  }
  for (const billable of account.billables) {
    charged.add(billable.spanId)
    check(billable.spanId, entries.get(billable.spanId) ?? [], billable)
  }
  for (const [spanId, rows] of entries) if (!charged.has(spanId)) check(spanId, rows, undefined)
  return { differences, entries: count, cost, unpricedModelCalls }
}

/** What stands of one call. */
interface Charged {
  readonly cost: PicoUsd
  readonly unpriced: boolean
}

/** How entries are read: a row of a column is no entry yet. */
export interface EntryReading<Row> {
  /** What a call comes to that was charged once and never corrected, with every line as it must be; `undefined` of all others. */
  readonly plain: (rows: readonly Row[], project: string, facts: DerivedSpan, billable: Billable, books: StoredBooks) => Charged | undefined
  /** The entries that count, each once. */
  readonly current: (rows: readonly Row[]) => readonly LedgerEntryRow[]
}

interface LedgerOf<Row> extends Pick<StoredTrace, 'derived' | 'projectOf' | 'starts'> {
  /** By span id. */
  readonly entries: ReadonlyMap<string, readonly Row[]>
}

/** Entries as the store has them, in columns. */
export const storedEntries = (tenant: string): EntryReading<EntryRow> => ({ plain: plainCharges, current: (rows) => currentEntries(rows, tenant) })

/**
 * Almost every call is charged once and that is all: its lines are worked out and each is compared with the row as it is stored.
 * `undefined` where anything differs or any other line is there; then `checkSpan` says what.
 */
function plainCharges(
  rows: readonly EntryRow[], project: string, { service, environment, step: { usageFlags }, receivedAt }: DerivedSpan, billable: Billable, books: StoredBooks,
): Charged | undefined {
  const [first] = rows
  const book = first === undefined ? undefined : books.named(first.columns.price_book_version(first.row))
  if (book === undefined) return undefined
  const lines = ledgerLines(book, billable)
  if (lines.length !== rows.length) return undefined
  const { agent, user, session, workflow, tags } = billable.attribution
  let cost = 0n
  for (const line of lines) {
    const found = rows.find(({ columns, row }) => columns.meter(row) === line.meter)
    if (found === undefined) return undefined
    const { columns, row } = found
    const stands = columns.own_id(row) === '' && columns.kind(row) === 'CHARGE' && columns.quantity(row) === line.quantity && columns.amount(row) === line.amount
      && columns.unit_price(row) === line.unitPrice && columns.basis(row) === line.basis && columns.provider(row) === line.provider && columns.model(row) === line.model
      && columns.price_book_version(row) === line.priceBookVersion && columns.price_card(row) === line.priceCard && columns.reverses(row) === ''
      && columns.agent(row) === agent && columns.user(row) === user && columns.session(row) === session && columns.workflow(row) === workflow && columns.tags(row) === tags
      && columns.service(row) === service && columns.environment(row) === environment && columns.project(row) === project && columns.occurred_at(row) === billable.at
      && columns.reason(row) === billable.reason && (billable.reason !== 'metered' || columns.posted_at(row) >= receivedAt) && isPostedAsRevised(columns.posted_at(row), columns.revision(row), receivedAt)
      && sameFlags(columns.usage_flags(row), usageFlags)
    if (!stands) return undefined
    cost += line.amount ?? 0n
  }
  return { cost, unpriced: lines.some((line) => line.basis === 'UNPRICED') }
}

/**
 * The revision of a line that was charged on arrival is made of that moment, which is when a version of its span was accepted. One of
 * a settlement was not made before the line was posted: that settlement posted it, or said whose it is.
 */
const isPostedAsRevised = (postedAt: UnixNano, revision: bigint, receivedAt: UnixNano | undefined): boolean =>
  revision >= settlements ? revision >= revisionAtSettlement(postedAt) : revision === revisionAtArrival(postedAt) && (receivedAt === undefined || postedAt <= receivedAt)
const settlements = revisionAtSettlement(0n)

const sameFlags = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((flag, at) => flag === b[at])

const nobody: Attribution = { agent: '', user: '', session: '', workflow: '', tags: '' }

interface SpanLedger {
  readonly entries: readonly LedgerEntryRow[]
  /** `undefined`: the ledger names a span that is not there. */
  readonly facts: DerivedSpan | undefined
  /** When its versions began. */
  readonly starts: ReadonlySet<UnixNano>
  readonly billable: Billable | undefined
  readonly owner: Owner | undefined
  readonly books: StoredBooks
}

type Owner = Attribution & Pick<LedgerEntryRow, 'project' | 'service' | 'environment'>

function checkSpan(span: SpanLedger): { readonly differences: readonly Difference[]; readonly cost: PicoUsd; readonly unpriced: boolean } {
  const { entries, billable, books } = span
  const version = lastVersion(entries)
  const latest = linesAt(version, billable, books)
  const byMeter = Map.groupBy(entries, (entry) => entry.meter)
  const differences: Difference[] = []
  let cost = 0n
  for (const meter of new Set([...latest.map((line) => line.meter), ...byMeter.keys()])) {
    const own = byMeter.get(meter) ?? []
    // A meter that a later posting left alone stands at the price it had.
    const line = linesAt(own.length === 0 ? version : lastVersion(own), billable, books).find((one) => one.meter === meter)
    differences.push(...checkMeter(own, line, span, meter))
    cost += line?.amount ?? 0n
  }
  return { differences, cost, unpriced: latest.some((line) => line.basis === 'UNPRICED') }
}

const linesAt = (version: string, billable: Billable | undefined, books: StoredBooks): readonly LedgerLine[] => {
  const book = books.named(version)
  return billable === undefined || book === undefined ? [] : ledgerLines(book, billable)
}

/** The price book that speaks for what stands: that of the last entry that posted a price. */
const lastVersion = (entries: readonly LedgerEntryRow[]): string => entries.findLast((entry) => entry.kind !== 'REVERSAL' && entry.priceBookVersion !== '')?.priceBookVersion ?? ''

/** Entries in the order they were posted; of those posted at once, a reversal comes before what replaces it, then by ordinal. */
function inOrder(entries: readonly LedgerEntryRow[]): readonly LedgerEntryRow[] {
  const rank = new Map(entries.map((entry) => [entry, ordinalOf(entry, entries.length)]))
  const kind = ({ kind }: LedgerEntryRow): number => (kind === 'CHARGE' ? 0 : kind === 'REVERSAL' ? 1 : 2)
  return entries.toSorted((a, b) => compare(a.postedAt, b.postedAt) || kind(a) - kind(b) || (rank.get(a) ?? 0) - (rank.get(b) ?? 0) || compare(a.occurredAt, b.occurredAt))
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)

/** Which line of its kind, span and meter an entry's id says it is; `among` where it is none. */
function ordinalOf(entry: LedgerEntryRow, among: number): number {
  if (entry.ownId === '') return 0
  const { tenant, traceId, spanId, meter, kind } = entry
  const id = idOf(entry)
  for (let ordinal = 0; ordinal < among; ordinal++) if (ledgerEntryId(tenant, traceId, spanId, meter, kind, ordinal) === id) return ordinal
  return among
}

interface Net {
  readonly quantity: bigint
  readonly amount: PicoUsd | undefined
}

const nothing: Net = { quantity: 0n, amount: undefined }

function checkMeter(entries: readonly LedgerEntryRow[], line: LedgerLine | undefined, span: SpanLedger, meter: LedgerMeter): Difference[] {
  const differences: Difference[] = []
  let net = nothing
  for (const [at, entry] of entries.entries()) {
    const last = at === entries.length - 1
    const expected = entry.kind === 'REVERSAL' ? cancelling(net) : last ? standing(line, net) : following(entry, net)
    const surplus = last && line === undefined && entry.kind !== 'REVERSAL' || (expected.quantity === 0n && entry.quantity !== 0n)
    const fields = [...moneyDifferences(entry, expected), ...(surplus ? [] : nameDifferences(entry, last ? line : undefined, entries, span))]
    if (fields.length > 0) differences.push(entryDifference(entry, surplus ? 'surplus' : 'changed', fields))
    const after = { quantity: net.quantity + expected.quantity, amount: sum(net.amount, expected.amount) }
    net = after.quantity === 0n && (after.amount ?? 0n) === 0n ? nothing : after
  }
  const { billable, facts } = span
  if (line !== undefined && billable !== undefined && facts !== undefined && (entries.length === 0 || entries.at(-1)?.kind === 'REVERSAL')) {
    differences.push({
      of: 'entry', id: '', traceId: facts.traceId, spanId: billable.spanId, title: `${billable.reason} ${meter}`, kind: 'missing',
      fields: moneyDifferences({ quantity: net.quantity, amount: net.amount }, { quantity: line.quantity, amount: line.amount }),
    })
  }
  return differences
}

const sum = (a: PicoUsd | undefined, b: PicoUsd | undefined): PicoUsd | undefined => (a === undefined && b === undefined ? undefined : (a ?? 0n) + (b ?? 0n))
const cancelling = ({ quantity, amount }: Net): Net => ({ quantity: -quantity, amount: amount === undefined ? undefined : -amount })
const standing = (line: LedgerLine | undefined, net: Net): Net => ({
  quantity: (line?.quantity ?? 0n) - net.quantity,
  amount: line?.amount === undefined && net.amount === undefined ? undefined : (line?.amount ?? 0n) - (net.amount ?? 0n),
})

/** An entry that others follow: what its span said then is gone, its own unit price is not. */
function following({ quantity, unitPrice }: LedgerEntryRow, net: Net): Net {
  const after = net.quantity + quantity
  const amount = unitPrice === undefined ? undefined : (after * unitPrice) / quantityScale
  return { quantity, amount: amount === undefined && net.amount === undefined ? undefined : (amount ?? 0n) - (net.amount ?? 0n) }
}

function moneyDifferences(stored: Net, recomputed: Net): FieldDifference[] {
  const found: FieldDifference[] = []
  if (stored.quantity !== recomputed.quantity) found.push({ field: 'quantity', stored: short(stored.quantity), recomputed: short(recomputed.quantity) })
  if (stored.amount !== recomputed.amount) found.push({ field: 'amount', stored: dollars(stored.amount), recomputed: dollars(recomputed.amount) })
  return found
}

const dollars = (amount: PicoUsd | undefined): string => (amount === undefined ? 'unpriced' : `$${short(amount)}`)
/** Without the zeros behind. */
const short = (pico: bigint): string => decimalFromPico(pico).replace(/\.?0+$/, '')

/** Id of the entry that a reversal could take back, '' where there is none. */
function openedId(entries: readonly LedgerEntryRow[]): string {
  const opened = entries.find((one) => one.kind !== 'REVERSAL')
  return opened === undefined ? '' : idOf(opened)
}

/** Everything but the money: whose it is, when and why it was posted, what was priced and how, which line it is. `line`: what stands, where this entry decides it. */
function nameDifferences(entry: LedgerEntryRow, line: LedgerLine | undefined, entries: readonly LedgerEntryRow[], span: SpanLedger): FieldDifference[] {
  const { owner, books, starts, facts } = span
  const found: FieldDifference[] = []
  const differ = (field: string, stored: string, recomputed: string): void => {
    if (stored !== recomputed) found.push({ field, stored: JSON.stringify(stored), recomputed: JSON.stringify(recomputed) })
  }
  if (owner === undefined) differ('span', entry.spanId, '')
  else for (const field of ['project', 'agent', 'user', 'session', 'workflow', 'service', 'environment', 'tags'] as const) differ(field, entry[field], owner[field])
  if (!starts.has(entry.occurredAt)) differ('occurred at', String(entry.occurredAt), [...starts].join(' or '))
  if (!isPostedAsRevised(entry.postedAt, entry.revision, facts?.receivedAt)) differ('posted at', String(entry.postedAt), String(postedAtOfRevision(entry.revision)))
  // Whatever follows corrects a charge.
  if (entry === entries[0]) differ('kind', entry.kind, 'CHARGE')
  const reasons = reasonsOf(entry, span, line !== undefined && entries.length === 1)
  if (!reasons.includes(entry.reason)) differ('reason', entry.reason, reasons.join(' or '))
  // What an earlier version of the span said, its lines still say: money that stands is not posted again for that.
  if (line !== undefined && entry.kind !== 'REVERSAL' && facts !== undefined && entry.postedAt >= facts.receivedAt) {
    differ('usage flags', entry.usageFlags.join(', '), facts.step.usageFlags.join(', '))
  }
  if (ordinalOf(entry, entries.length) === entries.length) differ('id', idOf(entry), ledgerEntryId(entry.tenant, entry.traceId, entry.spanId, entry.meter, entry.kind, 0))
  if (books.named(entry.priceBookVersion) === undefined) differ('price book', entry.priceBookVersion, '')
  // Lines without a price once named none.
  else if (entry.priceBookVersion === '' && entry.basis === 'PRICED') differ('price book', '', 'the one that priced it')
  if (entry.kind === 'REVERSAL') {
    const reversed = entries.find((one) => one.kind !== 'REVERSAL' && idOf(one) === entry.reverses)
    if (reversed === undefined) differ('reverses', entry.reverses, openedId(entries))
  } else {
    differ('reverses', entry.reverses, '')
    if (line !== undefined) {
      for (const field of ['basis', 'provider', 'model', 'priceCard'] as const) differ(field, entry[field], line[field])
      differ('unit price', dollars(entry.unitPrice), dollars(line.unitPrice))
    }
  }
  return found
}

const billed = ['metered', 'promoted', 'unattributed'] as const satisfies readonly Billable['reason'][]
const taken = ['mirrored', 'rolled_up', 'replayed', 'restated', 'repriced'] as const satisfies readonly LedgerReason[]

/**
 * Why an entry may have been posted. Of one that was settled, what was known then decides, and later spans may have changed that:
 * an aggregate is promoted while nothing is below it. Of a call that was charged when it arrived, and of one whose only line nobody
 * touched since, it is certain.
 */
function reasonsOf({ kind, postedAt }: LedgerEntryRow, { facts, billable }: SpanLedger, alone: boolean): readonly LedgerReason[] {
  switch (kind) {
    case 'CHARGE':
      if (facts !== undefined && postedAt === facts.receivedAt && chargedOnArrival(facts.step)) return ['metered']
      return alone && billable?.reason === 'metered' && facts !== undefined && postedAt > facts.receivedAt ? ['metered', 'repriced'] : [...billed, 'repriced']
    case 'ADJUSTMENT': return [...billed, 'restated', 'repriced']
    case 'REVERSAL': return taken
  }
}

export const entryDifference = (entry: LedgerEntryRow, of: Difference['kind'], fields: readonly FieldDifference[]): Difference => ({
  of: 'entry', id: idOf(entry), traceId: entry.traceId, spanId: entry.spanId, title: `${entry.kind} ${entry.reason} ${entry.meter}`, kind: of, fields,
})
