import { parse as parseYaml, YAMLParseError } from 'yaml'
import { anyGlob } from '#otel-config/policy/glob.ts'
import type { PicoUsd } from '#semconv/facts.ts'

/**
 * Who pays for what, as data: the first rule that fits a ledger line says the team, or that the cost is shared and how it is
 * split. Pure; every split adds up to the last pico-dollar.
 */
export interface Allocation {
  readonly rules: readonly Rule[]
  /** The team of what no rule fits. */
  readonly otherwise: string
}

/** What a rule can look at: columns of the ledger. */
export const allocationKeys = ['agent', 'user', 'session', 'service', 'environment', 'workflow', 'project', 'provider', 'model'] as const
export type AllocationKey = (typeof allocationKeys)[number]

/** In which parts a shared cost is split among the teams that pay for something themselves; or by weights, whoever has costs. */
export const splits = ['cost', 'tokens', 'equal'] as const
export type Split = (typeof splits)[number] | ReadonlyMap<string, bigint>

export interface Rule {
  readonly when: readonly (readonly [AllocationKey, (value: string) => boolean])[]
  readonly to: { readonly team: string } | { readonly shared: string; readonly split: Split }
}

/** What cannot be an allocation: the message names the rule and what is allowed. */
export class AllocationError extends Error {
  override readonly name = 'AllocationError'
}

/** An organisation has hundreds of teams, not thousands; a line is compared with each rule. */
const rulesMax = 1_000
/** Characters of the text: a thousand rules with lists of names. */
const textMax = 1_048_576
const nameMax = 200
/** A weight is a share, in parts of any size. */
const weightMax = 1_000_000_000

/** Without rules of one's own, every project pays for itself. */
export const projectsPay: Allocation = { rules: [], otherwise: '' }

/** Throws `AllocationError`. */
export function parseAllocation(yaml: string): Allocation {
  if (yaml.length > textMax) throw new AllocationError(`the allocation has ${yaml.length} characters, at most ${textMax} are allowed`)
  const document = record(parsed(yaml), 'the allocation', ['rules', 'otherwise'])
  const rules = document['rules'] ?? []
  if (!Array.isArray(rules)) throw new AllocationError('rules is no list of rules')
  if (rules.length > rulesMax) throw new AllocationError(`there are ${rules.length} rules, at most ${rulesMax} are allowed`)
  return { rules: rules.map((rule, at) => ruleOf(rule, `rule ${at + 1}`)), otherwise: name(document['otherwise'] ?? 'unassigned', 'otherwise') }
}

function parsed(yaml: string): unknown {
  try {
    return parseYaml(yaml) ?? {}
  } catch (error) {
    if (error instanceof YAMLParseError) throw new AllocationError(`the allocation is no YAML: ${error.message.split('\n')[0]}`)
    throw error
  }
}

function record(value: unknown, what: string, keys: readonly string[]): Readonly<Record<string, unknown>> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new AllocationError(`${what} is no mapping with ${keys.join(', ')}`)
  for (const key of Object.keys(value)) if (!keys.includes(key)) throw new AllocationError(`${what}: '${key.slice(0, 80)}' is unknown, use ${keys.join(', ')}`)
  return value as Readonly<Record<string, unknown>>
}

function name(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '' || value.length > nameMax) throw new AllocationError(`${what}: write a name of 1 to ${nameMax} characters`)
  return value
}

function ruleOf(value: unknown, what: string): Rule {
  const rule = record(value, what, ['team', 'shared', 'split', 'when'])
  const when = Object.entries(record(rule['when'] ?? {}, `${what}: when`, allocationKeys)).map(([key, patterns]) => {
    const list = typeof patterns === 'string' ? [patterns] : patterns
    if (!Array.isArray(list) || list.length === 0 || !list.every((one) => typeof one === 'string')) throw new AllocationError(`${what}: ${key} is no list of names`)
    return [key as AllocationKey, anyGlob(list as string[])] as const
  })
  if ((rule['team'] === undefined) === (rule['shared'] === undefined)) throw new AllocationError(`${what}: write either team or shared`)
  if (rule['team'] !== undefined) {
    if (rule['split'] !== undefined) throw new AllocationError(`${what}: only a shared cost has a split`)
    return { when, to: { team: name(rule['team'], `${what}: team`) } }
  }
  return { when, to: { shared: name(rule['shared'], `${what}: shared`), split: splitOf(rule['split'] ?? 'cost', what) } }
}

function splitOf(value: unknown, what: string): Split {
  const by = splits.find((one) => one === value)
  if (by !== undefined) return by
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new AllocationError(`${what}: split is one of ${splits.join(', ')} or a weight for each team`)
  const weights = Object.entries(value as object).map(([team, weight]) => {
    if (!Number.isSafeInteger(weight) || weight < 0 || weight > weightMax) throw new AllocationError(`${what}: the weight of ${team.slice(0, 80)} is no integer from 0 to ${weightMax}`)
    return [name(team, what), BigInt(weight as number)] as const
  })
  if (weights.every(([, weight]) => weight === 0n)) throw new AllocationError(`${what}: no weight is above 0`)
  return new Map(weights)
}

/** Costs of equal lines. */
export interface Portion {
  readonly values: Readonly<Record<AllocationKey, string>>
  readonly amount: PicoUsd
  /** Times 10^12. */
  readonly tokens: bigint
  readonly unpricedLines: number
}

export interface TeamShare {
  readonly team: string
  readonly direct: PicoUsd
  /** Of shared costs, by their name. */
  readonly shared: ReadonlyMap<string, PicoUsd>
  readonly total: PicoUsd
  readonly tokens: bigint
  readonly unpricedLines: number
}

interface Sum {
  amount: PicoUsd
  tokens: bigint
  unpricedLines: number
}

/** What each team pays, by name. Portions are taken as they come; what is kept is a sum for each team and each shared cost. */
export async function allocate({ rules, otherwise }: Allocation, portions: AsyncIterable<readonly Portion[]>): Promise<TeamShare[]> {
  const teams = new Map<string, Sum>()
  const pools = new Map<string, Sum & { readonly split: Split }>()
  for await (const batch of portions) for (const portion of batch) {
    const to = rules.find(({ when }) => when.every(([key, fits]) => fits(portion.values[key])))?.to ?? { team: otherwise === '' ? portion.values.project : otherwise }
    if ('team' in to) add(sumOf(teams, to.team, {}), portion)
    else add(sumOf(pools, `${to.shared}\u0000${splitText(to.split)}`, { split: to.split }), portion)
  }
  const given = new Map<string, Map<string, PicoUsd>>()
  const direct = [...teams].sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [key, pool] of [...pools].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const [team, part] of shares(pool.amount, weightsOf(pool.split, direct), otherwise)) {
      const of = given.get(team) ?? new Map<string, PicoUsd>()
      const shared = key.slice(0, key.indexOf('\u0000'))
      given.set(team, of.set(shared, (of.get(shared) ?? 0n) + part))
    }
  }
  for (const team of given.keys()) sumOf(teams, team, {})
  // Tokens and unpriced lines cannot be split like money: those of shared costs are told with the rest.
  for (const pool of pools.values()) add(sumOf(teams, otherwise, {}), { ...pool, amount: 0n })
  return [...teams].sort(([a], [b]) => (a < b ? -1 : 1)).map(([team, sum]) => {
    const shared = given.get(team) ?? new Map<string, PicoUsd>()
    return { team, direct: sum.amount, shared, total: [...shared.values()].reduce((a, b) => a + b, sum.amount), tokens: sum.tokens, unpricedLines: sum.unpricedLines }
  })
}

function sumOf<More extends object>(sums: Map<string, Sum & More>, key: string, more: More): Sum & More {
  let sum = sums.get(key)
  if (sum === undefined) sums.set(key, (sum = { amount: 0n, tokens: 0n, unpricedLines: 0, ...more }))
  return sum
}

function add(sum: Sum, portion: Readonly<Sum>): void {
  sum.amount += portion.amount
  sum.tokens += portion.tokens
  sum.unpricedLines += portion.unpricedLines
}

const splitText = (split: Split): string => (typeof split === 'string' ? split : [...split].map(([team, weight]) => `${team}=${weight}`).join())

function weightsOf(split: Split, teams: readonly (readonly [string, Sum])[]): readonly (readonly [string, bigint])[] {
  if (typeof split !== 'string') return [...split]
  // A team that got more back than it spent carries nothing of a shared cost.
  const positive = (value: bigint): bigint => (value > 0n ? value : 0n)
  switch (split) {
    case 'cost': return teams.map(([team, sum]) => [team, positive(sum.amount)])
    case 'tokens': return teams.map(([team, sum]) => [team, positive(sum.tokens)])
    case 'equal': return teams.map(([team]) => [team, 1n])
  }
}

/**
 * `total` in parts like the weights, whole pico-dollars each, by the largest remainder: every part is less than one away from its
 * exact share, and the parts add up to `total`. Among equal remainders the earlier one gets more. All of it goes to `otherwise`
 * where no weight is above 0.
 */
export function shares(total: PicoUsd, weights: readonly (readonly [string, bigint])[], otherwise: string): readonly (readonly [string, PicoUsd])[] {
  const whole = weights.reduce((sum, [, weight]) => sum + weight, 0n)
  if (whole === 0n) return [[otherwise, total]]
  const sign = total < 0n ? -1n : 1n
  const size = total * sign
  const parts = weights.map(([key, weight], at) => ({ key, at, part: (size * weight) / whole, remainder: (size * weight) % whole }))
  const left = Number(size - parts.reduce((sum, { part }) => sum + part, 0n))
  const lucky = new Set([...parts].sort((a, b) => (a.remainder === b.remainder ? a.at - b.at : a.remainder > b.remainder ? -1 : 1)).slice(0, left).map(({ at }) => at))
  return parts.map(({ key, at, part }) => [key, sign * (part + (lucky.has(at) ? 1n : 0n))])
}
