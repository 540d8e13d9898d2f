import { hexOf, type Reader } from '../reader.ts'
import { idAmong } from '../where.ts'

export interface DecisionCounts {
  readonly decisions: number
  /** Those that changed what the agent did: taken before it acted, enforced, and no leave to go on. */
  readonly interventions: number
}

/** Of one run. Runs that are asked about at once are counted by one read. */
export type DecisionsCounted = (runId: string) => Promise<DecisionCounts>

/** Runs of one read: a page of them. */
const runsPerRead = 500

/**
 * Counted where decisions stand and not in the summary of a run: an answer of the decide endpoint may come before the run's first
 * span, and where it was a denial no span may ever come after it. Made once per request.
 */
export function decisionCountsOf(reader: Reader): DecisionsCounted {
  let open: { readonly ids: Set<string>; readonly counted: Promise<ReadonlyMap<string, DecisionCounts>> } | undefined
  const begin = () => {
    const ids = new Set<string>()
    const counted = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      if (open?.ids === ids) open = undefined
      return countDecisions(reader, ids)
    })
    return { ids, counted }
  }
  return async (runId) => {
    const batch = (open ??= begin())
    batch.ids.add(runId)
    if (batch.ids.size === runsPerRead) open = undefined
    return (await batch.counted).get(runId) ?? { decisions: 0, interventions: 0 }
  }
}

async function countDecisions(reader: Reader, ids: ReadonlySet<string>): Promise<ReadonlyMap<string, DecisionCounts>> {
  const rows = await reader.rows<{ readonly run: string; readonly decisions: string; readonly interventions: string }>({
    columns: `${hexOf('trace_id', 'run')}, toString(count()) AS decisions, toString(countIf(place != 'COLLECTOR' AND mode = 'ENFORCE' AND outcome != 'ALLOW')) AS interventions`,
    from: 'policyDecisions', where: idAmong('runs', 'trace_id', 16, [...ids]) ?? { sql: '0', params: {} }, tail: 'GROUP BY trace_id',
  })
  return new Map(rows.map(({ run, decisions, interventions }) => [run, { decisions: Number(decisions), interventions: Number(interventions) }]))
}
