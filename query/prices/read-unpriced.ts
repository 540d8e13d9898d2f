import { countsTokens } from '#clickhouse/tables/ledger-entries.ts'
import type { QueryContext } from '../context.ts'
import { storedDecimal } from '../decimal.ts'
import { userError } from '../errors.ts'
import { textOf } from '../reader.ts'
import type { TimeRange } from '../time-range.ts'
import { allOf, when, within } from '../where.ts'
import type { UnpricedModel } from './unpriced-model.ts'

const firstMax = 500

interface StoredUnpriced {
  readonly provider: string
  readonly model: string
  readonly calls: string
  readonly token_sum: string
  readonly meters: readonly string[]
  readonly first_seen: string
  readonly last_seen: string
  readonly run: string
}

/** What a reversal took back is not without a price any more: lines count net, per span and meter. */
export async function unpricedModels({ reader }: QueryContext, { range, first }: { readonly range: TimeRange; readonly first: number }): Promise<UnpricedModel[]> {
  if (!Number.isInteger(first) || first < 1 || first > firstMax) throw userError('BAD_INPUT', `first is ${first}: write 1 to ${firstMax}`)
  const rows = await reader.rows<StoredUnpriced>({
    columns: 'provider, model, trace_id, span_id, meter, min(occurred_at) AS at, sum(quantity) AS net',
    from: 'ledgerEntries',
    where: allOf(within('range', 'occurred_at', range), when(`basis = 'UNPRICED'`, {})),
    tail: 'GROUP BY provider, model, trace_id, span_id, meter HAVING net > 0',
    around: (lines) => `SELECT provider, model, uniqExact(trace_id, span_id) AS calls,
      ${textOf(`sumIf(net, ${countsTokens})`, 'token_sum')},
      arraySort(groupUniqArray(meter)) AS meters, toString(toUnixTimestamp64Nano(min(at))) AS first_seen, toString(toUnixTimestamp64Nano(max(at))) AS last_seen,
      lower(hex(argMax(trace_id, at))) AS run
      FROM ${lines} GROUP BY provider, model ORDER BY calls DESC, model, provider LIMIT ${first}`,
  })
  return rows.map((row) => ({
    provider: row.provider, model: row.model, calls: Number(row.calls), tokens: storedDecimal(row.token_sum), meters: row.meters,
    firstSeen: BigInt(row.first_seen), lastSeen: BigInt(row.last_seen), exampleRunId: row.run,
  }))
}

export async function unmeteredModelCalls({ reader }: QueryContext, range: TimeRange): Promise<number> {
  const [row] = await reader.rows<{ readonly n: string }>({
    columns: 'toString(sum(unmetered_model_calls)) AS n', from: 'runs', where: allOf(within('range', 'started_at', range)), tail: '',
  })
  return Number(row?.n ?? 0)
}
