import { useSearchParams } from '@solidjs/router'
import X from 'lucide-solid/icons/x'
import { createSignal, For, type JSX, Show } from 'solid-js'
import { countExact, legible } from '../format.ts'
import { activeFilters, type FilterKey, filterLabels, type SearchValues, unnamed, valuesOf, valueText } from '../url-state.ts'
import styles from './widgets.module.css'

export interface FilterChoice {
  readonly key: FilterKey
  readonly values: readonly { readonly value: string; readonly label?: string; readonly runs?: number }[]
}

/** Milliseconds after the last key before a text filter is asked: typing stays free of waiting. */
const typingMs = 250

const TextFilter = (props: { search: SearchValues; set: (text: string) => void; hint: string }) => {
  let timer: ReturnType<typeof setTimeout> | undefined
  return (
    <label class={styles['search']}>
      {filterLabels.q}
      <input
        type="search" placeholder={props.hint} value={[props.search['q']].flat()[0] ?? ''} autocomplete="off" spellcheck={false} data-shortcut="/"
        onInput={(event) => {
          const text = event.currentTarget.value
          clearTimeout(timer)
          timer = setTimeout(() => props.set(text), typingMs)
        }}
      />
    </label>
  )
}

/** One list per dimension, each restricting further; the URL holds what is chosen. */
export const FilterBar = (props: { choices: readonly FilterChoice[]; text?: string; children?: JSX.Element }) => {
  const [search, setSearch] = useSearchParams()
  const [open, setOpen] = createSignal(false)
  const current = (key: FilterKey): string => {
    const values = valuesOf(search, key)
    return values.length === 0 ? '' : valueText(values[0])
  }
  const options = (choice: FilterChoice) => {
    const listed = choice.values.map((v) => ({ value: valueText(v.value), label: v.label ?? valueText(v.value), runs: v.runs }))
    const chosen = current(choice.key)
    return chosen === '' || listed.some((v) => v.value === chosen) ? listed : [{ value: chosen, label: chosen, runs: undefined }, ...listed]
  }
  return (
    <div class={styles['filters']} role="search" aria-label="Filters">
      <Show when={props.text}>{(hint) => <TextFilter search={search} set={(q) => setSearch({ q }, { replace: true })} hint={hint()} />}</Show>
      <button type="button" class={styles['toggle']} aria-expanded={open()} onClick={() => setOpen((was) => !was)}>Filters</button>
      <div class={styles['selects']} data-open={open()}>
        <For each={props.choices}>
          {(choice) => (
            <label>
              {filterLabels[choice.key]}
              <select data-set={current(choice.key) !== ''} onChange={(event) => setSearch({ [choice.key]: event.currentTarget.value })}>
                <option value="" selected={current(choice.key) === ''}>Any</option>
                <For each={options(choice)}>
                  {(option) => (
                    <option value={option.value} selected={option.value === current(choice.key)}>
                      {option.runs === undefined ? legible(option.label) : `${legible(option.label)} (${countExact(option.runs)})`}
                    </option>
                  )}
                </For>
              </select>
            </label>
          )}
        </For>
        {props.children}
      </div>
    </div>
  )
}

/** What restricts this list, each with its own way out. */
export const ActiveFilters = (props: { keys: readonly FilterKey[]; label: (key: FilterKey, value: string) => string }) => {
  const [search, setSearch] = useSearchParams()
  const active = () => activeFilters(search, props.keys)
  const words = (filter: { readonly key: FilterKey; readonly value: string }): string =>
    `${filterLabels[filter.key]}: ${filter.value === unnamed ? unnamed : legible(props.label(filter.key, filter.value))}`
  let group: HTMLDivElement | undefined
  /** The button that was pressed goes with its filter: the focus moves to the next one, and from the last to the page. */
  const focusAt = (place: number): void => {
    const buttons = group?.isConnected === true ? [...group.querySelectorAll('button')] : []
    ;(buttons[place] ?? document.querySelector('main'))?.focus({ preventScroll: true })
  }
  const remove = (key: FilterKey, value: string, place: number): void => {
    setSearch({ [key]: valuesOf(search, key).map(valueText).filter((other) => other !== value) })
    queueMicrotask(() => focusAt(place))
  }
  const clear = (): void => {
    setSearch(Object.fromEntries(props.keys.map((key) => [key, null])))
    queueMicrotask(() => focusAt(0))
  }
  return (
    <Show when={active().length > 0}>
      <div class={styles['active']} ref={group} role="group" aria-label="Active filters">
        <For each={active()}>
          {(filter, place) => (
            <button type="button" class={styles['remove']} onClick={() => remove(filter.key, filter.value, place())} aria-label={`Remove the filter ${words(filter)}`} title={legible(filter.value)}>
              {words(filter)}<X size={12} aria-hidden="true" />
            </button>
          )}
        </For>
        <button type="button" class={`${styles['remove']} plain`} onClick={clear}>Clear all</button>
      </div>
    </Show>
  )
}
