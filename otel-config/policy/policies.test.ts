import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { KeyValueList } from '#semconv/attributes.ts'
import { scenarios } from '../demo/story.ts'
import { evaluateRun, evaluateSpan, parsePolicies, PolicyError, starterPolicies } from './policies.ts'
import { sampleAccount, sampleSpan } from './sample.ts'
import { listItemsMax } from './cel-lint.ts'
import { textCharactersMax } from './variables.ts'

const none = new Map<string, never>()

/** A policy of which a test changes what it is about. */
const policy = (lines: Record<string, string>): string => {
  const all = { id: 'x', version: '1', title: 'a title', mode: 'shadow', on: 'span', when: '"true"', outcome: 'warn', reason: 'a reason', ...lines }
  return `policies:\n  - ${Object.entries(all).filter(([, value]) => value !== '').map(([key, value]) => `${key}: ${value}`).join('\n    ')}\n`
}

const refused = (yaml: string, message: string | RegExp): void => {
  assert.throws(() => parsePolicies(yaml), (error) => {
    assert.ok(error instanceof PolicyError, String(error))
    if (typeof message === 'string') assert.equal(error.message, message)
    else assert.match(error.message, message)
    assert.doesNotMatch(error.message, /\n/, 'one line')
    return true
  })
}

test('the starter policies find a tool nobody allowed', () => {
  const set = parsePolicies(starterPolicies())
  assert.deepEqual(set.policies.map(({ id }) => id), ['tool-allow-list', 'run-cost-limit', 'repeated-tool-call'])
  const inDemo = { service: 'data-analyst' }
  assert.deepEqual(evaluateSpan(set, sampleSpan({ tool: 'execute_sql' }, inDemo), none), [{
    policyId: 'tool-allow-list', policyVersion: 1, outcome: 'DENY', mode: 'SHADOW', reason: 'The tool execute_sql is not on the allow-list.',
    spanId: '2222222222222222', at: 1_250_000_000n, evidence: { 'span.kind': 'TOOL_CALL', 'step.tool': 'execute_sql', 'span.service': 'data-analyst', 'step.executed': 'true' },
  }])
  assert.deepEqual(evaluateSpan(set, sampleSpan({ tool: 'search_web' }, inDemo), none), [])
  assert.deepEqual(evaluateSpan(set, sampleSpan({ role: 'model_call', tool: 'execute_sql' }, inDemo), none), [])
})

test('the starter allow-list is about the demo alone: a newcomer\'s tools are no findings', () => {
  const set = parsePolicies(starterPolicies())
  for (const { service } of scenarios) assert.equal(evaluateSpan(set, sampleSpan({ tool: 'shell' }, { service }), none).length, 1, service)
  for (const service of ['', 'shop']) assert.deepEqual(evaluateSpan(set, sampleSpan({ tool: 'shell' }, { service }), none), [])
})

test('the starter policies find an expensive run and one that goes in circles', () => {
  const set = parsePolicies(starterPolicies())
  const repeatedToolCalls = [{ tool: 'search_web', argumentsHash: 'aa', count: 4, spanId: '3'.repeat(16), at: 2n }]
  const run = { account: sampleAccount({ repeatedToolCalls }), cost: 1_234_567_890_123n, spans: [] }
  assert.deepEqual(evaluateRun(set, run).map(({ policyId, reason, spanId, at, evidence }) => ({ policyId, reason, spanId, at, evidence })), [
    {
      policyId: 'run-cost-limit', reason: 'The run cost $1.23456789, more than $0.50.', spanId: '', at: 3_000_000_000n,
      evidence: { 'run.cost_nano': '1234567890' },
    },
    {
      policyId: 'repeated-tool-call', reason: 'search_web was called 4 times with the same arguments.', spanId: '', at: 3_000_000_000n,
      evidence: { 'run.repeated_tool_calls': 'search_web × 4' },
    },
  ])
  assert.deepEqual(evaluateRun(set, { account: sampleAccount({}), cost: 500_000_000_000n, spans: [] }), [])
})

test('a run that has not ended is dated by the last span known', () => {
  const set = parsePolicies(policy({ on: 'run', when: 'run.duration_ms == 4000' }))
  const account = sampleAccount({ endedAt: undefined, status: 'RUNNING' })
  const spans = [sampleSpan({}, { endedAt: 5_000_000_000n }), sampleSpan({}, { endedAt: 2_000_000_000n })]
  assert.deepEqual(evaluateRun(set, { account, cost: 0n, spans }).map(({ at }) => at), [5_000_000_000n])
})

test('an expression that cannot be evaluated is a finding, with the outcome the policy chose', () => {
  const when = `'attributes["retries"] > 3'`
  const [found] = evaluateSpan(parsePolicies(policy({ when })), sampleSpan({}), none)
  assert.equal(found?.reason, `policy 'x' could not be evaluated: no_such_key`)
  assert.equal(found?.outcome, 'WARN')
  const [denied] = evaluateSpan(parsePolicies(policy({ when, on_error: 'deny' })), sampleSpan({}), new Map([['retries', 'many']]))
  assert.deepEqual([denied?.outcome, denied?.reason, denied?.evidence], ['DENY', `policy 'x' could not be evaluated: no_such_overload`, { 'attributes["retries"]': 'many' }])
})

test('content can be judged, and is neither in the evidence nor in an error', () => {
  const content = new Map([['gen_ai.input.messages', 'secret'], ['tier', 'gold']])
  const [found] = evaluateSpan(parsePolicies(policy({ when: `'attributes["gen_ai.input.messages"].re("^sec") && attributes["tier"] == "gold"'` })), sampleSpan({}), content)
  assert.deepEqual(found?.evidence, { 'attributes["tier"]': 'gold' })
  const [broken] = evaluateSpan(parsePolicies(policy({ when: `'attributes["gen_ai.input.messages"] > 3'` })), sampleSpan({}), content)
  assert.doesNotMatch(JSON.stringify([broken?.reason, broken?.evidence]), /secret/)
})

test('a reason that cannot be evaluated falls back to the plain one', () => {
  const set = parsePolicies(policy({ reason_expression: `'"retries: " + string(attributes["retries"])'` }))
  assert.deepEqual(evaluateSpan(set, sampleSpan({}), none).map(({ reason }) => reason), ['a reason'])
  assert.deepEqual(evaluateSpan(set, sampleSpan({}), new Map([['retries', 7n]])).map(({ reason }) => reason), ['retries: 7'])
})

test('attributes keep their types, and what has no place in the language is absent', () => {
  const set = parsePolicies(policy({
    when: `'attributes["i"] == 7 && attributes["d"] == 0.5 && attributes["b"] && attributes["s"] == "x" && !("list" in attributes) && !("map" in attributes) && !("bytes" in attributes) && !("null" in attributes) && !truncated'`,
  }))
  const attributes = new Map<string, bigint | number | boolean | string | null | Uint8Array | KeyValueList | string[]>([
    ['i', 7n], ['d', 0.5], ['b', true], ['s', 'x'], ['list', ['a']], ['map', new KeyValueList(new Map())], ['bytes', new Uint8Array(1)], ['null', null],
  ])
  assert.equal(evaluateSpan(set, sampleSpan({}), attributes)[0]?.reason, 'a reason')
})

test('what is too long is cut, and the policy can see that it was', () => {
  const set = parsePolicies(policy({ when: `truncated && size(step.finish_reasons) == ${listItemsMax} && size(attributes["s"]) == ${textCharactersMax}` }).replace('when: ', 'when: >-\n      '))
  const span = sampleSpan({ finishReasons: Array.from({ length: listItemsMax + 1 }, () => 'stop') })
  assert.equal(evaluateSpan(set, span, new Map([['s', 'x'.repeat(textCharactersMax + 1)]]))[0]?.reason, 'a reason')
})

test('tokens are sums over the disjoint meters', () => {
  const set = parsePolicies(policy({ when: 'step.tokens_in == 111 && step.tokens_out == 30' }))
  const usage = { 'input.uncached': 1, 'input.cache_read': 10, 'input.cache_write.5m': 100, 'output.text': 10, 'output.reasoning': 20, unsplit: 7 }
  assert.equal(evaluateSpan(set, sampleSpan({ usage }), none).length, 1)
  assert.equal(evaluateSpan(set, sampleSpan({}), none).length, 0)
})

test('hostile keys are keys like any other', () => {
  const set = parsePolicies(policy({ when: `'"__proto__" in attributes && attributes["constructor"] == "x" && !("toString" in attributes)'` }))
  assert.equal(evaluateSpan(set, sampleSpan({}), new Map([['__proto__', 'y'], ['constructor', 'x']]))[0]?.reason, 'a reason')
})

test('a document is refused with the policy, the key and what is allowed', () => {
  refused('policies: 7', 'policies: is 7, a list is needed')
  refused('rules: []', `policies: unknown key 'rules', allowed: policies`)
  refused('policies: [', /^policies: not valid YAML: /)
  refused('', 'policies: is null, keys and values are needed')
  refused('policies:\n  - 7', 'policy 1: is 7, keys and values are needed')
  refused(policy({ id: '' }), 'policy 1: id is missing, a text is needed')
  refused(policy({ id: 'No Spaces' }), /^policy 1: id is 'No Spaces', allowed are lower-case letters/)
  refused(policy({ mode: 'observe' }), `policy 'x': mode is 'observe', allowed: shadow, enforce`)
  refused(policy({ on: 'trace' }), `policy 'x': on is 'trace', allowed: span, run`)
  refused(policy({ outcome: 'block' }), `policy 'x': outcome is 'block', allowed: allow, warn, deny, require_approval, redact`)
  refused(policy({ on_error: 'allow' }), `policy 'x': on_error is 'allow', allowed: warn, deny, require_approval`)
  refused(policy({ version: '0' }), `policy 'x': version is 0, an integer from 1 to 4294967295 is needed`)
  refused(policy({ version: '1.5' }), `policy 'x': version is 1.5, an integer from 1 to 4294967295 is needed`)
  refused(policy({ reason: '' }), `policy 'x': reason is missing, a text is needed`)
  refused(policy({ severity: 'high' }), /^policy 'x': unknown key 'severity', allowed: id, version, /)
  refused(policy({ match: '{ kinds: [TOOL] }' }), /^policy 'x': match\.kinds holds 'TOOL', allowed: AGENT, /)
  refused(policy({ match: '{ tool: [a] }' }), `policy 'x': match: unknown key 'tool', allowed: kinds, tools, agents, models, providers, environments`)
  refused(policy({ match: '{ tools: a }' }), `policy 'x': match.tools: is 'a', a list is needed`)
  refused(policy({ on: 'run', match: '{ kinds: [TOOL_CALL] }' }), `policy 'x': match: unknown key 'kinds', allowed: agents, models, providers, environments`)
  refused(policy({ unless: '{}' }), /^policy 'x': unless is empty and would except everything/)
  refused(policy({}) + policy({}).replace('policies:\n', ''), `policy 'x': id is used twice, each policy needs its own`)
  refused(`policies:\n${' '.repeat(1_048_577)}`, /^policies: the document has 1048587 characters, at most 1048576 are allowed$/)
})

test('an expression is refused when it is parsed, not when it runs', () => {
  refused(policy({ when: 'step.tol == "a"' }), `policy 'x': when: No such key: tol`)
  refused(policy({ when: 'stp.tool == "a"' }), `policy 'x': when: Unknown variable: stp`)
  refused(policy({ when: 'run.cost_nano > 1' }), `policy 'x': when: Unknown variable: run`)
  refused(policy({ when: 'step.tokens_in' }), `policy 'x': when: is of type int, bool is needed`)
  refused(policy({ when: 'attributes.x' }), `policy 'x': when: is of type dyn, bool is needed`)
  refused(policy({ when: 'step.tool == 7' }), /^policy 'x': when: no such overload: string == int/)
  refused(policy({ when: 'step.tool ==' }), /^policy 'x': when: /)
  refused(policy({ when: '7' }), `policy 'x': when is 7, a CEL expression in quotes is needed`)
  refused(policy({ reason_expression: 'step.tokens_in' }), `policy 'x': reason_expression: is of type int, string is needed`)
  refused(policy({ on: 'run', when: 'run.repeated_tool_calls.exists(c, c.cout > 1)' }), `policy 'x': when: No such key: cout`)
})

test('a policy that fails its own test is refused by name', () => {
  const when = 'step.tokens_in > 5'
  refused(policy({ when, tests: '[{ given: { step: { tokens_in: 5 } }, expect: finding }]' }), `policy 'x': test 1 fails: expected finding, got pass`)
  refused(policy({ when, tests: '[{ given: { step: { tokens_in: 6 } }, expect: finding }, { given: { step: { tokens_in: 6 } }, expect: pass }]' }),
    `policy 'x': test 2 fails: expected pass, got finding`)
  refused(policy({ when: `'attributes["a"] == 1'`, tests: '[{ given: {}, expect: pass }]' }), `policy 'x': test 1 fails: expected pass, got error (no_such_key)`)
  refused(policy({ when, tests: '[{ given: { step: { tokens: 6 } }, expect: pass }]' }), /^policy 'x': test 1: given\.step: unknown key 'tokens', allowed: agent, /)
  refused(policy({ when, tests: '[{ given: { step: { tokens_in: many } }, expect: pass }]' }), `policy 'x': test 1: given.step.tokens_in: a value of type int is needed`)
  refused(policy({ when, tests: '[{ given: { run: {} }, expect: pass }]' }), /^policy 'x': test 1: unknown key 'run', allowed: span, step, attributes, truncated$/)
  refused(policy({ when, tests: '[{ expect: warn }]' }), `policy 'x': test 1: expect is 'warn', allowed: finding, pass, error`)
})

test('policies over the whole language parse and pass their own tests', () => {
  assert.equal(parsePolicies(readFileSync(new URL('language.yaml', import.meta.url), 'utf8')).policies.length, 6)
})

test('the example of the README is a policy that passes its own tests', () => {
  const [, yaml = ''] = /```yaml\n(.*?)```/s.exec(readFileSync(new URL('README.md', import.meta.url), 'utf8')) ?? []
  assert.deepEqual(parsePolicies(yaml).policies.map(({ id }) => id), ['big-prompts'])
})

/** Small here so that it cannot rot; raise it for figures worth writing down. The bounds leave room for a busy machine. */
const rounds = 20_000
const microsecondsPerRound = (work: () => unknown): number => {
  for (let i = 0; i < rounds; i++) work()
  const began = performance.now()
  for (let i = 0; i < rounds; i++) work()
  return ((performance.now() - began) * 1000) / rounds
}

test('a span costs about a microsecond per policy, and next to nothing where no policy is about its kind', (t) => {
  const set = parsePolicies(starterPolicies())
  const inDemo = { service: 'support-desk' }
  const tool = sampleSpan({ tool: 'execute_sql' }, inDemo)
  const call = sampleSpan({ role: 'model_call', requestModel: 'gpt-5' })
  const allowed = sampleSpan({ tool: 'search_web' }, inDemo)
  const fired = microsecondsPerRound(() => evaluateSpan(set, tool, none))
  const passed = microsecondsPerRound(() => evaluateSpan(set, allowed, none))
  const other = microsecondsPerRound(() => evaluateSpan(set, call, none))
  t.diagnostic(`finding ${fired.toFixed(2)} µs, allowed ${passed.toFixed(2)} µs, other kind ${other.toFixed(3)} µs`)
  assert.ok(fired < 40 && passed < 20 && other < 2, `finding ${fired} µs, allowed ${passed} µs, other kind ${other} µs`)
})
