import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatUsd, nanoFromPico, nanoUsd } from './money.ts'

test('an amount is read exactly', () => {
  assert.equal(nanoUsd('1.50'), 1_500_000_000n)
  assert.equal(nanoUsd('0.000000001'), 1n)
  assert.equal(nanoUsd('9223372036.854775807'), (1n << 63n) - 1n)
  for (const text of ['', '1.', '.5', '-1', '1e3', '1.0000000001', '9223372036.854775808', '1,50', ' 1']) assert.equal(nanoUsd(text), undefined, text)
})

test('what is written is read back', () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }), (amount) => assert.equal(nanoUsd(formatUsd(amount)), amount)))
  assert.equal(formatUsd(1_500_000_000n), '1.50')
  assert.equal(formatUsd(-1_234_567_891n), '-1.234567891')
})

test('pico-dollars are cut to nano-dollars and bounded', () => {
  assert.equal(nanoFromPico(1_999n), 1n)
  assert.equal(nanoFromPico(-1_999n), -1n)
  assert.equal(nanoFromPico(1n << 100n), (1n << 63n) - 1n)
})
