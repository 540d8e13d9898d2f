import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { CelScalar, celEnv, celFunc, celMethod, isCelError, parse, plan, type CelInput } from '@bufbuild/cel'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { parseDocument } from 'yaml'
import { celCompiler } from './cel.ts'
import { globMatches } from './glob.ts'
import { formatUsd, nanoUsd } from './money.ts'
import { givenRun, givenSpan } from './policy-test.ts'
import { starterPolicies } from './policies.ts'
import { repeatedToolCallFields, RepeatedToolCall, runDeclarations, runFields, spanDeclarations, spanFields, stepFields } from './variables.ts'

/*
 * A second implementation of CEL evaluates what ours evaluates and must agree: a policy's text has one meaning, whoever
 * runs it. Errors must coincide too; their wording may differ.
 */

const environment = celEnv({
  funcs: [
    celMethod('glob', CelScalar.STRING, [CelScalar.STRING], CelScalar.BOOL, function (pattern) { return globMatches(pattern, this) }),
    celMethod('re', CelScalar.STRING, [CelScalar.STRING], CelScalar.BOOL, function (pattern) { return RE2JS.compile(pattern).test(this) }),
    celFunc('money', [CelScalar.STRING], CelScalar.INT, (amount) => nanoUsd(amount) ?? 0n),
    celFunc('usd', [CelScalar.INT], CelScalar.STRING, formatUsd),
  ],
})

const plain = (fields: object, from: object): Map<string, CelInput> =>
  new Map(Object.keys(fields).map((name) => [name, input(Reflect.get(from, name))]))

function input(value: unknown): CelInput {
  if (Array.isArray(value)) return value.map(input)
  if (value instanceof RepeatedToolCall) return plain(repeatedToolCallFields, value)
  if (value instanceof Map) return value
  if (typeof value === 'string' || typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean') return value
  throw new Error(`no CEL value: ${String(value)}`)
}

const error = Symbol('error')
function oracle(source: string, bindings: Record<string, CelInput>): unknown {
  const result = plan(environment, parse(source))(bindings)
  return isCelError(result) ? error : result
}
const spanCompiler = celCompiler(spanDeclarations)
const runCompiler = celCompiler(runDeclarations)

function agree(kind: 'span' | 'run', of: 'condition' | 'text', source: string, given: ReadonlyMap<string, unknown>): unknown {
  const expression = (kind === 'span' ? spanCompiler : runCompiler)[of](source)
  if (kind === 'span') {
    const activation = givenSpan(given, 'case')
    const { span, step, attributes, truncated } = activation
    const ours = expression.evaluate(activation)
    const theirs = oracle(source, { span: plain(spanFields, span), step: plain(stepFields, step), attributes: new Map(attributes), truncated })
    assert.equal('error' in ours ? error : ours.value, theirs, `${source}: the engines disagree`)
    return theirs
  }
  const activation = givenRun(given, 'case')
  const ours = expression.evaluate(activation)
  const theirs = oracle(source, { run: plain(runFields, activation.run), truncated: activation.truncated })
  assert.equal('error' in ours ? error : ours.value, theirs, `${source}: the engines disagree`)
  return theirs
}

const documents = { starter: starterPolicies(), language: readFileSync(new URL('language.yaml', import.meta.url), 'utf8') }
for (const [name, yaml] of Object.entries(documents)) {
  test(`both engines give every case of ${name} the same value`, () => {
    const document: unknown = parseDocument(yaml, { intAsBigInt: true }).toJS({ mapAsMap: true })
    assert.ok(document instanceof Map)
    let cases = 0
    for (const policy of document.get('policies')) {
      for (const { given } of policy.get('tests').map((t: Map<string, unknown>) => ({ given: t.get('given') }))) {
        agree(policy.get('on'), 'condition', policy.get('when') ?? 'true', given ?? new Map())
        const reason = policy.get('reason_expression')
        if (reason !== undefined) agree(policy.get('on'), 'text', reason, given ?? new Map())
        cases += 1
      }
    }
    assert.ok(cases >= 5, `${cases} cases`)
  })
}

test('both engines agree on conditions that nobody wrote', () => {
  const int = fc.constantFrom('step.tokens_in', 'step.tokens_out', 'span.duration_ms', 'size(step.tool)', '0', '7', '-3', 'attributes["n"]')
  const text = fc.constantFrom('step.tool', 'step.agent', '"search_web"', '""', 'attributes["t"]', 'string(step.tokens_in)')
  const atom = fc.oneof(
    fc.tuple(int, fc.constantFrom('<', '<=', '>', '>=', '==', '!='), int).map(([a, op, b]) => `${a} ${op} ${b}`),
    fc.tuple(int, fc.constantFrom('+', '-', '*', '/', '%'), int).map(([a, op, b]) => `(${a} ${op} ${b}) > 1`),
    fc.tuple(text, fc.constantFrom('contains', 'startsWith', 'endsWith', 'glob'), text).map(([a, m, b]) => `${a}.${m}(${b})`),
    fc.tuple(text, fc.constantFrom('^s', 'web$', 'a|b', '[0-9]+', '.')).map(([a, p]) => `${a}.re("${p}")`),
    fc.tuple(fc.constantFrom('exists', 'all', 'exists_one'), text).map(([m, a]) => `step.finish_reasons.${m}(r, r == ${a})`),
    fc.constantFrom('step.executed', '"t" in attributes', '"missing" in attributes', 'attributes["missing"] == 1', 'has(attributes.t)', 'truncated'),
  )
  const condition = fc.letrec<{ tree: string }>((tie) => ({
    tree: fc.oneof({ depthSize: 'small', withCrossShrink: true }, atom,
      fc.tuple(tie('tree'), fc.constantFrom('&&', '||'), tie('tree')).map(([a, op, b]) => `(${a} ${op} ${b})`),
      tie('tree').map((a) => `!(${a})`),
      fc.tuple(tie('tree'), tie('tree'), tie('tree')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`)),
  })).tree
  const given = fc.record({ tool: fc.constantFrom('', 'search_web', 'a'), tokens: fc.constantFrom(0n, 1n, 7n, (1n << 63n) - 1n), reasons: fc.array(fc.constantFrom('stop', 'a'), { maxLength: 3 }) })
  fc.assert(fc.property(condition, given, (source, { tool, tokens, reasons }) => {
    agree('span', 'condition', source, new Map<string, unknown>([
      ['step', new Map<string, unknown>([['tool', tool], ['agent', 'a'], ['tokens_in', tokens], ['finish_reasons', reasons]])],
      ['attributes', new Map<string, unknown>([['n', 7n], ['t', 'text']])],
    ]))
  }), { numRuns: 300 })
})
