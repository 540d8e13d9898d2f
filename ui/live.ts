import { type Accessor, createContext, createEffect, createSignal, onCleanup, useContext } from 'solid-js'

/** `off` by the reader's choice or because the page is hidden. */
export type LiveState = 'off' | 'connecting' | 'connected' | 'reconnecting'

export interface Live {
  readonly state: Accessor<LiveState>
  readonly wanted: Accessor<boolean>
  readonly setWanted: (wanted: boolean) => void
  /** Called with the runs that changed, at most once a second. Ends with the owner that asked. */
  readonly onRuns: (listener: Listener) => void
}

/** Ids of runs; `any` of them may have changed after a time in which nobody listened. */
type Changed = ReadonlySet<string> | 'any'
type Listener = (changed: Changed) => void

/** Milliseconds in which changes are gathered before pages hear of them: a busy server must not redraw a page per span. */
const gatherMs = 1_000

const idsOf = (data: string): string[] => {
  try {
    const value: unknown = JSON.parse(data)
    const list = Array.isArray(value) ? value : [value]
    return list.flatMap((item: unknown) => {
      const id = typeof item === 'object' && item !== null && 'id' in item ? item.id : item
      return typeof id === 'string' ? [id] : []
    })
  } catch (cause) {
    console.warn('a live update was no JSON', cause)
    return []
  }
}

/** One stream for the whole tab: a browser has six connections to a server, and hidden tabs give theirs back. */
export const createLive = (): Live => {
  const [wanted, setWanted] = createSignal(true)
  const [state, setState] = createSignal<LiveState>('off')
  const listeners = new Set<Listener>()
  let source: EventSource | undefined
  let changed = new Set<string>()
  /** Changes may have gone untold: the stream was closed or broke, and what a page shows is from before. */
  let missed = false
  let timer: ReturnType<typeof setTimeout> | undefined

  const tell = (): void => {
    timer = undefined
    const told: Changed = missed ? 'any' : changed
    changed = new Set()
    missed = missed && state() !== 'connected'
    for (const listener of listeners) listener(told)
  }
  const hear = (event: MessageEvent<string>): void => {
    for (const id of idsOf(event.data)) changed.add(id)
    timer ??= setTimeout(tell, gatherMs)
  }
  const close = (): void => {
    if (source !== undefined) missed = true
    source?.close()
    source = undefined
    setState('off')
  }
  const open = (): void => {
    if (source !== undefined) return
    setState('connecting')
    source = new EventSource('/v1/runs/events')
    source.addEventListener('open', () => {
      setState('connected')
      if (missed) timer ??= setTimeout(tell, gatherMs)
    })
    source.addEventListener('error', () => {
      setState('reconnecting')
      missed = true
      // The browser gives up for good after a refused answer: then this page tries again itself.
      if (source?.readyState === EventSource.CLOSED) {
        source = undefined
        setTimeout(follow, 5_000)
      }
    })
    source.addEventListener('message', hear)
    source.addEventListener('run', hear)
  }
  const follow = (): void => (wanted() && document.visibilityState === 'visible' ? open() : close())

  document.addEventListener('visibilitychange', follow)
  follow()
  onCleanup(() => {
    document.removeEventListener('visibilitychange', follow)
    clearTimeout(timer)
    close()
  })
  return {
    state,
    wanted,
    setWanted: (next) => {
      setWanted(next)
      queueMicrotask(follow)
    },
    onRuns: (listener) => {
      listeners.add(listener)
      onCleanup(() => listeners.delete(listener))
    },
  }
}

/** `act` at once, then at most once in `ms`: what comes in between is followed by one more at the end, so that the last one is never lost. */
export const atMostEvery = (ms: number, act: () => void): (() => void) => {
  let timer: ReturnType<typeof setTimeout> | undefined
  let next = 0
  onCleanup(() => clearTimeout(timer))
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined
      next = Date.now() + ms
      act()
    }, Math.max(0, next - Date.now()))
  }
}

/**
 * Asks a query again; while its answer is awaited, once more after that one has been shown: what changes more often than it can be
 * read would else be asked for anew for ever. Ends with the owner that asked.
 */
export const askAgain = (query: { readonly isEnabled: boolean; readonly isFetching: boolean; readonly refetch: () => Promise<unknown> }): (() => void) => {
  let again = false
  createEffect(() => {
    if (query.isFetching || !again) return
    again = false
    void query.refetch()
  })
  return () => {
    if (query.isFetching) again = true
    else if (query.isEnabled) void query.refetch()
  }
}

const LiveContext = createContext<Live>()
export const LiveProvider = LiveContext.Provider
export const useLive = (): Live => {
  const live = useContext(LiveContext)
  if (live === undefined) throw new Error('useLive outside of the frame')
  return live
}
