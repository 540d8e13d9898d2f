/** Load that keeps account: agents that send, repeat and give up as real ones do, and what must be there of it in the end. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '#clickhouse/store.ts'
import { engineOf, storedSpans } from './engine.ts'
import { type LostReply, lostReplies, loseReply, type Transport } from './lost-reply.ts'
import { ago, agentSpan, callCost, exportRequest, type MadeSpan, modelCall, newSpanId, newTraceId, plainSpan } from './made-span.ts'
import { graphql, type Program } from './program.ts'
import { grpcExporter, post } from './sending.ts'
import { pico } from './traces.ts'
import { until } from './until.ts'
import { assertVerified } from './verified.ts'

/** Senders side by side, half of them over gRPC; each pauses between its requests, so that small machines keep up, longer where nobody answers. In milliseconds. */
const senders = 4
const pauseMs = 25
const refusedPauseMs = 200
/** Of the requests that are sent for the first time, how many lose their answer, and how many are sent twice although they were acknowledged. */
const lostShare = 0.15
const repeatedShare = 0.1
/** Requests kept back to be sent later, at most. */
const laterMax = 40
/** What is still to be sent again at the end must get through within this. In milliseconds. */
const lastMsMax = 60_000
const settleMsMax = 120_000
const maxSeconds = 30

export const between = (min: number, max: number): number => min + Math.floor(Math.random() * (max - min + 1))
export const chance = (share: number): boolean => Math.random() < share

/** A request that is sent later: the second half of a trace, or one that was sent before. */
interface Kept {
  readonly spans: readonly MadeSpan[]
  readonly lost: LostReply | undefined
}

/** What was sent and what became of it. */
export interface Book {
  readonly spans: Map<string, MadeSpan>
  readonly costs: Map<string, bigint>
  readonly acknowledged: Set<string>
  readonly later: Kept[]
  /** Requests acknowledged after an answer of theirs was lost, by how. */
  readonly lost: Map<LostReply, number>
  /** Requests sent once more although they were acknowledged, and requests that had no answer, or were refused. */
  repeated: number
  unanswered: number
}

export interface Load {
  readonly book: Book
  /** Ends sending: what is still to be sent again is, until it is acknowledged. */
  stop(): Promise<void>
}

/** Sends until stopped, to whatever program stands at the moment. */
export function startLoad(program: () => Program): Load {
  const book: Book = { spans: new Map(), costs: new Map(), acknowledged: new Set(), later: [], lost: new Map(lostReplies.map((kind) => [kind, 0])), repeated: 0, unanswered: 0 }
  const stopped = new AbortController()
  const sending = Promise.all(Array.from({ length: senders }, (_, n) => sendAll(book, program, n % 2 === 0 ? 'grpc' : 'http', stopped.signal)))
  // `stop` says so; until then the rest goes on.
  sending.catch(() => undefined)
  return {
    book,
    stop: async () => {
      stopped.abort()
      await sending
      const last = book.later.splice(0)
      await until('what was not acknowledged is, when it is sent again', lastMsMax, async () => {
        while (last[0] !== undefined && await sentAgain(book, last[0], program(), 'http')) last.shift()
        return last.length === 0
      })
    },
  }
}

/** An agent with some calls and a tool; what every model call costs goes into the book. */
function makeTrace(book: Book): MadeSpan[] {
  const traceId = newTraceId()
  const start = ago(between(0, 30))
  const root = agentSpan({ traceId, start, ms: 5_000 })
  const spans = [root, plainSpan({ traceId, parentSpanId: root.spanId, start, attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'get_weather' } })]
  for (let n = between(1, 4); n > 0; n--) {
    const tokens = { input: between(1, 5_000), output: between(1, 500) }
    const call = modelCall({ traceId, parentSpanId: root.spanId, start: start + BigInt(n) * 1_000_000n }, tokens, `resp_${newSpanId()}`)
    book.costs.set(call.spanId, callCost(tokens))
    spans.push(call)
  }
  for (const span of spans) book.spans.set(span.spanId, span)
  return spans
}

/** What to send next: something kept back, or a new trace, whole or its children first. */
function nextRequest(book: Book): Kept {
  if (book.later.length > laterMax || (book.later.length > 0 && chance(0.3))) {
    const [kept] = book.later.splice(between(0, book.later.length - 1), 1)
    if (kept !== undefined) return kept
  }
  const [root, ...children] = makeTrace(book)
  assert.ok(root)
  if (chance(0.5)) return { spans: [root, ...children], lost: undefined }
  book.later.push({ spans: [root], lost: undefined })
  return { spans: children, lost: undefined }
}

async function sendAll(book: Book, program: () => Program, transport: Transport, stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted) {
    const kept = nextRequest(book)
    if (kept.lost === undefined && chance(lostShare)) {
      const lost = lostReplies[between(0, lostReplies.length - 1)] as LostReply
      const under = await loseReply(lost, transport, program(), exportRequest(kept.spans)).then(() => true, () => false)
      // The sender knows nothing and sends it again.
      book.later.push(under ? { ...kept, lost } : kept)
    } else if (await sentAgain(book, kept, program(), transport)) {
      if (chance(repeatedShare)) {
        book.later.push({ spans: kept.spans, lost: undefined })
        book.repeated++
      }
    } else {
      book.unanswered++
      // As an exporter does it: the same request again, later. Some senders give up or die themselves.
      if (chance(0.8)) book.later.push(kept)
      await sleep(refusedPauseMs)
    }
    await sleep(pauseMs)
  }
}

async function sentAgain(book: Book, { spans, lost }: Kept, program: Program, transport: Transport): Promise<boolean> {
  if (!(await delivered(spans, program, transport))) return false
  for (const span of spans) book.acknowledged.add(span.spanId)
  if (lost !== undefined) book.lost.set(lost, (book.lost.get(lost) ?? 0) + 1)
  return true
}

/** True where the receiver said success; a refused or broken connection, or a refusal, is no answer. */
async function delivered(spans: readonly MadeSpan[], program: Program, transport: Transport): Promise<boolean> {
  const body = exportRequest(spans)
  try {
    if (transport === 'http') {
      const { status, body: answer } = await post(program, body)
      if (status !== 200) return false
      assert.equal(answer.length, 0, 'a partial success for good spans')
      return true
    }
    using exporter = grpcExporter(program)
    assert.equal((await exporter.send(body)).length, 0, 'a partial success for good spans')
    return true
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error
    return false
  }
}

async function shownCost(program: Program): Promise<bigint> {
  const { costs } = await graphql<{ costs: readonly { cost: string }[] }>(program, '{ costs(range: {}) { cost } }')
  return costs.reduce((sum, row) => sum + pico(row.cost), 0n)
}

interface StoredRun {
  readonly id: string
  readonly spans: string
  readonly cost: string
}

/** What was found, all of it as it must be. */
export interface Accounted {
  readonly stored: number
  readonly traces: number
  /** Sum of the ledger in pico-dollars. */
  readonly ledger: bigint
  readonly account: IngestAccount
}

/** Every span and every amount is accounted for. Rejects where one is not. */
export async function accounted(book: Book, program: Program, receivers = 1): Promise<Accounted> {
  await using store = await engineOf(program)
  let open = ''
  await until('everything is settled', settleMsMax, async () => (open = await openWork(store, book.acknowledged)) === '').catch((error: unknown) => {
    throw new Error(open, { cause: error })
  })
  const { ids, rowsAfterFinal } = await storedSpans(store)
  assert.equal(rowsAfterFinal, ids.size, 'each span once')
  assert.deepEqual(notThere(book.acknowledged, ids), [], 'acknowledged and not there')
  assert.deepEqual([...ids].filter((id) => !book.spans.has(id)), [], 'there and never sent')

  const charged = await store.read<{ id: string; charged: string | null }>(
    'SELECT lower(hex(span_id)) AS id, toString(sum(amount)) AS charged FROM ledger_entries FINAL GROUP BY span_id', {}, { maxSeconds })
  const actual = new Map(charged.map((row) => [row.id, pico(row.charged ?? '0')]))
  const wrong = [...ids].filter((id) => (actual.get(id) ?? 0n) !== (book.costs.get(id) ?? 0n))
  assert.deepEqual(wrong.map((id) => `${id}: ${actual.get(id)} instead of ${book.costs.get(id)}`), [], 'charged otherwise than used')
  assert.deepEqual([...actual.keys()].filter((id) => !ids.has(id)), [], 'charged without a span')

  const ledger = [...actual.values()].reduce((sum, amount) => sum + amount, 0n)
  assert.equal(await shownCost(program), ledger, 'GraphQL names the same sum')
  const runs = await store.read<StoredRun>(
    'SELECT lower(hex(trace_id)) AS id, toString(span_count) AS spans, toString(cost) AS cost FROM runs FINAL', {}, { maxSeconds })
  const spansByTrace = Map.groupBy(ids, (id) => book.spans.get(id)?.traceId)
  for (const run of runs) {
    const spans = spansByTrace.get(run.id) ?? []
    assert.equal(Number(run.spans), spans.length, `${run.id}: the run counts its spans`)
    assert.equal(pico(run.cost), spans.reduce((sum, id) => sum + (book.costs.get(id) ?? 0n), 0n), `${run.id}: the run costs what its calls cost`)
  }
  assert.equal(runs.length, spansByTrace.size)
  const account = await accountOf(store)
  // A span that came again to another process is counted by each: see docs/decisions/013.
  if (receivers === 1) assert.equal(account.stored, ids.size, 'the account counts each stored span once')
  else assert.ok(account.stored >= ids.size, `the account counts each stored span: ${account.stored} of ${ids.size}`)
  assert.equal(account.received, account.stored + account.deduplicated + account.rejected + account.setAside)
  assert.deepEqual([account.rejected, account.setAside], [0, 0])
  await assertVerified(program)
  return { stored: ids.size, traces: runs.length, ledger, account }
}

export interface IngestAccount {
  readonly received: number
  readonly stored: number
  readonly deduplicated: number
  readonly rejected: number
  readonly setAside: number
}

/** The ingest account, as the collector wrote it beside the rows: it must name the same figures as the tables. */
async function accountOf(store: Store): Promise<IngestAccount> {
  const [sums] = await store.read<IngestAccount>(
    `SELECT toFloat64(sum(received)) AS received, toFloat64(sum(stored)) AS stored, toFloat64(sum(deduplicated)) AS deduplicated,
       toFloat64(sum(rejected)) AS rejected, toFloat64(sum(set_aside)) AS setAside FROM ingest_account FINAL`, {}, { maxSeconds })
  assert.ok(sums)
  return sums
}

/** Where they stand among the acknowledged says what they have in common: the time, or nothing. */
const notThere = (acknowledged: ReadonlySet<string>, stored: ReadonlySet<string>): string[] =>
  [...acknowledged].map((id, n) => ({ id, n })).filter(({ id }) => !stored.has(id)).map(({ id, n }) => `${id}, the ${n + 1}. of ${acknowledged.size} acknowledged`)

/**
 * What is still open: '' once every run is settled, together they hold every span, and all that were acknowledged are there.
 * Counted alone, those that were stored without an answer would stand for acknowledged ones that are still to be loaded.
 */
async function openWork(store: Store, acknowledged: ReadonlySet<string>): Promise<string> {
  const [row] = await store.read<{ open: string; summed: string }>(
    `SELECT toString((SELECT count() FROM runs FINAL WHERE NOT settled)) AS open, toString((SELECT sum(span_count) FROM runs FINAL)) AS summed`,
    {}, { maxSeconds })
  assert.ok(row)
  const { ids } = await storedSpans(store)
  const missing = notThere(acknowledged, ids)
  const done = row.open === '0' && Number(row.summed) === ids.size && missing.length === 0
  return done ? '' : `${row.open} runs open, ${row.summed} spans in runs, ${ids.size} stored, ${missing.length} acknowledged and not there: ${missing.join('; ')}`
}
