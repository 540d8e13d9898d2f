import Check from 'lucide-solid/icons/check'
import Copy from 'lucide-solid/icons/copy'
import { createSignal, Show } from 'solid-js'
import { shortId } from '../format.ts'
import { sayCopied } from './copy-status.tsx'
import styles from './widgets.module.css'

/** How long a button says that it copied, milliseconds. */
const thanksMs = 1_500

export const CopyButton = (props: { text: string; label: string; words?: boolean }) => {
  const [state, setState] = createSignal<'idle' | 'copied' | 'refused'>('idle')
  const copy = async (): Promise<void> => {
    try {
      // There is no clipboard where a page comes over plain HTTP from another machine.
      await navigator.clipboard.writeText(props.text)
      setState('copied')
    } catch {
      setState('refused')
    }
    sayCopied(`${word()}: ${props.label}`)
    setTimeout(() => {
      setState('idle')
      sayCopied('')
    }, thanksMs)
  }
  const word = () => (state() === 'copied' ? 'Copied' : state() === 'refused' ? 'Not allowed' : 'Copy')
  return (
    <button type="button" class={props.words === true ? '' : `${styles['copy']} plain`} aria-label={`${word()}: ${props.label}`} title={`${word()}: ${props.label}`} onClick={() => void copy()}>
      <Show when={state() === 'copied'} fallback={<Copy size={14} aria-hidden="true" />}><Check size={14} aria-hidden="true" /></Show>
      <Show when={props.words}>{word()}</Show>
    </button>
  )
}

/** An id as people recognise it, whole in the title and on the clipboard. */
export const Id = (props: { id: string; what: string }) => (
  <span class={styles['id']}><span title={props.id}>{shortId(props.id)}</span><CopyButton text={props.id} label={`${props.what} ${props.id}`} /></span>
)

export const Snippet = (props: { text: string; label: string }) => (
  <div class={styles['snippet']}><pre tabindex="0" role="region" aria-label={props.label}>{props.text}</pre><CopyButton text={props.text} label={props.label} words /></div>
)
