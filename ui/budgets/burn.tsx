import { useNavigate } from '@solidjs/router'
import { keepPreviousData, useQuery } from '@tanstack/solid-query'
import { Match, Show, Switch } from 'solid-js'
import { Lines } from '../chart.tsx'
import { money } from '../format.ts'
import { BudgetBurnDocument, type BudgetFieldsFragment, type BudgetGroupFieldsFragment, type Interval } from '../queries.ts'
import { ask } from '../request.ts'
import { costFilter } from '../url-state.ts'
import { Failure, isAwaited, Progress } from '../widgets/failure.tsx'
import { burnLine } from './burn-line.ts'
import { amountText, groupName, linesFilter, linesHref } from './budget-words.ts'
import styles from './budgets.module.css'

/** The period of a budget so far, where it goes, and how that stands to the limit. */
export const Burn = (props: { budget: BudgetFieldsFragment; group: BudgetGroupFieldsFragment; interval: Interval; close: () => void }) => {
  const navigate = useNavigate()
  const query = useQuery(() => {
    const asked = {
      range: { from: props.group.periodStart, to: props.group.periodEnd }, filter: costFilter(linesFilter(props.budget, props.group) ?? {}), interval: props.interval, timeZone: props.budget.timeZone ?? 'UTC',
    }
    return { queryKey: ['budget-burn', asked], queryFn: ({ signal }: { signal: AbortSignal }) => ask(BudgetBurnDocument, asked, signal), placeholderData: keepPreviousData, reconcile: false as const }
  })
  const drawn = () => {
    if (!query.isSuccess) return undefined
    const used = query.data.costs.flatMap(({ start, cost, quantity }) => (start === null ? [] : [{ start, amount: props.budget.measure === 'USD' ? cost : quantity }]))
    return burnLine(props.budget, props.group, props.interval, used, Date.now())
  }
  const name = (): string => `${props.budget.title}${groupName(props.group) === '' ? '' : `, ${groupName(props.group)}`}`
  const open = (index: number): void => {
    const bucket = drawn()?.buckets[index]
    if (bucket === undefined) return
    const href = linesHref(props.budget, props.group, new Date(bucket.start * 1_000).toISOString(), new Date(bucket.end * 1_000).toISOString())
    if (href !== undefined) navigate(href)
  }
  const axisText = (value: number): string => (props.budget.measure === 'USD' ? money(value.toFixed(6)) : amountText('TOKENS', value.toFixed(0)).replace(' tokens', ''))
  return (
    <section class={styles['burn']} aria-label={`Period of ${name()}`}>
      <div class={styles['burnHead']}><h3>{name()}: this period</h3><button type="button" onClick={() => props.close()}>Close</button></div>
      <Progress when={isAwaited(query)} what="the period" />
      <Switch>
        <Match when={query.error}>{(cause) => <Failure what="The period" cause={cause()} retry={() => void query.refetch()} />}</Match>
        <Match when={drawn()}>
          {(burn) => (
            <Lines
              label={`What ${name()} used in this period`} buckets={burn().buckets} series={burn().series} axisText={axisText} openWords="opens its ledger entries" open={open} marks={[]} openMark={() => undefined}
              summary={`${amountText(props.budget.measure, props.group.actual)} of ${amountText(props.budget.measure, props.budget.limit)} used${props.group.forecast === null ? '' : `, ${amountText(props.budget.measure, props.group.forecast.value)} expected at the end`}.`}
            />
          )}
        </Match>
      </Switch>
      <Show when={props.group.unpricedCalls > 0}><p class="muted">Calls without a price are not in the line.</p></Show>
    </section>
  )
}
