import { useSearchParams } from '@solidjs/router'
import { keepPreviousData, useQuery } from '@tanstack/solid-query'
import { createMemo, createSignal, For, lazy, Match, Show, Switch } from 'solid-js'
import { countExact, plural } from '../format.ts'
import { askAgain, useLive } from '../live.ts'
import { useList } from '../pages.ts'
import { IngestDocument, RunFacetsDocument, RunsDocument } from '../queries.ts'
import { ask } from '../request.ts'
import { onShortcut } from '../shortcuts.ts'
import { activeFilters, carried, type FilterKey, queryString, rangeBounds, rangeOf, runFilter, runKeys, runOrder, runOrders } from '../url-state.ts'
import { Failure, Progress } from '../widgets/failure.tsx'
import { ActiveFilters, FilterBar } from '../widgets/filter-bar.tsx'
import { More } from '../widgets/more.tsx'
import { statusLabel } from '../widgets/outcome.tsx'
import { Empty, Page } from '../widgets/page.tsx'
import { RunTable } from './run-table.tsx'
import styles from './runs.module.css'

// Needed once in the life of a store.
const FirstTrace = lazy(async () => ({ default: (await import('./first-trace.tsx')).FirstTrace }))

/** Runs asked for at a time: two screens. */
const pageSize = 50
/** Milliseconds between looks where no stream tells of changes. */
const pollMs = 5_000
/** Milliseconds between looks for the first trace. */
const firstTraceMs = 2_000
/** Pixels from the top within which new runs may appear by themselves; below, they would move what is being read. */
const atTopPx = 120

const hasLabels: Readonly<Record<string, string>> = { errors: 'errors', policy: 'policy decisions', unpriced: 'unpriced calls' }
const filterLabel = (key: FilterKey, value: string): string =>
  key === 'has' ? (hasLabels[value] ?? value) : key === 'status' && ['RUNNING', 'COMPLETED', 'FAILED', 'INCOMPLETE'].includes(value) ? statusLabel(value as 'RUNNING') : value

/** j and k walk the runs by moving the focus, so Enter opens what the focus is on. */
const walk = (direction: 1 | -1): void => {
  const links = [...document.querySelectorAll<HTMLAnchorElement>('a[data-run]')]
  const here = links.findIndex((link) => link.closest('tr')?.contains(document.activeElement) === true)
  const next = links[here === -1 ? 0 : Math.min(Math.max(here + direction, 0), links.length - 1)]
  next?.focus()
}

export const Runs = () => {
  const [search, setSearch] = useSearchParams()
  const live = useLive()
  const filter = createMemo(() => runFilter(search, rangeBounds(rangeOf(search), Date.now())))
  const every = () => (live.wanted() && live.state() !== 'connected' ? pollMs : false)
  const [news, setNews] = createSignal<ReadonlySet<string>>(new Set<string>())

  const ingest = useQuery(() => ({
    queryKey: ['ingest'], queryFn: ({ signal }) => ask(IngestDocument, {}, signal),
    refetchInterval: (query) => (query.state.data?.ingest.runCount === 0 ? firstTraceMs : false),
  }))
  const list = useList(() => {
    const [asked, orderBy] = [filter(), runOrder(search)]
    return {
      key: ['runs', asked, orderBy], every: every(),
      ask: async (after, signal) => (await ask(RunsDocument, { first: pageSize, after: after ?? null, filter: asked, orderBy }, signal)).runs,
    }
  })
  const facets = useQuery(() => {
    const asked = filter()
    return { queryKey: ['run-facets', asked], queryFn: ({ signal }: { signal: AbortSignal }) => ask(RunFacetsDocument, { filter: asked }, signal), placeholderData: keepPreviousData, reconcile: 'value' }
  })

  /** Once seen empty, the first-trace page stays until it has opened the run that arrives. */
  const [left, setLeft] = createSignal(false)
  const wasEmpty = createMemo((before: boolean) => before || (ingest.isSuccess && ingest.data.ingest.runCount === 0), false)
  const recount = askAgain(facets)
  const refresh = (): void => {
    setNews(new Set<string>())
    list.refresh()
    recount()
  }
  live.onRuns((changed) => {
    if (ingest.data?.ingest.runCount === 0) void ingest.refetch()
    else if (changed === 'any' || scrollY <= atTopPx) refresh()
    else {
      const shown = new Set(list.rows().map((run) => run.id))
      setNews((before) => new Set([...before, ...[...changed].filter((id) => !shown.has(id))]))
    }
  })
  onShortcut({ j: () => walk(1), k: () => walk(-1) })

  const counts = (): Readonly<Record<string, number>> => Object.fromEntries((facets.data?.status ?? []).map((facet) => [facet.value, facet.runs]))
  const total = (): number => Object.values(counts()).reduce((sum, runs) => sum + runs, 0)
  const unusual = () => (['FAILED', 'RUNNING', 'INCOMPLETE'] as const).filter((status) => (counts()[status] ?? 0) > 0)
  const only = (status: string): string => `/runs${queryString({ ...carried(search, runKeys), sort: runOrder(search) === 'STARTED_AT_DESC' ? null : runOrder(search), status })}`
  const choices = createMemo(() => {
    const found = facets.data
    return [
      { key: 'status', values: (found?.status ?? []).map((v) => ({ ...v, label: statusLabel(v.value as 'RUNNING') })) },
      { key: 'agent', values: found?.agent ?? [] }, { key: 'model', values: found?.model ?? [] }, { key: 'provider', values: found?.provider ?? [] },
      { key: 'user', values: found?.user ?? [] }, { key: 'service', values: found?.service ?? [] }, { key: 'env', values: found?.environment ?? [] },
      { key: 'has', values: Object.entries(hasLabels).map(([value, label]) => ({ value, label })) },
    ] as const
  })
  const restricted = () => activeFilters(search, runKeys).length > 0 || rangeOf(search) !== undefined

  return (
    <Page title="Runs" answer={<Show when={facets.isSuccess && (ingest.data?.ingest.runCount ?? 1) > 0}>{plural(total(), 'run')}<For each={unusual()}>{(status) => <>, <a href={only(status)}>{countExact(counts()[status] ?? 0)} {statusLabel(status).toLowerCase()}</a></>}</For>.</Show>}>
      <Switch>
        <Match when={wasEmpty() && !left() && ingest.isSuccess ? ingest.data.ingest : undefined}>
          {(status) => <FirstTrace ingest={status()} leave={() => setLeft(true)} />}
        </Match>
        <Match when={true}>
          <FilterBar choices={choices()} text="Name, agent, user, model, start of id">
            <label>
              Order
              <select onChange={(event) => setSearch({ sort: event.currentTarget.value === 'STARTED_AT_DESC' ? null : event.currentTarget.value })}>
                <For each={Object.entries(runOrders)}>{([value, label]) => <option value={value} selected={value === runOrder(search)}>{label}</option>}</For>
              </select>
            </label>
          </FilterBar>
          <ActiveFilters keys={runKeys} label={filterLabel} />
          <Progress when={list.asking() && (list.waiting() || list.outdated())} what="runs" />
          <div role="status" class={news().size > 0 ? styles['pill'] : 'visually-hidden'}>
            <Show when={news().size > 0}>
              <button type="button" class="primary" onClick={() => { scrollTo({ top: 0 }); refresh() }}>{plural(news().size, 'new or changed run')}</button>
            </Show>
          </div>
          <Switch>
            <Match when={list.failure() !== undefined && list.rows().length === 0}><Failure what="The runs" cause={list.failure()} retry={list.refresh} /></Match>
            <Match when={list.rows().length > 0}>
              <Show when={list.failure()}>{(cause) => <Failure what="Newer runs" cause={cause()} retry={list.refresh} />}</Show>
              <RunTable runs={list.rows()} outdated={list.outdated()} />
              <More list={list} />
            </Match>
            <Match when={!list.waiting()}>
              <Empty>
                <p>No run matches.</p>
                <Show when={restricted()}><p>Remove a filter above, or <button type="button" onClick={() => setSearch(Object.fromEntries([...runKeys, 'range'].map((key) => [key, null])))}>show all runs of all time</button></p></Show>
              </Empty>
            </Match>
          </Switch>
        </Match>
      </Switch>
    </Page>
  )
}
