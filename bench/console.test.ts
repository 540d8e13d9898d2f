/** The bench of the console in a small size: it measures what it says, and a trace keeps its figures. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeRequest } from '#collector/decode/oracle.ts'
import { describeConsole, measureConsole } from './console.ts'
import { levels, treeTrace } from './tree-trace.ts'

test('a trace of agents is as large and deep as it says, and names its cost', () => {
  const trace = treeTrace(1_000, Date.now())
  const parents = new Map<string, string | undefined>()
  for (const request of trace.requests) {
    for (const { spanId = '', parentSpanId } of decodeRequest(request).resourceSpans?.[0]?.scopeSpans?.[0]?.spans ?? []) parents.set(spanId, parentSpanId)
  }
  const depth = (id: string | undefined): number => (id === undefined || id === '' ? 0 : 1 + depth(parents.get(id)))
  assert.equal(parents.size, 1_000)
  assert.equal(Math.max(...[...parents.keys()].map(depth)), levels)
  assert.ok(trace.modelCalls > 400 && trace.cost > 0n)
})

test('the console opens, scrolls, zooms and searches a trace', { timeout: 90_000 }, async (t) => {
  const figures = await measureConsole({ spans: 1_000, traces: 1, openings: 1, frames: 20 })
  if (figures === undefined) return t.skip('no packaged Chromium for this platform and no installed Chrome')
  assert.equal(figures.rows, 1_000)
  assert.equal(figures.scroll.length, 20)
  assert.equal(figures.zoom.length, 20)
  for (const openings of [figures.openings, figures.firsts, figures.restarted]) {
    const [opening] = openings
    assert.equal(openings.length, 1)
    assert.ok(opening !== undefined && opening.asked > 0 && opening.answered >= opening.asked && opening.received >= opening.answered && opening.painted >= opening.received)
    assert.ok(opening.transferredBytes > 0)
  }
  assert.ok(figures.heapBytes > 0 && (figures.clicks[0] ?? 0) > 0 && figures.letters.length > 0)
  assert.doesNotMatch(describeConsole([figures]), /NaN|undefined/)
})
