import { A, useNavigate, useSearchParams } from '@solidjs/router'
import { keepPreviousData, useQuery } from '@tanstack/solid-query'
import { createMemo, For, Match, Show, Switch } from 'solid-js'
import { type Bucket, type LineSeries, Lines, stretchWords } from '../chart.tsx'
import { countExact, legible, localTime, plural, shortId } from '../format.ts'
import { useLive } from '../live.ts'
import { type MetricAggregation, MetricChartDocument, type MetricChartQuery, type MetricLabel, MetricsDocument, type MetricsQuery } from '../queries.ts'
import { ask } from '../request.ts'
import {
  activeFilters, attributeSplit, type Bounds, metricChoice, metricFilter, metricKeys, metricLabelKeys, queryString, rangeBounds, rangeOf, rangeText, valueText,
} from '../url-state.ts'
import { Snippet } from '../widgets/copy.tsx'
import { Failure, isAwaited, Progress } from '../widgets/failure.tsx'
import { Time } from '../widgets/figures.tsx'
import { ActiveFilters, FilterBar } from '../widgets/filter-bar.tsx'
import { Empty, Page } from '../widgets/page.tsx'
import styles from './metrics.module.css'
import { aggregationWords, kindWords, metricValue, sharesAxis, widthWords } from './value.ts'

/** Lines that get a colour of their own; the others are left out and said to be. */
const linesMax = 6
/** Measurements listed below a chart. */
const exemplarsShown = 20
/** Milliseconds between two readings of what is on show: SDKs export once a minute. */
const refreshMs = 15_000

type Metric = MetricsQuery['metrics'][number]
type Chart = NonNullable<MetricChartQuery['metricChart']>

const labelWords: Readonly<Record<MetricLabel, string>> = {
  MODEL: 'Model', TOKEN_TYPE: 'Token type', PROVIDER: 'Provider', AGENT: 'Agent', SERVICE: 'Service', ENVIRONMENT: 'Environment', SESSION: 'Session',
}

/** What chooses a metric: its name, and its unit and kind, because a name may have several. */
const choiceOf = (metric: Pick<Metric, 'name' | 'unit' | 'kind'>): { metric: string; unit: string; is: string } => ({ metric: metric.name, unit: metric.unit, is: metric.kind.toLowerCase() })

const MetricTable = (props: { metrics: readonly Metric[]; range: string | undefined }) => (
  <div class="scroll-x">
    <table class={styles['list']}>
      <thead><tr><th scope="col">Metric</th><th scope="col">Kind</th><th scope="col">Unit</th><th scope="col">Services</th><th scope="col" class="number">Series</th><th scope="col" class="number">Points</th><th scope="col">Last</th></tr></thead>
      <tbody>
        <For each={props.metrics}>
          {(metric) => (
            <tr>
              <th scope="row"><A href={`/charts${queryString({ ...choiceOf(metric), range: props.range })}`}>{legible(metric.name)}</A><Show when={metric.description}><span class="muted">{legible(metric.description)}</span></Show></th>
              <td>{kindWords[metric.kind]}</td>
              <td>{metric.unit === '' ? '–' : legible(metric.unit)}</td>
              <td>{metric.services.map((service) => legible(valueText(service))).join(', ')}</td>
              <td class="number">{countExact(metric.series)}</td>
              <td class="number">{countExact(metric.points)}</td>
              <td><Time iso={metric.lastAt} /></td>
            </tr>
          )}
        </For>
      </tbody>
    </table>
  </div>
)

/** What a metric is, in a sentence. */
const metricWords = (metric: Metric): string =>
  `${metric.description === '' ? '' : `${legible(metric.description).replace(/\.?$/, '.')} `}${kindWords[metric.kind]}${metric.unit === '' ? '' : ` in ${legible(metric.unit)}`}, ${plural(metric.series, 'series', 'series')} of ${plural(metric.services.length, 'service')}.`

const FirstMetric = (props: { endpoint: string }) => (
  <section class={styles['first']} aria-labelledby="first-metric">
    <h2 id="first-metric">Send your first metric</h2>
    <p>Any OpenTelemetry SDK sends metrics to the address it sends traces to. GenAI instrumentations measure tokens (<code>gen_ai.client.token.usage</code>) and durations by themselves; this turns their export on:</p>
    <Snippet label="Commands to send metrics" text={`export OTEL_METRICS_EXPORTER=otlp\nexport OTEL_EXPORTER_OTLP_ENDPOINT=${props.endpoint}`} />
    <p>They appear here with the first export, after a minute unless <code>OTEL_METRIC_EXPORT_INTERVAL</code> says otherwise. Metrics are charted and never priced: <A href="/costs">costs</A> rest on traces.</p>
  </section>
)

interface Drawn {
  readonly buckets: readonly Bucket[]
  readonly series: readonly LineSeries[]
  /** Lines that have no place. */
  readonly left: number
}

/** A chart's answer as arrays over all its buckets, those without a value included: what is missing must not look adjacent. */
const drawnOf = (chart: Chart): Drawn => {
  const width = chart.intervalSeconds
  const first = Math.floor(Date.parse(chart.from) / 1_000 / width)
  const last = Math.floor((Date.parse(chart.to) - 1) / 1_000 / width)
  const starts = Array.from({ length: last - first + 1 }, (_, n) => (first + n) * width)
  const shown = chart.series.slice(0, linesMax)
  return {
    buckets: starts.map((start) => ({ start, end: start + width, label: localTime(new Date(start * 1_000).toISOString()) })),
    series: shown.map(({ group, points }, index) => {
      const values: (number | null)[] = starts.map(() => null)
      for (const point of points) values[Date.parse(point.start) / 1_000 / width - first] = point.value
      return {
        label: group === '' && chart.series.length === 1 ? aggregationWords[chart.aggregation] : valueText(group), token: `--series-${index + 1}`, values,
        text: values.map((value) => (value === null ? '' : metricValue(value, chart.unit, chart.aggregation, chart.kind))),
      }
    }),
    left: chart.series.length - shown.length,
  }
}

const Exemplars = (props: { chart: Chart; split: boolean }) => (
  <section class={styles['exemplars']}>
    <h2>Measurements that lead to a run</h2>
    <Show when={props.chart.exemplars.length > 0} fallback={<p class="muted">None in this range. SDKs record them (exemplars) for measurements made inside a sampled span.</p>}>
      <div class="scroll-x">
        <table>
          <thead><tr><th scope="col">Measured</th><th scope="col" class="number">Value</th><Show when={props.split}><th scope="col">Line</th></Show><th scope="col">Run</th></tr></thead>
          <tbody>
            <For each={props.chart.exemplars.toSorted((a, b) => b.value - a.value).slice(0, exemplarsShown)}>
              {(one) => (
                <tr>
                  <td><Time iso={one.time} /></td>
                  <td class="number">{metricValue(one.value, props.chart.unit, 'MAX', props.chart.kind)}</td>
                  <Show when={props.split}><td>{legible(valueText(one.group))}</td></Show>
                  <td><A href={runHref(one)} title={one.runId}><span class="visually-hidden">Open run </span><code>{shortId(one.runId)}</code></A></td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </div>
      <Show when={props.chart.exemplars.length > exemplarsShown}><p class="muted">The {exemplarsShown} largest of {props.chart.exemplars.length} are listed; all are drawn.</p></Show>
    </Show>
  </section>
)

const runHref = (exemplar: Chart['exemplars'][number]): string => `/runs/${exemplar.runId}${queryString({ span: exemplar.spanId })}`

/** Which metrics there are, and one of them over time. */
export const Metrics = () => {
  const [search, setSearch] = useSearchParams()
  const navigate = useNavigate()
  const live = useLive()
  const bounds = createMemo((): Bounds => rangeBounds(rangeOf(search), Date.now()))
  const choice = createMemo(() => metricChoice(search))
  const filter = createMemo(() => metricFilter(search))
  const every = (): number | false => (live.wanted() ? refreshMs : false)

  const list = useQuery(() => {
    const range = bounds()
    return { queryKey: ['metrics', range], queryFn: ({ signal }: { signal: AbortSignal }) => ask(MetricsDocument, { range }, signal), placeholderData: keepPreviousData, refetchInterval: every(), reconcile: false as const }
  })
  const chart = useQuery(() => {
    const [chosen, range, asked] = [choice(), bounds(), filter()]
    return {
      queryKey: ['metric-chart', chosen, range, asked], enabled: chosen !== undefined, placeholderData: keepPreviousData, refetchInterval: every(), reconcile: false as const,
      queryFn: ({ signal }: { signal: AbortSignal }) => ask(MetricChartDocument, {
        name: chosen?.name ?? '', unit: chosen?.unit ?? '', kind: chosen?.kind ?? null, range, aggregation: chosen?.aggregation ?? null, groupBy: chosen?.groupBy ?? null,
        groupByAttribute: chosen?.groupByAttribute ?? null, filter: asked,
      }, signal),
    }
  })
  const refresh = (): void => {
    void list.refetch()
    void chart.refetch()
  }
  const metrics = (): readonly Metric[] => (list.isSuccess ? list.data.metrics : [])
  const metric = (): Metric | undefined => {
    const chosen = choice()
    return metrics().find((one) => one.name === chosen?.name && one.unit === chosen.unit && (chosen.kind === undefined || one.kind === chosen.kind))
  }
  const found = (): Chart | undefined => (chart.isSuccess ? (chart.data.metricChart ?? undefined) : undefined)
  const drawn = createMemo((): Drawn | undefined => {
    const now = found()
    return now === undefined ? undefined : drawnOf(now)
  })
  const split = (): string => {
    const chosen = choice()
    return chosen?.groupBy !== undefined ? metricLabelKeys[chosen.groupBy] : chosen?.groupByAttribute !== undefined ? attributeSplit(chosen.groupByAttribute) : ''
  }
  const splitWords = (): string => {
    const chosen = choice()
    return chosen?.groupBy !== undefined ? labelWords[chosen.groupBy].toLowerCase() : legible(chosen?.groupByAttribute ?? '')
  }
  const marks = createMemo(() => {
    const now = found()
    return now === undefined || !sharesAxis(now.aggregation) ? [] : now.exemplars.map(({ time, value }) => ({ at: Date.parse(time) / 1_000, value }))
  })
  const openMark = (index: number): void => {
    const exemplar = found()?.exemplars[index]
    if (exemplar !== undefined) navigate(runHref(exemplar))
  }
  const narrow = (index: number): void => {
    const bucket = drawn()?.buckets[index]
    if (bucket !== undefined) setSearch({ range: rangeText({ from: new Date(bucket.start * 1_000).toISOString(), to: new Date(bucket.end * 1_000).toISOString() }) })
  }
  /** Services, and the values of what the chart is split by. */
  const choices = createMemo(() => {
    const by = choice()?.groupBy
    const services = (metric()?.services ?? []).map((value) => ({ value }))
    const lines = by === undefined || by === 'SERVICE' ? [] : [{ key: metricLabelKeys[by], values: (found()?.series ?? []).map(({ group }) => ({ value: group })) }]
    return [{ key: 'service' as const, values: services }, ...lines]
  })
  const restricted = (): boolean => activeFilters(search, metricKeys).length > 0 || rangeOf(search) !== undefined
  const show = (aggregation: MetricAggregation): void => void setSearch({ show: aggregation.toLowerCase() })
  const failure = (): Error | undefined => list.error ?? (choice() === undefined ? undefined : (chart.error ?? undefined))
  const choose = (index: string): void => {
    const one = metrics()[Number(index)]
    if (one !== undefined) setSearch({ ...choiceOf(one), show: null, by: null })
  }

  return (
    <Page title={legible(choice()?.name ?? 'Metrics')} answer={<Show when={choice()} fallback={<Show when={metrics().length > 0}>{plural(metrics().length, 'metric')}; choose one to see it over time.</Show>}><Show when={metric()}>{(one) => metricWords(one())}</Show></Show>}>
      <Progress when={isAwaited(list) || isAwaited(chart)} what="metrics" />
      <Switch>
        <Match when={failure()}>{(cause) => <Failure what="The metrics" cause={cause()} retry={refresh} />}</Match>
        <Match when={list.isSuccess && metrics().length === 0 && !restricted() && choice() === undefined}><FirstMetric endpoint={list.data?.ingest.httpEndpoint ?? ''} /></Match>
        <Match when={list.isSuccess && choice() === undefined}>
          <Show when={metrics().length > 0} fallback={<Empty><p>No metric has a point in this range.</p><p><button type="button" onClick={() => setSearch({ range: null })}>Show all time</button></p></Empty>}>
            <MetricTable metrics={metrics()} range={rangeOf(search)} />
          </Show>
        </Match>
        <Match when={list.isSuccess ? choice() : undefined}>
          {(chosen) => (
            <>
              <div class={styles['bar']}>
                <label class={styles['pick']}>Metric
                  <select onChange={(event) => choose(event.currentTarget.value)}>
                    <Show when={metric() === undefined}><option value="" selected>{legible(chosen().name)}</option></Show>
                    <For each={metrics()}>{(one, index) => <option value={String(index())} selected={one === metric()}>{legible(one.name)}{one.unit === '' ? '' : ` (${legible(one.unit)})`}</option>}</For>
                  </select>
                </label>
                <label>Show
                  <select onChange={(event) => show(event.currentTarget.value as MetricAggregation)}>
                    <For each={metric()?.aggregations ?? []}>{(one) => <option value={one} selected={one === (chosen().aggregation ?? metric()?.aggregations[0])}>{aggregationWords[one]}</option>}</For>
                  </select>
                </label>
                <label>Split by
                  <select onChange={(event) => setSearch({ by: event.currentTarget.value })}>
                    <option value="" selected={split() === ''}>Nothing</option>
                    <optgroup label="Labels"><For each={Object.entries(labelWords) as [MetricLabel, string][]}>{([label, words]) => <option value={metricLabelKeys[label]} selected={split() === metricLabelKeys[label]}>{words}</option>}</For></optgroup>
                    <optgroup label="Attributes"><For each={metric()?.attributes ?? []}>{(key) => <option value={attributeSplit(key)} selected={split() === attributeSplit(key)}>{legible(key)}</option>}</For></optgroup>
                  </select>
                </label>
                <A class={styles['all'] ?? ''} href={`/charts${queryString({ range: rangeOf(search) })}`}>All metrics</A>
              </div>
              <FilterBar choices={choices()} />
              <ActiveFilters keys={metricKeys} label={(_key, value) => value} />
              <Switch>
                <Match when={chart.isSuccess && (found() === undefined || found()?.series.length === 0)}>
                  <Empty>
                    <p>{legible(chosen().name)} has no value {restricted() ? 'here' : 'yet'}.</p>
                    <p class="muted">A cumulative metric whose start is unknown shows its first value with its second point.</p>
                    <Show when={restricted()}><p><button type="button" onClick={() => setSearch(Object.fromEntries([...metricKeys, 'range'].map((key) => [key, null])))}>Show everything of all time</button></p></Show>
                  </Empty>
                </Match>
                <Match when={drawn()}>
                  {(now) => (
                    <Show when={found()}>
                      {(answer) => (
                        <>
                          <Lines
                            label={`${aggregationWords[answer().aggregation]} of ${legible(chosen().name)}${split() === '' ? '' : ` by ${splitWords()}`}`} buckets={now().buckets} series={now().series}
                            summary={`${aggregationWords[answer().aggregation]} per ${widthWords(answer().intervalSeconds)}${split() === '' ? '' : `, split by ${splitWords()}`}, ${stretchWords(now().buckets)}.${marks().length === 0 ? '' : ' Rings are single measurements: click one to open its run.'}`}
                            axisText={(value) => metricValue(value, answer().unit, answer().aggregation, answer().kind)} openWords="narrows the range to it" open={narrow}
                            marks={marks()} openMark={openMark}
                          />
                          <Show when={now().left > 0}><p class="muted">The {linesMax} largest of {linesMax + now().left} lines are drawn. Filter to see others.</p></Show>
                          <Exemplars chart={answer()} split={split() !== ''} />
                        </>
                      )}
                    </Show>
                  )}
                </Match>
              </Switch>
            </>
          )}
        </Match>
      </Switch>
    </Page>
  )
}
