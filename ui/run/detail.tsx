import * as Tabs from '@kobalte/core/tabs'
import { A, useSearchParams } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import X from 'lucide-solid/icons/x'
import { createEffect, createSignal, For, type JSX, Match, onCleanup, onMount, Show, Switch } from 'solid-js'
import { decimalExact, legible, meterUnit, money, moneyExact, shortId } from '../format.ts'
import { type DecisionFieldsFragment, type LedgerFieldsFragment, StepDocument, type StepQuery } from '../queries.ts'
import { ask } from '../request.ts'
import { ledgerHref, queryString, valueText } from '../url-state.ts'
import { Id } from '../widgets/copy.tsx'
import { Duration, Money, Time } from '../widgets/figures.tsx'
import { Failure, isAwaited, Progress } from '../widgets/failure.tsx'
import { KindIcon, kindLooks } from '../widgets/kind.tsx'
import { Name } from '../widgets/name.tsx'
import { modeWords, Note, Outcome, placeWords, Warning } from '../widgets/outcome.tsx'
import { Content, Folded, Pairs } from './content.tsx'
import { pretty } from './messages.ts'
import { dialectName, evidenceText, usageNote } from '../widgets/telemetry-words.ts'
import styles from './run.module.css'

type Step = NonNullable<NonNullable<StepQuery['trace']>['step']>

/** Milliseconds the selection rests before its details are asked for: holding an arrow key asks once. */
const restMs = 120

const Fact = (props: { name: string; children: JSX.Element }) => <><dt>{props.name}</dt><dd>{props.children}</dd></>
const Text = (props: { name: string; value: string | null | undefined }) => <Show when={props.value}>{(value) => <Fact name={props.name}><Name name={value()} /></Fact>}</Show>

const Summary = (props: { step: Step; run: string; entries: readonly LedgerFieldsFragment[] }) => (
  <>
    <Show when={props.step.errorType ?? props.step.errorMessage}>
      <div class={styles['errorBox']} role="note"><strong>{legible(props.step.errorType ?? 'Failed')}</strong><Show when={props.step.errorMessage}>{(text) => <Folded text={text()} isCode={false} />}</Show></div>
    </Show>
    <dl class={styles['pairs']}>
      <Fact name="Kind">{kindLooks[props.step.kind].label}</Fact>
      <Fact name="Started"><Time iso={props.step.startedAt} /></Fact>
      <Fact name="Duration"><Duration ms={props.step.durationMs} /></Fact>
      <Text name="Agent" value={props.step.agent} />
      <Text name="Workflow" value={props.step.workflow} />
      <Text name="Tool" value={props.step.tool} />
      <Show when={!props.step.executed}><Fact name="Executed"><Warning label="not executed" title="A model asked for this call and nobody ran it: it is not counted." /></Fact></Show>
      <Text name="Provider" value={props.step.provider} />
      <Text name="Asked model" value={props.step.requestModel} />
      <Text name="Answering model" value={props.step.responseModel} />
      <Show when={props.step.timeToFirstTokenMs !== null}><Fact name="First token after"><Duration ms={props.step.timeToFirstTokenMs} /></Fact></Show>
      <Show when={props.step.finishReasons.length > 0}><Fact name="Finished because">{props.step.finishReasons.map(legible).join(', ')}</Fact></Show>
      <Show when={props.step.tokens}>
        {(tokens) => (
          <Fact name="Tokens">
            {decimalExact(String(tokens().input))} in ({decimalExact(String(tokens().cachedInput))} cached, {decimalExact(String(tokens().cacheWrite))} written to the cache), {decimalExact(String(tokens().output))} out ({decimalExact(String(tokens().reasoning))} reasoning)
          </Fact>
        )}
      </Show>
      <Show when={props.step.cost !== null || props.entries.length > 0}>
        <Fact name="Cost"><Money amount={props.step.cost} href={ledgerHref({ run: props.run, span: props.step.id })} what="this step" /></Fact>
      </Show>
      <Show when={props.step.reportedCost}>{(cost) => <Fact name="Reported cost"><Money amount={cost()} /></Fact>}</Show>
      <Show when={props.step.tokens}><Fact name="Counted">{props.step.counted ? 'yes' : 'no'}<Show when={props.step.countReason}>{(reason) => <> ({reason()})</>}</Show></Fact></Show>
      <Show when={props.step.flags.length > 0}><Fact name="Usage notes"><For each={props.step.flags}>{(flag) => <Note {...usageNote(flag)} />}</For></Fact></Show>
      <Text name="Service" value={props.step.service} />
      <Text name="User" value={props.step.user} />
      <Show when={props.step.session}>{(session) => <Fact name="Session"><A href={`/runs${queryString({ session: valueText(session()) })}`}>{legible(session())}</A></Fact>}</Show>
      <Text name="Instrumentation" value={props.step.scope} />
      <Fact name="Read as"><span title={props.step.dialect}>{dialectName(props.step.dialect)}</span></Fact>
      <Fact name="Span id"><Id id={props.step.id} what="span id" /></Fact>
    </dl>
  </>
)

const Messages = (props: { step: Step }) => (
  <Show
    when={props.step.input !== null || props.step.output !== null}
    fallback={<p class="muted">The telemetry carries no content for this step. Most instrumentations send it only where OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true is set for the agent.</p>}
  >
    <Show when={props.step.input !== null}><Content title={props.step.kind === 'TOOL_CALL' ? 'Arguments' : 'Input'} value={props.step.input} /></Show>
    <Show when={props.step.output !== null}><Content title={props.step.kind === 'TOOL_CALL' ? 'Result' : 'Output'} value={props.step.output} /></Show>
  </Show>
)

const Cost = (props: { entries: readonly LedgerFieldsFragment[]; more: boolean; href: string }) => (
  <Show when={props.entries.length > 0} fallback={<p class="muted">No ledger entry belongs to this step.</p>}>
    <p><A href={props.href}>Open these entries in the ledger</A></p>
    <For each={props.entries}>
      {(entry) => (
        <article class={styles['entry']}>
          <div class={styles['entryHead']}><span>{legible(entry.meter)}</span><span title={moneyExact(entry.amount)}>{money(entry.amount)}</span></div>
          <dl class={styles['pairs']}>
            <Fact name="Entry">{entry.kind.toLowerCase()}, {entry.reason}</Fact>
            <Fact name="Quantity">{decimalExact(entry.quantity)} {meterUnit(entry.meter, entry.quantity)}</Fact>
            <Fact name="Unit price">{entry.unitPrice === null ? 'unpriced' : `${entry.unitPrice} USD a ${meterUnit(entry.meter, '1')}`}</Fact>
            <Fact name="Exact amount">{entry.amount === null ? 'unknown' : `${entry.amount} USD`}</Fact>
            <Fact name="Basis">{entry.basis.toLowerCase()}</Fact>
            <Text name="Price card" value={entry.priceCard} />
            <Show when={entry.priceBookVersion}>{(version) => <Fact name="Price book"><Id id={version()} what="price book version" /></Fact>}</Show>
            <Show when={entry.reverses}>{(id) => <Fact name="Reverses"><Id id={id()} what="ledger entry id" /></Fact>}</Show>
          </dl>
        </article>
      )}
    </For>
    <Show when={props.more}><p class="muted">Only the first 100 are shown here.</p></Show>
  </Show>
)

const Policy = (props: { decisions: readonly DecisionFieldsFragment[] }) => (
  <For each={props.decisions} fallback={<p class="muted">No policy decided about this step.</p>}>
    {(decision) => (
      <article class={styles['entry']}>
        <div class={styles['entryHead']}><span>{decision.policyId}@{decision.policyVersion}</span><Outcome outcome={decision.outcome} hindsight={decision.place === 'COLLECTOR'} /></div>
        <p>{legible(decision.reason)}</p>
        <dl class={styles['pairs']}>
          <Fact name="Taken">{placeWords[decision.place]}</Fact>
          <Fact name="Mode">{modeWords[decision.mode]}</Fact>
          <Fact name="Decided"><Time iso={decision.decidedAt} /></Fact>
          <Text name="Actor" value={decision.actor} />
          <Fact name="Evidence"><Folded text={evidenceText(decision.evidence)} isCode /></Fact>
        </dl>
      </article>
    )}
  </For>
)

const Events = (props: { step: Step }) => (
  <For each={props.step.events} fallback={<p class="muted">No events.</p>}>
    {(event) => <article class={styles['entry']}><div class={styles['entryHead']}><span>{legible(event.name)}</span><Time iso={event.time} /></div><Pairs value={event.attributes} /></article>}
  </For>
)

const bodyText = (body: unknown): string => (typeof body === 'string' ? body : pretty(body))

const Logs = (props: { step: Step }) => (
  <Show when={props.step.logs.length > 0}>
    <h3>Log records</h3>
    <For each={props.step.logs}>
      {(log) => (
        <article class={styles['entry']}>
          <div class={styles['entryHead']}><span>{legible(log.eventName ?? log.severity ?? 'log record')}</span><Time iso={log.time} /></div>
          <Show when={log.body !== null}><Folded text={bodyText(log.body)} isCode={typeof log.body !== 'string'} /></Show>
          <Pairs value={log.attributes} />
        </article>
      )}
    </For>
  </Show>
)

const tabs = ['Summary', 'Messages', 'Cost', 'Policy', 'Attributes', 'Events'] as const

/** Everything about one step. */
export const Detail = (props: { run: string; span: string; close: () => void }) => {
  const [span, setSpan] = createSignal(props.span)
  const [search, setSearch] = useSearchParams()
  const tab = (): string => tabs.find((name) => name.toLowerCase() === search['tab']) ?? 'Summary'
  const setTab = (name: string): void => setSearch({ tab: name === 'Summary' ? null : name.toLowerCase() }, { replace: true, scroll: false })
  createEffect(() => {
    const next = props.span
    const timer = setTimeout(() => setSpan(next), restMs)
    onCleanup(() => clearTimeout(timer))
  })
  let heading: HTMLHeadingElement | undefined
  // On a phone they stand in the place of the steps.
  onMount(() => {
    if (matchMedia('(max-width: 767px)').matches) heading?.focus()
  })
  const query = useQuery(() => {
    const id = span()
    return { queryKey: ['step', props.run, id], queryFn: ({ signal }: { signal: AbortSignal }) => ask(StepDocument, { run: props.run, span: id }, signal), enabled: id !== '', reconcile: false as const }
  })
  const step = (): Step | undefined => (query.isSuccess ? (query.data.trace?.step ?? undefined) : undefined)
  const entries = (): readonly LedgerFieldsFragment[] => (query.isSuccess ? query.data.ledgerEntries.nodes : [])
  const decisions = (): readonly DecisionFieldsFragment[] => (query.isSuccess ? query.data.policyDecisions.nodes : [])
  const title = (name: (typeof tabs)[number]): string => {
    if (name === 'Messages') return step()?.kind === 'TOOL_CALL' ? 'Input/output' : name
    if (name === 'Cost' && entries().length > 0) return `${name} (${entries().length})`
    if (name === 'Policy' && decisions().length > 0) return `${name} (${decisions().length})`
    return name
  }
  return (
    <aside class={styles['detail']} aria-label="Details of the step">
      <div class={styles['detailHead']}>
        <div class={styles['detailTitle']}>
          <h2 ref={heading} tabindex="-1"><Show when={step()} fallback={`Step ${shortId(props.span)}`}>{(found) => <><KindIcon kind={found().kind} /> <Name name={found().name} /></>}</Show></h2>
          <button type="button" class="plain square" aria-label="Close the details" onClick={() => props.close()}><X size={16} aria-hidden="true" /></button>
        </div>
        <Progress when={isAwaited(query)} what="the step" />
      </div>
      <Switch fallback={<div />}>
        <Match when={query.isError}><div class={styles['panel']}><Failure what="This step" cause={query.error} retry={() => void query.refetch()} /></div></Match>
        <Match when={query.isSuccess && step() === undefined}><div class={styles['panel']}><p>This step is not stored yet. It may still be on its way.</p></div></Match>
        <Match when={step()}>
          {(found) => (
            <Tabs.Root class={styles['tabsRoot']} value={tab()} onChange={setTab}>
              <Tabs.List class={styles['tabs']} aria-label="Aspects of the step"><For each={tabs}>{(name) => <Tabs.Trigger value={name}>{title(name)}</Tabs.Trigger>}</For></Tabs.List>
              <Tabs.Content value="Summary" class={styles['panel']}><Summary step={found()} run={props.run} entries={entries()} /></Tabs.Content>
              <Tabs.Content value="Messages" class={styles['panel']}><Messages step={found()} /></Tabs.Content>
              <Tabs.Content value="Cost" class={styles['panel']}><Cost entries={entries()} more={query.isSuccess && query.data.ledgerEntries.pageInfo.hasNextPage} href={ledgerHref({ run: props.run, span: found().id })} /></Tabs.Content>
              <Tabs.Content value="Policy" class={styles['panel']}><Policy decisions={decisions()} /></Tabs.Content>
              <Tabs.Content value="Attributes" class={styles['panel']}>
                <Pairs value={found().attributes} />
                <Show when={found().droppedAttributes > 0}><p class="muted">{found().droppedAttributes} more were dropped by the SDK.</p></Show>
                <h3>Resource</h3><Pairs value={found().resource} />
              </Tabs.Content>
              <Tabs.Content value="Events" class={styles['panel']}><Events step={found()} /><Logs step={found()} /><Show when={Array.isArray(found().links) && (found().links as readonly unknown[]).length > 0}><h3>Links</h3><Folded text={pretty(found().links)} isCode /></Show></Tabs.Content>
            </Tabs.Root>
          )}
        </Match>
      </Switch>
    </aside>
  )
}
