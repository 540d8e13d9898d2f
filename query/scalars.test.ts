import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decimalString, parseDecimal } from './decimal.ts'
import { dateTimeString, parseDateTime } from './instant.ts'
import { Count } from './scalars.ts'

test('decimals: no exponent, no trailing zeros, no digit lost', () => {
  const cases: readonly (readonly [bigint, string])[] = [
    [0n, '0'], [1n, '0.000000000001'], [-1n, '-0.000000000001'], [1_500_000_000_000n, '1.5'], [1_000_000_000_000n, '1'], [-12_340_000_000_000n, '-12.34'],
    [10n ** 37n, `${10n ** 25n}`], [9_007_199_254_740_993n, '9007.199254740993'],
  ]
  for (const [pico, text] of cases) {
    assert.equal(decimalString(pico), text)
    assert.equal(parseDecimal(text), pico)
  }
  fc.assert(fc.property(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), (pico) => parseDecimal(decimalString(pico)) === pico))
  assert.equal(parseDecimal('1.500000000000'), 1_500_000_000_000n)
  for (const wrong of ['', '-', '1e3', '0x1', ' 1', '1.', '.5', '1.0000000000001', '1'.repeat(39), 'NaN', '1,5', '٣']) assert.equal(parseDecimal(wrong), undefined, wrong)
})

test('moments: UTC, up to nanoseconds, exact both ways', () => {
  const cases: readonly (readonly [bigint, string])[] = [
    [0n, '1970-01-01T00:00:00Z'], [1n, '1970-01-01T00:00:00.000000001Z'], [1_795_176_000_100_000_000n, '2026-11-20T12:00:00.1Z'],
    [(1n << 63n) - 1n, '2262-04-11T23:47:16.854775807Z'], [-1n, '1969-12-31T23:59:59.999999999Z'],
  ]
  for (const [time, text] of cases) {
    assert.equal(dateTimeString(time), text)
    assert.equal(parseDateTime(text), time)
  }
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }), (time) => parseDateTime(dateTimeString(time)) === time))
  assert.equal(parseDateTime('2026-11-20T13:30:00+01:30'), parseDateTime('2026-11-20T12:00:00Z'))
  for (const wrong of ['', '2026-11-20', '2026-11-20T12:00:00', '2026-02-30T00:00:00Z', '2026-13-01T00:00:00Z', '2026-11-20T25:00:00Z', '2026-11-20T12:00:00.1234567890Z', 'now']) {
    assert.equal(parseDateTime(wrong), undefined, wrong)
  }
})

test('counts: whole numbers, also those that only a hostile span can have', () => {
  for (const count of [0, 1, 2 ** 53 - 1, 2 ** 53, 2 ** 60]) assert.equal(Count.coerceOutputValue(count), count)
  for (const wrong of [0.5, NaN, Infinity, '1', 1n, undefined]) assert.throws(() => Count.coerceOutputValue(wrong), /holds no whole number/)
  for (const wrong of [0.5, 2 ** 53, '1']) assert.throws(() => Count.coerceInputValue(wrong), /is no Count/)
})
