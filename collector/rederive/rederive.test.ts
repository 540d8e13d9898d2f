import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { migrate } from '#clickhouse/migrate.ts'
import { openStore, type Store } from '#clickhouse/store.ts'
import { parsePolicies } from '#otel-config/policy/policies.ts'
import { KeyValueList, type SpanRecord } from '#semconv/attributes.ts'
import { type Literal, literalAttributes, literalSpan } from '#semconv/literal-span.ts'
import { startSettling } from '../collector.ts'
import { captures } from '../corpus/captures.ts'
import { recordsOf } from '../corpus/records.ts'
import { derive } from '../derive/derive.ts'
import { shippedBook } from '../price/book.ts'
import { rederiveCommand, repriceCommand, type RepriceCommandOptions } from '../reprice/command.ts'
import { openSpool } from '../spool/folders.ts'
import { FrameWriter } from '../spool/frame.ts'
import { Spool } from '../spool/spool.ts'
import { differenceText } from '../verify/difference.ts'
import { smallCollector } from '../verify/small-collector.ts'
import { verify } from '../verify/verify.ts'

let dataDir: string
let store: Store
before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'rederive-'))
  store = await openStore({ kind: 'embedded', dataDir, memoryBytes: 1024 * 1024 * 1024 })
  await migrate(store)
})
after(async () => {
  await store[Symbol.asyncDispose]()
  await rm(dataDir, { recursive: true, force: true })
})

const prices = shippedBook()
const policies = parsePolicies('policies: []')
const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
/** All of the corpus, whenever it was captured. */
const ever = ['--from', '1971-01-01', '--to', '2200-01-01']

const commandOptions = (tenant: string, lines: string[], spool = newSpool): RepriceCommandOptions => ({
  tenant, project: 'p', prices, actor: 'ada', print: (line) => lines.push(line), nowMs: () => performance.now(), nowNano: () => BigInt(Date.now()) * 1_000_000n,
  openStore: () => Promise.resolve({ ...store, [Symbol.asyncDispose]: async () => undefined }),
  settleHere: async () => startSettling({ store, spool: await spool(), tenant, project: 'p', prices, policies, settlementDelayMs: 100, log }),
})

const newSpool = async (): Promise<Spool> => (await openSpool(await mkdtemp(join(dataDir, 'spool-')), 0, 1)).spool

async function ordered(command: typeof rederiveCommand, tenant: string, ...args: readonly string[]): Promise<readonly string[]> {
  const lines: string[] = []
  assert.equal(await command([...ever, ...args], commandOptions(tenant, lines)), 0, lines.join('\n'))
  return lines
}

async function differences(tenant: string): Promise<readonly string[]> {
  const found: string[] = []
  const { unsettled } = await verify({ store, tenant, prices, report: (difference) => found.push(differenceText(difference)), nowMs: () => performance.now() })
  assert.equal(unsettled, 0)
  return found
}

/** Every column of every span and of its content, but for when it was received. */
const rowsOf = async (table: 'spans' | 'span_content', tenant: string): Promise<readonly unknown[]> => store.read(
  `SELECT * EXCEPT received_at APPLY toString FROM ${table} WHERE tenant = {tenant:String} ORDER BY trace_id, span_id, received_at DESC LIMIT 1 BY trace_id, span_id`, { tenant }, { maxSeconds: 60 })

interface Sum {
  readonly trace: string
  readonly meter: string
  readonly quantity: string
  readonly amount: string | null
}
const ledger = (tenant: string): Promise<readonly Sum[]> => store.read<Sum>(
  `SELECT lower(hex(trace_id)) AS trace, meter, toString(sum(l.quantity)) AS quantity, toString(sum(l.amount)) AS amount FROM ledger_entries AS l FINAL
   WHERE tenant = {tenant:String} GROUP BY trace_id, meter HAVING sum(l.quantity) != 0 ORDER BY trace_id, meter`, { tenant }, { maxSeconds: 60 })

/** Says everything that a span can say. */
const eloquent: SpanRecord = {
  ...literalSpan({ name: 'chat gpt-5-mini', kind: 3, resource: { 'service.name': 'shop', weights: [1, 2.5, true] } }),
  traceState: 'vendor=x', flags: 0x101, droppedAttributesCount: 3, droppedEventsCount: 4, droppedLinksCount: 5,
  attributes: new Map([
    ...literalAttributes({
      'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-5-mini', 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 20,
      'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"hé\\u0000"}]}]', __proto__: 'x', rate: 0.1, 'gen_ai.response.finish_reasons': ['stop'],
    }),
    ['bytes', new Uint8Array([0, 255])], ['none', null], ['nested', new KeyValueList(new Map([['a', [1n, 'b']]]))], ['large', 9_007_199_254_740_993n],
  ]),
  events: [{ timeUnixNano: 5n, name: 'gen_ai.choice', attributes: literalAttributes({ index: 0 }), droppedAttributesCount: 1 }],
  links: [{ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceState: 'y=z', attributes: literalAttributes({ why: 'retry' }), droppedAttributesCount: 2, flags: 1 }],
}
const schema = 'https://opentelemetry.io/schemas/1.37.0'

/**
 * As a program stored it that understood less: other tokens and workflows, and some calls taken for plain spans. Its ledger and runs
 * say the same. Columns that hold what was sent (`heldStrings`) stay as they are.
 */
async function misread(tenant: string): Promise<void> {
  const change = (columns: string, where: string): Promise<void> => store.command(`ALTER TABLE spans UPDATE ${columns} WHERE tenant = '${tenant}' AND ${where} SETTINGS mutations_sync = 2`)
  await change(`workflow = 'none'`, `role IN ('model_call', 'agent') AND reinterpretAsUInt8(span_id) % 2 = 0`)
  await change('usage_input_uncached = usage_input_uncached + 7', `usage_reported AND reinterpretAsUInt8(span_id) % 3 = 0`)
  await change(`role = 'span', step_kind = 'OTHER', dialect = ''`, `role = 'model_call' AND reinterpretAsUInt8(span_id) % 5 = 0`)
  await ordered(repriceCommand, tenant)
}

test('what was understood wrongly is stored anew with all that was sent, and the ledger comes to what it should have been, once', async () => {
  const collector = await smallCollector(store, { tenant: 'corpus', project: 'p', prices, policies })
  for (const capture of captures()) for (const payload of capture.payloads) await collector.arrive(recordsOf(payload))
  await collector.arrive([{ ...eloquent, scope: { ...eloquent.scope, schemaUrl: schema } }])
  await collector.settle()
  const [spans, content, sums] = [await rowsOf('spans', 'corpus'), await rowsOf('span_content', 'corpus'), await ledger('corpus')]
  assert.deepEqual(await differences('corpus'), [])

  await misread('corpus')
  assert.notDeepEqual(await ledger('corpus'), sums)
  const wrong = await differences('corpus')
  assert.ok(wrong.length > 100, `${wrong.length} differences`)
  const misposted = await ledger('corpus')
  const [last, ...rest] = (await ordered(rederiveCommand, 'corpus', '--dry-run')).toReversed()
  assert.match(last ?? '', /^[1-9]\d* entries would be posted, the ledger would change by \$/)
  assert.match(rest[0] ?? '', /^[1-9]\d* spans say something else now and would be stored anew$/)
  assert.deepEqual(await ledger('corpus'), misposted, 'a dry run posts nothing')

  const posted = await ordered(rederiveCommand, 'corpus')
  assert.deepEqual(await differences('corpus'), [])
  assert.deepEqual(await ledger('corpus'), sums)
  assert.equal(posted.at(-1), `${last?.split(' ')[0]} entries posted`, 'as many as the dry run said')
  assert.deepEqual(await rowsOf('spans', 'corpus'), spans)
  assert.deepEqual(await rowsOf('span_content', 'corpus'), content)

  assert.deepEqual(await ordered(rederiveCommand, 'corpus'), ['0 entries posted'])
  assert.deepEqual((await ordered(rederiveCommand, 'corpus', '--dry-run')), ['0 spans say something else now and would be stored anew', 'nothing would be posted'])
})

test('an honest store is left as it is, and words of reprice change nothing', async () => {
  const collector = await smallCollector(store, { tenant: 'honest', project: 'p', prices, policies })
  await collector.arrive([eloquent])
  await collector.settle()
  const versions = () => store.read('SELECT count() AS n, max(received_at) AS last FROM spans WHERE tenant = {tenant:String}', { tenant: 'honest' }, { maxSeconds: 30 })
  const stored = await versions()
  assert.deepEqual(await ordered(rederiveCommand, 'honest'), ['0 entries posted'])
  assert.deepEqual(await versions(), stored)
  const lines: string[] = []
  assert.equal(await rederiveCommand([...ever, '--model', 'gpt-5-mini'], { ...commandOptions('honest', lines), openStore: () => Promise.reject(new Error('opened')) }), 2)
  assert.match(lines[0] ?? '', /^rederive reads all spans of a time: --model and --provider are words of reprice\./)
})

const call = (span: number, attributes: { readonly [key: string]: Literal } = {}): SpanRecord => {
  const id = span.toString(16).padStart(16, '0')
  return {
    ...literalSpan({ name: 'chat gpt-5-mini', kind: 3 }), traceId: id.repeat(2), spanId: id,
    attributes: literalAttributes({ 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-5-mini', 'gen_ai.usage.input_tokens': 100, ...attributes }),
  }
}

/** Stored and settled by a program that counted other tokens. */
async function misreadCalls(tenant: string, calls: readonly SpanRecord[]): Promise<void> {
  const collector = await smallCollector(store, { tenant, project: 'p', prices, policies })
  await collector.arrive(calls)
  await collector.settle()
  await store.command(`ALTER TABLE spans UPDATE usage_input_uncached = usage_input_uncached + 7 WHERE tenant = '${tenant}' SETTINGS mutations_sync = 2`)
  await ordered(repriceCommand, tenant)
}

test('a version of a span that came meanwhile, and is on its way into ClickHouse, stays the last one', async () => {
  await misreadCalls('late', [call(1)])
  const spool = await Spool.open({
    dir: await mkdtemp(join(dataDir, 'spool-')), segmentBytesMax: 1e9, segmentAgeMsMax: 3_000, quotaBytes: 1e9, sync: async () => undefined, now: Date.now,
  })
  const frame = new FrameWriter()
  derive(call(1, { 'gen_ai.usage.input_tokens': 300 }), { tenant: 'late', project: 'p', prices, policies }, BigInt(Date.now()) * 1_000_000n, false, frame)
  const lines: string[] = []
  const options = commandOptions('late', lines, () => Promise.resolve(spool))
  const settleHere: RepriceCommandOptions['settleHere'] = async (engine) => {
    const settling = await options.settleHere(engine)
    await spool.append(frame.finish())
    return settling
  }
  assert.equal(await rederiveCommand(ever, { ...options, settleHere }), 0, lines.join('\n'))
  assert.deepEqual(await store.read(`SELECT usage_input_uncached AS input FROM spans FINAL WHERE tenant = 'late'`, {}, { maxSeconds: 30 }), [{ input: '300' }])
  assert.deepEqual(await differences('late'), [])
})

test('a provider\'s answer that a span was taken to tell is given back: the trace that does tell it is charged', async () => {
  const collector = await smallCollector(store, { tenant: 'answer', project: 'p', prices, policies })
  await collector.arrive([call(1), call(2, { 'gen_ai.response.id': 'resp_0123456789abcdef0123456789abcdef' })])
  await collector.settle()
  const sums = await ledger('answer')
  // As a program stored the first that found the other's answer in it: told by the first, the second is the same call.
  const [first, second] = [call(1).traceId, call(2).traceId]
  const [told] = await store.read<{ readonly keys: string }>(`SELECT toString(call_keys) AS keys FROM spans WHERE tenant = 'answer' AND trace_id = unhex('${second}')`, {}, { maxSeconds: 30 })
  await store.command(`ALTER TABLE spans UPDATE response_id = 'resp_0123456789abcdef0123456789abcdef', call_keys = ${told?.keys} WHERE tenant = 'answer' AND trace_id = unhex('${first}') SETTINGS mutations_sync = 2`)
  await store.command(`INSERT INTO call_keys SELECT * REPLACE (unhex('${first}') AS trace_id, unhex('${call(1).spanId}') AS span_id) FROM call_keys WHERE tenant = 'answer'`)
  await ordered(repriceCommand, 'answer')
  assert.deepEqual((await ledger('answer')).map(({ trace }) => trace), [first])

  await ordered(rederiveCommand, 'answer')
  assert.deepEqual(await ledger('answer'), sums)
  assert.deepEqual(await differences('answer'), [])
})

test('a trace that cannot be read stays as it is, and holds up neither the others nor settlement', async () => {
  await misreadCalls('damaged', [call(1), call(2, { list: ['a'] }), call(3)])
  await store.command(`ALTER TABLE spans UPDATE attributes_json = mapApply((k, v) -> (k, '{'), attributes_json) WHERE tenant = 'damaged' SETTINGS mutations_sync = 2`)
  const lines: string[] = []
  assert.equal(await rederiveCommand([...ever, '--wait', '20'], commandOptions('damaged', lines)), 1)
  assert.deepEqual(lines, ['1 spans or traces could not be derived or settled: the collector\'s log says why; run it again', '2 entries posted'])
  assert.deepEqual(await store.read(`SELECT usage_input_uncached AS input FROM spans FINAL WHERE tenant = 'damaged' ORDER BY span_id`, {}, { maxSeconds: 30 }),
    [{ input: '100' }, { input: '107' }, { input: '100' }])
})
