import { stepKinds, type StepKind } from '#semconv/facts.ts'
import { anyGlob } from './glob.ts'
import type { RunActivation, SpanActivation } from './variables.ts'

/**
 * What a policy is about, before any expression runs: every key given must fit, a key fits when one of its values does.
 * Values may contain `*` and `?`, kinds excepted.
 */
export interface Match {
  readonly kinds?: readonly StepKind[]
  readonly tools?: readonly string[]
  readonly agents?: readonly string[]
  readonly models?: readonly string[]
  readonly providers?: readonly string[]
  readonly environments?: readonly string[]
}

export const spanMatchKeys = ['kinds', 'tools', 'agents', 'models', 'providers', 'environments'] as const satisfies readonly (keyof Match)[]
/** A run has many kinds of steps and many tools: which of them a policy means, its expression must say. */
export const runMatchKeys = ['agents', 'models', 'providers', 'environments'] as const satisfies readonly (keyof Match)[]

/** The kinds a span policy can apply to: what policies are indexed by. */
export const matchedKinds = (match: Match): readonly StepKind[] => match.kinds ?? stepKinds

type Read<A> = (activation: A) => string | readonly string[]

const readSpan: Readonly<Record<keyof Match, Read<SpanActivation>>> = {
  kinds: (a) => a.span.kind,
  tools: (a) => a.step.tool,
  agents: (a) => a.step.agent,
  models: (a) => a.step.model,
  providers: (a) => a.step.provider,
  environments: (a) => a.span.environment,
}

const readRun: Readonly<Record<(typeof runMatchKeys)[number], Read<RunActivation>>> = {
  agents: (a) => a.run.agents,
  models: (a) => a.run.models,
  providers: (a) => a.run.providers,
  environments: (a) => a.run.environment,
}

/** The variable behind each key, as an expression would name it: evidence lists it by this name. */
export const spanReference: Readonly<Record<keyof Match, string>> = {
  kinds: 'span.kind', tools: 'step.tool', agents: 'step.agent', models: 'step.model', providers: 'step.provider', environments: 'span.environment',
}
export const runReference: Readonly<Record<(typeof runMatchKeys)[number], string>> = {
  agents: 'run.agents', models: 'run.models', providers: 'run.providers', environments: 'run.environment',
}

export const spanMatcher = (match: Match): ((activation: SpanActivation) => boolean) =>
  matcher(spanMatchKeys.map((key) => [match[key], readSpan[key]]))

export const runMatcher = (match: Match): ((activation: RunActivation) => boolean) =>
  matcher(runMatchKeys.map((key) => [match[key], readRun[key]]))

function matcher<A>(keys: readonly (readonly [readonly string[] | undefined, Read<A>])[]): (activation: A) => boolean {
  const tests = keys.flatMap(([patterns, read]) => {
    if (patterns === undefined) return []
    const fits = anyGlob(patterns)
    return [(activation: A) => {
      const value = read(activation)
      return typeof value === 'string' ? fits(value) : value.some(fits)
    }]
  })
  return (activation) => tests.every((test) => test(activation))
}
