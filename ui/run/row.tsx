import { type Accessor, createMemo, createRenderEffect, Show } from 'solid-js'
import { count, duration, legible, money, moneyExact, picoText } from '../format.ts'
import { kindLooks } from '../widgets/kind.tsx'
import type { RowIcon } from './row-icons.ts'
import styles from './run.module.css'
import { flags, isParent, kindOf, type Skeleton } from './skeleton.ts'
import type { RunView } from './view.ts'

/** Pixels a level is indented by, and the deepest level that still moves to the right. */
const indentPx = 12
const indentLevels = 24

const nameOf = (skeleton: Skeleton, row: number): string => legible(skeleton.names[skeleton.name[row]!] ?? '')

const tokensOf = (skeleton: Skeleton, row: number): string => {
  const [tokensIn, tokensOut] = [skeleton.tokensIn[row]!, skeleton.tokensOut[row]!]
  return tokensIn + tokensOut === 0 ? '' : `${count(tokensIn)} → ${count(tokensOut)}`
}

const Mark = (props: { icon: RowIcon; label: string }) => <i class={`${styles['icon']} ${styles['mark']}`} data-icon={props.icon} role="img" aria-label={props.label} title={props.label} />

const Marks = (props: { flag: number }) => (
  <>
    <Show when={(props.flag & flags.failed) !== 0}><Mark icon="failed" label="failed" /></Show>
    <Show when={(props.flag & flags.blocked) !== 0}><Mark icon="blocked" label="blocked" /></Show>
    <Show when={(props.flag & (flags.policy | flags.blocked)) === flags.policy}><Mark icon="policy" label="policy decision" /></Show>
  </>
)

/** "Unpriced" is a word; what is only partly known is a lower bound. */
const costOf = (skeleton: Skeleton, row: number): string => {
  const [pico, isUnpriced] = [skeleton.subtreeCost[row]!, skeleton.unpriced[row] === 1]
  if (pico === 0n && !isUnpriced) return ''
  return `${isParent(skeleton, row) ? 'Σ ' : ''}${pico === 0n ? money(null) : `${isUnpriced ? '≥ ' : ''}${money(picoText(pico))}`}`
}

const costTitle = (skeleton: Skeleton, row: number): string | undefined => {
  const [pico, isUnpriced] = [skeleton.subtreeCost[row]!, skeleton.unpriced[row] === 1]
  if (pico === 0n) return isUnpriced ? moneyExact(null) : undefined
  return `${moneyExact(picoText(pico))}${isUnpriced ? ', and something that has no known price' : ''}`
}

/** A text of `undefined` takes the attribute away. */
const setAttribute = (element: Element, name: string, text: string | undefined): void => {
  if (text === undefined) element.removeAttribute(name)
  else element.setAttribute(name, text)
}

/**
 * One recycled row. While somebody scrolls, all that a row says changes and nothing of its structure: so one effect writes all
 * of it, not one for each text and attribute, and it has few boxes, because each is laid out and painted with every frame. It is
 * placed by `top`: with a transform, every row has a coordinate system of its own to be worked out.
 */
export const Row = (props: { view: RunView; row: Accessor<number>; place: Accessor<number>; rowHeight: number; open: (row: number) => void }) => {
  const s = (): Skeleton => props.view.skeleton()
  const closed = (): boolean => props.view.folded()[props.row()] === 1
  const marks = createMemo(() => s().flags[props.row()]! & (flags.failed | flags.blocked | flags.policy))
  const kind = <i class={styles['icon']} role="img" /> as HTMLElement
  // Texts are written in place: a new text is a new box.
  const [nameText, tokensText, costText] = [new Text(), new Text(), new Text()]
  const label = <span class={styles['label']}>{nameText}</span> as HTMLElement
  const twist = (
    <i
      class={`${styles['icon']} ${styles['twist']}`} data-twist
      onClick={(event) => {
        if (!isParent(s(), props.row())) return
        event.stopPropagation()
        props.view.setActive(props.row())
        props.view.setFolded(props.row(), !closed(), event.shiftKey)
      }}
    />
  ) as HTMLElement
  const name = <div class={styles['name']} role="gridcell">{twist}{kind}<Show when={marks() !== 0}><Marks flag={marks()} /></Show>{label}</div> as HTMLElement
  const cost = <div class={styles['cell']} role="gridcell">{costText}</div> as HTMLElement
  const bar = <div class={styles['barCell']} role="gridcell" /> as HTMLElement
  const box = <div class={styles['row']} role="row" onClick={() => props.open(props.row())}>{name}<div class={`${styles['cell']} ${styles['middle']}`} role="gridcell">{tokensText}</div>{cost}{bar}</div> as HTMLElement

  createRenderEffect(() => {
    const [skeleton, row] = [s(), props.row()]
    const [step, text] = [kindOf(skeleton, row), nameOf(skeleton, row)]
    box.id = `row-${row}`
    box.setAttribute('aria-level', String(skeleton.depth[row]! + 1))
    box.setAttribute('aria-posinset', String(skeleton.position[row]))
    box.setAttribute('aria-setsize', String(skeleton.siblings[row]))
    name.style.paddingInlineStart = `${Math.min(skeleton.depth[row]!, indentLevels) * indentPx}px`
    kind.dataset['icon'] = step
    kind.setAttribute('aria-label', kindLooks[step].label)
    nameText.data = text
    label.title = text
    tokensText.data = tokensOf(skeleton, row)
    costText.data = costOf(skeleton, row)
    setAttribute(cost, 'title', costTitle(skeleton, row))
    bar.setAttribute('aria-label', `starts at ${duration(skeleton.start[row]! * skeleton.tickMs)}, takes ${duration(skeleton.duration[row]! * skeleton.tickMs)}`)
  })
  createRenderEffect(() => {
    box.style.top = `${props.place() * props.rowHeight}px`
    box.setAttribute('aria-rowindex', String(props.place() + 2))
  })
  createRenderEffect(() => {
    const parent = isParent(s(), props.row())
    setAttribute(box, 'aria-expanded', parent ? String(!closed()) : undefined)
    setAttribute(twist, 'data-icon', !parent ? undefined : closed() ? 'closed' : 'opened')
  })
  createRenderEffect(() => {
    const hit = props.view.matches() === undefined ? undefined : props.view.matches()![props.row()] === 1
    box.setAttribute('aria-selected', String(props.row() === props.view.active()))
    box.dataset['dim'] = String(hit === false)
    box.dataset['hit'] = String(hit === true)
  })
  return box
}
