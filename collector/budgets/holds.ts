import { type Budget, budgetDimensions, type Measure } from '#otel-config/budgets/budget.ts'
import { type CallSize, sizeIn } from './call-sizes.ts'
import type { Journal, Value } from './journal.ts'
import type { ArrivedCall } from './ledger-watch.ts'
import { groupKey, groupsOf, inScope, isByRun, type Named } from './tally.ts'

/** What one call in flight may use: reserved when it was asked about, given back when its span arrives or time runs out. */
export interface Hold {
  readonly id: string
  /** Whose call it is, in the ledger's words. */
  readonly named: Named
  readonly size: CallSize
  /** The largest such call that is remembered. */
  readonly largest: CallSize
  /** Milliseconds since the epoch. */
  readonly madeAt: number
  readonly expiresAt: number
}

/** Calls in flight at one time; each hold takes about 1 KB. */
export const holdsMax = 100_000
const prefix = 'hold:'

/** The holds that are open, in memory and in the journal. */
export class Holds {
  readonly #journal: Journal
  readonly #open = new Map<string, Hold>()
  readonly #byRun = new Map<string, Set<Hold>>()
  /** Per budget that was asked about, what is held by group: a decision does not walk calls in flight, of which there may be thousands. */
  readonly #byGroup = new Map<Budget, Map<string, Held>>()

  constructor(journal: Journal) {
    this.#journal = journal
    for (const [key, { value, expiresAt }] of journal.startingWith(prefix)) this.#add(holdOf(key.slice(prefix.length), value, expiresAt))
  }

  get size(): number {
    return this.#open.size
  }

  get(id: string): Hold | undefined {
    return this.#open.get(id)
  }

  #add(hold: Hold): void {
    this.#open.set(hold.id, hold)
    for (const [budget, groups] of this.#byGroup) count(budget, groups, hold, 1)
    if (hold.named.run === '') return
    const ofRun = this.#byRun.get(hold.named.run)
    if (ofRun === undefined) this.#byRun.set(hold.named.run, new Set([hold]))
    else ofRun.add(hold)
  }

  #remove(hold: Hold): void {
    this.#open.delete(hold.id)
    for (const [budget, groups] of this.#byGroup) count(budget, groups, hold, -1)
    const ofRun = this.#byRun.get(hold.named.run)
    if (ofRun?.delete(hold) === true && ofRun.size === 0) this.#byRun.delete(hold.named.run)
  }

  /**
   * Counted from this moment on; resolves when a kill cannot make it forgotten. A power failure can, in the first 50 ms: waiting for
   * the disk took most of an answer's time, and what is forgotten is how much a call that was allowed may cost, not the call. Rejects,
   * and is not counted, where the disk fails.
   */
  async make(hold: Hold): Promise<void> {
    this.#add(hold)
    try {
      await this.#journal.put(`${prefix}${hold.id}`, valueOf(hold), hold.expiresAt, 'written')
    } catch (error) {
      this.#remove(hold)
      throw error
    }
  }

  /** Gives back. The journal follows; what a crash brings back expires. */
  release(id: string, failed: (error: unknown) => void): boolean {
    const hold = this.#open.get(id)
    if (hold === undefined) return false
    this.#remove(hold)
    this.#journal.drop(`${prefix}${id}`, 'written').catch(failed)
    return true
  }

  /** The hold that a call answers to: the one it names, else the oldest of its run, agent and one of the names of its model. */
  answeredBy({ holdId, run, agent }: ArrivedCall, models: readonly string[]): Hold | undefined {
    if (holdId !== '') return this.#open.get(holdId)
    for (const hold of this.#byRun.get(run) ?? []) {
      if ((hold.named.agent === agent || hold.named.agent === '') && (hold.named.model === '' || models.includes(hold.named.model))) return hold
    }
    return undefined
  }

  expire(now: number, failed: (error: unknown) => void): void {
    for (const { id, expiresAt } of this.#open.values()) if (expiresAt <= now) this.release(id, failed)
  }

  /** What is held on one group of a budget, `except` for one hold. */
  of(budget: Budget, key: string, except?: Hold): Held {
    let groups = this.#byGroup.get(budget)
    if (groups === undefined) {
      this.#byGroup.set(budget, (groups = new Map()))
      for (const hold of this.#open.values()) count(budget, groups, hold, 1)
    }
    const held = groups.get(key) ?? nothingHeld
    return except !== undefined && isOn(budget, key, except) ? added(held, ofOne(except, budget.measure), -1) : held
  }

  /** The budget is no more, or another version of it is. */
  forget(budget: Budget): void {
    this.#byGroup.delete(budget)
  }
}

/** How much of a budget holds take, and by how much the calls behind them may exceed it: each by the dearest such call minus what was reserved for it. */
export interface Held {
  readonly holds: number
  readonly held: bigint
  readonly overshoot: bigint
}

const nothingHeld: Held = { holds: 0, held: 0n, overshoot: 0n }

function ofOne({ size, largest }: Hold, measure: Measure): Held {
  const [held, most] = [sizeIn(size, measure), sizeIn(largest, measure)]
  return { holds: 1, held, overshoot: most > held ? most - held : 0n }
}

const added = (a: Held, b: Held, sign: 1 | -1): Held =>
  ({ holds: a.holds + sign * b.holds, held: a.held + BigInt(sign) * b.held, overshoot: a.overshoot + BigInt(sign) * b.overshoot })

/** Calls that name no run are each of one of their own, on which nothing else is held. */
const keysOf = (budget: Budget, { named }: Hold): readonly string[] =>
  inScope(budget, named) && !(named.run === '' && isByRun(budget)) ? groupsOf(budget, named).map(groupKey) : []

const isOn = (budget: Budget, key: string, hold: Hold): boolean => keysOf(budget, hold).includes(key)

function count(budget: Budget, groups: Map<string, Held>, hold: Hold, sign: 1 | -1): void {
  for (const key of keysOf(budget, hold)) {
    const held = added(groups.get(key) ?? nothingHeld, ofOne(hold, budget.measure), sign)
    if (held.holds === 0) groups.delete(key)
    else groups.set(key, held)
  }
}

const valueOf = ({ named, size, largest, madeAt }: Hold): Value => ({ named, madeAt, size: textOf(size), largest: textOf(largest) })
const textOf = ({ usd, tokens }: CallSize): Value => ({ usd: String(usd), tokens: String(tokens) })

/** What `valueOf` wrote: the journal's checksum has been looked at. */
function holdOf(id: string, value: Value, expiresAt: number): Hold {
  const { named, size, largest, madeAt } = value as { named: Partial<Named>; size: Record<keyof CallSize, string>; largest: Record<keyof CallSize, string>; madeAt: number }
  const sizeOf = ({ usd, tokens }: Record<keyof CallSize, string>): CallSize => ({ usd: BigInt(usd), tokens: BigInt(tokens) })
  const whole = Object.fromEntries(budgetDimensions.map((dimension) => [dimension, named[dimension] ?? ''])) as Record<keyof Named, string>
  return { id, named: whole, size: sizeOf(size), largest: sizeOf(largest), madeAt, expiresAt }
}
