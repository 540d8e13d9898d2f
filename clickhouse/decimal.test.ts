import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decimalFromPico, picoFromDecimal } from './decimal.ts'

test('decimals are read to the last place', () => {
  for (const [text, pico] of [['0', 0n], ['1.5', 1_500_000_000_000n], ['-0.0375', -37_500_000_000n], ['0.000000000001', 1n],
    ['99999999999999999999999999.999999999999', 10n ** 38n - 1n]] as const) assert.equal(picoFromDecimal(text), pico)
  for (const text of ['', '1e3', '0.0000000000001', '.5', 'NaN']) assert.throws(() => picoFromDecimal(text), /is no decimal/)
})

test('what is written is read back', () => {
  fc.assert(fc.property(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), (pico) => picoFromDecimal(decimalFromPico(pico)) === pico))
})
