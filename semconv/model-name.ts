import type { Step } from './facts.ts'

/**
 * Whether two spans can be about one call: one names no model, or a name of one is a name of the other once routing
 * prefixes (`openai/`, `us.anthropic.`) and dated or numbered versions are put aside.
 */
export function sameModel(a: Step, b: Step): boolean {
  // What nearly every pair shares, before names are taken apart.
  if (a.requestModel === b.requestModel && a.requestModel !== '') return true
  const [ofA, ofB] = [names(a), names(b)]
  return ofA.length === 0 || ofB.length === 0 || ofA.some((name) => ofB.includes(name))
}

function names(step: Step): string[] {
  return [step.requestModel, step.responseModel].filter((name) => name !== '').map(modelFamily)
}

/** Longest name that is looked into; the longest published one has under 100 characters. */
const maxNameLength = 256
/** `-2024-08-06`, `-20241022`, `-0613`, `-002`, `@20240620`, `-v2:0`, `:latest`; a one-digit `-1` is a model of its own. */
const version = /[-@:](?:latest|\d{4}-\d{2}-\d{2}|\d{3,8}|v\d+(?::\d+)?)$/

/** `us.anthropic.claude-3-5-sonnet-20241022-v2:0` → `claude-3-5-sonnet`. */
export function modelFamily(name: string): string {
  let family = name.slice(-maxNameLength).toLowerCase()
  family = family.slice(family.lastIndexOf('/') + 1).replace(/^(?:[a-z][a-z-]{0,30}\.){1,3}(?=[a-z])/, '')
  for (let shorter = family.replace(version, ''); shorter !== family; shorter = family.replace(version, '')) family = shorter
  return family
}
