import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseBook } from './book.ts'
import { bookText, freeze } from './freeze.ts'

const stored = readFileSync(new URL('./shipped-book.json', import.meta.url), 'utf8')

test('the shipped book is what the installed price list and our aliases make', async () => {
  assert.equal(bookText(await freeze()), stored, 'run `node collector/price/freeze.ts` and review the change of prices')
})

test('the shipped book stands up to the checks that a loaded book has to pass', () => {
  const book = parseBook(stored)
  assert.equal(book.data.source.licence, 'MIT')
  assert.match(book.data.source.copyright, /Pydantic/)
  assert.ok(book.providers.size > 40)
})

test('every published price is exact in pico-dollars but the listed float artefacts', () => {
  const { rounded } = parseBook(stored).data
  assert.deepEqual([...new Set(rounded.map(([, published]) => published))].sort(), ['0.08333333333333334', '0.18000000000000002'])
})
