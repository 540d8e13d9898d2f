import { type FindingCode, findingCodes } from '#semconv/conformance.ts'
import type { StepKind, UnixNano } from '#semconv/facts.ts'
import type { QueryContext } from '../context.ts'
import { userError } from '../errors.ts'
import { hexOf, nanosOf } from '../reader.ts'
import type { TimeRange } from '../time-range.ts'
import { allOf, within } from '../where.ts'
import { type ConformanceFinding, type Instrumentation, modelCallsOf, understoodOf } from './instrumentation.ts'

/** Rows of one answer: senders times kinds times findings are bounded in the collector for five seconds; over months this bounds them. */
const rowsMax = 10_000

interface StoredSum {
  readonly service: string
  readonly scope_name: string
  readonly scope_version: string
  readonly dialect: string
  readonly step_kind: StepKind
  readonly finding: string
  readonly attribute: string
  readonly expected: string
  readonly found: string
  readonly convention: string
  readonly steps_sum: string
  readonly first_at: string
  readonly last_at: string
  readonly example_trace: string
  readonly example_span: string
}

const names = 'service, scope_name, scope_version, dialect, toString(kind) AS step_kind, finding, attribute, expected, found, convention'
const groups = 'service, scope_name, scope_version, dialect, step_kind, finding, attribute, expected, found, convention'

/** What was understood of each instrumentation in a range of time: those that call models first. */
export async function conformance(context: QueryContext, { range }: { readonly range: TimeRange }): Promise<Instrumentation[]> {
  const rows = await context.reader.rows<StoredSum>({
    columns: [
      names, 'toString(sum(steps)) AS steps_sum', nanosOf('min(at)', 'first_at'), nanosOf('max(at)', 'last_at'),
      hexOf('argMax(trace_id, at)', 'example_trace'), hexOf('argMax(span_id, at)', 'example_span'),
    ].join(', '),
    from: 'conformance',
    where: allOf(within('range', 'at', range)),
    tail: `GROUP BY ${groups} ORDER BY sum(steps) DESC, ${groups} LIMIT ${rowsMax + 1}`,
  })
  if (rows.length > rowsMax) throw userError('TOO_WIDE', `conformance would be more than ${rowsMax} rows: narrow the range`)
  const senders = Map.groupBy(rows, (row) => JSON.stringify([row.service, row.scope_name, row.scope_version]))
  return [...senders.values()].map(instrumentation).sort((a, b) => modelCallsOf(b) - modelCallsOf(a) || understoodOf(b) - understoodOf(a) || b.steps - a.steps)
}

const sum = (rows: readonly StoredSum[]): number => rows.reduce((total, row) => total + Number(row.steps_sum), 0)
const least = (rows: readonly StoredSum[]): UnixNano => rows.map((row) => BigInt(row.first_at)).reduce((a, b) => (b < a ? b : a))
const most = (rows: readonly StoredSum[]): UnixNano => rows.map((row) => BigInt(row.last_at)).reduce((a, b) => (b > a ? b : a))
const distinct = <T>(values: readonly T[]): readonly T[] => [...new Set(values)]

/** `rows` are one sender's, most steps first. */
function instrumentation(rows: readonly StoredSum[]): Instrumentation {
  const [one] = rows
  if (one === undefined) throw new Error('a group has a row')
  const all = rows.filter(({ finding }) => finding === '')
  const kinds = [...Map.groupBy(all, (row) => row.step_kind)].map(([kind, of]) => ({ kind, steps: sum(of) }))
  const shown = Map.groupBy(rows.filter((row) => isCode(row.finding)), (row) => JSON.stringify([row.finding, row.attribute, row.expected, row.found, row.convention]))
  return {
    service: one.service, scopeName: one.scope_name, scopeVersion: one.scope_version,
    dialects: distinct(all.map(({ dialect }) => dialect)),
    steps: sum(all),
    kinds: kinds.sort((a, b) => b.steps - a.steps),
    findings: [...shown.values()].map((of) => finding(of, all)).sort((a, b) => b.steps - a.steps),
    firstSeenAt: least(rows), lastSeenAt: most(rows),
  }
}

function finding(rows: readonly StoredSum[], all: readonly StoredSum[]): ConformanceFinding {
  const latest = rows.reduce((a, b) => (BigInt(b.last_at) > BigInt(a.last_at) ? b : a))
  const stepKinds = distinct(rows.map((row) => row.step_kind))
  return {
    code: latest.finding as FindingCode, stepKinds,
    attribute: latest.attribute, expected: latest.expected, found: latest.found, convention: latest.convention,
    steps: sum(rows), ofSteps: sum(all.filter(({ step_kind: kind }) => stepKinds.includes(kind))),
    firstSeenAt: least(rows), lastSeenAt: most(rows), exampleRunId: latest.example_trace, exampleSpanId: latest.example_span,
  }
}

const codes: ReadonlySet<string> = new Set(findingCodes)
const isCode = (text: string): boolean => codes.has(text)
