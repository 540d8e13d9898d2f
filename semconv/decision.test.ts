import assert from 'node:assert/strict'
import test from 'node:test'
import type { Outcome } from './facts.ts'
import { outcomes } from './facts.ts'
import { outcomeOf, verdictOutcomes } from './decision.ts'
import { interpret } from './interpret.ts'
import { type LiteralSpan, literalSpan } from './literal-span.ts'

const decisionOf = (span: LiteralSpan) => interpret(literalSpan(span)).decision

test('every verdict word leads to an outcome, in any case and spelling', () => {
  for (const [word, outcome] of Object.entries(verdictOutcomes)) {
    assert.ok(outcomes.includes(outcome))
    assert.equal(outcomeOf(word.toUpperCase().replaceAll('_', ' ')), outcome, word)
  }
  assert.equal(outcomeOf('constructor'), undefined)
})

const rows: readonly (readonly [who: string, span: LiteralSpan, outcome: Outcome | undefined, policyId?: string])[] = [
  ['semconv-genai #427', {
    attributes: {
      'gen_ai.operation.name': 'run_guardrail', 'gen_ai.guardrail.verdict.type': 'modify',
      'gen_ai.guardrail.security.policy.id': 'pii-1',
      'gen_ai.guardrail.security.policy.version': '3', 'gen_ai.guardrail.verdict.reason': 'an address',
      'gen_ai.guardrail.target.type': 'output',
    },
  }, 'REDACT', 'pii-1'],
  ['semconv-genai #427, the action beats the verdict', {
    attributes: { 'gen_ai.operation.name': 'run_guardrail', 'gen_ai.guardrail.verdict.type': 'deny',
      'gen_ai.guardrail.action.type': 'escalate' },
  }, 'REQUIRE_APPROVAL'],
  ['semconv-genai #262', { attributes: { 'gen_ai.operation.name': 'run_guardrail', 'gen_ai.security.verdict.type': 'warn' } },
    'WARN'],
  ['semantic-conventions #3233', { attributes: { 'gen_ai.operation.name': 'apply_guardrail',
    'gen_ai.security.decision.type': 'allow' } }, 'ALLOW'],
  ['Traceloop passed', { attributes: { 'traceloop.workflow.name': 'w', 'gen_ai.guardrail.name': 'toxicity',
    'gen_ai.guardrail.status': 'PASSED' } }, 'ALLOW', 'toxicity'],
  ['Traceloop failed', { attributes: { 'traceloop.workflow.name': 'w', 'gen_ai.guardrail.name': 'toxicity',
    'gen_ai.guardrail.status': 'FAILED' } }, 'DENY', 'toxicity'],
  ['OpenAI Agents, triggered', { attributes: { 'gen_ai.guardrail.name': 'math', 'gen_ai.guardrail.triggered': true } }, 'DENY',
    'math'],
  ['OpenAI Agents, not triggered', { attributes: { 'gen_ai.guardrail.name': 'math', 'gen_ai.guardrail.triggered': false } },
    'ALLOW', 'math'],
  ['OpenInference by a word', { name: 'pii check', attributes: { 'openinference.span.kind': 'GUARDRAIL',
    'output.value': 'blocked' } }, 'DENY', 'pii check'],
  ['OpenInference by an object', { attributes: { 'openinference.span.kind': 'GUARDRAIL',
    'output.value': '{"triggered":false,"reason":"fine"}' } }, 'ALLOW'],
  ['OpenInference that says nothing', { attributes: { 'openinference.span.kind': 'GUARDRAIL',
    'output.value': 'The answer is 4.' } }, undefined],
  ['Langfuse', { name: 'g', attributes: { 'langfuse.observation.type': 'guardrail',
    'langfuse.observation.output': '{"decision":"redact"}' } }, 'REDACT', 'g'],
  ['MLflow', { attributes: { 'mlflow.spanType': '"GUARDRAIL"', 'mlflow.spanOutputs': '{"passed":false}' } }, 'DENY'],
  ['NeMo Guardrails', { name: 'guardrails.rail', attributes: { 'rail.name': 'self check', 'rail.type': 'input',
    'rail.stop': true } }, 'DENY', 'self check'],
  ['governance toolkit', {
    name: 'agt.policy.evaluate', attributes: { 'agt.audit.decision': 'deny', 'agent.policy.name': 'no-shell',
      'agt.audit.reason': 'rm' },
  }, 'DENY', 'no-shell'],
  ['Claude Code, a person refuses', { name: 'claude_code.tool.blocked_on_user', attributes: { decision: 'reject',
    source: 'user_reject', tool_name: 'Bash' } }, 'DENY', 'claude_code.user_reject'],
  ['Claude Code, the configuration allows', { name: 'claude_code.tool.blocked_on_user', attributes: { decision: 'accept',
    source: 'config' } }, 'ALLOW', 'claude_code.config'],
  ['a model call whose output is the word pass', { attributes: { 'openinference.span.kind': 'LLM', 'output.value': 'pass' } },
    undefined],
]
for (const [who, span, outcome, policyId] of rows) {
  test(`${who}: ${String(outcome)}`, () => {
    const decision = decisionOf(span)
    assert.equal(decision?.outcome, outcome)
    if (policyId !== undefined) assert.equal(decision?.policyId, policyId)
  })
}

test('version, reason and target are kept', () => {
  const decision = decisionOf({
    attributes: {
      'gen_ai.operation.name': 'run_guardrail', 'gen_ai.guardrail.verdict.type': 'deny',
      'gen_ai.guardrail.security.policy.name': 'pii',
      'gen_ai.guardrail.security.policy.version': '7', 'gen_ai.guardrail.verdict.reason': 'an address',
      'gen_ai.guardrail.target.type': 'output',
    },
  })
  assert.deepEqual(decision, { policyId: 'pii', policyVersion: 7, outcome: 'DENY', reason: 'an address', target: 'output' })
})

test('a tool that was denied, deferred or merged was not executed', () => {
  const executed = (span: LiteralSpan) => interpret(literalSpan(span)).executed
  const tool = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'rm' }
  assert.equal(executed({ attributes: tool }), true)
  assert.equal(executed({ attributes: { ...tool, 'gen_ai.guardrail.verdict.type': 'deny' } }), false)
  assert.equal(executed({ attributes: { ...tool, 'gen_ai.guardrail.verdict.type': 'warn' } }), true)
  assert.equal(executed({ attributes: { ...tool, 'agt.audit.decision': 'require_approval' } }), false)
  assert.equal(executed({ name: 'execute_tool (merged)', scope: 'gcp.vertex.agent',
    attributes: { 'gen_ai.operation.name': 'execute_tool' } }), false)
  assert.equal(executed({ scope: 'strands.telemetry.tracer', attributes: { ...tool, 'gen_ai.tool.status': 'cancelled' } }), false)
  assert.equal(executed({ scope: 'pydantic-ai', attributes: { ...tool, 'pydantic_ai.tool.deferral.name': 'CallDeferred' } }), false)
  const approval = interpret(literalSpan({ scope: 'pydantic-ai', attributes: { ...tool,
    'pydantic_ai.tool.deferral.name': 'ApprovalRequired' } }))
  assert.equal(approval.executed, false)
  assert.equal(approval.decision?.outcome, 'REQUIRE_APPROVAL')
})
