import { unpricedLines } from '#clickhouse/tables/ledger-entries.ts'
import type { LedgerFilter } from '../ledger/ledger-filter.ts'
import { ledgerOf, spansOf } from '../reader.ts'
import type { TimeRange } from '../time-range.ts'
import { allOf, when, type Where, within } from '../where.ts'

/**
 * What the senders said that calls cost, beside ours. A claim stands on its span and in no line of the ledger. Where several spans tell
 * one call, one is charged and another may say what it cost: the id of the provider's answer says that they are one (`call_keys`), and
 * where there is none, nothing does here. An agent that says more than its calls claims for all of them and is charged for the rest: it is
 * not compared, and what it says is `Run.reportedCost`.
 */

/** What proves that spans tell one call; the answer's id is in its own column (`clickhouse/tables/stored-call-keys.ts`). */
const callKey = 'arrayJoin(arrayMap(key -> replaceAll(key, char(1), response_id), call_keys))'

/** Of each call that has a claim and an amount of ours: `call_trace`, `call_span`, `claim`, `ours`. Calls are compared as a whole. */
export function comparedCalls(range: TimeRange): Where {
  const inRange = within('claim', 'started_at', range)
  const claiming = allOf(when('reported_cost IS NOT NULL'), inRange)
  const keyed = allOf(when('notEmpty(call_keys)'), inRange)
  const charged = allOf(within('call', 'occurred_at', range))
  // A claim and the call that it is compared with stand in one trace.
  const inClaimingTraces = `trace_id IN (${spansOf('trace_id', claiming.sql)})`
  const told = spansOf(`trace_id, ${callKey} AS call_key, assumeNotNull(reported_cost) AS claim, started_at`, `${claiming.sql} AND notEmpty(call_keys)`)
  const claims = `(SELECT call_trace, call_span, argMin(claim, rank) AS claim FROM (
      ${spansOf('trace_id AS call_trace, span_id AS call_span, argMax(assumeNotNull(reported_cost), received_at) AS claim, 0 AS rank', claiming.sql)} GROUP BY trace_id, span_id
      UNION ALL
      SELECT trace_id AS call_trace, span_id AS call_span, argMax(told.claim, told.started_at) AS claim, 1 AS rank
      FROM (${spansOf(`trace_id, span_id, ${callKey} AS call_key`, `${keyed.sql} AND ${inClaimingTraces}`)}) AS silent
      INNER JOIN (${told}) AS told USING (trace_id, call_key) GROUP BY trace_id, span_id
    ) GROUP BY call_trace, call_span)`
  return when(`SELECT call_trace, call_span, claim, ours FROM ${claims} AS claims INNER JOIN (
    ${ledgerOf('trace_id, span_id, sum(amount) AS ours', `${charged.sql} AND ${inClaimingTraces}`)}
    GROUP BY trace_id, span_id HAVING sum(quantity) != 0 AND ${unpricedLines} = 0 AND countIf(reason = 'unattributed') = 0) AS charges ON call_trace = charges.trace_id AND call_span = charges.span_id`,
  { ...claiming.params, ...keyed.params, ...charged.params })
}

/** Lines within the range of calls that have a claim, or of those whose claim is not our amount. */
export function claims({ claimed, claimDiffers }: Pick<LedgerFilter, 'claimed' | 'claimDiffers'>, range: TimeRange): Where | undefined {
  if (claimed !== true && claimDiffers !== true) return undefined
  const { sql, params } = comparedCalls(range)
  return when(`(trace_id, span_id) IN (SELECT call_trace, call_span FROM (${sql})${claimDiffers === true ? ' WHERE claim != ours' : ''})`, params)
}
