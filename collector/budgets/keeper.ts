import { setTimeout as sleep } from 'node:timers/promises'
import { decimalFromPico } from '#clickhouse/decimal.ts'
import type { LedgerEntryRow } from '#clickhouse/tables/ledger-entries.ts'
import { type PolicyDecisionRow, policyDecisions } from '#clickhouse/tables/policy-decisions.ts'
import { type Budget, budgetDimensions, BudgetError, budgetsMax, parseBudget } from '#otel-config/budgets/budget.ts'
import type { Approval, ApprovalRequest, BudgetKeeper, DefinedBudget, Standing } from '#otel-config/budgets/standing.ts'
import type { Outcome } from '#semconv/facts.ts'
import { decisionId } from '../derive/identity.ts'
import { oneByOne } from '../one-by-one.ts'
import type { PriceBook } from '../price/book.ts'
import { price } from '../price/price.ts'
import { clocksApartNano } from '../receivers/peers.ts'
import { Refused } from '../refused.ts'
import { FrameWriter } from '../spool/frame.ts'
import type { Spool } from '../spool/spool.ts'
import { Actuals } from './actuals.ts'
import { Approvals } from './approvals.ts'
import { CallSizes, type Estimate } from './call-sizes.ts'
import { type BudgetVerdict, groupText, judge, strictest, type Verdict } from './decide.ts'
import { type DecideRequest, readDecideRequest, readReleaseRequest } from './decide-request.ts'
import { defineBudget, type DefinitionOptions, openDefinitions, retireBudget } from './definitions.ts'
import { burns, forecast } from './forecast.ts'
import { type Hold, Holds, holdsMax } from './holds.ts'
import type { Journal } from './journal.ts'
import { type ArrivedCall, type LedgerWatch, spanKeyOf } from './ledger-watch.ts'
import { groupKey, type Named, oneCall, reached, type Tally, tokensOf } from './tally.ts'

export interface KeeperOptions extends DefinitionOptions {
  readonly project: string
  readonly spool: Spool
  readonly prices: PriceBook
  readonly journal: Journal
  /** Every segment of the spool up to this one is in ClickHouse. */
  readonly loadedThrough: () => number
  /** The further processes that receive; `undefined` where this one alone does. */
  readonly others: OtherPosters | undefined
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Processes that post beside this one and tell it of that. */
export interface OtherPosters {
  /** Whether all that they acknowledged before a moment (milliseconds since the epoch) is in ClickHouse. */
  loadedBefore(ms: number): boolean
  /** Whether they shall tell: false where there are no budgets. */
  listen(listens: boolean): void
}

/** What was posted by others (another collector, a repricing) is read at least so often, and never for more than a fiftieth of the time. */
const rereadMsMin = 60_000
const rereadShareMax = 50
/** A line that is being made durable may be told of this much later than it is dated. */
const tellingMs = 5_000
/** How long lines may be on their way into ClickHouse until a reading is put off, in milliseconds. */
const loadingMsMax = 120_000
/** How often it is looked whether a hold has expired or a reading is due, in milliseconds. */
const tickMs = 1_000
/** By then other processes know that they are listened to, in milliseconds. */
const soonMs = 2 * tickMs
/** How long the end of the process waits for a reading, in milliseconds. */
const closeMs = 500
/** How often what nobody looks back on is forgotten, in milliseconds. */
const pruneMs = 3_600_000
/** Where several processes post: spans whose lines are known one by one, so that what two of them got counts once. About 1 KB each. */
const spansRemembered = 20_000
/** A run that was killed stays so for this long, in milliseconds. */
const killedMs = 86_400_000
/** Tokens of a call of which nothing is known. */
const assumedInputTokens = 4_000
const assumedOutputTokens = 1_000
/**
 * How late usage is seen that nobody asked about, in seconds: 5 until an exporter sends its batch, 10 for a call that is under way.
 * What burns in that time is what an observed budget may be passed by.
 */
const unseenSeconds = 15
const hourMs = 3_600_000

/** One reservation would let two calls pass. The model is left out: what it is called follows the price book in use. */
const isSameCall = (a: Named, b: Named): boolean => budgetDimensions.every((dimension) => dimension === 'model' || dimension === 'provider' || a[dimension] === b[dimension])

/** Budgets: what they have used, what is held, and whether a call may go on. Answers from memory, also while ClickHouse is away. */
export class Keeper implements LedgerWatch, BudgetKeeper {
  readonly #options: KeeperOptions
  readonly #actuals: Actuals
  readonly #sizes = new CallSizes()
  readonly #holds: Holds
  readonly #approvals: Approvals
  readonly #defined = new Map<string, DefinedBudget>()
  readonly #stop = new AbortController()
  #ticks: Promise<void> | undefined
  /** A budget that is retired while it is read must not come back. */
  readonly #inTurn = oneByOne()
  #rereadAt = 0
  #prunedAt = 0

  private constructor(options: KeeperOptions, approvals: Approvals) {
    this.#options = options
    this.#approvals = approvals
    this.#actuals = new Actuals({ ...options, spansRemembered: options.others === undefined ? 0 : spansRemembered })
    this.#holds = new Holds(options.journal)
  }

  /** Reads definitions and what stands in the ledger: before anything is received or settled. `file`: the operator's budgets. */
  static async open(options: KeeperOptions, file: readonly Budget[]): Promise<Keeper> {
    const keeper = new Keeper(options, await Approvals.open(options, options.now()))
    const found = await openDefinitions(options, file)
    for (const one of found) keeper.#defined.set(one.budget.id, one)
    if (found.length > 0) await Promise.all([keeper.#actuals.start(found.map(({ budget }) => budget)), keeper.#sizes.recall(options.store, options.tenant, options.now())])
    keeper.#rereadAt = options.now() + rereadMsMin
    // Before others are started: what they do not tell from their first moment on is known a minute later.
    options.others?.listen(keeper.listens)
    keeper.#ticks = keeper.#run()
    return keeper
  }

  async close(): Promise<void> {
    this.#stop.abort()
    // A reading that is under way is not waited for: nothing depends on it.
    await Promise.race([this.#ticks, sleep(closeMs, undefined, { ref: false })])
  }

  async #run(): Promise<void> {
    const { now, log } = this.#options
    while (!this.#stop.signal.aborted) {
      try {
        await sleep(tickMs, undefined, { signal: this.#stop.signal, ref: false })
        this.#expire()
        this.#options.others?.listen(this.listens)
        if (this.#actuals.size > 0 && now() >= this.#rereadAt) await this.#reread()
      } catch (error) {
        if (this.#stop.signal.aborted) return
        log.warn('budgets could not be read from ClickHouse, they go on with what they know', { error })
      }
    }
  }

  #expire(): void {
    const { now, journal } = this.#options
    this.#holds.expire(now(), this.#notForgotten)
    if (now() - this.#prunedAt < pruneMs) return
    this.#prunedAt = now()
    journal.expire()
    this.#actuals.prune()
  }

  readonly #notForgotten = (error: unknown): void =>
    this.#options.log.warn('a reservation was given back in memory only: after a crash it is held until it expires', { error })

  /** Reads all sums anew, as of a moment before which everything posted is in ClickHouse. What does not get there in time is tried later. */
  async #reread(): Promise<void> {
    const { spool, loadedThrough, others, nowNano, now } = this.#options
    const { signal } = this.#stop
    this.#rereadAt = now() + rereadMsMin
    const reading = this.#actuals.beginReading(nowNano() + clocksApartNano)
    try {
      await sleep(tellingMs, undefined, { signal, ref: false })
      const [segment, told] = [spool.currentNumber, now()]
      const until = told + loadingMsMax
      while ((loadedThrough() < segment && spool.backlog().bytes > 0) || others?.loadedBefore(told) === false) {
        if (now() > until) return reading.abandon()
        await sleep(tickMs, undefined, { signal, ref: false })
      }
      const began = now()
      await reading.finish()
      this.#rereadAt = now() + Math.max(rereadMsMin, (now() - began) * rereadShareMax)
    } catch (error) {
      reading.abandon()
      throw error
    }
  }

  /** What this process was not told, because another one was killed or was not listened to yet, is read as soon as it can be. */
  readSoon(): void {
    this.#rereadAt = Math.min(this.#rereadAt, this.#options.now() + soonMs)
  }

  get listens(): boolean {
    return this.#actuals.size > 0 || this.#holds.size > 0
  }

  arrived(lines: readonly LedgerEntryRow[], calls: readonly ArrivedCall[]): void {
    this.#actuals.arrived(lines)
    for (const [, ofCall] of Map.groupBy(lines, ({ traceId, spanId }) => spanKeyOf(traceId, spanId))) {
      const [line] = ofCall
      if (line === undefined || ofCall.some(({ basis }) => basis === 'UNPRICED')) continue
      this.#sizes.add(line.agent, line.model, { usd: ofCall.reduce((sum, { amount }) => sum + (amount ?? 0n), 0n), tokens: tokensOf(ofCall) })
    }
    if (this.#holds.size > 0) for (const call of calls) this.#giveBack(call)
  }

  /** A call that has arrived, failed ones too, is not held any more: what it used is in the ledger. */
  #giveBack(call: ArrivedCall): void {
    const hold = this.#holds.answeredBy(call, [call.requestModel, call.responseModel, this.#pricedAs(call.provider, call.requestModel).model])
    if (hold !== undefined) this.#holds.release(hold.id, this.#notForgotten)
  }

  cameAgain(lines: readonly LedgerEntryRow[]): void {
    this.#actuals.cameAgain(lines)
  }

  settled(known: Iterable<LedgerEntryRow>, posted: readonly LedgerEntryRow[]): void {
    this.#actuals.settled(known, posted)
  }

  recalled(own: Iterable<LedgerEntryRow>, stored: readonly LedgerEntryRow[]): void {
    this.#actuals.recalled(own, stored)
  }

  /** As the ledger will name them. */
  #pricedAs(provider: string, model: string): { readonly provider: string; readonly model: string } {
    const found = price(this.#options.prices, { provider, requestModel: model, responseModel: '', usage: { 'input.uncached': 1 }, at: this.#options.nowNano(), serviceTier: '' })
    return found.basis === 'PRICED' ? { provider: provider === '' ? found.provider : provider, model: found.model } : { provider, model }
  }

  /** What a call is expected to use: what 95 of 100 such calls stay below, else what its tokens cost. */
  #estimate({ agent, model, provider }: Named, { inputTokens, maxOutputTokens }: DecideRequest): Estimate {
    const remembered = this.#sizes.estimate(agent, model)
    if (remembered !== undefined) return remembered
    const usage = { 'input.uncached': inputTokens ?? assumedInputTokens, 'output.text': maxOutputTokens ?? assumedOutputTokens }
    const tokens = BigInt(usage['input.uncached'] + usage['output.text']) * oneCall
    const priced = price(this.#options.prices, { provider, requestModel: model, responseModel: '', usage, at: this.#options.nowNano(), serviceTier: '' })
    if (priced.basis === 'UNPRICED') return { size: { usd: 0n, tokens }, largest: { usd: 0n, tokens }, basis: 'unpriced' }
    const size = { usd: priced.lines.reduce((sum, { amount }) => sum + amount, 0n), tokens }
    return { size, largest: size, basis: inputTokens !== undefined && maxOutputTokens !== undefined ? 'stated_tokens' : 'assumed_tokens' }
  }

  /** `POST /v1/decide`: whether a call may go on, and what is held for it if so. */
  async decide(body: Buffer): Promise<object> {
    const { project, now } = this.#options
    const request = readDecideRequest(body, project)
    const known = request.requestId === '' ? undefined : this.#holds.get(request.requestId)
    if (known !== undefined && !isSameCall(known.named, request.named)) {
      throw new Refused('malformed', `requestId '${known.id}' holds the reservation of another call: each call needs its own`)
    }
    const named = { ...request.named, ...this.#pricedAs(request.named.provider, request.named.model) }
    const estimate = this.#estimate(named, request)
    const at = now()
    const found = judge(this.#actuals.tallies(), {
      named, estimate, now: at, killedBy: this.#killedBy(named.run),
      heldOn: (budget, key) => this.#holds.of(budget, key, known), approvedFor: (budget, key) => this.#approved(budget, key, at),
    })
    const verdict = strictest(found.map((one) => one.verdict))
    const hold = found.length === 0 ? undefined : await this.#hold(verdict, known, { id: request.requestId === '' ? crypto.randomUUID() : request.requestId, named, ...estimate, madeAt: at, expiresAt: at + request.holdMs })
    await this.#kill(found, named.run)
    // Behind the answer, which the call waits for.
    setImmediate(() => void this.#store(found, named, estimate).catch((error: unknown) => this.#options.log.warn('a decision was answered and could not be stored', { error })))
    return {
      decision: verdict === 'warn' ? 'allow' : verdict,
      reason: found.find((one) => one.verdict === verdict)?.reason ?? 'no budget is about this call',
      reservation: hold === undefined ? null : {
        id: hold.id, usd: amountText(hold.size.usd), tokens: amountText(hold.size.tokens), basis: estimate.basis, expiresAt: new Date(hold.expiresAt).toISOString(),
      },
      budgets: found.map((one) => this.#said(one)),
    }
  }

  /** Counted before anybody else is answered, answered when it is on disk. A call that may not go on holds nothing. */
  async #hold(verdict: Verdict, known: Hold | undefined, hold: Hold): Promise<Hold | undefined> {
    if (verdict === 'deny' || verdict === 'require_approval') {
      if (known !== undefined) this.#holds.release(known.id, this.#notForgotten)
      return undefined
    }
    if (known !== undefined) return known
    if (this.#holds.size >= holdsMax) throw new Refused('overloaded', `${holdsMax} calls are in flight already, ask again later`)
    try {
      await this.#holds.make(hold)
    } catch (error) {
      this.#options.log.error('a reservation could not be written', { error })
      throw new Refused('overloaded', 'the reservation could not be written, ask again', 'failed')
    }
    return hold
  }

  #killedBy(run: string): string | undefined {
    const killed = run === '' ? undefined : this.#options.journal.get(`killed:${run}`)
    return typeof killed?.value === 'string' && killed.expiresAt > this.#options.now() ? killed.value : undefined
  }

  async #kill(found: readonly BudgetVerdict[], run: string): Promise<void> {
    const killer = found.find(({ budget, verdict }) => budget.action === 'kill' && verdict === 'deny')
    if (killer === undefined || run === '' || this.#killedBy(run) !== undefined) return
    await this.#options.journal.put(`killed:${run}`, killer.budget.id, this.#options.now() + killedMs)
  }

  #said({ budget, group, verdict, reason, period, used, held, reserve, approved, overshoot, key }: BudgetVerdict): object {
    const outlook = this.#knownForecast(budget.id, key)
    return {
      id: budget.id, version: this.#defined.get(budget.id)?.version ?? 0, group: groupText(budget, group), outcome: verdict, reason, measure: budget.measure,
      limit: amountText(budget.limit), used: amountText(used), held: amountText(held), reserve: amountText(reserve), approved: amountText(approved), overshootBound: amountText(overshoot),
      forecast: outlook === undefined ? null : amountText(outlook.value),
      periodStart: period === undefined ? null : new Date(period.start).toISOString(), periodEnd: period === undefined ? null : new Date(period.end).toISOString(),
    }
  }

  readonly #forecasts = new WeakMap<Tally, Map<string, { readonly at: number; readonly said: ReturnType<typeof forecast> }>>()

  /** Worked out once a minute for a group, because it walks four weeks. */
  #forecast(tally: Tally, key: string): ReturnType<typeof forecast> {
    const now = this.#options.now()
    const period = tally.periodAt(now)
    if (tally.budget.period.kind !== 'calendar' || period === undefined) return undefined
    const kept = this.#forecasts.get(tally) ?? new Map()
    this.#forecasts.set(tally, kept)
    const known = kept.get(key)
    if (known !== undefined && now - known.at < forecastKeptMs) return known.said
    const said = forecast({ hours: tally.hours(key), actual: tally.actual(key, now).value, limit: tally.budget.limit, now, end: period.end })
    kept.set(key, { at: now, said })
    return said
  }

  /** An answer within milliseconds tells the forecast there is; an old one is worked out anew when the answer is on its way. */
  #knownForecast(budgetId: string, key: string): ReturnType<typeof forecast> {
    const tally = this.#actuals.tally(budgetId)
    if (tally === undefined) return undefined
    const known = this.#forecasts.get(tally)?.get(key)
    if (known === undefined) return this.#forecast(tally, key)
    if (this.#options.now() - known.at >= forecastKeptMs) setImmediate(() => this.#forecast(tally, key))
    return known.said
  }

  /** Decisions are history: they go the way of all rows and are waited for by nobody. */
  async #store(found: readonly BudgetVerdict[], named: Named, { basis }: Estimate): Promise<void> {
    if (found.length === 0) return
    const { tenant, project, spool, nowNano } = this.#options
    const at = nowNano()
    const question = crypto.randomUUID()
    const frame = new FrameWriter()
    for (const { budget, group, key, verdict, reason, used, held, reserve, approved } of found) {
      const version = this.#defined.get(budget.id)?.version ?? 0
      const policyId = `budget:${budget.id}`
      const row: PolicyDecisionRow = {
        tenant, project, id: decisionId(tenant, policyId, version, 'ENDPOINT', named.run, `${question}${key}`), policyId, policyVersion: version, outcome: outcomeOf[verdict],
        mode: budget.action === 'observe' || budget.action === 'alert' ? 'SHADOW' : 'ENFORCE', place: 'ENDPOINT', reason, decidedAt: at, postedAt: at,
        traceId: named.run, spanId: '', agent: named.agent, actor: '',
        evidence: JSON.stringify({
          ...groupText(budget, group), model: named.model, measure: budget.measure, limit: amountText(budget.limit), used: amountText(used), held: amountText(held),
          reserve: amountText(reserve), approved: amountText(approved), basis,
        }),
      }
      frame.add(policyDecisions, row)
    }
    await spool.append(frame.finish())
  }

  /** `POST /v1/release`: the call will not be made. */
  release(body: Buffer): Promise<object> {
    return Promise.resolve({ released: this.#holds.release(readReleaseRequest(body), this.#notForgotten) })
  }

  budgets(): readonly DefinedBudget[] {
    return [...this.#defined.values()].sort((a, b) => (a.budget.id < b.budget.id ? -1 : 1))
  }

  standings(budgetId: string, first: number): { readonly standings: readonly Standing[]; readonly total: number } {
    const tally = this.#actuals.tally(budgetId)
    if (tally === undefined) return { standings: [], total: 0 }
    const now = this.#options.now()
    const groups = [...tally.groups()].map(([key, values]) => ({ key, values, used: tally.actual(key, now) }))
    const shown = groups.sort((a, b) => (a.used.value > b.used.value ? -1 : a.used.value < b.used.value ? 1 : 0)).slice(0, first)
    return { standings: shown.map(({ key, values }) => this.standing(tally, key, values)), total: groups.length }
  }

  standing(tally: Tally, key: string, values: readonly string[]): Standing {
    const { budget } = tally
    const now = this.#options.now()
    const { value: actual, calls, unpriced } = tally.actual(key, now)
    const period = tally.periodAt(now)
    const { holds, held, overshoot } = this.#holds.of(budget, key)
    const outlook = this.#forecast(tally, key)
    const enforced = budget.action === 'require_approval' || budget.action === 'deny' || budget.action === 'kill'
    const used = (ms: number) => tally.window(key, now - ms, now)
    const crossed = (value: bigint, percents: readonly number[], on: 'actual' | 'forecast') => reached(budget, value, percents).map((percent) => ({ percent, on }))
    return {
      group: groupText(budget, values), period, actual, approved: this.#approved(budget, key, now).amount, calls, unpricedCalls: unpriced, held, holds, forecast: outlook,
      overshoot: enforced ? overshoot : (used(hourMs).value * BigInt(unseenSeconds)) / 3_600n,
      burn: period === undefined ? [] : burns(budget.limit, period.end - period.start, used),
      crossed: [...crossed(actual, budget.thresholds, 'actual'), ...(outlook === undefined ? [] : crossed(outlook.value, budget.forecastThresholds, 'forecast'))],
      history: tally.history(key, now).map(({ start, end, sum }) => ({ start, end, actual: sum.value })),
    }
  }

  /** Groups that were touched, at most so many, and how each stands when its turn comes: what alerts look at. */
  *touched(max: number, rereadMax: number): Generator<{ readonly defined: DefinedBudget; readonly standing: Standing }> {
    for (const { budgetId, key } of this.#actuals.touched(max, rereadMax)) yield* this.#standingOf(budgetId, key)
  }

  #standingOf(budgetId: string, key: string): { readonly defined: DefinedBudget; readonly standing: Standing }[] {
    const [defined, tally] = [this.#defined.get(budgetId), this.#actuals.tally(budgetId)]
    const values = tally?.group(key)
    return defined === undefined || tally === undefined || values === undefined ? [] : [{ defined, standing: this.standing(tally, key, values) }]
  }

  /** One group of a budget; none where nothing is known of it. */
  of(budgetId: string, group: readonly string[]): { readonly defined: DefinedBudget; readonly standing: Standing }[] {
    return this.#standingOf(budgetId, groupKey(group))
  }

  define(yaml: string): Promise<DefinedBudget> {
    return this.#inTurn(async () => {
      const budget = parseBudget(yaml)
      const before = this.#defined.get(budget.id)
      if (before === undefined && this.#defined.size >= budgetsMax) throw new BudgetError(`there are ${budgetsMax} budgets, retire one first`)
      const defined = await defineBudget(this.#options, budget)
      if (before?.version === defined.version) return before
      const { store, tenant, now, nowNano } = this.#options
      try {
        await this.#actuals.define(budget, nowNano())
      } finally {
        if (before !== undefined) this.#holds.forget(before.budget)
        this.#defined.set(budget.id, defined)
        // What was posted and is on its way into ClickHouse is missing until all is read anew; everything is, where it could not be read.
        this.readSoon()
      }
      if (this.#sizes.isEmpty) await this.#sizes.recall(store, tenant, now())
      return defined
    })
  }

  approvals(budgetId: string): readonly Approval[] {
    const defined = this.#defined.get(budgetId)
    return defined === undefined ? [] : this.#approvals.of(defined)
  }

  #approved({ id }: Budget, key: string, at: number): ReturnType<Approvals['holding']> {
    const defined = this.#defined.get(id)
    return defined === undefined ? { amount: 0n, by: [] } : this.#approvals.holding(defined, key, at)
  }

  async approve(budgetId: string, request: ApprovalRequest): Promise<DefinedBudget> {
    const known = this.#inForce(budgetId)
    await this.#approvals.approve(known.budget, request, this.#options.now())
    return known
  }

  async withdraw(approvalId: string, by: string, why: string): Promise<DefinedBudget> {
    return this.#inForce(await this.#approvals.withdraw(approvalId, by, why, this.#options.now()))
  }

  #inForce(budgetId: string): DefinedBudget {
    const known = this.#defined.get(budgetId)
    if (known === undefined) throw new BudgetError(`there is no budget '${budgetId.slice(0, 64)}'`)
    return known
  }

  retire(budgetId: string): Promise<DefinedBudget> {
    return this.#inTurn(async () => {
      await retireBudget(this.#options, budgetId)
      const known = this.#inForce(budgetId)
      this.#defined.delete(budgetId)
      this.#holds.forget(known.budget)
      this.#actuals.retire(budgetId)
      return known
    })
  }
}

/** A forecast walks weeks of hours: one serves every answer of a minute. In milliseconds. */
const forecastKeptMs = 60_000

const outcomeOf: Readonly<Record<Verdict, Outcome>> = { allow: 'ALLOW', warn: 'WARN', require_approval: 'REQUIRE_APPROVAL', deny: 'DENY' }

/** `12.5`: as the API says amounts, without trailing zeros. */
const amountText = (scaled: bigint): string => decimalFromPico(scaled).replace(/\.?0+$/, '')

