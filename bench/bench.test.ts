/** Every run in a tiny size: what it counts must be right. How long it takes is no matter of a test. */
import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { decodeTraces } from '#collector/decode/traces.ts'
import { describeDecided, runDecide } from './decide.ts'
import { describeStages, runDerive } from './derive.ts'
import { describeEngine, runEngine } from './engine.ts'
import { describeIdle, memoryBytes, runIdle } from './idle.ts'
import { describeLoad, type LoadOptions, mismatches, runLoad } from './load.ts'
import { modelCallsPerRun, payloads, runsSideBySide, spansPerRun } from './payloads.ts'
import { describePreallocate, runPreallocate } from './preallocate.ts'
import { quantile } from './quantile.ts'
import { describeLayouts, runLayouts } from './layouts.ts'
import { describeReads, runReads } from './reads.ts'
import { describeReceived, runReceive } from './receive.ts'
import { describeHeld, describeSettlements, runHeld, runSettle } from './settle.ts'
import { describeSoak, findMaximum, runSoak, type SoakOptions } from './soak.ts'
import { describeStart, runStart } from './start.ts'
import { describeStorage, runLoops, runStorage, turnsPerLoop } from './storage.ts'
import { describeLedger, runLedger } from './ledger.ts'
import { describeVerify, runVerify } from './verify.ts'
import { agentRuns, attributesPerSpan, spansPerAgentRun } from './agent-runs.ts'

const now = 1_795_000_000_000_000_000n
const idsOf = (body: Buffer): readonly string[] => decodeTraces(body).spans.map((span) => `${span.traceId} ${span.spanId}`)

test('payloads: whole runs decode, every id once, parents among them, and the same seed tells the same', () => {
  const next = payloads({ batch: spansPerRun * 2, seed: 7 })
  const bodies = [next(now), next(now)]
  const spans = bodies.flatMap(({ body }) => decodeTraces(body).spans)
  assert.equal(new Set(bodies.flatMap(({ body }) => idsOf(body))).size, spansPerRun * 4)
  assert.equal(new Set(spans.map((span) => span.traceId)).size, 4)
  const known = new Set(spans.map((span) => `${span.traceId} ${span.spanId}`))
  assert.ok(spans.every((span) => span.parentSpanId === '' || known.has(`${span.traceId} ${span.parentSpanId}`)))
  assert.equal(spans.filter((span) => span.parentSpanId === '').length, 4)
  const chats = spans.filter((span) => span.name.startsWith('chat '))
  assert.equal(chats.length, modelCallsPerRun * 4)
  assert.ok(chats.every((span) => span.attributes.size === 12))
  assert.equal(new Set(chats.map((span) => span.attributes.get('gen_ai.response.id'))).size, chats.length)
  assert.ok(spans.every((span) => span.endTimeUnixNano <= now && span.startTimeUnixNano < span.endTimeUnixNano))
  assert.deepEqual(idsOf(payloads({ batch: spansPerRun * 2, seed: 7 })(now).body), idsOf(bodies[0]?.body ?? Buffer.alloc(0)))
})

test('payloads: one span per request makes the same runs', () => {
  const next = payloads({ batch: 1, seed: 7 })
  const sent = Array.from({ length: runsSideBySide * spansPerRun }, () => next(now))
  const whole = payloads({ batch: spansPerRun * runsSideBySide, seed: 7 })(now)
  assert.deepEqual(new Set(sent.flatMap(({ body }) => idsOf(body))), new Set(idsOf(whole.body)))
  assert.equal(sent.reduce((sum, { cost }) => sum + cost, 0n), whole.cost)
  assert.throws(() => payloads({ batch: 5, seed: 7 }), /a batch is 1 span or a multiple of 16, not 5/)
})

for (const options of [
  { rate: 1_600, seconds: 1, warmSeconds: 1, batch: 160, protocol: 'http' },
  { rate: 1_600, seconds: 1, warmSeconds: 0, batch: 160, protocol: 'grpc' },
  { rate: runsSideBySide * 2, seconds: 4, warmSeconds: 0, batch: 1, protocol: 'http' },
] as const satisfies readonly LoadOptions[]) {
  test(`load: ${options.batch} a request over ${options.protocol} is stored, settled and billed to the digit`, async () => {
    const result = await runLoad({ ...options, env: { SPANLEDGER_SETTLEMENT_DELAY_MS: '300' } })
    assert.deepEqual(mismatches(result), [])
    assert.equal(result.refusedRequests, 0)
    assert.equal(result.stored.spans, options.rate * (options.warmSeconds + options.seconds))
    assert.equal(result.countedSpans, options.rate * options.seconds)
    assert.equal(result.ackMs.length, (options.rate * options.seconds) / options.batch)
    assert.match(describeLoad(options, result), /all settled, ledger \$\d+\.\d+, exact/)
    assert.deepEqual(mismatches({ ...result, stored: { ...result.stored, ledger: result.stored.ledger - 1n } }).length, 1)
  })
}

test('soak: every row tells acknowledgements, runs that were seen and memory, and all of it is billed to the digit, also by two processes', async (t) => {
  const env = { SPANLEDGER_SETTLEMENT_DELAY_MS: '300', SPANLEDGER_RECEIVERS: '2' }
  const options: SoakOptions = { rate: 640, seconds: 6, rowSeconds: 3, batch: 160, protocol: 'http', env }
  const result = await runSoak(options)
  assert.deepEqual(mismatches(result), [])
  assert.equal(result.rows.length, 2)
  assert.equal(result.rows.reduce((sum, { ackMs }) => sum + ackMs.length, 0), (options.rate * options.seconds) / options.batch)
  const seen = result.rows.reduce((sum, { visibleMs }) => sum + visibleMs.length, 0)
  assert.ok(seen > 0)
  assert.equal(result.stored.spans, options.rate * options.seconds + seen * spansPerRun)
  assert.match(describeSoak(options, result), /all settled, ledger exact\./)
  assert.ok(await findMaximum({ batch: 160, protocol: 'http', env: { SPANLEDGER_SETTLEMENT_DELAY_MS: '300' } }, 1_600) > 0)
  if (process.platform !== 'linux') return t.diagnostic('memory is not counted: this system has no /proc')
  assert.ok(result.rows.flatMap(({ samples }) => samples).every(({ collector, engine }) => collector.residentBytes > engine.residentBytes / 100 && engine.residentBytes > 0))
})

test('derive: every stage sees every span', async () => {
  const stages = await runDerive(1_024)
  assert.equal(stages.length, 7)
  assert.ok(stages.every((stage) => stage.spans === 1_024))
  assert.equal(describeStages(stages).trimEnd().split('\n').length, stages.length + 2)
})

for (const asked of [{ protocol: 'http', batch: 160 }, { protocol: 'grpc', batch: 160 }, { protocol: 'http', batch: 1, rate: 40 }] as const) {
  test(`receive: ${asked.batch} a request over ${asked.protocol} are counted as stored, and the collector's threads by their names`, async (t) => {
    const received = await runReceive({ ...asked, inFlight: 4, seconds: 0.5 }, 0.2)
    assert.ok(received.spans > 0 && received.refused === 0)
    assert.equal(received.ackMs.length, received.spans / asked.batch)
    assert.match(describeReceived([received]), new RegExp(`^\\| ${asked.protocol}, ${asked.batch} a request, `, 'm'))
    if (process.platform !== 'linux') return t.diagnostic('threads are not counted: this system has no /proc')
    assert.ok(received.threads.some(({ name, cpuSeconds }) => name === 'MainThread' && cpuSeconds > 0))
  })
}

test('decide: every call is allowed, settled, and counted by the decider and the budget, while others send', async () => {
  const decided = await runDecide({ calls: 20, rate: 160, batch: 16, seconds: 2, warmSeconds: 0.5 })
  assert.deepEqual([decided.reserveMs.length, decided.settleMs.length, decided.answerMs.length, decided.budgetMs.length], [40, 40, 4, 4])
  assert.ok(decided.spans > 0 && decided.echoMs.length > 0)
  assert.match(describeDecided(decided), /^\| reserve: `POST \/v1\/decide`, from when it was due \| 40 \|/m)
})

test('idle: every process of the program is seen, and pages that two share are counted once', async (t) => {
  const idle = await runIdle({ seconds: 0.5, runs: 32, restSeconds: 0 })
  if (process.platform !== 'linux') return t.skip('processes are not counted: this system has no /proc')
  assert.deepEqual(idle.processes.map(({ name }) => name), ['program', 'engine'])
  const sum = idle.processes.reduce((total, { residentBytes }) => total + residentBytes, 0)
  assert.ok(memoryBytes(idle.processes) > sum / 2 && memoryBytes(idle.processes) < sum)
  assert.match(describeIdle(idle), /^\| engine \| \d+ \|/m)
})

test('payloads: spans are filled up to the attributes asked for', () => {
  const { spans } = decodeTraces(payloads({ batch: spansPerRun, seed: 7, attributesMin: 12 })(now).body)
  assert.deepEqual(new Set(spans.map((span) => span.attributes.size)), new Set([12]))
})

test('settle: all model calls of the trace are billed', () => {
  const settlement = runSettle(spansPerRun * 3, 2)
  assert.equal(settlement.billedSpans, modelCallsPerRun * 3)
  assert.match(describeSettlements([settlement]), /^\| 48 \|/m)
})

test('settle: all spans are held', () => {
  const held = runHeld(8)
  assert.equal(held.spans, spansPerRun * 8)
  assert.match(describeHeld(held), new RegExp(`^\\| ${spansPerRun * 8} \\|`, 'm'))
})

test('start: the program comes up twice on one folder, and what was sent is seen', async () => {
  const result = await runStart(1, 1)
  assert.equal(result.firstReadyMs.length + result.readyMs.length + result.visibleMs.length, 3)
  assert.match(describeStart(result), /export to visible/)
})

test('quantile: of an even number of values the upper middle, of none 0', () => {
  assert.equal(quantile([4, 1, 3, 2], 0.5), 3)
  assert.equal(quantile([4, 1, 3, 2], 1), 4)
  assert.equal(quantile([], 0.5), 0)
})

test('preallocate: every beginning of a segment takes all writes, over more than one segment', async () => {
  const all = await runPreallocate([{ writeBytes: 7 * 1024 * 1024, writes: 3 }], tmpdir())
  assert.deepEqual(all.map(({ beginning, commitMs }) => [beginning, commitMs.length]), [['append', 3], ['truncate', 3], ['zeros', 3]])
  assert.match(describePreallocate(all), /\| zeros \| 7340032 \|/)
})

test('storage: all rows of whole runs are stored, merged and counted, and the same seed makes the same runs', async () => {
  const first = agentRuns(1).next(now)
  assert.deepEqual(first.map(({ spanId }) => spanId), agentRuns(1).next(now).map(({ spanId }) => spanId))
  assert.ok(first.every(({ attributes }) => attributes.size === attributesPerSpan))
  const result = await runStorage(spansPerAgentRun * 3, 1)
  const rows = new Map(result.merged.map(({ table, rows }) => [table, rows]))
  assert.deepEqual([rows.get('spans'), rows.get('runs'), rows.get('call_keys')], [spansPerAgentRun * 3, 3, 15])
  assert.ok(result.asItStands.every(({ bytes }) => bytes > 0))
  assert.match(describeStorage(result), /\| all, 48 spans \|/)
})

test('engine: every table of settled runs is inserted and merged, and what it cost is the least of the rounds', async () => {
  const result = await runEngine({ spansPerSegment: spansPerAgentRun * 2, segments: 2, rounds: 2, seed: 1 })
  assert.deepEqual(result.tables.map(({ table, rows }) => [table, rows]), [['spans', spansPerAgentRun * 4], ['call_keys', 20], ['ledger_entries', 56], ['runs', 4]])
  assert.ok(result.tables.every(({ insertSeconds, mergeSeconds }) => insertSeconds >= 0 && mergeSeconds >= 0))
  assert.match(describeEngine(result), /\| all, 64 spans in 2 segments \|/)
})

test('storage: a loop tells its conversation with every call', async () => {
  const rows = new Map((await runLoops(1, 'openinference', 'chat', 1)).merged.map(({ table, rows }) => [table, rows]))
  assert.deepEqual([rows.get('spans'), rows.get('span_content')], [turnsPerLoop, turnsPerLoop])
})

test('verify: every span and entry of settled runs is worked out again, here and in threads', async () => {
  for (const threads of [0, 2]) {
    const results = await runVerify(spansPerAgentRun * 20, 1, threads)
    assert.deepEqual(results.verified.map(({ spans, entries, traces, differences }) => [spans, entries, traces, differences]), [[spansPerAgentRun * 20, 14 * 20, 20, 0]])
    assert.equal(results.sums.entries, 14 * 20)
    assert.match(describeVerify(results), /^\| derived again \| 280 \| 320 \| 20 \|/m)
  }
})

test('ledger: every answer is the ledger\'s own sum', async () => {
  const result = await runLedger(5_000, 2)
  assert.deepEqual([result.entries, result.answers.map(({ ms }) => ms.length)], [5_000, result.answers.map(() => 2)])
  assert.match(describeLedger(result), /\| a month by model and agent \| \d+ \|/)
})

test('reads: each question finds the runs that it is about', async () => {
  const result = await runReads(spansPerAgentRun * 40, 2)
  assert.equal(result.spans, spansPerAgentRun * 40)
  assert.ok(result.reads.every(({ rows, ms }) => rows > 0 && ms.length === 2))
  assert.match(describeReads(result), /^\| a run by its id \| 1 \|/m)
})

test('layouts: every layout of the table of spans answers alike', async () => {
  const results = await runLayouts(spansPerAgentRun * 10, 1)
  assert.deepEqual(results.filter(({ refused }) => refused !== undefined), [])
  assert.ok(results.every(({ bytes, answers }) => bytes > 0 && answers.every(({ found }) => !found.includes('"0"'))))
  assert.match(describeLayouts(spansPerAgentRun * 10, results), /^\| decided: minute, service, trace; by month \| \d/m)
})
