import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { migrate } from '#clickhouse/migrate.ts'
import { RowBinaryWriter } from '#clickhouse/row-binary.ts'
import { openStore, type Store } from '#clickhouse/store.ts'
import { writeRow } from '#clickhouse/table.ts'
import { callKeys } from '#clickhouse/tables/call-keys.ts'
import { parsePolicies } from '#otel-config/policy/policies.ts'
import { account } from '#semconv/account.ts'
import { literalSpan } from '#semconv/literal-span.ts'
import { type Charge, chargeArrivals } from '../derive/charge.ts'
import { derive } from '../derive/derive.ts'
import { entryKey } from '../derive/identity.ts'
import { shippedBook } from '../price/book.ts'
import { FrameWriter } from '../spool/frame.ts'
import { differenceText } from '../verify/difference.ts'
import { smallCollector } from '../verify/small-collector.ts'
import { verify } from '../verify/verify.ts'
import { readCallsTold, readHistory, readUnsettled } from './history.ts'
import { contested, post, writeOut } from './post.ts'

let dataDir: string
let store: Store
before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'spanledger-'))
  store = await openStore({ kind: 'embedded', dataDir })
  await migrate(store)
})
after(async () => {
  await store[Symbol.asyncDispose]()
  await rm(dataDir, { recursive: true, force: true })
})

test('who else tells an answer: never the trace that asks, and ids that end in a zero byte are like any other', async () => {
  // Comparing a FixedString with a String drops zero bytes at the end of one of them.
  const [key, other, own] = ['ab'.repeat(7) + '00', 'cd'.repeat(15) + '00', 'ef'.repeat(15) + '00']
  const writer = new RowBinaryWriter()
  for (const traceId of [other, own]) {
    writeRow(callKeys, writer, {
      tenant: 'default', key, traceId, spanId: '12'.repeat(8), startedAt: 1n, endedAt: 2n, service: 'app', scopeName: 'sdk', model: 'gpt-5', inputTokens: 3, outputTokens: 4,
    })
  }
  await store.insert(callKeys, writer.take(), 'two spans')
  const told = await readCallsTold(store, 'default', [{ key, traceId: own }], 50)
  assert.deepEqual(told.map(({ traceId }) => traceId), [other])
  assert.deepEqual((await readCallsTold(store, 'default', [{ key, traceId: '01'.repeat(16) }], 50)).length, 2)
  assert.deepEqual(await readCallsTold(store, 'default', [{ key, traceId: '01'.repeat(16) }], 1), [], 'an answer that too many tell is none')
  assert.deepEqual(await readCallsTold(store, 'nobody', [{ key, traceId: own }], 50), [])
  const many = Array.from({ length: 10_001 }, (_, n) => ({ key: n.toString(16).padStart(16, '1'), traceId: own }))
  assert.deepEqual((await readCallsTold(store, 'default', [...many, { key, traceId: own }], 50)).map(({ traceId }) => traceId), [other], 'also at the end of more than one query')
})

test('a span without a summary is found however far the clock jumped after it', async () => {
  const nanos = (hour: number): string => `fromUnixTimestamp64Nano(toInt64(${hour * 3_600}000000000))`
  const [summedUp, jumped, lost, more] = ['0a', '0b', '0c', '0d'].map((byte) => byte.repeat(16))
  const span = (trace: string | undefined, id: string, hour: number): Promise<void> =>
    store.command(`INSERT INTO spans (tenant, trace_id, span_id, received_at) SELECT 'clocks', unhex('${trace}'), unhex('${id.repeat(8)}'), ${nanos(hour)}`)
  const run = (trace: string | undefined, hour: number): Promise<void> =>
    store.command(`INSERT INTO runs (tenant, trace_id, last_received_at, span_count, settled, version) SELECT 'clocks', unhex('${trace}'), ${nanos(hour)}, 1, true, 1`)
  await span(summedUp, '01', 1)
  await run(summedUp, 1)
  await span(jumped, '01', 9)
  await run(jumped, 9)
  await span(lost, '01', 2)
  // Two requests of a trace side by side: the later one is in the summary, the earlier one is not.
  await span(more, '01', 2)
  await span(more, '02', 3)
  await run(more, 3)
  const hour = 3_600_000_000_000n
  const unsettled = async (since: bigint | undefined): Promise<string[]> => (await readUnsettled(store, 'clocks', since, undefined)).map(({ traceId }) => traceId)
  assert.deepEqual((await unsettled(hour)).sort(), [lost, more])
  assert.deepEqual(await unsettled(4n * hour), [])
  assert.deepEqual(await unsettled(undefined), [], 'where nobody said since when, the last ten minutes are looked at')
})

for (const [name, clock] of [['of a year that is not stored', 7_300_000_000_000_000_000n], ['beyond 2^63', (1n << 64n) - 2n]] as const) {
  test(`a call whose clock tells a time ${name} is proved, and charged once where it comes again after a restart`, async () => {
    const options = { tenant: name, project: 'p', prices: shippedBook(), policies: parsePolicies('policies: []') }
    const call = {
      ...literalSpan({
        name: 'ChatCompletion', kind: 3, scope: 'openinference.instrumentation.openai',
        attributes: { 'openinference.span.kind': 'LLM', 'llm.model_name': 'gpt-4o', 'llm.token_count.prompt': 100, 'llm.token_count.completion': 20 },
      }),
      startTimeUnixNano: clock, endTimeUnixNano: clock + 1n,
      events: [{ timeUnixNano: clock + 1n, name: 'First Token Stream Event', attributes: new Map(), droppedAttributesCount: 0 }],
    }
    const collector = await smallCollector(store, options)
    await collector.arrive([call])
    await collector.settle()
    const found: string[] = []
    await verify({ store, tenant: name, prices: options.prices, report: (difference) => found.push(differenceText(difference)), nowMs: () => performance.now() })
    assert.deepEqual(found, [])

    const { facts } = derive(call, options, 9n, true, new FrameWriter())
    const spans = new Map([[facts.spanId, facts]])
    const charges = new Map<string, Charge>(chargeArrivals([{ facts, first: true, decisions: [] }], () => undefined, options, { add: () => undefined }).map((charge) => [facts.spanId, charge]))
    const { entries } = await readHistory(store, name, [facts.traceId])
    assert.equal(entries.length, 2)
    const posted = { charges, entries: new Map(entries.map((entry) => [entryKey(entry), entry])) }
    const accounted = account([facts], { replayed: new Set(), mirrored: new Set() })
    writeOut(posted, contested(accounted, spans, posted), options)
    assert.deepEqual(post(accounted, spans, posted, 10n, options).rows, [])
  })
}
