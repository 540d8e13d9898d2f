import assert from 'node:assert/strict'
import { test } from 'node:test'
import { approvalHref, itemHref, periodHref } from './ledger-links.ts'

const filters = (href: string): Record<string, string[]> => {
  const { searchParams } = new URL(href, 'http://localhost')
  return Object.fromEntries(['provider', 'model', 'meter', 'reason'].flatMap((key) => (searchParams.has(key) ? [[key, searchParams.getAll(key)]] : [])))
}

test('what stands beside a bill opens its lines, those that name no provider too', () => {
  const day = '2026-11-20'
  assert.deepEqual(filters(itemHref({ day, ledgerProviders: ['', '(none)'], ledgerModels: [''], ledgerMeters: ['output.text'] })), { provider: ['(none)', '"(none)"'], model: ['(none)'], meter: ['output.text'] })
  assert.deepEqual(filters(periodHref({ from: day, to: day, ledgerProviders: ['openai', ''] })), { provider: ['openai', '(none)'] })
  assert.deepEqual(filters(approvalHref(`${day}//org/model/input`)), { provider: ['(none)'], model: ['org/model'], reason: ['reconciled'] })
})
