import { isSame } from '#semconv/attribution.ts'
import type { SpanFacts } from '#semconv/facts.ts'
import type { Charge } from '../derive/charge.ts'
import type { HeldSpans, LiveSpan } from './held-spans.ts'
import type { LiveTrace } from './live-traces.ts'
import { type Posted, type PostOptions, writeOut } from './post.ts'

/** What was posted when a span arrived, without the span, which its trace holds. */
export interface HeldCharge extends Omit<Charge, 'facts'> {
  /** The version that was charged, once another took its place. */
  facts: SpanFacts | undefined
}

/** Calls of one agent are charged in one name: `before` is what was charged before this one. */
export function heldCharge({ facts, postedAt, prices, attribution, amount, unpriced, provider }: Charge, spans: HeldSpans, before: HeldCharge | undefined): HeldCharge {
  return {
    // The same span may have come again in the request that brought the charge, or before it.
    facts: spans.receivedAt(facts.spanId) === postedAt ? undefined : facts,
    postedAt, prices, attribution: before !== undefined && isSame(before.attribution, attribution) ? before.attribution : attribution, amount, unpriced, provider,
  }
}

/** The spans of a trace by id, as objects for as long as they are looked at. */
export const spansOf = ({ spans }: Pick<LiveTrace, 'spans'>): ReadonlyMap<string, LiveSpan> => new Map(spans.values().map((span) => [span.spanId, span]))

/** What stands in the ledger for a trace. A charge's span is the very object in `spans`, where that version was charged. */
export function postedOf(trace: Pick<LiveTrace, 'charges' | 'entries'>, spans: ReadonlyMap<string, SpanFacts>): Posted {
  const charges = new Map<string, Charge>()
  for (const [spanId, { facts = spans.get(spanId), postedAt, prices, attribution, amount, unpriced, provider }] of trace.charges) {
    if (facts === undefined) throw new Error(`charged span ${spanId} is not in its trace`)
    charges.set(spanId, { facts, postedAt, prices, attribution, amount, unpriced, provider })
  }
  return { charges, entries: trace.entries }
}

/** `writeOut` of some charges of `posted`, which is `postedOf` this trace: it holds them no longer as charges. */
export function writeOutHeld(trace: Pick<LiveTrace, 'charges'>, posted: Posted, charges: readonly Charge[], options: PostOptions): void {
  writeOut(posted, charges, options)
  for (const { facts: { spanId } } of charges) trace.charges.delete(spanId)
}

/** Of all charges of a trace. */
export function writeAllOut(trace: LiveTrace, options: PostOptions): void {
  if (trace.charges.size === 0) return
  const posted = postedOf(trace, spansOf(trace))
  writeOutHeld(trace, posted, [...posted.charges.values()], options)
}
