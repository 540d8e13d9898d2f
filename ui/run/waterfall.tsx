import { type Accessor, createEffect, createMemo, createSignal, For, onCleanup, onMount, Show } from 'solid-js'
import { duration } from '../format.ts'
import { isTyping, shortcutsEnabled } from '../shortcuts.ts'
import { paint, tokenColor } from '../theme.ts'
import { pan, ticks, zoom } from '../time-axis.ts'
import { drawBars, readPalette } from './bars.ts'
import { Row } from './row.tsx'
import { showRowIcons } from './row-icons.ts'
import styles from './run.module.css'
import { isParent } from './skeleton.ts'
import { placeOf } from './tree.ts'
import type { RunView } from './view.ts'

/** Pixels. Rows: fine pointer, touch, and two lines where the window is narrow. */
const rowPx = 26
const touchRowPx = 44
const headerPx = 28
const barPx = 14
/** Below this width a row has its bar under its name. */
const stackedPx = 640
/** Rows kept ready beyond both edges: what a fast wheel shows before the next frame. */
const overscan = 6
const zoomStep = 0.8
/** Widths of the name column, share of the whole: smallest, largest, step of a key. */
const nameMin = 0.15
const nameMax = 0.8
const nameStep = 0.02
const tokenAndCostPx = 200

/** Where a row can stand: a short trace leaves some of them empty. */
const Place = (props: { view: RunView; place: Accessor<number>; rowHeight: number; open: (row: number) => void }) => {
  const place = createMemo(() => props.place())
  const row = createMemo(() => props.view.visible()[place()] ?? -1)
  return <Show when={row() >= 0}><Row view={props.view} row={row} place={place} rowHeight={props.rowHeight} open={props.open} /></Show>
}

const readName = (): number => {
  try {
    const share = Number(localStorage.getItem('name-width'))
    return share >= nameMin && share <= nameMax ? share : 0.38
  } catch {
    // Storage is refused in some private windows: the default width serves.
    return 0.38
  }
}

const Splitter = (props: { share: number; set: (share: number) => void; box: () => HTMLElement | undefined }) => {
  const clamped = (share: number): void => props.set(Math.min(Math.max(share, nameMin), nameMax))
  const drag = (down: PointerEvent & { currentTarget: HTMLElement }): void => {
    const handle = down.currentTarget
    handle.setPointerCapture(down.pointerId)
    const move = (event: PointerEvent): void => {
      const area = props.box()?.getBoundingClientRect()
      if (area !== undefined) clamped((event.clientX - area.left) / area.width)
    }
    const up = (): void => {
      handle.removeEventListener('pointermove', move)
      handle.removeEventListener('pointerup', up)
    }
    handle.addEventListener('pointermove', move)
    handle.addEventListener('pointerup', up)
  }
  return (
    <div
      class={styles['splitter']} role="separator" tabindex="0" aria-orientation="vertical" aria-label="Width of the names"
      aria-valuemin={nameMin * 100} aria-valuemax={nameMax * 100} aria-valuenow={Math.round(props.share * 100)} style={{ left: `${props.share * 100}%` }}
      onPointerDown={drag}
      onKeyDown={(event) => {
        if (event.key === 'ArrowLeft') clamped(props.share - nameStep)
        else if (event.key === 'ArrowRight') clamped(props.share + nameStep)
        else return
        event.preventDefault()
      }}
    />
  )
}

/** Every span as a row: pooled elements over typed arrays, bars on one canvas that moves with them. */
export const Waterfall = (props: { view: RunView; grid: (element: HTMLElement) => void }) => {
  let scroller: HTMLDivElement | undefined
  let box: HTMLDivElement | undefined
  let canvas: HTMLCanvasElement | undefined
  const coarse = matchMedia('(pointer: coarse)').matches
  const [size, setSize] = createSignal({ width: 0, height: 0 }, { equals: (a, b) => a.width === b.width && a.height === b.height })
  const [firstRow, setFirstRow] = createSignal(0)
  const [share, setShare] = createSignal(readName())
  const stacked = createMemo(() => size().width > 0 && size().width < stackedPx)
  const rowHeight = createMemo(() => (stacked() || coarse ? touchRowPx : rowPx))
  const poolSize = createMemo(() => Math.ceil(size().height / rowHeight()) + 2 * overscan)
  const slots = createMemo(() => Array.from({ length: poolSize() }, (_, slot) => slot))
  const barsWidth = createMemo(() => Math.max(Math.floor(stacked() ? size().width : size().width * (1 - share()) - tokenAndCostPx), 0))
  const axis = createMemo(() => ticks(props.view.window(), Math.max(Math.min(Math.floor(barsWidth() / 90), 6), 2)))

  const follow = (): void => {
    if (scroller === undefined) return
    const top = Math.max(Math.floor(scroller.scrollTop / rowHeight()) - overscan, 0)
    // Half of the spare rows is a step: the pool and the canvas are not redone for every pixel.
    setFirstRow(top - (top % 3))
  }
  onMount(() => {
    if (scroller === undefined || box === undefined) return
    props.grid(scroller)
    const element = scroller
    const observer = new ResizeObserver(() => {
      setSize({ width: element.clientWidth, height: element.clientHeight })
      follow()
    })
    observer.observe(element)
    onCleanup(() => observer.disconnect())
  })

  const palette = createMemo(() => {
    paint()
    return readPalette(tokenColor)
  })
  showRowIcons()
  createEffect(() => {
    if (canvas === undefined || barsWidth() === 0) return
    drawBars(canvas, {
      skeleton: props.view.skeleton(), visible: props.view.visible(), first: firstRow(), last: firstRow() + poolSize(), window: props.view.window(),
      // In two-line rows the lines would run through the names.
      ticks: stacked() ? [] : axis(),
      width: barsWidth(), rowHeight: rowHeight(), barTop: stacked() ? 26 : (rowHeight() - barPx) / 2, barHeight: barPx, matches: props.view.matches(),
    }, palette())
    canvas.style.transform = `translateY(${firstRow() * rowHeight()}px)`
  })
  // The active row is kept on screen.
  createEffect(() => {
    const place = placeOf(props.view.visible(), props.view.active())
    if (scroller === undefined || size().height === 0) return
    const top = place * rowHeight()
    const shown = size().height - headerPx
    if (top < scroller.scrollTop) scroller.scrollTop = top
    else if (top + rowHeight() > scroller.scrollTop + shown) scroller.scrollTop = top + rowHeight() - shown
    follow()
  })

  const total = (): number => props.view.skeleton().totalMs
  const middle = (): number => (props.view.window().from + props.view.window().to) / 2
  const arrow = (direction: 'left' | 'right', deep: boolean): void => {
    const { view } = props
    const row = view.active()
    const parent = isParent(view.skeleton(), row)
    const closed = view.folded()[row] === 1
    if (direction === 'left' && parent && !closed) view.setFolded(row, true, deep)
    else if (direction === 'left' && view.skeleton().parent[row]! >= 0) view.setActive(view.skeleton().parent[row]!)
    else if (direction === 'right' && parent && (closed || deep)) view.setFolded(row, false, deep)
    else if (direction === 'right' && parent) view.move(1)
  }
  const pageRows = (): number => Math.max(Math.floor(size().height / rowHeight()) - 2, 1)
  const named: Readonly<Record<string, (event: KeyboardEvent) => void>> = {
    ArrowDown: () => props.view.move(1), ArrowUp: () => props.view.move(-1), PageDown: () => props.view.move(pageRows()), PageUp: () => props.view.move(-pageRows()),
    Home: () => props.view.move(-Infinity), End: () => props.view.move(Infinity),
    ArrowLeft: (event) => arrow('left', event.shiftKey), ArrowRight: (event) => arrow('right', event.shiftKey),
    Enter: () => props.view.setOpen(true), Escape: () => props.view.setOpen(false),
  }
  const single: Readonly<Record<string, () => void>> = {
    j: () => props.view.move(1), k: () => props.view.move(-1), n: () => props.view.nextHit(1), N: () => props.view.nextHit(-1),
    e: () => props.view.nextTrouble(1), E: () => props.view.nextTrouble(-1),
    '+': () => props.view.setWindow(zoom(props.view.window(), zoomStep, middle(), total())), '=': () => props.view.setWindow(zoom(props.view.window(), zoomStep, middle(), total())),
    '-': () => props.view.setWindow(zoom(props.view.window(), 1 / zoomStep, middle(), total())), '0': () => props.view.setWindow({ from: 0, to: total() }),
    f: () => props.view.focusWindow(), a: () => props.view.setWindow(pan(props.view.window(), -0.2, total())), d: () => props.view.setWindow(pan(props.view.window(), 0.2, total())),
  }
  const steer = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
    const act = Object.hasOwn(named, event.key) ? named[event.key] : shortcutsEnabled() && Object.hasOwn(single, event.key) ? single[event.key] : undefined
    if (act === undefined) return
    event.preventDefault()
    act(event)
  }
  const wheel = (event: WheelEvent): void => {
    if (!event.ctrlKey && !event.metaKey) return
    event.preventDefault()
    const area = scroller?.getBoundingClientRect()
    const at = area === undefined || barsWidth() === 0 ? 0.5 : Math.min(Math.max((event.clientX - (area.left + size().width - barsWidth())) / barsWidth(), 0), 1)
    const { from, to } = props.view.window()
    props.view.setWindow(zoom(props.view.window(), event.deltaY < 0 ? zoomStep : 1 / zoomStep, from + at * (to - from), total()))
  }
  const setNameShare = (next: number): void => {
    setShare(next)
    try {
      localStorage.setItem('name-width', String(next))
    } catch (cause) {
      console.warn('the width lasts until the page is closed', cause)
    }
  }
  onMount(() => {
    // Not passive: with Ctrl the wheel zooms the trace, not the page.
    scroller?.addEventListener('wheel', wheel, { passive: false })
  })
  /** 60 pixels hold the longest label; one that would be cut at the end is left out, its line stays. */
  const hasRoom = (tick: number): boolean => ((props.view.window().to - tick) / Math.max(props.view.window().to - props.view.window().from, 1e-9)) * barsWidth() >= 60
  const tickLeft = (tick: number): string => `${(100 * (tick - props.view.window().from)) / Math.max(props.view.window().to - props.view.window().from, 1e-9)}%`

  return (
    <div class={styles['grid']} classList={{ [styles['stacked'] ?? '']: stacked() }} ref={box}>
      <div
        class={`${styles['scroller']} ${styles['columns']}`} ref={scroller} role="treegrid" aria-label="Steps of the trace" aria-rowcount={props.view.visible().length + 1} aria-colcount="4" tabindex="0"
        aria-activedescendant={`row-${props.view.active()}`} onScroll={follow} onKeyDown={steer} style={{ '--name-width': `${share() * 100}%`, '--row-height': `${rowHeight()}px` }}
      >
        <div class={styles['header']} role="row" aria-rowindex="1">
          <span role="columnheader">Step</span><span role="columnheader" class={`number ${styles['middle']}`}>Tokens</span><span role="columnheader" class="number">Cost (USD)</span>
          <span role="columnheader" class={styles['axis']} aria-label="Time"><For each={axis()}>{(tick) => <i style={{ left: tickLeft(tick) }}><Show when={hasRoom(tick)}>{duration(tick)}</Show></i>}</For></span>
        </div>
        <div class={styles['spacer']} role="rowgroup" style={{ height: `${props.view.visible().length * rowHeight()}px` }}>
          <For each={slots()}>
            {(slot) => <Place view={props.view} rowHeight={rowHeight()} place={() => firstRow() + ((((slot - firstRow()) % poolSize()) + poolSize()) % poolSize())} open={(row) => { props.view.setActive(row); props.view.setOpen(true) }} />}
          </For>
          <canvas class={styles['bars']} ref={canvas} aria-hidden="true" />
        </div>
      </div>
      <Splitter share={share()} set={setNameShare} box={() => scroller} />
    </div>
  )
}
