import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AttributeValue, SpanRecord } from './attributes.ts'
import type { Step } from './facts.ts'
import { interpret } from './interpret.ts'
import { termsOf } from './price-terms.ts'

function step(attributes: Readonly<Record<string, AttributeValue>>, scope = 'app'): Step {
  const span: SpanRecord = {
    traceId: '1'.repeat(32), spanId: '1'.repeat(16), parentSpanId: '', traceState: '', flags: 0, name: 'chat', kind: 3, startTimeUnixNano: 1n, endTimeUnixNano: 2n,
    attributes: new Map(Object.entries({ 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'anthropic', ...attributes })), droppedAttributesCount: 0,
    events: [], droppedEventsCount: 0, links: [], droppedLinksCount: 0, statusCode: 0, statusMessage: '',
    resource: { attributes: new Map(), schemaUrl: '' }, scope: { name: scope, version: '', attributes: new Map(), schemaUrl: '' },
  }
  return interpret(span)
}
const said = (attributes: Readonly<Record<string, AttributeValue>>, scope?: string): string => step(attributes, scope).serviceTier

const rows: readonly (readonly [string, Readonly<Record<string, AttributeValue>>, string])[] = [
  ['nothing said', {}, ''],
  ['the tier that served, not the one asked for', { 'openai.request.service_tier': 'priority', 'openai.response.service_tier': 'default' }, 'default'],
  ['the tier asked for, where none served', { 'openai.request.service_tier': 'flex' }, 'flex'],
  ['a batch, by flag or by its id', { 'gen_ai.request.batch': true }, 'batch'],
  ['a batch by its id', { 'gen_ai.batch.id': 'batch_1' }, 'batch'],
  ['no batch', { 'gen_ai.request.batch': false, 'openai.response.service_tier': 'flex' }, 'flex'],
  ['all of them, in one order', { 'spanledger.region': 'us', 'spanledger.speed': 'fast', 'spanledger.batch': true, 'spanledger.service_tier': 'priority' }, 'priority batch speed:fast region:us'],
  ['the region of a Bedrock endpoint', { 'server.address': 'bedrock-runtime.us-east-1.amazonaws.com' }, 'region:us-east-1'],
  ['the region of a Vertex endpoint', { 'server.address': 'us-central1-aiplatform.googleapis.com' }, 'region:us-central1'],
  ['a host that only looks like one', { 'server.address': 'bedrock-runtime.us-east-1.amazonaws.com.evil.example' }, ''],
  ['a space within a word', { 'spanledger.region': 'us batch' }, 'region:us_batch'],
  ['words for as usual change nothing', { 'spanledger.speed': 'normal', 'spanledger.region': 'global' }, ''],
]
for (const [what, attributes, expected] of rows) test(what, () => assert.equal(said(attributes), expected))

test('a provider\'s own body tells tier, region and tools', () => {
  const raw = JSON.stringify({ service_tier: 'batch', inference_geo: 'us', speed: 'fast', server_tool_use: { web_search_requests: 2 }, cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 7 } })
  const told = step({ 'gen_ai.usage.input_tokens': 10n, 'gen_ai.usage.output_tokens': 1n, 'gen_ai.usage.raw': raw }, 'logfire.anthropic')
  assert.equal(told.serviceTier, 'batch speed:fast region:us')
  assert.deepEqual(told.usage, { 'input.uncached': 3, 'input.cache_write.1h': 7, 'output.text': 1, 'tool.web_search': 2 })
})

test('words come apart as they were put together; a tier called batch is a batch', () => {
  assert.deepEqual(termsOf('priority batch speed:fast region:us-east-1'), { tier: 'priority', batch: true, speed: 'fast', region: 'us-east-1' })
  assert.deepEqual(termsOf('default'), { tier: '', batch: false, speed: '', region: '' })
  assert.deepEqual(termsOf(''), { tier: '', batch: false, speed: '', region: '' })
})
