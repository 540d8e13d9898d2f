import { costDays, costHours, costSessionDays, costUserDays, type DaySums, refreshCostDays } from '#clickhouse/cost-days.ts'
import type { Store } from '#clickhouse/store.ts'
import type { Log } from '../log.ts'

export interface CostDaysOptions {
  readonly store: Store
  readonly log: Log
  /** Milliseconds, monotonic. */
  readonly nowMs: () => number
}

/** How long after the start the ledger is first looked at for days that changed. Until then readers take those from the ledger: only speed waits. */
const firstMs = 30_000
/** How often after that. A day that changed is summed up as a whole, and a day has many users, sessions and hours. */
const pausesMs: readonly (readonly [DaySums, number])[] = [[costDays, 30_000], [costUserDays, 600_000], [costSessionDays, 600_000], [costHours, 600_000]]
/** Summing up takes at most a fiftieth of the time: while spans arrive, today's sums are behind as soon as they are made. */
const shareMax = 50

/** Keeps the ledger's sums by day, until closed. */
export function keepCostDays(options: CostDaysOptions): Disposable {
  const kept = new DisposableStack()
  for (const [sums, pauseMs] of pausesMs) kept.use(keep(options, sums, pauseMs))
  return kept
}

function keep({ store, log, nowMs }: CostDaysOptions, sums: DaySums, pauseMs: number): Disposable {
  let closed = false
  let timer: NodeJS.Timeout | undefined
  const turn = async (): Promise<void> => {
    const began = nowMs()
    try {
      await refreshCostDays(store, sums)
    } catch (error) {
      if (!closed) log.warn('costs could not be summed up; they are read from the ledger until they are', { error })
    }
    if (!closed) timer = setTimeout(() => void turn(), Math.max(pauseMs, (nowMs() - began) * shareMax)).unref()
  }
  timer = setTimeout(() => void turn(), firstMs).unref()
  return {
    [Symbol.dispose]() {
      closed = true
      clearTimeout(timer)
    },
  }
}
