/** What is held on each group of a budget is the sum of the holds that are open, whatever was made, given back and expired before. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseBudget } from '#otel-config/budgets/budget.ts'
import { seededRandom } from '#otel-config/demo/random.ts'
import { type Hold, Holds } from './holds.ts'
import { Journal } from './journal.ts'
import { groupKey } from './tally.ts'

const budgets = [
  '{ id: all, period: month, limit: { usd: 5 }, action: deny }',
  '{ id: users, period: month, limit: { tokens: 5 }, action: deny, group_by: [user] }',
  '{ id: tags, period: month, limit: { calls: 5 }, action: deny, group_by: [tag], scope: { tag: [a, b] } }',
  '{ id: clerk, period: month, limit: { calls: 5 }, action: deny, scope: { agent: [clerk] } }',
].map(parseBudget)
const nameless = { project: '', environment: '', service: '', agent: '', workflow: '', model: '', provider: '', user: '', session: '', run: '', tag: '' }

test('sums of holds, by group, with and without one of them', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'budgets-holds-'))
  try {
    const journal = await Journal.open({ path: join(dir, 'decisions.journal'), sync: async () => undefined, now: () => 0 })
    const holds = new Holds(journal)
    const random = seededRandom(3, 0)
    const open = new Map<string, Hold>()
    for (let n = 0; n < 400; n++) {
      if (open.size > 0 && random.next() < 0.45) {
        const id = [...open.keys()][random.integer(0, open.size - 1)] as string
        open.delete(id)
        assert.ok(holds.release(id, assert.ifError))
      } else {
        const [usd, tokens] = [BigInt(random.integer(0, 1_000)), BigInt(random.integer(0, 1_000))]
        const hold: Hold = {
          id: `h${n}`, named: { ...nameless, user: random.pick(['ada', 'bob']), agent: random.pick(['clerk', 'other']), tag: random.pick(['', 'a', 'a\nb', 'b\nc']) }, size: { usd, tokens },
          largest: { usd: usd + BigInt(random.integer(0, 2)), tokens }, madeAt: 0, expiresAt: n % 7 === 0 ? 1 : 10,
        }
        open.set(hold.id, hold)
        await holds.make(hold)
      }
      if (n === 300) {
        holds.expire(5, assert.ifError)
        for (const [id, { expiresAt }] of open) if (expiresAt <= 5) open.delete(id)
      }
      const all = [...open.values()]
      const sum = (of: readonly Hold[], read: (hold: Hold) => bigint): bigint => of.reduce((total, hold) => total + read(hold), 0n)
      const [everything, users, tags, clerk] = budgets as [typeof budgets[0] & object, typeof budgets[0] & object, typeof budgets[0] & object, typeof budgets[0] & object]
      assert.deepEqual(holds.of(everything, ''), { holds: all.length, held: sum(all, ({ size }) => size.usd), overshoot: sum(all, ({ size, largest }) => largest.usd - size.usd) })
      for (const user of ['ada', 'bob']) {
        const own = all.filter(({ named }) => named.user === user)
        assert.deepEqual(holds.of(users, groupKey([user])), { holds: own.length, held: sum(own, ({ size }) => size.tokens), overshoot: 0n })
        for (const one of own.slice(0, 2)) assert.equal(holds.of(users, groupKey([user]), one).held, sum(own, ({ size }) => size.tokens) - one.size.tokens)
      }
      for (const tag of ['a', 'b']) {
        const own = all.filter(({ named }) => named.tag.split('\n').includes(tag))
        assert.equal(holds.of(tags, groupKey([tag])).holds, own.length)
        for (const one of own.slice(0, 2)) assert.equal(holds.of(tags, groupKey([tag]), one).holds, own.length - 1)
      }
      assert.equal(holds.of(tags, groupKey(['c'])).holds, 0, 'not in scope')
      assert.equal(holds.of(clerk, '').holds, all.filter(({ named }) => named.agent === 'clerk').length)
    }
    await journal.close()
  } finally {
    await rm(dir, { recursive: true })
  }
})

test('calls that name no run are not all of one run', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'budgets-holds-'))
  const journal = await Journal.open({ path: join(dir, 'decisions.journal'), sync: async () => undefined, now: () => 0 })
  const holds = new Holds(journal)
  const perRun = parseBudget('{ id: runs, period: run, limit: { calls: 1 }, action: kill }')
  const hold = (id: string, run: string): Hold => ({ id, named: { ...nameless, run }, size: { usd: 1n, tokens: 1n }, largest: { usd: 1n, tokens: 1n }, madeAt: 0, expiresAt: 1 })
  const unnamed = hold('a', '')
  for (const one of [unnamed, hold('b', ''), hold('c', 'ab'.repeat(16))]) await holds.make(one)
  assert.deepEqual(['', 'ab'.repeat(16)].map((run) => holds.of(perRun, groupKey([run])).holds), [0, 1])
  assert.equal(holds.of(perRun, groupKey(['']), unnamed).holds, 0)
  await journal.close()
  await rm(dir, { recursive: true })
})
