/**
 * Two collecting processes, everything sent to both, processes killed under it, and spans that come late: what is spent is what
 * was sent, to the last digit, in the ledger and in every budget, and each threshold is told once.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import { agentSpan, ago, callCost, exportRequest, type MadeSpan, modelCall, newTraceId } from './made-span.ts'
import { graphql, type Program, startProgram } from './program.ts'
import { receiverPid } from './receivers.ts'
import { grpcExporter, post } from './sending.ts'
import { pico } from './traces.ts'
import { until } from './until.ts'
import { assertVerified } from './verified.ts'

const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`
const users = ['ada', 'bob', 'cyd'] as const
const [traces, callsPerTrace] = [45, 4]
const tokens = { input: 300, output: 60 }
const cost = callCost(tokens)
/** What all of it comes to. */
const expected = { calls: traces * callsPerTrace, usd: cost * BigInt(traces * callsPerTrace), tokensOfUser: (traces / users.length) * callsPerTrace * (tokens.input + tokens.output) }

/** Limits such that the last threshold below 200 % is passed clearly, and 200 % never, not for a moment. */
const budgets = `
budgets:
  - { id: all, period: lifetime, limit: { usd: "${Number(expected.usd) / 1.3e12}" }, thresholds: [20, 50, 80, 100, 200], action: alert }
  - { id: users, period: lifetime, limit: { tokens: ${Math.round(expected.tokensOfUser / 1.3)} }, thresholds: [50, 100, 200], group_by: [user], action: alert }
  - { id: asked, period: lifetime, limit: { calls: 5 }, scope: { agent: [asker] }, thresholds: [1000], action: deny }
`
const waitMsMax = 120_000

interface Trace {
  readonly traceId: string
  /** What comes in time, what comes late. */
  readonly first: readonly MadeSpan[]
  readonly late: readonly MadeSpan[]
}

/** An agent that says itself what its calls used: which of them is charged depends on what is there when it is settled. */
function makeTrace(number: number): Trace {
  const traceId = newTraceId()
  const attributes = { 'user.id': users[Math.floor(number / 3) % users.length] as string }
  const agent = agentSpan({ traceId, attributes }, { input: tokens.input * callsPerTrace, output: tokens.output * callsPerTrace })
  const calls = Array.from({ length: callsPerTrace }, () => modelCall({ traceId, parentSpanId: agent.spanId, attributes }, tokens, `resp_${newTraceId()}`))
  switch (number % 3) {
    case 0: return { traceId, first: [agent, ...calls], late: [] }
    case 1: return { traceId, first: calls, late: [agent] }
    default: return { traceId, first: [agent, ...calls.slice(2)], late: calls.slice(0, 2) }
  }
}

describe('two collecting processes', () => {
  let dir: string
  let program: Program
  let env: Readonly<Record<string, string>>
  /**
   * Titles of the notices that came, each with a signature that is right, by `webhook-id`. One that was taken as the program was
   * killed is sent again under that id, by which a receiver knows it (Standard Webhooks, "idempotency").
   */
  const told = new Map<string, string>()
  const webhook = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const { data: { title } } = new Webhook(secret).verify(body, request.headers as Record<string, string>) as { readonly data: { readonly title: string } }
    told.set(String(request.headers['webhook-id']), title)
    response.writeHead(204).end()
  })
  const over = new AbortController()
  const start = (): Promise<Program> => startProgram({ dataDir: join(dir, 'data'), env })
  before(async () => {
    webhook.listen(0, '127.0.0.1')
    await once(webhook, 'listening')
    dir = await mkdtemp(join(tmpdir(), 'two-collectors-e2e-'))
    await writeFile(join(dir, 'budgets.yaml'), budgets)
    await writeFile(join(dir, 'alerts.yaml'), `
destinations: [{ id: hook, kind: webhook, url: "http://127.0.0.1:${(webhook.address() as AddressInfo).port}/x", secret: { env: HOOK_SECRET } }]
rules: [{ id: money, on: budget, notify: [hook] }]
`)
    env = {
      SPANLEDGER_RECEIVERS: '2', SPANLEDGER_SETTLEMENT_DELAY_MS: '300', SPANLEDGER_BUDGETS: join(dir, 'budgets.yaml'), SPANLEDGER_ALERTS: join(dir, 'alerts.yaml'), HOOK_SECRET: secret,
    }
    program = await start()
  })
  after(async () => {
    over.abort()
    await program[Symbol.asyncDispose]()
    webhook.close()
    await rm(dir, { recursive: true, force: true, maxRetries: 10 })
  })

  /** Until it is acknowledged, over a connection of its own: the kernel deals it to one of the processes. */
  const deliver = async (body: Buffer, protocol: 'http' | 'grpc'): Promise<void> => {
    while (!over.signal.aborted) {
      try {
        if (protocol === 'http') {
          if ((await post(program, body, { headers: { connection: 'close' } })).status === 200) return
        } else {
          using exporter = grpcExporter(program, { 'grpc.use_local_subchannel_pool': 1 })
          await exporter.send(body)
          return
        }
      } catch {
        // Killed before it answered: what it took is taken again.
      }
      await sleep(50)
    }
  }
  /** Two spans a request, each request three times, so that each process gets most of them. */
  const send = async (spans: readonly MadeSpan[]): Promise<void> => {
    for (let at = 0; at < spans.length; at += 2) {
      const body = exportRequest(spans.slice(at, at + 2))
      await Promise.all((['http', 'grpc', 'http'] as const).map((protocol) => deliver(body, protocol)))
    }
  }
  const standings = async (id: string): Promise<ReadonlyMap<string, string>> => {
    const found = await graphql<{ budgets: readonly { groups: { nodes: readonly { actual: string; group: readonly { values: readonly string[] }[] }[] } }[] }>(
      program, 'query ($id: ID) { budgets(id: $id) { groups { nodes { actual group { values } } } } }', { id })
    return new Map(found.budgets.flatMap(({ groups }) => groups.nodes.map(({ actual, group }) => [group[0]?.values[0] ?? '', actual] as const)))
  }
  const ledger = async (): Promise<{ readonly cost: string; readonly entries: number }> =>
    (await graphql<{ costs: readonly { cost: string; entries: number }[] }>(program, '{ costs(range: {}) { cost entries } }')).costs[0] ?? { cost: '0', entries: 0 }

  test('duplicates to both, a kill of each, and late spans: every sum is exact, and each threshold is told once', async () => {
    const made = Array.from({ length: traces }, (_, number) => makeTrace(number))
    const sendAll = async (part: readonly Trace[], which: 'first' | 'late'): Promise<void> => {
      const waiting = [...part]
      await Promise.all(Array.from({ length: 6 }, async () => {
        for (let trace = waiting.shift(); trace !== undefined; trace = waiting.shift()) await send(trace[which])
      }))
    }
    const third = traces / 3
    await sendAll(made.slice(0, third), 'first')
    const under = sendAll(made.slice(third, 2 * third), 'first')
    const pid = receiverPid(program, 2)
    process.kill(pid, 'SIGKILL')
    await Promise.all([under, sendAll(made.slice(0, third), 'late')])
    const again = Promise.all([sendAll(made.slice(2 * third), 'first'), sendAll(made.slice(0, third), 'first')])
    await sleep(500)
    program.signal('SIGKILL')
    await program.exited
    program = await start()
    await again
    await sendAll(made.slice(third), 'late')
    await sendAll(made, 'late')

    await until('the ledger says what was sent', waitMsMax, async () => pico((await ledger()).cost) === expected.usd)
    await until('so does the budget of all', waitMsMax, async () => pico((await standings('all')).get('') ?? '0') === expected.usd)
    await until('and that of each user', waitMsMax, async () => {
      const found = await standings('users')
      return users.every((user) => found.get(user) === String(expected.tokensOfUser))
    })
    const titles = [...[20, 50, 80, 100].map((percent) => `all: ${percent} % used`), ...users.flatMap((user) => [50, 100].map((percent) => `users (user ${user}): ${percent} % used`))].sort()
    await until('every threshold is told', waitMsMax, () => told.size >= titles.length)
    await assertVerified(program)
    assert.equal(pico((await ledger()).cost), expected.usd)
    assert.deepEqual([...told.values()].sort(), titles)
  })

  test('whichever process is asked, one decides: five calls fit, and a span that comes to either gives its reservation back', async () => {
    const ask = async (path: string, question: object): Promise<{ readonly status: number; readonly body: { readonly decision?: string; readonly error?: string; readonly reservation?: { readonly id: string } | null } }> => {
      const response = await fetch(`${program.http}/v1/${path}`, { method: 'POST', headers: { 'content-type': 'application/json', connection: 'close' }, body: JSON.stringify(question) })
      return { status: response.status, body: await response.json() as Awaited<ReturnType<typeof ask>>['body'] }
    }
    const question = { agent: 'asker', model: 'gpt-5-mini', provider: 'openai' }
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask('decide', question)))
    const allowed = answers.flatMap(({ body: { reservation } }) => reservation?.id ?? [])
    assert.equal(allowed.length, 5)
    assert.equal(answers.filter(({ body }) => body.decision === 'deny').length, 25)
    const traceId = newTraceId()
    const agent = agentSpan({ traceId, start: ago(0), attributes: { 'gen_ai.agent.name': 'asker' } })
    for (const [at, id] of allowed.entries()) {
      if (at < 4) assert.deepEqual((await ask('release', { reservation: id })).body, { released: true })
      else await send([agent, modelCall({ traceId, parentSpanId: agent.spanId, start: ago(0), attributes: { 'spanledger.reservation.id': id } }, tokens)])
    }
    await until('the call is counted once, and nothing is held', waitMsMax, async () => {
      const { budgets: [found] } = await graphql<{ budgets: readonly { groups: { nodes: readonly { actual: string; holds: number }[] } }[] }>(program, '{ budgets(id: "asked") { groups { nodes { actual holds } } } }')
      return found?.groups.nodes[0]?.actual === '1' && found.groups.nodes[0].holds === 0
    })
    assert.deepEqual(await Promise.all(Array.from({ length: 8 }, async () => (await ask('decide', { agent: 'asker' })).body.error)), Array(8).fill('model is missing: which model is to be called?'), 'a refusal is the same from each')
  })
})
