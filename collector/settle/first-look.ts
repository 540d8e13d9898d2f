import type { PolicyDecisionRow } from '#clickhouse/tables/policy-decisions.ts'
import { runs, type RunRow } from '#clickhouse/tables/runs.ts'
import { isGenAi, runName } from '#semconv/account.ts'
import { parties, sorted } from '#semconv/attribution.ts'
import type { UnixNano } from '#semconv/facts.ts'
import { errored } from '#semconv/tool-calls.ts'
import { isAbove } from '#semconv/tree.ts'
import { tokenUsage } from '#semconv/usage.ts'
import { sumOfUsages } from '#semconv/usage-sums.ts'
import type { Charge } from '../derive/charge.ts'
import type { Derived } from '../derive/derive.ts'
import type { FrameWriter } from '../spool/frame.ts'
import type { LiveTraces } from './live-traces.ts'
import { interventionsAmong } from './summary.ts'

export interface FirstLookOptions {
  readonly tenant: string
  readonly project: string
  readonly live: Pick<LiveTraces, 'isNew'>
}

/**
 * Rows of `frame` for the traces of a request that begin with it and have their root in it, so that in a crowd they are seen with
 * their spans, and not only once they are settled. Their figures are those of the ledger as it stands with the request, and say that
 * they are not settled: which spans tell the same call or tool, only an account of the trace says, and two of them would cost a
 * crowd a tenth of what it can send.
 */
export function addFirstLooks(derived: readonly Derived[], charges: readonly Charge[], options: FirstLookOptions, frame: Pick<FrameWriter, 'add'>): void {
  const charged = Map.groupBy(charges, ({ facts }) => facts.traceId)
  for (const [traceId, told] of Map.groupBy(derived.filter(({ first }) => first), ({ facts }) => facts.traceId)) {
    const spans = told.map(({ facts }) => facts)
    if (!options.live.isNew(traceId, spans)) continue
    frame.add(runs, firstLook(spans, charged.get(traceId) ?? [], told.flatMap(({ decisions }) => decisions), options))
  }
}

function firstLook(
  spans: readonly Derived['facts'][], charges: readonly Charge[], decisions: readonly PolicyDecisionRow[], { tenant, project }: FirstLookOptions,
): RunRow {
  const top = spans.reduce((first, span) => (isAbove(span, first) ? span : first))
  const latest = (of: (span: Derived['facts']) => UnixNano): UnixNano => spans.reduce((last, span) => (of(span) > last ? of(span) : last), 0n)
  const receivedAt = latest((span) => span.receivedAt)
  // They used nothing that is told, so nothing is charged.
  const failedCalls = spans.filter((span) => span.step.role === 'model_call' && span.step.usage === undefined && errored(span)).length
  const tools = spans.filter(({ step }) => step.role === 'tool' && step.executed)
  return {
    tenant, project, traceId: top.traceId, version: receivedAt, isRun: spans.some(({ step }) => isGenAi[step.role]), settled: false,
    name: runName(top), status: errored(top) ? 'FAILED' : 'COMPLETED',
    startedAt: spans.reduce((first, { startedAt }) => (startedAt < first ? startedAt : first), top.startedAt), endedAt: latest((span) => span.endedAt), lastReceivedAt: receivedAt,
    service: top.service, environment: top.environment, workflow: top.step.workflow,
    ...parties({ spans }),
    providers: distinct(charges, ({ provider }) => provider), models: distinct(charges, ({ facts: { step } }) => step.responseModel || step.requestModel),
    modelCalls: charges.length + failedCalls, failedModelCalls: charges.filter(({ facts }) => errored(facts)).length + failedCalls, unmeteredModelCalls: 0,
    unpricedModelCalls: charges.filter(({ unpriced }) => unpriced).length,
    toolCalls: tools.length, failedToolCalls: tools.filter(errored).length,
    spanCount: spans.length, errorCount: spans.filter(errored).length,
    tokens: tokenUsage(sumOfUsages(charges.map(({ facts: { step } }) => step.usage ?? {}))), cost: charges.reduce((sum, { amount }) => sum + amount, 0n), reportedCost: undefined,
    policyDecisions: decisions.length, interventions: interventionsAmong(decisions),
  }
}

const distinct = (charges: readonly Charge[], of: (charge: Charge) => string): readonly string[] => sorted(new Set(charges.map(of).filter((word) => word !== '')))
