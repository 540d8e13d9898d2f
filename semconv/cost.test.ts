import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { picoUsd } from './cost.ts'
import { interpret } from './interpret.ts'
import { type Literal, literalSpan } from './literal-span.ts'

const amounts: readonly (readonly [Parameters<typeof picoUsd>[0], bigint | undefined])[] = [
  [0.0123, 12_300_000_000n], [0.03, 30_000_000_000n], [1e-7, 100_000n], [2.5e-12, 3n], [4e-13, 0n], [0, 0n], [3,
    3_000_000_000_000n],
  [3n, 3_000_000_000_000n], ['0.000000000001', 1n], ['1.5E-3', 1_500_000_000n], [' 2 ', 2_000_000_000_000n], ['.5',
    500_000_000_000n],
  [0.1 + 0.2, 300_000_000_000n], [0.00025239999999999996, 252_400_000n], ['123456789.123456789012', 123_456_789_123_456_789_012n],
  [-1, undefined], ['-0.1', undefined], [Number.NaN, undefined], [Number.POSITIVE_INFINITY, undefined], ['', undefined], ['.',
    undefined],
  ['1e999', undefined], ['12,5', undefined], ['0x10', undefined], [true, undefined], [null, undefined], [1e300, undefined],
]
for (const [value, pico] of amounts) test(`${typeof value} ${String(value)} is ${String(pico)} pico-dollars`,
  () => assert.equal(picoUsd(value), pico))

test('a double is read as the decimal that was written', () => {
  fc.assert(fc.property(fc.nat(999_999_999), fc.integer({ min: 0, max: 9 }), (digits, places) => {
    const text = places === 0 ? String(digits) : `${Math.floor(digits / 10 ** places)}.${String(digits % 10 ** places).padStart(places, '0')}`
    assert.equal(picoUsd(Number(text)), BigInt(digits) * 10n ** BigInt(12 - places))
  }))
})

const claims: readonly (readonly [string, Readonly<Record<string, Literal>>, bigint | undefined])[] = [
  ['OpenLIT', { 'gen_ai.usage.cost': 0.5 }, 500_000_000_000n],
  ['pydantic-ai', { 'operation.cost': 0.000305 }, 305_000_000n],
  ['OpenInference', { 'llm.cost.total': 0.03, 'llm.cost.prompt': 0.01, 'llm.cost.completion': 0.02 }, 30_000_000_000n],
  ['OpenInference in parts', { 'llm.cost.prompt': 0.01, 'llm.cost.completion': 0.02 }, 30_000_000_000n],
  ['Langfuse by its total', { 'langfuse.observation.cost_details': '{"input":0.1,"output":0.2,"total":0.4}' }, 400_000_000_000n],
  ['Langfuse by its sum', { 'langfuse.observation.cost_details': '{"input":0.1,"output":0.2}' }, 300_000_000_000n],
  ['Langfuse by its total, as its own examples name it', { 'langfuse.observation.cost_details': '{"inputCost":0.1,"outputCost":0.2,"totalCost":0.3,"currency":"USD"}' }, 300_000_000_000n],
  ['MLflow', { 'mlflow.llm.cost': '{"input_cost":0.1,"output_cost":0.2,"total_cost":0.3}' }, 300_000_000_000n],
  ['total_cost', { 'gen_ai.usage.total_cost': '0.25' }, 250_000_000_000n],
  ['input_cost and output_cost', { 'gen_ai.usage.input_cost': 0.1, 'gen_ai.usage.output_cost': 0.2 }, 300_000_000_000n],
  ['proposal #443', { 'gen_ai.usage.cost.total': 1 }, 1_000_000_000_000n],
  ['opencode', { 'opencode.llm.cost.total': 0.2 }, 200_000_000_000n],
  ['gen_ai.cost.usd', { 'gen_ai.cost.usd': 0.2 }, 200_000_000_000n],
  ['LiteLLM', { 'gen_ai.cost.total_cost': 0.2 }, 200_000_000_000n],
  ['governance toolkit', { 'agent.sre.span.cost_usd': 0.2 }, 200_000_000_000n],
  ['OpenRouter', { 'openrouter.usage.cost': 0.2 }, 200_000_000_000n],
  ['Vercel AI Gateway', { 'ai.operationId': 'ai.generateText.doGenerate',
    'ai.response.providerMetadata': '{"gateway":{"cost":"0.00045405"}}' }, 454_050_000n],
  ['OpenLIT, whose price list does not know the model', { 'gen_ai.usage.cost': 0 }, undefined],
  ['zeros by its parts', { 'llm.cost.prompt': 0, 'llm.cost.completion': 0 }, undefined],
  ['a total that cannot be read is not added up with its parts', { 'langfuse.observation.cost_details': '{"total":"n/a","inputCost":0.1,"outputCost":0.2,"totalCost":0.3}' }, 300_000_000_000n],
  ['other money', { 'langfuse.observation.cost_details': '{"inputCost":0.1,"outputCost":0.2,"totalCost":0.3,"currency":"EUR"}' }, undefined],
  ['zero in a map', { 'langfuse.observation.cost_details': '{"input":0,"output":0,"total":0}' }, undefined],
  ['free input and paid output', { 'llm.cost.prompt': 0, 'llm.cost.completion': 0.02 }, 20_000_000_000n],
  ['no claim', {}, undefined],
  ['an empty map claims nothing', { 'langfuse.observation.cost_details': '{}' }, undefined],
]
for (const [who, attributes, pico] of claims) {
  test(`reported by ${who}`, () => assert.equal(interpret(literalSpan({ attributes })).reportedCost, pico))
}

test('Claude Code: micro-dollars are exact, so they win', () => {
  const span = literalSpan({ name: 'claude_code.llm_request', attributes: { cost_usd: 0.1234, cost_usd_micros: 123_401 } })
  assert.equal(interpret(span).reportedCost, 123_401_000_000n)
})
