import { A, useSearchParams } from '@solidjs/router'
import { keepPreviousData, useQuery } from '@tanstack/solid-query'
import { createMemo, createSignal, For, Match, Show, Switch } from 'solid-js'
import { count, decimalExact, legible, money, moneyExact, plural, shortId } from '../format.ts'
import { ApproveDifferencesDocument, type DifferenceCause, ImportBillDocument, ReconciliationDocument, type ReconciliationQuery } from '../queries.ts'
import { ask } from '../request.ts'
import { rangeBounds, rangeOf } from '../url-state.ts'
import { Failure, isAwaited, Progress } from '../widgets/failure.tsx'
import { Money, Time } from '../widgets/figures.tsx'
import { Note, Warning } from '../widgets/outcome.tsx'
import { Empty, Page } from '../widgets/page.tsx'
import { approvalHref, itemHref, periodHref } from './ledger-links.ts'
import styles from './reconciliation.module.css'

type Found = ReconciliationQuery['reconciliation']
type Item = Found['items'][number]
type Period = Found['periods'][number]

const causeWords: Readonly<Record<DifferenceCause, { readonly label: string; readonly title: string }>> = {
  MATCHED: { label: 'matched', title: 'Bill and ledger agree up to a thousandth.' },
  NOT_IN_LEDGER: { label: 'not in the ledger', title: 'More was billed than recorded: somebody calls without telemetry.' },
  PRICE: { label: 'price', title: 'The same usage at another price: a tier, a discount, or no price card.' },
  TIMING: { label: 'timing', title: 'What is missing on one day is too much on the day beside it.' },
  NOT_ON_BILL: { label: 'not on the bill', title: 'More was recorded than billed: something was recorded twice, or is not billed yet.' },
}

const tokens = (value: string | null): string => (value === null ? '–' : count(Number(value)))
const isOpen = (item: Item): boolean => (item.amountDifference ?? '0') !== '0' || (item.quantityDifference ?? '0') !== '0'

/** Billed less what is in the ledger, in words. */
const apart = (difference: string): string =>
  difference === '0' ? 'as the ledger says' : difference.startsWith('-') ? `${money(difference.slice(1))} less than the ledger` : `${money(difference)} more than the ledger`

const billsId = 'imported-bills'
const periodsId = 'billed-periods'
const billId = (id: string): string => `bill-${id}`

// Links within the page are the browser's (`external` to the router): it marks their target and moves the focus there.
/** A figure of a bill; it shows the import that told it. */
const Billed = (props: { title: string; text: string; what: string; importIds: readonly string[] }) => {
  const only = (): string | undefined => (props.importIds.length === 1 ? props.importIds[0] : undefined)
  return <a href={`#${only() === undefined ? billsId : billId(only() ?? '')}`} rel="external" title={`${props.title}. Show the imported ${only() === undefined ? 'bills' : 'bill'}.`} aria-label={`${props.text}, bill of ${props.what}`}>{props.text}</a>
}

const ItemRow = (props: { item: Item; chosen: boolean; choose: (chosen: boolean) => void }) => {
  const item = props.item
  const href = itemHref(item)
  return (
    <tr>
      <td><Show when={isOpen(item)}><input type="checkbox" checked={props.chosen} aria-label={`Choose ${legible(item.id)}`} onChange={(event) => props.choose(event.currentTarget.checked)} /></Show></td>
      <td class="nowrap">{item.day}</td>
      <td>{item.model === '' ? 'all models' : legible(item.model)}<span class="sub">{legible(item.provider)}, {item.meter === '' ? 'all usage' : legible(item.meter.replaceAll('_', ' '))}</span></td>
      <td class="number"><A href={href} title={`${decimalExact(item.meteredQuantity)} in the ledger. Open its ledger entries.`} aria-label={`${tokens(item.meteredQuantity)} tokens, ledger entries of ${legible(item.id)}`}>{tokens(item.meteredQuantity)}</A></td>
      <td class="number"><Show when={item.billedQuantity} fallback={<span class="muted" title="No bill tells it.">–</span>}>{(billed) => <Billed title={`${decimalExact(billed())} billed`} text={tokens(billed())} what={legible(item.id)} importIds={item.importIds} />}</Show></td>
      <td class="number"><Money amount={item.meteredAmount} href={href} what={legible(item.id)} /><Show when={item.unpricedEntries > 0}><span class="sub">{plural(item.unpricedEntries, 'entry', 'entries')} unpriced</span></Show></td>
      <td class="number"><Show when={item.billedAmount} fallback={<span class="muted" title="No bill tells it.">–</span>}>{(amount) => <Billed title={moneyExact(amount())} text={money(amount())} what={legible(item.id)} importIds={item.importIds} />}</Show></td>
      <td class="number"><Show when={item.amountDifference} fallback={<span class="muted">–</span>}>{(amount) => <><Money amount={amount()} href={href} what={`the difference of ${legible(item.id)}`} /><Show when={item.quantityEffect}>{(effect) => <span class="sub">{money(effect())} of it other tokens</span>}</Show></>}</Show></td>
      <td><Show when={item.cause !== 'MATCHED'} fallback={<Note label={causeWords[item.cause].label} title={causeWords[item.cause].title} />}><Warning label={causeWords[item.cause].label} title={causeWords[item.cause].title} /></Show></td>
    </tr>
  )
}

/** Those of one period open their ledger entries; those of several show the periods, which do. */
const Totals = (props: { of: Found }) => {
  const only = (): Period | undefined => (props.of.periods.length === 1 ? props.of.periods[0] : undefined)
  const Sum = (sum: { amount: string; what: string }) => (
    <Show when={only()} fallback={<a href={`#${periodsId}`} rel="external" title={`${moneyExact(sum.amount)}. Show the periods it is the sum of.`} aria-label={`${money(sum.amount)}, periods of ${sum.what}`}>{money(sum.amount)}</a>}>
      {(period) => <Money amount={sum.amount} href={periodHref(period())} what={sum.what} />}
    </Show>
  )
  return (
    <dl class="stats">
      <div><dt>Billed (USD)</dt><dd><Billed title={moneyExact(props.of.billed)} text={money(props.of.billed)} what="everything shown" importIds={[]} /></dd></div>
      <div><dt>In the ledger (USD)</dt><dd><Sum amount={props.of.metered} what="everything billed" /></dd></div>
      <div><dt title="Billed less what is in the ledger">Difference (USD)</dt><dd><Sum amount={props.of.difference} what="the difference" /></dd></div>
    </dl>
  )
}

const PeriodRow = (props: { period: Period }) => {
  const period = props.period
  const what = `${legible(period.provider)}, ${period.from} to ${period.to}`
  return (
    <tr>
      <td>{legible(period.provider)}</td>
      <td class="nowrap">{period.from === period.to ? period.from : `${period.from} to ${period.to}`}</td>
      <td class="number"><Billed title={moneyExact(period.billed)} text={money(period.billed)} what={what} importIds={[]} /></td>
      <td class="number"><Money amount={period.metered} href={periodHref(period)} what={what} /></td>
      <td class="number"><Money amount={period.difference} href={periodHref(period)} what={`the difference of ${what}`} /></td>
    </tr>
  )
}

const Periods = (props: { periods: readonly Period[] }) => (
  <section id={periodsId} class={styles['periods']}>
    <h2>Billed periods</h2>
    <div class="scroll-x" role="region" tabindex="0" aria-label="Billed periods">
      <table>
        <thead><tr><th scope="col">Provider</th><th scope="col">Days</th><th scope="col" class="number">Bill (USD)</th><th scope="col" class="number">Ledger (USD)</th><th scope="col" class="number">Difference (USD)</th></tr></thead>
        <tbody><For each={props.periods}>{(period) => <PeriodRow period={period} />}</For></tbody>
      </table>
    </div>
  </section>
)

/** Says what came of it, and asks the page anew. */
const useAct = (done: () => void) => {
  const [said, setSaid] = createSignal<string>()
  const [busy, setBusy] = createSignal(false)
  const act = async (work: (signal: AbortSignal) => Promise<string>): Promise<void> => {
    if (busy()) return
    setBusy(true)
    try {
      setSaid(await work(new AbortController().signal))
      done()
    } catch (cause) {
      setSaid(cause instanceof Error ? cause.message : 'Something unexpected happened.')
    }
    setBusy(false)
  }
  return { said, busy, act }
}

const Import = (props: { done: () => void }) => {
  const { said, busy, act } = useAct(() => props.done())
  let file: HTMLInputElement | undefined
  let by: HTMLInputElement | undefined
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    const chosen = file?.files?.[0]
    if (chosen === undefined) return
    void act(async (signal) => {
      const { importBill: bill } = await ask(ImportBillDocument, { name: chosen.name, content: await chosen.text(), by: by?.value ?? '' }, signal)
      return `${chosen.name}: ${bill.source.replaceAll('_', ' ')}, ${plural(bill.lines, 'line')}.`
    })
  }
  return (
    <form class={styles['form']} onSubmit={submit} aria-label="Import a bill">
      <label>Bill (JSON or CSV)<input type="file" required accept=".json,.csv,application/json,text/csv" ref={file} /></label>
      <label>Your name<input required maxlength={200} autocomplete="name" ref={by} /></label>
      <button type="submit" aria-disabled={busy()}>Import</button>
      <p class={`${styles['said']} muted`} role="status">{said() ?? 'OpenAI usage and costs, Anthropic usage and cost reports, AWS, Google Cloud and FOCUS exports, in US dollars. Larger than a megabyte: spanledger reconcile import.'}</p>
    </form>
  )
}

const Approve = (props: { items: readonly string[]; done: () => void }) => {
  const { said, busy, act } = useAct(() => props.done())
  let by: HTMLInputElement | undefined
  let why: HTMLInputElement | undefined
  let result: HTMLParagraphElement | undefined
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    void act(async (signal) => {
      const { approveDifferences: posted } = await ask(ApproveDifferencesDocument, { items: [...props.items], by: by?.value ?? '', why: why?.value ?? '' }, signal)
      return `${plural(posted.length, 'adjustment')} posted to the ledger.`
    }).then(() => {
      // With what was posted nothing is chosen any more, and the button that has the focus is none: reading goes on at what came of it.
      if (props.items.length === 0) result?.focus()
    })
  }
  return (
    <form class={styles['form']} onSubmit={submit} aria-label="Approve adjustments">
      <label>Approved by<input required maxlength={200} autocomplete="name" ref={by} /></label>
      <label>Why<input required maxlength={1000} ref={why} /></label>
      <button type="submit" class="primary" aria-disabled={busy()} disabled={props.items.length === 0}>Post {plural(props.items.length, 'adjustment')}</button>
      <p ref={result} tabindex="-1" class={`${styles['said']} muted`} role="status">{said() ?? 'The differences of the chosen items become ledger entries, so that the ledger says what the bill says. Name and reason stay beside them.'}</p>
    </form>
  )
}

/** The ledger beside the providers' bills. */
export const Reconciliation = () => {
  const [search] = useSearchParams()
  const bounds = createMemo(() => rangeBounds(rangeOf(search), Date.now()))
  const [chosen, setChosen] = createSignal<ReadonlySet<string>>(new Set())
  const query = useQuery(() => {
    const range = bounds()
    return { queryKey: ['reconciliation', range], queryFn: ({ signal }: { signal: AbortSignal }) => ask(ReconciliationDocument, { range }, signal), placeholderData: keepPreviousData, reconcile: false as const }
  })
  const data = () => (query.isSuccess ? query.data : undefined)
  const again = (): void => {
    setChosen(new Set<string>())
    void query.refetch()
  }
  const choose = (id: string, on: boolean): void => {
    const next = new Set(chosen())
    if (on) next.add(id)
    else next.delete(id)
    setChosen(next)
  }
  return (
    <Page title="Reconciliation" answer={<Show when={data()?.reconciliation.itemCount ? data()?.reconciliation : undefined}>{(sum) => <>Billed {money(sum().billed)}, {apart(sum().difference)}. {sum().matchedItems} of {plural(sum().itemCount, 'item')} matched.</>}</Show>}>
      <Import done={again} />
      <Progress when={isAwaited(query)} what="the reconciliation" />
      <Switch>
        <Match when={query.error}>{(cause) => <Failure what="The reconciliation" cause={cause()} retry={() => void query.refetch()} />}</Match>
        <Match when={data()?.reconciliation.itemCount === 0}><Empty><p>No bill was imported for these days. Import one above, and the ledger stands beside it.</p></Empty></Match>
        <Match when={data()}>
          {(found) => (
            <>
              <Totals of={found().reconciliation} />
              <Show when={found().reconciliation.periods.length > 1}><Periods periods={found().reconciliation.periods} /></Show>
              <div class="scroll-x" role="region" tabindex="0" aria-label="Items">
                <table class={styles['items']}>
                  <caption class="visually-hidden">The ledger beside the bill, dearest difference first</caption>
                  <thead>
                    <tr>
                      <th scope="col"><span class="visually-hidden">Choose</span></th><th scope="col">Day</th><th scope="col">Model</th><th scope="col" class="number">Ledger tokens</th><th scope="col" class="number">Bill tokens</th>
                      <th scope="col" class="number">Ledger (USD)</th><th scope="col" class="number">Bill (USD)</th><th scope="col" class="number">Difference (USD)</th><th scope="col">Cause</th>
                    </tr>
                  </thead>
                  <tbody><For each={found().reconciliation.items}>{(item) => <ItemRow item={item} chosen={chosen().has(item.id)} choose={(on) => choose(item.id, on)} />}</For></tbody>
                </table>
              </div>
              <Show when={found().reconciliation.items.length < found().reconciliation.itemCount}><p class="muted">The {found().reconciliation.items.length} with the largest differences of {found().reconciliation.itemCount} are shown; the sums are over all.</p></Show>
              <Approve items={[...chosen()]} done={again} />
              <div class={styles['lists']}>
                <section id={billsId}>
                  <h2>Imported bills</h2>
                  <table>
                    <thead><tr><th scope="col">File</th><th scope="col">Format</th><th scope="col" class="number">Lines</th><th scope="col">By</th><th scope="col">When</th></tr></thead>
                    <tbody><For each={found().billImports}>{(bill) => <tr id={billId(bill.id)}><td title={bill.id}>{legible(bill.name)}</td><td>{bill.source.replaceAll('_', ' ')}</td><td class="number">{bill.lines}</td><td>{bill.actor}</td><td><Time iso={bill.importedAt} /></td></tr>}</For></tbody>
                  </table>
                </section>
                <Show when={found().billApprovals.length > 0}>
                  <section>
                    <h2>Approved adjustments</h2>
                    <table>
                      <thead><tr><th scope="col">Item</th><th scope="col">Why</th><th scope="col">By</th><th scope="col">When</th></tr></thead>
                      <tbody><For each={found().billApprovals}>{(approval) => <tr><td><A href={approvalHref(approval.item)} title={`Entry ${approval.entryId}`}>{legible(approval.item)}</A><span class="sub">entry {shortId(approval.entryId)}</span></td><td>{approval.why}</td><td>{approval.actor}</td><td><Time iso={approval.approvedAt} /></td></tr>}</For></tbody>
                    </table>
                  </section>
                </Show>
              </div>
            </>
          )}
        </Match>
      </Switch>
    </Page>
  )
}
