import { picoUsd } from '../cost.ts'
import type { Draft } from '../dialect.ts'
import { type JsonObject, member } from '../value.ts'

/**
 * Dify's exporters, for any collector and for Phoenix and Arize, which write OpenInference's words (langgenius/dify
 * api/core/ops/unified_trace/otlp_adapter.py@3718105, arize_phoenix_trace.py@03660c1).
 */
export const isDify = (scope: string): boolean => /^(?:unified|arize_phoenix_tracer)_/.test(scope)

/** `workflow_<id>`, `chatflow_<id>`: another one each run. */
export const nameWithoutRunId = (name: string): string => name.replace(/_[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/, '')

export function refineDify(draft: Draft, metadata: JsonObject | undefined): void {
  reportCost(draft, metadata)
}

/** Its plugins know a price in their own currency. Zero is no claim. */
function reportCost(draft: Draft, metadata: JsonObject | undefined): void {
  if (member(metadata, 'currency') !== 'USD') return
  const cost = picoUsd(member(metadata, 'total_price'))
  if (cost !== 0n) draft.reportedCost ??= cost
}
