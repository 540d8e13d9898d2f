import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LedgerEntryRow } from '#clickhouse/tables/ledger-entries.ts'
import { account, type Elsewhere } from '#semconv/account.ts'
import type { SpanFacts } from '#semconv/facts.ts'
import { factsOf } from '#semconv/testdata/span-lines.ts'
import { type Charge, chargeArrivals, chargeRows, noLumps } from '../derive/charge.ts'
import { entryKey } from '../derive/identity.ts'
import { shippedBook } from '../price/book.ts'
import { differenceText } from '../verify/difference.ts'
import { checkEntries } from '../verify/entries.ts'
import { contested, lumpsOf, post, writeOut } from './post.ts'
import { costOf } from './summary.ts'

const options = { tenant: 't', project: 'p', prices: shippedBook() }
const nowhere: Elsewhere = { replayed: new Set(), mirrored: new Set() }

/** The ledger of one trace as it grows: charges on arrival, then whatever settlements post. `kept`: charges stay charges while nobody contests them. */
class Ledger {
  readonly spans = new Map<string, SpanFacts & { readonly receivedAt: bigint }>()
  readonly #starts = new Map<string, Set<bigint>>()
  readonly charges = new Map<string, Charge>()
  readonly entries = new Map<string, LedgerEntryRow>()
  readonly #kept: boolean
  #lumps = noLumps
  #time = 1n

  constructor(kept = false) {
    this.#kept = kept
  }

  arrive(lines: string): this {
    for (const facts of factsOf(lines)) this.take(facts)
    return this
  }

  take(facts: SpanFacts): void {
    const first = !this.spans.has(facts.spanId)
    const arrived = { ...facts, receivedAt: ++this.#time }
    this.spans.set(facts.spanId, arrived)
    this.#starts.set(facts.spanId, (this.#starts.get(facts.spanId) ?? new Set()).add(facts.startedAt))
    const charges = chargeArrivals([{ facts: arrived, first, decisions: [] }], (_, spanId) => this.spans.get(spanId), options, { add: () => undefined }, () => this.#lumps)
    for (const charge of charges) this.charges.set(facts.spanId, charge)
    if (!this.#kept) writeOut(this, charges, options)
  }

  settle(elsewhere = nowhere): LedgerEntryRow[] {
    const accounted = account([...this.spans.values()], elsewhere)
    writeOut(this, contested(accounted, this.spans, this), options)
    const { rows } = post(accounted, this.spans, this, ++this.#time, options)
    for (const row of rows) {
      const known = this.entries.get(entryKey(row))
      if (known !== undefined) assert.deepEqual([row.quantity, row.amount, row.unitPrice, row.kind], [known.quantity, known.amount, known.unitPrice, known.kind], 'money never changes under an id')
      this.entries.set(entryKey(row), row)
    }
    this.#lumps = lumpsOf(accounted)
    return [...rows]
  }

  #all(): LedgerEntryRow[] {
    return [...[...this.charges.values()].flatMap((charge) => chargeRows(charge, options)), ...this.entries.values()]
  }

  /** Net quantity and amount per span and meter, what is zero left out. */
  net(): Record<string, string> {
    const sums = new Map<string, readonly [bigint, bigint]>()
    for (const entry of this.#all()) {
      const key = `${entry.spanId} ${entry.meter}`
      const [quantity, amount] = sums.get(key) ?? [0n, 0n]
      sums.set(key, [quantity + entry.quantity, amount + (entry.amount ?? 0n)])
    }
    return Object.fromEntries([...sums].filter(([, [q, a]]) => q !== 0n || a !== 0n).map(([key, [q, a]]) => [key, `${q / 1_000_000_000_000n} $${a}`]).sort())
  }

  /** What verify says of it. */
  differences(elsewhere = nowhere): readonly string[] {
    const books = { load: async () => undefined, follow: () => undefined, named: () => options.prices, versions: () => [] }
    const ledger = { derived: this.spans, projectOf: () => options.project, starts: this.#starts, entries: Map.groupBy(this.#all(), (entry) => entry.spanId) }
    return checkEntries(ledger, account([...this.spans.values()], elsewhere), books, { plain: () => undefined, current: (rows) => rows }).differences.map(differenceText)
  }

  kinds(): string[] {
    return this.#all().map((entry) => `${entry.kind} ${entry.spanId} ${entry.meter} ${entry.reason}`).sort()
  }
}

test('settling twice posts nothing the second time', () => {
  const ledger = new Ledger().arrive(`
    root  -     agent       ai      0-900  300 in 60 out  agent=shop
    c1    root  model_call  ai     10-300  100 in 20 out  model=gpt-4o
    c2    root  model_call  ai    400-800  200 in 40 out  model=gpt-4o`)
  const [first] = ledger.settle()
  assert.deepEqual([first, ledger.kinds().length], [undefined, 4], 'the agent came with its calls: they were charged in its name')
  assert.deepEqual(ledger.settle(), [])
  assert.deepEqual(ledger.net(), {
    'c1 input.uncached': '100 $250000000', 'c1 output.text': '20 $200000000', 'c2 input.uncached': '200 $500000000', 'c2 output.text': '40 $400000000',
  })
})

test('calls that come before their agent are charged to nobody, until a settlement says whose they are', () => {
  const call = 'c1    root  model_call  ai     10-300  100 in 20 out  model=gpt-4o'
  const ledger = new Ledger().arrive(call).arrive('root  -     agent       ai      0-900  agent=shop')
  assert.deepEqual([...ledger.entries.values()].map(({ agent }) => agent), ['', ''])
  assert.deepEqual(ledger.settle().map(({ kind, agent }) => [kind, agent]), [['CHARGE', 'shop'], ['CHARGE', 'shop']])
  assert.deepEqual(ledger.settle(), [])
})

test('a call has the tags of what it is part of, on arrival as far as that is there, and after a settlement all of them', () => {
  const ledger = new Ledger().arrive('c1    root  model_call  ai     10-300  100 in 20 out  model=gpt-4o  tags=beta')
    .arrive('root  -     agent       ai      0-900  agent=shop  tags=checkout').arrive('c2    root  model_call  ai    400-800  200 in 40 out  model=gpt-4o')
  const tags = (): string[] => [...ledger.entries.values()].filter(({ meter }) => meter === 'output.text').map(({ spanId, tags: text }) => `${spanId} ${text.replace('\n', ',')}`).sort()
  assert.deepEqual(tags(), ['c1 beta', 'c2 checkout'])
  ledger.settle()
  assert.deepEqual(tags(), ['c1 beta,checkout', 'c2 checkout'])
  assert.deepEqual(ledger.differences(), [])
  assert.deepEqual(ledger.settle(), [])
})

test('T14: a model call that comes after its agent was promoted takes the charge over', () => {
  const ledger = new Ledger().arrive('a  -  agent  ai  0-900  100 in 20 out  model=gpt-4o')
  ledger.settle()
  assert.deepEqual(ledger.net(), { 'a input.uncached': '100 $250000000', 'a output.text': '20 $200000000' })
  ledger.arrive('c  a  model_call  ai  10-300  100 in 20 out  model=gpt-4o').settle()
  assert.deepEqual(ledger.net(), { 'c input.uncached': '100 $250000000', 'c output.text': '20 $200000000' })
  assert.ok(ledger.kinds().includes('REVERSAL a input.uncached rolled_up'))
  assert.deepEqual(ledger.settle(), [])
})

test('a call that comes after its agent was charged for it counts once at every moment, and is charged when the agent\'s charge is taken back', () => {
  const [input, output] = ['input.uncached', 'output.text']
  for (const above of ['a', 'step']) {
    const ledger = new Ledger().arrive('a     -  agent  ai   0-900  100 in 20 out  model=gpt-4o').arrive('step  a  step   ai  10-800')
    ledger.settle()
    const before = ledger.net()
    ledger.arrive(`c  ${above}  model_call  ai  10-300  100 in 20 out  model=gpt-4o  agent=shop`)
    assert.deepEqual(ledger.net(), before, 'until the trace settles again')
    assert.deepEqual(ledger.settle().map(({ kind, spanId, meter }) => `${kind} ${spanId} ${meter}`).sort(),
      [`CHARGE c ${input}`, `CHARGE c ${output}`, `REVERSAL a ${input}`, `REVERSAL a ${output}`])
    assert.deepEqual(ledger.differences(), [])
    assert.deepEqual(ledger.settle(), [])
    ledger.arrive(`d  ${above}  model_call  ai  10-300  10 in 2 out  model=gpt-4o`)
    assert.equal(ledger.net()[`d ${input}`], '10 $25000000', 'nothing is charged for others any more')
  }
})

test('a call beside an agent that was charged for its calls is charged on arrival', () => {
  const ledger = new Ledger().arrive('root  -  workflow  ai   0-900').arrive('a  root  agent  ai   0-400  100 in 20 out  model=gpt-4o')
  ledger.settle()
  ledger.arrive('c  root  model_call  ai  500-600  7 in 2 out  model=gpt-4o')
  assert.equal(ledger.net()['c input.uncached'], '7 $17500000')
})

test('T27: what a lost call left unattributed is reversed when the call arrives', () => {
  const ledger = new Ledger().arrive(`
    root  -     agent       ai     0-900  300 in 60 out
    c1    root  model_call  ai    10-300  100 in 20 out  model=gpt-4o`)
  ledger.settle()
  assert.deepEqual(ledger.net(), {
    'c1 input.uncached': '100 $250000000', 'c1 output.text': '20 $200000000', 'root input.uncached': '200 $500000000', 'root output.text': '40 $400000000',
  })
  ledger.arrive('c2  root  model_call  ai  400-800  200 in 40 out  model=gpt-4o').settle()
  assert.deepEqual(ledger.net(), {
    'c1 input.uncached': '100 $250000000', 'c1 output.text': '20 $200000000', 'c2 input.uncached': '200 $500000000', 'c2 output.text': '40 $400000000',
  })
  assert.deepEqual(ledger.settle(), [])
})

test('the same span with another usage is an adjustment of the difference, and back again', () => {
  const line = (tokens: string): string => `c  -  model_call  ai  0-100  ${tokens}  model=gpt-4o`
  const ledger = new Ledger().arrive(line('100 in 20 out'))
  ledger.settle()
  ledger.arrive(line('150 in 20 out')).settle()
  assert.deepEqual(ledger.net(), { 'c input.uncached': '150 $375000000', 'c output.text': '20 $200000000' })
  assert.ok(ledger.kinds().includes('ADJUSTMENT c input.uncached restated'))
  ledger.arrive(line('100 in 20 out')).settle()
  assert.deepEqual(ledger.net(), { 'c input.uncached': '100 $250000000', 'c output.text': '20 $200000000' })
  assert.deepEqual(ledger.settle(), [])
})

test('late usage that reaches the next tier changes the price of every token of the call, also of those that were known', () => {
  const line = (tokens: string): string => `c  -  model_call  ai  0-100  ${tokens}  model=gemini-2.5-pro`
  const ledger = new Ledger().arrive(line('200000 in 1000 out'))
  ledger.settle()
  assert.deepEqual(ledger.net(), { 'c input.uncached': '200000 $250000000000', 'c output.text': '1000 $10000000000' })
  ledger.arrive(line('200001 in 1000 out')).settle()
  assert.deepEqual(ledger.net(), { 'c input.uncached': '200001 $500002500000', 'c output.text': '1000 $15000000000' })
  assert.ok(ledger.kinds().includes('ADJUSTMENT c output.text restated'))
  assert.deepEqual(ledger.settle(), [])
})

test('the same span with another model: all of it moves to that model\'s name, also where both cost the same', () => {
  const ledger = new Ledger().arrive('c  -  model_call  ai  0-100  100 in 20 out  model=gpt-4o')
  ledger.settle()
  const rows = ledger.arrive('c  -  model_call  ai  0-100  100 in 20 out  model=gpt-4o-mini').settle()
  assert.deepEqual(rows.map(({ kind, meter, model, quantity, reverses }) => [kind, meter, model, quantity / 1_000_000_000_000n, reverses !== '']), [
    ['REVERSAL', 'input.uncached', 'gpt-4o', -100n, true], ['ADJUSTMENT', 'input.uncached', 'gpt-4o-mini', 100n, false],
    ['REVERSAL', 'output.text', 'gpt-4o', -20n, true], ['ADJUSTMENT', 'output.text', 'gpt-4o-mini', 20n, false],
  ])
  assert.deepEqual(ledger.net(), { 'c input.uncached': '100 $15000000', 'c output.text': '20 $12000000' })
  assert.deepEqual(ledger.settle(), [])
})

test('a span that comes again from another service takes its lines along', () => {
  const ledger = new Ledger().arrive('c  -  model_call  ai  0-100  100 in 20 out  model=gpt-4o')
  ledger.settle()
  ledger.arrive('c  -  model_call  ai  0-100  100 in 20 out  model=gpt-4o service=shop').settle()
  assert.deepEqual([...ledger.entries.values()].map(({ kind, service }) => [kind, service]), [['CHARGE', 'shop'], ['CHARGE', 'shop']])
  assert.deepEqual(ledger.settle(), [])
})

test('a replayed answer is reversed, and charged again when it turns out not to be one', () => {
  const ledger = new Ledger().arrive('c  -  model_call  ai  0-100  100 in 20 out  model=gpt-4o key=response:openai:r1')
  ledger.settle({ ...nowhere, replayed: new Set(['response:openai:r1']) })
  assert.deepEqual(ledger.net(), {})
  assert.ok(ledger.kinds().includes('REVERSAL c input.uncached replayed'))
  ledger.settle()
  assert.deepEqual(ledger.net(), { 'c input.uncached': '100 $250000000', 'c output.text': '20 $200000000' })
  assert.deepEqual(ledger.settle(), [])
})

test('an unknown model has quantities and no amount, and is counted', () => {
  const ledger = new Ledger().arrive('c  -  model_call  ai  0-100  100 in 20 out  model=never-heard-of')
  const facts = account([...ledger.spans.values()], nowhere)
  assert.equal(post(facts, ledger.spans, ledger, 9n, options).unpricedModelCalls, 1)
  assert.ok([...ledger.entries.values()].every((entry) => entry.basis === 'UNPRICED' && entry.amount === undefined && entry.quantity > 0n))
})

test('a claimed amount stands where no price is known, and only there', () => {
  const unknown = new Ledger().arrive('c  -  model_call  ai  0-100  100 in 20 out  model=never-heard-of cost=0.03')
  assert.deepEqual(unknown.net(), { 'c reported_cost': '1 $30000000000' })
  const known = new Ledger().arrive('c  -  model_call  ai  0-100  100 in 20 out  model=gpt-4o cost=0.03')
  assert.deepEqual(known.net(), { 'c input.uncached': '100 $250000000', 'c output.text': '20 $200000000' })
  const aggregate = new Ledger().arrive('a  -  agent  ai  0-900  cost=0.03')
  aggregate.settle()
  assert.deepEqual(aggregate.net(), { 'a reported_cost': '1 $30000000000' })
})

const tree = factsOf(`
  root  -     agent       ai      0-900  600 in 120 out
  sub   root  agent       ai     10-500  300 in 60 out
  c1    sub   model_call  ai     20-200  100 in 20 out  model=gpt-4o
  c2    sub   model_call  ai    210-400  200 in 40 out  model=gpt-4o
  c3    root  model_call  ai    510-700  250 in 50 out  model=gpt-4o
  w     root  model_call  lang  710-880  50 in 10 out   model=gpt-4o
  o     w     model_call  sdk   715-870  50 in 10 out   model=gpt-4o`)

test('whatever the order of arrival, the duplicates and the settlements between, the ledger ends the same', () => {
  const expected = new Ledger()
  for (const facts of tree) expected.take(facts)
  expected.settle()
  fc.assert(fc.property(
    fc.shuffledSubarray([...tree, ...tree], { minLength: tree.length * 2 }), fc.array(fc.boolean(), { minLength: tree.length * 2, maxLength: tree.length * 2 }),
    (arrivals, pauses) => {
      const ledger = new Ledger()
      for (const [index, facts] of arrivals.entries()) {
        ledger.take(facts)
        if (pauses[index] === true) ledger.settle()
      }
      ledger.settle()
      assert.deepEqual(ledger.net(), expected.net())
      assert.deepEqual(ledger.settle(), [])
      assert.deepEqual(ledger.differences(), [])
    }), { numRuns: 150 })
})

test('whatever spans say when they come again, the ledger stands where they end, and every entry of it can be worked out again', () => {
  const again = factsOf(`
    c1    sub   model_call  ai     20-200  300000 in 20 out  model=gemini-2.5-pro
    c2    root  model_call  ai    210-400  200 in 40 out     model=gpt-4o-mini user=ada
    c3    root  model_call  ai    510-700  251 in 50 out     model=never-heard-of cost=0.03
    sub   root  agent       ai     10-500  30 in 6 out       agent=other
    o     w     model_call  sdk   715-870  50 in 10 out      model=gpt-4o service=kiosk key=response:openai:r1`)
  fc.assert(fc.property(fc.array(fc.record({ facts: fc.constantFrom(...tree, ...again), pause: fc.boolean(), replayed: fc.boolean() }), { minLength: 1, maxLength: 25 }), (steps) => {
    const ledger = new Ledger()
    const elsewhere = (replayed: boolean): Elsewhere => (replayed ? { ...nowhere, replayed: new Set(['response:openai:r1']) } : nowhere)
    for (const { facts, pause, replayed } of steps) {
      ledger.take(facts)
      if (pause) ledger.settle(elsewhere(replayed))
    }
    const last = elsewhere(steps.at(-1)?.replayed === true)
    ledger.settle(last)
    assert.deepEqual(ledger.differences(last), [])
    assert.deepEqual(ledger.settle(last), [])
  }), { numRuns: 300 })
})

/** A ledger whose process may forget the trace: what comes then is charged as if it were new, until the store is asked before the next settlement. */
class StoredLedger extends Ledger {
  readonly #rows = new Map<string, LedgerEntryRow>()
  readonly #stored = new Map<string, SpanFacts & { readonly receivedAt: bigint }>()

  override take(facts: SpanFacts): void {
    super.take(facts)
    const taken = this.spans.get(facts.spanId)
    if (taken !== undefined) this.#stored.set(facts.spanId, taken)
    for (const row of this.entries.values()) this.#store(row)
  }

  #store(row: LedgerEntryRow): void {
    const known = this.#rows.get(entryKey(row))
    if (known === undefined || row.revision > known.revision) this.#rows.set(entryKey(row), row)
  }

  forget(): void {
    for (const held of [this.spans, this.charges, this.entries]) held.clear()
  }

  override settle(elsewhere = nowhere): LedgerEntryRow[] {
    for (const [id, span] of this.#stored) this.spans.set(id, span)
    for (const [key, row] of this.#rows) if (row.revision > (this.entries.get(key)?.revision ?? -1n)) this.entries.set(key, row)
    const rows = super.settle(elsewhere)
    for (const row of rows) this.#store(row)
    return rows
  }
}

test('whatever spans say when they come again, when they say they began, and whatever was forgotten between, what stands is what they said last', () => {
  const later = (facts: SpanFacts, by: bigint): SpanFacts => ({ ...facts, startedAt: facts.startedAt + by, endedAt: facts.endedAt + by })
  const told = [...tree, ...tree.map((facts) => later(facts, 5_000_000n)), ...factsOf(`
    c1    sub   model_call  ai     20-200  300000 in 20 out  model=gemini-2.5-pro
    c3    root  model_call  ai    512-700  251 in 50 out     model=gpt-4o-mini user=ada`)]
  fc.assert(fc.property(fc.array(fc.record({ facts: fc.constantFrom(...told), next: fc.constantFrom('nothing', 'settle', 'forget', 'settle and forget') }), { minLength: 1, maxLength: 20 }), (steps) => {
    const ledger = new StoredLedger()
    for (const { facts, next } of steps) {
      ledger.take(facts)
      if (next.startsWith('settle')) ledger.settle()
      if (next.endsWith('forget')) ledger.forget()
    }
    ledger.settle()
    assert.deepEqual(ledger.settle(), [])
    assert.deepEqual(ledger.differences(), [])
    const fresh = new Ledger()
    for (const facts of ledger.spans.values()) fresh.take(facts)
    fresh.settle()
    assert.deepEqual(ledger.net(), fresh.net())
  }), { numRuns: 300 })
})

test('a call that came again while its lines were read back from a former process is charged once', () => {
  const ledger = new Ledger(true).arrive('c  -  model_call  ai  0-100  100 in 20 out  model=gpt-4o')
  for (const charge of ledger.charges.values()) for (const row of chargeRows(charge, options)) ledger.entries.set(entryKey(row), row)
  assert.deepEqual(ledger.settle(), [])
  assert.deepEqual(ledger.net(), { 'c input.uncached': '100 $250000000', 'c output.text': '20 $200000000' })
})

test('a charge that is kept as one says what its lines would', () => {
  const changed = tree.map((facts) => (facts.spanId.startsWith('c1') ? { ...facts, step: { ...facts.step, usage: { 'input.uncached': 7 } } } : facts))
  fc.assert(fc.property(fc.array(fc.record({ facts: fc.constantFrom(...tree, ...changed), pause: fc.boolean(), replayed: fc.boolean() }), { minLength: 1, maxLength: 20 }), (steps) => {
    const ledgers = [new Ledger(), new Ledger(true)] as const
    for (const { facts, pause, replayed } of steps) {
      const elsewhere = replayed ? { ...nowhere, replayed: new Set(facts.step.callKeys) } : nowhere
      const posted = ledgers.map((ledger) => {
        ledger.take(facts)
        return pause ? ledger.settle(elsewhere).sort((a, b) => (entryKey(a) < entryKey(b) ? -1 : 1)) : []
      })
      assert.deepEqual(posted[1], posted[0])
    }
    assert.deepEqual(ledgers[1].net(), ledgers[0].net())
    assert.deepEqual(ledgers[1].kinds(), ledgers[0].kinds())
    assert.deepEqual(costOf(ledgers[1], { rows: [], unpricedModelCalls: 0, providers: [] }), costOf(ledgers[0], { rows: [], unpricedModelCalls: 0, providers: [] }))
  }), { numRuns: 200 })
})
