import type { SpanRecord } from '../attributes.ts'
import type { Dialect, Draft } from '../dialect.ts'
import { kindRoles, roleOfOperation } from '../role.ts'
import { word } from '../value.ts'

/**
 * Datadog's tracer, which exports OTLP where `OTEL_TRACES_EXPORTER` says so (ddtrace 4.16.0 on PyPI and dd-trace 6.21.0 on npm, captured;
 * llmobs/_utils.py and llmobs/_integrations): the conventions, whose model is the one that answered, beside keys of its own, which older versions have alone.
 */
export const datadog: Dialect = {
  name: 'datadog',
  keys: {
    provider: ['gen_ai.provider.name', '_dd.llmobs.model_provider'],
    requestModel: ['openai.request.model', 'gen_ai.request.model', '_dd.llmobs.model_name'],
    responseModel: ['openai.response.model', 'gen_ai.response.model'],
    responseId: ['openai.response.id'],
    input: ['gen_ai.usage.input_tokens', '_dd.llmobs.input_tokens'],
    output: ['gen_ai.usage.output_tokens', '_dd.llmobs.output_tokens'],
    cacheRead: ['gen_ai.usage.cache_read_input_tokens', '_dd.llmobs.cache_read_input_tokens'],
    cacheWrite: ['gen_ai.usage.cache_write_input_tokens', '_dd.llmobs.cache_write_input_tokens'],
    reasoning: ['gen_ai.usage.reasoning_output_tokens'],
    total: ['gen_ai.usage.total_tokens', '_dd.llmobs.total_tokens'],
  },
  counting: [{ source: 'ddtrace 4.16.0 on PyPI (llmobs/_integrations), which adds the cache and the thoughts up', input: 'inclusive', output: 'inclusive' }],
  refine(draft, _, span) {
    draft.role = roleOfKind(word(span.attributes.get('_dd.llmobs.span_kind')) ?? draft.operation) ?? draft.role
    nameFromOperation(draft, span)
  },
}

/** Its `span.type` is `llm` for agents and tools, too. */
function roleOfKind(kind: string): Draft['role'] | undefined {
  return roleOfOperation(kind) ?? (Object.hasOwn(kindRoles, kind) ? kindRoles[kind] : undefined)
}

/** What runs is its operation; the span is named after the kind of it. */
function nameFromOperation(draft: Draft, span: SpanRecord): void {
  const name = word(span.attributes.get('operation.name')) ?? ''
  if (draft.role === 'agent') draft.agent ||= name
  if (draft.role === 'tool') draft.tool ||= name
  if (draft.role === 'workflow') draft.workflow ||= name
}
