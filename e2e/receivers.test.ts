/** Several receiving processes: one that dies, another number of them on the next start, and what a span costs that two of them got. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { until } from './until.ts'
import { enginePid, isEngine, isReceiver } from './engine.ts'
import { ago, agentSpan, callCost, exportRequest, type MadeSpan, modelCall, newTraceId } from './made-span.ts'
import { type Program, startProgram } from './program.ts'
import { receiverPid } from './receivers.ts'
import { grpcExporter, post } from './sending.ts'
import { ledgerSum, pico, readLedger, settledTrace, settledTraces } from './traces.ts'

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
