import type { Store } from '#clickhouse/store.ts'
import { costDayDifferences } from '#clickhouse/cost-days.ts'
import { countsTokens } from '#clickhouse/tables/ledger-entries.ts'
import { usageColumn } from '#clickhouse/tables/usage-column.ts'
import { tokenMeters } from '#semconv/facts.ts'
import { checkAgreed } from './agreed.ts'
import { checkDecided } from './decided.ts'
import type { Difference } from './difference.ts'
import type { VerifyOptions } from './verify.ts'

/**
 * What must hold of a ledger whatever made it, asked of the engine over all entries: price times quantity, what is left behind a
 * reversal, tokens of spans, costs of runs, sums of days. Says nothing of whether the spans were understood and priced rightly:
 * for that `verify` works everything out again.
 */

export interface CheckedSums {
  readonly entries: number
  readonly differences: number
  readonly tookMs: number
}

/** One question may go through the whole ledger, with what does not fit in memory on disk. */
const options = { maxSeconds: 3_600, pool: 'bi' } as const
const spilling = `SETTINGS max_bytes_before_external_group_by = 268435456, join_algorithm = 'grace_hash', grace_hash_join_initial_buckets = 8`

/** Where it is wrong, and what stands there. Rows of each question that are told; a ledger that is wrong everywhere is told so often enough. */
interface Wrong {
  readonly id_hex: string
  readonly trace: string
  readonly span: string
  readonly title: string
  readonly stored: string
  readonly expected: string
}
const wrongMax = 10_000

const hex = (column: string, as: string): string => `lower(hex(${column})) AS ${as}`
const ledger = `FROM ledger_entries FINAL WHERE tenant = {tenant:String} AND reason != 'reconciled'`
const pico = (column: string): string => `toInt256(reinterpret(assumeNotNull(${column}), 'Int128'))`

/** Exact, but where a factor or an hour leaves a fraction of a pico-dollar: then half of one for each unit, and for the sum. */
const priceTimesQuantity = `SELECT ${hex('id', 'id_hex')}, ${hex('trace_id', 'trace')}, ${hex('span_id', 'span')}, concat('CHARGE ', reason, ' ', meter) AS title, toString(amount) AS stored,
  concat(toString(quantity), ' times ', toString(unit_price)) AS expected
${ledger} AND kind = 'CHARGE' AND amount IS NOT NULL
  AND abs(${pico('amount')} * 1000000000000 - ${pico('unit_price')} * ${pico('quantity')}) >
    if(price_card LIKE '%*%' OR endsWith(price_card, '#audio_hour'), intDiv(${pico('quantity')}, 2) + 1000000000000, toInt256(0))`

const behindReversals = `SELECT '' AS id_hex, ${hex('trace_id', 'trace')}, ${hex('span_id', 'span')}, concat('REVERSAL ', meter) AS title,
  concat(toString(sum(quantity)), ' at ', toString(ifNull(sum(amount), 0))) AS stored, 'nothing' AS expected
${ledger} AND (trace_id, span_id) IN (SELECT trace_id, span_id FROM ledger_entries WHERE tenant = {tenant:String} AND kind = 'REVERSAL')
GROUP BY trace_id, span_id, meter
HAVING argMax(kind, (posted_at, kind = 'ADJUSTMENT')) = 'REVERSAL' AND (sum(quantity) != 0 OR ifNull(sum(amount), 0) != 0)`

/** Of calls that were charged and never corrected: others may stand for more than their span says. */
const tokensOfSpans = `SELECT '' AS id_hex, ${hex('trace_id', 'trace')}, ${hex('span_id', 'span')}, 'tokens of a call' AS title, toString(charged) AS stored, toString(said) AS expected
FROM (SELECT trace_id, span_id, sumIf(quantity, ${countsTokens}) AS charged ${ledger} GROUP BY trace_id, span_id
  HAVING countIf(kind != 'CHARGE' OR reason != 'metered' OR basis = 'REPORTED') = 0) AS entries
INNER JOIN (SELECT trace_id, span_id, argMax(${tokenMeters.map(usageColumn).join(' + ')}, received_at) AS said FROM spans
  WHERE tenant = {tenant:String} AND usage_reported GROUP BY trace_id, span_id) AS spans USING (trace_id, span_id)
WHERE charged != said`

const costsOfRuns = `SELECT '' AS id_hex, ${hex('trace_id', 'trace')}, '' AS span, name AS title, toString(cost) AS stored, toString(posted) AS expected
FROM (SELECT trace_id, name, cost, version FROM runs FINAL WHERE tenant = {tenant:String} AND settled) AS runs
LEFT JOIN (SELECT trace_id, ifNull(sum(amount), 0) AS posted, toUInt64(max(toUnixTimestamp64Nano(posted_at))) AS posted_last ${ledger} GROUP BY trace_id) AS entries USING trace_id
WHERE cost != posted AND posted_last <= version`

const questions = [
  { of: 'entry', field: 'amount', sql: priceTimesQuantity },
  { of: 'entry', field: 'what is left', sql: behindReversals },
  { of: 'span', field: 'tokens', sql: tokensOfSpans },
  { of: 'run', field: 'cost', sql: costsOfRuns },
] as const satisfies readonly { readonly of: Difference['of']; readonly field: string; readonly sql: string }[]

export async function checkSums({ store, tenant, report, nowMs }: Omit<VerifyOptions, 'prices' | 'threads'>): Promise<CheckedSums> {
  const began = nowMs()
  let differences = 0
  const say = (difference: Difference): void => {
    differences++
    report(difference)
  }
  for (const { of, field, sql } of questions) {
    for (const { id_hex, trace, span, title, stored, expected } of await store.read<Wrong>(`${sql} LIMIT ${wrongMax} ${spilling}`, { tenant }, options)) {
      say({ of, id: id_hex === '' ? trace : id_hex, traceId: trace, spanId: span, title, kind: 'changed', fields: [{ field, stored, recomputed: expected }] })
    }
  }
  for (const { table, day, ledger: own, summed } of await costDayDifferences(store, tenant)) {
    say({ of: 'day', id: day, traceId: '', spanId: '', title: `${day} in ${table}`, kind: 'changed', fields: [{ field: 'cost', stored: summed, recomputed: own }] })
  }
  for (const difference of [...(await checkAgreed(store, tenant)).differences, ...await checkDecided(store, tenant)]) say(difference)
  return { entries: await entriesOf(store, tenant), differences, tookMs: nowMs() - began }
}

async function entriesOf(store: Store, tenant: string): Promise<number> {
  const [row] = await store.read<{ readonly n: string }>('SELECT count() AS n FROM ledger_entries FINAL WHERE tenant = {tenant:String}', { tenant }, options)
  return Number(row?.n ?? 0)
}
