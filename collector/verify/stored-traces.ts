import { spanFacts as storedFacts, spanFactsColumns, type SpanFactsRow } from '#clickhouse/span-facts.ts'
import type { Store } from '#clickhouse/store.ts'
import { type StoredContentRow, storedContentColumns, storedRecord, storedRecordColumns, type StoredRecordRow } from '#clickhouse/stored-record.ts'
import type { LedgerEntryRow } from '#clickhouse/tables/ledger-entries.ts'
import type { PicoUsd, RunStatus, SpanFacts, TokenUsage, UnixNano } from '#semconv/facts.ts'
import { spanFacts } from '../derive/derive.ts'
import { type EntryRow, entryColumns, ledgerEntry } from '../settle/history.ts'

/** A run as it is stored: what settlement says of it, in the words of `runs`. */
export interface StoredRun {
  readonly traceId: string
  readonly startedAt: UnixNano
  readonly endedAt: UnixNano | undefined
  readonly version: bigint
  readonly settled: boolean
  readonly lastReceivedAt: UnixNano
  readonly figures: RunFigures
}

/** What can be worked out again from spans and ledger. */
export interface RunFigures extends TokenUsage {
  readonly isRun: boolean
  readonly status: RunStatus
  readonly name: string
  readonly service: string
  readonly workflow: string
  readonly agents: readonly string[]
  readonly users: readonly string[]
  readonly sessions: readonly string[]
  readonly models: readonly string[]
  readonly modelCalls: number
  readonly failedModelCalls: number
  readonly unmeteredModelCalls: number
  readonly unpricedModelCalls: number
  readonly toolCalls: number
  readonly failedToolCalls: number
  readonly spanCount: number
  readonly errorCount: number
  readonly cost: PicoUsd
  readonly reportedCost: PicoUsd | undefined
}

/** One trace as the store has it. */
export interface StoredTrace {
  readonly traceId: string
  readonly project: string
  /** `undefined` where nobody summed it up yet. */
  readonly run: StoredRun | undefined
  /** What each span's record says when it is derived again. */
  readonly derived: readonly SpanFacts[]
  /** What was stored when it arrived, by span id. */
  readonly stored: ReadonlyMap<string, SpanFacts>
  readonly entries: readonly LedgerEntryRow[]
  /** When its latest span was accepted, 0 for none. */
  readonly receivedAt: UnixNano
}

/** Seconds one question may take: it reads some thousand traces at most. */
const readSecondsMax = 300
/** Traces looked at together: their ids travel in the URL, 50 characters each. */
const tracesPerBatchMax = 1_000
/** Spans looked at together: what is known of one takes about 3 KB, its content is let go at once. */
const spansPerBatchMax = 20_000

const options = { maxSeconds: readSecondsMax }
const hexIds = `(SELECT toFixedString(unhex(arrayJoin({traces:Array(String)})), 16))`

/**
 * Every trace of a tenant, in batches, by when they began: spans and ledger lie in order of time, so each batch reads its own
 * part of them. Memory holds one batch.
 */
export async function* storedTraces(store: Store, tenant: string): AsyncGenerator<readonly StoredTrace[]> {
  const strays = await strayTraces(store, tenant)
  for (let page = await readRuns(store, tenant, undefined); page.length > 0; page = await readRuns(store, tenant, page.at(-1))) {
    for (const runs of inBatches(page.filter((run) => !strays.has(run.traceId)))) yield await readTraces(store, tenant, runs.map((run) => run.traceId), runs)
  }
  const ids = [...strays]
  for (let at = 0; at < ids.length; at += tracesPerBatchMax) yield await tracesById(store, tenant, ids.slice(at, at + tracesPerBatchMax))
}

/** These traces, wherever their rows lie. */
export async function tracesById(store: Store, tenant: string, traceIds: readonly string[]): Promise<readonly StoredTrace[]> {
  const runs = await store.read<RunFiguresRow>(`SELECT ${runColumns} FROM runs FINAL WHERE tenant = {tenant:String} AND trace_id IN ${hexIds}`, { tenant, traces: traceIds }, options)
  const known = new Map(runs.map(storedRun).map((run) => [run.traceId, run]))
  return readTraces(store, tenant, traceIds, undefined, known)
}

/**
 * Traces with rows that no run leads to: nobody summed them up yet, or a line of the ledger lies before or behind the run (a span
 * that came again with another start). Read one by one, so that nothing in the ledger is overlooked. What a person agreed to for a
 * bill (collector/reconcile) is of no trace: no span can prove it, its approval does.
 */
async function strayTraces(store: Store, tenant: string): Promise<ReadonlySet<string>> {
  const bounds = `(SELECT trace_id, started_at AS first, ifNull(ended_at, toDateTime64('2262-01-01', 9)) AS last, materialize(1) AS known FROM runs FINAL WHERE tenant = {tenant:String})`
  const rows = await store.read<{ trace: string }>(
    `SELECT DISTINCT lower(hex(trace_id)) AS trace FROM (
       SELECT trace_id, occurred_at AS at FROM ledger_entries WHERE tenant = {tenant:String} AND reason != 'reconciled'
       UNION ALL
       SELECT trace_id, started_at AS at FROM spans WHERE tenant = {tenant:String}) AS rows
     LEFT JOIN ${bounds} AS runs USING trace_id
     WHERE NOT known OR at < first OR at > last`, { tenant }, options)
  return new Set(rows.map((row) => row.trace))
}

function* inBatches(runs: readonly StoredRun[]): Generator<readonly StoredRun[]> {
  let batch: StoredRun[] = []
  let spans = 0
  for (const run of runs) {
    batch.push(run)
    spans += run.figures.spanCount
    if (spans < spansPerBatchMax) continue
    yield batch
    batch = []
    spans = 0
  }
  if (batch.length > 0) yield batch
}

/** The next runs behind `after`, in order of their start. */
async function readRuns(store: Store, tenant: string, after: StoredRun | undefined): Promise<readonly StoredRun[]> {
  const rows = await store.read<RunFiguresRow>(
    `SELECT ${runColumns} FROM runs FINAL
     WHERE tenant = {tenant:String} AND started_at >= fromUnixTimestamp64Nano({from:Int64}) AND (toUnixTimestamp64Nano(started_at), trace_id) > ({from:Int64}, toFixedString(unhex({trace:String}), 16))
     ORDER BY started_at, trace_id LIMIT ${tracesPerBatchMax}`,
    { tenant, from: String(after?.startedAt ?? 0n), trace: after?.traceId ?? '' }, options)
  return rows.map(storedRun)
}

/** `runs`: where all rows lie between the first start and the last end. */
async function readTraces(
  store: Store, tenant: string, traceIds: readonly string[], runs: readonly StoredRun[] | undefined, known = new Map(runs?.map((run) => [run.traceId, run])),
): Promise<readonly StoredTrace[]> {
  const { where, params } = theseTraces(tenant, traceIds, runs)
  const [rows, entries] = await Promise.all([
    store.read<SpanFactsRow>(`SELECT ${spanFactsColumns} FROM spans WHERE ${where('started_at')} ORDER BY received_at DESC LIMIT 1 BY trace_id, span_id`, params, options),
    store.read<EntryRow>(`SELECT ${entryColumns} FROM ledger_entries FINAL WHERE ${where('occurred_at')}`, params, options),
  ])
  const stored = Map.groupBy(rows.map(storedFacts), (span) => span.traceId)
  const ledger = Map.groupBy(entries.map(ledgerEntry), (entry) => entry.traceId)
  const derived = new Map<string, { readonly spans: SpanFacts[]; receivedAt: UnixNano }>()
  for await (const [row, content] of recordRows(store, where('started_at'), params)) {
    const facts = spanFacts(storedRecord(row, content), BigInt(row[2]))
    const trace = derived.get(facts.traceId) ?? { spans: [], receivedAt: 0n }
    derived.set(facts.traceId, trace)
    trace.spans.push(facts)
    if (facts.receivedAt > trace.receivedAt) trace.receivedAt = facts.receivedAt
  }
  return traceIds.map((traceId) => ({
    traceId, run: known.get(traceId), entries: ledger.get(traceId) ?? [], project: ledger.get(traceId)?.[0]?.project ?? '',
    stored: new Map(stored.get(traceId)?.map((span) => [span.spanId, span])),
    derived: derived.get(traceId)?.spans ?? [], receivedAt: derived.get(traceId)?.receivedAt ?? 0n,
  }))
}

function theseTraces(tenant: string, traceIds: readonly string[], runs: readonly StoredRun[] | undefined) {
  const times = runs?.flatMap((run) => [run.startedAt, run.endedAt])
  const first = times?.reduce((a, b) => ((b ?? 0n) < (a ?? 0n) ? b : a), times[0])
  // A run without an end may have spans at any later time.
  const last = times?.includes(undefined) === false ? times.reduce((a, b) => ((b ?? 0n) > (a ?? 0n) ? b : a), 0n) : undefined
  const params = { tenant, traces: traceIds, first: String(first ?? 0n), last: String(last ?? 0n) }
  const where = (time: string): string => [
    'tenant = {tenant:String}', `trace_id IN ${hexIds}`,
    ...(first === undefined ? [] : [`${time} >= fromUnixTimestamp64Nano({first:Int64})`]),
    ...(last === undefined ? [] : [`${time} <= fromUnixTimestamp64Nano({last:Int64})`]),
  ].join(' AND ')
  return { where, params }
}

/** The latest version of each span beside its content, both as they arrive: prompts are let go as soon as they were read. */
async function* recordRows(store: Store, where: string, params: Readonly<Record<string, unknown>>): AsyncGenerator<readonly [StoredRecordRow, StoredContentRow | undefined]> {
  const latest = `WHERE ${where} ORDER BY trace_id, span_id, received_at DESC LIMIT 1 BY trace_id, span_id`
  const contents = flat(store.readBatches<StoredContentRow>(`SELECT ${storedContentColumns} FROM span_content ${latest}`, params, options))
  let content = await contents.next()
  try {
    for await (const row of flat(store.readBatches<StoredRecordRow>(`SELECT ${storedRecordColumns} FROM spans ${latest}`, params, options))) {
      const key = row[0] + row[1]
      while (content.done !== true && content.value[0] + content.value[1] < key) content = await contents.next()
      const own = content.done !== true && content.value[0] + content.value[1] === key && content.value[2] === row[2] ? content.value : undefined
      yield [row, own]
    }
  } finally {
    await contents.return(undefined)
  }
}

async function* flat<Row>(batches: AsyncIterable<readonly Row[]>): AsyncGenerator<Row> {
  for await (const rows of batches) yield* rows
}

interface RunFiguresRow {
  readonly trace: string
  readonly started: string
  readonly ended: string | null
  readonly version_text: string
  readonly settled: boolean
  readonly received: string
  readonly is_run: boolean
  readonly status: RunStatus
  readonly name: string
  readonly service: string
  readonly workflow: string
  readonly agents: readonly string[]
  readonly users: readonly string[]
  readonly sessions: readonly string[]
  readonly models: readonly string[]
  /** In the order of `countFields`. */
  readonly counts: readonly string[]
  readonly cost_pico: string
  readonly reported_pico: string | null
}

const countFields = [
  'modelCalls', 'failedModelCalls', 'unmeteredModelCalls', 'unpricedModelCalls', 'toolCalls', 'failedToolCalls', 'spanCount', 'errorCount',
  'input', 'cachedInput', 'cacheWrite', 'output', 'reasoning', 'total',
] as const
const countColumns = [
  'model_calls', 'failed_model_calls', 'unmetered_model_calls', 'unpriced_model_calls', 'tool_calls', 'failed_tool_calls', 'span_count', 'error_count',
  'tokens_input', 'tokens_cached_input', 'tokens_cache_write', 'tokens_output', 'tokens_reasoning', 'tokens_total',
]

const runColumns = `
  lower(hex(trace_id)) AS trace, toString(toUnixTimestamp64Nano(started_at)) AS started,
  if(isNull(ended_at), NULL, toString(toUnixTimestamp64Nano(assumeNotNull(ended_at)))) AS ended, toString(version) AS version_text, settled,
  toString(toUnixTimestamp64Nano(last_received_at)) AS received, is_run, status, name, service, workflow, agents, users, sessions, models,
  [${countColumns.join(', ')}] AS counts, toString(reinterpret(cost, 'Int128')) AS cost_pico,
  if(isNull(reported_cost), NULL, toString(reinterpret(assumeNotNull(reported_cost), 'Int128'))) AS reported_pico`

const storedRun = (row: RunFiguresRow): StoredRun => ({
  traceId: row.trace, startedAt: BigInt(row.started), endedAt: row.ended === null ? undefined : BigInt(row.ended), version: BigInt(row.version_text),
  settled: row.settled, lastReceivedAt: BigInt(row.received),
  figures: {
    isRun: row.is_run, status: row.status, name: row.name, service: row.service, workflow: row.workflow, agents: row.agents, users: row.users,
    sessions: row.sessions, models: row.models, ...counts(row.counts),
    cost: BigInt(row.cost_pico), reportedCost: row.reported_pico === null ? undefined : BigInt(row.reported_pico),
  },
})

type Counts = Readonly<Record<(typeof countFields)[number], number>>
const counts = (values: readonly string[]): Counts => Object.fromEntries(countFields.map((field, at) => [field, Number(values[at])])) as Counts
