import { readNative } from '#clickhouse/native-columns.ts'
import type { Store } from '#clickhouse/store.ts'
import { type WholeContentRow, type WholeSpans, wholeContentColumns, wholeSpans, wholeSpanTypes } from '#clickhouse/stored-record.ts'
import type { UnixNano } from '#semconv/facts.ts'
import { parsePolicies } from '#otel-config/policy/policies.ts'
import { derive, type Derived, type DeriveOptions } from '../derive/derive.ts'
import type { Log } from '../log.ts'
import type { LiveTraces } from '../settle/live-traces.ts'
import { appendOnce, FrameWriter } from '../spool/frame.ts'
import type { Spool } from '../spool/spool.ts'
import type { StoredBooks } from '../stored-books.ts'
import { checkTrace, saysElse } from '../verify/check-trace.ts'
import { elsewhereOf } from '../verify/elsewhere.ts'
import { type Condition, pageById } from '../verify/pages.ts'
import { type DerivedSpan, storedTraces, storedWithTagsSince, wholePage } from '../verify/stored-traces.ts'

export interface RederiveOptions extends Pick<DeriveOptions, 'tenant' | 'project' | 'prices'> {
  readonly store: Store
  readonly live: LiveTraces
  readonly spool: Pick<Spool, 'append' | 'currentNumber'>
  readonly books: StoredBooks
  readonly log: Log
  readonly nowMs: () => number
  readonly nowNano: () => bigint
}

export interface Rederived {
  /** Traces of which a span, a ledger entry or the run says something else now. */
  readonly differing: readonly string[]
  /** Spans that could not be derived: they stay as they are. */
  readonly failed: number
}

/** Traces read at once, some 30 spans each; what they are derived from is in memory meanwhile. */
const tracesAtOnce = 200
/** Spans asked for in one question. */
const spansAtOnce = 500
/** Content of spans that is made durable in one go. */
const contentCharsAtOnce = 4 * 1024 * 1024
const readOptions = { maxSeconds: 300 } as const

/** The version of a span that is stored. */
type Version = Pick<DerivedSpan, 'traceId' | 'spanId' | 'startedAt' | 'receivedAt'>

/**
 * Derives the stored spans of these traces by the rules of this program. Those that say something else are stored anew, as a later
 * version of the same span; settlement posts what follows from it. What was decided about a span when it arrived stays as it was: no
 * policy is asked again.
 */
export async function rederive(traceIds: readonly string[], options: RederiveOptions): Promise<Rederived> {
  const differing: string[] = []
  let failed = 0
  for (let at = 0; at < traceIds.length; at += tracesAtOnce) {
    const found = await compare(traceIds.slice(at, at + tracesAtOnce), options)
    differing.push(...found.traces)
    for (let from = 0; from < found.spans.length; from += spansAtOnce) failed += await storeAnew(found.spans.slice(from, from + spansAtOnce), options)
  }
  return { differing, failed }
}

async function compare(traceIds: readonly string[], { store, tenant, books }: RederiveOptions): Promise<{ readonly traces: readonly string[]; readonly spans: readonly Version[] }> {
  const { traces, priceBooks } = await storedTraces(await pageById(store, tenant, traceIds), wholePage, { store, tagsSince: await storedWithTagsSince(store) })
  await books.load(priceBooks)
  const all = [...traces]
  const elsewhere = await elsewhereOf(store, tenant, all)
  const differing = all.filter((trace) => checkTrace(trace, elsewhere(trace), books, tenant).differences.length > 0)
  return { traces: differing.map(({ traceId }) => traceId), spans: differing.flatMap(saysElse) }
}

/** Where a stored version of a span lies. */
interface Place {
  readonly spans: WholeSpans
  readonly row: number
}

/** Returns how many could not be derived. Content is derived as it arrives: prompts are let go as soon as they are in the frame. */
async function storeAnew(versions: readonly Version[], options: RederiveOptions): Promise<number> {
  const { store, spool, live, log, tenant, nowMs } = options
  const asked = whereOf(tenant, versions)
  const places = await placesOf(versions, asked, store)
  const frame = new FrameWriter()
  let derived: Derived[] = []
  let failed = 0
  const add = (place: Place, content: WholeContentRow | undefined): void => {
    try {
      derived.push(frame.attempt(() => deriveAnew(place, content, frame, options)))
    } catch (error) {
      failed++
      log.error('a stored span cannot be derived anew, it stays as it is', { traceId: place.spans.traceId(place.row), spanId: place.spans.spanId(place.row), error })
    }
  }
  const makeDurable = async (): Promise<void> => {
    if (frame.empty) return
    await appendOnce(spool, frame.finish())
    live.add(derived, [], nowMs(), spool.currentNumber)
    derived = []
  }
  let chars = 0
  for await (const rows of store.readBatches<WholeContentRow>(`SELECT ${wholeContentColumns} FROM span_content WHERE ${asked.sql}`, asked.params, readOptions)) {
    for (const row of rows) {
      const place = places.get(versionOf(row))
      if (place === undefined) continue
      places.delete(versionOf(row))
      add(place, row)
      chars += charsOf(row)
      if (chars < contentCharsAtOnce) continue
      await makeDurable()
      chars = 0
    }
  }
  for (const place of places.values()) add(place, undefined)
  await makeDurable()
  return failed
}

async function placesOf(versions: readonly Version[], { sql, params }: Condition, store: Store): Promise<Map<string, Place>> {
  const wanted = new Set(versions.map(({ traceId, spanId, receivedAt }) => keyOf(traceId, spanId, receivedAt)))
  const places = new Map<string, Place>()
  const bytes = await store.readBinary(`SELECT ${Object.keys(wholeSpanTypes).join(', ')} FROM spans WHERE ${sql}`, params, { ...readOptions, format: 'Native' })
  for (const spans of readNative(bytes, wholeSpanTypes).map(wholeSpans)) {
    for (let row = 0; row < spans.rows; row++) {
      const key = keyOf(spans.traceId(row), spans.spanId(row), spans.receivedAt(row))
      if (wanted.has(key)) places.set(key, { spans, row })
    }
  }
  return places
}

function deriveAnew({ spans, row }: Place, content: WholeContentRow | undefined, frame: FrameWriter, { nowNano, ...options }: RederiveOptions): Derived {
  const [now, before] = [nowNano(), spans.receivedAt(row)]
  // Later than the version it follows, whatever our clock did meanwhile.
  const receivedAt = now > before ? now : before + 1n
  return derive(spans.record(row, content), { ...options, project: spans.project(row), policies: noPolicies }, receivedAt, false, frame)
}

const charsOf = ([, , , strings, json, events]: WholeContentRow): number => [...strings, ...json].reduce((sum, [, value]) => sum + value.length, events.length)

const noPolicies = parsePolicies('policies: []')

const keyOf = (traceId: string, spanId: string, receivedAt: UnixNano | string): string => `${traceId}${spanId}${receivedAt}`
const versionOf = ([traceId, spanId, receivedAt]: WholeContentRow): string => keyOf(traceId, spanId, receivedAt)

/** The range of starts makes that a look into a few minutes of the tables. Other versions of the spans are in it too. */
function whereOf(tenant: string, versions: readonly Version[]): Condition {
  const starts = versions.map(({ startedAt }) => startedAt)
  const [from, to] = [starts.reduce((a, b) => (b < a ? b : a)), starts.reduce((a, b) => (b > a ? b : a))]
  return {
    sql: `tenant = {tenant:String} AND started_at BETWEEN fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND fromUnixTimestamp64Nano({to:Int64}, 'UTC')
      AND (trace_id, span_id) IN (SELECT toFixedString(unhex(substring(arrayJoin({ids:Array(String)}) AS one, 1, 32)), 16), toFixedString(unhex(substring(one, 33)), 8))`,
    params: { tenant, from: String(from), to: String(to), ids: versions.map(({ traceId, spanId }) => traceId + spanId) },
  }
}
