import { outcomes, policyModes, stepKinds, type Outcome } from '#semconv/facts.ts'
import { stringify } from 'yaml'
import { described, documentReader, type Fields } from '../document.ts'
import { celCompiler, type Compiler, type Expression } from './cel.ts'
import { ExpressionError } from './cel-lint.ts'
import {
  type Match, runMatcher, runMatchKeys, runReference, spanMatcher, spanMatchKeys, spanReference,
} from './matcher.ts'
import { evidenceItemsMax, judge, type Policy, type Reference, reference, type RunPolicy, type SpanPolicy } from './policy.ts'
import { PolicyError } from './policy-error.ts'
import { givenRun, givenSpan } from './policy-test.ts'
import { runDeclarations, spanDeclarations } from './variables.ts'

/** Longest document, in characters. */
const documentCharactersMax = 1_048_576
const policiesMax = 500
/** Most values under one key of `match`, most tests of one policy. */
const listItemsMax = 2_000
const testsMax = 100
const textCharactersMax = 500
const versionMax = 4_294_967_295

const idPattern = /^[a-z0-9][a-z0-9._-]{0,63}$/
const policyKeys = [
  'id', 'version', 'title', 'mode', 'on', 'match', 'unless', 'when', 'outcome', 'reason', 'reason_expression', 'on_error', 'tests',
]
const lowerOutcomes = outcomes.map((outcome) => outcome.toLowerCase())
/** What an error may lead to: somebody must hear of it. */
const errorOutcomes = ['warn', 'deny', 'require_approval']
const expectations = ['finding', 'pass', 'error']

const { parse, fields, items, refuseUnknown, text, choice, integer } = documentReader((message) => new PolicyError(message))

const spanCompiler = celCompiler(spanDeclarations)
const runCompiler = celCompiler(runDeclarations)

/** The policies of a document, in its order, each checked, compiled and put to its own tests. Throws `PolicyError`. */
export function readPolicies(yaml: string): Policy[] {
  if (yaml.length > documentCharactersMax) {
    throw new PolicyError(`policies: the document has ${yaml.length} characters, at most ${documentCharactersMax} are allowed`)
  }
  const where = 'policies'
  const document = fields(parse(yaml, where), where)
  refuseUnknown(document, ['policies'], where)
  const list = items(document.get('policies'), where, policiesMax)
  const seen = new Set<string>()
  return list.map((item, index) => {
    const policy = readPolicy(fields(item, `policy ${index + 1}`), `policy ${index + 1}`)
    if (seen.has(policy.id)) throw new PolicyError(`policy '${policy.id}': id is used twice, each policy needs its own`)
    seen.add(policy.id)
    return policy
  })
}

function readPolicy(from: Fields, position: string): Policy {
  const id = text(from, 'id', position, 64)
  if (!idPattern.test(id)) {
    throw new PolicyError(`${position}: id is '${id}', allowed are lower-case letters, digits and . _ - (at most 64, first a letter or digit)`)
  }
  const where = `policy '${id}'`
  refuseUnknown(from, policyKeys, where)
  const policy = choice(from, 'on', ['span', 'run'], where) === 'span' ? readSpanPolicy(from, id, where) : readRunPolicy(from, id, where)
  runTests(policy, from, where)
  return policy
}

function readSpanPolicy(from: Fields, id: string, where: string): SpanPolicy {
  const match = readMatch(from, 'match', spanMatchKeys, where) ?? {}
  const unless = readMatch(from, 'unless', spanMatchKeys, where)
  const rule = readRule(from, spanCompiler, where)
  const fits = spanMatcher(match)
  const excepted = unless === undefined ? () => false : spanMatcher(unless)
  const named = spanMatchKeys.filter((key) => match[key] !== undefined || unless?.[key] !== undefined).map((key) => spanReference[key])
  return {
    id, on: 'span', ...rule, match,
    applies: (activation) => fits(activation) && !excepted(activation),
    references: evidenceReferences([...named, ...rule.references]),
  }
}

function readRunPolicy(from: Fields, id: string, where: string): RunPolicy {
  const match = readMatch(from, 'match', runMatchKeys, where) ?? {}
  const unless = readMatch(from, 'unless', runMatchKeys, where)
  const rule = readRule(from, runCompiler, where)
  const fits = runMatcher(match)
  const excepted = unless === undefined ? () => false : runMatcher(unless)
  const named = runMatchKeys.filter((key) => match[key] !== undefined || unless?.[key] !== undefined).map((key) => runReference[key])
  return {
    id, on: 'run', ...rule, match,
    applies: (activation) => fits(activation) && !excepted(activation),
    references: evidenceReferences([...named, ...rule.references]),
  }
}

const evidenceReferences = (names: readonly string[]): readonly Reference[] => [...new Set(names)].slice(0, evidenceItemsMax).map(reference)

/** What policies on spans and on runs have in common. */
function readRule(from: Fields, compiler: Compiler, where: string) {
  const when = expression(from, 'when', compiler.condition, where) ?? compiler.condition('true')
  const reasonExpression = expression(from, 'reason_expression', compiler.text, where)
  return {
    version: integer(from, 'version', where, versionMax),
    title: text(from, 'title', where, textCharactersMax),
    document: stringify(from),
    mode: choice(from, 'mode', policyModes.map((mode) => mode.toLowerCase()), where) === 'enforce' ? 'ENFORCE' as const : 'SHADOW' as const,
    when,
    outcome: outcome(choice(from, 'outcome', lowerOutcomes, where)),
    reason: text(from, 'reason', where, textCharactersMax),
    reasonExpression,
    onError: outcome(from.has('on_error') ? choice(from, 'on_error', errorOutcomes, where) : 'warn'),
    references: [...when.references, ...(reasonExpression?.references ?? [])],
  }
}

/** The outcome a document writes in small letters; `choice` has made sure that there is one. */
const outcome = (written: string): Outcome => outcomes.find((value) => value.toLowerCase() === written) ?? 'WARN'

function expression<T>(from: Fields, key: string, compile: (source: string) => Expression<T>, where: string): Expression<T> | undefined {
  const source = from.get(key)
  if (source === undefined) return undefined
  if (typeof source !== 'string') throw new PolicyError(`${where}: ${key} is ${described(source)}, a CEL expression in quotes is needed`)
  try {
    return compile(source)
  } catch (error) {
    if (error instanceof ExpressionError) throw new PolicyError(`${where}: ${key}: ${error.message}`)
    throw error
  }
}

function readMatch(from: Fields, key: 'match' | 'unless', allowed: readonly (keyof Match)[], where: string): Match | undefined {
  const value = from.get(key)
  if (value === undefined) return undefined
  const place = `${where}: ${key}`
  const given = fields(value, place)
  refuseUnknown(given, allowed, place)
  if (key === 'unless' && given.size === 0) throw new PolicyError(`${place} is empty and would except everything: name at least one of ${allowed.join(', ')}`)
  return Object.fromEntries([...given].map(([name, list]) => [name, patterns(list, name, place)]))
}

function patterns(value: unknown, name: string, place: string): readonly string[] {
  const list = items(value, `${place}.${name}`, listItemsMax)
  return list.map((item) => {
    if (typeof item !== 'string') throw new PolicyError(`${place}.${name} holds ${described(item)}, texts are needed`)
    if (name === 'kinds' && !stepKinds.some((kind) => kind === item)) {
      throw new PolicyError(`${place}.kinds holds '${item}', allowed: ${stepKinds.join(', ')}`)
    }
    return item
  })
}

function runTests(policy: Policy, from: Fields, where: string): void {
  if (!from.has('tests')) return
  items(from.get('tests'), `${where}: tests`, testsMax).forEach((item, index) => {
    const place = `${where}: test ${index + 1}`
    const given = fields(item, place)
    refuseUnknown(given, ['given', 'expect'], place)
    const expected = choice(given, 'expect', expectations, place)
    const values = fields(given.get('given') ?? new Map(), `${place}: given`)
    const judgement = policy.on === 'span' ? judge(policy, givenSpan(values, place)) : judge(policy, givenRun(values, place))
    const actual = judgement === undefined ? 'pass' : judgement.error === '' ? 'finding' : 'error'
    if (actual !== expected) {
      throw new PolicyError(`${place} fails: expected ${expected}, got ${actual}${judgement?.error ? ` (${judgement.error})` : ''}`)
    }
  })
}
