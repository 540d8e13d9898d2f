import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent, request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { agentSpan, exportRequest, modelCall, newTraceId } from '../e2e/made-span.ts'
import { type Program, startProgram } from '../e2e/program.ts'
import { takenOn } from './machine.ts'
import { payloads } from './payloads.ts'
import { quantile } from './quantile.ts'
import { type Send, senderOf } from './senders.ts'

/** How the decider is asked. */
export interface DecideOptions {
  /** Calls a second that are asked about, made and settled. */
  readonly calls: number
  /** Spans a second that others send meanwhile, and how many in a request. */
  readonly rate: number
  readonly batch: number
  readonly seconds: number
  /** Before the clock runs, in seconds: the compiler, the connections and a history of calls. */
  readonly warmSeconds: number
  /** More variables for the program, such as `NODE_OPTIONS`. */
  readonly env?: Readonly<Record<string, string>>
}

export interface Decided {
  readonly options: DecideOptions
  /** Milliseconds from the moment a question was due until it was answered: waiting to be sent counts. */
  readonly reserveMs: readonly number[]
  /** Milliseconds from sending the span of an allowed call until it was acknowledged: its reservation is given back by then. */
  readonly settleMs: readonly number[]
  /** Milliseconds from that acknowledgement until an answer of the decider counts the call as used. */
  readonly answerMs: readonly number[]
  /** The same until a budget, asked for by GraphQL, does. */
  readonly budgetMs: readonly number[]
  /** Like `reserveMs`, of a server that only answers what it was asked: what the machine and HTTP take of it. */
  readonly echoMs: readonly number[]
  /** Spans that others sent and that were acknowledged, and in milliseconds how long that took. */
  readonly spans: number
  readonly ackMs: readonly number[]
}

/** Everything an answer may have to look at: dimensions of all kinds, groups by the thousand, calendars and forecasts. */
const budgets = `
budgets:
  - { id: all-month, period: month, time_zone: Europe/Berlin, limit: { usd: 1000000 }, forecast_thresholds: [100], action: deny }
  - { id: all-rolling, period: rolling 7d, limit: { tokens: 1000000000000 }, action: deny }
  - { id: agent-day, period: day, limit: { usd: 100000 }, group_by: [agent], action: deny }
  - { id: agent-model-week, period: week, limit: { calls: 100000000 }, group_by: [agent, model], action: alert }
  - { id: user-lifetime, period: lifetime, limit: { usd: 100000 }, group_by: [user], action: deny }
  - { id: run-ceiling, period: run, limit: { usd: 100 }, action: kill }
  - { id: production, period: month, limit: { usd: 1000000 }, scope: { environment: [production, ''] }, action: require_approval }
  - { id: openai-hour, period: rolling 1h, limit: { usd: 100000 }, scope: { provider: [openai] }, action: deny }
  - { id: looked-at, period: lifetime, limit: { calls: 1000000 }, scope: { user: [looked-at] }, action: deny }
`

/** Questions in flight at most; more are due and wait, and their latency shows it. */
const inFlightMax = 64
const agents = 20
const tokens = { input: 400, output: 100 }

type Ask = (path: string, question: object) => Promise<unknown>

/** Over connections that stay open, as an agent's process does it. */
function asker(origin: string): Disposable & { readonly ask: Ask } {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlightMax })
  const { hostname, port } = new URL(origin)
  const ask: Ask = (path, question) =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify(question)
      const request = httpRequest({ agent, hostname, port, path, method: 'POST', headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => (text += part)).once('end', () =>
          response.statusCode === 200 ? resolve(JSON.parse(text)) : reject(new Error(`${path} was answered ${response.statusCode}: ${text}`)))
      })
      request.once('error', reject)
      request.end(body)
    })
  return { ask, [Symbol.dispose]: () => agent.destroy() }
}

interface Answer {
  readonly decision: string
  readonly reservation: { readonly id: string } | null
  readonly budgets: readonly { readonly id: string; readonly used: string }[]
}

/** Asks, calls and settles, while others send spans. Throws where an answer is not what it must be. */
export async function runDecide(options: DecideOptions): Promise<Decided> {
  const dir = await mkdtemp(join(tmpdir(), 'spanledger-decide-'))
  try {
    await writeFile(join(dir, 'budgets.yaml'), budgets)
    await using program = await startProgram({ dataDir: join(dir, 'data'), env: { ...options.env, SPANLEDGER_BUDGETS: join(dir, 'budgets.yaml') } })
    const looked = { calls: 0 }
    await attend(program, { ...options, seconds: options.warmSeconds }, looked)
    return { options, ...await attend(program, options, looked) }
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 10 })
  }
}

/** Calls of the user `looked-at` that were acknowledged: as many as the budget about that user must count. */
interface Looked {
  calls: number
}

async function attend(program: Program, options: DecideOptions, looked: Looked): Promise<Omit<Decided, 'options'>> {
  using sender = senderOf('http', program)
  const stop = new AbortController()
  const load = loaded(sender.send, options, stop.signal)
  try {
    await using echo = await startEcho()
    const echoed = askEcho(echo.origin, stop.signal)
    const found = await ask(program, sender.send, options, looked)
    stop.abort()
    return { ...found, echoMs: await echoed, ...await load }
  } finally {
    stop.abort()
    await load
  }
}

type Asked = Omit<Decided, 'options' | 'echoMs' | 'spans' | 'ackMs'>

async function ask(program: Program, send: Send, options: DecideOptions, looked: Looked): Promise<Asked> {
  using decider = asker(program.http)
  using page = asker(program.console)
  const found = { reserveMs: [] as number[], settleMs: [] as number[], answerMs: [] as number[], budgetMs: [] as number[] }
  const began = performance.now()
  const count = Math.round(options.calls * options.seconds)
  let begun = 0
  /** One call as an agent makes it: ask, call, export. Every tenth is looked for afterwards. */
  const call = async (number: number): Promise<void> => {
    const due = began + (number * 1000) / options.calls
    const early = due - performance.now()
    if (early > 0.5) await sleep(early)
    const [traceId, user] = [newTraceId(), number % 10 === 0 ? 'looked-at' : `user-${number % 1_000}`]
    const question = { agent: `agent-${number % agents}`, model: 'gpt-5-mini', provider: 'openai', user, environment: 'production', inputTokens: tokens.input, maxOutputTokens: tokens.output }
    const answer = await decider.ask('/v1/decide', { ...question, runId: traceId }) as Answer
    found.reserveMs.push(performance.now() - due)
    if (answer.decision !== 'allow' || answer.reservation === null) throw new Error(`the decider answered ${JSON.stringify(answer)}`)
    const body = spansOf(traceId, question.agent, user, answer.reservation.id)
    const sent = performance.now()
    if (!await send(body)) throw new Error('a span was refused')
    const acknowledged = performance.now()
    found.settleMs.push(acknowledged - sent)
    if (user !== 'looked-at') return
    const expected = ++looked.calls
    found.answerMs.push(await since(acknowledged, async () => {
      const { budgets, reservation } = await decider.ask('/v1/decide', question) as Answer
      await decider.ask('/v1/release', { reservation: reservation?.id })
      return Number(budgets.find(({ id }) => id === 'looked-at')?.used) >= expected
    }))
    found.budgetMs.push(await since(acknowledged, async () => {
      const { data } = await page.ask('/graphql', { query: '{ budgets(id: "looked-at") { groups { nodes { calls } } } }' }) as Standings
      return (data.budgets[0]?.groups.nodes[0]?.calls ?? 0) >= expected
    }))
  }
  const one = async (): Promise<void> => {
    while (begun < count) await call(begun++)
  }
  await Promise.all(Array.from({ length: inFlightMax }, one))
  return found
}

interface Standings {
  readonly data: { readonly budgets: readonly { readonly groups: { readonly nodes: readonly { readonly calls: number }[] } }[] }
}

/** An agent and its call, which names what was reserved for it. */
function spansOf(traceId: string, name: string, user: string, reservation: string): Buffer {
  const start = BigInt(Date.now()) * 1_000_000n
  const agent = agentSpan({ traceId, start, attributes: { 'gen_ai.agent.name': name } })
  return exportRequest([agent, modelCall({ traceId, parentSpanId: agent.spanId, start, attributes: { 'spanledger.reservation.id': reservation, 'user.id': user } }, tokens)])
}

async function startEcho(): Promise<AsyncDisposable & { readonly origin: string }> {
  const child = fork(join(import.meta.dirname, 'echo-process.ts'))
  const [port] = await once(child, 'message') as [number]
  return {
    origin: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

/** Milliseconds between two questions that are only echoed. */
const echoEveryMs = 50

async function askEcho(origin: string, stop: AbortSignal): Promise<number[]> {
  using server = asker(origin)
  const ms: number[] = []
  const began = performance.now()
  for (let asked = 0; !stop.aborted; asked++) {
    const due = began + asked * echoEveryMs
    await sleep(Math.max(0, due - performance.now()), undefined, { signal: stop }).catch(() => undefined /* stopped */)
    if (stop.aborted) break
    await server.ask('/', { agent: `agent-${asked % agents}`, model: 'gpt-5-mini', provider: 'openai', environment: 'production', runId: newTraceId() })
    ms.push(performance.now() - due)
  }
  return ms
}

/** How long a budget may take to react. In milliseconds. */
const reactionMsMax = 5_000

async function since(acknowledged: number, seen: () => Promise<boolean>): Promise<number> {
  while (!(await seen())) {
    if (performance.now() - acknowledged > reactionMsMax) throw new Error(`a call was not counted ${reactionMsMax} ms after its span was acknowledged`)
  }
  return performance.now() - acknowledged
}

/** Spans of other agents, until it is stopped. */
async function loaded(send: Send, { rate, batch }: DecideOptions, stop: AbortSignal): Promise<Pick<Decided, 'spans' | 'ackMs'>> {
  const next = payloads({ batch, seed: Date.now() % 1_000_000 })
  const inFlight = new Set<Promise<void>>()
  const ackMs: number[] = []
  let spans = 0
  const began = performance.now()
  for (let sent = 0; !stop.aborted; sent++) {
    const due = began + (sent * 1000 * batch) / rate
    const early = due - performance.now()
    if (early > 0.5) await sleep(early, undefined, { signal: stop }).catch(() => undefined /* stopped */)
    if (stop.aborted) break
    const { body } = next(BigInt(Date.now()) * 1_000_000n)
    const answered = send(body).then((taken) => {
      if (taken) spans += batch
      ackMs.push(performance.now() - due)
      inFlight.delete(answered)
    })
    inFlight.add(answered)
  }
  await Promise.all(inFlight)
  return { spans, ackMs }
}

export function describeDecided({ options, spans, ...found }: Decided): string {
  const row = (what: string, ms: readonly number[]): string =>
    `| ${what} | ${ms.length} | ${[0.5, 0.95, 0.99, 1].map((q) => quantile(ms, q).toFixed(1)).join(' | ')} |`
  return [
    `${options.calls} calls/s beside ${options.rate} spans/s in requests of ${options.batch}, ${options.seconds} s, 9 budgets, nearly all of which are about every call; ${spans} spans acknowledged:`, '',
    '| ms | times | p50 | p95 | p99 | max |', '| --- | --- | --- | --- | --- | --- |',
    row('reserve: `POST /v1/decide`, from when it was due', found.reserveMs),
    row('a question that is only echoed, by a process of its own', found.echoMs),
    row('settle: the span exported, acknowledged, its reservation given back', found.settleMs),
    row('from that until an answer of the decider counts the call', found.answerMs),
    row('… until the budget does, by GraphQL', found.budgetMs),
    row('exports of others, acknowledged', found.ackMs),
  ].join('\n')
}

if (import.meta.main) {
  const { CALLS = '100', RATE = '1000', BATCH = '64', SECONDS = '30', PROGRAM_NODE_OPTIONS } = process.env
  const taken = takenOn()
  const decided = await runDecide({ calls: Number(CALLS), rate: Number(RATE), batch: Number(BATCH), seconds: Number(SECONDS), warmSeconds: 8, ...(PROGRAM_NODE_OPTIONS === undefined ? {} : { env: { NODE_OPTIONS: PROGRAM_NODE_OPTIONS } }) })
  process.stdout.write(`${taken}. \`CALLS=${CALLS} RATE=${RATE} BATCH=${BATCH} SECONDS=${SECONDS} node bench/decide.ts\`\n\n${describeDecided(decided)}\n`)
}
