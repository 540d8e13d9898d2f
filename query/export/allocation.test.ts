import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AllocationError, allocate, allocationKeys, type AllocationKey, parseAllocation, type Portion, shares, type TeamShare } from './allocation.ts'

const rules = `
rules:
  - team: research
    when: { agent: [planner, "research-*"], environment: prod }
  - shared: platform
    when: { agent: evaluator }
    split: cost
  - shared: guardrails
    when: { agent: guard }
    split: { research: 1, support: 2 }
  - shared: search
    when: { agent: indexer }
    split: equal
  - team: support
    when: { user: "*@support.example" }
otherwise: nobody
`
const portion = (amount: bigint, said: Partial<Record<AllocationKey, string>>, more: Partial<Portion> = {}): Portion => ({
  values: { ...(Object.fromEntries(allocationKeys.map((key) => [key, ''])) as Record<AllocationKey, string>), ...said }, amount, tokens: 1n, unpricedLines: 0, ...more,
})
async function* once<T>(value: T): AsyncIterable<T> {
  yield value
}
const allocated = (yaml: string, portions: readonly Portion[]): Promise<TeamShare[]> => allocate(parseAllocation(yaml), once(portions))
const table = (teams: readonly TeamShare[]): unknown => teams.map(({ team, direct, shared, total }) => [team, direct, Object.fromEntries(shared), total])

const spent = [
  portion(100n, { agent: 'planner', environment: 'prod' }), portion(50n, { agent: 'research-2', environment: 'prod' }), portion(1n, { agent: 'planner', environment: 'test' }),
  portion(50n, { agent: 'helper', user: 'ada@support.example' }), portion(7n, { agent: 'evaluator' }), portion(10n, { agent: 'guard' }), portion(2n, { agent: 'indexer', user: 'bo@support.example' }),
]

test('the first rule that fits pays; what is shared is split as its rule says', async () => {
  assert.deepEqual(table(await allocated(rules, spent)), [
    // Direct 150, 50 and 1 of 201: 7 is 5.22, 1.74 and 0.03, and the two that are left go to the largest remainders.
    ['nobody', 1n, { platform: 0n, search: 1n }, 2n],
    ['research', 150n, { guardrails: 3n, platform: 5n, search: 1n }, 159n],
    ['support', 50n, { guardrails: 7n, platform: 2n, search: 0n }, 59n],
  ])
})
test('whatever the amounts and weights are, the parts add up, and each is less than one away from its share', () => {
  let seed = 1
  const random = (below: number): bigint => BigInt((seed = (seed * 48_271) % 2_147_483_647) % below)
  for (let round = 0; round < 500; round++) {
    const total = (random(2_000_000_000) - 1_000_000_000n) * random(1_000_000_000)
    const weights = Array.from({ length: 1 + Number(random(9)) }, (_, at): [string, bigint] => [`team ${at}`, random(5) * random(1_000_000_000)])
    const whole = weights.reduce((sum, [, weight]) => sum + weight, 0n)
    const parts = shares(total, weights, 'rest')
    assert.equal(parts.reduce((sum, [, part]) => sum + part, 0n), total)
    if (whole === 0n) continue
    for (const [at, [team, part]] of parts.entries()) {
      const [, weight] = weights[at] as [string, bigint]
      const off = part * whole - total * weight
      assert.ok(off < whole && -off < whole, `${team} of ${total}`)
    }
  }
})
test('a shared cost nobody can carry stays with the rest, and so do its tokens and unpriced lines', async () => {
  const [rest, ...more] = await allocated('{rules: [{shared: platform, when: {agent: a}}], otherwise: nobody}', [portion(7n, { agent: 'a' }, { tokens: 5n, unpricedLines: 2 })])
  assert.deepEqual([rest?.team, rest?.total, rest?.tokens, rest?.unpricedLines, more], ['nobody', 7n, 5n, 2, []])
})
test('a team with a credit carries nothing of what is split by cost', async () => {
  const teams = await allocated('{rules: [{shared: s, when: {agent: a}}, {team: x, when: {agent: x}}], otherwise: y}', [portion(9n, { agent: 'a' }), portion(-5n, { agent: 'x' }), portion(5n, {})])
  assert.deepEqual(table(teams), [['x', -5n, { s: 0n }, -5n], ['y', 5n, { s: 9n }, 14n]])
})
for (const [yaml, message] of [
  ['rules: 3', /rules is no list/], ['rules: [{team: a, shared: b}]', /rule 1: write either team or shared/], ['rules: [{team: a, split: cost}]', /rule 1: only a shared cost has a split/],
  ['rules: [{team: a, when: {agnet: b}}]', /rule 1: when: 'agnet' is unknown, use agent, user/], ['rules: [{shared: a, split: {b: -1}}]', /weight of b is no integer/],
  ['rules: [{shared: a, split: {b: 0}}]', /no weight is above 0/], ['rules: [{shared: a, split: alphabet}]', /split is one of cost, tokens, equal/], ['a: [', /no YAML/], ['rule: []', /'rule' is unknown/],
] as const) {
  test(`refused, with one message: ${yaml}`, () => {
    assert.throws(() => parseAllocation(yaml), (error) => error instanceof AllocationError && message.test(error.message) && !error.message.includes('\n'))
  })
}
