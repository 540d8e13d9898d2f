import { Environment, EvaluationError, ParseError } from '@marcbachmann/cel-js'
import { ExpressionError, lint } from './cel-lint.ts'
import { globMatches } from './glob.ts'
import { formatUsd, nanoUsd } from './money.ts'

/**
 * The Common Expression Language (https://cel.dev), cut to what terminates soon, reads no clock and means the same in
 * every implementation. This is the only file that names an engine.
 */

/** Longest expression, in characters. */
export const expressionCharactersMax = 8_192
/** Most nodes of a parsed expression. */
export const expressionNodesMax = 2_000
/** Deepest nesting of a parsed expression: parsing and evaluation recurse. */
export const expressionDepthMax = 40
/** Longest list or map written out in an expression. */
const literalItemsMax = 1_000

/** The type of a field, in CEL's words; a record's name makes lists of records. */
export type FieldType = 'string' | 'int' | 'double' | 'bool' | `list<${string}>`

/**
 * A record that expressions read. The engine tells records apart by their class and reads fields without converting
 * them, which is four times faster than a plain object with a declared schema.
 */
export interface RecordType {
  readonly name: string
  readonly constructedBy: new (...values: never[]) => object
  readonly fields: Readonly<Record<string, FieldType>>
}

/** The variables an expression may name. Any other name is an error when it is parsed, not when it runs. */
export interface Declarations {
  readonly records: readonly RecordType[]
  /** A record's name, a field type, or `map<string, dyn>` for attributes. */
  readonly variables: Readonly<Record<string, string>>
}

/** Values by variable. Integers are `bigint`, doubles are `number`: CEL keeps them apart. */
export type Activation = Readonly<Record<string, unknown>>

export type Evaluation<T> = { readonly value: T } | { readonly error: string }

export interface Expression<T> {
  readonly source: string
  /** What it reads: `step.tool`, `attributes["http.route"]`. */
  readonly references: readonly string[]
  /** Never throws; an error is a word such as `no_such_key`, without the value it concerns. */
  readonly evaluate: (activation: Activation) => Evaluation<T>
}

export type Compiler = {
  readonly condition: (source: string) => Expression<boolean>
  readonly text: (source: string) => Expression<string>
}

/** Compiles expressions over the given variables. Both functions throw `ExpressionError` in words for the author. */
export function celCompiler(declarations: Declarations): Compiler {
  const environment = declare(declarations)
  return {
    condition: (source) => compile(environment, source, 'bool', (value) => typeof value === 'boolean'),
    text: (source) => compile(environment, source, 'string', (value) => typeof value === 'string'),
  }
}

function declare(declarations: Declarations): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: false,
    limits: {
      maxAstNodes: expressionNodesMax, maxDepth: expressionDepthMax,
      maxListElements: literalItemsMax, maxMapEntries: literalItemsMax, maxCallArguments: 4,
    },
  })
  for (const { name, constructedBy, fields } of declarations.records) {
    environment.registerType(name, { ctor: constructedBy, fields: { ...fields } })
  }
  for (const [name, type] of Object.entries(declarations.variables)) environment.registerVariable(name, type)
  return environment
    .registerFunction('string.glob(string): bool', (text: string, pattern: string) => globMatches(pattern, text))
    .registerFunction('money(string): int', (amount: string) => nanoUsd(amount))
    .registerFunction('usd(int): string', (amount: bigint) => formatUsd(amount))
}

function compile<T>(environment: Environment, source: string, type: string, is: (value: unknown) => value is T): Expression<T> {
  if (source.length > expressionCharactersMax) {
    throw new ExpressionError(`has ${source.length} characters, at most ${expressionCharactersMax} are allowed`)
  }
  const patterns = new Map<string, { test(text: string): boolean }>()
  const own = environment.clone()
    .registerFunction('string.re(string): bool', (text: string, pattern: string) => patterns.get(pattern)?.test(text))
  const parsed = parse(own, source)
  const found = lint(parsed.ast)
  for (const [pattern, compiled] of found.patterns) patterns.set(pattern, compiled)
  const checked = parsed.check()
  if (!checked.valid) throw new ExpressionError(checked.error?.summary ?? 'has a type error')
  if (checked.type !== type) throw new ExpressionError(`is of type ${checked.type}, ${type} is needed`)
  return { source, references: found.references, evaluate: (activation) => evaluate(parsed, activation, is) }
}

function parse(environment: Environment, source: string) {
  try {
    return environment.parse(source)
  } catch (error) {
    if (error instanceof ParseError || error instanceof EvaluationError) throw new ExpressionError(error.summary)
    throw error
  }
}

function evaluate<T>(run: (activation: Activation) => unknown, activation: Activation, is: (value: unknown) => value is T): Evaluation<T> {
  try {
    const value = run(activation)
    return is(value) ? { value } : { error: 'wrong_type' }
  } catch (error) {
    return { error: error instanceof EvaluationError ? error.code : 'engine_error' }
  }
}
