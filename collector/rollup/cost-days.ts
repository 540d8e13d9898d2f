import { refreshCostDays } from '#clickhouse/cost-days.ts'
import type { Store } from '#clickhouse/store.ts'
import type { Log } from '../log.ts'

export interface CostDaysOptions {
  readonly store: Store
  readonly log: Log
  /** Milliseconds, monotonic. */
  readonly nowMs: () => number
}

/** How often the ledger is looked at for days that changed. Until then readers take those days from the ledger: only speed waits. */
const pauseMs = 30_000
/** Summing up takes at most a twentieth of the time. */
const shareMax = 20

/** Keeps the ledger's sums by day, until closed. */
export function keepCostDays({ store, log, nowMs }: CostDaysOptions): Disposable {
  let closed = false
  let timer: NodeJS.Timeout | undefined
  const turn = async (): Promise<void> => {
    const began = nowMs()
    try {
      await refreshCostDays(store)
    } catch (error) {
      if (!closed) log.warn('costs could not be summed up; they are read from the ledger until they are', { error })
    }
    if (!closed) timer = setTimeout(() => void turn(), Math.max(pauseMs, (nowMs() - began) * shareMax)).unref()
  }
  timer = setTimeout(() => void turn(), pauseMs).unref()
  return {
    [Symbol.dispose]() {
      closed = true
      clearTimeout(timer)
    },
  }
}
