import type { SpanRecord } from '../attributes.ts'
import { picoUsd } from '../cost.ts'
import type { Draft } from '../dialect.ts'
import type { Role } from '../facts.ts'
import { asWord } from '../run-metadata.ts'
import { type JsonObject, member, objectMember, parsedObject } from '../value.ts'

/**
 * Dify's exporters, for any collector and for Phoenix and Arize, which write OpenInference's words (langgenius/dify
 * api/core/ops/unified_trace/otlp_adapter.py@3718105, arize_phoenix_trace.py@03660c1).
 */
export const isDify = (scope: string): boolean => /^(?:unified|arize_phoenix_tracer)_/.test(scope)

/** `workflow_<id>`, `chatflow_<id>`: another one each run. */
export const nameWithoutRunId = (name: string): string => name.replace(/_[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/, '')

/**
 * What Dify does by itself around an answer, each of kind TOOL (trace_builder.py@0464a86; `generate_conversation_name` for Phoenix). It
 * moderates, or asks a model without telling what that used.
 */
const ownTasks: Readonly<Record<string, Role>> = {
  moderation: 'guardrail', suggested_question: 'step', generate_name: 'step', generate_conversation_name: 'step',
}

export function refineDify(draft: Draft, metadata: JsonObject | undefined, span: SpanRecord): void {
  reportCost(draft, metadata)
  if (draft.role === 'agent') refineAgent(draft, span)
  // A tool has its name in the metadata, too, and may be called like one of these.
  if (draft.role !== 'tool' || member(metadata, 'tool_name') !== undefined || !Object.hasOwn(ownTasks, span.name)) return
  draft.role = ownTasks[span.name] as Role
  draft.tool = ''
}

/** Its plugins know a price in their own currency. Zero is no claim. */
function reportCost(draft: Draft, metadata: JsonObject | undefined): void {
  if (member(metadata, 'currency') !== 'USD') return
  const cost = picoUsd(member(metadata, 'total_price'))
  if (cost !== 0n) draft.reportedCost ??= cost
}

/** A node is called by its type and title. Its tokens are those of the one model that its strategy was given (nodes/agent/runtime_support.py@02b5705, `for_log`). */
function refineAgent(draft: Draft, span: SpanRecord): void {
  draft.agent = draft.agent.replace(/^agent_/, '')
  if (draft.requestModel !== '') return
  const model = objectMember(parsedObject(span.attributes.get('input.value')), 'model')
  draft.requestModel = asWord(member(model, 'model')) ?? ''
  draft.provider ||= asWord(member(model, 'provider')) ?? ''
}
