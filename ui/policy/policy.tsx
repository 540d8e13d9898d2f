import { A, useSearchParams } from '@solidjs/router'
import { keepPreviousData, useQuery } from '@tanstack/solid-query'
import { createMemo, For, Match, Show, Switch } from 'solid-js'
import { countExact, legible, shortId } from '../format.ts'
import { askAgain, useLive } from '../live.ts'
import { useList } from '../pages.ts'
import { DecisionCountsDocument, type DecisionCountsQuery, type DecisionFieldsFragment, type DecisionFilter, type DecisionOutcome, PolicyDecisionsDocument } from '../queries.ts'
import { ask } from '../request.ts'
import { activeFilters, carried, choices, decisionFilter, decisionKeys, type FilterKey, queryString, rangeBounds, rangeOf } from '../url-state.ts'
import { Failure, Progress } from '../widgets/failure.tsx'
import { Time } from '../widgets/figures.tsx'
import { ActiveFilters, FilterBar } from '../widgets/filter-bar.tsx'
import { More } from '../widgets/more.tsx'
import { Name } from '../widgets/name.tsx'
import { modeWords, Outcome, outcomeLabel, placeWords } from '../widgets/outcome.tsx'
import { Empty, Page } from '../widgets/page.tsx'
import { evidenceText } from '../widgets/telemetry-words.ts'
import styles from './policy.module.css'

const pageSize = 100

/** Words of the closed lists; names are said as they are. */
const words: Readonly<Partial<Record<FilterKey, ReadonlyMap<string, string>>>> = {
  outcome: new Map(choices.outcome.map((outcome) => [outcome, outcomeLabel(outcome)])), place: new Map(Object.entries(placeWords)), mode: new Map(Object.entries(modeWords)),
}
const filterLabel = (key: FilterKey, value: string): string => words[key]?.get(value) ?? (key === 'run' || key === 'span' ? shortId(value) : value)

const Decision = (props: { decision: DecisionFieldsFragment }) => (
  <tr>
    <td><Outcome outcome={props.decision.outcome} hindsight={props.decision.place === 'COLLECTOR'} /></td>
    <td>{legible(props.decision.policyId)}<span class="muted">@{props.decision.policyVersion}</span><span class="sub nowrap">{placeWords[props.decision.place]}, {modeWords[props.decision.mode]}</span></td>
    <td class={styles['reason']}>{legible(props.decision.reason)}<details><summary>Evidence</summary><pre>{evidenceText(props.decision.evidence)}</pre></details></td>
    <td><Name name={props.decision.agent ?? '–'} /></td>
    <td class="nowrap">
      <Show when={props.decision.runId} fallback="–">
        {(run) => <A class="mono" href={`/runs/${run()}${queryString({ span: props.decision.spanId })}`} title={props.decision.spanId === null ? `Run ${run()}` : `Span ${props.decision.spanId} of run ${run()}`}>{shortId(run())}{props.decision.spanId === null ? '' : ` · ${shortId(props.decision.spanId)}`}</A>}
      </Show>
    </td>
    <td class="nowrap"><Time iso={props.decision.decidedAt} /></td>
  </tr>
)

/** In the order in which people should look. */
const counted = [
  { outcome: 'DENY', count: 'deny', words: 'denied' }, { outcome: 'REQUIRE_APPROVAL', count: 'requireApproval', words: 'held for approval' },
  { outcome: 'REDACT', count: 'redact', words: 'redacted' }, { outcome: 'WARN', count: 'warn', words: 'warned' }, { outcome: 'ALLOW', count: 'allow', words: 'allowed' },
] as const satisfies readonly { readonly outcome: DecisionOutcome; readonly count: keyof DecisionCountsQuery; readonly words: string }[]

/** All that the other filters leave, by outcome: whoever looks at one outcome sees how many others there are. */
const countsOf = ({ outcome: _outcome, ...others }: DecisionFilter, signal: AbortSignal): Promise<DecisionCountsQuery> => {
  const of = (outcome: DecisionOutcome): DecisionFilter => ({ ...others, outcome: [outcome] })
  return ask(DecisionCountsDocument, {
    deny: of('DENY'), requireApproval: of('REQUIRE_APPROVAL'), redact: of('REDACT'), warn: of('WARN'), allow: of('ALLOW'), hindsight: { ...others, place: ['COLLECTOR'] },
  }, signal)
}

const Answer = (props: { counts: DecisionCountsQuery; href: (restriction: Partial<Record<FilterKey, string | null>>) => string; hindsight: boolean }) => {
  const some = () => counted.filter(({ count }) => props.counts[count].totalCount > 0)
  const hindsight = (): number => (props.hindsight ? props.counts.hindsight.totalCount : 0)
  return (
    <Show when={some().length > 0} fallback="No decisions.">
      <For each={some()}>{({ outcome, count, words }, place) => <>{place() === 0 ? '' : ', '}<A href={props.href({ outcome })}>{countExact(props.counts[count].totalCount)} {words}</A></>}</For>.
      <Show when={hindsight() > 0}>{' '}<A href={props.href({ outcome: null, place: 'COLLECTOR' })}>{countExact(hindsight())} {hindsight() === 1 ? 'was' : 'were'} taken in hindsight</A>: findings, which changed nothing that the agent did.</Show>
    </Show>
  )
}

/** What policies decided, latest first. */
export const Policy = () => {
  const [search, setSearch] = useSearchParams()
  const live = useLive()
  const filter = createMemo(() => decisionFilter(search, rangeBounds(rangeOf(search), Date.now())))
  const list = useList<DecisionFieldsFragment>(() => {
    const asked = filter()
    return { key: ['decisions', asked], every: false, ask: async (after, signal) => (await ask(PolicyDecisionsDocument, { first: pageSize, after: after ?? null, filter: asked }, signal)).policyDecisions }
  })
  const counts = useQuery(() => {
    const asked = filter()
    return { queryKey: ['decision-counts', asked], queryFn: ({ signal }: { signal: AbortSignal }) => countsOf(asked, signal), placeholderData: keepPreviousData }
  })
  const recount = askAgain(counts)
  live.onRuns(() => {
    if (scrollY !== 0) return
    list.refresh()
    recount()
  })
  const href = (restriction: Partial<Record<FilterKey, string | null>>): string => `/policy${queryString({ ...carried(search, decisionKeys), ...restriction })}`
  /** Whether what was decided in hindsight is among what is shown. */
  const hindsight = (): boolean => filter().place?.includes('COLLECTOR') ?? true
  const seen = (read: (decision: DecisionFieldsFragment) => string | null) => [...new Set(list.rows().map(read))].sort().map((value) => ({ value: value ?? '' }))
  const offered = createMemo(() => [
    { key: 'outcome', values: choices.outcome.map((value) => ({ value, label: outcomeLabel(value) })) },
    { key: 'policy', values: seen((decision) => decision.policyId) },
    { key: 'place', values: choices.place.map((value) => ({ value, label: placeWords[value] })) },
    { key: 'mode', values: choices.mode.map((value) => ({ value, label: modeWords[value] })) },
    { key: 'agent', values: seen((decision) => decision.agent) },
  ] as const)
  const restricted = (): boolean => activeFilters(search, decisionKeys).length > 0 || rangeOf(search) !== undefined
  return (
    <Page title="Policy decisions" answer={<Show when={counts.data}>{(found) => <Answer counts={found()} href={href} hindsight={hindsight()} />}</Show>}>
      <FilterBar choices={offered()} />
      <ActiveFilters keys={decisionKeys} label={filterLabel} />
      <Progress when={list.asking() && (list.waiting() || list.outdated())} what="policy decisions" />
      <Switch>
        <Match when={list.failure() !== undefined && list.rows().length === 0}><Failure what="The policy decisions" cause={list.failure()} retry={list.refresh} /></Match>
        <Match when={list.rows().length > 0}>
          <div class="scroll-x" role="region" tabindex="0" aria-label="Policy decisions">
            <table classList={{ [styles['outdated'] ?? '']: list.outdated() }} aria-busy={list.outdated()}>
              <caption class="visually-hidden">Policy decisions, latest first</caption>
              <thead><tr><th scope="col">Outcome</th><th scope="col">Policy, taken, mode</th><th scope="col">Reason</th><th scope="col">Agent</th><th scope="col">Run · span</th><th scope="col">Decided</th></tr></thead>
              <tbody><For each={list.rows()}>{(decision) => <Decision decision={decision} />}</For></tbody>
            </table>
          </div>
          <More list={list} />
        </Match>
        <Match when={!list.waiting()}>
          <Empty>
            <p>No policy decision {restricted() ? 'matches' : 'yet'}.</p>
            <Show when={restricted()} fallback={<p>Policies come with the product and are evaluated as telemetry arrives: a decision appears when a rule finds something.</p>}>
              <p>Remove a filter above, or <button type="button" onClick={() => setSearch(Object.fromEntries([...decisionKeys, 'range'].map((key) => [key, null])))}>show all decisions of all time</button></p>
            </Show>
          </Empty>
        </Match>
      </Switch>
    </Page>
  )
}
