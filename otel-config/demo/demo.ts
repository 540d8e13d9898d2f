import { setMaxListeners } from 'node:events'
import { connect } from 'node:net'
import { type Random, seededRandom, unseededRandom } from './random.ts'
import { openSender, queuedSpansMax, type Sender } from './sending.ts'
import { storyteller } from './story.ts'
import { pastRuns, tellLive, tellPast, until } from './telling.ts'

export interface DemoOptions {
  /** OTLP/gRPC, such as `http://localhost:4317`. */
  readonly endpoint: string
  /** After the history, go on in real time until `stopped`. */
  readonly live: boolean
  /** How far back the history reaches. */
  readonly historyHours: number
  /** Runs in the history. */
  readonly runs: number
  readonly stopped: AbortSignal
  /** One line for a person. */
  readonly log: (line: string) => void
  /** The same seed and the same `now` send the same bytes. Default: a new story every time. */
  readonly seed?: number
  /** Milliseconds since the Unix epoch. Default: the time. */
  readonly now?: number
}

/** What was sent, and what became of it. */
export interface DemoReport {
  readonly runs: number
  readonly spans: number
  readonly acknowledged: number
  readonly rejected: number
  readonly failed: number
}

/** The demo could not do what it is for. The message is one line for a person. */
export class DemoError extends Error {
  override readonly name = 'DemoError'
}

/** Milliseconds between the starts of two live runs. */
const liveEveryMs = 4_000
const connectTimeoutMs = 3_000
/** Above it a span too many would be dropped by the SDK's queue; the largest run has under 60 spans. */
const flushAtSpans = queuedSpansMax - 256

/** Sends realistic runs. Throws `DemoError` where nothing listens, or not one span was acknowledged. */
export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  const { endpoint, log } = options
  await assertListens(endpoint)
  const now = options.now ?? Date.now()
  const random = options.seed === undefined ? unseededRandom() : seededRandom(options.seed, now)
  const sender = openSender(endpoint, random)
  const counts = { runs: 0, spans: 0 }
  const report = (): DemoReport => ({ ...counts, acknowledged: sender.sent.acknowledged, rejected: sender.sent.rejected, failed: sender.sent.failed })
  try {
    await sendHistory(options, random, now, sender, counts)
    if (sender.sent.acknowledged === 0 && counts.spans > 0) throw new DemoError(`no span was acknowledged by ${endpoint}: ${sender.sent.problem}${protocolHint(sender.sent.problem)}`)
    if (options.runs > 0) log(`history: ${summary(report(), sender)}`)
    if (options.live) {
      log(`live: a run every ${liveEveryMs / 1_000} s, press Ctrl-C to stop`)
      await sendLive(options, random, sender, counts)
    }
  } finally {
    await sender.close()
  }
  if (options.live) log(`in all: ${summary(report(), sender)}`)
  return report()
}

async function sendHistory(options: DemoOptions, random: Random, now: number, sender: Sender, counts: { runs: number; spans: number }): Promise<void> {
  let waiting = 0
  for (const { scenario, root } of pastRuns(random, now, options.historyHours, options.runs)) {
    if (options.stopped.aborted) break
    const spans = tellPast(sender.tracer(scenario), root)
    counts.runs += 1
    counts.spans += spans
    waiting += spans
    if (waiting >= flushAtSpans) {
      await sender.flush()
      waiting = 0
    }
  }
  await sender.flush()
}

async function sendLive({ stopped }: DemoOptions, random: Random, sender: Sender, counts: { runs: number; spans: number }): Promise<void> {
  // Every open span of every live run waits for this signal: hundreds of listeners, and no leak.
  setMaxListeners(0, stopped)
  const tell = storyteller(random)
  const running = new Set<Promise<void>>()
  while (!stopped.aborted) {
    const { scenario, begin } = tell()
    counts.runs += 1
    const act = tellLive(sender.tracer(scenario), begin(Date.now()), stopped, () => { counts.spans += 1 }).finally(() => running.delete(act))
    running.add(act)
    await until(Date.now() + liveEveryMs, stopped)
  }
  await Promise.all(running)
}

function summary({ runs, spans, acknowledged, rejected, failed }: DemoReport, { sent }: Sender): string {
  const n = (count: number): string => count.toLocaleString('en-US')
  const problem = sent.problem === '' ? '' : ` (${sent.problem})`
  return `${n(runs)} runs, ${n(spans)} spans: ${n(acknowledged)} acknowledged, ${n(rejected)} rejected, ${n(failed)} failed${problem}`
}

/** An application's own OTEL_EXPORTER_OTLP_ENDPOINT often names the port of OTLP/HTTP. */
const protocolHint = (problem: string): string => (problem.includes('Protocol error') ? '; an OTLP/gRPC address is needed, such as http://localhost:4317: name it with --endpoint' : '')

/** The exporter would retry for a while and then fail in its own words; this says at once what is missing. */
async function assertListens(endpoint: string): Promise<void> {
  const url = URL.parse(endpoint)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new DemoError(`endpoint '${endpoint}' is no URL: an OTLP/gRPC address such as http://localhost:4317 is needed`)
  }
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host, port, timeout: connectTimeoutMs })
    const fail = (): void => {
      socket.destroy()
      reject(new DemoError(`nothing listens on ${endpoint}: start Spanledger first (npm start), or name another address with --endpoint`))
    }
    socket.once('connect', () => { socket.destroy(); resolve() }).once('error', fail).once('timeout', fail)
  })
}
