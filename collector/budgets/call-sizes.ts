import type { Store } from '#clickhouse/store.ts'
import { countsTokens } from '#clickhouse/tables/ledger-entries.ts'
import type { Measure } from '#otel-config/budgets/budget.ts'
import { oneCall } from './tally.ts'

/** What one call came to. */
export interface CallSize {
  readonly usd: bigint
  /** Times 10^12, as the ledger has them. */
  readonly tokens: bigint
}

export const sizeIn = ({ usd, tokens }: CallSize, measure: Measure): bigint => {
  switch (measure) {
    case 'usd': return usd
    case 'tokens': return tokens
    case 'calls': return oneCall
  }
}

/** Calls that are remembered of each agent and model, and below how many nothing can be said of the 95th of a hundred. */
const callsKept = 256
const callsMin = 20
/** Pairs of agent and model, and models; those that were silent longest are forgotten. */
const pairsMax = 10_000
/** A start reads calls of so many days. */
const daysRead = 28
const readSecondsMax = 60

/** A reservation, and what it rests on. */
export interface Estimate {
  readonly size: CallSize
  /** The largest call that is remembered: no call in flight is expected to exceed it. */
  readonly largest: CallSize
  readonly basis: 'agent_model_p95' | 'model_p95' | 'stated_tokens' | 'assumed_tokens' | 'unpriced'
}

/** The last calls of a pair, and what was worked out of them: agents ask more often than calls come in. */
interface Calls {
  readonly sizes: CallSize[]
  known: Pick<Estimate, 'size' | 'largest'> | undefined
}

/** `undefined`: of all agents. Any name may be an agent's own. */
const keyOf = (agent: string | undefined, model: string): string => (agent === undefined ? model : `${agent}\u0000${model}`)

/** How large calls are, by agent and model: enough to say the 95th percentile of the last few hundred. */
export class CallSizes {
  /** In the order of the last call, so that the first one is the one to forget. */
  readonly #pairs = new Map<string, Calls>()

  get isEmpty(): boolean {
    return this.#pairs.size === 0
  }

  add(agent: string, model: string, size: CallSize): void {
    for (const key of [keyOf(agent, model), keyOf(undefined, model)]) {
      const sizes = this.#pairs.get(key)?.sizes ?? []
      this.#pairs.delete(key)
      sizes.push(size)
      if (sizes.length > callsKept) sizes.shift()
      this.#pairs.set(key, { sizes, known: undefined })
    }
    for (const key of this.#pairs.keys()) {
      if (this.#pairs.size <= pairsMax) return
      this.#pairs.delete(key)
    }
  }

  /** Not the worst case: reserving that for every call refuses calls while most of the budget is free. */
  estimate(agent: string, model: string): Estimate | undefined {
    const own = this.#pairs.get(keyOf(agent, model))
    if (own !== undefined && own.sizes.length >= callsMin) return { ...(own.known ??= p95(own.sizes)), basis: 'agent_model_p95' }
    const all = this.#pairs.get(keyOf(undefined, model))
    return all !== undefined && all.sizes.length >= callsMin ? { ...(all.known ??= p95(all.sizes)), basis: 'model_p95' } : undefined
  }

  /** The latest calls of each agent and model, as the ledger has them. */
  async recall(store: Store, tenant: string, now: number): Promise<void> {
    const rows = await store.read<{ agent: string; model: string; sizes: readonly (readonly [string, string])[] }>(`
      SELECT agent, model, groupArray(${callsKept})((usd, tokens)) AS sizes FROM (
        SELECT agent, model, toString(reinterpret(sum(coalesce(amount, 0)), 'Int128')) AS usd,
          toString(reinterpret(sumIf(quantity, ${countsTokens}), 'Int128')) AS tokens
        FROM ledger_entries FINAL
        WHERE tenant = {tenant:String} AND occurred_at > fromUnixTimestamp64Milli({since:Int64}, 'UTC') AND basis != 'UNPRICED' AND reason != 'reconciled'
        GROUP BY agent, model, trace_id, span_id
        HAVING sum(quantity) > 0
        ORDER BY max(occurred_at) DESC LIMIT ${callsKept} BY agent, model
      ) GROUP BY agent, model LIMIT ${pairsMax}`, { tenant, since: now - daysRead * 86_400_000 }, { maxSeconds: readSecondsMax })
    for (const { agent, model, sizes } of rows) {
      for (const [usd, tokens] of [...sizes].reverse()) this.add(agent, model, { usd: BigInt(usd), tokens: BigInt(tokens) })
    }
  }
}

function p95(sizes: readonly CallSize[]): Pick<Estimate, 'size' | 'largest'> {
  const at = Math.ceil(sizes.length * 0.95) - 1
  const sorted = (read: (size: CallSize) => bigint): bigint[] => sizes.map(read).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const [usd, tokens] = [sorted((size) => size.usd), sorted((size) => size.tokens)]
  return { size: { usd: usd[at] ?? 0n, tokens: tokens[at] ?? 0n }, largest: { usd: usd.at(-1) ?? 0n, tokens: tokens.at(-1) ?? 0n } }
}
