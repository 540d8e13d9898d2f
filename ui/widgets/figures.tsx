import { A } from '@solidjs/router'
import { Show } from 'solid-js'
import { count, countExact, decimalExact, duration, localTime, money, moneyExact } from '../format.ts'

/** An amount; with `href` it opens the ledger entries it is the sum of. */
export const Money = (props: { amount: string | null | undefined; href?: string | undefined; what?: string }) => (
  <Show when={props.href} fallback={<span title={moneyExact(props.amount)}>{money(props.amount)}</span>}>
    {(href) => <A href={href()} title={`${moneyExact(props.amount)}. Open its ledger entries.`} aria-label={`${money(props.amount)}, ledger entries${props.what === undefined ? '' : ` of ${props.what}`}`}>{money(props.amount)}</A>}
  </Show>
)

/** A number; with `href` it opens the ledger entries it is counted from, and `what` says of which thing it is the number. */
export const Count = (props: { value: number; href?: string; what?: string }) => (
  <Show when={props.href} fallback={<span title={countExact(props.value)}>{count(props.value)}</span>}>
    {(href) => <A href={href()} title={`${countExact(props.value)}. Open their ledger entries.`} aria-label={`${count(props.value)} ${props.what ?? ''}, ledger entries`}>{count(props.value)}</A>}
  </Show>
)

/** Tokens in and out; opens the ledger entries that they are the sum of. */
export const Tokens = (props: { sum: { readonly inputTokens: string; readonly outputTokens: string }; href: string; what: string }) => {
  const words = (): string => `${count(Number(props.sum.inputTokens))} → ${count(Number(props.sum.outputTokens))}`
  return <A href={props.href} title={`${decimalExact(props.sum.inputTokens)} → ${decimalExact(props.sum.outputTokens)} tokens. Open their ledger entries.`} aria-label={`${words()} tokens, ledger entries of ${props.what}`}>{words()}</A>
}

export const Time = (props: { iso: string }) => <time datetime={props.iso} title={props.iso}>{localTime(props.iso)}</time>

export const Duration = (props: { ms: number | null | undefined }) => (
  <Show when={props.ms !== null && props.ms !== undefined ? { ms: props.ms } : undefined} fallback={<span class="muted">–</span>}>
    {(value) => <span title={`${value().ms} ms`}>{duration(value().ms)}</span>}
  </Show>
)
