import assert from 'node:assert/strict'
import test from 'node:test'
import { billingProvider, foldProvider, frameworks, hosts, providerAliases, providerFamily, providers } from './provider.ts'

test('canonical names stay, whatever their case', () => {
  for (const provider of providers) {
    assert.equal(foldProvider(provider), provider)
    assert.equal(foldProvider(provider.toUpperCase()), provider)
  }
})

test('every alias leads to a canonical name', () => {
  for (const [alias, provider] of Object.entries(providerAliases)) {
    assert.ok((providers as readonly string[]).includes(provider), `${alias} leads to ${provider}`)
    assert.equal(foldProvider(alias), provider, alias)
  }
})

test('frameworks answer no call', () => {
  for (const framework of frameworks) assert.equal(foldProvider(framework), '', framework)
  assert.equal(foldProvider('gateway.chat'), '')
})

const sent: readonly (readonly [string, string])[] = [
  ['OpenAI', 'openai'], ['Anthropic', 'anthropic'], ['AWS', 'aws.bedrock'], ['Google', 'gcp.gemini'], ['Azure', 'azure.ai.openai'],
  ['microsoft.foundry', 'azure.ai.inference'],
  ['openai.chat', 'openai'], ['openai.responses', 'openai'], ['openai.embedding', 'openai'], ['anthropic.messages', 'anthropic'],
  ['google.generative-ai', 'gcp.gemini'], ['google.vertex.chat', 'gcp.vertex_ai'], ['amazon-bedrock', 'aws.bedrock'],
    ['azure.chat', 'azure.ai.openai'],
  ['azure-openai.responses', 'azure.ai.openai'], ['xai.chat', 'x_ai'], ['mistral.chat', 'mistral_ai'],
    ['vertex.anthropic.messages', 'gcp.vertex_ai'],
  ['openrouter', 'openrouter'], ['togetherai.chat', 'togetherai'], ['', ''], ['__proto__', '__proto__'], ['constructor',
    'constructor'],
]
for (const [name, provider] of sent) test(`${name || 'nothing'} is ${provider || 'nobody'}`,
  () => assert.equal(foldProvider(name), provider))

test('the host says who bills an OpenAI-compatible call', () => {
  for (const [suffix, provider] of hosts) assert.equal(billingProvider('openai', suffix.startsWith('.') ? `x${suffix}` : suffix),
    provider, suffix)
  assert.equal(billingProvider('openai', 'europe-west4-aiplatform.googleapis.com'), 'gcp.vertex_ai')
  assert.equal(billingProvider('openai', '127.0.0.1'), 'openai')
  assert.equal(billingProvider('openai', 'https://x.openai.azure.com/openai/v1/'), 'azure.ai.openai')
  assert.equal(billingProvider('openai', 'https://api.groq.com:443'), 'groq')
  assert.equal(billingProvider('', 'api.anthropic.com'), 'anthropic')
  assert.equal(billingProvider('anthropic', 'api.openai.com'), 'anthropic')
  assert.equal(billingProvider('openai', 'evil-api.x.ai.example'), 'openai')
})

test('Azure and OpenAI number their answers together', () => {
  assert.equal(providerFamily('azure.ai.openai'), 'openai')
  assert.equal(providerFamily('gcp.vertex_ai'), providerFamily('gcp.gemini'))
  assert.equal(providerFamily('anthropic'), 'anthropic')
})
