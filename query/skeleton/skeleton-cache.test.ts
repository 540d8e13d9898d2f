import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Encoded } from '../http/answer.ts'
import type { Run } from '../runs/run.ts'
import { skeletonCache } from './skeleton-cache.ts'

const MiB = 1024 * 1024
const run = (version: bigint, settled: boolean, status = 'COMPLETED'): Run => ({ id: 'ab'.repeat(16), version, settled, status }) as unknown as Run

/** Asks and tells how often the answer had to be made. */
function counting(bytes: number) {
  const cache = skeletonCache()
  let made = 0
  const ask = (version: bigint, settled = true, encoding = 'gzip') =>
    cache.get(run(version, settled), encoding, async () => {
      made++
      return { body: Buffer.alloc(bytes), headers: {} }
    })
  return { ask, made: () => made }
}

test('a settled trace is answered once per version and encoding, a changing one anew', async () => {
  const { ask, made } = counting(10)
  for (const version of [1n, 1n, 2n, 1n]) await ask(version)
  assert.equal(made(), 2)
  await ask(1n, true, 'br')
  assert.equal(made(), 3)
  for (let i = 0; i < 3; i++) await ask(3n, false)
  assert.equal(made(), 6)
})

test('a run that became incomplete meanwhile is answered anew', async () => {
  const cache = skeletonCache()
  const answer = (text: string) => async (): Promise<Encoded> => ({ body: Buffer.from(text), headers: {} })
  const ask = async (status: string): Promise<string> => String((await cache.get(run(1n, true, status), 'br', answer(status))).body)
  assert.deepEqual([await ask('RUNNING'), await ask('INCOMPLETE')], ['RUNNING', 'INCOMPLETE'])
})

test('what was asked for longest ago goes first when the kept bytes run out', async () => {
  const { ask, made } = counting(6 * MiB)
  await ask(1n)
  await ask(2n)
  await ask(1n)
  await ask(3n)
  assert.equal(made(), 3)
  await ask(1n)
  assert.equal(made(), 3, 'asked for again meanwhile')
  await ask(2n)
  assert.equal(made(), 4, 'the oldest one is gone')
})

test('an answer larger than all that may be kept is not kept', async () => {
  const { ask, made } = counting(17 * MiB)
  await ask(1n)
  await ask(1n)
  assert.equal(made(), 2)
})

test('who asks while the same answer is being made waits for it, and makes it where that one was given up', async () => {
  const cache = skeletonCache()
  const first = Promise.withResolvers<Encoded>()
  const answer = (text: string): Encoded => ({ body: Buffer.from(text), headers: {} })
  const asked = cache.get(run(1n, true), 'br', () => first.promise)
  const joined = cache.get(run(1n, true), 'br', () => assert.fail('made twice'))
  first.resolve(answer('one'))
  assert.equal((await asked).body, (await joined).body)

  const gone = Promise.withResolvers<Encoded>()
  const ended = assert.rejects(cache.get(run(2n, true), 'br', () => gone.promise), /gone/)
  const waiting = cache.get(run(2n, true), 'br', async () => answer('own'))
  gone.reject(new Error('gone'))
  await ended
  assert.equal((await waiting).body.toString(), 'own')
})
