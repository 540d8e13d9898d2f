import { type PicoUsd, runStatuses, type RunStatus, type TokenUsage, type UnixNano } from '#semconv/facts.ts'
import { choice, count, decimal, flag, id, nullableDecimal, nullableTime, type Table, text, time, version, word, words } from '../table.ts'

/**
 * What a trace amounts to, as of one look at it. The highest version is the state. A trace without GenAI activity has a
 * row too (`is_run` false), so that it can be found.
 */
export interface RunRow {
  readonly tenant: string
  readonly project: string
  readonly traceId: string
  /** Nanoseconds at which this was made, of a first look those at which its spans were accepted; strictly growing per trace. */
  readonly version: bigint
  readonly isRun: boolean
  readonly settled: boolean
  readonly name: string
  /** INCOMPLETE is never stored: readers derive it from RUNNING and `last_received_at`. */
  readonly status: RunStatus
  readonly startedAt: UnixNano
  /** End of the last span, once a root has ended. */
  readonly endedAt: UnixNano | undefined
  readonly lastReceivedAt: UnixNano
  readonly service: string
  readonly environment: string
  readonly workflow: string
  readonly agents: readonly string[]
  readonly users: readonly string[]
  readonly sessions: readonly string[]
  readonly providers: readonly string[]
  readonly models: readonly string[]
  readonly modelCalls: number
  readonly failedModelCalls: number
  readonly unmeteredModelCalls: number
  readonly unpricedModelCalls: number
  readonly toolCalls: number
  readonly failedToolCalls: number
  readonly spanCount: number
  readonly errorCount: number
  readonly tokens: TokenUsage
  /** Sum of the run's ledger entries. */
  readonly cost: PicoUsd
  readonly reportedCost: PicoUsd | undefined
  readonly policyDecisions: number
  /** Decisions other than ALLOW that changed what the agent did (taken at the agent or the endpoint). */
  readonly interventions: number
}

export const runs: Table<RunRow> = {
  name: 'runs',
  columns: [
    word('tenant', (r) => r.tenant),
    word('project', (r) => r.project),
    id('trace_id', 16, (r) => r.traceId),
    version('version', (r) => r.version),
    flag('is_run', (r) => r.isRun),
    flag('settled', (r) => r.settled),
    text('name', (r) => r.name),
    choice('status', runStatuses, (r) => r.status),
    time('started_at', (r) => r.startedAt),
    nullableTime('ended_at', (r) => r.endedAt),
    time('last_received_at', (r) => r.lastReceivedAt),
    word('service', (r) => r.service),
    word('environment', (r) => r.environment),
    word('workflow', (r) => r.workflow),
    words('agents', (r) => r.agents),
    words('users', (r) => r.users),
    words('sessions', (r) => r.sessions),
    words('providers', (r) => r.providers),
    words('models', (r) => r.models),
    count('model_calls', (r) => r.modelCalls),
    count('failed_model_calls', (r) => r.failedModelCalls),
    count('unmetered_model_calls', (r) => r.unmeteredModelCalls),
    count('unpriced_model_calls', (r) => r.unpricedModelCalls),
    count('tool_calls', (r) => r.toolCalls),
    count('failed_tool_calls', (r) => r.failedToolCalls),
    count('span_count', (r) => r.spanCount),
    count('error_count', (r) => r.errorCount),
    count('tokens_input', (r) => r.tokens.input),
    count('tokens_cached_input', (r) => r.tokens.cachedInput),
    count('tokens_cache_write', (r) => r.tokens.cacheWrite),
    count('tokens_output', (r) => r.tokens.output),
    count('tokens_reasoning', (r) => r.tokens.reasoning),
    count('tokens_total', (r) => r.tokens.total),
    decimal('cost', (r) => r.cost),
    nullableDecimal('reported_cost', (r) => r.reportedCost),
    count('policy_decisions', (r) => r.policyDecisions),
    count('interventions', (r) => r.interventions),
  ],
}
