import type { Store } from '#clickhouse/store.ts'
import type { LedgerEntryRow } from '#clickhouse/tables/ledger-entries.ts'
import type { Budget } from '#otel-config/budgets/budget.ts'
import { lineName } from '../derive/identity.ts'
import { entryKey } from '../settle/post.ts'
import { readSums } from './read-sums.ts'
import { type Restatement, Tally } from './tally.ts'

export interface ActualsOptions {
  readonly tenant: string
  readonly store: Store
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

const dayNanos = 86_400_000_000_000n
/** What `ledger_entries` takes for one line: id and day. The highest revision of it stands. */
const lineKey = (line: LedgerEntryRow): string => `${lineName(line)} ${line.occurredAt / dayNanos}`

/** As the table does: of each line the highest revision. */
function standing(lines: Iterable<LedgerEntryRow>): Map<string, LedgerEntryRow> {
  const found = new Map<string, LedgerEntryRow>()
  for (const line of lines) {
    const known = found.get(lineKey(line))
    if (known === undefined || line.revision > known.revision) found.set(lineKey(line), line)
  }
  return found
}

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

  /** Of each span that `posted` is about: all its lines before, and all after. */
  settled(known: Iterable<LedgerEntryRow>, posted: readonly LedgerEntryRow[], postedAt: bigint): void {
    const bySpan = Map.groupBy(posted, (line) => line.spanId)
    const before = Map.groupBy([...known].filter((line) => bySpan.has(line.spanId)), (line) => line.spanId)
    for (const [spanId, lines] of bySpan) {
      const was = before.get(spanId) ?? []
      this.restate({ before: was, after: [...new Map([...was, ...lines].map((line) => [entryKey(line), line])).values()] }, postedAt)
    }
  }

  recalled(own: Iterable<LedgerEntryRow>, stored: readonly LedgerEntryRow[]): void {
    const mine = standing(own)
    const earlier = stored.filter((line) => mine.get(lineKey(line))?.revision !== line.revision)
    const spans = new Set(earlier.map((line) => line.spanId))
    const ownBySpan = Map.groupBy([...mine.values()].filter((line) => spans.has(line.spanId)), (line) => line.spanId)
    const earlierBySpan = Map.groupBy(earlier, (line) => line.spanId)
    for (const [spanId, lines] of ownBySpan) {
      const before = earlierBySpan.get(spanId) ?? []
      const postedAt = lines.reduce((latest, line) => (line.postedAt > latest ? line.postedAt : latest), 0n)
      this.restate({ before: lines, after: [] }, postedAt)
      this.restate({ before, after: [...standing([...before, ...lines]).values()] }, postedAt)
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
