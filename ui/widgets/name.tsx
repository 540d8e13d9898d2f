import { createSignal, For, Show } from 'solid-js'
import { legible } from '../format.ts'
import styles from './widgets.module.css'

/** Letters of a name that are shown unasked: two lines of a cell. */
const unaskedMax = 80
/** The first half of a letter of two, where a cut left it. */
const halfLetter = /[\ud800-\udbff]$/

/** A name out of telemetry: of a long one, which would push away what stands beside it, the beginning and a button for the rest. */
export const Name = (props: { name: string }) => {
  const [whole, setWhole] = createSignal(false)
  const isLong = (): boolean => props.name.length > unaskedMax
  const shown = (): string => (isLong() && !whole() ? `${legible(props.name.slice(0, unaskedMax).replace(halfLetter, ''))}…` : legible(props.name))
  return (
    <>
      {shown()}
      <Show when={isLong()}>{' '}<button type="button" class={`plain ${styles['rest']}`} aria-expanded={whole()} onClick={() => setWhole((was) => !was)}>{whole() ? 'less' : 'all of it'}</button></Show>
    </>
  )
}

export const Names = (props: { names: readonly string[] }) => <For each={props.names}>{(name, place) => <>{place() === 0 ? '' : ', '}<Name name={name} /></>}</For>

/** Three lines of a text where no button can stand: the whole is in its title, and where its link leads. */
export const Beginning = (props: { text: string }) => <span class="beginning" title={props.text}>{props.text}</span>
