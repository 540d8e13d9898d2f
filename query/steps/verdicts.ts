import { betterSource } from '#semconv/agent-logs.ts'
import { account, type Attribution, type SpanVerdict } from '#semconv/account.ts'
import { kindOfRole, type SpanFacts } from '#semconv/facts.ts'
import { spanFacts, spanFactsColumns, type SpanFactsRow } from '#clickhouse/span-facts.ts'
import type { QueryContext } from '../context.ts'
import { storedDecimal } from '../decimal.ts'
import { hexOf, latestOfSpan, textOf } from '../reader.ts'
import { type TraceBounds, traceWhere } from '../runs/read-runs.ts'
import type { Run } from '../runs/run.ts'

/** What a span's ledger lines come to. */
export interface SpanLedger {
  /** Pico-dollars; null where no line has an amount. */
  readonly cost: bigint | null
  /** A quantity is left after reversals: its usage is in the totals. */
  readonly stands: boolean
  /** Why its charge was taken back, '' if it was not. */
  readonly reversed: string
}

/** By span id; spans without a line are not in it. */
export async function ledgerBySpan(context: QueryContext, run: TraceBounds): Promise<ReadonlyMap<string, SpanLedger>> {
  const rows = await context.reader.rows<{ readonly id: string; readonly cost: string | null; readonly stands: number; readonly reversed: string }>({
    columns: [
      hexOf('span_id', 'id'), textOf('sum(amount)', 'cost'), 'sum(quantity) != 0 OR sum(amount) != 0 AS stands',
      `maxIf(toString(reason), kind = 'REVERSAL') AS reversed`,
    ].join(', '),
    from: 'ledgerEntries',
    where: traceWhere(run, 'occurred_at'),
    tail: 'GROUP BY span_id',
  })
  return new Map(rows.map(({ id, cost, stands, reversed }) => [id, { cost: cost === null ? null : storedDecimal(cost), stands: Boolean(stands), reversed }]))
}

/** What settlement decided about each span of a trace, worked out again from the same facts by the same function. */
export interface Verdicts {
  readonly of: ReadonlyMap<string, SpanVerdict>
  readonly attributions: ReadonlyMap<string, Attribution>
  readonly ledger: ReadonlyMap<string, SpanLedger>
}

/** Spans of a trace that is accounted for one answer; about a second's work. A larger one is told from its ledger alone. */
export const accountedSpansMax = 50_000
/** Spans whose verdicts are kept: a screen asks for the steps of one run again and again, a batch a frame. */
const keptSpansMax = 200_000

/** Milliseconds that verdicts are kept: a summary can be loaded a moment before the ledger lines that belong to it. */
const keptMs = 10_000

/** The verdicts of the runs looked at last, by run and version of its summary. */
export interface VerdictCache {
  get(context: QueryContext, run: Run): Promise<Verdicts>
}

interface Kept {
  readonly spans: number
  readonly at: number
  readonly verdicts: Promise<Verdicts>
}

export function verdictCache(): VerdictCache {
  /** Oldest first. */
  const kept = new Map<string, Kept>()
  return {
    get: (context, run) => {
      const key = `${run.id} ${run.version}`
      const known = kept.get(key)
      // The one who asked first may have gone and ended the read that others wait for.
      if (known !== undefined && context.now() - known.at < keptMs) return known.verdicts.catch(() => readVerdicts(context, run))
      const verdicts = readVerdicts(context, run)
      verdicts.catch(() => kept.delete(key))
      kept.delete(key)
      kept.set(key, { spans: run.spanCount, at: context.now(), verdicts })
      forgetOldest(kept)
      return verdicts
    },
  }
}

function forgetOldest(kept: Map<string, Kept>): void {
  let spans = [...kept.values()].reduce((sum, one) => sum + one.spans, 0)
  for (const [key, one] of kept) {
    if (spans <= keptSpansMax) return
    kept.delete(key)
    spans -= one.spans
  }
}

async function readVerdicts(context: QueryContext, run: Run): Promise<Verdicts> {
  const [facts, ledger] = await Promise.all([run.spanCount > accountedSpansMax ? [] : readFacts(context, run), ledgerBySpan(context, run)])
  if (facts.length === 0) return { of: new Map(), attributions: new Map(), ledger }
  const { verdicts, attributions } = account(facts, elsewhere(facts, ledger))
  return { of: run.isRun ? verdicts() : new Map([...verdicts(), ...silenced(facts)]), attributions: attributions(), ledger }
}

/** Calls of a coding agent in a trace that is no run: settlement found that another trace tells them better. */
const silenced = (facts: readonly SpanFacts[]): (readonly [string, SpanVerdict])[] => facts
  .filter(({ step }) => step.usage !== undefined && betterSource(step.dialect) !== undefined)
  .map(({ spanId, step }) => [spanId, { counted: false, kind: kindOfRole[step.role], reason: 'another trace of its session tells the same work better' }])

async function readFacts(context: QueryContext, run: Run): Promise<SpanFacts[]> {
  const rows = await context.reader.rows<SpanFactsRow>({ columns: spanFactsColumns, from: 'spans', where: traceWhere(run, 'started_at'), tail: latestOfSpan })
  return rows.map(spanFacts)
}

/**
 * Which call keys other traces charged, read back from the reversals that settlement posted. A mirrored call whose twin
 * stands in this very trace was not charged elsewhere.
 */
function elsewhere(facts: readonly SpanFacts[], ledger: ReadonlyMap<string, SpanLedger>): { readonly replayed: Set<string>; readonly mirrored: Set<string> } {
  const keysWhere = (wanted: (line: SpanLedger | undefined) => boolean): Set<string> =>
    new Set(facts.filter((span) => wanted(ledger.get(span.spanId))).flatMap((span) => span.step.callKeys))
  const standing = keysWhere((line) => line?.stands === true)
  return {
    replayed: keysWhere((line) => line?.reversed === 'replayed'),
    mirrored: keysWhere((line) => line?.reversed === 'mirrored').difference(standing),
  }
}
