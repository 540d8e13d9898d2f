import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { RowBinaryWriter } from '#clickhouse/row-binary.ts'
import { writeRow } from '#clickhouse/table.ts'
import { ledgerEntries } from '#clickhouse/tables/ledger-entries.ts'
import { runs } from '#clickhouse/tables/runs.ts'
import { spans } from '#clickhouse/tables/spans.ts'
import { ledgerRow, noon, runRow, spanRow, testQuery, traceId } from '../test-store.ts'
import { decodeSkeleton } from './decode.fixture.ts'
import { flagBits } from './encode.ts'

/** Small under `npm test`; `SPANS=100000` for figures worth writing down. */
const rows = Number(process.env['SPANS'] ?? 10_000)

test(`the skeleton of ${rows} spans holds every span and every cost`, async (t) => {
  await using query = await testQuery()
  await query.insert(runs, [runRow(1, { spanCount: rows, startedAt: noon, endedAt: noon + BigInt(rows + 10) * 1_000_000n })])
  const writer = new RowBinaryWriter()
  for (let i = 1; i <= rows; i++) {
    // Ten calls a turn, ten turns an agent: a tree three deep under one root.
    const parent = i === 1 ? 0 : i % 100 === 0 ? 1 : i % 10 === 0 ? Math.max(1, i - (i % 100)) : Math.max(1, i - (i % 10))
    writeRow(spans, writer, spanRow({ trace: 1, span: i, parent, start: i, name: `call ${i % 40}`, step: i % 10 === 5 ? { role: 'model_call', requestModel: 'gpt-5', usage: { 'input.uncached': 10 } } : { agent: i % 100 === 0 ? 'helper' : '' } }))
  }
  const bytes = writer.take()
  await query.store.insert(spans, bytes, createHash('sha256').update(bytes).digest('hex'))
  const charged = Array.from({ length: Math.floor(rows / 10) }, (_, i) => ledgerRow(i + 1, 1, i * 10 + 5, { amount: 7n, occurredAt: noon + BigInt(i * 10 + 5) * 1_000_000n }))
  await query.insert(ledgerEntries, charged)
  let body = Buffer.alloc(0)
  for (let round = 0; round < 3; round++) {
    const began = performance.now()
    const response = await fetch(`${query.server.address.url}/v1/runs/${traceId(1)}/skeleton`, { headers: { 'accept-encoding': 'gzip' } })
    body = Buffer.from(await response.arrayBuffer())
    assert.equal(response.status, 200, String(query.errors[1]))
    t.diagnostic(`${rows} spans in ${Math.round(performance.now() - began)} ms`)
  }
  const { header, rows: drawn } = decodeSkeleton(body)
  assert.deepEqual(header.notes, { orphans: 0, cyclesBroken: 0, missingRoot: false })
  assert.equal(drawn.length, rows)
  assert.equal(drawn[0]?.subtreeCost, BigInt(charged.length) * 7n)
})

test('of a span that is stored more than once, what was received last is drawn', async () => {
  await using query = await testQuery()
  await query.insert(runs, [runRow(1, { spanCount: 3, startedAt: noon, endedAt: noon + 200_000_000_000n })])
  const received = (after: bigint): { receivedAt: bigint } => ({ receivedAt: noon + after })
  await query.insert(spans, [
    spanRow({ trace: 1, span: 1, parent: 0, start: 0, name: 'root, at first', row: received(1n) }),
    spanRow({ trace: 1, span: 2, parent: 1, start: 90_000, name: 'another minute, last', durationMs: 7, row: received(9n) }),
    spanRow({ trace: 1, span: 3, parent: 2, start: 91_000, name: 'once', row: received(1n) }),
  ])
  await query.insert(spans, [
    spanRow({ trace: 1, span: 2, parent: 3, start: 5, name: 'at first', row: received(3n) }),
    spanRow({ trace: 1, span: 1, parent: 0, start: 0, name: 'root', row: received(2n) }),
  ])
  await query.insert(ledgerEntries, [ledgerRow(1, 1, 2, { amount: -3n, occurredAt: noon + 90_000_000_000n })])
  const response = await fetch(`${query.server.address.url}/v1/runs/${traceId(1)}/skeleton`)
  const { header, rows: drawn } = decodeSkeleton(Buffer.from(await response.arrayBuffer()))
  assert.deepEqual(header.notes, { orphans: 0, cyclesBroken: 0, missingRoot: false })
  assert.deepEqual(drawn.map((row) => [row.name, row.parent, row.start, row.duration, row.cost, row.subtreeCost].join(' ')), [
    `root -1 0 ${1_000_000 / header.tickNanos} 0 -3`,
    `another minute, last 0 ${90_000_000_000 / header.tickNanos} ${7_000_000 / header.tickNanos} -3 -3`,
    `once 1 ${91_000_000_000 / header.tickNanos} ${1_000_000 / header.tickNanos} 0 0`,
  ])
})

test('a call that nobody knows the price of says so, until it has one', async () => {
  await using query = await testQuery()
  await query.insert(runs, [runRow(1, { spanCount: 3, startedAt: noon, endedAt: noon + 1_000_000_000n })])
  await query.insert(spans, [1, 2, 3].map((span) => spanRow({ trace: 1, span, parent: 0, start: span, name: `call ${span}` })))
  const unknown = { unitPrice: undefined, amount: undefined, basis: 'UNPRICED' as const, priceCard: '' }
  await query.insert(ledgerEntries, [
    ledgerRow(1, 1, 1), ledgerRow(2, 1, 2, unknown), ledgerRow(3, 1, 3, unknown),
    ledgerRow(4, 1, 3, { ...unknown, kind: 'REVERSAL', reason: 'repriced', quantity: -1_000_000_000_000n, reverses: '3'.padStart(64, '0') }), ledgerRow(5, 1, 3, { kind: 'ADJUSTMENT', reason: 'repriced' }),
  ])
  const response = await fetch(`${query.server.address.url}/v1/runs/${traceId(1)}/skeleton`)
  const { rows: drawn } = decodeSkeleton(Buffer.from(await response.arrayBuffer()))
  assert.deepEqual(drawn.map(({ name, flags }) => [name, flags & flagBits.unpriced]), [['call 1', 0], ['call 2', flagBits.unpriced], ['call 3', 0]])
})
