import type { Attributes } from '../attributes.ts'
import type { Dialect, Draft } from '../dialect.ts'
import { nameLangchainTool } from '../langchain.ts'

const source = 'traceloop/openllmetry@93429cf'
const langchain = (scope: string) => scope === 'opentelemetry.instrumentation.langchain'
const bedrock = (scope: string) => scope === 'opentelemetry.instrumentation.bedrock'
const openai = (scope: string) => scope.startsWith('opentelemetry.instrumentation.openai.')
const langchainJs = (scope: string) => scope === '@traceloop/instrumentation-langchain'

/** OpenLLMetry, traceloop/openllmetry@93429cf (0.62.1) and traceloop/openllmetry-js@1faf69d. */
export const openllmetry: Dialect = {
  name: 'openllmetry',
  keys: {
    kind: ['traceloop.span.kind', 'llm.request.type'],
    workflow: ['traceloop.workflow.name', 'gen_ai.workflow.name', 'crewai.crew.name'],
    entity: ['traceloop.entity.name'],
    // The last is Raindrop's (raindrop-ai 0.0.75 on PyPI, analytics.py).
    session: associated('session_id', 'sessionId', 'conversation_id', 'conversationId', 'thread_id', 'threadId', 'chat_id', 'chatId', 'convo_id'),
    user: [...associated('user_id', 'userId'), 'llm.user', 'gen_ai.user'],
    tags: associated('tags'),
    agent: associated('lc_agent_name'),
    toolArguments: ['traceloop.entity.input', 'tool.arguments'],
    finishReasons: ['gen_ai.response.finish_reasons', 'gen_ai.response.finish_reason', 'gen_ai.response.stop_reason',
      'gen_ai.completion.0.finish_reason'],
    streaming: ['llm.is_streaming', 'gen_ai.is_streaming'],
    messages: ['gen_ai.completion.0.content', 'gen_ai.prompt.0.content', 'gen_ai.prompt.0.role'],
    input: ['gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens', 'llm.usage.prompt_tokens'],
    output: ['gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens', 'llm.usage.completion_tokens'],
    cacheRead: ['gen_ai.usage.cache_read_input_tokens'],
    cacheWrite: ['gen_ai.usage.cache_creation_input_tokens'],
    reasoning: ['gen_ai.usage.reasoning_tokens', 'llm.usage.reasoning_tokens'],
    total: ['gen_ai.usage.total_tokens', 'llm.usage.total_tokens'],
    handoffTo: ['gen_ai.handoff.to_agent', 'langgraph.command.goto_node'],
    verdict: ['gen_ai.guardrail.status'],
    verdictReason: ['gen_ai.guardrail.error.message', 'gen_ai.guardrail.error.type'],
    policyId: ['gen_ai.guardrail.name'],
  },
  counting: [
    // InvokeModel's answer has the cache, which no key tells.
    { source: 'captured from 0.27.0', scope: (scope) => scope === '@traceloop/instrumentation-bedrock', when: (attributes) => tellsNoCache(attributes) && cachesPrompts(attributes),
      input: 'exclusive', lossy: true },
    // Inclusive since #1026 and #1028 (2026-06), exclusive before; 0.27.0 on npm writes the new keys and is not inclusive yet.
    { source: 'captured from 0.27.0', scope: (scope) => scope === '@traceloop/instrumentation-anthropic', below: '0.27.1',
      when: writesNewCacheKeys, input: 'exclusive' },
    { source: '@traceloop/instrumentation-anthropic 0.12.0, 0.20.0 and 0.27.0 on npm (dist/index.js)', scope: (scope) => scope === '@traceloop/instrumentation-anthropic', below: '0.27.0',
      when: tellsNoCache, input: 'exclusive', lossy: true },
    { source: 'traceloop/openllmetry-js@1faf69d #1026', scope: jsAnthropic, below: '0.27.0', input: 'exclusive' },
    { source: 'traceloop/openllmetry-js@1faf69d #1026', scope: jsAnthropic, input: 'inclusive' },
    // Neither what was cached nor what was thought.
    { source: 'captured from 0.27.0', scope: (scope) => scope === '@traceloop/instrumentation-openai', when: isNoEmbedding, input: 'inclusive', output: 'inclusive', lossy: true },
    { source: 'captured from 0.27.0', scope: (scope) => scope === '@traceloop/instrumentation-vertexai', input: 'inclusive', lossy: true },
    // Although LangChain tells both.
    { source: 'captured from 0.27.0', scope: langchainJs, input: 'inclusive', output: 'inclusive', lossy: true },
    // Converse has keys for the cache; InvokeModel where its headers tell one, which those of a stream do not.
    { source: 'opentelemetry-instrumentation-bedrock 0.62.4 on PyPI, captured', scope: bedrock, when: (attributes) => tellsNoCache(attributes) && cachesPrompts(attributes),
      input: 'exclusive', lossy: true },
    { source, scope: bedrock, input: 'exclusive' },
    { source: 'opentelemetry-instrumentation-anthropic 0.50.1 on PyPI (streaming.py), captured', scope: (scope) => scope === 'opentelemetry.instrumentation.anthropic',
      when: tellsNoCache, input: 'inclusive', lossy: true },
    { source, scope: (scope) => scope === 'opentelemetry.instrumentation.anthropic', input: 'inclusive' },
    { source: 'opentelemetry-instrumentation-openai 0.30.1 on PyPI, captured; 0.40.14 has a key', scope: openai, below: '0.40.14',
      when: (attributes) => tellsNoCache(attributes) && isNoEmbedding(attributes), input: 'inclusive', output: 'inclusive', lossy: true },
    { source, scope: openai, input: 'inclusive', output: 'inclusive' },
    { source: 'netra-sdk 1.2.2 on PyPI, captured', scope: (scope) => scope === 'netra.instrumentation.openai', input: 'inclusive', output: 'inclusive' },
    { source: 'opentelemetry-instrumentation-groq and -vertexai 0.40.14 on PyPI, captured; 0.62.4 have keys', below: '0.41.0', when: tellsNoCache,
      scope: (scope) => scope === 'opentelemetry.instrumentation.groq' || scope === 'opentelemetry.instrumentation.vertexai', input: 'inclusive', lossy: true },
    { source: 'opentelemetry-instrumentation-langchain 0.38.12 on PyPI, captured', scope: langchain, below: '0.39.0', when: tellsNoCache, input: 'inclusive', lossy: true },
    // LangChain says zero beside the writes by lifetime, which have no key (langchain-anthropic 1.7.10).
    { source: 'opentelemetry-instrumentation-langchain 0.62.4 on PyPI, captured', scope: langchain, providers: ['anthropic'], input: 'inclusive', hidesCacheWrites: true },
    { source, scope: (scope) => scope === 'opentelemetry.instrumentation.google_generativeai', output: 'exclusive' },
  ],
  counts(counts, reading, span) {
    // Searches, under the key for tokens: captured from 0.27.0.
    if (span.scope.name === '@traceloop/instrumentation-cohere' && reading.word('kind') === 'rerank') counts.total = undefined
  },
  refine(draft, reading, span) {
    const entity = reading.word('entity')
    // Older ones name the model's maker.
    if (bedrock(span.scope.name)) draft.provider = 'aws.bedrock'
    // Its CrewAI says `invoke_agent` of the crew too, its LlamaIndex `task` of a tool's call.
    if (draft.role === 'agent' && span.name.endsWith('.workflow')) draft.role = 'workflow'
    if (draft.role === 'step' && span.attributes.has('tool.name')) draft.role = 'tool'
    // SageMaker's endpoints and Bedrock's Converse in JavaScript, of which it tells no more.
    if (draft.role === 'span' && isCompletion(span.name)) draft.role = 'model_call'
    if (span.scope.name === 'opentelemetry.instrumentation.openai_agents') nameAgent(draft, entity, span.name)
    if (draft.role === 'agent') draft.agent = draft.agent || entity || span.name.replace(/\.agent$/, '')
    // Its entity is the tool's class, `DynamicStructuredTool`.
    if (draft.role === 'tool' && langchainJs(span.scope.name)) nameLangchainTool(draft, span.attributes.get('traceloop.entity.output'))
    if (draft.role === 'tool') draft.tool ||= entity || span.name.replace(/\.tool$/, '')
    // LangGraph under Traceloop: the id is the run's, new each time.
    draft.agentId = ''
  },
}

/**
 * OpenTelemetry's `openai-agents-v2` 0.1.0 (captured) has the scope of OpenLLMetry's: the trace itself is an `invoke_agent`
 * without a name, and whatever is no agent has a default one.
 */
function nameAgent(draft: Draft, entity: string, spanName: string): void {
  if (draft.role === 'agent' && draft.agent === '' && entity === '') {
    draft.role = 'workflow'
    draft.workflow ||= spanName
  } else if (draft.role !== 'agent' && draft.agent === 'OpenAI Agent') draft.agent = ''
}

/** The application names these itself: snake case in python, mostly camel case in JavaScript. */
function associated(...names: readonly string[]): readonly string[] {
  return names.map((name) => `traceloop.association.properties.${name}`)
}

function jsAnthropic(scope: string): boolean {
  return scope === '@traceloop/instrumentation-anthropic' || scope === '@traceloop/instrumentation-bedrock'
}

const isCompletion = (name: string) => name === 'sagemaker.completion' || name === 'bedrock.completion'

function isNoEmbedding(attributes: Attributes): boolean {
  return attributes.get('llm.request.type') !== 'embedding' && attributes.get('gen_ai.operation.name') !== 'embeddings'
}

function tellsNoCache(attributes: Attributes): boolean {
  return !attributes.has('gen_ai.usage.cache_read_input_tokens') && !attributes.has('gen_ai.usage.cache_read.input_tokens')
}

/** Models whose prompts Bedrock caches, by their names without the maker's. */
function cachesPrompts(attributes: Attributes): boolean {
  const model = attributes.get('gen_ai.request.model')
  return typeof model === 'string' && /claude|nova/.test(model)
}

function writesNewCacheKeys(attributes: Attributes): boolean {
  return attributes.has('gen_ai.usage.cache_read.input_tokens') || attributes.has('gen_ai.usage.cache_creation.input_tokens')
}
