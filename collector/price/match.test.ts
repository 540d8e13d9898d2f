import assert from 'node:assert/strict'
import { test } from 'node:test'
import { priceBookProvider, shippedBook } from './book.ts'
import { providerNamed, selectCard } from './match.ts'

const book = shippedBook()

/** `provider model` or `provider request→response`, `-` for none, and the card that answers, or the start of the reason. */
const selections: readonly (readonly [string, string])[] = [
  ['openai gpt-5-mini', 'openai/gpt-5-mini'],
  ['openai GPT-5-Mini-2025-08-07', 'openai/gpt-5-mini'],
  ['openai gpt-5-mini-20250807', 'openai/gpt-5-mini'],
  ['openai gpt-5-mini→gpt-5-mini-2026-01-01', 'openai/gpt-5-mini'],
  ['openai gpt-5-mini-2026-01-01', 'No price card matches gpt-5-mini-2026-01-01 at openai.'],
  ['openai gpt-5-minimal', 'No price card matches gpt-5-minimal at openai.'],
  ['- gpt-4o', 'openai/gpt-4o'],
  ['- claude-sonnet-4-5', 'anthropic/claude-sonnet-4-5'],
  ['- openai/gpt-5-mini', 'openai/gpt-5-mini'],
  ['- text-embedding-3-small', 'openai/text-embedding-3-small'],
  ['- ft:gpt-4o-mini-2024-07-18:acme::abc', 'openai/ft:gpt-4o-mini'],
  // Ollama's tags: weights on somebody's own machine, or in Ollama's cloud.
  ['- deepseek-r1', 'deepseek/deepseek-reasoner'],
  ['- deepseek-r1:8b', 'No price card matches deepseek-r1:8b.'],
  ['- deepseek-r1:latest', 'No price card matches deepseek-r1:latest.'],
  ['- deepseek-r1:32b-qwen-distill-q4_K_M', 'No price card matches deepseek-r1:32b-qwen-distill-q4_K_M.'],
  // Hugging Face's router takes the seller behind the model's name.
  ['huggingface deepseek-ai/DeepSeek-V3-0324:novita', 'huggingface_novita/deepseek-ai/DeepSeek-V3-0324'],
  ['huggingface deepseek-ai/DeepSeek-V3-0324:nobody', 'The price book does not know the provider huggingface.'],
  ['huggingface deepseek-ai/DeepSeek-V3-0324', 'The price book does not know the provider huggingface.'],
  ['vercel_ai_gateway vercel_ai_gateway/anthropic/claude-sonnet-4-5', 'anthropic/claude-sonnet-4-5'],
  ['vercel_ai_gateway anthropic/claude-sonnet-4-5', 'anthropic/claude-sonnet-4-5'],
  ['arcee-ai trinity-large-thinking', 'arcee/trinity-large-thinking'],
  ['cerebrasopenai llama3.1-8b', 'cerebras/llama3.1-8b'],
  ['workersai.chat @cf/meta/llama-3.2-3b-instruct', 'cloudflare/@cf/meta/llama-3.2-3b-instruct'],
  ['litellm litellm/gpt-4o', 'openai/gpt-4o'],
  ['- my-model', 'No price card matches my-model.'],
  ['vllm gpt-4o', 'The price book does not know the provider vllm.'],
  ['my-openai-proxy gpt-4o', 'The price book does not know the provider my-openai-proxy.'],
  ['ibm.watsonx.ai gpt-4o', 'The price book does not know the provider ibm.watsonx.ai.'],
  ['groq gpt-4o', 'No price card matches gpt-4o at groq.'],
  ['gcp.gemini models/gemini-2.5-flash', 'google/gemini-2.5-flash'],
  ['gcp.vertex_ai publishers/google/models/gemini-2.5-flash', 'google/gemini-2.5-flash'],
  // Azure has cards of its own and sells the rest at the vendor's price.
  ['azure.ai.openai gpt-5.6-sol', 'openai/gpt-5.6-sol'],
  ['azure.ai.inference text-embedding-3-small', 'azure/text-embedding-3-small'],
  ['openai text-embedding-3-small', 'openai/text-embedding-3-small'],
  // Bedrock: no regional surcharge unless a name says so.
  ['aws.bedrock anthropic.claude-sonnet-4-5-20250929-v1:0', 'aws/global.anthropic.claude-sonnet-4-5-20250929-v1:0'],
  ['aws.bedrock nova-lite-v1:0', 'aws/amazon.nova-lite-v1:0'],
  ['aws.bedrock llama3-70b-instruct-v1:0', 'aws/meta.llama3-70b-instruct-v1:0'],
  ['aws.bedrock mistral-7b-instruct-v0:2', 'aws/mistral.mistral-7b-instruct-v0:2'],
  ['groq llama3-70b-instruct-v1:0', 'No price card matches llama3-70b-instruct-v1:0 at groq.'],
  ['aws.bedrock claude-sonnet-5', 'aws/global.anthropic.claude-sonnet-5-v1:0'],
  ['aws.bedrock global.anthropic.claude-sonnet-5', 'aws/global.anthropic.claude-sonnet-5-v1:0'],
  ['aws.bedrock us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'aws/regional.anthropic.claude-sonnet-4-5-20250929-v1:0'],
  // The list has this one bare: with a region in front it is the same model, there.
  ['aws.bedrock us.anthropic.claude-fable-5', 'aws/regional.anthropic.claude-fable-5-v1:0'],
  ['aws.bedrock global.anthropic.claude-fable-5', 'aws/global.anthropic.claude-fable-5-v1:0'],
  ['aws.bedrock us.anthropic.claude-nobody-5', 'No price card matches us.anthropic.claude-nobody-5 at aws.'],
  ['aws.bedrock eu.anthropic.claude-sonnet-5→claude-sonnet-5', 'aws/regional.anthropic.claude-sonnet-5-v1:0'],
  ['aws.bedrock global.anthropic.claude-sonnet-5→claude-sonnet-5', 'aws/global.anthropic.claude-sonnet-5-v1:0'],
  ['aws.bedrock arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0',
    'aws/regional.anthropic.claude-sonnet-4-5-20250929-v1:0'],
  ['aws.bedrock arn:aws:bedrock:us-east-1:1:inference-profile/global.anthropic.claude-sonnet-4-5-20250929-v1:0',
    'aws/global.anthropic.claude-sonnet-4-5-20250929-v1:0'],
  ['aws.bedrock anthropic.claude-3-haiku-20240307-v1:0', 'aws/regional.anthropic.claude-3-haiku-20240307-v1:0'],
  // The version is part of a Bedrock model's name: Titan's second embedding costs a fifth of its first.
  ['aws.bedrock amazon.titan-embed-text-v1', 'aws/amazon.titan-embed-text-v1'],
  ['aws.bedrock amazon.titan-embed-text-v2:0', 'No price card matches amazon.titan-embed-text-v2:0 at aws.'],
  ['- us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'aws/regional.anthropic.claude-sonnet-4-5-20250929-v1:0'],
]

for (const [named, expected] of selections) {
  test(`${named} is ${expected}`, () => {
    const [provider = '', models = ''] = named.split(' ')
    const [requestModel = '', responseModel = ''] = models.split('→')
    const selection = selectCard(book, { provider: provider === '-' ? '' : provider, requestModel, responseModel })
    assert.equal('card' in selection ? `${selection.seller}/${selection.card.id}` : selection.reason, expected)
  })
}

test('the provider names of the OpenTelemetry convention and of common SDKs', () => {
  const names: Readonly<Record<string, string>> = {
    openai: 'openai', 'openai.chat': 'openai', 'openai.responses': 'openai', anthropic: 'anthropic', 'anthropic.messages': 'anthropic',
    'azure.ai.openai': 'azure', 'azure.ai.inference': 'azure', 'azure-openai.chat': 'azure', 'aws.bedrock': 'aws', 'amazon-bedrock': 'aws',
    'gcp.gemini': 'google', 'gcp.gen_ai': 'google', 'gcp.vertex_ai': 'google', 'google.generative-ai': 'google', x_ai: 'x-ai',
    'xai.chat': 'x-ai', mistral_ai: 'mistral', moonshot_ai: 'moonshotai', groq: 'groq', deepseek: 'deepseek', cohere: 'cohere',
    perplexity: 'perplexity', openrouter: 'openrouter', together_ai: 'together', OpenAI: 'openai',
    'ibm.watsonx.ai': '', constructor: '', __proto__x: '', '': '', ollama: '',
  }
  for (const [name, id] of Object.entries(names)) assert.equal(providerNamed(book, name)?.id ?? '', id, name)
})

test('a provider is found from a model only where a card is, too', () => {
  assert.equal(priceBookProvider(book, 'gemini-2.5-pro'), 'google')
  assert.equal(priceBookProvider(book, 'claude-of-the-future'), '')
  assert.equal(priceBookProvider(book, ''), '')
})

test('each pattern of the book runs on RE2, and a hostile name costs no more than a long one', () => {
  const began = performance.now()
  for (let i = 0; i < 50; i++) selectCard(book, { provider: '', requestModel: `${'mistral-labs-'.repeat(2_000)}${i}`, responseModel: '' })
  for (const { id } of book.data.providers) selectCard(book, { provider: id, requestModel: `${'a-'.repeat(100)}!`, responseModel: '' })
  assert.ok(performance.now() - began < 2_000)
})

test('the same name selects the same card however often and after however many others it is asked', () => {
  const named = { provider: 'openai', requestModel: 'gpt-5-mini', responseModel: '' }
  const first = selectCard(book, named)
  for (let i = 0; i < 10_001; i++) selectCard(book, { provider: 'nobody', requestModel: `m${i}`, responseModel: '' })
  assert.deepEqual(selectCard(book, named), first)
})
