import { type StepKind, stepKinds, type UnixNano } from '#semconv/facts.ts'
import { choice, count, id, type Table, time, word } from '../table.ts'

/**
 * What some seconds of one instrumentation were understood as: so many steps of a kind, and how many of them showed a finding.
 * Sums over rows are the answer to any range of time; there is never a row per step.
 */
export interface ConformanceRow {
  readonly tenant: string
  readonly project: string
  /** When it was counted up; with the instance and all names it names the row. */
  readonly at: UnixNano
  /** The collector process that counted: 16 hex digits, random. */
  readonly instance: string
  readonly service: string
  readonly scopeName: string
  readonly scopeVersion: string
  readonly dialect: string
  readonly kind: StepKind
  /** A `FindingCode`, or '' for all steps of the kind, whatever they showed. */
  readonly finding: string
  readonly attribute: string
  readonly expected: string
  readonly found: string
  /** Version of the convention by which it was judged. */
  readonly convention: string
  readonly steps: number
  /** One of those steps. */
  readonly traceId: string
  readonly spanId: string
}

export const conformance: Table<ConformanceRow> = {
  name: 'conformance',
  columns: [
    word('tenant', (r) => r.tenant),
    word('project', (r) => r.project),
    time('at', (r) => r.at),
    word('instance', (r) => r.instance),
    word('service', (r) => r.service),
    word('scope_name', (r) => r.scopeName),
    word('scope_version', (r) => r.scopeVersion),
    word('dialect', (r) => r.dialect),
    choice('kind', stepKinds, (r) => r.kind),
    word('finding', (r) => r.finding),
    word('attribute', (r) => r.attribute),
    word('expected', (r) => r.expected),
    word('found', (r) => r.found),
    word('convention', (r) => r.convention),
    count('steps', (r) => r.steps),
    id('trace_id', 16, (r) => r.traceId),
    id('span_id', 8, (r) => r.spanId),
  ],
}
