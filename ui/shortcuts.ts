import { createSignal, onCleanup } from 'solid-js'

/** What a key does, in the order of the help page. */
export const shortcutHelp = [
  { group: 'Everywhere', keys: [['?', 'This list'], ['/', 'Search on this page'], ['Ctrl K', 'Go to a page or an id'], ['Esc', 'Close, leave the search']] },
  { group: 'Runs', keys: [['j k', 'Next, previous run'], ['Enter', 'Open the run']] },
  {
    group: 'Run', keys: [
      ['↑ ↓ j k', 'Previous, next step'], ['← →', 'Fold, open, or go to the parent'], ['Shift ← →', 'Fold or open everything below'], ['Home End', 'First, last step'],
      ['Enter', 'Details of the step'], ['n N', 'Next, previous match'], ['↓ in the search', 'To the steps, keeping the search'], ['e E', 'Next, previous failed or blocked step'], ['+ −', 'Zoom in, out'], ['a d', 'Earlier, later'],
      ['f', 'Focus on the step'], ['0', 'Whole trace'],
    ],
  },
] as const

const readEnabled = (): boolean => {
  try {
    return localStorage.getItem('shortcuts') !== 'off'
  } catch {
    // Storage is refused in some private windows: shortcuts then are on, the default.
    return true
  }
}
const [enabled, setSignal] = createSignal(readEnabled())
export { enabled as shortcutsEnabled }
export const setShortcutsEnabled = (on: boolean): void => {
  setSignal(on)
  try {
    localStorage.setItem('shortcuts', on ? 'on' : 'off')
  } catch (cause) {
    console.warn('the choice lasts until the page is closed', cause)
  }
}

export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))

/** Single keys on the whole page, off while typing, in dialogs, and where the reader switched them off. */
export const onShortcut = (keys: Readonly<Record<string, (event: KeyboardEvent) => void>>): void => {
  const hear = (event: KeyboardEvent): void => {
    if (!enabled() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
    if (document.querySelector('dialog[open]') !== null) return
    const act = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined
    act?.(event)
  }
  document.addEventListener('keydown', hear)
  onCleanup(() => document.removeEventListener('keydown', hear))
}
