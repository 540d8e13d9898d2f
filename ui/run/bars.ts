import { duration } from '../format.ts'
import type { TimeWindow } from '../time-axis.ts'
import { kindLooks } from '../widgets/kind.tsx'
import { flags, type Skeleton, stepKinds } from './skeleton.ts'

/** Colours as they are right now: a canvas does not follow the theme by itself. */
export interface Palette {
  /** By position in `stepKinds`. */
  readonly kinds: readonly string[]
  readonly text: string
  readonly muted: string
  readonly line: string
  readonly surface: string
  readonly error: string
  readonly blocked: string
}

export const readPalette = (color: (token: string) => string): Palette => ({
  kinds: stepKinds.map((kind) => color(kindLooks[kind].token)),
  text: color('--text'), muted: color('--muted'), line: color('--line'), surface: color('--bg'), error: color('--error'), blocked: color('--blocked'),
})

/** A bar is never thinner: a span that happened is seen. */
const barMinPx = 2
const labelGapPx = 4

const hatch = (ctx: CanvasRenderingContext2D, x: number, y: number, width: number, height: number, color: string): void => {
  ctx.save()
  ctx.beginPath()
  ctx.rect(x, y, width, height)
  ctx.clip()
  ctx.strokeStyle = color
  ctx.lineWidth = 1.5
  ctx.beginPath()
  for (let offset = -height; offset < width; offset += 5) {
    ctx.moveTo(x + offset, y + height)
    ctx.lineTo(x + offset + height, y)
  }
  ctx.stroke()
  ctx.restore()
}

export interface BarsView {
  readonly skeleton: Skeleton
  readonly visible: Uint32Array
  /** Places among the visible rows that are drawn. */
  readonly first: number
  readonly last: number
  readonly window: TimeWindow
  /** Milliseconds at which a line is drawn. */
  readonly ticks: readonly number[]
  readonly width: number
  readonly rowHeight: number
  /** Where in a row its bar lies, pixels. */
  readonly barTop: number
  readonly barHeight: number
  /** Rows that match the search, 1 each; `undefined` where nothing is searched. */
  readonly matches: Uint8Array | undefined
}

const drawBar = (ctx: CanvasRenderingContext2D, view: BarsView, palette: Palette, row: number, y: number): void => {
  const { skeleton, window, width } = view
  const scale = width / Math.max(window.to - window.from, 1e-9)
  const lengthMs = skeleton.duration[row]! * skeleton.tickMs
  const start = (skeleton.start[row]! * skeleton.tickMs - window.from) * scale
  const end = Math.max(start + lengthMs * scale, start + barMinPx)
  const flag = skeleton.flags[row]!
  ctx.globalAlpha = view.matches === undefined || view.matches[row] === 1 ? 1 : 0.3
  if (end < 0 || start > width) {
    ctx.fillStyle = palette.muted
    ctx.fillText(end < 0 ? '‹' : '›', end < 0 ? 2 : width - 8, y + view.barHeight / 2)
    return
  }
  const left = Math.max(start, 0)
  const right = Math.max(Math.min(end, width), left + barMinPx)
  ctx.fillStyle = palette.kinds[skeleton.kind[row]!] ?? palette.muted
  ctx.fillRect(left, y, right - left, view.barHeight)
  if ((flag & (flags.failed | flags.blocked)) !== 0) {
    const color = (flag & flags.blocked) !== 0 ? palette.blocked : palette.error
    hatch(ctx, left, y, right - left, view.barHeight, palette.surface)
    ctx.strokeStyle = color
    ctx.lineWidth = 2
    ctx.strokeRect(left + 1, y + 1, Math.max(right - left - 2, 1), view.barHeight - 2)
  }
  if ((flag & flags.orphan) !== 0) {
    ctx.strokeStyle = palette.text
    ctx.setLineDash([3, 2])
    ctx.lineWidth = 1
    ctx.strokeRect(left + 0.5, y + 0.5, right - left - 1, view.barHeight - 1)
    ctx.setLineDash([])
  }
  const label = duration(lengthMs)
  const labelWidth = label.length * 6.2
  ctx.fillStyle = palette.muted
  if (right + labelGapPx + labelWidth <= width) ctx.fillText(label, right + labelGapPx, y + view.barHeight / 2)
  else if (left - labelGapPx - labelWidth >= 0) ctx.fillText(label, left - labelGapPx - labelWidth, y + view.barHeight / 2)
  else {
    // The bar fills the row: its label stands on a plate of the page's own colour, readable on every kind.
    ctx.fillStyle = palette.surface
    ctx.fillRect(left + 4, y + 1, labelWidth + 6, view.barHeight - 2)
    ctx.fillStyle = palette.text
    ctx.fillText(label, left + 7, y + view.barHeight / 2)
  }
}

/** Draws the rows from `first` to `last`; the canvas begins at `first`. */
export const drawBars = (canvas: HTMLCanvasElement, view: BarsView, palette: Palette): void => {
  const ratio = devicePixelRatio
  const height = (view.last - view.first) * view.rowHeight
  const [wide, high] = [Math.round(view.width * ratio), Math.round(height * ratio)]
  const ctx = canvas.getContext('2d')
  if (ctx === null) return
  // A new size is a new bitmap: scrolling keeps the one there is.
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide
    canvas.height = high
    canvas.style.width = `${view.width}px`
    canvas.style.height = `${height}px`
    // Kept until the next resize: setting a font makes the browser work out the page's styles at once.
    ctx.font = '11px ui-sans-serif, system-ui, sans-serif'
    ctx.textBaseline = 'middle'
  }
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0)
  ctx.clearRect(0, 0, view.width, height)
  ctx.globalAlpha = 1
  ctx.fillStyle = palette.line
  const scale = view.width / Math.max(view.window.to - view.window.from, 1e-9)
  for (const tick of view.ticks) ctx.fillRect(Math.round((tick - view.window.from) * scale), 0, 1, height)
  const end = Math.min(view.last, view.visible.length)
  for (let place = view.first; place < end; place++) drawBar(ctx, view, palette, view.visible[place]!, (place - view.first) * view.rowHeight + view.barTop)
}

/** Levels of depth the overview tells apart. */
const overviewLevels = 6

/** The whole trace in a few lines: per level and pixel one span's colour, trouble always on top. */
export const drawOverview = (canvas: HTMLCanvasElement, skeleton: Skeleton, width: number, height: number, palette: Palette): void => {
  const ratio = devicePixelRatio
  canvas.width = Math.round(width * ratio)
  canvas.height = Math.round(height * ratio)
  const ctx = canvas.getContext('2d')
  if (ctx === null || skeleton.totalMs <= 0 && skeleton.rows === 0) return
  ctx.scale(ratio, ratio)
  const columns = Math.max(Math.floor(width), 1)
  // 0 nothing, 1…12 a kind, 254 failed, 255 blocked: the larger value wins a pixel, so trouble is never covered.
  const cells = new Uint8Array(columns * overviewLevels)
  const scale = columns / Math.max(skeleton.totalMs, 1e-9)
  for (let row = 0; row < skeleton.rows; row++) {
    const flag = skeleton.flags[row]!
    const troubled = (flag & flags.blocked) !== 0 ? 255 : (flag & flags.failed) !== 0 ? 254 : 0
    const depth = skeleton.depth[row]!
    if (depth >= overviewLevels && troubled === 0) continue
    const level = Math.min(depth, overviewLevels - 1) * columns
    const value = troubled === 0 ? skeleton.kind[row]! + 1 : troubled
    const from = Math.min(Math.floor(skeleton.start[row]! * skeleton.tickMs * scale), columns - 1)
    const to = Math.min(Math.max(Math.ceil((skeleton.start[row]! + skeleton.duration[row]!) * skeleton.tickMs * scale), from + 1), columns)
    for (let x = from; x < to; x++) if (cells[level + x]! < value) cells[level + x] = value
  }
  const line = height / overviewLevels
  for (let level = 0; level < overviewLevels; level++) {
    let x = 0
    while (x < columns) {
      const value = cells[level * columns + x]!
      let end = x + 1
      while (end < columns && cells[level * columns + end] === value) end++
      if (value !== 0) {
        ctx.fillStyle = value === 255 ? palette.blocked : value === 254 ? palette.error : (palette.kinds[value - 1] ?? palette.muted)
        ctx.fillRect(x, level * line + 1, end - x, line - 2)
      }
      x = end
    }
  }
}
