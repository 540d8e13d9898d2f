import { account, type Elsewhere, type TraceAccount } from '#semconv/account.ts'
import type { SpanFacts, Step } from '#semconv/facts.ts'
import { type Difference, fieldDifferences } from './difference.ts'
import { type CheckedLedger, checkEntries } from './entries.ts'
import type { StoredBooks } from '../stored-books.ts'
import type { RunFigures, StoredTrace } from './stored-traces.ts'

/** Nothing arrived since the run was summed up: only then its figures claim to be exact. */
export const isSettled = ({ run, receivedAt, entries }: StoredTrace): boolean =>
  run !== undefined && run.settled && run.lastReceivedAt >= receivedAt && entries.every((entry) => entry.postedAt <= run.version)

/** One settled trace, derived and accounted again from its stored spans. */
export function checkTrace(trace: StoredTrace, elsewhere: Elsewhere, books: StoredBooks): readonly Difference[] {
  const accounted = account(trace.derived, elsewhere)
  const ledger = checkEntries(trace.entries, accounted, new Map(trace.derived.map((span) => [span.spanId, span])), books)
  return [...trace.derived.flatMap((span) => checkSpan(span, trace)), ...ledger.differences, ...checkRun(trace, accounted, ledger)]
}

const stepFields = [
  'dialect', 'role', 'operation', 'agent', 'agentId', 'workflow', 'session', 'user', 'provider', 'requestModel', 'responseModel', 'responseId', 'tool', 'toolCallId',
  'toolArgumentsHash', 'finishReasons', 'errorType', 'errorMessage', 'timeToFirstTokenMs', 'streaming', 'usage', 'usageFlags', 'usagePartial', 'usageCumulative',
  'usageAuthoritative', 'reportedCost', 'callKeys', 'decision', 'executed', 'serviceTier',
] as const satisfies readonly (keyof Step)[]
const spanFields = [
  'parentSpanId', 'startedAt', 'endedAt', 'name', 'spanKind', 'failed', 'service', 'environment', 'scopeName', 'scopeVersion',
] as const satisfies readonly (keyof SpanFacts)[]

function checkSpan(derived: SpanFacts, { stored, traceId }: StoredTrace): Difference[] {
  const known = stored.get(derived.spanId)
  const fields = known === undefined ? [] : [...fieldDifferences(known, derived, spanFields), ...fieldDifferences(known.step, derived.step, stepFields)]
  return fields.length === 0 ? [] : [{ of: 'span', id: derived.spanId, traceId, spanId: derived.spanId, title: JSON.stringify(derived.name), kind: 'changed', fields }]
}

const runFields = [
  'isRun', 'status', 'name', 'service', 'workflow', 'agents', 'users', 'sessions', 'models', 'modelCalls', 'failedModelCalls', 'unmeteredModelCalls',
  'unpricedModelCalls', 'toolCalls', 'failedToolCalls', 'spanCount', 'errorCount', 'input', 'cachedInput', 'cacheWrite', 'output', 'reasoning', 'total', 'cost',
  'reportedCost',
] as const satisfies readonly (keyof RunFigures)[]

function checkRun({ run, traceId }: StoredTrace, accounted: TraceAccount, { cost, unpricedModelCalls }: CheckedLedger): Difference[] {
  if (run === undefined) return []
  const figures: RunFigures = { ...accounted, ...accounted.tokens, cost, unpricedModelCalls }
  const fields = fieldDifferences(run.figures, figures, runFields)
  return fields.length === 0 ? [] : [{ of: 'run', id: traceId, traceId, spanId: '', title: JSON.stringify(run.figures.name), kind: 'changed', fields }]
}
