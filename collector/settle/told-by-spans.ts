import { callKeyId, type CallKeyRow } from '#clickhouse/tables/call-keys.ts'
import { codingAgents, isToldByLog } from '#semconv/agent-logs.ts'
import type { SpanFacts, UnixNano } from '#semconv/facts.ts'

/**
 * A coding agent may tell one call as a span and as a log event, with no id that both carry; only the session is in both. So
 * the better source speaks for a session as long as it lasts (semconv.md 6.1, H9: spans > logs), whichever comes first.
 */

/** Events are stamped and exported apart from spans, and a prompt is logged before its first span begins. Nanoseconds. */
const slackNano = 60_000_000_000n

/** A session that a trace tells, and from when to when. */
export interface SessionTold {
  readonly source: 'spans' | 'logs'
  /** `sessionKey`. */
  readonly session: string
  readonly traceId: string
  readonly startedAt: UnixNano
  readonly endedAt: UnixNano
}

/** The session of a coding agent's step, '' where there is none: `codex:<id>`. */
export const sessionKey = ({ step }: SpanFacts): string => (step.session !== '' && codingAgents.has(step.dialect) ? `${step.dialect}:${step.session}` : '')

/** Under this key a session is found in `call_keys`. */
export const storedSessionKey = (source: SessionTold['source'], session: string): string => callKeyId(`session:${source}:${session}`)

const tellsCall = ({ step }: SpanFacts): boolean => step.role === 'model_call' || step.role === 'tool'

/** Which sessions one trace tells. Spans must tell a call of the agent: a trace of its own housekeeping speaks for nothing. */
export function sessionsTold(spans: Iterable<SpanFacts>): SessionTold[] {
  const found = { logs: new Map<string, SessionTold>(), spans: new Map<string, SessionTold>() }
  const tellsCalls = new Set<string>()
  let whole: { readonly startedAt: UnixNano; readonly endedAt: UnixNano } | undefined
  for (const span of spans) {
    if (!codingAgents.has(span.step.dialect)) continue
    const byLog = isToldByLog(span.name)
    if (!byLog) {
      whole = widened(whole, span)
      if (tellsCall(span)) tellsCalls.add(span.step.dialect)
    }
    const session = sessionKey(span)
    if (session === '') continue
    const source = byLog ? 'logs' : 'spans'
    found[source].set(session, { source, session, traceId: span.traceId, ...widened(found[source].get(session), span) })
  }
  const bySpans = [...found.spans.values()].filter(({ session }) => tellsCalls.has(session.slice(0, session.indexOf(':'))))
  return [...found.logs.values(), ...bySpans.map((told) => ({ ...told, ...whole }))]
}

const widened = (known: Pick<SpanFacts, 'startedAt' | 'endedAt'> | undefined, { startedAt, endedAt }: SpanFacts) => ({
  startedAt: known === undefined || startedAt < known.startedAt ? startedAt : known.startedAt,
  endedAt: known === undefined || endedAt > known.endedAt ? endedAt : known.endedAt,
})

type Times = Pick<SessionTold, 'startedAt' | 'endedAt'>

export const meets = (a: Times, b: Times): boolean => a.startedAt <= b.endedAt + slackNano && b.startedAt <= a.endedAt + slackNano

/** Ids of a trace's spans that log events told and that spans of another trace tell better. `bySpans` by `sessionKey`. */
export function toldBySpans(spans: Iterable<SpanFacts>, bySpans: ReadonlyMap<string, readonly Times[]>): ReadonlySet<string> {
  const told = new Set<string>()
  if (bySpans.size === 0) return told
  for (const span of spans) {
    if (isToldByLog(span.name) && bySpans.get(sessionKey(span))?.some((times) => meets(times, span)) === true) told.add(span.spanId)
  }
  return told
}

/** How a session is remembered for traces that come when this one is no longer in memory. */
export const sessionRow = (told: SessionTold, tenant: string): CallKeyRow => ({
  tenant, key: storedSessionKey(told.source, told.session), traceId: told.traceId, spanId: '', startedAt: told.startedAt, endedAt: told.endedAt,
  service: '', scopeName: '', model: '', inputTokens: 0, outputTokens: 0,
})
