import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RowBinaryWriter } from './row-binary.ts'
import { count, type Table, text, time, word, words, writeRow } from './table.ts'

interface Row {
  readonly tenant: string
  readonly at: bigint
  readonly flags: readonly string[]
  readonly name: string
  readonly tokens: number
}

const columns: Table<Row>['columns'] = [
  word('tenant', (r) => r.tenant), time('at', (r) => r.at), words('flags', (r) => r.flags), text('name', (r) => r.name), count('tokens', (r) => r.tokens),
]
const flags = [[], ['repaired'], ['repaired', 'invalid']] as const
const rows = fc.array(fc.record({
  tenant: fc.constantFrom('acme', 'other', ''), at: fc.constantFrom(1n, 2n), flags: fc.constantFrom(...flags), name: fc.string(), tokens: fc.nat(),
}))

const bytesOf = (table: Table<Row>, list: readonly Row[]): Buffer => {
  const writer = new RowBinaryWriter()
  for (const row of list) writeRow(table, writer, row)
  return writer.take()
}

test('what a row has as the one before it is copied: the bytes are the same as if it were written', () => {
  for (const alike of [1, 3, 5]) {
    const copying: Table<Row> = { name: 'copying', columns, alike }
    fc.assert(fc.property(rows, (list) => assert.deepEqual(bytesOf(copying, list), bytesOf({ name: 'plain', columns }, list))))
  }
})

test('a value that cannot be written leaves no head behind that a later row would copy', () => {
  const table: Table<Row> = { name: 'failing', columns, alike: 2 }
  const row: Row = { tenant: 'acme', at: 1n, flags: [], name: 'a', tokens: 1 }
  const writer = new RowBinaryWriter()
  assert.throws(() => writeRow(table, writer, { ...row, tenant: 'other', at: undefined as never }))
  writer.truncate(0)
  writeRow(table, writer, { ...row, tenant: 'other' })
  assert.deepEqual(writer.take(), bytesOf({ name: 'plain', columns }, [{ ...row, tenant: 'other' }]))
})
