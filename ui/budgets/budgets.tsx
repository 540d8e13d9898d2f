import { A, useSearchParams } from '@solidjs/router'
import { keepPreviousData, useQuery } from '@tanstack/solid-query'
import { createSignal, For, Match, onMount, Show, Switch } from 'solid-js'
import { percent, plural } from '../format.ts'
import { askAgain, atMostEvery, useLive } from '../live.ts'
import { ApproveBudgetDocument, type BudgetFieldsFragment, type BudgetGroupFieldsFragment, BudgetsDocument, DefineBudgetDocument, RetireBudgetDocument, WithdrawBudgetApprovalDocument } from '../queries.ts'
import { ask } from '../request.ts'
import { budgetAnchor } from '../url-state.ts'
import { Failure, isAwaited, Progress } from '../widgets/failure.tsx'
import { Time } from '../widgets/figures.tsx'
import { Beginning } from '../widgets/name.tsx'
import { Empty, Page } from '../widgets/page.tsx'
import { Approvals, type Approving } from './approvals.tsx'
import { actionWords, amountText, answerOf, burnKey, burnWindows, groupName, linesFilter, linesHref, periodText, scopeText, share } from './budget-words.ts'
import { Burn } from './burn.tsx'
import { burnInterval } from './burn-line.ts'
import styles from './budgets.module.css'

/** Three that most begin with. */
const templates = {
  'All of production, a month': `id: production-month
title: What production may spend in a month
scope: { environment: [production] }
period: month
time_zone: Europe/Berlin
limit: { usd: "500" }
thresholds: [50, 80, 100]
forecast_thresholds: [100]
action: alert
`,
  'Each agent, a day': `id: agent-day
title: What each agent may spend in a day
group_by: [agent]
period: day
time_zone: UTC
limit: { usd: "20" }
thresholds: [80, 100]
action: deny
`,
  'Each run, a ceiling': `id: run-ceiling
title: What one run may spend
period: run
limit: { usd: "2" }
thresholds: [50, 100]
action: kill
`,
} as const satisfies Readonly<Record<string, string>>

const Lines = (props: { budget: BudgetFieldsFragment; group: BudgetGroupFieldsFragment; amount: string; from: string | null; to: string | null; what: string }) => (
  <Show when={linesHref(props.budget, props.group, props.from, props.to)} fallback={<span title={props.amount}>{amountText(props.budget.measure, props.amount)}</span>}>
    {(href) => <A href={href()} title={`${props.amount}. Open its ledger entries.`} aria-label={`${props.what} ${amountText(props.budget.measure, props.amount)}, ledger entries of ${[props.budget.title, groupName(props.group)].filter((one) => one !== '').join(' ')}`}>{amountText(props.budget.measure, props.amount)}</A>}
  </Show>
)

const Meter = (props: { percent: number; label: string }) => (
  <div class={styles['meter']} role="meter" aria-label={props.label} aria-valuemin="0" aria-valuemax="100" aria-valuenow={Math.min(100, props.percent)} aria-valuetext={`${props.percent.toFixed(1)} %`} data-full={props.percent >= 100}>
    <span style={{ width: `${Math.min(100, Math.max(0, props.percent))}%` }} />
  </div>
)

const GroupRow = (props: { budget: BudgetFieldsFragment; group: BudgetGroupFieldsFragment; burns: boolean; burn: (() => void) | undefined }) => {
  const name = (): string => groupName(props.group)
  const amount = (text: string): string => amountText(props.budget.measure, text)
  return (
    <tr>
      <td><Beginning text={name() === '' ? 'everything' : name()} /><Show when={props.burn}>{(show) => <div><button type="button" class={`plain ${styles['over']}`} aria-pressed={props.burns} aria-label={`over time: ${props.budget.title} ${name()}`} onClick={() => show()()}>over time</button></div>}</Show></td>
      <td class={styles['meterCell']}><Meter percent={share(props.group.actual, props.budget.limit)} label={`${props.budget.title} ${name()} used`} /><span>{percent(Number(props.group.actual), Number(props.budget.limit))}</span></td>
      <td class="number"><Lines budget={props.budget} group={props.group} amount={props.group.actual} from={props.group.periodStart} to={props.group.periodEnd} what="Used" /><Show when={props.group.unpricedCalls > 0}><div class="muted">{plural(props.group.unpricedCalls, 'call')} unpriced</div></Show></td>
      <td class="number"><span title={props.group.held}>{props.group.holds === 0 ? '–' : `${amount(props.group.held)} (${plural(props.group.holds, 'call')})`}</span></td>
      <td class="number"><span title={props.group.remaining}>{amount(props.group.remaining)}</span><Show when={props.group.approved !== '0'}><div class="muted">{amount(props.group.approved)} approved</div></Show></td>
      <td class="number">
        <Show when={props.group.forecast} fallback={<span class="muted" title="A forecast needs a calendar period and seven days of history.">not enough history</span>}>
          {(said) => <span title={`One outcome in ten is below ${amount(said().low)}, one above ${amount(said().high)}.`}>{amount(said().value)}<Show when={said().exhaustedAt}>{(at) => <div>used up <Time iso={at()} /></div>}</Show></span>}
        </Show>
      </td>
      <td class="number"><span title="By how much the limit may be passed before a call can be refused.">{amount(props.group.overshootBound)}</span></td>
      <td>
        <For each={props.group.crossed}>{(one) => <span class={styles['crossed']}>{one.percent} % {one.on === 'FORECAST' ? 'forecast' : 'used'}</span>}</For>
        <For each={props.group.burn.filter(({ fires }) => fires)}>{(one) => <span class={styles['crossed']}>burns {one.long.toFixed(1)}× in the last {burnWindows[one.severity]}</span>}</For>
        <Show when={props.group.history.some(({ actual }) => actual !== '0')}>
          <details>
            <summary>Before</summary>
            <ul><For each={props.group.history}>{(past) => <li><Time iso={past.start} />: <Lines budget={props.budget} group={props.group} amount={past.actual} from={past.start} to={past.end} what="Used then" /></li>}</For></ul>
          </details>
        </Show>
      </td>
    </tr>
  )
}

const BudgetSection = (props: Approving & { budget: BudgetFieldsFragment; retire: (id: string) => void; edit: (document: string) => void; burns: string | undefined; burn: (key: string | null) => void }) => {
  const interval = () => (props.budget.measure === 'CALLS' ? undefined : burnInterval(props.budget.period))
  const shown = () => props.budget.groups.nodes.find((group) => burnKey(props.budget, group) === props.burns)
  let heading: HTMLHeadingElement | undefined
  // An alert opens its budget, and the page comes before its budgets do.
  onMount(() => {
    if (decodeURIComponent(location.hash.slice(1)) !== budgetAnchor(props.budget.id)) return
    heading?.scrollIntoView()
    heading?.focus({ preventScroll: true })
  })
  return (
    <section class={styles['budget']} id={budgetAnchor(props.budget.id)}>
      <h2 tabindex="-1" ref={heading}>{props.budget.title}</h2>
      <p class="muted">
        {amountText(props.budget.measure, props.budget.limit)} {periodText(props.budget)} for {scopeText(props.budget)}. At the limit: {actionWords[props.budget.action]}.{' '}
        {props.budget.owner === null ? '' : `Owner: ${props.budget.owner}. `}{props.budget.id}@{props.budget.version}, {props.budget.origin === 'FILE' ? 'from the budgets file' : 'defined here'}.
      </p>
      <div class="scroll-x" role="region" tabindex="0" aria-label={props.budget.title}>
        <table>
          <thead><tr><th scope="col">Of</th><th scope="col">Share</th><th scope="col" class="number">Used</th><th scope="col" class="number">Held</th><th scope="col" class="number">Remaining</th><th scope="col" class="number">At the end</th><th scope="col" class="number">Overshoot bound</th><th scope="col">Reached</th></tr></thead>
          <tbody><For each={props.budget.groups.nodes} fallback={<tr><td colspan="8" class="muted">Nothing was used yet.</td></tr>}>{(group) => <GroupRow budget={props.budget} group={group} burns={burnKey(props.budget, group) === props.burns} burn={interval() === undefined || group.periodStart === null || linesFilter(props.budget, group) === undefined ? undefined : () => props.burn(burnKey(props.budget, group) === props.burns ? null : burnKey(props.budget, group))} />}</For></tbody>
        </table>
      </div>
      <Show when={interval()}>{(width) => <Show when={shown()}>{(group) => <Burn budget={props.budget} group={group()} interval={width()} close={() => { props.burn(null); heading?.focus({ preventScroll: true }) }} />}</Show>}</Show>
      <Show when={props.budget.groups.total > props.budget.groups.nodes.length}><p class="muted">The {props.budget.groups.nodes.length} that used most of {props.budget.groups.total} are shown.</p></Show>
      <Show when={props.budget.action === 'REQUIRE_APPROVAL'}><Approvals budget={props.budget} approve={props.approve} withdraw={props.withdraw} /></Show>
      <Show when={props.budget.origin === 'API'}>
        <p class={styles['actions']}><button type="button" onClick={() => props.edit(props.budget.document)}>Change</button> <button type="button" onClick={() => props.retire(props.budget.id)}>Retire</button></p>
      </Show>
    </section>
  )
}

/** Will we overrun? */
export const Budgets = () => {
  const live = useLive()
  const [search, setSearch] = useSearchParams()
  const burns = (): string | undefined => [search['burn']].flat()[0]
  const [document, setDocument] = createSignal<string>(templates['All of production, a month'])
  const [open, setOpen] = createSignal(false)
  const [refused, setRefused] = createSignal('')
  const query = useQuery(() => ({
    queryKey: ['budgets'], queryFn: ({ signal }: { signal: AbortSignal }) => ask(BudgetsDocument, {}, signal), placeholderData: keepPreviousData, reconcile: 'id' as const,
  }))
  const refresh = askAgain(query)
  live.onRuns(atMostEvery(2_000, refresh))
  const change = async (act: (signal: AbortSignal) => Promise<unknown>): Promise<void> => {
    setRefused('')
    try {
      await act(new AbortController().signal)
      setOpen(false)
    } catch (cause) {
      setRefused(cause instanceof Error ? cause.message : String(cause))
    }
    refresh()
  }
  let definition: HTMLTextAreaElement | undefined
  let define: HTMLElement | undefined
  const edit = (text: string): void => {
    setDocument(text)
    setOpen(true)
    definition?.focus()
  }
  /** What had the focus is gone: reading goes on where budgets are defined. */
  const leave = async (act: (signal: AbortSignal) => Promise<unknown>): Promise<void> => {
    await change(act)
    if (refused() === '') define?.focus()
  }
  const Refused = () => <Show when={refused() !== ''}><p role="alert" class={styles['refused']}>{refused()}</p></Show>
  const budgets = (): readonly BudgetFieldsFragment[] => (query.isSuccess ? query.data.budgets : [])
  return (
    <Page title="Budgets" answer={query.isSuccess && budgets().length > 0 ? answerOf(budgets()) : undefined}>
      <Progress when={isAwaited(query)} what="budgets" />
      <Show when={!open()}><Refused /></Show>
      <Switch>
        <Match when={query.error}>{(cause) => <Failure what="The budgets" cause={cause()} retry={refresh} />}</Match>
        <Match when={query.isSuccess && budgets().length === 0}><Empty><p>No budget yet.</p><p>Define one below, or name a file of budgets in <code>SPANLEDGER_BUDGETS</code>.</p></Empty></Match>
        <Match when={query.isSuccess}>
          <For each={budgets()}>
            {(budget) => (
              <BudgetSection
                budget={budget} burns={burns()} burn={(key) => setSearch({ burn: key })} retire={(id) => void leave((signal) => ask(RetireBudgetDocument, { id }, signal))} edit={edit}
                approve={(request) => void change((signal) => ask(ApproveBudgetDocument, request, signal))}
                withdraw={(id, by, why) => void change((signal) => ask(WithdrawBudgetApprovalDocument, { id, by, why }, signal))}
              />
            )}
          </For>
        </Match>
      </Switch>
      <Show when={query.isSuccess}>
        <details class={styles['define']} open={open()} onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary ref={define}>Define a budget</summary>
          <form onSubmit={(event) => { event.preventDefault(); void leave((signal) => ask(DefineBudgetDocument, { document: document() }, signal)) }}>
            <p class={styles['templates']}><span class="muted">Begin with</span><For each={Object.entries(templates)}>{([name, text]) => <button type="button" onClick={() => setDocument(text)}>{name}</button>}</For></p>
            <label for="budget-document">The budget as YAML</label>
            <textarea ref={definition} id="budget-document" rows="11" spellcheck={false} value={document()} onInput={(event) => setDocument(event.currentTarget.value)} />
            <Refused />
            <p><button type="submit">Define</button></p>
          </form>
        </details>
      </Show>
    </Page>
  )
}
