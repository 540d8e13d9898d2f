import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Finding, findingCodes, findings, kindOfFinding, type Looked, ofSender } from './conformance.ts'
import { usageFlags } from './facts.ts'
import { interpret } from './interpret.ts'
import { type LiteralSpan, literalSpan } from './literal-span.ts'

function found(literal: LiteralSpan, wire: Partial<Looked> = {}): readonly Finding[] {
  const span = { ...literalSpan(literal), ...wire }
  const all: Finding[] = []
  findings(span, interpret(span), span.statusCode === 2, (finding) => all.push(finding))
  return all
}
const codes = (literal: LiteralSpan, wire: Partial<Looked> = {}): readonly string[] => found(literal, wire).map(({ code }) => code).sort()

const call = {
  'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-5', 'gen_ai.response.model': 'gpt-5-2025-08-07',
  'gen_ai.usage.input_tokens': 10, 'gen_ai.usage.output_tokens': 2,
}
const without = (key: keyof typeof call): NonNullable<LiteralSpan['attributes']> => Object.fromEntries(Object.entries(call).filter(([name]) => name !== key))

test('a call that follows the conventions shows nothing, and a span that is no concern of theirs neither', () => {
  assert.deepEqual(codes({ attributes: { ...call, 'gen_ai.response.finish_reasons': ['stop'], 'gen_ai.input.messages': '[{"role":"user"}]' } }), [])
  assert.deepEqual(codes({ name: 'GET /health', attributes: { 'http.request.method': 'GET', 'error.type': 500 } }), [])
})

const shown: readonly (readonly [what: string, expected: readonly string[], span: LiteralSpan, wire?: Partial<Looked>])[] = [
  ['no tokens', ['USAGE_MISSING'], { attributes: { ...without('gen_ai.usage.input_tokens'), 'gen_ai.usage.output_tokens': null } }],
  ['a failure without tokens', [], { status: 2, attributes: { ...without('gen_ai.usage.input_tokens'), 'gen_ai.usage.output_tokens': null } }],
  ['no model at all', ['MODEL_MISSING'], { attributes: { ...without('gen_ai.request.model'), 'gen_ai.response.model': '' } }],
  ['only the model that was asked', ['RESPONSE_MODEL_MISSING'], { attributes: without('gen_ai.response.model') }],
  ['no provider', ['PROVIDER_MISSING'], { attributes: without('gen_ai.provider.name') }],
  ['a framework as the provider', ['PROVIDER_MISSING'], { attributes: { ...call, 'gen_ai.provider.name': 'langchain' } }],
  ['a provider nobody knows', ['PROVIDER_UNKNOWN'], { attributes: { ...call, 'gen_ai.provider.name': 'in_house' } }],
  ['a tool without a name', ['TOOL_NAME_MISSING'], { attributes: { 'gen_ai.operation.name': 'execute_tool' } }],
  ['an operation nobody knows', ['OPERATION_UNKNOWN'], { attributes: { 'gen_ai.operation.name': 'ponder', 'gen_ai.provider.name': 'openai' } }],
  ['tokens without a model or an operation', ['OPERATION_MISSING'], { attributes: { 'gen_ai.provider.name': 'openai', 'gen_ai.usage.input_tokens': 1 } }],
  ['a total alone', ['USAGE_UNSPLIT'], { attributes: { ...without('gen_ai.usage.input_tokens'), 'gen_ai.usage.output_tokens': null, 'gen_ai.usage.total_tokens': 5 } }],
  ['cached tokens, inside or beside', ['CACHE_COUNTING_UNKNOWN'], { attributes: { ...call, 'gen_ai.usage.cache_read.input_tokens': 4 } }],
  ['cached tokens and sound', ['CACHED_SOUND_UNKNOWN', 'CACHE_COUNTING_UNKNOWN'], { attributes: { ...call, 'gen_ai.usage.cache_read.input_tokens': 4, 'gen_ai.usage.audio.input_tokens': 3 } }],
  ['counts that only add up otherwise', ['CACHE_LIFETIME_UNKNOWN', 'USAGE_REPAIRED'], {
    scope: 'opentelemetry.instrumentation.x', attributes: { ...call, 'gen_ai.provider.name': 'anthropic', 'gen_ai.usage.cache_read.input_tokens': 4, 'gen_ai.usage.cache_write.input_tokens': 9 },
  }],
  ['a part larger than its whole', ['USAGE_CONTRADICTORY'], { attributes: { ...call, 'gen_ai.usage.audio.input_tokens': 11 } }],
  ['an emitter that drops the cache', ['CACHE_COUNTS_DROPPED', 'NAME_OUTDATED'], {
    scope: 'opentelemetry.instrumentation.botocore.bedrock-runtime', attributes: { ...without('gen_ai.provider.name'), 'gen_ai.system': 'aws.bedrock' },
  }],
  ['a count that is none', ['TYPE_WRONG', 'USAGE_INVALID'], { attributes: { ...call, 'gen_ai.usage.output_tokens': 'many' } }],
  ['a count as text', ['TYPE_WRONG'], { attributes: { ...call, 'gen_ai.usage.output_tokens': '2' } }],
  ['one reason as text', ['TYPE_WRONG'], { attributes: { ...call, 'gen_ai.response.finish_reasons': 'stop' } }],
  ['an old name alone', ['NAME_OUTDATED'], { attributes: { ...without('gen_ai.provider.name'), 'gen_ai.system': 'openai' } }],
  ['an old name beside the new one', [], { attributes: { ...call, 'gen_ai.system': 'openai' } }],
  ['content that was cut', ['CONTENT_CUT'], { attributes: { ...call, 'gen_ai.output.messages': '[{"role":"assistant","parts":[{"ty' } }],
  ['content that we cut', ['CONTENT_CUT'], { attributes: { ...call, 'gen_ai.output.messages': '[{"role":"assis[spanledger: cut, 2000000 bytes, sha256 ab]' } }],
  ['content that is no JSON', [], { attributes: { ...call, 'gen_ai.system_instructions': 'Be brief.' } }],
  ['attributes, events and links lost', ['ATTRIBUTES_DROPPED', 'EVENTS_DROPPED', 'LINKS_DROPPED'], { attributes: call }, { droppedAttributesCount: 1, droppedEventsCount: 2, droppedLinksCount: 3 }],
  ['an end before its start', ['END_BEFORE_START'], { attributes: call }, { endTimeUnixNano: 0n }],
]
for (const [what, expected, span, wire] of shown) test(`${what}: ${expected.join(', ') || 'nothing'}`, () => assert.deepEqual(codes(span, wire), expected))

test('a finding says where, what was expected, what was found, and by which version', () => {
  assert.deepEqual(found({ attributes: { ...without('gen_ai.provider.name'), 'gen_ai.system': 'openai' } }), [{
    code: 'NAME_OUTDATED', attribute: 'gen_ai.system', expected: 'gen_ai.provider.name', found: 'gen_ai.system', convention: 'semantic-conventions 1.37',
  }])
  assert.deepEqual(found({ attributes: { ...call, 'gen_ai.usage.output_tokens': 2.5 } })[1], {
    code: 'TYPE_WRONG', attribute: 'gen_ai.usage.output_tokens', expected: 'int', found: 'double', convention: 'semantic-conventions-genai@e9de14ba',
  })
})

test('a sender without names is told so', () => {
  assert.deepEqual(ofSender('', '').map(({ code }) => code), ['SERVICE_NAME_MISSING', 'SCOPE_NAME_MISSING'])
  assert.deepEqual(ofSender('unknown_service:node', 'x').map(({ code }) => code), ['SERVICE_NAME_MISSING'])
  assert.deepEqual(ofSender('shop', 'x'), [])
})

test('every code has a kind and a span here that shows it; a made-up name is cut', () => {
  const tested = new Set([...shown.flatMap(([, expected]) => expected), 'SERVICE_NAME_MISSING', 'SCOPE_NAME_MISSING'])
  // Emitters that hide cache writes are rows of dialects' tables; `usage.test.ts` has them.
  assert.deepEqual(findingCodes.filter((code) => !tested.has(code)), ['CACHE_WRITES_HIDDEN'])
  assert.deepEqual(Object.keys(kindOfFinding).sort(), [...findingCodes].sort())
  const step = interpret(literalSpan({ attributes: call }))
  const flagged = usageFlags.flatMap((flag) => {
    const all: Finding[] = []
    findings(literalSpan({ attributes: call }), { ...step, usageFlags: [flag] }, false, (finding) => all.push(finding))
    return all
  })
  assert.equal(new Set(flagged).size, usageFlags.length)
  const provider = (name: string): Finding | undefined => found({ attributes: { ...call, 'gen_ai.provider.name': name } })[0]
  assert.equal(provider('in_house'), provider('in_house'), 'the same object')
  assert.equal(provider('x'.repeat(500))?.found.length, 64)
})
