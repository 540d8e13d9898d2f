import type { SpanFacts } from '#semconv/facts.ts'
import { type CallTold, callsTold } from '../derive/call-told.ts'

/** Clock skew between two services that tell the same call, and lag of records stamped at the end. Nanoseconds. */
const skewNano = 60_000_000_000n
/** Providers' own ids are longer. A shorter one (a server that counts from 1) proves nothing unless the spans truly overlap. */
const uniqueKeyChars = 28
/** `resp_3`, `msg_5`: a server started anew counts from 1 again, so the same id later is another call. */
const counted = /:[a-z]+[-_]\d{1,6}$/

/** A provider's answer that more traces tell than this is none: a test server that always gives the same id. */
export const tellersMax = 50

export interface ToldElsewhere {
  readonly replayed: ReadonlySet<string>
  readonly mirrored: ReadonlySet<string>
  /** Traces that began later and tell an answer that is ours: what they were charged for it must go. */
  readonly laterTraces: ReadonlySet<string>
}

/**
 * Of two traces that tell the same provider answer, the one that began first keeps it. Overlapping in time it is one call
 * told twice (`mirrored`: a gateway without context propagation), apart in time an answer that one program got from its own
 * cache (`replayed`). The same answer has the same model and the same tokens, whoever tells it.
 */
export function toldElsewhere(spans: Iterable<SpanFacts>, holders: ReadonlyMap<string, readonly CallTold[]>): ToldElsewhere {
  const replayed = new Set<string>()
  const mirrored = new Set<string>()
  const laterTraces = new Set<string>()
  if (holders.size === 0) return { replayed, mirrored, laterTraces }
  for (const span of spans) {
    for (const [index, own] of callsTold(span).entries()) {
      const key = span.step.callKeys[index] ?? ''
      for (const other of holders.get(own.key) ?? []) {
        const relation = other.traceId === own.traceId ? undefined : relationOf(own, other, key)
        if (relation === undefined) continue
        if (isEarlier(other, own)) (relation === 'mirrored' ? mirrored : replayed).add(key)
        else laterTraces.add(other.traceId)
      }
    }
  }
  return { replayed, mirrored, laterTraces }
}

function relationOf(own: CallTold, other: CallTold, key: string): 'mirrored' | 'replayed' | undefined {
  if (own.model !== other.model || own.inputTokens !== other.inputTokens || own.outputTokens !== other.outputTokens) return undefined
  if (overlaps(own, other, key.length >= uniqueKeyChars ? skewNano : 0n)) return 'mirrored'
  if (counted.test(key)) return undefined
  return own.service === other.service && own.scopeName === other.scopeName ? 'replayed' : undefined
}

const overlaps = (a: CallTold, b: CallTold, slack: bigint): boolean => a.startedAt <= b.endedAt + slack && b.startedAt <= a.endedAt + slack

const isEarlier = (other: CallTold, own: CallTold): boolean =>
  other.startedAt < own.startedAt || (other.startedAt === own.startedAt && other.traceId < own.traceId)
