/**
 * Which attribute holds which fact. Everything here is data, because `gen_ai.*` is in development and renames are the
 * rule: a rename is a row. Order is preference, and two keys of one row are never added.
 *
 * Pinned: open-telemetry/semantic-conventions-genai model/gen-ai/registry.yaml@e9de14ba, token-metrics.yaml@066d4a7f,
 * mcp/spans.yaml@5c50d346, docs/gen-ai/non-normative/migration.md@32c328e (`current`);
 * open-telemetry/semantic-conventions@384d661, v1.44.0, and its history back to 1.26 (`older`).
 */

/** Versions that a span is judged by, where something says what it lacks. */
export const conventions = {
  genai: 'semantic-conventions-genai@e9de14ba',
  general: 'semantic-conventions@384d661 (1.44.0)',
  otlp: 'opentelemetry-proto 1.11.0',
} as const

/** `word`: text that identifies; `count`: tokens; `any`: read by who needs it. */
type FieldType = 'word' | 'count' | 'any'

export const fieldTypes = {
  /** The type an instrumentation gives its span in words of its own. */
  kind: 'word',
  operation: 'word',
  mcpMethod: 'word',
  provider: 'word',
  serverAddress: 'word',
  requestModel: 'word',
  responseModel: 'word',
  responseId: 'word',
  /** The provider's id of the HTTP request. */
  requestId: 'word',
  agent: 'word',
  agentId: 'word',
  workflow: 'word',
  session: 'word',
  user: 'word',
  /** A list, JSON text of one, or words with commas between them. */
  tags: 'any',
  tool: 'word',
  toolCallId: 'word',
  toolArguments: 'any',
  /** A name whose meaning depends on the kind. */
  entity: 'word',
  handoffTo: 'word',
  errorType: 'word',
  errorMessage: 'word',
  finishReasons: 'any',
  streaming: 'any',
  firstChunkSeconds: 'any',
  firstChunkMillis: 'any',
  /** RFC 3339, or JSON text of it. */
  firstChunkAt: 'any',
  servedTier: 'word',
  requestedTier: 'word',
  /** True, or the id of the batch the call was part of. */
  batch: 'any',
  /** Faster at another price: Anthropic's `fast`. */
  speed: 'word',
  /** Where the model ran, as far as it decides the price. */
  region: 'word',
  /** JSON of request parameters. */
  parameters: 'any',
  /** JSON of whatever the application attached. */
  metadata: 'any',
  /** Only to recognise a model call that says no operation. */
  messages: 'any',
  input: 'count',
  output: 'count',
  cacheRead: 'count',
  cacheWrite: 'count',
  cacheWrite5m: 'count',
  cacheWrite1h: 'count',
  reasoning: 'count',
  audioInput: 'count',
  audioOutput: 'count',
  audioCacheRead: 'count',
  imageInput: 'count',
  imageOutput: 'count',
  /** Tokens of tool results that Gemini counts beside the prompt. */
  toolUseInput: 'count',
  total: 'count',
  webSearches: 'count',
  fileSearches: 'count',
  codeExecutions: 'count',
  audioSeconds: 'count',
  /** Tokens of the requests that summed a call's history up, where its usage leaves them out. */
  compactionInput: 'count',
  compactionOutput: 'count',
  partialInput: 'count',
  partialOutput: 'count',
  partialCacheRead: 'count',
  partialCacheWrite: 'count',
  /** JSON of counts under names of the dialect. */
  usageDetails: 'any',
  inputDetails: 'any',
  outputDetails: 'any',
  providerMetadata: 'any',
  cost: 'any',
  costMicros: 'any',
  costInput: 'any',
  costOutput: 'any',
  verdict: 'any',
  /** What a guardrail span put out: holds the verdict in words of its own. Read on guardrail spans only. */
  judgement: 'any',
  verdictReason: 'word',
  policyId: 'word',
  policyVersion: 'any',
  verdictTarget: 'word',
} as const satisfies Record<string, FieldType>

export type Field = keyof typeof fieldTypes
export type CountField = { [F in Field]: (typeof fieldTypes)[F] extends 'count' ? F : never }[Field]
export type WordField = { [F in Field]: (typeof fieldTypes)[F] extends 'word' ? F : never }[Field]
export type Keys = Readonly<Partial<Record<Field, readonly string[]>>>

/** semantic-conventions-genai at the commits above. */
export const current: Keys = {
  operation: ['gen_ai.operation.name'],
  mcpMethod: ['mcp.method.name'],
  provider: ['gen_ai.provider.name'],
  serverAddress: ['server.address'],
  requestModel: ['gen_ai.request.model'],
  responseModel: ['gen_ai.response.model'],
  responseId: ['gen_ai.response.id'],
  agent: ['gen_ai.agent.name'],
  agentId: ['gen_ai.agent.id'],
  workflow: ['gen_ai.workflow.name'],
  session: ['gen_ai.conversation.id', 'session.id'],
  user: ['user.id'],
  tool: ['gen_ai.tool.name'],
  toolCallId: ['gen_ai.tool.call.id'],
  toolArguments: ['gen_ai.tool.call.arguments'],
  errorType: ['error.type'],
  errorMessage: ['error.message'],
  finishReasons: ['gen_ai.response.finish_reasons'],
  streaming: ['gen_ai.request.stream'],
  firstChunkSeconds: ['gen_ai.response.time_to_first_chunk', 'gen_ai.client.operation.time_to_first_chunk'],
  servedTier: ['openai.response.service_tier'],
  requestedTier: ['openai.request.service_tier'],
  messages: ['gen_ai.output.messages', 'gen_ai.input.messages'],
  input: ['gen_ai.usage.input_tokens'],
  output: ['gen_ai.usage.output_tokens'],
  cacheRead: ['gen_ai.usage.cache_read.input_tokens'],
  // Renamed from cache_creation by semantic-conventions-genai#440.
  cacheWrite: ['gen_ai.usage.cache_write.input_tokens', 'gen_ai.usage.cache_creation.input_tokens'],
  reasoning: ['gen_ai.usage.reasoning.output_tokens'],
  audioInput: ['gen_ai.usage.audio.input_tokens'],
  audioOutput: ['gen_ai.usage.audio.output_tokens'],
  audioCacheRead: ['gen_ai.usage.audio.cache_read.input_tokens'],
  imageInput: ['gen_ai.usage.image.input_tokens'],
  imageOutput: ['gen_ai.usage.image.output_tokens'],
  // Proposal semantic-conventions-genai#427; the two earlier generations of names are in `older`.
  verdict: ['gen_ai.guardrail.action.type', 'gen_ai.guardrail.verdict.type'],
  verdictReason: ['gen_ai.guardrail.verdict.reason', 'gen_ai.guardrail.verdict.code'],
  policyId: [
    'gen_ai.guardrail.security.policy.id', 'gen_ai.guardrail.security.policy.name', 'gen_ai.guardrail.component.name',
  ],
  policyVersion: ['gen_ai.guardrail.security.policy.version'],
  verdictTarget: ['gen_ai.guardrail.target.id', 'gen_ai.guardrail.target.subtype', 'gen_ai.guardrail.target.type'],
  // Proposal semantic-conventions-genai#443.
  cost: ['gen_ai.usage.cost.total', 'gen_ai.usage.cost.total_cost'],
  costInput: ['gen_ai.usage.cost.input'],
  costOutput: ['gen_ai.usage.cost.output'],
}

/** semantic-conventions 1.26 to 1.36, and names its proposals had. */
export const older: Keys = {
  provider: ['gen_ai.system'],
  user: ['enduser.id', 'gen_ai.openai.request.user'],
  requestedTier: ['gen_ai.openai.request.service_tier'],
  servedTier: ['gen_ai.openai.response.service_tier'],
  // Semantic Kernel for .NET up to 1.18 has them under `response`.
  input: ['gen_ai.usage.prompt_tokens', 'gen_ai.response.prompt_tokens'],
  output: ['gen_ai.usage.completion_tokens', 'gen_ai.response.completion_tokens'],
  messages: ['gen_ai.prompt', 'gen_ai.completion'],
  verdict: [
    'gen_ai.security.action.type', 'gen_ai.security.verdict.type', 'gen_ai.security.decision.type', 'gen_ai.guardian.verdict.type',
  ],
  verdictReason: ['gen_ai.security.verdict.reason', 'gen_ai.security.decision.reason', 'gen_ai.guardian.verdict.reason'],
  policyId: ['gen_ai.security.policy.id', 'gen_ai.security.policy.name', 'gen_ai.guardian.id', 'gen_ai.guardian.name'],
  policyVersion: ['gen_ai.security.policy.version', 'gen_ai.guardian.version'],
  verdictTarget: ['gen_ai.security.target.id', 'gen_ai.security.target.type'],
}

/** A name that a convention had before, the one it has now, and the version that changed it. */
export interface Renaming {
  readonly now: string
  readonly since: string
}

/** semantic-conventions' changelog; `cache_creation` by docs/gen-ai/non-normative/migration.md@32c328e (#440). */
export const renamings: Readonly<Record<string, Renaming>> = {
  'gen_ai.system': { now: 'gen_ai.provider.name', since: 'semantic-conventions 1.37' },
  'gen_ai.usage.prompt_tokens': { now: 'gen_ai.usage.input_tokens', since: 'semantic-conventions 1.27' },
  'gen_ai.usage.completion_tokens': { now: 'gen_ai.usage.output_tokens', since: 'semantic-conventions 1.27' },
  'gen_ai.prompt': { now: 'gen_ai.input.messages', since: 'semantic-conventions 1.37' },
  'gen_ai.completion': { now: 'gen_ai.output.messages', since: 'semantic-conventions 1.37' },
  'gen_ai.openai.request.seed': { now: 'gen_ai.request.seed', since: 'semantic-conventions 1.30' },
  'gen_ai.openai.request.service_tier': { now: 'openai.request.service_tier', since: 'semantic-conventions 1.37' },
  'gen_ai.openai.response.service_tier': { now: 'openai.response.service_tier', since: 'semantic-conventions 1.37' },
  'gen_ai.usage.cache_creation.input_tokens': { now: 'gen_ai.usage.cache_write.input_tokens', since: 'semantic-conventions-genai@32c328e' },
}

/**
 * Keys that several emitters share and no convention names.
 * OpenLIT (`gen_ai.usage.cost`, `reasoning_tokens`, `request.user`), Langtrace (`response_id`, `cached_tokens`), Laminar lmnr-ai/lmnr@39a1e59 (`ephemeral_*`, `lmnr.*`), opencode,
 * microsoft/agent-governance-toolkit, OpenRouter, Spring AI 1.1 and 2.0 (`spring.ai.*`), Sentry (`….cached`, `….cache_write`, `….reasoning`).
 */
export const shared: Keys = {
  // traceAI's and LoongSuite's `gen_ai.span.kind`; `log_type` of Respan's integrations, which was Keywords AI; Patronus'.
  kind: ['lmnr.span.type', 'spring.ai.kind', 'gen_ai.span.kind', 'respan.entity.log_type', 'keywordsai.entity.log_type', 'pat.span.type'],
  // Netra's and Respan's SDKs say whose run it is on every span of the application, DeepEval on those of others.
  agent: ['netra.agent.name'],
  workflow: ['netra.workflow.name'],
  session: ['conversation.id', 'lmnr.association.properties.session_id', 'spring.ai.chat.client.conversation.id', 'netra.session_id',
    'respan.threads.thread_identifier', 'respan.sessions.session_identifier', 'keywordsai.threads.thread_identifier', 'confident.trace.thread_id',
    // Galileo's processor, on every span of the application.
    'galileo.session.id'],
  tool: ['spring.ai.tool.definition.name'],
  // OpenHands under Laminar.
  toolCallId: ['spring.ai.tool.call.id', 'lmnr.association.properties.metadata.tool_call_id'],
  toolArguments: ['spring.ai.tool.call.arguments'],
  user: ['lmnr.association.properties.user_id', 'netra.user_id', 'respan.customer_params.customer_identifier', 'keywordsai.customer_params.customer_identifier', 'confident.trace.user_id', 'gen_ai.request.user', 'user.account_uuid', 'user.email'],
  responseId: ['gen_ai.response_id'],
  tags: ['spanledger.tags', 'logfire.tags', 'lmnr.association.properties.tags', 'confident.trace.tags'],
  cacheRead: [
    'gen_ai.usage.cache_read_input_tokens', 'gen_ai.usage.details.cache_read_tokens', 'gen_ai.usage.details.cached_tokens',
    'gen_ai.usage.input_cached_tokens', 'gen_ai.usage.cached_input_tokens', 'gen_ai.usage.cached_tokens',
  ],
  cacheWrite: [
    'gen_ai.usage.cache_creation_input_tokens', 'gen_ai.usage.cache_write_input_tokens', 'gen_ai.usage.details.cache_write_tokens',
    'gen_ai.usage.input_tokens.cache_write',
  ],
  cacheWrite5m: ['gen_ai.usage.cache_creation.input_tokens.ephemeral_5m'],
  cacheWrite1h: ['gen_ai.usage.cache_creation.input_tokens.ephemeral_1h'],
  // `thoughts_tokens`, `…_prompt_tokens`, `…_candidates_tokens`: pydantic-ai with Gemini.
  reasoning: ['gen_ai.usage.reasoning_tokens', 'gen_ai.usage.details.reasoning_tokens', 'gen_ai.usage.details.thoughts_tokens',
    'gen_ai.usage.output_tokens.reasoning'],
  imageInput: ['gen_ai.usage.details.image_prompt_tokens'],
  imageOutput: ['gen_ai.usage.details.image_candidates_tokens'],
  audioInput: ['gen_ai.usage.audio_input_tokens', 'gen_ai.usage.details.input_audio_tokens'],
  audioOutput: ['gen_ai.usage.audio_output_tokens', 'gen_ai.usage.details.output_audio_tokens'],
  audioCacheRead: ['gen_ai.usage.details.cache_audio_read_tokens'],
  total: ['gen_ai.usage.total_tokens', 'llm.usage.total_tokens'],
  // No convention names what follows: `spanledger.*` is ours, the rest are names under which providers' counts were passed on.
  webSearches: [
    'spanledger.usage.web_searches', 'gen_ai.usage.web_search_requests', 'gen_ai.usage.server_tool_use.web_search_requests',
    'gen_ai.usage.details.web_searches', 'gen_ai.usage.details.web_search_requests',
  ],
  fileSearches: ['spanledger.usage.file_searches', 'gen_ai.usage.details.file_searches'],
  codeExecutions: [
    'spanledger.usage.code_executions', 'gen_ai.usage.server_tool_use.code_execution_requests', 'gen_ai.usage.details.code_executions',
  ],
  audioSeconds: ['spanledger.usage.audio_seconds', 'gen_ai.usage.audio_seconds', 'gen_ai.usage.details.audio_seconds'],
  batch: ['spanledger.batch', 'gen_ai.request.batch', 'gen_ai.batch.id'],
  speed: ['spanledger.speed', 'gen_ai.request.speed'],
  region: ['spanledger.region', 'gen_ai.response.inference_geo', 'gen_ai.request.inference_geo', 'aws.bedrock.region'],
  servedTier: ['gen_ai.response.service_tier', 'spanledger.service_tier'],
  requestedTier: ['gen_ai.request.service_tier'],
  cost: [
    'gen_ai.usage.cost', 'operation.cost', 'llm.cost.total', 'langfuse.observation.cost_details', 'mlflow.llm.cost',
    'gen_ai.usage.total_cost', 'opencode.llm.cost.total', 'gen_ai.cost.usd', 'agent.sre.span.cost_usd', 'openrouter.usage.cost',
  ],
  costInput: ['gen_ai.usage.input_cost', 'llm.cost.prompt'],
  costOutput: ['gen_ai.usage.output_cost', 'llm.cost.completion'],
  handoffTo: ['gen_ai.handoff.to_agent', 'agent.delegation.to', 'langgraph.command.goto_node'],
}

/**
 * Fields where what the conventions name beats what the span's own dialect names: identity must come out the same
 * whichever instrumentation wrote the span.
 */
export const conventionFirst: ReadonlySet<Field> = new Set<Field>(['session', 'user', 'agent'])

/** Resource attributes that stand in for a span that does not say. */
export const resourceKeys: Keys = {
  agent: ['gen_ai.main_agent.name'],
  agentId: ['gen_ai.main_agent.id'],
  session: ['gen_ai.conversation.id', 'session.id'],
  user: ['user.id', 'enduser.id', 'user.account_uuid', 'user.email'],
  tags: ['spanledger.tags'],
}
