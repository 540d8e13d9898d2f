import { A } from '@solidjs/router'
import { Show } from 'solid-js'
import { count, countExact, duration, localTime, money, moneyExact } from '../format.ts'

/** An amount; with `href` it opens the ledger entries it is the sum of. */
export const Money = (props: { amount: string | null | undefined; href?: string | undefined; what?: string }) => (
  <Show when={props.href} fallback={<span title={moneyExact(props.amount)}>{money(props.amount)}</span>}>
    {(href) => <A href={href()} title={`${moneyExact(props.amount)}. Open its ledger entries.`} aria-label={`${money(props.amount)}, ledger entries${props.what === undefined ? '' : ` of ${props.what}`}`}>{money(props.amount)}</A>}
  </Show>
)

export const Count = (props: { value: number }) => <span title={countExact(props.value)}>{count(props.value)}</span>

export const Time = (props: { iso: string }) => <time datetime={props.iso} title={props.iso}>{localTime(props.iso)}</time>

export const Duration = (props: { ms: number | null | undefined }) => (
  <Show when={props.ms !== null && props.ms !== undefined ? { ms: props.ms } : undefined} fallback={<span class="muted">–</span>}>
    {(value) => <span title={`${value().ms} ms`}>{duration(value().ms)}</span>}
  </Show>
)
