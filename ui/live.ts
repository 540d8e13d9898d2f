import { type Accessor, createContext, createSignal, onCleanup, useContext } from 'solid-js'

/** `off` by the reader's choice or because the page is hidden. */
export type LiveState = 'off' | 'connecting' | 'connected' | 'reconnecting'

export interface Live {
  readonly state: Accessor<LiveState>
  readonly wanted: Accessor<boolean>
  readonly setWanted: (wanted: boolean) => void
  /** Called with the ids of runs that changed, at most once a second. Ends with the owner that asked. */
  readonly onRuns: (listener: (ids: ReadonlySet<string>) => void) => void
}

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
  const listeners = new Set<(ids: ReadonlySet<string>) => void>()
  let source: EventSource | undefined
  let changed = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined

  const tell = (): void => {
    timer = undefined
    const ids = changed
    changed = new Set()
    for (const listener of listeners) listener(ids)
  }
  const hear = (event: MessageEvent<string>): void => {
    for (const id of idsOf(event.data)) changed.add(id)
    timer ??= setTimeout(tell, gatherMs)
  }
  const close = (): void => {
    source?.close()
    source = undefined
    setState('off')
  }
  const open = (): void => {
    if (source !== undefined) return
    setState('connecting')
    source = new EventSource('/v1/runs/events')
    source.addEventListener('open', () => setState('connected'))
    source.addEventListener('error', () => {
      setState('reconnecting')
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

const LiveContext = createContext<Live>()
export const LiveProvider = LiveContext.Provider
export const useLive = (): Live => {
  const live = useContext(LiveContext)
  if (live === undefined) throw new Error('useLive outside of the frame')
  return live
}
