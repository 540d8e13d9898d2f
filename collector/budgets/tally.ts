import type { LedgerEntryRow } from '#clickhouse/tables/ledger-entries.ts'
import { type Budget, type BudgetDimension, type Measure, rollingDaysMax } from '#otel-config/budgets/budget.ts'
import { calendarPeriod, type Stretch } from '#otel-config/budgets/period.ts'
import { type LedgerMeter, tokenMeters } from '#semconv/facts.ts'
import { tagsOf } from '#semconv/tags.ts'
import { spanKeyOf } from './ledger-watch.ts'
import { type Lines, type Restatement, standingBefore } from './lines.ts'
import type { ReadSums } from './read-sums.ts'

/**
 * Width of a step of time, in milliseconds. Every zone's offset from UTC is a whole number of steps, so a calendar period is
 * one, too; and the shortest window of a burn rate is one step.
 */
export const stepMs = 300_000
const hourMs = 3_600_000
const dayMs = 86_400_000
/** Steps are kept this long: what a rolling period and the four weeks of a forecast look back on. In milliseconds. */
export const stepsKeptMs = (rollingDaysMax + 1) * dayMs
/** Usage that is dated later than this is summed up when its time has come: clocks of senders are ahead, and some name any year. In milliseconds. */
export const stepsAheadMs = dayMs
/** Calendar periods that are kept before the current one. */
const periodsKept = 12
/** A run that was silent for longer is forgotten by its budget, in milliseconds: runs come by the million and end unannounced. */
export const runKeptMs = dayMs

/** What one call counts, in the unit of `Budget.limit`. */
export const oneCall = 1_000_000_000_000n

/** A sum of ledger lines. */
export interface Sum {
  /** In the budget's measure, scaled as its limit. */
  readonly value: bigint
  readonly calls: number
  /** Calls of which no price is known: they are not in a value in dollars. */
  readonly unpriced: number
}

export const nothing: Sum = { value: 0n, calls: 0, unpriced: 0 }
export const plus = (a: Sum, b: Sum): Sum => ({ value: a.value + b.value, calls: a.calls + b.calls, unpriced: a.unpriced + b.unpriced })
const negated = (a: Sum): Sum => ({ value: -a.value, calls: -a.calls, unpriced: -a.unpriced })

/** What a ledger line, or a call that is asked about, names of each dimension; tags one a line. */
export type Named = Readonly<Record<BudgetDimension, string>>

const namedBy = ({ project, environment, service, agent, workflow, model, provider, user, session, tags, traceId }: LedgerEntryRow): Named =>
  ({ project, environment, service, agent, workflow, model, provider, user, session, run: traceId, tag: tags })

export function inScope({ scope }: Budget, named: Named): boolean {
  for (const dimension of Object.keys(scope) as BudgetDimension[]) {
    const values = scope[dimension]
    if (values !== undefined && !(dimension === 'tag' ? tagsOf(named.tag).some((tag) => values.includes(tag)) : values.includes(named[dimension]))) return false
  }
  return true
}

/** What a budget is divided by. */
export const groupDimensions = ({ groupBy, period }: Budget): readonly BudgetDimension[] =>
  period.kind === 'run' && !groupBy.includes('run') ? [...groupBy, 'run'] : groupBy

/** What was settled with a bill is of no run. */
export const isByRun = (budget: Budget): boolean => groupDimensions(budget).includes('run')

/** The groups that it counts in: one, but where the budget is divided by tags one for each tag within its scope. */
export function groupsOf(budget: Budget, named: Named): readonly (readonly string[])[] {
  const dimensions = groupDimensions(budget)
  const group = dimensions.map((dimension) => named[dimension])
  const place = dimensions.indexOf('tag')
  return place < 0 ? [group] : tagsOf(named.tag).filter((tag) => budget.scope.tag?.includes(tag) !== false).map((tag) => group.with(place, tag))
}
/** Group values as one key. */
export const groupKey = (values: readonly string[]): string => values.join('\u0000')

/** What the lines of one span add to one group at one time. */
export interface Contribution {
  readonly group: readonly string[]
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly sum: Sum
}

const toMs = (nanos: bigint): number => Number(nanos / 1_000_000n)

/** What the ledger lines of one span say to a budget. A call counts as long as any of its meters stands, and is unpriced as long as no line of it has an amount. */
export function contributions(budget: Budget, lines: readonly LedgerEntryRow[]): Contribution[] {
  const found = new Map<string, { group: readonly string[]; at: number; lines: LedgerEntryRow[] }>()
  for (const line of lines) {
    const named = namedBy(line)
    if (!inScope(budget, named) || (line.reason === 'reconciled' && isByRun(budget))) continue
    for (const group of groupsOf(budget, named)) {
      const key = `${line.occurredAt}\u0000${groupKey(group)}`
      const known = found.get(key)
      if (known === undefined) found.set(key, { group, at: toMs(line.occurredAt), lines: [line] })
      else known.lines.push(line)
    }
  }
  return [...found.values()].map(({ group, at, lines: own }) => ({ group, at, sum: sumOf(budget.measure, own) }))
}

function sumOf(measure: Measure, lines: readonly LedgerEntryRow[]): Sum {
  const byMeter = new Map<string, bigint>()
  // What a provider's bill has beyond the ledger is tokens and dollars, and no call.
  for (const { meter, quantity, reason } of lines) if (reason !== 'reconciled') byMeter.set(meter, (byMeter.get(meter) ?? 0n) + quantity)
  const calls = [...byMeter.values()].some((quantity) => quantity !== 0n) ? 1 : 0
  const unpriced = calls === 1 && lines.every(({ amount }) => amount === undefined) ? 1 : 0
  return { value: valueOf(measure, lines, calls), calls, unpriced }
}

const isToken: ReadonlySet<LedgerMeter> = new Set(tokenMeters)

/** Neither searches, seconds and the like, nor dollars. */
export const tokensOf = (lines: readonly LedgerEntryRow[]): bigint => lines.reduce((sum, { meter, quantity }) => (isToken.has(meter) ? sum + quantity : sum), 0n)

function valueOf(measure: Measure, lines: readonly LedgerEntryRow[], calls: number): bigint {
  switch (measure) {
    case 'usd': return lines.reduce((sum, { amount }) => sum + (amount ?? 0n), 0n)
    case 'tokens': return tokensOf(lines)
    case 'calls': return BigInt(calls) * oneCall
  }
}

/** Thresholds are told to a millionth of a percent. */
const percentScale = 1_000_000

/** Those of `percents` of the limit that a value has reached: to the digit, because a float of ten thousand dollars is a few too many. */
export const reached = ({ limit }: Pick<Budget, 'limit'>, value: bigint, percents: readonly number[]): readonly number[] =>
  percents.filter((percent) => value * BigInt(100 * percentScale) >= limit * BigInt(Math.round(percent * percentScale)))

/** Sums of one group. */
export interface Group {
  readonly values: readonly string[]
  /** By start of the step, for as long as steps are kept. */
  readonly steps: Map<number, Sum>
  /** The same by start of the hour: a window of days adds up hours, because a decision cannot walk nine thousand steps. */
  readonly hours: Map<number, Sum>
  /** By start of the calendar period; the one period of runs and lifetimes begins at 0. */
  readonly periods: Map<number, Sum>
  /** Latest usage, in milliseconds since the epoch. */
  lastAt: number
}

export type Groups = Map<string, Group>

/** Which periods of a budget are kept: the next one first, because clocks of senders are ahead. A budget that has none of the calendar is summed from 0. */
export function keptPeriods({ period }: Budget, now: number): readonly Stretch[] {
  switch (period.kind) {
    case 'calendar': return Array.from({ length: periodsKept + 2 }, (_, n) => calendarPeriod(period.unit, period.timeZone, now, 1 - n))
    case 'rolling': return []
    case 'run':
    case 'lifetime': return [{ start: 0, end: Number.POSITIVE_INFINITY }]
  }
}

/** Adds to a group's sums. `step` and `period` are the starts of what holds the usage, `undefined` where that is not kept. */
export function addTo(groups: Groups, values: readonly string[], step: number | undefined, period: number | undefined, at: number, sum: Sum): void {
  if (step === undefined && period === undefined) return
  const key = groupKey(values)
  let group = groups.get(key)
  if (group === undefined) groups.set(key, (group = { values, steps: new Map(), hours: new Map(), periods: new Map(), lastAt: 0 }))
  if (at > group.lastAt) group.lastAt = at
  if (step !== undefined) {
    addAt(group.steps, step, sum)
    addAt(group.hours, step - (step % hourMs), sum)
  }
  if (period !== undefined) addAt(group.periods, period, sum)
}

const addAt = (sums: Map<number, Sum>, start: number, sum: Sum): void => void sums.set(start, plus(sums.get(start) ?? nothing, sum))

/** Sums of usage, and the moment before which they hold all that was posted without having been told of it. */
interface Sums {
  readonly groups: Groups
  /** Nanoseconds since the epoch. */
  readonly cut: bigint
}

/** A reading of ClickHouse that is under way. */
export interface Reading {
  /** It will say what was posted before. */
  readonly cut: bigint
  /** By trace and span id, of spans that were restated since: their lines until then. */
  readonly restated: Map<string, Lines>
}

/** Spans of one reading; lines of others that ClickHouse has merged meanwhile count from the next one on: rather too little than twice. */
const restatedMax = 20_000

/** Notes what a span said when the reading began. */
export function keepBefore({ cut, restated }: Reading, { before }: Restatement): void {
  const [line] = before.standing
  if (line === undefined || restated.size >= restatedMax) return
  const span = spanKeyOf(line.traceId, line.spanId)
  if (!restated.has(span) && standingBefore(before, cut).length > 0) restated.set(span, before)
}

/**
 * The groups of one budget as they were read from ClickHouse, and what was posted since. Of a span, the latter is what its lines say
 * less what those of them say that were posted before the reading: whatever is told late, or twice, or in another order.
 */
export class Tally {
  readonly budget: Budget
  #base: Groups
  #since: Sums
  /** While ClickHouse is read anew. */
  #next: Sums | undefined
  #periods: readonly Stretch[]

  /** `base` holds what was posted before `cut`. */
  constructor(budget: Budget, base: Groups, cut: bigint, now: number) {
    this.budget = budget
    this.#base = base
    this.#since = { groups: new Map(), cut }
    this.#periods = keptPeriods(budget, now)
  }

  /** Answers the groups that were touched. */
  restate(restatement: Restatement, now: number): ReadonlySet<string> {
    const touched = new Set<string>()
    for (const one of this.#changes(restatement, this.#since.cut)) {
      this.#add(this.#since.groups, one, now)
      touched.add(groupKey(one.group))
    }
    if (this.#next !== undefined) for (const one of this.#changes(restatement, this.#next.cut)) this.#add(this.#next.groups, one, now)
    return touched
  }

  /** What a restatement changes in sums that begin with `cut`. */
  *#changes({ before, after, changedFrom }: Restatement, cut: bigint): Generator<Contribution> {
    yield* this.#signed(before.standing, -1)
    yield* this.#signed(after.standing, 1)
    // Almost always the lines from before the reading are the same on both sides.
    if (changedFrom >= cut) return
    yield* this.#signed(standingBefore(before, cut), 1)
    yield* this.#signed(standingBefore(after, cut), -1)
  }

  *#signed(lines: readonly LedgerEntryRow[], sign: 1 | -1): Generator<Contribution> {
    for (const one of contributions(this.budget, lines)) yield sign === 1 ? one : { ...one, sum: negated(one.sum) }
  }

  #add(groups: Groups, { group, at, sum }: Contribution, now: number): void {
    const step = at > now - stepsKeptMs && at <= now + stepsAheadMs ? at - (at % stepMs) : undefined
    addTo(groups, group, step, this.#periodOf(at, now), at, sum)
  }

  /** `undefined` where it is not kept: long ago, or a time that has not come yet and is read when it has. */
  #periodOf(at: number, now: number): number | undefined {
    this.#turn(now)
    return this.#periods.find(({ start, end }) => start <= at && at < end)?.start
  }

  /** The calendar goes on. What names a later year does not move it. */
  #turn(now: number): void {
    const [next] = this.#periods
    if (this.budget.period.kind === 'calendar' && next !== undefined && now >= next.start) this.#periods = keptPeriods(this.budget, now)
  }

  /** Reading ClickHouse anew begins. Nothing that was told so far was posted later than what it will say. */
  beginReading({ cut }: Reading): void {
    this.#next = { cut, groups: new Map() }
  }

  /** What was read takes the place of what was known; without it, all stays as it was. A reading that another one has overtaken says nothing. */
  endReading({ cut, restated }: Reading, read: ReadSums | undefined, now: number): void {
    const next = this.#next
    if (next?.cut !== cut) return
    this.#next = undefined
    if (read === undefined) return
    for (const [span, used] of read.renamed) {
      const before = restated.get(span)
      if (before !== undefined) for (const one of contributions(this.budget, standingBefore(before, cut))) this.#add(read.groups, one, now)
      // By somebody who did not tell: nothing is known of it but the name it has now.
      else if (restated.size < restatedMax) for (const one of used) addTo(read.groups, ...one)
    }
    this.#base = read.groups
    this.#since = next
  }

  /** The period that holds `now`; `undefined` for budgets that look back or never end. */
  periodAt(now: number): Stretch | undefined {
    const { period } = this.budget
    if (period.kind === 'rolling') return { start: now - period.ms, end: now }
    if (period.kind !== 'calendar') return undefined
    this.#turn(now)
    return this.#periods.find(({ start, end }) => start <= now && now < end) ?? calendarPeriod(period.unit, period.timeZone, now)
  }

  /** What was used in the period that holds `now`. */
  actual(key: string, now: number): Sum {
    const { period } = this.budget
    if (period.kind === 'rolling') return this.window(key, now - period.ms, now)
    return this.#ofPeriod(key, this.periodAt(now)?.start ?? 0)
  }

  #ofPeriod(key: string, start: number): Sum {
    return plus(this.#base.get(key)?.periods.get(start) ?? nothing, this.#since.groups.get(key)?.periods.get(start) ?? nothing)
  }

  /** The kept calendar periods before the current one, latest first. */
  history(key: string, now: number): readonly (Stretch & { readonly sum: Sum })[] {
    if (this.budget.period.kind !== 'calendar') return []
    this.#turn(now)
    return this.#periods.filter(({ end }) => end <= now).map((stretch) => ({ ...stretch, sum: this.#ofPeriod(key, stretch.start) }))
  }

  /** Everything in steps that end after `from` and begin before `to`. */
  window(key: string, from: number, to: number): Sum {
    const first = from - (from % stepMs)
    const [wholeFrom, wholeTo] = [Math.ceil(first / hourMs) * hourMs, Math.floor(to / hourMs) * hourMs]
    const sums: [value: bigint, calls: number, unpriced: number] = [0n, 0, 0]
    for (const groups of [this.#base, this.#since.groups]) {
      const group = groups.get(key)
      if (group === undefined) continue
      if (wholeFrom >= wholeTo) addStretch(sums, group.steps, first, to, stepMs)
      else {
        addStretch(sums, group.steps, first, wholeFrom, stepMs)
        addStretch(sums, group.hours, wholeFrom, wholeTo, hourMs)
        addStretch(sums, group.steps, wholeTo, to, stepMs)
      }
    }
    const [value, calls, unpriced] = sums
    return { value, calls, unpriced }
  }

  /** Sums by hour since the epoch, over the steps that are kept. */
  hours(key: string): ReadonlyMap<number, bigint> {
    const hours = new Map<number, bigint>()
    for (const groups of [this.#base, this.#since.groups]) for (const [start, { value }] of groups.get(key)?.hours ?? []) {
      hours.set(start / hourMs, (hours.get(start / hourMs) ?? 0n) + value)
    }
    return hours
  }

  /** What a group is called; `undefined` where nothing is known of it. */
  group(key: string): readonly string[] | undefined {
    if (key === '' && groupDimensions(this.budget).length === 0) return []
    return (this.#since.groups.get(key) ?? this.#base.get(key))?.values
  }

  /** The groups by key. A budget that is not divided has one, also before anything was used. */
  groups(): ReadonlyMap<string, readonly string[]> {
    const found = new Map<string, readonly string[]>()
    if (groupDimensions(this.budget).length === 0) found.set('', [])
    for (const groups of [this.#base, this.#since.groups]) for (const [key, { values }] of groups) found.set(key, values)
    return found
  }

  /** Forgets steps that nobody looks back on, and groups that have nothing left. */
  prune(now: number): void {
    this.#turn(now)
    const starts = new Set(this.#periods.map(({ start }) => start))
    const idleMs = this.budget.period.kind === 'run' ? runKeptMs : Number.POSITIVE_INFINITY
    for (const groups of [this.#base, this.#since.groups]) for (const [key, group] of groups) {
      for (const sums of [group.steps, group.hours]) for (const start of sums.keys()) if (start <= now - stepsKeptMs) sums.delete(start)
      for (const start of group.periods.keys()) if (!starts.has(start)) group.periods.delete(start)
      if (Math.abs(now - group.lastAt) > idleMs || (group.steps.size === 0 && group.periods.size === 0)) groups.delete(key)
    }
  }
}

/** Adds what begins from `from` and before `to`: by looking at each start there may be, or at each there is, whichever are fewer. */
function addStretch(sums: [value: bigint, calls: number, unpriced: number], starts: ReadonlyMap<number, Sum>, from: number, to: number, width: number): void {
  const add = (sum: Sum | undefined): void => {
    if (sum === undefined) return
    sums[0] += sum.value
    sums[1] += sum.calls
    sums[2] += sum.unpriced
  }
  if ((to - from) / width < starts.size) for (let start = from; start < to; start += width) add(starts.get(start))
  else for (const [start, sum] of starts) if (start >= from && start < to) add(sum)
}
