import { account, type Elsewhere, type TraceAccount } from '#semconv/account.ts'
import type { SpanFacts, Step, UnixNano } from '#semconv/facts.ts'
import { type Difference, fieldDifferences, fieldsAgree } from './difference.ts'
import { type CheckedLedger, checkEntries, storedEntries } from './entries.ts'
import type { StoredBooks } from '../stored-books.ts'
import type { DerivedSpan, RunFigures, StoredTrace } from './stored-traces.ts'

/** What came between these moments may be on its way. */
export interface Settling {
  readonly from: UnixNano
  readonly to: UnixNano
}

/** Nothing arrived since the run was summed up: only then its figures claim to be exact. */
export const isSettled = ({ run, receivedAt, postedAt }: StoredTrace): boolean =>
  run !== undefined && run.settled && run.lastReceivedAt >= receivedAt && postedAt <= run.version

/**
 * Something came for this trace long ago, or at a time that has not come yet, and it was not summed up since: that is no trace in progress. Whoever takes a run
 * away, or calls it unsettled, would else hide its entries from every comparison.
 */
export function overdue({ run, traceId, receivedAt, postedAt }: StoredTrace, { from, to }: Settling): Difference | undefined {
  const latest = receivedAt > postedAt ? receivedAt : postedAt
  if (latest >= from && latest <= to) return undefined
  const title = JSON.stringify(run?.figures.name ?? '')
  return { of: 'run', id: traceId, traceId, spanId: '', title, kind: run === undefined ? 'missing' : 'changed', fields: [{ field: 'settled', stored: 'no', recomputed: 'yes' }] }
}

export interface CheckedTrace {
  readonly differences: readonly Difference[]
  readonly entries: number
}

/** One settled trace, accounted again from what its spans say when they are derived again. */
export function checkTrace(trace: StoredTrace, elsewhere: Elsewhere, books: StoredBooks, tenant: string): CheckedTrace {
  const accounted = account([...trace.derived.values()], elsewhere)
  const ledger = checkEntries(trace, accounted, books, storedEntries(tenant))
  const spans = [...trace.derived.values()].flatMap((span) => checkSpan(span, trace))
  return { differences: [...spans, ...ledger.differences, ...checkRun(trace, accounted, ledger)], entries: ledger.entries }
}

const stepFields = [
  'dialect', 'role', 'operation', 'agent', 'agentId', 'workflow', 'session', 'user', 'tags', 'provider', 'requestModel', 'responseModel', 'responseId', 'tool', 'toolCallId',
  'toolArgumentsHash', 'finishReasons', 'errorType', 'errorMessage', 'timeToFirstTokenMs', 'streaming', 'usage', 'usageFlags', 'usagePartial', 'usageCumulative',
  'usageAuthoritative', 'reportedCost', 'callKeys', 'decision', 'executed', 'serviceTier',
] as const satisfies readonly (keyof Step)[]
const spanFields = [
  'parentSpanId', 'startedAt', 'endedAt', 'name', 'spanKind', 'failed', 'service', 'environment', 'scopeName', 'scopeVersion',
] as const satisfies readonly (keyof SpanFacts)[]
const stepsAgree = fieldsAgree<Step>(stepFields)
const spansAgree = fieldsAgree<SpanFacts>(spanFields)

/** Whether a span says now what was stored of it. */
const factsAgree = (stored: SpanFacts, derived: SpanFacts): boolean => spansAgree(stored, derived) && stepsAgree(stored.step, derived.step)

/** Spans that say something else now than what was stored of them. */
export const saysElse = ({ derived, stored }: StoredTrace): readonly DerivedSpan[] => [...derived.values()].filter((span) => {
  const place = stored.get(span.spanId)
  return place !== undefined && !factsAgree(place.spans.facts(place.row), span)
})

const nothing: readonly never[] = []

function checkSpan(derived: SpanFacts, { stored, traceId }: StoredTrace): readonly Difference[] {
  const place = stored.get(derived.spanId)
  if (place === undefined) return nothing
  const known = place.spans.facts(place.row)
  if (factsAgree(known, derived)) return nothing
  const fields = [...fieldDifferences(known, derived, spanFields), ...fieldDifferences(known.step, derived.step, stepFields)]
  return fields.length === 0 ? nothing : [{ of: 'span', id: derived.spanId, traceId, spanId: derived.spanId, title: JSON.stringify(derived.name), kind: 'changed', fields }]
}

const runFields = [
  'isRun', 'status', 'name', 'service', 'workflow', 'agents', 'users', 'sessions', 'models', 'modelCalls', 'failedModelCalls', 'unmeteredModelCalls',
  'unpricedModelCalls', 'toolCalls', 'failedToolCalls', 'spanCount', 'errorCount', 'input', 'cachedInput', 'cacheWrite', 'output', 'reasoning', 'total', 'cost',
  'reportedCost',
] as const satisfies readonly (keyof RunFigures)[]
const runsAgree = fieldsAgree<RunFigures>(runFields)

function checkRun({ run, traceId }: StoredTrace, accounted: TraceAccount, { cost, unpricedModelCalls }: CheckedLedger): readonly Difference[] {
  if (run === undefined) return nothing
  const {
    isRun, status, name, service, workflow, agents, users, sessions, models, modelCalls, failedModelCalls, unmeteredModelCalls, toolCalls, failedToolCalls, spanCount,
    errorCount, tokens, reportedCost,
  } = accounted
  const figures: RunFigures = {
    isRun, status, name, service, workflow, agents, users, sessions, models, modelCalls, failedModelCalls, unmeteredModelCalls, unpricedModelCalls, toolCalls, failedToolCalls,
    spanCount, errorCount, ...tokens, cost, reportedCost,
  }
  if (runsAgree(run.figures, figures)) return nothing
  const fields = fieldDifferences(run.figures, figures, runFields)
  return fields.length === 0 ? nothing : [{ of: 'run', id: traceId, traceId, spanId: '', title: JSON.stringify(run.figures.name), kind: 'changed', fields }]
}
