import { spanFacts, spanFactsColumns, type SpanFactsRow } from '#clickhouse/span-facts.ts'
import type { Store } from '#clickhouse/store.ts'
import { storableTime, timeMax } from '#clickhouse/table.ts'
import { timeBound } from '#clickhouse/time-bound.ts'
import type { LedgerEntryRow } from '#clickhouse/tables/ledger-entries.ts'
import type { PolicyDecisionRow } from '#clickhouse/tables/policy-decisions.ts'
import type { CostBasis, LedgerKind, LedgerMeter, LedgerReason, UnixNano, UsageFlag } from '#semconv/facts.ts'
import type { CallTold } from '../derive/call-told.ts'
import type { Told } from '../receivers/peers.ts'
import type { LiveSpan } from './held-spans.ts'
import type { StoredDecision } from './live-traces.ts'

/** Seconds one look-up may take; a settlement waits for it and is tried again. */
const readSecondsMax = 30
/** Traces asked for in one query. */
export const tracesPerReadMax = 500

/** What ClickHouse has of some traces. */
export interface Stored {
  readonly spans: readonly LiveSpan[]
  readonly entries: readonly LedgerEntryRow[]
  readonly decisions: readonly StoredDecision[]
}

/** All that it has. */
export interface History extends Stored {
  /** Per trace id: the version of its last summary. */
  readonly versions: ReadonlyMap<string, bigint>
}

interface VersionRow {
  readonly trace: string
  readonly version: string
}

const inTraces = `tenant = {tenant:String} AND trace_id IN (SELECT toFixedString(unhex(arrayJoin({traces:Array(String)})), 16))`

/** One query per table for all of the traces. */
export async function readHistory(store: Store, tenant: string, traceIds: readonly string[]): Promise<History> {
  const [versions, stored] = await Promise.all([
    store.read<VersionRow>(
      `SELECT lower(hex(trace_id)) AS trace, toString(max(version)) AS version FROM runs WHERE ${inTraces} GROUP BY trace_id`,
      { tenant, traces: traceIds }, { maxSeconds: readSecondsMax }),
    readStored(store, tenant, traceIds),
  ])
  return { ...stored, versions: new Map(versions.map((row) => [row.trace, BigInt(row.version)])) }
}

/** The spans that were told and what was posted for them: the range of their starts makes that a look into a few minutes of the tables. */
export function readTold(store: Store, tenant: string, told: readonly Told[]): Promise<Stored> {
  const from = told.reduce((least, { startedFrom }) => (startedFrom < least ? startedFrom : least), told[0]?.startedFrom ?? 0n)
  const to = told.reduce((most, { startedTo }) => (startedTo > most ? startedTo : most), from)
  return readStored(store, tenant, told.map(({ traceId }) => traceId), { from, to })
}

/** `started`: of the spans; all of them where it is left out. */
async function readStored(
  store: Store, tenant: string, traceIds: readonly string[], started?: { readonly from: UnixNano; readonly to: UnixNano },
): Promise<Stored> {
  const params = { tenant, traces: traceIds, ...(started === undefined ? {} : { from: nanoParam(started.from), to: nanoParam(started.to) }) }
  const within = (column: string): string =>
    started === undefined ? '' : ` AND ${timeBound(column, '>=', 'from')} AND ${timeBound(column, '<=', 'to')}`
  const options = { maxSeconds: readSecondsMax }
  const [spans, entries, decisions] = await Promise.all([
    store.read<SpanFactsRow & { readonly receivedAtNanos: string }>(
      `SELECT ${spanFactsColumns}, toUnixTimestamp64Nano(received_at) AS receivedAtNanos FROM spans
       WHERE ${inTraces}${within('started_at')} ORDER BY received_at DESC LIMIT 1 BY trace_id, span_id`, params, options),
    // A span that came again on another day has two rows under one id: both are wanted.
    store.read<EntryRow>(`SELECT ${entryColumns} FROM ledger_entries FINAL WHERE ${inTraces}${within('occurred_at')}`, params, options),
    store.read<DecisionRow>(
      `SELECT lower(hex(id)) AS id_hex, lower(hex(trace_id)) AS trace, outcome, mode, place FROM policy_decisions FINAL WHERE ${inTraces}`, params, options),
  ])
  return {
    spans: spans.map((row) => ({ ...spanFacts(row), receivedAt: BigInt(row.receivedAtNanos) })),
    entries: entries.map(ledgerEntry),
    decisions: decisions.map((row) => ({ id: row.id_hex, traceId: row.trace, outcome: row.outcome, mode: row.mode, place: row.place })),
  }
}

const nanoParam = (time: UnixNano): string => String(storableTime(time))

interface DecisionRow {
  readonly id_hex: string
  readonly trace: string
  readonly outcome: PolicyDecisionRow['outcome']
  readonly mode: PolicyDecisionRow['mode']
  readonly place: PolicyDecisionRow['place']
}

/** A row of `SELECT ${entryColumns} FROM ledger_entries`, as `Store.read` gives it. */
export interface EntryRow {
  readonly tenant: string
  readonly project: string
  readonly own_id_hex: string
  readonly kind: LedgerKind
  readonly reason: LedgerReason
  readonly occurred: string
  readonly posted: string
  readonly trace: string
  readonly span: string
  readonly provider: string
  readonly model: string
  readonly meter: LedgerMeter
  readonly quantity_pico: string
  readonly usage_flags: readonly UsageFlag[]
  readonly unit_price_pico: string | null
  readonly amount_pico: string | null
  readonly basis: CostBasis
  readonly price_book_version: string
  readonly price_card: string
  readonly reverses_hex: string
  readonly agent: string
  readonly user: string
  readonly session: string
  readonly workflow: string
  readonly service: string
  readonly environment: string
  readonly tags: string
  readonly revision: string
}

/** A `Decimal(38, 12)` times 10^12, exactly: as the text of an Int128. */
const pico = (column: string): string => `toString(reinterpret(${column}, 'Int128'))`

const entryColumns = `
  tenant, project, lower(hex(own_id)) AS own_id_hex, kind, reason, toString(toUnixTimestamp64Nano(occurred_at)) AS occurred,
  toString(toUnixTimestamp64Nano(posted_at)) AS posted, lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span, provider, model, meter,
  ${pico('quantity')} AS quantity_pico, usage_flags,
  if(isNull(unit_price), NULL, ${pico('assumeNotNull(unit_price)')}) AS unit_price_pico,
  if(isNull(amount), NULL, ${pico('assumeNotNull(amount)')}) AS amount_pico,
  basis, price_book_version, price_card, lower(hex(reverses)) AS reverses_hex, agent, user, session, workflow, service, environment, tags,
  toString(revision) AS revision`

const none = '0'.repeat(64)

export function ledgerEntry(row: EntryRow): LedgerEntryRow {
  return {
    tenant: row.tenant, project: row.project, ownId: row.own_id_hex === none ? '' : row.own_id_hex, kind: row.kind, reason: row.reason, occurredAt: BigInt(row.occurred),
    postedAt: BigInt(row.posted), traceId: row.trace, spanId: row.span, provider: row.provider, model: row.model, meter: row.meter,
    quantity: BigInt(row.quantity_pico), usageFlags: row.usage_flags, unitPrice: row.unit_price_pico === null ? undefined : BigInt(row.unit_price_pico),
    amount: row.amount_pico === null ? undefined : BigInt(row.amount_pico), basis: row.basis, priceBookVersion: row.price_book_version,
    priceCard: row.price_card, reverses: row.reverses_hex === none ? '' : row.reverses_hex, agent: row.agent, user: row.user,
    session: row.session, workflow: row.workflow, service: row.service, environment: row.environment, tags: row.tags, revision: BigInt(row.revision),
  }
}

/** Answers asked about in one query, 32 characters each: a query of the engine has at most 262,144 (`max_query_size`). */
const answersPerReadMax = 5_000

/** A provider's answer and the trace that asks who else tells it. */
export interface AnswerOf {
  /** `callKeyId`. */
  readonly key: string
  readonly traceId: string
}

/**
 * Keys and traces one behind the other, as one text: as arrays of texts it took the engine longer to read the question than to
 * answer it. `numbers` cuts it up again. It stands in the query, because the client takes a parameter apart character by character;
 * of its 64 characters none means anything to SQL.
 */
const askedAnswers = (asked: readonly AnswerOf[]): string => {
  const answers = Buffer.from(asked.map(({ key, traceId }) => key + traceId).join(''), 'hex').toString('base64url')
  return `WITH base64URLDecode('${answers}') AS answers, asked AS (
  SELECT toFixedString(substring(answers, 24 * number + 1, 8), 8) AS key, substring(answers, 24 * number + 1, 24) AS told FROM numbers(${asked.length}))`
}
/** What the asking traces tell themselves is left out: that is almost every row. */
const toldByOthers = `tenant = {tenant:String} AND key IN (SELECT key FROM asked) AND concat(key, trace_id) NOT IN (SELECT told FROM asked)`

/**
 * What other traces tell of these answers. Mostly nothing: so two columns are read first, of any version of a row, and the rest
 * for the few answers that somebody else tells (all columns, merged, took half of what inserting takes).
 */
export async function readCallsTold(store: Store, tenant: string, answers: readonly AnswerOf[], tellersMax: number): Promise<CallTold[]> {
  const told: CallTold[] = []
  for (let at = 0; at < answers.length; at += answersPerReadMax) {
    const shared = await sharedAnswers(store, tenant, answers.slice(at, at + answersPerReadMax))
    if (shared.length > 0) told.push(...(await readTellers(store, tenant, shared, tellersMax)))
  }
  const byKey = Map.groupBy(told, (one) => one.key)
  return told.filter((one) => (byKey.get(one.key)?.length ?? 0) <= tellersMax)
}

async function sharedAnswers(store: Store, tenant: string, asked: readonly AnswerOf[]): Promise<readonly AnswerOf[]> {
  const rows = await store.read<{ key_hex: string }>(
    `${askedAnswers(asked)} SELECT DISTINCT lower(hex(key)) AS key_hex FROM call_keys WHERE ${toldByOthers}`, { tenant }, { maxSeconds: readSecondsMax })
  const keys = new Set(rows.map((row) => row.key_hex))
  return asked.filter((answer) => keys.has(answer.key))
}

async function readTellers(store: Store, tenant: string, asked: readonly AnswerOf[], tellersMax: number): Promise<CallTold[]> {
  const rows = await store.read<CallToldRow>(
    `${askedAnswers(asked)} SELECT ${callToldColumns} FROM call_keys FINAL WHERE ${toldByOthers} LIMIT {most:UInt32} BY key`,
    { tenant, most: tellersMax + 1 }, { maxSeconds: readSecondsMax })
  return rows.map((row) => ({
    key: row.key_hex, traceId: row.trace, spanId: row.span, startedAt: BigInt(row.started), endedAt: BigInt(row.ended), service: row.service,
    scopeName: row.scope_name, model: row.model, inputTokens: Number(row.input_tokens), outputTokens: Number(row.output_tokens),
  }))
}

interface CallToldRow {
  readonly key_hex: string
  readonly trace: string
  readonly span: string
  readonly started: string
  readonly ended: string
  readonly service: string
  readonly scope_name: string
  readonly model: string
  readonly input_tokens: string
  readonly output_tokens: string
}

const sessionColumns = `
  lower(hex(key)) AS key_hex, lower(hex(trace_id)) AS trace, toString(toUnixTimestamp64Nano(started_at)) AS started, toString(toUnixTimestamp64Nano(ended_at)) AS ended`

const callToldColumns = `
  lower(hex(key)) AS key_hex, lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span, toString(toUnixTimestamp64Nano(started_at)) AS started,
  toString(toUnixTimestamp64Nano(ended_at)) AS ended, service, scope_name, model, input_tokens, output_tokens`

/** Traces of one session that are looked at, the latest first: a coding agent makes one for every prompt. */
const tracesPerSessionMax = 10_000

/** What traces were remembered with under these keys (`sessionRow`), by key. */
export async function readSessionTraces(
  store: Store, tenant: string, keys: readonly string[],
): Promise<ReadonlyMap<string, readonly { readonly traceId: string; readonly startedAt: UnixNano; readonly endedAt: UnixNano }[]>> {
  const found: { key: string; traceId: string; startedAt: UnixNano; endedAt: UnixNano }[] = []
  for (let at = 0; at < keys.length; at += answersPerReadMax) {
    const rows = await store.read<Pick<CallToldRow, 'key_hex' | 'trace' | 'started' | 'ended'>>(
      `SELECT ${sessionColumns} FROM call_keys FINAL
       WHERE tenant = {tenant:String} AND key IN (SELECT toFixedString(unhex(arrayJoin({keys:Array(String)})), 8))
       ORDER BY ended_at DESC LIMIT {most:UInt32} BY key`,
      { tenant, keys: keys.slice(at, at + answersPerReadMax), most: tracesPerSessionMax }, { maxSeconds: readSecondsMax })
    found.push(...rows.map((row) => ({ key: row.key_hex, traceId: row.trace, startedAt: BigInt(row.started), endedAt: BigInt(row.ended) })))
  }
  return Map.groupBy(found, (one) => one.key)
}

/** A trace without its exact summary, and when its recent spans began; `undefined` where none is recent. */
export interface Unsettled {
  readonly traceId: string
  readonly recent: Told | undefined
}

interface UnsettledRow {
  readonly trace: string
  readonly recent: boolean
  readonly from: string
  readonly to: string
}

/**
 * Traces a former process left without their exact summary: those that say so, and those with other recent spans than it
 * sums up. A trace that began before the recent ones differs too and is looked at for nothing, which posts nothing. Recent is
 * what was accepted at `since` or later; where nobody said when that is, from ten minutes before the last summary. `all`: those
 * with spans accepted since then are named whatever their summary says, because rows of an earlier version of a span may have come
 * after it.
 */
export async function readUnsettled(store: Store, tenant: string, since: UnixNano | undefined, all: UnixNano | undefined): Promise<Unsettled[]> {
  const rows = await store.read<UnsettledRow>(
    `WITH (SELECT toDateTime64(max(last_received_at), 9) FROM runs WHERE tenant = {tenant:String} AND settled) AS last_summary,
       ${since === undefined ? 'last_summary - INTERVAL 10 MINUTE' : 'fromUnixTimestamp64Nano({since:Int64})'} AS since
     SELECT lower(hex(trace_id)) AS trace, false AS recent, '0' AS from, '0' AS to FROM runs FINAL WHERE tenant = {tenant:String} AND NOT settled
     UNION ALL
     SELECT lower(hex(s.trace_id)) AS trace, true AS recent, toString(s.from_nanos) AS from, toString(s.to_nanos) AS to
     FROM (SELECT trace_id, max(received_at) AS received, uniqExact(span_id) AS spans,
             toUnixTimestamp64Nano(min(started_at)) AS from_nanos, toUnixTimestamp64Nano(max(started_at)) AS to_nanos
           FROM spans WHERE tenant = {tenant:String} AND received_at >= since GROUP BY trace_id) AS s
     LEFT JOIN (SELECT trace_id, last_received_at, span_count FROM runs FINAL WHERE tenant = {tenant:String} AND last_received_at >= since) AS r
       ON s.trace_id = r.trace_id
     WHERE r.last_received_at < s.received OR r.span_count != s.spans OR toUnixTimestamp64Nano(s.received) >= {all:Int64}`,
    { tenant, since: String(since ?? 0n), all: String(all ?? timeMax) }, { maxSeconds: readSecondsMax })
  const found = new Map<string, Unsettled>()
  for (const { trace, recent, from, to } of rows) {
    if (recent) found.set(trace, { traceId: trace, recent: { traceId: trace, startedFrom: BigInt(from), startedTo: BigInt(to) } })
    else if (!found.has(trace)) found.set(trace, { traceId: trace, recent: undefined })
  }
  return [...found.values()]
}

/** Traces with a span that began at this time or later, by its sender's clock; `max` of them at most. */
export async function readBegunSince(store: Store, tenant: string, since: UnixNano, max: number): Promise<string[]> {
  const rows = await store.read<{ trace: string }>(
    `SELECT DISTINCT lower(hex(trace_id)) AS trace FROM spans
     WHERE tenant = {tenant:String} AND ${timeBound('started_at', '>=', 'since')} LIMIT {max:UInt32}`,
    { tenant, since: nanoParam(since), max }, { maxSeconds: readSecondsMax })
  return rows.map((row) => row.trace)
}

/** When the last span was accepted, by the clock of that process; 0 where there is none. */
export async function readLastReceivedAt(store: Store, tenant: string): Promise<UnixNano> {
  const [row] = await store.read<{ last: string }>(
    'SELECT toString(toUnixTimestamp64Nano(max(received_at))) AS last FROM spans WHERE tenant = {tenant:String}', { tenant }, { maxSeconds: readSecondsMax })
  return BigInt(row?.last ?? 0)
}
