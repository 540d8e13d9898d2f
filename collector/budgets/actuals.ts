import type { Store } from '#clickhouse/store.ts'
import type { LedgerEntryRow } from '#clickhouse/tables/ledger-entries.ts'
import type { Budget } from '#otel-config/budgets/budget.ts'
import { lineName } from '../derive/identity.ts'
import { spanKeyOf } from './ledger-watch.ts'
import { readSums } from './read-sums.ts'
import { type Restatement, Tally } from './tally.ts'

export interface ActualsOptions {
  readonly tenant: string
  readonly store: Store
  /** Spans whose lines are remembered; 0 where the one process that posts knows itself what it posted before. */
  readonly spansRemembered: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

const dayNanos = 86_400_000_000_000n
/** What `ledger_entries` takes for one line: id and day. The highest revision of it stands. */
const lineKey = (line: LedgerEntryRow): string => `${lineName(line)} ${line.occurredAt / dayNanos}`

/** As the table does: of each line the highest revision. */
function standing(lines: Iterable<LedgerEntryRow>): LedgerEntryRow[] {
  const found = new Map<string, LedgerEntryRow>()
  for (const line of lines) {
    const known = found.get(lineKey(line))
    if (known === undefined || line.revision > known.revision) found.set(lineKey(line), line)
  }
  return [...found.values()]
}

const bySpan = (lines: Iterable<LedgerEntryRow>): Map<string, LedgerEntryRow[]> => Map.groupBy(lines, ({ traceId, spanId }) => spanKeyOf(traceId, spanId))

/** Lines of one span that were told, all of them and those that stand. */
interface Told {
  readonly standing: readonly LedgerEntryRow[]
  /** Line and revision of each that was told. */
  readonly heard: ReadonlySet<string>
}

const revisionKey = (line: LedgerEntryRow): string => `${lineKey(line)}@${line.revision}`

/**
 * What every budget has used: read from the ledger once, then told of each line that is posted. Kept in memory so that a decision
 * waits for no query and needs no ClickHouse; equal to a sum over `ledger_entries FINAL` whenever nothing is under way.
 */
export class Actuals {
  readonly #options: ActualsOptions
  readonly #tallies = new Map<string, Tally>()
  /** Groups that usage touched since somebody last asked, by budget. */
  readonly #touched = new Map<string, Set<string>>()
  /** Groups that were read anew, and that nobody has looked at since: those that wait longest first. */
  readonly #reread = new Map<string, Set<string>>()
  /** By span, the one that was told last at the end. Two processes may get the same span; each is charged, and one line stands. */
  readonly #told = new Map<string, Told>()

  constructor(options: ActualsOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#tallies.size
  }

  tally(budgetId: string): Tally | undefined {
    return this.#tallies.get(budgetId)
  }

  tallies(): Iterable<Tally> {
    return this.#tallies.values()
  }

  /** Takes a budget in, or anew in another version. What is posted while it is read is counted once: `cut` is when reading began. */
  async define(budget: Budget, cut: bigint): Promise<void> {
    const { now } = this.#options
    const tally = new Tally(budget, new Map(), now())
    tally.beginReading(cut)
    this.#tallies.set(budget.id, tally)
    await this.#read(tally, cut)
  }

  /** Reads the budgets that a start finds: nothing is being posted yet. */
  async start(budgets: readonly Budget[]): Promise<void> {
    const { store, tenant, now } = this.#options
    for (const budget of budgets) {
      const tally = new Tally(budget, await readSums(store, tenant, budget, now(), undefined), now())
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
  beginReading(cut: bigint): { readonly finish: () => Promise<void>; readonly abandon: () => void } {
    const tallies = [...this.#tallies.values()]
    for (const tally of tallies) tally.beginReading(cut)
    return {
      finish: async () => {
        for (const tally of tallies) await this.#read(tally, cut)
      },
      abandon: () => {
        for (const tally of tallies) tally.endReading(cut, undefined)
      },
    }
  }

  async #read(tally: Tally, cut: bigint): Promise<void> {
    const { store, tenant, now } = this.#options
    try {
      tally.endReading(cut, await readSums(store, tenant, tally.budget, now(), cut))
      this.#touchAll(tally)
    } catch (error) {
      tally.endReading(cut, undefined)
      throw error
    }
  }

  restate(restatement: Restatement, postedAt: bigint): void {
    const now = this.#options.now()
    for (const tally of this.#tallies.values()) {
      const groups = tally.restate(restatement, postedAt, now)
      if (groups.size > 0) addAll(this.#touched, tally.budget.id, groups)
    }
  }

  #remember(span: string, standing: readonly LedgerEntryRow[], heard: readonly LedgerEntryRow[]): void {
    const { spansRemembered } = this.#options
    if (spansRemembered === 0) return
    const before = this.#told.get(span)
    this.#told.delete(span)
    this.#told.set(span, { standing, heard: new Set([...before?.heard ?? [], ...standing.map(revisionKey), ...heard.map(revisionKey)]) })
    if (this.#told.size > spansRemembered) this.#told.delete(this.#told.keys().next().value as string)
  }

  /** Calls were charged on arrival. */
  arrived(lines: readonly LedgerEntryRow[]): void {
    for (const [span, own] of bySpan(lines)) {
      const before = this.#told.get(span)?.standing ?? []
      const after = standing([...before, ...own])
      this.restate({ before, after }, latest(own))
      this.#remember(span, after, own)
    }
  }

  /** Of each span that `posted` is about: all its lines before, and all after. */
  settled(known: Iterable<LedgerEntryRow>, posted: readonly LedgerEntryRow[], postedAt: bigint): void {
    const changed = bySpan(posted)
    const knownOf = bySpan([...known].filter(({ traceId, spanId }) => changed.has(spanKeyOf(traceId, spanId))))
    for (const [span, lines] of changed) {
      const before = standing([...this.#told.get(span)?.standing ?? [], ...knownOf.get(span) ?? []])
      const after = standing([...before, ...lines])
      this.restate({ before, after }, postedAt)
      this.#remember(span, after, lines)
    }
  }

  recalled(own: Iterable<LedgerEntryRow>, stored: readonly LedgerEntryRow[]): void {
    const ownOf = bySpan(standing(own))
    for (const [span, lines] of bySpan(stored)) {
      const told = this.#told.get(span)
      const mine = told?.standing ?? ownOf.get(span) ?? []
      const heard = told?.heard ?? new Set(mine.map(revisionKey))
      const earlier = lines.filter((line) => !heard.has(revisionKey(line)))
      if (earlier.length === 0) continue
      const after = standing([...earlier, ...mine])
      if (mine.length > 0) {
        this.restate({ before: mine, after: [] }, latest(mine))
        this.restate({ before: earlier, after }, latest(mine))
      }
      // What is there counts already: another process may yet get it once more, and charge it.
      this.#remember(span, after, earlier)
    }
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

const latest = (lines: readonly LedgerEntryRow[]): bigint => lines.reduce((at, { postedAt }) => (postedAt > at ? postedAt : at), 0n)

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
