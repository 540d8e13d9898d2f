import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spanOf } from '#semconv/testdata/span-lines.ts'
import { Handovers } from './handovers.ts'
import { metricsOfAll } from './metrics-of-all.ts'
import { type News, ownerOf, type Peers } from './peers.ts'

/** As many processes as asked for, whose news wait until they are carried. */
function processes(count: number): { readonly each: readonly Handovers[]; readonly carry: () => void } {
  const listeners: ((from: number, news: News) => void)[] = []
  const sent: (() => void)[] = []
  const each = Array.from({ length: count }, (_, index): Handovers => {
    const peers: Peers = {
      index, count, send: (to, news) => sent.push(() => listeners[to]?.(index, news)), onNews: (listen) => void (listeners[index] = listen),
    }
    const handovers = new Handovers(peers)
    handovers.complete(0)
    return handovers
  })
  return { each, carry: () => sent.splice(0).forEach((deliver) => deliver()) }
}

const traceOf = (owner: number): string => owner.toString(16).padStart(32, '0')
const span = (traceId: string, startedAt: bigint) => ({ ...spanOf('s  -  model_call  sdk  0-100  10 in 5 out  model=gpt-4o'), traceId, startedAt, receivedAt: startedAt })

test('each trace has one owner, and random ids spread', () => {
  const owned = Array.from({ length: 1000 }, (_, n) => ownerOf((BigInt(n) * 0x9e3779b97f4a7c15n % (1n << 64n)).toString(16).padStart(32, '0'), 4))
  for (const index of [0, 1, 2, 3]) assert.ok(owned.filter((one) => one === index).length > 150)
})

test('a span is told to its owner once it is loaded, and not before', () => {
  const { each: [here, there], carry } = processes(2)
  assert.ok(here !== undefined && there !== undefined)
  here.arrived(span(traceOf(1), 20n), 100, 7)
  here.arrived(span(traceOf(1), 10n), 101, 7)
  here.arrived(span(traceOf(0), 10n), 102, 7)
  here.tell(6, 200)
  carry()
  assert.deepEqual(there.heard(), [])
  here.tell(7, 300)
  carry()
  assert.deepEqual(there.heard(), [{ traceId: traceOf(1), startedFrom: 10n, startedTo: 20n }])
  assert.deepEqual(here.heard(), [])
})

test('a trace is known as far as everybody has loaded what arrived', () => {
  const { each, carry } = processes(3)
  const [a, b, c] = each
  assert.ok(a !== undefined && b !== undefined && c !== undefined)
  const trace = traceOf(0)
  assert.ok(!a.knowsAll(trace, 0), 'nobody has said anything')
  b.arrived(span(trace, 1n), 50, 3)
  for (const one of each) one.tell(2, 100)
  carry()
  assert.ok(a.knowsAll(trace, 50))
  assert.ok(!a.knowsAll(trace, 51), 'a span that arrived at 50 waits in the journal of another')
  b.tell(3, 120)
  carry()
  assert.ok(!a.knowsAll(trace, 90), 'told, and not read')
  const read = a.heard()
  b.arrived(span(trace, 5n), 130, 4)
  b.tell(4, 140)
  carry()
  a.taken(read)
  assert.deepEqual(a.heard(), [{ traceId: trace, startedFrom: 1n, startedTo: 5n }], 'what was told while it was read is read again')
  a.taken(a.heard())
  assert.ok(a.knowsAll(trace, 100))
})

test('until a process has passed on what was left in its journal, nobody relies on it', () => {
  const news: News[] = []
  const handovers = new Handovers({ index: 0, count: 2, send: (_, one) => news.push(one), onNews: () => undefined })
  handovers.pass({ traceId: traceOf(1), startedFrom: 1n, startedTo: 2n })
  handovers.revisit(traceOf(3))
  handovers.tell(0, 10)
  handovers.complete(0)
  handovers.tell(0, 20)
  assert.deepEqual(news, [
    { told: [{ traceId: traceOf(1), startedFrom: 1n, startedTo: 2n }], revisit: [traceOf(3)], through: -Infinity },
    { told: [], revisit: [], through: 20 },
  ])
})

test('what is too much to remember is looked for when it is loaded, and nobody relies on this process before', () => {
  const news: News[] = []
  const handovers = new Handovers({ index: 0, count: 2, send: (_, one) => news.push(one), onNews: () => undefined }, 1)
  handovers.complete(0)
  handovers.tell(0, 10)
  handovers.arrived(span(traceOf(1), 1n), 20, 5)
  assert.equal(handovers.missedSince(9), undefined)
  handovers.arrived(span(traceOf(3), 1n), 21, 5)
  handovers.arrived(span(traceOf(1), 2n), 22, 5)
  handovers.arrived(span(traceOf(5), 1n), 30, 6)
  assert.equal(handovers.missedSince(5), undefined, 'a part of it waits')
  handovers.tell(6, 40)
  assert.ok(handovers.missedSince(6) !== undefined)
  handovers.complete(5)
  handovers.tell(6, 50)
  handovers.complete(6)
  handovers.tell(6, 60)
  assert.deepEqual(news.map(({ told, through }) => [told.map(({ traceId }) => traceId), through]), [[[], 10], [[traceOf(1)], 10], [[], 10], [[], 60]])
})

test('counters of several processes stand under one head, each with its number', () => {
  assert.equal(metricsOfAll(new Map([
    [1, '# HELP a All.\n# TYPE a counter\na 1\n# HELP b Some.\n# TYPE b gauge\nb{x="y} 2"} 2\n'],
    [2, '# HELP a All.\n# TYPE a counter\na 3\n'],
  ])), [
    '# HELP a All.', '# TYPE a counter', 'a{receiver="1"} 1', 'a{receiver="2"} 3',
    '# HELP b Some.', '# TYPE b gauge', 'b{receiver="1",x="y} 2"} 2', '',
  ].join('\n'))
})
