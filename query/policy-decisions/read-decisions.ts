import type { DecisionPlace, Outcome, PolicyMode } from '#semconv/facts.ts'
import type { Connection, PageArguments } from '../connection.ts'
import type { QueryContext } from '../context.ts'
import { userError } from '../errors.ts'
import { type Keyed, type Order, page } from '../page.ts'
import { hexOf, nanosOf } from '../reader.ts'
import { orNull } from '../runs/read-runs.ts'
import type { Run } from '../runs/run.ts'
import { allOf, among, idAmong, idIs, type Where, within } from '../where.ts'
import type { DecisionFilter, PolicyDecision } from './policy-decision.ts'

/** Decisions about one run in one answer. */
const decisionsOfRunMax = 10_000

const columns = [
  hexOf('id', 'id_hex'), 'policy_id', 'policy_version', 'toString(outcome) AS outcome_name', 'toString(mode) AS mode_name',
  'toString(place) AS place_name', 'reason', nanosOf('decided_at', 'decided'), nanosOf('posted_at', 'posted'), hexOf('trace_id', 'trace'),
  hexOf('span_id', 'span'), 'agent', 'actor', 'project', 'evidence',
].join(', ')

interface StoredDecision {
  readonly id_hex: string
  readonly policy_id: string
  readonly policy_version: number
  readonly outcome_name: Outcome
  readonly mode_name: PolicyMode
  readonly place_name: DecisionPlace
  readonly reason: string
  readonly decided: string
  readonly posted: string
  readonly trace: string
  readonly span: string
  readonly agent: string
  readonly actor: string
  readonly project: string
  readonly evidence: string
}

const decision = (row: StoredDecision): PolicyDecision => ({
  id: row.id_hex,
  policyId: row.policy_id,
  policyVersion: row.policy_version,
  outcome: row.outcome_name,
  mode: row.mode_name,
  place: row.place_name,
  reason: row.reason,
  decidedAt: BigInt(row.decided),
  postedAt: BigInt(row.posted),
  runId: orNull(row.trace),
  spanId: orNull(row.span),
  agent: orNull(row.agent),
  actor: orNull(row.actor),
  project: row.project,
  evidence: row.evidence === '' ? {} : (JSON.parse(row.evidence) as unknown),
})

const decisionWhere = (filter: DecisionFilter): Where =>
  allOf(
    within('range', 'decided_at', filter.range),
    idAmong('run_id', 'trace_id', 16, filter.runId),
    idAmong('span_id', 'span_id', 8, filter.spanId),
    among('policy_id', 'policy_id', filter.policyId),
    among('outcome', 'toString(outcome)', filter.outcome),
    among('place', 'toString(place)', filter.place),
    among('mode', 'toString(mode)', filter.mode),
    among('agent', 'agent', filter.agent),
  )

const order: Order = {
  name: 'decisions', key: 'toUnixTimestamp64Nano(decided_at)', keyType: 'Int64', id: 'id', idBytes: 32, direction: 'DESC',
}

export function policyDecisions(
  context: QueryContext,
  args: PageArguments & { readonly filter?: DecisionFilter | null },
): Promise<Connection<PolicyDecision>> {
  return page<Keyed & { readonly decision: PolicyDecision }, PolicyDecision>(args, 100, order, decisionWhere(args.filter ?? {}), {
    read: async (where, tail) => {
      const rows = await context.reader.rows<StoredDecision>({ columns, from: 'policyDecisions', where, tail })
      return rows.map((row) => ({ id: row.id_hex, cursorKey: row.decided, decision: decision(row) }))
    },
    count: async (where) => {
      const [row] = await context.reader.rows<{ readonly n: string }>({ columns: 'count() AS n', from: 'policyDecisions', where, tail: '' })
      return Number(row?.n ?? 0)
    },
    node: (row) => row.decision,
  })
}

export async function decisionsOfRun(context: QueryContext, run: Run): Promise<PolicyDecision[]> {
  const rows = await context.reader.rows<StoredDecision>({
    columns,
    from: 'policyDecisions',
    where: idIs('trace', 'trace_id', 16, run.id),
    tail: `ORDER BY decided_at, id LIMIT ${decisionsOfRunMax + 1}`,
  })
  if (rows.length > decisionsOfRunMax) {
    throw userError('TOO_WIDE', `run ${run.id} has more than ${decisionsOfRunMax} policy decisions: page through policyDecisions with filter runId`)
  }
  return rows.map(decision)
}
