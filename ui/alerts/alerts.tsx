import { A } from '@solidjs/router'
import { keepPreviousData, useQuery } from '@tanstack/solid-query'
import { createSignal, For, Match, type ParentProps, Show, Switch } from 'solid-js'
import { legible, plural } from '../format.ts'
import { AlertPreviewDocument, AlertsDocument, type AlertsQuery, DefineAlertRuleDocument, MuteAlertRuleDocument, RetireAlertRuleDocument, TestAlertDestinationDocument } from '../queries.ts'
import { ask } from '../request.ts'
import { Failure, isAwaited, Progress } from '../widgets/failure.tsx'
import { Time } from '../widgets/figures.tsx'
import { Empty, Page } from '../widgets/page.tsx'
import styles from './alerts.module.css'
import { type Previewed, RulePreview } from './preview.tsx'
import { RuleForm } from './rule-form.tsx'
import { aboutWords, alertHref, canBePreviewed, documentOf, draftOf, newDraft, type RuleDraft, ruleText, signalText } from './rule-words.ts'

type Alert = AlertsQuery['alerts'][number]
type Rule = AlertsQuery['alertRules'][number]

const severityMarks: Readonly<Record<Alert['severity'], string>> = { CRITICAL: '● critical', WARNING: '▲ warning', INFO: 'info' }
const eventWords: Readonly<Record<AlertsQuery['alertEvents'][number]['kind'], string>> = { FIRING: 'fired', RESOLVED: 'over', DELIVERED: 'told', FAILED: 'not told', MUTED: 'muted' }
/** How often what fires is asked for anew, and for how long the button mutes. In milliseconds. */
const refreshMs = 5_000
const muteMs = 86_400_000

const answerOf = (alerts: readonly Alert[], rules: readonly Rule[]): string => {
  const firing = alerts.filter((alert) => alert.firing)
  const critical = firing.filter(({ severity }) => severity === 'CRITICAL').length
  const muted = rules.filter(({ mutedUntil }) => mutedUntil !== null).length
  return `${firing.length === 0 ? 'Nothing fires' : `${plural(firing.length, 'alert')} ${firing.length === 1 ? 'fires' : 'fire'}${critical > 0 ? `, ${critical} critical` : ''}`}${muted > 0 ? `; ${plural(muted, 'rule')} muted` : ''}.`
}

interface Editing {
  readonly draft: RuleDraft
  /** The rule is there already. */
  readonly known: boolean
}

const alertOf = (alerts: readonly Alert[], key: string): Alert | undefined => alerts.find((alert) => alert.key === key)

/** Opens what an alert is about, in the time that it is about. */
const About = (props: ParentProps<{ alert: Alert | undefined }>) => {
  const href = (): string | undefined => (props.alert === undefined ? undefined : alertHref(props.alert))
  return <Show when={href()} fallback={props.children}>{(to) => <A href={to()} title={`${aboutWords(props.alert?.on ?? null)}: open what this is about.`}>{props.children}</A>}</Show>
}

const wordsOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

const RuleRow = (props: { rule: Rule; mute: () => void; preview: () => void; change: () => void; remove: () => void }) => (
  <tr>
    <td>{props.rule.id}<div class="muted">{props.rule.origin === 'FILE' ? 'from the alerts file: change it there' : `defined here, version ${props.rule.version ?? 1}`}</div></td>
    <td>{signalText(props.rule.on)}</td>
    <td>{ruleText(props.rule)}</td>
    <td>{props.rule.notify.join(', ') || 'nobody'}<Show when={props.rule.unknown.length > 0}><div class={styles['refused']}>▲ not in the file: {props.rule.unknown.join(', ')}</div></Show></td>
    <td class="nowrap"><Show when={props.rule.mutedUntil} fallback="–">{(until) => <Time iso={until()} />}</Show></td>
    <td>
      <div class={styles['acts']}>
        <button type="button" aria-label={`${props.rule.mutedUntil === null ? 'Mute for a day' : 'Unmute'}: ${props.rule.id}`} onClick={() => props.mute()}>{props.rule.mutedUntil === null ? 'Mute for a day' : 'Unmute'}</button>
        <Show when={canBePreviewed(props.rule.on)}><button type="button" aria-label={`Preview: ${props.rule.id}`} onClick={() => props.preview()}>Preview</button></Show>
        <Show when={props.rule.origin === 'API'}>
          <button type="button" aria-label={`Change: ${props.rule.id}`} onClick={() => props.change()}>Change</button>
          <button type="button" aria-label={`Delete: ${props.rule.id}`} onClick={() => props.remove()}>Delete</button>
        </Show>
      </div>
    </td>
  </tr>
)

/** What fires, and who was told? */
export const Alerts = () => {
  const [said, setSaid] = createSignal('')
  const [editing, setEditing] = createSignal<Editing>()
  const [previewed, setPreviewed] = createSignal<Previewed>()
  const query = useQuery(() => ({
    queryKey: ['alerts'], queryFn: ({ signal }: { signal: AbortSignal }) => ask(AlertsDocument, {}, signal), placeholderData: keepPreviousData, refetchInterval: refreshMs, reconcile: 'id' as const,
  }))
  let rules: HTMLHeadingElement | undefined
  /** What had the focus is gone: reading goes on above the rules. */
  const toRules = (): void => rules?.focus()
  const act = async (what: (signal: AbortSignal) => Promise<string>): Promise<void> => {
    setSaid(await what(new AbortController().signal).catch(wordsOf))
    void query.refetch()
  }
  const mute = (rule: Rule): Promise<void> => act(async (signal) => {
    const until = rule.mutedUntil === null ? new Date(Date.now() + muteMs).toISOString() : null
    await ask(MuteAlertRuleDocument, { rule: rule.id, until }, signal)
    return until === null ? `${rule.id} tells again.` : `${rule.id} tells nobody for a day.`
  })
  const test = (id: string): Promise<void> => act(async (signal) => {
    const { testAlertDestination: { ok, detail } } = await ask(TestAlertDestinationDocument, { id }, signal)
    return `${id}: ${ok ? 'a test was taken' : 'the test was not taken'}, ${detail}.`
  })
  const remove = ({ id }: Rule): Promise<void> => act(async (signal) => {
    await ask(RetireAlertRuleDocument, { id }, signal)
    if (editing()?.draft.id === id) setEditing(undefined)
    if (previewed()?.id === id) setPreviewed(undefined)
    toRules()
    return `${id} is no more. What it fired is over.`
  })
  const previewRule = (rule: Rule): Promise<void> => act(async (signal) => {
    const { alertPreview: preview } = await ask(AlertPreviewDocument, { rule: rule.id }, signal)
    setPreviewed({ id: rule.id, on: rule.on, groupBy: rule.groupBy, above: rule.above ?? 0, unit: rule.unit ?? '', preview })
    return ''
  })
  const previewDraft = async (draft: RuleDraft): Promise<string> => {
    try {
      const { alertPreview: preview } = await ask(AlertPreviewDocument, { document: documentOf(draft) }, new AbortController().signal)
      const unit = query.data?.alertSignals.find(({ id }) => id === draft.on)?.unit ?? ''
      setPreviewed({ id: draft.id, on: draft.on, groupBy: draft.groupBy || null, above: Number(draft.above), unit, preview })
      return ''
    } catch (cause) {
      setPreviewed(undefined)
      return wordsOf(cause)
    }
  }
  const save = async (draft: RuleDraft): Promise<string> => {
    try {
      const { defineAlertRule: { id, version } } = await ask(DefineAlertRuleDocument, { document: documentOf(draft) }, new AbortController().signal)
      setEditing(undefined)
      setPreviewed(undefined)
      toRules()
      setSaid(`${id} is in force, version ${version ?? 1}.`)
      void query.refetch()
      return ''
    } catch (cause) {
      return wordsOf(cause)
    }
  }
  return (
    <Page title="Alerts" answer={query.isSuccess ? answerOf(query.data.alerts, query.data.alertRules) : undefined}>
      <Progress when={isAwaited(query)} what="alerts" />
      <p role="status" class={styles['said']}>{said()}</p>
      <Switch>
        <Match when={query.error}>{(cause) => <Failure what="The alerts" cause={cause()} retry={() => void query.refetch()} />}</Match>
        <Match when={query.isSuccess ? query.data : undefined}>
          {(data) => (
            <>
              <Show when={data().alertRules.length === 0}>
                <Empty><p>Nobody is told of anything yet.</p><p>Make a rule below. Whom rules tell is named in a file, <code>SPANLEDGER_ALERTS</code>, because addresses are secrets: docs/alerts.md has one to copy.</p></Empty>
              </Show>
              <Show when={data().alertRules.length > 0 || data().alerts.length > 0}>
                <section>
                  <h2>Firing and recent</h2>
                  <div class="scroll-x" role="region" tabindex="0" aria-label="Alerts">
                    <table>
                      <thead><tr><th scope="col">Severity</th><th scope="col">What</th><th scope="col">Since</th><th scope="col">Ended</th><th scope="col">Still to be told</th></tr></thead>
                      <tbody><For each={data().alerts} fallback={<tr><td colspan="5" class="muted">No alert yet.</td></tr>}>{(alert) => (
                        <tr>
                          <td class="nowrap">{severityMarks[alert.severity]}</td>
                          <td><About alert={alert}><strong>{legible(alert.title)}</strong></About><div class="muted">{legible(alert.summary)}</div></td>
                          <td class="nowrap"><Time iso={alert.firedAt} /></td>
                          <td class="nowrap"><Show when={alert.resolvedAt} fallback="still fires">{(at) => <Time iso={at()} />}</Show></td>
                          <td>{alert.waiting.join(', ') || '–'}</td>
                        </tr>
                      )}</For></tbody>
                    </table>
                  </div>
                </section>
              </Show>
              <section>
                <h2 ref={rules} tabindex="-1">Rules</h2>
                <Show when={data().alertRules.length > 0}>
                  <div class="scroll-x" role="region" tabindex="0" aria-label="Rules">
                    <table>
                      <thead><tr><th scope="col">Rule</th><th scope="col">Looks at</th><th scope="col">Fires</th><th scope="col">Tells</th><th scope="col">Muted until</th><th scope="col">Act</th></tr></thead>
                      <tbody><For each={data().alertRules}>{(rule) => (
                        <RuleRow
                          rule={rule} mute={() => void mute(rule)} preview={() => void previewRule(rule)} change={() => setEditing({ draft: draftOf(rule), known: true })} remove={() => void remove(rule)}
                        />
                      )}</For></tbody>
                    </table>
                  </div>
                </Show>
                <Show when={editing()} keyed fallback={<p class={styles['new']}><button type="button" onClick={() => setEditing({ draft: newDraft, known: false })}>New rule</button></p>}>
                  {({ draft, known }) => (
                    <RuleForm
                      draft={draft} known={known} signals={data().alertSignals} destinations={data().alertDestinations} save={save} preview={previewDraft}
                      cancel={() => { setEditing(undefined); setPreviewed(undefined); toRules() }}
                    />
                  )}
                </Show>
                <Show when={previewed()}>{(of) => <RulePreview of={of()} close={() => { setPreviewed(undefined); toRules() }} />}</Show>
              </section>
              <section>
                <h2>Destinations</h2>
                <div class="scroll-x" role="region" tabindex="0" aria-label="Destinations">
                  <table>
                    <thead><tr><th scope="col">Destination</th><th scope="col">Kind</th><th scope="col">State</th><th scope="col">Act</th></tr></thead>
                    <tbody><For each={data().alertDestinations} fallback={<tr><td colspan="4" class="muted">None: name them in the alerts file.</td></tr>}>{(one) => (
                      <tr>
                        <td>{one.id}</td><td>{one.kind.toLowerCase()}</td>
                        <td>{one.gone ? 'gone (410)' : one.failures === 0 ? 'hears' : `failed ${plural(one.failures, 'time')} in a row`}</td>
                        <td><button type="button" aria-label={`Test: ${one.id}`} onClick={() => void test(one.id)}>Test</button></td>
                      </tr>
                    )}</For></tbody>
                  </table>
                </div>
              </section>
              <section>
                <h2>History and deliveries</h2>
                <div class="scroll-x" role="region" tabindex="0" aria-label="History and deliveries">
                  <table>
                    <thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col">Alert</th><th scope="col">Destination</th><th scope="col">Answer</th></tr></thead>
                    <tbody><For each={data().alertEvents} fallback={<tr><td colspan="5" class="muted">Nothing happened yet.</td></tr>}>{(event) => (
                      <tr><td class="nowrap"><Time iso={event.at} /></td><td>{eventWords[event.kind]}</td><td><About alert={alertOf(data().alerts, event.key)}>{legible(event.title)}</About></td><td>{event.destination ?? '–'}</td><td>{event.detail ?? ''}</td></tr>
                    )}</For></tbody>
                  </table>
                </div>
              </section>
            </>
          )}
        </Match>
      </Switch>
    </Page>
  )
}
