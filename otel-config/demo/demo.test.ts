import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FakeReceiver, type ReceivedSpan, startFakeReceiver } from '../fake-receiver.ts'
import { demoCommand } from './command.ts'
import { DemoError, runDemo } from './demo.ts'
import * as models from './models.ts'
import { scenarios } from './story.ts'

const now = Date.UTC(2026, 10, 20, 12)
const hour = 3_600_000_000_000n
const never = new AbortController().signal
const quiet = (): void => undefined

const history = (receiver: FakeReceiver, options: { readonly seed: number; readonly runs: number }) =>
  runDemo({ endpoint: receiver.endpoint, live: false, historyHours: 24, stopped: never, log: quiet, now, ...options })

const operation = (span: ReceivedSpan): string => String(span.attributes['gen_ai.operation.name'])
const tokens = (span: ReceivedSpan, key: string): bigint => {
  const value = span.attributes[`gen_ai.usage.${key}`]
  return typeof value === 'bigint' ? value : 0n
}
/** A span's attribute as a text, '' if it is none. */
const word = (span: ReceivedSpan, key: string): string => {
  const value = span.attributes[key]
  return typeof value === 'string' ? value : ''
}

await test('a history of 200 runs', async (t) => {
  await using receiver = await startFakeReceiver()
  const report = await history(receiver, { seed: 7, runs: 200 })
  const spans = receiver.spans()
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === '')
  const below = (span: ReceivedSpan): ReceivedSpan[] => spans.filter(({ parentSpanId, traceId }) => traceId === span.traceId && parentSpanId === span.spanId)

  await t.test('arrives whole, and the report says so', () => {
    assert.deepEqual(report, { runs: 200, spans: spans.length, acknowledged: spans.length, rejected: 0, failed: 0 })
    assert.equal(byId.size, spans.length, 'ids are unique')
    assert.equal(roots.length, 200)
    assert.equal(new Set(roots.map(({ traceId }) => traceId)).size, 200)
    for (const span of spans) if (span.parentSpanId !== '') assert.equal(byId.get(span.parentSpanId)?.traceId, span.traceId)
  })

  await t.test('stays within what a gRPC server accepts', () => {
    for (const { bytes } of receiver.requests) assert.ok(bytes < 2 * 1024 * 1024, `${bytes} bytes`)
  })

  await t.test('lies within the last 24 hours, children within their parents', () => {
    const end = BigInt(now) * 1_000_000n
    for (const span of spans) {
      assert.ok(span.start >= end - 24n * hour - hour && span.end <= end + 1_000_000n && span.start <= span.end, span.name)
      const parent = byId.get(span.parentSpanId)
      // The SDK keeps hundreds of nanoseconds of a number of milliseconds.
      if (parent !== undefined) assert.ok(parent.start <= span.start + 1_000n && span.end <= parent.end + 1_000n, `${span.name} in ${parent.name}`)
    }
    assert.ok(new Set(roots.map(({ start }) => start / hour)).size >= 20, 'spread over the day')
  })

  await t.test('has every kind of agent system, operation, provider and model', () => {
    assert.deepEqual(new Set(spans.map(({ resource }) => resource['service.name'])), new Set(scenarios.map(({ service }) => service)))
    assert.deepEqual([...new Set(spans.map(operation))].sort(),
      ['chat', 'embeddings', 'execute_tool', 'invoke_agent', 'invoke_workflow', 'plan', 'retrieval', 'run_guardrail'])
    const called = spans.filter((span) => ['chat', 'embeddings'].includes(operation(span)))
    assert.deepEqual(new Set(called.map((span) => span.attributes['gen_ai.request.model'])), new Set(Object.values(models).map(({ name }) => name)))
    assert.deepEqual([...new Set(called.map((span) => span.attributes['gen_ai.provider.name']))].sort(), ['anthropic', 'gcp.gemini', 'harbor-inference', 'openai'])
    assert.ok(new Set(spans.flatMap((span) => span.attributes['user.id'] ?? [])).size >= 8, 'users')
    const conversations = new Map<unknown, Set<string>>()
    for (const root of roots) {
      const id = root.attributes['gen_ai.conversation.id']
      conversations.set(id, (conversations.get(id) ?? new Set()).add(root.traceId))
    }
    assert.ok([...conversations.values()].some(({ size }) => size > 1), 'a conversation goes on over several runs')
  })

  await t.test('names spans and sets kinds as the conventions say', () => {
    for (const span of spans) {
      const { attributes, name, kind } = span
      switch (operation(span)) {
        case 'chat': case 'embeddings':
          assert.equal(name, `${operation(span)} ${attributes['gen_ai.request.model']}`)
          assert.equal(kind, 3, name)
          assert.ok(word(span, 'gen_ai.provider.name') !== '')
          break
        case 'execute_tool':
          assert.equal(name, `execute_tool ${attributes['gen_ai.tool.name']}`)
          assert.equal(kind, 1, name)
          break
        case 'invoke_agent':
          assert.equal(name, `invoke_agent ${attributes['gen_ai.agent.name']}`)
          assert.equal(attributes['gen_ai.provider.name'], undefined, 'not on internal agent spans')
          break
        case 'invoke_workflow':
          assert.equal(name, `invoke_workflow ${attributes['gen_ai.workflow.name']}`)
          break
        default:
          assert.match(name, /^(plan|retrieval|run_guardrail) ./)
      }
      for (const key of ['gen_ai.input.messages', 'gen_ai.output.messages', 'gen_ai.system_instructions', 'gen_ai.tool.call.arguments', 'gen_ai.tool.call.result']) {
        if (attributes[key] !== undefined) assert.doesNotThrow(() => { JSON.parse(word(span, key)) }, `${name} ${key}`)
      }
    }
  })

  await t.test('an agent reports the sum of the calls below it, and parts never exceed their whole', () => {
    const sum = (span: ReceivedSpan, key: string): bigint =>
      below(span).reduce((total, child) => total + (['chat', 'embeddings'].includes(operation(child)) ? tokens(child, key) : sum(child, key)), 0n)
    for (const span of spans) {
      if (operation(span) === 'invoke_agent') {
        assert.equal(tokens(span, 'input_tokens'), sum(span, 'input_tokens'))
        assert.equal(tokens(span, 'output_tokens'), sum(span, 'output_tokens'))
      }
      assert.ok(tokens(span, 'cache_read.input_tokens') + tokens(span, 'cache_write.input_tokens') <= tokens(span, 'input_tokens'), span.name)
      assert.ok(tokens(span, 'reasoning.output_tokens') <= tokens(span, 'output_tokens'), span.name)
    }
    for (const key of ['cache_read.input_tokens', 'cache_write.input_tokens', 'reasoning.output_tokens']) assert.ok(spans.some((span) => tokens(span, key) > 0n), key)
    assert.ok(spans.some(({ attributes }) => attributes['gen_ai.request.stream'] === true && typeof attributes['gen_ai.response.time_to_first_chunk'] === 'number'))
  })

  await t.test('tells failures: refused calls that another provider answers, runs that fail, calls that a guardrail stopped', () => {
    const refused = spans.filter(({ attributes }) => attributes['error.type'] === '429')
    assert.ok(refused.length > 0)
    for (const span of refused) {
      assert.equal(span.statusCode, 2)
      assert.deepEqual(span.events, ['exception'])
      assert.equal(span.attributes['gen_ai.usage.input_tokens'], undefined)
      const siblings = spans.filter(({ parentSpanId }) => parentSpanId === span.parentSpanId)
      assert.ok(siblings.some(({ attributes }) => attributes['gen_ai.provider.name'] === 'anthropic'))
    }
    assert.ok(roots.some(({ statusCode }) => statusCode === 2) && roots.some(({ statusCode }) => statusCode === 0))
    const blocked = spans.filter(({ attributes }) => attributes['gen_ai.guardrail.action.type'] === 'block')
    assert.ok(blocked.length > 0)
    for (const { attributes } of blocked) {
      assert.equal(attributes['gen_ai.guardrail.verdict.type'], 'deny')
      assert.ok(!spans.some((span) => span.attributes['gen_ai.tool.call.id'] === attributes['gen_ai.guardrail.target.id']), 'no span for what did not happen')
    }
    assert.ok(spans.some((span) => operation(span) === 'execute_tool' && span.attributes['gen_ai.guardrail.action.type'] === 'escalate'))
  })

  await t.test('has agents side by side, and calls repeated with the same arguments', () => {
    const overlapping = spans.some((span) => operation(span) === 'invoke_agent' && spans.some((other) =>
      other.traceId === span.traceId && other !== span && operation(other) === 'invoke_agent' && span.start < other.start && other.start < span.end && other.end > span.end))
    assert.ok(overlapping)
    const calls = new Map<string, number>()
    for (const span of spans.filter((candidate) => operation(candidate) === 'execute_tool')) {
      const key = [span.traceId, span.name, span.attributes['gen_ai.tool.call.arguments']].join(' ')
      calls.set(key, (calls.get(key) ?? 0) + 1)
    }
    assert.ok([...calls.values()].some((count) => count >= 3))
  })
})

test('the same seed and time send the same spans, another time sends new ones', async () => {
  const story = async (at: number): Promise<string> => {
    await using receiver = await startFakeReceiver()
    await runDemo({ endpoint: receiver.endpoint, live: false, historyHours: 2, runs: 5, stopped: never, log: quiet, now: at, seed: 3 })
    return JSON.stringify(receiver.spans(), (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
  }
  const first = await story(now)
  assert.equal(await story(now), first)
  const later = await story(now + 1)
  const ids = (text: string): string[] => text.match(/"traceId":"[0-9a-f]{32}"|chatcmpl-\w+|msg_\w+/g) ?? []
  assert.ok(ids(first).length > 5)
  assert.equal(ids(first).filter((id) => ids(later).includes(id)).length, 0)
})

test('rejected and failed spans are counted as such', async () => {
  let asked = 0
  await using receiver = await startFakeReceiver(() => (asked++ === 0 ? { rejected: 3 } : { unavailable: 'spool is full' }))
  const lines: string[] = []
  const report = await runDemo({ endpoint: receiver.endpoint, live: false, historyHours: 1, runs: 30, stopped: never, log: (line) => lines.push(line), now, seed: 1 })
  assert.equal(report.acknowledged + report.rejected + report.failed, report.spans)
  assert.equal(report.rejected % 3, 0)
  assert.ok(report.rejected > 0 && report.failed > 0)
  assert.match(lines.join('\n'), /\d+ rejected, \d+ failed \(.+\)$/)
})

test('a request that the receiver was too busy for is sent again', async () => {
  let asked = 0
  await using receiver = await startFakeReceiver(() => (asked++ % 3 === 2 ? { rejected: 0 } : { unavailable: 'spool is full' }))
  const report = await history(receiver, { seed: 1, runs: 3 })
  assert.deepEqual([report.acknowledged, report.failed], [report.spans, 0])
})

test('what is said of the history has every span of it in it, also where an earlier batch is answered last', async () => {
  let requests = 0
  await using receiver = await startFakeReceiver(async () => {
    if (requests++ === 0) await new Promise((resolve) => setTimeout(resolve, 500))
    return { rejected: 0 }
  })
  const said: string[] = []
  await runDemo({ endpoint: receiver.endpoint, live: false, historyHours: 24, stopped: never, log: (line) => said.push(line), now, seed: 3, runs: 20 })
  const spans = receiver.spans().length
  assert.deepEqual(said, [`history: 20 runs, ${spans} spans: ${spans} acknowledged, 0 rejected, 0 failed`])
})

test('an address of another protocol is named as such', async () => {
  await using receiver = await startFakeReceiver()
  await assert.rejects(
    runDemo({ endpoint: receiver.http, live: false, historyHours: 24, stopped: never, log: quiet, now, seed: 1, runs: 2 }),
    (error) => error instanceof DemoError && /an OTLP\/gRPC address is needed, such as http:\/\/localhost:4317/.test(error.message),
  )
})

test('a receiver that acknowledges nothing is an error, and so is nobody listening', async () => {
  const endpoint = await (async () => {
    await using receiver = await startFakeReceiver(() => ({ unavailable: 'spool is full' }))
    await assert.rejects(history(receiver, { seed: 1, runs: 2 }), (error) => error instanceof DemoError && /no span was acknowledged by .*spool is full/.test(error.message))
    return receiver.endpoint
  })()
  const options = { live: false, historyHours: 1, runs: 1, stopped: never, log: quiet }
  await assert.rejects(runDemo({ ...options, endpoint }), (error) =>
    error instanceof DemoError && error.message === `nothing listens on ${endpoint}: start Spanledger first (npm start), or name another address with --endpoint`)
  await assert.rejects(runDemo({ ...options, endpoint: 'localhost' }), /endpoint 'localhost' is no URL/)
})

test('live runs end as time passes, and stop when asked', async () => {
  await using receiver = await startFakeReceiver()
  const stop = new AbortController()
  const began = Date.now()
  const done = runDemo({ endpoint: receiver.endpoint, live: true, historyHours: 1, runs: 0, stopped: stop.signal, log: quiet, seed: 4 })
  while (receiver.spans().length === 0 && Date.now() - began < 8_000) await new Promise((resolve) => setTimeout(resolve, 100))
  stop.abort()
  const report = await done
  assert.ok(report.spans > 0 && report.acknowledged === report.spans, JSON.stringify(report))
  assert.ok(receiver.spans().every(({ end }) => end <= BigInt(Date.now()) * 1_000_000n), 'no span from the future')
})

test('the command says what is wrong with its words', async () => {
  const said = async (...args: string[]): Promise<readonly [number, string]> => {
    const lines: string[] = []
    return [await demoCommand(args, never, (line) => lines.push(line)), lines.join('\n')]
  }
  for (const [args, message] of [
    [['--runs', '0'], /^--runs is '0', an integer from 1 to 100000 is needed\./],
    [['--hours', 'many'], /^--hours is 'many', an integer from 1 to 8760 is needed\./],
    [['--seed', '-1'], /--seed/],
    [['--once', '--live'], /^--once and --live exclude each other/],
    [['--fast'], /--fast/],
  ] as const) {
    const [code, text] = await said(...args)
    assert.equal(code, 2)
    assert.match(text, message)
  }
})

test('the command sends a history', async () => {
  await using receiver = await startFakeReceiver()
  assert.equal(await demoCommand(['--once', '--runs', '3', '--endpoint', receiver.endpoint, '--seed', '9'], never, quiet), 0)
  assert.equal(receiver.spans().filter(({ parentSpanId }) => parentSpanId === '').length, 3)
})
