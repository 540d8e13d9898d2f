import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConformanceRow } from '#clickhouse/tables/conformance.ts'
import { parsePolicies } from '#otel-config/policy/policies.ts'
import type { SpanRecord } from '#semconv/attributes.ts'
import { type LiteralSpan, literalSpan } from '#semconv/literal-span.ts'
import { type Capture, captures } from '../corpus/captures.ts'
import { logsJsonToProtobuf, tracesJsonToProtobuf } from '../decode/json.ts'
import { decodeLogs } from '../decode/logs.ts'
import { decodeTraces } from '../decode/traces.ts'
import { deriveLog } from '../derive/derive-log.ts'
import { derive } from '../derive/derive.ts'
import { shippedBook } from '../price/book.ts'
import { FrameWriter, readFrame, spooledTables } from '../spool/frame.ts'
import { Conformance, frameOf } from './conformance.ts'
import { flush } from './flush.ts'

const options = { tenant: 't', project: 'p', prices: shippedBook(), policies: parsePolicies('policies: []') }

const see = (conformance: Conformance, span: SpanRecord): void => conformance.see(span, derive(span, options, 0n, true, new FrameWriter()).facts)

/** What a capture's instrumentations are told: steps of a kind that show it, of all of them, what and where. */
function verdicts({ payloads }: Capture): readonly string[] {
  const conformance = new Conformance(options)
  const came = new Set<string>()
  for (const { signal, encoding, body } of payloads) {
    if (signal === 'traces') {
      for (const span of decodeTraces(encoding === 'json' ? tracesJsonToProtobuf(body).bytes : body).spans) {
        if (!came.has(span.spanId)) see(conformance, span)
        came.add(span.spanId)
      }
    } else if (signal === 'logs') {
      for (const record of decodeLogs(encoding === 'json' ? logsJsonToProtobuf(body).bytes : body).records) {
        const { told } = deriveLog(record, options, 0n, new FrameWriter())
        if (told !== undefined) conformance.seeLog(record, told.facts)
      }
    }
  }
  return lines(conformance.take(0n))
}

function lines(rows: readonly ConformanceRow[]): readonly string[] {
  const all = new Map<string, number>()
  // One scope may speak two dialects: a call that failed early has less to say.
  for (const { scopeName, kind, steps } of rows.filter(({ finding }) => finding === '')) all.set(`${scopeName} ${kind}`, (all.get(`${scopeName} ${kind}`) ?? 0) + steps)
  return rows.filter(({ finding }) => finding !== '').map((row) =>
    `${row.scopeName}: ${row.steps}/${all.get(`${row.scopeName} ${row.kind}`)} ${row.kind} ${row.finding} ${row.attribute}${row.finding === 'TYPE_WRONG' ? ` is ${row.found}` : ''}`).sort()
}

/** Read in the payloads: what each instrumentation sends, against the conventions as `semconv/keys.ts` pins them. */
const golden: Readonly<Record<string, readonly string[]>> = {
  'agent-framework-core@1.23.0': [
    'agent_framework: 2/2 AGENT TYPE_WRONG gen_ai.response.finish_reasons is string',
    'agent_framework: 3/3 MODEL_CALL TYPE_WRONG gen_ai.response.finish_reasons is string',
  ],
  'ai-sdk-otel@1.0.173': [
    'gen_ai: 1/3 AGENT CACHE_LIFETIME_UNKNOWN gen_ai.usage.cache_write.input_tokens',
    'gen_ai: 1/4 MODEL_CALL CACHE_LIFETIME_UNKNOWN gen_ai.usage.cache_write.input_tokens',
    'gen_ai: 3/3 AGENT NAME_OUTDATED gen_ai.usage.cache_creation.input_tokens',
    'gen_ai: 4/4 MODEL_CALL NAME_OUTDATED gen_ai.usage.cache_creation.input_tokens',
  ],
  'anthropic-sdk-go@2.15.0': [],
  'anthropic@2.11.0': [
    'opentelemetry.instrumentation.anthropic: 1/1 MODEL_CALL NAME_OUTDATED gen_ai.usage.cache_creation.input_tokens',
  ],
  'claude-code-traces@2.1.332': [
    'com.anthropic.claude_code.events: 2/2 MODEL_CALL RESPONSE_MODEL_MISSING gen_ai.response.model',
    'com.anthropic.claude_code.tracing: 1/2 MODEL_CALL CACHE_LIFETIME_UNKNOWN gen_ai.usage.cache_write.input_tokens',
  ],
  'claude-code@2.1.332': [
    'com.anthropic.claude_code.events: 2/2 MODEL_CALL RESPONSE_MODEL_MISSING gen_ai.response.model',
  ],
  'codex@0.169.0': [
    'codex_exec: 2/2 MODEL_CALL MODEL_MISSING gen_ai.request.model',
    'codex_exec: 2/2 MODEL_CALL PROVIDER_MISSING gen_ai.provider.name',
    'codex_otel.log_only: 2/2 MODEL_CALL PROVIDER_MISSING gen_ai.provider.name',
    'codex_otel.log_only: 2/2 MODEL_CALL RESPONSE_MODEL_MISSING gen_ai.response.model',
  ],
  'gemini-cli@0.61.0': [
    'gemini-cli: 2/4 MODEL_CALL RESPONSE_MODEL_MISSING gen_ai.response.model',
    'gemini-cli: 2/4 MODEL_CALL RESPONSE_MODEL_MISSING gen_ai.response.model',
  ],
  'genkit@1.42.0': [
    'genkit-tracer: 1/5 MODEL_CALL RESPONSE_MODEL_MISSING gen_ai.response.model',
  ],
  'google-adk@2.13.0': [
    'gcp.vertex.agent: 3/3 MODEL_CALL RESPONSE_MODEL_MISSING gen_ai.response.model',
  ],
  'langfuse-otel@5.11.1': [
    'langfuse-sdk: 1/1 AGENT SERVICE_NAME_MISSING service.name',
    'langfuse-sdk: 1/1 MODEL_CALL CACHE_LIFETIME_UNKNOWN gen_ai.usage.cache_write.input_tokens',
    'langfuse-sdk: 1/1 MODEL_CALL PROVIDER_MISSING gen_ai.provider.name',
    'langfuse-sdk: 1/1 MODEL_CALL RESPONSE_MODEL_MISSING gen_ai.response.model',
    'langfuse-sdk: 1/1 MODEL_CALL SERVICE_NAME_MISSING service.name',
    'langfuse-sdk: 1/1 TOOL_CALL SERVICE_NAME_MISSING service.name',
  ],
  'langsmith@0.14.17': [
    'langsmith: 1/1 TOOL_CALL NAME_OUTDATED gen_ai.completion',
    'langsmith: 1/1 TOOL_CALL NAME_OUTDATED gen_ai.prompt',
    'langsmith: 1/1 TOOL_CALL NAME_OUTDATED gen_ai.system',
    'langsmith: 1/1 WORKFLOW NAME_OUTDATED gen_ai.completion',
    'langsmith: 1/1 WORKFLOW NAME_OUTDATED gen_ai.prompt',
    'langsmith: 1/1 WORKFLOW NAME_OUTDATED gen_ai.system',
    'langsmith: 2/2 MODEL_CALL NAME_OUTDATED gen_ai.completion',
    'langsmith: 2/2 MODEL_CALL NAME_OUTDATED gen_ai.prompt',
    'langsmith: 2/2 MODEL_CALL NAME_OUTDATED gen_ai.system',
    'langsmith: 2/2 MODEL_CALL RESPONSE_MODEL_MISSING gen_ai.response.model',
    'langsmith: 5/5 TASK NAME_OUTDATED gen_ai.completion',
    'langsmith: 5/5 TASK NAME_OUTDATED gen_ai.prompt',
    'langsmith: 5/5 TASK NAME_OUTDATED gen_ai.system',
  ],
  'litellm-otel-v2@1.108.7': [
    'litellm: 1/5 MODEL_CALL CACHE_LIFETIME_UNKNOWN gen_ai.usage.cache_write.input_tokens',
    'litellm: 1/5 MODEL_CALL NAME_OUTDATED gen_ai.usage.cache_creation.input_tokens',
    'litellm: 1/5 MODEL_CALL USAGE_MISSING gen_ai.usage.input_tokens',
  ],
  'litellm@1.106.2': [
    'litellm: 2/4 MODEL_CALL NAME_OUTDATED gen_ai.openai.response.service_tier',
    'litellm: 3/4 MODEL_CALL TYPE_WRONG gen_ai.response.finish_reasons is string',
    'litellm: 4/4 MODEL_CALL NAME_OUTDATED gen_ai.system',
  ],
  'logfire@5.2.0': [
    'logfire.openai: 1/4 MODEL_CALL TYPE_WRONG gen_ai.response.finish_reasons is string',
  ],
  'mastra-otel-exporter@1.4.0': [
    '@mastra/otel-exporter: 3/3 MODEL_CALL TYPE_WRONG gen_ai.response.finish_reasons is string',
  ],
  'mlflow@3.17.2': [
    'mlflow.tracing.provider: 1/1 EMBEDDING PROVIDER_MISSING gen_ai.provider.name',
    'mlflow.tracing.provider: 3/5 MODEL_CALL PROVIDER_MISSING gen_ai.provider.name',
  ],
  'openinference-instrumentation-anthropic@0.2.8': [],
  'openinference-instrumentation-claude-agent-sdk@0.1.22': [
    'openinference.instrumentation.claude_agent_sdk: 1/1 AGENT CACHE_COUNTS_DROPPED gen_ai.usage.*',
    'openinference.instrumentation.claude_agent_sdk: 1/1 AGENT CACHE_LIFETIME_UNKNOWN gen_ai.usage.cache_write.input_tokens',
  ],
  'openinference-instrumentation-claude-agent-sdk@0.3.1': [
    '@arizeai/openinference-instrumentation-claude-agent-sdk: 1/1 AGENT CACHE_COUNTS_DROPPED gen_ai.usage.*',
  ],
  'openinference-instrumentation-crewai@1.1.21': [],
  'openinference-instrumentation-google-genai@1.4.14': [],
  'openinference-instrumentation-langchain@0.1.80': [],
  'openinference-instrumentation-openai-agents@2.6.0': [],
  'openinference-instrumentation-openai@4.2.7': [
    '@arizeai/openinference-instrumentation-openai: 1/1 EMBEDDING RESPONSE_MODEL_MISSING gen_ai.response.model',
    '@arizeai/openinference-instrumentation-openai: 1/1 EMBEDDING USAGE_MISSING gen_ai.usage.input_tokens',
    '@arizeai/openinference-instrumentation-openai: 1/3 MODEL_CALL USAGE_MISSING gen_ai.usage.input_tokens',
  ],
  'openinference-instrumentation-smolagents@0.1.43': [],
  'openlit@1.45.0': [
    'openlit.instrumentation.anthropic: 1/3 MODEL_CALL CACHE_LIFETIME_UNKNOWN gen_ai.usage.cache_write.input_tokens',
    'openlit.instrumentation.anthropic: 1/3 MODEL_CALL PROVIDER_MISSING gen_ai.provider.name',
    'openlit.instrumentation.anthropic: 2/3 MODEL_CALL NAME_OUTDATED gen_ai.usage.cache_creation.input_tokens',
    'openlit.instrumentation.langchain: 2/2 MODEL_CALL NAME_OUTDATED gen_ai.usage.cache_creation.input_tokens',
  ],
  'opentelemetry-instrumentation-anthropic@0.62.4': [
    'opentelemetry.instrumentation.anthropic: 1/4 MODEL_CALL CACHE_LIFETIME_UNKNOWN gen_ai.usage.cache_write.input_tokens',
    'opentelemetry.instrumentation.anthropic: 3/4 MODEL_CALL NAME_OUTDATED gen_ai.usage.cache_creation.input_tokens',
  ],
  'opentelemetry-instrumentation-genai-openai@1.3b0': [],
  'opentelemetry-instrumentation-openai-agents@0.62.4': [],
  'opentelemetry-instrumentation-openai-v2@2.4b0': [
    'opentelemetry.util.genai.handler: 1/5 MODEL_CALL USAGE_MISSING gen_ai.usage.input_tokens',
  ],
  'opentelemetry-instrumentation-openai@0.21.0': [
    '@opentelemetry/instrumentation-openai: 1/1 EMBEDDING NAME_OUTDATED gen_ai.system',
    '@opentelemetry/instrumentation-openai: 3/4 MODEL_CALL CACHE_COUNTS_DROPPED gen_ai.usage.*',
    '@opentelemetry/instrumentation-openai: 4/4 MODEL_CALL NAME_OUTDATED gen_ai.system',
  ],
  'pydantic-ai@2.68.0': [
    'pydantic-ai: 1/3 AGENT CACHE_LIFETIME_UNKNOWN gen_ai.usage.cache_write.input_tokens',
    'pydantic-ai: 1/5 MODEL_CALL CACHE_LIFETIME_UNKNOWN gen_ai.usage.cache_write.input_tokens',
    'pydantic-ai: 1/5 MODEL_CALL NAME_OUTDATED gen_ai.usage.cache_creation.input_tokens',
  ],
  'strands-agents@1.62.0': [
    'strands.telemetry.tracer: 1/1 TOOL_CALL NAME_OUTDATED gen_ai.system',
    'strands.telemetry.tracer: 2/2 AGENT NAME_OUTDATED gen_ai.system',
    'strands.telemetry.tracer: 2/2 AGENT NAME_OUTDATED gen_ai.usage.cache_creation.input_tokens',
    'strands.telemetry.tracer: 3/3 TASK NAME_OUTDATED gen_ai.system',
    'strands.telemetry.tracer: 3/4 MODEL_CALL RESPONSE_MODEL_MISSING gen_ai.response.model',
    'strands.telemetry.tracer: 4/4 MODEL_CALL NAME_OUTDATED gen_ai.system',
    'strands.telemetry.tracer: 4/4 MODEL_CALL PROVIDER_MISSING gen_ai.provider.name',
  ],
  'traceloop-node-server-sdk@0.27.0': [
    '@traceloop/instrumentation-openai: 2/2 MODEL_CALL CACHE_COUNTS_DROPPED gen_ai.usage.*',
  ],
  'vercel-ai@6.0.326': [
    'ai: 1/1 EMBEDDING RESPONSE_MODEL_MISSING gen_ai.response.model',
    'ai: 6/6 MODEL_CALL NAME_OUTDATED gen_ai.system',
  ],
  'xai-sdk@1.21.0': [],
}

test('every capture is told what its instrumentation lacks, and nothing else', () => {
  assert.deepEqual(Object.fromEntries(captures().map((capture) => [capture.name, verdicts(capture)])), golden)
  for (const { name, expected } of captures()) {
    const unmetered = golden[name]?.filter((line) => line.includes(' USAGE_MISSING ')).reduce((sum, line) => sum + Number(/ (\d+)\//.exec(line)?.[1]), 0)
    assert.equal(unmetered, expected.unmeteredModelCalls, `${name}: calls without usage, by the facts written before anything ran`)
  }
})

const call = (said: LiteralSpan): SpanRecord => literalSpan({
  ...said, resource: { 'service.name': 'shop', ...said.resource }, attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-5', ...said.attributes },
})
const total = (rows: readonly ConformanceRow[]): number => rows.filter(({ finding }) => finding === '').reduce((sum, { steps }) => sum + steps, 0)

test('steps are counted by sender, dialect and kind, findings among them, with one of them as an example; what was taken is gone', () => {
  const conformance = new Conformance(options)
  for (let n = 0; n < 3; n++) see(conformance, { ...call({ scope: 'sdk', scopeVersion: '1.2' }), spanId: `000000000000000${n + 1}` })
  const common = { tenant: 't', project: 'p', at: 7n, service: 'shop', scopeName: 'sdk', scopeVersion: '1.2', dialect: 'semconv', kind: 'MODEL_CALL', traceId: '0'.repeat(31) + '1', spanId: '0'.repeat(15) + '1', steps: 3 }
  const rows = conformance.take(7n)
  const [first] = rows
  assert.match(first?.instance ?? '', /^[0-9a-f]{16}$/)
  assert.deepEqual(rows.map(({ instance: _instance, ...row }) => row), [
    { ...common, finding: '', attribute: '', expected: '', found: '', convention: '' },
    { ...common, finding: 'USAGE_MISSING', attribute: 'gen_ai.usage.input_tokens', expected: 'token counts', found: 'nothing', convention: 'semantic-conventions-genai@e9de14ba' },
    { ...common, finding: 'RESPONSE_MODEL_MISSING', attribute: 'gen_ai.response.model', expected: 'the model that answered', found: 'only the model that was asked', convention: 'semantic-conventions-genai@e9de14ba' },
  ])
  assert.deepEqual(conformance.take(8n), [])
})

test('senders that make up scopes, services and providers fill nothing, and no step is lost to the count', () => {
  const conformance = new Conformance(options)
  const sent = 3_000
  for (let n = 0; n < sent; n++) {
    see(conformance, call({
      scope: `scope ${n} ${'x'.repeat(300)}`, scopeVersion: String(n), resource: { 'service.name': `service ${n % 7}` },
      attributes: { 'gen_ai.provider.name': `provider ${n}`, 'gen_ai.operation.name': ['chat', 'execute_tool', 'invoke_agent', `made up ${n}`][n % 4] as string },
    }))
  }
  see(conformance, call({ scope: 'other', resource: { 'service.name': 'other' } }))
  for (let n = 0; n < sent; n++) see(conformance, call({ scope: 'one', attributes: { 'gen_ai.provider.name': `provider ${n}` } }))
  const rows = conformance.take(0n)
  assert.equal(total(rows), 2 * sent + 1)
  assert.ok(rows.length < 2_000, `${rows.length} rows`)
  assert.equal(new Set(rows.map(({ service, scopeName, scopeVersion }) => `${service} ${scopeName} ${scopeVersion}`)).size, 257)
  assert.ok(rows.every(({ scopeName, found }) => scopeName.length <= 256 && found.length <= 64))
  const keys = rows.map(({ steps: _steps, traceId: _trace, spanId: _span, ...key }) => JSON.stringify(key, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)))
  assert.equal(new Set(keys).size, keys.length, 'a row that another one of the same key would replace')
})

test('who names each scope after an object is one sender', () => {
  const conformance = new Conformance(options)
  // Flowise's tracers, one a flow that runs; HoneyHive's, by Python's id of the object.
  for (const scope of ['phoenix-tracer-87540243-cfa0-411f-9a9f-a7945d51844f', 'phoenix-tracer-2E4DEDD7-3373-4637-8457-E9C486F80166', 'honeyhive.140461198089680', 'honeyhive.140461198089744', 'sdk-2026']) see(conformance, call({ scope }))
  assert.deepEqual(conformance.take(0n).filter(({ finding }) => finding === '').map(({ scopeName, steps }) => [scopeName, steps]), [['phoenix-tracer', 2], ['honeyhive', 2], ['sdk-2026', 1]])
})

test('what a sender shows in many ways is told apart up to a bound, then by its code alone', () => {
  const conformance = new Conformance(options)
  for (let n = 0; n < 100; n++) see(conformance, call({ scope: 'gateway', attributes: { 'gen_ai.provider.name': `house ${n}` } }))
  const providers = conformance.take(0n).filter(({ finding }) => finding === 'PROVIDER_UNKNOWN')
  assert.ok(providers.length <= 33, `${providers.length}`)
  assert.equal(providers.reduce((sum, { steps }) => sum + steps, 0), 100)
  assert.ok(providers.some(({ attribute, found, steps }) => attribute === 'other' && found === 'other' && steps > 1))
})

test('what was counted goes to the journal; a journal that is full is a warning and no error', async () => {
  const conformance = new Conformance(options)
  assert.equal(frameOf(conformance.take(0n)), undefined)
  see(conformance, call({ scope: 'sdk' }))
  const frames: Buffer[] = []
  const warnings: string[] = []
  const log = { warn: (message: string) => warnings.push(message) }
  await flush({ conformance, nowNano: () => 1n, log, spool: { append: async (frame) => void frames.push(frame) } })
  const [frame] = frames
  assert.ok(frame !== undefined)
  const read = readFrame(frame, 0)
  assert.ok(typeof read === 'object')
  assert.deepEqual(read.sections.map(({ table, rows }) => [spooledTables[table]?.name, rows]), [['conformance', 3]])
  see(conformance, call({ scope: 'sdk' }))
  await flush({ conformance, nowNano: () => 2n, log, spool: { append: () => Promise.reject(new Error('full')) } })
  assert.equal(warnings.length, 1)
  await flush({ conformance, nowNano: () => 3n, log, spool: { append: () => assert.fail('nothing was counted') } })
})
