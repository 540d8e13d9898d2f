import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { chaos, describeChaos, faultsOf } from './chaos.ts'
import { engineOf, enginePid, storedSpans } from './engine.ts'
import { exportRequest, modelCall, newTraceId } from './made-span.ts'
import { startProgram } from './program.ts'
import { post } from './sending.ts'
import { readTrace, settledTrace } from './traces.ts'
import { until } from './until.ts'

/** One kill for each of: the program, its engine, both, the program and the one after it. `node e2e/chaos.ts` does more of everything. */
const options = { kills: 4, engineAway: 2, awayMs: 2_000, clockJumps: 3 }

test('killed, cut off, hours wrong and never sure of an answer, under load: everything acknowledged is there once and the ledger is exact', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'spanledger-chaos-'))
  try {
    const summary = await chaos({ faults: faultsOf(options), report: (line) => t.diagnostic(line), dir })
    t.diagnostic(describeChaos(summary))
    assert.ok(summary.book.acknowledged.size > 100, 'there was load')
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 10 })
  }
})

test('the same with two receiving processes, one of which is killed alone, too', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'spanledger-chaos-'))
  try {
    const faults = (['receiver', 'program', 'engine', 'receiver'] as const).map((victim) => ({ kind: 'kill', victim }) as const)
    const summary = await chaos({ faults, report: (line) => t.diagnostic(line), dir, receivers: 2 })
    t.diagnostic(describeChaos(summary))
    assert.ok(summary.book.acknowledged.size > 100, 'there was load')
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 10 })
  }
})

test('while the engine is away, exports are taken and readers are told to come back', async () => {
  await using program = await startProgram({ env: { SPANLEDGER_SETTLEMENT_DELAY_MS: '300' } })
  const traceId = newTraceId()
  process.kill(enginePid(program), 'SIGKILL')
  const asked = fetch(`${program.console}/graphql`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: '{ runs { nodes { id } } }' }),
  })
  assert.equal((await post(program, exportRequest([modelCall({ traceId }, { input: 1, output: 1 })]))).status, 200)
  const { data, errors } = (await (await asked).json()) as { data?: unknown; errors?: readonly { message: string; extensions: { code: string } }[] }
  if (errors === undefined) assert.deepEqual(data, { runs: { nodes: [] } })
  else assert.deepEqual(errors.map((error) => error.extensions.code), ['UNAVAILABLE'])
  // A reader that is not told yet is asked again, as `settledTrace` does it for as long as the engine starts.
  await until('the engine serves again', 30_000, () => readTrace(program, traceId).then(() => true, () => false))
  assert.equal((await settledTrace(program, traceId, 1)).modelCalls, 1)
})

test('a second program over the same data is refused in one line, and the first loses nothing', async () => {
  await using first = await startProgram({ env: { SPANLEDGER_SETTLEMENT_DELAY_MS: '300' } })
  const stop = new AbortController()
  const sending = (async () => {
    const acknowledged: string[] = []
    while (!stop.signal.aborted) {
      const span = modelCall({ traceId: newTraceId() }, { input: 1, output: 1 })
      assert.equal((await post(first, exportRequest([span]))).status, 200)
      acknowledged.push(span.spanId)
    }
    return acknowledged
  })()
  const refused = new RegExp(`ended with 1 before it was ready\nspanledger: the spool in \\S+ is in use by process ${first.pid}: stop it, or choose another data folder\n$`)
  for (let n = 0; n < 2; n++) await assert.rejects(startProgram({ dataDir: first.dataDir }), refused)
  stop.abort()
  const acknowledged = await sending
  await using store = await engineOf(first)
  await until('everything acknowledged is stored', 30_000, async () => {
    const { ids } = await storedSpans(store)
    return acknowledged.every((id) => ids.has(id))
  })
})
