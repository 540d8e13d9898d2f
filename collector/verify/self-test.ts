import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '#clickhouse/migrate.ts'
import { openStore, type Store } from '#clickhouse/store.ts'
import { parsePolicies } from '#otel-config/policy/policies.ts'
import type { AttributeValue, SpanRecord } from '#semconv/attributes.ts'
import { ledgerEntryId } from '../derive/identity.ts'
import type { PriceBook } from '../price/book.ts'
import { type Difference, differenceText } from './difference.ts'
import { smallCollector } from './small-collector.ts'
import { verify } from './verify.ts'

const tenant = 'self-test'
/** The engine of a handful of spans, in bytes. */
const memoryBytes = 1024 * 1024 * 1024
const readSeconds = 30

/** A fault, and what verify must say of it. */
interface Plant {
  readonly name: string
  readonly sql: string
  readonly found: Pick<Difference, 'of' | 'kind' | 'spanId'> & { readonly field: string }
}

export interface SelfTestOptions {
  readonly prices: PriceBook
  readonly print: (line: string) => void
  readonly nowMs: () => number
}

/**
 * Proves that verify sees what it should: a small ledger, made as the collector makes it, is found without a fault; then four
 * are planted, and exactly these must be reported. True where they are.
 */
export async function selfTest({ prices, print, nowMs }: SelfTestOptions): Promise<boolean> {
  const dataDir = await mkdtemp(join(tmpdir(), 'spanledger-self-test-'))
  try {
    await using store = await openStore({ kind: 'embedded', dataDir, memoryBytes })
    await migrate(store)
    const collector = await smallCollector(store, { tenant, project: 'default', prices, policies: parsePolicies('policies: []') })
    await collector.arrive(story())
    await collector.settle()
    const found: Difference[] = []
    const look = () => verify({ store, tenant, prices, report: (difference) => found.push(difference), nowMs })
    const before = await look()
    print(`an honest ledger: ${before.entries} entries, ${before.differences} differences`)
    if (before.differences > 0 || before.entries !== calls.length * 2) return false
    for (const { sql } of plants) await store.command(sql)
    await assertPlanted(store, before.entries)
    const { entries, differences } = await look()
    for (const difference of found) print(differenceText(difference))
    const seen = plants.map((plant) => found.filter((difference) => isOf(difference, plant)))
    for (const [at, plant] of plants.entries()) print(`${plant.name}: ${seen[at]?.length === 1 ? 'reported' : `reported ${seen[at]?.length ?? 0} times`}`)
    print(`${entries} entries, ${differences} differences`)
    return differences === plants.length && seen.every((one) => one.length === 1)
  } finally {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10 })
  }
}

const isOf = (difference: Difference, { found }: Plant): boolean =>
  difference.of === found.of && difference.kind === found.kind && difference.spanId === found.spanId && difference.fields.some(({ field }) => field === found.field)

/** One is taken away and one is added: a fault that was not planted would be no proof. */
async function assertPlanted(store: Store, entries: number): Promise<void> {
  const [row] = await store.read<{ n: string }>('SELECT count() AS n FROM ledger_entries FINAL WHERE tenant = {tenant:String}', { tenant }, { maxSeconds: readSeconds })
  if (Number(row?.n) !== entries) throw new Error(`${row?.n} entries after planting, expected ${entries}: the faults could not be planted`)
}

const traceId = '5e1f7e57'.repeat(4)
const startedAt = 1_795_176_000_000_000_000n
const spanId = (n: number): string => n.toString(16).padStart(16, '0')
const rootId = spanId(1)
/** Calls of one run, a token count each that no other has. */
const calls = [1, 2, 3, 4].map((n) => ({ spanId: spanId(n + 1), input: 1_000n + BigInt(n), output: 100n + BigInt(n) }))

const span = (id: string, parentSpanId: string, name: string, attributes: readonly (readonly [string, AttributeValue])[]): SpanRecord => ({
  traceId, spanId: id, parentSpanId, traceState: '', flags: 0, name, kind: 3, startTimeUnixNano: startedAt, endTimeUnixNano: startedAt + 1_000_000_000n,
  statusCode: 0, statusMessage: '', attributes: new Map(attributes), droppedAttributesCount: 0, events: [], droppedEventsCount: 0, links: [], droppedLinksCount: 0,
  resource: { attributes: new Map([['service.name', 'self-test']]), schemaUrl: '' }, scope: { name: 'self-test', version: '', attributes: new Map(), schemaUrl: '' },
})

const story = (): readonly SpanRecord[] => [
  span(rootId, '', 'invoke_agent clerk', [['gen_ai.operation.name', 'invoke_agent'], ['gen_ai.agent.name', 'clerk']]),
  ...calls.map((call) => span(call.spanId, rootId, 'chat gpt-5-mini', [
    ['gen_ai.operation.name', 'chat'], ['gen_ai.provider.name', 'openai'], ['gen_ai.request.model', 'gpt-5-mini'],
    ['gen_ai.usage.input_tokens', call.input], ['gen_ai.usage.output_tokens', call.output],
  ])),
]

const entry = (call: number, ordinal = 0): string => `unhex('${ledgerEntryId(tenant, traceId, spanId(call + 1), 'input.uncached', 'CHARGE', ordinal)}')`
const now = 'SETTINGS mutations_sync = 2'

const plants: readonly Plant[] = [
  {
    name: 'a changed amount', sql: `ALTER TABLE ledger_entries UPDATE amount = amount + toDecimal128('0.000000000001', 12) WHERE id = ${entry(1)} ${now}`,
    found: { of: 'entry', kind: 'changed', spanId: spanId(2), field: 'amount' },
  },
  {
    name: 'a missing charge', sql: `ALTER TABLE ledger_entries DELETE WHERE id = ${entry(2)} ${now}`,
    found: { of: 'entry', kind: 'missing', spanId: spanId(3), field: 'quantity' },
  },
  {
    name: 'a doubled charge', sql: `INSERT INTO ledger_entries SELECT * REPLACE (${entry(3, 1)} AS own_id) FROM ledger_entries WHERE span_id = unhex('${spanId(4)}') AND meter = 'input.uncached'`,
    found: { of: 'entry', kind: 'surplus', spanId: spanId(4), field: 'quantity' },
  },
  {
    name: 'a wrong token count', sql: `ALTER TABLE spans UPDATE usage_output_text = usage_output_text + 1 WHERE tenant = '${tenant}' AND span_id = unhex('${spanId(5)}') ${now}`,
    found: { of: 'span', kind: 'changed', spanId: spanId(5), field: 'usage' },
  },
]
