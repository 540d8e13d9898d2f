import { readFileSync } from 'node:fs'
import type { Attributes } from '#semconv/attributes.ts'
import { kindOfRole, type Outcome, type PolicyMode, type SpanFacts, type StepKind, type UnixNano } from '#semconv/facts.ts'
import { matchedKinds } from './matcher.ts'
import { judge, type Judgement, type Policy, type RunPolicy, type SpanPolicy } from './policy.ts'
import { readPolicies } from './policy-document.ts'
import { runActivation, runEnd, type RunView, spanActivation } from './variables.ts'

export type { Policy } from './policy.ts'
export { PolicyError } from './policy-error.ts'
export type { RunView } from './variables.ts'

/** What a policy found. At the collector it is hindsight: the step has happened, whatever the outcome says. */
export interface Finding {
  readonly policyId: string
  readonly policyVersion: number
  readonly outcome: Outcome
  readonly mode: PolicyMode
  readonly reason: string
  /** 16 hex digits, '' where it is about the run. */
  readonly spanId: string
  /** The end of the span, or the last thing known of the run. */
  readonly at: UnixNano
  /** The values the policy read, by the names it read them under; at most 16, each at most 256 characters, no content. */
  readonly evidence: Readonly<Record<string, string>>
}

/** Policies, ready to run: immutable, any number of evaluations may share one. */
export interface PolicySet {
  readonly policies: readonly Policy[]
  /** Which span policies can concern a kind at all: most spans are done after this lookup. */
  readonly spanPolicies: Readonly<Record<StepKind, readonly SpanPolicy[]>>
  readonly runPolicies: readonly RunPolicy[]
}

/** Throws `PolicyError`, whose message names the policy, the key and what is allowed; also where a policy fails its own tests. */
export function parsePolicies(yaml: string): PolicySet {
  const policies = readPolicies(yaml)
  const forKind = (kind: StepKind): readonly SpanPolicy[] =>
    policies.filter((policy) => policy.on === 'span').filter((policy) => matchedKinds(policy.match).includes(kind))
  return {
    policies,
    spanPolicies: {
      AGENT: forKind('AGENT'), WORKFLOW: forKind('WORKFLOW'), TASK: forKind('TASK'), MODEL_CALL: forKind('MODEL_CALL'),
      TOOL_CALL: forKind('TOOL_CALL'), RETRIEVAL: forKind('RETRIEVAL'), EMBEDDING: forKind('EMBEDDING'), MEMORY: forKind('MEMORY'),
      GUARDRAIL: forKind('GUARDRAIL'), HANDOFF: forKind('HANDOFF'), EVALUATION: forKind('EVALUATION'), OTHER: forKind('OTHER'),
    },
    runPolicies: policies.filter((policy) => policy.on === 'run'),
  }
}

/** The policies shipped with the product, as the YAML that `parsePolicies` reads. */
export function starterPolicies(): string {
  return readFileSync(new URL('starter.yaml', import.meta.url), 'utf8')
}

/** Pure, never throws; findings in the order of the policies. */
export function evaluateSpan(set: PolicySet, span: SpanFacts, attributes: Attributes): Finding[] {
  const policies = set.spanPolicies[kindOfRole[span.step.role]]
  if (policies.length === 0) return []
  const activation = spanActivation(span, attributes)
  const findings: Finding[] = []
  for (const policy of policies) {
    const judgement = judge(policy, activation)
    if (judgement !== undefined) findings.push(finding(policy, judgement, span.spanId, span.endedAt))
  }
  return findings
}

/** Pure, never throws; findings in the order of the policies. */
export function evaluateRun(set: PolicySet, run: RunView): Finding[] {
  if (set.runPolicies.length === 0) return []
  const activation = runActivation(run)
  return set.runPolicies.flatMap((policy) => {
    const judgement = judge(policy, activation)
    return judgement === undefined ? [] : [finding(policy, judgement, '', runEnd(run))]
  })
}

function finding(policy: Policy, { outcome, reason, evidence }: Judgement, spanId: string, at: UnixNano): Finding {
  return { policyId: policy.id, policyVersion: policy.version, outcome, mode: policy.mode, reason, spanId, at, evidence }
}
