import type { Attributes } from '@opentelemetry/api'

/**
 * A run before it is told: spans with their times, made without a clock, so that the same plan can be sent at once with
 * yesterday's times or acted out now.
 */
export interface PlannedSpan {
  readonly name: string
  readonly kind: 'internal' | 'client'
  readonly attributes: Attributes
  /** Milliseconds since the Unix epoch, with fractions. */
  readonly start: number
  readonly end: number
  /** Message of an ERROR status, `undefined` where all went well. */
  readonly error: string | undefined
  readonly events: readonly PlannedEvent[]
  readonly children: readonly PlannedSpan[]
  /** What model calls in it used, itself included: what agents report as their sum. */
  readonly usage: Tokens
}

export interface PlannedEvent {
  readonly name: string
  readonly at: number
  readonly attributes: Attributes
}

export interface Tokens {
  readonly input: number
  readonly output: number
}

/** Something that happens: told when it begins, it says what happens and when it is over. */
export type Step = (at: number) => { readonly spans: readonly PlannedSpan[]; readonly end: number }

export const noTokens: Tokens = { input: 0, output: 0 }
export const sumTokens = (spans: readonly PlannedSpan[]): Tokens =>
  spans.reduce((sum, { usage }) => ({ input: sum.input + usage.input, output: sum.output + usage.output }), noTokens)

/** A program's own time between two calls. */
const gapMs = 3

export const sequence = (...steps: readonly Step[]): Step => (at) => {
  let end = at
  const spans = steps.flatMap((step) => {
    const done = step(end + gapMs)
    end = done.end
    return done.spans
  })
  return { spans, end }
}

/** All begin together, a moment apart; over when the last one is. */
export const parallel = (...steps: readonly Step[]): Step => (at) => {
  const done = steps.map((step, index) => step(at + index * gapMs))
  return { spans: done.flatMap(({ spans }) => spans), end: Math.max(at, ...done.map(({ end }) => end)) }
}

export const pause = (ms: number): Step => (at) => ({ spans: [], end: at + ms })

export interface Around {
  readonly name: string
  readonly attributes: (spans: readonly PlannedSpan[]) => Attributes
  readonly error?: string
}

/** A span around what happens in it. */
export const around = ({ name, attributes, error }: Around, inside: Step): Step => (at) => {
  const done = inside(at)
  const end = done.end + gapMs
  return {
    end,
    spans: [{
      name, kind: 'internal', attributes: attributes(done.spans), start: at, end, error, events: [], children: done.spans,
      usage: sumTokens(done.spans),
    }],
  }
}
