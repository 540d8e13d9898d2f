import { A } from '@solidjs/router'
import { createMemo, For } from 'solid-js'
import { count, duration, localTime, percent, plural } from '../format.ts'
import type { ModelLatenciesQuery } from '../queries.ts'
import styles from './models.module.css'

type Latency = NonNullable<ModelLatenciesQuery['modelLatency']>
type Cell = Latency['cells'][number]

/** The steps of the server double in two: of two lines one is named. */
const namedEvery = 2
/** Rows of the table before the rest is left to the picture. */
const tableMax = 200
/** The palest cell that has a call, in percent: one call among thousands is still seen. */
const shareMin = 12

const stepOf = (cell: Cell): number => (cell.fromMs === 0 ? 0 : Math.round(2 * Math.log2(cell.fromMs)) + 1)
const fromMs = (step: number): number => (step === 0 ? 0 : 2 ** ((step - 1) / 2))
/** Widths are whole: 12 h, never 12 h 00 m. */
const wide = (seconds: number): string => duration(seconds * 1_000).replace(/ 00 [hms]$/, '').replace(/\.0+ s$/, ' s')
const words = (cell: Cell): string => `${duration(cell.fromMs)} to ${duration(cell.toMs)}`

/**
 * Durations over time: time to the right, longer calls above, more calls darker. The picture is for the eye and the mouse; the
 * same figures, with links, are in the table below it.
 */
export const LatencyMap = (props: { latency: Latency; what: string; href: (bounds: { from: string; to: string }) => string }) => {
  const map = createMemo(() => {
    const { cells, intervalSeconds } = props.latency
    const starts = cells.map((cell) => Date.parse(cell.start) / 1_000)
    const steps = cells.map(stepOf)
    const [first, last, low, high] = [Math.min(...starts), Math.max(...starts), Math.min(...steps), Math.max(...steps)]
    const most = Math.max(...cells.map((cell) => cell.calls))
    return {
      columns: Math.round((last - first) / intervalSeconds) + 1, low, high, first, end: last + intervalSeconds,
      cells: cells.map((cell, index) => ({
        ...cell, column: Math.round((starts[index]! - first) / intervalSeconds) + 1, row: high - steps[index]! + 1,
        share: `${Math.max(shareMin, Math.round((100 * Math.log1p(cell.calls)) / Math.log1p(most)))}%`,
        title: `${localTime(cell.start)}: ${plural(cell.calls, 'call')} of ${words(cell)}${cell.failedCalls === 0 ? '' : `, ${cell.failedCalls} failed`}. Opens the ledger entries of this time, whatever their calls took.`,
      })),
    }
  })
  const bounds = (cell: Cell) => ({ from: new Date(cell.start).toISOString(), to: new Date(Date.parse(cell.start) + props.latency.intervalSeconds * 1_000).toISOString() })
  const total = () => props.latency.cells.reduce((sum, cell) => sum + cell.calls, 0)
  return (
    <section class={styles['section']}>
      <h2>How long calls took</h2>
      <p class="muted">{plural(total(), 'call')} of {props.what}, failed ones too. Each field is {wide(props.latency.intervalSeconds)} wide; the darker, the more calls; a red edge: some failed.</p>
      <div class={styles['heat']} aria-hidden="true">
        <div class={styles['heatRows']}>
          <For each={Array.from({ length: map().high - map().low + 1 }, (_, index) => map().high - index)}>{(step) => <span>{(step - map().low) % namedEvery === 0 ? duration(fromMs(step)) : ''}</span>}</For>
        </div>
        <div class={styles['cells']} style={{ 'grid-template-columns': `repeat(${map().columns}, minmax(0, 1fr))`, 'grid-template-rows': `repeat(${map().high - map().low + 1}, 14px)` }}>
          <For each={map().cells}>
            {(cell) => <A tabindex="-1" href={props.href(bounds(cell))} title={cell.title} data-failed={cell.failedCalls > 0} style={{ 'grid-column': String(cell.column), 'grid-row': String(cell.row), '--share': cell.share }} />}
          </For>
        </div>
        <div class={styles['heatTimes']}><span>{localTime(new Date(map().first * 1_000).toISOString())}</span><span>{localTime(new Date(map().end * 1_000).toISOString())}</span></div>
      </div>
      <details>
        <summary>As a table</summary>
        <div class="scroll-x">
          <table>
            <thead><tr><th scope="col">From</th><th scope="col">Took</th><th scope="col" class="number">Calls</th><th scope="col" class="number">Failed</th></tr></thead>
            <tbody>
              <For each={map().cells.slice(0, tableMax)}>
                {(cell) => (
                  <tr>
                    <td><A href={props.href(bounds(cell))} title="Ledger entries of this time, whatever their calls took" aria-label={`${localTime(cell.start)}, ledger entries of this time`}><time datetime={cell.start}>{localTime(cell.start)}</time></A></td><td>{words(cell)}</td>
                    <td class="number">{count(cell.calls)}</td>
                    <td class="number">{percent(cell.failedCalls, cell.calls)}</td>
                  </tr>
                )}
              </For>
            </tbody>
          </table>
        </div>
        {map().cells.length > tableMax ? <p class="muted">The first {tableMax} of {map().cells.length} fields are shown.</p> : ''}
      </details>
    </section>
  )
}
