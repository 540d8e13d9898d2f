import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pricedUnasked } from './book-words.ts'

const book = (source: string, knownSince: string | null, activatedAt: readonly string[] = [], active = false) => ({ version: `${source} ${knownSince}`, source, knownSince, activatedAt: [...activatedAt], active })

test('the list that came with the program priced before another was activated, and that stays said', () => {
  const shipped = book('shipped', '2026-11-01T00:00:00Z')
  const console = book('console', '2026-11-05T00:00:00Z', ['2026-11-05T00:00:01Z'], true)
  const newer = book('shipped', '2026-11-09T00:00:00Z')
  const books = [newer, console, shipped]
  assert.deepEqual(books.map((one) => pricedUnasked(one, books)), [undefined, undefined, { since: '2026-11-01T00:00:00Z' }])
  const unused = book('shipped', null, [], true)
  assert.deepEqual(pricedUnasked(unused, [unused]), { since: null })
  assert.equal(pricedUnasked(book('contract.yaml', '2026-11-01T00:00:00Z'), []), undefined, 'a file prices once it is activated')
})
