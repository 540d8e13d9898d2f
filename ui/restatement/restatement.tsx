import { A, useSearchParams } from '@solidjs/router'
import { keepPreviousData, useQuery } from '@tanstack/solid-query'
import { createMemo, For, Match, Show, Switch } from 'solid-js'
import { knownCost, localTime, money, plural, shortId } from '../format.ts'
import { type LedgerKind, RestatementDocument, RestatementMonthsDocument, type RestatementMonthsQuery, type RestatementQuery } from '../queries.ts'
import { ask } from '../request.ts'
import { ledgerHref, postedText, queryString, rangeText, valueText } from '../url-state.ts'
import { CopyButton } from '../widgets/copy.tsx'
import { Failure, isAwaited, Progress } from '../widgets/failure.tsx'
import { Count, Money, Time } from '../widgets/figures.tsx'
import { Empty, Page } from '../widgets/page.tsx'
import { monthBefore, monthBounds, monthName, monthOf, postedFor, reportedAt, shownMonth } from './months.ts'
import styles from './restatement.module.css'

type Report = RestatementQuery['restatement']
type Reason = Report['reasons'][number]
type ClosedMonth = RestatementMonthsQuery['closedMonths'][number]

const kindWords: Readonly<Record<LedgerKind, string>> = { CHARGE: 'charged', ADJUSTMENT: 'posted in its place', REVERSAL: 'taken back' }

/** Why lines were posted, in the words of `LedgerReason`. */
const reasonWords: Readonly<Record<string, string>> = {
  metered: 'usage that arrived late', promoted: 'an aggregate whose parts report nothing', unattributed: 'what an aggregate claims above its parts', mirrored: 'a call that another span tells more closely',
  rolled_up: 'the sum of calls that are charged themselves', replayed: 'an answer from a cache', restated: 'a span that came again and says something else', repriced: 'somebody ordered new prices', reconciled: 'a provider\'s bill says otherwise',
}

const closeCommand = (now: number): string => `npm run spanledger -- ledger close ${monthBefore(now)}`

/** Lines of a month, by when and why they were posted. */
const linesHref = (month: string, posted: { readonly after?: string; readonly until?: string }, more: Parameters<typeof ledgerHref>[0] = {}): string =>
  ledgerHref({ range: rangeText(monthBounds(month)), posted: postedText(posted), ...more })

/** A `datetime-local` field speaks local time, to the minute. */
const fieldValue = (iso: string): string => {
  const date = new Date(iso)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

const Book = (props: { version: string }) => (
  <Show when={props.version !== ''} fallback={<span class="muted">none</span>}>
    <A class="mono nowrap" href={`/price-books${queryString({ version: props.version })}`} title={`Price book ${props.version}`}>{shortId(props.version)}</A>
  </Show>
)

const isToCome = (iso: string, now: number): boolean => Date.parse(iso) > now

const Unpriced = (props: { lines: number; href: string; when: string }) => (
  <Show when={props.lines > 0}><dd class="sub"><A href={props.href} aria-label={`${plural(props.lines, 'line')} unpriced ${props.when}, ledger entries`}>{plural(props.lines, 'line')} unpriced</A></dd></Show>
)

const Standing = (props: { report: Report }) => {
  const month = (): string => props.report.month
  return (
    <div>
      <dt>Standing now (USD)</dt><dd><Money amount={knownCost(props.report.costNow, props.report.unpricedNow)} href={ledgerHref({ range: rangeText(monthBounds(month())) })} what={`${monthName(month())} as it stands now`} /></dd>
      <Unpriced lines={props.report.unpricedNow} href={ledgerHref({ range: rangeText(monthBounds(month())), basis: 'UNPRICED' })} when="now" />
    </div>
  )
}

/** A month that nobody can have reported yet. */
const SoFar = (props: { report: Report }) => (
  <>
    <dl class="stats"><Standing report={props.report} /></dl>
    <p class="muted">The moment of this report is still to come. Choose an earlier one to see what was posted since.</p>
  </>
)

const Stats = (props: { report: Report }) => {
  const month = (): string => props.report.month
  const until = () => ({ until: props.report.asOf })
  const since = () => ({ after: props.report.asOf })
  return (
    <dl class="stats">
      <div>
        <dt>Reported then (USD)</dt><dd><Money amount={knownCost(props.report.costThen, props.report.unpricedThen)} href={linesHref(month(), until())} what={`${monthName(month())} as it was reported`} /></dd>
        <Unpriced lines={props.report.unpricedThen} href={linesHref(month(), until(), { basis: 'UNPRICED' })} when="then" />
      </div>
      <div><dt>Posted since (USD)</dt><dd><Money amount={props.report.costSince} href={linesHref(month(), since())} what={`${monthName(month())} that were posted since`} /></dd></div>
      <Standing report={props.report} />
    </dl>
  )
}

/** One reason: what was taken back and what was posted in its place, each with its price book, and what that comes to. */
const ReasonRows = (props: { report: Report; reason: Reason }) => {
  const href = (more: Parameters<typeof ledgerHref>[0] = {}): string => linesHref(props.report.month, postedFor(props.report, props.reason.accountedIn), { reason: props.reason.reason, ...more })
  const word = (): string => props.reason.reason.replaceAll('_', ' ')
  return (
    <tbody>
      <tr>
        <th scope="rowgroup">{word()}<span class="sub">{reasonWords[props.reason.reason]}</span></th>
        <td />
        <td><span class="nowrap">{props.reason.accountedIn}</span><Show when={props.reason.accountedIn !== props.report.month}><span class="sub">{props.report.month} was closed</span></Show></td>
        <td class="number"><Count value={props.reason.entries} /></td>
        <td class="number"><Money amount={props.reason.cost} href={href()} what={`${word()}, in the books of ${props.reason.accountedIn}`} /></td>
      </tr>
      <For each={props.reason.changes}>
        {(change) => (
          <tr>
            <td class={styles['change']}>{kindWords[change.kind]}</td>
            <td><Book version={change.priceBookVersion} /></td>
            <td />
            <td class="number"><Count value={change.entries} /></td>
            <td class="number"><Money amount={knownCost(change.cost, change.unpricedEntries)} href={href({ kind: change.kind, book: valueText(change.priceBookVersion) })} what={`${word()}, ${kindWords[change.kind]}, price book ${change.priceBookVersion === '' ? 'none' : shortId(change.priceBookVersion)}`} /></td>
          </tr>
        )}
      </For>
    </tbody>
  )
}

const Why = (props: { report: Report }) => (
  <section class={styles['section']}>
    <h2>Why it changed</h2>
    <Show when={props.report.reasons.length > 0} fallback={<p class="muted">Nothing was posted for {monthName(props.report.month)} after {localTime(props.report.asOf)}: it is what it was reported to be.</p>}>
      <div class="scroll-x" role="region" tabindex="0" aria-label="What was posted since">
        <table class={styles['table']}>
          <caption class="visually-hidden">Ledger lines that were posted since, by reason and the month in whose books they stand, largest sum first</caption>
          <thead><tr><th scope="col">Reason</th><th scope="col">Price book</th><th scope="col">In the books of</th><th scope="col" class="number">Lines</th><th scope="col" class="number">Amount (USD)</th></tr></thead>
          <For each={props.report.reasons}>{(reason) => <ReasonRows report={props.report} reason={reason} />}</For>
        </table>
      </div>
    </Show>
  </section>
)

const ClosedMonths = (props: { months: readonly ClosedMonth[] }) => (
  <section class={styles['section']}>
    <h2>Closed months</h2>
    <p class="muted">A month that is over can be closed for good: what is posted for it later stands in the books of the month in which it is posted.</p>
    <Show when={props.months.length > 0} fallback={<p class="muted">None is closed yet. Close one: <code>{closeCommand(Date.now())}</code> <CopyButton text={closeCommand(Date.now())} label="the command" /></p>}>
      <div class="scroll-x" role="region" tabindex="0" aria-label="Closed months">
        <table class={styles['table']}>
          <caption class="visually-hidden">Closed months and where their corrections were posted, latest first</caption>
          <thead><tr><th scope="col">Month</th><th scope="col">Closed</th><th scope="col">By</th><th scope="col">Corrected in</th></tr></thead>
          <tbody>
            <For each={props.months}>
              {(closed) => (
                <tr>
                  <td class="nowrap"><A href={`/restatement${queryString({ month: closed.month })}`}>{monthName(closed.month)}</A></td>
                  <td class="nowrap"><Time iso={closed.closedAt} /></td>
                  <td>{closed.actor}</td>
                  <td>
                    <Show when={closed.corrections.length > 0} fallback={<span class="muted">nothing since</span>}>
                      <ul class={styles['corrections']}>
                        <For each={closed.corrections}>
                          {(one) => <li>{one.accountedIn}: <Money amount={one.cost} href={linesHref(closed.month, postedFor({ month: closed.month, asOf: closed.closedAt, closedAt: closed.closedAt }, one.accountedIn))} what={`${monthName(closed.month)} in the books of ${one.accountedIn}`} /> <span class="muted">{plural(one.entries, 'line')}</span></li>}
                        </For>
                      </ul>
                    </Show>
                  </td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </div>
    </Show>
  </section>
)

const answer = (report: Report, now: number): string => {
  const [name, then] = [monthName(report.month), money(knownCost(report.costThen, report.unpricedThen))]
  if (isToCome(report.asOf, now)) return `${name} is not over: it stands at ${then}.`
  return report.reasons.length === 0 ? `${name} was reported at ${then} and has not changed since.` : `${name} was reported at ${then} and is ${money(knownCost(report.costNow, report.unpricedNow))} now.`
}

const text = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value)

/** What a month was reported to be, what it is now, and why. */
export const Restatement = () => {
  const [search, setSearch] = useSearchParams()
  const known = useQuery(() => ({ queryKey: ['restatement-months'], queryFn: ({ signal }: { signal: AbortSignal }) => ask(RestatementMonthsDocument, {}, signal), reconcile: false as const }))
  const closed = (): readonly ClosedMonth[] => (known.isSuccess ? known.data.closedMonths : [])
  /** Latest first. */
  const months = createMemo((): readonly string[] => (known.isSuccess ? [...new Set(known.data.costs.flatMap(({ start }) => (start === null ? [] : [monthOf(start)])))].sort().reverse() : []))
  const month = createMemo(() => shownMonth(text(search['month']), months(), Date.now()))
  const asked = createMemo(() => {
    const shown = month()
    return known.isSuccess && shown !== undefined ? { month: shown, asOf: reportedAt(text(search['at']), shown, closed().find((one) => one.month === shown)?.closedAt) } : undefined
  })
  const query = useQuery(() => {
    const question = asked()
    return {
      queryKey: ['restatement', question], enabled: question !== undefined, placeholderData: keepPreviousData, reconcile: false as const,
      queryFn: ({ signal }: { signal: AbortSignal }) => ask(RestatementDocument, question ?? { month: '', asOf: '' }, signal),
    }
  })
  const report = (): Report | undefined => (query.isSuccess ? query.data.restatement : undefined)
  const offered = (): readonly string[] => {
    const shown = month()
    return shown === undefined || months().includes(shown) ? months() : [shown, ...months()]
  }
  const setReported = (value: string): void => setSearch({ at: value === '' ? null : new Date(value).toISOString() })
  const retry = (): void => void (known.error === null ? query : known).refetch()
  return (
    <Page title="Restatement" answer={<Show when={report()}>{(shown) => answer(shown(), Date.now())}</Show>}>
      <Progress when={isAwaited(known) || isAwaited(query)} what="the restatement" />
      <Switch>
        <Match when={known.error ?? query.error}>{(cause) => <Failure what="The restatement" cause={cause()} retry={retry} />}</Match>
        <Match when={known.isSuccess && month() === undefined}>
          <Empty>
            <p>No ledger entry yet, so no month to look back on.</p>
            <p>The ledger is never edited: late usage, new prices and bills are posted beside what stands. This page says what a month was reported to be, what it is now, and which lines made the difference. Begin: <A href="/send">send a trace</A>.</p>
          </Empty>
        </Match>
        <Match when={asked()}>
          {(question) => (
            <>
              <form class={styles['form']} onSubmit={(event) => event.preventDefault()} aria-label="Which report">
                <label>Month of the usage (UTC)
                  <select onChange={(event) => setSearch({ month: event.currentTarget.value, at: null })}>
                    <For each={offered()}>{(one) => <option value={one} selected={one === question().month}>{monthName(one)}{closed().some((each) => each.month === one) ? ', closed' : ''}</option>}</For>
                  </select>
                </label>
                <label>Reported at (your time)<input type="datetime-local" value={fieldValue(question().asOf)} onChange={(event) => setReported(event.currentTarget.value)} /></label>
                <Show when={text(search['at']) !== undefined}><button type="button" onClick={() => setSearch({ at: null })}>{closed().some((one) => one.month === question().month) ? 'As it was closed' : 'As it ended'}</button></Show>
                <a href={`/export/restatement.csv${queryString({ month: question().month, asOf: question().asOf })}`} download={`restatement-${question().month}.csv`} rel="external">Download as CSV</a>
              </form>
              <Show when={report()}>
                {(shown) => (
                  <>
                    <Show when={!isToCome(shown().asOf, Date.now())} fallback={<SoFar report={shown()} />}><Stats report={shown()} /><Why report={shown()} /></Show>
                    <ClosedMonths months={closed()} />
                  </>
                )}
              </Show>
            </>
          )}
        </Match>
      </Switch>
    </Page>
  )
}
