import Ban from 'lucide-solid/icons/ban'
import ChevronDown from 'lucide-solid/icons/chevron-down'
import ChevronRight from 'lucide-solid/icons/chevron-right'
import OctagonX from 'lucide-solid/icons/octagon-x'
import Scale from 'lucide-solid/icons/scale'
import { children, createRenderEffect, createRoot, type JSX, onCleanup } from 'solid-js'
import { paint, tokenColor } from '../theme.ts'
import { kindLooks } from '../widgets/kind.tsx'
import { type StepKind, stepKinds } from './skeleton.ts'

/**
 * Icons of the waterfall as backgrounds of one element each, chosen by `data-icon`: an SVG in every row, which changes with
 * every frame of a scroll, took a quarter of that frame.
 */
export type RowIcon = StepKind | 'closed' | 'opened' | 'failed' | 'blocked' | 'policy'

interface Drawing {
  readonly name: RowIcon
  /** Markup of its shapes on a plane of 24 by 24, drawn with strokes of 2. */
  readonly shapes: string
  /** Name of the colour token. */
  readonly token: string
}

/** As the library draws it. */
const drawing = (name: RowIcon, icon: (props: { size?: number }) => JSX.Element, token: string): Drawing => createRoot((dispose) => {
  const shapes = children(() => icon({})).toArray().map((node) => (node instanceof Element ? node.innerHTML : '')).join('')
  dispose()
  return { name, shapes, token }
})

const drawings = (): readonly Drawing[] => [
  ...stepKinds.map((kind) => drawing(kind, kindLooks[kind].icon, kindLooks[kind].token)),
  drawing('closed', ChevronRight, '--muted'), drawing('opened', ChevronDown, '--muted'),
  drawing('failed', OctagonX, '--error'), drawing('blocked', Ban, '--blocked'), drawing('policy', Scale, '--series-5'),
]

const rule = ({ name, shapes }: Drawing, color: string): string => {
  const image = `<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24" fill="none" stroke="${color}" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${shapes}</svg>`
  return `[data-icon="${name}"] { background-image: url("data:image/svg+xml,${encodeURIComponent(image)}") }`
}

/** Keeps the icons on the page while its owner is, in the colours as they are: an image does not follow the theme by itself. */
export const showRowIcons = (): void => {
  const sheet = new CSSStyleSheet()
  const all = drawings()
  createRenderEffect(() => {
    paint()
    sheet.replaceSync(all.map((one) => rule(one, tokenColor(one.token))).join('\n'))
  })
  document.adoptedStyleSheets.push(sheet)
  onCleanup(() => void document.adoptedStyleSheets.splice(document.adoptedStyleSheets.indexOf(sheet), 1))
}
