import { A, useParams } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import ChevronDown from 'lucide-solid/icons/chevron-down'
import ChevronRight from 'lucide-solid/icons/chevron-right'
import Minus from 'lucide-solid/icons/minus'
import OctagonX from 'lucide-solid/icons/octagon-x'
import Plus from 'lucide-solid/icons/plus'
import { createEffect, createMemo, For, type JSX, Match, Show, Switch } from 'solid-js'
import { countExact, knownCost, legible, plural } from '../format.ts'
import { askAgain, useLive } from '../live.ts'
import { type DecisionOutcome, RunDecisionsDocument, RunDocument, type RunFieldsFragment, StepFailureDocument } from '../queries.ts'
import { ask } from '../request.ts'
import { onShortcut } from '../shortcuts.ts'
import { zoom } from '../time-axis.ts'
import { ledgerHref, queryString, valueText } from '../url-state.ts'
import { Id } from '../widgets/copy.tsx'
import { Failure, Progress } from '../widgets/failure.tsx'
import { Count, Duration, Money, Time } from '../widgets/figures.tsx'
import { Beginning, Name, Names } from '../widgets/name.tsx'
import { Note, Outcome, Status, Warning } from '../widgets/outcome.tsx'
import { Detail } from './detail.tsx'
import { loadSkeleton } from './load.ts'
import { Overview } from './overview.tsx'
import styles from './run.module.css'
import { type Skeleton, spanId } from './skeleton.ts'
import { failureCause } from './tree.ts'
import { createRunView, type RunView } from './view.ts'
import { Waterfall } from './waterfall.tsx'

/** Milliseconds between looks at a run that is not settled, where no stream tells of changes. */
const pollMs = 5_000

const Fact = (props: { name: string; children: JSX.Element }) => <div><dt>{props.name}</dt><dd>{props.children}</dd></div>

const Facts = (props: { run: RunFieldsFragment }) => (
  <dl class={styles['facts']}>
    <Show when={props.run.agents.length > 0}><Fact name="Agents"><Names names={props.run.agents} /></Fact></Show>
    <Fact name="Service">{props.run.service === '' ? '–' : <Name name={props.run.service} />}</Fact>
    <Show when={props.run.sessions.length > 0}>
      <Fact name="Session"><For each={props.run.sessions}>{(session) => <A href={`/runs${queryString({ session: valueText(session) })}`}><Beginning text={legible(session)} /></A>}</For></Fact>
    </Show>
    <Show when={props.run.users.length > 0}><Fact name="User"><Names names={props.run.users} /></Fact></Show>
    <Fact name="Started"><Time iso={props.run.startedAt} /></Fact>
    <Fact name="Duration"><Duration ms={props.run.durationMs} /></Fact>
    <Fact name="Model calls"><Count value={props.run.modelCalls} /><Show when={props.run.failedModelCalls > 0}> ({props.run.failedModelCalls} failed)</Show></Fact>
    <Fact name="Tool calls"><Count value={props.run.toolCalls} /><Show when={props.run.failedToolCalls > 0}> ({props.run.failedToolCalls} failed)</Show></Fact>
    <Fact name="Tokens"><Count value={props.run.tokens.input} /> in (<Count value={props.run.tokens.cachedInput} /> cached) → <Count value={props.run.tokens.output} /> out</Fact>
    <Fact name="Cost"><Money amount={knownCost(props.run.cost, props.run.unpricedModelCalls)} href={ledgerHref({ run: props.run.id })} what="this run" /></Fact>
    <Show when={props.run.reportedCost}>{(cost) => <Fact name="Reported cost"><Money amount={cost()} /></Fact>}</Show>
  </dl>
)

const decisionOrder: readonly DecisionOutcome[] = ['DENY', 'REQUIRE_APPROVAL', 'REDACT', 'WARN', 'ALLOW']

const Decisions = (props: { id: string }) => {
  const query = useQuery(() => ({ queryKey: ['run-decisions', props.id], queryFn: ({ signal }: { signal: AbortSignal }) => ask(RunDecisionsDocument, { id: props.id }, signal) }))
  const found = createMemo(() => {
    const nodes = query.isSuccess ? query.data.policyDecisions.nodes : []
    return decisionOrder.flatMap((outcome) => [false, true].map((hindsight) => ({ outcome, hindsight, times: nodes.filter((node) => node.outcome === outcome && (node.place === 'COLLECTOR') === hindsight).length }))).filter((one) => one.times > 0)
  })
  const plus = (): string => (query.isSuccess && query.data.policyDecisions.pageInfo.hasNextPage ? '+' : '')
  return <For each={found()}>{(one) => <A href={`/policy${queryString({ run: props.id, outcome: one.outcome, place: one.hindsight ? 'COLLECTOR' : ['AGENT', 'ENDPOINT'] })}`}><Outcome outcome={one.outcome} hindsight={one.hindsight} /> {one.times}{plus()}</A>}</For>
}

/** Why a run failed, in its first line: where it began and what it says. It opens that step. */
const Cause = (props: { id: string; skeleton: Skeleton; row: number }) => {
  const span = createMemo(() => spanId(props.skeleton, props.row))
  const query = useQuery(() => {
    const [run, id] = [props.id, span()]
    return { queryKey: ['step-failure', run, id], queryFn: ({ signal }: { signal: AbortSignal }) => ask(StepFailureDocument, { run, span: id }, signal), reconcile: false as const }
  })
  const step = () => (query.isSuccess ? query.data.trace?.step : undefined)
  const said = (): string => [step()?.errorType ?? '', step()?.errorMessage ?? ''].filter((text) => text !== '').map(legible).join(': ')
  return (
    <a href={`/runs/${props.id}${queryString({ span: span() })}`} title={said()}>
      {legible(props.skeleton.names[props.skeleton.name[props.row]!] ?? '')} failed<Show when={query.isSuccess}>{said() === '' ? ', and does not say why' : `: ${said()}`}</Show>
    </a>
  )
}

const Head = (props: { run: RunFieldsFragment | undefined; id: string; skeleton: Skeleton | undefined; outdated: boolean; unknown: boolean }) => {
  const cause = createMemo(() => (props.skeleton === undefined ? -1 : failureCause(props.skeleton)))
  return (
    <div class={styles['head']}>
      <div class={styles['title']}>
        <h1>{props.run === undefined ? 'Run' : props.run.name === '' ? 'unnamed run' : <Name name={props.run.name} />}</h1>
        <Show when={props.run}>{(run) => <><Status status={run().status} /><Show when={!run().settled}><Note label="settling…" title="Spans may still arrive: figures can change." /></Show></>}</Show>
        <Id id={props.id} what="run id" />
        <Show when={props.outdated}><Warning label="newer spans could not be loaded" title="What is shown is older. The next update tries again." /></Show>
        <Show when={props.unknown}><Warning label="the summary could not be loaded" /></Show>
        <Show when={(props.run?.policyDecisionCount ?? 0) > 0}><Decisions id={props.id} /></Show>
      </div>
      <Show when={props.run}>
        {(run) => (
          <>
            <Facts run={run()} />
            <Show when={run().status === 'FAILED' && (props.skeleton === undefined || cause() !== -1)}>
              <p class={styles['cause']}><OctagonX size={14} aria-hidden="true" /><Show when={props.skeleton}>{(skeleton) => <Cause id={props.id} skeleton={skeleton()} row={cause()} />}</Show></p>
            </Show>
            <div class={styles['notes']}>
              <Show when={!run().isRun}><Note label="a trace, no run: none of its spans belongs to an agent" /></Show>
              <Show when={run().unpricedModelCalls > 0}><A href={ledgerHref({ run: run().id, basis: 'UNPRICED' })}><Warning label={`${plural(run().unpricedModelCalls, 'model call')} without a known price`} title="Not in the cost." /></A></Show>
              <Show when={run().unmeteredModelCalls > 0}><Warning label={`${plural(run().unmeteredModelCalls, 'model call')} without usage`} title="The instrumentation reports no tokens for them: they cost something, and nobody knows what." /></Show>
              <Show when={(props.skeleton?.notes.orphans ?? 0) > 0}><Warning label={`${plural(props.skeleton?.notes.orphans ?? 0, 'span')} without their parent`} title="The parent was not received: these spans stand as roots of their own." /></Show>
              <Show when={(props.skeleton?.notes.cyclesBroken ?? 0) > 0}><Warning label={`${plural(props.skeleton?.notes.cyclesBroken ?? 0, 'cycle')} in the parents`} title="Spans named each other as parents: the earliest was made a root." /></Show>
            </div>
          </>
        )}
      </Show>
    </div>
  )
}

const Tools = (props: { view: RunView; toGrid: () => void }) => {
  const middle = (): number => (props.view.window().from + props.view.window().to) / 2
  const step = (factor: number): void => props.view.setWindow(zoom(props.view.window(), factor, middle(), props.view.skeleton().totalMs))
  const found = (): string => {
    if (props.view.find().trim() === '') return plural(props.view.skeleton().rows, 'step')
    const [hits, active] = [props.view.hits(), props.view.active()]
    const at = hits.indexOf(active)
    return `${at === -1 ? '' : `${countExact(at + 1)} of `}${plural(hits.length, 'match', 'matches')}${props.view.searching() ? ' …' : ''}`
  }
  return (
    <div class={styles['tools']}>
      <input
        type="search" aria-label="Search in this run" placeholder="Search names and content" data-shortcut="/" autocomplete="off" spellcheck={false} value={props.view.find()}
        onInput={(event) => props.view.setFind(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') props.view.nextHit(event.shiftKey ? -1 : 1)
          else if (event.key === 'ArrowDown') props.toGrid()
          else if (event.key === 'Escape') {
            props.view.setFind('')
            props.toGrid()
          } else return
          event.preventDefault()
        }}
      />
      <span class={styles['count']} role="status">{found()}</span>
      <button type="button" disabled={props.view.hits().length === 0} onClick={() => props.view.nextHit(-1)}>Previous</button>
      <button type="button" disabled={props.view.hits().length === 0} onClick={() => props.view.nextHit(1)}>Next</button>
      <span class={styles['spring']} />
      <button type="button" class="square" aria-label="Fold everything" title="Fold everything" onClick={() => props.view.foldAll(true)}><ChevronRight size={14} aria-hidden="true" /></button>
      <button type="button" class="square" aria-label="Open everything" title="Open everything" onClick={() => props.view.foldAll(false)}><ChevronDown size={14} aria-hidden="true" /></button>
      <button type="button" class="square" aria-label="Zoom out" title="Zoom out (−)" onClick={() => step(1.6)}><Minus size={14} aria-hidden="true" /></button>
      <button type="button" class="square" aria-label="Zoom in" title="Zoom in (+)" onClick={() => step(1 / 1.6)}><Plus size={14} aria-hidden="true" /></button>
      <button type="button" onClick={() => props.view.setWindow({ from: 0, to: props.view.skeleton().totalMs })}>Whole trace</button>
    </div>
  )
}

const Trace = (props: { id: string; skeleton: Skeleton }) => {
  const view = createRunView(() => props.skeleton)
  let grid: HTMLElement | undefined
  const toGrid = (): void => grid?.focus()
  /** Before the steps have the focus, as when the page was opened; on them, the waterfall hears the key first. */
  const trouble = (direction: 1 | -1) => (): void => {
    toGrid()
    view.nextTrouble(direction)
  }
  const close = (): void => {
    view.setOpen(false)
    toGrid()
  }
  /** From anywhere: the details may lie on what has the focus. */
  const leave = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && !event.defaultPrevented && view.open()) close()
  }
  onShortcut({ e: trouble(1), E: trouble(-1) })
  return (
    <div class={styles['body']} classList={{ [styles['withDetail'] ?? '']: view.open() }} onKeyDown={leave}>
      <div class={styles['trace']}>
        <Overview view={view} />
        <Tools view={view} toGrid={toGrid} />
        <Waterfall view={view} grid={(element) => { grid = element }} />
      </div>
      <Show when={view.open() && props.skeleton.rows > 0}>
        <Detail run={props.id} span={spanId(props.skeleton, view.active())} close={close} />
      </Show>
    </div>
  )
}

/** One run, or any other trace. */
export const Run = () => {
  const params = useParams<{ id: string }>()
  const live = useLive()
  const loaded = loadSkeleton(() => params.id)
  const query = useQuery(() => {
    const id = params.id
    return {
      queryKey: ['run', id], queryFn: ({ signal }: { signal: AbortSignal }) => ask(RunDocument, { id }, signal), reconcile: 'id',
      refetchInterval: (current: { state: { data?: { trace?: { settled: boolean } | null } | undefined } }) =>
        live.wanted() && live.state() !== 'connected' && current.state.data?.trace?.settled !== true ? pollMs : false as const,
    }
  })
  const run = (): RunFieldsFragment | undefined => (query.isSuccess ? (query.data.trace ?? undefined) : undefined)
  const reread = askAgain(query)
  const refresh = (): void => {
    reread()
    loaded.refresh()
  }
  live.onRuns((changed) => {
    if (changed === 'any' || changed.has(params.id)) refresh()
  })
  createEffect(() => {
    document.title = `${legible(run()?.name || 'Run')} · Spanledger`
  })
  /** The summary takes the lines that it needs, above the steps: they wait for it, so that nothing moves under the pointer. One that failed keeps nobody waiting. */
  const told = (): boolean => query.isSuccess || query.failureCount > 0
  const empty = (): boolean => loaded.skeleton()?.rows === 0
  return (
    <div class={styles['page']}>
      <Head run={run()} id={params.id} skeleton={loaded.skeleton()} outdated={loaded.failure() !== undefined && loaded.skeleton() !== undefined} unknown={query.isError} />
      <Switch fallback={<div><Progress when={loaded.asking() || !told()} what="the trace" /></div>}>
        <Match when={loaded.failure() !== undefined && loaded.skeleton() === undefined}><div class={styles['panel']}><Failure what="This trace" cause={loaded.failure()} retry={refresh} /><p><A href="/runs">All runs</A></p></div></Match>
        <Match when={empty()}><div class={styles['panel']}><p>No span of this trace is stored yet.</p></div></Match>
        <Match when={told() ? loaded.skeleton() : undefined}>{(skeleton) => <Trace id={params.id} skeleton={skeleton()} />}</Match>
      </Switch>
    </div>
  )
}
