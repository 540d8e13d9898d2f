/** What is known when: figures of a run become exact, late spans correct them, and the ledger shows how. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { engineOf } from './engine.ts'
import { ago, agentSpan, callCost, exportRequest, type MadeSpan, minute, modelCall, newSpanId, newTraceId, plainSpan } from './made-span.ts'
import { type Program, startProgram } from './program.ts'
import { post } from './sending.ts'
import { ledgerSum, pico, readLedger, readTrace, settledTrace, settledTraces, type TraceFigures } from './traces.ts'
import { assertVerified } from './verified.ts'

const env = { SPANLEDGER_SETTLEMENT_DELAY_MS: '500', SPANLEDGER_INCOMPLETE_AFTER_MINUTES: '1' }

async function send(program: Program, spans: readonly MadeSpan[]): Promise<void> {
  const { status, body } = await post(program, exportRequest(spans))
  assert.deepEqual([status, body.length], [200, 0])
}

/** What a trace must look like, and every line of its ledger: `CHARGE metered c1 input.uncached 300`. */
interface Look {
  readonly traceId: string
  readonly status: TraceFigures['status']
  readonly modelCalls: number
  readonly cost: bigint
  readonly ledger: readonly string[]
  /** Agents that the lines name; '' for none. */
  readonly agents: readonly string[]
}

/** Two sendings, and the looks after each. The names are those of the spans in the ledger lines. */
interface Story {
  readonly names: ReadonlyMap<string, string>
  readonly first: readonly MadeSpan[]
  readonly second: readonly MadeSpan[]
  readonly afterFirst: readonly Look[]
  readonly afterSecond: readonly Look[]
}

const whole = { input: 300, output: 60 }
const part = { input: 100, output: 20 }
const rest = { input: 200, output: 40 }
type Tokens = typeof whole

const lines = (kind: 'CHARGE' | 'REVERSAL', reason: string, name: string, { input, output }: Tokens): string[] => {
  const sign = kind === 'REVERSAL' ? '-' : ''
  return [`${kind} ${reason} ${name} input.uncached ${sign}${input}`, `${kind} ${reason} ${name} output.text ${sign}${output}`]
}
const named = (spans: Readonly<Record<string, MadeSpan>>): ReadonlyMap<string, string> => new Map(Object.entries(spans).map(([name, span]) => [span.spanId, name]))
const responseId = (): string => `resp_${newTraceId()}`

/** Made anew for every telling: ids, so that tellings do not meet. */
const stories: Readonly<Record<string, () => Story>> = {
  'a call arrives after its agent was charged for it': () => {
    const traceId = newTraceId()
    const agent = agentSpan({ traceId }, whole)
    const call = modelCall({ traceId, parentSpanId: agent.spanId }, whole, responseId())
    const promoted = lines('CHARGE', 'promoted', 'agent', whole)
    return {
      names: named({ agent, call }), first: [agent], second: [call],
      afterFirst: [{ traceId, status: 'COMPLETED', modelCalls: 0, cost: callCost(whole), ledger: promoted, agents: ['clerk'] }],
      afterSecond: [{
        traceId, status: 'COMPLETED', modelCalls: 1, cost: callCost(whole), agents: ['clerk'],
        ledger: [...promoted, ...lines('REVERSAL', 'rolled_up', 'agent', whole), ...lines('CHARGE', 'metered', 'call', whole)],
      }],
    }
  },
  'a lost call arrives: what nobody explained is taken back': () => {
    const traceId = newTraceId()
    const agent = agentSpan({ traceId }, whole)
    const one = modelCall({ traceId, parentSpanId: agent.spanId }, part, responseId())
    const lost = modelCall({ traceId, parentSpanId: agent.spanId, start: agent.start + 200_000_000n }, rest, responseId())
    const unexplained = [...lines('CHARGE', 'metered', 'one', part), ...lines('CHARGE', 'unattributed', 'agent', rest)]
    return {
      names: named({ agent, one, lost }), first: [agent, one], second: [lost],
      afterFirst: [{ traceId, status: 'COMPLETED', modelCalls: 1, cost: callCost(whole), ledger: unexplained, agents: ['clerk'] }],
      afterSecond: [{
        traceId, status: 'COMPLETED', modelCalls: 2, cost: callCost(whole), agents: ['clerk'],
        ledger: [...unexplained, ...lines('REVERSAL', 'rolled_up', 'agent', rest), ...lines('CHARGE', 'metered', 'lost', rest)],
      }],
    }
  },
  'the parent comes last: the run ends, and the call\'s lines name its agent': () => {
    // One id in 256 ends like this; a comparison as text takes the zero for padding.
    const traceId = `${newTraceId().slice(0, 30)}00`
    const agent = agentSpan({ traceId })
    const call = modelCall({ traceId, parentSpanId: agent.spanId }, whole, responseId())
    const look = { traceId, modelCalls: 1, cost: callCost(whole), ledger: lines('CHARGE', 'metered', 'call', whole) }
    return {
      names: named({ agent, call }), first: [call], second: [agent],
      afterFirst: [{ ...look, status: 'RUNNING', agents: [''] }],
      afterSecond: [{ ...look, status: 'COMPLETED', agents: ['clerk'] }],
    }
  },
  'a parent that never comes: the orphan counts': () => {
    const traceId = newTraceId()
    const agent = agentSpan({ traceId })
    const [near, orphan] = [modelCall({ traceId, parentSpanId: agent.spanId }, part, responseId()), modelCall({ traceId, parentSpanId: newSpanId() }, rest, responseId())]
    return {
      names: named({ agent, near, orphan }), first: [agent, near], second: [orphan],
      afterFirst: [{ traceId, status: 'COMPLETED', modelCalls: 1, cost: callCost(part), ledger: lines('CHARGE', 'metered', 'near', part), agents: ['clerk'] }],
      afterSecond: [{
        traceId, status: 'COMPLETED', modelCalls: 2, cost: callCost(whole), agents: ['', 'clerk'],
        ledger: [...lines('CHARGE', 'metered', 'near', part), ...lines('CHARGE', 'metered', 'orphan', rest)],
      }],
    }
  },
  'spans in a circle, then a root': () => {
    const traceId = newTraceId()
    const [one, other] = [newSpanId(), newSpanId()]
    const a = modelCall({ traceId, spanId: one, parentSpanId: other }, part, responseId())
    const b = plainSpan({ traceId, spanId: other, parentSpanId: one, start: a.start + 1n })
    const root = agentSpan({ traceId, start: a.start - minute })
    const look = { traceId, modelCalls: 1, cost: callCost(part), ledger: lines('CHARGE', 'metered', 'a', part), agents: [''] }
    return {
      names: named({ a, b, root }), first: [a, b], second: [root],
      afterFirst: [{ ...look, status: 'RUNNING' }], afterSecond: [{ ...look, status: 'COMPLETED' }],
    }
  },
  'two roots': () => {
    const traceId = newTraceId()
    const [one, two] = [modelCall({ traceId, start: ago(3) }, part, responseId()), modelCall({ traceId, start: ago(2), failed: true }, rest, responseId())]
    return {
      names: named({ one, two }), first: [one], second: [two],
      afterFirst: [{ traceId, status: 'COMPLETED', modelCalls: 1, cost: callCost(part), ledger: lines('CHARGE', 'metered', 'one', part), agents: [''] }],
      afterSecond: [{
        traceId, status: 'COMPLETED', modelCalls: 2, cost: callCost(whole), agents: [''],
        ledger: [...lines('CHARGE', 'metered', 'one', part), ...lines('CHARGE', 'metered', 'two', rest)],
      }],
    }
  },
  'an answer replayed an hour later in another trace': () => {
    const { early, late, names, charged, replayed } = replay()
    return { names, first: [early], second: [late], afterFirst: [charged(early, 'early')], afterSecond: [charged(early, 'early'), replayed] }
  },
  'the replay arrives before the answer': () => {
    const { early, late, names, charged, replayed } = replay()
    return { names, first: [late], second: [early], afterFirst: [charged(late, 'late')], afterSecond: [charged(early, 'early'), replayed] }
  },
}

function replay() {
  const id = responseId()
  const early = modelCall({ traceId: newTraceId(), start: ago(61) }, whole, id)
  const late = modelCall({ traceId: newTraceId(), start: ago(1) }, whole, id)
  const look = { status: 'COMPLETED', modelCalls: 1, agents: [''] } as const
  return {
    early, late, names: named({ early, late }),
    charged: ({ traceId }: MadeSpan, name: string): Look => ({ ...look, traceId, cost: callCost(whole), ledger: lines('CHARGE', 'metered', name, whole) }),
    replayed: {
      ...look, traceId: late.traceId, cost: 0n, ledger: [...lines('CHARGE', 'metered', 'late', whole), ...lines('REVERSAL', 'replayed', 'late', whole)],
    } satisfies Look,
  }
}

async function look(program: Program, { traceId }: Look, names: ReadonlyMap<string, string>): Promise<Look> {
  const trace = await readTrace(program, traceId)
  assert.ok(trace)
  const ledger = await readLedger(program, traceId)
  assert.equal(ledgerSum(ledger), pico(trace.cost), 'the ledger sums to the cost')
  const charges = new Set(ledger.filter((line) => line.kind === 'CHARGE').map((line) => line.id))
  for (const line of ledger) assert.equal(line.reverses !== null && charges.has(line.reverses), line.kind === 'REVERSAL', 'a reversal names its charge')
  return {
    traceId, status: trace.status, modelCalls: trace.modelCalls, cost: pico(trace.cost),
    ledger: ledger.map((line) => `${line.kind} ${line.reason} ${names.get(line.spanId) ?? line.spanId} ${line.meter} ${line.quantity}`).sort(),
    agents: [...new Set(ledger.map((line) => line.agent ?? ''))].sort(),
  }
}

/** A trace that another one corrects is settled again within a moment; the last look decides. In milliseconds. */
const correctedMsMax = 15_000

async function assertLooks(program: Program, told: readonly (readonly [string, Story])[], which: 'afterFirst' | 'afterSecond'): Promise<void> {
  const spans = told.flatMap(([, story]) => (which === 'afterFirst' ? story.first : [...story.first, ...story.second]))
  await settledTraces(program, new Map([...Map.groupBy(spans, (span) => span.traceId)].map(([id, own]) => [id, own.length])))
  for (const [name, story] of told) {
    for (const expected of story[which]) {
      const wanted = { ...expected, ledger: expected.ledger.toSorted() }
      const end = Date.now() + correctedMsMax
      let actual = await look(program, expected, story.names)
      while (actual.cost !== wanted.cost && Date.now() < end) {
        await sleep(200)
        actual = await look(program, expected, story.names)
      }
      assert.deepEqual(actual, wanted, `${name}, ${which}`)
    }
  }
}

const tell = (): readonly (readonly [string, Story])[] => Object.entries(stories).map(([name, make]) => [name, make()] as const)

describe('late spans', () => {
  for (const restart of ['none', 'after settlement', 'before settlement'] as const) {
    test(restart === 'none' ? 'in one life of the program' : `with a restart ${restart}`, async () => {
      const told = tell()
      await using program = await startProgram({ env })
      for (const [, { first }] of told) await send(program, first)
      if (restart !== 'before settlement') await assertLooks(program, told, 'afterFirst')
      if (restart === 'none') {
        for (const [, { second }] of told) await send(program, second)
        await assertLooks(program, told, 'afterSecond')
        return void await assertVerified(program)
      }
      program.signal('SIGTERM')
      assert.equal(await program.exited, 0, program.log())
      await using again = await startProgram({ dataDir: program.dataDir, env })
      await assertLooks(again, told, 'afterFirst')
      for (const [, { second }] of told) await send(again, second)
      await assertLooks(again, told, 'afterSecond')
      await assertVerified(again)
    })
  }
})

test('an agent whose clock is ahead is known again after a restart', async () => {
  const traceId = newTraceId()
  const agent = agentSpan({ traceId, start: ago(-60) })
  const call = (tokens: Tokens) => modelCall({ traceId, parentSpanId: agent.spanId, start: agent.start + 1_000_000n }, tokens, responseId())
  await using program = await startProgram({ env })
  await send(program, [call(part)])
  await settledTrace(program, traceId, 1)
  program.signal('SIGTERM')
  assert.equal(await program.exited, 0, program.log())
  await using again = await startProgram({ dataDir: program.dataDir, env })
  await send(again, [agent, call(rest)])
  const settled = await settledTrace(again, traceId, 2)
  assert.deepEqual([settled.spanCount, pico(settled.cost)], [3, callCost(whole)])
})

test('a clock that was set back hides nothing from the next start', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'spanledger-clock-'))
  const clock = join(dir, 'clock')
  const host = {
    dataDir: join(dir, 'data'), env: { ...env, E2E_CLOCK_SHIFT: clock, NODE_OPTIONS: `--import ${new URL('./shifted-clock.ts', import.meta.url).href}` },
  }
  const [before, behind] = [agentSpan({ traceId: newTraceId() }, part), agentSpan({ traceId: newTraceId() }, whole)]
  try {
    await writeFile(clock, String(10 * 3_600_000))
    await using ahead = await startProgram(host)
    await send(ahead, [before])
    await settledTrace(ahead, before.traceId, 1)
    ahead.signal('SIGTERM')
    await ahead.exited
    await writeFile(clock, '0')
    await using killed = await startProgram(host)
    await send(killed, [behind])
    killed.signal('SIGKILL')
    await killed.exited
    await using again = await startProgram(host)
    assert.equal(pico((await settledTrace(again, behind.traceId, 1)).cost), callCost(whole))
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 10 })
  }
})

describe('when a run is settled', () => {
  /** Long enough that a look in between is possible on a busy machine. In milliseconds. */
  const delayMs = 5_000
  let program: Program
  before(async () => {
    program = await startProgram({ env: { ...env, SPANLEDGER_SETTLEMENT_DELAY_MS: String(delayMs) } })
  })
  after(() => program[Symbol.asyncDispose]())

  /** Sends, sees the run unsettled, and returns it settled: never sooner than the delay after the last span was sent. */
  async function settlesAfter(spans: readonly MadeSpan[], traceId: string, count: number): Promise<TraceFigures> {
    const sentAt = Date.now()
    await send(program, spans)
    for (;;) {
      const trace = await readTrace(program, traceId)
      if (trace?.spanCount === count && !trace.settled) break
      assert.ok(Date.now() < sentAt + 4 * delayMs, 'the run was never seen unsettled')
      await sleep(50)
    }
    const settled = await settledTrace(program, traceId, count)
    assert.ok(Date.now() - sentAt >= delayMs, `settled ${Date.now() - sentAt} ms after the last span`)
    return settled
  }

  test('not before the delay, not any more after a late span, and then with the late span in', async () => {
    const traceId = newTraceId()
    const agent = agentSpan({ traceId })
    const first = await settlesAfter([agent, modelCall({ traceId, parentSpanId: agent.spanId }, part, responseId())], traceId, 2)
    assert.deepEqual([pico(first.cost), first.modelCalls], [callCost(part), 1])
    const second = await settlesAfter([modelCall({ traceId, parentSpanId: agent.spanId }, rest, responseId())], traceId, 3)
    assert.deepEqual([pico(second.cost), second.modelCalls, second.tokens.input], [callCost(whole), 2, whole.input])
  })

  test('without a root it is RUNNING, INCOMPLETE once nothing came for the time set, and ends with the root all the same', async () => {
    const traceId = newTraceId()
    const agent = agentSpan({ traceId })
    await send(program, [modelCall({ traceId, parentSpanId: agent.spanId }, part, responseId())])
    const running = await settledTrace(program, traceId, 1)
    assert.equal(running.status, 'RUNNING')
    {
      // The shortest setting is a minute: instead of waiting, the summary says that the span came a minute ago.
      await using store = await engineOf(program)
      await store.command(`INSERT INTO runs SELECT * REPLACE (last_received_at - INTERVAL 61 SECOND AS last_received_at, version + 1 AS version)
        FROM runs FINAL WHERE trace_id = unhex('${traceId}')`)
    }
    assert.equal((await readTrace(program, traceId))?.status, 'INCOMPLETE')
    await send(program, [agent])
    assert.equal((await settledTrace(program, traceId, 2)).status, 'COMPLETED')
  })
})
