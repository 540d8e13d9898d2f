import assert from 'node:assert/strict'
import { test } from 'node:test'
import { modelFamily } from './model-name.ts'

for (const [name, family] of [
  ['gpt-4o-2024-08-06', 'gpt-4o'],
  ['gpt-4-0613', 'gpt-4'],
  ['openai/gpt-4o-mini', 'gpt-4o-mini'],
  ['models/gemini-1.5-pro-002', 'gemini-1.5-pro'],
  ['us.anthropic.claude-3-5-sonnet-20241022-v2:0', 'claude-3-5-sonnet'],
  ['claude-3-5-sonnet@20240620', 'claude-3-5-sonnet'],
  ['claude-opus-4-1-20250805', 'claude-opus-4-1'],
  ['Claude-3-Haiku-latest', 'claude-3-haiku'],
  ['gpt-4.1-nano', 'gpt-4.1-nano'],
  ['llama-3.1-405b', 'llama-3.1-405b'],
  ['', ''],
] as const) test(`${name || 'no model'} is ${family || 'no family'}`, () => assert.equal(modelFamily(name), family))
