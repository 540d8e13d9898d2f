import { SpanStatusCode, trace } from '@opentelemetry/api'
import type { IngestAccountRow } from '#clickhouse/tables/ingest-account.ts'
import type { LogRecord, SpanRecord } from '#semconv/attributes.ts'
import type { IngestAccount } from '../account/account.ts'
import { type KnownRecords, logRecordKey, spanKey } from '../account/known-records.ts'
import type { Conformance } from '../conformance/conformance.ts'
import { convertLogs, convertTraces } from '../decode/json.ts'
import { LogsReader, notLogRecord } from '../decode/logs.ts'
import { notDataPoint, notMetric } from '../decode/metrics.ts'
import { notProtobuf, type Rejection, TracesReader } from '../decode/traces.ts'
import { Malformed } from '../decode/wire.ts'
import { type ArrivedRequest, type LedgerWatch, reservationKey, spanKeyOf, tellArrived } from '../budgets/ledger-watch.ts'
import { type Charge, chargeArrivals, noLumps } from '../derive/charge.ts'
import { type Copies, type DerivedLog, deriveLog } from '../derive/derive-log.ts'
import { derive, type Derived, type DeriveOptions } from '../derive/derive.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { Refused } from '../refused.ts'
import { addFirstLooks } from '../settle/first-look.ts'
import type { Claim, LiveTraces } from '../settle/live-traces.ts'
import { appendOnce, frameBytesMax, FrameFull, FrameWriter } from '../spool/frame.ts'
import type { Spool } from '../spool/spool.ts'
import { understandMetrics } from './ingest-metrics.ts'
import { inTurns, type Turn, type Turns } from './turns.ts'

export type Signal = 'traces' | 'logs' | 'metrics'
export type Encoding = 'protobuf' | 'json'

/** What an accepted request is answered with; nothing rejected and no message means plain success. */
export interface Answer {
  readonly rejected: number
  readonly message: string
}

export interface IngestOptions extends DeriveOptions {
  readonly spool: Spool
  readonly live: LiveTraces
  readonly turns: Turns
  readonly metrics: Metrics
  readonly account: IngestAccount
  readonly known: KnownRecords
  readonly conformance: Conformance
  /** Hears of what is posted; `undefined` where nobody keeps budgets. */
  readonly watch?: LedgerWatch
  readonly log: Log
  /** Nanoseconds since the epoch. */
  readonly nowNano: () => bigint
  /** Milliseconds, monotonic. */
  readonly nowMs: () => number
}

const tracer = trace.getTracer('spanledger')

/**
 * One export request, from bytes to the acknowledgement: resolves only when everything accepted is durable. Throws
 * `Refused` where the whole request is not taken. `client` is who sends, by `clientOf`.
 */
export async function ingest(signal: Signal, body: Buffer, encoding: Encoding, options: IngestOptions, client = ''): Promise<Answer> {
  // Does nothing unless the operator turned self-telemetry on. Nothing in it makes spans of its own, so it need not be the active one.
  const span = tracer.startSpan(`export ${signal}`)
  span.setAttribute('spanledger.request.bytes', body.length)
  try {
    const answer = await answerOf(signal, body, encoding, options, client)
    span.setAttribute('spanledger.rejected', answer.rejected)
    return answer
  } catch (error) {
    const refused = error instanceof Malformed ? new Refused('malformed', `the request cannot be decoded: ${error.message}`) : error
    span.setStatus({ code: SpanStatusCode.ERROR, message: refused instanceof Refused ? refused.message : 'failed' })
    throw refused
  } finally {
    span.end()
  }
}

async function answerOf(signal: Signal, body: Buffer, encoding: Encoding, options: IngestOptions, client: string): Promise<Answer> {
  // What is accepted from now on is no business of the summaries made so far, until it is in memory.
  const receivedAt = options.live.arriving(options.nowNano())
  try {
    // Here, and not where records are derived: a function that waited is old, and V8 keeps until the next full collection all that
    // an old one ever held, a hundred objects a span.
    const turn = await options.turns.take()
    switch (signal) {
      case 'traces': return await ingestTraces(turn, body, encoding, options, client, receivedAt)
      case 'logs': return await ingestLogs(turn, body, encoding, options, client, receivedAt)
      case 'metrics': return await ingestMetrics(turn, body, encoding, options, client)
    }
  } finally {
    options.live.arrived(receivedAt)
  }
}

async function ingestLogs(turn: Turn, body: Buffer, encoding: Encoding, options: IngestOptions, client: string, receivedAt: bigint): Promise<Answer> {
  const { spool, live, metrics, known } = options
  const claims: LogClaims = { records: [], steps: [] }
  try {
    const { accepted, told, frame, accounted, rejections, warnings } = await understandLogs(turn, body, encoding, options, client, receivedAt, claims)
    if (frame !== undefined) await appendOnce(spool, frame)
    for (const key of claims.records) known.logRecords.add(key)
    for (const key of claims.steps) known.spans.add(key)
    live.add(told, [], options.nowMs(), spool.currentNumber)
    metrics.received(told.length)
    metrics.stored(claims.steps.length)
    metrics.deduplicated(told.length - claims.steps.length)
    metrics.logRecords({ stored: claims.records.length, deduplicated: accepted - claims.records.length, rejections })
    metrics.accounted(accounted)
    return { rejected: rejections.reduce((sum, { count }) => sum + count, 0), message: answerMessage(rejections, warnings, accepted, 'logs') }
  } finally {
    known.logRecords.release(claims.records)
    known.spans.release(claims.steps)
  }
}

/** Keys of what a request brought and nobody before: records, and steps that they tell. */
interface LogClaims {
  readonly records: number[]
  readonly steps: number[]
}

/** A logs request, decoded and derived. */
interface UnderstoodLogs {
  readonly accepted: number
  /** Steps that its records tell. */
  readonly told: readonly Derived[]
  /** What the frame says of the request. */
  readonly accounted: readonly IngestAccountRow[]
  readonly frame: Buffer | undefined
  readonly rejections: readonly Rejection[]
  readonly warnings: readonly string[]
}

/** Gives the turn back. `claims` grows also where it ends in an error. */
async function understandLogs(
  turn: Turn, body: Buffer, encoding: Encoding, options: IngestOptions, client: string, receivedAt: bigint, claims: LogClaims,
): Promise<UnderstoodLogs> {
  const { known } = options
  try {
    const converted = encoding === 'json' ? await inTurns(convertLogs(body), turn) : { bytes: body, rejections: [] }
    const reader = new LogsReader(converted.bytes)
    const frame = new FrameWriter()
    const told: Derived[] = []
    const copies: Copies = new Map()
    const rejections: Rejection[] = [...converted.rejections]
    let accepted = 0
    for (const record of reader.records()) {
      if (turn.due()) await turn.next()
      const one = deriveOneLog(record, receivedAt + BigInt(accepted), frame, copies, options)
      if ('reason' in one) {
        rejections.push(one)
        continue
      }
      accepted++
      const key = logRecordKey(one.id)
      if (known.logRecords.claim(key)) claims.records.push(key)
      if (one.told === undefined) continue
      told.push(one.told)
      const { facts } = one.told
      const step = spanKey(facts.traceId, facts.spanId)
      if (!known.spans.claim(step)) continue
      claims.steps.push(step)
      options.conformance.seeLog(record, facts)
    }
    rejections.push(...reader.rejections())
    const accounted = options.account.add(frame, { signal: 'logs', client, stored: claims.records.length, deduplicated: accepted - claims.records.length, rejections, at: receivedAt })
    return { accepted, told, frame: frame.empty ? undefined : frame.finish(), accounted, rejections, warnings: reader.warnings() }
  } finally {
    turn.give()
  }
}

async function ingestMetrics(turn: Turn, body: Buffer, encoding: Encoding, options: IngestOptions, client: string): Promise<Answer> {
  const { spool, metrics, known } = options
  const claims: number[] = []
  try {
    const { accepted, frame, accounted, rejections, warnings } = await understandMetrics(turn, body, encoding, options, client, claims)
    if (frame !== undefined) await appendOnce(spool, frame)
    for (const key of claims) known.dataPoints.add(key)
    metrics.dataPoints({ stored: claims.length, deduplicated: accepted - claims.length, rejections })
    metrics.accounted(accounted)
    return { rejected: rejections.reduce((sum, { count }) => sum + count, 0), message: answerMessage(rejections, warnings, accepted, 'metrics') }
  } finally {
    known.dataPoints.release(claims)
  }
}

async function ingestTraces(turn: Turn, body: Buffer, encoding: Encoding, options: IngestOptions, client: string, receivedAt: bigint): Promise<Answer> {
  const { spool, live, metrics, known } = options
  const claims: Claim[] = []
  try {
    const understood = await understand(turn, body, encoding, options, client, receivedAt, claims)
    const { derived, charges, deduplicated, frame, accounted, rejections, warnings } = understood
    if (frame !== undefined) await appendOnce(spool, frame)
    // Asked before the trace holds them, and as late as that: it may have been recalled meanwhile.
    const unsure = options.watch?.listens === true ? derived.filter(({ facts, first }) => first && live.mayBeStored(facts, known.spansFrom)) : []
    live.add(derived, charges, options.nowMs(), spool.currentNumber)
    for (const { facts } of unsure) understood.again.add(spanKeyOf(facts.traceId, facts.spanId))
    if (options.watch?.listens === true) tellArrived(options.watch, understood, options)
    for (const { facts } of derived) known.spans.add(spanKey(facts.traceId, facts.spanId))
    metrics.accounted(accounted)
    metrics.stored(derived.length - deduplicated)
    metrics.deduplicated(deduplicated)
    const rejected = rejections.reduce((sum, rejection) => sum + rejection.count, 0)
    for (const { reason, count } of rejections) metrics.rejected(reason, count)
    metrics.received(derived.length + rejected)
    return { rejected, message: answerMessage(rejections, warnings, derived.length, 'traces') }
  } finally {
    live.release(claims)
  }
}

/** A request, decoded and derived: what is to be made durable. */
interface Understood extends ArrivedRequest {
  readonly again: Set<string>
  /** How many spans came before. */
  readonly deduplicated: number
  /** What the frame says of the request. */
  readonly accounted: readonly IngestAccountRow[]
  /** `undefined` where nothing is to be stored. */
  readonly frame: Buffer | undefined
  readonly rejections: readonly Rejection[]
  readonly warnings: readonly string[]
}

/** Gives the turn back. `claims` grows by the spans charged here, also where it ends in an error. */
async function understand(
  turn: Turn, body: Buffer, encoding: Encoding, options: IngestOptions, client: string, receivedAt: bigint, claims: Claim[],
): Promise<Understood> {
  const { account, conformance, known, live } = options
  try {
    const converted = encoding === 'json' ? await inTurns(convertTraces(body), turn) : { bytes: body, rejections: [] }
    const reader = new TracesReader(converted.bytes)
    const frame = new FrameWriter()
    const derived: Derived[] = []
    const reservations = new Map<string, string>()
    const again = new Set<string>()
    const rejections: Rejection[] = [...converted.rejections]
    let deduplicated = 0
    let index = 0
    for (const record of reader.spans()) {
      if (turn.due()) await turn.next()
      const first = live.claim(record.traceId, record.spanId)
      if (first) claims.push({ traceId: record.traceId, spanId: record.spanId })
      // A nanosecond apart: of the same span twice in one request the later one is the newer version.
      const one = deriveOne(record, first, receivedAt + BigInt(index++), frame, options)
      if ('reason' in one) rejections.push(one)
      else {
        derived.push(one)
        const reservation = options.watch?.listens === true ? record.attributes.get(reservationKey) : undefined
        if (typeof reservation === 'string') reservations.set(spanKeyOf(record.traceId, record.spanId), reservation)
        const isKnown = first && known.spans.has(spanKey(record.traceId, record.spanId))
        if (!first || isKnown) deduplicated++
        else conformance.see(record, one.facts)
        if (isKnown) again.add(spanKeyOf(record.traceId, record.spanId))
      }
    }
    const charges = charge(derived, frame, options)
    if (live.crowded) showFirst(derived, charges, frame, options)
    rejections.push(...reader.rejections())
    const accounted = account.add(frame, { signal: 'traces', client, stored: derived.length - deduplicated, deduplicated, rejections, at: receivedAt })
    return { derived, charges, reservations, again, deduplicated, accounted, frame: frame.empty ? undefined : frame.finish(), rejections, warnings: reader.warnings() }
  } finally {
    turn.give()
  }
}

const tooManyRowBytes = `the records of a request, each with its resource, take at most ${frameBytesMax} bytes as rows, send smaller batches`

function deriveOneLog(record: LogRecord, receivedAt: bigint, frame: FrameWriter, copies: Copies, options: IngestOptions): DerivedLog | Rejection {
  try {
    return frame.attempt(() => deriveLog(record, options, receivedAt, frame, copies))
  } catch (error) {
    if (error instanceof FrameFull) return { reason: tooManyRowBytes, count: 1 }
    options.log.error('a log record could not be understood and was rejected', { traceId: record.traceId, spanId: record.spanId, error })
    return { reason: 'the log record could not be understood', count: 1 }
  }
}

/** A span that our own code stumbles over is refused alone; its neighbours are not lost with it. */
function deriveOne(record: SpanRecord, charge: boolean, receivedAt: bigint, frame: FrameWriter, options: IngestOptions): Derived | Rejection {
  try {
    return frame.attempt(() => derive(record, options, receivedAt, charge, frame))
  } catch (error) {
    if (error instanceof FrameFull) return { reason: tooManyRowBytes, count: 1 }
    options.log.error('a span could not be understood and was rejected', { traceId: record.traceId, spanId: record.spanId, error })
    return { reason: 'the span could not be understood', count: 1 }
  }
}

/** What cannot be charged now (no room left for its lines, or our own code stumbles) settlement charges. */
function charge(derived: readonly Derived[], frame: FrameWriter, options: IngestOptions): readonly Charge[] {
  const { live, log } = options
  try {
    return frame.attempt(() => chargeArrivals(derived, (traceId, spanId) => live.get(traceId)?.spans.get(spanId), options, frame, (traceId) => live.get(traceId)?.lumps ?? noLumps))
  } catch (error) {
    if (!(error instanceof FrameFull)) log.error('the calls of a request could not be charged, settlement will', { error })
    return []
  }
}

/** What cannot be shown now is shown once it is summed up. */
function showFirst(derived: readonly Derived[], charges: readonly Charge[], frame: FrameWriter, options: IngestOptions): void {
  try {
    frame.attempt(() => addFirstLooks(derived, charges, options, frame))
  } catch (error) {
    if (!(error instanceof FrameFull)) options.log.error('the traces of a request could not be shown before they settle', { error })
  }
}

/** Where other signals have other fields: log records have a number at the trace id's place, metrics a name. */
const foreignReasons: readonly string[] = [notProtobuf, notLogRecord, notMetric, notDataPoint]
const looksForeign = (reason: string): boolean => reason.startsWith('trace_id') || foreignReasons.includes(reason)

/** Reasons in an answer: a request of a hundred thousand bad spans still gets one short sentence. */
const reasonsMax = 5

/** What to say where nothing in a request could be read. */
const foreignHints: Readonly<Record<Signal, string>> = {
  traces: 'no span has a trace id: is this the logs or metrics payload?',
  logs: 'no log record could be read: is this the traces or metrics payload?',
  metrics: 'no metric could be read: is this the traces or logs payload?',
}

function answerMessage(rejections: readonly Rejection[], warnings: readonly string[], accepted: number, signal: Signal): string {
  const counts = new Map<string, number>()
  for (const { reason, count } of rejections) counts.set(reason, (counts.get(reason) ?? 0) + count)
  const parts = [...counts].slice(0, reasonsMax).map(([reason, count]) => `${count} rejected: ${reason}`)
  if (accepted === 0 && counts.size > 0 && [...counts.keys()].every(looksForeign)) {
    parts.push(foreignHints[signal])
  }
  return [...parts, ...warnings].join('; ')
}
