/** A client that does not know whether its export arrived sends it again: every record is stored once, and the account says so. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { encodeMetrics } from '#collector/decode/metrics-oracle.ts'
import { encodeLogs } from '#collector/decode/oracle.ts'
import { engineOf } from './engine.ts'
import { exportRequest, modelCall, newTraceId } from './made-span.ts'
import { type Program, startProgram } from './program.ts'
import { grpcExporter, post, type Signal } from './sending.ts'
import { until } from './until.ts'

const count = 40
const range = Array.from({ length: count }, (_, n) => n)
const traceId = newTraceId()
/** In nanoseconds; clients repeat what is minutes old. */
const start = BigInt(Date.now() - 60_000) * 1_000_000n
const at = (n: number): string => String(start + BigInt(n) * 1_000_000n)
const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'stubborn-agent' } }] }
const calls = range.map(() => modelCall({ traceId }, { input: 1_000, output: 100 }))

const requests: Readonly<Record<Signal, (numbers: readonly number[]) => Buffer>> = {
  traces: (numbers) => exportRequest(numbers.map((n) => calls[n]).filter((call) => call !== undefined)),
  logs: (numbers) => encodeLogs({ resourceLogs: [{ resource, scopeLogs: [{ logRecords: numbers.map((n) => ({ timeUnixNano: at(n), body: { stringValue: `record ${n}` } })) }] }] }),
  metrics: (numbers) => encodeMetrics({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [
    { name: 'agent.queue.depth', gauge: { dataPoints: numbers.map((n) => ({ timeUnixNano: at(n), asInt: String(n) })) } },
  ] }] }] }),
}
const signals = ['traces', 'logs', 'metrics'] as const
const tables: Readonly<Record<Signal, string>> = { traces: 'spans', logs: 'log_records', metrics: 'metric_points' }

/** What the program says of a signal, and how many rows there are of it. */
async function told(program: Program, signal: Signal): Promise<readonly number[]> {
  await using store = await engineOf(program)
  const [row] = await store.read<Readonly<Record<'received' | 'stored' | 'deduplicated' | 'rows', string>>>(
    `SELECT sum(received) AS received, sum(stored) AS stored, sum(deduplicated) AS deduplicated, (SELECT count() FROM ${tables[signal]} FINAL) AS rows
     FROM ingest_account FINAL WHERE signal = {signal:String}`, { signal }, { maxSeconds: 30 })
  assert.ok(row)
  return [row.received, row.stored, row.deduplicated, row.rows].map(Number)
}

/** Waits in milliseconds for the loader, on a machine with other work. */
const loadedMsMax = 30_000

async function assertTold(program: Program, sendings: number): Promise<void> {
  const expected = [count * sendings, count, count * (sendings - 1), count].join()
  for (const signal of signals) {
    let last = ''
    await until(`${signal}: received, stored, deduplicated, rows ${expected}`, loadedMsMax, async () => (last = (await told(program, signal)).join()) === expected)
      .catch((error: Error) => assert.fail(`${error.message}, but ${last}`))
  }
}

test('an export that comes again over HTTP, over gRPC, in halves and after a crash is stored once', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'spanledger-again-'))
  t.after(() => rm(dataDir, { recursive: true, force: true, maxRetries: 10 }))
  const sendWhole = async (program: Program): Promise<void> => {
    using grpc = grpcExporter(program)
    for (const signal of signals) {
      assert.equal((await post(program, requests[signal](range), { signal })).body.length, 0)
      assert.equal((await grpc.send(requests[signal](range), signal)).length, 0)
    }
  }
  {
    await using first = await startProgram({ dataDir })
    await sendWhole(first)
    await assertTold(first, 2)
    // What comes right before the end waits in the journal at the next start.
    for (const signal of signals) await post(first, requests[signal](range), { signal })
    first.signal('SIGKILL')
    await first.exited
  }
  await using second = await startProgram({ dataDir })
  await sendWhole(second)
  for (const signal of signals) {
    for (const half of [range.slice(0, count / 2), range.slice(count / 2)]) await post(second, requests[signal](half), { signal })
  }
  await assertTold(second, 6)
})
