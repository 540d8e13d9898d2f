import type { Store } from '#clickhouse/store.ts'
import type { LedgerEntryRow } from '#clickhouse/tables/ledger-entries.ts'
import type { Budget } from '#otel-config/budgets/budget.ts'
import { spanKeyOf } from './ledger-watch.ts'
import { latest, type Lines, linesOf, noLines, type Restatement, restatement, union, without } from './lines.ts'
import { readSums } from './read-sums.ts'
import { keepBefore, type Reading, Tally } from './tally.ts'

export interface ActualsOptions {
  readonly tenant: string
  readonly store: Store
  /** Spans whose lines are remembered; 0 where the one process that posts knows itself what it posted before. */
  readonly spansRemembered: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Nanoseconds since the epoch. */
  readonly nowNano: () => bigint
}

/** A reading of ClickHouse that has begun: one of both ends it. */
export interface BegunReading {
  readonly finish: () => Promise<void>
  readonly abandon: () => void
}

/** Spans that came again and are not counted, until ClickHouse is asked; those that wait longest are left to the next reading. */
const cameAgainMax = 20_000

const bySpan = (lines: Iterable<LedgerEntryRow>): Map<string, LedgerEntryRow[]> => Map.groupBy(lines, ({ traceId, spanId }) => spanKeyOf(traceId, spanId))

/**
 * What every budget has used: read from the ledger once, then told of each line that is posted. Kept in memory so that a decision
 * waits for no query and needs no ClickHouse; equal to a sum over `ledger_entries FINAL` whenever nothing is under way.
 */
export class Actuals {
  readonly #options: ActualsOptions
  readonly #tallies = new Map<string, Tally>()
  /** Of budgets that are being read for the first time, or in another version: told of everything, asked nothing. */
  readonly #coming = new Set<Tally>()
  /** Groups that usage touched since somebody last asked, by budget. */
  readonly #touched = new Map<string, Set<string>>()
  /** Groups that were read anew, and that nobody has looked at since: those that wait longest first. */
  readonly #reread = new Map<string, Set<string>>()
  readonly #readings = new Set<Reading>()
  /** By span, the one that was told last at the end. Two processes may get the same span; each is charged, and one line stands. */
  readonly #told = new Map<string, Lines>()
  /** When the latest line was posted of the spans that are not remembered any more. */
  #forgottenTo = 0n
  /** By span: lines that are not counted, because the span came before and those that were posted then count. */
  readonly #again = new Map<string, readonly LedgerEntryRow[]>()

  constructor(options: ActualsOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#tallies.size + this.#coming.size
  }

  tally(budgetId: string): Tally | undefined {
    return this.#tallies.get(budgetId)
  }

  tallies(): Iterable<Tally> {
    return this.#tallies.values()
  }

  /**
   * Takes a budget in, or anew in another version, which answers when it was read: until then the one before does, because nothing
   * used would let every call pass. What is posted meanwhile is counted once: `cut` is when reading began.
   */
  async define(budget: Budget, cut: bigint): Promise<void> {
    const tally = new Tally(budget, new Map(), 0n, this.#options.now())
    this.#coming.add(tally)
    try {
      await this.#begin([tally], cut).finish()
    } finally {
      this.#coming.delete(tally)
      this.#tallies.set(budget.id, tally)
    }
  }

  /** Reads the budgets that a start finds: nothing is being posted yet. */
  async start(budgets: readonly Budget[]): Promise<void> {
    const { store, tenant, now, nowNano } = this.#options
    const cut = nowNano()
    for (const budget of budgets) {
      const { groups } = await readSums(store, tenant, budget, now(), undefined)
      const tally = new Tally(budget, groups, cut, now())
      this.#tallies.set(budget.id, tally)
      this.#touchAll(tally)
    }
  }

  retire(budgetId: string): void {
    this.#tallies.delete(budgetId)
    this.#touched.delete(budgetId)
    this.#reread.delete(budgetId)
  }

  /** Begins to read every budget anew; `finish` reads once all that was posted before `cut` can be read, `abandon` leaves all as it was. */
  beginReading(cut: bigint): BegunReading {
    return this.#begin([...this.#tallies.values()], cut)
  }

  #begin(tallies: readonly Tally[], cut: bigint): BegunReading {
    const { store, tenant, now } = this.#options
    const reading: Reading = { cut, restated: new Map() }
    this.#readings.add(reading)
    for (const tally of tallies) tally.beginReading(reading)
    const abandon = (): void => {
      this.#readings.delete(reading)
      for (const tally of tallies) tally.endReading(reading, undefined, now())
    }
    const finish = async (): Promise<void> => {
      try {
        for (const tally of tallies) {
          tally.endReading(reading, await readSums(store, tenant, tally.budget, now(), cut), now())
          this.#touchAll(tally)
        }
      } finally {
        abandon()
      }
    }
    return { finish, abandon }
  }

  restate(change: Restatement): void {
    const now = this.#options.now()
    for (const reading of this.#readings) keepBefore(reading, change)
    for (const tally of this.#coming) tally.restate(change, now)
    for (const tally of this.#tallies.values()) {
      const groups = tally.restate(change, now)
      if (groups.size > 0) addAll(this.#touched, tally.budget.id, groups)
    }
  }

  #remember(span: string, lines: Lines): void {
    const { spansRemembered } = this.#options
    if (spansRemembered === 0) return
    this.#told.delete(span)
    this.#told.set(span, lines)
    if (this.#told.size <= spansRemembered) return
    const [oldest, forgotten] = this.#told.entries().next().value as [string, Lines]
    this.#told.delete(oldest)
    const forgottenTo = latest(forgotten.all)
    if (forgottenTo > this.#forgottenTo) this.#forgottenTo = forgottenTo
  }

  /** Calls were charged on arrival. */
  arrived(lines: readonly LedgerEntryRow[]): void {
    for (const [span, own] of bySpan(lines)) this.#add(span, this.#told.get(span) ?? noLines, own)
  }

  /**
   * Calls that came before were charged once more, because their trace was forgotten: by a restart, or because it was quiet for long.
   * Counted now they would count twice until ClickHouse is asked, and a threshold would be told that nobody passed.
   */
  cameAgain(lines: readonly LedgerEntryRow[]): void {
    for (const [span, own] of bySpan(lines)) {
      const told = this.#told.get(span)
      if (told !== undefined) this.#add(span, told, own)
      else this.#again.set(span, union(this.#again.get(span) ?? [], own))
    }
    for (const span of this.#again.keys()) {
      if (this.#again.size <= cameAgainMax) return
      this.#again.delete(span)
    }
  }

  /** Of each span that `posted` is about: all its lines before, and all after. */
  settled(known: Iterable<LedgerEntryRow>, posted: readonly LedgerEntryRow[]): void {
    const changed = bySpan(posted)
    const knownOf = bySpan([...known].filter(({ traceId, spanId }) => changed.has(spanKeyOf(traceId, spanId))))
    for (const [span, lines] of changed) this.#add(span, linesOf(union(this.#told.get(span)?.all ?? [], knownOf.get(span) ?? [])), lines)
  }

  #add(span: string, before: Lines, lines: readonly LedgerEntryRow[]): void {
    const after = linesOf(union(before.all, lines))
    this.restate(restatement(before, after))
    this.#remember(span, after)
  }

  recalled(own: Iterable<LedgerEntryRow>, stored: readonly LedgerEntryRow[]): void {
    const [ownOf, storedOf] = [bySpan(own), bySpan(stored)]
    for (const span of new Set([...storedOf.keys(), ...ownOf.keys()])) this.#recalledSpan(span, ownOf.get(span) ?? [], storedOf.get(span) ?? [])
  }

  /**
   * What counts of a span are the lines that were told, and those that were posted before anybody remembers. Taken together they
   * are less: of one line one revision stands.
   */
  #recalledSpan(span: string, own: readonly LedgerEntryRow[], stored: readonly LedgerEntryRow[]): void {
    const again = this.#again.get(span) ?? []
    this.#again.delete(span)
    const mine = this.#told.get(span)?.all ?? without(own, again)
    const earlier = without(stored, [...mine, ...again])
    if (earlier.length === 0 && again.length === 0) return
    // What was posted since the last line that is forgotten, and is not remembered, was never told: by a process that was killed.
    const counted = this.#options.spansRemembered === 0 ? earlier : earlier.filter((line) => latest([line]) <= this.#forgottenTo)
    const all = linesOf(union(mine, earlier, again))
    if (mine.length > 0 || again.length > 0 || counted.length < earlier.length) {
      this.restate(restatement(linesOf(counted), noLines))
      this.restate(restatement(linesOf(mine), all))
    }
    // What is there counts already: another process may yet get it once more, and charge it.
    this.#remember(span, all)
  }

  /**
   * Groups to look at, none of them twice: at most so many that usage touched, and of those that were read anew. There may be
   * a hundred thousand of the latter every minute, and what was just used must not wait behind them.
   */
  touched(max: number, rereadMax: number): { readonly budgetId: string; readonly key: string }[] {
    return [...taken(this.#touched, max), ...taken(this.#reread, rereadMax)]
  }

  #touchAll(tally: Tally): void {
    addAll(this.#reread, tally.budget.id, tally.groups().keys())
  }

  prune(): void {
    for (const tally of this.#tallies.values()) tally.prune(this.#options.now())
  }
}

type Groups = Map<string, Set<string>>

function addAll(groups: Groups, budgetId: string, keys: Iterable<string>): void {
  const known = groups.get(budgetId)
  if (known === undefined) groups.set(budgetId, new Set(keys))
  else for (const key of keys) known.add(key)
}

function* taken(groups: Groups, max: number): Generator<{ readonly budgetId: string; readonly key: string }> {
  let left = max
  for (const [budgetId, keys] of groups) for (const key of keys) {
    if (left-- <= 0) return
    keys.delete(key)
    yield { budgetId, key }
  }
}
