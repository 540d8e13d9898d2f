import { keepPreviousData, useQuery } from '@tanstack/solid-query'
import { createSignal, For, Match, Show, Switch } from 'solid-js'
import { duration, plural } from '../format.ts'
import { AlertPreviewDocument, AlertsDocument, type AlertsQuery, MuteAlertRuleDocument, TestAlertDestinationDocument } from '../queries.ts'
import { ask } from '../request.ts'
import { Failure, Progress } from '../widgets/failure.tsx'
import { Time } from '../widgets/figures.tsx'
import { Empty, Page } from '../widgets/page.tsx'
import styles from './alerts.module.css'

type Alert = AlertsQuery['alerts'][number]
type Rule = AlertsQuery['alertRules'][number]

const severityMarks: Readonly<Record<Alert['severity'], string>> = { CRITICAL: '● critical', WARNING: '▲ warning', INFO: 'info' }
const eventWords: Readonly<Record<AlertsQuery['alertEvents'][number]['kind'], string>> = { FIRING: 'fired', RESOLVED: 'over', DELIVERED: 'told', FAILED: 'not told', MUTED: 'muted' }
/** How often what fires is asked for anew, and for how long the button mutes. In milliseconds. */
const refreshMs = 5_000
const muteMs = 86_400_000

const ruleText = (rule: Rule): string => rule.on === 'budget' ? 'thresholds and burn rates of budgets'
  : `above ${rule.above ?? 0} ${rule.unit ?? ''}, in ${duration(rule.windowMs ?? 0)}${rule.forMs ? ` for ${duration(rule.forMs)}` : ''}${rule.groupBy === null ? '' : ` by ${rule.groupBy}`}`

const answerOf = (alerts: readonly Alert[], rules: readonly Rule[]): string => {
  const firing = alerts.filter((alert) => alert.firing)
  const critical = firing.filter(({ severity }) => severity === 'CRITICAL').length
  const muted = rules.filter(({ mutedUntil }) => mutedUntil !== null).length
  return `${firing.length === 0 ? 'Nothing fires' : `${plural(firing.length, 'alert')} ${firing.length === 1 ? 'fires' : 'fire'}${critical > 0 ? `, ${critical} critical` : ''}`}${muted > 0 ? `; ${plural(muted, 'rule')} muted` : ''}.`
}

/** What fires, and who was told? */
export const Alerts = () => {
  const [said, setSaid] = createSignal('')
  const query = useQuery(() => ({
    queryKey: ['alerts'], queryFn: ({ signal }: { signal: AbortSignal }) => ask(AlertsDocument, {}, signal), placeholderData: keepPreviousData, refetchInterval: refreshMs, reconcile: false as const,
  }))
  const act = async (what: (signal: AbortSignal) => Promise<string>): Promise<void> => {
    try {
      setSaid(await what(new AbortController().signal))
    } catch (cause) {
      setSaid(cause instanceof Error ? cause.message : String(cause))
    }
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
  const preview = (rule: string): Promise<void> => act(async (signal) => {
    const { alertPreview: found } = await ask(AlertPreviewDocument, { rule }, signal)
    return `${rule} would have been above its line in ${plural(found.length, 'window')} of the last 30 days${found.length === 0 ? '' : `, last at ${found.at(-1)?.at ?? ''}`}.`
  })
  return (
    <Page title="Alerts" answer={query.isSuccess ? answerOf(query.data.alerts, query.data.alertRules) : undefined}>
      <Progress when={query.isFetching && !query.isSuccess} what="alerts" />
      <p role="status" class={styles['said']}>{said()}</p>
      <Switch>
        <Match when={query.error}>{(cause) => <Failure what="The alerts" cause={cause()} retry={() => void query.refetch()} />}</Match>
        <Match when={query.isSuccess && query.data.alertRules.length === 0}>
          <Empty><p>Nobody is told of anything yet.</p><p>Name a file of rules and destinations in <code>SPANLEDGER_ALERTS</code>: docs/alerts.md has one to copy.</p></Empty>
        </Match>
        <Match when={query.isSuccess ? query.data : undefined}>
          {(data) => (
            <>
              <section>
                <h2>Firing and recent</h2>
                <div class="scroll-x" role="region" tabindex="0" aria-label="Alerts">
                  <table>
                    <thead><tr><th scope="col">Severity</th><th scope="col">What</th><th scope="col">Since</th><th scope="col">Over</th><th scope="col">Still to be told</th></tr></thead>
                    <tbody><For each={data().alerts} fallback={<tr><td colspan="5" class="muted">No alert yet.</td></tr>}>{(alert) => (
                      <tr>
                        <td class="nowrap">{severityMarks[alert.severity]}</td>
                        <td><strong>{alert.title}</strong><div class="muted">{alert.summary}</div></td>
                        <td class="nowrap"><Time iso={alert.firedAt} /></td>
                        <td class="nowrap"><Show when={alert.resolvedAt} fallback="fires">{(at) => <Time iso={at()} />}</Show></td>
                        <td>{alert.waiting.join(', ') || '–'}</td>
                      </tr>
                    )}</For></tbody>
                  </table>
                </div>
              </section>
              <section>
                <h2>Rules</h2>
                <div class="scroll-x" role="region" tabindex="0" aria-label="Rules">
                  <table>
                    <thead><tr><th scope="col">Rule</th><th scope="col">Looks at</th><th scope="col">Fires</th><th scope="col">Tells</th><th scope="col">Muted until</th><th scope="col">Act</th></tr></thead>
                    <tbody><For each={data().alertRules}>{(rule) => (
                      <tr>
                        <td>{rule.id}</td><td>{rule.on.replaceAll('_', ' ')}</td><td>{ruleText(rule)}</td><td>{rule.notify.join(', ') || 'nobody'}</td>
                        <td class="nowrap"><Show when={rule.mutedUntil} fallback="–">{(until) => <Time iso={until()} />}</Show></td>
                        <td class="nowrap">
                          <button type="button" onClick={() => void mute(rule)}>{rule.mutedUntil === null ? 'Mute for a day' : 'Unmute'}</button>{' '}
                          <Show when={rule.on !== 'budget' && rule.on !== 'silence'}><button type="button" onClick={() => void preview(rule.id)}>Preview</button></Show>
                        </td>
                      </tr>
                    )}</For></tbody>
                  </table>
                </div>
              </section>
              <section>
                <h2>Destinations</h2>
                <div class="scroll-x" role="region" tabindex="0" aria-label="Destinations">
                  <table>
                    <thead><tr><th scope="col">Destination</th><th scope="col">Kind</th><th scope="col">State</th><th scope="col">Act</th></tr></thead>
                    <tbody><For each={data().alertDestinations} fallback={<tr><td colspan="4" class="muted">None.</td></tr>}>{(one) => (
                      <tr>
                        <td>{one.id}</td><td>{one.kind.toLowerCase()}</td>
                        <td>{one.gone ? 'gone (410)' : one.failures === 0 ? 'hears' : `failed ${plural(one.failures, 'time')} in a row`}</td>
                        <td><button type="button" onClick={() => void test(one.id)}>Test</button></td>
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
                      <tr><td class="nowrap"><Time iso={event.at} /></td><td>{eventWords[event.kind]}</td><td>{event.title}</td><td>{event.destination ?? '–'}</td><td>{event.detail ?? ''}</td></tr>
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
