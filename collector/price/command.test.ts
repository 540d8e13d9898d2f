import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shippedBook } from './book.ts'
import { pricesCommand, pricesHelp } from './command.ts'

const now = BigInt(Date.UTC(2026, 9, 1, 12)) * 1_000_000n

test('prices tells the version, the source with its licence, and the size of the book', () => {
  const { text, exitCode } = pricesCommand([], now)
  assert.equal(exitCode, 0)
  assert.match(text, new RegExp(`^version +${shippedBook().version}$`, 'm'))
  assert.match(text, /@pydantic\/genai-prices \d+\.\d+\.\d+, MIT licence, Copyright/)
  assert.match(text, /^providers +\d\d$/m)
})

test('show prints a card in dollars per million tokens', () => {
  const { text, exitCode } = pricesCommand(['show', 'claude-sonnet-4-5'], now)
  assert.equal(exitCode, 0)
  assert.deepEqual(text.split('\n').slice(4), [
    '                     $ per million tokens  prompt above 200000',
    'input                3                     6',
    'cached input         0.3                   0.6',
    'cache write          3.75                  7.5',
    'cache write, 1 hour  6                     12',
    'output               15                    22.5',
    '1,000 web searches   10                    10',
  ])
})

test('what the help shows as an example is answered', () => {
  const examples = [...pricesHelp.matchAll(/^Example: spanledger prices (show .*)$/gm)].map(([, words = '']) => words.split(' '))
  assert.ok(examples.length > 0)
  for (const words of examples) assert.equal(pricesCommand(words, now).exitCode, 0, words.join(' '))
})

test('show names the provider whose card it is, and marks the price that holds now', () => {
  const { text } = pricesCommand(['show', '--provider', 'azure.ai.openai', 'gpt-5.6-sol'], now)
  assert.match(text, /^provider +azure, at the price of openai$/m)
  assert.match(text, /^from 2026-08-21 UTC \(now\) /m)
  assert.match(pricesCommand(['show', 'gpt-5.6-sol'], 0n).text, /^otherwise \(now\) /m)
})

test('an unknown model exits 1 and says what follows from it', () => {
  assert.deepEqual(pricesCommand(['show', 'my-model'], now), { text: 'No price card matches my-model. Calls of it are UNPRICED.', exitCode: 1 })
})

test('a wrong word exits 2 and shows the usage', () => {
  for (const args of [['list'], ['show'], ['show', 'a', 'b'], ['show', 'a', '--provider']]) {
    const { text, exitCode } = pricesCommand(args, now)
    assert.equal(exitCode, 2, args.join(' '))
    assert.match(text, /Example: spanledger prices show/)
  }
})
