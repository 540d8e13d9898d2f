import { A, useSearchParams } from '@solidjs/router'
import { keepPreviousData, useQuery } from '@tanstack/solid-query'
import { createMemo, For, Match, Show, Switch } from 'solid-js'
import { countExact, decimalExact, duration, knownCost, legible, money, moneyPixels, percent, plural } from '../format.ts'
import { ModelChoicesDocument, type ModelFieldsFragment, ModelLatenciesDocument, ModelsDocument, ModelsOfAgentsDocument } from '../queries.ts'
import { ask } from '../request.ts'
import { cacheReadMeters, carried, failedRunsHref, type FilterKey, ledgerHref, modelFilter, modelKeys, queryString, rangeBounds, rangeOf, rangeText, valuesOf, valueText } from '../url-state.ts'
import { Failure, isAwaited, Progress } from '../widgets/failure.tsx'
import { Count, Duration, Money, Tokens } from '../widgets/figures.tsx'
import { ActiveFilters, FilterBar } from '../widgets/filter-bar.tsx'
import { Beginning } from '../widgets/name.tsx'
import { Empty, Page } from '../widgets/page.tsx'
import { LatencyMap } from './latency.tsx'
import styles from './models.module.css'

/** Rows of a table before the rest is left to a filter. */
const tableMax = 50
/** Values of a filter: dearest first. */
const choicesMax = 100

type Fields = ModelFieldsFragment
type Href = (values: Partial<Record<FilterKey | 'range', string | readonly string[]>>) => string

const speed = (perSecond: number | null): string => (perSecond === null ? '–' : decimalExact(perSecond.toFixed(perSecond < 10 ? 1 : 0)))
const cachedShare = (row: Fields): string => percent(Number(row.cachedInputTokens), Number(row.inputTokens))

/** Failed calls have no ledger entries: the runs in which they stand are opened. */
const Failed = (props: { row: Fields; href: string; what: string }) => (
  <Show when={props.row.failedCalls > 0} fallback={<span class="muted">{percent(props.row.failedCalls, props.row.calls)}</span>}>
    <A href={props.href} title={`${plural(props.row.failedCalls, 'call')} of ${props.row.calls}. Open their runs.`} aria-label={`${percent(props.row.failedCalls, props.row.calls)} of ${props.what} failed, their runs`}>{percent(props.row.failedCalls, props.row.calls)}</A>
  </Show>
)

const Stats = (props: { row: Fields; href: Href; failed: string; what: string }) => (
  <dl class={`stats ${styles['many']}`}>
    <div><dt>Cost (USD)</dt><dd><Money amount={knownCost(props.row.cost, props.row.unpricedEntries)} href={props.href({})} what={props.what} /><Show when={props.row.unpricedEntries > 0}><span class="sub"><A href={props.href({ basis: 'UNPRICED' })} aria-label={`${plural(props.row.unpricedEntries, 'line')} unpriced of ${props.what}, ledger entries`}>{plural(props.row.unpricedEntries, 'line')} unpriced</A></span></Show></dd></div>
    <div><dt title="All that its ledger lines say, what an agent claims beyond its calls too, by its calls">per 1,000 calls</dt><dd><Show when={props.row.costPerThousandCalls} fallback="–">{(cost) => <Money amount={knownCost(cost(), props.row.unpricedEntries)} href={props.href({})} what={`${props.what} by 1,000 calls`} />}</Show></dd></div>
    <div><dt>per 1,000 runs</dt><dd><Show when={props.row.costPerThousandRuns} fallback="–">{(cost) => <Money amount={knownCost(cost(), props.row.unpricedEntries)} href={props.href({})} what={`${props.what} by 1,000 runs`} />}</Show></dd></div>
    <div><dt>Calls</dt><dd><Count value={props.row.calls} href={props.href({})} what={`calls of ${props.what}`} /></dd></div>
    <div><dt>Failed</dt><dd><Failed row={props.row} href={props.failed} what={props.what} /></dd></div>
    <div><dt>Took</dt><dd><Duration ms={props.row.durationMs?.p50} /><Show when={props.row.durationMs}>{(took) => <span class="sub">one in twenty longer than {duration(took().p95)}</span>}</Show></dd></div>
    <div><dt title="Of calls that say it: streams, which can be the longer ones">First token after</dt><dd><Duration ms={props.row.timeToFirstTokenMs?.p50} /><Show when={props.row.timeToFirstTokenMs}>{(took) => <span class="sub">one in twenty after {duration(took().p95)}</span>}</Show></dd></div>
    <div><dt>Output tokens a second</dt><dd>{speed(props.row.outputTokensPerSecond)}</dd></div>
    <div><dt>Tokens in → out</dt><dd><Tokens sum={props.row} href={props.href({})} what={props.what} /></dd></div>
    <div><dt>Input from cache</dt><dd><A href={props.href({ meter: cacheReadMeters })} aria-label={`${cachedShare(props.row)} of the input of ${props.what} from a cache, ledger entries`}>{cachedShare(props.row)}</A></dd></div>
    <div><dt>Answers cut</dt><dd title="The finish reason says that a limit of tokens was reached.">{percent(props.row.truncatedCalls, props.row.calls)}</dd></div>
    <div><dt>Asked for tools</dt><dd title="The finish reason says so. Gemini's never does.">{percent(props.row.toolCallingCalls, props.row.calls)}</dd></div>
  </dl>
)

type Row = Fields & { readonly value: string | null }

const ModelTable = (props: { rows: readonly Row[]; href: Href; open: (model: string) => string; failed: (names: readonly string[]) => string }) => (
  <section class={styles['section']}>
    <h2>By model</h2>
    <div class="scroll-x">
      <table>
        <thead>
          <tr>
            <th scope="col">Model</th><th scope="col" class="number">Cost (USD)</th><th scope="col" class="number">per 1,000 calls (USD)</th><th scope="col" class="number">Calls</th><th scope="col" class="number">Failed</th><th scope="col" class="number" title="Half of the calls that answered took no longer.">Half took</th>
            <th scope="col" class="number" title="One in twenty of the calls that answered took longer.">95 % took</th><th scope="col" class="number" title="Half of the calls that say when their first token came had it by then: streams, which can be the longer ones.">First token</th><th scope="col" class="number">Tokens a second</th><th scope="col" class="number">Cached</th><th scope="col" class="number">Tokens in → out</th>
            <th scope="col" class="number" title="The finish reason says that a limit of tokens was reached.">Cut</th><th scope="col" class="number" title="The finish reason asks for tools. Gemini's never does.">Tools</th>
          </tr>
        </thead>
        <tbody>
          <For each={props.rows.slice(0, tableMax)}>
            {(row) => {
              const name = valueText(row.value)
              return (
                <tr>
                  <td class={styles['name']}><A href={props.open(name)}><Beginning text={legible(name)} /></A></td>
                  <td class="number"><Money amount={knownCost(row.cost, row.unpricedEntries)} href={props.href({ model: name })} what={legible(name)} /></td>
                  <td class="number"><Show when={row.costPerThousandCalls} fallback={<span class="muted">–</span>}>{(cost) => <Money amount={knownCost(cost(), row.unpricedEntries)} href={props.href({ model: name })} what={`${legible(name)} by 1,000 calls`} />}</Show></td>
                  <td class="number"><Count value={row.calls} href={props.href({ model: name })} what={`calls of ${legible(name)}`} /></td>
                  <td class="number"><Failed row={row} href={props.failed(row.names)} what={legible(name)} /></td>
                  <td class="number"><Duration ms={row.durationMs?.p50} /></td>
                  <td class="number"><Duration ms={row.durationMs?.p95} /></td>
                  <td class="number"><Duration ms={row.timeToFirstTokenMs?.p50} /></td>
                  <td class="number">{speed(row.outputTokensPerSecond)}</td>
                  <td class="number">{cachedShare(row)}</td>
                  <td class="number"><Tokens sum={row} href={props.href({ model: name })} what={legible(name)} /></td>
                  <td class="number">{percent(row.truncatedCalls, row.calls)}</td>
                  <td class="number">{percent(row.toolCallingCalls, row.calls)}</td>
                </tr>
              )
            }}
          </For>
        </tbody>
      </table>
    </div>
    <Show when={props.rows.length > tableMax}><p class="muted">The {tableMax} dearest of {props.rows.length} are shown.</p></Show>
  </section>
)

type Compared = Fields & { readonly agent: string | null; readonly model: string | null }

const Bar = (props: { value: number; most: number; own: boolean; children: string }) => (
  <span class={styles['bar']} data-own={props.own}><span aria-hidden="true"><span style={{ width: `${props.most === 0 ? 0 : (100 * props.value) / props.most}%` }} /></span><span>{props.children}</span></span>
)

/** The agents that use this model, and what else they use: bars of one agent have one scale. */
const SameAgents = (props: { model: string; rows: readonly Compared[]; open: (model: string) => string; href: Href }) => {
  const agents = createMemo(() => [...Map.groupBy(props.rows, (row) => valueText(row.agent))].filter(([, rows]) => rows.length > 1 && rows.some((row) => valueText(row.model) === props.model)))
  return (
    <Show when={agents().length > 0}>
      <section class={styles['section']}>
        <h2>Beside other models of the same agents</h2>
        <div class="scroll-x">
          <table>
            <thead><tr><th scope="col">Agent</th><th scope="col">Model</th><th scope="col" class="number">Calls</th><th scope="col" class="number">per 1,000 calls (USD)</th><th scope="col" class="number">Half took</th><th scope="col" class="number">Tokens a second</th><th scope="col" class="number">Failed</th></tr></thead>
            <tbody>
              <For each={agents().slice(0, tableMax)}>
                {([agent, rows]) => {
                  const most = (of: (row: Compared) => number): number => Math.max(...rows.map(of))
                  const [dearest, slowest, fastest] = [most((row) => moneyPixels(row.costPerThousandCalls)), most((row) => row.durationMs?.p50 ?? 0), most((row) => row.outputTokensPerSecond ?? 0)]
                  return (
                    <For each={rows}>
                      {(row, index) => {
                        const name = valueText(row.model)
                        const own = name === props.model
                        return (
                          <tr class={own ? styles['own'] : undefined}>
                            <td>{index() === 0 ? legible(agent) : <span class="visually-hidden">{legible(agent)}</span>}</td>
                            <td class={styles['name']}>{own ? legible(name) : <A href={props.open(name)}><Beginning text={legible(name)} /></A>}</td>
                            <td class="number"><Count value={row.calls} href={props.href({ model: name, agent })} what={`calls of ${legible(name)} by ${legible(agent)}`} /></td>
                            <td class="number"><Bar value={moneyPixels(row.costPerThousandCalls)} most={dearest} own={own}>{row.costPerThousandCalls === null ? '–' : money(knownCost(row.costPerThousandCalls, row.unpricedEntries))}</Bar></td>
                            <td class="number"><Bar value={row.durationMs?.p50 ?? 0} most={slowest} own={own}>{row.durationMs === null ? '–' : duration(row.durationMs.p50)}</Bar></td>
                            <td class="number"><Bar value={row.outputTokensPerSecond ?? 0} most={fastest} own={own}>{speed(row.outputTokensPerSecond)}</Bar></td>
                            <td class="number">{percent(row.failedCalls, row.calls)}</td>
                          </tr>
                        )
                      }}
                    </For>
                  )
                }}
              </For>
            </tbody>
          </table>
        </div>
      </section>
    </Show>
  )
}

/** Is a model worth it: what it costs, how fast and how well it answers. One of them, where the URL names one. */
export const Models = () => {
  const [search] = useSearchParams()
  const bounds = createMemo(() => rangeBounds(rangeOf(search), Date.now()))
  const filter = createMemo(() => modelFilter(search))
  const scope = createMemo(() => ({ range: bounds(), filter: filter() }))
  const chosen = createMemo(() => (valuesOf(search, 'model').length === 1 ? valueText(valuesOf(search, 'model')[0]) : undefined))
  const question = <Data,>(name: string, askFor: (signal: AbortSignal) => Promise<Data>) => ({
    queryKey: [name, chosen(), scope()] as const, queryFn: ({ signal }: { signal: AbortSignal }) => askFor(signal), reconcile: false as const,
    // The title names the model: figures of another never stand below it.
    placeholderData: (before: Data | undefined, of: { readonly queryKey: readonly unknown[] } | undefined) => (of?.queryKey[1] === chosen() ? before : undefined),
  })
  const query = useQuery(() => question('models', (signal) => ask(ModelsDocument, scope(), signal)))
  const latency = useQuery(() => question('model-latency', (signal) => ask(ModelLatenciesDocument, scope(), signal)))
  const beside = useQuery(() => {
    const { model: _model, ...others } = filter()
    return { ...question('models-of-agents', (signal) => ask(ModelsOfAgentsDocument, { range: bounds(), filter: others }, signal)), enabled: chosen() !== undefined }
  })
  /** Whatever is filtered by: another model can be chosen at once. */
  const offered = useQuery(() => {
    const range = bounds()
    return { queryKey: ['model-choices', range], queryFn: ({ signal }: { signal: AbortSignal }) => ask(ModelChoicesDocument, { range }, signal), placeholderData: keepPreviousData, reconcile: false as const }
  })
  const data = () => (query.isSuccess ? query.data.models : undefined)
  const total = () => data()?.total ?? undefined
  const here = () => ({ ...carried(search, modelKeys), range: rangeText(bounds()) })
  const href: Href = (values) => ledgerHref({ ...here(), ...values })
  const failed = (names: readonly string[]): string => failedRunsHref(here(), names)
  const open = (model: string): string => `/models${queryString({ ...carried(search, modelKeys), model })}`
  const what = (): string => legible(chosen() ?? 'all models')
  const choices = () => (['model', 'agent', 'provider'] as const).map((key) => ({ key, values: (offered.isSuccess ? offered.data[key] : []).slice(0, choicesMax).map(({ value }) => ({ value: value ?? '' })) }))
  return (
    <Page title={legible(chosen() ?? 'Models')} answer={<Show when={total()}>{(sum) => <>{plural(sum().calls, 'call')}, <Show when={sum().failedCalls > 0} fallback="0 failed"><A href={failed(valuesOf(search, 'model').length === 0 ? [] : sum().names)}>{countExact(sum().failedCalls)} failed</A></Show>; {money(knownCost(sum().cost, sum().unpricedEntries))}.<Show when={sum().durationMs}>{(took) => <> Half of those that answered took up to {duration(took().p50)}.</>}</Show></>}</Show>}>
      <FilterBar choices={choices()} />
      <ActiveFilters keys={modelKeys} label={(_key, value) => value} />
      <Progress when={isAwaited(query) || isAwaited(latency)} what="models" />
      <Switch>
        <Match when={query.error}>{(cause) => <Failure what="The models" cause={cause()} retry={() => void query.refetch()} />}</Match>
        <Match when={query.isSuccess && total() === undefined}>
          <Empty>
            <p>No model call {modelKeys.some((key) => valuesOf(search, key).length > 0) || rangeOf(search) !== undefined ? 'matches' : 'yet'}.</p>
            <p>Models appear with the first call that reports its tokens, or fails: <A href="/send">send a trace</A>.</p>
          </Empty>
        </Match>
        <Match when={total()}>
          {(sum) => (
            <>
              <Stats row={sum()} href={href} failed={failed(valuesOf(search, 'model').length === 0 ? [] : sum().names)} what={what()} />
              <Show when={chosen() === undefined}><ModelTable rows={data()?.rows ?? []} href={href} open={open} failed={failed} /></Show>
              <Show when={latency.isSuccess ? latency.data.modelLatency : undefined}>{(found) => <LatencyMap latency={found()} what={what()} href={(span) => href({ range: rangeText(span) })} />}</Show>
              <Show when={chosen()}>{(model) => <SameAgents model={model()} rows={beside.isSuccess ? beside.data.models.rows : []} open={open} href={href} />}</Show>
            </>
          )}
        </Match>
      </Switch>
    </Page>
  )
}
