import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { derivingMax, inTurns, quantumMs, Turns } from './turns.ts'

/** A clock that the work moves on: each of its steps takes a millisecond. */
function workshop() {
  let now = 0
  const turns = new Turns(() => now)
  const done: string[] = []
  const open = new Set<string>()
  let mostOpen = 0
  const work = async (name: string, steps: number): Promise<void> => {
    const turn = await turns.take()
    open.add(name)
    mostOpen = Math.max(mostOpen, open.size)
    for (let step = 0; step < steps; step++) {
      now++
      if (turn.due()) await turn.next()
    }
    open.delete(name)
    done.push(name)
    turn.give()
  }
  return { turns, work, done, now: () => now, mostOpen: () => mostOpen }
}

test('what takes long lets other work of the process have its turn between its steps', async () => {
  let [now, others] = [0, 0]
  const steps = (function* () {
    for (let step = 0; step < 10; step++) yield
    return others
  })()
  setImmediate(function count() {
    others++
    if (others < 3) setImmediate(count)
  })
  const turn = await new Turns(() => now++).take()
  assert.ok(await inTurns(steps, turn) >= 3)
  turn.give()
})

test('requests of the usual size are done one after the other, in order of arrival', async () => {
  const { work, done, mostOpen } = workshop()
  await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => work(name, quantumMs - 10)))
  assert.deepEqual(done, ['a', 'b', 'c', 'd', 'e', 'f'])
  assert.equal(mostOpen(), 1)
})

test('a small request gets past a huge one, and the huge one is not put off for ever', async () => {
  const { work, done, now } = workshop()
  let arrivals = 0
  const stream = async (): Promise<void> => {
    // Always one more that waits.
    const small: Promise<void>[] = []
    while (!done.includes('huge') && arrivals < 1_000) {
      small.push(work(`small ${arrivals++}`, 10))
      await nextTurn()
    }
    await Promise.all(small)
  }
  await Promise.all([work('huge', 10 * quantumMs), stream()])
  assert.equal(done[0], 'small 0')
  assert.ok(done.indexOf('huge') >= 5 && done.indexOf('huge') < 100, String(done.indexOf('huge')))
  assert.ok(now() > 0)
})

test('no more than a few are begun at a time, and what fails makes room', async () => {
  const { turns, work, done, mostOpen } = workshop()
  const failing = async (): Promise<void> => {
    const turn = await turns.take()
    try {
      throw new Error('broken')
    } finally {
      turn.give()
    }
  }
  const names = Array.from({ length: 12 }, (_, n) => `huge ${n}`)
  const all = Promise.all(names.map((name) => work(name, 3 * quantumMs)))
  await assert.rejects(failing(), { message: 'broken' })
  await all
  assert.deepEqual(done.toSorted(), names.toSorted())
  assert.equal(mostOpen(), derivingMax)
  const turn = await turns.take()
  turn.give()
})
