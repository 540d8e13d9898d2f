import { setImmediate as nextTurn } from 'node:timers/promises'
import { readNative } from '#clickhouse/native-columns.ts'
import type { Store } from '#clickhouse/store.ts'
import { StoreError } from '#clickhouse/store-error.ts'
import { type WholeContentRow, type WholeSpans, wholeContentColumns, wholeSpans, wholeSpanTypes } from '#clickhouse/stored-record.ts'
import { callKeys } from '#clickhouse/tables/call-keys.ts'
import { timeBound } from '#clickhouse/time-bound.ts'
import type { SpanFacts, UnixNano } from '#semconv/facts.ts'
import { parsePolicies } from '#otel-config/policy/policies.ts'
import { callsTold } from '../derive/call-told.ts'
import { derive, type Derived, type DeriveOptions } from '../derive/derive.ts'
import type { Log } from '../log.ts'
import { Refused } from '../refused.ts'
import { type AnswerOf, readCallsTold } from '../settle/history.ts'
import type { LiveTraces } from '../settle/live-traces.ts'
import { tellersMax } from '../settle/told-elsewhere.ts'
import { appendOnce, FrameWriter } from '../spool/frame.ts'
import type { Spool } from '../spool/spool.ts'
import type { StoredBooks } from '../stored-books.ts'
import { checkTrace, isSettled, saysElse } from '../verify/check-trace.ts'
import { elsewhereOf } from '../verify/elsewhere.ts'
import { type Condition, pageById, tooLarge } from '../verify/pages.ts'
import { type DerivedSpan, type StoredTrace, storedTraces, storedWithTagsSince, wholePage } from '../verify/stored-traces.ts'

export interface RederiveOptions extends Pick<DeriveOptions, 'tenant' | 'project' | 'prices'> {
  readonly store: Store
  readonly live: LiveTraces
  readonly spool: Pick<Spool, 'append' | 'currentNumber'>
  readonly books: StoredBooks
  /** Whoever settles a trace looks at it again. */
  readonly revisit: (traceId: string) => void
  readonly log: Log
  readonly nowMs: () => number
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
/** Rows that are made durable in one go, and a span more. */
const frameBytes = 4 * 1024 * 1024
const readOptions = { maxSeconds: 300 } as const

/** The version of a span that is stored. */
type Version = Pick<DerivedSpan, 'traceId' | 'spanId' | 'startedAt' | 'receivedAt'>

/**
 * Derives the stored spans of these traces by the rules of this program. Those that say something else are stored anew, as a later
 * version of the same span; settlement posts what follows from it. What was decided about a span when it arrived stays as it was: no
 * policy about spans is asked again. All that was accepted before `acceptedBefore` is in ClickHouse, and what is stored anew counts as accepted
 * then: a version that its sender sent since is a later one.
 */
export async function rederive(traceIds: readonly string[], acceptedBefore: UnixNano, options: RederiveOptions): Promise<Rederived> {
  const all: Rederived[] = []
  for (let at = 0; at < traceIds.length; at += tracesAtOnce) all.push(await rederiveSome(traceIds.slice(at, at + tracesAtOnce), acceptedBefore, options))
  return together(all)
}

const together = (all: readonly Rederived[]): Rederived => ({ differing: all.flatMap(({ differing }) => differing), failed: all.reduce((sum, { failed }) => sum + failed, 0) })

/** What fails for all is tried in halves, so that a trace that our own code stumbles over costs itself alone. */
async function rederiveSome(traceIds: readonly string[], acceptedBefore: UnixNano, options: RederiveOptions): Promise<Rederived> {
  try {
    const { traces, spans } = await compare(traceIds, options)
    // What arrived since was derived by this program.
    const former = spans.filter(({ receivedAt }) => receivedAt < acceptedBefore)
    const outcome: Outcome = { failed: 0, withdrawn: [] }
    for (let from = 0; from < former.length; from += spansAtOnce) await storeAnew(former.slice(from, from + spansAtOnce), acceptedBefore, outcome, options)
    for (const { traceId } of await readCallsTold(options.store, options.tenant, outcome.withdrawn, tellersMax)) options.revisit(traceId)
    return { differing: traces, failed: outcome.failed }
  } catch (error) {
    if (passes(error)) throw error
    if (traceIds.length === 1) {
      options.log.error('a trace cannot be derived anew, it stays as it is', { traceId: traceIds[0], error })
      return { differing: [], failed: 1 }
    }
    const middle = traceIds.length >> 1
    return together([await rederiveSome(traceIds.slice(0, middle), acceptedBefore, options), await rederiveSome(traceIds.slice(middle), acceptedBefore, options)])
  }
}

/** ClickHouse is away, or the journal takes nothing more. */
const passes = (error: unknown): boolean => error instanceof Refused || (error instanceof StoreError && error.retry)

async function compare(traceIds: readonly string[], { store, tenant, books }: RederiveOptions): Promise<{ readonly traces: readonly string[]; readonly spans: readonly Version[] }> {
  const { traces, priceBooks } = await storedTraces(await pageById(store, tenant, traceIds), wholePage, { store, tagsSince: await storedWithTagsSince(store) })
  await books.load(priceBooks)
  const all: StoredTrace[] = []
  for (const trace of traces) {
    all.push(trace)
    await nextTurn()
  }
  const elsewhere = await elsewhereOf(store, tenant, all)
  // One that a crash left as stored anew and not settled is settled at last.
  const differing = all.filter((trace) => !isSettled(trace) || checkTrace(trace, elsewhere(trace), books, tenant).differences.length > 0)
  return { traces: differing.map(({ traceId }) => traceId), spans: differing.flatMap(saysElse) }
}

/** Where a stored version of a span lies. */
interface Place {
  readonly spans: WholeSpans
  readonly row: number
}

interface Outcome {
  /** Spans that could not be derived. */
  failed: number
  /** Providers' answers that spans do not tell any more. */
  readonly withdrawn: AnswerOf[]
}

/** Content is derived as it arrives: prompts are let go as soon as they are in the frame. */
async function storeAnew(versions: readonly Version[], acceptedAt: UnixNano, outcome: Outcome, options: RederiveOptions): Promise<void> {
  const { store, spool, live, log, tenant, nowMs } = options
  const asked = whereOf(tenant, versions)
  let places: Map<string, Place>
  try {
    places = await placesOf(versions, asked, store)
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== tooLarge || versions.length === 1) throw error
    const middle = versions.length >> 1
    await storeAnew(versions.slice(0, middle), acceptedAt, outcome, options)
    return storeAnew(versions.slice(middle), acceptedAt, outcome, options)
  }
  const frame = new FrameWriter()
  let derived: Derived[] = []
  const makeDurable = async (): Promise<void> => {
    if (frame.empty) return
    await appendOnce(spool, frame.finish())
    live.add(derived, [], nowMs(), spool.currentNumber)
    derived = []
  }
  const add = async ({ spans, row }: Place, content: WholeContentRow | undefined): Promise<void> => {
    try {
      derived.push(frame.attempt(() => {
        const one = derive(spans.record(row, content), { ...options, project: spans.project(row), policies: noPolicies }, acceptedAt, false, frame)
        outcome.withdrawn.push(...withdraw(spans.facts(row), one.facts, tenant, frame))
        return one
      }))
    } catch (error) {
      outcome.failed++
      log.error('a stored span cannot be derived anew, it stays as it is', { traceId: spans.traceId(row), spanId: spans.spanId(row), error })
    }
    if (frame.bytes >= frameBytes) await makeDurable()
  }
  for await (const rows of store.readBatches<WholeContentRow>(`SELECT ${wholeContentColumns} FROM span_content WHERE ${asked.sql}`, asked.params, readOptions)) {
    for (const row of rows) {
      const place = places.get(versionOf(row))
      if (place === undefined) continue
      places.delete(versionOf(row))
      await add(place, row)
    }
  }
  for (const place of places.values()) await add(place, undefined)
  await makeDurable()
}

/** Tokens that no call has: who looks for the same answer finds that this one does not agree (`toldElsewhere`). */
const noTokens = 2 ** 53

/** Answers that a span was taken to tell and does not: their rows stay, and say that it is none. Else another trace's call would count as told here. */
function withdraw(before: SpanFacts, now: SpanFacts, tenant: string, frame: FrameWriter): readonly AnswerOf[] {
  const kept = new Set(now.step.callKeys)
  const gone = callsTold({ ...before, step: { ...before.step, callKeys: before.step.callKeys.filter((key) => !kept.has(key)) } })
  for (const told of gone) frame.add(callKeys, { ...told, tenant, model: '', inputTokens: noTokens, outputTokens: noTokens })
  return gone
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

const noPolicies = parsePolicies('policies: []')

const keyOf = (traceId: string, spanId: string, receivedAt: UnixNano | string): string => `${traceId}${spanId}${receivedAt}`
const versionOf = ([traceId, spanId, receivedAt]: WholeContentRow): string => keyOf(traceId, spanId, receivedAt)

/** The range of starts makes that a look into a few minutes of the tables. Other versions of the spans are in it too. */
function whereOf(tenant: string, versions: readonly Version[]): Condition {
  const starts = versions.map(({ startedAt }) => startedAt)
  const [from, to] = [starts.reduce((a, b) => (b < a ? b : a)), starts.reduce((a, b) => (b > a ? b : a))]
  return {
    sql: `tenant = {tenant:String} AND ${timeBound('started_at', '>=', 'from')} AND ${timeBound('started_at', '<=', 'to')}
      AND (trace_id, span_id) IN (SELECT toFixedString(unhex(substring(arrayJoin({ids:Array(String)}) AS one, 1, 32)), 16), toFixedString(unhex(substring(one, 33)), 8))`,
    params: { tenant, from: String(from), to: String(to), ids: versions.map(({ traceId, spanId }) => traceId + spanId) },
  }
}
