import * as Tabs from '@kobalte/core/tabs'
import { useSearchParams } from '@solidjs/router'
import { For } from 'solid-js'
import { Snippet } from '../widgets/copy.tsx'
import styles from './runs.module.css'
import type { Snippet as Offered } from './snippets.ts'

/** Ways to send, one on show. */
export const HowToSend = (props: { offered: readonly Offered[] }) => {
  const [search, setSearch] = useSearchParams()
  const shown = (): string => (props.offered.find(({ id }) => id === search['how']) ?? props.offered[0])?.id ?? ''
  return (
    <Tabs.Root value={shown()} onChange={(how) => setSearch({ how }, { replace: true, scroll: false })}>
      <Tabs.List class={styles['tabs']} aria-label="How to send">
        <For each={props.offered}>{(snippet) => <Tabs.Trigger value={snippet.id}>{snippet.title}</Tabs.Trigger>}</For>
      </Tabs.List>
      <For each={props.offered}>
        {(snippet) => <Tabs.Content value={snippet.id} class={styles['panel']}><p>{snippet.explain}</p><Snippet text={snippet.text} label={`Commands for ${snippet.title}`} /></Tabs.Content>}
      </For>
    </Tabs.Root>
  )
}
