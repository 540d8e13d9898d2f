import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { migrate } from '#clickhouse/migrate.ts'
import { RowBinaryWriter } from '#clickhouse/row-binary.ts'
import { openStore } from '#clickhouse/store.ts'
import { type Table, writeRow } from '#clickhouse/table.ts'
import { ledgerEntries } from '#clickhouse/tables/ledger-entries.ts'
import type { SpanFacts } from '#semconv/facts.ts'
import { silent } from '#semconv/testdata/span-lines.ts'
import { followPrices } from '../active-prices.ts'
import { chargeArrivals } from '../derive/charge.ts'
import { spans } from '#clickhouse/tables/spans.ts'
import { bookCommand } from './book-command.ts'
import { shippedBook } from './book.ts'

const overlay = `
format: 1
name: mine
source: a test
models:
  - { provider: acme, model: acme-1, per_million_tokens: { input: 2, output: 4 } }
  - { provider: acme, model: acme-2, per_million_tokens: { input: 2, output: 4 } }
prices:
  - { provider: openai, model: gpt-5-mini, when: { tier: flex }, multiply: 0.5 }
`
const now = BigInt(Date.UTC(2026, 9, 20)) * 1_000_000n
const none = { keys: [], values: [] }

const call = (n: number, step: Partial<SpanFacts['step']>): SpanFacts & { receivedAt: bigint } => ({
  traceId: String(n).padStart(32, '0'), spanId: String(n).padStart(16, '0'), parentSpanId: '', startedAt: now - 1000n, endedAt: now, name: 'chat', spanKind: 3,
  failed: false, service: 's', environment: '', scopeName: '', scopeVersion: '', receivedAt: now,
  step: { ...silent, role: 'model_call', usage: { 'input.uncached': 1_000_000 }, ...step },
})

test('a file is imported, compared with the ledger, activated and followed by a running collector; what is refused changes nothing', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'books-'))
  t.after(() => rm(dir, { recursive: true, force: true, maxRetries: 10 }))
  await using store = await openStore({ kind: 'embedded', dataDir: join(dir, 'data') })
  await migrate(store)
  const insert = async <Row>(into: Table<Row>, rows: readonly Row[]): Promise<void> => {
    const writer = new RowBinaryWriter()
    for (const row of rows) writeRow(into, writer, row)
    await store.insert(into, writer.take(), crypto.randomUUID())
  }
  const calls = [
    call(1, { provider: 'openai', requestModel: 'gpt-5-mini', serviceTier: 'flex' }), call(2, { provider: 'openai', requestModel: 'gpt-5-mini' }),
    call(3, { provider: 'acme', requestModel: 'acme-1' }),
    call(4, { provider: 'acme', requestModel: 'acme-2', reportedCost: 3_000_000_000_000n }), call(5, { provider: 'acme', requestModel: 'acme-9', reportedCost: 7_000_000_000_000n }),
  ]
  const rows: { table: Table<never>; row: never }[] = []
  const frame = { add: (table: unknown, row: unknown) => void rows.push({ table: table as Table<never>, row: row as never }) }
  const settings = { tenant: 't', project: 'p', prices: shippedBook() }
  chargeArrivals(calls.map((facts) => ({ facts, first: true, decisions: [] })), () => undefined, settings, frame)
  await insert(ledgerEntries, rows.map(({ row }) => row))
  await insert(spans, calls.map((facts) => ({
    tenant: 't', project: 'p', facts, receivedAt: now, statusCode: 0, statusMessage: '', traceState: '', spanFlags: 0, schemaUrl: '', inputPreview: '', outputPreview: '',
    attributesString: none, attributesInt: none, attributesDouble: none, attributesBool: none, attributesJson: none, resourceAttributes: '', scopeAttributes: '',
    droppedAttributes: 0, droppedEvents: 0, droppedLinks: 0,
  })))

  const options = { store, tenant: 't', now, signal: new AbortController().signal }
  const run = (verb: 'import' | 'diff' | 'activate' | 'list', ...args: string[]) => bookCommand(verb, args, options)
  const file = join(dir, 'mine.yaml')
  await writeFile(file, overlay.replace('multiply: 0.5', 'multiply: -1'))
  for (const verb of ['import', 'diff'] as const) {
    const bad = await run(verb, file)
    assert.equal(bad.exitCode, 1)
    assert.match(bad.text, /^mine\.yaml: prices\[0\]\.multiply is -1: it must be from 0 to 1000/)
  }
  assert.deepEqual(await run('import', join(dir, 'nothing.yaml')), { text: `${join(dir, 'nothing.yaml')}: there is no such file`, exitCode: 1 })
  assert.doesNotMatch((await run('list')).text, /mine/, 'nothing was kept')

  await writeFile(file, overlay)
  const { text: compared } = await run('diff', file)
  assert.match(compared, /^new cards +2: acme\/acme-2, acme\/acme-1$/m)
  assert.match(compared, /^gpt-5-mini +openai +2 +0\.5 +0\.375 +-0\.125 +0 +0$/m, 'the flex call at half its price, the other as it is')
  assert.match(compared, /^acme-1 +acme +1 +unpriced +2 +\+2 +1 +0$/m, 'a model that had no price')
  assert.match(compared, /^acme-2 +acme +1 +3 +2 +-1 +0 +0$/m, 'a model whose cost was reported')
  assert.doesNotMatch(compared, /acme-9/, 'no book prices it, and its reported cost stays')
  assert.match(compared, /^all models +5 +10\.5 +11\.375 +\+0\.875 +1 +0$/m)

  const contracts = join(dir, 'contracts.yaml')
  const contract = (tenant: string, factor: string): string => `  - { tenant: ${tenant}, contract: C, provider: openai, model: gpt-5-mini, multiply: ${factor} }\n`
  await writeFile(contracts, `format: 1\nname: contracts\nsource: a test\ncontracts:\n${contract('t', '0.9')}${contract('other', '0.1')}`)
  assert.match((await run('diff', contracts)).text, /^gpt-5-mini +openai +2 +0\.5 +0\.45 +-0\.05 +0 +0$/m, "the tenant's own contract and nobody else's")

  const log = { debug: () => undefined, info: () => undefined, warn: (text: string) => assert.fail(text), error: (text: string) => assert.fail(text) }
  using prices = await followPrices({ store, tenant: 't', prices: shippedBook(), log })
  const { text: imported } = await run('import', file)
  const version = imported.slice(0, 64)
  assert.match(version, /^[0-9a-f]{64}$/)
  assert.equal(prices.book.version, shippedBook().version)
  assert.match((await run('activate', version.slice(0, 12))).text, new RegExp(`^${version} prices what arrives from now on`))
  assert.match((await run('activate', version)).text, /active already/)
  assert.equal((await run('activate', 'ffffffffffff')).exitCode, 1)
  assert.match((await run('list')).text, new RegExp(`^\\* +${version.slice(0, 12)} +2026-10-20T00:00:00Z +2026-10-20T00:00:00Z +mine\\.yaml$`, 'm'))
  while (prices.book.version !== version) await sleep(100)
  assert.equal((await run('diff', version)).text, `${version.slice(0, 12)} is the active book: it changes nothing.`)
})
