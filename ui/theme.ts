import { createSignal } from 'solid-js'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const stored = (): Theme => {
  const text = document.documentElement.dataset['theme']
  return text === 'light' || text === 'dark' ? text : 'system'
}

const [theme, setSignal] = createSignal<Theme>(stored())
/** Counts every change of what colours look like, ours and the system's: canvases depend on it and draw again. */
const [paint, setPaint] = createSignal(0)
const repaint = (): void => void setPaint((n) => n + 1)
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint)
matchMedia('(forced-colors: active)').addEventListener('change', repaint)

export { paint, theme }

export const setTheme = (next: Theme): void => {
  if (next === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = next
  try {
    localStorage.setItem('theme', next)
  } catch (cause) {
    console.warn('the theme lasts until the page is closed', cause)
  }
  setSignal(next)
  repaint()
}

/** The colour a token has right now. A probe, because a custom property itself reads as its unresolved text. */
export const tokenColor = (token: string): string => {
  const probe = document.createElement('span')
  probe.style.color = `var(${token})`
  document.documentElement.append(probe)
  const color = getComputedStyle(probe).color
  probe.remove()
  return color
}
