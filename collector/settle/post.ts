import { type LedgerEntryRow, revisionAtSettlement } from '#clickhouse/tables/ledger-entries.ts'
import type { Billable, TraceAccount } from '#semconv/account.ts'
import type { LedgerKind, LedgerMeter, LedgerReason, PicoUsd, SpanFacts, UnixNano } from '#semconv/facts.ts'
import { type Charge, type ChargeOptions, chargeRows } from '../derive/charge.ts'
import { ledgerEntryId } from '../derive/identity.ts'
import { type LedgerLine, ledgerLines } from '../derive/ledger-lines.ts'

export type PostOptions = ChargeOptions

export interface Posting {
  /** New lines, and known lines that now say whom they belong to. */
  readonly rows: readonly LedgerEntryRow[]
  /** Calls whose usage no price card matches. */
  readonly unpricedModelCalls: number
  /** Providers the price book found for calls that named none. */
  readonly providers: readonly string[]
}

/** What stands in the ledger for one trace: charges as they were made on arrival, and all other lines by `entryKey`. */
export interface Posted {
  readonly charges: Map<string, Charge>
  readonly entries: Map<string, LedgerEntryRow>
}

/**
 * One row of the ledger. A span that came again with another start has its charge twice, under one id on two days: both
 * stand until settlement takes one back.
 */
export const entryKey = (entry: LedgerEntryRow): string => `${entry.id}@${entry.occurredAt}`

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
  const { agent, user, session, workflow } = billable.attribution
  return billable.reason === 'metered' && billable.usage === step.usage && billable.at === startedAt && billable.reportedCost === step.reportedCost &&
    billable.provider === step.provider && billable.requestModel === step.requestModel && billable.responseModel === step.responseModel &&
    billable.serviceTier === step.serviceTier &&
    agent === attribution.agent && user === attribution.user && session === attribution.session && workflow === attribution.workflow
}

/**
 * Compares what the trace's account wants in the ledger with what was posted, and says what to add: a charge where there
 * is none, an adjustment where the span says something else now, a reversal where the charge must not stand. Nothing is
 * ever changed: applying the rows and posting again adds nothing. Charges that are `contested` are written out before.
 */
export function post(account: TraceAccount, spans: ReadonlyMap<string, SpanFacts>, posted: Posted, postedAt: UnixNano, options: PostOptions): Posting {
  const standing = Map.groupBy(posted.entries.values(), (entry) => entry.spanId)
  const wanted = new Map<string, readonly LedgerLine[]>()
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
    const lines = ledgerLines(options.prices, billable)
    wanted.set(billable.spanId, lines)
    const facts = spans.get(billable.spanId)
    if (facts === undefined) throw new Error(`billable span ${billable.spanId} is not in its trace`)
    const entries = standing.get(billable.spanId) ?? []
    for (const line of lines) rows.push(...toStand(line, billable, facts, ofMeter(entries, line.meter), postedAt, options))
    if (lines.some((line) => line.basis === 'UNPRICED')) unpricedModelCalls++
    const provider = lines[0]?.provider ?? ''
    if (billable.provider === '' && provider !== '') providers.add(provider)
  }
  for (const [spanId, entries] of standing) {
    const lines = wanted.get(spanId) ?? []
    for (const meter of new Set(entries.map((entry) => entry.meter))) {
      if (lines.some((line) => line.meter === meter)) continue
      const surplus = ofMeter(entries, meter)
      const reversal = toVanish(surplus, account, postedAt, options)
      if (reversal !== undefined) rows.push(reversal)
      rows.push(...attributed(surplus, account, postedAt))
    }
  }
  return { rows, unpricedModelCalls, providers: [...providers] }
}

const ofMeter = (entries: readonly LedgerEntryRow[], meter: LedgerMeter): readonly LedgerEntryRow[] =>
  entries.filter((entry) => entry.meter === meter)

interface Net {
  readonly quantity: bigint
  readonly amount: PicoUsd | undefined
}

const netOf = (entries: readonly LedgerEntryRow[]): Net => ({
  quantity: entries.reduce((sum, entry) => sum + entry.quantity, 0n),
  amount: entries.every((entry) => entry.amount === undefined) ? undefined : entries.reduce((sum, entry) => sum + (entry.amount ?? 0n), 0n),
})

/** `entries`: what was posted for the span and the line's meter. */
function toStand(
  line: LedgerLine, billable: Billable, facts: SpanFacts, entries: readonly LedgerEntryRow[], postedAt: UnixNano, options: PostOptions,
): LedgerEntryRow[] {
  const fresh = (kind: LedgerKind, reason: LedgerReason): LedgerEntryRow => ({
    ...line, ...billable.attribution, tenant: options.tenant, project: options.project, occurredAt: billable.at, postedAt,
    traceId: facts.traceId, spanId: facts.spanId, service: facts.service, environment: facts.environment, usageFlags: facts.step.usageFlags,
    revision: revisionAtSettlement(postedAt), kind, reason, reverses: '',
    id: ledgerEntryId(options.tenant, facts.traceId, facts.spanId, line.meter, kind, ordinal(entries, kind)),
  })
  if (!entries.some((entry) => entry.kind === 'CHARGE')) return [fresh('CHARGE', billable.reason)]
  const net = netOf(entries)
  const known = reattribute(entries, billable.attribution, postedAt)
  if (!differs(line, net, entries)) return known
  const reason: LedgerReason = net.quantity === 0n ? billable.reason : 'restated'
  const amount = line.amount === undefined && net.amount === undefined ? undefined : (line.amount ?? 0n) - (net.amount ?? 0n)
  return [...known, { ...fresh('ADJUSTMENT', reason), quantity: line.quantity - net.quantity, amount }]
}

/**
 * Other usage or another model is another charge. Another price alone is not: the price of the day stays until somebody
 * reprices on purpose.
 */
function differs(line: LedgerLine, net: Net, entries: readonly LedgerEntryRow[]): boolean {
  if (line.quantity !== net.quantity) return true
  const last = entries.reduce((a, b) => (b.postedAt > a.postedAt ? b : a))
  if (line.basis === 'REPORTED') return line.amount !== net.amount
  return line.model !== last.model && line.basis !== 'UNPRICED' && line.amount !== net.amount
}

/** Usage of an aggregate: what was charged for it vanishes when the calls below it tell their own. */
const heldBack: ReadonlySet<LedgerReason> = new Set(['promoted', 'unattributed'])

function toVanish(entries: readonly LedgerEntryRow[], account: TraceAccount, postedAt: UnixNano, options: PostOptions): LedgerEntryRow | undefined {
  const net = netOf(entries)
  const charge = entries.find((entry) => entry.kind === 'CHARGE') ?? entries[0]
  if (charge === undefined || (net.quantity === 0n && (net.amount ?? 0n) === 0n)) return undefined
  return {
    ...charge,
    ...account.attributions.get(charge.spanId),
    id: ledgerEntryId(options.tenant, charge.traceId, charge.spanId, charge.meter, 'REVERSAL', ordinal(entries, 'REVERSAL')),
    kind: 'REVERSAL',
    reason: account.uncounted.get(charge.spanId) ?? (heldBack.has(charge.reason) ? 'rolled_up' : 'restated'),
    quantity: -net.quantity,
    amount: net.amount === undefined ? undefined : -net.amount,
    reverses: charge.id,
    postedAt,
    revision: revisionAtSettlement(postedAt),
  }
}

const ordinal = (entries: readonly LedgerEntryRow[], kind: LedgerKind): number => entries.filter((entry) => entry.kind === kind).length

function attributed(entries: readonly LedgerEntryRow[], account: TraceAccount, postedAt: UnixNano): LedgerEntryRow[] {
  const attribution = account.attributions.get(entries[0]?.spanId ?? '')
  return attribution === undefined ? [] : reattribute(entries, attribution, postedAt)
}

/** Money stays as it was; the row comes again with its agent, user, session and workflow, known now that ancestors are. */
function reattribute(entries: readonly LedgerEntryRow[], attribution: Billable['attribution'], postedAt: UnixNano): LedgerEntryRow[] {
  const { agent, user, session, workflow } = attribution
  return entries
    .filter((entry) => entry.agent !== agent || entry.user !== user || entry.session !== session || entry.workflow !== workflow)
    .map((entry) => ({ ...entry, agent, user, session, workflow, revision: revisionAtSettlement(postedAt) }))
}
