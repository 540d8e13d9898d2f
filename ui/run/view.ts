import { useSearchParams } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import { type Accessor, createEffect, createMemo, createSignal, onCleanup, untrack } from 'solid-js'
import { MatchingStepsDocument } from '../queries.ts'
import { ask } from '../request.ts'
import { around, parseWindow, type TimeWindow, windowText } from '../time-axis.ts'
import { rowOf, rowsOf, type Skeleton, spanId } from './skeleton.ts'
import { cycle, fold, placeOf, reveal, search, troubled, union, visibleRows } from './tree.ts'

/** What is on show of one trace and how it is steered. Window, selection and search live in the URL, `replace`d while they move. */
export interface RunView {
  readonly skeleton: Accessor<Skeleton>
  readonly visible: Accessor<Uint32Array>
  readonly folded: Accessor<Uint8Array>
  readonly setFolded: (row: number, closed: boolean, deep: boolean) => void
  readonly foldAll: (closed: boolean) => void
  /** Row the keyboard stands on. */
  readonly active: Accessor<number>
  readonly setActive: (row: number) => void
  /** Moves by places among the visible rows. */
  readonly move: (places: number) => void
  readonly open: Accessor<boolean>
  readonly setOpen: (open: boolean) => void
  readonly window: Accessor<TimeWindow>
  readonly setWindow: (window: TimeWindow) => void
  readonly focusWindow: () => void
  readonly find: Accessor<string>
  readonly setFind: (text: string) => void
  readonly hits: Accessor<Uint32Array>
  /** 1 for each row that matches; `undefined` without a search. */
  readonly matches: Accessor<Uint8Array | undefined>
  readonly searching: Accessor<boolean>
  readonly nextHit: (direction: 1 | -1) => void
  readonly nextTrouble: (direction: 1 | -1) => void
}

/** Milliseconds a cursor-like change rests before it is written to the URL. */
const urlMs = 250
/** Fewer letters are looked for in names only: on the server they would match nearly everything. */
const serverSearchMin = 3

const one = (value: string | string[] | undefined): string => (Array.isArray(value) ? value[0] : value) ?? ''

/** Folded rows of an earlier state of the trace, found again in a later one. */
const carryFolds = (before: Skeleton, folded: Uint8Array, after: Skeleton): Uint8Array => {
  const next = new Uint8Array(after.rows)
  const ids: string[] = []
  for (let row = 0; row < before.rows; row++) if (folded[row] === 1) ids.push(spanId(before, row))
  for (const row of rowsOf(after, ids)) next[row] = 1
  return next
}

export const createRunView = (skeleton: Accessor<Skeleton>): RunView => {
  const [params, setParams] = useSearchParams()
  const [activeId, setActiveId] = createSignal(one(params['span']))
  const [open, setOpenSignal] = createSignal(activeId() !== '')
  const [window, setWindowSignal] = createSignal<TimeWindow | undefined>(parseWindow(one(params['t']), skeleton().totalMs))
  const [find, setFindSignal] = createSignal(one(params['find']))
  const [serverFind, setServerFind] = createSignal(find())
  const [foldState, setFoldState] = createSignal<{ readonly of: Skeleton; readonly folded: Uint8Array }>({ of: skeleton(), folded: new Uint8Array(skeleton().rows) })

  const folded = createMemo(() => {
    const [state, now] = [foldState(), skeleton()]
    return state.of === now ? state.folded : carryFolds(state.of, state.folded, now)
  })
  const visible = createMemo(() => visibleRows(skeleton(), folded()))
  const active = createMemo(() => Math.max(rowOf(skeleton(), activeId()), 0))
  const wholeWindow = createMemo(() => window() ?? { from: 0, to: skeleton().totalMs })

  let timer: ReturnType<typeof setTimeout> | undefined
  /** The span this view itself put into the URL. */
  let written = activeId()
  const writeUrl = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      setServerFind(find())
      written = open() ? activeId() : ''
      setParams({ span: written, t: windowText(wholeWindow(), skeleton().totalMs), find: find() }, { replace: true, scroll: false })
    }, urlMs)
  }
  onCleanup(() => clearTimeout(timer))

  const setActive = (row: number): void => {
    const opened = reveal(skeleton(), folded(), row)
    if (opened !== folded()) setFoldState({ of: skeleton(), folded: opened })
    setActiveId(skeleton().rows === 0 ? '' : spanId(skeleton(), row))
    if (open()) writeUrl()
  }
  const setOpen = (next: boolean): void => {
    if (next && activeId() === '') setActive(active())
    setOpenSignal(next)
    writeUrl()
  }
  const setWindow = (next: TimeWindow): void => {
    // The whole trace stays the whole trace while it grows.
    setWindowSignal(next.from <= 0 && next.to >= skeleton().totalMs ? undefined : next)
    writeUrl()
  }
  // The browser's back and forward change the URL under us: what they say is taken over.
  createEffect(() => {
    const id = one(params['span'])
    if (id === written || id === '') return
    untrack(() => {
      const row = rowOf(skeleton(), id)
      if (row >= 0) setActive(row)
      setOpenSignal(true)
    })
  })

  const matching = useQuery(() => {
    const text = serverFind().trim()
    return {
      queryKey: ['matching', skeleton().traceId, text], enabled: text.length >= serverSearchMin, staleTime: 30_000,
      queryFn: ({ signal }: { signal: AbortSignal }) => ask(MatchingStepsDocument, { id: skeleton().traceId, text }, signal),
    }
  })
  const serverHits = createMemo(() => {
    const ids = matching.isSuccess && serverFind() === find() ? matching.data.trace?.matchingSteps : undefined
    return ids === undefined ? new Uint32Array(0) : rowsOf(skeleton(), ids)
  })
  const hits = createMemo(() => {
    const names = search(skeleton(), find())
    return find().trim() === '' || serverHits().length === 0 ? names : union(names, serverHits())
  })
  const matches = createMemo(() => {
    if (find().trim() === '') return undefined
    const marks = new Uint8Array(skeleton().rows)
    for (const row of hits()) marks[row] = 1
    return marks
  })
  const trouble = createMemo(() => troubled(skeleton()))
  const jump = (rows: Uint32Array, direction: 1 | -1): void => {
    const row = cycle(rows, active(), direction)
    if (row >= 0) setActive(row)
  }

  return {
    skeleton, visible, folded, active, setActive, open, setOpen, window: wholeWindow, setWindow, find, hits, matches,
    setFolded: (row, closed, deep) => setFoldState({ of: skeleton(), folded: fold(skeleton(), folded(), row, closed, deep) }),
    foldAll: (closed) => {
      const next = new Uint8Array(skeleton().rows)
      // Roots stay open: a page with one row says nothing.
      if (closed) for (let row = 0; row < skeleton().rows; row++) next[row] = skeleton().depth[row]! > 0 && skeleton().end[row]! > row + 1 ? 1 : 0
      setFoldState({ of: skeleton(), folded: next })
    },
    move: (places) => {
      const place = placeOf(visible(), active())
      const row = visible()[Math.min(Math.max(place + places, 0), visible().length - 1)]
      if (row !== undefined) setActive(row)
    },
    focusWindow: () => {
      const [s, row] = [skeleton(), active()]
      setWindow(around(s.start[row]! * s.tickMs, s.duration[row]! * s.tickMs, s.totalMs))
    },
    setFind: (text) => {
      setFindSignal(text)
      writeUrl()
    },
    searching: () => matching.isFetching,
    nextHit: (direction) => jump(hits(), direction),
    nextTrouble: (direction) => jump(trouble(), direction),
  }
}
