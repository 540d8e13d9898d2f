import { createEffect, createSignal, For, onCleanup, onMount, Show } from 'solid-js'
import './language.ts'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import styles from './chart.module.css'
import { axisTimes, legible } from './format.ts'
import { stacked } from './stack.ts'
import { paint, tokenColor } from './theme.ts'

export interface StackSeries {
  readonly label: string
  /** Colour token. */
  readonly token: string
  /** Heights only: what is written next to them comes from `text`. */
  readonly values: readonly number[]
  /** The figures as the server wrote them. */
  readonly text: readonly string[]
}

export interface LineSeries extends Omit<StackSeries, 'values'> {
  /** Null where there is no value; `text` is then ''. */
  readonly values: readonly (number | null)[]
  /** A line to compare with and no measurements: it has no dots. */
  readonly isLimit?: boolean
}

/** A single measurement on top of lines. */
export interface Mark {
  /** Seconds since the Unix epoch. */
  readonly at: number
  readonly value: number
}

export interface Bucket {
  /** Seconds since the Unix epoch. */
  readonly start: number
  readonly end: number
  readonly label: string
}

const heightPx = 240
/** Half of the widest mark, which stands around the end of the axis. */
const lastMarkPx = 28
/** Milliseconds a cursor rests before a screen reader hears of it. */
const sayMs = 250

const hatchIncomplete = (chart: uPlot, bucket: Bucket, color: string): void => {
  const ctx = chart.ctx
  const left = chart.valToPos(bucket.start, 'x', true)
  const right = Math.min(chart.valToPos(bucket.end, 'x', true), chart.bbox.left + chart.bbox.width)
  ctx.save()
  ctx.beginPath()
  ctx.rect(left, chart.bbox.top, right - left, chart.bbox.height)
  ctx.clip()
  ctx.strokeStyle = color
  ctx.globalAlpha = 0.35
  for (let x = left - chart.bbox.height; x < right; x += 10) {
    ctx.beginPath()
    ctx.moveTo(x, chart.bbox.top + chart.bbox.height)
    ctx.lineTo(x + chart.bbox.height, chart.bbox.top)
    ctx.stroke()
  }
  ctx.restore()
}

/** From the first bucket to the last; a moment is not broken at the end of a line. */
export const stretchWords = (buckets: readonly Bucket[]): string =>
  [buckets[0], buckets.at(-1)].map((bucket) => (bucket?.label ?? '').replaceAll(' ', '\u00a0')).join(' to ')

interface ChartProps {
  readonly label: string
  readonly summary: string
  readonly buckets: readonly Bucket[]
  readonly series: readonly LineSeries[]
  readonly axisText: (value: number) => string
  /** What Enter and a click do, as `opens its ledger entries`. */
  readonly openWords: string
  /** `series` is undefined for all of the bucket. */
  readonly open: (bucket: number, series: number | undefined) => void
  /** Whether a series has something to say in a bucket. */
  readonly speaks: (series: LineSeries, bucket: number) => boolean
  /** Heights as uPlot takes them, one array a series. */
  readonly heights: readonly (readonly (number | null)[])[]
  readonly look: (series: LineSeries) => uPlot.Series
  readonly yRange: (min: number, max: number) => [number, number]
  readonly marks?: readonly Mark[]
  readonly openMark?: (mark: number) => void
}

/** Pixels around a mark in which a click means it. */
const markReachPx = 10

/** Marks are rings; what lies above the scale is drawn at its edge. */
const drawMarks = (chart: uPlot, marks: readonly Mark[], color: string, surface: string): void => {
  const ctx = chart.ctx
  ctx.save()
  for (const mark of marks) {
    const [x, y] = markAt(chart, mark, true)
    ctx.beginPath()
    ctx.arc(x, y, 4 * devicePixelRatio, 0, 2 * Math.PI)
    ctx.fillStyle = surface
    ctx.strokeStyle = color
    ctx.lineWidth = 2 * devicePixelRatio
    ctx.fill()
    ctx.stroke()
  }
  ctx.restore()
}

const markAt = (chart: uPlot, mark: Mark, canvas: boolean): [number, number] => {
  const { min = 0, max = 0 } = chart.scales['y'] ?? {}
  return [chart.valToPos(mark.at, 'x', canvas), chart.valToPos(Math.min(Math.max(mark.value, min), max), 'y', canvas)]
}

/**
 * Values over time. The canvas is a picture; the same figures are in the sentence above, under the arrow keys, and
 * in a table.
 */
const Chart = (props: ChartProps) => {
  let plot: HTMLDivElement | undefined
  let drawing: uPlot | undefined
  const [width, setWidth] = createSignal(0)
  const [cursor, setCursor] = createSignal<{ bucket: number; series: number } | undefined>()
  const [said, setSaid] = createSignal('')
  onMount(() => {
    const observer = new ResizeObserver(() => setWidth(plot?.clientWidth ?? 0))
    if (plot !== undefined) observer.observe(plot)
    onCleanup(() => observer.disconnect())
  })
  createEffect(() => {
    paint()
    const [w, buckets, series, marks] = [width(), props.buckets, props.series, props.marks ?? []]
    if (plot === undefined || w === 0 || buckets.length === 0) return
    const [text, line, surface] = [tokenColor('--muted'), tokenColor('--line'), tokenColor('--bg')]
    const last = buckets[buckets.length - 1]!
    const chart = new uPlot({
      width: w, height: heightPx, legend: { show: false }, padding: [8, lastMarkPx, 0, 0],
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: { x: { time: true, range: [buckets[0]!.start, last.end] }, y: { range: (_chart, min, max) => props.yRange(min, max) } },
      axes: [
        {
          stroke: text, grid: { show: false }, ticks: { stroke: line, size: 4 }, font: '11px ui-sans-serif, system-ui, sans-serif',
          values: (_chart, splits, _axis, _space, step) => axisTimes(splits, step),
        },
        { stroke: text, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: '11px ui-sans-serif, system-ui, sans-serif', size: 64, values: (_chart, splits) => splits.map(props.axisText) },
      ],
      series: [{}, ...series.map(props.look)],
      hooks: {
        draw: [(drawn) => {
          if (last.end * 1_000 > Date.now()) hatchIncomplete(drawn, last, text)
          drawMarks(drawn, marks, tokenColor('--text'), surface)
        }],
        setCursor: [(moved) => {
          const left = moved.cursor.left ?? -1
          if (left < 0) return
          const at = moved.posToVal(left, 'x')
          const bucket = buckets.findIndex((one) => at >= one.start && at < one.end)
          setCursor((was) => (bucket === -1 ? was : { bucket, series: was?.series ?? -1 }))
        }],
      },
    }, [buckets.map((one) => one.start), ...props.heights.map((one) => [...one])], plot)
    drawing = chart
    onCleanup(() => {
      drawing = undefined
      chart.destroy()
    })
  })

  const at = () => {
    const [now, last] = [cursor(), props.buckets.length - 1]
    return now === undefined || last < 0 ? undefined : { bucket: Math.min(now.bucket, last), series: Math.min(now.series, props.series.length - 1) }
  }
  const words = (): string => {
    const now = at()
    if (now === undefined) return ''
    const bucket = props.buckets[now.bucket]!.label
    const one = props.series[now.series]
    const parts = one === undefined ? props.series.filter((s) => props.speaks(s, now.bucket)) : [one]
    return `${bucket}: ${parts.length === 0 ? 'nothing' : parts.map((s) => `${legible(s.label)} ${props.speaks(s, now.bucket) ? s.text[now.bucket] : 'nothing'}`).join(', ')}`
  }
  createEffect(() => {
    const text = words()
    const timer = setTimeout(() => setSaid(text), sayMs)
    onCleanup(() => clearTimeout(timer))
  })
  const click = (event: MouseEvent): void => {
    const chart = drawing
    if (chart !== undefined && props.openMark !== undefined) {
      const box = chart.over.getBoundingClientRect()
      const hit = (props.marks ?? []).findIndex((mark) => {
        const [x, y] = markAt(chart, mark, false)
        return Math.hypot(event.clientX - box.left - x, event.clientY - box.top - y) <= markReachPx
      })
      if (hit !== -1) return props.openMark(hit)
    }
    const now = at()
    if (now !== undefined) props.open(now.bucket, undefined)
  }
  const steer = (event: KeyboardEvent): void => {
    const last = props.buckets.length - 1
    const now = at() ?? { bucket: last, series: -1 }
    const bounded = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high)
    const started = cursor() !== undefined
    if (event.key === 'ArrowLeft') setCursor({ ...now, bucket: bounded(now.bucket - (started ? 1 : 0), 0, last) })
    else if (event.key === 'ArrowRight') setCursor({ ...now, bucket: bounded(now.bucket + (started ? 1 : 0), 0, last) })
    else if (event.key === 'ArrowDown') setCursor({ ...now, series: bounded(now.series + 1, -1, props.series.length - 1) })
    else if (event.key === 'ArrowUp') setCursor({ ...now, series: bounded(now.series - 1, -1, props.series.length - 1) })
    else if (event.key === 'Home') setCursor({ ...now, bucket: 0 })
    else if (event.key === 'End') setCursor({ ...now, bucket: last })
    else if (event.key === 'Enter') props.open(now.bucket, now.series === -1 ? undefined : now.series)
    else return
    event.preventDefault()
  }
  return (
    <figure class={styles['figure']} aria-label={props.label}>
      <figcaption class={styles['caption']}>{props.summary}</figcaption>
      <div
        class={styles['plot']} ref={plot} role="group" tabindex="0" aria-label={`${props.label}: arrow keys move, Enter ${props.openWords}`}
        onKeyDown={steer} onClick={click}
      />
      <p class={styles['now']}>{words() === '' ? `Point at the chart, or move with the arrow keys, to read it; click or Enter ${props.openWords}.` : words()}</p>
      <p class="visually-hidden" role="status">{said()}</p>
      <ul class={styles['legend']}>
        <For each={props.series}>{(one, index) => <li data-current={at()?.series === index()}><svg class={styles['swatch']} aria-hidden="true"><rect width="12" height="12" fill={`var(${one.token})`} /></svg>{legible(one.label)}</li>}</For>
      </ul>
      <details class={styles['table']}>
        <summary>The same figures as a table</summary>
        <div tabindex="0" role="region" aria-label={`${props.label} as a table`}>
          <table>
            <thead><tr><th scope="col">Time</th><For each={props.series}>{(one) => <th scope="col" class="number">{legible(one.label)}</th>}</For></tr></thead>
            <tbody>
              <For each={props.buckets}>
                {(bucket, index) => <tr><th scope="row">{bucket.label}</th><For each={props.series}>{(one) => <td class="number"><Show when={props.speaks(one, index())} fallback="–">{one.text[index()]}</Show></td>}</For></tr>}
              </For>
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  )
}

/** The room that a chart takes, while its figures are asked for: what stands below it must not move when they arrive. */
export const ChartRoom = () => (
  <div class={styles['figure']} aria-hidden="true">
    <p class={styles['caption']}>&nbsp;</p>
    <div class={styles['plot']} />
    <p class={styles['now']} />
    <ul class={styles['legend']}><li>&nbsp;</li></ul>
    <div class={styles['tableRoom']} />
  </div>
)

type Drawn = Pick<ChartProps, 'label' | 'summary' | 'buckets' | 'axisText' | 'open' | 'openWords'>

/** Amounts that make up a whole: bars that stand on each other. */
export const StackedBars = (props: Drawn & { readonly series: readonly StackSeries[] }) => {
  const bars = uPlot.paths.bars?.({ size: [0.8, 64], align: 1 })
  return (
    <Chart
      {...props} heights={stacked(props.series.map((one) => one.values))} speaks={(one, bucket) => (one.values[bucket] ?? 0) !== 0}
      yRange={(_min, max) => [0, max > 0 ? max * 1.05 : 1]}
      look={(one) => ({ label: one.label, fill: tokenColor(one.token), stroke: tokenColor('--bg'), width: 1, points: { show: false }, ...(bars === undefined ? {} : { paths: bars }) })}
    />
  )
}

/** Values that stand beside each other, such as percentiles: lines, broken where there is no value, from 0 or what is below. */
export const Lines = (props: Drawn & { readonly series: readonly LineSeries[]; readonly marks: readonly Mark[]; readonly openMark: (mark: number) => void }) => (
  <Chart
    {...props} heights={props.series.map((one) => one.values)} speaks={(one, bucket) => one.text[bucket] !== ''}
    yRange={(min, max) => (min === null || max === null ? [0, 1] : [Math.min(0, min * 1.05), max > 0 ? max * 1.08 : max === min ? 1 : 0])}
    look={(one) => ({ label: one.label, stroke: tokenColor(one.token), width: 2, points: { show: one.isLimit !== true, size: 6, fill: tokenColor(one.token) } })}
  />
)
