import { runs, type RunRow } from '#clickhouse/tables/runs.ts'
import { isGenAi } from '#semconv/account.ts'
import type { SpanFacts, UnixNano } from '#semconv/facts.ts'
import { tokenUsage } from '#semconv/usage.ts'
import { sumOfUsages } from '#semconv/usage-sums.ts'
import type { Charge } from '../derive/charge.ts'
import type { Derived } from '../derive/derive.ts'
import type { FrameWriter } from '../spool/frame.ts'
import type { LiveTraces } from './live-traces.ts'

export interface FirstLookOptions {
  readonly tenant: string
  readonly project: string
  readonly live: Pick<LiveTraces, 'isNew'>
}

/**
 * Rows of `frame` for the traces of a request that begin with it and have their root in it, so that in a crowd they are seen with
 * their spans, and not only once they are settled. Their figures are those of the ledger as it stands with the request, and say that
 * they are not settled: accounting every trace twice would cost a crowd a tenth of what it can send.
 */
export function addFirstLooks(derived: readonly Derived[], charges: readonly Charge[], options: FirstLookOptions, frame: Pick<FrameWriter, 'add'>): void {
  const charged = Map.groupBy(charges, ({ facts }) => facts.traceId)
  for (const [traceId, spans] of Map.groupBy(derived.filter(({ first }) => first).map(({ facts }) => facts), ({ traceId }) => traceId)) {
    if (options.live.isNew(traceId, spans)) frame.add(runs, firstLook(spans, charged.get(traceId) ?? [], options))
  }
}

function firstLook(spans: readonly Derived['facts'][], charges: readonly Charge[], { tenant, project }: FirstLookOptions): RunRow {
  const top = spans.reduce((first, span) => (isAbove(span, first) ? span : first))
  const latest = (of: (span: Derived['facts']) => UnixNano): UnixNano => spans.reduce((last, span) => (of(span) > last ? of(span) : last), 0n)
  const receivedAt = latest((span) => span.receivedAt)
  const tools = spans.filter(({ step }) => step.role === 'tool' && step.executed)
  return {
    tenant, project, traceId: top.traceId, version: receivedAt, isRun: spans.some(({ step }) => isGenAi[step.role]), settled: false,
    name: top.name, status: top.failed ? 'FAILED' : 'COMPLETED',
    startedAt: spans.reduce((first, { startedAt }) => (startedAt < first ? startedAt : first), top.startedAt), endedAt: latest((span) => span.endedAt), lastReceivedAt: receivedAt,
    service: top.service, environment: top.environment, workflow: top.step.workflow,
    agents: distinct(charges, ({ attribution }) => attribution.agent), users: distinct(charges, ({ attribution }) => attribution.user),
    sessions: distinct(charges, ({ attribution }) => attribution.session), providers: distinct(charges, ({ provider }) => provider),
    models: distinct(charges, ({ facts: { step } }) => step.responseModel || step.requestModel),
    modelCalls: charges.length, failedModelCalls: charges.filter(({ facts }) => facts.failed).length, unmeteredModelCalls: 0,
    unpricedModelCalls: charges.filter(({ unpriced }) => unpriced).length,
    toolCalls: tools.length, failedToolCalls: tools.filter(({ failed }) => failed).length,
    spanCount: spans.length, errorCount: spans.filter(({ failed }) => failed).length,
    tokens: tokenUsage(sumOfUsages(charges.map(({ facts: { step } }) => step.usage ?? {}))), cost: charges.reduce((sum, { amount }) => sum + amount, 0n), reportedCost: undefined,
    policyDecisions: 0, interventions: 0,
  }
}

/** Of several roots the one that began first. */
const isAbove = (span: SpanFacts, other: SpanFacts): boolean =>
  span.parentSpanId === '' && (other.parentSpanId !== '' || span.startedAt < other.startedAt)

const distinct = (charges: readonly Charge[], of: (charge: Charge) => string): readonly string[] => [...new Set(charges.map(of))].filter((word) => word !== '').sort()
