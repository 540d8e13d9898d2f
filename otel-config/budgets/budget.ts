import { stringify } from 'yaml'
import { described, documentReader, type Fields } from '../document.ts'
import { isZone } from './period.ts'

/** A budget that cannot be: one line that names the budget, the key and what is allowed. */
export class BudgetError extends Error {
  override readonly name = 'BudgetError'
}

/** What a budget can be about: what a line of the ledger names. Of tags it may name several, and counts for each. */
export const budgetDimensions = ['project', 'environment', 'service', 'agent', 'workflow', 'model', 'provider', 'user', 'session', 'run', 'tag'] as const
export type BudgetDimension = (typeof budgetDimensions)[number]

export const calendarPeriods = ['day', 'week', 'month', 'quarter', 'year'] as const
export type CalendarPeriod = (typeof calendarPeriods)[number]

/** Over which time usage is summed. */
export type Period =
  | { readonly kind: 'calendar'; readonly unit: CalendarPeriod; readonly timeZone: string }
  /** The last so many milliseconds. */
  | { readonly kind: 'rolling'; readonly ms: number }
  /** Each run has the whole limit. */
  | { readonly kind: 'run' }
  | { readonly kind: 'lifetime' }

export const measures = ['usd', 'tokens', 'calls'] as const
/** US dollars, tokens of every meter, or model calls. */
export type Measure = (typeof measures)[number]

export const budgetActions = ['observe', 'alert', 'require_approval', 'deny', 'kill'] as const
/**
 * What happens at the limit: nothing; an alert; the decide endpoint asks for a person; it refuses the call; it refuses that
 * call and all others of the run.
 */
export type BudgetAction = (typeof budgetActions)[number]

export const unpricedRules = ['allow', 'deny'] as const
/** Whether a call whose price nobody knows may pass a budget in dollars. */
export type UnpricedRule = (typeof unpricedRules)[number]

export interface Budget {
  readonly id: string
  readonly title: string
  /** Who is asked about it, '' if nobody is named. */
  readonly owner: string
  /** Values of the dimensions it is about; one that is left out restricts nothing. '' stands for lines that name none. */
  readonly scope: Readonly<Partial<Record<BudgetDimension, readonly string[]>>>
  /** One budget for each combination of these: `[user]` gives each user the whole limit. A period of `run` groups by run, too. */
  readonly groupBy: readonly BudgetDimension[]
  readonly period: Period
  readonly measure: Measure
  /** In 10^-12 of the measure's unit: pico-dollars, or tokens and calls times 10^12. */
  readonly limit: bigint
  /** Percent of the limit, ascending, at which the actual is told. */
  readonly thresholds: readonly number[]
  /** The same of the forecast for the end of the period. */
  readonly forecastThresholds: readonly number[]
  readonly action: BudgetAction
  readonly onUnpriced: UnpricedRule
  /** The budget as YAML, comments aside: what a version stands for. */
  readonly document: string
}

/** Longest document, in characters, and most budgets in it: every ledger line is held against each. */
const documentCharactersMax = 1_048_576
export const budgetsMax = 500
const scopeValuesMax = 1_000
const valueCharactersMax = 500
export const thresholdsMax = 20
/** Percent. Ten times the limit is a budget that nobody meant. */
const thresholdMax = 1_000
const dayMs = 86_400_000
/** Days a rolling budget looks back. Steps of five minutes are kept for a little longer than that. */
export const rollingDaysMax = 31

const idPattern = /^[a-z0-9][a-z0-9._-]{0,63}$/
const budgetKeys = [
  'id', 'title', 'owner', 'scope', 'group_by', 'period', 'time_zone', 'limit', 'thresholds', 'forecast_thresholds', 'action', 'on_unpriced',
]
/** What a person is told where a budget names no thresholds. */
const thresholdsDefault = [50, 80, 100]

const { parse, fields, items, refuseUnknown, text, choice } = documentReader((message) => new BudgetError(message))

/** The budgets of a file: `budgets:` and a list. Throws `BudgetError`. */
export function parseBudgets(yaml: string): Budget[] {
  const where = 'budgets'
  checkLength(yaml, where)
  const document = fields(parse(yaml, where), where)
  refuseUnknown(document, ['budgets'], where)
  const seen = new Set<string>()
  return items(document.get('budgets'), where, budgetsMax).map((item, index) => {
    const budget = readBudget(fields(item, `budget ${index + 1}`), `budget ${index + 1}`)
    if (seen.has(budget.id)) throw new BudgetError(`budget '${budget.id}': id is used twice, each budget needs its own`)
    seen.add(budget.id)
    return budget
  })
}

/** One budget on its own, as a mutation sends it and as a version stores it. Throws `BudgetError`. */
export function parseBudget(yaml: string): Budget {
  checkLength(yaml, 'budget')
  return readBudget(fields(parse(yaml, 'budget'), 'budget'), 'budget')
}

function checkLength(yaml: string, where: string): void {
  if (yaml.length <= documentCharactersMax) return
  throw new BudgetError(`${where}: the document has ${yaml.length} characters, at most ${documentCharactersMax} are allowed`)
}

function readBudget(from: Fields, position: string): Budget {
  const id = text(from, 'id', position, 64)
  if (!idPattern.test(id)) {
    throw new BudgetError(`${position}: id is '${id}', allowed are lower-case letters, digits and . _ - (at most 64, first a letter or digit)`)
  }
  const where = `budget '${id}'`
  refuseUnknown(from, budgetKeys, where)
  const period = readPeriod(from, where)
  const { measure, limit } = readLimit(from.get('limit'), `${where}: limit`)
  const forecastThresholds = readThresholds(from, 'forecast_thresholds', [], where)
  if (forecastThresholds.length > 0 && period.kind !== 'calendar') {
    throw new BudgetError(`${where}: forecast_thresholds need a period with an end: ${calendarPeriods.join(', ')}`)
  }
  return {
    id, period, measure, limit, forecastThresholds,
    title: from.has('title') ? text(from, 'title', where, valueCharactersMax) : id,
    owner: from.has('owner') ? text(from, 'owner', where, valueCharactersMax) : '',
    scope: readScope(from, where),
    groupBy: readGroupBy(from, where),
    thresholds: readThresholds(from, 'thresholds', thresholdsDefault, where),
    action: oneOf(budgetActions, choice(from, 'action', budgetActions, where)),
    onUnpriced: from.has('on_unpriced') ? oneOf(unpricedRules, choice(from, 'on_unpriced', unpricedRules, where)) : 'allow',
    document: stringify(from),
  }
}

/** `choice` has made sure that there is one. */
const oneOf = <T extends string>(list: readonly T[], written: string): T => list.find((value) => value === written) as T

const periodWords = [...calendarPeriods, 'run', 'lifetime'] as const

function readPeriod(from: Fields, where: string): Period {
  const value = from.get('period')
  const rolling = typeof value === 'string' ? /^rolling (\d{1,4})([hd])$/.exec(value) : null
  const timeZone = from.has('time_zone') ? text(from, 'time_zone', where, 64) : 'UTC'
  if (!isZone(timeZone)) throw new BudgetError(`${where}: time_zone is '${timeZone}', an IANA time zone is needed, such as UTC or Europe/Berlin`)
  if (rolling !== null) {
    const ms = Number(rolling[1]) * (rolling[2] === 'd' ? dayMs : dayMs / 24)
    if (ms > 0 && ms <= rollingDaysMax * dayMs) return { kind: 'rolling', ms }
    throw new BudgetError(`${where}: period is '${value}', rolling goes from 1h to ${rollingDaysMax}d`)
  }
  const word = periodWords.find((one) => one === value)
  if (word === undefined) throw new BudgetError(`${where}: period is ${described(value)}, allowed: ${periodWords.join(', ')} or rolling with hours or days, such as 'rolling 7d'`)
  return word === 'run' || word === 'lifetime' ? { kind: word } : { kind: 'calendar', unit: word, timeZone }
}

function readLimit(value: unknown, where: string): { readonly measure: Measure; readonly limit: bigint } {
  const from = fields(value, where)
  refuseUnknown(from, measures, where)
  const [[measure, amount] = ['', undefined], second] = from
  if (measure === '' || second !== undefined) throw new BudgetError(`${where}: exactly one of ${measures.join(', ')} is needed`)
  const [, whole, fraction = ''] = /^(\d{1,15})(?:\.(\d{1,12}))?$/.exec(typeof amount === 'string' || typeof amount === 'bigint' || typeof amount === 'number' ? String(amount) : '') ?? []
  const limit = whole === undefined ? 0n : BigInt(whole + fraction.padEnd(12, '0'))
  if (limit === 0n || (measure !== 'usd' && fraction !== '')) {
    throw new BudgetError(`${where}: ${measure} is ${described(amount)}, ${measure === 'usd' ? 'dollars above 0 with at most 12 decimals are needed, such as "99.50"' : 'a whole number above 0 is needed'}`)
  }
  return { measure: oneOf(measures, measure), limit }
}

function readScope(from: Fields, where: string): Budget['scope'] {
  if (!from.has('scope')) return {}
  const place = `${where}: scope`
  const scope = fields(from.get('scope'), place)
  refuseUnknown(scope, budgetDimensions, place)
  return Object.fromEntries([...scope].map(([name, value]) => [name, texts(value, `${place}.${name}`)]))
}

function texts(value: unknown, where: string): readonly string[] {
  const list = typeof value === 'string' ? [value] : items(value, where, scopeValuesMax)
  if (list.length === 0) throw new BudgetError(`${where}: is an empty list, name at least one value or leave it out`)
  return list.map((item) => {
    if (typeof item !== 'string' || item.length > valueCharactersMax) {
      throw new BudgetError(`${where}: holds ${described(item)}, texts of at most ${valueCharactersMax} characters are needed`)
    }
    return item
  })
}

function readGroupBy(from: Fields, where: string): readonly BudgetDimension[] {
  if (!from.has('group_by')) return []
  return [...new Set(items(from.get('group_by'), `${where}: group_by`, budgetDimensions.length))].map((item) => {
    const dimension = budgetDimensions.find((one) => one === item)
    if (dimension === undefined) throw new BudgetError(`${where}: group_by holds ${described(item)}, allowed: ${budgetDimensions.join(', ')}`)
    return dimension
  })
}

function readThresholds(from: Fields, key: string, fallback: readonly number[], where: string): readonly number[] {
  if (!from.has(key)) return fallback
  const list = items(from.get(key), `${where}: ${key}`, thresholdsMax).map((item) => {
    const percent = typeof item === 'bigint' || typeof item === 'number' ? Number(item) : Number.NaN
    if (!(percent > 0 && percent <= thresholdMax)) throw new BudgetError(`${where}: ${key} holds ${described(item)}, percents above 0 and up to ${thresholdMax} are needed`)
    return percent
  })
  return [...new Set(list)].sort((a, b) => a - b)
}
