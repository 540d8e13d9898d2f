import assert from 'node:assert/strict'
import { test } from 'node:test'
import { axisTimes, count, countExact, countsTokens, decimalExact, duration, knownCost, legible, localTime, meterUnit, money, moneyExact, percent, picoText, picoUsd, plural, shortId, signedMoney, userName } from './format.ts'

const table = <In, Out>(name: string, format: (value: In) => Out, rows: readonly (readonly [In, Out])[]): void => {
  for (const [value, expected] of rows) test(`${name}: ${String(value)} is ${String(expected)}`, () => assert.equal(format(value), expected))
}

table('money', money, [
  ['0', '$0.00'], ['1', '$1.00'], ['1234.565', '$1,234.57'], ['1234567.004999999999', '$1,234,567.00'],
  ['0.5', '$0.5000'], ['0.0125', '$0.01250'], ['0.00123456', '$0.001235'], ['0.0001', '$0.0001000'],
  ['0.000099999999', '<$0.0001'], ['0.000000000001', '<$0.0001'], ['-0.00001', '−<$0.0001'],
  ['0.99994', '$0.9999'], ['0.99995', '$1.00'], ['0.999999999999', '$1.00'], ['0.09999999', '$0.1000'], ['0.009999999', '$0.01000'],
  ['-3.2', '−$3.20'], ['-0.25', '−$0.2500'],
  // 2^53 + 1 cents and more: a float would lose the last digit.
  ['90071992547409.93', '$90,071,992,547,409.93'],
  [null, 'unpriced'], ['not a number', 'not a number'],
])
table('exact money', moneyExact, [['0.000000000001', '0.000000000001 USD'], [null, 'No price card matches: the amount is unknown, not zero.']])
table('pico-dollars', (text: string) => picoUsd(text), [['0.000000000001', 1n], ['-2.5', -2_500_000_000_000n], ['1e3', undefined], ['', undefined]])
table('pico text', picoText, [[1n, '0.000000000001'], [-2_500_000_000_000n, '-2.5'], [0n, '0'], [3_000_000_000_000n, '3']])
table('count', count, [[0, '0'], [999, '999'], [1_000, '1.0k'], [12_449, '12.4k'], [999_949, '999.9k'], [999_950, '1.00M'], [3_100_000, '3.10M'], [2_500_000_000, '2.50B']])
table('exact count', countExact, [[1_234_567, '1,234,567'], [12, '12']])
table('exact decimal', decimalExact, [['-1234567.89', '−1,234,567.89'], ['1000', '1,000']])
table('duration', duration, [
  [0, '0 µs'], [0.95, '950 µs'], [0.9996, '1.00 ms'], [12.34, '12.3 ms'], [999.4, '999 ms'], [999.6, '1.00 s'], [4_200, '4.20 s'],
  [59_960, '1 m 00 s'], [192_000, '3 m 12 s'], [7_500_000, '2 h 05 m'], [273_600_000, '3 d 04 h'],
])
table('id', shortId, [['a3f2aaaaaaaaaa91', 'a3f2…91'], ['short', 'short']])
table('share of a hundred', (part: number) => percent(part, 100), [[0, '0 %'], [33.333, '33.3 %'], [100, '100 %'], [0.04, '<0.1 %'], [0.05, '0.1 %'], [99.96, '>99.9 %'], [99.94, '99.9 %'], [125_396, '125,396.0 %']])
table('share of nothing', (part: number) => percent(part, 0), [[0, '–']])
table('user', userName, [['ada@example.com', 'ada@example.com'], ['4b7a5e9e4eca942b63e73c931fef0c8d', '4b7a…8d'], ['0f8fad5b-d9cb-469f-a165-70867728950e', '0f8f…0e'], ['facade', 'facade']])
table('a name', legible, [
  ['clerk', 'clerk'], ['a–b “c”', 'a–b “c”'], ['a\nb', 'a\nb'], ['وكيل', '\u2068وكيل\u2069'],
  ['', '(blank)'], [' \t\u00a0\u3000', '(blank)'], ['\u200b', '⟨U+200B⟩'], ['\ufeff ', '⟨U+FEFF⟩ '], ['\u3164', '⟨U+3164⟩'], ['\u2800', '⟨U+2800⟩'],
  ['admin\u202egnp.exe', 'admin⟨U+202E⟩gnp.exe'], ['a\u2069\u202eb', 'a⟨U+2069⟩⟨U+202E⟩b'], ['a\u200eb\u200f', 'a⟨U+200E⟩b⟨U+200F⟩'], ['a\u0000b\u0085c', 'a⟨U+0000⟩b⟨U+0085⟩c'], ['a\u2028b', 'a⟨U+2028⟩b'],
  ['a\u{e0041}', 'a⟨U+E0041⟩'], ['ad\u200dmin', 'ad⟨U+200D⟩min'], ['👩🏽‍💻 ❤️‍🔥', '👩🏽‍💻 ❤️‍🔥'], ['می\u200cخواهم', '\u2068می\u200cخواهم\u2069'], ['وكيل\u202e', '\u2068وكيل⟨U+202E⟩\u2069'],
])
table('plural', (n: number) => plural(n, 'call'), [[1, '1 call'], [0, '0 calls'], [2_000, '2,000 calls']])

test('a sum without any price is unknown, a sum of zero is zero', () => {
  assert.equal(money(knownCost('0', 2)), 'unpriced')
  assert.equal(money(knownCost('0', 0)), '$0.00')
  assert.equal(money(knownCost('1.5', 2)), '$1.50')
})

test('a time says its year only where it is another one, and hostile text stays text', () => {
  const now = new Date('2026-06-01T00:00:00Z')
  assert.doesNotMatch(localTime('2026-03-04T05:06:07.123456789Z', now), /2026/)
  assert.match(localTime('2024-03-04T05:06:07Z', now), /2024/)
  assert.equal(localTime('<b>yesterday</b>', now), '<b>yesterday</b>')
})

test('marks of an axis: 24 hours with the day where it changes, then days, then months', () => {
  const at = (day: number, hour: number, second = 0): number => new Date(2026, 10, day, hour, 0, second).getTime() / 1_000
  const hours = axisTimes([at(25, 18), at(25, 21), at(26, 0), at(26, 3)], 3 * 3_600)
  assert.deepEqual(hours.map((text) => text.replace(/\n.*25$/, ' + 25').replace(/\n.*26$/, ' + 26')), ['18:00 + 25', '21:00', '00:00 + 26', '03:00'])
  assert.match(axisTimes([at(25, 18, 10)], 10)[0] ?? '', /^18:00:10\n/)
  assert.deepEqual(axisTimes([at(25, 0), at(26, 0)], 86_400).map((text) => /\d\d/.exec(text)?.[0]), ['25', '26'])
  assert.match(axisTimes([at(1, 0)], 30 * 86_400)[0] ?? '', /2026/)
})

table('a difference', signedMoney, [['0.1', '+$0.1000'], ['-0.1', '−$0.1000'], ['0.00001', '+<$0.0001'], ['-0.00001', '−<$0.0001'], ['0', '$0.00'], [null, 'unpriced']])

test('a quantity has the unit of its meter, tokens where nothing else is known', () => {
  for (const meter of ['input.uncached', 'input.cache_read', 'input.cache_write.1h', 'output.text', 'output.reasoning', 'unsplit']) assert.equal(meterUnit(meter, '12'), 'tokens')
  for (const meter of ['tool.web_search', 'tool.file_search', 'tool.code_execution', 'request', 'audio.seconds', 'reported_cost']) assert.doesNotMatch(meterUnit(meter, '12'), /token/)
  assert.deepEqual([meterUnit('input.uncached', '1'), meterUnit('tool.web_search', '1'), meterUnit('audio.seconds', '2.5'), meterUnit('reported_cost', '1')], ['token', 'search', 'seconds', 'reported cost'])
  assert.deepEqual([countsTokens('output.text'), countsTokens('request')], [true, false])
})
