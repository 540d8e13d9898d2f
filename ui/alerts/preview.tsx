import { A, useNavigate } from '@solidjs/router'
import { createMemo, For, Show } from 'solid-js'
import { type Bucket, type LineSeries, Lines } from '../chart.tsx'
import { legible, localTime, plural } from '../format.ts'
import type { AlertPreviewQuery } from '../queries.ts'
import { valueText } from '../url-state.ts'
import { Time } from '../widgets/figures.tsx'
import styles from './alerts.module.css'
import { previewText, readHref } from './rule-words.ts'

export interface Previewed {
  readonly id: string
  readonly on: string
  readonly groupBy: string | null
  readonly above: number
  readonly unit: string
  readonly preview: AlertPreviewQuery['alertPreview']
}

const numbers = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 })
const small = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 2 })
const figure = (value: number): string => (Math.abs(value) < 1 ? small : numbers).format(value)

/** What a rule would have said: how often, what it would have read beside its line, and each alert. */
export const RulePreview = (props: { of: Previewed; close: () => void }) => {
  const navigate = useNavigate()
  const preview = () => props.of.preview
  const drawn = createMemo((): { readonly buckets: readonly Bucket[]; readonly series: readonly LineSeries[] } => {
    const { readings } = preview()
    const text = (value: number | null): string => (value === null ? '' : figure(value))
    const series = (label: string, token: string, values: readonly (number | null)[]): LineSeries => ({ label, token, values, text: values.map(text) })
    return {
      buckets: readings.map(({ start, end }) => ({ start: Date.parse(start) / 1_000, end: Date.parse(end) / 1_000, label: localTime(start) })),
      series: [series('highest read', '--series-1', readings.map(({ value }) => value)), { ...series('its line', '--series-2', readings.map(() => props.of.above)), isLimit: true }],
    }
  })
  const open = (index: number): void => {
    const reading = preview().readings[index]
    if (reading !== undefined) navigate(readHref({ on: props.of.on, groupBy: null, group: '', from: reading.start, to: reading.end }))
  }
  return (
    <section class={styles['preview']} aria-label={`Preview of ${props.of.id}`}>
      <div class={styles['fields']}><h3>Preview of {props.of.id}</h3><button type="button" onClick={() => props.close()}>Close the preview</button></div>
      <p role="status">{previewText(preview())}</p>
      <Lines
        label={`What ${props.of.id} would have read`} summary={`${props.of.unit}: the highest of any group and window, above its line at ${figure(props.of.above)}.`}
        buckets={drawn().buckets} series={drawn().series} axisText={(value) => figure(value)} openWords="opens what was read" open={open} marks={[]} openMark={() => undefined}
      />
      <Show when={preview().alerts.length > 0}>
        <div class={`scroll-x ${styles['found']}`} role="region" tabindex="0" aria-label={`Alerts that ${props.of.id} would have fired`}>
          <table>
            <thead><tr><th scope="col">Would have fired</th><th scope="col">Over</th><th scope="col">Of</th><th scope="col" class="number">Highest</th></tr></thead>
            <tbody><For each={preview().alerts}>{(alert) => (
              <tr>
                <td class="nowrap"><A href={readHref({ on: props.of.on, groupBy: props.of.groupBy, group: alert.group, from: alert.since, to: alert.resolvedAt ?? preview().to })} title="Open what was read."><Time iso={alert.firedAt} /></A></td>
                <td class="nowrap"><Show when={alert.resolvedAt} fallback="would still fire">{(at) => <Time iso={at()} />}</Show></td>
                <td>{alert.group === '' ? '–' : legible(valueText(alert.group))}</td>
                <td class="number">{alert.highest === null ? 'no data' : figure(alert.highest)}</td>
              </tr>
            )}</For></tbody>
          </table>
        </div>
        <Show when={preview().total > preview().alerts.length}><p class="muted">The latest {plural(preview().alerts.length, 'alert')} of {preview().total} are listed.</p></Show>
      </Show>
    </section>
  )
}
