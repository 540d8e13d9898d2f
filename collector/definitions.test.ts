import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { migrate } from '#clickhouse/migrate.ts'
import { openStore } from '#clickhouse/store.ts'
import { parsePolicies, PolicyError, starterPolicies } from '#otel-config/policy/policies.ts'
import { storeDefinitions } from './definitions.ts'
import { parseBook, shippedBook } from './price/book.ts'

test('the price book and each policy version are kept once; a changed policy needs a new version', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'definitions-'))
  t.after(() => rm(dataDir, { recursive: true, force: true, maxRetries: 10 }))
  await using store = await openStore({ kind: 'embedded', dataDir })
  await migrate(store)
  const book = shippedBook()
  const policies = parsePolicies(starterPolicies())
  for (const at of [1n, 2n]) await storeDefinitions(store, 't', book, policies, at)
  const [stored] = await store.read<{ version: string; body: string }>('SELECT lower(hex(version)) AS version, body FROM price_books', {}, { maxSeconds: 10 })
  assert.equal(parseBook(stored?.body ?? '').version, book.version, 'the stored book is the very book that entries name')
  const [{ versions } = { versions: '' }] = await store.read<{ versions: string }>('SELECT count() AS versions FROM policy_versions', {}, { maxSeconds: 10 })
  assert.equal(Number(versions), policies.policies.length)
  const [first] = policies.policies
  assert.ok(first)
  const changed = { ...policies, policies: [{ ...first, document: `${first.document}# changed` }] }
  await assert.rejects(storeDefinitions(store, 't', book, changed, 3n), (error: unknown) => error instanceof PolicyError && error.message.includes(`version ${first.version + 1}`))
  await storeDefinitions(store, 't', book, { ...changed, policies: [{ ...first, version: first.version + 1, document: 'new' }] }, 4n)
})
