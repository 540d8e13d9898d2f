import { isContentKey } from '#semconv/content.ts'
import type { Outcome, PolicyMode } from '#semconv/facts.ts'
import type { Activation, Expression } from './cel.ts'
import type { Match } from './matcher.ts'
import type { RunActivation, SpanActivation } from './variables.ts'

/** Most values kept as evidence of one finding, and the longest of them in characters: enough to see why, too little to copy a prompt. */
export const evidenceItemsMax = 16
export const evidenceCharactersMax = 256
/** Longest reason, in characters. */
export const reasonCharactersMax = 500

interface PolicyOver<A extends Activation> {
  readonly id: string
  readonly version: number
  readonly title: string
  /** The policy as YAML, comments aside: what a version stands for. */
  readonly document: string
  readonly mode: PolicyMode
  readonly match: Match
  /** Structural part: `match` fits and `unless` does not. */
  readonly applies: (activation: A) => boolean
  readonly when: Expression<boolean>
  readonly outcome: Outcome
  readonly reason: string
  /** Says the reason with the values of the case; `reason` stands in where it cannot be evaluated. */
  readonly reasonExpression: Expression<string> | undefined
  /** The outcome where `when` cannot be evaluated. */
  readonly onError: Outcome
  /** The variables that tell why: what `match`, `unless` and the expressions name; at most `evidenceItemsMax`. */
  readonly references: readonly Reference[]
}
export interface SpanPolicy extends PolicyOver<SpanActivation> { readonly on: 'span' }
export interface RunPolicy extends PolicyOver<RunActivation> { readonly on: 'run' }
export type Policy = SpanPolicy | RunPolicy

/** What a policy says about one span or run. */
export interface Judgement {
  readonly outcome: Outcome
  readonly reason: string
  readonly evidence: Readonly<Record<string, string>>
  /** The error's name where `when` could not be evaluated, otherwise ''. */
  readonly error: string
}

/** `undefined` where the policy has nothing to say. Never throws: an error of evaluation is a judgement too. */
export function judge<A extends Activation>(policy: PolicyOver<A>, activation: A): Judgement | undefined {
  if (!policy.applies(activation)) return undefined
  const fired = policy.when.evaluate(activation)
  if ('error' in fired) {
    const reason = `policy '${policy.id}' could not be evaluated: ${fired.error}`
    return { outcome: policy.onError, reason, evidence: evidence(policy.references, activation), error: fired.error }
  }
  if (!fired.value) return undefined
  return { outcome: policy.outcome, reason: reasonOf(policy, activation), evidence: evidence(policy.references, activation), error: '' }
}

function reasonOf<A extends Activation>({ reason, reasonExpression }: PolicyOver<A>, activation: A): string {
  const said = reasonExpression?.evaluate(activation)
  const text = said !== undefined && 'value' in said && said.value !== '' ? said.value : reason
  return text.slice(0, reasonCharactersMax)
}

/** Something a policy names, and how to look it up: taken apart when the policy is parsed, because findings can come by the thousand. */
export interface Reference {
  readonly name: string
  readonly read: (activation: Activation) => unknown
}

/** Prompts and answers are never evidence: a decision is kept longer than they are, and read by others. `name` is `variable`, `variable.field` or `variable["key"]`, as the lint writes them down. */
export function reference(name: string): Reference {
  const [, variable = '', field, key] = /^(\w+)(?:\.(.+)|\[(.+)\])?$/s.exec(name) ?? []
  const part = field ?? (key === undefined ? undefined : String(JSON.parse(key)))
  return {
    name,
    read: (activation) => {
      const value = activation[variable]
      if (part === undefined) return value
      if (value instanceof Map) return isContentKey(part) ? undefined : value.get(part)
      return typeof value === 'object' && value !== null && part in value ? Reflect.get(value, part) : undefined
    },
  }
}

function evidence(references: readonly Reference[], activation: Activation): Readonly<Record<string, string>> {
  const values: Record<string, string> = {}
  for (const { name, read } of references) {
    const text = evidenceText(read(activation))
    if (text !== undefined) values[name] = text.length > evidenceCharactersMax ? text.slice(0, evidenceCharactersMax) : text
  }
  return values
}

function evidenceText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value
    case 'bigint':
    case 'number':
    case 'boolean':
      return String(value)
    case 'object':
      return Array.isArray(value) ? value.map(itemText).join(', ') : undefined
    case 'undefined':
    case 'function':
    case 'symbol':
      return undefined
  }
}

const itemText = (item: unknown): string =>
  typeof item === 'object' && item !== null ? Object.values(item).join(' × ') : String(item)
