import { hash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { RowBinaryWriter } from '#clickhouse/row-binary.ts'
import type { Store } from '#clickhouse/store.ts'
import { writeRow } from '#clickhouse/table.ts'
import { type AlertEventKind, alertEvents, type AlertEventRow } from '#clickhouse/tables/alert-events.ts'
import { AlertError, type AlertRule, type Destination, signalUnits } from '#otel-config/alerts/alert.ts'
import type { AlertKeeper, AlertState, DefinedRule, DestinationState, Preview, RuleState } from '#otel-config/alerts/standing.ts'
import type { Journal, Value } from '../budgets/journal.ts'
import type { Log } from '../log.ts'
import { backtest, windowsMax } from './backtest.ts'
import type { Candidate } from './candidate.ts'
import { type Attempt, deliver, type Notice } from './notice.ts'
import type { Rules } from './rules.ts'
import { isAbove, isOver, pastReadings, readings, type SignalRule, taken } from './signals.ts'

export interface AlerterOptions {
  readonly rules: Rules
  /** Of the operator's file. */
  readonly destinations: readonly Destination[]
  readonly tenant: string
  readonly store: Store
  readonly journal: Journal
  /** Budgets that crossed something since the last call, and whether what was crossed still holds. */
  readonly budgets: { readonly crossed: () => AsyncIterable<Candidate> | Iterable<Candidate>; readonly stillCrossed: (crossed: Pick<Candidate, 'budget' | 'crossing' | 'periodEnd'>) => boolean }
  readonly log: Log
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

const tickMs = 1_000
/** How often rules read ClickHouse. */
const readEveryMs = 30_000
/** Looks that are made up for, at most, for each rule. */
const looksBackMax = 20
const closeMs = 500
/** When a destination is told again, in milliseconds after the attempt before: the example of Standard Webhooks, 76 hours in all. */
const second = 1_000
const hour = 3_600 * second
const retryMs = [5 * second, 300 * second, 1_800 * second, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour]
const jitter = 0.1
/** A destination that failed so often in a row rests this long. */
const circuitFailures = 5
const circuitMs = 60_000
/** An alert that is over is forgotten after this; one that fires is kept as long as it does. */
const keptMs = 7 * 24 * hour
const firingMsMax = 400 * 24 * hour
/** Events that wait for ClickHouse. */
const eventsMax = 10_000
const prefix = 'alert:'

/** Who is to be told what of an alert, and when next. */
interface Delivery {
  readonly destination: string
  readonly status: 'firing' | 'resolved'
  readonly attempt: number
  readonly nextAt: number
}

/** One alert, as the journal keeps it: what was decided and whom it is still owed stand in one record, so that a crash parts neither. */
interface Alert extends Omit<Candidate, 'on'> {
  /** `null` where an older program fired it. */
  readonly on: Candidate['on'] | null
  readonly id: string
  readonly firing: boolean
  readonly firedAt: number
  readonly resolvedAt: number | null
  /** Who was told that it fired, and is told that it is over: its rule may name others by then. */
  readonly notify: readonly string[]
  readonly deliveries: readonly Delivery[]
}

interface Circuit {
  failures: number
  openUntil: number
  gone: boolean
  busy: boolean
}

/**
 * Looks at budgets and signals, fires once for each alert, and tells destinations until they have heard it. What was fired and what
 * is owed stand in the decider's journal; the history is in ClickHouse.
 */
export class Alerter implements AlertKeeper {
  readonly #options: AlerterOptions
  readonly #alerts = new Map<string, Alert>()
  readonly #circuits: ReadonlyMap<string, Circuit>
  /** Since when a rule is above, for those that wait. */
  readonly #since = new Map<string, number>()
  /** Rules that were not looked at for a while: since before the start, or because this process stood still or ClickHouse was away. */
  readonly #unseen = new Set<AlertRule>()
  readonly #stop = new AbortController()
  #events: AlertEventRow[] = []
  #running: Promise<void> | undefined
  #readAt = 0

  constructor(options: AlerterOptions) {
    this.#options = options
    this.#circuits = new Map(options.destinations.map(({ id }) => [id, { failures: 0, openUntil: 0, gone: false, busy: false }]))
    for (const [key, { value }] of options.journal.startingWith(prefix)) this.#alerts.set(key.slice(prefix.length), recalled(value))
    // What a crash kept from ClickHouse is told once more: the same event is the same row.
    for (const alert of this.#alerts.values()) {
      this.#record('FIRING', alert, alert.firedAt)
      if (alert.resolvedAt !== null) this.#record('RESOLVED', alert, alert.resolvedAt)
    }
  }

  start(): void {
    this.#running = this.#run()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    const ended = Promise.resolve(this.#running).then(() => this.#storeEvents()).catch((error: unknown) => this.#options.log.warn('the last events of alerts could not be stored', { error }))
    await Promise.race([ended, sleep(closeMs, undefined, { ref: false })])
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await sleep(tickMs, undefined, { signal: this.#stop.signal, ref: false })
        await this.tick()
      } catch (error) {
        if (this.#stop.signal.aborted) return
        this.#options.log.warn('alerts could not be looked at, they are again in a second', { error })
      }
    }
  }

  /** One look at everything. Deliveries go on by themselves. */
  async tick(): Promise<void> {
    const { log, now } = this.#options
    // What crossed is told once: one that cannot be written down must not take the others with it.
    for await (const candidate of this.#options.budgets.crossed()) for (const rule of this.#rulesFor(candidate)) {
      await this.#fire(rule, candidate).catch((error: unknown) => log.warn('an alert could not be written down, it is tried again when the budgets are read anew', { rule: rule.id, budget: candidate.budget, error }))
    }
    await this.#endPeriods()
    this.#deliverDue()
    await this.#storeEvents()
    if (now() < this.#readAt) return
    if (now() - this.#readAt > readEveryMs) for (const { rule } of this.#options.rules.all()) this.#unseen.add(rule)
    this.#readAt = now() + readEveryMs
    await this.#endObsolete()
    for (const { rule } of this.#options.rules.all()) if (rule.on !== 'budget') await this.#look(rule)
  }

  #rulesFor({ budget }: Candidate): AlertRule[] {
    return this.#options.rules.all().flatMap(({ rule }) => (rule.on === 'budget' && looksAt(rule, budget) ? [rule] : []))
  }

  /** Once: an alert that is known, also one that is over, is not fired again while its period lasts. */
  async #fire(rule: AlertRule, candidate: Candidate): Promise<void> {
    // While it was looked at, somebody may have changed it.
    if (this.#options.rules.get(rule.id)?.rule !== rule) return
    const key = `${rule.id}:${candidate.key}`
    const known = this.#alerts.get(key)
    if (known !== undefined && (known.firing || candidate.once)) return
    const at = this.#options.now()
    const muted = this.#mutedUntil(rule.id) !== undefined
    const notify = muted ? [] : rule.notify.filter((id) => this.#circuits.has(id))
    const alert: Alert = {
      ...candidate, key, rule: rule.id, id: crypto.randomUUID(), firing: true, firedAt: at, resolvedAt: null, notify,
      deliveries: notify.map((destination) => ({ destination, status: 'firing', attempt: 0, nextAt: at })),
    }
    await this.#keep(alert)
    this.#alerts.set(key, alert)
    this.#record('FIRING', alert, at)
    if (muted) this.#record('MUTED', alert, at)
  }

  async #resolve(alert: Alert): Promise<void> {
    const at = this.#options.now()
    // Muted or not: who was told of it, before the rule was muted, would wait for its end for ever.
    const deliveries = alert.notify.map((destination): Delivery => ({ destination, status: 'resolved', attempt: 0, nextAt: at }))
    const resolved: Alert = { ...alert, firing: false, resolvedAt: at, deliveries: [...alert.deliveries, ...deliveries] }
    await this.#update(resolved)
    this.#record('RESOLVED', resolved, at)
  }

  /** What is to be known after a crash. Nobody is told of an alert before it is. */
  async #keep(alert: Alert): Promise<void> {
    const { journal, now } = this.#options
    const until = alert.firing || alert.once ? Math.max(alert.periodEnd ?? now() + firingMsMax, now()) + keptMs : now() + keptMs
    await journal.put(`${prefix}${alert.key}`, alert as unknown as Value, until)
  }

  /** A known alert goes on: memory first, because a delivery may end while another thing is written. */
  #update(alert: Alert): Promise<void> {
    this.#alerts.set(alert.key, alert)
    return this.#keep(alert)
  }

  /** What was held against a period is over with it. Expired alerts are forgotten. */
  async #endPeriods(): Promise<void> {
    const { journal, now } = this.#options
    for (const alert of this.#alerts.values()) {
      if (journal.get(`${prefix}${alert.key}`) === undefined) this.#alerts.delete(alert.key)
      else if (alert.firing && alert.periodEnd !== null && alert.periodEnd <= now()) await this.#resolve(alert)
    }
  }

  /** Over are alerts of a rule that is no more, and those of budgets where what was crossed does not hold any more. */
  async #endObsolete(): Promise<void> {
    const { rules, budgets } = this.#options
    for (const alert of this.#alerts.values()) {
      if (!alert.firing) continue
      if ((alert.budget !== '' && !budgets.stillCrossed(alert)) || rules.get(alert.rule) === undefined) await this.#resolve(alert)
    }
  }

  /** What a rule says of a moment, by group; `undefined` where that changes nothing. */
  async #valuesAt(rule: SignalRule, at: number): Promise<ReadonlyMap<string, number> | undefined> {
    const { store, tenant } = this.#options
    return taken(rule, new Map((await readings(store, tenant, rule, at - rule.windowMs, at)).map(({ group, value }) => [group, value])))
  }

  async #look(rule: SignalRule): Promise<void> {
    const at = this.#options.now()
    let values: ReadonlyMap<string, number> | undefined
    try {
      values = await this.#valuesAt(rule, at)
      if (values !== undefined && this.#unseen.has(rule)) await this.#lookBack(rule, values, at)
    } catch (error) {
      // As for a window that says nothing, but for `fire`: that nobody can look is told by the log.
      this.#options.log.warn('a rule could not be looked at', { rule: rule.id, error })
      this.#unseen.add(rule)
      return
    }
    if (values === undefined) return
    for (const [group, value] of values) if (isAbove(rule, values, group)) await this.#above(rule, group, value)
    for (const alert of this.#alerts.values()) if (alert.rule === rule.id && alert.firing && alert.budget === '' && isOver(rule, values, alert.group)) await this.#resolve(alert)
    const since = sinceKey(rule, '')
    for (const key of this.#since.keys()) if (key.startsWith(since) && isOver(rule, values, key.slice(since.length))) this.#since.delete(key)
  }

  /** Since when groups that are above have been: ClickHouse knows what nobody looked at. */
  async #lookBack(rule: SignalRule, values: ReadonlyMap<string, number>, at: number): Promise<void> {
    for (const group of values.keys()) this.#since.delete(sinceKey(rule, group))
    const stepMs = Math.max(readEveryMs, rule.forMs / looksBackMax)
    let groups = [...values.keys()].filter((group) => isAbove(rule, values, group) && this.#alerts.get(`${rule.id}:${group}`)?.firing !== true)
    for (let back = at; groups.length > 0 && back > at - rule.forMs;) {
      back = Math.max(back - stepMs, at - rule.forMs)
      const then = await this.#valuesAt(rule, back)
      if (then === undefined) continue
      groups = groups.filter((group) => !isOver(rule, then, group))
      for (const group of groups) if (isAbove(rule, then, group)) this.#since.set(sinceKey(rule, group), back)
    }
    this.#unseen.delete(rule)
  }

  async #above(rule: SignalRule, group: string, value: number): Promise<void> {
    const { now } = this.#options
    const key = sinceKey(rule, group)
    const since = this.#since.get(key) ?? now()
    this.#since.set(key, since)
    if (now() - since < rule.forMs) return
    const of = rule.groupBy === undefined ? '' : ` of ${rule.groupBy} ${group === '' ? '(none)' : group}`
    const said = Number.isFinite(value) ? String(Math.round(value * 100) / 100) : 'no data'
    await this.#fire(rule, {
      key: group, crossing: '', budget: '', group, on: rule.on, groupBy: rule.groupBy ?? null, from: since - rule.windowMs, rule: rule.id, severity: 'warning', once: false, periodEnd: null,
      title: `${rule.on.replaceAll('_', ' ')}${of} is above ${rule.above}`, summary: `${said} ${signalUnits[rule.on]}, in the last ${rule.windowMs / 60_000} minutes.`,
      values: { value: said, above: String(rule.above), ...(rule.groupBy === undefined ? {} : { [rule.groupBy]: group }) },
    })
  }

  #deliverDue(): void {
    const now = this.#options.now()
    for (const { id } of this.#options.destinations) {
      const circuit = this.#circuits.get(id)
      if (circuit === undefined || circuit.busy || circuit.openUntil > now) continue
      const due = [...this.#alerts.values()].find((alert) => (firstFor(alert, id)?.nextAt ?? Number.POSITIVE_INFINITY) <= now)
      if (due === undefined) continue
      circuit.busy = true
      void this.#deliver(due.key, id, circuit).catch((error: unknown) => this.#notNoted(error)).finally(() => { circuit.busy = false })
    }
  }

  /** What is still owed when we stop stands in the journal: it is sent after the next start. */
  #notNoted(error: unknown): void {
    if (!this.#stop.signal.aborted) this.#options.log.error('a delivery could not be noted, it may be sent again', { error })
  }

  /** One after the other for each destination: a resolution never overtakes what it resolves, and a receiver that hangs holds up nobody else. */
  async #deliver(key: string, id: string, circuit: Circuit): Promise<void> {
    const [alert, destination] = [this.#alerts.get(key), this.#destination(id)]
    const delivery = alert === undefined ? undefined : firstFor(alert, id)
    if (alert === undefined || delivery === undefined) return
    const attempt = circuit.gone ? { ok: false, gone: true, restMs: 0, detail: 'it wants to hear nothing any more (410)' } : await deliver(destination, noticeOf(alert, delivery), this.#options.now())
    this.#noteCircuit(circuit, attempt)
    const at = this.#options.now()
    const planned = retryMs[delivery.attempt]
    const wait = planned === undefined ? undefined : Math.max(planned * (1 + (Math.random() * 2 - 1) * jitter), attempt.restMs)
    const again = attempt.ok || attempt.gone || wait === undefined ? [] : [{ ...delivery, attempt: delivery.attempt + 1, nextAt: at + wait }]
    // It may have been resolved meanwhile.
    const latest = this.#alerts.get(key) ?? alert
    this.#record(attempt.ok ? 'DELIVERED' : 'FAILED', latest, at, { destination: id, detail: `${delivery.status}: ${attempt.detail}${again.length > 0 ? `, tried again in ${Math.round((wait ?? 0) / second)} s` : ''}`, attempt: delivery.attempt })
    await this.#update({ ...latest, deliveries: latest.deliveries.flatMap((one) => (same(one, delivery) ? again : [one])) })
  }

  #noteCircuit(circuit: Circuit, { ok, gone }: Attempt): void {
    circuit.gone ||= gone
    circuit.failures = ok ? 0 : circuit.failures + 1
    if (circuit.failures >= circuitFailures) circuit.openUntil = this.#options.now() + circuitMs
  }

  #record(kind: AlertEventKind, alert: Alert, at: number, told: { readonly destination: string; readonly detail: string; readonly attempt: number } = { destination: '', detail: '', attempt: 0 }): void {
    const { tenant } = this.#options
    if (this.#events.length >= eventsMax) this.#events.shift()
    this.#events.push({
      tenant, id: hash('sha256', ['alert', alert.id, kind, told.destination, String(told.attempt), told.detail.split(':')[0]].join('\u0000'), 'hex'), at: BigInt(Math.round(at)) * 1_000_000n, kind,
      ruleId: alert.rule, alertKey: alert.key, severity: alert.severity, title: alert.title, summary: alert.summary, destination: told.destination, detail: told.detail,
    })
  }

  /** History waits for ClickHouse and nobody waits for history. */
  async #storeEvents(): Promise<void> {
    if (this.#events.length === 0) return
    const events = this.#events
    this.#events = []
    const writer = new RowBinaryWriter()
    for (const event of events) writeRow(alertEvents, writer, event)
    try {
      await this.#options.store.insert(alertEvents, writer.take(), crypto.randomUUID())
    } catch (error) {
      this.#events = [...events, ...this.#events]
      throw error
    }
  }

  #destination(id: string): Destination {
    const found = this.#options.destinations.find((one) => one.id === id)
    if (found === undefined) throw new AlertError(`there is no destination '${id.slice(0, 64)}'`)
    return found
  }

  #rule(id: string): DefinedRule {
    const found = this.#options.rules.get(id)
    if (found === undefined) throw new AlertError(`there is no rule '${id.slice(0, 64)}'`)
    return found
  }

  #mutedUntil(rule: string): number | undefined {
    const until = this.#options.journal.get(`mute:${rule}`)?.expiresAt
    return until !== undefined && until > this.#options.now() ? until : undefined
  }

  alerts(): readonly AlertState[] {
    return [...this.#alerts.values()].map(({ resolvedAt, deliveries, ...alert }) => ({ ...alert, resolvedAt: resolvedAt ?? undefined, waiting: deliveries.map(({ destination }) => destination) }))
      .sort((a, b) => Number(b.firing) - Number(a.firing) || b.firedAt - a.firedAt)
  }

  rules(): readonly RuleState[] {
    return this.#options.rules.all().map((defined) => this.#stateOf(defined))
  }

  #stateOf(defined: DefinedRule): RuleState {
    const { id, notify } = defined.rule
    return { ...defined, mutedUntil: this.#mutedUntil(id), unknown: notify.filter((destination) => !this.#circuits.has(destination)) }
  }

  destinations(): readonly DestinationState[] {
    return this.#options.destinations.map(({ id, kind }) => ({ id, kind, failures: this.#circuits.get(id)?.failures ?? 0, gone: this.#circuits.get(id)?.gone ?? false }))
  }

  async mute(id: string, until: number | undefined): Promise<RuleState> {
    const rule = this.#rule(id)
    if (until === undefined) await this.#options.journal.drop(`mute:${id}`)
    else await this.#options.journal.put(`mute:${id}`, true, until)
    return this.#stateOf(rule)
  }

  async define(yaml: string): Promise<RuleState> {
    const { rules } = this.#options
    const rule = rules.read(yaml)
    const before = rules.get(rule.id)?.rule
    const defined = await rules.define(rule)
    if (before !== undefined && before !== defined.rule) await this.#endOf(before, rule)
    return this.#stateOf(defined)
  }

  async retire(id: string): Promise<RuleState> {
    const retired = await this.#options.rules.retire(id)
    await this.#endOf(retired.rule, undefined)
    await this.#options.journal.drop(`mute:${id}`)
    return this.#stateOf(retired)
  }

  /** A rule that was changed begins anew; what it fired is over where it does not look at that any more. */
  async #endOf(before: AlertRule, now: AlertRule | undefined): Promise<void> {
    for (const key of this.#since.keys()) if (key.startsWith(sinceKey(before, ''))) this.#since.delete(key)
    for (const alert of this.#alerts.values()) if (alert.rule === before.id && alert.firing && !remains(alert, before, now)) await this.#resolve(alert)
  }

  async test(id: string): Promise<{ readonly ok: boolean; readonly detail: string }> {
    const now = this.#options.now()
    const { ok, detail } = await deliver(this.#destination(id), {
      id: crypto.randomUUID(), key: `test:${id}`, rule: 'test', severity: 'info', status: 'test', title: 'Spanledger can reach you', summary: 'Somebody pressed the button Test.', values: {}, at: now,
    }, now)
    return { ok, detail }
  }

  async preview(of: { readonly rule: string } | { readonly document: string }, from: number, to: number): Promise<Preview> {
    const rule = 'rule' in of ? this.#rule(of.rule).rule : this.#options.rules.read(of.document)
    if (rule.on === 'budget') throw new AlertError(`rule '${rule.id}': rules on budgets have no preview, the page Budgets shows their former periods`)
    const { store, tenant } = this.#options
    const begin = Math.max(from, to - windowsMax * rule.windowMs)
    return backtest(rule, await pastReadings(store, tenant, rule, begin, to), begin, to)
  }
}

/** Whether a rule on budgets is about this one. */
const looksAt = ({ budgets }: Extract<AlertRule, { readonly on: 'budget' }>, budget: string): boolean => budgets.length === 0 || budgets.includes(budget)

/** Whether what a rule fired is among what it looks at now. */
function remains({ budget }: Alert, before: AlertRule, now: AlertRule | undefined): boolean {
  if (now === undefined || now.on === 'budget' || before.on === 'budget') return now?.on === 'budget' && before.on === 'budget' && looksAt(now, budget)
  return now.on === before.on && now.groupBy === before.groupBy
}

const sinceKey = ({ id }: AlertRule, group: string): string => `${id}\u0000${group}`
/** As the journal has it. An older program did not note who was told, nor what was read of what. */
type Noted = 'notify' | 'on' | 'groupBy' | 'from'
function recalled(value: Value): Alert {
  const alert = value as unknown as Omit<Alert, Noted> & Partial<Pick<Alert, Noted>>
  return { ...alert, notify: alert.notify ?? [], on: alert.on ?? (alert.budget === '' ? null : 'budget'), groupBy: alert.groupBy ?? null, from: alert.from ?? null }
}

const firstFor = ({ deliveries }: Alert, destination: string): Delivery | undefined => deliveries.find((one) => one.destination === destination)
const same = (a: Delivery, b: Delivery): boolean => a.destination === b.destination && a.status === b.status

const noticeOf = ({ id, key, rule, severity, title, summary, values, firedAt, resolvedAt }: Alert, { status }: Delivery): Notice => ({
  id: `${id}-${status}`, key, rule, severity, status, title, summary, values, at: status === 'firing' ? firedAt : resolvedAt ?? firedAt,
})
