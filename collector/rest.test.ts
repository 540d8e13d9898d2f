import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'
import { collectGarbage, watchRest } from './rest.ts'

test('rest is a minute in which nothing was stored, told once until something is', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let [stored, rests] = [0, 0]
  using watching = watchRest({ stored: () => stored, atRest: () => void rests++ })
  const minutes = (n: number): void => { for (let look = 0; look < n * 4; look++) t.mock.timers.tick(15_000) }
  assert.ok(watching)
  minutes(5)
  assert.equal(rests, 1, 'what the start left')
  stored++
  t.mock.timers.tick(45_000)
  stored++
  minutes(1)
  assert.equal(rests, 1, 'not a minute yet')
  minutes(3)
  assert.equal(rests, 2)
})

test('garbage is given back when it is asked for', () => {
  let held: unknown[] | undefined = Array.from({ length: 500_000 }, (_, n) => ({ n }))
  collectGarbage()
  const before = getHeapStatistics().used_heap_size
  assert.equal(held.length, 500_000)
  held = undefined
  collectGarbage()
  assert.ok(before - getHeapStatistics().used_heap_size > 5_000_000)
})

test('the room that young objects took is given back too', () => {
  const roomOfYoung = (): number => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0
  let held: object[] = []
  // As much survives as makes V8 give young objects more room.
  for (let round = 0; round < 30; round++) held = Array.from({ length: 50_000 }, (_, number) => ({ number, text: `text ${number}` }))
  const before = roomOfYoung()
  assert.equal(held.length, 50_000)
  held = []
  collectGarbage()
  assert.ok(roomOfYoung() < before / 2, `${roomOfYoung()} of ${before} bytes`)
})
