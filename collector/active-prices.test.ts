import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Store } from '#clickhouse/store.ts'
import { followPrices } from './active-prices.ts'
import { shippedBook } from './price/book.ts'

/** A store that answers the first question, and the second when it is told to: ClickHouse as it is being stopped. */
function slowStore(): { readonly store: Store; readonly fail: () => void } {
  const waiting = Promise.withResolvers<never>()
  let asked = 0
  const store: Pick<Store, 'read'> = { read: () => (asked++ === 0 ? Promise.resolve([]) : waiting.promise) }
  return { store: store as Store, fail: () => waiting.reject(new Error('the store is closed')) }
}

for (const [when, said] of [['after the collector stopped', 0], ['while it runs', 1]] as const) {
  test(`an active book that cannot be read ${when} is told ${said === 0 ? 'to nobody' : 'once'}`, async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { store, fail } = slowStore()
    const warnings: string[] = []
    const following = await followPrices({ store, tenant: 't', prices: shippedBook(), log: { info: () => undefined, warn: (message) => warnings.push(message), error: () => undefined } })
    t.mock.timers.tick(2_000)
    if (said === 0) following[Symbol.dispose]()
    fail()
    await nextTurn()
    assert.equal(warnings.length, said)
    assert.equal(following.book.version, shippedBook().version)
    following[Symbol.dispose]()
  })
}
