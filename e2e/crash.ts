/** `ROUNDS=20 node e2e/crash.ts`: kills the program at random moments under load and accounts for every span. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '#clickhouse/store.ts'
import { engineOf, enginePid, isEngine, storedSpans } from './engine.ts'
import { ago, agentSpan, callCost, exportRequest, type MadeSpan, modelCall, newSpanId, newTraceId, plainSpan } from './made-span.ts'
import { graphql, type Program, startProgram } from './program.ts'
import { grpcExporter, post } from './sending.ts'
import { pico } from './traces.ts'
import { assertVerified } from './verified.ts'

export type Victim = 'program' | 'engine' | 'both'
const victims: readonly Victim[] = ['program', 'engine', 'both']

export interface CrashOptions {
  readonly rounds: number
  readonly report: (line: string) => void
}

export interface CrashSummary {
  readonly kills: Readonly<Record<Victim, number>>
  /** Distinct spans. */
  readonly sent: number
  readonly acknowledged: number
  readonly stored: number
  readonly traces: number
  /** Requests sent once more, and requests that had no answer. */
  readonly resent: number
  readonly unanswered: number
  /** Of the ingest account: spans that came again. */
  readonly deduplicated: number
  /** Sum of the ledger in pico-dollars. */
  readonly ledger: bigint
}

const env = { SPANLEDGER_SETTLEMENT_DELAY_MS: '300' }
/** Senders side by side, half of them over gRPC; each pauses between its requests, so that small machines keep up, longer where nobody answers. In milliseconds. */
const senders = 4
const pauseMs = 25
const refusedPauseMs = 200
/** A round of load before the kill, in milliseconds. */
const roundMsMin = 400
const roundMsMax = 2_000
/** How long a killed program's engine may outlive it, and a killed engine may be away. In milliseconds. */
const orphanMsMax = 10_000
const engineMsMax = 30_000
const settleMsMax = 90_000
const maxSeconds = 30

const between = (min: number, max: number): number => min + Math.floor(Math.random() * (max - min + 1))
const chance = (share: number): boolean => Math.random() < share

/** What was sent and what became of it. */
interface Book {
  readonly spans: Map<string, MadeSpan>
  readonly costs: Map<string, bigint>
  readonly acknowledged: Set<string>
  /** Requests kept back: the second halves of traces, and requests to be sent once more. */
  readonly later: (readonly MadeSpan[])[]
  resent: number
  unanswered: number
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
function nextRequest(book: Book): readonly MadeSpan[] {
  if (book.later.length > 40 || (book.later.length > 0 && chance(0.3))) {
    const [kept] = book.later.splice(between(0, book.later.length - 1), 1)
    if (kept !== undefined) return kept
  }
  const [root, ...children] = makeTrace(book)
  assert.ok(root)
  if (chance(0.5)) return [root, ...children]
  book.later.push([root])
  return children
}

/** Sends until told to stop, to whatever program stands at the moment. */
async function sendAll(book: Book, program: () => Program, transport: 'grpc' | 'http', stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted) {
    const spans = nextRequest(book)
    if (await delivered(spans, program(), transport)) {
      for (const span of spans) book.acknowledged.add(span.spanId)
      if (chance(0.1)) {
        book.later.push(spans)
        book.resent++
      }
    } else {
      book.unanswered++
      // As an exporter does it: the same request again, later. Some senders give up or die themselves.
      if (chance(0.8)) book.later.push(spans)
      await sleep(refusedPauseMs)
    }
    await sleep(pauseMs)
  }
}

/** True where the receiver said success; a refused or broken connection, or a refusal, is no answer. */
async function delivered(spans: readonly MadeSpan[], program: Program, transport: 'grpc' | 'http'): Promise<boolean> {
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

export async function until(what: string, ms: number, met: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + ms
  while (!(await met())) {
    assert.ok(Date.now() < end, `${what} within ${ms} ms`)
    await sleep(100)
  }
}

async function kill(victim: Victim, program: Program, engine: number): Promise<void> {
  if (victim !== 'program') process.kill(engine, 'SIGKILL')
  if (victim === 'engine') return
  program.signal('SIGKILL')
  await program.exited
}

const engineEnds = (engine: number): Promise<void> => until(`engine ${engine} ends after its program`, orphanMsMax, () => !isEngine(engine))

/** Rounds of load and a kill, then every span and every amount is accounted for. Rejects where one is not. */
export async function crash({ rounds, report }: CrashOptions): Promise<CrashSummary> {
  const dataDir = await mkdtemp(join(tmpdir(), 'spanledger-crash-'))
  const book: Book = { spans: new Map(), costs: new Map(), acknowledged: new Set(), later: [], resent: 0, unanswered: 0 }
  const kills = { program: 0, engine: 0, both: 0 }
  const stop = new AbortController()
  let program = await startProgram({ dataDir, env })
  try {
    const sending = Array.from({ length: senders }, (_, n) => sendAll(book, () => program, n % 2 === 0 ? 'grpc' : 'http', stop.signal))
    for (let round = 0; round < rounds; round++) {
      await sleep(between(roundMsMin, roundMsMax))
      const victim = victims[round % victims.length] ?? 'both'
      const before = book.acknowledged.size
      const engine = enginePid(program)
      await kill(victim, program, engine)
      if (victim === 'engine') {
        await until('the program starts its engine again', engineMsMax, () => enginePid(program) !== engine)
      } else {
        // Some operators restart at once, while the old engine still ends; some later.
        if (chance(0.5)) await engineEnds(engine)
        program = await startProgram({ dataDir, env })
        await engineEnds(engine)
      }
      kills[victim]++
      report(`round ${round + 1} of ${rounds}: ${victim} killed with ${before} spans acknowledged, ${book.acknowledged.size} when it was back`)
    }
    await sleep(roundMsMin)
    stop.abort()
    await Promise.all(sending)
    const accounts = await accounted(book, program)
    const engine = enginePid(program)
    program.signal('SIGKILL')
    await program.exited
    await engineEnds(engine)
    return { kills, ...accounts }
  } catch (error) {
    report(`${error instanceof Error ? error.message : String(error)}\n${program.log()}`)
    throw error
  } finally {
    stop.abort()
    await program[Symbol.asyncDispose]()
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10 })
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

async function accounted(book: Book, program: Program): Promise<Omit<CrashSummary, 'kills'>> {
  await using store = await engineOf(program)
  let open = ''
  await until('everything is settled', settleMsMax, async () => (open = await openWork(store, book.acknowledged.size)) === '').catch((error: unknown) => {
    throw new Error(open, { cause: error })
  })
  const { ids, rowsAfterFinal } = await storedSpans(store)
  assert.equal(rowsAfterFinal, ids.size, 'each span once')
  assert.deepEqual([...book.acknowledged].filter((id) => !ids.has(id)), [], 'acknowledged and not there')
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
  assert.equal(account.stored, ids.size, 'the account counts each stored span once')
  assert.equal(account.received, account.stored + account.deduplicated + account.rejected + account.setAside)
  assert.deepEqual([account.rejected, account.setAside], [0, 0])
  await assertVerified(program)
  return {
    sent: book.spans.size, acknowledged: book.acknowledged.size, stored: ids.size, traces: runs.length,
    resent: book.resent, unanswered: book.unanswered, deduplicated: account.deduplicated, ledger,
  }
}

interface Account {
  readonly received: number
  readonly stored: number
  readonly deduplicated: number
  readonly rejected: number
  readonly setAside: number
}

/** The ingest account, as the collector wrote it beside the rows: it must name the same figures as the tables. */
async function accountOf(store: Store): Promise<Account> {
  const [sums] = await store.read<Account>(
    `SELECT toFloat64(sum(received)) AS received, toFloat64(sum(stored)) AS stored, toFloat64(sum(deduplicated)) AS deduplicated,
       toFloat64(sum(rejected)) AS rejected, toFloat64(sum(set_aside)) AS setAside FROM ingest_account FINAL`, {}, { maxSeconds })
  assert.ok(sums)
  return sums
}

/** What is still open: '' once every run is settled and together they hold every span, which is all that were acknowledged or more. */
async function openWork(store: Store, acknowledged: number): Promise<string> {
  const [row] = await store.read<{ open: string; summed: string; stored: string }>(
    `SELECT toString((SELECT count() FROM runs FINAL WHERE NOT settled)) AS open, toString((SELECT sum(span_count) FROM runs FINAL)) AS summed,
       toString((SELECT uniqExact(span_id) FROM spans)) AS stored`, {}, { maxSeconds })
  assert.ok(row)
  const done = row.open === '0' && row.summed === row.stored && Number(row.stored) >= acknowledged
  return done ? '' : `${row.open} runs open, ${row.summed} spans in runs, ${row.stored} stored, ${acknowledged} acknowledged`
}

export const summaryText = ({ kills, sent, acknowledged, stored, traces, resent, unanswered, deduplicated, ledger }: CrashSummary): string =>
  `${kills.program} kills of the program, ${kills.engine} of the engine, ${kills.both} of both: ${acknowledged} of ${sent} spans acknowledged ` +
  `(${resent} requests sent twice, ${unanswered} unanswered), ${stored} stored, each once, 0 lost, ${deduplicated} that came again counted as such; ${traces} runs settled, ledger $${Number(ledger / 1_000n) / 1e9} exact`

if (process.argv[1] === import.meta.filename) {
  console.log(summaryText(await crash({ rounds: Number(process.env['ROUNDS'] ?? 20), report: console.log })))
}
