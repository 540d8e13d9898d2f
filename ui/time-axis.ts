/** A window on a trace's time, in milliseconds from its start. Pure arithmetic; drawing is elsewhere. */
export interface TimeWindow {
  readonly from: number
  readonly to: number
}

/** Narrowest window: 1 µs, below which a bar has no neighbours left to compare with. */
export const windowMin = 0.001

/** The same window inside `[0, total]`, never narrower than `windowMin`. */
export const clampWindow = (window: TimeWindow, total: number): TimeWindow => {
  const width = Math.min(Math.max(window.to - window.from, Math.min(windowMin, total)), total)
  const from = Math.min(Math.max(window.from, 0), total - width)
  return { from, to: from + width }
}

/** `factor` < 1 comes closer. The moment `anchor` stays where it is. */
export const zoom = (window: TimeWindow, factor: number, anchor: number, total: number): TimeWindow =>
  clampWindow({ from: anchor - (anchor - window.from) * factor, to: anchor + (window.to - anchor) * factor }, total)

/** `share` of the window's width; positive goes later. */
export const pan = (window: TimeWindow, share: number, total: number): TimeWindow => {
  const step = (window.to - window.from) * share
  return clampWindow({ from: window.from + step, to: window.to + step }, total)
}

/** The window that shows a span with 10% of air on both sides. */
export const around = (start: number, length: number, total: number): TimeWindow => {
  const air = Math.max(length * 0.1, windowMin)
  return clampWindow({ from: start - air, to: start + length + air }, total)
}

const niceSteps = [1, 2, 5, 10]

/** At most `most` round moments inside the window, in milliseconds. */
export const ticks = (window: TimeWindow, most: number): number[] => {
  const rough = (window.to - window.from) / most
  if (!(rough > 0)) return []
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * (niceSteps.find((nice) => nice * power >= rough) ?? 10)
  const first = Math.ceil(window.from / step)
  const moments: number[] = []
  for (let index = first; index * step <= window.to && moments.length < most; index++) moments.push(index * step)
  return moments
}

/** `t=<from>-<to>` of the URL in milliseconds; `undefined` where the text is no window. */
export const parseWindow = (text: string | undefined, total: number): TimeWindow | undefined => {
  const match = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(text ?? '')
  if (match === null) return undefined
  const [from, to] = [Number(match[1]), Number(match[2])]
  return to > from && from < total ? clampWindow({ from, to }, total) : undefined
}

const short = (ms: number): string => String(Number(ms.toFixed(3)))

/** What `parseWindow` reads; '' for the whole trace, so that the URL stays short. */
export const windowText = (window: TimeWindow, total: number): string =>
  window.from <= 0 && window.to >= total ? '' : `${short(window.from)}-${short(window.to)}`
