import type { Store } from '#clickhouse/store.ts'
import type { Difference } from './difference.ts'

/** Rows that are told; a store that lost its decisions is told so often enough. */
const wrongMax = 10_000
const options = { maxSeconds: 3_600, pool: 'bi' } as const
const spilling = `SETTINGS max_bytes_before_external_group_by = 268435456, join_algorithm = 'grace_hash', grace_hash_join_initial_buckets = 8`

/**
 * Settled runs with fewer decisions than they were summed up with: a first look counts a span that came twice in one request twice.
 * There may be more: those of the decide endpoint are stored when they are answered, whether or not a span of the run comes later.
 * What a span says that came since takes the place of what it said, until the run is summed up again.
 */
const fewer = `SELECT lower(hex(trace_id)) AS trace, name, toString(policy_decisions) AS said, toString(stood) AS stored, toString(interventions) AS intervened, toString(stepped) AS stepped_in
FROM (SELECT trace_id, name, version, policy_decisions, interventions FROM runs FINAL WHERE tenant = {tenant:String} AND settled AND policy_decisions > 0) AS runs
LEFT JOIN (SELECT trace_id, count() AS stood, countIf(place != 'COLLECTOR' AND outcome != 'ALLOW') AS stepped, toUnixTimestamp64Nano(maxIf(posted_at, place != 'ENDPOINT')) AS latest FROM policy_decisions FINAL WHERE tenant = {tenant:String} GROUP BY trace_id) AS decisions USING trace_id
WHERE latest <= version AND (stood < policy_decisions OR stepped < interventions) LIMIT ${wrongMax} ${spilling}`

type Fewer = Readonly<Record<'trace' | 'name' | 'said' | 'stored' | 'intervened' | 'stepped_in', string>>

/**
 * Every decision that a run counts is there, and those that intervened still say so. Decisions lie before their run in the journal and
 * are there before it, but one question may read their table first: what differs is asked about once more.
 */
export async function checkDecided(store: Store, tenant: string): Promise<readonly Difference[]> {
  const ask = (): Promise<readonly Fewer[]> => store.read<Fewer>(fewer, { tenant }, options)
  const first = new Set((await ask()).map(({ trace }) => trace))
  const certain = first.size === 0 ? [] : (await ask()).filter(({ trace }) => first.has(trace))
  return certain.map(({ trace, name, said, stored, intervened, stepped_in }) => ({
    of: 'run', id: trace, traceId: trace, spanId: '', title: JSON.stringify(name), kind: 'changed',
    fields: [{ field: 'policy decisions', stored, recomputed: said }, { field: 'interventions', stored: stepped_in, recomputed: intervened }].filter((field) => field.stored !== field.recomputed),
  }))
}
