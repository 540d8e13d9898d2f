import { type LedgerEntryRow, ledgerEntries, revisionAtArrival } from '#clickhouse/tables/ledger-entries.ts'
import { chargedOnArrival, type Attribution } from '#semconv/account.ts'
import type { PicoUsd, SpanFacts, UnixNano } from '#semconv/facts.ts'
import { withTags } from '#semconv/tags.ts'
import type { PriceBook } from '../price/book.ts'
import type { FrameWriter } from '../spool/frame.ts'
import type { Derived, DeriveOptions } from './derive.ts'
import { type LedgerLine, ledgerLines } from './ledger-lines.ts'

export type ChargeOptions = Pick<DeriveOptions, 'tenant' | 'project' | 'prices'>

/** What was posted when a model call arrived: enough to say its ledger lines again, which are six times as large. */
export interface Charge {
  readonly facts: SpanFacts
  readonly postedAt: UnixNano
  /** The book that priced it: another may be active when its lines are said again. */
  readonly prices: PriceBook
  readonly attribution: Attribution
  /** Sum of the lines. */
  readonly amount: PicoUsd
  /** No price was found for it. */
  readonly unpriced: boolean
  /** As its lines name it. */
  readonly provider: string
}

/** Spans of a trace by id: those that came with the charged one, and those that were there. */
export type KnownSpans = (traceId: string, spanId: string) => SpanFacts | undefined

/** Spans of a trace that stand in the ledger for calls below them, which had not come when the trace settled. */
export type KnownLumps = (traceId: string) => ReadonlySet<string>

/** One for all traces without any. */
export const noLumps: ReadonlySet<string> = new Set()

/** Deepest ancestor that is asked whom a call belongs to. Agents nest 5 to 8 deep; a cycle ends here too. */
const ancestorsMax = 32

/**
 * Charges the model calls among `derived` that nobody charged before, as rows of `frame`. Agents and users stand on spans above,
 * which mostly come with the call: so this waits until the request is read. What an ancestor tells later, settlement adds.
 * A call for which a span above is charged already waits for settlement too, which takes that back as it charges the call.
 */
export function chargeArrivals(derived: readonly Derived[], known: KnownSpans, options: ChargeOptions, frame: Pick<FrameWriter, 'add'>, lumps: KnownLumps = () => noLumps): Charge[] {
  const charged = derived.filter(({ first, facts }) => first && chargedOnArrival(facts.step))
  if (charged.length === 0) return []
  const together = new Map(derived.map(({ facts }) => [facts.spanId, facts]))
  const spans: KnownSpans = (traceId, spanId) => {
    const found = together.get(spanId)
    return found?.traceId === traceId ? found : known(traceId, spanId)
  }
  return charged.filter(({ facts }) => !isInLump(facts, spans, lumps(facts.traceId))).map(({ facts }) => {
    const lines = linesOf(facts, options)
    const charge: Charge = {
      facts, postedAt: facts.receivedAt, prices: options.prices, attribution: attributionOf(facts, spans), provider: lines[0]?.provider ?? '',
      amount: lines.reduce((sum, line) => sum + (line.amount ?? 0n), 0n), unpriced: lines.some((line) => line.basis === 'UNPRICED'),
    }
    for (const row of rowsOf(charge, lines, options)) frame.add(ledgerEntries, row)
    return charge
  })
}

/** The ledger lines that were posted with a charge. */
export const chargeRows = (charge: Charge, options: ChargeOptions): LedgerEntryRow[] => rowsOf(charge, linesOf(charge.facts, charge), options)

const linesOf = ({ step, startedAt }: SpanFacts, { prices }: Pick<ChargeOptions, 'prices'>): LedgerLine[] => ledgerLines(prices, {
  provider: step.provider, requestModel: step.requestModel, responseModel: step.responseModel, serviceTier: step.serviceTier,
  usage: step.usage ?? {}, at: startedAt, reportedCost: step.reportedCost,
})

/** Field by field: spreading objects into each other costs ten times as much, and every span does it. */
const rowsOf = ({ facts, postedAt, attribution }: Charge, lines: readonly LedgerLine[], { tenant, project }: ChargeOptions): LedgerEntryRow[] => {
  const { traceId, spanId, startedAt, service, environment, step: { usageFlags } } = facts
  const { agent, user, session, workflow, tags } = attribution
  const revision = revisionAtArrival(postedAt)
  return lines.map(({ meter, quantity, unitPrice, amount, basis, provider, model, priceBookVersion, priceCard }) => ({
    tenant, project, ownId: '', kind: 'CHARGE', reason: 'metered', occurredAt: startedAt, postedAt,
    traceId, spanId, provider, model, meter, quantity, usageFlags, unitPrice, amount, basis, priceBookVersion, priceCard, reverses: '',
    agent, user, session, workflow, service, environment, tags, revision,
  }))
}

function isInLump({ traceId, parentSpanId }: SpanFacts, spans: KnownSpans, lumps: ReadonlySet<string>): boolean {
  if (lumps.size === 0) return false
  let above = parentSpanId
  for (let level = 0; level < ancestorsMax && above !== ''; level++) {
    if (lumps.has(above)) return true
    above = spans(traceId, above)?.parentSpanId ?? ''
  }
  return false
}

/** A span's own values, each else that of the nearest ancestor known by now; tags of all that are asked. What others further up are tagged with, settlement adds. */
function attributionOf(facts: SpanFacts, spans: KnownSpans): Attribution {
  let { agent, user, session, workflow, tags } = facts.step
  agent ||= facts.step.agentId
  let above: SpanFacts | undefined = facts
  for (let level = 0; level < ancestorsMax && above.parentSpanId !== ''; level++) {
    if (agent !== '' && user !== '' && session !== '' && workflow !== '') break
    above = spans(facts.traceId, above.parentSpanId)
    if (above === undefined) break
    const { step } = above
    agent ||= step.agent || step.agentId
    user ||= step.user
    session ||= step.session
    workflow ||= step.workflow
    tags = withTags(tags, step.tags)
  }
  return { agent, user, session, workflow, tags }
}
