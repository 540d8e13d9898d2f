import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Conformance } from '#collector/conformance/conformance.ts'
import { decodeTraces } from '#collector/decode/traces.ts'
import { chargeArrivals } from '#collector/derive/charge.ts'
import { derive } from '#collector/derive/derive.ts'
import { ledgerLines } from '#collector/derive/ledger-lines.ts'
import { shippedBook } from '#collector/price/book.ts'
import { FrameWriter } from '#collector/spool/frame.ts'
import { Spool } from '#collector/spool/spool.ts'
import { evaluateSpan, parsePolicies, starterPolicies } from '#otel-config/policy/policies.ts'
import { chargedOnArrival } from '#semconv/account.ts'
import type { SpanRecord } from '#semconv/attributes.ts'
import { interpret } from '#semconv/interpret.ts'
import { takenOn } from './machine.ts'
import { payloads } from './payloads.ts'

/** One stage of what happens before the acknowledgement, alone and warm, on one thread. */
export interface Stage {
  readonly name: string
  readonly spans: number
  /** Of the whole process, the garbage collector's threads included: other work on the machine does not count. */
  readonly cpuSeconds: number
}

const batch = 512

/** Each stage over the same requests, `spans` in all. */
export async function runDerive(spans: number): Promise<readonly Stage[]> {
  const requests = Math.max(1, Math.round(spans / batch))
  const bodies = bodiesOf(requests, 1)
  const records = bodies.map((body) => decodeTraces(body).spans)
  const stages: Stage[] = []
  const stage = async (name: string, run: (request: number) => unknown): Promise<void> => {
    // The first half warms the compiler up.
    for (let request = 0; request < Math.min(requests, 40); request++) await run(request)
    const before = process.cpuUsage()
    for (let request = 0; request < requests; request++) await run(request)
    const { user, system } = process.cpuUsage(before)
    stages.push({ name, spans: requests * batch, cpuSeconds: (user + system) / 1e6 })
  }
  const options = { tenant: 'default', project: 'default', prices: shippedBook(), policies: parsePolicies(starterPolicies()) }
  const facts = records.map((list) => list.map((record) => factsOf(record, options)))
  await stage('decode', (request) => decodeTraces(bodies[request] as Buffer))
  await stage('interpret', (request) => { for (const record of records[request] ?? []) interpret(record) })
  await stage('evaluate policies', (request) => {
    for (const [index, span] of (facts[request] ?? []).entries()) {
      const record = records[request]?.[index]
      if (record !== undefined) evaluateSpan(options.policies, span, record.attributes)
    }
  })
  await stage('price', (request) => {
    for (const { step, startedAt } of facts[request] ?? []) if (chargedOnArrival(step)) ledgerLines(options.prices, { ...step, usage: step.usage ?? {}, at: startedAt })
  })
  const conformance = new Conformance(options)
  await stage('count what is understood and found', (request) => {
    for (const [index, span] of (facts[request] ?? []).entries()) conformance.see(records[request]?.[index] as SpanRecord, span)
  })
  await stage('derive: all of these but decode, and rows', (request) => deriveAll(records[request] ?? [], options).finish())
  const dir = await mkdtemp(join(tmpdir(), 'spanledger-bench-'))
  try {
    await using spool = await openSpool(dir)
    await stage('decode, derive and spool', async (request) => spool.append(deriveAll(decodeTraces(bodies[request] as Buffer).spans, options).finish()))
  } finally {
    await rm(dir, { recursive: true })
  }
  return stages
}

const bodiesOf = (requests: number, seed: number): readonly Buffer[] => {
  const next = payloads({ batch, seed })
  return Array.from({ length: requests }, () => next(BigInt(Date.now()) * 1_000_000n).body)
}

type Options = Parameters<typeof derive>[1]

function deriveAll(records: readonly SpanRecord[], options: Options): FrameWriter {
  const frame = new FrameWriter()
  const receivedAt = BigInt(Date.now()) * 1_000_000n
  chargeArrivals(records.map((record) => frame.attempt(() => derive(record, options, receivedAt, true, frame))), () => undefined, options, frame)
  return frame
}

const factsOf = (record: SpanRecord, options: Options) => derive(record, options, 0n, true, new FrameWriter()).facts

/** Segments large enough that none is handed over while the clock runs; `fdatasync` is real. */
async function openSpool(dir: string): Promise<Spool & AsyncDisposable> {
  const spool = await Spool.open({
    dir, segmentBytesMax: 2 ** 30, segmentAgeMsMax: 3_600_000, quotaBytes: 2 ** 33, sync: (file: Awaited<ReturnType<typeof open>>) => file.datasync(), now: Date.now,
  })
  return Object.assign(spool, { [Symbol.asyncDispose]: () => spool.close() })
}

export function describeStages(stages: readonly Stage[]): string {
  const rows = stages.map(({ name, spans, cpuSeconds }) => `| ${name} | ${((cpuSeconds * 1e6) / spans).toFixed(1)} | ${Math.round(spans / cpuSeconds / 1000)} |`)
  return `| stage | µs of processor per span | thousand spans/s and core |\n| --- | --- | --- |\n${rows.join('\n')}\n`
}

if (import.meta.main) {
  const taken = takenOn()
  process.stdout.write(`${taken}\n\n${describeStages(await runDerive(Number(process.env['SPANS'] ?? 100_000)))}`)
}
