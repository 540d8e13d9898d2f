import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '#clickhouse/migrate.ts'
import { RowBinaryWriter } from '#clickhouse/row-binary.ts'
import { openStore, type Store } from '#clickhouse/store.ts'
import { type Table, writeRow } from '#clickhouse/table.ts'
import type { LedgerEntryRow } from '#clickhouse/tables/ledger-entries.ts'
import type { PolicyDecisionRow } from '#clickhouse/tables/policy-decisions.ts'
import { type RunRow, runs } from '#clickhouse/tables/runs.ts'
import type { SpanContentRow } from '#clickhouse/tables/span-content.ts'
import type { SpanRow } from '#clickhouse/tables/spans.ts'
import { pairs } from '#clickhouse/test-pairs.ts'
import type { Step } from '#semconv/facts.ts'
import { type Allocation, projectsPay } from './export/allocation.ts'
import { type QueryOptions, type QueryServer, startQuery } from './server.ts'

/** For tests: the real engine in a folder of its own, our schema in it, and rows made from a few words. */
export interface TestQuery extends AsyncDisposable {
  readonly store: Store
  readonly server: QueryServer
  readonly errors: unknown[]
  /** Another server over the same data, as after a restart. */
  again(watched: (store: Store) => Store): Promise<QueryServer>
  insert<Row>(table: Table<Row>, rows: readonly Row[]): Promise<void>
  /** `data` of a GraphQL question; throws where it has errors. */
  ask<Data>(query: string, variables?: Readonly<Record<string, unknown>>): Promise<Data>
  /** Messages and codes of a question that must fail. */
  refusal(query: string, variables?: Readonly<Record<string, unknown>>): Promise<readonly { readonly message: string; readonly code: unknown }[]>
}

/** 2026-11-20T12:00:00Z */
export const noon = 1_795_176_000_000_000_000n
/** "Now" of the server under test: a minute after noon, in milliseconds. */
export const testNow = Number(noon / 1_000_000n) + 60_000
export const tenant = 'acme'
/** What waits for the store under test, since a second before "now"; segments found at the start have times of the file system, parts of a millisecond among them. */
const testBacklog = { bytes: 4_096, segments: 1, since: testNow - 1_000 + 0.25, diskFreeBytes: 1_000_000 }

/** `watched` sees, or fails, what the server asks of the store. */
export async function testQuery(uiDir = '/nonexistent', watched: (store: Store) => Store = (store) => store, allocation: Allocation = projectsPay): Promise<TestQuery> {
  const dataDir = await mkdtemp(join(tmpdir(), 'query-'))
  const store = await openStore({ kind: 'embedded', dataDir, memoryBytes: 1024 * 1024 * 1024, readSessions: 2 })
  await migrate(store)
  const errors: unknown[] = []
  const told: (() => void)[] = []
  const options: QueryOptions = {
    store: watched(store), host: '127.0.0.1', port: 0, uiDir, skeletonsDir: join(dataDir, 'skeletons'), tenant, metrics: async () => 'spanledger_spans_received_total 1\n', trouble: () => '',
    onSummaries: (tell) => told.push(tell),
    endpoints: { grpc: 'http://127.0.0.1:4317', http: 'http://127.0.0.1:4318' }, backlog: () => testBacklog, incompleteAfterMs: 600_000, allocation, reconciler: undefined, budgets: undefined, alerts: undefined,
    logger: { info: () => undefined, error: (message, { error }) => errors.push(message, error) }, now: () => testNow,
  }
  const server = await startQuery(options)
  const post = async (query: string, variables: Readonly<Record<string, unknown>>) => {
    const response = await fetch(`${server.address.url}/graphql`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query, variables }),
    })
    return (await response.json()) as { readonly data?: unknown; readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: unknown } }[] }
  }
  return {
    store, server, errors,
    again: (seen) => startQuery({ ...options, store: seen(store) }),
    insert: async (table, rows) => {
      const writer = new RowBinaryWriter()
      for (const row of rows) writeRow(table, writer, row)
      const bytes = writer.take()
      await store.insert(table, bytes, createHash('sha256').update(bytes).digest('hex'))
      if (table.name === runs.name) for (const tell of told) tell()
    },
    ask: async <Data>(query: string, variables = {}) => {
      const answer = await post(query, variables)
      if (answer.errors !== undefined) throw new Error(JSON.stringify([answer.errors, errors.map(String)]))
      return answer.data as Data
    },
    refusal: async (query, variables = {}) =>
      ((await post(query, variables)).errors ?? []).map(({ message, extensions }) => ({ message, code: extensions.code })),
    async [Symbol.asyncDispose]() {
      await server.close()
      await store[Symbol.asyncDispose]()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

export const traceId = (n: number): string => n.toString(16).padStart(32, '0')
export const spanId = (n: number): string => n.toString(16).padStart(16, '0')

const noTokens = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0, reasoning: 0, total: 0 }

export const runRow = (n: number, said: Partial<RunRow> = {}): RunRow => ({
  tenant, project: 'default', traceId: traceId(n), version: noon + BigInt(n), isRun: true, settled: true, name: `run ${n}`, status: 'COMPLETED',
  startedAt: noon + BigInt(n) * 1_000_000_000n, endedAt: noon + BigInt(n) * 1_000_000_000n + 1_500_000_000n, lastReceivedAt: noon,
  service: 'shop', environment: 'test', workflow: '', agents: ['planner'], users: [], sessions: [], providers: ['openai'], models: ['gpt-5'],
  modelCalls: 1, failedModelCalls: 0, unmeteredModelCalls: 0, unpricedModelCalls: 0, toolCalls: 0, failedToolCalls: 0, spanCount: 1, errorCount: 0,
  tokens: noTokens, cost: 0n, reportedCost: undefined, policyDecisions: 0, interventions: 0, ...said,
})

export const stepFacts = (said: Partial<Step> = {}): Step => ({
  dialect: 'genai', role: 'span', operation: '', agent: '', agentId: '', workflow: '', session: '', user: '', tags: '', provider: '', requestModel: '',
  responseModel: '', responseId: '', tool: '', toolCallId: '', toolArgumentsHash: '', finishReasons: [], errorType: '', errorMessage: '',
  timeToFirstTokenMs: undefined, streaming: false, usage: undefined, usageFlags: [], usagePartial: false, usageCumulative: false,
  usageAuthoritative: false, reportedCost: undefined, callKeys: [], decision: undefined, executed: true, serviceTier: '', ...said,
})

export interface SaidSpan {
  readonly trace: number
  readonly span: number
  /** 0 for a root. */
  readonly parent: number
  /** Milliseconds after noon. */
  readonly start?: number
  readonly durationMs?: number
  readonly name?: string
  readonly step?: Partial<Step>
  readonly row?: Partial<SpanRow>
}

export const spanRow = (said: SaidSpan): SpanRow => {
  const startedAt = noon + BigInt(said.start ?? 0) * 1_000_000n
  return {
    tenant, project: 'default', receivedAt: noon, statusCode: 0, statusMessage: '', traceState: '', spanFlags: 0, schemaUrl: '', inputPreview: '',
    outputPreview: '', attributesString: pairs([]), attributesInt: pairs([]), attributesDouble: pairs([]), attributesBool: pairs([]),
    attributesJson: pairs([]), resourceAttributes: '[{"key":"service.name","value":{"stringValue":"shop"}}]', scopeAttributes: '',
    droppedAttributes: 0, droppedEvents: 0, droppedLinks: 0,
    facts: {
      traceId: traceId(said.trace), spanId: spanId(said.span), parentSpanId: said.parent === 0 ? '' : spanId(said.parent), startedAt,
      endedAt: startedAt + BigInt(said.durationMs ?? 1) * 1_000_000n, name: said.name ?? `span ${said.span}`, spanKind: 1, failed: false, service: 'shop',
      environment: 'test', scopeName: 'sdk', scopeVersion: '1.0', step: stepFacts(said.step),
    },
    ...said.row,
  }
}

export const contentRow = (trace: number, span: number, said: Partial<SpanContentRow>): SpanContentRow => ({
  tenant, traceId: traceId(trace), spanId: spanId(span), startedAt: noon, receivedAt: noon, attributesString: pairs([]), attributesJson: pairs([]),
  events: '', links: '', ...said,
})

export const ledgerRow = (id: number, trace: number, span: number, said: Partial<LedgerEntryRow> = {}): LedgerEntryRow => ({
  tenant, project: 'default', ownId: id.toString(16).padStart(64, '0'), kind: 'CHARGE', reason: 'metered', occurredAt: noon, postedAt: noon,
  traceId: traceId(trace), spanId: spanId(span), provider: 'openai', model: 'gpt-5', meter: 'input.uncached', quantity: 1_000_000_000_000n, usageFlags: [],
  unitPrice: 1_250_000n, amount: 1_250_000n, basis: 'PRICED', priceBookVersion: 'b', priceCard: 'c', reverses: '', agent: 'planner', user: '', session: '',
  workflow: '', service: 'shop', environment: 'test', tags: '', revision: 1n, ...said,
})

export const decisionRow = (id: number, trace: number, said: Partial<PolicyDecisionRow> = {}): PolicyDecisionRow => ({
  tenant, project: 'default', id: id.toString(16).padStart(64, '0'), policyId: 'no-delete', policyVersion: 1, outcome: 'DENY', mode: 'ENFORCE', place: 'AGENT',
  reason: 'deletes data', decidedAt: noon, postedAt: noon, traceId: traceId(trace), spanId: '', agent: 'planner', actor: '', evidence: '{"tool":"rm"}', ...said,
})
