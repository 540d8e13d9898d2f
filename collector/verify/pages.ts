import { type Block, choices, counts, decimals, flags, ids, lists, nullable, readNative, texts, times, versions, words } from '#clickhouse/native-columns.ts'
import type { Store } from '#clickhouse/store.ts'
import { StoreError } from '#clickhouse/store-error.ts'
import { storedSpanTypes } from '#clickhouse/stored-record.ts'
import { timeBound } from '#clickhouse/time-bound.ts'
import { costBases, ledgerKinds, runStatuses, type UnixNano } from '#semconv/facts.ts'

/** Columns of `runs`, to be asked for in this order. */
export const runTypes = {
  trace_id: ids(16), version: versions, is_run: flags, settled: flags, name: texts, status: choices(runStatuses), started_at: times, ended_at: nullable(times),
  last_received_at: times, service: words, workflow: words, agents: lists(words), users: lists(words), sessions: lists(words), models: lists(words),
  model_calls: counts, failed_model_calls: counts, unmetered_model_calls: counts, unpriced_model_calls: counts, tool_calls: counts, failed_tool_calls: counts,
  span_count: counts, error_count: counts, tokens_input: counts, tokens_cached_input: counts, tokens_cache_write: counts, tokens_output: counts,
  tokens_reasoning: counts, tokens_total: counts, cost: decimals, reported_cost: nullable(decimals),
} as const

/** The same of `ledger_entries`. `own_id` is zeros where the id follows from the rest of the line (clickhouse/tables/ledger-entries.ts). */
export const entryTypes = {
  project: words, own_id: ids(32), kind: choices(ledgerKinds), reason: words, occurred_at: times, posted_at: times, trace_id: ids(16), span_id: ids(8), provider: words,
  model: words, meter: words, quantity: decimals, usage_flags: lists(words), unit_price: nullable(decimals), amount: nullable(decimals), basis: choices(costBases),
  price_book_version: words, price_card: words, reverses: ids(32), agent: words, user: texts, session: texts, workflow: words, service: words, environment: words, tags: words,
  revision: versions,
} as const

/**
 * Rows of some traces as ClickHouse answers them, in memory that threads share: each takes its own traces out of it. Spans and
 * entries may hold others' rows beside, and earlier versions of a row.
 */
export interface Page {
  /** `Native` blocks of `runTypes`, each run once. */
  readonly runs: SharedArrayBuffer
  /** The traces that are looked at; the page's other rows belong to other pages. */
  readonly traceIds: readonly string[]
  readonly spans: readonly SharedArrayBuffer[]
  readonly entries: readonly SharedArrayBuffer[]
  /** How to read the content of its spans, `undefined` where there is none: it is read as a stream, and let go. */
  readonly content: Condition | undefined
}

export interface Condition {
  readonly sql: string
  readonly params: Readonly<Record<string, unknown>>
}

/** Seconds one question may take: it reads the rows of some minutes, or looks for some traces through all. */
const readSecondsMax = 300
export const readOptions = { maxSeconds: readSecondsMax } as const

/** Spans of a page, about 90 MB of columns, and 35 of entries. Three pages are in memory at a time. */
const spansPerPage = 200_000
/** Runs of a page: their ids are told to each thread. */
const runsPerPage = 20_000
/** Traces looked for by id: the ids travel in the URL, 41 characters each. */
export const tracesByIdMax = 1_000
/** Traces that are looked for by id within a time. */
const tracesInTimeMax = 8_000

interface Run {
  readonly traceId: string
  readonly startedAt: UnixNano
  /** Where its last span may begin. */
  readonly lastAt: UnixNano
  readonly spans: number
}

/**
 * Every trace of a tenant, page by page, by when runs began: spans lie in order of time, so each page reads its own part of them,
 * once. Runs that last much longer than others would make a page read all that happened meanwhile: they wait for others that are
 * as long, and are read together.
 */
export async function* storedPages(store: Store, tenant: string): AsyncGenerator<Page> {
  const strays = await strayTraces(store, tenant)
  const long = new Map<number, Run[]>()
  for (let after: Run | undefined, done = false; !done;) {
    const bytes = await readRuns(store, { sql: afterRun, params: { tenant, from: String(after?.startedAt ?? 0n), trace: after?.traceId ?? '' } }, runsPerPage)
    const read = runsOf(bytes)
    const page = upTo(spansPerPage, read)
    after = page.at(-1)
    done = page.length === read.length && read.length < runsPerPage
    const { usual, longer } = byDuration(page.filter(({ traceId }) => !strays.has(traceId)))
    if (usual.length > 0) yield readPage(store, bytes, usual.map(({ traceId }) => traceId), inTime(tenant, usual))
    for (const run of longer) {
      const alike = long.get(durationClass(run)) ?? []
      long.set(durationClass(run), alike)
      alike.push(run)
      if (alike.length === tracesInTimeMax || spansIn(alike) >= spansPerPage) yield readLong(store, tenant, alike.splice(0))
    }
  }
  for (const runs of long.values()) if (runs.length > 0) yield readLong(store, tenant, runs)
  for (let at = 0, ids = [...strays]; at < ids.length; at += tracesByIdMax) yield pageById(store, tenant, ids.slice(at, at + tracesByIdMax))
}

/** These traces, wherever their rows lie. */
export async function pageById(store: Store, tenant: string, traceIds: readonly string[]): Promise<Page> {
  const where = { sql: () => inTraces, params: { tenant, traces: traceIds } }
  return readPage(store, await readRuns(store, { sql: inTraces, params: where.params }, traceIds.length), traceIds, where)
}

async function readLong(store: Store, tenant: string, runs: readonly Run[]): Promise<Page> {
  const traceIds = runs.map(({ traceId }) => traceId)
  const { sql, params } = inTime(tenant, runs)
  const where = { sql: (time: string) => `${sql(time)} AND ${inTraces}`, params: { ...params, traces: traceIds } }
  return readPage(store, await readRuns(store, { sql: inTraces, params: { tenant, traces: traceIds } }, traceIds.length), traceIds, where)
}

const inTraces = 'tenant = {tenant:String} AND trace_id IN (SELECT toFixedString(unhex(arrayJoin({traces:Array(String)})), 16))'
const afterRun = `tenant = {tenant:String} AND ${timeBound('started_at', '>=', 'from')}
  AND (toUnixTimestamp64Nano(started_at), trace_id) > ({from:Int64}, toFixedString(unhex({trace:String}), 16))`

interface Where {
  /** Given the name of the column that says when. */
  readonly sql: (time: string) => string
  readonly params: Readonly<Record<string, unknown>>
}

function inTime(tenant: string, runs: readonly Run[]): Where {
  const first = runs.reduce((least, { startedAt }) => (startedAt < least ? startedAt : least), runs[0]?.startedAt ?? 0n)
  const last = runs.reduce((most, { lastAt }) => (lastAt > most ? lastAt : most), first)
  return {
    sql: (time) => `tenant = {tenant:String} AND ${timeBound(time, '>=', 'first')} AND ${timeBound(time, '<=', 'last')}`,
    params: { tenant, first: String(first), last: String(last) },
  }
}

const readRuns = (store: Store, { sql, params }: Condition, most: number): Promise<Buffer> => store.readBinary(
  `SELECT ${Object.keys(runTypes).join(', ')} FROM runs FINAL WHERE ${sql} ORDER BY started_at, trace_id LIMIT ${most}`, params, { ...readOptions, format: 'Native' })

const runsOf = (bytes: Buffer): readonly Run[] => readNative(bytes, runTypes).flatMap(({ rows, columns }) => Array.from({ length: rows }, (_, row) => ({
  traceId: columns.trace_id(row), startedAt: columns.started_at(row), lastAt: columns.ended_at(row) ?? columns.last_received_at(row), spans: columns.span_count(row),
})))

const spansIn = (runs: readonly Run[]): number => runs.reduce((sum, { spans }) => sum + spans, 0)

/** The first of them that have so many spans, at least one. */
function upTo(most: number, runs: readonly Run[]): readonly Run[] {
  let spans = 0
  const end = runs.findIndex((run) => (spans += run.spans) > most)
  return end === -1 ? runs : runs.slice(0, Math.max(1, end))
}

const minuteNanos = 60_000_000_000n

/** Longer ones last twice as long as it took all of the page to begin, and more than ten minutes. */
function byDuration(runs: readonly Run[]): { readonly usual: readonly Run[]; readonly longer: readonly Run[] } {
  const began = (runs.at(-1)?.startedAt ?? 0n) - (runs[0]?.startedAt ?? 0n)
  const most = began * 2n > minuteNanos * 10n ? began * 2n : minuteNanos * 10n
  return { usual: runs.filter((run) => run.lastAt - run.startedAt <= most), longer: runs.filter((run) => run.lastAt - run.startedAt > most) }
}

/** Runs of one class are at most ten times as long as others of it. */
const durationClass = ({ startedAt, lastAt }: Run): number => String((lastAt - startedAt) / minuteNanos).length

async function readPage(store: Store, runs: Buffer, traceIds: readonly string[], where: Where): Promise<Page> {
  const content = { sql: where.sql('started_at'), params: where.params }
  const [spans, entries, [contents]] = await Promise.all([
    readRows(store, 'spans', Object.keys(storedSpanTypes), where.sql('started_at'), where.params),
    readRows(store, 'ledger_entries', Object.keys(entryTypes), where.sql('occurred_at'), where.params),
    store.read<{ readonly n: string }>(`SELECT count() AS n FROM span_content WHERE ${content.sql}`, content.params, readOptions),
  ])
  return { runs: shared(runs), traceIds, spans, entries, content: contents?.n === '0' ? undefined : content }
}

/** `TOO_MANY_ROWS_OR_BYTES`: more than one answer holds. */
export const tooLarge = '396'
/** Answers that one page may be told in; a quarter of a gigabyte each. */
const partsMax = 256

/** In one answer, or in as many as are needed: a trace may have a million spans. */
async function readRows(
  store: Store, table: string, columns: readonly string[], where: string, params: Readonly<Record<string, unknown>>, parts = 1,
): Promise<readonly SharedArrayBuffer[]> {
  try {
    const read: SharedArrayBuffer[] = []
    for (let part = 0; part < parts; part++) {
      const ofPart = parts === 1 ? '' : ` AND cityHash64(span_id) % ${parts} = ${part}`
      read.push(shared(await store.readBinary(`SELECT ${columns.join(', ')} FROM ${table} WHERE ${where}${ofPart}`, params, { ...readOptions, format: 'Native' })))
    }
    return read
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== tooLarge || parts >= partsMax) throw error
    return readRows(store, table, columns, where, params, parts * 4)
  }
}

function shared(bytes: Buffer): SharedArrayBuffer {
  const copy = new SharedArrayBuffer(bytes.length)
  new Uint8Array(copy).set(bytes)
  return copy
}

/** The blocks of an answer that `shared` holds. */
export const blocksOf = <Types extends Parameters<typeof readNative>[1]>(bytes: SharedArrayBuffer, types: Types): readonly Block<Types>[] =>
  readNative(Buffer.from(bytes), types)

/**
 * Traces with rows that no run leads to: nobody summed them up yet, or a line of the ledger lies before or behind the run (a span
 * that came again with another start). Read by their ids, so that nothing in the ledger is overlooked. What a person agreed to for
 * a bill (collector/reconcile) is of no trace: no span can prove it, its approval does (`agreed.ts`).
 */
async function strayTraces(store: Store, tenant: string): Promise<ReadonlySet<string>> {
  const bounds = `(SELECT trace_id, started_at AS first, ifNull(ended_at, last_received_at) AS last, materialize(1) AS known FROM runs FINAL WHERE tenant = {tenant:String})`
  const rows = await store.read<{ trace: string }>(
    `SELECT DISTINCT lower(hex(trace_id)) AS trace FROM (
       SELECT trace_id, occurred_at AS at FROM ledger_entries WHERE tenant = {tenant:String} AND reason != 'reconciled'
       UNION ALL
       SELECT trace_id, started_at AS at FROM spans WHERE tenant = {tenant:String}) AS rows
     LEFT JOIN ${bounds} AS runs USING trace_id
     WHERE NOT known OR at < first OR at > last`, { tenant }, readOptions)
  return new Set(rows.map((row) => row.trace))
}
