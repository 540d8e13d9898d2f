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
  ['langgenius/openai/openai', 'openai'], ['langgenius/gemini/google', 'gcp.gemini'], ['langgenius/x/x', 'x_ai'], ['acme/house_model/house', 'house'],
  ['langgenius/openai_api_compatible/openai_api_compatible', ''], ['gcp_vertex_ai', 'gcp.vertex_ai'], ['meta/llama', 'meta/llama'],
  ['openai.chat', 'openai'], ['openai.responses', 'openai'], ['openai.embedding', 'openai'], ['anthropic.messages', 'anthropic'],
  ['google.generative-ai', 'gcp.gemini'], ['google.vertex.chat', 'gcp.vertex_ai'], ['amazon-bedrock', 'aws.bedrock'],
    ['azure.chat', 'azure.ai.openai'],
  ['azure-openai.responses', 'azure.ai.openai'], ['xai.chat', 'x_ai'], ['mistral.chat', 'mistral_ai'],
    ['vertex.anthropic.messages', 'gcp.vertex_ai'],
  ['AwsBedrock', 'aws.bedrock'], ['AzureFoundry', 'azure.ai.inference'], ['anthropicvertex', 'gcp.vertex_ai'], ['azure.ai.foundry', 'azure.ai.openai'],
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
  assert.equal(billingProvider('mistral_ai', 'api.openai.com'), 'mistral_ai')
  assert.equal(billingProvider('openai', 'evil-api.x.ai.example'), 'openai')
  // Azure's gateway stands before any API.
  assert.equal(billingProvider('openai', 'https://gateway.azure-api.net/openai'), 'openai')
})

/** One address of each, as clients are configured: a call of any OpenAI-compatible client must find the seller's own prices. */
const addresses: readonly (readonly [string, string])[] = [
  ['https://x.cognitiveservices.azure.com', 'azure.ai.openai'],
  ['https://inference.baseten.co/v1', 'baseten'], ['https://api.cloudflare.com/client/v4/accounts/a/ai/v1', 'cloudflare'],
  ['https://api.githubcopilot.com', 'github-copilot'], ['https://router.huggingface.co/v1', 'huggingface'],
  ['https://api.minimax.io/v1', 'minimax'], ['https://api.minimaxi.com/anthropic', 'minimax'], ['https://me--serve.modal.run/v1', 'modal'],
  ['https://api.novita.ai/v3/openai', 'novita'], ['https://oai.endpoints.kepler.ai.cloud.ovh.net/v1', 'ovhcloud'],
  ['https://api.together.ai/v1', 'together'], ['https://api.voyageai.com/v1', 'voyageai'], ['https://api.z.ai/api/paas/v4', 'zai'],
  ['https://open.bigmodel.cn/api/paas/v4', 'zhipuai'],
]
for (const [address, provider] of addresses) {
  test(`${address} is billed by ${provider}, whatever client asks`, () => {
    assert.deepEqual(['', 'openai', 'anthropic'].map((client) => billingProvider(client, address)), [provider, provider, provider])
  })
}

test("Anthropic's client at a cloud or another vendor is billed by them", () => {
  const at = (address: string) => billingProvider('anthropic', address)
  assert.deepEqual(
    ['bedrock-runtime.us-east-1.amazonaws.com', 'us-east5-aiplatform.googleapis.com', 'api.deepseek.com', 'https://x.services.ai.azure.com/anthropic', 'proxy.internal'].map(at),
    ['aws.bedrock', 'gcp.vertex_ai', 'deepseek', 'azure.ai.inference', 'anthropic'])
})

test('Azure and OpenAI number their answers together', () => {
  assert.equal(providerFamily('azure.ai.openai'), 'openai')
  assert.equal(providerFamily('gcp.vertex_ai'), providerFamily('gcp.gemini'))
  assert.equal(providerFamily('anthropic'), 'anthropic')
})
