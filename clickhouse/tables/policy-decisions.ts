import { decisionPlaces, type DecisionPlace, outcomes, type Outcome, policyModes, type PolicyMode, type UnixNano } from '#semconv/facts.ts'
import { choice, id, type Table, text, time, uint32, version, word } from '../table.ts'

export interface PolicyDecisionRow {
  readonly tenant: string
  readonly project: string
  /** 64 hex digits: sha256 over tenant, policy, policy version, place, trace and span; the same finding twice is one row. */
  readonly id: string
  readonly policyId: string
  readonly policyVersion: number
  readonly outcome: Outcome
  readonly mode: PolicyMode
  readonly place: DecisionPlace
  readonly reason: string
  /** Telemetry time: the end of the span, or of the span at which a run crossed the line. */
  readonly decidedAt: UnixNano
  readonly postedAt: UnixNano
  readonly traceId: string
  /** '' for a decision about the whole run. */
  readonly spanId: string
  readonly agent: string
  readonly actor: string
  /** JSON: the values the rule read. */
  readonly evidence: string
}

export const policyDecisions: Table<PolicyDecisionRow> = {
  name: 'policy_decisions',
  columns: [
    word('tenant', (r) => r.tenant),
    word('project', (r) => r.project),
    id('id', 32, (r) => r.id),
    word('policy_id', (r) => r.policyId),
    uint32('policy_version', (r) => r.policyVersion),
    choice('outcome', outcomes, (r) => r.outcome),
    choice('mode', policyModes, (r) => r.mode),
    choice('place', decisionPlaces, (r) => r.place),
    text('reason', (r) => r.reason),
    time('decided_at', (r) => r.decidedAt),
    time('posted_at', (r) => r.postedAt),
    id('trace_id', 16, (r) => r.traceId),
    id('span_id', 8, (r) => r.spanId),
    word('agent', (r) => r.agent),
    word('actor', (r) => r.actor),
    text('evidence', (r) => r.evidence),
    version('revision', (r) => r.postedAt),
  ],
}
