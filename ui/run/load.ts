import { type Accessor, createEffect, createSignal, onCleanup, untrack } from 'solid-js'
import { fetchSkeleton, RequestError } from '../request.ts'
import { decodeSkeleton, type Skeleton } from './skeleton.ts'

/** A trace that grows is fetched again after a rest of so many times what the last fetch took: large ones less often. */
const restFactor = 4

export interface LoadedSkeleton {
  readonly skeleton: Accessor<Skeleton | undefined>
  readonly failure: Accessor<unknown>
  readonly asking: Accessor<boolean>
  readonly refresh: () => void
}

/**
 * The columns of one trace. A plain signal and not the query cache, because that wraps what it holds in proxies, and a
 * proxy per array access is what 100,000 rows do not bear.
 */
export const loadSkeleton = (id: Accessor<string>): LoadedSkeleton => {
  const [skeleton, setSkeleton] = createSignal<Skeleton>()
  const [failure, setFailure] = createSignal<unknown>()
  const [asking, setAsking] = createSignal(false)
  let controller: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let tookMs = 0
  /** Asked for while an answer is on its way. That one is shown first: a trace may change more often than it can be read. */
  let again = false
  const fetchNow = async (run: string): Promise<void> => {
    controller?.abort()
    const mine = new AbortController()
    controller = mine
    setAsking(true)
    const before = performance.now()
    try {
      const next = decodeSkeleton(await fetchSkeleton(run, mine.signal))
      if (mine.signal.aborted) return
      setSkeleton(next)
      setFailure(undefined)
    } catch (cause) {
      if (mine.signal.aborted) return
      setFailure(cause instanceof Error ? cause : new RequestError('INTERNAL', 'The spans of this trace could not be read.'))
    }
    tookMs = performance.now() - before
    setAsking(false)
    if (!again) return
    again = false
    refresh()
  }
  createEffect(() => {
    const run = id()
    untrack(() => {
      again = false
      clearTimeout(timer)
      timer = undefined
      setSkeleton(undefined)
      setFailure(undefined)
      void fetchNow(run)
    })
  })
  onCleanup(() => {
    clearTimeout(timer)
    controller?.abort()
  })
  function refresh(): void {
    if (asking()) {
      again = true
      return
    }
    timer ??= setTimeout(() => {
      timer = undefined
      void fetchNow(id())
    }, tookMs * restFactor)
  }
  return { skeleton, failure, asking, refresh }
}
