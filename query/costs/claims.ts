import { unpricedLines } from '#clickhouse/tables/ledger-entries.ts'
import { ledgerOf, spansOf } from '../reader.ts'
import type { TimeRange } from '../time-range.ts'
import { allOf, when, type Where, within } from '../where.ts'

/**
 * What the senders said that calls cost, beside ours. A claim stands on its span and in no line of the ledger, so that a span
 * that nobody charges (a wrapper, a mirrored call) is not compared.
 */

/** Of each call that has a claim and an amount of ours: `call_trace`, `call_span`, `claim`, `ours`. Calls are compared as a whole. */
export function comparedCalls(range: TimeRange): Where {
  const claiming = allOf(when('reported_cost IS NOT NULL'), within('claim', 'started_at', range))
  const charged = allOf(within('call', 'occurred_at', range))
  const claims = `(SELECT trace_id AS call_trace, span_id AS call_span, argMax(assumeNotNull(reported_cost), received_at) AS claim FROM ${spansOf(claiming.sql)} GROUP BY trace_id, span_id)`
  return when(`SELECT call_trace, call_span, claim, ours FROM ${claims} AS claims INNER JOIN (
    SELECT trace_id, span_id, sum(amount) AS ours FROM ${ledgerOf(`${charged.sql} AND (trace_id, span_id) IN (SELECT call_trace, call_span FROM ${claims})`)}
    GROUP BY trace_id, span_id HAVING sum(quantity) != 0 AND ${unpricedLines} = 0) AS charges ON call_trace = charges.trace_id AND call_span = charges.span_id`,
  { ...claiming.params, ...charged.params })
}

/** Lines within the range of calls whose claim is not our amount. */
export function claimDiffers(differs: boolean | null | undefined, range: TimeRange): Where | undefined {
  if (differs !== true) return undefined
  const { sql, params } = comparedCalls(range)
  return when(`(trace_id, span_id) IN (SELECT call_trace, call_span FROM (${sql}) WHERE claim != ours)`, params)
}
