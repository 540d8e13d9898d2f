import type { FieldType } from './cel.ts'
import { PolicyError } from './policy-error.ts'
import {
  RepeatedToolCall, repeatedToolCallFields, Run, type RunActivation, runFields, type Scalar, Span, type SpanActivation, spanFields,
  Step, stepFields,
} from './variables.ts'

/*
 * The cases a policy brings along: `given` names the values that matter, everything else is blank ('' for texts, 0 for
 * numbers, [] for lists, `executed` true). What a case builds is what an expression sees, so it runs on the same path.
 */

type Given = ReadonlyMap<string, unknown>

export function givenSpan(given: Given, where: string): SpanActivation {
  known(given, ['span', 'step', 'attributes', 'truncated'], where)
  return {
    span: record(Span.prototype, spanFields, {}, given.get('span'), `${where}: given.span`),
    step: record(Step.prototype, stepFields, { executed: true }, given.get('step'), `${where}: given.step`),
    attributes: scalars(given.get('attributes'), `${where}: given.attributes`),
    truncated: given.get('truncated') === true,
  }
}

export function givenRun(given: Given, where: string): RunActivation {
  known(given, ['run', 'truncated'], where)
  return {
    run: record(Run.prototype, runFields, {}, given.get('run'), `${where}: given.run`),
    truncated: given.get('truncated') === true,
  }
}

/** An object that is a record to the engine, with values of its own in front of the class's getters. */
function record<T extends object>(
  prototype: T, types: Readonly<Record<string, FieldType>>, defaults: Readonly<Record<string, unknown>>, given: unknown, where: string,
): T {
  const values = map(given, where)
  known(values, Object.keys(types), where)
  const own = Object.entries(types).map(([name, type]) => {
    const value = values.has(name) ? typed(values.get(name), type, `${where}.${name}`) : (defaults[name] ?? blank(type))
    return [name, { value, enumerable: true }] as const
  })
  return Object.create(prototype, Object.fromEntries(own))
}

function blank(type: FieldType): unknown {
  switch (type) {
    case 'string':
      return ''
    case 'int':
      return 0n
    case 'double':
      return 0
    case 'bool':
      return false
    default:
      return []
  }
}

function typed(value: unknown, type: FieldType, where: string): unknown {
  switch (type) {
    case 'string':
      if (typeof value === 'string') return value
      break
    case 'int':
      if (typeof value === 'bigint') return value
      break
    case 'double':
      if (typeof value === 'number' || typeof value === 'bigint') return Number(value)
      break
    case 'bool':
      if (typeof value === 'boolean') return value
      break
    case 'list<RepeatedToolCall>':
      if (Array.isArray(value)) return value.map((item, index) => repeated(item, `${where}[${index}]`))
      break
    default:
      if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  }
  throw new PolicyError(`${where}: a value of type ${type} is needed`)
}

function repeated(item: unknown, where: string): RepeatedToolCall {
  return record(RepeatedToolCall.prototype, repeatedToolCallFields, {}, item, where)
}

function scalars(given: unknown, where: string): ReadonlyMap<string, Scalar> {
  const values = new Map<string, Scalar>()
  for (const [key, value] of map(given, where)) {
    if (typeof value !== 'string' && typeof value !== 'bigint' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw new PolicyError(`${where}: '${key}' needs a text, an integer, a number or a boolean`)
    }
    values.set(key, value)
  }
  return values
}

function map(given: unknown, where: string): Given {
  if (given === undefined) return new Map()
  if (!(given instanceof Map)) throw new PolicyError(`${where}: keys and values are needed`)
  return given
}

function known(given: Given, allowed: readonly string[], where: string): void {
  for (const key of given.keys()) {
    if (!allowed.includes(key)) throw new PolicyError(`${where}: unknown key '${key}', allowed: ${allowed.join(', ')}`)
  }
}
