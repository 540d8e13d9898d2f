import { A, useNavigate, useSearchParams } from '@solidjs/router'
import { keepPreviousData, useQuery } from '@tanstack/solid-query'
import TriangleAlert from 'lucide-solid/icons/triangle-alert'
import { createMemo, For, Match, Show, Switch } from 'solid-js'
import { type Bucket, ChartRoom, StackedBars, type StackSeries, stretchWords } from '../chart.tsx'
import { count, knownCost, legible, money, moneyExact, moneyPixels, plural, signedMoney, userName } from '../format.ts'
import { askAgain, atMostEvery, useLive } from '../live.ts'
import { CostChangeDocument, CostCountsDocument, type CostClaimsFragment, type CostFieldsFragment, CostMapDocument, CostRunsDocument, type CostRunsQuery, CostsOverTimeDocument, type CostsOverTimeQuery, CostTablesDocument, CostTotalsDocument, type Interval } from '../queries.ts'
import { ask } from '../request.ts'
import {
  activeFilters, type Bounds, cacheReadMeters, carried, choices, type CostGroup, costFilter, costGroup, costGroups, costKeys, type CostPart, costParts, exportFiles, exportHref, type FilterKey, ledgerHref, narrowedCosts, partValues, queryString, rangeBounds, rangeOf, rangeText, valueText,
} from '../url-state.ts'
import { Failure, isAwaited, Progress } from '../widgets/failure.tsx'
import { Money, Tokens } from '../widgets/figures.tsx'
import { ActiveFilters, FilterBar } from '../widgets/filter-bar.tsx'
import { Name } from '../widgets/name.tsx'
import { Empty, Page } from '../widgets/page.tsx'
import { bucketEnd, bucketLabel, bucketStarts, intervalFor } from './buckets.ts'
import { Change } from './change.tsx'
import { CostMap } from './cost-map.tsx'
import styles from './costs.module.css'
import { groupWords } from './words.ts'

/** Groups that get a colour of their own; the rest is one bar "Other". */
const seriesMax = 6
/** Rows of a table before the rest is left to the ledger. */
const tableMax = 50
/** Whose tokens a cache made cheaper, or dearer. */
const cachedMeters = [...cacheReadMeters, 'input.cache_write.5m', 'input.cache_write.1h']
const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone
/** Users may be hashes, as coding agents send them. */
const nameIn = (group: CostGroup, value: string | null): string => (group === 'USER' ? userName(valueText(value)) : valueText(value))
/** Of rows by tag. */
const overlap = 'A call with several tags stands in each of them: these rows overlap, and can add up to more than the total.'

type Row = CostFieldsFragment & { readonly value: string | null }
type CostRunsKey = (typeof costGroups)[CostGroup]

type Counts = Partial<CostClaimsFragment> & { readonly runs: number }

/** What senders said the same calls cost opens the lines of those calls; what is ours above or below opens the lines of the calls on which both differ. */
const Claim = (props: { counts: Counts | undefined; href: (claim: (typeof choices.claim)[number]) => string; what: string }) => (
  <Show when={props.counts?.reportedCost} fallback={<span class="muted" title={props.counts === undefined ? 'Still counting' : 'No sender said what these calls cost.'}>{props.counts === undefined ? '…' : '–'}</span>}>
    {(claim) => (
      <>
        <Money amount={claim()} href={props.href('reported')} what={`calls of ${props.what} whose sender said what they cost`} />
        <span class="sub">
          <Show when={props.counts?.costVariance !== '0'} fallback="as ours">
            <A href={props.href('differs')} title={`Our amount of the same calls less what was reported: ${moneyExact(props.counts?.costVariance)}. Open the ledger entries of those that differ.`} aria-label={`ours ${signedMoney(props.counts?.costVariance)}, ledger entries of calls of ${props.what} on which both differ`}>ours {signedMoney(props.counts?.costVariance)}</A>
          </Show>
        </span>
      </>
    )}
  </Show>
)

/** Runs are counted in the ledger itself: figures do not wait for them. */
const Runs = (props: { runs: number | undefined; href: string; what: string }) => (
  <Show when={props.runs !== undefined} fallback={<span class="muted" title="Still counting">…</span>}>
    <A href={props.href} title={`${plural(props.runs ?? 0, 'run')}. Open their ledger entries.`} aria-label={`${plural(props.runs ?? 0, 'run')}, ledger entries of ${props.what}`}>{count(props.runs ?? 0)}</A>
  </Show>
)

const CostTable = (props: { group: CostGroup; rows: readonly Row[]; runs: CostRunsQuery[CostRunsKey] | undefined; claims: boolean; href: (values: Partial<Record<FilterKey, string>>) => string }) => (
  <section>
    <h2>By {groupWords[props.group].one}</h2>
    <div class="scroll-x">
      <table>
        <thead><tr><th scope="col">{groupWords[props.group].label}</th><th scope="col" class="number">Runs</th><th scope="col" class="number">Tokens in → out</th><th scope="col" class="number">Cost (USD)</th><Show when={props.claims}><th scope="col" class="number" title="What the instrumentation said the same calls cost">Reported (USD)</th></Show><th scope="col" class="number">Unpriced</th></tr></thead>
        <tbody>
          <For each={props.rows.slice(0, tableMax)}>
            {(row) => {
              const key = costGroups[props.group]
              const href = (): string => props.href({ [key]: valueText(row.value) })
              return (
                <tr>
                  <td title={legible(valueText(row.value))}><Name name={nameIn(props.group, row.value)} /></td>
                  <td class="number"><Runs runs={props.runs?.find(({ value }) => value === row.value)?.runs} href={href()} what={legible(valueText(row.value))} /></td>
                  <td class="number"><Tokens sum={row} href={href()} what={legible(valueText(row.value))} /></td>
                  <td class="number"><Money amount={knownCost(row.cost, row.unpricedEntries)} href={href()} what={legible(valueText(row.value))} /></td>
                  <Show when={props.claims}><td class="number"><Claim counts={props.runs?.find(({ value }) => value === row.value)} href={(claim) => props.href({ [key]: valueText(row.value), claim })} what={legible(valueText(row.value))} /></td></Show>
                  <td class="number"><Show when={row.unpricedEntries > 0} fallback={<span class="muted">–</span>}><A href={props.href({ [key]: valueText(row.value), basis: 'UNPRICED' })} aria-label={`${plural(row.unpricedEntries, 'unpriced entry', 'unpriced entries')} of ${legible(valueText(row.value))}`}>{row.unpricedEntries}</A></Show></td>
                </tr>
              )
            }}
          </For>
        </tbody>
      </table>
    </div>
    <Show when={props.group === 'TAG'}><p class="muted">{overlap}</p></Show>
    <Show when={props.rows.length > tableMax}><p class="muted">The {tableMax} dearest of {props.rows.length} are shown.</p></Show>
  </section>
)

type TimeRow = CostsOverTimeQuery['costs'][number]

/** Rows of the chart, one array per series. Heights are floats because pixels are; texts stay the server's. */
const seriesOf = (rows: readonly TimeRow[], starts: readonly number[], group: CostGroup, ranking: readonly Row[]): StackSeries[] => {
  const key = costGroups[group]
  const top = ranking.slice(0, seriesMax).map((row) => valueText(row.value))
  const names = ranking.length > seriesMax ? [...top, 'Other'] : top
  const places = new Map(starts.map((start, index) => [start, index]))
  const series = names.map((label, index) => ({
    label, token: index < seriesMax ? `--series-${index + 1}` : '--series-other', values: starts.map(() => 0), text: starts.map(() => ''),
  }))
  for (const row of rows) {
    const one = series[top.indexOf(valueText(row[key]))] ?? series[seriesMax]
    const place = places.get(Date.parse(row.start ?? ''))
    if (one === undefined || place === undefined) continue
    const several = one.text[place] !== ''
    one.values[place] = one.values[place]! + moneyPixels(row.cost)
    // "Other" is several rows: their sum would be ours, so it is named as about, and the ledger has it exactly.
    one.text[place] = several || one === series[seriesMax] ? `about ${money(one.values[place]!.toFixed(6))}` : money(row.cost)
  }
  return series
}

export const Costs = () => {
  const [search, setSearch] = useSearchParams()
  const navigate = useNavigate()
  const live = useLive()
  const bounds = createMemo((): Bounds => rangeBounds(rangeOf(search), Date.now()))
  const filter = createMemo(() => costFilter(search))
  const group = createMemo(() => costGroup(search))
  const scope = createMemo(() => ({ range: bounds(), filter: filter() }))

  const totals = useQuery(() => {
    const asked = scope()
    return { queryKey: ['cost-totals', asked], queryFn: ({ signal }: { signal: AbortSignal }) => ask(CostTotalsDocument, asked, signal), placeholderData: keepPreviousData, reconcile: false as const }
  })
  const tables = useQuery(() => {
    const asked = scope()
    return { queryKey: ['cost-tables', asked], queryFn: ({ signal }: { signal: AbortSignal }) => ask(CostTablesDocument, asked, signal), placeholderData: keepPreviousData, reconcile: false as const }
  })
  const counts = useQuery(() => {
    const asked = scope()
    return { queryKey: ['cost-counts', asked], queryFn: ({ signal }: { signal: AbortSignal }) => ask(CostCountsDocument, asked, signal), placeholderData: keepPreviousData, reconcile: false as const }
  })
  const counted = (): Counts | undefined => (counts.isSuccess ? counts.data.total[0] : undefined)
  /** Few senders say what a call cost. */
  const claims = (): boolean => (counted()?.reportedCost ?? null) !== null
  /** The dearest question, reads of the whole ledger for each table: it begins when the figures are there, which would wait behind it, and asks for claims where there are any. */
  const runs = useQuery(() => {
    const asked = { ...scope(), claims: claims() }
    return {
      queryKey: ['cost-runs', asked], enabled: tables.isSuccess && !tables.isPlaceholderData && counts.isSuccess && !counts.isPlaceholderData, queryFn: ({ signal }: { signal: AbortSignal }) => ask(CostRunsDocument, asked, signal), placeholderData: keepPreviousData, reconcile: false as const,
    }
  })
  /** Days with costs tell how long the stretch is: all time may be an hour or a year. */
  const interval = createMemo((): Interval | undefined => {
    if (!totals.isSuccess) return undefined
    const days = totals.data.costs.flatMap((row) => (row.start === null ? [] : [Date.parse(row.start)]))
    if (days.length === 0) return 'DAY'
    const from = Math.max(Math.min(...days), bounds().from === undefined ? 0 : Date.parse(bounds().from ?? ''))
    const to = Math.min(Math.max(...days) + 86_400_000, bounds().to === undefined ? Date.now() : Date.parse(bounds().to ?? ''))
    return intervalFor(to - from)
  })
  const chart = useQuery(() => {
    const [asked, by, width] = [scope(), group(), interval()]
    return {
      queryKey: ['cost-chart', asked, by, width], enabled: width !== undefined, placeholderData: keepPreviousData, reconcile: false as const,
      queryFn: ({ signal }: { signal: AbortSignal }) => ask(CostsOverTimeDocument, { ...asked, groupBy: [by], interval: width ?? 'DAY', timeZone }, signal),
    }
  })
  /** Rows go with what they are split by: while others are asked for, these are shown as what they are. */
  const map = useQuery(() => {
    const [asked, by, within] = [scope(), group(), costParts(search)]
    return {
      queryKey: ['cost-map', asked, by, within], placeholderData: keepPreviousData, reconcile: false as const,
      queryFn: async ({ signal }: { signal: AbortSignal }) => ({ by, within, ...(await ask(CostMapDocument, { ...asked, by: [by], parts: [by, within] }, signal)) }),
    }
  })
  const saved = () => (totals.isSuccess ? totals.data.cacheSavings : null)
  /** All time has nothing before it. */
  const change = useQuery(() => {
    const asked = scope()
    return { queryKey: ['cost-change', asked], enabled: asked.range.from !== undefined, queryFn: ({ signal }: { signal: AbortSignal }) => ask(CostChangeDocument, asked, signal), placeholderData: keepPreviousData, reconcile: false as const }
  })
  /** Of all runs of the time, whatever the filter: they are in no group. */
  const unmeteredCalls = (): number => (totals.isSuccess ? totals.data.unmeteredModelCalls : 0)
  const [sums, marks] = [[totals, tables, chart, map, change].map(askAgain), [counts, runs].map(askAgain)]
  const refresh = (): void => sums.forEach((ask) => ask())
  // Sums over everything are dear: once in ten seconds is live enough for a total. Runs and claims are counted in the ledger, for every group: once in a minute.
  live.onRuns(atMostEvery(10_000, refresh))
  const recount = (): void => marks.forEach((ask) => ask())
  live.onRuns(atMostEvery(60_000, recount))

  const total = () => (totals.isSuccess ? totals.data.total[0] : undefined)
  /** Links say the moments that were asked for: a preset would have moved on by the time the ledger opens. */
  const href = (values: Partial<Record<FilterKey | 'range', string | string[]>>): string => ledgerHref({ ...carried(search, costKeys), range: rangeText(bounds()), ...values })
  const ledgerOf = (part: CostPart, unpriced?: 'UNPRICED'): string => href({ ...partValues(part), ...(unpriced === undefined ? {} : { basis: unpriced }) })
  const ranking = (): readonly Row[] => (tables.isSuccess ? tables.data[costGroups[group()]] : [])
  const drawn = createMemo((before: { readonly buckets: readonly Bucket[]; readonly series: readonly StackSeries[] } | undefined) => {
    const width = interval()
    if (chart.isPlaceholderData) return before
    if (!chart.isSuccess || width === undefined) return undefined
    const times = chart.data.costs.flatMap((row) => (row.start === null ? [] : [Date.parse(row.start)]))
    if (times.length === 0) return undefined
    const starts = bucketStarts(times, width)
    const buckets: Bucket[] = starts.map((start) => ({ start: start / 1_000, end: bucketEnd(start, width) / 1_000, label: bucketLabel(start, width) }))
    return { buckets, series: seriesOf(chart.data.costs, starts, group(), ranking()) }
  })
  const open = (bucket: number, series: number | undefined): void => {
    const now = drawn()
    const at = now?.buckets[bucket]
    if (now === undefined || at === undefined) return
    const { from, to } = bounds()
    const later = (iso: string, moment: number): string => (from !== undefined && Date.parse(from) > moment ? from : iso)
    const earlier = (iso: string, moment: number): string => (to !== undefined && Date.parse(to) < moment ? to : iso)
    const range = rangeText({ from: later(new Date(at.start * 1_000).toISOString(), at.start * 1_000), to: earlier(new Date(at.end * 1_000).toISOString(), at.end * 1_000) })
    const values = series === undefined ? undefined : series < seriesMax ? ranking()[series] : undefined
    const rest = series === seriesMax ? ranking().slice(seriesMax).map((row) => valueText(row.value)) : undefined
    navigate(href({ range, ...(values === undefined ? {} : { [costGroups[group()]]: valueText(values.value) }), ...(rest === undefined ? {} : { [costGroups[group()]]: rest }) }))
  }
  /** Most applications tag nothing, and many name no environment: then nothing is said of them. */
  const shownGroups = createMemo(() => (Object.keys(costGroups) as CostGroup[]).filter((one) => (one !== 'TAG' && one !== 'ENVIRONMENT') || (tables.isSuccess && tables.data[costGroups[one]].some(({ value }) => value !== ''))))
  const choices = createMemo(() => shownGroups().map((one) => ({
    key: costGroups[one], values: (tables.isSuccess ? tables.data[costGroups[one]] : []).slice(0, 100).map((row) => ({ value: row.value ?? '' })),
  })))
  const failure = (): Error | undefined => totals.error ?? tables.error ?? chart.error ?? undefined
  const restricted = (): boolean => activeFilters(search, costKeys).length > 0 || rangeOf(search) !== undefined

  return (
    <Page title="Costs" answer={<Show when={total()}>{(sum) => <>{money(knownCost(sum().cost, sum().unpricedEntries))} for <Show when={counted()} fallback="… runs">{(found) => plural(found().runs, 'run')}</Show>, the sum of {plural(sum().entries, 'ledger entry', 'ledger entries')}.</>}</Show>}>
      <FilterBar choices={choices()} />
      <ActiveFilters keys={costKeys} label={(_key, value) => value} />
      <Progress when={isAwaited(totals) || isAwaited(tables) || isAwaited(chart)} what="costs" />
      <Switch>
        <Match when={failure()}>{(cause) => <Failure what="The costs" cause={cause()} retry={() => { refresh(); recount() }} />}</Match>
        <Match when={total()?.entries === 0 || (totals.isSuccess && total() === undefined)}>
          <Empty>
            <p>No ledger entry {restricted() ? 'matches' : 'yet'}.</p>
            <Show when={restricted()} fallback={<p>Costs appear with the first model call that reports its tokens: <A href="/send">send a trace</A>.</p>}>
              <p>Remove a filter, or <button type="button" onClick={() => setSearch(Object.fromEntries([...costKeys, 'range'].map((key) => [key, null])))}>show all costs of all time</button></p>
            </Show>
          </Empty>
        </Match>
        <Match when={total()}>
          {(sum) => (
            <>
              <dl class="stats">
                <div><dt>Cost (USD)</dt><dd><Money amount={knownCost(sum().cost, sum().unpricedEntries)} href={href({})} what="everything shown" /></dd></div>
                <div><dt>Tokens in → out</dt><dd><Tokens sum={sum()} href={href({})} what="everything shown" /></dd></div>
                <Show when={saved()}>{(amount) => <div><dt title="What tokens of caches would have cost more at the average rate of their model's uncached input, less what writing them cost more">Saved by caches (USD)</dt><dd><Money amount={amount()} href={href({ meter: cachedMeters })} what="tokens read from caches or written to them" /></dd></div>}</Show>
                {/* Last, because they come last, into room that is kept for them: nothing moves. */}
                <div class={styles['late']}><dt>Runs</dt><dd><Runs runs={counted()?.runs} href={href({})} what="everything shown" /></dd></div>
                <div class={styles['late']}><dt title="What the instrumentation said the same calls cost">Reported (USD)</dt><dd><Claim counts={counted()} href={(claim) => href({ claim })} what="everything shown" /></dd></div>
              </dl>
              <Show when={sum().unpricedEntries > 0}>
                <div class={styles['banner']} role="note"><TriangleAlert size={16} aria-hidden="true" /><span>{plural(sum().unpricedEntries, 'ledger entry has', 'ledger entries have')} no known price and {sum().unpricedEntries === 1 ? 'is' : 'are'} not in these sums.</span><A href={href({ basis: 'UNPRICED' })}>Show them</A><A href={`/unpriced${queryString({ range: rangeOf(search) ?? '' })}`}>Give them a price</A></div>
              </Show>
              <Show when={unmeteredCalls() > 0}>
                <div class={styles['banner']} role="note"><TriangleAlert size={16} aria-hidden="true" /><span>{plural(unmeteredCalls(), 'model call')} of this time reported no usage and {unmeteredCalls() === 1 ? 'is' : 'are'} in no sum.</span></div>
              </Show>
              <div class={styles['groups']} role="group" aria-label="Split the bars by">
                <span class="muted">Split by</span>
                <For each={shownGroups()}>{(one) => <button type="button" aria-pressed={group() === one} onClick={() => setSearch({ g: one === 'MODEL' ? null : one.toLowerCase() })}>{groupWords[one].label}</button>}</For>
              </div>
              <Show when={drawn()} fallback={<ChartRoom />}>
                {(now) => (
                  <StackedBars
                    label={`Cost over time by ${groupWords[group()].one}`} buckets={now().buckets} series={now().series} open={open} openWords="opens its ledger entries" axisText={(value) => money(value.toFixed(6))}
                    summary={`US dollars per ${(interval() ?? 'DAY').toLowerCase()}, split by ${groupWords[group()].one}, ${stretchWords(now().buckets)}.${group() === 'TAG' ? ` ${overlap}` : ''}`}
                  />
                )}
              </Show>
              <section class={styles['where']}>
                <h2>Where the money goes</h2>
                <p class={styles['groups']}>
                  <span class="muted">By {groupWords[group()].one}, then by</span>
                  <select aria-label={`Split every ${groupWords[group()].one} by`} onChange={(event) => setSearch({ split: event.currentTarget.value })}>
                    <For each={shownGroups().filter((one) => one !== group())}>{(one) => <option value={one.toLowerCase()} selected={one === costParts(search)}>{groupWords[one].one}</option>}</For>
                  </select>
                </p>
                <Show when={group() === 'TAG' || costParts(search) === 'TAG'}><p class="muted">{overlap}</p></Show>
                <Show when={map.error === null} fallback={<Failure what="Where the money goes" cause={map.error} retry={() => void map.refetch()} />}>
                  <Show when={map.isSuccess ? map.data : undefined} fallback={<div class={styles['map']} />}>{(found) => <CostMap rows={found()} isFormer={map.isPlaceholderData} open={(part) => narrowedCosts(search, part) ?? ledgerOf(part)} ledger={ledgerOf} />}</Show>
                </Show>
              </section>
              <Show when={bounds().from !== undefined ? change.error : undefined}>{(cause) => <Failure what="Why it changed" cause={cause()} retry={() => void change.refetch()} />}</Show>
              <Show when={bounds().from !== undefined && change.isSuccess ? change.data.costChange : undefined}>{(found) => <Change change={found()} href={(values) => href(values)} />}</Show>
              <p class={styles['exports']}>
                <span class="muted">Files of what is shown</span>
                <For each={Object.keys(exportFiles) as (keyof typeof exportFiles)[]}>{(file) => <a href={exportHref(file, filter(), bounds())} download={file} rel="external">{exportFiles[file]}</a>}</For>
              </p>
              <Show when={tables.isSuccess ? tables.data : undefined}>
                {(found) => <div class={styles['tables']}><For each={shownGroups()}>{(one) => <CostTable group={one} rows={found()[costGroups[one]]} runs={runs.isSuccess ? runs.data[costGroups[one]] : undefined} claims={claims()} href={href} />}</For></div>}
              </Show>
            </>
          )}
        </Match>
      </Switch>
    </Page>
  )
}
