import type { AgentDecision, Outcome } from './facts.ts'
import type { Draft } from './dialect.ts'
import type { Reading } from './reading.ts'
import { cut, finite, isObject, type Json, member, parsed, truth, word } from './value.ts'

/** Characters of a reason: a sentence, not the content that was judged. */
const reasonLimit = 1024

/**
 * Verdicts in the words of semantic-conventions-genai#427 and of those who came before and beside it: Traceloop's
 * PASSED/FAILED, coding agents' accept/reject, the governance toolkit, NeMo, Bedrock, LlamaFirewall.
 */
export const verdictOutcomes: Readonly<Record<string, Outcome>> = {
  allow: 'ALLOW', allowed: 'ALLOW', accept: 'ALLOW', accepted: 'ALLOW', approve: 'ALLOW', approved: 'ALLOW', auto_accept: 'ALLOW',
  pass: 'ALLOW',
  passed: 'ALLOW', permit: 'ALLOW', permitted: 'ALLOW', safe: 'ALLOW', ok: 'ALLOW', none: 'ALLOW',
  warn: 'WARN', warning: 'WARN', log: 'WARN', flag: 'WARN', flagged: 'WARN', audit: 'WARN',
  deny: 'DENY', denied: 'DENY', block: 'DENY', blocked: 'DENY', reject: 'DENY', rejected: 'DENY', fail: 'DENY', failed: 'DENY',
  refuse: 'DENY',
  unsafe: 'DENY', guardrail_intervened: 'DENY', intervened: 'DENY', stop: 'DENY', terminate: 'DENY', quarantine: 'DENY',
  require_approval: 'REQUIRE_APPROVAL', requires_approval: 'REQUIRE_APPROVAL', escalate: 'REQUIRE_APPROVAL',
  escalated: 'REQUIRE_APPROVAL',
  ask: 'REQUIRE_APPROVAL', defer: 'REQUIRE_APPROVAL', human_in_the_loop: 'REQUIRE_APPROVAL', pending: 'REQUIRE_APPROVAL',
  redact: 'REDACT', redacted: 'REDACT', modify: 'REDACT', modified: 'REDACT', mask: 'REDACT', masked: 'REDACT', anonymize: 'REDACT',
  anonymized: 'REDACT', transform: 'REDACT', sanitize: 'REDACT', sanitized: 'REDACT',
}

export function outcomeOf(verdict: string): Outcome | undefined {
  if (verdict.length > verdictLength) return undefined
  const folded = verdict.trim().toLowerCase().replaceAll(/[\s-]+/g, '_')
  return Object.hasOwn(verdictOutcomes, folded) ? verdictOutcomes[folded] : undefined
}

/** Characters of a verdict; longer text is an answer, no verdict. */
const verdictLength = 64

/** What the agent's own guardrail decided, where the span says so in any of the words above. */
export function agentDecision(
  draft: Draft, reading: Reading, spanName: string, triggered: boolean | undefined,
): AgentDecision | undefined {
  const explicit = outcomeOfVerdict(reading.value('verdict')) ?? (triggered === undefined ? undefined : triggered ? 'DENY' : 'ALLOW')
  if (explicit === undefined && draft.role !== 'guardrail') return undefined
  const judged = explicit === undefined ? judgement(reading) : undefined
  const outcome = explicit ?? judged?.outcome
  if (outcome === undefined) return undefined
  return {
    policyId: reading.word('policyId') || spanName,
    policyVersion: version(reading),
    outcome,
    reason: cut(reading.word('verdictReason') || (judged?.reason ?? ''), reasonLimit),
    target: reading.word('verdictTarget') || draft.tool,
  }
}

function outcomeOfVerdict(value: ReturnType<Reading['value']>): Outcome | undefined {
  if (typeof value === 'string') return outcomeOf(value)
  // NeMo's rail.stop.
  if (typeof value === 'boolean') return value ? 'DENY' : 'ALLOW'
  return undefined
}

function version(reading: Reading): number {
  const number = finite(reading.value('policyVersion'))
  return number !== undefined && Number.isInteger(number) && number >= 0 && number <= 0xffff_ffff ? number : 0
}

interface Judgement {
  readonly outcome: Outcome | undefined
  readonly reason: string
}

/** True in one of these means the guardrail struck. */
const strikes = ['triggered', 'tripwire_triggered', 'tripwireTriggered', 'blocked', 'flagged', 'violation', 'is_blocked',
  'intervened']
/** True in one of these means it let pass. */
const passes = ['passed', 'allowed', 'valid', 'validation_passed', 'is_safe', 'safe', 'success']
const words = ['verdict', 'decision', 'outcome', 'action', 'status', 'result']
const reasons = ['reason', 'message', 'explanation']

/** OpenInference, Langfuse and MLflow say "guardrail" and put the verdict into the span's output. */
function judgement(reading: Reading): Judgement | undefined {
  const value = reading.value('judgement')
  if (typeof value === 'string') {
    const outcome = outcomeOf(value)
    if (outcome !== undefined) return { outcome, reason: '' }
  }
  const json = parsed(value)
  return isObject(json) ? { outcome: objectOutcome(json), reason: firstText(json, reasons) } : undefined
}

function objectOutcome(json: { readonly [key: string]: Json }): Outcome | undefined {
  for (const key of words) {
    const said = member(json, key)
    const outcome = typeof said === 'string' ? outcomeOf(said) : undefined
    if (outcome !== undefined) return outcome
  }
  for (const key of strikes) {
    const struck = truth(member(json, key))
    if (struck !== undefined) return struck ? 'DENY' : 'ALLOW'
  }
  for (const key of passes) {
    const passed = truth(member(json, key))
    if (passed !== undefined) return passed ? 'ALLOW' : 'DENY'
  }
  return undefined
}

function firstText(json: { readonly [key: string]: Json }, keys: readonly string[]): string {
  for (const key of keys) {
    const text = member(json, key)
    if (typeof text === 'string') return word(text) ?? ''
  }
  return ''
}
