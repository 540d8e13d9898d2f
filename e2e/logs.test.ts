/** Log events and the spans they belong to, through the real program: it makes no difference which comes first. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { encodeLogs } from '#collector/decode/oracle.ts'
import { logRunId } from '#collector/derive/derive-log.ts'
import { ago, callCost, exportRequest, type MadeSpan, minute, modelCall, newTraceId, newSpanId } from './made-span.ts'
import { graphql, type Program, startProgram } from './program.ts'
import { type GrpcExporter, grpcExporter, post } from './sending.ts'
import { ledgerSum, pico, readLedger, readTrace, settledTrace } from './traces.ts'

let program: Program
let grpc: GrpcExporter
before(async () => {
  program = await startProgram({ env: { SPANLEDGER_SETTLEMENT_DELAY_MS: '300' } })
  grpc = grpcExporter(program)
})
after(async () => {
  grpc[Symbol.dispose]()
  await program[Symbol.asyncDispose]()
})

type Value = string | number | boolean | { readonly [key: string]: Value } | readonly Value[]

interface MadeLog {
  readonly time: bigint
  readonly eventName?: string
  readonly body?: Value
  readonly attributes?: { readonly [key: string]: Value }
  readonly span?: Pick<MadeSpan, 'traceId' | 'spanId'>
}

const anyValue = (value: Value): object => {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  if (Array.isArray(value)) return { arrayValue: { values: (value as readonly Value[]).map(anyValue) } }
  return { kvlistValue: { values: keyValues(value as { readonly [key: string]: Value }) } }
}
const keyValues = (values: { readonly [key: string]: Value }): object[] => Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }))

const logsRequest = (logs: readonly MadeLog[], service = 'e2e'): Buffer =>
  encodeLogs({ resourceLogs: [{
    resource: { attributes: keyValues({ 'service.name': service }) },
    scopeLogs: [{ scope: { name: 'e2e' }, logRecords: logs.map(({ time, eventName = '', body, attributes = {}, span }) => ({
      timeUnixNano: String(time), severityNumber: 9, eventName, attributes: keyValues(attributes), ...(body === undefined ? {} : { body: anyValue(body) }),
      ...(span === undefined ? {} : { traceId: Buffer.from(span.traceId, 'hex'), spanId: Buffer.from(span.spanId, 'hex') }),
    })) }],
  }] })

const sendLogs = async (logs: readonly MadeLog[], service?: string, to = program): Promise<void> => assert.equal((await post(to, logsRequest(logs, service), { signal: 'logs' })).body.length, 0)
const sendSpans = async (spans: readonly MadeSpan[], service?: string, to = program): Promise<void> => assert.equal((await post(to, exportRequest(spans, service))).body.length, 0)

interface StepContent {
  readonly input: unknown
  readonly output: unknown
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, unknown>> }[]
  readonly logs: readonly { readonly eventName: string | null; readonly body: unknown; readonly severityNumber: number }[]
}

/** Until its log records are loaded, which come by another request than its span. */
async function stepWith(span: MadeSpan, logs: number): Promise<StepContent> {
  await settledTrace(program, span.traceId, 1)
  for (let left = 40; ; left--) {
    const { trace } = await graphql<{ trace: { step: StepContent } }>(program,
      'query ($trace: ID!, $span: ID!) { trace(id: $trace) { step(id: $span) { input output events { name attributes } logs { eventName body severityNumber } } } }', { trace: span.traceId, span: span.spanId })
    if (trace.step.logs.length >= logs || left === 0) return trace.step
    await sleep(250)
  }
}

const text = (role: string, content: string) => ({ role, parts: [{ type: 'text', content }] })

for (const first of ['the log', 'the span'] as const) {
  describe(`GenAI events of a span, ${first} first`, () => {
    async function joined(logsOf: (span: MadeSpan) => readonly MadeLog[]): Promise<StepContent> {
      const span = modelCall({ traceId: newTraceId() }, { input: 10, output: 5 })
      const logs = logsOf(span)
      const sends = [() => sendLogs(logs), () => sendSpans([span])]
      for (const send of first === 'the log' ? sends : sends.toReversed()) await send()
      await sendLogs(logs)
      assert.equal((await grpc.send(logsRequest(logs), 'logs')).length, 0)
      const step = await stepWith(span, logs.length)
      assert.equal(step.logs.length, logs.length, 'sent three times, stored once')
      assert.equal(pico((await readTrace(program, span.traceId))?.cost ?? ''), callCost({ input: 10, output: 5 }), 'content charges nothing')
      return step
    }

    test('the details event is what went in and came out', async () => {
      const step = await joined((span) => [{ time: span.start, span, eventName: 'gen_ai.client.inference.operation.details', attributes: {
        'gen_ai.usage.input_tokens': 10, 'gen_ai.usage.output_tokens': 5,
        'gen_ai.system_instructions': [{ type: 'text', content: 'Be brief.' }],
        'gen_ai.input.messages': [{ role: 'user', parts: [{ type: 'text', content: 'Hello?' }] }],
        'gen_ai.output.messages': [{ role: 'assistant', parts: [{ type: 'text', content: 'Hello!' }], finish_reason: 'stop' }],
      } }])
      assert.deepEqual(step.input, [text('system', 'Be brief.'), text('user', 'Hello?')])
      assert.match(JSON.stringify(step.output), /"role":"assistant".*"Hello!"/)
    })

    test('the events of conventions 1.28 to 1.36, whose payload is the body', async () => {
      const step = await joined((span) => [
        { time: span.start + 1n, span, attributes: { 'event.name': 'gen_ai.system.message' }, body: { content: 'Be brief.' } },
        { time: span.start + 2n, span, eventName: 'gen_ai.user.message', body: { content: 'Weather in Paris?' } },
        { time: span.start + 3n, span, eventName: 'gen_ai.assistant.message', body: { tool_calls: [{ id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Paris"}' } }] } },
        { time: span.start + 4n, span, eventName: 'gen_ai.tool.message', body: { id: 'c1', content: 'rain' } },
        { time: span.start + 5n, span, eventName: 'gen_ai.choice', body: { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'It rains.' } } },
      ])
      assert.match(JSON.stringify(step.input), /Be brief.*Weather in Paris.*weather.*Paris.*rain/)
      assert.deepEqual(step.output, [text('assistant', 'It rains.')])
    })

    test('an evaluation that comes later is an event of the step', async () => {
      const step = await joined((span) => [{ time: span.start + 60n * minute, span, eventName: 'gen_ai.evaluation.result', attributes: {
        'gen_ai.evaluation.name': 'Relevance', 'gen_ai.evaluation.score.value': 0.9, 'gen_ai.evaluation.score.label': 'relevant',
      } }])
      assert.deepEqual(step.events.map(({ name, attributes }) => [name, attributes['gen_ai.evaluation.score.value']]), [['gen_ai.evaluation.result', 0.9]])
    })
  })
}

describe('Claude Code', () => {
  const claude = (session: string, event: string, time: bigint, attributes: { readonly [key: string]: Value }): MadeLog =>
    ({ time, body: `claude_code.${event}`, attributes: { 'event.name': event, 'session.id': session, 'prompt.id': 'p', 'user.email': 'a@example.com', ...attributes } })
  const work = (session: string, start: bigint): MadeLog[] => [
    claude(session, 'user_prompt', start, { prompt: 'List files', prompt_length: 10 }),
    claude(session, 'api_request', start + 2_000_000_000n, { model: 'claude-sonnet-4-5', input_tokens: 5, cache_read_tokens: 200, output_tokens: 80, cost_usd: 0.5, duration_ms: 1_500, request_id: 'req_1' }),
    claude(session, 'tool_decision', start + 2_100_000_000n, { tool_name: 'Bash', tool_use_id: 't1', decision: 'accept', source: 'config' }),
    claude(session, 'tool_result', start + 3_000_000_000n, { tool_name: 'Bash', tool_use_id: 't1', success: 'true', duration_ms: 800 }),
    claude(session, 'tool_decision', start + 3_100_000_000n, { tool_name: 'Write', tool_use_id: 't2', decision: 'reject', source: 'user_reject' }),
  ]
  const spansOf = (session: string, start: bigint): MadeSpan[] => {
    const traceId = newTraceId()
    const root = { traceId, spanId: newSpanId(), parentSpanId: '', name: 'claude_code.interaction', start, ms: 4_000, failed: false, attributes: { 'session.id': session } }
    return [root, {
      traceId, spanId: newSpanId(), parentSpanId: root.spanId, name: 'claude_code.llm_request', start: start + 500_000_000n, ms: 1_500, failed: false,
      attributes: { 'session.id': session, model: 'claude-sonnet-4-5', input_tokens: 5, cache_read_tokens: 200, output_tokens: 80, request_id: 'req_1' },
    }]
  }

  test('by logs alone: a run with its call, its tools, its decisions and its records', async () => {
    const session = `session-${newSpanId()}`
    await sendLogs(work(session, ago(30)), 'claude-code')
    const id = logRunId(session, 'p')
    await settledTrace(program, id, 5)
    const { run } = await graphql<{ run: object }>(program, `query ($id: ID!) { run(id: $id) { status modelCalls toolCalls sessions users providers reportedCost tokens { input cachedInput output }
      steps { kind tool executed logs { eventName } } policyDecisions { outcome place policyId } logs(first: 2) { totalCount nodes { eventName } pageInfo { hasNextPage } } } }`, { id })
    const toolSteps = [['Bash', false, 'tool_decision'], ['Bash', true, 'tool_result'], ['Write', false, 'tool_decision']] as const
    assert.deepEqual(run, {
      status: 'COMPLETED', modelCalls: 1, toolCalls: 1, sessions: [session], users: ['a@example.com'], providers: ['anthropic'], reportedCost: '0.5',
      tokens: { input: 205, cachedInput: 200, output: 80 },
      steps: [
        { kind: 'WORKFLOW', tool: null, executed: true, logs: [{ eventName: 'claude_code.user_prompt' }] },
        { kind: 'MODEL_CALL', tool: null, executed: true, logs: [{ eventName: 'claude_code.api_request' }] },
        ...toolSteps.map(([tool, executed, event]) => ({ kind: 'TOOL_CALL', tool, executed, logs: [{ eventName: `claude_code.${event}` }] })),
      ],
      policyDecisions: [{ outcome: 'ALLOW', place: 'AGENT', policyId: 'claude_code.config' }, { outcome: 'DENY', place: 'AGENT', policyId: 'claude_code.user_reject' }],
      logs: { totalCount: 5, nodes: [{ eventName: 'claude_code.user_prompt' }, { eventName: 'claude_code.api_request' }], pageInfo: { hasNextPage: true } },
    })
  })

  /** Until the trace is settled as one that is told better elsewhere: before, only its summary may say so. */
  async function noRun(by: Program, id: string): Promise<void> {
    for (let left = 80; left > 0; left--) {
      const trace = await readTrace(by, id)
      if (trace?.isRun === false && trace.settled) return
      await sleep(250)
    }
    assert.fail(`${id} is still a run, or not settled`)
  }

  test('told twice with a restart between: what the first process charged, the second takes back', async () => {
    const [session, start, dataDir] = [`session-${newSpanId()}`, ago(5), await mkdtemp(join(tmpdir(), 'logs-'))]
    const spans = spansOf(session, start)
    const [env, runId] = [{ SPANLEDGER_SETTLEMENT_DELAY_MS: '300' }, logRunId(session, 'p')]
    try {
      {
        await using first = await startProgram({ dataDir, env })
        await sendLogs(work(session, start), 'claude-code', first)
        assert.ok(pico((await settledTrace(first, runId, 5)).cost) > 0n)
      }
      await using second = await startProgram({ dataDir, env })
      await sendSpans(spans, 'claude-code', second)
      const told = await settledTrace(second, spans[0]?.traceId ?? '', 2)
      await noRun(second, runId)
      assert.deepEqual([(await readTrace(second, runId))?.isRun, ledgerSum(await readLedger(second, runId))], [false, 0n])
      assert.deepEqual([told.isRun, told.modelCalls], [true, 1])
    } finally {
      await rm(dataDir, { recursive: true, force: true, maxRetries: 10 })
    }
  })

  for (const order of [['logs', 'spans'], ['spans', 'logs']] as const) {
    test(`told twice, ${order[0]} settled before ${order[1]} came: one run, one charge`, async () => {
      const [session, start] = [`session-${newSpanId()}`, ago(order[0] === 'logs' ? 20 : 10)]
      const spans = spansOf(session, start)
      const [traceId, runId] = [spans[0]?.traceId ?? '', logRunId(session, 'p')]
      for (const signal of order) {
        if (signal === 'logs') await sendLogs(work(session, start), 'claude-code')
        else await sendSpans(spans, 'claude-code')
        await (signal === 'logs' ? settledTrace(program, runId, 5) : settledTrace(program, traceId, 2))
      }
      await noRun(program, runId)
      const [log, told] = [await readTrace(program, runId), await readTrace(program, traceId)]
      assert.deepEqual([log?.isRun, log?.modelCalls, log?.toolCalls, log?.cost], [false, 0, 0, '0'])
      assert.equal(ledgerSum(await readLedger(program, runId)), 0n)
      const { trace } = await graphql<{ trace: { steps: readonly object[] } }>(program, 'query ($id: ID!) { trace(id: $id) { steps { kind counted countReason } } }', { id: runId })
      assert.deepEqual(trace.steps[1], { kind: 'MODEL_CALL', counted: false, countReason: 'another trace of its session tells the same work better' })
      assert.deepEqual([told?.isRun, told?.modelCalls, told?.tokens.input], [true, 1, 205])
      assert.ok(pico(told?.cost ?? '0') > 0n)
      const { run } = await graphql<{ run: { logs: { totalCount: number } } }>(program, 'query ($id: ID!) { run(id: $id) { logs { totalCount } } }', { id: traceId })
      assert.equal(run.logs.totalCount, 5, 'the run shows the records of its session')
    })
  }
})
