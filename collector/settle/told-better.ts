import { callKeyId, type CallKeyRow } from '#clickhouse/tables/call-keys.ts'
import { betterSource, isToldByLog, type Source } from '#semconv/agent-logs.ts'
import type { SpanFacts, UnixNano } from '#semconv/facts.ts'

/**
 * A coding agent may tell one call as a span and as a log event, with no id that both carry; only the session is in both. So
 * the source that tells more speaks for a session as long as it lasts, whichever comes first.
 */

/** Events are stamped and exported apart from spans, and a prompt is logged before its first span begins. Nanoseconds. */
const slackNano = 60_000_000_000n

/** From when to when a trace tells a session. */
export interface Times {
  readonly traceId: string
  readonly startedAt: UnixNano
  readonly endedAt: UnixNano
}

/** A session of a coding agent as one trace tells it. */
export interface SessionTold extends Times {
  readonly source: Source
  /** `sessionKey`. */
  readonly session: string
  /** False for the agent's housekeeping: without a model or a tool call it speaks for nothing. */
  readonly tellsCalls: boolean
}

/** The session of a coding agent's step, '' where there is none: `codex:<id>`. */
export const sessionKey = ({ step }: SpanFacts): string => (step.session !== '' && betterSource(step.dialect) !== undefined ? `${step.dialect}:${step.session}` : '')

const dialectOf = (session: string): string => session.slice(0, session.indexOf(':'))
const sourceOf = (span: SpanFacts): Source => (isToldByLog(span.name) ? 'logs' : 'spans')
const tellsCall = ({ step }: SpanFacts): boolean => step.role === 'model_call' || step.role === 'tool'

/** Under this key a session is found in `call_keys`. */
const storedKey = (source: Source, session: string): string => callKeyId(`session:${source}:${session}`)

/** Where those are remembered who tell the same session from the other source. */
export const otherSourcesKey = ({ source, session }: SessionTold): string => storedKey(source === 'logs' ? 'spans' : 'logs', session)

/** Which sessions of coding agents one trace tells. All of an agent's spans in a trace belong to the sessions that some of them name. */
export function sessionsTold(spans: Iterable<SpanFacts>): SessionTold[] {
  const work = new Map<string, { readonly source: Source; readonly dialect: string; readonly sessions: Set<string>; tellsCalls: boolean; times: Times }>()
  for (const span of spans) {
    const { dialect } = span.step
    if (betterSource(dialect) === undefined) continue
    const source = sourceOf(span)
    const known = work.get(source + dialect)
    const told = known ?? { source, dialect, sessions: new Set<string>(), tellsCalls: false, times: span }
    if (known === undefined) work.set(source + dialect, told)
    else told.times = widened(told.times, span)
    told.tellsCalls ||= tellsCall(span)
    const session = sessionKey(span)
    if (session !== '') told.sessions.add(session)
  }
  return [...work.values()].flatMap(({ source, sessions, tellsCalls, times: { traceId, startedAt, endedAt } }) =>
    [...sessions].map((session) => ({ source, session, tellsCalls, traceId, startedAt, endedAt })))
}

const widened = (known: Times, { traceId, startedAt, endedAt }: Times): Times => ({
  traceId, startedAt: startedAt < known.startedAt ? startedAt : known.startedAt, endedAt: endedAt > known.endedAt ? endedAt : known.endedAt,
})

/** Does what this trace tells of the session count before what another source tells? */
export const speaks = ({ source, session, tellsCalls }: SessionTold): boolean => tellsCalls && source === betterSource(dialectOf(session))

/** Both tell the same session at one time. */
export const meets = (a: Pick<Times, 'startedAt' | 'endedAt'>, b: Pick<Times, 'startedAt' | 'endedAt'>): boolean =>
  a.startedAt <= b.endedAt + slackNano && b.startedAt <= a.endedAt + slackNano

/** Ids of a trace's spans whose work other traces tell better: `better` says by session when they do. */
export function toldBetter(spans: Iterable<SpanFacts>, own: readonly SessionTold[], better: ReadonlyMap<string, readonly Pick<Times, 'startedAt' | 'endedAt'>[]>): ReadonlySet<string> {
  const told = new Set<string>()
  if (better.size === 0) return told
  for (const span of spans) {
    const session = sessionKey(span)
    const sessions = session !== '' ? [session] : own.filter((one) => dialectOf(one.session) === span.step.dialect).map((one) => one.session)
    if (sourceOf(span) === betterSource(span.step.dialect)) continue
    if (sessions.some((one) => better.get(one)?.some((times) => meets(times, span)) === true)) told.add(span.spanId)
  }
  return told
}

/** How a session is remembered for traces that come when this one is no longer in memory. `undefined` where it has nothing to say to them. */
export function sessionRow(told: SessionTold, tenant: string): CallKeyRow | undefined {
  if (told.source === betterSource(dialectOf(told.session)) && !told.tellsCalls) return undefined
  return {
    tenant, key: storedKey(told.source, told.session), traceId: told.traceId, spanId: '', startedAt: told.startedAt, endedAt: told.endedAt,
    service: '', scopeName: '', model: '', inputTokens: 0, outputTokens: 0,
  }
}
