import assert from 'node:assert/strict'
import test from 'node:test'
import type { StepKind, Usage } from './facts.ts'
import { kindOfRole } from './facts.ts'
import { interpret } from './interpret.ts'
import { type LiteralSpan, literalSpan } from './literal-span.ts'
import { tokenUsage } from './usage.ts'

/**
 * The acceptance vectors that one span can show: what the emitter sends, what must come out. The numbers are those of
 * the mapping reference; vectors that need a tree of spans stand in `account.test.ts`.
 */
interface Vector {
  readonly id: string
  readonly span: LiteralSpan
  readonly kind?: StepKind
  readonly usage: Usage | undefined
  readonly flags?: readonly string[]
  readonly input?: number
  readonly output?: number
}

const vectors: readonly Vector[] = [
  {
    id: 'T1 the conventions count the cache into the input',
    span: {
      name: 'chat m',
      attributes: {
        'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'anthropic', 'gen_ai.usage.input_tokens': 1000,
        'gen_ai.usage.cache_read.input_tokens': 800, 'gen_ai.usage.cache_creation.input_tokens': 100,
        'gen_ai.usage.output_tokens': 50,
      },
    },
    kind: 'MODEL_CALL', input: 1000, output: 50,
    usage: { 'input.uncached': 100, 'input.cache_read': 800, 'input.cache_write.5m': 100, 'output.text': 50 },
    flags: ['assumed_inclusive', 'cache_ttl_unknown'],
  },
  {
    id: 'T2 as a span: Claude Code counts the cache beside the input',
    span: {
      name: 'claude_code.llm_request',
      attributes: { model: 'claude-sonnet-4-5', input_tokens: 5, cache_read_tokens: 20000, cache_creation_tokens: 300,
        output_tokens: 80 },
    },
    kind: 'MODEL_CALL', input: 20305, output: 80,
    usage: { 'input.uncached': 5, 'input.cache_read': 20000, 'input.cache_write.5m': 300, 'output.text': 80 },
    flags: ['cache_ttl_unknown'],
  },
  {
    id: 'T3 Bedrock Converse under OpenInference: arithmetic shows the cache outside',
    span: {
      scope: 'openinference.instrumentation.bedrock',
      attributes: {
        'openinference.span.kind': 'LLM', 'llm.token_count.prompt': 10, 'llm.token_count.prompt_details.cache_read': 500,
        'llm.token_count.completion': 20, 'llm.token_count.total': 530,
      },
    },
    kind: 'MODEL_CALL', input: 510, output: 20, usage: { 'input.uncached': 10, 'input.cache_read': 500, 'output.text': 20 },
      flags: [],
  },
  {
    id: 'T4 as a span: Gemini CLI leaves the thoughts out of the output',
    span: {
      name: 'llm_call', resource: { 'service.name': 'gemini-cli' },
      attributes: {
        'gen_ai.operation.name': 'llm_call', input_token_count: 100, cached_content_token_count: 40, output_token_count: 30,
        thoughts_token_count: 70, total_token_count: 200,
      },
    },
    kind: 'MODEL_CALL', input: 100, output: 100,
    usage: { 'input.uncached': 60, 'input.cache_read': 40, 'output.text': 30, 'output.reasoning': 70 }, flags: [],
  },
  {
    id: 'T8, the vector of the span: claude-agent-sdk under OpenInference counts on its agent',
    span: {
      name: 'ClaudeAgentSDK.query', scope: 'openinference.instrumentation.claude_agent_sdk', scopeVersion: '0.1.12',
      attributes: {
        'openinference.span.kind': 'AGENT', 'llm.token_count.prompt': 5, 'llm.token_count.prompt_details.cache_read': 20000,
        'llm.cost.total': 0.03,
      },
    },
    kind: 'AGENT', input: 20005, output: 0, usage: { 'input.uncached': 5, 'input.cache_read': 20000 }, flags: [],
  },
  {
    id: 'T15, the outer span: ADK copies the output without thoughts',
    span: {
      name: 'call_llm', scope: 'gcp.vertex.agent',
      attributes: {
        'gen_ai.system': 'gcp.vertex.agent', 'gen_ai.request.model': 'gemini-2.5-flash', 'gen_ai.usage.input_tokens': 20,
        'gen_ai.usage.output_tokens': 30, 'gen_ai.usage.reasoning.output_tokens': 70,
      },
    },
    kind: 'MODEL_CALL', input: 20, output: 100, usage: { 'input.uncached': 20, 'output.text': 30, 'output.reasoning': 70 },
      flags: [],
  },
  {
    id: 'T15, the inner span: google-genai counts the thoughts in',
    span: {
      name: 'generate_content gemini-2.5-flash', scope: 'opentelemetry.instrumentation.google_genai',
      attributes: {
        'gen_ai.operation.name': 'generate_content', 'gen_ai.provider.name': 'gcp.gemini', 'gen_ai.usage.input_tokens': 20,
        'gen_ai.usage.output_tokens': 100, 'gen_ai.usage.reasoning.output_tokens': 70,
      },
    },
    kind: 'MODEL_CALL', input: 20, output: 100, usage: { 'input.uncached': 20, 'output.text': 30, 'output.reasoning': 70 },
      flags: [],
  },
  {
    id: 'T16 dual writing counts once',
    span: { attributes: { 'openinference.span.kind': 'LLM', 'llm.token_count.prompt': 10, 'gen_ai.usage.input_tokens': 10 } },
    kind: 'MODEL_CALL', input: 10, output: 0, usage: { 'input.uncached': 10 }, flags: [],
  },
  {
    id: 'T21, the vector of the span: a crew that says only a total',
    span: {
      name: 'Crew_1.kickoff', scope: 'openinference.instrumentation.crewai', attributes: { 'openinference.span.kind': 'CHAIN',
        'llm.token_count.total': 500 },
    },
    kind: 'WORKFLOW', input: 0, output: 0, usage: { unsplit: 500 }, flags: ['unsplit_total'],
  },
  {
    id: 'T22 Claude Code 2.1.100 sends numbers as text',
    span: { name: 'claude_code.llm_request', attributes: { input_tokens: '5', cache_read_tokens: '20000', output_tokens: '80' } },
    kind: 'MODEL_CALL', input: 20005, output: 80, usage: { 'input.uncached': 5, 'input.cache_read': 20000, 'output.text': 80 },
      flags: [],
  },
  {
    id: 'T23 anthropic JS under OpenInference drops the cache: a lower bound',
    span: {
      scope: '@arizeai/openinference-instrumentation-anthropic',
      attributes: { 'openinference.span.kind': 'LLM', 'llm.token_count.prompt': 12, 'llm.token_count.completion': 7 },
    },
    kind: 'MODEL_CALL', input: 12, output: 7, usage: { 'input.uncached': 12, 'output.text': 7 }, flags: ['usage_lossy'],
  },
  {
    id: 'T24, the inner span: an embedding that Vercel made',
    span: { name: 'ai.embed.doEmbed', scope: 'ai', attributes: { 'ai.operationId': 'ai.embed.doEmbed', 'ai.usage.tokens': 10 } },
    kind: 'EMBEDDING', input: 10, output: 0, usage: { 'input.uncached': 10 }, flags: [],
  },
  {
    id: 'T25 reading a background answer again costs nothing',
    span: {
      attributes: {
        'gen_ai.operation.name': 'fetch_response', 'gen_ai.provider.name': 'openai', 'gen_ai.response.id': 'resp_1',
        'gen_ai.usage.input_tokens': 10, 'gen_ai.usage.output_tokens': 10,
      },
    },
    kind: 'OTHER', usage: undefined, flags: [],
  },
  {
    id: 'T29 Vercel v5 with Anthropic: the total is a sum the SDK made itself',
    span: {
      name: 'ai.generateText.doGenerate', scope: 'ai',
      attributes: {
        'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.provider': 'anthropic.messages', 'ai.usage.inputTokens': 900,
        'ai.usage.cachedInputTokens': 400, 'ai.usage.outputTokens': 50, 'ai.usage.totalTokens': 950,
      },
    },
    kind: 'MODEL_CALL', input: 1300, output: 50, usage: { 'input.uncached': 900, 'input.cache_read': 400, 'output.text': 50 },
    flags: ['cache_write_hidden'],
  },
  {
    id: 'T29 with the writes in the provider metadata',
    span: {
      name: 'ai.generateText.doGenerate', scope: 'ai',
      attributes: {
        'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.provider': 'anthropic.messages', 'ai.usage.inputTokens': 900,
        'ai.usage.cachedInputTokens': 400, 'ai.usage.outputTokens': 50, 'ai.usage.totalTokens': 950,
        'ai.response.providerMetadata': '{"anthropic":{"cacheCreationInputTokens":70}}',
      },
    },
    kind: 'MODEL_CALL', input: 1370, output: 50,
    usage: { 'input.uncached': 900, 'input.cache_read': 400, 'input.cache_write.5m': 70, 'output.text': 50 },
      flags: ['cache_ttl_unknown'],
  },
]

for (const vector of vectors) {
  test(vector.id, () => {
    const step = interpret(literalSpan(vector.span))
    assert.deepEqual(step.usage, vector.usage)
    assert.deepEqual([...step.usageFlags].sort(), [...(vector.flags ?? [])].sort())
    if (vector.kind !== undefined) assert.equal(kindOfRole[step.role], vector.kind)
    if (step.usage === undefined) return
    const tokens = tokenUsage(step.usage)
    assert.equal(tokens.input, vector.input)
    assert.equal(tokens.output, vector.output)
  })
}

test('T8 keeps the cost the SDK claims', () => {
  const step = interpret(literalSpan({ attributes: { 'openinference.span.kind': 'AGENT', 'llm.cost.total': 0.03 } }))
  assert.equal(step.reportedCost, 30_000_000_000n)
})

test('T9 SDK and platform share the request id', () => {
  const keys = [3, 2].map((kind) => interpret(literalSpan({
    name: 'anthropic.messages.create', kind, scope: kind === 3 ? 'com.anthropic.sdk.typescript' : 'com.anthropic.claude-platform',
    attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'anthropic',
      'anthropic.request.id': 'req_011CSHoEeqs5C35K2UUqR7Fy' },
  })).callKeys)
  assert.deepEqual(keys[0], ['request:req_011CSHoEeqs5C35K2UUqR7Fy'])
  assert.deepEqual(keys[1], keys[0])
})

test('T17 finish reasons as JSON text', () => {
  assert.deepEqual(interpret(literalSpan({ attributes: { 'gen_ai.response.finish_reasons': '["stop"]' } })).finishReasons, ['stop'])
})
