import { picoFromDecimal } from '#clickhouse/decimal.ts'
import type { Store } from '#clickhouse/store.ts'
import { timeBound } from '#clickhouse/time-bound.ts'
import { usageColumn } from '#clickhouse/tables/usage-column.ts'
import { type Meter, meters, type PicoUsd, tokenMeters, type UnixNano, type Usage } from '#semconv/facts.ts'
import { ledgerLines } from '../derive/ledger-lines.ts'
import { bookFor, type PriceBook } from './book.ts'

/** What a book would make of calls that stand in the ledger, by model as the telemetry names it. */
export interface Effect {
  readonly provider: string
  readonly model: string
  readonly calls: number
  /** As the ledger has it. Calls without a price are not in it. */
  readonly posted: PicoUsd
  /** As this book prices the same usage. */
  readonly repriced: PicoUsd
  readonly unpricedNow: number
  readonly unpricedThen: number
}

/** The time that a diff looks back, in days: `governance` of prices happens by the month. */
export const effectDays = 30
/** Reading a month of a large ledger; a person waits. */
const readSecondsMax = 300

/** One call, its net lines side by side. */
type CallRow = readonly [provider: string, requestModel: string, responseModel: string, serviceTier: string, at: string, card: string, names: string[], quantities: string[], amount: string | null, unpriced: number, reported: number]

/**
 * The calls of a month, as the ledger charges them now: lines of a span net of reversals, with what its span says of model and
 * terms. A line whose span names no model (usage held back on a parent) is told by the ledger's own provider and model. What the
 * instrumentation claimed has no tokens in the ledger: those are its span's; of a remainder nobody knows them, and it stays.
 */
const callsSql = `
SELECT if(c.named, c.provider, l.provider) AS p, if(c.named, c.request_model, l.model) AS rq, if(c.named, c.response_model, '') AS rs, c.service_tier,
  toString(toUnixTimestamp64Nano(l.at)), l.model, if(l.reported, if(l.remainder, [], c.names), l.names), if(l.reported, if(l.remainder, [], c.quantities), l.quantities),
  toString(l.amount), l.unpriced, l.reported
FROM (
  SELECT trace_id, span_id, min(first) AS at, any(provider) AS provider, any(model) AS model, groupArray(meter) AS names,
    groupArray(toString(toInt64(quantity))) AS quantities, sum(net) AS amount, max(unknown) AS unpriced,
    toUInt8(has(names, 'reported_cost')) AS reported, max(is_remainder) AS remainder
  FROM (
    SELECT trace_id, span_id, meter, min(occurred_at) AS first, any(provider) AS provider, any(model) AS model, sum(l0.quantity) AS quantity,
      sum(l0.amount) AS net, toUInt8(sumIf(l0.quantity, isNull(l0.amount)) > 0) AS unknown, max(reason = 'unattributed') AS is_remainder
    FROM ledger_entries AS l0 FINAL
    WHERE tenant = {tenant:String} AND occurred_at >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND reason != 'reconciled'
    GROUP BY trace_id, span_id, meter HAVING quantity > 0
  ) GROUP BY trace_id, span_id
) AS l
LEFT JOIN (
  SELECT trace_id, span_id, provider, request_model, response_model, service_tier, request_model != '' OR response_model != '' AS named,
    arrayConcat([${tokenMeters.map((meter) => `'${meter}'`).join()}], mapKeys(usage_pieces)) AS names,
    arrayConcat([${tokenMeters.map((meter) => `toString(${usageColumn(meter)})`).join()}], arrayMap(count -> toString(count), mapValues(usage_pieces))) AS quantities
  FROM spans WHERE tenant = {tenant:String} AND ${timeBound('started_at', '>=', 'from')} AND usage_reported
  ORDER BY received_at DESC LIMIT 1 BY trace_id, span_id
) AS c ON l.trace_id = c.trace_id AND l.span_id = c.span_id`

const known: ReadonlySet<string> = new Set(meters)

/** Dearest change first. With the tenant's contracts, as its calls are priced. */
export async function effectOf(store: Store, tenant: string, book: PriceBook, now: UnixNano, signal?: AbortSignal): Promise<Effect[]> {
  const prices = bookFor(book, tenant)
  const from = now - BigInt(effectDays) * 86_400_000_000_000n
  const effects = new Map<string, { -readonly [K in keyof Effect]: Effect[K] }>()
  const options = { maxSeconds: readSecondsMax, pool: 'bi' as const, ...(signal && { signal }) }
  for await (const rows of store.readBatches<CallRow>(callsSql, { tenant, from: String(from) }, options)) {
    for (const [provider, requestModel, responseModel, serviceTier, at, , names, quantities, amount, unpriced, reported] of rows) {
      const usage: Partial<Record<Meter, number>> = {}
      names.forEach((name, i) => {
        // A request is priced by the card, not by usage.
        if (known.has(name) && name !== 'request') usage[name as Meter] = Number(quantities[i])
      })
      const posted = amount === null ? 0n : picoFromDecimal(amount)
      const lines = ledgerLines(prices, { provider, requestModel, responseModel, serviceTier, usage: usage as Usage, at: BigInt(at), reportedCost: reported === 1 ? posted : undefined })
      const key = `${provider}\n${responseModel || requestModel}`
      let effect = effects.get(key)
      if (!effect) effects.set(key, (effect = { provider, model: responseModel || requestModel, calls: 0, posted: 0n, repriced: 0n, unpricedNow: 0, unpricedThen: 0 }))
      effect.calls++
      effect.posted += posted
      effect.unpricedNow += Number(unpriced)
      effect.repriced += lines.reduce((sum, line) => sum + (line.amount ?? 0n), 0n)
      if (lines.some(({ basis }) => basis === 'UNPRICED')) effect.unpricedThen++
    }
  }
  return [...effects.values()].sort((a, b) => compare(size(b), size(a)) || (a.model < b.model ? -1 : 1))
}

const size = ({ posted, repriced }: Effect): bigint => (repriced > posted ? repriced - posted : posted - repriced)
const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)

/** Only where the book changes something. */
export const changed = ({ posted, repriced, unpricedNow, unpricedThen }: Effect): boolean => posted !== repriced || unpricedNow !== unpricedThen
