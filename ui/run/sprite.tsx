import Ban from 'lucide-solid/icons/ban'
import ChevronDown from 'lucide-solid/icons/chevron-down'
import ChevronRight from 'lucide-solid/icons/chevron-right'
import OctagonX from 'lucide-solid/icons/octagon-x'
import Scale from 'lucide-solid/icons/scale'
import { children, For, type JSX } from 'solid-js'
import { kindLooks } from '../widgets/kind.tsx'

/** Icons of the waterfall, once on the page: a recycled row changes one attribute instead of a subtree. */

const symbolId = (name: string): string => `icon-${name}`

const shapes: readonly (readonly [name: string, icon: (props: { size?: number }) => JSX.Element])[] = [
  ...Object.entries(kindLooks).map(([kind, look]) => [kind, look.icon] as const),
  ['closed', ChevronRight], ['opened', ChevronDown], ['failed', OctagonX], ['blocked', Ban], ['policy', Scale],
]

const Symbol = (props: { name: string; icon: (props: { size?: number }) => JSX.Element }) => {
  const drawn = children(() => props.icon({}))
  const paths = (): Element[] => drawn.toArray().flatMap((node) => (node instanceof Element ? [...node.children] : []))
  return <symbol id={symbolId(props.name)} viewBox="0 0 24 24">{paths()}</symbol>
}

export const Sprite = () => <svg class="visually-hidden" aria-hidden="true"><For each={shapes}>{([name, icon]) => <Symbol name={name} icon={icon} />}</For></svg>

/** With a label it is said by screen readers: an attribute, because hidden text in every row would have to be laid out. */
export const SpriteIcon = (props: { name: string; class: string | undefined; color?: string; label?: string }) => (
  <svg class={props.class} role={props.label === undefined ? undefined : 'img'} aria-label={props.label} aria-hidden={props.label === undefined ? 'true' : undefined} style={{ color: props.color }}><use href={`#${symbolId(props.name)}`} /></svg>
)
