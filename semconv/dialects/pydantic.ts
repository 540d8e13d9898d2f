import type { Attributes, SpanRecord } from '../attributes.ts'
import { bodyCounts } from '../body-counts.ts'
import type { Dialect, Draft } from '../dialect.ts'
import { bodyTerms } from '../price-terms.ts'
import type { Reading } from '../reading.ts'
import { type JsonObject, member, objectMember, parsedObject, tokenCount, word } from '../value.ts'

const aggregated = {
  input: ['gen_ai.usage.input_tokens', 'gen_ai.aggregated_usage.input_tokens'],
  output: ['gen_ai.usage.output_tokens', 'gen_ai.aggregated_usage.output_tokens'],
  cacheRead: [
    'gen_ai.usage.cache_read.input_tokens', 'gen_ai.usage.details.cache_read_tokens',
    'gen_ai.aggregated_usage.cache_read.input_tokens',
    'gen_ai.aggregated_usage.details.cache_read_tokens',
  ],
  cacheWrite: [
    'gen_ai.usage.cache_write.input_tokens', 'gen_ai.usage.cache_creation.input_tokens', 'gen_ai.usage.details.cache_write_tokens',
    'gen_ai.aggregated_usage.cache_write.input_tokens', 'gen_ai.aggregated_usage.cache_creation.input_tokens',
    'gen_ai.aggregated_usage.details.cache_write_tokens',
  ],
  reasoning: [
    'gen_ai.usage.reasoning.output_tokens', 'gen_ai.usage.details.reasoning_tokens',
    'gen_ai.aggregated_usage.reasoning.output_tokens',
    'gen_ai.aggregated_usage.details.reasoning_tokens',
  ],
}

/** pydantic/pydantic-ai@4fda389, instrumentation versions 1 to 6. */
export const pydanticAi: Dialect = {
  name: 'pydantic_ai',
  keys: {
    ...aggregated,
    agent: ['gen_ai.agent.name', 'agent_name'],
    toolArguments: ['gen_ai.tool.call.arguments', 'tool_arguments'],
    messages: ['pydantic_ai.all_messages', 'all_messages_events', 'events'],
    cost: ['operation.cost'],
    requestModel: ['gen_ai.request.model', 'model_name'],
  },
  counting: [
    { source: 'pydantic-ai-slim 1.30.0 and 1.31.0 on PyPI (models/bedrock.py)', below: '1.31', providers: ['aws.bedrock'], input: 'exclusive', lossy: true },
    { source: 'pydantic-ai-slim 1.39.0 and 1.39.1 on PyPI (models/bedrock.py)', below: '1.39.1', providers: ['aws.bedrock'], input: 'exclusive' },
    { source: 'pydantic-ai-slim 0.7.0 and 0.8.0 on PyPI (models/google.py)', below: '0.8', providers: ['gcp.gemini', 'gcp.vertex_ai'], input: 'inclusive', output: 'exclusive' },
    { source: 'pydantic/pydantic-ai@4fda389', input: 'inclusive', output: 'inclusive' },
  ],
  refine(draft, _reading, span) {
    // Version 2 names its agent and tool spans in words.
    if (span.name === 'agent run') draft.role = 'agent'
    if (draft.role === 'tool') deferral(draft, span.attributes.get('pydantic_ai.tool.deferral.name'))
  },
}

/** The tool was handed out for approval or to somebody else: it did not run here. */
function deferral(draft: Draft, name: unknown): void {
  if (name !== 'ApprovalRequired' && name !== 'CallDeferred') return
  draft.executed = false
  if (name === 'CallDeferred') return
  draft.decision = { policyId: 'pydantic_ai.tool.approval', policyVersion: 0, outcome: 'REQUIRE_APPROVAL', reason: name, target: draft.tool }
}

/**
 * pydantic/logfire@e484a6b: the same words, and for Claude's agent SDK a root that alone has the whole usage. Captured from
 * logfire 5.2.0: parts of the usage stand in `gen_ai.usage.raw`, the provider's own body.
 */
export const logfire: Dialect = {
  name: 'logfire',
  keys: {
    ...aggregated,
    cost: ['operation.cost'],
    usageDetails: ['gen_ai.usage.raw'],
    partialInput: ['gen_ai.usage.partial.input_tokens'],
    partialOutput: ['gen_ai.usage.partial.output_tokens'],
    partialCacheRead: ['gen_ai.usage.partial.cache_read.input_tokens'],
    partialCacheWrite: ['gen_ai.usage.partial.cache_write.input_tokens', 'gen_ai.usage.partial.cache_creation.input_tokens'],
  },
  counting: [
    { source: 'logfire 4.18.0, 4.28.0 and 4.33.0 on PyPI (llm_providers/anthropic.py)', scope: (scope) => scope === 'logfire.anthropic',
      when: (attributes) => answeredUsage(attributes) !== undefined, input: 'exclusive' },
    { source: 'pydantic/logfire@e484a6b', input: 'inclusive', output: 'inclusive' },
  ],
  counts(counts, reading, span) {
    const answered = answeredUsage(span.attributes)
    counts.input ??= tokenCount(member(answered, 'input_tokens'))
    counts.output ??= tokenCount(member(answered, 'output_tokens'))
    bodyCounts(counts, answered ?? parsedObject(reading.value('usageDetails')))
  },
  refine(draft, reading, span) {
    if (draft.role === 'model_call') stream(draft, reading, span)
    else if (draft.role === 'span' && span.scope.name === 'logfire.anthropic' && answeredUsage(span.attributes) !== undefined) nameMessage(draft, span.attributes)
    draft.serviceTier ||= bodyTerms(parsedObject(reading.value('usageDetails')))
    if (draft.role === 'agent' && /claude/.test(span.scope.name)) draft.usageAuthoritative = true
  },
}

/** The provider's own body, before it had a key. */
function answeredUsage(attributes: Attributes): JsonObject | undefined {
  const answer = attributes.get('response_data')
  if (attributes.has('gen_ai.usage.raw') || typeof answer !== 'string' || !answer.includes('"usage":')) return undefined
  return objectMember(parsedObject(answer), 'usage')
}

/** Anthropic's messages had none of the conventions' keys up to 4.18: `Message with 'claude-sonnet-4-5'`. */
function nameMessage(draft: Draft, attributes: Attributes): void {
  draft.role = 'model_call'
  draft.provider ||= 'anthropic'
  draft.requestModel ||= word(/^Message with '([^']{1,256})'/.exec(String(attributes.get('logfire.msg') ?? ''))?.[1]) ?? ''
}

/**
 * A streamed call is told twice: by the request, which ends before anything was answered, and by a record without
 * duration when the stream ends. The record is the call; a request that failed, or was answered at once, is one too.
 */
function stream(draft: Draft, reading: Reading, span: SpanRecord): void {
  const isRecord = span.attributes.get('logfire.span_type') === 'log'
  const answered = draft.responseId !== '' || reading.count('input') !== undefined || reading.count('output') !== undefined ||
    reading.count('partialInput') !== undefined
  if (isRecord) draft.streaming = true
  if (isRecord || answered || span.statusCode === 2 || !span.attributes.has('request_data')) return
  draft.role = 'step'
  draft.streaming = true
}
