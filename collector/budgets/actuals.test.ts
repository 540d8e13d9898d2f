/** What a budget has used is what the ledger says: memory that was told line by line against a sum over `ledger_entries FINAL`. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { migrate } from '#clickhouse/migrate.ts'
import { RowBinaryWriter } from '#clickhouse/row-binary.ts'
import { openStore, type Store } from '#clickhouse/store.ts'
import { writeRow } from '#clickhouse/table.ts'
import { type LedgerEntryRow, ledgerEntries, revisionAtArrival, revisionAtSettlement } from '#clickhouse/tables/ledger-entries.ts'
import { type Budget, parseBudget } from '#otel-config/budgets/budget.ts'
import { account, type Elsewhere } from '#semconv/account.ts'
import type { SpanFacts } from '#semconv/facts.ts'
import { factsOf } from '#semconv/testdata/span-lines.ts'
import { type Charge, chargeArrivals, chargeRows } from '../derive/charge.ts'
import { entryKey } from '../derive/identity.ts'
import { shippedBook } from '../price/book.ts'
import { readHistory } from '../settle/history.ts'
import { contested, post, writeOut } from '../settle/post.ts'
import { Actuals } from './actuals.ts'
import { CallSizes } from './call-sizes.ts'
import { linesOf as toldLines, noLines, restatement } from './lines.ts'
import { readSums } from './read-sums.ts'
import type { Groups, Tally } from './tally.ts'

const budgets: readonly Budget[] = [
  '{ id: all, period: lifetime, limit: { usd: 5 }, action: alert }',
  '{ id: tokens, period: lifetime, limit: { tokens: 5000 }, action: alert, group_by: [agent] }',
  '{ id: calls, period: lifetime, limit: { calls: 5 }, action: alert, group_by: [model, user] }',
  '{ id: month, period: month, time_zone: Asia/Kolkata, limit: { usd: 5 }, action: alert, group_by: [agent] }',
  '{ id: week, period: rolling 7d, limit: { usd: 5 }, action: alert, scope: { agent: [shop] } }',
  '{ id: run, period: run, limit: { usd: 5 }, action: alert }',
  '{ id: tags, period: lifetime, limit: { tokens: 5000 }, action: alert, group_by: [tag] }',
  '{ id: tagged, period: month, limit: { usd: 5 }, action: alert, scope: { tag: [checkout, slow] } }',
  '{ id: some-tags, period: rolling 7d, limit: { calls: 5 }, action: alert, scope: { tag: [checkout, beta] }, group_by: [agent, tag] }',
].map(parseBudget)

/** 2026-11-20T12:00:00Z, when the spans of a test begin, in milliseconds. */
const noon = 1_795_176_000_000
const now = noon + 60_000
const traceId = '5b'.repeat(16)
const spanId = (name: string): string => (name === '' ? '' : Buffer.from(name.padEnd(8, '-')).toString('hex'))
/** Lines of `factsOf` as spans that can be stored. */
const spansOf = (lines: string): SpanFacts[] => factsOf(lines).map((span) => ({
  ...span, traceId, spanId: spanId(span.spanId), parentSpanId: spanId(span.parentSpanId),
  startedAt: span.startedAt + BigInt(noon) * 1_000_000n, endedAt: span.endedAt + BigInt(noon) * 1_000_000n,
}))
const options = { tenant: 't', project: 'p', prices: shippedBook() }
const nowhere: Elsewhere = { replayed: new Set(), mirrored: new Set() }

interface Trace {
  readonly spans: Map<string, SpanFacts>
  readonly charges: Map<string, Charge>
  readonly entries: Map<string, LedgerEntryRow>
}

/** A collector in small: charges on arrival, settles, forgets, and tells its budgets; every line is in ClickHouse at once. */
class World {
  readonly store: Store
  readonly actuals: Actuals
  trace: Trace = { spans: new Map(), charges: new Map(), entries: new Map() }
  #time: bigint

  constructor(store: Store, startedAt: bigint, spansRemembered: number) {
    this.store = store
    this.#time = startedAt
    this.actuals = new Actuals({ tenant: 't', store, spansRemembered, now: () => now, nowNano: () => this.#time })
  }

  /** A moment behind everything that was posted. */
  get time(): bigint {
    return ++this.#time
  }

  async insert(rows: readonly LedgerEntryRow[]): Promise<void> {
    if (rows.length === 0) return
    const writer = new RowBinaryWriter()
    for (const row of rows) writeRow(ledgerEntries, writer, row)
    await this.store.insert(ledgerEntries, writer.take(), crypto.randomUUID())
  }

  /** `again`: the sender is known to repeat itself. */
  async arrive(lines: string, again = false): Promise<void> {
    for (const facts of spansOf(lines)) {
      const first = !this.trace.spans.has(facts.spanId)
      const arrived = { ...facts, receivedAt: ++this.#time }
      this.trace.spans.set(facts.spanId, arrived)
      for (const charge of chargeArrivals([{ facts: arrived, first, decisions: [] }], (_, id) => this.trace.spans.get(id), options, { add: () => undefined })) {
        this.trace.charges.set(facts.spanId, charge)
        const rows = chargeRows(charge, options)
        if (again) this.actuals.cameAgain(rows)
        else this.actuals.arrived(rows)
        await this.insert(rows)
      }
    }
  }

  async settle(): Promise<void> {
    const accounted = account([...this.trace.spans.values()], nowhere)
    writeOut(this.trace, contested(accounted, this.trace.spans, this.trace), options)
    const at = ++this.#time
    const { rows } = post(accounted, this.trace.spans, this.trace, at, options)
    this.actuals.settled(this.trace.entries.values(), rows)
    for (const row of rows) this.trace.entries.set(entryKey(row), row)
    await this.insert(rows)
  }

  /** The trace leaves memory; what arrives next is charged as if it were new, until ClickHouse has been asked. */
  forget(): void {
    this.trace = { spans: new Map(), charges: new Map(), entries: new Map() }
  }

  async recall(spans: string, stored: readonly LedgerEntryRow[]): Promise<void> {
    writeOut(this.trace, [...this.trace.charges.values()], options)
    this.actuals.recalled(this.trace.entries.values(), stored)
    for (const facts of spansOf(spans)) if (!this.trace.spans.has(facts.spanId)) this.trace.spans.set(facts.spanId, facts)
    for (const entry of stored) {
      const own = this.trace.entries.get(entryKey(entry))
      if (own === undefined || entry.revision > own.revision) this.trace.entries.set(entryKey(entry), entry)
    }
  }

  async agree(what: string): Promise<void> {
    for (const { budget } of this.actuals.tallies()) {
      const { groups } = await readSums(this.store, 't', budget, now, undefined)
      assert.deepEqual(said(this.actuals.tally(budget.id) as Tally), stored(groups, this.actuals.tally(budget.id) as Tally), `${what}: ${budget.id}`)
    }
  }
}

const isSomething = ([, sum]: readonly [string, string]): boolean => sum !== '0 0 0'
function said(tally: Tally): Record<string, string> {
  return Object.fromEntries([...tally.groups()].map(([key]) => {
    const { value, calls, unpriced } = tally.actual(key, now)
    return [key.replaceAll('\u0000', ' '), `${value} ${calls} ${unpriced}`] as const
  }).filter(isSomething).sort())
}
function stored(groups: Groups, { budget }: Tally): Record<string, string> {
  return Object.fromEntries([...groups].map(([key, { periods, steps }]) => {
    const cells = [...(budget.period.kind === 'rolling' ? steps : periods).values()]
    const sum = (read: (cell: (typeof cells)[number]) => bigint | number): bigint => cells.reduce((all, cell) => all + BigInt(read(cell)), 0n)
    return [key.replaceAll('\u0000', ' '), `${sum((c) => c.value)} ${sum((c) => c.calls)} ${sum((c) => c.unpriced)}`] as const
  }).filter(isSomething).sort())
}

const agent = 'root  -     agent       ai      0-900  300 in 60 out  agent=shop  tags=checkout'
const calls = `
  c1    root  model_call  ai     10-300  100 in 20 out  model=gpt-4o  tags=beta,slow
  c2    root  model_call  ai    400-800  150 in 40 out  model=gpt-4o`
const unknown = 'c3    root  model_call  ai    820-890  7 in 3 out  model=nobody-knows-this'

describe('what a budget has used is the sum of the ledger', () => {
  let dir: string
  let store: Store
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'budgets-actuals-'))
    store = await openStore({ kind: 'embedded', dataDir: dir, memoryBytes: 1024 * 1024 * 1024, readSessions: 2 })
    await migrate(store)
  })
  after(async () => {
    await store[Symbol.asyncDispose]()
    await rm(dir, { recursive: true, force: true })
  })
  const world = async (spansRemembered = 0): Promise<World> => {
    await store.command('TRUNCATE TABLE ledger_entries')
    const made = new World(store, BigInt(now) * 1_000_000n, spansRemembered)
    await made.actuals.start(budgets)
    return made
  }
  const linesOf = async (): Promise<readonly LedgerEntryRow[]> => (await readHistory(store, 't', [traceId])).entries

  /** Of a call of 100 tokens. */
  const charged = (postedAt: bigint): LedgerEntryRow => {
    const attribution = { agent: 'shop', user: '', session: '', workflow: '', tags: '' }
    const [line] = chargeRows({ facts: spansOf(calls)[0] as SpanFacts, postedAt, prices: options.prices, attribution, amount: 0n, unpriced: false, provider: '' }, options)
    return line as LedgerEntryRow
  }

  test('charges on arrival, an unpriced one among them', async () => {
    const w = await world()
    await w.arrive(`${agent}\n${calls}\n${unknown}`)
    await w.agree('after arrival')
    assert.deepEqual(said(w.actuals.tally('calls') as Tally), { 'gpt-4o ': `${2n * 10n ** 12n} 2 0`, 'nobody-knows-this ': `${10n ** 12n} 1 1` })
  })

  test('calls before their agent: whom they belong to is told later, and what only the agent reports is added', async () => {
    const w = await world()
    await w.arrive(calls)
    await w.agree('before the agent')
    await w.settle()
    await w.arrive(agent)
    await w.settle()
    await w.agree('after settlement')
    assert.deepEqual(Object.keys(said(w.actuals.tally('tokens') as Tally)), ['shop'])
  })

  test('a call with several tags counts for each of them, and once where the budget is not divided by them', async () => {
    const w = await world()
    await w.arrive(`${calls}\n${unknown}`)
    await w.agree('before what they are part of')
    await w.arrive('root  -     agent       ai      0-900  agent=shop  tags=checkout')
    await w.settle()
    await w.agree('settled')
    const tokens = (count: number, number: number): string => `${BigInt(count) * 10n ** 12n} ${number} ${number > 2 ? 1 : 0}`
    assert.deepEqual(said(w.actuals.tally('tags') as Tally), { beta: tokens(120, 1), checkout: tokens(320, 3), slow: tokens(120, 1) })
    assert.deepEqual(said(w.actuals.tally('some-tags') as Tally), { 'shop beta': `${10n ** 12n} 1 0`, 'shop checkout': `${3n * 10n ** 12n} 3 1` })
    assert.match(Object.values(said(w.actuals.tally('tagged') as Tally)).join(), / 3 1$/)
  })

  test('an agent that was charged in lump is reversed when its calls arrive late', async () => {
    const w = await world()
    await w.arrive(agent)
    await w.settle()
    await w.agree('the agent alone')
    await w.arrive(calls)
    await w.settle()
    await w.agree('its calls')
  })

  test('a span that says something else later is adjusted', async () => {
    const w = await world()
    await w.arrive(`${agent}\n${calls}`)
    await w.settle()
    await w.arrive(calls.replace('100 in', '900 in'))
    await w.settle()
    await w.agree('restated')
  })

  for (const [name, remembered] of [['', 0], [', where lines are remembered', 100]] as const) {
    test(`a trace that was forgotten and comes again is not counted twice${name}`, async () => {
      const w = await world(remembered)
      await w.arrive(`${agent}\n${calls}`)
      await w.settle()
      w.forget()
      await w.arrive(`${calls}\n${unknown}`)
      await w.recall(`${agent}\n${calls}`, await linesOf())
      await w.agree('recalled')
      await w.settle()
      await w.agree('settled again')
    })
  }

  for (const [name, remembered] of [['', 0], [', where lines are remembered', 100]] as const) {
    test(`what is known to come again counts once at every moment, and what is new in it once ClickHouse was asked${name}`, async () => {
      const before = await world(remembered)
      await before.arrive(`${agent}\n${calls}`)
      await before.settle()
      const w = new World(store, BigInt(now) * 1_000_000n + 500n, remembered)
      await w.actuals.start(budgets)
      await w.arrive(calls, true)
      await w.agree('sent again')
      await w.arrive(unknown, true)
      await w.recall(`${agent}\n${calls}`, await linesOf())
      await w.agree('recalled')
      await w.settle()
      await w.agree('settled')
    })

    test(`ClickHouse is read anew before a trace that came again is recalled${name}`, async () => {
      const w = await world(remembered)
      await w.arrive(`${agent}\n${calls}`)
      await w.settle()
      w.forget()
      await w.arrive(calls)
      await w.actuals.beginReading(w.time).finish()
      await w.agree('read anew')
      await w.recall(agent, await linesOf())
      await w.agree('recalled')
      await w.settle()
      await w.agree('settled')
    })
  }

  test('a call that was never charged although it came before counts before it is in ClickHouse', async () => {
    const w = await world()
    await w.arrive(calls, true)
    await w.recall(calls, [])
    await w.agree('recalled')
  })

  test('what a process posted that was killed before it could tell counts when its trace is recalled', async () => {
    const w = await world(100)
    const killed = charged(w.time)
    await w.insert([killed])
    await w.arrive(calls)
    await w.recall(agent, await linesOf())
    await w.agree('recalled')
    await w.settle()
    await w.agree('settled')
  })

  test('of two processes the one that charged first tells it last, when ClickHouse is read anew already', async () => {
    const w = await world(100)
    const [first, cut, second] = [w.time, w.time, w.time]
    const { finish } = w.actuals.beginReading(cut)
    for (const postedAt of [second, first]) {
      const line = charged(postedAt)
      await w.insert([line])
      w.actuals.arrived([line])
    }
    await w.agree('while it is read')
    await finish()
    await w.agree('read anew')
  })

  test('two processes charge the same calls: counted once at once, and as the one that settles says', async () => {
    const w = await world(100)
    await w.arrive(`${agent}\n${calls}`)
    const owner = w.trace
    w.forget()
    await w.arrive(`${calls}\n${unknown}`)
    await w.agree('charged twice')
    w.trace = owner
    await w.recall(`${agent}\n${calls}\n${unknown}`, await linesOf())
    await w.agree('the owner knows all')
    await w.settle()
    await w.agree('settled')
    w.forget()
    await w.arrive(calls)
    await w.agree('sent once more')
  })

  test('what comes again to a process that does not settle it is taken back when the one that does asks', async () => {
    const before = await world(100)
    await before.arrive(`${agent}\n${calls}`)
    await before.settle()
    const w = new World(store, BigInt(now) * 1_000_000n + 500n, 100)
    await w.actuals.start(budgets)
    await w.arrive(calls)
    w.forget()
    await w.recall(`${agent}\n${calls}`, await linesOf())
    await w.agree('recalled by the owner, who got nothing')
    await w.settle()
    await w.agree('settled')
    const other = new World(store, BigInt(now) * 1_000_000n + 900n, 100)
    await other.actuals.start(budgets)
    await other.recall(agent, await linesOf())
    other.forget()
    await other.arrive(calls)
    await other.agree('recalled before it came again')
  })

  test('of two processes the one that charged first tells it last', async () => {
    const w = await world(100)
    const at = BigInt(now) * 1_000_000n
    for (const postedAt of [at + 5n, at]) {
      const line = charged(postedAt)
      await w.insert([line])
      w.actuals.arrived([line])
      await w.agree(`charged at ${postedAt}`)
    }
  })

  test('what was posted before anybody remembered is found when the trace is recalled', async () => {
    const before = await world(100)
    await before.arrive(`${agent}\n${calls}`)
    await before.settle()
    const w = new World(store, BigInt(now) * 1_000_000n + 500n, 100)
    await w.actuals.start(budgets)
    await w.arrive(calls)
    await w.recall(agent, await linesOf())
    await w.agree('recalled')
    await w.settle()
    await w.agree('settled')
  })

  test('a start reads what stands and goes on from there', async () => {
    const before = await world()
    await before.arrive(`${agent}\n${calls}`)
    await before.settle()
    const w = new World(store, BigInt(now) * 1_000_000n + 500n, 0)
    await w.actuals.start(budgets)
    await w.agree('at the start')
    await w.arrive(calls)
    await w.recall(agent, await linesOf())
    await w.settle()
    await w.agree('sent again to the new process')
  })

  test('ClickHouse is read anew while lines are posted: each is counted once, those of others too', async () => {
    const w = await world()
    await w.arrive(agent)
    await w.settle()
    const cut = BigInt(now) * 1_000_000n + 1_000_000n
    const { finish } = w.actuals.beginReading(cut)
    const others: LedgerEntryRow = { ...charged(cut - 5n), ownId: 'ab'.repeat(32), spanId: '00000000000000ff', postedAt: cut - 5n, revision: revisionAtArrival(cut - 5n) }
    const later: LedgerEntryRow = { ...others, ownId: 'ac'.repeat(32), spanId: '00000000000000fe', postedAt: cut + 5n, revision: revisionAtArrival(cut + 5n) }
    const moved: LedgerEntryRow = { ...others, agent: 'desk', revision: revisionAtSettlement(cut + 9n) }
    await w.insert([others, later, moved])
    w.actuals.restate(restatement(noLines, toldLines([later])))
    w.actuals.restate(restatement(toldLines([others]), toldLines([others, moved])))
    await finish()
    await w.agree('read anew')
  })

  test('whose a call is becomes known while ClickHouse is read anew, and its rows are merged by then', async () => {
    const w = await world()
    await w.arrive(calls)
    const { finish } = w.actuals.beginReading(w.time)
    await w.arrive(agent)
    await w.settle()
    await store.command('OPTIMIZE TABLE ledger_entries FINAL')
    await finish()
    await w.agree('read anew')
    // Another program said so, and nobody was told.
    const reading = w.actuals.beginReading(w.time)
    await w.insert((await linesOf()).map((line) => ({ ...line, agent: 'desk', revision: revisionAtSettlement(w.time) })))
    await store.command('OPTIMIZE TABLE ledger_entries FINAL')
    await reading.finish()
    await w.agree('told by another')
  })

  test('while another version of a budget is read, the one before answers, and both hear of everything', async () => {
    const w = await world()
    await w.arrive(calls)
    const [before] = budgets as [Budget]
    const defining = w.actuals.define({ ...before, groupBy: ['model'] }, w.time)
    const old = w.actuals.tally('all') as Tally
    assert.equal(old.budget, before)
    const [used] = Object.values(said(old))
    assert.match(used ?? '', / 2 0$/)
    await Promise.all([w.arrive(unknown), defining])
    assert.match(Object.values(said(old))[0] ?? '', / 3 1$/)
    await w.agree('read')
    assert.deepEqual(Object.keys(said(w.actuals.tally('all') as Tally)), ['gpt-4o', 'nobody-knows-this'])
  })

  test('searches are no tokens, and what a bill has beyond the ledger is no call', async () => {
    const w = await world()
    const line = charged(BigInt(now) * 1_000_000n)
    const search: LedgerEntryRow = { ...line, ownId: 'ad'.repeat(32), meter: 'tool.web_search', quantity: 3n * 10n ** 12n }
    const settled: LedgerEntryRow = { ...line, ownId: 'ae'.repeat(32), kind: 'ADJUSTMENT', reason: 'reconciled', traceId: '', spanId: '', agent: '', quantity: 7_000n * 10n ** 12n }
    const calls = Array.from({ length: 20 }, (_, n): LedgerEntryRow => ({ ...line, ownId: n.toString(16).padStart(64, 'c'), spanId: n.toString(16).padStart(16, 'c') }))
    await w.insert([line, search, settled, ...calls])
    for (const after of [[line, search], [settled], ...calls.map((call) => [call])]) w.actuals.restate(restatement(noLines, toldLines(after)))
    await w.agree('with a search and a bill')
    assert.deepEqual(said(w.actuals.tally('tokens') as Tally), { '': `${7_000n * 10n ** 12n} 0 0`, shop: `${2_100n * 10n ** 12n} 21 0` })
    assert.deepEqual(said(w.actuals.tally('calls') as Tally), { 'gpt-4o ': `${21n * 10n ** 12n} 21 0` })
    const sizes = new CallSizes()
    await sizes.recall(store, 't', now)
    assert.equal(sizes.estimate('', 'gpt-4o')?.largest.tokens, 100n * 10n ** 12n)
  })
})
