import { costBases, decisionPlaces, ledgerKinds, outcomes, policyModes, runStatuses, stepKinds } from '#semconv/facts.ts'
import { enumOf } from './shape.ts'

/** The closed lists of `semconv/facts.ts`, as the API says them. */

export const RunStatusEnum = enumOf('RunStatus', 'How a run stands.', runStatuses, {
  RUNNING: 'No root has ended yet.',
  COMPLETED: 'A root has ended and the topmost span did not fail.',
  FAILED: 'The topmost span has status ERROR; a failed child alone does not make it so.',
  INCOMPLETE: 'No root ended and nothing arrived for ten minutes (a setting).',
})

export const StepKindEnum = enumOf('StepKind', 'What a step is.', stepKinds, {
  AGENT: 'An agent or sub-agent at work.',
  WORKFLOW: 'A workflow, chain or turn that holds other steps.',
  TASK: 'A unit of work inside a workflow, with no GenAI meaning of its own.',
  MODEL_CALL: 'One call of a language model; a retried attempt is a call of its own.',
  TOOL_CALL: 'One call of a tool.',
  RETRIEVAL: 'A search in documents or a vector store.',
  EMBEDDING: 'A call of an embedding model; counted as a model call.',
  MEMORY: 'A read or write of an agent\'s memory.',
  GUARDRAIL: 'A check of input, output or a tool call.',
  HANDOFF: 'One agent passes the work to another.',
  EVALUATION: 'A score of somebody\'s output.',
  OTHER: 'Any other span: HTTP, database, plumbing.',
})

export const stepStatuses = ['UNSET', 'OK', 'ERROR'] as const
export type StepStatus = (typeof stepStatuses)[number]
export const StepStatusEnum = enumOf('StepStatus', 'The OpenTelemetry status of the span.', stepStatuses, {
  UNSET: 'The instrumentation set none: the usual value of success.',
  OK: 'Marked as successful.',
  ERROR: 'Failed.',
})

export const LedgerKindEnum = enumOf('LedgerKind', 'What an entry does to the sum.', ledgerKinds, {
  CHARGE: 'Adds the cost of usage.',
  ADJUSTMENT: 'Corrects a charge whose span was derived differently later.',
  REVERSAL: 'Takes back a charge that must not stand.',
})

export const CostBasisEnum = enumOf('CostBasis', 'What an amount rests on.', costBases, {
  PRICED: 'Usage times a price of the price book.',
  REPORTED: 'What the instrumentation claimed, because no price is known.',
  UNPRICED: 'No price is known and nothing was claimed: there is no amount.',
})

export const DecisionOutcomeEnum = enumOf('DecisionOutcome', 'What was decided.', outcomes, {
  ALLOW: 'Let through.',
  WARN: 'Let through with a warning.',
  DENY: 'Blocked.',
  REQUIRE_APPROVAL: 'Held until a person agrees.',
  REDACT: 'Let through with content removed.',
})

export const PolicyModeEnum = enumOf('PolicyMode', 'Whether a policy acts.', policyModes, {
  SHADOW: 'It only notes what it would do.',
  ENFORCE: 'It acts; at the COLLECTOR it raises an alert.',
})

export const DecisionPlaceEnum = enumOf('DecisionPlace', 'Where a decision was taken.', decisionPlaces, {
  AGENT: 'In the agent, before the action.',
  ENDPOINT: 'At the decide endpoint, before the action.',
  COLLECTOR: 'In hindsight, from telemetry: a finding, never an intervention.',
})
