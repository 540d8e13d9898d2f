import { useSearchParams } from '@solidjs/router'
import { createEffect, createSignal, For, Show } from 'solid-js'
import { type Bounds, rangeBounds, rangeLabels, rangeOf, rangePresets, rangeText } from '../url-state.ts'
import styles from './frame.module.css'

/** An RFC 3339 moment as a `datetime-local` field wants it: local, to the minute. */
const fieldValue = (iso: string | undefined): string => {
  if (iso === undefined) return ''
  const date = new Date(iso)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
const fieldMoment = (value: string): string | undefined => (value === '' ? undefined : new Date(value).toISOString())

/** The time range of the page: a preset, all time, or two moments. */
export const Range = () => {
  const [search, setSearch] = useSearchParams()
  const range = () => rangeOf(search) ?? ''
  const isPreset = () => range() === '' || Object.hasOwn(rangePresets, range())
  const [custom, setCustom] = createSignal(!isPreset())
  createEffect(() => {
    setCustom(!isPreset())
  })
  const bounds = (): Bounds => rangeBounds(range(), Date.now())
  const setSide = (side: 'from' | 'to', value: string): void => {
    const moment = fieldMoment(value)
    const { [side]: _, ...other } = bounds()
    setSearch({ range: rangeText(moment === undefined ? other : { ...other, [side]: moment }) })
  }
  const choose = (value: string): void => {
    if (value === 'custom') setCustom(true)
    else {
      setCustom(false)
      setSearch({ range: value })
    }
  }
  return (
    <div class={styles['range']}>
      <select aria-label="Time range" onChange={(event) => choose(event.currentTarget.value)}>
        <option value="" selected={!custom() && range() === ''}>All time</option>
        <For each={Object.entries(rangeLabels)}>{([value, label]) => <option value={value} selected={!custom() && range() === value}>{label}</option>}</For>
        <option value="custom" selected={custom()}>From … to …</option>
      </select>
      <Show when={custom()}>
        <input type="datetime-local" aria-label="From" value={fieldValue(bounds().from)} onChange={(event) => setSide('from', event.currentTarget.value)} />
        <span aria-hidden="true">–</span>
        <input type="datetime-local" aria-label="To" value={fieldValue(bounds().to)} onChange={(event) => setSide('to', event.currentTarget.value)} />
      </Show>
    </div>
  )
}
