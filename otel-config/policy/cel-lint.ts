import type { ASTNode } from '@marcbachmann/cel-js'
import { RE2JS } from 're2js'
import { nanoUsd } from './money.ts'

/** Longest regular expression, in characters. */
export const patternCharactersMax = 1_000
/** Largest compiled regular expression, in RE2 instructions: `x{1000}` nested a few times would hold the process's memory. */
export const patternInstructionsMax = 10_000
/** Loops within loops: each level multiplies the work by up to `listItemsMax`. */
export const loopNestingMax = 2
/** Longest list an expression sees; longer ones are cut and `truncated` is true. */
export const listItemsMax = 256
/**
 * Most nodes one evaluation can visit, counted before it ever runs (a loop counts as `listItemsMax` rounds). Neither CEL
 * engine has a budget at run time; about 50 ns a node makes the worst accepted expression a tenth of a second.
 */
export const evaluationCostMax = 2_000_000

/** What is wrong with an expression, in words for its author. */
export class ExpressionError extends Error {}

export interface Lint {
  /** Compiled literals of `re("…")`. */
  readonly patterns: ReadonlyMap<string, RE2JS>
  /** What the expression reads, each once: `step.tool`, `attributes["http.route"]`. */
  readonly references: readonly string[]
}

const loops = new Set(['exists', 'all', 'exists_one', 'filter', 'map'])
/** Methods and functions that every CEL implementation has, and our own; a policy's text must mean the same everywhere. */
const methods = new Set([...loops, 'contains', 'startsWith', 'endsWith', 'size', 're', 'glob'])
const functions = new Set(['has', 'size', 'int', 'double', 'string', 'money', 'usd'])

interface Scope {
  readonly patterns: Map<string, RE2JS>
  readonly references: Set<string>
  /** Loop variables in force: reading them is no reference to what policies are given. */
  readonly bound: ReadonlySet<string>
  readonly loopDepth: number
  /** Inside what a loop runs over: lists may not be added up there, or a short text could make a huge one. */
  readonly inLoopRange: boolean
}

/** Throws `ExpressionError`. */
export function lint(ast: ASTNode): Lint {
  const scope: Scope = { patterns: new Map(), references: new Set(), bound: new Set(), loopDepth: 0, inLoopRange: false }
  const cost = visit(ast, scope)
  if (cost > evaluationCostMax) {
    throw new ExpressionError(`could visit ${cost} nodes in one evaluation, at most ${evaluationCostMax} are allowed: use fewer loops within loops`)
  }
  return { patterns: scope.patterns, references: [...scope.references] }
}

/** Visits a node and everything below it; returns how many nodes an evaluation visits at most. */
function visit(node: ASTNode, scope: Scope): number {
  const all = (nodes: readonly ASTNode[]): number => nodes.reduce((sum, child) => sum + visit(child, scope), 1)
  switch (node.op) {
    case 'value':
      return 1
    case 'id':
      refer(node.args, scope)
      return 1
    case '.':
      return visitSelect(node.args[0], `.${node.args[1]}`, scope)
    case '[]': {
      const [receiver, key] = node.args
      if (key.op === 'value' && typeof key.args === 'string') return visitSelect(receiver, `[${JSON.stringify(key.args)}]`, scope)
      return all(node.args)
    }
    case 'call':
      return visitCall(node.args[0], node.args[1], scope)
    case 'rcall':
      return visitMethod(node.args[0], node.args[1], node.args[2], scope)
    case 'list':
      return all(node.args)
    case 'map':
      return all(node.args.flat())
    case '!_':
    case '-_':
      return 1 + visit(node.args, scope)
    case '+':
      if (scope.inLoopRange) throw new ExpressionError('a loop cannot run over a sum (+): write one loop for each list')
      return all(node.args)
    case '?:':
    case '||':
    case '&&':
    case '!=':
    case '==':
    case 'in':
    case '-':
    case '*':
    case '/':
    case '%':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return all(node.args)
    case '.?':
    case '[?]':
      throw new ExpressionError('optional access (.?) is not available: write has(a.b) or "key" in attributes')
  }
}

function refer(reference: string, scope: Scope): void {
  const variable = /^\w+/.exec(reference)?.[0] ?? ''
  if (!scope.bound.has(variable)) scope.references.add(reference)
}

function visitSelect(receiver: ASTNode, step: string, scope: Scope): number {
  if (receiver.op !== 'id') return 1 + visit(receiver, scope)
  refer(`${receiver.args}${step}`, scope)
  return 2
}

function visitCall(name: string, args: readonly ASTNode[], scope: Scope): number {
  if (name === 'matches') throw new ExpressionError(instead)
  if (!functions.has(name)) throw new ExpressionError(`there is no function ${name}(): functions are ${[...functions].join(', ')}`)
  if (name === 'money') checkMoney(args)
  return args.reduce((sum, child) => sum + visit(child, scope), 1)
}

const instead = 'matches() is not available, because its regular expressions can take exponential time: write text.re("literal") instead (RE2)'

function visitMethod(name: string, receiver: ASTNode, args: readonly ASTNode[], scope: Scope): number {
  if (name === 'matches') throw new ExpressionError(instead)
  if (!methods.has(name)) throw new ExpressionError(`there is no method .${name}(): methods are ${[...methods].join(', ')}`)
  if (loops.has(name)) return visitLoop(name, receiver, args, scope)
  if (name === 're') compilePattern(args, scope)
  return args.reduce((sum, child) => sum + visit(child, scope), 1 + visit(receiver, scope))
}

function visitLoop(name: string, range: ASTNode, args: readonly ASTNode[], scope: Scope): number {
  const loopDepth = scope.loopDepth + 1
  if (loopDepth > loopNestingMax) throw new ExpressionError(`.${name}() is nested ${loopDepth} deep, at most ${loopNestingMax} loops may be nested`)
  const [variable, ...body] = args
  if (variable?.op !== 'id' || body.length === 0) throw new ExpressionError(`.${name}() needs a variable and an expression: list.${name}(x, …)`)
  const rangeCost = visit(range, { ...scope, inLoopRange: true })
  const inner: Scope = { ...scope, bound: new Set([...scope.bound, variable.args]), loopDepth }
  const bodyCost = body.reduce((sum, child) => sum + visit(child, inner), 1)
  // A literal can be longer than what we hand in; everything else is cut at listItemsMax.
  const rounds = range.op === 'list' || range.op === 'map' ? Math.max(range.args.length, listItemsMax) : listItemsMax
  return 1 + rangeCost + rounds * bodyCost
}

function onlyLiteral(args: readonly ASTNode[]): string | undefined {
  const [only, ...more] = args
  return more.length === 0 && only?.op === 'value' && typeof only.args === 'string' ? only.args : undefined
}

function compilePattern(args: readonly ASTNode[], scope: Scope): void {
  const pattern = onlyLiteral(args)
  if (pattern === undefined) throw new ExpressionError('.re() takes one literal text, because it is compiled before the policy runs')
  if (pattern.length > patternCharactersMax) {
    throw new ExpressionError(`a regular expression has ${pattern.length} characters, at most ${patternCharactersMax} are allowed`)
  }
  const compiled = compile(pattern)
  if (compiled.programSize() > patternInstructionsMax) {
    throw new ExpressionError(`the regular expression "${pattern}" is too large: lower its repetition counts`)
  }
  scope.patterns.set(pattern, compiled)
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    throw new ExpressionError(`"${pattern}" is no RE2 regular expression: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function checkMoney(args: readonly ASTNode[]): void {
  const amount = onlyLiteral(args)
  if (amount === undefined || nanoUsd(amount) === undefined) {
    throw new ExpressionError('money() takes one literal amount of US dollars with at most 9 decimals, such as money("1.50")')
  }
}
