import assert from 'node:assert/strict'
import { test } from 'node:test'
import { burns, forecast } from './forecast.ts'

const hour = 3_600_000
const day = 24 * hour
/** A Monday at midnight. */
const now = Date.parse('2026-11-23T00:00:00Z')
const usd = (dollars: number): bigint => BigInt(Math.round(dollars * 1e12))

/** One dollar each working hour of each working day, for so many days before `now`. */
function office(days: number): Map<number, bigint> {
  const hours = new Map<number, bigint>()
  for (let at = now - days * day; at < now; at += hour) {
    const date = new Date(at)
    if (date.getUTCDay() % 6 !== 0 && date.getUTCHours() >= 9 && date.getUTCHours() < 17) hours.set(at / hour, usd(1))
  }
  return hours
}

test('an office that works as it did uses the same again: eight hours on five days', () => {
  const said = forecast({ hours: office(35), actual: usd(100), limit: usd(1_000), now, end: now + 7 * day })
  assert.equal(said?.value, usd(140))
  assert.ok(said !== undefined && said.low <= said.value && said.value <= said.high)
})

test('the limit is reached in the hour that reaches it, on a Wednesday at one o\'clock', () => {
  const said = forecast({ hours: office(35), actual: usd(100), limit: usd(120), now, end: now + 7 * day })
  assert.equal(new Date(said?.exhaustedAt ?? 0).toISOString(), '2026-11-25T13:00:00.000Z')
})

test('a week that was three times as dear counts twice, and no more', () => {
  const hours = office(35)
  for (const [at, value] of hours) if (at * hour >= now - 7 * day) hours.set(at, value * 10n)
  // The median hour is still one dollar.
  assert.equal(forecast({ hours, actual: 0n, limit: usd(1_000), now, end: now + 7 * day })?.value, usd(80))
})

test('below a week of history nothing is foretold', () => {
  assert.equal(forecast({ hours: office(6), actual: usd(5), limit: usd(10), now, end: now + day }), undefined)
  assert.equal(forecast({ hours: new Map(), actual: 0n, limit: usd(10), now, end: now + day }), undefined)
})

test('a budget that is used up was exhausted by now', () => {
  assert.equal(forecast({ hours: office(35), actual: usd(10), limit: usd(10), now, end: now + day })?.exhaustedAt, now)
})

const used = (perHour: number, calls: number) => (ms: number) => ({ value: usd((perHour * ms) / hour), calls })

test('a fortieth of a month\'s budget in an hour pages, and burns in every longer window too', () => {
  const said = burns(usd(720), 30 * day, used(18, 100))
  assert.deepEqual(said.map(({ severity, long, fires }) => [severity, Math.round(long * 10) / 10, fires]), [['page', 18, true], ['urgent', 18, true], ['ticket', 18, true], ['notice', 18, true]])
})

test('what has stopped does not page, and neither do few calls or a trifle', () => {
  assert.equal(burns(usd(720), 30 * day, (ms) => ({ value: ms < hour ? 0n : usd(18), calls: 100 }))[0]?.fires, false, 'the last five minutes are quiet')
  assert.equal(burns(usd(720), 30 * day, used(18, 9))[0]?.fires, false, 'nine calls')
  assert.equal(burns(usd(720_000), 1_000 * day, used(18, 100))[0]?.fires, false, 'less than a hundredth of the limit')
})

test('windows as long as the period say nothing', () => {
  assert.deepEqual(burns(usd(10), day, used(1, 100)).map(({ severity }) => severity), ['page', 'urgent'])
})
