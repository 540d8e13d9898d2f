import { children, createEffect, type JSX, Show } from 'solid-js'
import styles from './widgets.module.css'

/** Title, one sentence that answers the page's question, content. */
export const Page = (props: { title: string; answer?: JSX.Element; children: JSX.Element }) => {
  /** An answer that is not there yet is nothing, and no empty paragraph for readers of screens. */
  const answer = children(() => props.answer)
  createEffect(() => {
    document.title = `${props.title} · Spanledger`
  })
  return (
    <div class={styles['page']}>
      <div class={styles['head']}><h1>{props.title}</h1><Show when={answer.toArray().some((part) => part !== '')}><p>{answer()}</p></Show></div>
      {props.children}
    </div>
  )
}

export const Empty = (props: { children: JSX.Element }) => <div class={styles['empty']}>{props.children}</div>
