import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TimeRange } from '../time-range.ts'
import { hasWholeHours } from './whole-hours.ts'

const nanos = (day: string): bigint => BigInt(Date.parse(day)) * 1_000_000n
const between = (from: string, to: string): TimeRange => ({ from: nanos(from), to: nanos(to) })

const zones: readonly (readonly [zone: string, range: TimeRange, whole: boolean])[] = [
  ['UTC', {}, true], ['Europe/Berlin', {}, true], ['America/New_York', {}, true], ['Pacific/Auckland', {}, true], ['Africa/Casablanca', {}, true], ['Etc/GMT+12', {}, true], ['europe/berlin', {}, true],
  ['Asia/Kolkata', {}, false], ['Asia/Kathmandu', {}, false], ['America/St_Johns', {}, false], ['Australia/Lord_Howe', {}, false],
  // UTC+10:30 in winter, UTC+11 in summer.
  ['Australia/Lord_Howe', between('2026-11-01', '2026-12-01'), true], ['Australia/Lord_Howe', between('2026-06-01', '2026-06-02'), false],
  ['Australia/Lord_Howe', between('2026-03-28', '2026-04-10'), false], ['Australia/Lord_Howe', between('2026-09-25', '2026-10-10'), false],
  ['Asia/Kolkata', between('1970-01-01', '2200-01-01'), false],
]
for (const [zone, range, whole] of zones) {
  test(`${zone} ${whole ? 'keeps' : 'does not keep'} to whole hours ${range.from == null ? 'ever' : `from ${range.from} to ${range.to}`}`, () => assert.equal(hasWholeHours(zone, range), whole))
}
