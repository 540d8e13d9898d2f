import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { celCompiler } from './cel.ts'
import { ExpressionError } from './cel-lint.ts'
import { spanActivation, spanDeclarations } from './variables.ts'
import { sampleSpan } from './sample.ts'

const { condition } = celCompiler(spanDeclarations)
const activation = spanActivation(sampleSpan({ tool: 'search_web', finishReasons: ['stop', 'length'] }), new Map([['text', `${'a'.repeat(28)}!`]]))

const refused = (source: string, message: RegExp): void => {
  assert.throws(() => condition(source), (error) => error instanceof ExpressionError && message.test(error.message) || assert.fail(`${source}: ${String(error)}`))
}

test('regular expressions that can explode are refused in every spelling', () => {
  for (const source of ['step.tool.matches("a")', 'matches(step.tool, "a")', '(step.tool + "x").matches("a")', 'step.finish_reasons.exists(r, r.matches("a"))',
    '[step.tool].map(t, t.matches("a"))[0]', 'true ? step.tool.matches("a") : false', '{"a": step.tool.matches("b")}["a"]', '!step.tool.matches("a")']) {
    refused(source, /^matches\(\) is not available/)
  }
})

test('the expression that takes a backtracking engine minutes takes RE2 microseconds', () => {
  const began = performance.now()
  assert.deepEqual(condition('attributes["text"].re("^(a+)+$")').evaluate(activation), { value: false })
  assert.ok(performance.now() - began < 500)
})

test('a pattern is a literal and valid when the policy is parsed', () => {
  refused('step.tool.re(step.agent)', /takes one literal text/)
  refused('step.tool.re("a" + "b")', /takes one literal text/)
  refused('step.tool.re("(")', /^"\(" is no RE2 regular expression/)
  refused('step.tool.re("(?=a)b")', /is no RE2 regular expression/)
  refused('step.tool.re("(((a{100}){100}){100})")', /is no RE2 regular expression|is too large/)
  refused(`step.tool.re("${'a'.repeat(1001)}")`, /has 1001 characters, at most 1000/)
  assert.deepEqual(condition('step.tool.re("(?i)^SEARCH_")').evaluate(activation), { value: true })
})

test('functions with a clock, a codec or another meaning elsewhere do not exist', () => {
  for (const source of ['timestamp("2020-01-01T00:00:00Z") == timestamp(0)', 'duration("1s") == duration("1s")', 'bytes("a") == b"a"', 'type(1) == int',
    'dyn(1) == 1', 'now() == 1']) refused(source, /there is no function|Unknown variable/)
  for (const source of ['step.tool.lowerAscii() == "a"', 'step.tool.split("a").size() == 1', 'cel.bind(x, 1, x == 1)', 'step.tool.constructor() == 1']) {
    refused(source, /there is no method|Unknown variable/)
  }
})

test('money is a literal amount', () => {
  refused('money("1.2.3") > 0', /one literal amount/)
  refused('money(step.tool) > 0', /one literal amount/)
  refused('money("0.0000000001") > 0', /one literal amount/)
  assert.deepEqual(condition('money("1.50") == 1500000000').evaluate(activation), { value: true })
})

test('size, depth and work are bounded before anything runs', () => {
  refused(`step.tool == "${'a'.repeat(8192)}"`, /has \d+ characters, at most 8192/)
  refused(Array.from({ length: 1100 }, () => 'true').join('||'), /./)
  refused(`${'('.repeat(200)}true${')'.repeat(200)}`, /./)
  refused('step.finish_reasons.all(a, step.finish_reasons.all(b, step.finish_reasons.all(c, a == c)))', /nested 3 deep, at most 2/)
  refused('(step.finish_reasons + step.finish_reasons).all(a, a == "x")', /cannot run over a sum/)
  refused('[step.finish_reasons + step.finish_reasons].all(l, l.all(a, a == "x"))', /cannot run over a sum/)
  const pair = 'step.finish_reasons.all(a, step.finish_reasons.all(b, a == b || a != b || a + b == b + a))'
  refused(Array.from({ length: 20 }, () => pair).join('||'), /could visit \d+ nodes/)
  assert.deepEqual(condition(pair).evaluate(activation), { value: true })
})

test('what an expression reads is known before it runs', () => {
  assert.deepEqual(condition('step.tool == "a" && attributes["x.y"] == 1 && has(attributes.z) && step.finish_reasons.exists(r, r == span.name)').references,
    ['step.tool', 'attributes["x.y"]', 'attributes.z', 'step.finish_reasons', 'span.name'])
})

test('no text whatever makes the compiler throw anything but its own error, or an expression throw at all', () => {
  const word = fc.constantFrom('step', 'span', 'attributes', '.', 'tool', 'name', '(', ')', '[', ']', '"a"', '1', '+', '==', '&&', '||', '!', 're', 'glob', 'matches',
    'exists', 'all', 'x', ',', 'has', 'truncated', '?', ':', '{', '}', '-', '9223372036854775808', '1e999', 'b"\\xff"', "r'\\'", '\u0000', '__proto__', 'constructor')
  fc.assert(fc.property(fc.array(word, { maxLength: 14 }), (words) => {
    const source = words.join('')
    let compiled
    try {
      compiled = condition(source)
    } catch (error) {
      assert.ok(error instanceof ExpressionError, `${source}: ${String(error)}`)
      return
    }
    const result = compiled.evaluate(activation)
    assert.ok('error' in result || typeof result.value === 'boolean')
  }), { numRuns: 2_000 })
})

test('re() finds what a regular expression finds', () => {
  const piece = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', 'a*', 'b+', 'a?', '(ab|b)', '(?:a|c){1,2}', '\\d', '\\w', '^', '$')
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', ' '), maxLength: 6 })
  fc.assert(fc.property(fc.array(piece, { minLength: 1, maxLength: 5 }), text, (pieces, value) => {
    const pattern = pieces.join('')
    const found = condition(`span.name.re(${JSON.stringify(pattern)})`).evaluate(spanActivation(sampleSpan({}, { name: value }), new Map()))
    assert.deepEqual(found, { value: new RegExp(pattern).test(value) }, `${pattern} in '${value}'`)
  }), { numRuns: 300 })
})
