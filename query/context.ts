import type { PriceDesk } from '#collector/price/desk.ts'
import type { AlertKeeper } from '#otel-config/alerts/standing.ts'
import type { BudgetKeeper } from '#otel-config/budgets/standing.ts'
import type { RunCounts } from './costs/run-counts.ts'
import type { DecisionsCounted } from './policy-decisions/decision-counts.ts'
import type { Reader } from './reader.ts'
import type { Reconciler } from './reconciliation/reconciler.ts'
import type { VerdictCache } from './steps/verdicts.ts'

/** What every resolver may use. Made once per request by the server; nothing here outlives it. */
export interface QueryContext {
  readonly verdicts: VerdictCache
  readonly reader: Reader
  readonly runCounts: RunCounts
  readonly decisionCounts: DecisionsCounted
  readonly prices: PriceDesk
  readonly endpoints: Endpoints
  /** `undefined` where the collector is another process. */
  readonly backlog: () => Backlog | undefined
  /** `undefined` where bills are not reconciled by this process. */
  readonly reconciler: Reconciler | undefined
  /** Both are `undefined` where no collector runs in this process. */
  readonly budgets: BudgetKeeper | undefined
  readonly alerts: AlertKeeper | undefined
  /** Milliseconds without news after which a running trace counts as incomplete. */
  readonly incompleteAfterMs: number
  /** Unix time in milliseconds. */
  readonly now: () => number
}

/** Where agents send their telemetry: shown to people, never dialled by us. */
export interface Endpoints {
  readonly grpc: string
  readonly http: string
}

/** What the collector has acknowledged and ClickHouse does not have yet. */
export interface Backlog {
  readonly bytes: number
  readonly segments: number
  /** When the oldest of it was acknowledged, Unix time in milliseconds; `undefined` where nothing waits. */
  readonly since: number | undefined
  /** Free on the disk it is written to. */
  readonly diskFreeBytes: number | undefined
}
