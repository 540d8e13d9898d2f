import { type LedgerEntryRow, revisionAtSettlement } from '#clickhouse/tables/ledger-entries.ts'
import type { Attribution, Billable, TraceAccount } from '#semconv/account.ts'
import { isSame } from '#semconv/attribution.ts'
import type { LedgerKind, LedgerMeter, LedgerReason, PicoUsd, SpanFacts, UnixNano } from '#semconv/facts.ts'
import { type Charge, type ChargeOptions, chargeRows, noLumps } from '../derive/charge.ts'
import { entryKey, idOf, ownLedgerEntryId } from '../derive/identity.ts'
import { type LedgerLine, ledgerLines } from '../derive/ledger-lines.ts'
import type { PriceBook } from '../price/book.ts'

export interface PostOptions extends ChargeOptions {
  /** Price books by version: a call stays with the book it was charged with until somebody reprices on purpose. */
  readonly books?: (version: string) => PriceBook | undefined
}

export interface Posting {
  /** New lines, and known lines that now say whom they belong to. */
  readonly rows: readonly LedgerEntryRow[]
  /** Calls whose usage no price card matches. */
  readonly unpricedModelCalls: number
  /** Providers the price book found for calls that named none. */
  readonly providers: readonly string[]
}

/** Which calls are priced anew, and with what. */
export interface Repricing {
  readonly prices: PriceBook
  readonly covers: (call: Billable) => boolean
}

/** What stands in the ledger for one trace: charges as they were made on arrival, and all other lines by `entryKey`. */
export interface Posted {
  readonly charges: Map<string, Charge>
  readonly entries: Map<string, LedgerEntryRow>
}

/** Writes charges out as the lines they were posted as, so that they can be compared and corrected one by one. */
export function writeOut(posted: Posted, charges: readonly Charge[], options: PostOptions): void {
  for (const charge of charges) {
    posted.charges.delete(charge.facts.spanId)
    for (const row of chargeRows(charge, options)) if (!posted.entries.has(entryKey(row))) posted.entries.set(entryKey(row), row)
  }
}

/**
 * Charges that must not stand as they are, and those of spans that have other lines too (a call that came again while its lines
 * were read back from a former process). The rest, almost all, needs no second look.
 */
export function contested(account: TraceAccount, spans: ReadonlyMap<string, SpanFacts>, { charges, entries }: Posted): Charge[] {
  const stands = new Set<Charge>()
  for (const billable of account.billables) {
    const charge = charges.get(billable.spanId)
    if (charge !== undefined && spans.get(billable.spanId) === charge.facts && isFor(charge, billable)) stands.add(charge)
  }
  if (stands.size > 0) for (const { spanId } of entries.values()) {
    const charge = charges.get(spanId)
    if (charge !== undefined) stands.delete(charge)
  }
  return stands.size === charges.size ? [] : [...charges.values()].filter((charge) => !stands.has(charge))
}

function isFor({ facts: { step, startedAt }, attribution }: Charge, billable: Billable): boolean {
  return billable.reason === 'metered' && billable.usage === step.usage && billable.at === startedAt && billable.reportedCost === step.reportedCost &&
    billable.provider === step.provider && billable.requestModel === step.requestModel && billable.responseModel === step.responseModel &&
    billable.serviceTier === step.serviceTier && isSame(billable.attribution, attribution)
}

/**
 * Compares what the trace's account wants in the ledger with what was posted, and says what to add: a charge where there
 * is none, an adjustment where the span says something else now, a reversal where the charge must not stand. Nothing is
 * ever changed: applying the rows and posting again adds nothing. Charges that are `contested` are written out before.
 */
export function post(
  account: TraceAccount, spans: ReadonlyMap<string, SpanFacts>, posted: Posted, postedAt: UnixNano, options: PostOptions, repricing?: Repricing,
): Posting {
  const postedBySpan = Map.groupBy(posted.entries.values(), (entry) => entry.spanId)
  const wanted = new Map<string, readonly LedgerLine[]>()
  const repriced = new Set<string>()
  const providers = new Set<string>()
  const rows: LedgerEntryRow[] = []
  let unpricedModelCalls = 0
  for (const billable of account.billables) {
    const charge = posted.charges.get(billable.spanId)
    if (charge !== undefined) {
      if (charge.unpriced) unpricedModelCalls++
      if (billable.provider === '' && charge.provider !== '') providers.add(charge.provider)
      continue
    }
    const anew = repricing?.covers(billable) === true
    const entries = postedBySpan.get(billable.spanId) ?? []
    const lines = ledgerLines(anew ? repricing.prices : bookOf(entries, options), billable)
    wanted.set(billable.spanId, lines)
    if (anew) repriced.add(billable.spanId)
    const facts = spans.get(billable.spanId)
    if (facts === undefined) throw new Error(`billable span ${billable.spanId} is not in its trace`)
    const changed = lines.some((line) => netOf(ofMeter(entries, line.meter)).quantity !== line.quantity)
    for (const line of lines) rows.push(...toStand(line, billable, facts, { entries: ofMeter(entries, line.meter), changed, anew }, postedAt, options))
    if (lines.some((line) => line.basis === 'UNPRICED')) unpricedModelCalls++
    const provider = lines[0]?.provider ?? ''
    if (billable.provider === '' && provider !== '') providers.add(provider)
  }
  for (const [spanId, entries] of postedBySpan) {
    const lines = wanted.get(spanId) ?? []
    const owner = ownerOf(account.attributions().get(spanId), spans.get(spanId))
    for (const meter of new Set(entries.map((entry) => entry.meter))) {
      if (lines.some((line) => line.meter === meter)) continue
      const surplus = ofMeter(entries, meter)
      const reversal = toVanish(surplus, account, owner, repriced.has(spanId) ? 'repriced' : 'restated', postedAt, options)
      if (reversal !== undefined) rows.push(reversal)
      if (owner !== undefined) rows.push(...reattribute(surplus, owner, postedAt))
    }
  }
  return { rows, unpricedModelCalls, providers: [...providers] }
}

/** The book that the call was charged with, where this process knows it; else the one in use. */
function bookOf(entries: readonly LedgerEntryRow[], { books, prices }: PostOptions): PriceBook {
  const charged = entries.filter((entry) => entry.kind !== 'REVERSAL' && entry.priceBookVersion !== '')
  if (charged.length === 0) return prices
  return books?.(lastPosted(charged).priceBookVersion) ?? prices
}

const ofMeter = (entries: readonly LedgerEntryRow[], meter: LedgerMeter): readonly LedgerEntryRow[] =>
  entries.filter((entry) => entry.meter === meter)

export interface Net {
  readonly quantity: bigint
  readonly amount: PicoUsd | undefined
}

const netOf = (entries: readonly LedgerEntryRow[]): Net => ({
  quantity: entries.reduce((sum, entry) => sum + entry.quantity, 0n),
  amount: standing(entries).every((entry) => entry.amount === undefined) ? undefined : entries.reduce((sum, entry) => sum + (entry.amount ?? 0n), 0n),
})

/** What was posted since all was last taken back: a reversal always takes back all. */
function standing(entries: readonly LedgerEntryRow[]): readonly LedgerEntryRow[] {
  const taken = entries.reduce((last, entry) => (entry.kind === 'REVERSAL' && entry.postedAt > last ? entry.postedAt : last), -1n)
  return taken === -1n ? entries : entries.filter((entry) => entry.kind !== 'REVERSAL' && entry.postedAt >= taken)
}

/** What was posted for a span and one meter. */
interface Standing {
  readonly entries: readonly LedgerEntryRow[]
  /** The span says another quantity of this or another meter: which price holds depends on all of them. */
  readonly changed: boolean
  /** Its price is asked for anew. */
  readonly anew: boolean
}

function toStand(line: LedgerLine, billable: Billable, facts: SpanFacts, said: Standing, postedAt: UnixNano, options: PostOptions): LedgerEntryRow[] {
  const { entries } = said
  const fresh = (kind: LedgerKind, reason: LedgerReason): LedgerEntryRow => ({
    ...line, ...billable.attribution, tenant: options.tenant, project: options.project, occurredAt: billable.at, postedAt,
    traceId: facts.traceId, spanId: facts.spanId, service: facts.service, environment: facts.environment, usageFlags: facts.step.usageFlags,
    revision: revisionAtSettlement(postedAt), kind, reason, reverses: '',
    ownId: ownLedgerEntryId(options.tenant, facts.traceId, facts.spanId, line.meter, kind, ordinal(entries, kind)),
  })
  if (!entries.some((entry) => entry.kind === 'CHARGE')) return [fresh('CHARGE', said.anew && said.changed ? 'repriced' : billable.reason)]
  const net = netOf(entries)
  const owner = ownerOf(billable.attribution, facts)
  const known = reattribute(entries, owner, postedAt)
  switch (relation(line, net, said)) {
    case 'same': return known
    case 'none': return [...known, fresh('ADJUSTMENT', billable.reason)]
    case 'other': {
      const reason = said.anew && !said.changed ? 'repriced' : 'restated'
      const reversal = reversing(entries, net, reason, owner, postedAt, options)
      return [...known, ...(reversal === undefined ? [] : [reversal]), fresh('ADJUSTMENT', reason)]
    }
    case 'more': {
      const amount = line.amount === undefined && net.amount === undefined ? undefined : (line.amount ?? 0n) - (net.amount ?? 0n)
      return [...known, { ...fresh('ADJUSTMENT', 'restated'), quantity: line.quantity - net.quantity, amount }]
    }
  }
}

/**
 * Of what should stand to what stands: the `same`; nothing stands (`none`); the same model with `more` or less of it, or in
 * another tier; something `other` was used, so that a difference would stand under two models' names. Another price alone is
 * nothing: the price of the day stays until somebody reprices on purpose.
 */
function relation(line: LedgerLine, net: Net, { entries, changed, anew }: Standing): 'same' | 'none' | 'more' | 'other' {
  if (net.quantity === 0n) return line.quantity === 0n ? 'same' : 'none'
  const last = lastPosted(entries)
  const samePrices = last.priceBookVersion === line.priceBookVersion
  const otherName = last.model !== line.model || last.provider !== line.provider || last.basis !== line.basis
  if ((samePrices || changed || anew) && otherName) return 'other'
  // Reversed and posted again, so that both books stand in the ledger.
  if (anew && !samePrices && line.amount !== net.amount) return 'other'
  const reported = line.basis === 'REPORTED' && last.basis === 'REPORTED'
  return line.quantity !== net.quantity || ((samePrices || changed || reported) && line.amount !== net.amount) ? 'more' : 'same'
}

/** What stands goes by the name of the last entry that is no reversal. */
const lastPosted = (entries: readonly LedgerEntryRow[]): LedgerEntryRow =>
  entries.filter((entry) => entry.kind !== 'REVERSAL').reduce((a, b) => (b.postedAt > a.postedAt ? b : a))

/** The entry that what stands began with: the charge, or what replaced it when it was taken back. */
const openedBy = (entries: readonly LedgerEntryRow[]): LedgerEntryRow => standing(entries).reduce((a, b) => (b.postedAt < a.postedAt ? b : a))

/** Usage of an aggregate: what was charged for it vanishes when the calls below it tell their own. */
const heldBack: ReadonlySet<LedgerReason> = new Set(['promoted', 'unattributed'])

/** Spans that are charged for calls below them which did not come, as this account has it. */
export function lumpsOf({ billables }: Pick<TraceAccount, 'billables'>): ReadonlySet<string> {
  const lumps = billables.filter(({ reason }) => heldBack.has(reason))
  return lumps.length === 0 ? noLumps : new Set(lumps.map(({ spanId }) => spanId))
}

function toVanish(
  entries: readonly LedgerEntryRow[], account: TraceAccount, owner: Owner | undefined, otherwise: LedgerReason, postedAt: UnixNano, options: PostOptions,
): LedgerEntryRow | undefined {
  const charge = entries.find((entry) => entry.kind === 'CHARGE') ?? entries[0]
  if (charge === undefined) return undefined
  const reason = account.uncounted.get(charge.spanId) ?? (otherwise === 'restated' && heldBack.has(charge.reason) ? 'rolled_up' : otherwise)
  return reversing(entries, netOf(entries), reason, owner, postedAt, options)
}

/** Takes back all that stands; `undefined` where nothing does. */
function reversing(
  entries: readonly LedgerEntryRow[], net: Net, reason: LedgerReason, owner: Owner | undefined, postedAt: UnixNano, options: Pick<PostOptions, 'tenant'>,
): LedgerEntryRow | undefined {
  if (net.quantity === 0n && (net.amount ?? 0n) === 0n) return undefined
  const last = lastPosted(entries)
  return {
    ...last, ...owner,
    ownId: ownLedgerEntryId(options.tenant, last.traceId, last.spanId, last.meter, 'REVERSAL', ordinal(entries, 'REVERSAL')),
    kind: 'REVERSAL', reason, quantity: -net.quantity, amount: net.amount === undefined ? undefined : -net.amount,
    reverses: idOf(openedBy(entries)), postedAt, revision: revisionAtSettlement(postedAt),
  }
}

export const ordinal = (entries: readonly LedgerEntryRow[], kind: LedgerKind): number => entries.filter((entry) => entry.kind === kind).length

/** Whom a line belongs to. */
export type Owner = Attribution & Pick<LedgerEntryRow, 'service' | 'environment'>

function ownerOf(attribution: Attribution, facts: SpanFacts): Owner
function ownerOf(attribution: Attribution | undefined, facts: SpanFacts | undefined): Owner | undefined
function ownerOf(attribution: Attribution | undefined, facts: SpanFacts | undefined): Owner | undefined {
  return attribution === undefined || facts === undefined ? undefined : { ...attribution, service: facts.service, environment: facts.environment }
}

/** Money stays as it was; the row comes again with its owner, known now that ancestors are, or because the span came again and says another. */
function reattribute(entries: readonly LedgerEntryRow[], { agent, user, session, workflow, service, environment, tags }: Owner, postedAt: UnixNano): LedgerEntryRow[] {
  return entries
    .filter((entry) => entry.agent !== agent || entry.user !== user || entry.session !== session || entry.workflow !== workflow ||
      entry.service !== service || entry.environment !== environment || entry.tags !== tags)
    .map((entry) => ({ ...entry, agent, user, session, workflow, service, environment, tags, revision: revisionAtSettlement(postedAt) }))
}
