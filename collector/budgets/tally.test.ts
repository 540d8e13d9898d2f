/** A window of a group's usage is the sum of its steps, however it is added up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LedgerEntryRow, revisionAtArrival, revisionAtSettlement } from '#clickhouse/tables/ledger-entries.ts'
import { seededRandom } from '#otel-config/demo/random.ts'
import { parseBudget } from '#otel-config/budgets/budget.ts'
import { linesOf, noLines, restatement, standingBefore, union } from './lines.ts'
import { addTo, contributions, type Groups, nothing, plus, type Reading, reached, stepMs, Tally } from './tally.ts'

const hourMs = 3_600_000
const now = Date.parse('2026-11-27T10:23:45Z')
const budget = parseBudget('{ id: week, period: rolling 7d, limit: { usd: 5 }, action: alert, group_by: [user] }')

test('a window of minutes, hours or days adds up every step that ends in it or begins in it, once', () => {
  const random = seededRandom(7, 0)
  const base: Groups = new Map()
  const steps = new Map<number, ReturnType<typeof plus>>()
  for (let n = 0; n < 3_000; n++) {
    const at = now - random.integer(0, 20 * 24 * hourMs)
    const [step, sum] = [at - (at % stepMs), { value: BigInt(random.integer(1, 1_000)), calls: random.integer(0, 3), unpriced: random.integer(0, 1) }]
    addTo(base, ['ada'], step, undefined, at, sum)
    steps.set(step, plus(steps.get(step) ?? nothing, sum))
  }
  const tally = new Tally(budget, base, 0n, now)
  const windows = [1, stepMs - 1, stepMs, hourMs - 1, hourMs, hourMs + 1, 6 * hourMs, 24 * hourMs, 7 * 24 * hourMs, 20 * 24 * hourMs, ...Array.from({ length: 300 }, () => random.integer(1, 10 * 24 * hourMs))]
  for (const ms of windows) for (const to of [now, now - (now % hourMs), now - (now % stepMs), now - random.integer(0, 30 * hourMs)]) {
    const expected = [...steps].filter(([start]) => start + stepMs > to - ms && start < to).reduce((sum, [, one]) => plus(sum, one), nothing)
    assert.deepEqual(tally.window('ada', to - ms, to), expected, `${ms} ms until ${new Date(to).toISOString()}`)
  }
  assert.deepEqual(tally.window('nobody', 0, now), nothing)
})

test('a group that nobody knows has no name, the one of an undivided budget always has', () => {
  assert.equal(new Tally(budget, new Map(), 0n, now).group('ada'), undefined)
  assert.deepEqual(new Tally({ ...budget, groupBy: [] }, new Map(), 0n, now).group(''), [])
})

/** A call of a dollar. */
const used = (at: number, span: number): LedgerEntryRow => ({
  tenant: 't', project: 'p', ownId: '', kind: 'CHARGE', reason: 'metered', occurredAt: BigInt(at) * 1_000_000n, postedAt: BigInt(now) * 1_000_000n, traceId: 'a'.repeat(32),
  spanId: String(span).padStart(16, '0'), provider: 'openai', model: 'gpt-5', meter: 'input.uncached', quantity: 10n ** 12n, usageFlags: [], unitPrice: 10n ** 12n, amount: 10n ** 12n,
  basis: 'PRICED', priceBookVersion: '', priceCard: '', reverses: '', agent: '', user: '', session: '', workflow: '', service: '', environment: '', tags: '', revision: revisionAtArrival(BigInt(now) * 1_000_000n),
})

test('a span that names a year far ahead does not end today, and one of a clock that is ahead a little counts tomorrow', () => {
  const midnight = Date.parse('2026-11-28T00:00:00Z')
  const tally = new Tally(parseBudget('{ id: day, period: day, limit: { usd: 5 }, action: deny }'), new Map(), 0n, now)
  const use = (at: number, span: number): void => void tally.restate(restatement(noLines, linesOf([used(at, span)])), now)
  for (const [span, at] of [Date.parse('2099-01-01T00:00:00Z'), midnight + 1_000, now, now].entries()) use(at, span)
  assert.equal(tally.actual('', now).value, 2n * 10n ** 12n)
  tally.prune(now)
  assert.equal(tally.actual('', now).value, 2n * 10n ** 12n)
  assert.equal(tally.actual('', midnight + 2_000).value, 10n ** 12n)
  assert.deepEqual(tally.history('', midnight + 2_000).map(({ sum }) => sum.calls).slice(0, 2), [2, 0])
})

test('a threshold is reached at its last digit and not before', () => {
  const limit = 100_000n * 10n ** 12n
  assert.deepEqual(reached({ limit }, limit - 1n, [50, 99.999999, 100, 200]), [50, 99.999999])
  assert.deepEqual(reached({ limit }, limit, [50, 100, 200]), [50, 100])
  assert.deepEqual(reached({ limit: 3n }, 1n, [33.3, 33.4]), [33.3])
})

test('revisions of the lines of a span, told in any order, late and twice, while sums are read anew and after: in the end what stands counts', () => {
  const random = seededRandom(11, 0)
  const byAgent = parseBudget('{ id: agents, period: lifetime, limit: { usd: 5 }, action: alert, group_by: [agent] }')
  const agents = ['', 'shop', 'desk'] as const
  for (let round = 0; round < 2_000; round++) {
    // Each posted at a time of its own: charges of two processes under one id, and settlements that say whose the line is.
    const posted = Array.from({ length: random.integer(1, 7) }, (_, n) => {
      const [at, settles] = [BigInt(10 * n + random.integer(1, 9)), random.next() < 0.4]
      const line: LedgerEntryRow = {
        ...used(now, 1), meter: random.pick(['input.uncached', 'output.text']), agent: settles ? random.pick(agents) : '', revision: settles ? revisionAtSettlement(at) : revisionAtArrival(at),
      }
      return { at, line, order: random.next() }
    })
    const all = linesOf(posted.map(({ line }) => line))
    const tally = new Tally(byAgent, new Map(), 0n, now)
    let [known, toldTo] = [noLines, 0n]
    let reading: Reading | undefined
    const begin = (): void => {
      reading = { cut: toldTo + BigInt(random.integer(1, 40)), restated: new Map() }
      tally.beginReading(reading)
    }
    const end = (): void => {
      if (reading === undefined) return
      const groups: Groups = new Map()
      for (const { group, at, sum } of contributions(byAgent, standingBefore(all, reading.cut))) addTo(groups, group, undefined, 0, at, sum)
      tally.endReading(reading, { groups, renamed: new Map() }, now)
      reading = undefined
    }
    for (const { at, line } of posted.toSorted((a, b) => a.order - b.order)) {
      if (reading === undefined && random.next() < 0.5) begin()
      for (let times = random.integer(1, 2); times > 0; times--) {
        const after = linesOf(union(known.all, [line]))
        tally.restate(restatement(known, after), now)
        known = after
      }
      if (at > toldTo) toldTo = at
      if (random.next() < 0.4) end()
    }
    end()
    for (const agent of agents) {
      const [expected] = contributions(byAgent, all.standing).filter(({ group }) => group[0] === agent)
      assert.deepEqual(tally.actual(agent, now), expected?.sum ?? nothing, `round ${round}, agent '${agent}'`)
    }
  }
})
