import type { Dialect } from '../dialect.ts'

/** microsoft/agent-governance-toolkit (spans `agt.policy.evaluate`) and NeMo Guardrails (`guardrails.rail`). */
export const governance: Dialect = {
  name: 'governance',
  keys: {
    agentId: ['agt.agent.id'],
    verdict: ['agt.audit.decision', 'agent.policy.decision', 'policy.decision', 'rail.stop'],
    verdictReason: ['agt.audit.reason', 'rail.type'],
    policyId: ['agent.policy.name', 'rail.name'],
    verdictTarget: ['agt.audit.action'],
    handoffTo: ['agent.delegation.to'],
  },
  refine(draft, _reading, span) {
    const judges = span.name === 'agt.policy.evaluate' || span.name.startsWith('guardrails.rail')
    if (judges && draft.role === 'span') draft.role = 'guardrail'
  },
}
