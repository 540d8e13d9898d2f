import { createSignal, For, Show } from 'solid-js'
import { countExact, legible } from '../format.ts'
import { CopyButton } from '../widgets/copy.tsx'
import { beginning, foldedLength, foldedSystemLength, pretty, turnsOf } from './messages.ts'
import styles from './run.module.css'

/** Text from telemetry. It is only ever set as text: nothing here can become markup. */
export const Folded = (props: { text: string; isCode: boolean; length?: number }) => {
  const [whole, setWhole] = createSignal(false)
  const start = () => beginning(props.text, props.length ?? foldedLength)
  return (
    <div>
      <pre class={props.isCode ? styles['code'] : undefined}>{whole() ? props.text : start()}</pre>
      <Show when={start().length < props.text.length}>
        <button type="button" onClick={() => setWhole((was) => !was)}>{whole() ? 'Show less' : `Show all ${countExact(props.text.length)} characters`}</button>
      </Show>
    </div>
  )
}

/** Messages as a conversation, anything else as JSON. */
export const Content = (props: { title: string; value: unknown }) => (
  <section>
    <h3>{props.title} <CopyButton text={pretty(props.value)} label={props.title} /></h3>
    <Show when={turnsOf(props.value)} fallback={<Folded text={pretty(props.value)} isCode />}>
      {(turns) => (
        <For each={turns()}>
          {(turn) => (
            <article class={styles['message']}>
              <h4>{turn.role === '' ? 'message' : legible(turn.role)}</h4>
              <div><For each={turn.parts}>{(part) => <div><Show when={part.title !== ''}><strong>{legible(part.title)}</strong></Show><Folded text={part.text} isCode={part.isCode} length={turn.role === 'system' ? foldedSystemLength : foldedLength} /></div>}</For></div>
            </article>
          )}
        </For>
      )}
    </Show>
  </section>
)

/** Attributes, one per line. */
export const Pairs = (props: { value: unknown }) => (
  <dl class={styles['pairs']}>
    <For each={Object.entries((props.value ?? {}) as Readonly<Record<string, unknown>>).sort(([a], [b]) => (a < b ? -1 : 1))}>
      {([key, value]) => <><dt class="mono">{legible(key)}</dt><dd><Folded text={pretty(value)} isCode={false} /></dd></>}
    </For>
  </dl>
)
