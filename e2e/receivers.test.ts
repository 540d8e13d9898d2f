/** Several receiving processes: one that dies, another number of them on the next start, and what a span costs that two of them got. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { until } from './until.ts'
import { engineOf, enginePid, isEngine, isReceiver } from './engine.ts'
import { ago, agentSpan, callCost, exportRequest, type MadeSpan, modelCall, newTraceId } from './made-span.ts'
import { graphql, type Program, startProgram } from './program.ts'
import { receiverPid } from './receivers.ts'
import { grpcExporter, post } from './sending.ts'
import { ledgerSum, pico, readLedger, settledTrace, settledTraces } from './traces.ts'
import { assertVerified } from './verified.ts'

const env = { SPANLEDGER_SETTLEMENT_DELAY_MS: '300', SPANLEDGER_RECEIVERS: '2' }
const waitMsMax = 60_000
const tokens = { input: 300, output: 60 }

/** Each span over a connection of its own, half of them over gRPC: the kernel deals them to the processes as it likes. */
async function sendApart(program: Program, spans: readonly MadeSpan[]): Promise<void> {
  await Promise.all(spans.map(async (span, number) => {
    if (number % 2 === 0) return void assert.equal((await post(program, exportRequest([span]), { headers: { connection: 'close' } })).status, 200)
    using exporter = grpcExporter(program, { 'grpc.use_local_subchannel_pool': 1 })
    assert.equal((await exporter.send(exportRequest([span]))).length, 0)
  }))
}

/** An agent that sums up its calls, so that what it adds depends on all of them being known. */
function makeTrace(calls: number): { readonly traceId: string; readonly spans: readonly MadeSpan[]; readonly cost: bigint } {
  const traceId = newTraceId()
  const agent = agentSpan({ traceId }, { input: tokens.input * calls, output: tokens.output * calls })
  const children = Array.from({ length: calls }, () => modelCall({ traceId, parentSpanId: agent.spanId }, tokens, `resp_${newTraceId()}`))
  return { traceId, spans: [agent, ...children], cost: callCost(tokens) * BigInt(calls) }
}

/** What a command says, beside the running program. */
const ran = async (program: Program, ...words: readonly string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, [join(import.meta.dirname, '..', 'main.ts'), ...words], { env: { ...process.env, SPANLEDGER_DATA_DIR: program.dataDir } })).stdout

describe('two receiving processes', () => {
  let program: Program
  before(async () => {
    program = await startProgram({ env })
  })
  after(async () => {
    await program[Symbol.asyncDispose]()
  })

  test('a call that two traces tell, each settled by another process, costs once, whichever is settled first', async () => {
    for (const [first, second] of [['00', '01'], ['01', '00']] as const) {
      // The last digits decide who settles a trace.
      const [later, earlier] = [first, second].map((end) => newTraceId().slice(0, 30) + end) as [string, string]
      const responseId = `resp_${newTraceId()}`
      await sendApart(program, [modelCall({ traceId: later, start: ago(2), ms: 70_000 }, tokens, responseId)])
      assert.equal(pico((await settledTrace(program, later, 1)).cost), callCost(tokens))
      await sendApart(program, [modelCall({ traceId: earlier, start: ago(3), ms: 70_000 }, tokens, responseId)])
      assert.equal(pico((await settledTrace(program, earlier, 1)).cost), callCost(tokens), 'what began first keeps the charge')
      await until('the other gives it back', waitMsMax, async () => ledgerSum(await readLedger(program, later)) === 0n)
      await until('its run says so', waitMsMax, async () => pico((await settledTrace(program, later, 1)).cost) === 0n)
    }
  })

  test('a span that both processes got, each time with other usage, costs what its last version says', async () => {
    const traceId = newTraceId()
    const versions = Array.from({ length: 12 }, (_, n) => ({ input: 100 + n, output: 10 }))
    const call = modelCall({ traceId }, tokens)
    for (const version of versions) await sendApart(program, [modelCall({ ...call, attributes: {} }, version)])
    const expected = callCost(versions.at(-1) ?? tokens)
    await until('the last version is what it costs', waitMsMax, async () => {
      const { settled, cost } = await settledTrace(program, traceId, 1)
      return settled && pico(cost) === expected && ledgerSum(await readLedger(program, traceId)) === expected
    })
  })

  test('an order is done by both, each for its own traces, and once', async () => {
    const model = { 'gen_ai.request.model': 'house-model-1', 'gen_ai.response.model': 'house-model-1', 'gen_ai.provider.name': 'in_house' }
    const calls = Array.from({ length: 12 }, (_, n) => modelCall({ traceId: newTraceId().slice(0, 31) + String(n % 2), attributes: model }, tokens))
    await sendApart(program, calls)
    await settledTraces(program, new Map(calls.map(({ traceId }) => [traceId, 1])))
    await graphql(program, 'mutation { priceModel(provider: "in_house", model: "house-model-1", prices: { input: "1", output: "10" }) { version } }')
    const range = ['--from', '2020-01-01', '--to', '2100-01-01']
    assert.match(await ran(program, 'reprice', ...range, '--model', 'house-model-1'), /^48 entries posted with price book /, 'of two meters a reversal and what replaces it')
    for (const { traceId } of calls) assert.equal(ledgerSum(await readLedger(program, traceId)), 300_000_000n + 600_000_000n)

    // As an older version stored them.
    await using store = await engineOf(program)
    await store.command(`ALTER TABLE spans UPDATE usage_output_text = usage_output_text + 5, workflow = 'none' WHERE request_model = 'house-model-1' SETTINGS mutations_sync = 2`)
    assert.match(await ran(program, 'rederive', ...range), /^0 entries posted\n$/, 'the ledger was right')
    await assertVerified(program)
    assert.match(await ran(program, 'rederive', ...range, '--dry-run'), /^0 spans say something else now and would be stored anew\nnothing would be posted\n$/)
  })

  test('one is killed: the other goes on, both routes say so, and it comes back', async () => {
    const pid = receiverPid(program, 2)
    process.kill(pid, 'SIGKILL')
    await until('it is said', waitMsMax, async () => {
      const ready = await fetch(`${program.console}/readyz`)
      return ready.status === 503 && (await ready.text()) === 'receiving process 2 of 2 is being started again\n'
    })
    const health = await fetch(`${program.console}/healthz`)
    assert.equal(health.status, 200)
    await until('it is back', waitMsMax, async () => (await fetch(`${program.console}/readyz`)).ok)
    assert.notEqual(receiverPid(program, 2), pid)
    const { traceId, spans, cost } = makeTrace(6)
    await sendApart(program, spans)
    assert.equal(pico((await settledTrace(program, traceId, spans.length)).cost), cost)
  })
})

test('the main process is killed: the other ends with it, and one process loads and settles what both had acknowledged', async () => {
  const first = await startProgram({ env })
  const traces = Array.from({ length: 8 }, () => makeTrace(3))
  const [pid, engine] = [receiverPid(first, 2), enginePid(first)]
  try {
    await Promise.all(traces.map(({ spans }) => sendApart(first, spans)))
  } finally {
    first.signal('SIGKILL')
    await first.exited
  }
  await until('the other receiving process ends', waitMsMax, () => !isReceiver(pid))
  await until('the engine ends', waitMsMax, () => !isEngine(engine))
  await using next = await startProgram({ dataDir: first.dataDir, env: { ...env, SPANLEDGER_RECEIVERS: '1' } })
  const settled = await settledTraces(next, new Map(traces.map(({ traceId, spans }) => [traceId, spans.length])))
  for (const { traceId, cost } of traces) {
    assert.equal(pico(settled.get(traceId)?.cost ?? '0'), cost)
    assert.equal(ledgerSum(await readLedger(next, traceId)), cost)
  }
  await until('nothing is left in the journal of the process that is no more', waitMsMax, async () =>
    (await readdir(join(next.dataDir, 'spool-2'))).every((name) => !name.endsWith('.segment')))
})

test('asked to stop under load, all processes end in time', async () => {
  await using program = await startProgram({ env })
  const pid = receiverPid(program, 2)
  const sending = Promise.allSettled(Array.from({ length: 20 }, () => sendApart(program, makeTrace(2).spans)))
  program.signal('SIGTERM')
  assert.equal(await program.exited, 0)
  assert.ok(!isReceiver(pid))
  await sending
})
