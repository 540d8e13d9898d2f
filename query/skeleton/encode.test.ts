import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeSkeleton, type DecodedRow } from './decode.fixture.ts'
import { encodeSkeleton, flagBits, type SkeletonSpans, type Words } from './encode.ts'
import { idIndex, idWords } from './id-index.ts'
import { wordTable } from './word-table.ts'

interface Said {
  readonly id: number
  /** 0 for a root. */
  readonly parent: number
  readonly start: number
  readonly duration?: number
  readonly agent?: string
  readonly cost?: number
  readonly tokens?: number
}

const from = 1_763_683_200_000_000_000n
const ids = (values: readonly number[]): Uint8Array => {
  const bytes = Buffer.alloc(values.length * 8)
  values.forEach((value, row) => bytes.writeBigUInt64BE(BigInt(value), row * 8))
  return bytes
}
const words = (given: readonly string[], values: readonly string[]): Words => {
  const table = wordTable(given)
  return { words: table.words, numbers: Uint32Array.from(values, (value) => table.number(Buffer.from(`<${value}>`), 1, 1 + Buffer.byteLength(value))) }
}
const spans = (said: readonly Said[]): SkeletonSpans => ({
  index: idIndex(idWords(ids(said.map((s) => s.id)))), spanId: ids(said.map((s) => s.id)), parentId: ids(said.map((s) => s.parent)),
  base: from, start: Float64Array.from(said, (s) => s.start), end: Float64Array.from(said, (s) => s.start + (s.duration ?? 0)),
  name: words([], said.map((s) => `span ${s.id % 5}`)), agent: words([''], said.map((s) => s.agent ?? '')), model: words([''], said.map(() => 'gpt-5')),
  service: words([], said.map(() => 'shop')),
  kind: Uint8Array.from(said, (s) => s.id % 12), flags: new Uint8Array(said.length), tokensIn: Float64Array.from(said, (s) => s.tokens ?? 0),
  tokensOut: new Float64Array(said.length), cost: BigInt64Array.from(said, (s) => BigInt(s.cost ?? 0)),
})
const trace = { traceId: 'ab'.repeat(16), settled: true, status: 'COMPLETED' }
const draw = (said: readonly Said[]) => decodeSkeleton(encodeSkeleton(trace, spans(said)))
/** The tree in words: each span's id behind its depth in dots. */
function tree(rows: readonly DecodedRow[]): string[] {
  const depths: number[] = []
  return rows.map((row, index) => {
    depths[index] = row.parent === -1 ? 0 : (depths[row.parent] ?? 0) + 1
    return `${'.'.repeat(depths[index])}${Number.parseInt(row.spanId, 16)}${(row.flags & flagBits.orphan) === 0 ? '' : ' orphan'}`
  })
}

test('parents before children, siblings by start, equal starts by id', () => {
  const { header, rows } = draw([
    { id: 4, parent: 2, start: 9 }, { id: 3, parent: 1, start: 7 }, { id: 2, parent: 1, start: 5, duration: 90 }, { id: 1, parent: 0, start: 0, duration: 100 }, { id: 5, parent: 1, start: 5 },
  ])
  assert.deepEqual(tree(rows), ['1', '.2', '..4', '.5', '.3'])
  assert.deepEqual({ start: rows[1]?.start, duration: rows[1]?.duration, tick: header.tickNanos, from: header.startUnixNano }, { start: 5, duration: 90, tick: 1, from: String(from) })
  assert.deepEqual(header.notes, { orphans: 0, cyclesBroken: 0, missingRoot: false })
})

const weird: readonly (readonly [what: string, said: readonly Said[], tree: readonly string[], notes: object])[] = [
  ['nothing', [], [], { orphans: 0, cyclesBroken: 0, missingRoot: false }],
  ['an orphan is a root of its own', [{ id: 1, parent: 0, start: 0 }, { id: 2, parent: 9, start: 1 }, { id: 3, parent: 2, start: 2 }], ['1', '2 orphan', '.3'], { orphans: 1, cyclesBroken: 0, missingRoot: false }],
  ['its own parent', [{ id: 1, parent: 1, start: 0 }, { id: 2, parent: 1, start: 1 }], ['1', '.2'], { orphans: 0, cyclesBroken: 1, missingRoot: true }],
  ['a cycle with a tail is cut at its earliest span', [{ id: 1, parent: 3, start: 5 }, { id: 2, parent: 1, start: 2 }, { id: 3, parent: 2, start: 4 }, { id: 4, parent: 3, start: 0 }], ['2', '.3', '..4', '..1'], { orphans: 0, cyclesBroken: 1, missingRoot: true }],
  ['two cycles and a root', [{ id: 1, parent: 0, start: 9 }, { id: 2, parent: 3, start: 1 }, { id: 3, parent: 2, start: 2 }, { id: 4, parent: 5, start: 3 }, { id: 5, parent: 4, start: 4 }], ['2', '.3', '4', '.5', '1'], { orphans: 0, cyclesBroken: 2, missingRoot: false }],
  ['two roots', [{ id: 2, parent: 0, start: 1 }, { id: 1, parent: 0, start: 0 }], ['1', '2'], { orphans: 0, cyclesBroken: 0, missingRoot: false }],
]
for (const [what, said, expected, notes] of weird) {
  test(`weird trees: ${what}`, () => {
    const { header, rows } = draw(said)
    assert.deepEqual(tree(rows), expected)
    assert.deepEqual(header.notes, notes)
  })
}

test('an agent holds for its descendants, a cost adds up to its ancestors', () => {
  const { rows } = draw([
    { id: 1, parent: 0, start: 0, agent: 'lead', cost: 1 }, { id: 2, parent: 1, start: 1, cost: 10 }, { id: 3, parent: 1, start: 2, agent: 'helper' }, { id: 4, parent: 3, start: 3, cost: 100 },
  ])
  assert.deepEqual(rows.map((row) => [row.agent, row.cost, row.subtreeCost]), [['lead', 1n, 111n], ['lead', 10n, 10n], ['helper', 0n, 100n], ['helper', 100n, 100n]])
})

test('ticks grow until the trace fits; tokens beyond 32 bits are held at the largest', () => {
  const week = 7 * 86_400e9
  const { header, rows } = draw([{ id: 1, parent: 0, start: 0, duration: week, tokens: 2 ** 40 }, { id: 2, parent: 1, start: week - 1 }])
  assert.equal(header.tickNanos, 1_000_000)
  assert.deepEqual(rows.map((row) => [row.start, row.duration, row.tokensIn]), [[0, 604_800_000, 2 ** 32 - 1], [604_799_999, 0, 0]])
})

test('whatever the parents: every span once, after its parent, costs conserved, columns aligned', () => {
  const span = fc.record({ parent: fc.nat(24), start: fc.nat(50), duration: fc.nat(50), cost: fc.nat(1_000) })
  fc.assert(fc.property(fc.array(span, { maxLength: 20 }), (list) => {
    const said = list.map((one, index) => ({ ...one, id: index + 1 }))
    const { header, rows } = draw(said)
    assert.deepEqual(rows.map((row) => Number.parseInt(row.spanId, 16)).sort((a, b) => a - b), said.map((s) => s.id))
    rows.forEach((row, index) => {
      assert.ok(row.parent < index)
      const mine = said.find((s) => s.id === Number.parseInt(row.spanId, 16))
      assert.equal(row.cost, BigInt(mine?.cost ?? -1))
      // A span that hangs somewhere hangs under the parent it names.
      if (row.parent !== -1) assert.equal(Number.parseInt(rows[row.parent]?.spanId ?? '', 16), mine?.parent)
    })
    const total = said.reduce((sum, s) => sum + BigInt(s.cost), 0n)
    assert.equal(rows.reduce((sum, row) => (row.parent === -1 ? sum + row.subtreeCost : sum), 0n), total)
    for (const { offset } of header.columns) assert.equal(offset % 8, 0)
    const shuffled = draw(said.toReversed())
    assert.deepEqual(tree(shuffled.rows), tree(rows))
  }), { numRuns: 300 })
})

test('a chain of 100,000 spans overflows nothing', (t) => {
  const said = Array.from({ length: 100_000 }, (_, i) => ({ id: i + 1, parent: i, start: i, cost: 1 }))
  const columns = spans(said)
  const began = performance.now()
  const bytes = encodeSkeleton(trace, columns)
  t.diagnostic(`encoded in ${Math.round(performance.now() - began)} ms, ${bytes.length} bytes`)
  assert.equal(decodeSkeleton(bytes).rows[0]?.subtreeCost, 100_000n)
})
