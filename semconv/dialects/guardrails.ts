import { agentDecision } from '../decision.ts'
import type { Dialect } from '../dialect.ts'
import { pythonDict } from '../python-literal.ts'
import { member, word } from '../value.ts'

/**
 * Guardrails AI traces itself, in OpenInference's keys once `openinference-instrumentation-guardrails` names the kinds of its spans:
 * guardrails-ai 0.11.0 with 0.1.27 on PyPI, captured.
 */
export const guardrails: Dialect = {
  name: 'guardrails_ai',
  keys: { policyId: ['validator.name'], judgement: ['output.value'], verdictReason: ['validator.validate.output.error_message'] },
  // Two sums, whatever the provider told.
  counting: [{ source: 'guardrails-ai 0.11.0 on PyPI, captured', input: 'inclusive', lossy: true }],
  refine(draft, reading, span) {
    // Its word for what nobody configured.
    if (draft.user === 'unknown') draft.user = ''
    const decision = agentDecision(draft, reading, span.name, undefined)
    // It goes on with what it found.
    if (decision?.outcome === 'DENY' && span.attributes.get('validator.on_fail') === 'noop') draft.decision = { ...decision, outcome: 'WARN' }
    // Every span is a guardrail to the instrumentation; the model that is asked is none.
    if (span.attributes.get('type') !== 'guardrails/guard/step/call') return
    const tells = reading.count('input') !== undefined || span.attributes.has('llm.invocation_parameters')
    draft.role = tells ? 'model_call' : 'step'
    const model = member(pythonDict(reading.value('parameters')), 'model')
    if (typeof model === 'string') draft.requestModel ||= word(model) ?? ''
  },
}
