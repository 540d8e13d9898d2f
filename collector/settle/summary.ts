import type { RunRow } from '#clickhouse/tables/runs.ts'
import type { TraceAccount } from '#semconv/account.ts'
import { kindOfRole, type PicoUsd, type SpanFacts } from '#semconv/facts.ts'
import { entryKey } from '../derive/identity.ts'
import { type PriceBook, priceBookProvider } from '../price/book.ts'
import type { LiveTrace, StoredDecision } from './live-traces.ts'
import type { Posted, Posting, PostOptions } from './post.ts'

/** What a summary needs of a trace. */
export type Summed = Posted & Pick<LiveTrace, 'traceId' | 'decisions' | 'lastReceivedAt'> & { readonly spans: ReadonlyMap<string, SpanFacts> }

/** The row of `runs` that says what a trace amounts to, as of `version`. */
export function summary(trace: Summed, account: TraceAccount, posting: Posting, settled: boolean, version: bigint, options: PostOptions): RunRow {
  const decisions = [...trace.decisions.values()]
  return {
    tenant: options.tenant,
    project: options.project,
    traceId: trace.traceId,
    version,
    isRun: account.isRun,
    settled,
    name: account.name,
    status: account.status,
    startedAt: account.startedAt,
    endedAt: account.endedAt,
    lastReceivedAt: trace.lastReceivedAt,
    service: account.service,
    environment: account.environment,
    workflow: account.workflow,
    agents: account.agents,
    users: account.users,
    sessions: account.sessions,
    providers: providersOf(account, posting, trace.spans.values(), options.prices),
    models: account.models,
    modelCalls: account.modelCalls,
    failedModelCalls: account.failedModelCalls,
    unmeteredModelCalls: account.unmeteredModelCalls,
    unpricedModelCalls: posting.unpricedModelCalls,
    toolCalls: account.toolCalls,
    failedToolCalls: account.failedToolCalls,
    spanCount: account.spanCount,
    errorCount: account.errorCount,
    tokens: account.tokens,
    cost: costOf(trace, posting),
    reportedCost: account.reportedCost,
    policyDecisions: decisions.length,
    interventions: interventionsAmong(decisions),
  }
}

/** How many of them changed what the agent did. */
export const interventionsAmong = (decisions: readonly Pick<StoredDecision, 'place' | 'mode' | 'outcome'>[]): number =>
  decisions.filter(({ place, mode, outcome }) => place !== 'COLLECTOR' && mode === 'ENFORCE' && outcome !== 'ALLOW').length

/** Sum of the ledger as it stands once `posting` is in: a row of the posting replaces the one with its id. */
export function costOf(trace: Posted, posting: Posting): PicoUsd {
  let sum = 0n
  for (const charge of trace.charges.values()) sum += charge.amount
  for (const entry of trace.entries.values()) sum += entry.amount ?? 0n
  for (const entry of posting.rows) sum += (entry.amount ?? 0n) - (trace.entries.get(entryKey(entry))?.amount ?? 0n)
  return sum
}

/** Where the telemetry names no provider, the price book's provider of the model. */
function providersOf(account: TraceAccount, posting: Posting, spans: Iterable<SpanFacts>, book: PriceBook): readonly string[] {
  const providers = new Set([...account.providers, ...posting.providers])
  for (const { step } of spans) {
    const kind = kindOfRole[step.role]
    if (step.provider !== '' || (kind !== 'MODEL_CALL' && kind !== 'EMBEDDING')) continue
    const found = priceBookProvider(book, step.responseModel) || priceBookProvider(book, step.requestModel)
    if (found !== '') providers.add(found)
  }
  return [...providers].sort()
}
