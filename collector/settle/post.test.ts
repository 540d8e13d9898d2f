import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LedgerEntryRow } from '#clickhouse/tables/ledger-entries.ts'
import { account, chargedOnArrival } from '#semconv/account.ts'
import type { SpanFacts } from '#semconv/facts.ts'
import { factsOf } from '#semconv/testdata/span-lines.ts'
import { ledgerEntryId } from '../derive/identity.ts'
import { ledgerLines } from '../derive/ledger-lines.ts'
import { shippedBook } from '../price/book.ts'
import { post } from './post.ts'

const options = { tenant: 't', project: 'p', prices: shippedBook() }
const nowhere = { replayed: new Set<string>(), mirrored: new Set<string>() }

/** The ledger of one trace as it grows: charges on arrival, then whatever settlements post. */
class Ledger {
  readonly spans = new Map<string, SpanFacts>()
  readonly entries = new Map<string, LedgerEntryRow>()
  #time = 1n

  arrive(lines: string): this {
    for (const facts of factsOf(lines)) this.take(facts)
    return this
  }

  take(facts: SpanFacts): void {
    const known = this.spans.has(facts.spanId)
    this.spans.set(facts.spanId, facts)
    if (known || !chargedOnArrival(facts.step)) return
    for (const line of ledgerLines(options.prices, { ...facts.step, usage: facts.step.usage ?? {}, at: facts.startedAt })) {
      const id = ledgerEntryId('t', facts.traceId, facts.spanId, line.meter, 'CHARGE', 0)
      this.entries.set(id, {
        ...line, tenant: 't', project: 'p', id, kind: 'CHARGE', reason: 'metered', occurredAt: facts.startedAt, postedAt: this.#time, traceId: facts.traceId,
        spanId: facts.spanId, reverses: '', agent: facts.step.agent, user: '', session: '', workflow: '', service: '', environment: '', revision: 1n,
      })
    }
  }

  settle(elsewhere = nowhere): LedgerEntryRow[] {
    const { rows } = post(account([...this.spans.values()], elsewhere), this.spans, this.entries.values(), ++this.#time, options)
    for (const row of rows) {
      const known = this.entries.get(row.id)
      if (known !== undefined) assert.deepEqual([row.quantity, row.amount, row.unitPrice, row.kind], [known.quantity, known.amount, known.unitPrice, known.kind], 'money never changes under an id')
      this.entries.set(row.id, row)
    }
    return [...rows]
  }

  /** Net quantity and amount per span and meter, what is zero left out. */
  net(): Record<string, string> {
    const sums = new Map<string, readonly [bigint, bigint]>()
    for (const entry of this.entries.values()) {
      const key = `${entry.spanId} ${entry.meter}`
      const [quantity, amount] = sums.get(key) ?? [0n, 0n]
      sums.set(key, [quantity + entry.quantity, amount + (entry.amount ?? 0n)])
    }
    return Object.fromEntries([...sums].filter(([, [q, a]]) => q !== 0n || a !== 0n).map(([key, [q, a]]) => [key, `${q / 1_000_000_000_000n} $${a}`]).sort())
  }

  kinds(): string[] {
    return [...this.entries.values()].map((entry) => `${entry.kind} ${entry.spanId} ${entry.meter} ${entry.reason}`).sort()
  }
}

test('settling twice posts nothing the second time', () => {
  const ledger = new Ledger().arrive(`
    root  -     agent       ai      0-900  300 in 60 out  agent=shop
    c1    root  model_call  ai     10-300  100 in 20 out  model=gpt-4o
    c2    root  model_call  ai    400-800  200 in 40 out  model=gpt-4o`)
  const [first] = ledger.settle()
  assert.equal(first?.agent, 'shop', 'the first settlement says whom the calls belong to')
  assert.deepEqual(ledger.settle(), [])
  assert.deepEqual(ledger.net(), {
    'c1 input.uncached': '100 $250000000', 'c1 output.text': '20 $200000000', 'c2 input.uncached': '200 $500000000', 'c2 output.text': '40 $400000000',
  })
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
  assert.equal(post(facts, ledger.spans, ledger.entries.values(), 9n, options).unpricedModelCalls, 1)
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
    }), { numRuns: 150 })
})
