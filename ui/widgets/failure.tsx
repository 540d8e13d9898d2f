import OctagonX from 'lucide-solid/icons/octagon-x'
import { Show } from 'solid-js'
import { RequestError } from '../request.ts'
import { CopyButton } from './copy.tsx'
import styles from './widgets.module.css'

const message = (cause: unknown): string => (cause instanceof Error ? cause.message : 'Something unexpected happened.')
const code = (cause: unknown): string => (cause instanceof RequestError ? cause.code : 'INTERNAL')

/** What could not be shown, why, and what to do about it. */
export const Failure = (props: { what: string; cause: unknown; retry: () => void }) => (
  <section class={styles['failure']} role="alert">
    <h2><OctagonX size={16} aria-hidden="true" />{props.what} could not be loaded</h2>
    <p>{message(props.cause)}</p>
    <div class={styles['actions']}>
      <Show when={!(props.cause instanceof RequestError) || props.cause.retryable}><button type="button" class="primary" onClick={() => props.retry()}>Try again</button></Show>
      <CopyButton words label="diagnostics" text={`${props.what}: ${code(props.cause)}: ${message(props.cause)} (${location.pathname}${location.search})`} />
    </div>
  </section>
)

/** Somebody waits for an answer where none is on show, or that of another question. One that is asked for again because something changed comes quietly. */
export const isAwaited = (query: { readonly isFetching: boolean; readonly isSuccess: boolean; readonly isPlaceholderData: boolean }): boolean =>
  query.isFetching && (!query.isSuccess || query.isPlaceholderData)

/** A thin line that appears only where an answer takes longer than 150 ms. It takes no room: nothing moves when it comes or goes. */
export const Progress = (props: { when: boolean; what: string }) => (
  <div class={styles['progress']} role="status" data-on={props.when}><Show when={props.when}><span class="visually-hidden">Loading {props.what}</span></Show></div>
)
