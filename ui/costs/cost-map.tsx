import { createEffect, createMemo, createSignal, For, onCleanup, onMount, Show } from 'solid-js'
import { knownCost, legible, money, percent, plural } from '../format.ts'
import type { CostMapFieldsFragment } from '../queries.ts'
import { type CostGroup, costGroups, type CostPart, valueText } from '../url-state.ts'
import { Money } from '../widgets/figures.tsx'
import { Beginning } from '../widgets/name.tsx'
import styles from './costs.module.css'
import { type CostOf, headPx, type Tile, tilesOf } from './tiles.ts'
import { groupWords } from './words.ts'

/** Groups that have the colour they have in the bars above; the rest is grey. */
const coloursMax = 6
/** Rows of the table before the rest is left to the ledger. */
const tableMax = 200
/** Groups named as having no place in the picture. */
const namedMax = 12
/** Smallest width that has room for words, the height of a line of them, the width of a digit, and what stands beside words in a tile; pixels. */
const wordsPx = 52
const linePx = 16
const digitPx = 7
const besidePx = 14

export interface CostMapRows {
  readonly by: CostGroup
  readonly within: CostGroup
  readonly groups: readonly CostMapFieldsFragment[]
  readonly parts: readonly CostMapFieldsFragment[]
}

const lines = (many: number): string => plural(many, 'unpriced entry', 'unpriced entries')

const only = (values: readonly string[]): string | null => (values.length === 1 ? (values[0] ?? null) : null)
const level = (tile: Tile): 'group' | 'part' => (tile.parts === undefined ? 'group' : 'part')

interface Shown extends Tile {
  readonly id: string
  readonly name: string
  readonly amount: string
  /** All of it in words. */
  readonly words: string
}

/**
 * Where the money goes, in two levels: areas are amounts. One stop of the Tab key: arrows move among the tiles, which are links that
 * narrow the page. The same figures are in the table below. Rows of the question before (`isFormer`) are shown, and narrow nothing.
 * Links are plain: the router's own say that they lead to the page on show, and these narrow it.
 */
export const CostMap = (props: { rows: CostMapRows; isFormer: boolean; open: (part: CostPart) => string; ledger: (part: CostPart, unpriced?: 'UNPRICED') => string }) => {
  let map: HTMLDivElement | undefined
  const [size, setSize] = createSignal({ width: 0, height: 0 })
  const [focused, setFocused] = createSignal<string | undefined>()
  const [pointed, setPointed] = createSignal<string | undefined>()
  onMount(() => {
    const observer = new ResizeObserver(() => setSize({ width: map?.clientWidth ?? 0, height: map?.clientHeight ?? 0 }))
    if (map !== undefined) observer.observe(map)
    onCleanup(() => observer.disconnect())
  })
  const of = (row: CostMapFieldsFragment, isPart: boolean): CostOf => ({
    group: row[costGroups[props.rows.by]] ?? '', part: isPart ? (row[costGroups[props.rows.within]] ?? '') : undefined, cost: row.cost, unpricedEntries: row.unpricedEntries,
  })
  const groups = createMemo(() => props.rows.groups.map((row) => of(row, false)))
  const parts = createMemo(() => props.rows.parts.map((row) => of(row, true)))
  const [many, manyParts] = [() => groupWords[props.rows.by].many, () => groupWords[props.rows.within].many]

  const tiles = createMemo(() => {
    const placed = tilesOf(groups(), parts(), { x: 0, y: 0, ...size() })
    const total = placed.reduce((sum, { parts: within, dollars }) => sum + (within === undefined ? dollars : 0), 0)
    return new Map(placed.map((tile): [string, Shown] => {
      const values = tile.parts ?? tile.groups
      const name = values.length === 1 ? legible(valueText(values[0])) : `${values.length} more ${tile.parts === undefined ? many() : manyParts()}`
      // Of several nobody wrote the sum: it is ours, for the picture.
      const amount = tile.cost === undefined ? `about ${money(tile.dollars.toFixed(6))}` : money(tile.cost)
      const id = JSON.stringify([only(tile.groups), level(tile), only(tile.parts ?? [])])
      return [id, { ...tile, id, name, amount, words: `${name} ${amount}, ${percent(tile.dollars, total)}${tile.parts === undefined ? '' : `, part of ${legible(valueText(tile.groups[0]))}`}${tile.unpricedEntries === 0 ? '' : `, and ${lines(tile.unpricedEntries)}`}` }]
    }))
  })
  const ids = createMemo(() => [...tiles().keys()])
  const current = () => (tiles().has(focused() ?? '') ? focused() : ids()[0])
  /** The tile that had the focus may be gone once the page is narrowed to it: then reading goes on at the first. */
  createEffect(() => {
    if (props.isFormer || focused() === undefined || !tiles().has(current() ?? '') || document.activeElement !== document.body) return
    queueMicrotask(() => map?.querySelector<HTMLElement>('a[tabindex="0"]')?.focus({ preventScroll: true }))
  })
  const said = () => tiles().get(pointed() ?? '')?.words
  const partOf = (tile: Tile): CostPart => ({ [props.rows.by]: tile.groups, ...(tile.parts === undefined ? {} : { [props.rows.within]: tile.parts }) })

  const steer = (event: KeyboardEvent): void => {
    const links = [...(map?.querySelectorAll('a') ?? [])]
    const at = links.findIndex((link) => link === document.activeElement)
    const group = (from: number, step: 1 | -1): number => {
      for (let index = from + step; index >= 0 && index < links.length; index += step) if (links[index]?.dataset['level'] === 'group') return index
      return from
    }
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: group(at, 1), ArrowUp: group(at, -1), Home: 0, End: links.length - 1 }[event.key]
    if (next === undefined || at === -1) return
    links[Math.min(Math.max(next, 0), links.length - 1)]?.focus()
    event.preventDefault()
  }
  const unpriced = createMemo(() => groups().filter(({ unpricedEntries }) => unpricedEntries > 0))
  const notAbove = createMemo(() => groups().filter(({ cost, unpricedEntries }) => knownCost(cost, unpricedEntries) !== null && (cost === '0' || cost.startsWith('-'))))
  const whole = () => groups().reduce((sum, { cost }) => sum + Math.max(0, Number(cost)), 0)

  return (
    <figure class={styles['mapped']} aria-label={`Where the money goes, by ${groupWords[props.rows.by].one} and ${groupWords[props.rows.within].one}`}>
      <div class={styles['map']} ref={map} data-empty={ids().length === 0} inert={props.isFormer} role="group" aria-label={`Cost by ${groupWords[props.rows.by].one} and ${groupWords[props.rows.within].one}: arrow keys move, Enter narrows the page`} onKeyDown={steer} onPointerLeave={() => setPointed(undefined)}>
        <For each={ids()}>
          {(id) => (
            <Show when={tiles().get(id)}>
              {(tile) => {
                const href = () => props.open(partOf(tile()))
                const rows = () => (tile().hasParts ? 1 : Math.floor((tile().rect.height - 4) / linePx))
                /** Half an amount would be another one. */
                const fits = () => tile().amount.length * digitPx + besidePx + (rows() < 2 ? wordsPx : 0) <= tile().rect.width
                const hasWords = () => tile().rect.width >= wordsPx && tile().rect.height >= headPx
                return (
                  <a
                    href={href()} {...(href().startsWith('/costs') ? { noScroll: true } : {})} aria-label={tile().words} title={tile().words} tabindex={id === current() ? 0 : -1} data-level={level(tile())} data-rest={tile().cost === undefined} data-unpriced={tile().unpricedEntries > 0} data-one-line={rows() < 2} data-words={hasWords()}
                    onFocus={() => { setFocused(id); setPointed(id) }} onBlur={(event) => { setPointed(undefined); if (event.relatedTarget !== null && !map?.contains(event.relatedTarget as Node)) setFocused(undefined) }} onPointerEnter={() => setPointed(id)}
                    style={{ left: `${tile().rect.x}px`, top: `${tile().rect.y}px`, width: `${tile().rect.width}px`, height: `${tile().rect.height}px`, '--tile': `var(--series-${tile().place < coloursMax && tile().groups.length === 1 ? tile().place + 1 : 'other'})` }}
                  >
                    <Show when={hasWords()}>
                      <span class={styles['tileName']} style={{ '-webkit-line-clamp': String(Math.max(1, rows() - (fits() ? 1 : 0))) }}>{tile().name}</span>
                      <Show when={fits()}><span class={styles['tileAmount']}>{tile().amount}</span></Show>
                    </Show>
                  </a>
                )
              }}
            </Show>
          )}
        </For>
        <Show when={size().width > 0 && ids().length === 0}><p class="muted">Nothing of this has an amount above zero: there is nothing to draw.</p></Show>
      </div>
      <Show when={ids().length > 0}><p class={styles['mapNow']}>{said() ?? 'Point at a tile, or move with the arrow keys, to read it; click or Enter narrows the page to it.'}</p></Show>
      <Show when={unpriced().length > 0}>
        <p class={styles['beside']} data-look="unpriced"><span>Unpriced, and so without an area:</span>
          <For each={unpriced().slice(0, namedMax)}>{(one) => <a href={props.ledger({ [props.rows.by]: [one.group] }, 'UNPRICED')}>{legible(valueText(one.group))} · {plural(one.unpricedEntries, 'entry', 'entries')}</a>}</For>
          <Show when={unpriced().length > namedMax}><a href={props.ledger({}, 'UNPRICED')}>{unpriced().length - namedMax} more {many()}</a></Show>
        </p>
      </Show>
      <Show when={notAbove().length > 0}>
        <p class={styles['beside']}><span>Not above zero, and so without an area:</span>
          <For each={notAbove().slice(0, namedMax)}>{(one) => <a href={props.ledger({ [props.rows.by]: [one.group] })}>{legible(valueText(one.group))} · {money(one.cost)}</a>}</For>
          <Show when={notAbove().length > namedMax}><span>and {notAbove().length - namedMax} more {many()}</span></Show>
        </p>
      </Show>
      <details class={styles['mapTable']}>
        <summary>The same figures as a table</summary>
        <div class="scroll-x">
          <table>
            <thead><tr><th scope="col">{groupWords[props.rows.by].label}</th><th scope="col">{groupWords[props.rows.within].label}</th><th scope="col" class="number">Cost (USD)</th><th scope="col" class="number">Share</th><th scope="col" class="number">Unpriced</th></tr></thead>
            <tbody>
              <For each={parts().slice(0, tableMax)}>
                {(one) => {
                  const part = (): CostPart => ({ [props.rows.by]: [one.group], [props.rows.within]: [one.part ?? ''] })
                  const what = (): string => `${legible(valueText(one.part))} of ${legible(valueText(one.group))}`
                  return (
                    <tr>
                      <td><a href={props.open({ [props.rows.by]: [one.group] })}><Beginning text={legible(valueText(one.group))} /></a></td>
                      <td><a href={props.open(part())}><Beginning text={legible(valueText(one.part))} /></a></td>
                      <td class="number"><Money amount={knownCost(one.cost, one.unpricedEntries)} href={props.ledger(part())} what={what()} /></td>
                      <td class="number">{Number(one.cost) > 0 ? percent(Number(one.cost), whole()) : '–'}</td>
                      <td class="number"><Show when={one.unpricedEntries > 0} fallback={<span class="muted">–</span>}><a href={props.ledger(part(), 'UNPRICED')} aria-label={`${lines(one.unpricedEntries)} of ${what()}`}>{one.unpricedEntries}</a></Show></td>
                    </tr>
                  )
                }}
              </For>
            </tbody>
          </table>
        </div>
        <Show when={parts().length > tableMax}><p class="muted">The {tableMax} dearest of {parts().length} are shown.</p></Show>
      </details>
    </figure>
  )
}
