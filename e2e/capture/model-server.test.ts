import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Answer } from './answer.ts'
import { type ModelServer, startModelServer } from './model-server.ts'

const answer: Answer = {
  text: 'two words', usage: { input: 1000, cacheRead: 600, cacheWrite: 100, output: 90, reasoning: 30 },
}

async function asked(answers: readonly Answer[], talk: (model: ModelServer) => Promise<void>): Promise<void> {
  const model = await startModelServer('test', answers)
  try {
    await talk(model)
  } finally {
    await model.close()
  }
}

const post = (model: ModelServer, path: string, body: object): Promise<Response> =>
  fetch(model.url + path, { method: 'POST', body: JSON.stringify(body) })

const events = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('data: ')).map((line) => line.slice(6))

test('OpenAI counts cached tokens inside the input and reasoning inside the output', () => asked([answer, answer], async (model) => {
  const chat = await (await post(model, '/v1/chat/completions', { model: 'gpt-5' })).json()
  assert.deepEqual(
    [chat.id, chat.model, chat.usage.prompt_tokens, chat.usage.prompt_tokens_details.cached_tokens, chat.usage.completion_tokens],
    ['chatcmpl-test-1', 'gpt-5', 1000, 600, 90])
  const response = await (await post(model, '/v1/responses', { model: 'gpt-5' })).json()
  assert.deepEqual([response.usage.input_tokens, response.usage.output_tokens, response.usage.output_tokens_details.reasoning_tokens], [1000, 90, 30])
}))

test('OpenAI sends usage on a stream only when it is asked to', () => asked([answer, answer], async (model) => {
  const request = { model: 'gpt-5', stream: true }
  const silent = events(await (await post(model, '/v1/chat/completions', request)).text())
  assert.ok(silent.every((event) => !event.includes('prompt_tokens')))
  const told = events(await (await post(model, '/v1/chat/completions', { ...request, stream_options: { include_usage: true } })).text())
  assert.equal(told.filter((event) => event.includes('"prompt_tokens":1000')).length, 1)
  assert.equal(told.at(-1), '[DONE]')
}))

test('Anthropic counts what touches the cache outside the input', () => asked([answer, answer], async (model) => {
  const { usage } = await (await post(model, '/v1/messages', { model: 'claude' })).json()
  assert.deepEqual([usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens, usage.output_tokens], [300, 600, 100, 90])
  const stream = events(await (await post(model, '/v1/messages', { model: 'claude', stream: true })).text()).map((event) => JSON.parse(event))
  assert.equal(stream[0].message.usage.output_tokens, 1)
  assert.equal(stream.at(-2).usage.output_tokens, 90)
}))

test('Gemini counts thoughts outside the candidates, in the last chunk of a stream', () => asked([answer, answer], async (model) => {
  const path = '/v1beta/models/gemini-2.5-pro'
  const { usageMetadata, modelVersion } = await (await post(model, `${path}:generateContent`, {})).json()
  assert.deepEqual(
    [modelVersion, usageMetadata.promptTokenCount, usageMetadata.candidatesTokenCount, usageMetadata.thoughtsTokenCount, usageMetadata.totalTokenCount],
    ['gemini-2.5-pro', 1000, 60, 30, 1090])
  const stream = events(await (await post(model, `${path}:streamGenerateContent?alt=sse`, {})).text()).map((event) => JSON.parse(event))
  assert.deepEqual(stream.map((chunk) => chunk.usageMetadata?.promptTokenCount), [undefined, 1000])
}))

test('errors come in order, and what was not scripted is noticed', () => asked([{ status: 429 }, answer, answer], async (model) => {
  assert.equal((await post(model, '/v1/messages', {})).status, 429)
  assert.equal((await post(model, '/v1/messages', {})).status, 200)
  assert.equal(model.unasked(), 1)
  assert.equal((await post(model, '/v1/unheard', {})).status, 404)
  assert.deepEqual(model.unanswered(), ['POST /v1/unheard'])
}))
