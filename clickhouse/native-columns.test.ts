import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import * as columns from './native-columns.ts'
import { nativeBlock } from './native.ts'
import { RowBinaryWriter } from './row-binary.ts'
import { choice, count, flag, id, intMap, nullableDecimal, type Table, text, time, word, words, writeRow } from './table.ts'

interface Row {
  readonly word: string
  readonly text: string
  readonly words: readonly string[]
  readonly id: string
  readonly flag: boolean
  readonly count: number
  readonly at: bigint
  readonly money: bigint | undefined
  readonly kind: 'A' | 'B'
  readonly ints: readonly (readonly [string, bigint])[]
}

const things: Table<Row> = {
  name: 'things',
  columns: [
    word('word', (r) => r.word), text('text', (r) => r.text), words('words', (r) => r.words), id('id', 8, (r) => r.id), flag('flag', (r) => r.flag), count('count', (r) => r.count),
    time('at', (r) => r.at), nullableDecimal('money', (r) => r.money), choice('kind', ['A', 'B'], (r) => r.kind),
    intMap('ints', (r) => ({ keys: r.ints.map(([key]) => key), values: r.ints.map(([, value]) => value) })),
  ],
}
const thingTypes = {
  word: columns.words, text: columns.texts, words: columns.lists(columns.words), id: columns.ids(8), flag: columns.flags, count: columns.counts, at: columns.times,
  money: columns.nullable(columns.decimals), kind: columns.choices(['A', 'B']), ints: columns.maps(columns.int64s),
}

const someRows = fc.array(fc.record<Row>({
  word: fc.constantFrom('', 'a', 'é'.repeat(40)), text: fc.oneof(fc.constantFrom('', 'again', 'x'.repeat(300)), fc.string({ unit: 'grapheme' })), words: fc.array(fc.constantFrom('', 'stop', 'length')),
  id: fc.constantFrom('', '00000000000000ff', 'ff00000000000000'), flag: fc.boolean(), count: fc.constantFrom(0, 1, 2 ** 40 + 1, 2 ** 53), at: fc.constantFrom(0n, 1n, 1_795_176_000_123_456_789n),
  money: fc.option(fc.bigInt({ min: -(1n << 100n), max: 1n << 100n }), { nil: undefined }), kind: fc.constantFrom('A', 'B'),
  ints: fc.uniqueArray(fc.tuple(fc.constantFrom('k', 'l', '__proto__'), fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n })), { selector: ([key]) => key }),
}, { noNullPrototype: true }), { maxLength: 40 })

const blockOf = (rows: readonly Row[]): Buffer => {
  const writer = new RowBinaryWriter()
  for (const row of rows) writeRow(things, writer, row)
  return nativeBlock(things.columns, rows.length, writer.take())
}

test('columns of an answer say what was written, block by block', () => {
  fc.assert(fc.property(fc.array(someRows, { minLength: 1, maxLength: 3 }), (blocks) => {
    const read = columns.readNative(Buffer.concat(blocks.map(blockOf)), thingTypes).flatMap(({ rows, columns: of }) => Array.from({ length: rows }, (_, row): Row => {
      const ints: (readonly [string, bigint])[] = []
      of.ints(row)((key, value) => void ints.push([key, value]))
      return {
        word: of.word(row), text: of.text(row), words: of.words(row), id: of.id(row), flag: of.flag(row), count: of.count(row), at: of.at(row), money: of.money(row), kind: of.kind(row), ints,
      }
    }))
    assert.deepEqual(read, blocks.flat())
  }))
})

test('an answer that is cut off, or has other columns than were asked for, is refused and never read past its end', () => {
  const row: Row = { word: 'a', text: 'b', words: ['c'], id: '00000000000000ff', flag: true, count: 1, at: 1n, money: 1n, kind: 'B', ints: [['k', 1n]] }
  const bytes = blockOf([row, row])
  for (let cut = 1; cut < bytes.length; cut++) assert.throws(() => columns.readNative(bytes.subarray(0, cut), thingTypes), RangeError)
  assert.throws(() => columns.readNative(bytes, { ...thingTypes, word: columns.texts }), /column word of type String was asked for, the answer has word of type LowCardinality\(String\)/)
  const { word: _, ...fewer } = thingTypes
  assert.throws(() => columns.readNative(bytes, fewer), /9 columns were asked for, the answer has 10/)
})
