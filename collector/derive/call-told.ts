import { callKeyId, type CallKeyRow } from '#clickhouse/tables/call-keys.ts'
import type { SpanFacts } from '#semconv/facts.ts'
import { inputTokens, outputTokens } from '#semconv/usage-sums.ts'

/** A span somewhere that tells a provider's answer: a row of `call_keys` without the tenant. */
export type CallTold = Omit<CallKeyRow, 'tenant'>

/** Everything one span says about the provider's answers it carries. */
export function callsTold(span: SpanFacts): CallTold[] {
  const { step } = span
  const usage = step.usage ?? {}
  return step.callKeys.map((key) => ({
    key: callKeyId(key), traceId: span.traceId, spanId: span.spanId, startedAt: span.startedAt, endedAt: span.endedAt,
    service: span.service, scopeName: span.scopeName, model: step.responseModel === '' ? step.requestModel : step.responseModel,
    inputTokens: inputTokens(usage), outputTokens: outputTokens(usage),
  }))
}
