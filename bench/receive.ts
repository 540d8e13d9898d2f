import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { nodeOptions } from '../e2e/program.ts'
import { gauge } from './load.ts'
import { takenOn } from './machine.ts'
import { payloads } from './payloads.ts'
import { type ThreadUsage, threadUsage } from './process-usage.ts'
import { quantile } from './quantile.ts'
import type { ReceiverMessage } from './receiver-process.ts'
import { senderOf } from './senders.ts'

/** How the collector is asked. */
export interface ReceiveCase {
  readonly protocol: 'http' | 'grpc'
  /** Spans per request. */
  readonly batch: number
  /** Requests in flight: an answer is followed by the next request at once. */
  readonly inFlight: number
  readonly seconds: number
  /** Requests a second; as many as are answered where it is absent. */
  readonly rate?: number
}

export interface Received {
  readonly asked: ReceiveCase
  readonly spans: number
  readonly refused: number
  readonly seconds: number
  /** Milliseconds from the moment a request was due until it was answered. */
  readonly ackMs: readonly number[]
  /** Processor seconds of the collector's process, by thread, and of the generator beside it. */
  readonly threads: readonly ThreadUsage[]
  readonly generatorSeconds: number
}

/** What every span carries at least: what published figures of other collectors are about. */
const attributesMin = 12
/** Before the clock runs: the compiler and the connections warm up. In seconds. */
const warmSeconds = 5

/** The collector up to its acknowledgement, alone in a process: each case with a new one. Throws where not everything sent was counted as stored. */
export async function runReceive(asked: ReceiveCase, warmUpSeconds = warmSeconds): Promise<Received> {
  const dir = await mkdtemp(join(tmpdir(), 'spanledger-receive-'))
  const child = fork(join(import.meta.dirname, 'receiver-process.ts'), [dir], { execArgv: [...nodeOptions] })
  try {
    const addresses = await told(child)
    if ('metrics' in addresses) throw new Error('the receiver did not say where it listens')
    using sender = senderOf(asked.protocol, addresses)
    const next = payloads({ batch: asked.batch, seed: 1, attributesMin })
    const warm = await send({ ...asked, seconds: warmUpSeconds }, sender.send, next)
    const [before, generatorBefore] = [threadUsage(child.pid as number), process.cpuUsage()]
    const sent = await send(asked, sender.send, next)
    const [threads, generator] = [threadUsage(child.pid as number), process.cpuUsage(generatorBefore)]
    child.send('metrics')
    const answer = await told(child)
    const counted = gauge('metrics' in answer ? answer.metrics : '', 'spanledger_spans_stored_total')
    if (counted !== warm.spans + sent.spans) throw new Error(`${counted} spans were counted as stored instead of ${warm.spans + sent.spans}`)
    return { asked, ...sent, threads: spent(before, threads), generatorSeconds: (generator.user + generator.system) / 1e6 }
  } finally {
    const exited = once(child, 'exit')
    child.disconnect()
    await exited
    await rm(dir, { recursive: true })
  }
}

async function told(child: ChildProcess): Promise<ReceiverMessage> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the receiver ended with ${String(code)}`)
  })
  ended.catch(() => undefined)
  return (await Promise.race([once(child, 'message'), ended]))[0] as ReceiverMessage
}

type Sent = Pick<Received, 'spans' | 'refused' | 'seconds' | 'ackMs'>

async function send({ batch, inFlight, seconds, rate }: ReceiveCase, post: (body: Buffer) => Promise<boolean>, next: ReturnType<typeof payloads>): Promise<Sent> {
  const ackMs: number[] = []
  let [answered, refused, begun] = [0, 0, 0]
  const began = performance.now()
  const end = began + seconds * 1000
  const one = async (): Promise<void> => {
    while (performance.now() < end) {
      // Without a rate a request is due when there is a hand for it.
      const due = rate === undefined ? performance.now() : began + (begun++ * 1000) / rate
      if (due >= end) return
      const early = due - performance.now()
      if (early > 0.5) await sleep(early)
      const taken = await post(next(BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6))).body)
      ackMs.push(performance.now() - due)
      if (taken) answered++
      else refused++
    }
  }
  await Promise.all(Array.from({ length: inFlight }, one))
  return { spans: answered * batch, refused, seconds: (performance.now() - began) / 1000, ackMs }
}

function spent(before: readonly ThreadUsage[], after: readonly ThreadUsage[]): ThreadUsage[] {
  const known = new Map(before.map(({ name, cpuSeconds }) => [name, cpuSeconds]))
  return after.map(({ name, cpuSeconds }) => ({ name, cpuSeconds: cpuSeconds - (known.get(name) ?? 0) })).filter(({ cpuSeconds }) => cpuSeconds > 0)
    .sort((a, b) => b.cpuSeconds - a.cpuSeconds)
}

export function describeReceived(all: readonly Received[]): string {
  const rows = all.map(({ asked, spans, refused, seconds, ackMs, threads, generatorSeconds }) => {
    const cpu = threads.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)
    const micros = (cpuSeconds: number): string => ((cpuSeconds * 1e6) / spans).toFixed(1)
    const requests = spans / asked.batch
    const how = asked.rate === undefined ? `${asked.inFlight} in flight` : `${asked.rate.toFixed(0)} requests/s`
    return `| ${asked.protocol}, ${asked.batch} a request, ${how} | ${(spans / seconds).toFixed(0)} | ${micros(cpu)} | ${(spans / cpu).toFixed(0)} | ${(requests / cpu).toFixed(0)} | ` +
      `${threads.map(({ name, cpuSeconds }) => `${name} ${micros(cpuSeconds)}`).join(', ')} | ` +
      `${quantile(ackMs, 0.5).toFixed(1)} | ${quantile(ackMs, 0.99).toFixed(1)} | ${quantile(ackMs, 1).toFixed(0)} | ${refused} | ${((100 * generatorSeconds) / seconds).toFixed(0)}% |`
  })
  return [
    '| asked | spans/s here | µs of processor per span | spans/s per core | requests/s per core | by thread, µs | ack p50 ms | p99 | max | refused | generator |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |', ...rows,
  ].join('\n')
}

/** As fast as it answers, and then at half of that, where the time of an acknowledgement means something. */
async function bothWays(asked: ReceiveCase): Promise<readonly Received[]> {
  const full = await runReceive(asked)
  const half = await runReceive({ ...asked, rate: full.spans / asked.batch / full.seconds / 2 })
  return [full, half]
}

if (import.meta.main) {
  const seconds = Number(process.env['SECONDS'] ?? 20)
  const taken = takenOn()
  const cases: readonly ReceiveCase[] = [
    { protocol: 'http', batch: 512, inFlight: 8, seconds }, { protocol: 'grpc', batch: 512, inFlight: 8, seconds }, { protocol: 'http', batch: 1, inFlight: 64, seconds },
  ]
  const all: Received[] = []
  for (const asked of cases) all.push(...await bothWays(asked))
  process.stdout.write(`${taken}. \`SECONDS=${seconds} node bench/receive.ts\`\n\n${describeReceived(all)}\n`)
}
