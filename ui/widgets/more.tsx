import { onCleanup, onMount, Show } from 'solid-js'
import type { List } from '../pages.ts'

/** How far below the screen the next page is asked for, pixels: about one screen ahead. */
const aheadPx = 600

/** Asks for the next page when it comes near, and is a button for those who do not scroll: never `disabled`, which would take the focus from it. */
export const More = (props: { list: Pick<List<unknown>, 'hasMore' | 'loadMore' | 'asking'> }) => {
  let button: HTMLButtonElement | undefined
  onMount(() => {
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting) && props.list.hasMore()) props.list.loadMore()
    }, { rootMargin: `${aheadPx}px` })
    if (button !== undefined) observer.observe(button)
    onCleanup(() => observer.disconnect())
  })
  return <button type="button" ref={button} hidden={!props.list.hasMore()} aria-disabled={props.list.asking()} onClick={() => props.list.loadMore()}><Show when={props.list.asking()} fallback="Load more">Loading…</Show></button>
}
