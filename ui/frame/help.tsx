import { For } from 'solid-js'
import { setShortcutsEnabled, shortcutHelp, shortcutsEnabled } from '../shortcuts.ts'
import styles from './frame.module.css'

/** Every key and what it does. Single keys can be switched off (WCAG 2.1.4). */
export const Help = (props: { ref: (dialog: HTMLDialogElement) => void }) => {
  let dialog: HTMLDialogElement | undefined
  return (
    <dialog
      aria-labelledby="help-title"
      ref={(element) => {
        dialog = element
        props.ref(element)
      }}
    >
      <div class={styles['help']}>
        <header><h2 id="help-title">Keyboard</h2><button type="button" onClick={() => dialog?.close()}>Close</button></header>
        <For each={shortcutHelp}>
          {(part) => (
            <section>
              <h3>{part.group}</h3>
              <dl><For each={part.keys}>{([key, meaning]) => <><dt><kbd>{key}</kbd></dt><dd>{meaning}</dd></>}</For></dl>
            </section>
          )}
        </For>
        <label><input type="checkbox" checked={shortcutsEnabled()} onChange={(event) => setShortcutsEnabled(event.currentTarget.checked)} />Single-key shortcuts</label>
      </div>
    </dialog>
  )
}
