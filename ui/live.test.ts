import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atMostEvery } from './live.ts'

test('what comes too soon after the last is followed by one more, not lost', ({ mock }) => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 })
  let acted = 0
  const tell = atMostEvery(10_000, () => { acted++ })
  tell()
  mock.timers.tick(0)
  assert.equal(acted, 1, 'the first at once')
  mock.timers.tick(3_000)
  tell()
  tell()
  mock.timers.tick(6_999)
  assert.equal(acted, 1)
  mock.timers.tick(1)
  assert.equal(acted, 2, 'two became one, at the end of the rest')
  mock.timers.tick(60_000)
  assert.equal(acted, 2, 'nothing by itself')
})
