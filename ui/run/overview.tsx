import { createEffect, createSignal, onCleanup, onMount } from 'solid-js'
import { paint, tokenColor } from '../theme.ts'
import { drawOverview, readPalette } from './bars.ts'
import styles from './run.module.css'
import type { RunView } from './view.ts'

const heightPx = 58
/** A drag shorter than this is a click, pixels. */
const dragMinPx = 4

/** The whole trace in a strip; a drag on it is the window below. The buttons and keys of the toolbar do the same without a pointer. */
export const Overview = (props: { view: RunView }) => {
  let canvas: HTMLCanvasElement | undefined
  let box: HTMLDivElement | undefined
  const [width, setWidth] = createSignal(0)
  const total = (): number => props.view.skeleton().totalMs
  onMount(() => {
    const observer = new ResizeObserver(() => setWidth(box?.clientWidth ?? 0))
    if (box !== undefined) observer.observe(box)
    onCleanup(() => observer.disconnect())
  })
  createEffect(() => {
    paint()
    if (canvas !== undefined && width() > 0) drawOverview(canvas, props.view.skeleton(), width(), heightPx, readPalette(tokenColor))
  })
  const moment = (event: PointerEvent): number => {
    const area = box?.getBoundingClientRect()
    return area === undefined ? 0 : Math.min(Math.max((event.clientX - area.left) / area.width, 0), 1) * total()
  }
  const drag = (down: PointerEvent): void => {
    const from = moment(down)
    box?.setPointerCapture(down.pointerId)
    const move = (event: PointerEvent): void => {
      if (Math.abs(event.clientX - down.clientX) < dragMinPx) return
      const to = moment(event)
      props.view.setWindow({ from: Math.min(from, to), to: Math.max(from, to) })
    }
    const up = (): void => {
      box?.removeEventListener('pointermove', move)
      box?.removeEventListener('pointerup', up)
      box?.removeEventListener('pointercancel', up)
    }
    box?.addEventListener('pointermove', move)
    box?.addEventListener('pointerup', up)
    box?.addEventListener('pointercancel', up)
  }
  const share = (ms: number): string => `${total() === 0 ? 0 : (100 * ms) / total()}%`
  return (
    <div class={styles['overview']} ref={box} onPointerDown={drag} onDblClick={() => props.view.setWindow({ from: 0, to: total() })} aria-hidden="true" title="Drag to zoom, double-click for the whole trace">
      <canvas ref={canvas} />
      <div class={styles['brush']} style={{ left: share(props.view.window().from), width: share(props.view.window().to - props.view.window().from) }} />
    </div>
  )
}
